//! Where a path that begins at a branch comes upon the backbone: by one of its own few lines. What these cost is the same
//! whatever lies beyond, and is found out once for each search.

use model::{EdgeIx, NodeIx};

use crate::{
    backbone::Backbone,
    goal::NO_EDGE,
    packed::Lead,
    problem::{Key, Problem},
};

/// Stands for the number of the place where all paths of a root begin or end.
pub(crate) const HERE: u32 = u32::MAX;

/// One way from the other end of a path onto the backbone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Landing {
    /// The line; none where that end carries transit itself.
    pub(crate) via: EdgeIx,
    /// The number of the node that it leads to, or [`HERE`].
    pub(crate) number: u32,
    /// What the problem asks for the line.
    pub(crate) cost: Key,
}

impl Landing {
    /// Writes all that a direct problem admits into `landings`; the root stands where its paths end for [`Lead::Home`], else where
    /// they begin. O(edges of the other end).
    pub(crate) fn all(backbone: &Backbone, problem: &Problem<'_>, lead: Lead, landings: &mut Vec<Self>) {
        let (from, to) = (problem.request.from, problem.request.to);
        let ends = if lead == Lead::Home { (from, to) } else { (to, from) };
        Self::between(backbone, problem, lead, ends, landings);
    }

    /// The same where the request stands for many with ends of their own: between a start and the place of the root.
    pub(crate) fn between(
        backbone: &Backbone,
        problem: &Problem<'_>,
        lead: Lead,
        (start, place): (NodeIx, NodeIx),
        landings: &mut Vec<Self>,
    ) {
        landings.clear();
        if start == place {
            return landings.push(Self { via: NO_EDGE, number: HERE, cost: Key::default() });
        }
        if let Some(number) = backbone.number(start) {
            return landings.push(Self { via: NO_EDGE, number: number as u32, cost: Key::default() });
        }
        for out in problem.graph.out(start) {
            let via = lead.toward(*out);
            let edge = problem.graph.edge(via);
            let next = if lead == Lead::Home { edge.to } else { edge.from };
            let number = if next == place { Some(HERE) } else { backbone.number(next).map(|n| n as u32) };
            let Some(number) = number else { continue };
            if let Some(rank) = problem.admit(via, edge) {
                landings.push(Self { via, number, cost: problem.step(Key::default(), edge, rank) });
            }
        }
    }
}
