//! The dissector of `tshark`.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    capture::pcap,
    sample::{locator, messages, octets, originator, rich_link, rich_node},
    skip,
};

const TSHARK: &str = "/usr/bin/tshark";

/// What it prints about these messages; none where it is not installed.
fn dissect(messages: &[Vec<u8>], arguments: &[&str]) -> Option<String> {
    if !Path::new(TSHARK).exists() {
        skip(&format!("{TSHARK} is not installed (package tshark)"));
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bgp.pcap");
    std::fs::write(&file, pcap(messages)).unwrap();
    let output = Command::new(TSHARK)
        .env("HOME", folder.path())
        .args(["-n", "-r"])
        .arg(&file)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What it prints about one route, in full.
fn told(route: (bgp::ls::Nlri, bgp::ls::LsAttribute)) -> Option<String> {
    let update = originator().announce(vec![route.0], route.1);
    dissect(&[octets(&update)], &["-V", "-O", "bgp"])
}

fn has_all(text: &str, wanted: &[&str]) {
    for line in wanted {
        assert!(text.contains(line), "`{line}` is not in:\n{text}");
    }
}

#[test]
fn it_has_nothing_to_complain_of() {
    let messages = messages();
    let Some(all) = dissect(&messages, &["-Y", "bgp.type == 2", "-T", "fields", "-e", "bgp.type"]) else { return };
    let count: usize = all.lines().map(|line| line.split(',').count()).sum();
    assert_eq!(count, messages.len(), "it sees every message");
    let bad = "_ws.malformed || _ws.expert.severity == error || _ws.expert.severity == warn";
    let faults = dissect(&messages, &["-Y", bad, "-V", "-O", "bgp"]).unwrap();
    assert_eq!(faults, "");
}

#[test]
fn it_reads_a_node_as_we_wrote_it() {
    let Some(text) = told(rich_node()) else { return };
    has_all(&text, &["PLACEHOLDER"]);
}

#[test]
fn it_reads_a_link_as_we_wrote_it() {
    let Some(text) = told(rich_link()) else { return };
    has_all(&text, &["PLACEHOLDER"]);
}

#[test]
fn it_reads_a_locator_as_we_wrote_it() {
    let Some(text) = told(locator()) else { return };
    has_all(&text, &["PLACEHOLDER"]);
}
