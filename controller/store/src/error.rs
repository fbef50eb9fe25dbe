//! Why the journal could not do what was asked.

use std::path::PathBuf;

use thiserror::Error;

/// The journal failed; what was to be written is not written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The file cannot be opened.
    #[error("the journal {path} cannot be opened: {why}; look whether its folder exists and is writable")]
    Open {
        /// Its path.
        path: PathBuf,
        /// What the store says.
        why: String,
    },
    /// Another process has the file open.
    #[error("the journal {path} is held by another process: another controller runs on this state folder")]
    Held {
        /// Its path.
        path: PathBuf,
    },
    /// The file is no journal any more, or never was one.
    #[error(
        "the journal {path} is damaged or no journal: {why}; nothing was sent. Put the last copy of the state folder in its \
         place, or an empty folder to meet the network as for the first time"
    )]
    Damaged {
        /// Its path.
        path: PathBuf,
        /// What the store says.
        why: String,
    },
    /// The file can be read by others than its owner.
    #[error("the journal {path} could not be made private: {why}")]
    Private {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
    /// A write failed, for instance because the disk is full.
    #[error("the journal could not be written, nothing was changed: {0}; look at the disk's free space")]
    Write(String),
    /// A read failed.
    #[error("the journal could not be read: {0}")]
    Read(String),
    /// A value is not what this version writes.
    #[error(
        "the journal's entry `{entry}` cannot be understood: {why}; it may have been written by a newer version"
    )]
    Meaning {
        /// Which entry.
        entry: String,
        /// What is wrong with it.
        why: String,
    },
}
