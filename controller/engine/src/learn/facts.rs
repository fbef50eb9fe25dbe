//! What is learned, by the names of the network's file, as a value that the journal keeps.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv6Addr,
};

use bgp::learn::{Matched, Names, PROTOCOL, Router, Way, merge};
use ipnet::Ipv6Net;
use model::{
    Affinity, Bandwidth, Delay, Fact, IgpMetric, Jitter, Label, Link, LinkId, Loss, Node, NodeId, Side,
    Source, Standing, TeMetric, Ted, Timestamp, fact::DeviceSource, link::Direction, node::MsdSet,
    sr::LabelBlock,
};
use serde::{Deserialize, Serialize};

use super::plug::AroundFacts;

/// What a router said at a moment, stale since it is silent.
pub(super) fn fact<T>(
    node: &NodeId,
    protocol: &str,
    (at, silent): (Timestamp, Option<Timestamp>),
    value: T,
) -> Fact<T> {
    let source = DeviceSource { node: node.clone(), protocol: protocol.to_owned() };
    let standing = silent.map_or(Standing::Fresh, |since| Standing::Stale { since });
    Fact { value, source: Source::Advertised(source), at, standing }
}

/// What is said of a router.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeFacts {
    /// Its SRv6 locator.
    pub locator: Option<Fact<Ipv6Net>>,
    /// The index of its node SID.
    pub node_sid: Option<Fact<u32>>,
    /// Its global block.
    pub srgb: Option<Fact<LabelBlock>>,
    /// Its local block.
    pub srlb: Option<Fact<LabelBlock>>,
    /// Its maximum SID depths.
    pub msd: Option<Fact<MsdSet>>,
    /// Whether it takes no transit traffic.
    pub overload: Option<Fact<bool>>,
}

/// What is said of one direction of a link.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WayFacts {
    /// Capacity.
    pub bandwidth: Option<Fact<Bandwidth>>,
    /// The IGP's metric.
    pub igp: Option<Fact<IgpMetric>>,
    /// The traffic-engineering metric.
    pub te: Option<Fact<TeMetric>>,
    /// The label of the adjacency.
    pub adjacency_label: Option<Fact<Label>>,
    /// The SRv6 SID of the adjacency.
    pub end_x: Option<Fact<Ipv6Addr>>,
    /// One-way delay; shown, and followed by nothing.
    pub delay: Option<Fact<Delay>>,
    /// Delay variation; shown, and followed by nothing.
    pub jitter: Option<Fact<Jitter>>,
    /// Loss; shown, and followed by nothing.
    pub loss: Option<Fact<Loss>>,
    /// What its router says of the interface; shown, and followed by nothing.
    #[serde(skip_serializing_if = "AroundFacts::is_empty")]
    pub around: AroundFacts,
}

/// What is said of a link.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LinkFacts {
    /// Out of its first end.
    pub a_to_z: WayFacts,
    /// Out of the other.
    pub z_to_a: WayFacts,
    /// Of the groups that have names those that either end says it is of.
    pub affinity: Option<Fact<BTreeSet<Affinity>>>,
}

/// What is learned of the network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Learned {
    /// Of its routers.
    pub nodes: BTreeMap<NodeId, NodeFacts>,
    /// Of its links.
    pub links: BTreeMap<LinkId, LinkFacts>,
    /// The groups that have names: whether a link is of one of them the routers decide, of others the file.
    pub named: BTreeSet<Affinity>,
}

impl Learned {
    /// What peers say, by the names of the file. Of two routers of the IGP that are one node, or two directions that are one, the
    /// fresh one is believed; of two fresh ones that differ the first, with the other beside it.
    pub fn of(matched: &Matched<'_>, names: &Names) -> Self {
        let mut learned = Self { named: names.groups.values().cloned().collect(), ..Self::default() };
        for (id, router) in &matched.nodes {
            learned.nodes.entry(id.clone()).or_default().hear(router);
        }
        for (id, side, way) in &matched.ways {
            let link = learned.links.entry(id.clone()).or_default();
            match side {
                Side::A => link.a_to_z.hear(way),
                Side::Z => link.z_to_a.hear(way),
            }
            link.hear_groups(way, names);
        }
        learned
    }

