//! The files themselves: their length, and words that have no place in a product.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::root;

/// Lines above which a source file needs a reason.
const LONG: usize = 500;
/// How that reason begins in the file's header.
const REASON: &str = "Longer than 500 lines because";
/// Lines that count as the header.
const HEADER: usize = 30;
/// Folders that are made, not written.
const MADE: [&str; 9] = [
    ".git",
    "target",
    "node_modules",
    "dist",
    ".venv",
    ".lab",
    "shots",
    "proptest-regressions",
    "__pycache__",
];

/// Words that name the place where something was built rather than the product. In halves, so that this file is clean.
const FORBIDDEN: [(&str, &str); 9] = [
    ("/wor", "k/"),
    ("/roo", "t/"),
    ("crates", ".io"),
    ("npmjs", ".org"),
    ("npmjs", ".com"),
    ("pypi", ".org"),
    ("pythonhosted", ".org"),
    ("deb.debian", ".org"),
    ("proxy.golang", ".org"),
];

/// Every file that people write, from the root, in order.
fn written() -> Vec<PathBuf> {
    let mut files = Vec::new();
    walk(&root(), &mut files);
    files.sort();
    assert!(files.len() > 100, "found only {} files below {}", files.len(), root().display());
    files
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        if MADE.contains(&name.as_str()) {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), files);
        } else if entry.file_type().unwrap().is_file() {
            files.push(entry.path());
        }
    }
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

fn is_source(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    ["rs", "ts", "js", "mjs", "svelte", "py", "css"].contains(&extension.as_ref())
}

fn is_test(name: &str) -> bool {
    name.split('/').any(|part| ["tests", "tests.rs", "benches"].contains(&part)) || name.contains(".test.")
}

#[test]
fn the_loop_is_read_at_one_glance() {
    let text = fs::read_to_string(root().join("controller/engine/src/cycle.rs")).unwrap();
    assert!(text.lines().count() < 60, "{} lines", text.lines().count());
    let stages = ["parse(", "judge_as_of(", "compile(", "plan(", "prove(", "transact", "assess(", "decide("];
    let places: Vec<Option<usize>> = stages.iter().map(|stage| text.find(stage)).collect();
    assert!(places.iter().all(Option::is_some), "{stages:?} at {places:?}");
}

/// The demonstration's processes share sockets and files; in one program, only the parts that start and judge them know the lab.
#[test]
fn the_controller_knows_nothing_of_the_lab() {
    let mut looked = 0;
    for path in written() {
        let name = shown(&path);
        let is_controller = name.starts_with("controller/") && !name.starts_with("controller/daemon/");
        let serves = name.starts_with("controller/daemon/src/serve");
        if !(is_controller || serves) || !name.ends_with(".rs") {
            continue;
        }
        looked += 1;
        let text = fs::read_to_string(&path).unwrap();
        for lab in ["net::Scenario", "use net::", "use router::", "use sim::", "sim::World"] {
            assert!(!text.contains(lab), "{name} mentions `{lab}`");
        }
    }
    assert!(looked > 50, "looked at {looked} files");
}

/// Where the southbound asks the wall clock: for the moment of something that it tells, and to say what a device's clock left out.
const TELLS_MOMENTS: [&str; 5] = [
    "southbound/bgp/src/session/owner.rs",
    "southbound/gnmi/src/device.rs",
    "southbound/gnmi/src/telemetry/decode.rs",
    "southbound/netconf/src/comware/device.rs",
    "southbound/netconf/src/device.rs",
];

/// People and time servers set the wall clock. No session may end or hang for it, so deadlines are counted in the time that has run.
#[test]
fn no_deadline_of_a_session_asks_the_wall_clock() {
    let mut asking = Vec::new();
    for path in written() {
        let name = shown(&path);
        let is_meant = name.starts_with("southbound/") && name != "southbound/device/src/clock.rs";
        if !is_meant || !name.ends_with(".rs") || is_test(&name) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("SystemTime"), "{name}: the one clock is southbound/device/src/clock.rs");
        if text.contains("clock::now()") {
            assert_eq!(
                text.matches("clock::now()").count(),
                1,
                "{name} asks more than once: is one a deadline?"
            );
            asking.push(name);
        }
    }
    assert_eq!(asking, TELLS_MOMENTS);
}

#[test]
fn a_long_file_says_why() {
    for path in written().iter().filter(|path| is_source(path)) {
        let name = shown(path);
        let text = fs::read_to_string(path).unwrap();
        let lines = text.lines().count();
        let said = text.lines().take(HEADER).any(|line| line.contains(REASON));
        assert!(
            is_test(&name) || lines <= LONG || said,
            "{name} has {lines} lines: split it by idea, or say `{REASON} …` in its header"
        );
    }
}

#[test]
fn every_module_says_why_it_exists() {
    for path in written() {
        let name = shown(&path);
        if path.extension().is_some_and(|extension| extension == "rs") && !name.ends_with("/tests.rs") {
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("//!"), "{name} does not begin with `//!` and a reason to exist");
        }
    }
}

#[test]
fn no_file_speaks_of_the_place_where_it_was_made() {
    for path in written() {
        let name = shown(&path);
        // Cargo writes the name of its registry into the lock file.
        if name == "Cargo.lock" {
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for (start, end) in FORBIDDEN {
            let word = format!("{start}{end}");
            let line = text.lines().position(|line| line.contains(&word));
            assert!(line.is_none(), "{name}:{} contains `{word}`", line.unwrap_or_default() + 1);
        }
    }
}
