//! What holds for all formats together.

use std::{collections::BTreeSet, fs, net::Ipv6Addr, path::Path};

use ipnet::Ipv6Net;
use model::{
    Fact, IgpMetric, Label, NextCsid, Price, TeMetric,
    link::{Contract, Encryption},
    node::{Location, MsdSet, ServiceFunction},
    sr::LabelBlock,
};
use proptest::{collection, option, prelude::*};

use super::*;
use crate::draft::{Draft, DraftDirection, DraftLine, DraftLink, DraftNode, Missing, Unread};

/// What a person reads of findings.
pub(crate) fn told(findings: &[Finding]) -> String {
    findings
        .iter()
        .map(|finding| {
            let place = finding.place.as_ref().map_or(String::new(), |p| format!("{}:{} ", p.line, p.column));
            let help = finding.help.as_ref().map_or(String::new(), |help| format!(" ({help})"));
            format!("{place}{finding}{help}")
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// The findings on a text that is not sound.
pub(crate) fn faults(text: &str) -> String {
    told(&read("net.yaml", text).expect_err("the text is faulty"))
}

fn text() -> impl Strategy<Value = String> {
    r"[ -~é中]{0,10}|[a-z]{1,8}|null|true|~|1e5|1e310|\.inf|\.nan|0x10|007|\$\{HOME\}|two: lines"
}

fn direction() -> impl Strategy<Value = DraftDirection> {
    (
        option::of((1_u64..u64::MAX / 2).prop_map(model::Bandwidth::from_bps)),
        option::of((0_u64..u64::MAX / 2).prop_map(model::Delay::from_micros)),
        option::of((0_u64..10_000_000).prop_map(model::Jitter::from_micros)),
        option::of((0_u32..=1_000_000_000).prop_map(model::Loss::from_ppb)),
        option::of((1_u32..1 << 24).prop_map(IgpMetric)),
        option::of(any::<u32>().prop_map(TeMetric)),
        option::of((16_u32..1 << 20).prop_map(|n| Label::try_from(n).unwrap())),
        option::of(any::<u128>().prop_map(Ipv6Addr::from)),
    )
        .prop_map(|(bandwidth, delay, jitter, loss, igp, te, adjacency_label, end_x)| DraftDirection {
            bandwidth,
            garbled: false,
            delay,
            jitter,
            loss,
            igp,
            te,
            adjacency_label,
            end_x,
        })
}

fn line() -> impl Strategy<Value = DraftLine> {
    let encryption = prop_oneof![Just(Encryption::None), Just(Encryption::Macsec), Just(Encryption::Ipsec)];
    let contract = (option::of(0_u64..1 << 40), option::of(0_u64..1 << 40), option::of(0_u32..1_000_000_000));
    (
        option::of(text()),
        collection::btree_set("[a-z0-9-]{1,6}", 0..3),
        collection::btree_set(text(), 0..3),
        contract,
        encryption,
        option::of(any::<u64>()),
    )
        .prop_map(|(role, affinity, srlg, (delay, jitter, loss), encryption, price)| DraftLine {
            name: None,
            role,
            affinity: affinity.into_iter().map(|name| name.parse().unwrap()).collect(),
            srlg,
            contract: Contract {
                delay: delay.map(model::Delay::from_micros),
                jitter: jitter.map(model::Jitter::from_micros),
                loss: loss.map(model::Loss::from_ppb),
            },
            encryption,
            price: price.map(Price),
        })
}

fn node() -> impl Strategy<Value = DraftNode> {
    let place = option::of((-90.0..=90.0, -180.0..=180.0).prop_map(|(lat, lon)| Location { lat, lon }));
    // Beyond the usual SRGB, which every node has.
    let block = (24_000_u32..500_000, 9000_u32..500_000).prop_map(|(base, size)| LabelBlock { base, size });
    let msd = option::of(any::<[u8; 5]>().prop_map(|[a, b, c, d, e]| MsdSet {
        mpls_imposition: a,
        srv6_encaps: b,
        srv6_segments_left: c,
        srv6_end_pop: d,
        srv6_end_d: e,
    }));
    (
        (option::of(text()), option::of("[A-Za-z0-9._-]{1,8}"), place, text()),
        // YAML takes `<<` for a merge, so no file gives a label that name.
        collection::btree_map(text().prop_filter("a merge", |key| key != "<<"), text(), 0..3),
        (any::<bool>(), any::<bool>(), option::of(block), msd),
        (any::<u8>(), any::<bool>()),
    )
        .prop_map(
            |((role, site, location, dialect), labels, (sid, locator, srlb, msd), (queues, overload))| {
                let mut node = DraftNode::new(NodeId::lit("placeholder"), None);
                node.role = role;
                node.site = site.map(|site| site.parse().unwrap());
                node.location = location;
                node.labels = labels;
                node.node_sid = sid.then(|| Fact::from_file(0));
                node.locator =
                    locator.then(|| Fact::from_file(Ipv6Net::new(Ipv6Addr::UNSPECIFIED, 48).unwrap()));
                node.srlb = srlb.unwrap_or(node.srlb);
                node.msd = msd;
                node.queues = queues;
                node.overload = overload;
                node.dialect = dialect;
                node
            },
        )
}

use model::NodeId;

prop_compose! {
    /// A sound network as a file could say it: names are apart, ids and locators follow the count of the nodes.
    fn network_of_any_kind()(
        named in collection::btree_map("[a-z0-9é~@+_./:-]{1,8}", node(), 2..7),
        ends in collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..8),
        lines in collection::vec((line(), direction(), direction(), option::of("[a-z0-9/-]{1,9}")), 8),
    ) -> Ted {
        let mut nodes = Vec::new();
        for (count, (name, mut node)) in (1_u32..).zip(named) {
            node.id = name.parse().unwrap();
            node.router_id = Some(count.into());
            node.node_sid = node.node_sid.map(|_| Fact::from_file(count));
            let locator = Ipv6Net::new(Ipv6Addr::from([0xfd00, 0, count as u16, 0, 0, 0, 0, 0]), 48).unwrap();
            node.locator = node.locator.map(|_| Fact::from_file(locator));
            // The number 1 is that of a function.
            let reads = count > 1 && node.locator.is_some() && node.queues % 2 == 0;
            node.next_csid = reads.then_some(NextCsid { locator_block_length: 32, locator_node_length: 16 });
            let sid = Ipv6Addr::from([0xfd01, 0, count as u16, 0, 0, 0, 0, 0]);
            let function = ServiceFunction { sid: Some(sid), label: None };
            node.service_function = (node.queues % 3 == 0).then(|| Fact::from_file(function));
            nodes.push(node);
        }
        let mut links = Vec::new();
        for (at, ((a, z), (line, from_a, from_z, name))) in ends.into_iter().zip(lines).enumerate() {
            let (a, z) = (a.index(nodes.len()), z.index(nodes.len()));
            if a == z {
                continue;
            }
            let end = |node: usize| (nodes[node].id.clone(), format!("eth{at}").parse().unwrap());
            let name = name.map(|name| format!("{name}#{at}").replace('#', "~").parse().unwrap());
            links.push(DraftLink {
                mark: None, a: end(a), z: end(z), line: DraftLine { name, ..line }, from_a, from_z,
            });
        }
        let mut report = Report::new("generated");
        let draft = Draft { nodes, unread: Unread::default(), links, missing: Missing::Reported };
        let ted = draft.assemble(&mut report).ted;
        assert!(!report.has_errors(), "{report:?}");
        ted
    }
}

/// A TED as RFC 8345 JSON says it: all of it, but of a coordinate nine digits.
fn as_rfc8345_says(ted: &Ted) -> Ted {
    let mut seen = ted.clone();
    for node in seen.nodes.values_mut() {
        let near = |p: Location| Location { lat: nine_digits(p.lat), lon: nine_digits(p.lon) };
        node.location = node.location.map(near);
    }
    seen
}

/// The same network as another system numbers it: groups are bits and risks are numbers.
fn numbered(ted: &Ted, number: u32) -> Ted {
    let mut seen = ted.clone();
    for link in seen.links.values_mut() {
        let bits = (number..).zip(&link.affinity).map(|(n, _)| format!("bit-{}", n % 64).parse().unwrap());
        link.affinity = bits.collect();
        let risks = (number..).step_by(1001).zip(&link.srlg).map(|(n, _)| format!("srlg-{n}"));
        link.srlg = risks.collect();
    }
    seen
}

/// A coordinate as RFC 8345 files hold it: decimal digits, which a multiplication would not round alike at a half.
fn nine_digits(degrees: f64) -> f64 {
    format!("{degrees:.9}").parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_native_file_says_all_of_a_network(ted in network_of_any_kind()) {
        let text = to_network_yaml(&ted);
        let network = read("net.yaml", &text).map_err(|f| TestCaseError::fail(format!("{}\n{text}", told(&f))))?;
        prop_assert_eq!(network.format, Format::Native);
        prop_assert_eq!(&network.ted, &ted, "{}", text);
        prop_assert_eq!(to_network_yaml(&network.ted), text);
    }

    #[test]
    fn rfc8345_says_all_of_a_network(ted in network_of_any_kind()) {
        let text = to_rfc8345(&ted);
        let network = read("net.json", &text).map_err(|f| TestCaseError::fail(format!("{}\n{text}", told(&f))))?;
        prop_assert_eq!(network.format, Format::Rfc8345);
        let judged = |note: &Finding| [code::DERIVED_BANDWIDTH, code::CONTRACT_BEYOND_LINE].contains(&&*note.code);
        prop_assert!(network.notes.iter().all(judged), "nothing of it is passed over: {}", told(&network.notes));
        prop_assert_eq!(&network.ted, &as_rfc8345_says(&ted), "{}", text);
        prop_assert_eq!(to_network_yaml(&network.ted), to_network_yaml(&as_rfc8345_says(&ted)));
    }

    #[test]
    fn a_native_file_says_all_of_rfc8345(ted in network_of_any_kind(), number in any::<u16>()) {
        for ted in [numbered(&ted, number.into()), ted] {
            let json = to_rfc8345(&ted);
            let yaml = to_network_yaml(&read("net.json", &json).unwrap().ted);
            prop_assert_eq!(to_rfc8345(&read("net.yaml", &yaml).unwrap().ted), json);
        }
    }

    #[test]
    fn any_text_is_judged_without_a_panic(text in "[a-z:{}\\[\\]\" ,#&*!|>%@`~\n-]{0,80}") {
        let _ = read("any", &text);
    }
}

#[test]
fn every_containerlab_example_is_read_or_refused_with_a_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/clab");
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("skipped: {} is missing", folder.display());
        return;
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ext| ext == "yml" || ext == "yaml"));
    paths.sort();
    let mut networks = 0;
    for path in &paths {
        let text = fs::read_to_string(path).unwrap();
        match read(&path.display().to_string(), &text) {
            Ok(network) => {
                networks += 1;
                assert_eq!(network.format, Format::Containerlab);
                assert!(!network.ted.nodes.is_empty(), "{} has no node", path.display());
                let again =
                    read("again", &to_network_yaml(&network.ted)).unwrap_or_else(|f| panic!("{}", told(&f)));
                assert_eq!(again.ted.links.len(), network.ted.links.len(), "{}", path.display());
                assert_eq!(again.ted.nodes.len(), network.ted.nodes.len(), "{}", path.display());
            }
            Err(findings) => {
                assert!(!findings.is_empty());
                println!("{}: {}", path.display(), told(&findings));
            }
        }
    }
    assert!(paths.len() >= 44, "{} files", paths.len());
    assert_eq!(networks, paths.len(), "all examples are node and link graphs");
}

