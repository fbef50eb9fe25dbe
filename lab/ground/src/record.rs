//! What is known of a lab on disk: written before anything is made, so that whatever becomes of who made it, all of it can be found
//! and removed.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use model::NodeId;
use serde::{Deserialize, Serialize};

/// Who computes routes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IgpKind {
    /// The lab itself.
    #[default]
    Builtin,
    /// FRR's IS-IS: zebra and isisd in every namespace.
    Frr,
}

/// How far a lab has come.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It is being made, or who made it was ended before it stood.
    Making,
    /// It stands.
    Up,
}

/// A process, by its number and the moment of its start, since numbers are used again.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProcessId {
    /// Its number.
    pub pid: i32,
    /// When it was started, in clock ticks since the machine was.
    pub started: u64,
}

impl ProcessId {
    /// A process that runs.
    pub fn of(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        started(&stat).map(|started| Self { pid, started })
    }

    /// This process.
    pub fn own() -> Option<Self> {
        i32::try_from(std::process::id()).ok().and_then(Self::of)
    }

    /// Whether it still runs.
    pub fn runs(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// Whether a signal has stopped it: it is there, and does nothing.
    pub fn is_frozen(self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        started(&stat) == Some(self.started) && state(&stat) == Some("T")
    }
}

/// What a process does, in `/proc/PID/stat` (proc(5)): the third word.
fn state(stat: &str) -> Option<&str> {
    stat.rsplit_once(')')?.1.split_whitespace().next()
}

/// The moment of a process's start in `/proc/PID/stat` (proc(5)): the 22nd word. The second may hold blanks and brackets.
fn started(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(19)?.parse().ok()
}

/// What is known of a lab.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Its name, as in names of namespaces.
    pub lab: String,
    /// The file that it was made of.
    pub file: PathBuf,
    /// Who computes its routes.
    pub igp: IgpKind,
    /// How far it has come.
    pub stage: Stage,
    /// Who keeps it.
    pub keeper: Option<ProcessId>,
    /// The namespaces of its nodes.
    pub spaces: BTreeMap<NodeId, String>,
}

const RECORD: &str = "record.json";
const NEW: &str = "record.new";
const LOCK: &str = "lock";
/// The log of the process that keeps a lab, in its folder.
pub const LOG: &str = "keeper.log";
/// The socket of that process.
pub const SOCKET: &str = "socket";
/// The folder in it for what a simulation needs.
pub const FILES: &str = "lab-files";
/// How the folders of FRR's daemons begin.
pub const FRR: &str = "frr-";

