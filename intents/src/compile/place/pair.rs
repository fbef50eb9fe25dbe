//! Where path and backup share something: whether two other ways would not. An intent that says how far apart they are gets these, where they
//! keep the promise and nobody loses by it ([`super::super::parted`]). Without that the path is the best one all the same, since nobody
//! asked for a worse one; but then no line is missing, and the author is told so.

use std::{collections::BTreeSet, sync::Arc};

use model::{Bandwidth, EdgeIx, Graph, Service, ServiceId, Sle};
use paths::{Bounds, Exclusions, Found, PathRequest, together};

use super::{
    super::{placed::Placed, verdict},
    Placer, seen,
};
use crate::{
    common::kept_apart,
    route::{self, View, Ways},
};

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
    pub(super) fn help(&self, sle: &Sle) -> String {
        let (what, [one, other]) = (kept_apart(sle.diversity), &self.ways);
        let exist = format!("two ways with no {what} in common exist, over {one} and over {other}");
        match self.keeps {
            true if !sle.asks_apart => format!(
                "{exist}: write `sle: {{diversity: link}}` to have them, or lead the path over one of them by `path.prefer` or \
                 `path.avoid`"
            ),
            true => format!("{exist}: `path.prefer` or `path.avoid` can lead the path over one of them"),
            false => format!(
                "{exist}, which do not keep the promise for now: promise less and lead the path over one of them by `path.prefer` \
                 or `path.avoid`, or add a line"
            ),
        }
    }
}

impl Placer<'_> {
    /// With services that take two ways that keep apart before the best one, where it leaves no backup that does.
    #[must_use]
    pub fn parting(mut self, parted: BTreeSet<ServiceId>) -> Self {
        self.parted = parted;
        self
    }

    /// Whether a service with its path asks for a backup that keeps away and has none, though two ways that do would keep its promise in the
    /// room that is left. Where something is down or drained, only if that is not why.
    pub fn would_part(&mut self, placed: &Placed<'_>) -> bool {
        let service = placed.service;
        if !placed.lacks_apart() || placed.stranded || self.parted.contains(&service.id) {
            return false;
        }
        let is_trap = match self.closed.is_empty() {
            true => self.pair(placed).is_some(),
            false => self.is_trap(service, &placed.request),
        };
        if !is_trap {
            return false;
        }
        // Its path makes room for itself where it goes now.
        let mut free = self.room.free(placed.is_strict).clone();
        for (edge, times) in placed.ways.crossings().iter() {
            let own = placed.rate().saturating_mul(times);
            free.set(edge, free.single()[edge.ix()].saturating_add(own));
        }
        let overlay = self.overlay(service);
        let view = seen(&mut self.base, &mut self.overlays, overlay);
        route::pair(view, &free, service, &placed.request).is_some()
    }

    /// Whether the best path of a service leaves no backup that keeps away also where nothing is down or drained.
    fn is_trap(&mut self, service: &Service, request: &PathRequest) -> bool {
        let calm =
            PathRequest { excluded: Exclusions::default(), bandwidth: Bandwidth::ZERO, ..request.clone() };
        let free = self.room.free(self.is_strict(service));
        let Ok(best) = route::primary(&mut self.base, free, service, &calm) else { return false };
        !has_apart(&mut self.base, free.of_service(service), service, &calm, &best)
    }

    /// The better one of two ways that keep apart and can be told to their headends, where a service is to have them and its best path leaves no
    /// backup that keeps away; with a word in its reasons.
    pub(super) fn part(
        &mut self,
        service: &Service,
        request: &PathRequest,
        best: &Ways,
        notes: &mut Vec<String>,
    ) -> Option<Ways> {
        if !self.parted.contains(&service.id) {
            return None;
        }
        let overlay = self.overlay(service);
        let free = self.room.free(self.is_strict(service));
        let view = seen(&mut self.base, &mut self.overlays, overlay);
        if has_apart(view, free.of_service(service), service, request, best) {
            return None;
        }
        let [one, other] = route::pair(view, free, service, request)?;
        if self.is_careful(service) && !self.keeps(service, request, &one) {
            return None;
        }
        for ways in [&one, &other] {
            self.encode(service, ways).ok()?;
        }
        let (over, what) = (named(self.graph, &best.out), kept_apart(service.sle.diversity));
        notes.push(format!(
            "not the best path: that one, over {over}, leaves no backup that has no {what} in common with it"
        ));
        Some(one)
    }

    /// Two such ways from `a` to `z`, where there are as many back too: the shortest, whatever is promised. Where two directions are
    /// searched each by itself, those out are named. Not asked while something is down or drained: then lines are missing for a time, and
    /// nobody waits for advice on the network as it is built.
    pub(super) fn pair(&mut self, placed: &Placed<'_>) -> Option<Pair> {
        if !self.closed.is_empty() {
            return None;
        }
        let service = placed.service;
        let overlay = self.overlay(service);
        let is_strict = self.is_strict(service);
        let view = seen(&mut self.base, &mut self.overlays, overlay);
        let graph = Arc::clone(view.graph());
        let request =
            PathRequest { bounds: Bounds::default(), bandwidth: Bandwidth::ZERO, ..placed.request.clone() };
        let joint = route::is_joint(service);
        let back = (service.bidirectional && !joint).then(|| route::turned(&request));
        let free = self.room.free(is_strict).of_service(service);
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

/// Whether some way keeps apart from the best one, whatever else it keeps.
fn has_apart(view: &mut View, free: &[u64], service: &Service, request: &PathRequest, best: &Ways) -> bool {
    let open = PathRequest { bounds: Bounds::default(), bandwidth: Bandwidth::ZERO, ..request.clone() };
    matches!(route::backup(view, free, service, &open, best), Ok((_, _, true)))
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
