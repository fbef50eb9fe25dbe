//! Every code that stands anywhere in the sources has a page.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::call::{root, trunkline};

/// The codes in quotes in the sources of a folder, with the file where they stand.
fn codes(folder: &Path, found: &mut BTreeMap<String, PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !["target", "node_modules", "tests"].contains(&name) && !name.starts_with('.') {
                codes(&path, found);
            }
        } else if name.ends_with(".rs") && !["tests.rs", "fixture.rs"].contains(&name) {
            let text = fs::read_to_string(&path).unwrap();
            // Tests at the end of a file make codes up.
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            for (at, _) in text.match_indices("\"TL") {
                let code = text.get(at + 1..at + 7).unwrap_or_default();
                let whole = text.get(at + 7..at + 8) == Some("\"");
                if whole && code[2..].bytes().all(|byte| byte.is_ascii_digit()) {
                    found.insert(code.to_owned(), path.clone());
                }
            }
        }
    }
}

#[test]
fn every_code_in_the_sources_has_a_page() {
    let mut used = BTreeMap::new();
    for folder in ["topology", "intents", "controller", "southbound", "lab"] {
        codes(&root().join(folder), &mut used);
    }
    assert!(used.len() > 60, "the sources were found: {}", used.len());
    let list = trunkline(&["explain"]).out;
    let known: BTreeSet<&str> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let missing: Vec<_> = used.iter().filter(|(code, _)| !known.contains(code.as_str())).collect();
    assert!(missing.is_empty(), "no page: {missing:?}");
}
