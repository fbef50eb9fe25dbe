//! Segment lists become what they mean: SIDs resolved at the node that will read them, once, before any packet flows.

use std::net::Ipv6Addr;

use model::{EdgeIx, Label, NodeId, NodeIx, SegmentList, Sid};

use crate::{
    csid::unpack,
    network::{Behaviour, Goal, Network},
    segment::{Bindings, Fault, Fork, Resolved, Segment, Tail},
};

/// So many members may the anycast segments of a list lead to, all ways together.
const MAX_MEMBERS: usize = 64;

/// Resolves a list on a headend toward an endpoint; toward none, where the policy is by color only (RFC 9256 section 8.8).
/// An SRv6 list may end early: the service SID of the endpoint, which every packet carries last, leads on by shortest paths.
/// An SR-MPLS list must end at the endpoint.
pub(crate) fn resolve(
    network: &Network,
    bindings: &Bindings,
    head: NodeIx,
    list: &SegmentList,
    endpoint: Option<NodeIx>,
) -> Result<Resolved, Fault> {
    let Some(last) = list.sids.last() else { return Err(Fault::Empty) };
    if list.weight == 0 {
        return Err(Fault::Empty);
    }
    let srv6 = matches!(last, Sid::Srv6(_));
    read(
        Way { network, bindings, endpoint, srv6, segments: Vec::new(), at: head, served: false },
        &list.sids,
        &mut 0,
    )
}

/// Reads the rest of a list.
fn read(mut way: Way<'_>, sids: &[Sid], members: &mut usize) -> Result<Resolved, Fault> {
    for (place, sid) in sids.iter().enumerate() {
        if way.served {
            return Err(way.ends());
        }
        if let Some((group, index)) = way.anycast(*sid) {
            let of_group = way.network.group(group);
            *members += of_group.len();
            if *members > MAX_MEMBERS {
                return Err(Fault::Endless { at: way.name(way.at) });
            }
            let mut rest =
                |at: NodeIx| read(Way { at, segments: Vec::new(), ..way }, &sids[place + 1..], members);
            let then = of_group.iter().map(|member| (*member, rest(*member))).collect();
            return Ok(Resolved { segments: way.segments, tail: Tail::Fork(Fork { group, index, then }) });
        }
        match sid {
            Sid::Mpls(label) => way.label(*label)?,
            Sid::Srv6(address) => way.sid(*address)?,
        }
    }
    let carries_on = way.srv6 && !way.served;
    let tail = match way.endpoint {
        None if carries_on => Tail::Onward,
        None => Tail::There,
        Some(endpoint) if carries_on && way.network.has_locator(endpoint) => {
            way.go(endpoint);
            Tail::Done
        }
        Some(endpoint) if way.at == endpoint && way.served => Tail::Served,
        Some(endpoint) if way.at == endpoint => Tail::Done,
        Some(_) => return Err(way.ends()),
    };
    Ok(Resolved { segments: way.segments, tail })
}

/// A list as far as it was resolved.
struct Way<'a> {
    network: &'a Network,
    bindings: &'a Bindings,
    endpoint: Option<NodeIx>,
    /// Whether the list ends in an SRv6 SID.
    srv6: bool,
    segments: Vec<Segment>,
    at: NodeIx,
    /// The service's packet came out here.
    served: bool,
}

impl Way<'_> {
    fn name(&self, node: NodeIx) -> NodeId {
        self.network.graph().node_id(node).clone()
    }

    fn ends(&self) -> Fault {
        Fault::EndsAt { node: self.name(self.at) }
    }

    /// A node segment, unless it is there already.
    fn go(&mut self, node: NodeIx) {
        if self.at != node {
            self.segments.push(Segment::Node(node));
            self.at = node;
        }
    }

    fn cross(&mut self, edge: EdgeIx) {
        self.segments.push(Segment::Edge(edge));
        self.at = self.network.graph().edge(edge).to;
    }

    fn bind(&mut self, sid: Sid) -> Result<(), Fault> {
        let unknown = || Fault::UnknownSid { at: self.name(self.at), sid };
        let (policy, end) = self.bindings.get(&(self.at, sid)).copied().ok_or_else(unknown)?;
        self.segments.push(Segment::Policy(policy));
        self.at = end;
        Ok(())
    }

    /// The anycast group that a SID leads to, and its index where not every node has a label for it.
    fn anycast(&self, sid: Sid) -> Option<(u32, Option<u32>)> {
        match sid {
            Sid::Srv6(address) => Some((self.network.group_of_sid(address)?, None)),
            Sid::Mpls(label) => match self.network.meaning(self.at, label)? {
                (Goal::Group(group), index) => Some((group, self.scarce(index))),
                (Goal::Node(_), _) => None,
            },
        }
    }

    fn scarce(&self, index: u32) -> Option<u32> {
        (!self.network.labels_all()).then_some(index)
    }

    fn label(&mut self, label: Label) -> Result<(), Fault> {
        if let Some((Goal::Node(node), index)) = self.network.meaning(self.at, label) {
            match self.scarce(index) {
                Some(index) if self.at != node => {
                    self.segments.push(Segment::Labelled(node, index));
                    self.at = node;
                }
                _ => self.go(node),
            }
        } else if let Some(edge) = self.network.adjacency_of_label(self.at, label) {
            self.cross(edge);
        } else if self.network.is_function(self.at, label) {
            self.segments.push(Segment::Function(self.at));
        } else {
            self.bind(Sid::Mpls(label))?;
        }
        Ok(())
    }

    fn sid(&mut self, address: Ipv6Addr) -> Result<(), Fault> {
        // A node looks among its own SIDs before it asks which locator covers an address.
        if self.network.has_function(self.at, address) {
            self.segments.push(Segment::Function(self.at));
            return Ok(());
        }
        let is_bound = |node, sid| self.bindings.contains_key(&(node, Sid::Srv6(sid)));
        let unpacked = unpack(self.network, address, is_bound);
        for (node, behaviour) in unpacked.stops {
            self.go(node);
            match behaviour {
                Behaviour::End => {}
                Behaviour::Function => self.segments.push(Segment::Function(node)),
                Behaviour::EndX(edge) => self.cross(edge),
                Behaviour::Binding(sid) => self.bind(Sid::Srv6(sid))?,
                Behaviour::Service if self.endpoint.is_some_and(|endpoint| endpoint != node) => {
                    return Err(self.ends());
                }
                Behaviour::Service => self.served = true,
            }
        }
        match unpacked.stuck {
            Some((at, sid)) => {
                Err(Fault::UnknownSid { at: self.name(at.unwrap_or(self.at)), sid: Sid::Srv6(sid) })
            }
            None => Ok(()),
        }
    }
}
