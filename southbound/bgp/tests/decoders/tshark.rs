//! The dissector of `tshark`.

use std::{path::Path, process::Command};

use crate::{
    capture::pcap,
    child::{absent, is_known, run},
    sample::{messages, octets, originator, rich_link, rich_node},
};

const TSHARK: &str = "/usr/bin/tshark";
/// Its versions whose words are known.
const KNOWN: [&str; 1] = ["TShark (Wireshark) 4.0."];

/// What it prints about these messages; none where it is not installed.
fn dissect(messages: &[Vec<u8>], arguments: &[&str]) -> Option<String> {
    if !Path::new(TSHARK).exists() {
        absent(&format!("{TSHARK} is not installed (package tshark)"));
        return None;
    }
    if !is_known(TSHARK, Command::new(TSHARK).arg("--version"), &KNOWN) {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bgp.pcap");
    std::fs::write(&file, pcap(messages)).unwrap();
    let mut command = Command::new(TSHARK);
    command.env("HOME", folder.path()).args(["-n", "-r"]).arg(&file).args(arguments);
    let output = run(&mut command).unwrap();
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

/// Its version of Debian 12 has not heard of SRv6 (RFC 9514): neither of routes of SIDs nor of these. The other decoder has.
const UNKNOWN_TO_IT: [&str; 5] = ["1038", "1106", "1162", "1250", "1252"];

#[test]
fn it_has_nothing_to_complain_of() {
    let messages = messages();
    let Some(all) = dissect(&messages, &["-Y", "bgp.type == 2", "-T", "fields", "-e", "bgp.type"]) else {
        return;
    };
    let count: usize = all.lines().map(|line| line.split(',').count()).sum();
    assert_eq!(count, messages.len(), "it sees every message");
    assert_eq!(dissect(&messages, &["-Y", "_ws.malformed", "-V", "-O", "bgp"]).unwrap(), "");
    let said = dissect(&messages, &["-Y", "_ws.expert", "-T", "fields", "-e", "_ws.expert.message"]).unwrap();
    for message in said.lines().flat_map(|line| line.split(',')) {
        let unknown = message.strip_prefix("Unknown BGP-LS Attribute TLV Code (");
        let code = unknown.and_then(|rest| rest.strip_suffix(")!"));
        let route = message.starts_with("Unknown Link-State NLRI type");
        assert!(route || code.is_some_and(|code| UNKNOWN_TO_IT.contains(&code)), "{message}");
    }
}

#[test]
fn it_reads_a_node_as_we_wrote_it() {
    let Some(text) = told(rich_node()) else { return };
    let wanted = [
        "NLRI Type: Node NLRI (1)",
        "Protocol ID: IS-IS Level 2 (2)",
        "AS ID: 65000 (0x0000fde8)",
        "IGP ID: 010001000000",
        "MSD Type: Base MPLS Imposition MSD (1)",
        "MSD Value: 10",
        "MSD Type: SRH Max H.Encaps (44)",
        "MSD Value: 8",
        "Node name: r00000",
        "IPv4 Router-ID: 10.1.0.0",
        "Flags: 0xc0, MPLS IPv4 flag (I), MPLS IPv6 flag (V)",
        "Range Size: 65536",
        "Range Size: 1000",
        "Flex-Algorithm: 128",
        "Metric-Type: Min Unidirectional Link Delay (1)",
    ];
    has_all(&text, &wanted);
}

#[test]
fn it_reads_a_link_as_we_wrote_it() {
    let Some(text) = told(rich_link()) else { return };
    let wanted = [
        "NLRI Type: Link NLRI (2)",
        "IGP ID: 010001000001",
        "Link Local Identifier: 0x00000001 (1)",
        "IPv4 Router-ID: 10.1.0.1",
        "Maximum link bandwidth: 100.00 Mbps",
        "TE Default Metric: 0x00000014 (20)",
        "IGP Metric: 0x00000a (10)",
        "Shared Risk Link Group Value: 0x00000001 (1)",
        "Link Name: eth1",
        "Flags: 0x30, Value Flag (V), Local Flag (L)",
        "PeerNode SID TLV",
        "PeerAdj SID TLV",
        "PeerSet SID TLV",
        "Delay: 200",
        "Min Delay: 200",
        "TE Metric Flags: 0x80, Anomalous (A) bit",
        "Link Loss: 12345",
        "Standard Application Identifier Bit Mask: 0x50000000, Segment Routing Policy (S), Flexible Algorithm (X)",
        "TE Default Metric: 0x00000309 (777)",
        "Extended Administrative Group: 00000022",
    ];
    has_all(&text, &wanted);
}
