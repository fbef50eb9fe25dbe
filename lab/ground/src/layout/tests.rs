use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// The layout of a containerlab file.
pub(crate) fn layout(text: &str) -> Layout {
    of(text, Wires::WhereNeeded).unwrap_or_else(|findings| panic!("{findings:?}"))
}

fn of(text: &str, wires: Wires) -> Result<Layout, Vec<Finding>> {
    let network = formats::read("lab.clab.yml", text)?;
    let lab = formats::lab("lab.clab.yml", text)?;
    Layout::of(&network, &lab, "lab", wires)
}

const BRANCH: &str = r#"
name: branch.one
topology:
  kinds:
    linux: {image: alpine}
  nodes:
    hq: {kind: linux, labels: {trunkline.role: hq, trunkline.router-id: 10.0.0.1, trunkline.locator: "fd00:0:1::/48"}}
    br: {kind: nokia_srlinux, labels: {trunkline.role: branch, trunkline.router-id: 10.0.0.2, trunkline.locator: "fd00:0:2::/48"}}
    pc: {kind: linux, exec: [true]}
    till: {kind: linux, labels: {trunkline.role: host}}
  links:
    - {endpoints: ["hq:GigabitEthernet0/0/0/1", "br:ethernet-1/1"], mtu: 1500, vars: {name: line, delay: 5ms, bandwidth: 20Mbps}}
    - {endpoints: ["hq:e2", "br:e2"], mtu: 2500}
    - {endpoints: ["pc:eth1", "br:e3"]}
    - {endpoints: ["hq:e9", "till:eth1"], ipv4: ["192.0.2.1/24", "192.0.2.9/24"]}
"#;

#[test]
fn a_lab_of_two_routers_and_two_hosts() {
    let layout = layout(BRANCH);
    assert_eq!(layout.lab, "branch_one-48f4a01b");
    let seen: Vec<String> = layout
        .nodes
        .iter()
        .flat_map(|(id, stand)| {
            let what = match &stand.kind {
                Kind::Router(router) => format!("router {:?}", router.addresses()),
                Kind::Host(host) => format!("host by {:?}", host.gateways),
            };
            let interfaces = stand.interfaces.iter().map(|(name, at)| {
                format!("  {name} as {} of {}, {} octets: {:?}", at.device, at.line, at.mtu, at.addresses)
            });
            [format!("{id} in {}: {what}", stand.space)].into_iter().chain(interfaces)
        })
        .collect();
    insta::assert_snapshot!(seen.join("\n"));
    let notes: Vec<String> = layout.notes.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(notes.join("\n"));
    let line = &layout.lines[&LinkId::lit("line")];
    assert_eq!(line.rates[0].map(Bandwidth::as_bps), Some(20_000_000));
    assert!(line.wire.is_some_and(|wire| wire[1].delay.as_micros() == 5_000));
    let plain = &layout.lines[&LinkId::lit("hq:e2--br:e2")];
    assert!(plain.wire.is_none() && plain.rates == [None, None], "nobody said a rate");
    let ted: Vec<&str> = layout.ted.links.keys().map(LinkId::as_str).collect();
    assert_eq!(ted, ["hq:e2--br:e2", "line"], "a controller knows routers and lines between them");
    assert!(
        of(BRANCH, Wires::Everywhere)
            .is_ok_and(|layout| layout.lines.values().all(|line| line.wire.is_some()))
    );
}

#[test]
fn what_cannot_stand_is_refused_in_words() {
    let told = |text: &str| -> String {
        let findings = of(text, Wires::WhereNeeded).expect_err("it is refused");
        findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let hosts = "name: h\ntopology:\n  nodes: {a: {kind: linux}, b: {kind: linux}}\n  links: [{endpoints: [\"a:e1\", \"b:e1\"]}]\n";
    assert!(
        told(hosts).contains("TL0180") && told(hosts).contains("no node of the file is a router"),
        "{}",
        told(hosts)
    );
    let twice = told(&BRANCH.replace("192.0.2.1/24", "192.0.2.9/24"));
    assert!(twice.contains("192.0.2.9") && twice.contains("hq:e9"), "{twice}");
    let within = told(&BRANCH.replace("fd00:0:2::/48", "fdfe:1::/32"));
    assert!(within.contains("fdfe:1::/32") && within.contains("node br"), "{within}");
}

#[test]
fn a_name_that_linux_does_not_take_gets_another_and_no_two_get_one() {
    let names = [
        "lo",
        "GigabitEthernet0/0/0/1",
        "GigabitEthernet0/0/0/2",
        "if2",
        "1/1/c2/1",
        "1-1-c2-1",
        "eth1",
        "-x",
        "默认",
    ];
    let names: Vec<InterfaceName> = names.iter().map(|name| InterfaceName::lit(name)).collect();
    let devices = names::devices(&names);
    assert_eq!(devices[&InterfaceName::lit("eth1")], "eth1");
    assert_eq!(devices[&InterfaceName::lit("if2")], "if2");
    assert_eq!(devices[&InterfaceName::lit("1/1/c2/1")], "if-1-1-c2-1", "a digit does not come first");
    assert_eq!(devices[&InterfaceName::lit("1-1-c2-1")], "if6", "that name is another's");
    let apart: BTreeSet<&String> = devices.values().collect();
    assert_eq!((devices.len(), apart.len()), (names.len(), names.len()), "{devices:?}");
}

/// Files as people write them for containerlab.
#[test]
fn every_file_for_containerlab_has_a_layout() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clab");
    let mut stand = 0;
    for entry in std::fs::read_dir(folder).expect("it is there").flatten() {
        let text = std::fs::read_to_string(entry.path()).expect("it is text");
        let name = entry.file_name();
        let layout = of(&text, Wires::WhereNeeded)
            .unwrap_or_else(|findings| panic!("{}: {findings:?}", name.display()));
        assert!(layout.ted.links.len() >= 2 && layout.nodes.len() >= layout.ted.nodes.len());
        // Every one of its devices is one that Linux and the agents take.
        let devices = layout.nodes.values().flat_map(|stand| stand.interfaces.values());
        assert!(devices.clone().count() >= 4);
        for at in devices {
            assert!(at.device.starts_with(|c: char| c.is_ascii_alphabetic()), "{}", at.device);
        }
        stand += 1;
    }
    assert_eq!(stand, 12);
}

