//! One network as FRR 8.4 prints its graph and as FRR 10.2 prints its database, and what goes wrong with either.

use model::{Bandwidth, Delay, Fact, IgpMetric, Label, LinkId, Loss, NodeId, TeMetric};
use proptest::prelude::*;

use crate::{
    Format, Network, read,
    tests::{faults, told},
};

const GRAPH: &str = include_str!("tests/graph-8.4.json");
const DATABASE: &str = include_str!("tests/database-10.2.json");

fn network(text: &str) -> Network {
    read("isis.json", text).unwrap_or_else(|findings| panic!("{}", told(&findings)))
}

/// The text with a part that stands in it replaced everywhere.
fn with(text: &str, part: &str, other: &str) -> String {
    let changed = text.replace(part, other);
    assert_ne!(changed, text, "{part}");
    changed
}

#[test]
fn both_forms_give_one_network() {
    let (graph, database) = (network(GRAPH), network(DATABASE));
    assert_eq!((graph.format, database.format), (Format::Frr, Format::Frr));
    assert_eq!(told(&graph.notes), "");
    assert_eq!(told(&database.notes), "");
    assert_eq!(graph.ted, database.ted);
}

#[test]
fn what_routers_tell_is_in_it() {
    let ted = network(GRAPH).ted;
    let links: Vec<&str> = ted.links.keys().map(LinkId::as_str).collect();
    assert_eq!(
        links,
        ["branch:10.1.0.10--core:10.1.0.9", "core:10.1.0.2--hq:10.1.0.1", "core:10.1.0.6--hq:10.1.0.5"]
    );
    let core = &ted.nodes[&NodeId::lit("core")];
    assert_eq!(core.router_id.to_string(), "10.0.0.2");
    assert_eq!((core.node_sid.as_ref().unwrap().value, core.srgb.base, core.srlb.size), (2, 16_000, 1_000));
    assert_eq!((core.msd.value.mpls_imposition, core.overload), (10, false));
    let line = &ted.links[&LinkId::lit("branch:10.1.0.10--core:10.1.0.9")];
    let (up, down) = (&line.a_to_z, &line.z_to_a);
    assert_eq!((up.igp.value, down.igp.value), (IgpMetric(31), IgpMetric(30)));
    assert_eq!((up.delay.value, down.delay.value), (Delay::from_micros(8_300), Delay::from_micros(8_200)));
    assert_eq!(down.te.value, TeMetric(30));
    assert_eq!(down.bandwidth, Fact::from_file(Bandwidth::from_bps(100_000_000)));
    assert_eq!(down.loss.value, Loss::from_ppb(3_000_000));
    assert_eq!(down.adjacency_label, Label::try_from(15_002).ok().map(Fact::from_file), "no backup");
    let groups: Vec<&str> = line.affinity.iter().map(|group| group.as_str()).collect();
    assert_eq!(groups, ["group-0", "group-2"]);
}

#[test]
fn a_router_in_overload_and_one_whose_lsp_is_withdrawn_are_known() {
    let ted = network(&with(DATABASE, "\"0/0/0\"", "\"0/0/1\"")).ted;
    assert!(ted.nodes.values().all(|node| node.overload));
    let text = DATABASE.replacen("\"holdtime\": 990", "\"holdtime\": \"(57)\"", 1);
    let without = network(&text);
    assert_eq!(without.ted.nodes.len(), 2, "the first is on its way out");
    assert_eq!(without.ted.links.len(), 1);
}

#[test]
fn names_that_are_cut_are_two_routers_all_the_same_and_parts_of_an_lsp_one() {
    let cut = |name: &str| format!("\"a-name-of-length.00-00\", \"whole\": \"{name}\"");
    let mut text = DATABASE.to_owned();
    for name in ["hq", "core", "branch"] {
        text = with(&text, &format!("\"{name}.00-00\""), &cut(name));
    }
    assert_eq!(network(&text).ted, network(DATABASE).ted);
    // The second part of an LSP has no host name.
    let (head, tail) = DATABASE.split_once("\"ipv4\": \"10.0.0.1\",").unwrap();
    let second =
        "\"ipv4\": \"10.0.0.1\"}, {\"lsp\": {\"id\": \"hq.00-01\", \"own\": \"*\"}, \"attPOl\": \"0/0/0\",";
    let parts = format!("{head}{second}{tail}");
    assert_eq!(network(&parts).ted, network(DATABASE).ted);
}

