//! What FRR's `isisd` prints of the network that IS-IS told it, as JSON: the same facts as BGP-LS has of it.
//!
//! | command | holds | read |
//! |---|---|---|
//! | `show isis database detail json` | the link-state database ([`database`]) | of FRR 10.1 and later |
//! | `show isis mpls-te database json` | the same as a graph ([`graph`]); it is there with `mpls-te on` | of FRR 8.4 and later |
//!
//! Before 10.1 the first command writes all LSPs of a level into one object, each over the one before it, so that most of the network
//! is not in it. Such a text is refused: half a network that looks like a whole one would be worse than none.
//!
//! A router is in the network under its host name, or else under its system id; an adjacency is a link where both sides tell of it
//! (ISO 10589 section 7.2.8.2). LANs are no links of the model. What is left out is told.

mod database;
mod graph;
mod pair;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
};

use ipnet::{IpNet, Ipv6Net};
use model::{Affinity, Bandwidth, Fact, InterfaceName, Loss, NodeId, Severity, node::MsdSet, sr::LabelBlock};

use crate::{
    code,
    draft::{Draft, DraftDirection, DraftLine, DraftLink, DraftNode, Missing, Unread, default_name},
    text::{Mark, Report, Tree},
};

/// The member that the link-state database begins with.
pub(crate) const DATABASE: &str = "areas";
/// The member that the graph begins with.
pub(crate) const GRAPH: &str = "ted";

/// Reads either.
pub(crate) fn read(tree: &Tree, report: &mut Report) -> Option<Draft> {
    let heard = match tree.at(GRAPH) {
        Some(graph) => graph::read(graph, report)?,
        None => database::read(tree, report)?,
    };
    Some(heard.into_draft(report))
}

/// What the text says of a router.
#[derive(Debug, Default)]
struct Router {
    /// Its host name, or what else it is called.
    name: String,
    mark: Option<Mark>,
    router_id: Option<Ipv4Addr>,
    srgb: Option<LabelBlock>,
    srlb: Option<LabelBlock>,
    /// Labels that it can push.
    msd: Option<u8>,
    /// Indexes of its own prefixes of 32 bits that are said to be node SIDs.
    sids: BTreeMap<Ipv4Addr, u32>,
    locator: Option<Ipv6Net>,
    overload: bool,
}

/// What the text says of one direction of an adjacency.
#[derive(Debug, Default)]
struct Half {
    /// Places among the routers.
    from: usize,
    to: usize,
    mark: Option<Mark>,
    near: Vec<IpAddr>,
    far: Vec<IpAddr>,
    direction: DraftDirection,
    groups: BTreeSet<u32>,
    srlg: BTreeSet<u32>,
}

/// All that the text says.
#[derive(Debug, Default)]
struct Heard {
    routers: Vec<Router>,
    halves: Vec<Half>,
    /// What is no router or link of the network, and why.
    left_out: Vec<(String, &'static str, Option<Mark>)>,
}

const ONE_WAY: &str = "only one side tells of it";
const NO_NAME: &str = "its ends have no names that can be written";

impl Heard {
    fn into_draft(mut self, report: &mut Report) -> Draft {
        let names = self.names();
        let (pairs, alone) = pair::pairs(&self.halves);
        let mut taken = Interfaces::default();
        let mut links = Vec::new();
        for (one, two) in pairs {
            let (Some(one), Some(two)) = (self.halves.get(one), self.halves.get(two)) else { continue };
            match link((one, two), &names, &mut taken) {
                Some(link) => links.push(link),
                None => self.left_out.push((between(one, &self.routers), NO_NAME, one.mark)),
            }
        }
        for half in alone.into_iter().filter_map(|place| self.halves.get(place)) {
            self.left_out.push((between(half, &self.routers), ONE_WAY, half.mark));
        }
        for (what, why, mark) in &self.left_out {
            report.add(code::LEFT_OUT_OF_DATABASE, Severity::Warning, what, *why, *mark);
        }
        let nodes = self.routers.into_iter().zip(names).filter_map(|(router, name)| Some(router.node(name?)));
        Draft { nodes: nodes.collect(), unread: Unread::default(), links, missing: Missing::Derive }
    }

