//! What paths are kept apart by, and what they have in common.

use model::{EdgeIx, Graph, NodeIx, intent::Diversity};

/// What paths must not share. Links always count; nodes, shared risks and sites as asked, in any combination:
/// `Apart::NODE.and(Apart::SRLG)`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Apart {
    /// Transit nodes; the two ends do not count, nor where a walk through stops crosses them on its way.
    pub nodes: bool,
    /// Shared risks (RFC 4203 section 1.3).
    pub srlgs: bool,
    /// Transit sites; those of the two ends do not count.
    pub sites: bool,
}

impl Apart {
    /// Links alone.
    pub const LINK: Self = Self { nodes: false, srlgs: false, sites: false };
    /// Links and transit nodes.
    pub const NODE: Self = Self { nodes: true, ..Self::LINK };
    /// Links and shared risks.
    pub const SRLG: Self = Self { srlgs: true, ..Self::LINK };
    /// Links and transit sites.
    pub const SITE: Self = Self { sites: true, ..Self::LINK };

    /// Both.
    pub const fn and(self, other: Self) -> Self {
        Self {
            nodes: self.nodes || other.nodes,
            srlgs: self.srlgs || other.srlgs,
            sites: self.sites || other.sites,
        }
    }
}

impl From<Diversity> for Apart {
    fn from(diversity: Diversity) -> Self {
        match diversity {
            Diversity::Link => Self::LINK,
            Diversity::Node => Self::NODE,
            Diversity::Srlg => Self::SRLG,
        }
    }
}

/// Something that two paths may share.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Thing {
    /// A number into [`Graph::srlgs`].
    Risk(u32),
    /// A number into [`Graph::sites`].
    Site(u32),
    Node(NodeIx),
    /// The edge that leaves side A of it.
    Link(EdgeIx),
}

impl Thing {
    /// What a path uses of the things that count, ascending.
    pub(crate) fn of(graph: &Graph, apart: Apart, edges: &[EdgeIx]) -> Vec<Self> {
        // Room for a link, a node, a risk and a site each.
        let mut things = Vec::with_capacity(4 * edges.len());
        things.extend(edges.iter().map(|edge| Self::Link(EdgeIx(2 * edge.link() as u32))));
        if apart.srlgs {
            things
                .extend(edges.iter().flat_map(|edge| &graph.edge(*edge).srlg).map(|risk| Self::Risk(*risk)));
        }
        if apart.nodes {
            things.extend(between_ends(graph, edges).map(Self::Node));
        }
        if apart.sites {
            things.extend(sites_between(graph, edges).map(Self::Site));
        }
        things.sort_unstable();
        things.dedup();
        things
    }
}

/// The nodes at which a path arrives before its end, in order of travel, but for its own ends: a walk through stops may cross these
/// on the way, and no other walk can do without them.
fn between_ends<'a>(graph: &'a Graph, edges: &'a [EdgeIx]) -> impl Iterator<Item = NodeIx> + Clone + 'a {
    let ends = ends(graph, edges);
    let transit = edges.iter().take(edges.len().saturating_sub(1)).map(|edge| graph.edge(*edge).to);
    transit.filter(move |node| !ends.contains(&Some(*node)))
}

/// The sites of the same nodes, but for those of the ends.
fn sites_between<'a>(graph: &'a Graph, edges: &'a [EdgeIx]) -> impl Iterator<Item = u32> + Clone + 'a {
    let ends = ends(graph, edges).map(|node| node.and_then(|node| graph.site(node)));
    between_ends(graph, edges)
        .filter_map(|node| graph.site(node))
        .filter(move |site| !ends.contains(&Some(*site)))
}

fn ends(graph: &Graph, edges: &[EdgeIx]) -> [Option<NodeIx>; 2] {
    let (first, last) = (edges.first(), edges.last());
    [first.map(|edge| graph.edge(*edge).from), last.map(|edge| graph.edge(*edge).to)]
}

/// Paths whose numbers of edges multiply to more are compared in order.
const MOST_PAIRS: usize = 1_024;

