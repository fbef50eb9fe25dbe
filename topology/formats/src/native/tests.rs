use std::collections::BTreeSet;

use model::{Source, unit::Delay};

use super::*;
use crate::{
    network_schema, read as read_text,
    tests::{faults, told},
};

/// A sound file into which a test puts its fault.
fn with(nodes: &str, links: &str) -> String {
    format!(
        "apiVersion: trunkline/v1\nkind: Network\nnodes:\n  - {{name: hq, routerId: 10.0.0.1, locator: \"fd00:0:1::/48\"}}\n  \
         - {{name: br, routerId: 10.0.0.2, nodeSid: 2}}\n{nodes}\nlinks:\n  - {{a: \"hq:eth1\", z: \"br:eth1\"}}\n{links}\n"
    )
}

#[test]
fn the_example_of_the_design_reads() {
    let text = r#"
apiVersion: trunkline/v1
kind: Network
nodes:
  - {name: hq-pe1, role: hq, site: beijing, lat: 39.90, lon: 116.40, routerId: 10.0.0.1, locator: "fd00:0:1::/48", msd: {srv6Encaps: 8}, queues: 8}
  - {name: core-bj1, routerId: 10.0.0.2}
links:
  - {a: "hq-pe1:eth1", z: "core-bj1:eth4", bandwidth: 10Gbps, delay: 0.4ms, igp: 5, affinity: [core], srlg: [duct-3], aToZ: {delay: 0.5ms}}
"#;
    let network = read_text("net.yaml", text).unwrap_or_else(|f| panic!("{}", told(&f)));
    assert_eq!(network.notes, []);
    let link = &network.ted.links[&"hq-pe1:eth1--core-bj1:eth4".parse().unwrap()];
    assert_eq!(link.a_to_z.delay.value, Delay::from_micros(500));
    assert_eq!(link.z_to_a.delay.value, Delay::from_micros(400));
    assert_eq!((link.a_to_z.te.value.0, &link.a_to_z.te.source), (5, &Source::Derived));
    assert_eq!(link.a_to_z.adjacency_label.as_ref().unwrap().value.number(), 15_000);
    assert_eq!(link.a_to_z.end_x.as_ref().unwrap().value.to_string(), "fd00:0:1:e000::");
    assert_eq!(link.z_to_a.end_x, None);
    let node = &network.ted.nodes[&"hq-pe1".parse().unwrap()];
    assert_eq!((node.msd.value.srv6_encaps, node.msd.value.mpls_imposition), (8, 6));
    assert_eq!((node.msd.value.srv6_end_d, node.msd.value.srv6_end_pop), (8, 6), "as much as it can put on");
}

#[test]
fn an_unknown_word_names_the_nearest() {
    let told = faults(&with("", "  - {a: \"hq:eth2\", z: \"br:eth2\", bandwith: 1Gbps}"));
    assert!(told.contains("error[TL0102] link hq:eth2--br:eth2: `bandwith` is not a word that is known here (did you mean `bandwidth`?)"), "{told}");
    assert!(told.starts_with("9:34 "), "{told}");
    let told = faults(&with("  - {name: x, router-id: 10.0.0.3}", ""));
    assert!(told.contains("did you mean `routerId`?"), "{told}");
    assert!(!told.contains("TL0105"), "what was mistyped is not missing as well: {told}");
    let told = faults("apiVersion: trunkline/v1\nkind: Network\nnodes: []\nlink: []\n");
    assert!(told.contains("did you mean `links`?"), "{told}");
    assert!(faults(&with("  - {name: x}", "")).contains("TL0105] node x: `routerId` is missing"));
}

#[test]
fn what_holds_for_the_line_is_not_said_of_a_direction() {
    let told =
        faults(&with("", "  - {a: \"hq:eth2\", z: \"br:eth2\", aToZ: {encryption: macsec, dely: 1ms}}"));
    assert_eq!(
        told,
        "9:41 error[TL0102] link hq:eth2--br:eth2, aToZ: `encryption` holds for both directions: it belongs to the link itself, \
         beside `a` and `z`\n9:61 error[TL0102] link hq:eth2--br:eth2, aToZ: `dely` is not a word that is known here (did you mean \
         `delay`?)"
    );
}

