use model::{Source, link::Encryption};

use crate::{
    Format, Network, read,
    tests::{faults, told},
};

fn sound(text: &str) -> Network {
    let network = read("lab.clab.yml", text).unwrap_or_else(|f| panic!("{}", told(&f)));
    assert_eq!(network.format, Format::Containerlab);
    network
}

fn lab(nodes: &str, links: &str) -> String {
    format!("name: lab\ntopology:\n  nodes:\n{nodes}\n  links:\n{links}\n")
}

const HQ_AND_BRANCH: &str = r#"
name: lab
topology:
  defaults:
    kind: linux
    labels: {trunkline.dialect: openconfig, trunkline.queues: "4"}
  kinds:
    linux:
      image: router
      labels: {trunkline.role: core, floor: "3"}
  groups:
    branches:
      labels: {trunkline.role: branch}
  nodes:
    hq:
      labels:
        trunkline.role: hq
        trunkline.site: beijing
        trunkline.lat: "39.90"
        trunkline.lon: 116.40
        trunkline.router-id: 10.0.0.1
        trunkline.locator: fd00:0:1::/48
        trunkline.node-sid: "1"
        trunkline.msd: 8/10
        trunkline.srlb: 30000/10
    br:
      group: branches
      labels: {trunkline.router-id: 10.0.0.2, trunkline.node-sid: 2, trunkline.msd: 4/5/6/7}
    p:
  links:
    - endpoints: ["hq:eth1", "br:eth1"]
      mtu: 9000
      vars:
        name: line1:hq--br
        role: leased-line
        bandwidth: 100Mbps
        delay: 8ms
        loss: 0.1%
        jitter: 0.2ms
        igp: 10
        te: 20
        affinity: [line1, carrier-a]
        srlg: cable-7
        contract: {delay: 12ms}
        encryption: macsec
        price: 1200
    - type: veth
      endpoints:
        - node: hq
          interface: eth2
          mac: 02:00:00:00:00:01
          vars: {delay: 3ms}
        - {node: p, interface: eth1}
      vars: {delay: 2ms}
"#;

#[test]
fn labels_and_vars_become_nodes_and_links() {
    let network = sound(HQ_AND_BRANCH);
    let ted = network.ted;
    let node = |name: &str| &ted.nodes[&name.parse().unwrap()];
    let (hq, br, p) = (node("hq"), node("br"), node("p"));
    assert_eq!([hq, br, p].map(|n| n.role.as_deref().unwrap()), ["hq", "branch", "core"]);
    assert_eq!([hq, br, p].map(|n| n.queues), [4, 4, 4]);
    assert_eq!(p.labels["floor"], "3");
    assert_eq!(hq.location.unwrap().lon, 116.4);
    assert_eq!((hq.msd.value.mpls_imposition, hq.msd.value.srv6_end_pop), (8, 10));
    assert_eq!((br.msd.value.srv6_segments_left, br.msd.value.srv6_end_pop), (6, 7));
    assert_eq!((hq.msd.value.srv6_end_d, br.msd.value.srv6_end_d), (10, 5));
    assert_eq!(p.router_id.to_string(), "10.255.0.3");
    assert_eq!((p.node_sid.as_ref(), p.locator.as_ref()), (None, None));
    assert_eq!(
        told(&network.notes),
        "47:7 warning[TL0132] link hq:eth2--p:eth1: it has no bandwidth and gets 1Gbps, though other lines have one\n\
         info[TL0123] network: the node p has no router id and gets one of 10.255.0.0/16, by its place in the file (a node that is added above changes what is filled in: \
         give each its own, in a containerlab file by the label `trunkline.router-id`)"
    );
    let line = &ted.links[&"line1:hq--br".parse().unwrap()];
    assert_eq!(line.encryption, Encryption::Macsec);
    assert_eq!(line.contract.delay.unwrap().to_string(), "12ms");
    assert!(line.srlg.contains("cable-7") && line.affinity.len() == 2);
    assert_eq!(line.z_to_a.te.value.0, 20);
    assert_eq!(line.a_to_z.adjacency_label.as_ref().unwrap().value.number(), 30_000);
    let short = &ted.links[&"hq:eth2--p:eth1".parse().unwrap()];
    assert_eq!([&short.a_to_z, &short.z_to_a].map(|d| d.delay.value.to_string()), ["3ms", "2ms"]);
    assert_eq!(short.a_to_z.adjacency_label.as_ref().unwrap().value.number(), 30_001);
}

