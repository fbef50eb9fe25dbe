//! An independent walker: reads segment lists as routers do and says where the packet goes, without the encoder's trees.
//! Shortest paths are found by listing all simple paths.

use std::collections::BTreeSet;

use model::{EdgeIx, Graph, IgpMetric, NodeIx, Sid, Ted, link::Side};

use crate::{set::EdgeSet, testing::simple_paths};

/// The edges that a packet takes; none where it is dropped or may go several ways.
pub(crate) fn walk(
    ted: &Ted,
    graph: &Graph,
    down: &EdgeSet,
    from: NodeIx,
    sids: &[Sid],
) -> Option<Vec<EdgeIx>> {
    let mut at = from;
    let mut walked = Vec::new();
    for sid in sids {
        let last;
        let target = match sid {
            Sid::Mpls(label) => {
                let adjacency = adjacencies(ted, graph)
                    .find(|(edge, mpls, _)| graph.edge(*edge).from == at && mpls == &Some(*label));
                let index = label.number().checked_sub(ted.nodes[graph.node_id(at)].srgb.base);
                last = adjacency.map(|(edge, ..)| edge);
                match last {
                    Some(_) => at,
                    None => graph.nodes().find(|node| {
                        let sid = &ted.nodes[graph.node_id(*node)].node_sid;
                        sid.as_ref().map(|sid| sid.value) == index && index.is_some()
                    })?,
                }
            }
            Sid::Srv6(address) => {
                last = adjacencies(ted, graph)
                    .find(|(_, _, end_x)| end_x == &Some(*address))
                    .map(|(edge, ..)| edge);
                // Every SID is routed by the locator that covers it.
                graph.nodes().find(|node| {
                    let locator = &ted.nodes[graph.node_id(*node)].locator;
                    match last {
                        Some(edge) if graph.edge(edge).from == at => *node == at,
                        _ => locator.as_ref().is_some_and(|locator| locator.value.contains(address)),
                    }
                })?
            }
        };
        while at != target {
            let edge = forward(graph, down, at, target)?;
            walked.push(edge);
            at = graph.edge(edge).to;
        }
        if let Some(edge) = last {
            if down.contains(edge) || graph.edge(edge).from != at {
                return None;
            }
            walked.push(edge);
            at = graph.edge(edge).to;
        }
    }
    Some(walked)
}

type Adjacency = (EdgeIx, Option<model::Label>, Option<std::net::Ipv6Addr>);

fn adjacencies<'a>(ted: &'a Ted, graph: &'a Graph) -> impl Iterator<Item = Adjacency> + 'a {
    graph.edges().map(move |(ix, _)| {
        let hop = graph.hop(ix);
        let link = &ted.links[&hop.link];
        let way = if hop.from == Side::A { &link.a_to_z } else { &link.z_to_a };
        (ix, way.adjacency_label.as_ref().map(|fact| fact.value), way.end_x.as_ref().map(|fact| fact.value))
    })
}

/// The only edge by which a node forwards: the first edge of all its shortest paths.
fn forward(graph: &Graph, down: &EdgeSet, at: NodeIx, target: NodeIx) -> Option<EdgeIx> {
    let usable = |path: &Vec<EdgeIx>| {
        path.iter().all(|ix| !down.contains(*ix) && graph.edge(*ix).igp < IgpMetric::EXCLUDED.0)
            && path.iter().skip(1).all(|ix| !graph.is_overloaded(graph.edge(*ix).from))
    };
    let paths: Vec<Vec<EdgeIx>> = simple_paths(graph, at, target).into_iter().filter(usable).collect();
    let length = |path: &Vec<EdgeIx>| -> u64 { path.iter().map(|ix| u64::from(graph.edge(*ix).igp)).sum() };
    let least = paths.iter().map(length).min()?;
    let first: BTreeSet<EdgeIx> =
        paths.iter().filter(|path| length(path) == least).filter_map(|path| path.first().copied()).collect();
    if first.len() == 1 { first.first().copied() } else { None }
}
