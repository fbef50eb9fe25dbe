//! What the encoder says of a path, for the judges: it is proved elsewhere, against a walker of its own.

use std::collections::BTreeMap;

use model::{EdgeIx, Fact, Graph, Node, NodeIx, Ted, node::MsdSet, sr::Dataplane};

use super::Net;
use crate::{EdgeSet, Encoder};

/// How many segments pin a path; none where none do.
pub(crate) fn segments(graph: &Graph, path: &[EdgeIx], plane: Dataplane) -> Option<usize> {
    let (ted, down) = (nodes(graph), EdgeSet::default());
    Encoder::new(graph, &ted, &down).encode(path, plane, 0).ok().map(|segments| segments.len())
}

/// The nodes of a graph as a TED, able to push lists of any depth.
fn nodes(graph: &Graph) -> Ted {
    let any = Net::plain(1, &[]).ted().nodes.into_values().next().unwrap();
    let most = MsdSet {
        mpls_imposition: u8::MAX,
        srv6_encaps: u8::MAX,
        srv6_segments_left: u8::MAX,
        srv6_end_pop: u8::MAX,
        srv6_end_d: u8::MAX,
    };
    let node = |ix: NodeIx| {
        let sids = graph.sids(ix);
        Node {
            id: graph.node_id(ix).clone(),
            locator: sids.locator.map(Fact::from_file),
            node_sid: sids.index.map(Fact::from_file),
            srgb: sids.srgb,
            msd: Fact::from_file(most),
            ..any.clone()
        }
    };
    Ted {
        nodes: graph.nodes().map(|ix| (graph.node_id(ix).clone(), node(ix))).collect(),
        links: BTreeMap::new(),
    }
}
