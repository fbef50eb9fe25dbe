//! What a segment list means: SIDs resolved at the node that will read them, once, before any packet flows.

use std::collections::BTreeMap;

use model::{EdgeIx, LinkId, NodeId, NodeIx, PolicyKey, SegmentList, Sid};
use thiserror::Error;

use crate::network::{Behaviour, Network};

/// Why a segment list does not deliver.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Fault {
    /// Nobody at that node knows the SID: a black hole.
    #[error("SID {sid} means nothing at {at}: traffic would vanish there")]
    UnknownSid {
        /// Where it would be read.
        at: NodeId,
        /// The SID.
        sid: Sid,
    },
    /// A node segment has no path.
    #[error("{to} cannot be reached from {from}")]
    Unreachable {
        /// Where the segment starts.
        from: NodeId,
        /// Where it should end.
        to: NodeId,
    },
    /// It uses a link that is down.
    #[error("link {link} is down")]
    LinkDown {
        /// The link.
        link: LinkId,
    },
    /// It ends at a node that is not the endpoint, which does not know the service's label.
    #[error("the list ends at {node}, not at its endpoint")]
    EndsAt {
        /// Where it ends.
        node: NodeId,
    },
    /// It has no segments, or no share of the traffic.
    #[error("the list is empty or has weight 0")]
    Empty,
    /// A binding SID leads to a policy without a valid candidate.
    #[error("the binding SID of {key} at {at} has no valid candidate behind it")]
    Binding {
        /// The node that holds the policy.
        at: NodeId,
        /// The policy.
        key: PolicyKey,
    },
    /// Binding SIDs may lead on more than 8 times (or in circles), or split into more than 64 lists.
    #[error("binding SIDs lead on from {at} too often or in a circle")]
    Endless {
        /// The node that holds the policy behind the first of them.
        at: NodeId,
    },
}

/// A segment with its meaning. The node at which each starts is where the one before ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Segment {
    /// By all shortest paths to this node.
    Node(NodeIx),
    /// Over this edge.
    Edge(EdgeIx),
    /// Into the policy of this number (binding SID).
    Policy(usize),
}

/// Which binding SID at which node leads into which policy, and where that ends.
pub(crate) type Bindings = BTreeMap<(NodeIx, Sid), (usize, NodeIx)>;

/// Resolves a list on a headend toward an endpoint. An SRv6 list may end early: the service SID of the endpoint, which
/// every packet carries last, leads on by shortest paths. An SR-MPLS list must end at the endpoint.
pub(crate) fn resolve(
    network: &Network,
    bindings: &Bindings,
    head: NodeIx,
    list: &SegmentList,
    endpoint: NodeIx,
) -> Result<Vec<Segment>, Fault> {
    let name = |node: NodeIx| network.graph().node_id(node).clone();
    let Some(last) = list.sids.last() else { return Err(Fault::Empty) };
    if list.weight == 0 {
        return Err(Fault::Empty);
    }
    let mut segments = Vec::with_capacity(list.sids.len() + 1);
    let mut at = head;
    for (place, sid) in list.sids.iter().enumerate() {
        let unknown = |at: NodeIx| Fault::UnknownSid { at: name(at), sid: *sid };
        match sid {
            Sid::Mpls(label) => {
                if let Some(node) = network.node_of_label(at, *label) {
                    go(&mut segments, &mut at, node);
                } else if let Some(edge) = network.adjacency_of_label(at, *label) {
                    segments.push(Segment::Edge(edge));
                    at = network.graph().edge(edge).to;
                } else {
                    let (policy, end) = bindings.get(&(at, *sid)).ok_or_else(|| unknown(at))?;
                    segments.push(Segment::Policy(*policy));
                    at = *end;
                }
            }
            Sid::Srv6(address) => match network.behaviour(*address) {
                Some((owner, behaviour)) => {
                    go(&mut segments, &mut at, owner);
                    match behaviour {
                        Behaviour::End => {}
                        Behaviour::EndX(edge) => {
                            segments.push(Segment::Edge(edge));
                            at = network.graph().edge(edge).to;
                        }
                        Behaviour::Service if place + 1 < list.sids.len() => {
                            return Err(Fault::EndsAt { node: name(owner) });
                        }
                        Behaviour::Service if owner != endpoint => {
                            return Err(Fault::EndsAt { node: name(owner) });
                        }
                        Behaviour::Service => {}
                    }
                }
                None => {
                    let owner = network.locator_of(*address).ok_or_else(|| unknown(at))?;
                    let (policy, end) = bindings.get(&(owner, *sid)).ok_or_else(|| unknown(owner))?;
                    go(&mut segments, &mut at, owner);
                    segments.push(Segment::Policy(*policy));
                    at = *end;
                }
            },
        }
    }
    match last {
        Sid::Srv6(_) if network.has_locator(endpoint) => go(&mut segments, &mut at, endpoint),
        _ if at == endpoint => {}
        _ => return Err(Fault::EndsAt { node: name(at) }),
    }
    Ok(segments)
}

/// A node segment, unless it is there already.
fn go(segments: &mut Vec<Segment>, at: &mut NodeIx, node: NodeIx) {
    if *at != node {
        segments.push(Segment::Node(node));
        *at = node;
    }
}
