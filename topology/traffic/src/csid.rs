//! Compressed segment lists: one IPv6 address that holds several SIDs (NEXT-CSID, RFC 9800 section 4.1).
//!
//! A container begins with the block that all locators share; then come CSIDs: that of a node, which is the end of its
//! locator, and behind it those that only this node knows, which are its functions. A node that finds its own CSID in front
//! takes it away, moves the rest forward and fills up with zeros; what it cannot go on with is lost there.
//!
//! As on routers the longest match wins: a function of the node is read as such before the next node's CSID is. A container
//! that meets such a number by accident goes wrong, and the walk says so.

pub(crate) mod lengths;

use std::net::Ipv6Addr;

use model::NodeIx;

use crate::network::{Behaviour, Network, leading};

/// What an SRv6 SID says, SID by SID; and where nobody knows how to go on.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Unpacked {
    /// The nodes at which something happens, and what.
    pub(crate) stops: Vec<(NodeIx, Behaviour)>,
    /// The node that can do nothing with the rest, and what it sees then; the first node is that of the list before.
    pub(crate) stuck: Option<(Option<NodeIx>, Ipv6Addr)>,
}

/// Reads a SID or a container. `is_bound` says whether a node has a policy behind a binding SID. O(CSIDs).
pub(crate) fn unpack(
    network: &Network,
    sid: Ipv6Addr,
    is_bound: impl Fn(NodeIx, Ipv6Addr) -> bool,
) -> Unpacked {
    let mut unpacked = Unpacked { stops: Vec::new(), stuck: None };
    let mut address = sid;
    // Every turn takes a bit away at least.
    for _ in 0..128 {
        if let Some((node, behaviour)) = network.behaviour(address) {
            unpacked.stops.push((node, behaviour));
            return unpacked;
        }
        let last = unpacked.stops.last().map(|(node, behaviour)| match behaviour {
            Behaviour::EndX(edge) => network.graph().edge(*edge).to,
            _ => *node,
        });
        let Some((node, length)) = network.locator(address) else {
            unpacked.stuck = Some((last, address));
            return unpacked;
        };
        if is_bound(node, address) {
            unpacked.stops.push((node, Behaviour::Binding(address)));
            return unpacked;
        }
        let Some((behaviour, rest)) = shift(network, node, length, address, &is_bound) else {
            unpacked.stuck = Some((Some(node), address));
            return unpacked;
        };
        unpacked.stops.push((node, behaviour));
        match rest {
            Some(rest) => address = rest,
            None => return unpacked,
        }
    }
    unpacked
}

/// What a node does with a container that has its CSID in front, and what is left of it then.
fn shift(
    network: &Network,
    node: NodeIx,
    length: u8,
    address: Ipv6Addr,
    is_bound: impl Fn(NodeIx, Ipv6Addr) -> bool,
) -> Option<(Behaviour, Option<Ipv6Addr>)> {
    let lengths = network.csid_lengths(node)?;
    let function_end = length.checked_add(lengths.function).filter(|end| *end <= 128)?;
    let block = length.checked_sub(lengths.node).filter(|_| lengths.node > 0)?;
    let bits = u128::from(address);
    if bits & !leading(length) == 0 {
        return Some((Behaviour::End, None));
    }
    let function = Ipv6Addr::from(bits & leading(function_end));
    let forward =
        |by: u8| (bits & leading(block)) | (bits.checked_shl(by.into()).unwrap_or(0) & !leading(block));
    let taken = match network.behaviour(function) {
        Some((owner, Behaviour::EndX(edge))) if owner == node => {
            Some((Behaviour::EndX(edge), forward(function_end - block)))
        }
        Some((owner, _)) if owner == node => None,
        _ if is_bound(node, function) => None,
        // A CSID of zero ends a container, and behind its end there is nothing.
        _ if u128::from(function) & !leading(length) == 0 => None,
        _ => Some((Behaviour::End, forward(lengths.node))),
    };
    taken.map(|(behaviour, rest)| (behaviour, (rest & !leading(block) != 0).then(|| Ipv6Addr::from(rest))))
}
