//! The decoder of ExaBGP, a BGP-LS implementation of its own.

use std::{path::PathBuf, process::Command};

use serde_json::{Value, json};

use crate::{
    child::{is_known, run},
    sample::{octets, originator, rich_link, rich_node},
};

/// Its versions whose words are known.
const KNOWN: [&str; 1] = ["ExaBGP : 5.0."];

fn python() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/.venv/bin/python");
    let python = std::env::var_os("TRUNKLINE_PYTHON").map_or(beside, PathBuf::from);
    let version = &mut Command::new(&python);
    let what = "exabgp of TRUNKLINE_PYTHON or tests/.venv/bin/python";
    is_known(what, version.args(["-m", "exabgp", "version"]), &KNOWN).then_some(python)
}

/// What it says of one message, as JSON.
fn decode(python: &PathBuf, message: &[u8]) -> Value {
    let hex: String = message.iter().map(|octet| format!("{octet:02X}")).collect();
    let words = ["-m", "exabgp", "decode", "-f", "bgp-ls bgp-ls", &hex];
    let output = run(Command::new(python).args(words)).unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.starts_with('{'));
    let line =
        line.unwrap_or_else(|| panic!("no answer: {text}\n{}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// The only route of a message, and what is said of it.
fn route(said: &Value) -> (&Value, &Value) {
    let update = &said["neighbor"]["message"]["update"];
    (&update["announce"]["bgp-ls bgp-ls"]["10.0.0.1"][0], &update["attribute"]["bgp-ls"])
}

#[test]
fn it_reads_what_we_wrote() {
    let Some(python) = python() else { return };
    let message = |(nlri, attribute)| octets(&originator().announce(vec![nlri], attribute));

    let said = decode(&python, &message(rich_node()));
    let (node, attribute) = route(&said);
    assert_eq!(node["ls-nlri-type"], "bgpls-node");
    assert_eq!(node["protocol-id"], 2);
    assert_eq!(
        node["node-descriptors"],
        json!([{"autonomous-system": 65_000}, {"router-id": "010001000000"}])
    );
    assert_eq!(attribute["node-name"], "r00000");
    assert_eq!(attribute["local-te-router-ids"], json!(["10.1.0.0"]));
    assert_eq!(attribute["sids"], json!([[65_536, 16_000]]), "the global block");
    assert_eq!(attribute["srv6-capabilities"]["flags"]["O"], 0);

    let said = decode(&python, &message(rich_link()));
    let (link, attribute) = route(&said);
    assert_eq!(link["ls-nlri-type"], "bgpls-link");
    assert_eq!(link["link-identifiers"], json!([{"link-local-id": 1, "link-remote-id": 1}]));
    assert_eq!(link["remote-node-descriptors"][1]["router-id"], "010001000001");
    assert_eq!(attribute["admin-group-mask"], 3);
    assert_eq!(attribute["maximum-link-bandwidth"], 12_500_000.0);
    assert_eq!(attribute["igp-metric"], 10);
    assert_eq!(attribute["te-metric"], 20);
    assert_eq!(attribute["shared-risk-link-groups"], json!([1]));
    assert_eq!(attribute["link-name"], "eth1");
    assert_eq!(attribute["sr-adj"]["sids"], json!([15_001]));
    assert_eq!(attribute["srv6-endx"][0]["sid"], "fd00:1:0:e001::");
    assert_eq!(attribute["srv6-endx"][0]["behavior"], 5);
}
