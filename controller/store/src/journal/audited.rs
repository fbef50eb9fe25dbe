//! The audit log in the journal.

use redb::{ReadableTable, WriteTransaction};

use super::Journal;
use crate::{
    audit::{self, AuditEntry, Broken, Said},
    error::StoreError,
    file::{AUDIT, decode, encode, read_error, write_error},
};

/// Adds an entry as a part of a write.
pub(super) fn append(write: &WriteTransaction, said: &Said) -> Result<AuditEntry, StoreError> {
    let mut table = write.open_table(AUDIT).map_err(write_error)?;
    let last: Option<AuditEntry> = match table.last().map_err(write_error)? {
        Some((number, bytes)) => Some(decode(&format!("audit {}", number.value()), bytes.value())?),
        None => None,
    };
    let entry = AuditEntry::after(last.as_ref(), said);
    table.insert(entry.number, encode(&entry)?.as_slice()).map_err(write_error)?;
    Ok(entry)
}

impl Journal {
    /// Adds an entry to the audit log.
    ///
    /// # Errors
    /// The write failed; what was to be logged must then not be done.
    pub fn log(&self, said: &Said) -> Result<AuditEntry, StoreError> {
        self.file.write(|write| append(write, said))
    }

    /// The audit log, newest first, at most `limit` entries.
    ///
    /// # Errors
    /// The read failed.
    pub fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.file.read(|read| {
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
