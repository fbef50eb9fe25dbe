//! Reads what people name on the command line: files, folders of intents, networks, snapshots.

mod walk;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use formats::Network;
use intents::SourceFile;
use model::Finding;

use self::walk::{Below, canonical};
pub use self::walk::{LeftOut, left_out, told};
use crate::{outcome::Stop, secret, sources::Sources};

/// Intent files that were read.
#[derive(Debug, Default)]
pub struct Intents {
    /// Texts by the name as the user gave it.
    pub files: Sources,
    /// What is said of files that are too large, or no text.
    pub unreadable: Vec<Finding>,
    /// What stands in the folders and is no file of intents.
    pub left_out: Vec<LeftOut>,
    /// What cannot be read at all, and why: a path that is not there, a link that leads nowhere.
    pub failed: Vec<String>,
}

/// Reads intent files: each path is a file, or a folder of which all YAML files below are taken but for those that are something
/// else. A file that several paths lead to is read once, under the name by which it is met first. What cannot be read is told
/// beside the rest.
///
/// # Errors
/// Nothing at all could be read.
pub fn intents(paths: &[PathBuf]) -> Result<Intents, Stop> {
    let mut read = Intents::default();
    let mut met = BTreeSet::new();
    for path in paths {
        match fs::metadata(path) {
            Ok(what) if what.is_dir() => read.folder(path, &mut met),
            Ok(_) => {
                if met.insert(canonical(path)) {
                    read.named(path);
                }
            }
            Err(error) => read.failed.push(told(path, &error)),
        }
    }
    match read.files.is_empty() && read.unreadable.is_empty() {
        true => Err(refusal(&read.failed)),
        false => Ok(read),
    }
}

/// As [`intents()`], for who acts on them: then all must be there.
///
/// # Errors
/// Something cannot be read.
pub fn all_intents(paths: &[PathBuf]) -> Result<Intents, Stop> {
    let read = intents(paths)?;
    if read.failed.is_empty() { Ok(read) } else { Err(refusal(&read.failed)) }
}

/// What cannot be read, a line each.
fn refusal(failed: &[String]) -> Stop {
    Stop::usage(failed.join("\nerror: "))
}

impl Intents {
    /// How many files were judged.
    pub fn count(&self) -> usize {
        self.files.len() + self.unreadable.len()
    }

    /// A file that was named by itself: it is judged, whatever it is.
    fn named(&mut self, path: &Path) {
        match bytes_to_judge(path) {
            Ok(bytes) => match SourceFile::from_bytes(&path.display().to_string(), bytes) {
                Ok(file) => self.add(file),
                Err(finding) => self.unreadable.push(*finding),
            },
            Err(stop) => self.failed.push(stop.to_string()),
        }
    }

    fn folder(&mut self, folder: &Path, met: &mut BTreeSet<PathBuf>) {
        let Below { files, left_out, failed, .. } = Below::of(folder);
        let mut found = !failed.is_empty();
        self.left_out.extend(left_out);
        self.failed.extend(failed);
        for path in files {
            if !met.insert(canonical(&path)) {
                found = true;
                continue;
            }
            found |= self.in_folder(&path);
        }
        if !found {
            let message = format!("{}: there is no intent file (*.yaml) in this folder", folder.display());
            self.failed.push(match left_out_of(&self.left_out, folder) {
                Some(others) => format!("{message}; {others}"),
                None => message,
            });
        }
    }

    /// A file that stands in a folder; false where it is something else and left out.
    fn in_folder(&mut self, path: &Path) -> bool {
        let bytes = match bytes_to_judge(path) {
            Ok(bytes) => bytes,
            Err(stop) => {
                self.failed.push(stop.to_string());
                return true;
            }
        };
        match SourceFile::from_bytes(&path.display().to_string(), bytes) {
            Ok(file) => match intents::foreign(&file) {
                Some(why) => {
                    self.left_out.push(LeftOut { file: file.name, why });
                    return false;
                }
                None => self.add(file),
            },
            Err(finding) => self.unreadable.push(*finding),
        }
        true
    }

