//! The audit log: who did what, when and why. Each entry carries the hash of the one before it, so that a missing or
//! altered entry breaks the chain.

use model::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// One entry.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its number, from 0.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who: a user, or `controller`.
    pub who: String,
    /// What was done.
    pub what: String,
    /// Why.
    pub why: String,
    /// Hash of the entry before, in hexadecimal; zeros for the first.
    pub previous: String,
    /// Hash of this entry, in hexadecimal.
    pub hash: String,
}

/// What an entry says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// Who: a user, or `controller`.
    pub who: String,
    /// What is done.
    pub what: String,
    /// Why.
    pub why: String,
}

/// The chain does not hold at this entry: it, or one before it, was changed or removed.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error(
    "entry {at} of the audit log does not follow from the one before: it, or one before it, was changed or removed"
)]
pub struct Broken {
    /// Number of the entry.
    pub at: u64,
}

const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl AuditEntry {
    /// The entry that follows `last`.
    pub fn after(last: Option<&Self>, said: &Said) -> Self {
        let Said { at, who, what, why } = said.clone();
        let mut entry = Self {
            number: last.map_or(0, |last| last.number + 1),
            at,
            who,
            what,
            why,
            previous: last.map_or_else(|| START.to_owned(), |last| last.hash.clone()),
            hash: String::new(),
        };
        entry.hash = entry.computed();
        entry
    }

    /// SHA-256 over all other fields, each with its length before it so that no two entries read alike.
    fn computed(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.number.to_be_bytes());
        hash.update(self.at.as_micros().to_be_bytes());
        for field in [&self.who, &self.what, &self.why, &self.previous] {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field.as_bytes());
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Checks a whole log, oldest first.
///
/// # Errors
/// The first entry that does not follow from the one before.
pub fn verify<'a>(entries: impl IntoIterator<Item = &'a AuditEntry>) -> Result<(), Broken> {
    let mut last: Option<&AuditEntry> = None;
    for entry in entries {
        let follows = entry.number == last.map_or(0, |last| last.number + 1)
            && entry.previous == last.map_or(START, |last| last.hash.as_str())
            && entry.hash == entry.computed();
        if !follows {
            return Err(Broken { at: entry.number });
        }
        last = Some(entry);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_change_to_any_entry_breaks_the_chain() {
        let mut log: Vec<AuditEntry> = Vec::new();
        for n in 0..4 {
            let said = Said {
                at: Timestamp::from_micros(n),
                who: "ops".into(),
                what: format!("did {n}"),
                why: "because".into(),
            };
            let entry = AuditEntry::after(log.last(), &said);
            log.push(entry);
        }
        assert_eq!(verify(&log), Ok(()));
        for at in 0..4 {
            let mut changed = log.clone();
            changed[at].what.push('!');
            assert_eq!(verify(&changed), Err(Broken { at: at as u64 }));
            let mut shorter = log.clone();
            shorter.remove(at);
            assert_eq!(verify(&shorter).is_err(), at < 3, "removing the last entry alone cannot be seen");
        }
    }
}
