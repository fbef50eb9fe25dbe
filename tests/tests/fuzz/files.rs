//! Files that people write: intents, networks, scenarios, traffic, the inventory, quantities and conditions.

use std::sync::LazyLock;

use intents::SourceFile;
use model::{Finding, ted::Ted};

use crate::mutate::mutate_text;
use crate::target;

pub const YAML: &[&str] = &[
    "\n",
    "  ",
    "- ",
    ": ",
    "{",
    "}",
    "{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{",
    "[",
    "]",
    "\"",
    "'",
    "&a ",
    "*a",
    "<<: *a",
    "---\n",
    "...\n",
    "|\n",
    ">-\n",
    "!!binary ",
    "# ",
    "\t",
    "\r\n",
    "\u{feff}",
    "null",
    "~",
    "no",
    "0o17",
    "1e999",
    "-0",
    "18446744073709551616",
    "100Mbps",
    "30ms",
    "0.1%",
    "\0",
    "kind: ServiceIntent\n",
    "spec:\n",
    "metadata: {name: x}\n",
    "apiVersion: trunkline/v1\n",
];

pub fn repository_file(path: &str) -> String {
    let path = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

static NETWORK: LazyLock<String> = LazyLock::new(|| repository_file("intents/examples/minimal/network.yaml"));
static INTENTS: LazyLock<String> = LazyLock::new(|| {
    let folder = format!("{}/../intents/examples/minimal", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    files.retain(|path| !path.ends_with("network.yaml"));
    let texts: Vec<_> = files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    assert!(!texts.is_empty(), "the minimal example has intents");
    texts.join("\n---\n")
});
pub static TED: LazyLock<Ted> = LazyLock::new(|| formats::read("network.yaml", &NETWORK).unwrap().ted);
static CLAB: LazyLock<String> = LazyLock::new(|| {
    // The head of the file has nodes; its tail has links. The middle only makes runs slow.
    let whole = repository_file("lab/ceb.clab.yml");
    let (nodes, links) = whole.split_once("  links:").unwrap();
    let nodes: Vec<&str> = nodes.lines().take(60).collect();
    let links: Vec<&str> = links.lines().take(40).collect();
    format!("{}\n  links:{}\n", nodes.join("\n"), links.join("\n"))
});
static SCENARIO: LazyLock<String> = LazyLock::new(|| repository_file("lab/scenarios/ceb-line-degrades.yaml"));
static TRAFFIC: LazyLock<String> = LazyLock::new(|| repository_file("lab/ceb-traffic.yaml"));

target!(intents_parse_and_validate, |script| {
    let text = mutate_text(&INTENTS, YAML, script);
    let file = SourceFile::new("fuzz.yaml", text.clone());
    drop(intents::judge(&intents::Reading::of(&file), &TED, None));
    match intents::parse(&file) {
        Ok(documents) => drop(intents::validate(&documents, &TED)),
        Err(findings) => {
            assert!(!findings.is_empty(), "a refusal without a finding");
            let lines = u32::try_from(text.lines().count()).unwrap() + 1;
            for place in findings.iter().filter_map(|finding| finding.place.as_ref()) {
                assert!((1..=lines).contains(&place.line), "line {} of {lines}: {findings:?}", place.line);
            }
        }
    }
});

/// A network that is read can be written in either form, and what is written is the same network. Findings stand in the text.
fn network(text: &str) {
    match formats::read("fuzz", text) {
        Ok(network) => {
            for write in [formats::to_network_yaml, formats::to_rfc8345] {
                let written = write(&network.ted);
                let again = formats::read("written", &written).unwrap_or_else(|findings| {
                    panic!("what was written is not read: {findings:?}\n{written}")
                });
                assert_eq!(write(&again.ted), written);
            }
            drop(formats::to_dot(&network.ted));
            are_placed(&network.notes, text);
        }
        Err(findings) => {
            assert!(!findings.is_empty(), "a refusal without a finding");
            are_placed(&findings, text);
        }
    }
}

fn are_placed(findings: &[Finding], text: &str) {
    let lines = u32::try_from(text.lines().count()).unwrap() + 1;
    for place in findings.iter().filter_map(|finding| finding.place.as_ref()) {
        assert!(
            (1..=lines).contains(&place.line) && place.column > 0,
            "{place:?} of {lines} lines: {findings:?}"
        );
        let end = place.offset + place.length;
        assert!(text.get(place.offset..end).is_some(), "{place:?} of {} bytes: {findings:?}", text.len());
    }
}

target!(native_networks, |script| network(&mutate_text(&NETWORK, YAML, script)));
target!(containerlab_networks, |script| network(&mutate_text(&CLAB, YAML, script)));
target!(rfc8345_networks, |script| {
    static JSON: LazyLock<String> = LazyLock::new(|| formats::to_rfc8345(&TED));
    let words = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "null",
        "1e400",
        "\\u0000",
        "\\ud800",
        "-1",
        "\"ietf-te-topology:te\"",
        "\"trunkline:role\": \"hq\",",
        "\"trunkline:bandwidth\": \"100Gbps\",",
        "\"bit\": 3",
        "\"srlg-7\"",
        "\"00:00:00:20\"",
        "\"#back\"",
    ];
    network(&mutate_text(&JSON, &words, script));
});

target!(scenarios, |script| {
    if let Ok(scenario) = net::Scenario::read("fuzz.yaml", &mutate_text(&SCENARIO, YAML, script)) {
        drop(scenario.check(&TED));
    }
});
target!(traffic_files, |script| {
    if let Ok(traffic) = net::Traffic::read("fuzz.yaml", &mutate_text(&TRAFFIC, YAML, script)) {
        drop(net::demands(&traffic, &TED));
    }
});
target!(inventories, |script| {
    const INVENTORY: &str = r#"apiVersion: trunkline/v1
kind: Inventory
devices:
  - name: hq-pe1
    config: {netconf: "127.0.1.1:830", hostKey: "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
    telemetry: {gnmi: "127.0.1.1:9339", ca: "file:lab/ca.pem", name: hq-pe1}
    dialect: openconfig
    login: {user: trunkline, key: "file:id_ed25519", keyPassphrase: "env:OPENS", password: "exec:vault read"}
  - name: hq-pe2
    config: {netconfTls: "127.0.1.2:6513", fingerprint: "SHA256:1C:04:9F:9F:A1:33:5A:3A:C3:B6:C5:E5:4B:9C:A9:B0:71:8E:18:1A:2F:86:39:30:6E:65:16:1C:50:8E:75:B6"}
    login: {user: trunkline, certificate: "file:me.pem", certificateKey: "file:me.key"}
"#;
    drop(engine::inventory::Inventory::parse(&mutate_text(INVENTORY, YAML, script)));
});

/// A quantity that is read is written so that it is read as the same.
fn lossless<T: std::str::FromStr + ToString + PartialEq + std::fmt::Debug>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let written = value.to_string();
        let again = written.parse::<T>().unwrap_or_else(|_| panic!("{text:?} was written as {written:?}"));
        assert_eq!(again, value, "{text:?} was written as {written:?}");
    }
}

