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
        if let (Some(first), Some(last)) = (edges.first(), edges.last()) {
            let ends = [graph.edge(*first).from, graph.edge(*last).to];
            if apart.nodes {
                // A walk through stops may cross its own ends on the way, and no other walk can do without them.
                things.extend(transit(graph, edges).filter(|node| !ends.contains(node)).map(Self::Node));
            }
            if apart.sites {
                let ends = ends.map(|node| graph.site(node));
                let sites =
                    transit(graph, edges).map(|node| graph.site(node)).filter(|site| !ends.contains(site));
                things.extend(sites.flatten().map(Self::Site));
            }
        }
        things.sort_unstable();
        things.dedup();
        things
    }
}

/// The nodes between the ends, in order of travel.
pub(crate) fn transit<'a>(graph: &'a Graph, edges: &'a [EdgeIx]) -> impl Iterator<Item = NodeIx> + 'a {
    edges.iter().take(edges.len().saturating_sub(1)).map(|edge| graph.edge(*edge).to)
}

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
    /// Between a path and its backup.
    pub fn between(graph: &Graph, primary: &[EdgeIx], backup: &[EdgeIx]) -> Self {
        Self::among(graph, &[primary, backup])
    }

    /// Among any number of paths with the same ends.
    pub fn among(graph: &Graph, paths: &[&[EdgeIx]]) -> Self {
        let all = Apart { nodes: true, srlgs: true, sites: true };
        let (mut shared, mut links) = (Self::default(), Vec::new());
        for thing in in_common(graph, all, paths) {
            match thing {
                Thing::Risk(risk) => shared.srlgs.push(risk),
                Thing::Site(site) => shared.sites.push(site),
                Thing::Node(node) => shared.nodes.push(node),
                Thing::Link(edge) => links.push(edge.link()),
            }
        }
        // A link is named by the way that the later path takes over it.
        for edge in paths.iter().rev().copied().flatten().filter(|edge| links.contains(&edge.link())) {
            if !shared.links.iter().any(|named| named.link() == edge.link()) {
                shared.links.push(*edge);
            }
        }
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

/// What two or more of the paths use, in the order of things.
fn in_common(graph: &Graph, apart: Apart, paths: &[&[EdgeIx]]) -> Vec<Thing> {
    if let [one, other] = paths {
        // Most often there are two, with next to nothing in common.
        let (mut one, other) = (Thing::of(graph, apart, one), Thing::of(graph, apart, other));
        one.retain(|thing| other.binary_search(thing).is_ok());
        return one;
    }
    users(graph, apart, paths).into_iter().filter(|(_, users)| *users > 1).map(|(thing, _)| thing).collect()
}

/// How many of the paths use each thing, in the order of things.
pub(crate) fn users(graph: &Graph, apart: Apart, paths: &[&[EdgeIx]]) -> Vec<(Thing, usize)> {
    let mut things: Vec<Thing> = paths.iter().flat_map(|path| Thing::of(graph, apart, path)).collect();
    things.sort_unstable();
    things.chunk_by(|a, b| a == b).map(|same| (same[0], same.len())).collect()
}