#[test]
fn a_wrong_unit_says_which_ones_would_do() {
    let told = faults(&with(
        "",
        "  - {a: \"hq:eth2\", z: \"br:eth2\", delay: 8Mbps, bandwidth: 100, loss: 120%, igp: 0}",
    ));
    assert!(told.contains("9:41 error[TL0104] link hq:eth2--br:eth2: `delay`: `8Mbps` is not a delay: the unit `Mbps` is not one of us, ms, s"), "{told}");
    assert!(told.contains("`bandwidth`: `100` is not a bandwidth: the unit is missing"), "{told}");
    assert!(told.contains("loss goes from 0% to 100%"), "{told}");
    assert!(told.contains("`0` is not an IGP metric"), "{told}");
    let told = faults(&with("", "  - {a: \"hq:eth2\", z: \"br:eth2\", bandwidth: 0Mbps}"));
    assert!(told.contains("a link without bandwidth carries nothing"), "{told}");
}

#[test]
fn a_link_to_nowhere_names_the_nearest_node() {
    let told = faults(&with("", "  - {a: \"hq1:eth2\", z: \"nowhere:eth2\"}"));
    assert!(told.contains("error[TL0106] link hq1:eth2--nowhere:eth2: it ends at `hq1:eth2`, but there is no node `hq1` (did you mean `hq`?)"), "{told}");
    assert!(told.contains("(add node `nowhere` or remove the link)"), "{told}");
}

#[test]
fn names_and_interfaces_are_used_once() {
    let told = faults(&with("  - {name: hq, routerId: 10.0.0.9}", ""));
    assert!(told.contains("error[TL0107] node hq: there is another node `hq`"), "{told}");
    let told = faults(&with(
        "",
        "  - {a: \"hq:e2\", z: \"br:e2\", name: x}\n  - {a: \"hq:e3\", z: \"br:e3\", name: x}",
    ));
    assert!(told.contains("error[TL0108] link x: there is another link `x`"), "{told}");
    let told = faults(&with("", "  - {a: \"hq:eth1\", z: \"br:eth2\", name: x}"));
    assert!(
        told.contains(
            "error[TL0109] link x: interface eth1 of node hq belongs to link hq:eth1--br:eth1 already"
        ),
        "{told}"
    );
    let told = faults(&with("", "  - {a: \"hq:eth2\", z: \"hq:eth3\"}"));
    assert!(told.contains("error[TL0114]"), "{told}");
    let told =
        faults("apiVersion: trunkline/v1\nkind: Network\nnodes: [{name: a, name: b, routerId: 1.1.1.1}]\n");
    assert!(told.contains("error[TL0113] node a: `name` stands twice"), "{told}");
}

#[test]
fn router_ids_sids_and_locators_are_apart() {
    let told = faults(&with("  - {name: x, routerId: 10.0.0.1}\n  - {name: y, routerId: nine}", ""));
    assert!(told.contains("error[TL0110] node x: router id 10.0.0.1 belongs to node hq already"), "{told}");
    assert!(told.contains("error[TL0104] node y: `routerId`: `nine` is not an IPv4 address"), "{told}");
    let told = faults(&with(
        "  - {name: x, routerId: 10.0.0.3, nodeSid: 2}\n  - {name: y, routerId: 10.0.0.4, nodeSid: 8000}",
        "",
    ));
    assert!(
        told.contains("error[TL0111] node x: node SID 2 gives label 16002, which is node br's already"),
        "{told}"
    );
    assert!(told.contains("error[TL0111] node y: node SID 8000 is outside the SRGB"), "{told}");
}

#[test]
fn no_label_belongs_to_both_blocks() {
    let node = |base: u32| {
        format!("  - {{name: x, routerId: 10.0.0.3, nodeSid: 9, srlb: {{base: {base}, size: 10}}}}")
    };
    let told = faults(&with(&node(23_995), ""));
    let expected = "error[TL0104] node x: its SRLB, 10 labels from 23995, overlaps its SRGB, 8000 labels from 16000: label 23995";
    assert!(told.contains(expected), "{told}");
    let apart = read_text("net.yaml", &with(&node(24_000), "")).map(|network| network.ted.nodes.len());
    assert!(apart.is_ok(), "{apart:?}");
}

