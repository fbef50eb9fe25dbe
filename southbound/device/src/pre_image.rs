//! Pre-images: what a device held of ours before a commit that it cannot take back by itself. Whoever cancels, perhaps
//! after a restart, puts it back. So it is kept before the commit is sent, and forgotten once the commit is confirmed
//! or undone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use model::{DeviceConfig, NodeId, TransactionId};
use thiserror::Error;

/// Largest file that is read back, in bytes.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// Why a pre-image could not be kept, read or forgotten.
#[derive(Debug, Error)]
pub enum PreImageError {
    /// The file system says no.
    #[error("pre-image {}: {why}; check the folder and its disk", .path.display())]
    File {
        /// The file or its folder.
        path: PathBuf,
        /// What it says.
        why: io::Error,
    },
    /// The file is there and is no pre-image.
    #[error("pre-image {}: {why}; compare the device with the journal by hand, then remove the file", .path.display())]
    Spoiled {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// Where pre-images are kept. Transactions are numbered by a journal, so pre-images belong to that journal: a new one
/// needs an empty place. Calls may block.
pub trait PreImages: fmt::Debug + Send + Sync {
    /// Keeps a pre-image; when this returns it survives a crash, as far as the place can do that.
    ///
    /// # Errors
    /// It is not kept.
    fn save(
        &self,
        node: &NodeId,
        transaction: TransactionId,
        before: &DeviceConfig,
    ) -> Result<(), PreImageError>;

    /// A pre-image that was kept and not forgotten.
    ///
    /// # Errors
    /// It cannot be read. That it was never kept is none.
    fn load(&self, node: &NodeId, transaction: TransactionId) -> Result<Option<DeviceConfig>, PreImageError>;

    /// Forgets a pre-image; one that is not there is forgotten already.
    ///
    /// # Errors
    /// It is still there.
    fn forget(&self, node: &NodeId, transaction: TransactionId) -> Result<(), PreImageError>;

    /// The transactions of a device that have a pre-image: committed, and neither confirmed nor undone.
    ///
    /// # Errors
    /// It cannot be told.
    fn pending(&self, node: &NodeId) -> Result<BTreeSet<TransactionId>, PreImageError>;
}

/// Pre-images in memory: they end with the process.
#[derive(Debug, Default)]
pub struct MemoryPreImages {
    kept: Mutex<BTreeMap<(NodeId, TransactionId), DeviceConfig>>,
}

impl MemoryPreImages {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<(NodeId, TransactionId), DeviceConfig>> {
        self.kept.lock().expect("no holder of the lock panics")
    }
}

impl PreImages for MemoryPreImages {
    fn save(
        &self,
        node: &NodeId,
        transaction: TransactionId,
        before: &DeviceConfig,
    ) -> Result<(), PreImageError> {
        self.kept().insert((node.clone(), transaction), before.clone());
        Ok(())
    }

    fn load(&self, node: &NodeId, transaction: TransactionId) -> Result<Option<DeviceConfig>, PreImageError> {
        Ok(self.kept().get(&(node.clone(), transaction)).cloned())
    }

    fn forget(&self, node: &NodeId, transaction: TransactionId) -> Result<(), PreImageError> {
        self.kept().remove(&(node.clone(), transaction));
        Ok(())
    }

    fn pending(&self, node: &NodeId) -> Result<BTreeSet<TransactionId>, PreImageError> {
        Ok(self.kept().keys().filter(|(of, _)| of == node).map(|(_, transaction)| *transaction).collect())
    }
}

/// Pre-images in a folder, one JSON file for each device and transaction, readable by the owner alone.
#[derive(Debug)]
pub struct FilePreImages {
    folder: PathBuf,
}

impl FilePreImages {
    /// Opens the folder, or makes it.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(folder: impl Into<PathBuf>) -> Result<Self, PreImageError> {
        let folder = folder.into();
        match DirBuilder::new().recursive(true).mode(0o700).create(&folder) {
            Ok(()) => Ok(Self { folder }),
            Err(why) => Err(PreImageError::File { path: folder, why }),
        }
    }

    fn file(&self, node: &NodeId, transaction: TransactionId) -> PathBuf {
        self.folder.join(format!("{}{transaction}.json", prefix(node)))
    }

    /// Makes the names in the folder survive a crash.
    fn sync_folder(&self) -> Result<(), PreImageError> {
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(failed(&self.folder))
    }
}

/// How the files of a device begin. Names may have slashes and other characters that file names should not; `@` ends it
/// and does not occur in it, so no device's prefix is another's.
fn prefix(node: &NodeId) -> String {
    let mut prefix = String::new();
    for byte in node.as_str().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => prefix.push(char::from(byte)),
            other => prefix.push_str(&format!("%{other:02x}")),
        }
    }
    prefix.push('@');
    prefix
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> PreImageError + '_ {
    |why| PreImageError::File { path: path.to_owned(), why }
}