#[test]
fn a_plain_file_gets_ids_by_its_order() {
    let network = sound(&lab(
        "    b: {kind: linux}\n    a: {kind: linux}",
        "    - endpoints: [\"b:eth10\", \"a:eth1\"]\n    - endpoints: [\"b:eth2\", \"a:eth2\"]",
    ));
    let b = &network.ted.nodes[&"b".parse().unwrap()];
    assert_eq!(b.router_id.to_string(), "10.255.0.1");
    let sid = b.node_sid.as_ref().unwrap();
    assert_eq!((sid.value, &sid.source), (1, &Source::Derived));
    assert_eq!(b.locator.as_ref().unwrap().value.to_string(), "fd00:ff:1::/48");
    let tenth = &network.ted.links[&"b:eth10--a:eth1".parse().unwrap()].a_to_z;
    assert_eq!(tenth.adjacency_label.as_ref().unwrap().value.number(), 15_001);
    assert_eq!(tenth.end_x.as_ref().unwrap().value.to_string(), "fd00:ff:1:e001::");
    assert_eq!(tenth.bandwidth.source, Source::Derived);
    assert!(told(&network.notes).contains("TL0124"));
}

#[test]
fn the_tenant_of_a_host_leaves_a_file_plain() {
    let with = |labels: &str| {
        sound(&lab(
            &format!("    a: {{kind: linux}}\n    h: {{kind: linux, labels: {{{labels}}}}}"),
            "    - endpoints: [\"a:eth1\", \"h:eth1\"]",
        ))
    };
    let sids = |network: &Network| {
        let a = &network.ted.nodes[&"a".parse().unwrap()];
        (a.node_sid.as_ref().map(|sid| sid.value), a.locator.as_ref().map(|net| net.value.to_string()))
    };
    let tenant = with("trunkline.vrf: bank");
    assert_eq!(sids(&tenant), (Some(1), Some("fd00:ff:1::/48".to_owned())));
    assert!(told(&tenant.notes).contains("TL0124"));
    let role = with("trunkline.vrf: bank, trunkline.role: host");
    assert_eq!(sids(&role), (None, None));
    assert!(!told(&role.notes).contains("TL0124"));
}

#[test]
fn an_unknown_label_of_ours_is_an_error_once() {
    let told = faults(
        "name: lab\ntopology:\n  defaults: {labels: {trunkline.rol: core}}\n  nodes:\n    a: {labels: {trunkline.router_id: 10.0.0.1, other.rol: x}}\n    b:\n",
    );
    assert!(told.contains("3:23 error[TL0102] defaults: `trunkline.rol` is not a word that is known here (did you mean `trunkline.role`?)"), "{told}");
    assert!(told.contains("did you mean `trunkline.router-id`?"), "{told}");
    assert_eq!(told.lines().filter(|line| line.contains("error")).count(), 2, "{told}");
}

#[test]
fn an_inherited_fault_is_told_once() {
    let told = faults(
        "name: lab\ntopology:\n  defaults: {labels: {trunkline.queues: many}}\n  nodes: {a: , b: , c: }\n",
    );
    assert_eq!(
        told.matches("`trunkline.queues`: `many` is not a whole number from 0 to 255").count(),
        1,
        "{told}"
    );
}