    /// Whether nothing is learned.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.links.is_empty()
    }

    /// With what was said before and is not said now, as stale: its source was not heard since then, or earlier. What a peer said that has
    /// told all since is not kept: it does not say it any more.
    #[must_use]
    pub fn over(mut self, before: &Self, since: Timestamp, told_all: &BTreeSet<NodeId>) -> Self {
        let since = Silence { since, told_all };
        for (id, old) in &before.nodes {
            self.nodes.entry(id.clone()).or_default().keep(old, since);
        }
        for (id, old) in &before.links {
            let link = self.links.entry(id.clone()).or_default();
            link.a_to_z.keep(&old.a_to_z, since);
            link.z_to_a.keep(&old.z_to_a, since);
            keep(&mut link.affinity, old.affinity.as_ref(), since);
        }
        self.nodes.retain(|_, facts| *facts != NodeFacts::default());
        self.links.retain(|_, facts| *facts != LinkFacts::default());
        self.named.extend(before.named.iter().cloned());
        self
    }

    /// Lays what is said beside by another protocol: what a router says of itself counts, then what is known, with the other beside it.
    pub(super) fn join(&mut self, said: &Self, file: &Ted) {
        for (id, facts) in &said.nodes {
            self.nodes.entry(id.clone()).or_default().join(facts, id);
        }
        for (id, facts) in &said.links {
            let Some(link) = file.links.get(id) else { continue };
            let known = self.links.entry(id.clone()).or_default();
            known.a_to_z.join(&facts.a_to_z, &link.a.node);
            known.z_to_a.join(&facts.z_to_a, &link.z.node);
        }
    }

    /// What of it these sources say, groups and what is around left out.
    pub(super) fn said_by(&self, is_meant: &mut dyn FnMut(&DeviceSource) -> bool) -> Self {
        let mut said = Self::default();
        for (id, facts) in &self.nodes {
            let facts = facts.said_by(is_meant);
            if facts != NodeFacts::default() {
                said.nodes.insert(id.clone(), facts);
            }
        }
        for (id, facts) in &self.links {
            let (a_to_z, z_to_a) = (facts.a_to_z.said_by(is_meant), facts.z_to_a.said_by(is_meant));
            let facts = LinkFacts { a_to_z, z_to_a, affinity: None };
            if facts != LinkFacts::default() {
                said.links.insert(id.clone(), facts);
            }
        }
        said
    }

    /// What of it plans may follow, without who said it and when.
    #[must_use]
    pub fn values(&self) -> Self {
        let mut learned = self.clone();
        for node in learned.nodes.values_mut() {
            node.locator.iter_mut().for_each(bare);
            node.node_sid.iter_mut().for_each(bare);
            node.srgb.iter_mut().for_each(bare);
            node.srlb.iter_mut().for_each(bare);
            node.msd.iter_mut().for_each(bare);
            node.overload.iter_mut().for_each(bare);
        }
        for link in learned.links.values_mut() {
            link.affinity.iter_mut().for_each(bare);
            for way in [&mut link.a_to_z, &mut link.z_to_a] {
                way.bandwidth.iter_mut().for_each(bare);
                way.igp.iter_mut().for_each(bare);
                way.te.iter_mut().for_each(bare);
                way.adjacency_label.iter_mut().for_each(bare);
                way.end_x.iter_mut().for_each(bare);
                (way.delay, way.jitter, way.loss) = (None, None, None);
                way.around = AroundFacts::default();
            }
        }
        // Of which nothing is left that a plan follows.
        learned.links.retain(|_, link| *link != LinkFacts::default());
        learned
    }

    /// The file's network with what is learned in place of what the file says; where a file says otherwise, both stand.
    /// O(nodes + links).
    pub fn lay(&self, file: &Ted) -> Ted {
        let mut ted = file.clone();
        for (id, facts) in &self.nodes {
            if let Some(node) = ted.nodes.get_mut(id) {
                facts.lay(node);
            }
        }
        for (id, facts) in &self.links {
            if let Some(link) = ted.links.get_mut(id) {
                facts.lay(link, &self.named);
            }
        }
        ted
    }
}