/// Whether a folder may be taken for a lab's, which goes with all that is in it: it is new or empty, or a lab has made all that is in it.
///
/// # Errors
/// It cannot be read, or there is something else in it.
pub fn must_be_a_labs(folder: &Path) -> io::Result<()> {
    let names = match fs::read_dir(folder) {
        Ok(entries) => {
            entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<_>>>()?
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let is_known = names.iter().any(|name| name == LOCK);
    let may_be = |name: &OsString| match name.to_string_lossy().as_ref() {
        LOG => true,
        name if is_known => [RECORD, NEW, LOCK, SOCKET, FILES].contains(&name) || name.starts_with(FRR),
        _ => false,
    };
    match names.iter().find(|name| !may_be(name)) {
        None => Ok(()),
        Some(name) => Err(io::Error::other(format!(
            "it holds {}, which no lab has made, and a lab's folder goes with the lab: take another with --folder",
            name.display()
        ))),
    }
}

impl Record {
    /// What stands in a lab's folder; none where there is no record.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn read(folder: &Path) -> io::Result<Option<Self>> {
        match fs::read(folder.join(RECORD)) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes it, whole or not at all, so that it is there after a loss of power too.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let (new, place) = (folder.join(NEW), folder.join(RECORD));
        let mut file = File::create(&new)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        fs::rename(new, place)?;
        File::open(folder)?.sync_all()
    }

    /// Forgets the lab: removes the folder and all that is in it.
    ///
    /// # Errors
    /// Something in it cannot be removed, or is nothing that a lab has made.
    pub fn forget(folder: &Path) -> io::Result<()> {
        must_be_a_labs(folder)?;
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Sees that the folder in which labs have theirs, where nobody said another, is this user's alone, and makes it where it is not there.
/// Its name is known to everybody, and where it lies others may be able to make it first: who owns a folder can replace all that is in it.
///
/// # Errors
/// It belongs to somebody else, or others may write in it; or it cannot be made.
pub fn must_be_private(folder: &Path) -> io::Result<()> {
    if let Some(parent) = folder.parent() {
        fs::DirBuilder::new().recursive(true).create(parent)?;
    }
    let own = rustix::process::getuid();
    // FRR's daemons run as another user, who must come to their files; without root there are none.
    let mode = if own.is_root() { 0o755 } else { 0o700 };
    match fs::DirBuilder::new().mode(mode).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made,
    }
    let there = fs::symlink_metadata(folder)?;
    if there.is_dir() && there.uid() == own.as_raw() && there.mode() & 0o022 == 0 {
        return Ok(());
    }
    Err(io::Error::other(
        "it is not this user's alone, who could not trust what is in it: take another with --folder, or set XDG_RUNTIME_DIR",
    ))
}

/// So often a folder that goes while it is locked is made again.
const TRIES: usize = 100;

/// The right to make or remove a lab. Who keeps a lab holds it all the time.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes it, and makes the folder; none where somebody else has it.
    ///
    /// # Errors
    /// The folder cannot be made or written, or it holds what no lab has made.
    pub fn take(folder: &Path) -> io::Result<Option<Self>> {
        must_be_a_labs(folder)?;
        let path = folder.join(LOCK);
        for _ in 0..TRIES {
            fs::DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
            let file = match File::options().create(true).truncate(false).write(true).open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            match file.try_lock() {
                Ok(()) if stands(&file, &path) => return Ok(Some(Self { _file: file })),
                // Who removed the lab has removed the file between the two: the next one to come would lock another.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::Error::other("its folder comes and goes: others make and remove the lab at this moment"))
    }
}

/// Whether a file is the one of that name.
fn stands(file: &File, path: &Path) -> bool {
    let names = |data: fs::Metadata| (data.dev(), data.ino());
    file.metadata().is_ok_and(|own| fs::metadata(path).is_ok_and(|there| names(own) == names(there)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_gone_when_forgotten() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("lab");
        assert_eq!(Record::read(&folder).unwrap(), None);
        let lock = Lock::take(&folder).unwrap().expect("nobody has it");
        assert!(Lock::take(&folder).unwrap().is_none(), "one at a time");
        let record = Record {
            lab: "tri".to_owned(),
            file: "tri.clab.yml".into(),
            igp: IgpKind::Frr,
            stage: Stage::Making,
            keeper: ProcessId::own(),
            spaces: BTreeMap::from([(NodeId::lit("a"), "tlg-tri.a".to_owned())]),
        };
        record.write(&folder).unwrap();
        assert_eq!(Record::read(&folder).unwrap(), Some(record));
        drop(lock);
        Record::forget(&folder).unwrap();
        Record::forget(&folder).unwrap();
        assert!(!folder.exists() && Record::read(&folder).unwrap().is_none());
    }

    #[test]
    fn a_folder_with_something_else_in_it_is_never_taken_and_never_removed() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("thesis");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("record.json"), "{}").unwrap();
        assert!(Lock::take(&folder).unwrap_err().to_string().contains("record.json"), "no lab has locked it");
        assert!(Record::forget(&folder).is_err());
        fs::remove_file(folder.join("record.json")).unwrap();
        fs::write(folder.join(LOG), "").unwrap();
        drop(Lock::take(&folder).unwrap().unwrap());
        fs::create_dir(folder.join("frr-0")).unwrap();
        fs::write(folder.join("chapter"), "one").unwrap();
        assert!(Record::forget(&folder).unwrap_err().to_string().contains("chapter"));
        fs::remove_file(folder.join("chapter")).unwrap();
        Record::forget(&folder).unwrap();
        assert!(!folder.exists());
    }

    #[test]
    fn a_lock_on_a_file_that_is_gone_is_none() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("lab");
        let lock = Lock::take(&folder).unwrap().expect("nobody has it");
        let path = folder.join(LOCK);
        let opened = File::open(&path).unwrap();
        assert!(stands(&opened, &path));
        fs::remove_dir_all(&folder).unwrap();
        assert!(!stands(&opened, &path), "it is in no folder");
        let next = Lock::take(&folder).unwrap().expect("the folder is another");
        assert!(!stands(&opened, &path) && Lock::take(&folder).unwrap().is_none());
        drop((lock, next));
    }

    #[test]
    fn a_folder_that_others_may_write_in_is_none_for_labs() {
        use std::os::unix::fs::PermissionsExt as _;
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("run/labs");
        must_be_private(&folder).unwrap();
        must_be_private(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o022, 0);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        let refused = must_be_private(&folder).unwrap_err().to_string();
        assert!(refused.contains("--folder"), "{refused}");
        // Nor is one that somebody else chose the place of.
        let link = parent.path().join("link");
        std::os::unix::fs::symlink(parent.path(), &link).unwrap();
        assert!(must_be_private(&link).is_err());
    }

    #[test]
    fn a_process_is_known_by_its_start_too() {
        let own = ProcessId::own().unwrap();
        assert!(own.runs());
        assert!(!ProcessId { started: own.started + 1, ..own }.runs(), "another that has its number");
        assert!(!own.is_frozen() && state("7 (a b) T) S 1 2") == Some("S") && state("").is_none());
        assert_eq!(started("7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20"), Some(4711));
    }
}
