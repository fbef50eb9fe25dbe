//! Containers: several SRv6 SIDs in one address, by the flavor NEXT-CSID (RFC 9800 section 4.1), also called uSIDs.
//!
//! A container begins with the block that all locators of a domain share; then come the numbers of nodes, each with the function of
//! that node behind it where one is asked for. A node takes its own number out, and the function with it, and what is left moves up.
//!
//! A number that stands behind another one must not be a function of the node before it: that would be read first. So nodes that read
//! containers have numbers that are no function of any node here; that is what RFC 9800 keeps apart as global and local identifiers.
//! [`Containers`] reads an address for people. Those who write containers and those who prove them read for themselves.

use std::{collections::BTreeMap, fmt, net::Ipv6Addr, ops::RangeInclusive};

use ipnet::Ipv6Net;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    id::{LinkId, NodeId},
    link::Side,
    node::Node,
    ted::Ted,
};

/// What functions have for numbers, of all nodes: End; those that end services, probes and lists behind binding SIDs; binding SIDs and
/// SIDs of customers; adjacencies.
const FUNCTIONS: [RangeInclusive<u16>; 3] = [1..=1, 0xd00..=0xdff, 0x4000..=0xffff];

/// More SIDs than these are in no address.
const MOST: usize = 8;

/// How the SIDs of a node are built whose End and End.X SIDs have the flavor NEXT-CSID (RFC 9800 section 4.1), in bits. Functions have
/// [`NextCsid::FUNCTION_LENGTH`].
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NextCsid {
    /// Locator-Block length: what all locators of a domain begin with.
    pub locator_block_length: u8,
    /// Locator-Node length: the number of the node, which is the rest of its locator.
    pub locator_node_length: u8,
}

/// Why a node cannot read containers so.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum BadNextCsid {
    /// The two lengths are not that of the locator.
    #[error(
        "{block} bits of block and {node} of the node are {} bits, and its locator {locator} has {}: together they are the locator",
        u16::from(*block) + u16::from(*node),
        locator.prefix_len()
    )]
    Lengths {
        /// Bits of the block.
        block: u8,
        /// Bits of the node.
        node: u8,
        /// The locator.
        locator: Ipv6Net,
    },
    /// Numbers of nodes are as long as functions, so that they can be told apart by their value.
    #[error(
        "{node} bits of the node: numbers of nodes have 16 bits here, as functions have, so that no number is taken for a function"
    )]
    NodeLength {
        /// Bits of the node.
        node: u8,
    },
    /// Routers shift by octets.
    #[error("{block} bits of block: routers shift by octets, so it is 8, 16, 24 and so on, usually 32 or 48")]
    BlockLength {
        /// Bits of the block.
        block: u8,
    },
    /// The number of the node would be read as something else.
    #[error(
        "the number of its locator {locator} is {number:x}, and in a container {}: choose a locator that ends in 2 to cff or e00 to 3fff",
        if *number == 0 { "nothing stands behind a 0" } else { "a node before it would take that for a function of its own" }
    )]
    Number {
        /// The number.
        number: u16,
        /// The locator.
        locator: Ipv6Net,
    },
}

impl NextCsid {
    /// Bits of a function.
    pub const FUNCTION_LENGTH: u8 = 16;

    /// Whether a node with this locator can read containers so.
    ///
    /// # Errors
    /// The lengths are not those of the locator, or routers cannot shift by them; or its number means something else.
    pub fn fits(self, locator: Ipv6Net) -> Result<(), BadNextCsid> {
        let (block, node) = (self.locator_block_length, self.locator_node_length);
        if u16::from(block) + u16::from(node) != u16::from(locator.prefix_len()) {
            return Err(BadNextCsid::Lengths { block, node, locator });
        }
        if node != 16 {
            return Err(BadNextCsid::NodeLength { node });
        }
        if block == 0 || !block.is_multiple_of(8) {
            return Err(BadNextCsid::BlockLength { block });
        }
        // The last 16 bits of the locator.
        let bits = u128::from(locator.network()) >> (128 - u32::from(locator.prefix_len()));
        let number = (bits & u128::from(u16::MAX)) as u16;
        let is_taken = number == 0 || FUNCTIONS.iter().any(|functions| functions.contains(&number));
        if is_taken { Err(BadNextCsid::Number { number, locator }) } else { Ok(()) }
    }

    /// The block of a locator that these lengths fit.
    pub fn block_of(self, locator: Ipv6Net) -> Ipv6Net {
        let first = u128::from(locator.network()) & leading(self.locator_block_length);
        Ipv6Net::new(first.into(), self.locator_block_length).unwrap_or(locator)
    }
}

/// A mask of so many leading bits.
fn leading(bits: u8) -> u128 {
    u128::MAX.checked_shl(128_u32.saturating_sub(u32::from(bits))).unwrap_or(0)
}

/// What one SID in a container asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Asks<'a> {
    /// The shortest path to the node (`uN`).
    Node,
    /// This link of the node (`uA`).
    Link(&'a LinkId),
    /// Another function of the node.
    Function,
}

/// One SID in a container.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Compressed<'a> {
    /// The node that reads it.
    pub node: &'a NodeId,
    /// The same SID in full.
    pub sid: Ipv6Addr,
    /// What it asks for.
    pub asks: Asks<'a>,
}

