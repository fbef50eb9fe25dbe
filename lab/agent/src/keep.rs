//! What a router keeps for the time after it was killed: its configuration, without what waits for a confirmation.
//!
//! So a router that is killed between a commit and its confirmation comes back with what it held before, as it does when nobody
//! confirms.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use model::NodeId;
use router::{
    datastore::{Tree, json},
    yang::Schema,
};

/// The file of one router.
#[derive(Debug)]
pub struct Kept {
    file: PathBuf,
    /// What was written last.
    last: Mutex<Option<Tree>>,
}

impl Kept {
    /// The file of a router in a folder that is there.
    pub fn of(folder: &Path, node: &NodeId) -> Self {
        // Names of nodes may hold what names of files do not; two nodes never have one file.
        let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        let spelled = |c: char| if plain(c) { c.to_string() } else { format!("~{:02x}", u32::from(c)) };
        let name: String = node.as_str().chars().map(spelled).collect();
        Self { file: folder.join(format!("{name}.running.json")), last: Mutex::default() }
    }

    /// The file, where something was kept.
    pub fn found(&self) -> Option<&Path> {
        self.file.is_file().then_some(self.file.as_path())
    }

    /// Writes a configuration down, whole or not at all, unless it is the one that was written last.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(&self, schema: &Schema, running: &Tree) -> io::Result<()> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_some_and(|last| last.is_same(running)) {
            return Ok(());
        }
        let beside = self.file.with_extension("new");
        fs::write(&beside, json::write_tree(schema, running))?;
        fs::rename(&beside, &self.file)?;
        *last = Some(running.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
