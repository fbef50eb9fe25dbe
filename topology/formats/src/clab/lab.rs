//! What a containerlab file says beyond the network: what the lab is called, which nodes are no routers, and what a line that is made
//! of real interfaces has. The network itself is read by the rest of this module; both readings agree on names.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use ipnet::{Ipv4Net, Ipv6Net};
use model::{LinkId, NodeId, VrfName};

use super::{Inheritance, TENANT, is_of_router, link};
use crate::{
    code,
    text::{Fields, Report, Shape, Tree},
};

/// Words of a node that change what runs in it. Whoever makes no containers has no place for them.
const OF_CONTAINERS: [&str; 14] = [
    "startup-config",
    "exec",
    "binds",
    "env",
    "env-files",
    "cmd",
    "entrypoint",
    "ports",
    "network-mode",
    "runtime",
    "components",
    "config",
    "stages",
    "user",
];

/// A lab as its file says it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LabFile {
    /// What it is called; none in files of other kinds than containerlab's.
    pub name: Option<String>,
    /// Its nodes, those of kinds that route nothing among them.
    pub nodes: BTreeMap<NodeId, LabNode>,
    /// What is said about lines, by the names that they have in the network.
    pub links: BTreeMap<LinkId, LabLink>,
}

/// A node of a lab.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LabNode {
    /// Its kind, its own or inherited.
    pub kind: Option<String>,
    /// Its image, its own or inherited.
    pub image: Option<String>,
    /// Whether it has a label of ours that says something about a router.
    pub labelled: bool,
    /// The tenant that it belongs to as a host, by the VRF that routers have for it: the label `trunkline.vrf`.
    pub vrf: Option<VrfName>,
    /// Words of its own that only a container has a place for, as they are written.
    pub unused: Vec<String>,
}

/// A line of a lab. Values by end, in the order of the file.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LabLink {
    /// The largest packet, in octets.
    pub mtu: Option<u32>,
    /// IPv4 addresses of the ends.
    pub ipv4: [Option<Ipv4Net>; 2],
    /// IPv6 addresses of the ends.
    pub ipv6: [Option<Ipv6Net>; 2],
}

/// Reads what a file says about the lab. A file of another kind says nothing.
pub(crate) fn read(tree: &Tree, report: &mut Report) -> LabFile {
    let mut lab = LabFile { name: tree.word_at("name").map(str::to_owned), ..LabFile::default() };
    let Some(mut topology) = tree.at("topology").and_then(|tree| Fields::of(tree, "topology", report)) else {
        return LabFile::default();
    };
    // What is wrong with it is told by who reads the network.
    let mut quiet = Report::new("");
    let inheritance = Inheritance::of(&mut topology, &mut quiet);
    if let Some(Shape::Map(entries)) = topology.get("nodes").map(|tree| &tree.shape) {
        let named = entries.iter().filter_map(|(key, own)| Some((key.text.parse::<NodeId>().ok()?, own)));
        lab.nodes = named
            .map(|(id, own)| {
                let node = node(own, &format!("node {id}"), &inheritance, report);
                (id, node)
            })
            .collect();
    }
    let names = link::Names { nodes: lab.nodes.keys().cloned().collect(), left_out: BTreeSet::new() };
    for tree in topology.trees("links", &mut quiet) {
        let id = link::read(tree, &names, &mut quiet).and_then(|draft| draft.id());
        if let Some(id) = id {
            let said = link_words(tree, &id, report);
            lab.links.insert(id, said);
        }
    }
    lab
}

fn node<'t>(own: &'t Tree, subject: &str, inheritance: &Inheritance<'t>, report: &mut Report) -> LabNode {
    let labels = inheritance.labels(own);
    let tenant = labels.iter().find(|(key, _)| key.text == TENANT).map(|(_, tree)| tree);
    LabNode {
        kind: inheritance.kind(own).map(str::to_owned),
        image: inheritance.image(own).map(str::to_owned),
        labelled: labels.iter().any(|(key, _)| is_of_router(key)),
        vrf: value(tenant, TENANT, "the name of a VRF, like `bank`", subject, report),
        unused: OF_CONTAINERS
            .iter()
            .filter(|word| own.at(word).is_some())
            .map(|word| (*word).to_owned())
            .collect(),
    }
}

