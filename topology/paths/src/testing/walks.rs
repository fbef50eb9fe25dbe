//! Lists of all walks, and of those among them that keep a request.

use model::{EdgeIx, Graph, NodeIx};

use super::{broken, visits};
use crate::{Constraint, PathRequest};

/// All paths that visit no node twice.
pub(crate) fn simple_paths(graph: &Graph, from: NodeIx, to: NodeIx) -> Vec<Vec<EdgeIx>> {
    fn walk(graph: &Graph, at: NodeIx, to: NodeIx, path: &mut Vec<EdgeIx>, all: &mut Vec<Vec<EdgeIx>>) {
        if at == to {
            return all.push(path.clone());
        }
        for (ix, edge) in graph.edges() {
            let seen = path.iter().any(|seen| graph.edge(*seen).from == edge.to) || edge.to == at;
            if edge.from == at && !seen {
                path.push(ix);
                walk(graph, edge.to, to, path, all);
                path.pop();
            }
        }
    }
    let mut all = Vec::new();
    walk(graph, from, to, &mut Vec::new(), &mut all);
    all
}

/// All walks through the waypoints that visit no node twice between two of them, each with the places of its stops.
fn simple_walks(graph: &Graph, request: &PathRequest) -> Vec<Vec<EdgeIx>> {
    let mut walks = vec![vec![]];
    let mut at = request.from;
    for stop in request.waypoints.iter().chain([&request.to]) {
        let legs = simple_paths(graph, at, *stop);
        walks = walks.iter().flat_map(|walk| legs.iter().map(|leg| [&walk[..], leg].concat())).collect();
        at = *stop;
    }
    walks
}

/// All walks of up to that many edges, whatever they visit again.
pub(crate) fn all_walks(graph: &Graph, from: NodeIx, to: NodeIx, most: usize) -> Vec<Vec<EdgeIx>> {
    let mut walks = vec![(from, vec![])];
    let mut all = Vec::new();
    while let Some((at, walk)) = walks.pop() {
        if at == to {
            all.push(walk.clone());
        }
        if walk.len() < most {
            let out = graph.edges().filter(|(_, edge)| edge.from == at);
            walks.extend(out.map(|(ix, edge)| (edge.to, [&walk[..], &[ix]].concat())));
        }
    }
    all
}

/// Whether a walk keeps every constraint; waypoints are not looked at.
pub(crate) fn keeps(graph: &Graph, free: &[u64], request: &PathRequest, walk: &[EdgeIx]) -> bool {
    let kept = |constraint| broken(graph, free, request, walk, constraint) == 0;
    // Segments take the longest to count.
    Constraint::ALL.into_iter().filter(|constraint| *constraint != Constraint::Segments).all(kept)
        && kept(Constraint::Segments)
}

/// All walks that keep every constraint.
pub(crate) fn feasible(graph: &Graph, free: &[u64], request: &PathRequest) -> Vec<Vec<EdgeIx>> {
    simple_walks(graph, request).into_iter().filter(|walk| keeps(graph, free, request, walk)).collect()
}

/// Whether a walk makes a round trip on which it visits nothing that is asked for: no stop in its turn, nothing to be included.
/// Only a bound on segments could make that worth while, and then it is no path.
pub(crate) fn idles(graph: &Graph, request: &PathRequest, walk: &[EdgeIx]) -> bool {
    let mut stops = request.waypoints.iter().peekable();
    let mut node = request.from;
    let mut seen = Vec::new();
    for place in 0..=walk.len() {
        while stops.next_if_eq(&&node).is_some() {}
        let walked = &walk[..place];
        let missed: Vec<bool> =
            request.include.all().iter().map(|one| !visits(graph, request, walked, *one)).collect();
        let state = (node, stops.len(), missed);
        if seen.contains(&state) {
            return true;
        }
        seen.push(state);
        if let Some(next) = walk.get(place) {
            node = graph.edge(*next).to;
        }
    }
    false
}

/// All walks of up to that many edges that keep every constraint and what is to be visited in any order, without those that still do
/// so when a round trip is left out: nothing is gained by it; nor those that [idle](idles). Waypoints are not looked at.
pub(crate) fn visiting(graph: &Graph, free: &[u64], request: &PathRequest, most: usize) -> Vec<Vec<EdgeIx>> {
    let keeps = |walk: &Vec<EdgeIx>| keeps(graph, free, request, walk);
    let needs_all = |walk: &Vec<EdgeIx>| {
        let at = |place: usize| walk.get(place).map_or(request.to, |ix| graph.edge(*ix).from);
        let trips = (0..walk.len()).flat_map(|from| (from + 1..=walk.len()).map(move |to| (from, to)));
        let mut trips = trips.filter(|(from, to)| at(*from) == at(*to));
        trips.all(|(from, to)| !keeps(&[&walk[..from], &walk[to..]].concat()))
    };
    let walks = all_walks(graph, request.from, request.to, most).into_iter();
    walks.filter(|walk| keeps(walk) && !idles(graph, request, walk) && needs_all(walk)).collect()
}
