//! Drafts: a network as a file says it, before it is judged and completed. All formats meet here.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, Ipv6Addr},
};

use ipnet::Ipv6Net;
use model::{
    Affinity, Bandwidth, Delay, Fact, IgpMetric, InterfaceName, Jitter, Label, Link, LinkId, Loss, NextCsid,
    Node, NodeId, Price, Site, TeMetric, Ted,
    finding::Place,
    link::{Contract, Encryption, Termination},
    node::{Location, MsdSet, ServiceFunction},
    sr::LabelBlock,
};

use crate::text::{Mark, Report};

mod check;
mod complete;
mod containers;
mod function;

pub use complete::interface_order;
pub(crate) use complete::{DIALECT, QUEUES, SRGB, SRLB, convention, usual_direction};

/// What happens to nodes without router id.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Missing {
    /// It was an error, which the reader has reported.
    Reported,
    /// They get one by their place in the file.
    Derive,
    /// The same, with node SIDs and locators.
    DeriveAll,
}

/// A node as a file says it.
#[derive(Clone, Debug)]
pub(crate) struct DraftNode {
    pub id: NodeId,
    pub mark: Option<Mark>,
    pub role: Option<String>,
    pub site: Option<Site>,
    pub location: Option<Location>,
    pub labels: BTreeMap<String, String>,
    pub router_id: Option<Ipv4Addr>,
    /// Whether the file says a router id, and a finding says what is wrong with it.
    pub garbled_id: bool,
    pub locator: Option<Fact<Ipv6Net>>,
    pub next_csid: Option<NextCsid>,
    pub node_sid: Option<Fact<u32>>,
    pub service_function: Option<Fact<ServiceFunction>>,
    pub srgb: LabelBlock,
    pub srlb: LabelBlock,
    pub msd: Option<MsdSet>,
    pub queues: u8,
    pub overload: bool,
    pub dialect: String,
}

impl DraftNode {
    /// A node of which only the name is known.
    pub fn new(id: NodeId, mark: Option<Mark>) -> Self {
        Self {
            id,
            mark,
            role: None,
            site: None,
            location: None,
            labels: BTreeMap::new(),
            router_id: None,
            garbled_id: false,
            locator: None,
            next_csid: None,
            node_sid: None,
            service_function: None,
            srgb: SRGB,
            srlb: SRLB,
            msd: None,
            queues: QUEUES,
            overload: false,
            dialect: DIALECT.to_owned(),
        }
    }
}

/// What a file says about one direction, or about both.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DraftDirection {
    pub bandwidth: Option<Bandwidth>,
    /// Whether the file says a bandwidth, and a finding says what is wrong with it.
    pub garbled: bool,
    pub delay: Option<Delay>,
    pub jitter: Option<Jitter>,
    pub loss: Option<Loss>,
    pub igp: Option<IgpMetric>,
    pub te: Option<TeMetric>,
    pub adjacency_label: Option<Label>,
    pub end_x: Option<Ipv6Addr>,
}

impl DraftDirection {
    /// These values, and those of `base` where there are none.
    pub fn over(&self, base: &Self) -> Self {
        Self {
            bandwidth: self.bandwidth.or(base.bandwidth),
            garbled: self.garbled || base.garbled,
            delay: self.delay.or(base.delay),
            jitter: self.jitter.or(base.jitter),
            loss: self.loss.or(base.loss),
            igp: self.igp.or(base.igp),
            te: self.te.or(base.te),
            adjacency_label: self.adjacency_label.or(base.adjacency_label),
            end_x: self.end_x.or(base.end_x),
        }
    }
}

/// What a file says about a line as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DraftLine {
    pub name: Option<LinkId>,
    pub role: Option<String>,
    pub affinity: BTreeSet<Affinity>,
    pub srlg: BTreeSet<String>,
    pub contract: Contract,
    pub encryption: Encryption,
    pub price: Option<Price>,
}

