//! The open file under the journal: one write at a time, all of it on disk or nothing, and a file that is closed after a failure
//! and opened anew.

use std::{
    panic::catch_unwind,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use redb::{Database, ReadTransaction, ReadableDatabase, TableDefinition, WriteTransaction};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::StoreError;

pub(crate) const STATE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("state");
pub(crate) const INTENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("intents");
pub(crate) const TRANSACTIONS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("transactions");
/// The numbers of those that are open, so that looking for them costs nothing however many there have been.
pub(crate) const OPEN: TableDefinition<'_, u64, ()> = TableDefinition::new("open transactions");
pub(crate) const AUDIT: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("audit");

/// The file. Clones share it.
///
/// After a failed write the store does nothing more with an open file, not even reading it. So the file is closed then and
/// opened anew by whoever needs it next: a disk that was full for a while costs what was refused meanwhile, and no restart.
#[derive(Clone, Debug)]
pub(crate) struct File {
    path: PathBuf,
    /// None after a failure.
    open: Arc<RwLock<Option<Database>>>,
}

pub(crate) fn write_error(error: impl std::fmt::Display) -> StoreError {
    StoreError::Write(error.to_string())
}

pub(crate) fn read_error(error: impl std::fmt::Display) -> StoreError {
    StoreError::Read(error.to_string())
}

pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(write_error)
}

pub(crate) fn decode<T: DeserializeOwned>(entry: &str, bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes)
        .map_err(|error| StoreError::Meaning { entry: entry.to_owned(), why: error.to_string() })
}

impl File {
    /// Opens the journal, or starts an empty one that only its owner can read.
    ///
    /// Every page is checked against its checksum first: a journal that lies is worse than none. O(size of the file).
    ///
    /// # Errors
    /// The file is held by another process, is damaged or no journal, or cannot be written.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        // The store takes some damage for its own fault and panics; here it is the file's.
        let opened = catch_unwind(|| {
            let mut database = open(path)?;
            database.check_integrity().map_err(|error| refused(path, error.into()))?;
            Ok(database)
        });
        let damaged = |_| StoreError::Damaged { path: path.to_owned(), why: "it cannot be read".to_owned() };
        let database = opened.map_err(damaged)??;
        Ok(Self { path: path.to_owned(), open: Arc::new(RwLock::new(Some(database))) })
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Does something with the open file, which is opened where a failure has closed it, and closed where this is one.
    fn with<T>(
        &self,
        fail: fn(String) -> StoreError,
        act: impl FnOnce(&Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let result = loop {
            let file = self.open.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(database) = &*file {
                break act(database);
            }
            drop(file);
            let mut file = self.open.write().unwrap_or_else(PoisonError::into_inner);
            if file.is_none() {
                *file = Some(open(&self.path).map_err(|error| fail(error.to_string()))?);
            }
        };
        if matches!(result, Err(StoreError::Write(_) | StoreError::Read(_))) {
            *self.open.write().unwrap_or_else(PoisonError::into_inner) = None;
        }
        result
    }

    /// Runs one write; all of it is on disk afterwards, or none.
    pub(crate) fn write<T>(
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
    pub(crate) fn read<T>(
        &self,
        act: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with(StoreError::Read, |database| act(&database.begin_read().map_err(read_error)?))
    }

    pub(crate) fn put_state<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        let bytes = encode(value)?;
        self.write(|write| {
            let mut table = write.open_table(STATE).map_err(write_error)?;
            table.insert(name, bytes.as_slice()).map_err(write_error)?;
            Ok(())
        })
    }

    pub(crate) fn state<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T, StoreError> {
        self.read(|read| {
            let table = read.open_table(STATE).map_err(read_error)?;
            match table.get(name).map_err(read_error)? {
                Some(bytes) => decode(name, bytes.value()),
                None => Ok(T::default()),
            }
        })
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
