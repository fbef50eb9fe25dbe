//! Reads what people name on the command line: files, folders of intents, networks, snapshots.

use std::{
    fs,
    path::{Path, PathBuf},
};

use formats::Network;
use intents::SourceFile;
use model::Finding;

use crate::{outcome::Stop, sources::Sources};

/// Folders deeper than this are not walked: a loop of links, or not a folder of intents.
const DEEPEST: usize = 32;
/// The kinds of our files that are no intents. In a folder they are passed over; named by themselves they are judged.
const OTHER_KINDS: [&str; 6] = ["Network", "Inventory", "Controller", "Scenario", "Traffic", "Routers"];

/// Intent files that were read.
#[derive(Debug, Default)]
pub struct Intents {
    /// Texts by the name as the user gave it.
    pub files: Sources,
    /// Files that are not text.
    pub findings: Vec<Finding>,
}

/// Reads intent files: each path is a file, or a folder of which all YAML files below are taken.
///
/// # Errors
/// A path cannot be read, or there is nothing below it.
pub fn intents(paths: &[PathBuf]) -> Result<Intents, Stop> {
    let mut read = Intents::default();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        let mut found = Vec::new();
        if metadata.is_dir() {
            walk(path, 0, &mut found)?;
            if found.is_empty() {
                let message = format!("{}: there is no intent file (*.yaml) in this folder", path.display());
                return Err(Stop::usage(message));
            }
        } else {
            found.push((path.clone(), bytes(path)?));
        }
        for (path, bytes) in found {
            let name = path.display().to_string();
            match SourceFile::from_bytes(&name, bytes) {
                Ok(file) => drop(read.files.insert(file.name, file.text)),
                Err(finding) => read.findings.push(*finding),
            }
        }
    }
    Ok(read)
}

/// The YAML files below a folder, in the order of their names, without hidden ones and without our files of other kinds.
fn walk(folder: &Path, depth: usize, found: &mut Vec<(PathBuf, Vec<u8>)>) -> Result<(), Stop> {
    if depth > DEEPEST {
        let message = format!("{}: folders are nested deeper than {DEEPEST} levels", folder.display());
        return Err(Stop::usage(message));
    }
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|error| unreadable(folder, &error))?.path());
    }
    paths.sort();
    for path in paths {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            walk(&path, depth + 1, found)?;
        } else if is_yaml(&name) {
            let bytes = bytes(&path)?;
            if other_kind(&bytes).is_none() {
                found.push((path, bytes));
            }
        }
    }
    Ok(())
}

fn is_yaml(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    (lower.ends_with(".yaml") || lower.ends_with(".yml")) && !lower.contains(".clab.")
}

/// The first `kind:` of a file, where it is one of ours that is no intent.
pub fn other_kind(bytes: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(bytes);
    let kind = text.lines().find_map(|line| line.strip_prefix("kind:"))?;
    let kind = kind.split_whitespace().next()?.trim_matches(['"', '\'']);
    OTHER_KINDS.into_iter().find(|other| *other == kind)
}

/// The most that is read of a file that people write, in MiB.
const WRITTEN_MIB: u64 = intents::MAX_BYTES as u64 >> 20;
/// The most that is read of a file that the program itself wrote, such as a snapshot of 10,000 routers.
const OURS_MIB: u64 = 1024;

/// Reads a file that people write.
///
/// # Errors
/// It cannot be read, or is larger than 64 MiB.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Stop> {
    up_to(path, WRITTEN_MIB)
}

fn up_to(path: &Path, mib: u64) -> Result<Vec<u8>, Stop> {
    use std::io::Read as _;
    let most = mib << 20;
    let mut bytes = Vec::new();
    // Not the size that the system tells: a device or a pipe has none.
    let read = fs::File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    read.map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > most {
        let message = format!("{}: larger than {mib} MiB, which is the most that is read", path.display());
        return Err(Stop::usage(message));
    }
    Ok(bytes)
}

/// Reads a file of text that people write.
///
/// # Errors
/// It cannot be read, is larger than 64 MiB, or is not UTF-8.
pub fn text(path: &Path) -> Result<String, Stop> {
    as_text(path, bytes(path)?)
}

/// Reads a file of text that the program itself wrote: a snapshot, an earlier verification.
///
/// # Errors
/// It cannot be read, is larger than 1 GiB, or is not UTF-8.
pub fn our_text(path: &Path) -> Result<String, Stop> {
    as_text(path, up_to(path, OURS_MIB)?)
}

fn as_text(path: &Path, bytes: Vec<u8>) -> Result<String, Stop> {
    String::from_utf8(bytes)
        .map_err(|_| Stop::usage(format!("{}: not UTF-8 text; save it as UTF-8", path.display())))
}

/// Reads a network file and adds its text to the sources.
///
/// # Errors
/// It cannot be read, or there are findings that are errors.
pub fn network(path: &Path, sources: &mut Sources) -> Result<Network, Stop> {
    let name = path.display().to_string();
    let text = text(path)?;
    let read = formats::read(&name, &text);
    sources.insert(name, text);
    read.map_err(|findings| Stop::findings(findings, sources.clone()))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Stop {
    Stop::usage(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_intents_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("b.yaml", "kind: TrafficClass\n");
        write("deep/a.yml", "# a comment\nkind: ServiceIntent\n");
        write("network.yaml", "apiVersion: trunkline/v1\nkind: Network\n");
        write("inventory.yaml", "kind: \"Inventory\" # ours\n");
        write("lab.clab.yml", "topology: {}\n");
        write(".hidden.yaml", "kind: TrafficClass\n");
        write("notes.txt", "kind: TrafficClass\n");
        let read = intents(&[folder.path().to_owned()]).unwrap();
        let names: Vec<&str> =
            read.files.keys().map(|name| &name[folder.path().to_str().unwrap().len() + 1..]).collect();
        assert_eq!(names, ["b.yaml", "deep/a.yml"]);
        let named = intents(&[folder.path().join("network.yaml")]).unwrap();
        assert_eq!(named.files.len(), 1, "what is named is judged");
    }

    #[test]
    fn a_folder_without_intents_is_called_wrongly() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(intents(&[folder.path().to_owned()]), Err(Stop::Usage(_))));
        assert!(matches!(intents(&[folder.path().join("none")]), Err(Stop::Usage(_))));
    }
}
