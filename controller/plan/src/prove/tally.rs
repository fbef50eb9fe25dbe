//! Gathers what the walks show: one finding for each broken promise, however many failures break it, and for both directions
//! where they are broken alike.

use std::{cmp::Reverse, collections::BTreeMap};

use model::{Finding, IntentSet, Service, ServiceId, Severity, Verdict};
use traffic::Failure;

use crate::{cause::directions, codes};

/// What tells findings apart; their order is worst first.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Key {
    pub(super) severity: Reverse<Severity>,
    pub(super) code: &'static str,
    pub(super) subject: String,
    /// Which direction of the subject: `from a to z`.
    pub(super) place: String,
}

/// All that may be broken in one direction as in the other.
#[derive(Debug, Eq, PartialEq)]
struct Entry {
    amount: u64,
    message: String,
    /// The failure under which it is worst; the first of equals. None: without any.
    worst: Option<String>,
    failures: usize,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    entries: BTreeMap<Key, Entry>,
    refused: Vec<Finding>,
}

impl Tally {
    pub(super) fn add(&mut self, key: Key, amount: u64, message: String, failure: Option<&Failure>) {
        let count = usize::from(failure.is_some());
        match self.entries.get_mut(&key) {
            Some(entry) => {
                entry.failures += count;
                if amount > entry.amount {
                    entry.amount = amount;
                    entry.message = message;
                    entry.worst = failure.map(ToString::to_string);
                }
            }
            None => {
                let worst = failure.map(ToString::to_string);
                self.entries.insert(key, Entry { amount, message, worst, failures: count });
            }
        }
    }

    pub(super) fn refused(&mut self, set: &IntentSet, verdicts: &BTreeMap<ServiceId, Verdict>) {
        let services = set.services.values();
        let left = services.filter(|service| directions(verdicts.get(&service.id)).is_empty());
        self.refused.extend(left.map(refused));
    }

    pub(super) fn findings(self) -> (Vec<Finding>, Vec<u64>) {
        let (mut findings, mut amounts) = (Vec::new(), Vec::new());
        let mut entries = self.entries.into_iter().peekable();
        while let Some((key, entry)) = entries.next() {
            let same = |(other, same): &(Key, Entry)| {
                (&other.severity, other.code, &other.subject) == (&key.severity, key.code, &key.subject)
                    && *same == entry
            };
            // The directions of one subject stand beside each other.
            let place = match entries.next_if(same) {
                Some(_) => "in both directions",
                None => &key.place,
            };
            let message = format!("{place}: {}", entry.message);
            let message = match (&entry.worst, entry.failures) {
                (None, _) => message,
                (Some(failure), 1) => format!("with {failure}, {message}"),
                (Some(failure), 2) => format!("with {failure} and under one more failure, {message}"),
                (Some(failure), more) => {
                    format!("with {failure} and under {} more failures, {message}", more - 1)
                }
            };
            findings.push(Finding::new(key.code, key.severity.0, key.subject, message));
            amounts.push(entry.amount);
        }
        amounts.extend(self.refused.iter().map(|_| 0));
        findings.extend(self.refused);
        (findings, amounts)
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
