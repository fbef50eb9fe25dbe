//! The decoder of ExaBGP, a BGP-LS implementation of its own.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    sample::{messages, octets, originator, rich_link, rich_node},
    skip,
};

fn python() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/.venv/bin/python");
    let python = std::env::var_os("TRUNKLINE_PYTHON").map_or(beside, PathBuf::from);
    let there = Command::new(&python)
        .args(["-c", "import exabgp"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !there {
        skip("neither TRUNKLINE_PYTHON nor tests/.venv/bin/python has exabgp");
    }
    there.then_some(python)
}

/// What it says of one message, as JSON.
fn decode(python: &PathBuf, message: &[u8]) -> Value {
    let hex: String = message.iter().map(|octet| format!("{octet:02X}")).collect();
    let output = Command::new(python)
        .args(["-m", "exabgp", "decode", "-f", "bgp-ls bgp-ls", &hex])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.starts_with('{'));
    let line = line.unwrap_or_else(|| panic!("no answer: {text}\n{}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[test]
fn it_reads_what_we_wrote() {
    let Some(python) = python() else { return };
    for (nlri, attribute) in [rich_node(), rich_link()] {
        let message = octets(&originator().announce(vec![nlri], attribute));
        let said = decode(&python, &message);
        eprintln!("{said:#}");
    }
    let _ = messages();
}