/// What paths have in common, whatever was asked to be kept apart: what two or more of them use.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Shared {
    /// Links, each once, as the first edge by which the last path uses it; in order of that path.
    pub links: Vec<EdgeIx>,
    /// Transit nodes, ascending; the ends do not count.
    pub nodes: Vec<NodeIx>,
    /// Shared risks, ascending, numbers into [`Graph::srlgs`].
    pub srlgs: Vec<u32>,
    /// Transit sites, ascending, numbers into [`Graph::sites`]; the sites of the ends do not count.
    pub sites: Vec<u32>,
}

impl Shared {
    /// Between a path and its backup. O(edges) where they are as short as paths are and have little in common, for short ones
    /// allocates only what they share.
    pub fn between(graph: &Graph, primary: &[EdgeIx], backup: &[EdgeIx]) -> Self {
        if primary.len().saturating_mul(backup.len()) > MOST_PAIRS {
            return Self::among(graph, &[primary, backup]);
        }
        let link = |edge: &EdgeIx| edge.link() as u32;
        let risks = |edge: &EdgeIx| graph.edge(*edge).srlg.iter().copied();
        let nodes = |path| between_ends(graph, path).map(|node| node.0);
        let links = common(primary.iter().map(link), backup.iter().map(link));
        let sites = if graph.sites.is_empty() {
            Vec::new()
        } else {
            common(sites_between(graph, primary), sites_between(graph, backup))
        };
        Self {
            links: named(&links, &[primary, backup]),
            nodes: common(nodes(primary), nodes(backup)).into_iter().map(NodeIx).collect(),
            srlgs: common(primary.iter().flat_map(risks), backup.iter().flat_map(risks)),
            sites,
        }
    }

    /// Among any number of paths with the same ends.
    pub fn among(graph: &Graph, paths: &[&[EdgeIx]]) -> Self {
        let all = Apart { nodes: true, srlgs: true, sites: true };
        let (mut shared, mut links) = (Self::default(), Vec::new());
        let users = users(graph, all, paths);
        for (thing, _) in users.into_iter().filter(|(_, users)| *users > 1) {
            match thing {
                Thing::Risk(risk) => shared.srlgs.push(risk),
                Thing::Site(site) => shared.sites.push(site),
                Thing::Node(node) => shared.nodes.push(node),
                Thing::Link(edge) => links.push(edge.link() as u32),
            }
        }
        shared.links = named(&links, paths);
        shared
    }

    /// How many things are shared that this kind of diversity keeps apart.
    pub fn count(&self, apart: impl Into<Apart>) -> usize {
        let apart = apart.into();
        let of = |counts: bool, things: usize| if counts { things } else { 0 };
        self.links.len()
            + of(apart.nodes, self.nodes.len())
            + of(apart.srlgs, self.srlgs.len())
            + of(apart.sites, self.sites.len())
    }
}

/// Links by the way that the last path which uses them takes over them first, in order of that path.
fn named(links: &[u32], paths: &[&[EdgeIx]]) -> Vec<EdgeIx> {
    let mut named: Vec<EdgeIx> = Vec::with_capacity(links.len());
    if links.is_empty() {
        return named;
    }
    for edge in paths.iter().rev().copied().flatten().filter(|edge| links.contains(&(edge.link() as u32))) {
        if !named.iter().any(|known| known.link() == edge.link()) {
            named.push(*edge);
        }
    }
    named
}

/// The numbers that are in both, ascending. A bit for each number of the one shows for most of the other that it is not there.
fn common(one: impl Iterator<Item = u32> + Clone, other: impl Iterator<Item = u32>) -> Vec<u32> {
    let bit = |number: u32| 1_u64 << (number % 64);
    let there = one.clone().fold(0, |bits, number| bits | bit(number));
    let is_there = |number: &u32| there & bit(*number) != 0 && one.clone().any(|known| known == *number);
    let mut common: Vec<u32> = other.filter(is_there).collect();
    common.sort_unstable();
    common.dedup();
    common
}

/// How many of the paths use each thing, in the order of things.
pub(crate) fn users(graph: &Graph, apart: Apart, paths: &[&[EdgeIx]]) -> Vec<(Thing, usize)> {
    let mut things: Vec<Thing> = paths.iter().flat_map(|path| Thing::of(graph, apart, path)).collect();
    things.sort_unstable();
    things.chunk_by(|a, b| a == b).map(|same| (same[0], same.len())).collect()
}

#[cfg(test)]
mod tests;