#[test]
fn a_file_of_another_kind_is_told_so() {
    let told = faults("apiVersion: trunkline/v1\nkind: Scenario\nsteps: []\n");
    assert!(
        told.contains("error[TL0101] file: this is a document of kind `Scenario`, not a network"),
        "{told}"
    );
    assert!(faults("just text").contains("TL0101"));
    assert!(faults("").contains("TL0101"));
    assert!(faults("{\"a\": }").contains("TL0100"));
}

#[test]
fn every_code_has_one_page() {
    let codes: BTreeSet<&str> = code::PAGES.iter().map(|page| page.code).collect();
    assert_eq!(codes.len(), code::PAGES.len());
    assert_eq!(code::page(code::BAD_LOCATOR).unwrap().code, "TL0112");
    assert!(code::PAGES.iter().all(|page| ("TL0100".."TL0200").contains(&page.code) && page.text.len() > 40));
}

#[test]
fn what_only_follows_from_a_fault_is_not_told() {
    // A bandwidth that is wrong, or mistyped, is not forgotten as well; one beside it that is forgotten is told.
    for bad in ["bandwidth: 100", "bandwidth: [1Gbps]", "bandwith: 1Gbps"] {
        let other = RING_AND_TAIL.replace("name: twin-2", "name: twin-2, bandwidth: 1Gbps");
        let told = faults(&other.replace("name: lone", &format!("name: lone, {bad}")));
        assert_eq!(told.matches("link lone").count(), 1, "{told}");
        assert_eq!(told.matches("warning[TL0132] link twin-1").count(), 1, "{told}");
    }
    // Without nodes no link has an end; it is told once.
    let all =
        RING_AND_TAIL.split_once("nodes:").map(|(head, rest)| (head, rest.split_once("links:").unwrap().1));
    let (head, links) = all.unwrap();
    for nodes in ["nodes:", "nodes: {}", "nodes: []", "nodes: [{nmae: a, routerId: 10.0.0.1}]", "noodes: []"]
    {
        let told = faults(&format!("{head}{nodes}\nlinks:{links}"));
        assert_eq!(told.lines().count(), 1, "{told}");
    }
    let unnamed = format!("{head}nodes: [{{nmae: a, routerId: nine, queues: many}}]\nlinks:{links}");
    assert_eq!(faults(&unnamed).lines().count(), 3, "the rest of it is judged: {}", faults(&unnamed));
    let told = faults("name: x\ntopology:\n  nodes: {}\n  links: [{endpoints: [\"a:1\", \"b:1\"]}]\n");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains("error[TL0105] topology: `nodes` is empty, and links end at nodes"), "{told}");
    // A node with a name that cannot be is there all the same.
    let told = faults(
        "name: x\ntopology:\n  nodes: {a: {labels: {trunkline.router-id: nine}}, \"c:d\": }\n  links: [{endpoints: [\"a:1\", \"c:d:1\"]}]\n",
    );
    assert_eq!(told.matches("error").count(), 2, "{told}");
    assert!(!told.contains("TL0106") && !told.contains("TL0123"), "{told}");
}

