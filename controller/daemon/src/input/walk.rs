//! The intent files below a folder. What is no file, or cannot be read, keeps nobody from the rest: it is named.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::draw::clean;

/// Folders deeper than this are not walked: nobody keeps intents there.
const DEEPEST: usize = 32;

/// What stands in a folder and was not judged.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct LeftOut {
    /// Its path.
    pub file: String,
    /// Why.
    pub why: String,
}

impl LeftOut {
    /// Whether a path leads to it.
    pub fn is(&self, path: &Path) -> bool {
        canonical(Path::new(&self.file)) == canonical(path)
    }
}

/// What is below a folder.
#[derive(Debug, Default)]
pub struct Below {
    /// The files, in the order of their names.
    pub files: Vec<PathBuf>,
    /// What is no intent file by its name, or no file.
    pub left_out: Vec<LeftOut>,
    /// What cannot be read, and why.
    pub failed: Vec<String>,
    /// The folders from the first to this one, and all that were walked.
    above: Vec<PathBuf>,
    walked: BTreeSet<PathBuf>,
}

impl Below {
    /// Walks a folder.
    pub fn of(folder: &Path) -> Self {
        let mut below = Self::default();
        below.walk(folder);
        below
    }

    fn walk(&mut self, folder: &Path) {
        let here = canonical(folder);
        if let Some(back) = self.above.iter().find(|above| **above == here) {
            let why = format!("a loop: it leads back to {}", back.display());
            return self.leave(folder, why);
        }
        if self.above.len() > DEEPEST {
            let message = format!("{}: folders are nested deeper than {DEEPEST} levels", folder.display());
            return self.failed.push(message);
        }
        // Two links to one folder: its files are there already.
        if !self.walked.insert(here.clone()) {
            return;
        }
        match entries(folder) {
            Ok(paths) => {
                self.above.push(here);
                paths.iter().for_each(|path| self.entry(path));
                self.above.pop();
            }
            Err(error) => self.failed.push(told(folder, &error)),
        }
    }

    fn entry(&mut self, path: &Path) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with('.') {
            return;
        }
        match fs::metadata(path) {
            Ok(what) if what.is_dir() => self.walk(path),
            _ if !is_yaml(&name) => {}
            _ if is_containerlab(&name) => self.leave(path, "a containerlab file".to_owned()),
            Ok(what) if what.is_file() => self.files.push(path.to_owned()),
            Ok(_) => self.leave(path, "a pipe, a socket or a device, and no file".to_owned()),
            Err(error) => self.failed.push(told(path, &error)),
        }
    }

    fn leave(&mut self, path: &Path, why: String) {
        self.left_out.push(LeftOut { file: path.display().to_string(), why });
    }
}

/// What a folder holds, in the order of the names.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

fn is_yaml(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.ends_with(".yaml") || lower.ends_with(".yml")
}

fn is_containerlab(name: &str) -> bool {
    name.to_ascii_lowercase().contains(".clab.")
}

/// One name for all that lead to a file; a pipe, which has none, goes by the name as it was given.
pub fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Why a path cannot be read, and what to do where the system only says what is wrong.
pub fn told(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::IsADirectory => format!("{path}: it is a folder; name a file in it"),
        io::ErrorKind::NotADirectory => {
            format!("{path}: something on the way to it is a file, and no folder")
        }
        io::ErrorKind::NotFound => format!("{path}: there is no such file or folder"),
        io::ErrorKind::PermissionDenied => format!("{path}: this user may not read it"),
        _ => format!("{path}: {error}"),
    }
}

/// More names than these are counted.
const NAMED: usize = 10;

/// What was left out, in a line that stands below the count; nothing where nothing was.
pub fn left_out(left: &[LeftOut]) -> Option<String> {
    let names: Vec<String> = left
        .iter()
        .take(NAMED)
        .map(|LeftOut { file, why }| format!("{} ({})", clean(file), clean(why)))
        .collect();
    let more = left.len() - names.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!left.is_empty()).then(|| format!("left out: {}{more}", names.join(", ")))
}
