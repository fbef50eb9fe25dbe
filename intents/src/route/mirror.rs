//! One path that keeps its bounds in both directions. The searches bound what adds up along a path, and a path has one delay;
//! so what the way back takes is put in the place of a price, and the bound that both keep is one on each.

use std::{collections::BTreeMap, sync::Arc};

use model::{Delay, EdgeIx, Graph, Jitter, Price, Service, graph::Edge, intent::Minimise};
use paths::{Bounds, Constraint, Excess, Finder, Found, NoPath, PathRequest, Reason, Totals};

use super::{Free, Lost, View, Ways, reversed};

/// What stands in the place of the price.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Quantity {
    Delay,
    Jitter,
}

impl Quantity {
    fn of(self, edge: &Edge) -> u64 {
        match self {
            Self::Delay => edge.delay,
            Self::Jitter => edge.jitter,
        }
    }

    fn bound(self, bounds: &Bounds) -> Option<u64> {
        match self {
            Self::Delay => bounds.delay.map(Delay::as_micros),
            Self::Jitter => bounds.jitter.map(Jitter::as_micros),
        }
    }

    const fn is(self) -> Constraint {
        match self {
            Self::Delay => Constraint::Delay,
            Self::Jitter => Constraint::Jitter,
        }
    }

    fn used(self, totals: &Totals) -> u64 {
        match self {
            Self::Delay => totals.delay.as_micros(),
            Self::Jitter => totals.jitter.as_micros(),
        }
    }

    /// The bounds with another one on this.
    fn bounded(self, bounds: Bounds, most: Option<u64>) -> Bounds {
        match self {
            Self::Delay => Bounds { delay: most.map(Delay::from_micros), ..bounds },
            Self::Jitter => Bounds { jitter: most.map(Jitter::from_micros), ..bounds },
        }
    }

    fn excess(self, best: u64, bound: u64) -> Excess {
        match self {
            Self::Delay => Excess::Delay(Delay::from_micros(best), Delay::from_micros(bound)),
            Self::Jitter => Excess::Jitter(Jitter::from_micros(best), Jitter::from_micros(bound)),
        }
    }
}

/// How the way back is put into the graph.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Mirror {
    /// What is put in the place of the price.
    quantity: Option<Quantity>,
    /// Whether the price is what paths are chosen by: then it stands in the place of the TE metric.
    priced: bool,
    /// What is bounded beside it: there every link is as bad as its worse direction. Of the rest each path has what it has from `a` to
    /// `z`, by which it is chosen.
    folded: Folded,
    /// Whether a path that keeps the bounds in both directions is always found.
    exact: bool,
}

/// What takes the worse of both directions.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Folded {
    delay: bool,
    jitter: bool,
    loss: bool,
}

impl Mirror {
    /// The request for the graph of this mirror.
    pub fn request(self, request: &PathRequest) -> PathRequest {
        let Some(quantity) = self.quantity else { return request.clone() };
        let most = quantity.bound(&request.bounds).map(Price);
        let bounds = Bounds { price: most, ..request.bounds };
        let minimise = if self.priced { Minimise::Te } else { request.minimise };
        PathRequest { bounds, minimise, ..request.clone() }
    }

    fn graph(self, real: &Graph) -> Graph {
        let mut graph = Graph::clone(real);
        for edge in (0..real.edge_count() as u32).map(EdgeIx) {
            let other = real.edge(edge.reverse());
            let this = graph.edge_mut(edge);
            if self.priced {
                // It fits: the mirror is made so.
                this.te = u32::try_from(this.price).unwrap_or(u32::MAX);
            }
            if let Some(quantity) = self.quantity {
                this.price = quantity.of(other);
            }
            if self.folded.delay {
                this.delay = this.delay.max(other.delay);
            }
            if self.folded.jitter {
                this.jitter = this.jitter.max(other.jitter);
            }
            if self.folded.loss {
                this.loss = this.loss.max(other.loss);
            }
        }
        graph
    }
}

/// In what the directions of some link of a graph differ.
#[derive(Clone, Copy, Debug)]
struct Differ {
    delay: bool,
    jitter: bool,
    loss: bool,
    /// Whether every price could stand in the place of a TE metric.
    small_prices: bool,
}

