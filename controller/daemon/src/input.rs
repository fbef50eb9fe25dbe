//! Reads what people name on the command line: files, folders of intents, networks, snapshots.

use std::{
    collections::BTreeSet,
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
    /// What is said of files that are too large, or no text.
    pub unreadable: Vec<Finding>,
}

/// Reads intent files: each path is a file, or a folder of which all YAML files below are taken. A file that several paths lead
/// to is read once, under the name by which it is met first.
///
/// # Errors
/// A path cannot be read, or there is nothing below it.
pub fn intents(paths: &[PathBuf]) -> Result<Intents, Stop> {
    let mut read = Intents::default();
    let mut met = BTreeSet::new();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if !metadata.is_dir() {
            if met.insert(canonical(path)) {
                read.add(path, bytes_to_judge(path)?);
            }
            continue;
        }
        let mut below = Vec::new();
        walk(path, 0, &mut below)?;
        let mut found = false;
        for file in below {
            if met.contains(&canonical(&file)) {
                found = true;
                continue;
            }
            let bytes = bytes_to_judge(&file)?;
            if other_kind(&bytes).is_none() {
                found = true;
                met.insert(canonical(&file));
                read.add(&file, bytes);
            }
        }
        if !found {
            let message = format!("{}: there is no intent file (*.yaml) in this folder", path.display());
            return Err(Stop::usage(message));
        }
    }
    Ok(read)
}

impl Intents {
    fn add(&mut self, path: &Path, bytes: Vec<u8>) {
        match SourceFile::from_bytes(&path.display().to_string(), bytes) {
            Ok(file) => drop(self.files.insert(file.name, file.text)),
            Err(finding) => self.unreadable.push(*finding),
        }
    }
}

/// One name for all that lead to a file; a pipe, which has none, goes by the name as it was given.
fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The YAML files below a folder, in the order of their names, without hidden ones.
fn walk(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Stop> {
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
            found.push(path);
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
    let kind = first_kind(&text)?;
    OTHER_KINDS.into_iter().find(|other| *other == kind)
}

/// What a file says first that it is.
fn first_kind(text: &str) -> Option<&str> {
    let kind = text.lines().find_map(|line| line.strip_prefix("kind:"))?;
    Some(kind.split_whitespace().next()?.trim_matches(['"', '\'']))
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

/// Reads a file of which findings will tell that it is too large: one byte more than the most shows it.
fn bytes_to_judge(path: &Path) -> Result<Vec<u8>, Stop> {
    begin(path, (WRITTEN_MIB << 20) + 1)
}

/// The first bytes of a file.
fn begin(path: &Path, most: u64) -> Result<Vec<u8>, Stop> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    // Not the size that the system tells: a device or a pipe has none.
    let read = fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    read.map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

fn up_to(path: &Path, mib: u64) -> Result<Vec<u8>, Stop> {
    let most = mib << 20;
    let bytes = begin(path, most + 1)?;
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
/// It cannot be read, or there are findings that are errors; that it is too large or no text is such a finding.
pub fn network(path: &Path, sources: &mut Sources) -> Result<Network, Stop> {
    let read = SourceFile::from_bytes(&path.display().to_string(), bytes_to_judge(path)?);
    let SourceFile { name, text } =
        read.map_err(|finding| Stop::findings(vec![*finding], sources.clone()))?;
    if let Some(kind) = first_kind(&text).filter(|kind| intents::KINDS.contains(kind)) {
        let message =
            format!("{name}: a file of intents (`kind: {kind}`) and not of a network: give that one by -n");
        return Err(Stop::usage(message));
    }
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
    fn a_file_that_several_paths_lead_to_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        fs::write(&file, "kind: TrafficClass\n").unwrap();
        let other = folder.path().join(".").join("a.yaml");
        let roundabout = folder.path().join("..").join(folder.path().file_name().unwrap());
        let folder = folder.path().to_owned();
        for paths in [
            [folder.clone(), file.clone()],
            [file.clone(), folder],
            [file, other],
            [roundabout.clone(), roundabout],
        ] {
            assert_eq!(intents(&paths).unwrap().files.len(), 1, "{paths:?}");
        }
    }

    #[test]
    fn a_file_that_is_too_large_or_no_text_is_a_finding() {
        let folder = tempfile::tempdir().unwrap();
        let (large, foreign) = (folder.path().join("large.yaml"), folder.path().join("foreign.yaml"));
        fs::File::create(&large).unwrap().set_len((WRITTEN_MIB << 20) + 5).unwrap();
        fs::write(&foreign, b"name: ok\nsite: M\xfcnchen\n").unwrap();
        let read = intents(&[large.clone(), foreign.clone()]).unwrap();
        let told: Vec<(&str, u32)> = read
            .unreadable
            .iter()
            .map(|finding| (finding.code.as_str(), finding.place.as_ref().unwrap().line))
            .collect();
        assert_eq!(told, [("TL0002", 1), ("TL0001", 2)]);
        for path in [large, foreign] {
            assert!(matches!(network(&path, &mut Sources::new()), Err(Stop::Findings(_))));
            assert!(matches!(text(&path), Err(Stop::Usage(_))), "other files are no findings");
        }
    }

    #[test]
    fn a_folder_without_intents_is_called_wrongly() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(intents(&[folder.path().to_owned()]), Err(Stop::Usage(_))));
        assert!(matches!(intents(&[folder.path().join("none")]), Err(Stop::Usage(_))));
    }
}
