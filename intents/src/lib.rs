//! Intents: from YAML to what every device should hold.
//!
//! ```text
//! SourceFile ──parse──► documents ──expand, validate──► IntentSet ──compile──► DesiredState, verdicts, promised demands
//! ```
//!
//! Each stage is a pure function of its arguments and returns a new type, so that no stage can be skipped: only
//! [`validate()`] makes an [`model::IntentSet`] from documents, and [`compile()`] takes nothing else. Whatever a user can get wrong is a
//! [`model::Finding`] with a place, all of them at once; [`explain`] has a page on each code.

// The language.
pub mod codes;
pub mod doc;
pub mod source;

mod origin;

mod blame;
mod common;
mod faults;
mod faulty;
mod kinds;

mod moment;
mod read;
mod scalar;
mod schema;
mod tree;

// The stages, in order of the flow.
mod foreign;
mod parse;
mod reading;

mod print;

mod design;

mod validate;

mod beside;

mod ask;
mod domain;
mod route;

mod compile;

pub mod balance;

pub mod repair;

mod judge;
mod opened;
mod why;

pub use codes::explain;
pub use compile::{
    BACKUP_PREFERENCE, Compilation, PRIMARY_PREFERENCE, compile, compile_new, endpoint, policy_name, sequence,
};
pub use design::{Expansion, expand};
pub use doc::{Document, Spec};
pub use foreign::foreign;
pub use judge::{judge, judge_alone, judge_as_of};
pub use kinds::KINDS;
pub use moment::{BadMoment, moment};
pub use opened::locate_drained;
pub use origin::Origin;
pub use parse::{API_VERSION, parse};
pub use print::print;
pub use read::At;
pub use reading::Reading;
pub use schema::schema;
pub use source::{MAX_BYTES, Mark, SourceFile};
pub use validate::{AsOf, is_watched, locate, validate, validate_as_of};
pub use why::{UnknownName, why};

#[cfg(test)]
mod tests;