pub(crate) const RING_AND_TAIL: &str = r#"
apiVersion: trunkline/v1
kind: Network
nodes:
  - {name: a, routerId: 10.0.0.1, lat: 39.9, lon: 116.4}
  - {name: b, routerId: 10.0.0.2}
  - {name: c, routerId: 10.0.0.3}
  - {name: d, routerId: 10.0.0.4}
  - {name: alone, routerId: 10.0.0.5}
links:
  - {a: "a:1", z: "b:1"}
  - {a: "b:2", z: "c:1", name: lone}
  - {a: "c:2", z: "d:1", name: twin-1}
  - {a: "c:3", z: "d:2", name: twin-2}
  - {a: "b:3", z: "a:2"}
"#;

#[test]
fn addresses_of_many_are_refused_and_a_forgotten_bandwidth_is_told() {
    for (good, bad, told) in [
        ("10.0.0.2", "224.0.0.5", "router id 224.0.0.5 is no address of one router"),
        ("10.0.0.2", "0.0.0.0", "router id 0.0.0.0 is no address of one router"),
        ("10.0.0.2}", "10.0.0.2, locator: \"ff02::/48\"}", "locator ff02::/48 does not lead to one router"),
    ] {
        let text = faults(&RING_AND_TAIL.replace(good, bad));
        assert!(text.contains(told), "{text}");
    }
    let read = |text: &str| told(&read("net.yaml", text).unwrap().notes);
    assert!(!read(RING_AND_TAIL).contains("TL0132"), "no line has one: nothing was forgotten");
    let one = RING_AND_TAIL
        .replace("name: lone}", "name: lone, bandwidth: 100Mbps, delay: 5ms, contract: {delay: 1ms}}");
    let text = read(&one);
    assert_eq!(text.matches("warning[TL0132]").count(), 4, "{text}");
    assert!(
        text.contains("warning[TL0133] link lone: its contract allows a delay of 1ms, and the file says 5ms"),
        "{text}"
    );
}

