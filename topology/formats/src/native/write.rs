//! TED to native file. What a reader would fill in by itself is left out, so that a file says what its author said.

use std::{collections::BTreeMap, net::Ipv6Addr};

use model::{
    Fact, InterfaceName, Label, Link, Node, NodeId, Side, Source, Ted,
    link::{Contract, Encryption, Termination},
};

use super::file::{ContractFile, DirectionFile, EndFile, LinkFile, NetworkFile, NodeFile};
use crate::draft::{self, convention};

/// A TED as a native file. Moments, sources and standing of facts are not written; all else reads back as it was.
pub fn to_network_yaml(ted: &Ted) -> String {
    let usual = Usual::of(ted);
    let file = NetworkFile {
        api_version: super::API_VERSION,
        kind: "Network",
        nodes: ted.nodes.values().map(node_file).collect(),
        links: ted.links.values().map(|link| link_file(link, &usual)).collect(),
    };
    serde_yaml::to_string(&file).expect("texts, numbers and lists of them always have a YAML form")
}

/// The SIDs that interfaces have by convention.
pub(crate) struct Usual(BTreeMap<(NodeId, InterfaceName), (Option<Label>, Option<Ipv6Addr>)>);

impl Usual {
    pub(crate) fn of(ted: &Ted) -> Self {
        Self(convention(ted))
    }

    fn sids(&self, end: &Termination) -> (Option<Label>, Option<Ipv6Addr>) {
        self.0.get(&(end.node.clone(), end.interface.clone())).copied().unwrap_or_default()
    }
}

/// What is written of a node.
pub(crate) fn node_file(node: &Node) -> NodeFile {
    NodeFile {
        name: node.id.clone(),
        role: node.role.clone(),
        site: node.site.clone(),
        lat: node.location.map(|place| place.lat),
        lon: node.location.map(|place| place.lon),
        labels: node.labels.clone(),
        router_id: node.router_id,
        locator: node.locator.as_ref().map(|fact| fact.value),
        next_csid: node.next_csid,
        node_sid: node.node_sid.as_ref().map(|fact| fact.value),
        service_sid: node.service_function.as_ref().and_then(|fact| fact.value.sid),
        service_label: node.service_function.as_ref().and_then(|fact| fact.value.label),
        srgb: (node.srgb != draft::SRGB).then_some(node.srgb),
        srlb: (node.srlb != draft::SRLB).then_some(node.srlb),
        msd: said(&node.msd, &Default::default()),
        queues: (node.queues != draft::QUEUES).then_some(node.queues),
        overload: node.overload,
        dialect: (node.dialect != draft::DIALECT).then(|| node.dialect.clone()),
    }
}

/// The value, unless it was derived and would be again.
fn said<T: Clone + PartialEq>(fact: &Fact<T>, derived: &T) -> Option<T> {
    (fact.source != Source::Derived || fact.value != *derived).then(|| fact.value.clone())
}

fn end(end: &Termination) -> EndFile {
    if end.node.as_str().contains(':') {
        EndFile::Long { node: end.node.clone(), interface: end.interface.clone() }
    } else {
        EndFile::Short(format!("{}:{}", end.node, end.interface))
    }
}

/// What is written of a line.
pub(crate) fn link_file(link: &Link, usual: &Usual) -> LinkFile {
    let mut a_to_z = direction_file(link, Side::A, usual);
    let mut z_to_a = direction_file(link, Side::Z, usual);
    let both = common(&mut a_to_z, &mut z_to_a);
    let ends = |end: &Termination| (end.node.clone(), end.interface.clone());
    let default_name = draft::default_name(&ends(&link.a), &ends(&link.z));
    LinkFile {
        name: (default_name.as_ref() != Some(&link.id)).then(|| link.id.clone()),
        a: end(&link.a),
        z: end(&link.z),
        role: link.role.clone(),
        both,
        a_to_z,
        z_to_a,
        affinity: link.affinity.iter().cloned().collect(),
        srlg: link.srlg.iter().cloned().collect(),
        contract: (link.contract != Contract::default()).then_some(ContractFile {
            delay: link.contract.delay,
            jitter: link.contract.jitter,
            loss: link.contract.loss,
        }),
        encryption: (link.encryption != Encryption::None).then_some(link.encryption),
        price: link.price,
    }
}

/// What is written of the direction that leaves an end.
pub(crate) fn direction_file(link: &Link, from: Side, usual: &Usual) -> DirectionFile {
    let facts = link.direction(from);
    let (label, end_x) = usual.sids(link.end(from));
    let usual = draft::usual_direction(facts.igp.value);
    DirectionFile {
        bandwidth: said(&facts.bandwidth, &usual.bandwidth.value),
        delay: said(&facts.delay, &usual.delay.value),
        jitter: said(&facts.jitter, &usual.jitter.value),
        loss: said(&facts.loss, &usual.loss.value),
        igp: said(&facts.igp, &Default::default()),
        te: said(&facts.te, &usual.te.value),
        adjacency_label: facts.adjacency_label.as_ref().and_then(|fact| sid(fact, label)),
        end_x: facts.end_x.as_ref().and_then(|fact| sid(fact, end_x)),
    }
}

fn sid<T: Clone + PartialEq>(fact: &Fact<T>, derived: Option<T>) -> Option<T> {
    match derived {
        Some(derived) => said(fact, &derived),
        None => Some(fact.value.clone()),
    }
}

/// Takes out of two directions what they have in common.
fn common(a: &mut DirectionFile, z: &mut DirectionFile) -> DirectionFile {
    fn shared<T: PartialEq>(a: &mut Option<T>, z: &mut Option<T>) -> Option<T> {
        if *a != *z {
            return None;
        }
        z.take();
        a.take()
    }
    DirectionFile {
        bandwidth: shared(&mut a.bandwidth, &mut z.bandwidth),
        delay: shared(&mut a.delay, &mut z.delay),
        jitter: shared(&mut a.jitter, &mut z.jitter),
        loss: shared(&mut a.loss, &mut z.loss),
        igp: shared(&mut a.igp, &mut z.igp),
        te: shared(&mut a.te, &mut z.te),
        adjacency_label: shared(&mut a.adjacency_label, &mut z.adjacency_label),
        end_x: shared(&mut a.end_x, &mut z.end_x),
    }
}
