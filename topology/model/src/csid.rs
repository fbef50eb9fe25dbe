//! Containers: several SRv6 SIDs in one address, by the flavor NEXT-CSID (RFC 9800 section 4.1), also called uSIDs.
//!
//! A container begins with the block that all locators of a domain share; then come the numbers of nodes, each with the function of
//! that node behind it where one is asked for. A node takes its own number out, and the function with it, and what is left moves up.
//!
//! [`Containers`] reads an address for people. Those who write containers and those who prove them read for themselves.

use std::{collections::BTreeMap, fmt, net::Ipv6Addr};

use crate::{
    id::{LinkId, NodeId},
    link::Side,
    next_csid::{NextCsid, leading},
    node::Node,
    ted::Ted,
};

/// More SIDs than these are in no address.
const MOST: usize = 8;

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