#[test]
fn a_bad_locator_says_why() {
    for (locator, why) in [
        ("fd00:0:1::1/48", "has bits beyond its length: write fd00:0:1::/48"),
        ("fd00:0:9::/120", "is longer than 112 bits"),
        ("fd00::/32", "overlaps"),
        ("fd00:0:1:8000::/64", "locator fd00:0:1:8000::/64 overlaps fd00:0:1::/48 of node hq"),
        ("10.0.0.0/8", "is not an IPv6 prefix"),
    ] {
        let told = faults(&with(&format!("  - {{name: x, routerId: 10.0.0.3, locator: \"{locator}\"}}"), ""));
        assert!(told.contains(why), "{told}");
        assert!(told.contains("node "), "{told}");
    }
}

#[test]
fn places_are_whole_and_on_earth() {
    let told = faults(&with(
        "  - {name: x, routerId: 10.0.0.3, lat: 30}\n  - {name: y, routerId: 10.0.0.4, lat: 116.4, lon: 39.9}",
        "",
    ));
    assert!(told.contains("error[TL0105] node x: `lat` stands without `lon`"), "{told}");
    assert!(told.contains("`lat`: degrees go from -90 to 90"), "{told}");
}

#[test]
fn shapes_are_checked() {
    let told = faults(&with("  - justaname", "  - {a: [hq], z: br, delay: {x: 1}}"));
    assert!(
        told.contains("error[TL0103] node without name: a mapping is expected here, not `justaname`"),
        "{told}"
    );
    assert!(told.contains("an end of a link is one text, not a list (write it like `hq:eth1`"), "{told}");
    assert!(told.contains("`br` is not an end: write `node:interface`"), "{told}");
    assert!(
        told.contains("`delay` takes a single value, not a mapping with `x` (write it like `delay: value`)"),
        "{told}"
    );
    let told = faults("apiVersion: trunkline/v2\nkind: Network\nnodes: {}\n");
    assert!(told.contains("`trunkline/v2` is not read here"), "{told}");
    assert!(told.contains("`nodes` takes a list, not an empty mapping (write it like `[first"), "{told}");
    let told = faults(&with(
        "",
        "  - {a: \"hq:e2\", z: \"br:e2\", affinity: [line1, {name: line2}], srlg: {duct: 3}}",
    ));
    assert!(told.contains(
        "`affinity` takes single values, not a mapping with `name` (write it like `affinity: [first"
    ));
    assert!(told.contains("`srlg` takes single values, not a mapping with `duct`"), "{told}");
    let told =
        faults(&with("  - {name: x, routerId: 10.0.0.3, srgb: {base: 1048000, size: 8000}, msd: 8/8}", ""));
    assert!(told.contains("labels go from 16 to 1048575"), "{told}");
    let told =
        faults(&with("", "  - {a: \"hq:e2\", z: \"br:e2\", contract: {dely: 3ms}, encryption: macsek}"));
    assert!(told.contains("did you mean `delay`?") && told.contains("did you mean `macsec`?"), "{told}");
}

#[test]
fn all_faults_are_told_at_once() {
    let told = faults(&with(
        "  - {name: x, routerId: x}\n  - {name: y}",
        "  - {a: \"hq:eth1\", z: \"no:eth1\", delay: 1}\n  - {z: \"br:eth9\"}",
    ));
    for code in ["TL0104", "TL0105", "TL0106", "TL0109"] {
        assert!(told.contains(code), "{code} is missing in\n{told}");
    }
}

#[test]
fn a_service_function_is_read_and_written() {
    let text = with(
        "  - {name: fw, routerId: 10.0.0.3, locator: \"fd00:0:3::/48\", serviceSid: \"fd00:0:3:f1::\", serviceLabel: 15900}",
        "",
    );
    let ted = read_text("net.yaml", &text).unwrap_or_else(|f| panic!("{}", told(&f))).ted;
    let function = ted.nodes[&"fw".parse().unwrap()].service_function.as_ref().unwrap().value;
    assert_eq!(function.sid.unwrap().to_string(), "fd00:0:3:f1::");
    assert_eq!(function.label.unwrap().number(), 15_900);
    assert_eq!(ted.nodes[&"hq".parse().unwrap()].service_function, None);
    let again = read_text("net.yaml", &to_network_yaml(&ted)).unwrap_or_else(|f| panic!("{}", told(&f))).ted;
    assert_eq!(again.nodes, ted.nodes);
}

