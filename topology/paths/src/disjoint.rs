//! The backup of a path: as far away from it as the network allows.

use std::collections::BTreeSet;

use model::{EdgeIx, Graph, NodeIx, Side, intent::Diversity};

use crate::{
    constraint::PathRequest,
    cspf::{Miss, answer, solve},
    found::Found,
    problem::Problem,
    set::{EdgeSet, NodeSet},
    workspace::Workspace,
};

/// What two paths have in common, whatever kind of diversity was asked for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Shared {
    /// Links, as edges of the backup.
    pub links: Vec<EdgeIx>,
    /// Transit nodes, ascending.
    pub nodes: Vec<NodeIx>,
    /// Shared risks, ascending, numbers into [`Graph::srlgs`].
    pub srlgs: Vec<u32>,
}

impl Shared {
    /// Between a path and its backup.
    pub fn between(graph: &Graph, primary: &[EdgeIx], backup: &[EdgeIx]) -> Self {
        let links: BTreeSet<usize> = primary.iter().map(|edge| edge.link()).collect();
        let common = |of: &dyn Fn(&[EdgeIx]) -> BTreeSet<u32>| -> Vec<u32> {
            of(primary).intersection(&of(backup)).copied().collect()
        };
        let nodes = |edges: &[EdgeIx]| transit(graph, edges).map(|node| node.0).collect();
        let risks =
            |edges: &[EdgeIx]| edges.iter().flat_map(|edge| &graph.edge(*edge).srlg).copied().collect();
        Self {
            links: backup.iter().filter(|edge| links.contains(&edge.link())).copied().collect(),
            nodes: common(&nodes).into_iter().map(NodeIx).collect(),
            srlgs: common(&risks),
        }
    }

    /// How many things are shared that this kind of diversity keeps apart.
    pub const fn count(&self, diversity: Diversity) -> usize {
        match diversity {
            Diversity::Link => self.links.len(),
            Diversity::Node => self.links.len() + self.nodes.len(),
            Diversity::Srlg => self.links.len() + self.srlgs.len(),
        }
    }
}

/// A second path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Backup {
    /// Where it goes.
    pub found: Found,
    /// What it has in common with the first.
    pub shared: Shared,
    /// Whether nothing is shared that the asked diversity keeps apart.
    pub strict: bool,
}

/// The best path that shares the least with `primary`, both meeting the request: fewest shared things, then the order of
/// [`crate::shortest`]. A link counts as shared in either direction; [`Diversity::Node`] counts links and transit nodes,
/// [`Diversity::Srlg`] links and shared risks, a risk once however many links of the backup lie in it.
///
/// Strictly disjoint paths, and maximally disjoint ones by link or node, cost as much as [`crate::shortest`]. Fewest shared
/// risks is NP-hard: label-setting with its limit; past the limit each link of a risk counts, and [`Found::exact`] is false.
/// A primary in more than 128 risks that it shares with other links is counted so too.
///
/// # Errors
/// No path but the primary itself meets the request.
pub fn backup(
    graph: &Graph,
    free: &[u64],
    request: &PathRequest,
    primary: &[EdgeIx],
    diversity: Diversity,
    workspace: &mut Workspace,
) -> Result<Backup, Miss> {
    let mut charges = std::mem::take(&mut workspace.charges);
    charges.fill(graph, primary, diversity);
    let mut found = Err(Miss { exact: true });
    for count in [Count::Strict, Count::Exact, Count::Summed] {
        charges.count = count;
        let problem = Problem { charges: Some(&charges), ..Problem::new(graph, free, request) };
        let outcome = solve(&problem, workspace);
        let gave_up = found.as_ref().is_err_and(|miss: &Miss| !miss.exact);
        found =
            answer(graph, request, outcome, workspace).map_err(|miss| Miss { exact: miss.exact && !gave_up });
        if let Ok(path) = &mut found {
            path.exact &= !gave_up && (charges.complete || count == Count::Strict);
            break;
        }
    }
    workspace.charges = charges;
    let found = found?;
    if found.edges == primary {
        return Err(Miss { exact: found.exact });
    }
    let shared = Shared::between(graph, primary, &found.edges);
    Ok(Backup { strict: shared.count(diversity) == 0, found, shared })
}