#[test]
fn what_the_loss_of_a_link_cuts_is_known() {
    let network = read("net.yaml", RING_AND_TAIL).unwrap();
    let told = told(&connectivity(&network.ted));
    assert!(
        told.contains(
            "warning[TL0130] network: no link joins these 2 parts of the network: a and 3 more nodes; alone alone (add a link"
        ),
        "{told}"
    );
    assert!(told.contains("info[TL0131] link lone:"), "{told}");
    assert!(self::told(&network.connectivity()).contains("12:5 info[TL0131] link lone:"));
    assert_eq!(told.matches("TL0131").count(), 1, "parallel links are no bridges: {told}");
}

#[test]
fn a_drawing_names_nodes_and_links() {
    let ted = read("net.yaml", RING_AND_TAIL).unwrap().ted;
    let dot = to_dot(&ted);
    assert!(dot.starts_with("graph {"), "{dot}");
    assert!(dot.contains("label=\"a\" pos=\"116.4,39.9\""), "{dot}");
    assert!(dot.contains("label=\"lone\""), "nobody said how fast and how long it is: {dot}");
    let written = RING_AND_TAIL.replace("name: lone}", "name: lone, bandwidth: 1Gbps, delay: 0us}");
    let dot = to_dot(&read("net.yaml", &written).unwrap().ted);
    assert!(dot.contains("label=\"lone\\n1Gbps 0us\""), "{dot}");
    assert!(!dot.contains("twin-1\\n"), "{dot}");
}

#[test]
fn the_page_on_network_files_has_every_word() {
    use crate::words::{DIRECTION, LINE, Spelling};
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/network.md");
    let page = fs::read_to_string(page).unwrap();
    let of_nodes = [Spelling::Native, Spelling::Label].map(Spelling::node_words).concat();
    let missing: Vec<&str> = of_nodes
        .into_iter()
        .chain(LINE)
        .chain(DIRECTION)
        .filter(|word| !page.contains(&format!("`{word}`")))
        .collect();
    assert_eq!(missing, [""; 0]);
}