impl fmt::Display for Compressed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.asks {
            Asks::Node => write!(f, "uN {}", self.node),
            Asks::Link(link) => write!(f, "uA {} by {link}", self.node),
            Asks::Function => write!(f, "function {} of {}", self.sid, self.node),
        }
    }
}

/// What addresses ask for in a network of which some nodes read containers.
#[derive(Clone, Debug, Default)]
pub struct Containers<'a> {
    /// Nodes that read containers, by the length and the first address of their locators.
    readers: BTreeMap<u8, BTreeMap<u128, (&'a Node, NextCsid)>>,
    /// Links by the End.X SIDs of their ends.
    links: BTreeMap<Ipv6Addr, &'a LinkId>,
}

impl<'a> Containers<'a> {
    /// Those of a network. O((nodes + links) log) where any node reads containers, O(nodes) elsewhere.
    pub fn of(ted: &'a Ted) -> Self {
        let mut all = Self::default();
        for node in ted.nodes.values() {
            let (Some(csid), Some(locator)) = (node.reads_containers(), node.locator.as_ref()) else {
                continue;
            };
            let of_length = all.readers.entry(locator.value.prefix_len()).or_default();
            of_length.insert(u128::from(locator.value.network()), (node, csid));
        }
        if all.readers.is_empty() {
            return all;
        }
        for link in ted.links.values() {
            let sids = [Side::A, Side::Z].into_iter().filter_map(|side| link.direction(side).end_x.as_ref());
            all.links.extend(sids.map(|sid| (sid.value, &link.id)));
        }
        all
    }

    /// The SIDs in an address, in their order, as far as somebody can read it: one or none where it is no container. O(log nodes) for
    /// each of at most eight.
    pub fn read(&self, address: Ipv6Addr) -> Vec<Compressed<'a>> {
        let mut found = Vec::new();
        let mut rest = u128::from(address);
        while found.len() < MOST
            && let Some((node, csid)) = self.reader(rest)
        {
            let block = csid.locator_block_length;
            let function_end = block + csid.locator_node_length + NextCsid::FUNCTION_LENGTH;
            let head = Ipv6Addr::from(rest & leading(function_end));
            let is_last = rest & !leading(function_end) == 0;
            let (sid, asks) = self.first(node, head, is_last);
            found.push(Compressed { node: &node.id, sid, asks });
            let taken = match asks {
                Asks::Node => csid.locator_node_length,
                Asks::Link(_) => csid.locator_node_length + NextCsid::FUNCTION_LENGTH,
                Asks::Function => return found,
            };
            let forward = (rest << u32::from(taken)) & !leading(block);
            // What is a SID in full is read when its function is.
            if forward == 0 || Some(Ipv6Addr::from(rest)) == node.end_sid() {
                return found;
            }
            rest = (rest & leading(block)) | forward;
        }
        found
    }

    /// What stands in front, in full: `head` is the number of a node and what follows it.
    fn first(&self, node: &'a Node, head: Ipv6Addr, is_last: bool) -> (Ipv6Addr, Asks<'a>) {
        if let Some(link) = self.links.get(&head).copied() {
            return (head, Asks::Link(link));
        }
        let function = node.service_function.as_ref().and_then(|fact| fact.value.sid);
        if is_last && [node.service_sid(), function].contains(&Some(head)) {
            return (head, Asks::Function);
        }
        (node.end_sid().unwrap_or(head), Asks::Node)
    }

    fn reader(&self, address: u128) -> Option<(&'a Node, NextCsid)> {
        self.readers
            .iter()
            .rev()
            .find_map(|(length, nodes)| nodes.get(&(address & leading(*length))).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(block: u8, node: u8, locator: &str) -> Result<(), String> {
        let csid = NextCsid { locator_block_length: block, locator_node_length: node };
        csid.fits(locator.parse().unwrap()).map_err(|why| why.to_string())
    }

    #[test]
    fn lengths_are_those_of_the_locator_and_of_what_routers_shift() {
        assert_eq!(fits(32, 16, "fd00:0:102::/48"), Ok(()));
        assert_eq!(fits(48, 16, "fd00:0:0:102::/64"), Ok(()));
        for (block, node, locator, why) in [
            (32, 16, "fd00:0:1:102::/64", "are 48 bits, and its locator fd00:0:1:102::/64 has 64"),
            (24, 24, "fd00:0:102::/48", "24 bits of the node: numbers of nodes have 16 bits here"),
            (28, 16, "fd00:0:100::/44", "28 bits of block: routers shift by octets"),
            (0, 16, "fd00::/16", "0 bits of block"),
        ] {
            let told = fits(block, node, locator).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }

    #[test]
    fn a_number_that_means_something_else_is_refused_and_its_neighbours_are_not() {
        for taken in ["0", "1", "d00", "d46", "dff", "4000", "e000", "ffff"] {
            let told = fits(32, 16, &format!("fd00:0:{taken}::/48")).unwrap_err();
            assert!(told.contains(&format!("/48 is {taken}, and in a container")), "{told}");
        }
        for free in ["2", "cff", "e00", "3fff"] {
            assert_eq!(fits(32, 16, &format!("fd00:0:{free}::/48")), Ok(()), "{free}");
        }
    }

    #[test]
    fn a_block_is_what_a_locator_begins_with() {
        let csid = NextCsid { locator_block_length: 32, locator_node_length: 16 };
        assert_eq!(csid.block_of("fd00:7:102::/48".parse().unwrap()).to_string(), "fd00:7::/32");
    }
}