/// A link as a file says it.
#[derive(Clone, Debug)]
pub(crate) struct DraftLink {
    pub mark: Option<Mark>,
    pub a: (NodeId, InterfaceName),
    pub z: (NodeId, InterfaceName),
    pub line: DraftLine,
    pub from_a: DraftDirection,
    pub from_z: DraftDirection,
}

impl DraftLink {
    /// Its name: as written, or after its ends.
    pub fn id(&self) -> Option<LinkId> {
        self.line.name.clone().or_else(|| default_name(&self.a, &self.z))
    }
}

/// The name of a link without name; none where it would be too long for a name.
pub(crate) fn default_name(a: &(NodeId, InterfaceName), z: &(NodeId, InterfaceName)) -> Option<LinkId> {
    format!("{}:{}--{}:{}", a.0, a.1, z.0, z.1).parse().ok()
}

/// Nodes of a file that could not be read, which a finding says. What ends at one of them is not told again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unread {
    /// Whether there may be any node: not even its name is known.
    pub any: bool,
    /// Names as they are written.
    pub names: BTreeSet<String>,
}

impl Unread {
    /// Whether one of them may have been meant. Of a name with a colon, an end has what stands before it.
    pub fn may_be(&self, node: &NodeId) -> bool {
        self.any || self.names.iter().any(|name| name.starts_with(node.as_str()))
    }
}

/// A network as a file says it, in file order.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub nodes: Vec<DraftNode>,
    pub unread: Unread,
    pub links: Vec<DraftLink>,
    pub missing: Missing,
}

/// What became of a draft.
#[derive(Clone, Debug)]
pub(crate) struct Assembled {
    /// The network.
    pub ted: Ted,
    /// Where its lines stand, as far as it is known.
    pub lines: BTreeMap<LinkId, Place>,
}

impl Draft {
    /// Judges and completes. The TED holds what is sound; the report says what is not.
    pub fn assemble(mut self, report: &mut Report) -> Assembled {
        complete::fill_in(&mut self, report);
        check::nodes(&self.nodes, report);
        containers::check(&self.nodes, report);
        let links = check::links(&self, report);
        check::values(&links, report);
        let mut ted = Ted::default();
        let marks: BTreeMap<NodeId, Option<Mark>> =
            self.nodes.iter().rev().map(|node| (node.id.clone(), node.mark)).collect();
        let mut lines = BTreeMap::new();
        for node in self.nodes {
            ted.nodes.entry(node.id.clone()).or_insert_with(|| finished_node(node));
        }
        for (id, link) in links {
            lines.extend(link.mark.map(|mark| (id.clone(), report.place(mark))));
            ted.links.insert(id.clone(), finished_link(id, link));
        }
        complete::adjacencies(&mut ted);
        function::check(&ted, &marks, report);
        Assembled { ted, lines }
    }
}

fn finished_node(draft: DraftNode) -> Node {
    Node {
        id: draft.id,
        role: draft.role,
        site: draft.site,
        location: draft.location,
        labels: draft.labels,
        router_id: draft.router_id.unwrap_or(Ipv4Addr::UNSPECIFIED),
        locator: draft.locator,
        next_csid: draft.next_csid,
        node_sid: draft.node_sid,
        service_function: draft.service_function,
        srgb: draft.srgb,
        srlb: draft.srlb,
        msd: draft.msd.map_or_else(|| Fact::derived(MsdSet::default()), Fact::from_file),
        queues: draft.queues,
        overload: draft.overload,
        dialect: draft.dialect,
        features: model::Features::default(),
    }
}

fn finished_link(id: LinkId, draft: DraftLink) -> Link {
    Link {
        id,
        a: Termination { node: draft.a.0, interface: draft.a.1 },
        z: Termination { node: draft.z.0, interface: draft.z.1 },
        a_to_z: complete::direction(&draft.from_a),
        z_to_a: complete::direction(&draft.from_z),
        affinity: draft.line.affinity,
        srlg: draft.line.srlg,
        role: draft.line.role,
        encryption: draft.line.encryption,
        contract: draft.line.contract,
        price: draft.line.price,
    }
}