#[test]
fn foreign_variables_are_allowed_and_mistyped_ones_are_warned_of() {
    let network = sound(&lab(
        "    a:\n    b:",
        "    - endpoints: [\"a:eth1\", \"b:eth1\"]\n      vars: {port: [1, 2], bandwith: 1Gbps}",
    ));
    let told = told(&network.notes);
    assert!(told.contains("info[TL0120] link a:eth1--b:eth1: variable `port` is not ours"), "{told}");
    assert!(
        told.contains(
            "warning[TL0120] link a:eth1--b:eth1: variable `bandwith` is not read; did you mean `bandwidth`?"
        ),
        "{told}"
    );
}

#[test]
fn wrong_values_in_labels_and_vars_are_errors() {
    let told = faults(&lab(
        "    a: {labels: {trunkline.msd: \"8\", trunkline.lat: north, trunkline.lon: 3, trunkline.srgb: 16000/8000/1}}\n    b:",
        "    - endpoints: [\"a:eth1\", \"b:eth1\"]\n      vars: {delay: 3}\n    - type: veth\n      endpoints:\n        - {node: a, interface: eth2, vars: {affinity: [x]}}\n        - {node: b, interface: eth2}",
    ));
    assert!(told.contains("`8` is not MPLS/SRv6 depths such as 8/8"), "{told}");
    assert!(told.contains("`16000/8000/1` is not base/size such as 16000/8000"), "{told}");
    assert!(told.contains("`north` is not a number such as"), "{told}");
    assert!(told.contains("`delay`: `3` is not a delay: the unit is missing"), "{told}");
    assert!(
        told.contains("`affinity` holds for both directions: it belongs to the link's own `vars`"),
        "{told}"
    );
}

#[test]
fn links_that_are_not_between_routers_are_named_and_left_out() {
    let network = sound(&lab(
        "    a: {kind: linux}\n    b: {kind: linux}\n    sw: {kind: bridge}",
        "    - endpoints: [\"a:eth1\", \"b:eth1\"]\n    - endpoints: [\"a:eth2\", \"sw:p1\"]\n    - endpoints: [\"a:eth3\", \"host:tap0\"]\n    - {type: vxlan, endpoint: {node: a, interface: eth4}, remote: 10.0.0.9, vni: 7, dst-port: 4789}\n    - endpoints: [\"a:eth5\", \"mgmt-net:x\"]\n    - {type: dummy, endpoint: {node: b, interface: eth9}}\n    - endpoints: [\"a:c1\", \"a:c2\"]",
    ));
    assert_eq!((network.ted.nodes.len(), network.ted.links.len()), (2, 1));
    let told = told(&network.notes);
    for what in [
        "a node of kind `bridge`",
        "ends at sw",
        "`host:tap0`",
        "type `vxlan` at node a",
        "`mgmt-net:x`",
        "type `dummy` at node b",
    ] {
        assert!(told.contains(what), "{what} in\n{told}");
    }
}

#[test]
fn ends_names_and_nodes_are_checked_here_too() {
    let told = faults(&lab(
        "    a:\n    a:\n    \"c:d\":\n    \"${X}\":",
        "    - endpoints: [\"a:eth1\", \"zz:eth1\"]\n    - endpoints: [\"a:eth2\"]\n    - endpoints: [\"a:${IF}\", \"a:eth3\"]\n    - {mtu: 9000}",
    ));
    for what in [
        "TL0113",
        "TL0106",
        "has 1 entry: a link has two ends (write it like `endpoints: [",
        "TL0115",
        "its name holds a colon",
        "`endpoints` is missing",
    ] {
        assert!(told.contains(what), "{what} in\n{told}");
    }
    let told = faults("topology: {nodes: {a: }}\n");
    assert!(told.contains("TL0105] file: `name` is missing"), "{told}");
    assert!(faults("name: x\ntopology: {}\n").contains("`nodes` is missing"));
    assert!(faults("name: x\ntopology:\n").contains("`topology` is missing"));
}