    /// What each router is called in the network: by its name where that is one, or else by its router id.
    fn names(&self) -> Vec<Option<NodeId>> {
        let name = |router: &Router| {
            let told = router.name.parse::<NodeId>().ok();
            told.or_else(|| router.router_id.and_then(|id| id.to_string().parse().ok()))
        };
        self.routers.iter().map(name).collect()
    }
}

/// What an adjacency is called where it is left out.
fn between(half: &Half, routers: &[Router]) -> String {
    let name = |place: usize| routers.get(place).map_or("?", |router| router.name.as_str());
    format!("link {} to {}", name(half.from), name(half.to))
}

impl Router {
    fn node(self, id: NodeId) -> DraftNode {
        let mut node = DraftNode::new(id, self.mark);
        node.router_id = self.router_id;
        // That of the router id goes before others; of these the lowest address.
        let own = self.router_id.and_then(|id| self.sids.get(&id));
        node.node_sid = own.or_else(|| self.sids.values().next()).copied().map(Fact::from_file);
        node.locator = self.locator.map(Fact::from_file);
        node.srgb = self.srgb.unwrap_or(node.srgb);
        node.srlb = self.srlb.unwrap_or(node.srlb);
        node.msd = self.msd.map(|depth| MsdSet { mpls_imposition: depth, ..MsdSet::default() });
        node.overload = self.overload;
        node
    }

    /// A prefix that it tells of as its own, with the index of its node.
    fn own_sid(&mut self, prefix: IpNet, index: u32) {
        if let IpNet::V4(net) = prefix
            && net.prefix_len() == 32
        {
            self.sids.entry(net.addr()).or_insert(index);
        }
    }
}

/// Names of interfaces that are given away.
#[derive(Default)]
struct Interfaces(BTreeSet<(NodeId, InterfaceName)>);

impl Interfaces {
    /// After its address, or else after the neighbour: neither text has the names of interfaces. Two of one name are told apart by a
    /// count. O(links of the same name).
    fn name(&mut self, half: &Half, near: &NodeId, far: &NodeId) -> Option<InterfaceName> {
        let base = half.near.first().map_or_else(|| format!("to-{far}"), IpAddr::to_string);
        (1_u32..).find_map(|count| {
            let text = if count == 1 { base.clone() } else { format!("{base}~{count}") };
            // A name that is too long for one is too long with a count too.
            let name = match text.parse::<InterfaceName>() {
                Ok(name) => name,
                Err(_) => return Some(None),
            };
            self.0.insert((near.clone(), name.clone())).then_some(Some(name))
        })?
    }
}

/// A link, the router of the lower name first.
fn link((one, two): (&Half, &Half), names: &[Option<NodeId>], taken: &mut Interfaces) -> Option<DraftLink> {
    let name = |place: usize| names.get(place).and_then(Option::as_ref);
    let (one_name, two_name) = (name(one.from)?, name(two.from)?);
    let ((a, a_name), (z, z_name)) = match one_name <= two_name {
        true => ((one, one_name), (two, two_name)),
        false => ((two, two_name), (one, one_name)),
    };
    let a_end = (a_name.clone(), taken.name(a, a_name, z_name)?);
    let z_end = (z_name.clone(), taken.name(z, z_name, a_name)?);
    default_name(&a_end, &z_end)?;
    let affinity = a.groups.union(&z.groups).filter_map(|group| format!("group-{group}").parse().ok());
    let affinity: BTreeSet<Affinity> = affinity.collect();
    let srlg = a.srlg.union(&z.srlg).map(ToString::to_string).collect();
    Some(DraftLink {
        mark: a.mark,
        a: a_end,
        z: z_end,
        line: DraftLine { affinity, srlg, ..DraftLine::default() },
        from_a: a.direction.clone(),
        from_z: z.direction.clone(),
    })
}

/// Octets a second to bits a second; none of nothing, and of what no line has.
fn bandwidth(octets: f64) -> Option<Bandwidth> {
    let bits = octets * 8.0;
    // 2^63, far above every line and exactly a float.
    (bits.is_finite() && (1.0..9.2e18).contains(&bits)).then(|| Bandwidth::from_bps(bits.round() as u64))
}

/// A percentage; none beyond 0 to 100.
fn loss(percent: f64) -> Option<Loss> {
    (0.0..=100.0).contains(&percent).then(|| Loss::from_ppb((percent * 1e7).round() as u32))
}

/// The bits of administrative groups (RFC 5305 section 3.1).
fn groups(word: u32) -> BTreeSet<u32> {
    (0..32).filter(|bit| word >> bit & 1 == 1).collect()
}

#[cfg(test)]
mod tests;
