//! Several SRv6 SIDs in one address: containers of NEXT-CSIDs (RFC 9800 section 4.1).
//!
//! The SIDs of a domain begin with the same block. A container holds the block once and then what follows it in each SID: the
//! number of a node (its End SID), or that and a function (an End.X SID). A node that finds its own number in front takes it
//! out and moves the rest up; where nothing is left it goes on to the next address of the list.
//!
//! Filling each container as far as it goes gives the fewest: any part of a container that can be read can be read alone.

use std::{collections::BTreeSet, net::Ipv6Addr};

use ipnet::Ipv6Net;
use model::NodeIx;
use thiserror::Error;

use crate::set::NodeSet;

/// How the SIDs of a domain are built, and which nodes read containers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Csid {
    block: u8,
    node: u8,
    function: u8,
    nodes: NodeSet,
}

/// Lengths that leave no room.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error(
    "a SID of {block} bits block, {node} bits node and {function} bits function is none: each must be at least 1 bit and all \
     together at most 128, for instance 32, 16 and 16"
)]
pub struct BadCsid {
    /// Bits of the block.
    pub block: u8,
    /// Bits of the node.
    pub node: u8,
    /// Bits of the function.
    pub function: u8,
}

impl Csid {
    /// Lengths in bits: locator block, locator node, function (RFC 8986 section 3.1); and the nodes whose End and End.X SIDs
    /// have the flavor NEXT-CSID.
    ///
    /// # Errors
    /// A length of zero, or more than 128 bits together.
    pub fn new(block: u8, node: u8, function: u8, nodes: NodeSet) -> Result<Self, BadCsid> {
        let sum = u16::from(block) + u16::from(node) + u16::from(function);
        if block == 0 || node == 0 || function == 0 || sum > 128 {
            return Err(BadCsid { block, node, function });
        }
        Ok(Self { block, node, function, nodes })
    }

    /// The part of a container that stands for a SID of a node; none where that node does not read containers or the SID
    /// is not built so. `is_end`: the SID is the node's own, so its function need not be said.
    pub(super) fn element(
        &self,
        owner: NodeIx,
        locator: Ipv6Net,
        sid: Ipv6Addr,
        is_end: bool,
    ) -> Option<Element> {
        let fits = self.nodes.contains(owner)
            && locator.prefix_len() == self.block + self.node
            && locator.contains(&sid);
        let bits = u128::from(sid) << self.block;
        let number = top(bits, self.node);
        let rest = bits << self.node;
        let function = top(rest, self.function);
        // Nothing but the function may follow: what is left out must be zero.
        let whole = rest << self.function == 0;
        let says = number != 0 && (is_end || function != 0 && whole);
        (fits && says).then(|| Element {
            block: top(u128::from(sid), self.block),
            bits: if is_end { number } else { number << self.function | function },
            length: if is_end { self.node } else { self.node + self.function },
            owner,
        })
    }

    /// The function in a SID of that locator.
    pub(super) fn function_of(&self, sid: Ipv6Addr) -> u128 {
        top((u128::from(sid) << self.block) << self.node, self.function)
    }
}

/// The first bits of 128, as a number.
fn top(bits: u128, length: u8) -> u128 {
    bits >> (128 - u32::from(length))
}

/// What stands for one SID in a container.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Element {
    block: u128,
    bits: u128,
    length: u8,
    owner: NodeIx,
}

/// A container that is being filled.
#[derive(Clone, Debug)]
pub(super) struct Container {
    elements: Vec<Element>,
    used: u32,
}

impl Container {
    pub(super) fn of(csid: &Csid, element: Element) -> Self {
        Self { elements: vec![element], used: u32::from(csid.block) + u32::from(element.length) }
    }

    /// Adds one more. False where there is no room, or where a node would read what follows its number as a function
    /// of its own; `functions` says which ones a node has.
    pub(super) fn push(
        &mut self,
        csid: &Csid,
        element: Element,
        functions: impl Fn(NodeIx) -> BTreeSet<u128>,
    ) -> bool {
        let fits = element.block == self.elements[0].block && self.used + u32::from(element.length) <= 128;
        if !fits {
            return false;
        }
        self.elements.push(element);
        self.used += u32::from(element.length);
        if self.is_misread(csid, functions) {
            self.elements.pop();
            self.used -= u32::from(element.length);
            return false;
        }
        true
    }

    fn is_misread(&self, csid: &Csid, functions: impl Fn(NodeIx) -> BTreeSet<u128>) -> bool {
        let bits = u128::from(self.address(csid));
        let mut place = u32::from(csid.block);
        self.elements.iter().any(|element| {
            place += u32::from(element.length);
            let rest = if place < 128 { bits << place } else { 0 };
            let next = top(rest, csid.function);
            element.length == csid.node && next != 0 && functions(element.owner).contains(&next)
        })
    }

    /// The address that carries it.
    pub(super) fn address(&self, csid: &Csid) -> Ipv6Addr {
        let mut room = 128 - u32::from(csid.block);
        let mut bits = self.elements[0].block << room;
        for element in &self.elements {
            room -= u32::from(element.length);
            bits |= element.bits << room;
        }
        Ipv6Addr::from(bits)
    }
}