impl NodeFacts {
    fn hear(&mut self, router: &Router) {
        merge(&mut self.locator, router.locator.clone());
        merge(&mut self.node_sid, router.node_sid.clone());
        merge(&mut self.srgb, router.srgb.clone());
        merge(&mut self.srlb, router.srlb.clone());
        merge(&mut self.msd, router.msd.clone());
        merge(&mut self.overload, router.overload.clone());
    }

    fn join(&mut self, said: &Self, of: &NodeId) {
        join(&mut self.locator, said.locator.as_ref(), of);
        join(&mut self.node_sid, said.node_sid.as_ref(), of);
        join(&mut self.srgb, said.srgb.as_ref(), of);
        join(&mut self.srlb, said.srlb.as_ref(), of);
        join(&mut self.msd, said.msd.as_ref(), of);
        join(&mut self.overload, said.overload.as_ref(), of);
    }

    fn said_by(&self, is_meant: &mut dyn FnMut(&DeviceSource) -> bool) -> Self {
        Self {
            locator: said_by(self.locator.as_ref(), is_meant),
            node_sid: said_by(self.node_sid.as_ref(), is_meant),
            srgb: said_by(self.srgb.as_ref(), is_meant),
            srlb: said_by(self.srlb.as_ref(), is_meant),
            msd: said_by(self.msd.as_ref(), is_meant),
            overload: said_by(self.overload.as_ref(), is_meant),
        }
    }

    fn keep(&mut self, old: &Self, since: Silence<'_>) {
        keep(&mut self.locator, old.locator.as_ref(), since);
        keep(&mut self.node_sid, old.node_sid.as_ref(), since);
        keep(&mut self.srgb, old.srgb.as_ref(), since);
        keep(&mut self.srlb, old.srlb.as_ref(), since);
        keep(&mut self.msd, old.msd.as_ref(), since);
        keep(&mut self.overload, old.overload.as_ref(), since);
    }

    fn lay(&self, node: &mut Node) {
        lay_some(&mut node.locator, self.locator.as_ref());
        lay_some(&mut node.node_sid, self.node_sid.as_ref());
        lay(&mut node.msd, self.msd.as_ref());
        // These are no facts of the model: that the file says otherwise is shown beside, and told.
        node.srgb = self.srgb.as_ref().map_or(node.srgb, |fact| fact.value);
        node.srlb = self.srlb.as_ref().map_or(node.srlb, |fact| fact.value);
        node.overload = self.overload.as_ref().map_or(node.overload, |fact| fact.value);
    }
}

impl WayFacts {
    fn hear(&mut self, way: &Way) {
        merge(&mut self.bandwidth, way.bandwidth.clone());
        merge(&mut self.igp, way.igp.clone());
        merge(&mut self.te, way.te.clone());
        merge(&mut self.adjacency_label, way.adjacency_label.clone());
        merge(&mut self.end_x, way.end_x.clone());
        merge(&mut self.delay, way.delay.clone());
        merge(&mut self.jitter, way.jitter.clone());
        merge(&mut self.loss, way.loss.clone());
    }

    fn join(&mut self, said: &Self, of: &NodeId) {
        join(&mut self.bandwidth, said.bandwidth.as_ref(), of);
        join(&mut self.igp, said.igp.as_ref(), of);
        join(&mut self.te, said.te.as_ref(), of);
        join(&mut self.adjacency_label, said.adjacency_label.as_ref(), of);
        join(&mut self.end_x, said.end_x.as_ref(), of);
        join(&mut self.delay, said.delay.as_ref(), of);
        join(&mut self.jitter, said.jitter.as_ref(), of);
        join(&mut self.loss, said.loss.as_ref(), of);
    }