impl PreImages for FilePreImages {
    fn save(
        &self,
        node: &NodeId,
        transaction: TransactionId,
        before: &DeviceConfig,
    ) -> Result<(), PreImageError> {
        let path = self.file(node, transaction);
        let draft = path.with_extension("draft");
        let text = serde_json::to_vec(before)
            .map_err(|why| PreImageError::Spoiled { path: path.clone(), why: why.to_string() })?;
        let write = || {
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&draft, &path)
        };
        write().map_err(failed(&path))?;
        self.sync_folder()
    }

    fn load(&self, node: &NodeId, transaction: TransactionId) -> Result<Option<DeviceConfig>, PreImageError> {
        let path = self.file(node, transaction);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(failed(&path)(why)),
        };
        let mut text = Vec::new();
        file.take(MAX_FILE).read_to_end(&mut text).map_err(failed(&path))?;
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|why| PreImageError::Spoiled { path, why: why.to_string() })
    }

    fn forget(&self, node: &NodeId, transaction: TransactionId) -> Result<(), PreImageError> {
        let path = self.file(node, transaction);
        match fs::remove_file(&path) {
            Ok(()) => self.sync_folder(),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(why) => Err(failed(&path)(why)),
        }
    }

    fn pending(&self, node: &NodeId) -> Result<BTreeSet<TransactionId>, PreImageError> {
        let prefix = prefix(node);
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(&self.folder).map_err(failed(&self.folder))? {
            let name = entry.map_err(failed(&self.folder))?.file_name();
            let number = name.to_str().and_then(|name| {
                name.strip_prefix(&prefix)?.strip_prefix("tl-")?.strip_suffix(".json")?.parse().ok()
            });
            found.extend(number.map(TransactionId));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::contract::sample_edits;

    fn before() -> DeviceConfig {
        let mut config = DeviceConfig::default();
        sample_edits(1).iter().for_each(|edit| edit.apply(&mut config));
        config
    }

    fn keeps(place: &dyn PreImages) {
        let (node, other) = (NodeId::lit("site/../r1"), NodeId::lit("site/../r1.b"));
        let (first, second) = (TransactionId(1), TransactionId(12));
        assert_eq!(place.load(&node, first).expect("readable"), None);
        place.save(&node, first, &before()).expect("kept");
        place.save(&node, second, &DeviceConfig::default()).expect("kept");
        assert_eq!(place.load(&node, first).expect("readable"), Some(before()));
        assert_eq!(place.pending(&node).expect("told"), BTreeSet::from([first, second]));
        assert!(place.pending(&other).expect("told").is_empty());
        for _ in 0..2 {
            place.forget(&node, first).expect("forgotten");
        }
        assert_eq!(place.load(&node, first).expect("readable"), None);
        assert_eq!(place.pending(&node).expect("told"), BTreeSet::from([second]));
    }

    #[test]
    fn memory_keeps_and_forgets() {
        keeps(&MemoryPreImages::new());
    }

    #[test]
    fn a_folder_keeps_and_forgets() {
        let scratch = tempfile::tempdir().expect("a folder");
        keeps(&FilePreImages::new(scratch.path().join("pre-images")).expect("made"));
        let names: Vec<_> = fs::read_dir(scratch.path()).expect("a folder").collect();
        assert_eq!(names.len(), 1, "nothing was written beside the folder");
    }

    #[test]
    fn a_file_is_its_owner_s_alone_and_survives_the_process() {
        let scratch = tempfile::tempdir().expect("a folder");
        let (node, id) = (NodeId::lit("r1"), TransactionId(7));
        let place = FilePreImages::new(scratch.path()).expect("a folder");
        place.save(&node, id, &before()).expect("kept");
        let mode = fs::metadata(place.file(&node, id)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = FilePreImages::new(scratch.path()).expect("a folder");
        assert_eq!(again.load(&node, id).expect("readable"), Some(before()));
    }

    #[test]
    fn a_spoiled_file_is_an_error_and_not_an_absence() {
        let scratch = tempfile::tempdir().expect("a folder");
        let (node, id) = (NodeId::lit("r1"), TransactionId(7));
        let place = FilePreImages::new(scratch.path()).expect("a folder");
        fs::write(place.file(&node, id), "{\"policies\":").expect("written");
        let error = place.load(&node, id).expect_err("spoiled");
        assert!(matches!(error, PreImageError::Spoiled { .. }), "{error}");
    }
}