/// How many bytes of best paths all graphs together keep.
const MOST_BYTES: usize = 256 << 20;

/// The graphs, made when they are first asked for: one for each way in which directions differ and are bounded, at most some fourteen. Together
/// they keep as much as one of them would alone, in equal parts.
#[derive(Default)]
pub(super) struct Mirrors {
    differ: Option<Differ>,
    finders: BTreeMap<Mirror, Finder>,
}

impl Mirrors {
    /// How the way back is to be looked at for a request.
    pub fn of(&mut self, real: &Graph, request: &PathRequest) -> Mirror {
        let differ = *self.differ.get_or_insert_with(|| {
            let some = |value: fn(&Edge) -> u64| {
                real.edges().any(|(edge, this)| value(this) > value(real.edge(edge.reverse())))
            };
            Differ {
                delay: some(|edge| edge.delay),
                jitter: some(|edge| edge.jitter),
                loss: some(|edge| u64::from(edge.loss)),
                small_prices: real.edges().all(|(_, edge)| u32::try_from(edge.price).is_ok()),
            }
        });
        let bounds = &request.bounds;
        let delay = bounds.delay.is_some() && differ.delay;
        let jitter = bounds.jitter.is_some() && differ.jitter;
        let loss = bounds.loss.is_some() && differ.loss;
        let priced = request.minimise == Minimise::Price;
        let quantity = match (delay, jitter) {
            _ if priced && !differ.small_prices => None,
            (true, _) => Some(Quantity::Delay),
            (false, true) => Some(Quantity::Jitter),
            (false, false) => None,
        };
        // All that differs and is bounded is put there.
        let put = usize::from(quantity.is_some());
        let exact = [delay, jitter, loss].into_iter().filter(|differs| *differs).count() <= put && !loss;
        let folded = Folded {
            delay: delay && quantity != Some(Quantity::Delay),
            jitter: jitter && quantity != Some(Quantity::Jitter),
            loss,
        };
        Mirror { quantity, priced: priced && quantity.is_some(), folded, exact }
    }

    /// What finds paths in the graph of a mirror.
    pub fn finder(&mut self, real: &Graph, mirror: Mirror) -> &mut Finder {
        let known = self.finders.len();
        self.finders.entry(mirror).or_insert_with(|| Finder::new(Arc::new(mirror.graph(real))));
        let now = self.finders.len();
        if now > known {
            let part = MOST_BYTES / now;
            self.finders.values_mut().for_each(|finder| finder.keep_within(part));
        }
        self.finders.get_mut(&mirror).expect("it was there, or was put there just now")
    }
}

/// The best path from `a` to `z` of those that keep the bounds there and back.
pub(super) fn both(
    view: &mut View,
    free: &Free,
    service: &Service,
    request: &PathRequest,
) -> Result<Ways, Lost> {
    let free = free.of_service(service);
    let out = view.finder.shortest(free, request).map_err(|miss| Lost::Out(miss.exact))?;
    let graph = Arc::clone(view.graph());
    let ways = Ways::both(&graph, service, out);
    if ways.back.as_ref().is_none_or(|back| back.totals.meets(&request.bounds)) {
        return Ok(ways);
    }
    let mirror = view.mirrors.of(&graph, request);
    let found = view.mirrors.finder(&graph, mirror).shortest(free, &mirror.request(request));
    let out = found.map_err(|miss| Lost::Mirror(miss.exact && mirror.exact))?;
    let totals = Totals::of(&graph, &out.edges);
    Ok(Ways::both(&graph, service, Found { totals, exact: out.exact && mirror.exact, ..out }))
}

/// Why no path keeps the bounds there and back, where there is one that keeps them there.
pub(super) fn why(view: &mut View, free: &[u64], request: &PathRequest, exact: bool) -> Box<NoPath> {
    if let Some(nearest) = nearest(view, free, request, exact) {
        return nearest;
    }
    let graph = Arc::clone(view.graph());
    let mirror = view.mirrors.of(&graph, request);
    let found = view.mirrors.finder(&graph, mirror).find(free, &mirror.request(request));
    let why = found.expect_err("the same search on the same graph found nothing a moment ago");
    Box::new(NoPath { reason: real(&graph, mirror, why.reason.clone()), exact, ..*why })
}

