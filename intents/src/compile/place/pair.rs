//! Where path and backup share something: whether two other ways would not. The path is the best one all the same, since nobody asked
//! for a worse one; but then no line is missing, and the author is told so.

use std::sync::Arc;

use model::{Bandwidth, EdgeIx, Graph, intent::Diversity};
use paths::{Bounds, Found, PathRequest, together};

use super::{
    super::{placed::Placed, verdict},
    Placer, seen,
};
use crate::{common::kept_apart, route};

/// How many links of a way are named: more say less.
const NAMED: usize = 8;

/// Two ways of a service that share nothing of what it wants apart.
pub(super) struct Pair {
    /// Their links.
    ways: [String; 2],
    /// Whether both keep what is promised, in the room that is left now.
    keeps: bool,
}

impl Pair {
    /// What can be done, where the network has them.
    pub(super) fn help(&self, diversity: Diversity) -> String {
        let (what, [one, other]) = (kept_apart(diversity), &self.ways);
        let exist = format!("two ways with no {what} in common exist, over {one} and over {other}");
        match self.keeps {
            true => format!("{exist}: `path.prefer` or `path.avoid` can lead the path over one of them"),
            false => format!(
                "{exist}, which do not keep the promise for now: promise less and lead the path over one of them by `path.prefer` \
                 or `path.avoid`, or add a line"
            ),
        }
    }
}

impl Placer<'_> {
    /// Two such ways from `a` to `z`, where there are as many back too: the shortest, whatever is promised. Where two directions are
    /// searched each by itself, those out are named. Not asked while something is down or drained: then lines are missing for a time, and
    /// nobody waits for advice on the network as it is built.
    pub(super) fn pair(&mut self, placed: &Placed<'_>) -> Option<Pair> {
        if !self.closed.is_empty() {
            return None;
        }
        let service = placed.service;
        let overlay = self.overlay(service);
        let view = seen(&mut self.base, &mut self.overlays, overlay);
        let graph = Arc::clone(view.graph());
        let request =
            PathRequest { bounds: Bounds::default(), bandwidth: Bandwidth::ZERO, ..placed.request.clone() };
        let joint = route::is_joint(service);
        let back = (service.bidirectional && !joint).then(|| route::turned(&request));
        let free = self.room.free(self.is_strict(service)).of_service(service);
        let mut pairs = Vec::new();
        for request in std::iter::once(&request).chain(&back) {
            let found = together(&graph, free, request, 2, service.sle.diversity, view.workspace()).ok()?;
            pairs.push(found.strict.then_some(found.paths)?);
        }
        let bounds = &placed.request.bounds;
        // Its path makes room for itself where it goes now.
        let own = |edge: &EdgeIx| placed.ways.each().any(|way| way.edges.contains(edge));
        let has_room =
            |edge: &EdgeIx| own(edge) || free.get(edge.ix()).is_some_and(|free| *free >= placed.rate());
        let keeps = |way: &Found| {
            let returns = || verdict::broken(&route::reversed(&graph, way).totals, bounds).is_empty();
            verdict::broken(&way.totals, bounds).is_empty()
                && (!joint || returns())
                && way.edges.iter().all(has_room)
        };
        let keeps = pairs.iter().flatten().all(keeps);
        let [one, other] = pairs.first()?.as_slice() else { return None };
        Some(Pair { ways: [named(&graph, one), named(&graph, other)], keeps })
    }
}

/// The links of a way, in its order.
fn named(graph: &Graph, way: &Found) -> String {
    let mut links: Vec<String> =
        way.edges.iter().take(NAMED).map(|edge| format!("`{}`", graph.link_id(*edge))).collect();
    if way.edges.len() > NAMED {
        links.push("…".to_owned());
    }
    links.join(", ")
}

#[cfg(test)]
mod tests;
