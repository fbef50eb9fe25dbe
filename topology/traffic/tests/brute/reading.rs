//! What a node makes of the SID on top of a packet, read with nothing but what this node knows.

use std::{collections::BTreeSet, net::Ipv6Addr};

use model::Sid;

use crate::{
    case::{anycast_index, anycast_sid, function, start_of},
    packets::{Brute, service},
    support::*,
};

/// What happens to the packet.
pub enum Reading {
    /// The SID is done.
    Pop,
    /// On toward the nearest of these nodes, by a label of this index if by one.
    Toward(BTreeSet<usize>, Option<u32>),
    /// Over this edge, with this instead of the SID.
    Over(usize, Option<Ipv6Addr>),
    /// This stands there now.
    Shifted(Ipv6Addr),
    /// Perhaps into a policy.
    Enter,
    /// Nothing good.
    Lost,
}

impl Brute<'_> {
    pub fn reading(&self, at: usize, stack: &[Sid]) -> Reading {
        let start = |edge: usize| start_of(&self.case.ted, edge).0;
        let toward = |nodes: BTreeSet<usize>, index| {
            if nodes.contains(&at) { Reading::Pop } else { Reading::Toward(nodes, index) }
        };
        let top = stack[0];
        let Sid::Srv6(address) = top else {
            let edge = self.edges().find(|edge| start(*edge) == at && adjacency_label(*edge) == top);
            let known = self.indices().find(|(index, _)| self.label(at, *index) == Some(top));
            return match (known, edge) {
                (Some((index, nodes)), _) => toward(nodes, Some(index)),
                (None, Some(edge)) => Reading::Over(edge, None),
                (None, None) if function(at, false) == top => Reading::Pop,
                (None, None) => Reading::Enter,
            };
        };
        // The node's own SIDs come before all routes.
        if function(at, true) == top {
            return Reading::Pop;
        }
        let groups = self.case.groups.iter().enumerate();
        if let Some((_, nodes)) = groups.into_iter().find(|(group, _)| anycast_sid(*group) == top) {
            return toward(nodes.clone(), None);
        }
        match (0..self.case.nodes).find(|node| locator(*node).contains(&address)) {
            Some(owner) if owner == at => self.here(at, address, stack),
            Some(owner) => toward(BTreeSet::from([owner]), None),
            None => Reading::Lost,
        }
    }

    /// A SID of the node itself.
    fn here(&self, at: usize, address: Ipv6Addr, stack: &[Sid]) -> Reading {
        let top = Sid::Srv6(address);
        let edge = self.edges().find(|edge| end_x(start_of(&self.case.ted, *edge).0, *edge) == top);
        if let Some(edge) = edge {
            return Reading::Over(edge, None);
        }
        if top == end(at) {
            return Reading::Pop;
        }
        if top == service(at) {
            // A service comes out where nothing is left to do.
            return if stack.iter().all(|sid| *sid == top) { Reading::Pop } else { Reading::Lost };
        }
        if self.bound(at, top).is_some() {
            return Reading::Enter;
        }
        match self.shift(at, address) {
            Some((Some(edge), rest)) => Reading::Over(edge, rest),
            Some((None, Some(rest))) => Reading::Shifted(rest),
            Some((None, None)) => Reading::Pop,
            None => Reading::Lost,
        }
    }

    /// The label of an index at a node, where it has one.
    pub fn label(&self, at: usize, index: u32) -> Option<Sid> {
        self.case.ted.nodes[&name(at)].srgb.at(index).map(Sid::Mpls)
    }

    /// All SID indices, and to which nodes they lead.
    fn indices(&self) -> impl Iterator<Item = (u32, BTreeSet<usize>)> + '_ {
        let nodes = (0..self.case.nodes).map(|node| (1 + node as u32, BTreeSet::from([node])));
        let groups = self.case.groups.iter().enumerate();
        nodes.chain(groups.map(|(group, nodes)| (anycast_index(group), nodes.clone())))
    }

    /// What a node makes of a container that begins with its own CSID: the edge that it asks for, if one, and the rest.
    pub fn shift(&self, at: usize, address: Ipv6Addr) -> Option<(Option<usize>, Option<Ipv6Addr>)> {
        let [b0, b1, _, next, behind @ ..] = address.segments();
        if !self.case.compressed.contains(&at) {
            return None;
        }
        if next == 0 {
            return (behind == [0; 4]).then_some((None, None));
        }
        let own = Sid::Srv6(Ipv6Addr::from([b0, b1, at as u16 + 1, next, 0, 0, 0, 0]));
        let [b4, b5, b6, b7] = behind;
        if let Some(edge) =
            self.edges().find(|edge| end_x(at, *edge) == own && start_of(&self.case.ted, *edge).0 == at)
        {
            return Some((Some(edge), Some(Ipv6Addr::from([b0, b1, b4, b5, b6, b7, 0, 0]))));
        }
        if [end(at), service(at), function(at, true)].contains(&own) || self.bound(at, own).is_some() {
            return None;
        }
        Some((None, Some(Ipv6Addr::from([b0, b1, next, b4, b5, b6, b7, 0]))))
    }
}
