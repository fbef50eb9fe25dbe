//! Where a service on a hot link could go instead, and what that would be worth. Estimates: what is chosen is compiled as a whole.

use std::collections::{BTreeMap, BTreeSet};

use model::{EdgeIx, Graph, LinkId, Service, ServiceId};
use paths::PathRequest;

use super::{
    load::{self, Load},
    search::{MARGIN, Standing},
};
use crate::{
    compile::Closed,
    route::{self, Free, View, Ways},
};

/// How often a way is looked for that keeps off one more link, because the one before would fill that.
const TIGHTENED: usize = 6;

/// What a move is worth; the least is best.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Worth {
    /// The fullest of what it touches, where only this link counts of that link, above the goal.
    over: u64,
    /// The fullest of what it touches.
    touched: u64,
    /// What it adds to the sum of the squares of all utilisations: a convex cost, so that full links give to empty ones.
    cost: i128,
    /// How much traffic moves.
    rate: u64,
}

/// A move that could help.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub worth: Worth,
    pub service: ServiceId,
    /// What it would be kept off.
    pub off: BTreeSet<LinkId>,
}

/// What a choice is judged by.
pub(super) struct Scale<'a> {
    pub graph: &'a Graph,
    /// The edge that it is to lower.
    pub hot: EdgeIx,
    /// The link that alone counts, in both directions.
    pub only: Option<[EdgeIx; 2]>,
    /// What is at or below it counts alike.
    pub goal: u64,
}

impl Scale<'_> {
    /// What new ways of a service are worth; nothing where the edge does not get lower by a margin, or another one as full.
    fn weigh(&self, load: &Load, own: &[EdgeIx], new: &[EdgeIx], rate: u64) -> Option<Worth> {
        let mut change: BTreeMap<EdgeIx, i128> = BTreeMap::new();
        own.iter().for_each(|edge| *change.entry(*edge).or_default() -= i128::from(rate));
        new.iter().for_each(|edge| *change.entry(*edge).or_default() += i128::from(rate));
        let after = |edge: EdgeIx| {
            let bps = i128::from(load.bps(edge)) + change.get(&edge).copied().unwrap_or(0);
            load::ppm(u64::try_from(bps.max(0)).unwrap_or(u64::MAX), self.graph.edge(edge).bandwidth)
        };
        let risen = change.iter().filter(|(_, change)| **change > 0).map(|(edge, _)| after(*edge));
        let touched = risen.fold(after(self.hot), u64::max);
        if touched.saturating_add(MARGIN) > load.ppm(self.hot) {
            return None;
        }
        let square = |ppm: u64| i128::from(ppm).pow(2);
        let cost = change.keys().map(|edge| square(after(*edge)) - square(load.ppm(*edge))).sum();
        let counted = self.only.map_or(touched, |both| both.map(after).into_iter().fold(0, u64::max));
        Some(Worth { over: counted.max(self.goal), touched, cost, rate })
    }
}

/// The best move of one service off the hot edge, where there is one that helps. At most [`TIGHTENED`] path searches; `count` is told of each.
pub(super) fn best(
    scale: &Scale<'_>,
    now: &Standing,
    (service, request): (&Service, &PathRequest),
    (view, closed): (&mut View, &Closed),
    count: &mut dyn FnMut(),
) -> Option<Choice> {
    let (graph, rate) = (scale.graph, load::rate(service));
    let own = load::edges(graph, &now.compiled, &service.id);
    let mut free = now.load.free(graph);
    own.iter().for_each(|edge| free[edge.ix()] = free[edge.ix()].saturating_add(rate));
    let free = Free::of(free);
    let before = now.hints.balanced.get(&service.id).map(|balance| balance.off.clone());
    let mut off = before.unwrap_or_default();
    off.insert(graph.link_id(scale.hot).clone());
    let mut best: Option<Choice> = None;
    for _ in 0..TIGHTENED {
        count();
        let Ok(ways) = route::primary(view, &free, service, &kept_off(graph, request, closed, &off)) else {
            break;
        };
        let new: Vec<EdgeIx> = ways.each().flat_map(|found| found.edges.iter().copied()).collect();
        if let Some(worth) = scale.weigh(&now.load, &own, &new, rate)
            && best.as_ref().is_none_or(|best| worth < best.worth)
        {
            best = Some(Choice { worth, service: service.id.clone(), off: off.clone() });
        }
        let Some(fullest) = fullest(scale, now, &ways, &own, rate) else { break };
        off.insert(graph.link_id(fullest).clone());
    }
    best
}

/// The fullest edge of new ways that the service does not ride yet and that would be above the goal.
fn fullest(scale: &Scale<'_>, now: &Standing, ways: &Ways, own: &[EdgeIx], rate: u64) -> Option<EdgeIx> {
    let after = |edge: &EdgeIx| {
        load::ppm(now.load.bps(*edge).saturating_add(rate), scale.graph.edge(*edge).bandwidth)
    };
    let new = ways.each().flat_map(|found| &found.edges);
    let above = new.copied().filter(|edge| !own.contains(edge) && after(edge) > scale.goal);
    above.min_by_key(|edge| (std::cmp::Reverse(after(edge)), *edge))
}

fn kept_off(graph: &Graph, request: &PathRequest, closed: &Closed, off: &BTreeSet<LinkId>) -> PathRequest {
    let mut request = PathRequest { excluded: closed.off_all(request), ..request.clone() };
    let links = off.iter().filter_map(|link| graph.link_ix(link));
    links.for_each(|edge| request.excluded.edges.insert_link(edge));
    request
}
