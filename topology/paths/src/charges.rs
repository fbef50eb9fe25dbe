//! What a path is charged for what it shares with others.

use model::{EdgeIx, Graph};

use crate::apart::{Apart, Thing};

/// How shared things are counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Count {
    /// Not at all: they are forbidden.
    #[default]
    Strict,
    /// Each once.
    Exact,
    /// Each at every edge that uses it.
    Summed,
}

/// What each edge shares with the other paths.
#[derive(Debug, Default)]
pub(crate) struct Charges {
    /// Things that no other edge of a simple path shares: links, nodes, risks of a single link.
    toll: Vec<u32>,
    /// Things that one path may use at several edges, one bit each: risks that lie on several links, sites of several nodes, and
    /// for a walk through stops, which may come back over a link and to a node, all things.
    wide: Vec<u128>,
    any_wide: bool,
    /// Which edges share anything: all others are zero.
    touched: Vec<EdgeIx>,
    pub(crate) count: Count,
    /// Whether the bits were enough.
    pub(crate) complete: bool,
}

impl Charges {
    /// How many things an edge shares; none where it must not be used.
    #[inline]
    pub(crate) fn toll(&self, edge: EdgeIx) -> Option<u32> {
        let toll = self.toll[edge.ix()];
        let wide = self.wide.get(edge.ix()).map_or(0, |wide| wide.count_ones());
        match self.count {
            Count::Strict => (toll + wide == 0).then_some(0),
            Count::Exact => Some(toll),
            Count::Summed => Some(toll + wide),
        }
    }

    /// The things of an edge that count once for the whole path.
    pub(crate) fn once(&self, edge: EdgeIx) -> u128 {
        match self.count {
            Count::Exact => self.wide.get(edge.ix()).copied().unwrap_or(0),
            Count::Strict | Count::Summed => 0,
        }
    }

    /// Whether [`Charges::once`] says anything.
    pub(crate) fn counts_once(&self) -> bool {
        self.count == Count::Exact && self.any_wide
    }

    /// Costs as much as there are edges in what is shared. `simple`: the path that is charged visits no node twice.
    pub(crate) fn fill(&mut self, graph: &Graph, others: &[&[EdgeIx]], apart: Apart, simple: bool) {
        self.clear(graph.edge_count());
        if simple && apart == Apart::LINK {
            return self.fill_links(others);
        }
        let mut things: Vec<Thing> = others.iter().flat_map(|path| Thing::of(graph, apart, path)).collect();
        things.sort_unstable();
        things.dedup();
        let mut bit = 0;
        for thing in things {
            // Both directions of a link are in the same risks.
            let is_wide = match thing {
                Thing::Link(_) | Thing::Node(_) => !simple,
                Thing::Risk(risk) => !simple || graph.in_srlg(risk).len() > 2,
                Thing::Site(_) => true,
            };
            // A bit for each thing that several edges of one path may share, or where these are used up a toll for each edge.
            let bit = is_wide.then(|| next(&mut bit));
            match thing {
                Thing::Link(edge) => {
                    [edge, edge.reverse()].into_iter().for_each(|edge| self.charge(edge, bit));
                }
                Thing::Node(node) => graph.into(node).for_each(|edge| self.charge(edge, bit)),
                Thing::Risk(risk) => graph.in_srlg(risk).iter().for_each(|edge| self.charge(*edge, bit)),
                Thing::Site(site) => {
                    let edges = graph.at_site(site).iter().flat_map(|node| graph.into(*node));
                    edges.for_each(|edge| self.charge(edge, bit));
                }
            }
        }
        self.complete = bit <= 128;
    }

    /// Where links alone count, both directions of each.
    fn fill_links(&mut self, others: &[&[EdgeIx]]) {
        for edge in others.iter().copied().flatten().flat_map(|edge| [*edge, edge.reverse()]) {
            if self.toll[edge.ix()] == 0 {
                self.charge(edge, None);
            }
        }
        self.complete = true;
    }

    /// Charges for a link no longer that was filled in as one of a simple path.
    pub(crate) fn forgive(&mut self, edge: EdgeIx) {
        for edge in [edge, edge.reverse()] {
            self.toll[edge.ix()] = self.toll[edge.ix()].saturating_sub(1);
        }
    }

    fn clear(&mut self, edges: usize) {
        for edge in self.touched.drain(..) {
            self.toll[edge.ix()] = 0;
            if let Some(wide) = self.wide.get_mut(edge.ix()) {
                *wide = 0;
            }
        }
        self.toll.resize(edges, 0);
        self.wide.truncate(edges);
        self.any_wide = false;
    }

    fn charge(&mut self, edge: EdgeIx, bit: Option<u32>) {
        self.touched.push(edge);
        match bit {
            Some(bit) if bit < 128 => {
                self.wide.resize(self.toll.len(), 0);
                self.wide[edge.ix()] |= 1 << bit;
                self.any_wide = true;
            }
            _ => self.toll[edge.ix()] += 1,
        }
    }
}

/// The number, and one more for the next time.
fn next(bit: &mut u32) -> u32 {
    *bit += 1;
    *bit - 1
}
