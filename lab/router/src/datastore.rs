//! What a router holds: one store behind both protocols.
//!
//! Data is an immutable tree with shared parts, so a candidate, a rollback image and a reader's snapshot cost nothing and
//! a change can be found by comparing pointers. Both protocols say what they want as the same [`edit::Edit`]; a new tree
//! becomes running only after libyang accepted it whole, and after whoever knows what the router can carry out. The store does no IO
//! and reads no clock.

// Data: the tree, places in it, its JSON form.
pub mod tree;

pub mod path;

pub mod json;

// Change: edits, what differs, what is refused.
pub mod edit;

pub mod diff;

mod session;

pub mod refusal;

pub(crate) mod validate;

mod judge;

// The store itself: running, candidate, locks, and the commit that waits to be confirmed.
pub mod store;

pub use diff::{Change, ChangeKind};
pub use edit::{Content, Edit, Operation};
pub use path::{Path, Pattern};
pub use refusal::{Refusal, Tag};
pub use session::SessionId;
pub use store::Datastore;
pub use tree::{Branch, Item, Step, Tree};

#[cfg(test)]
pub(crate) mod fixture;
