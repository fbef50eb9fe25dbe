//! Ways through waypoints that lead over a link in both directions. Where both directions of the service ride the same links,
//! such a link carries the service twice each way, which no search for one direction knows.

use std::cmp::Reverse;

use model::{EdgeIx, Graph, Service};
use paths::{Found, PathRequest};

use super::{Free, Lost, View, Ways, mirror};

/// How many requests are tried at most.
const MOST_TRIED: usize = 64;

/// What paths are compared by, as the searches do: demerits, metric, delay, hops, edges.
type Order = (u64, u64, u64, u32, Vec<EdgeIx>);

/// The best paths that have room for all crossings. Where one leads over a link too often, those are tried that never take one
/// direction of it and those that never take the other, best first: exact, unless a link has room for more crossings than one each way,
/// or [`MOST_TRIED`] are not enough.
pub(super) fn thinned(
    view: &mut View,
    free: &Free,
    service: &Service,
    request: &PathRequest,
) -> Result<Ways, Lost> {
    let rate = request.bandwidth.as_bps();
    let first = mirror::both(view, free, service, request)?;
    let Some(edge) = first.crossings().crowded(rate, free.single()) else { return Ok(first) };
    let mut exact = true;
    let mut open = vec![(order(view.graph(), request, &first.out), request.clone(), first.clone(), edge)];
    let mut tried = 0;
    while let Some((_, request, _, edge)) = open.pop() {
        // Several crossings in one direction may fit where these do not.
        exact &= rate.saturating_mul(2) > free.single()[edge.ix()];
        for side in [edge, edge.reverse()] {
            let mut without = request.clone();
            without.excluded.edges.insert(side);
            tried += 1;
            match mirror::both(view, free, service, &without) {
                Ok(ways) => {
                    let order = order(view.graph(), &without, &ways.out);
                    let full = ways.crossings().crowded(rate, free.single());
                    open.push((order, without, ways, full.unwrap_or(side)));
                }
                Err(Lost::Out(proven) | Lost::Mirror(proven)) => exact &= proven,
                Err(Lost::Back | Lost::Crowd(..)) => {}
            }
        }
        // The best stands last.
        open.sort_by_cached_key(|(order, ..)| Reverse(order.clone()));
        if let Some((.., ways, _)) = open.last()
            && ways.crossings().crowded(rate, free.single()).is_none()
        {
            let out = Found { exact: ways.out.exact && exact, ..ways.out.clone() };
            return Ok(Ways::both(view.graph(), service, out));
        }
        if tried >= MOST_TRIED {
            return Err(Lost::Crowd(Box::new(first), false));
        }
    }
    Err(Lost::Crowd(Box::new(first), exact))
}

fn order(graph: &Graph, request: &PathRequest, found: &Found) -> Order {
    let demerit = |edge: &EdgeIx| {
        let affinity = graph.edge(*edge).affinity;
        let last = if affinity & request.prefer_over != 0 { request.prefer.len() } else { 0 };
        request.prefer.iter().position(|set| affinity & set != 0).unwrap_or(last) as u64
    };
    let demerits = found.edges.iter().map(demerit).sum();
    let totals = &found.totals;
    let metric = totals.metric(request.minimise);
    (demerits, metric, totals.delay.as_micros(), totals.hops, found.edges.clone())
}