#[test]
fn risks_are_read_by_number() {
    let text = with(GRAPH, "\"jitter\": 40", "\"jitter\": 40, \"srlgs\": [{\"srlg\": 7}, {\"srlg\": 9}]");
    let ted = network(&text).ted;
    let risks: Vec<&String> = ted.links.values().flat_map(|link| &link.srlg).collect();
    assert_eq!(risks, ["7", "9", "7", "9", "7", "9"]);
}

#[test]
fn a_neighbour_without_a_name_or_an_address_is_told_and_left_out() {
    let text = with(DATABASE, "\"remoteIfaceIp\"", "\"_\"");
    let network = network(&text);
    assert_eq!(network.ted.links.len(), 0);
    let told = told(&network.notes);
    assert_eq!(told.matches("warning[TL0135]").count(), 6, "{told}");
    assert!(
        told.contains("link hq to 0000.0000.0002: it cannot be told which router this system id is"),
        "{told}"
    );
    // LSPs that are called as their neighbours are need no addresses.
    let mut text = text;
    for (name, number) in [("hq", 1), ("core", 2), ("branch", 3)] {
        text = with(&text, &format!("\"{name}.00-00\""), &format!("\"0000.0000.000{number}.00-00\""));
    }
    let network = self::network(&text);
    assert_eq!(network.ted.links.len(), 1, "the only one between core and branch");
    // Of two between the same routers nobody knows which way belongs to which.
    assert_eq!(self::told(&network.notes).matches("only one side tells of it").count(), 4);
}

#[test]
fn a_lan_is_told_and_left_out() {
    let text = DATABASE.replacen("\"0000.0000.0003.00\"", "\"0000.0000.0003.02\"", 1);
    let network = network(&text);
    assert_eq!(network.ted.links.len(), 2);
    let told = told(&network.notes);
    assert!(told.contains("neighbour 0000.0000.0003.02: it is a LAN"), "{told}");
    assert!(told.contains("link branch to core: only one side tells of it"), "{told}");
    let pseudo =
        GRAPH.replacen("\"name\": \"branch\",", "\"name\": \"branch\", \"vertex-type\": \"Pseudo\",", 1);
    assert!(self::told(&self::network(&pseudo).notes).contains("vertex 3: it is a LAN"));
}

#[test]
fn a_value_that_makes_no_sense_is_an_error_with_its_place() {
    let text = with(GRAPH, "\"metric\": 30", "\"metric\": 16777216");
    assert!(
        faults(&text).contains("edge 1004: `metric`: `16777216` is not an IGP metric"),
        "{}",
        faults(&text)
    );
    let text = with(DATABASE, "\"teRouterId\": \"10.0.0.1\"", "\"teRouterId\": \"10.0.0\"");
    assert!(
        faults(&text).contains("lsp hq.00-00: `teRouterId`: `10.0.0` is not an IPv4 address"),
        "{}",
        faults(&text)
    );
    // What is no line's bandwidth is none.
    let text = with(GRAPH, "\"max-link-bandwidth\": 12500000.0", "\"max-link-bandwidth\": 1e300");
    assert_eq!(told(&network(&text).notes).matches("warning[TL0132]").count(), 1);
}

proptest! {
    #[test]
    fn a_text_that_is_cut_and_joined_anywhere_is_judged_without_a_panic(cut in 0_usize..6_000, skip in 0_usize..600) {
        for text in [GRAPH, DATABASE] {
            let joined: String = text.chars().take(cut).chain(text.chars().skip(cut + skip)).collect();
            let _ = read("isis.json", &joined);
        }
    }
}