/// Files with any names, so many routers and hosts, and lines between them.
fn files() -> impl Strategy<Value = String> {
    let name = prop_oneof!["[a-z]{1,3}", "[A-Za-z0-9._/~@+-]{1,120}", "[a-z]{16,30}[0-9]/[0-9]"];
    let node = (name.clone(), prop_oneof![3 => Just("frr"), 1 => Just("alpine")]);
    let line = (0_usize..12, 0_usize..12, name.clone(), name, 0_u32..3);
    (prop::collection::vec(node, 2..12), prop::collection::vec(line, 0..20)).prop_map(|(nodes, lines)| {
        let mut text = String::from("name: \"any lab\"\ntopology:\n  defaults: {kind: linux}\n  nodes:\n");
        for (at, (name, image)) in nodes.iter().enumerate() {
            text += &format!("    \"{name}{at}\": {{image: {image}}}\n");
        }
        text += "  links:\n";
        for (number, (a, z, from, to, delay)) in lines.iter().enumerate() {
            let (a, z) = (a % nodes.len(), z % nodes.len());
            if a != z {
                let (from, to) = (format!("{}{a}:{from}{number}", nodes[a].0), format!("{}{z}:{to}{number}", nodes[z].0));
                text += &format!("    - {{endpoints: [\"{from}\", \"{to}\"], vars: {{name: l{number}, delay: {delay}ms}}}}\n");
            }
        }
        if lines.iter().all(|(a, z, ..)| a % nodes.len() == z % nodes.len()) { text + "    []\n" } else { text }
    })
}

proptest! {
    #[test]
    fn whatever_the_names_nothing_meets(text in files()) {
        let network = formats::read("any.clab.yml", &text);
        // A name may be none that files take, which is told by who reads them; few are.
        prop_assume!(network.is_ok());
        let network = network.expect("it was read");
        let lab = formats::lab("any.clab.yml", &text).expect("the network was read");
        let layout = match Layout::of(&network, &lab, "any", Wires::WhereNeeded) {
            Ok(layout) => layout,
            Err(findings) => {
                let hosts_only = network.ted.nodes.keys().all(|id| lab.nodes[id].image.as_deref() == Some("alpine"));
                prop_assert!(hosts_only, "{findings:?}");
                return Ok(());
            }
        };
        let again = Layout::of(&network, &lab, "any", Wires::WhereNeeded).expect("as before");
        prop_assert_eq!(&layout, &again);
        let spaces: BTreeSet<&str> = layout.nodes.values().map(|stand| stand.space.as_str()).collect();
        prop_assert_eq!(spaces.len(), layout.nodes.len());
        prop_assert!(spaces.iter().all(|space| space.len() <= 255 && !space.contains('/')));
        prop_assert!(spaces.iter().all(|space| space.starts_with(&names::of_lab(&layout.lab))));
        let (mut addresses, mut macs) = (BTreeSet::<IpAddr>::new(), BTreeSet::new());
        for (_, _, router) in layout.routers() {
            prop_assert!(router.addresses().iter().all(|net| addresses.insert(net.addr())));
        }
        for stand in layout.nodes.values() {
            let devices: BTreeSet<&str> = stand.interfaces.values().map(|at| at.device.as_str()).collect();
            prop_assert_eq!(devices.len(), stand.interfaces.len());
            prop_assert!(devices.iter().all(|name| name.len() <= 15 && !name.contains(['/', ':', ' '])));
            for at in stand.interfaces.values() {
                prop_assert!(at.addresses.iter().all(|net| addresses.insert(net.addr())), "{at:?}");
                prop_assert!(macs.insert(at.mac), "{at:?}");
                prop_assert!(!at.addresses.is_empty() && layout.lines.contains_key(&at.line));
            }
        }
        prop_assert_eq!(layout.lines.len(), network.ted.links.len(), "every line has its two ends");
        for (id, line) in &layout.lines {
            for side in [Side::A, Side::Z] {
                let end = line.end(side);
                let at = &layout.nodes[&end.node].interfaces[&end.interface];
                prop_assert_eq!((&at.line, at.side, &at.device), (id, side, &end.device));
                let between = !layout.is_host(&line.ends[0].node) && !layout.is_host(&line.ends[1].node);
                prop_assert!(!between || line.mtu >= LEAST_MTU);
            }
        }
    }
}
