//! Gathers what the walks show: one finding for each broken promise, however many failures break it.

use std::{cmp::Reverse, collections::BTreeMap};

use model::{Finding, IntentSet, ServiceId, Severity, Verdict};
use traffic::Failure;

use super::judge::refused;
use crate::cause::directions;

/// What tells findings apart; their order is worst first.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Key {
    pub(super) severity: Reverse<Severity>,
    pub(super) code: &'static str,
    pub(super) subject: String,
    /// Tells directions of one subject apart.
    pub(super) place: String,
}

#[derive(Debug)]
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
        for (key, entry) in self.entries {
            let message = match (&entry.worst, entry.failures) {
                (None, _) => entry.message,
                (Some(failure), 1) => format!("with {failure}, {}", entry.message),
                (Some(failure), 2) => format!("with {failure} and under one more failure, {}", entry.message),
                (Some(failure), more) => {
                    format!("with {failure} and under {} more failures, {}", more - 1, entry.message)
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
