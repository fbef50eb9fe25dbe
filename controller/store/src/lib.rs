//! The journal: what must survive the controller.
//!
//! One file, one writer. Every write is one transaction of the store that is on disk (fsync) when the call returns, or
//! has not happened at all. What is kept: accepted intents by revision, allocations, hints, exceptions, whether the network
//! was adopted, the mode, running transactions with their pre-images and decisions, and the audit log, whose entries are
//! chained by hash so that none can be edited out unseen.
//!
//! Values are JSON: a journal can be read without this program.

pub mod audit;
pub mod error;
mod file;
pub mod journal;
pub mod record;

pub use audit::{AuditEntry, Broken, Said};
pub use error::StoreError;
pub use journal::{Beside, Journal};
pub use record::{IntentRevision, TransactionRecord};
