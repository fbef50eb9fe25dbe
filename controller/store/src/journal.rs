//! The file in which the controller keeps what it must not forget: what was accepted, by which numbers, what was begun and not
//! ended, and who did what. Every write is on disk when it returns.

use std::{
    collections::BTreeSet,
    panic::catch_unwind,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use model::{Allocations, Hints, NodeId, Revision, Timestamp, TransactionId, intent::Mode};
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    audit::{self, AuditEntry, Broken},
    error::StoreError,
    record::{IntentRevision, TransactionRecord},
};

const STATE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("state");
const INTENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("intents");
const TRANSACTIONS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("transactions");
/// The numbers of those that are open, so that looking for them costs nothing however many there have been.
const OPEN: TableDefinition<'_, u64, ()> = TableDefinition::new("open transactions");
const AUDIT: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("audit");

/// The journal. Clones share the file.
///
/// After a failed write the store does nothing more with an open file, not even reading it. So the file is closed then and
/// opened anew by whoever needs it next: a disk that was full for a while costs what was refused meanwhile, and no restart.
#[derive(Clone, Debug)]
pub struct Journal {
    path: PathBuf,
    /// None after a failure.
    file: Arc<RwLock<Option<Database>>>,
}

fn write_error(error: impl std::fmt::Display) -> StoreError {
    StoreError::Write(error.to_string())
}

fn read_error(error: impl std::fmt::Display) -> StoreError {
    StoreError::Read(error.to_string())
}

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(write_error)
}

fn decode<T: DeserializeOwned>(entry: &str, bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes)
        .map_err(|error| StoreError::Meaning { entry: entry.to_owned(), why: error.to_string() })
}