#[test]
fn a_service_function_whose_sid_means_something_else_is_refused() {
    let faults_of = |words: &str| {
        faults(&with(
            &format!(
                "  - {{name: fw, routerId: 10.0.0.3, locator: \"fd00:0:3::/48\", {words}}}\n  \
                 - {{name: fw-2, routerId: 10.0.0.4, serviceSid: \"fd00:f::1\"}}"
            ),
            "  - {a: \"fw:eth1\", z: \"br:eth2\"}",
        ))
    };
    for (words, wrong) in [
        (
            "serviceLabel: 16900",
            "the service label 16900 lies in the SRGB, where it means a node: take a free label outside the SRGB",
        ),
        (
            "serviceLabel: 15000",
            "the service label 15000 is the adjacency label of link fw:eth1--br:eth2 there",
        ),
        ("serviceSid: \"fd00:0:1:f1::\"", "the service SID fd00:0:1:f1:: lies in the locator of node hq"),
        (
            "serviceSid: \"fd00:0:3:1::\"",
            "the service SID fd00:0:3:1:: is the End or the End.DT46 SID of the node",
        ),
        (
            "serviceSid: \"fd00:0:3:e000::\"",
            "the service SID fd00:0:3:e000:: is the End.X SID of link fw:eth1--br:eth2: take a free function of the node's \
             own locator",
        ),
        ("serviceSid: \"fd00:f::1\"", "the service SID fd00:f::1 is that of node fw already"),
        ("serviceLabel: 5", "`serviceLabel`: "),
    ] {
        let told = faults_of(words);
        assert!(told.contains(wrong), "{words}:\n{told}");
        assert_eq!(told.matches("TL0104").count(), 1, "{told}");
    }
}

/// The words of an object of the schema.
fn words_of(schema: &serde_json::Value, name: &str) -> BTreeSet<String> {
    let object = if name.is_empty() { schema } else { &schema["$defs"][name] };
    object["properties"]
        .as_object()
        .unwrap_or_else(|| panic!("{name} in {schema:#}"))
        .keys()
        .cloned()
        .collect()
}

#[test]
fn the_schema_has_exactly_the_words_that_are_read() {
    let schema = network_schema();
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(words_of(&schema, ""), set(&TOP));
    assert_eq!(words_of(&schema, "NodeFile"), set(&node_words()));
    assert_eq!(words_of(&schema, "LinkFile"), set(&link_words()));
    assert_eq!(words_of(&schema, "DirectionFile"), set(&words::DIRECTION));
    assert_eq!(schema["$defs"]["NodeFile"]["required"], serde_json::json!(["name", "routerId"]));
    assert_eq!(schema["$defs"]["LinkFile"]["required"], serde_json::json!(["a", "z"]));
}

/// A node `x` with these words, and one `y` with those.
fn readers(x: &str, y: &str) -> String {
    with(&format!("  - {{name: x, routerId: 10.0.0.3, {x}}}\n  - {{name: y, routerId: 10.0.0.4, {y}}}"), "")
}

const USUAL: &str = "nextCsid: {locatorBlockLength: 32, locatorNodeLength: 16}";

#[test]
fn who_reads_containers_is_read_and_written() {
    let text = readers(&format!("locator: \"fd00:0:102::/48\", {USUAL}"), "locator: \"fd00:0:103::/48\"");
    let network = read_text("net.yaml", &text).unwrap_or_else(|f| panic!("{}", told(&f)));
    assert_eq!(network.notes, []);
    let node = |name: &str| &network.ted.nodes[&name.parse().unwrap()];
    let lengths = model::NextCsid { locator_block_length: 32, locator_node_length: 16 };
    assert_eq!((node("x").next_csid, node("x").reads_containers()), (Some(lengths), Some(lengths)));
    assert_eq!((node("y").next_csid, node("hq").next_csid), (None, None));
    let written = to_network_yaml(&network.ted);
    let again = read_text("net.yaml", &written).unwrap_or_else(|f| panic!("{}", told(&f))).ted;
    assert_eq!(again.nodes, network.ted.nodes);
    assert_eq!(written.matches("nextCsid").count(), 1, "{written}");
}

