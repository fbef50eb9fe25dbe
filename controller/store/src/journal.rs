//! What the controller must not forget: what was accepted, by which numbers, what was begun and not ended, and who did what.
//! Every write is on disk when it returns.

mod audited;
mod change;

use std::{collections::BTreeSet, path::Path};

use model::{Allocations, Hints, NodeId, Revision, TransactionId, intent::Mode};
use redb::ReadableTable;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::StoreError,
    file::{File, INTENTS, OPEN, TRANSACTIONS, decode, encode, read_error, write_error},
    record::{IntentRevision, TransactionRecord},
};

pub use change::Beside;

/// The journal. Clones share the file.
#[derive(Clone, Debug)]
pub struct Journal {
    file: File,
}

impl Journal {
    /// Opens the journal, or starts an empty one that only its owner can read.
    ///
    /// Every page is checked against its checksum first: a journal that lies is worse than none. O(size of the file).
    ///
    /// # Errors
    /// The file is held by another process, is damaged or no journal, or cannot be written.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { file: File::open(path)? })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The accepted sets of intents, newest first, at most `limit`.
    ///
    /// # Errors
    /// The read failed.
    pub fn intents(&self, limit: usize) -> Result<Vec<IntentRevision>, StoreError> {
        self.file.read(|read| {
            let table = read.open_table(INTENTS).map_err(read_error)?;
            let newest_first = table.iter().map_err(read_error)?.rev().take(limit);
            newest_first
                .map(|entry| {
                    let (number, bytes) = entry.map_err(read_error)?;
                    decode(&format!("intents {}", number.value()), bytes.value())
                })
                .collect()
        })
    }

    /// One accepted set.
    ///
    /// # Errors
    /// The read failed.
    pub fn intents_at(&self, revision: Revision) -> Result<Option<IntentRevision>, StoreError> {
        self.file.read(|read| {
            let table = read.open_table(INTENTS).map_err(read_error)?;
            let found = table.get(revision.0).map_err(read_error)?;
            found.map(|bytes| decode("intents", bytes.value())).transpose()
        })
    }

    /// The allocations; empty in a new journal.
    ///
    /// # Errors
    /// The read failed.
    pub fn allocations(&self) -> Result<Allocations, StoreError> {
        self.file.state("allocations")
    }

    /// Whether a change was begun and not ended: the network may stand anywhere between two states.
    ///
    /// # Errors
    /// The read failed.
    pub fn is_unfinished(&self) -> Result<bool, StoreError> {
        self.file.state("unfinished")
    }

    /// The hints that the network was last compiled with; empty in a new journal.
    ///
    /// # Errors
    /// The read failed.
    pub fn hints(&self) -> Result<Hints, StoreError> {
        self.file.state("hints")
    }

    /// Keeps what the loop remembers of its own past, so that a restart does not make it flap. It is the loop's own type: the
    /// journal does not look into it.
    ///
    /// # Errors
    /// The write failed.
    pub fn put_loop<T: Serialize>(&self, kept: &T) -> Result<(), StoreError> {
        self.file.put_state("loop", kept)
    }

    /// That memory; empty in a new journal.
    ///
    /// # Errors
    /// The read failed.
    pub fn loop_memory<T: DeserializeOwned + Default>(&self) -> Result<T, StoreError> {
        self.file.state("loop")
    }

    /// Keeps what was learned of the network and is in force, where no change follows from it.
    ///
    /// # Errors
    /// The write failed.
    pub fn put_learned<T: Serialize>(&self, learned: &T) -> Result<(), StoreError> {
        self.file.put_state("learned", learned)
    }

    /// What was learned of the network, as it was last compiled; empty in a new journal.
    ///
    /// # Errors
    /// The read failed.
    pub fn learned<T: DeserializeOwned + Default>(&self) -> Result<T, StoreError> {
        self.file.state("learned")
    }

    /// The exceptions that stand; none in a new journal. They are the loop's own type, as what it learned is.
    ///
    /// # Errors
    /// The read failed.
    pub fn exceptions<T: DeserializeOwned + Default>(&self) -> Result<T, StoreError> {
        self.file.state("exceptions")
    }

    /// Keeps whether the network was adopted. Before that the controller only observes.
    ///
    /// # Errors
    /// The write failed.
    pub fn put_adopted(&self, adopted: bool) -> Result<(), StoreError> {
        self.file.put_state("adopted", &adopted)
    }

    /// Whether it was.
    ///
    /// # Errors
    /// The read failed.
    pub fn adopted(&self) -> Result<bool, StoreError> {
        self.file.state("adopted")
    }

    /// Keeps who may act.
    ///
    /// # Errors
    /// The write failed.
    pub fn put_mode(&self, mode: Mode) -> Result<(), StoreError> {
        self.file.put_state("mode", &mode)
    }

    /// Who may act; `act` in a new journal.
    ///
    /// # Errors
    /// The read failed.
    pub fn mode(&self) -> Result<Mode, StoreError> {
        self.file.state("mode")
    }

    /// A number that no transaction has had.
    ///
    /// # Errors
    /// The read failed.
    pub fn next_transaction(&self) -> Result<TransactionId, StoreError> {
        self.file.read(|read| {
            let table = read.open_table(TRANSACTIONS).map_err(read_error)?;
            let last = table.last().map_err(read_error)?;
            Ok(TransactionId(last.map_or(1, |(number, _)| number.value() + 1)))
        })
    }

    /// Writes a transaction down, before it begins and whenever it gets further.
    ///
    /// # Errors
    /// The write failed.
    pub fn put_transaction(&self, record: &TransactionRecord) -> Result<(), StoreError> {
        let bytes = encode(record)?;
        self.file.write(|write| {
            let mut table = write.open_table(TRANSACTIONS).map_err(write_error)?;
            table.insert(record.id.0, bytes.as_slice()).map_err(write_error)?;
            let mut open = write.open_table(OPEN).map_err(write_error)?;
            if record.is_open() {
                open.insert(record.id.0, ()).map_err(write_error)?;
            } else {
                open.remove(record.id.0).map_err(write_error)?;
            }
            Ok(())
        })
    }

    /// Closes a transaction: its record shrinks to its number and outcome, and pre-images of resolved devices go.
    ///
    /// # Errors
    /// The write failed.
    pub fn close_transaction(
        &self,
        record: &TransactionRecord,
        unresolved: BTreeSet<NodeId>,
    ) -> Result<(), StoreError> {
        let mut closed = record.clone();
        closed.pre_images.retain(|node, _| unresolved.contains(node));
        closed.transaction.edits.retain(|node, _| unresolved.contains(node));
        closed.unresolved = Some(unresolved);
        self.put_transaction(&closed)
    }

    /// Transactions that were begun and not closed, or closed with something unresolved; oldest first.
    ///
    /// # Errors
    /// The read failed.
    pub fn open_transactions(&self) -> Result<Vec<TransactionRecord>, StoreError> {
        self.file.read(|read| {
            let table = read.open_table(TRANSACTIONS).map_err(read_error)?;
            let mut open = Vec::new();
            for entry in read.open_table(OPEN).map_err(read_error)?.iter().map_err(read_error)? {
                let number = entry.map_err(read_error)?.0.value();
                let name = format!("transaction {number}");
                let bytes = table.get(number).map_err(read_error)?;
                let bytes =
                    bytes.ok_or_else(|| StoreError::Read(format!("{name} is open and has no record")))?;
                open.push(decode(&name, bytes.value())?);
            }
            Ok(open)
        })
    }
}

#[cfg(test)]
mod tests;