/// The path that keeps the least bound there and back on what differs by direction; nothing where nothing does, or where no path is left
/// without that bound either.
pub(super) fn nearest(
    view: &mut View,
    free: &[u64],
    request: &PathRequest,
    exact: bool,
) -> Option<Box<NoPath>> {
    let graph = Arc::clone(view.graph());
    let mirror = view.mirrors.of(&graph, request);
    let quantity = mirror.quantity?;
    let bound = quantity.bound(&request.bounds)?;
    let (least, found) = least(view.mirrors.finder(&graph, mirror), free, request, mirror, quantity, bound)?;
    let there = Found { totals: Totals::of(&graph, &found.edges), ..found };
    let back = reversed(&graph, &there);
    // The direction that takes it.
    let worse = if quantity.used(&back.totals) > quantity.used(&there.totals) { back } else { there };
    let to = worse.edges.last().map_or(worse.from, |edge| graph.edge(*edge).to);
    let (from, excess) = (worse.from, quantity.excess(least, bound));
    let reason = Reason::Constraint { which: quantity.is(), nearest: worse, excess };
    Some(Box::new(NoPath { from, to, reason, exact }))
}

/// The least bound that some path keeps there and back, and the path; nothing where none does, whatever the bound. By bisection.
fn least(
    finder: &mut Finder,
    free: &[u64],
    request: &PathRequest,
    mirror: Mirror,
    quantity: Quantity,
    bound: u64,
) -> Option<(u64, Found)> {
    let mut try_at = |most: Option<u64>| {
        let bounds = quantity.bounded(request.bounds, most);
        let found = finder.shortest(free, &mirror.request(&PathRequest { bounds, ..request.clone() }));
        let worse = |found: &Found| quantity.used(&found.totals).max(found.totals.price.0);
        found.ok().map(|found| (worse(&found), found))
    };
    let mut best = try_at(None)?;
    let mut low = bound;
    while best.0 > low.saturating_add(1) {
        let middle = low.midpoint(best.0);
        match try_at(Some(middle)) {
            Some(better) => best = better,
            None => low = middle,
        }
    }
    Some(best)
}

/// A reason in the words of the request: what bounds the way back is the bound itself.
fn real(graph: &Graph, mirror: Mirror, reason: Reason) -> Reason {
    let word = |which: Constraint| match mirror.quantity {
        Some(quantity) if which == Constraint::Price => quantity.is(),
        _ => which,
    };
    match reason {
        Reason::Disconnected => Reason::Disconnected,
        Reason::Constraint { which, nearest, excess } => {
            let nearest = Found { totals: Totals::of(graph, &nearest.edges), ..nearest };
            Reason::Constraint { which: word(which), nearest, excess }
        }
        Reason::Together(several) => {
            let mut named: Vec<Constraint> = Vec::new();
            for which in several.into_iter().map(word) {
                if !named.contains(&which) {
                    named.push(which);
                }
            }
            Reason::Together(named)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::minimal_ted;

    #[test]
    fn all_graphs_together_keep_no_more_than_one_alone() {
        let graph = Graph::freeze(&minimal_ted()).unwrap();
        let mut mirrors = Mirrors::default();
        let folded = |loss: bool| Folded { delay: false, jitter: false, loss };
        let each = [None, Some(Quantity::Delay), Some(Quantity::Jitter)]
            .into_iter()
            .flat_map(|quantity| [true, false].map(|loss| (quantity, folded(loss))));
        for (quantity, folded) in each {
            mirrors.finder(&graph, Mirror { quantity, priced: false, folded, exact: true });
            let may: usize = mirrors.finders.values().map(|finder| finder.bytes().1).sum();
            let (most, known) = (MOST_BYTES, mirrors.finders.len());
            assert!(may <= most && may > most / 2, "{may} bytes in {known} graphs");
        }
        assert_eq!(mirrors.finders.len(), 6);
    }
}