target!(quantities, |script| {
    let words = [
        "1",
        "0",
        ".",
        "-",
        "+",
        "e9",
        " ",
        "ms",
        "us",
        "ns",
        "s",
        "%",
        "Mbps",
        "Gbps",
        "kbps",
        "bps",
        "999999999999999999999",
    ];
    for seed in ["30ms", "0.000003%", "200Mbps", "120s", "1.5Gbps", "fd00:0:1::/48", "af41", "16001"] {
        let text = mutate_text(seed, &words, script);
        lossless::<model::unit::Bandwidth>(&text);
        lossless::<model::unit::Delay>(&text);
        lossless::<model::unit::Loss>(&text);
        lossless::<model::unit::Ratio>(&text);
        lossless::<model::time::Span>(&text);
        lossless::<model::steering::Dscp>(&text);
        lossless::<model::sr::Sid>(&text);
    }
});

target!(conditions, |script| {
    let words = [
        "delay",
        "loss",
        "utilisation",
        "queue(production).drops",
        "contract",
        ">",
        "<",
        ">=",
        "==",
        "+",
        "-",
        "20ms",
        "80%",
        "(",
        ")",
    ];
    for seed in ["delay > contract + 20ms", "utilisation > 80%", "queue(production).drops > 0"] {
        lossless::<model::condition::Comparison>(&mutate_text(seed, &words, script));
    }
});