fn link_words(tree: &Tree, id: &LinkId, report: &mut Report) -> LabLink {
    let subject = format!("link {id}");
    let both = |word: &str| {
        let brief = tree.at(word).map(Tree::list).unwrap_or_default();
        let ends = tree.at("endpoints").map(Tree::list).unwrap_or_default();
        [0, 1].map(|at| brief.get(at).or_else(|| ends.get(at).and_then(|end| end.at(word))))
    };
    let (ipv4, ipv6, mtu) = (both("ipv4"), both("ipv6"), tree.at("mtu"));
    LabLink {
        mtu: value(mtu, "mtu", "a number of octets, like 9000", &subject, report),
        ipv4: ipv4.map(|tree| value(tree, "ipv4", ADDRESS, &subject, report)),
        ipv6: ipv6.map(|tree| value(tree, "ipv6", ADDRESS, &subject, report)),
    }
}

const ADDRESS: &str = "an address with its length, like 192.0.2.1/24";

/// A value that is written as one text; an empty text says nothing, as in `ipv4: ["", "192.0.2.1/24"]`.
fn value<T: FromStr>(
    tree: Option<&Tree>,
    word: &str,
    wanted: &str,
    subject: &str,
    report: &mut Report,
) -> Option<T> {
    let tree = tree?;
    let text = tree.scalar().filter(|text| !text.is_empty())?;
    let read = text.parse().ok();
    if read.is_none() {
        let message = format!("`{word}`: `{}` is not {wanted}", crate::text::shorten(text));
        report.error(code::WRONG_VALUE, subject, message, tree.mark);
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
name: two
topology:
  defaults: {kind: linux}
  groups:
    routers: {kind: linux, image: "quay.io/frrouting/frr:10.5.1"}
  kinds:
    linux: {image: alpine}
  nodes:
    r1: {group: routers, labels: {trunkline.role: core}}
    r2: {group: routers}
    h: {exec: ["ip link set eth1 up"], binds: [a], labels: {trunkline.vrf: bank}}
  links:
    - {endpoints: ["r1:eth1", "r2:eth1"], mtu: 9000}
    - {endpoints: ["r2:eth2", "h:eth1"], ipv4: ["192.0.2.1/24", "192.0.2.2/24"], vars: {name: access}}
    - type: veth
      endpoints: [{node: r1, interface: eth3}, {node: h, interface: eth2, ipv6: "2001:db8::2/64"}]
"#;

    #[test]
    fn kinds_and_images_are_inherited_and_lines_have_their_names() {
        let lab = crate::lab("two.clab.yml", TEXT).unwrap();
        assert_eq!(lab.name.as_deref(), Some("two"));
        let [r1, r2, h] = ["r1", "r2", "h"].map(|name| &lab.nodes[&NodeId::lit(name)]);
        assert_eq!(r1.image.as_deref(), Some("quay.io/frrouting/frr:10.5.1"));
        assert_eq!((h.kind.as_deref(), h.image.as_deref()), (Some("linux"), Some("alpine")));
        assert!(r1.labelled && !r2.labelled && !h.labelled && r2.unused.is_empty());
        assert_eq!((h.vrf.as_ref().map(VrfName::as_str), &r1.vrf), (Some("bank"), &None));
        assert_eq!(h.unused, ["exec", "binds"]);
        assert_eq!(lab.links[&LinkId::lit("r1:eth1--r2:eth1")].mtu, Some(9000));
        assert_eq!(lab.links[&LinkId::lit("access")].ipv4[1], "192.0.2.2/24".parse().ok());
        let third = &lab.links[&LinkId::lit("r1:eth3--h:eth2")];
        assert_eq!(third.ipv6, [None, "2001:db8::2/64".parse().ok()]);
        let network = crate::read("two.clab.yml", TEXT).unwrap();
        assert!(lab.links.keys().eq(network.ted.links.keys()), "both readings name lines alike");
    }

    #[test]
    fn an_address_that_is_none_is_told_with_its_place() {
        let text = TEXT.replace("192.0.2.2/24", "192.0.2.2");
        let findings = crate::lab("two.clab.yml", &text).unwrap_err();
        assert_eq!(findings.len(), 1);
        assert!(findings[0].message.contains("`192.0.2.2`") && findings[0].place.is_some(), "{findings:?}");
    }

    #[test]
    fn a_native_file_says_nothing_about_a_lab() {
        let lab = crate::lab("n.yaml", "apiVersion: trunkline/v1\nkind: Network\nnodes: []\n").unwrap();
        assert_eq!(lab, LabFile::default());
    }
}
