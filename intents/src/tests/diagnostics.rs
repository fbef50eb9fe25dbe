//! Every code has files that earn it and a near miss that does not.
//!
//! Each folder of `tests/diagnostics` is called after a code: `wrong/` earns it, `right/` differs by as little as possible and does
//! not. Each holds any of: a network (`network.*`, in any form that is read), intents (every other `*.yaml`), the hints under which
//! they are compiled (`hints.json`) and the moment that is asked about (`at.txt`). Without a network of their own, intents are for
//! that of `examples/minimal`; its classes stand beside them always. `said.txt` has what is told to the author: `UPDATE=1` writes
//! it; read the difference before you commit it. What the wrong examples of pages earn stands in one such file beside the pages.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use model::{Finding, Hints, Ted, Timestamp};

use super::{CLASSES, block, compiled, documents, minimal_ted};
use crate::{SourceFile, codes, moment, parse, validate, validate::ended};

/// Codes that have no folder and no example on their page, and why.
const WITHOUT: [(&str, &str); 13] = [
    ("TL0057", "a fault of the program that calls the compiler: no file has it"),
    ("TL0077", "about more sets of windows than are looked at: the tests of windows let fewer be looked at"),
    (
        "TL0081",
        "about what dialects lack, which no network file says: the test beside the judgement makes it",
    ),
    ("TL0160", "about traffic files, which the lab reads: its own tests have them"),
    ("TL0161", "about traffic files, which the lab reads: its own tests have them"),
    ("TL0170", "about scenarios, which the lab reads: its own tests have them"),
    ("TL0171", "about scenarios, which the lab reads: its own tests have them"),
    ("TL0172", "about scenarios, which the lab reads: its own tests have them"),
    ("TL0173", "about scenarios, which the lab plays: its own tests have them"),
    ("TL0180", "about labs of namespaces: the tests of their layout have them"),
    ("TL0181", "about labs of namespaces: the tests of their layout have them"),
    ("TL0182", "about labs of namespaces: the tests of their layout have them"),
    ("TL0183", "about labs of namespaces: the tests of their layout have them"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/diagnostics")
}

/// The folders, by code.
fn cases() -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path)).collect()
}

/// The files of a folder by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect()
}

/// All findings on the files of a folder, of every stage that is reached.
fn judge(code: &str, folder: &Path) -> Vec<Finding> {
    let mut files = files(folder);
    let mut findings = Vec::new();
    let network = files.keys().find(|name| name.starts_with("network.")).cloned();
    let ted = match network {
        None => minimal_ted(),
        Some(name) => {
            let text = String::from_utf8(files.remove(&name).unwrap()).unwrap();
            match formats::read(&name, &text) {
                Ok(network) => {
                    findings.extend(network.connectivity());
                    findings.extend(network.notes);
                    // Told of every network that is written in that form, and of no other.
                    let written = code == formats::code::NO_PLACE;
                    findings.extend(formats::beyond_rfc8345(&network.ted).filter(|_| written));
                    network.ted
                }
                Err(faults) => return faults,
            }
        }
    };
    let text = |name: &str| files.get(name).map(|bytes| String::from_utf8(bytes.clone()).unwrap());
    let hints = text("hints.json").map(|text| serde_json::from_str(&text).unwrap()).unwrap_or_default();
    let at = text("at.txt").map(|text| moment(text.trim()).unwrap().at);
    files.retain(|name, _| name.ends_with(".yaml"));
    if !files.is_empty() {
        findings.extend(of_intents(files, &ted, &hints, at));
    }
    findings
}

fn of_intents(
    files: BTreeMap<String, Vec<u8>>,
    ted: &Ted,
    hints: &Hints,
    at: Option<Timestamp>,
) -> Vec<Finding> {
    let (mut docs, mut findings) = (documents(&[CLASSES]), Vec::new());
    for (name, bytes) in files {
        match SourceFile::from_bytes(&name, bytes).map(|file| parse(&file)) {
            Ok(Ok(read)) => docs.extend(read),
            Ok(Err(faults)) => findings.extend(faults),
            Err(fault) => findings.push(*fault),
        }
    }
    if !findings.is_empty() {
        return findings;
    }
    match validate(&docs, ted) {
        Ok((set, warnings)) => {
            findings.extend(warnings);
            findings.extend(at.map(|at| ended(&set, &docs, at)).unwrap_or_default());
            findings.extend(compiled(&set, ted, hints).findings);
        }
        Err(faults) => findings.extend(faults),
    }
    findings
}