fn transit<'a>(graph: &'a Graph, edges: &'a [EdgeIx]) -> impl Iterator<Item = NodeIx> + 'a {
    edges.iter().take(edges.len().saturating_sub(1)).map(|edge| graph.edge(*edge).to)
}

/// How shared things are counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Count {
    /// Not at all: they are forbidden.
    #[default]
    Strict,
    /// Each once.
    Exact,
    /// A risk at each link that lies in it.
    Summed,
}

/// What each edge shares with the primary.
#[derive(Debug, Default)]
pub(crate) struct Charges {
    /// Things that no other edge of a simple path shares: links, nodes, risks of a single link.
    toll: Vec<u32>,
    /// Risks that lie on several links, one bit each; empty where there are none.
    risks: Vec<u128>,
    count: Count,
    /// Whether the bits were enough.
    complete: bool,
}

impl Charges {
    /// How many things an edge shares; none where it must not be used.
    #[inline]
    pub(crate) fn toll(&self, edge: EdgeIx) -> Option<u32> {
        let toll = self.toll[edge.ix()];
        let risks = self.risks.get(edge.ix()).map_or(0, |risks| risks.count_ones());
        match self.count {
            Count::Strict => (toll + risks == 0).then_some(0),
            Count::Exact => Some(toll),
            Count::Summed => Some(toll + risks),
        }
    }

    /// The risks of an edge that count once for the whole path.
    pub(crate) fn risks(&self, edge: EdgeIx) -> u128 {
        match self.count {
            Count::Exact => self.risks.get(edge.ix()).copied().unwrap_or(0),
            Count::Strict | Count::Summed => 0,
        }
    }

    /// Whether [`Charges::risks`] says anything.
    pub(crate) fn counts_risks(&self) -> bool {
        self.count == Count::Exact && !self.risks.is_empty()
    }

    fn fill(&mut self, graph: &Graph, primary: &[EdgeIx], diversity: Diversity) {
        self.toll.clear();
        self.toll.resize(graph.edge_count(), 0);
        self.risks.clear();
        self.complete = true;
        let mut links = EdgeSet::default();
        primary.iter().for_each(|edge| links.insert_link(*edge));
        for (ix, toll) in (0..).map(EdgeIx).zip(&mut self.toll) {
            *toll = u32::from(links.contains(ix));
        }
        match diversity {
            Diversity::Link => {}
            Diversity::Node => {
                let nodes: NodeSet = transit(graph, primary).collect();
                for ((_, edge), toll) in graph.edges().zip(&mut self.toll) {
                    *toll += u32::from(nodes.contains(edge.to));
                }
            }
            Diversity::Srlg => self.fill_risks(graph, primary),
        }
    }

    fn fill_risks(&mut self, graph: &Graph, primary: &[EdgeIx]) {
        let mut links = vec![0_u32; graph.srlgs.len()];
        for (ix, edge) in graph.edges() {
            // Both directions of a link are in the same risks: one of them stands for it.
            if ix.side() == Side::A {
                edge.srlg.iter().for_each(|risk| links[*risk as usize] += 1);
            }
        }
        let mut bits = vec![None; graph.srlgs.len()];
        let mine: BTreeSet<u32> = primary.iter().flat_map(|edge| &graph.edge(*edge).srlg).copied().collect();
        let wide = mine.iter().filter(|risk| links[**risk as usize] > 1);
        for (bit, risk) in (0..128_u32).zip(wide.clone()) {
            bits[*risk as usize] = Some(bit);
        }
        let wide = wide.count();
        self.complete = wide <= 128;
        if wide > 0 {
            self.risks.resize(graph.edge_count(), 0);
        }
        for (ix, edge) in graph.edges() {
            for risk in edge.srlg.iter().filter(|risk| mine.contains(risk)) {
                match bits[*risk as usize] {
                    Some(bit) => self.risks[ix.ix()] |= 1 << bit,
                    None => self.toll[ix.ix()] += 1,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