    fn add(&mut self, SourceFile { name, text }: SourceFile) {
        self.files.insert(name, text);
    }
}

/// The files, of several, in which nothing stands: often what stood there was lost. Nothing where all are so, which is told otherwise.
pub fn empty_ones(files: &Sources) -> Option<String> {
    let is_nothing =
        |line: &str| matches!(line.trim(), "" | "---" | "...") || line.trim_start().starts_with('#');
    let empty = files.iter().filter(|(_, text)| text.trim_start_matches('\u{feff}').lines().all(is_nothing));
    let names: Vec<&str> = empty.map(|(name, _)| name.as_str()).collect();
    let are_some = !names.is_empty() && names.len() < files.len();
    are_some.then(|| {
        format!("warning: there is no intent in {}, only an empty file or comments", names.join(", "))
    })
}

/// What was left out below one folder.
fn left_out_of(all: &[LeftOut], folder: &Path) -> Option<String> {
    let below: Vec<LeftOut> =
        all.iter().filter(|one| Path::new(&one.file).starts_with(folder)).cloned().collect();
    left_out(&below)
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

/// The first bytes of a file. One that holds a secret is refused: nothing of it may be shown.
fn begin(path: &Path, most: u64) -> Result<Vec<u8>, Stop> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    // Not the size that the system tells: a device or a pipe has none.
    let read = fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    read.map_err(|error| Stop::usage(told(path, &error)))?;
    match secret::held(&bytes) {
        None => Ok(bytes),
        Some(what) => Err(Stop::usage(format!(
            "{}: it holds {what}, which has no place here: give the file that is asked for. Nothing of it is shown",
            path.display()
        ))),
    }
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

/// Whether there is something at a path.
///
/// # Errors
/// Why there is not.
pub fn is_there(path: &Path) -> Result<(), String> {
    fs::metadata(path).map(drop).map_err(|error| told(path, &error))
}

/// Reads a network file and adds its text to the sources.
///
/// # Errors
/// It cannot be read, or there are findings that are errors; that it is too large or no text is such a finding.
pub fn network(path: &Path, sources: &mut Sources) -> Result<Network, Stop> {
    let read = SourceFile::from_bytes(&path.display().to_string(), bytes_to_judge(path)?);
    let SourceFile { name, mut text } =
        read.map_err(|finding| Stop::findings(vec![*finding], sources.clone()))?;
    // A byte order mark is no part of the text: columns are counted without it.
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    if let Some(kind) = first_kind(&text).filter(|kind| intents::KINDS.contains(kind)) {
        let message = format!(
            "{name}: a file of intents (`kind: {kind}`) stands where the network belongs: a containerlab file, a native one, or RFC 8345"
        );
        return Err(Stop::usage(message));
    }
    let mut read = formats::read(&name, &text);
    if let Ok(network) = &mut read {
        engine::words::note_features(&mut network.ted);
    }
    sources.insert(name, text);
    read.map_err(|findings| Stop::findings(findings, sources.clone()))
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
        let left: Vec<(&str, &str)> = read
            .left_out
            .iter()
            .map(|left| (&left.file[folder.path().to_str().unwrap().len() + 1..], left.why.as_str()))
            .collect();
        let expected = [
            ("lab.clab.yml", "a containerlab file"),
            ("inventory.yaml", "Inventory"),
            ("network.yaml", "Network"),
        ];
        assert_eq!(left, expected, "what is left out is named");
        let named = intents(&[folder.path().join("network.yaml")]).unwrap();
        assert_eq!(named.files.len(), 1, "what is named is judged");
    }

    #[test]
    fn one_document_of_another_kind_or_broken_text_makes_no_file_vanish() {
        let folder = tempfile::tempdir().unwrap();
        let files: [(&str, &[u8]); 4] = [
            ("a.yaml", b"kind: Traffic\n---\nkind: ServiceIntent\n"),
            ("b.yaml", b"kind: Network\nnope: [\n"),
            ("c.yaml", b"\xff\nkind: Traffic\n"),
            ("d.yaml", b"kind: Traffic\nspec: {}\n"),
        ];
        files.iter().for_each(|(name, bytes)| fs::write(folder.path().join(name), bytes).unwrap());
        let read = intents(&[folder.path().to_owned()]).unwrap();
        assert_eq!((read.files.len(), read.unreadable.len(), read.left_out.len()), (3, 1, 0));
    }

    #[test]
    fn what_is_no_file_or_cannot_be_read_is_named_and_the_rest_is_read() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a.yaml"), "kind: TrafficClass\n").unwrap();
        // A socket stands for all that is no file; to open a pipe would wait for ever.
        let _socket = std::os::unix::net::UnixListener::bind(at("b.yaml")).unwrap();
        symlink(folder.path(), at("loop")).unwrap();
        symlink(at("gone"), at("dangling.yaml")).unwrap();
        let paths = [folder.path().to_owned(), at("not-there")];
        let read = intents(&paths).unwrap();
        assert_eq!(read.files.len(), 1);
        let why: Vec<&str> = read.left_out.iter().map(|left| left.why.as_str()).collect();
        assert!(why[0].contains("no file") && why[1].starts_with("a loop: it leads back to "), "{why:?}");
        assert!(read.failed[0].contains("dangling.yaml: ") && read.failed[1].contains("not-there: "));
        assert_eq!((why.len(), read.failed.len()), (2, 2));
        assert!(matches!(all_intents(&paths), Err(Stop::Usage(_))), "who acts on them needs them all");
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
    fn a_file_that_holds_a_secret_is_read_by_nobody_and_nothing_of_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let (key, token) = (folder.path().join("key.yaml"), folder.path().join("token"));
        fs::write(&key, "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n").unwrap();
        fs::write(&token, format!("{}\n", "Zx9_".repeat(11))).unwrap();
        for (path, what) in [(&key, "it holds a private key"), (&token, "it holds one long word")] {
            let told = [
                text(path).unwrap_err(),
                our_text(path).unwrap_err(),
                intents(std::slice::from_ref(path)).unwrap_err(),
                network(path, &mut Sources::new()).unwrap_err(),
            ];
            for stop in told {
                let told = stop.to_string();
                assert!(matches!(stop, Stop::Usage(_)) && told.contains(what), "{told}");
                assert!(!told.contains("MC4C") && !told.contains("Zx9_"), "{told}");
            }
        }
        // In a folder it is named beside the rest.
        fs::write(folder.path().join("a.yaml"), "kind: TrafficClass\n").unwrap();
        let read = intents(&[folder.path().to_owned()]).unwrap();
        assert_eq!((read.files.len(), read.failed.len()), (1, 1));
        assert!(read.failed[0].contains("key.yaml: it holds a private key"), "{:?}", read.failed);
    }

    #[test]
    fn a_file_without_an_intent_among_others_is_named() {
        let told = |files: &[(&str, &str)]| {
            let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
            empty_ones(&files.collect())
        };
        let full = ("a.yaml", "kind: TrafficClass\n");
        let (empty, comments) = (("b.yaml", ""), ("c.yaml", "\u{feff}# later\n---\n\n  # more\n"));
        let expected = "warning: there is no intent in b.yaml, c.yaml, only an empty file or comments";
        assert_eq!(told(&[full, empty, comments]).as_deref(), Some(expected));
        assert_eq!(told(&[full]), None);
        assert_eq!(told(&[empty, comments]), None, "that there is nothing at all is told otherwise");
    }

    #[test]
    fn a_folder_without_intents_is_called_wrongly() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(intents(&[folder.path().to_owned()]), Err(Stop::Usage(_))));
        assert!(matches!(intents(&[folder.path().join("none")]), Err(Stop::Usage(_))));
    }
}