impl Journal {
    /// Opens the journal, or starts an empty one that only its owner can read.
    ///
    /// Every page is checked against its checksum first: a journal that lies is worse than none. O(size of the file).
    ///
    /// # Errors
    /// The file is held by another process, is damaged or no journal, or cannot be written.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        // The store takes some damage for its own fault and panics; here it is the file's.
        let opened = catch_unwind(|| {
            let mut database = open(path)?;
            database.check_integrity().map_err(|error| refused(path, error.into()))?;
            Ok(database)
        });
        let damaged = |_| StoreError::Damaged { path: path.to_owned(), why: "it cannot be read".to_owned() };
        let database = opened.map_err(damaged)??;
        Ok(Self { path: path.to_owned(), file: Arc::new(RwLock::new(Some(database))) })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Does something with the open file, which is opened where a failure has closed it, and closed where this is one.
    fn with<T>(
        &self,
        fail: fn(String) -> StoreError,
        act: impl FnOnce(&Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let result = loop {
            let file = self.file.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(database) = &*file {
                break act(database);
            }
            drop(file);
            let mut file = self.file.write().unwrap_or_else(PoisonError::into_inner);
            if file.is_none() {
                *file = Some(open(&self.path).map_err(|error| fail(error.to_string()))?);
            }
        };
        if matches!(result, Err(StoreError::Write(_) | StoreError::Read(_))) {
            *self.file.write().unwrap_or_else(PoisonError::into_inner) = None;
        }
        result
    }

    /// Runs one write; all of it is on disk afterwards, or none.
    fn write<T>(
        &self,
        act: impl FnOnce(&WriteTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with(StoreError::Write, |database| {
            let write = database.begin_write().map_err(write_error)?;
            let value = act(&write)?;
            write.commit().map_err(write_error)?;
            Ok(value)
        })
    }

    /// Runs one read.
    fn read<T>(&self, act: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.with(StoreError::Read, |database| act(&database.begin_read().map_err(read_error)?))
    }

    fn put_state<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        let bytes = encode(value)?;
        self.write(|write| {
            let mut table = write.open_table(STATE).map_err(write_error)?;
            table.insert(name, bytes.as_slice()).map_err(write_error)?;
            Ok(())
        })
    }

    fn state<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T, StoreError> {
        self.read(|read| {
            let table = read.open_table(STATE).map_err(read_error)?;
            match table.get(name).map_err(read_error)? {
                Some(bytes) => decode(name, bytes.value()),
                None => Ok(T::default()),
            }
        })
    }

    /// Keeps a set of intents together with the allocations that they got: either both or neither.
    ///
    /// # Errors
    /// The write failed.
    pub fn accept(&self, intents: &IntentRevision, ids: &Allocations) -> Result<(), StoreError> {
        let (intents_bytes, ids_bytes) = (encode(intents)?, encode(ids)?);
        self.write(|write| {
            let mut table = write.open_table(INTENTS).map_err(write_error)?;
            table.insert(intents.revision.0, intents_bytes.as_slice()).map_err(write_error)?;
            let mut table = write.open_table(STATE).map_err(write_error)?;
            table.insert("allocations", ids_bytes.as_slice()).map_err(write_error)?;
            Ok(())
        })
    }

    /// The accepted sets of intents, newest first, at most `limit`.
    ///
    /// # Errors
    /// The read failed.
    pub fn intents(&self, limit: usize) -> Result<Vec<IntentRevision>, StoreError> {
        self.read(|read| {
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
        self.read(|read| {
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
        self.state("allocations")
    }

    /// Keeps the hints that the network was last compiled with.
    ///
    /// # Errors
    /// The write failed.
    pub fn put_hints(&self, hints: &Hints) -> Result<(), StoreError> {
        self.put_state("hints", hints)
    }

    /// Keeps what a change follows from, and that it has begun: all of it or nothing. From then on the network is on its way
    /// there, also between two transactions, when no record is open.
    ///
    /// # Errors
    /// The write failed.
    pub fn begin_change(
        &self,
        intents: Option<&IntentRevision>,
        ids: &Allocations,
        hints: &Hints,
    ) -> Result<(), StoreError> {
        let revision = intents.map(|intents| Ok((intents.revision.0, encode(intents)?))).transpose()?;
        let (ids, hints, yes) = (encode(ids)?, encode(hints)?, encode(&true)?);
        self.write(|write| {
            let mut state = write.open_table(STATE).map_err(write_error)?;
            if let Some((number, bytes)) = revision {
                let mut table = write.open_table(INTENTS).map_err(write_error)?;
                table.insert(number, bytes.as_slice()).map_err(write_error)?;
                state.insert("allocations", ids.as_slice()).map_err(write_error)?;
            }
            state.insert("hints", hints.as_slice()).map_err(write_error)?;
            state.insert("unfinished", yes.as_slice()).map_err(write_error)?;
            Ok(())
        })
    }

    /// Keeps that no change is under way.
    ///
    /// # Errors
    /// The write failed.
    pub fn end_change(&self) -> Result<(), StoreError> {
        self.put_state("unfinished", &false)
    }

    /// Whether a change was begun and not ended: the network may stand anywhere between two states.
    ///
    /// # Errors
    /// The read failed.
    pub fn is_unfinished(&self) -> Result<bool, StoreError> {
        self.state("unfinished")
    }

    /// Those hints; empty in a new journal.
    ///
    /// # Errors
    /// The read failed.
    pub fn hints(&self) -> Result<Hints, StoreError> {
        self.state("hints")
    }

    /// Keeps what the loop remembers of its own past, so that a restart does not make it flap. It is the loop's own type: the
    /// journal does not look into it.
    ///
    /// # Errors
    /// The write failed.
    pub fn put_loop<T: Serialize>(&self, kept: &T) -> Result<(), StoreError> {
        self.put_state("loop", kept)
    }

    /// That memory; empty in a new journal.
    ///
    /// # Errors
    /// The read failed.
    pub fn loop_memory<T: DeserializeOwned + Default>(&self) -> Result<T, StoreError> {
        self.state("loop")
    }

    /// Keeps whether the network was adopted. Before that the controller only observes.
    ///
    /// # Errors
    /// The write failed.
    pub fn put_adopted(&self, adopted: bool) -> Result<(), StoreError> {
        self.put_state("adopted", &adopted)
    }

    /// Whether it was.
    ///
    /// # Errors
    /// The read failed.
    pub fn adopted(&self) -> Result<bool, StoreError> {
        self.state("adopted")
    }

    /// Keeps who may act.
    ///
    /// # Errors
    /// The write failed.
    pub fn put_mode(&self, mode: Mode) -> Result<(), StoreError> {
        self.put_state("mode", &mode)
    }

    /// Who may act; `act` in a new journal.
    ///
    /// # Errors
    /// The read failed.
    pub fn mode(&self) -> Result<Mode, StoreError> {
        self.state("mode")
    }

    /// A number that no transaction has had.
    ///
    /// # Errors
    /// The read failed.
    pub fn next_transaction(&self) -> Result<TransactionId, StoreError> {
        self.read(|read| {
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
        self.write(|write| {
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
        self.read(|read| {
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

    /// Adds an entry to the audit log.
    ///
    /// # Errors
    /// The write failed; what was to be logged must then not be done.
    pub fn log(&self, at: Timestamp, who: &str, what: &str, why: &str) -> Result<AuditEntry, StoreError> {
        self.write(|write| {
            let mut table = write.open_table(AUDIT).map_err(write_error)?;
            let last: Option<AuditEntry> = match table.last().map_err(write_error)? {
                Some((number, bytes)) => Some(decode(&format!("audit {}", number.value()), bytes.value())?),
                None => None,
            };
            let entry = AuditEntry::after(last.as_ref(), at, who, what, why);
            table.insert(entry.number, encode(&entry)?.as_slice()).map_err(write_error)?;
            Ok(entry)
        })
    }

    /// The audit log, newest first, at most `limit` entries.
    ///
    /// # Errors
    /// The read failed.
    pub fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.read(|read| {
            let table = read.open_table(AUDIT).map_err(read_error)?;
            let newest_first = table.iter().map_err(read_error)?.rev().take(limit);
            newest_first
                .map(|entry| {
                    let (number, bytes) = entry.map_err(read_error)?;
                    decode(&format!("audit {}", number.value()), bytes.value())
                })
                .collect()
        })
    }

    /// Checks the whole audit log. O(entries).
    ///
    /// # Errors
    /// The read failed. A broken chain is the inner error.
    pub fn verify_audit(&self) -> Result<Result<(), Broken>, StoreError> {
        let mut entries = self.audit(usize::MAX)?;
        entries.reverse();
        Ok(audit::verify(&entries))
    }
}

/// Why the store does not take a file.
fn refused(path: &Path, error: redb::Error) -> StoreError {
    use std::io::ErrorKind::{InvalidData, UnexpectedEof};
    let (path, why) = (path.to_owned(), error.to_string());
    match error {
        redb::Error::DatabaseAlreadyOpen => StoreError::Held { path },
        redb::Error::Corrupted(_) | redb::Error::UpgradeRequired(_) | redb::Error::RepairAborted => {
            StoreError::Damaged { path, why }
        }
        redb::Error::Io(error) if matches!(error.kind(), InvalidData | UnexpectedEof) => {
            StoreError::Damaged { path, why }
        }
        _ => StoreError::Open { path, why },
    }
}

/// Opens the file, or starts an empty one that only its owner can read; all tables are there then.
fn open(path: &Path) -> Result<Database, StoreError> {
    let database = Database::create(path).map_err(|error| refused(path, error.into()))?;
    make_private(path)?;
    // Only a new file is written to: one that is there can be read on a disk that is full.
    let is_prepared = || -> Result<(), redb::Error> {
        let read = database.begin_read()?;
        read.open_table(STATE)?;
        read.open_table(INTENTS)?;
        read.open_table(TRANSACTIONS)?;
        read.open_table(OPEN)?;
        read.open_table(AUDIT)?;
        Ok(())
    };
    let prepare = || -> Result<(), redb::Error> {
        let write = database.begin_write()?;
        write.open_table(STATE)?;
        write.open_table(INTENTS)?;
        write.open_table(TRANSACTIONS)?;
        write.open_table(OPEN)?;
        write.open_table(AUDIT)?;
        Ok(write.commit()?)
    };
    is_prepared().or_else(|_| prepare()).map_err(|error| refused(path, error))?;
    Ok(database)
}

/// Others may read neither intents nor the log.
fn make_private(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .map_err(|why| StoreError::Private { path: path.to_owned(), why })
}

#[cfg(test)]
mod tests;