/// Findings as people read them: place, severity, code, subject, message, the way out, other places.
fn said(findings: &[&Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        if let Some(place) = &finding.place {
            write!(out, "{}:{}:{}: ", place.file, place.line, place.column).unwrap();
        }
        writeln!(out, "{finding}").unwrap();
        if let Some(help) = &finding.help {
            writeln!(out, "  help: {help}").unwrap();
        }
        for related in &finding.related {
            let place = &related.place;
            writeln!(out, "  {}:{}:{}: {}", place.file, place.line, place.column, related.message).unwrap();
        }
    }
    out
}

/// Whether what is said is to be written, and not only held against what was.
fn is_update() -> bool {
    std::env::var_os("UPDATE").is_some_and(|value| value == "1")
}

#[test]
fn what_is_wrong_earns_its_code_and_the_near_miss_does_not() {
    let update = is_update();
    let mut faults = String::new();
    for (code, folder) in cases() {
        let wrong = judge(&code, &folder.join("wrong"));
        let earned: Vec<&Finding> = wrong.iter().filter(|finding| finding.code == code).collect();
        if earned.is_empty() {
            writeln!(faults, "{code}/wrong does not earn it:\n{}", said(&wrong.iter().collect::<Vec<_>>()))
                .unwrap();
        }
        let right = judge(&code, &folder.join("right"));
        let bad: Vec<&Finding> =
            right.iter().filter(|finding| finding.is_error() || finding.code == code).collect();
        if !bad.is_empty() {
            writeln!(faults, "{code}/right is no near miss:\n{}", said(&bad)).unwrap();
        }
        let (path, text) = (folder.join("said.txt"), said(&earned));
        if update {
            fs::write(&path, &text).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if text != expected {
            writeln!(faults, "{code}/said.txt\nexpected:\n{expected}came out:\n{text}").unwrap();
        }
    }
    assert!(faults.is_empty(), "{faults}UPDATE=1 writes what is said; read the difference first");
}

#[test]
fn what_the_examples_of_pages_earn_is_said_as_it_was() {
    let ted = minimal_ted();
    let mut text = String::new();
    for (code, page) in codes::ALL {
        let Some(wrong) = block(page, "Wrong") else { continue };
        let found = super::judge(wrong, &ted);
        let earned: Vec<&Finding> = found.iter().filter(|finding| finding.code == *code).collect();
        text += &said(&earned);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/explain/said.txt");
    if is_update() {
        fs::write(&path, &text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    // The first line that differs says more than two long texts.
    let differs = text.lines().zip(expected.lines()).position(|(now, before)| now != before);
    let line = differs.unwrap_or(text.lines().count().min(expected.lines().count()));
    let at = |text: &str| text.lines().nth(line).unwrap_or("nothing more").to_owned();
    assert!(
        text == expected,
        "{} line {}\nexpected:  {}\ncame out:  {}\nUPDATE=1 writes what is said; read the difference first",
        path.display(),
        line + 1,
        at(&expected),
        at(&text)
    );
}

#[test]
fn every_code_that_files_can_earn_has_an_example() {
    let cases = cases();
    let without: BTreeMap<&str, &str> = WITHOUT.into();
    let on_page = |page: &str| block(page, "Wrong").is_some() && block(page, "Right").is_some();
    let of_intents = codes::ALL.iter().map(|(code, page)| (*code, on_page(page)));
    let of_networks = formats::code::PAGES.iter().map(|page| (page.code, false));
    let known: BTreeMap<&str, bool> = of_intents.chain(of_networks).collect();
    let missing: Vec<&&str> = known
        .iter()
        .filter(|(code, shown)| !**shown && !cases.contains_key(**code) && !without.contains_key(**code))
        .map(|(code, _)| code)
        .collect();
    assert!(missing.is_empty(), "no example of {missing:?}");
    let strange: Vec<&String> = cases.keys().filter(|code| !known.contains_key(code.as_str())).collect();
    assert!(strange.is_empty(), "folders of no code: {strange:?}");
    let idle: BTreeSet<&str> = without.into_keys().filter(|code| cases.contains_key(*code)).collect();
    assert!(idle.is_empty(), "these have an example after all: {idle:?}");
}
