//! Gathers what the walks show: one finding for each broken promise, however many failures break it, and for both directions
//! where they are broken alike.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use model::{Finding, IntentSet, NodeId, Service, ServiceId, Severity, Verdict};
use traffic::Failure;

use super::Breakage;
use crate::{cause::directions, codes};

/// What tells findings apart; their order is worst first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Key<'a> {
    pub(super) severity: Reverse<Severity>,
    pub(super) code: &'static str,
    pub(super) subject: &'a str,
    /// Which direction of the subject.
    pub(super) from: &'a NodeId,
    pub(super) to: &'a NodeId,
}

/// A failure by its place in the list of them all.
pub(super) type Failed<'f> = Option<(usize, &'f Failure)>;

/// All that may be broken in one direction as in the other.
#[derive(Debug, Eq, PartialEq)]
struct Entry {
    amount: u64,
    message: String,
    /// The place of the failure under which it is worst; the first of equals. None: without any.
    worst: Option<usize>,
    failures: usize,
}

impl Entry {
    /// Whether this is what is told, and not the other.
    fn is_worse(&self, amount: u64, failure: Option<usize>) -> bool {
        (self.amount, Reverse(self.worst)) >= (amount, Reverse(failure))
    }
}

/// What walks showed: in any order, and in parts that are added up, for the same answer.
#[derive(Debug, Default)]
pub(super) struct Tally<'a> {
    entries: BTreeMap<Key<'a>, Entry>,
    refused: Vec<Finding>,
    /// By the place of a failure and what it breaks: of whom.
    broken: BTreeMap<(usize, &'static str), BTreeSet<&'a ServiceId>>,
    /// Ways that were judged.
    pub(super) walks: usize,
}

impl<'a> Tally<'a> {
    pub(super) fn add(&mut self, key: Key<'a>, amount: u64, message: &dyn Display, failure: Failed<'_>) {
        let place = failure.map(|(place, _)| place);
        let failures = usize::from(place.is_some());
        match self.entries.get_mut(&key) {
            Some(entry) => {
                entry.failures += failures;
                if !entry.is_worse(amount, place) {
                    (entry.amount, entry.message, entry.worst) = (amount, message.to_string(), place);
                }
            }
            None => {
                let entry = Entry { amount, message: message.to_string(), worst: place, failures };
                self.entries.insert(key, entry);
            }
        }
    }

    /// Notes that a failure breaks something that a service was promised.
    pub(super) fn breaks(&mut self, failure: usize, what: &'static str, service: &'a ServiceId) {
        self.broken.entry((failure, what)).or_default().insert(service);
    }

    pub(super) fn add_all(&mut self, part: Self) {
        for (key, services) in part.broken {
            self.broken.entry(key).or_default().extend(services);
        }
        self.refused.extend(part.refused);
        self.walks += part.walks;
        for (key, more) in part.entries {
            match self.entries.get_mut(&key) {
                None => drop(self.entries.insert(key, more)),
                Some(entry) => {
                    let failures = entry.failures + more.failures;
                    if !entry.is_worse(more.amount, more.worst) {
                        *entry = more;
                    }
                    entry.failures = failures;
                }
            }
        }
    }

    pub(super) fn refused(&mut self, set: &IntentSet, verdicts: &BTreeMap<ServiceId, Verdict>) {
        let services = set.services.values();
        let left = services.filter(|service| directions(verdicts.get(&service.id)).is_empty());
        self.refused.extend(left.map(refused));
    }

    /// What each failure breaks, in the order of the failures.
    pub(super) fn breakages(&self, all: &[Failure]) -> Vec<Breakage> {
        let mut breakages: Vec<(usize, Breakage)> = Vec::new();
        for ((place, what), services) in &self.broken {
            if breakages.last().is_none_or(|(last, _)| last != place) {
                let failure = all[*place].to_string();
                breakages.push((*place, Breakage { failure, of: BTreeMap::new() }));
            }
            if let Some((_, breakage)) = breakages.last_mut() {
                breakage.of.insert(*what, services.iter().copied().cloned().collect());
            }
        }
        breakages.into_iter().map(|(_, breakage)| breakage).collect()
    }

    /// The findings, each with its amount. `all` are the failures in their order.
    pub(super) fn findings(self, all: &[Failure]) -> (Vec<Finding>, Vec<u64>) {
        let (mut findings, mut amounts) = (Vec::new(), Vec::new());
        let mut entries = self.entries.into_iter().peekable();
        while let Some((key, entry)) = entries.next() {
            let same = |(other, same): &(Key, Entry)| {
                (other.severity, other.code, other.subject) == (key.severity, key.code, key.subject)
                    && *same == entry
            };
            // The directions of one subject stand beside each other.
            let place = match entries.next_if(same) {
                Some(_) => "in both directions".to_owned(),
                None => format!("from {} to {}", key.from, key.to),
            };
            let message = format!("{place}: {}", entry.message);
            let message = match (entry.worst.map(|place| &all[place]), entry.failures) {
                (None, _) => message,
                (Some(failure), 1) => format!("with {failure}, {message}"),
                (Some(failure), 2) => format!("with {failure} and under one more failure, {message}"),
                (Some(failure), more) => {
                    format!("with {failure} and under {} more failures, {message}", more - 1)
                }
            };
            let mut finding = Finding::new(key.code, key.severity.0, key.subject, message);
            if entry.worst.is_none() {
                finding.help = help(key.code).map(str::to_owned);
            }
            findings.push(finding);
            amounts.push(entry.amount);
        }
        amounts.extend(self.refused.iter().map(|_| 0));
        findings.extend(self.refused);
        (findings, amounts)
    }
}

/// What to do about a promise that is broken although nothing failed.
fn help(code: &str) -> Option<&'static str> {
    let is_waiting = [codes::DELAY_BROKEN, codes::JITTER_BROKEN].contains(&code);
    let full = "packets wait where queues are full: promise less bandwidth over the lines of its path, use a strict queue, or add a line";
    let claimed = "where another service claims the same packets at another time, ask about a moment: `--at`";
    let passed_by =
        "`trunkline why` shows its path and segments; `trunkline explain TL0232` says where to look";
    match code {
        codes::NOT_STEERED => Some(claimed),
        codes::UNVISITED => Some(passed_by),
        _ => is_waiting.then_some(full),
    }
}

/// What compilation refused, so that the proof does not pass over it in silence.
fn refused(service: &Service) -> Finding {
    if service.sle.encrypted {
        let message = "is not carried by this plan, and nothing keeps its traffic off open lines";
        return Finding::new(codes::NOT_CARRIED, Severity::Error, &service.id, message).with_help(
            "`trunkline why` says which constraint bites; withdraw the intent if the traffic may go in clear",
        );
    }
    Finding::new(
        codes::NOT_CARRIED,
        Severity::Warning,
        &service.id,
        "is not carried by this plan: its traffic follows the IGP without a promise",
    )
    .with_help("`trunkline why` says which constraint bites")
}