    fn said_by(&self, is_meant: &mut dyn FnMut(&DeviceSource) -> bool) -> Self {
        Self {
            bandwidth: said_by(self.bandwidth.as_ref(), is_meant),
            igp: said_by(self.igp.as_ref(), is_meant),
            te: said_by(self.te.as_ref(), is_meant),
            adjacency_label: said_by(self.adjacency_label.as_ref(), is_meant),
            end_x: said_by(self.end_x.as_ref(), is_meant),
            delay: said_by(self.delay.as_ref(), is_meant),
            jitter: said_by(self.jitter.as_ref(), is_meant),
            loss: said_by(self.loss.as_ref(), is_meant),
            around: AroundFacts::default(),
        }
    }

    fn keep(&mut self, old: &Self, since: Silence<'_>) {
        keep(&mut self.bandwidth, old.bandwidth.as_ref(), since);
        keep(&mut self.igp, old.igp.as_ref(), since);
        keep(&mut self.te, old.te.as_ref(), since);
        keep(&mut self.adjacency_label, old.adjacency_label.as_ref(), since);
        keep(&mut self.end_x, old.end_x.as_ref(), since);
        keep(&mut self.delay, old.delay.as_ref(), since);
        keep(&mut self.jitter, old.jitter.as_ref(), since);
        keep(&mut self.loss, old.loss.as_ref(), since);
        self.around.keep(&old.around, since.since);
    }

    /// Neither delay nor jitter nor loss, nor what is around.
    fn lay(&self, direction: &mut Direction) {
        let is_room = |said: &&Fact<Bandwidth>| !is_beyond_contract(said, &direction.bandwidth);
        let bandwidth = self.bandwidth.as_ref().filter(is_room);
        lay(&mut direction.bandwidth, bandwidth);
        lay(&mut direction.igp, self.igp.as_ref());
        lay(&mut direction.te, self.te.as_ref());
        lay_some(&mut direction.adjacency_label, self.adjacency_label.as_ref());
        lay_some(&mut direction.end_x, self.end_x.as_ref());
    }
}

impl LinkFacts {
    /// What holds for traffic that enters at that side.
    pub const fn way(&self, from: Side) -> &WayFacts {
        match from {
            Side::A => &self.a_to_z,
            Side::Z => &self.z_to_a,
        }
    }

    /// The same, to change it.
    pub const fn way_mut(&mut self, from: Side) -> &mut WayFacts {
        match from {
            Side::A => &mut self.a_to_z,
            Side::Z => &mut self.z_to_a,
        }
    }

    /// Groups that have no name say nothing here.
    fn hear_groups(&mut self, way: &Way, names: &Names) {
        let Some(said) = way.groups.as_ref().filter(|_| !names.groups.is_empty()) else { return };
        let named = |numbers: &BTreeSet<u32>| -> BTreeSet<Affinity> {
            numbers.iter().filter_map(|number| names.groups.get(number).cloned()).collect()
        };
        let standing = match &said.standing {
            Standing::Fresh => Standing::Fresh,
            Standing::Stale { since } => Standing::Stale { since: *since },
            Standing::Conflicting { other, source } => {
                Standing::Conflicting { other: named(other), source: source.clone() }
            }
        };
        let new = Fact { value: named(&said.value), source: said.source.clone(), at: said.at, standing };
        match &mut self.affinity {
            Some(fact) => fact.value.extend(new.value),
            None => self.affinity = Some(new),
        }
    }

    fn lay(&self, link: &mut Link, named: &BTreeSet<Affinity>) {
        self.a_to_z.lay(&mut link.a_to_z);
        self.z_to_a.lay(&mut link.z_to_a);
        if let Some(affinity) = &self.affinity {
            link.affinity.retain(|group| !named.contains(group));
            link.affinity.extend(affinity.value.iter().cloned());
        }
    }
}

/// What is said before all have told all.
#[derive(Clone, Copy)]
struct Silence<'a> {
    /// Whoever says nothing is silent at least since then.
    since: Timestamp,
    /// Who has told all, and so is not silent about what it does not say.
    told_all: &'a BTreeSet<NodeId>,
}

impl AroundFacts {
    /// With what was said before and is not said now, as stale.
    pub(super) fn keep(&mut self, old: &Self, since: Timestamp) {
        let nobody = BTreeSet::new();
        let silence = Silence { since, told_all: &nobody };
        keep(&mut self.oper, old.oper.as_ref(), silence);
        keep(&mut self.speed, old.speed.as_ref(), silence);
        keep(&mut self.plug, old.plug.as_ref(), silence);
    }
}

