//! The shape of the workspace as a test: which crate may use which, who owns which library, how long a file may be.
//!
//! [`table`] is the contract as data; the other modules compare it with what cargo and the disk say.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod dependencies;
mod sources;
mod table;

use std::path::PathBuf;

/// The folder of the root manifest.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("tests/ lies in the root folder").to_owned()
}