#[test]
fn lengths_of_containers_that_cannot_be_are_refused_with_the_reason() {
    for (words, why) in [
        (USUAL.to_owned(), "error[TL0136] node x: it is to read containers of SIDs and has no locator"),
        (
            "locator: \"fd00:0:102::/48\", nextCsid: {locatorBlockLength: 40, locatorNodeLength: 16}"
                .to_owned(),
            "error[TL0136] node x: 40 bits of block and 16 of the node are 56 bits, and its locator fd00:0:102::/48 has 48",
        ),
        (
            "locator: \"fd00:0:102::/48\", nextCsid: {locatorBlockLength: 24, locatorNodeLength: 24}"
                .to_owned(),
            "error[TL0136] node x: 24 bits of the node: numbers of nodes have 16 bits here",
        ),
        (
            format!("locator: \"fd00:0:e000::/48\", {USUAL}"),
            "error[TL0136] node x: the number of its locator fd00:0:e000::/48 is e000",
        ),
        (
            "locator: \"fd00:0:102::/48\", nextCsid: {locatorBlockLength: 32}".to_owned(),
            "error[TL0105] node x, nextCsid: `locatorNodeLength` is missing",
        ),
        ("locator: \"fd00:0:102::/48\", nextCsid: 32/16".to_owned(), "error[TL0103] node x, nextCsid"),
        (format!("locator: nowhere, {USUAL}"), "is not an IPv6 prefix"),
    ] {
        let told = faults(&readers(&words, "queues: 4"));
        assert!(told.contains(why), "{words}:\n{told}");
        assert_eq!(told.matches("error").count(), 1, "{told}");
    }
}

#[test]
fn blocks_that_no_container_holds_together_are_a_warning() {
    let at = |block: &str| format!("locator: \"{block}:102::/48\", {USUAL}");
    let apart = read_text("net.yaml", &readers(&at("fd00:0"), &at("fd00:1"))).unwrap();
    assert_eq!(
        told(&apart.notes).trim_end(),
        "warning[TL0137] network: no container holds SIDs of block fd00:1::/32 (y) and of block fd00::/32 (give all nodes that \
         read containers locators of one block)"
    );
    let y = "locator: \"fd00:0:103::/48\", nextCsid: {locatorBlockLength: 32, locatorNodeLength: 16}";
    assert_eq!(read_text("net.yaml", &readers(&at("fd00:0"), y)).unwrap().notes, []);
}

#[test]
fn what_a_container_holds_is_told_sid_by_sid() {
    let text = with(
        &format!(
            "  - {{name: x, routerId: 10.0.0.3, locator: \"fd00:0:102::/48\", {USUAL}}}\n  \
             - {{name: y, routerId: 10.0.0.4, locator: \"fd00:0:103::/48\", {USUAL}}}"
        ),
        "  - {name: line, a: \"x:eth1\", z: \"y:eth1\"}",
    );
    let ted = read_text("net.yaml", &text).unwrap_or_else(|f| panic!("{}", told(&f))).ted;
    let containers = model::csid::Containers::of(&ted);
    let read = |sid: &str| {
        let parts = containers.read(sid.parse().unwrap());
        parts.iter().map(|part| format!("{part} {}", part.sid)).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        read("fd00:0:102:e000:103:102::"),
        "uA x by line fd00:0:102:e000::, uN y fd00:0:103:1::, uN x fd00:0:102:1::"
    );
    assert_eq!(read("fd00:0:103:102:e000::"), "uN y fd00:0:103:1::, uA x by line fd00:0:102:e000::");
    for (alone, sid) in [
        ("fd00:0:102::", "uN x fd00:0:102:1::"),
        ("fd00:0:102:1::", "uN x fd00:0:102:1::"),
        ("fd00:0:102:d46::", "function fd00:0:102:d46:: of x fd00:0:102:d46::"),
        // Of a node that reads none, and of nobody.
        ("fd00:0:1:1::", ""),
        ("fd00:7::1", ""),
    ] {
        assert_eq!(read(alone), sid);
    }
    assert_eq!(containers.read("fd00:0:102:102:102:102:102:102".parse().unwrap()).len(), 6);
}