/// What a router says of itself goes before what is known of it.
fn join<T: Clone + PartialEq>(place: &mut Option<Fact<T>>, said: Option<&Fact<T>>, of: &NodeId) {
    let Some(said) = said.cloned() else { return };
    let is_own = matches!(&said.source, Source::Advertised(device) if device.node == *of);
    let second = if is_own { place.replace(said) } else { Some(said) };
    merge(place, second);
}

fn said_by<T: Clone>(
    fact: Option<&Fact<T>>,
    is_meant: &mut dyn FnMut(&DeviceSource) -> bool,
) -> Option<Fact<T>> {
    let is_meant = |fact: &&Fact<T>| matches!(&fact.source, Source::Advertised(device) if is_meant(device));
    fact.filter(is_meant).cloned()
}

fn keep<T: Clone>(place: &mut Option<Fact<T>>, before: Option<&Fact<T>>, silence: Silence<'_>) {
    // A router that is a peer too says other things by other protocols.
    let is_withdrawn = |fact: &Fact<T>| match &fact.source {
        Source::Advertised(device) => device.protocol == PROTOCOL && silence.told_all.contains(&device.node),
        Source::File | Source::Derived => false,
    };
    let Some(before) = before.filter(|fact| place.is_none() && !is_withdrawn(fact)) else { return };
    let since = match before.standing {
        Standing::Stale { since } => since,
        Standing::Fresh | Standing::Conflicting { .. } => silence.since,
    };
    *place = Some(Fact { standing: Standing::Stale { since }, ..before.clone() });
}

/// Whether routers say more than the file: a port may be faster than the line that is paid for. The smaller of both holds.
pub(super) fn is_beyond_contract(said: &Fact<Bandwidth>, in_file: &Fact<Bandwidth>) -> bool {
    in_file.source == Source::File && said.value > in_file.value
}

fn lay_some<T: Clone + PartialEq>(place: &mut Option<Fact<T>>, said: Option<&Fact<T>>) {
    match place {
        Some(place) => lay(place, said),
        None => *place = said.cloned(),
    }
}

/// What routers say counts; what the file says stands beside it where it is another value, unless the routers are silent.
fn lay<T: Clone + PartialEq>(place: &mut Fact<T>, said: Option<&Fact<T>>) {
    let Some(said) = said else { return };
    let mut new = said.clone();
    if place.source == Source::File && place.value != new.value && new.standing == Standing::Fresh {
        new.standing = Standing::Conflicting { other: place.value.clone(), source: Source::File };
    }
    *place = new;
}

fn bare<T: Clone>(fact: &mut Fact<T>) {
    *fact = Fact::derived(fact.value.clone());
}

/// A network without who said what of it and when: what a plan follows from.
pub fn plain(ted: &Ted) -> Ted {
    let mut ted = ted.clone();
    for node in ted.nodes.values_mut() {
        node.locator.iter_mut().for_each(bare);
        node.node_sid.iter_mut().for_each(bare);
        bare(&mut node.msd);
    }
    for link in ted.links.values_mut() {
        for way in [&mut link.a_to_z, &mut link.z_to_a] {
            bare(&mut way.bandwidth);
            bare(&mut way.delay);
            bare(&mut way.jitter);
            bare(&mut way.loss);
            bare(&mut way.igp);
            bare(&mut way.te);
            way.adjacency_label.iter_mut().for_each(bare);
            way.end_x.iter_mut().for_each(bare);
        }
    }
    ted
}

/// The routers and links that two networks of one file have otherwise, whoever says it: of these a plan may follow. Both as
/// [`plain`] gives them.
pub fn differing(one: &Ted, other: &Ted) -> Vec<String> {
    let nodes = one.nodes.iter().filter(|(id, node)| other.nodes.get(*id) != Some(*node));
    let links = one.links.iter().filter(|(id, link)| other.links.get(*id) != Some(*link));
    nodes.map(|(id, _)| id.to_string()).chain(links.map(|(id, _)| id.to_string())).collect()
}
