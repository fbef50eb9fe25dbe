//! Where a service on a hot link could go instead, and what that would be worth. Estimates: what is chosen is compiled as a whole.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use model::{EdgeIx, Graph, LinkId, Service, ServiceId};
use paths::PathRequest;

use super::{
    load::{self, Load},
    standing::{MARGIN, Standing},
};
use crate::{
    compile::Closed,
    route::{self, Free, View, Ways},
};

/// How often a way is looked for that keeps off one more link, because the one before leaves that too full.
const TIGHTENED: usize = 8;

/// What a move is worth; the least is best. What is at or below the goal counts alike.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Worth {
    /// The fullest edge of all; where one link is to be relieved, that of this link.
    peak: u64,
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
    /// The links that it is to ride instead.
    pub links: BTreeSet<LinkId>,
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

/// What new ways of a service do to the load.
struct Shift<'a> {
    graph: &'a Graph,
    load: &'a Load,
    /// By edge, bit/s.
    change: BTreeMap<EdgeIx, i128>,
    rate: u64,
}

impl<'a> Shift<'a> {
    fn new(graph: &'a Graph, load: &'a Load, own: &[EdgeIx], new: &[EdgeIx], rate: u64) -> Self {
        let mut change: BTreeMap<EdgeIx, i128> = BTreeMap::new();
        own.iter().for_each(|edge| *change.entry(*edge).or_default() -= i128::from(rate));
        new.iter().for_each(|edge| *change.entry(*edge).or_default() += i128::from(rate));
        change.retain(|_, change| *change != 0);
        Self { graph, load, change, rate }
    }

    /// How full an edge is then.
    fn after(&self, edge: EdgeIx) -> u64 {
        let Some(change) = self.change.get(&edge) else { return self.load.ppm(edge) };
        let bps = i128::from(self.load.bps(edge)) + change;
        load::ppm(u64::try_from(bps.max(0)).unwrap_or(u64::MAX), self.graph.edge(edge).bandwidth)
    }

    /// What that is worth; nothing where the hot edge does not get lower by a margin, or another one as full.
    fn weigh(&self, scale: &Scale<'_>) -> Option<Worth> {
        let risen = self.change.iter().filter(|(_, change)| **change > 0).map(|(edge, _)| self.after(*edge));
        let touched = risen.fold(self.after(scale.hot), u64::max);
        if touched.saturating_add(MARGIN) > self.load.ppm(scale.hot) {
            return None;
        }
        let square = |ppm: u64| i128::from(ppm).pow(2);
        let cost =
            self.change.keys().map(|edge| square(self.after(*edge)) - square(self.load.ppm(*edge))).sum();
        let all = || self.graph.edges().map(|(edge, _)| self.after(edge)).fold(0, u64::max);
        let peak = scale
            .only
            .map_or_else(all, |both| both.map(|edge| self.after(edge)).into_iter().fold(0, u64::max));
        Some(Worth { peak: peak.max(scale.goal), touched: touched.max(scale.goal), cost, rate: self.rate })
    }

    /// The fullest edge of new ways above the goal, but for some links.
    fn fullest(&self, scale: &Scale<'_>, ways: &Ways, but: &BTreeSet<LinkId>) -> Option<EdgeIx> {
        let ridden = ways.each().flat_map(|found| &found.edges).copied();
        let above =
            ridden.filter(|edge| self.after(*edge) > scale.goal && !but.contains(self.graph.link_id(*edge)));
        above.min_by_key(|edge| (Reverse(self.after(*edge)), *edge))
    }
}

/// The best move of one service off the hot edge, where there is one that helps. Each way that is found is tightened: the link that it leaves
/// fullest is kept off too, unless there is no way without it. At most [`TIGHTENED`] path searches; `count` is told of each.
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
    let mut off: BTreeSet<LinkId> =
        now.hints.balanced.get(&service.id).map(|balance| balance.off.clone()).unwrap_or_default();
    off.insert(graph.link_id(scale.hot).clone());
    let mut needed: BTreeSet<LinkId> = BTreeSet::new();
    let mut added: Option<LinkId> = None;
    let mut last: Option<(Shift<'_>, Ways)> = None;
    let mut best: Option<Choice> = None;
    for _ in 0..TIGHTENED {
        count();
        match route::primary(view, &free, service, &kept_off(graph, request, closed, &off)) {
            Ok(ways) => {
                let new: Vec<EdgeIx> = ways.each().flat_map(|found| found.edges.iter().copied()).collect();
                let shift = Shift::new(graph, &now.load, &own, &new, rate);
                if let Some(worth) = shift.weigh(scale)
                    && best.as_ref().is_none_or(|best| worth < best.worth)
                {
                    let links = new.iter().map(|edge| graph.link_id(*edge).clone()).collect();
                    best = Some(Choice { worth, service: service.id.clone(), off: off.clone(), links });
                }
                last = Some((shift, ways));
            }
            Err(_) => {
                // There is no way without it.
                let without = added.take()?;
                off.remove(&without);
                needed.insert(without);
            }
        }
        let Some(fullest) = last.as_ref().and_then(|(shift, ways)| shift.fullest(scale, ways, &needed))
        else {
            break;
        };
        let link = graph.link_id(fullest).clone();
        off.insert(link.clone());
        added = Some(link);
    }
    best
}

fn kept_off(graph: &Graph, request: &PathRequest, closed: &Closed, off: &BTreeSet<LinkId>) -> PathRequest {
    let mut request = PathRequest { excluded: closed.off_all(request), ..request.clone() };
    let links = off.iter().filter_map(|link| graph.link_ix(link));
    links.for_each(|edge| request.excluded.edges.insert_link(edge));
    request
}
