//! The processes of a lab, as the machine has them.

use std::{fs, path::Path};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

/// Who keeps the lab of a folder, by its record.
pub fn keeper(lab: &Path) -> Pid {
    let record: Value = serde_json::from_slice(&fs::read(lab.join("record.json")).unwrap()).unwrap();
    Pid::from_raw(i32::try_from(record["keeper"]["pid"].as_i64().unwrap()).unwrap())
}

/// Its controller.
pub fn controller(lab: &Path) -> Pid {
    child(keeper(lab), &["serve"])
}

/// The agent of a router, where each has a process.
pub fn agent(lab: &Path, router: &str) -> Pid {
    child(keeper(lab), &["--only", router])
}

/// Kills all of them at once, without warning.
pub fn strike(all: &[Pid]) {
    for each in all {
        kill(*each, Signal::SIGKILL).unwrap();
    }
}

/// Whether a process stands still, as after SIGSTOP.
pub fn is_frozen(process: Pid) -> bool {
    told(Path::new(&format!("/proc/{process}")), "State:").is_some_and(|state| state.starts_with('T'))
}

/// What a process was called with that another one has started and that has all of these words.
fn child(parent: Pid, words: &[&str]) -> Pid {
    let found = fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
        let folder = entry.path();
        let is_child = told(&folder, "PPid:")? == parent.to_string();
        let called = fs::read(folder.join("cmdline")).ok()?;
        let has = |word: &&str| called.split(|octet| *octet == 0).any(|each| each == word.as_bytes());
        let id: i32 = entry.file_name().to_str()?.parse().ok()?;
        (is_child && words.iter().all(has)).then(|| Pid::from_raw(id))
    });
    found.unwrap_or_else(|| panic!("{parent} has started nothing with {words:?}"))
}

/// What the status of a process says under a word.
fn told(process: &Path, word: &str) -> Option<String> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    Some(status.lines().find_map(|line| line.strip_prefix(word))?.trim().to_owned())
}
