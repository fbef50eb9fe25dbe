//! Where a router stands: what of the network and of itself it must know to forward, beside its configuration.
//!
//! Whoever runs the router fills it in: addresses from the plan of the lab, routes and dead SIDs from the IGP, silent lists from
//! probes. When any of it changes, a new program is worked out from the same configuration, and backups take over without anybody's
//! help.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv6Net};
use model::{Bandwidth, InterfaceName, NodeId, VrfName, node::function_of};

use crate::{
    number::{Device, TenantNo},
    object::Hop,
};

/// The function of the SID by which every router takes an IPv6 packet out of its outer header, into the main table (End.DT6): the end
/// of lists behind binding SIDs.
const DECAP: u16 = 0xd06;

/// The function of the SID by which every router takes a probe out of its outer header, for itself (End.DT6 of its own addresses): the
/// end of lists that are probed.
const PROBE: u16 = 0xd07;

/// The function of a node's services in the model ([`model::Node::service_sid`]).
const SERVICE: u16 = 0xd46;

/// Where a router stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The router.
    pub node: NodeId,
    /// The address that outer headers come from: one of the router's own, in its locator, and not a SID.
    pub source: Ipv6Addr,
    /// The SRv6 locator and how its SIDs are built, where it has one.
    pub locator: Option<Locator>,
    /// SIDs of the service function behind the router, a firewall for instance, where it has one. Nothing stands there in a lab: packets
    /// are counted and go on to the next segment.
    pub functions: BTreeSet<Ipv6Addr>,
    /// Prefixes that hold all locators and addresses of the network's routers and links, and none of any customer.
    pub core: BTreeSet<Ipv6Net>,
    /// Interfaces with a line to another router.
    pub ports: BTreeMap<InterfaceName, Port>,
    /// Devices of customers that are down now, or not there: what leads over them leads nowhere, and the kernel takes no route there.
    pub down: BTreeSet<Device>,
    /// What the IGP gives.
    pub underlay: Underlay,
    /// All other routers that policies may end at.
    pub peers: BTreeMap<NodeId, Peer>,
    /// Tenants with customers here.
    pub tenants: BTreeMap<VrfName, Tenant>,
    /// SIDs of other routers that lead nowhere now: End.X of links that are down.
    pub broken: BTreeSet<Ipv6Addr>,
    /// Segment lists on which probes are lost (seamless BFD, RFC 7880): as the policy has them.
    pub silent: BTreeSet<Vec<Ipv6Addr>>,
}

/// A locator.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Locator {
    /// The prefix (RFC 8986 section 3.1).
    pub net: Ipv6Net,
    /// How compressed SIDs are built, where the router reads containers (RFC 9800).
    pub csid: Option<Csid>,
}

impl Locator {
    /// The End SID: function 1, as the model has it.
    pub fn end(&self) -> Ipv6Addr {
        function_of(self.net, 1)
    }
}

/// How long compressed SIDs are, in bits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Csid {
    /// The number of the node: the last so many bits of its locator.
    pub node: u8,
    /// A function of a node.
    pub function: u8,
}

/// An interface to another router.
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    /// The device that it is.
    pub device: Device,
    /// What the line carries; packets wait here, not on the line. Nothing waits where absent.
    pub rate: Option<Bandwidth>,
    /// The SID of the adjacency, where it has one.
    pub end_x: Option<EndX>,
    /// Whether it is up.
    pub up: bool,
}

/// The SID of an adjacency.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EndX {
    /// The SID.
    pub sid: Ipv6Addr,
    /// The neighbour's address on the link: a global one.
    pub neighbour: Ipv6Addr,
}

/// What the IGP gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Underlay {
    /// To other routers' locators and addresses, with all neighbours on shortest paths.
    pub routes: BTreeMap<IpNet, BTreeSet<Hop>>,
    /// Whether these routes are written by us; another's (FRR's) are only known.
    pub ours: bool,
}

/// Another router.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Peer {
    /// Its router id.
    pub router_id: Ipv4Addr,
    /// Its locator, where it has one.
    pub locator: Option<Ipv6Net>,
}

impl Peer {
    /// The SID that the model has for all services of the node.
    pub fn service(&self) -> Option<Ipv6Addr> {
        self.locator.map(|locator| function_of(locator, SERVICE))
    }
}

/// The SID by which a router takes an IPv6 packet out of its outer header.
pub fn decap_sid(locator: Ipv6Net) -> Ipv6Addr {
    function_of(locator, DECAP)
}

/// The SID by which a router takes a probe out of its outer header.
pub fn probe_sid(locator: Ipv6Net) -> Ipv6Addr {
    function_of(locator, PROBE)
}

/// A tenant with customers here.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    /// Its number on this router; stays while the tenant is here.
    pub number: TenantNo,
    /// Customers by the device that leads to them.
    pub customers: BTreeMap<Device, Attachment>,
    /// Prefixes behind other routers.
    pub remote: BTreeMap<IpNet, Remote>,
    /// The SIDs of the tenant here, which other routers put last.
    pub services: BTreeMap<Ipv6Addr, Service>,
}

/// A customer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attachment {
    /// Its IPv4 address on the link; the link's addresses are the network's own, different for each customer.
    pub v4: Option<Ipv4Addr>,
    /// Its IPv6 address on the link.
    pub v6: Option<Ipv6Addr>,
    /// What is behind it.
    pub prefixes: BTreeSet<IpNet>,
}

/// Where a prefix behind another router is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Remote {
    /// The router.
    pub node: NodeId,
    /// The SID of the tenant there, for the family of the prefix.
    pub sid: Ipv6Addr,
}

/// What a SID of a tenant does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Service {
    /// IPv4 to the customer at this device (End.DX4).
    Dx4(Device),
    /// IPv6 to the customer at this device (End.DX6).
    Dx6(Device),
    /// IPv6 by the tenant's table (End.DT6).
    Dt6,
    /// IPv4 by the tenant's table (End.DT4): needs a VRF.
    Dt4,
    /// Both (End.DT46): needs a VRF.
    Dt46,
}

impl Place {
    /// Whether some neighbour leads on: a hop over an interface that is up, or over a device that is no interface to a router and not
    /// known to be down.
    pub(crate) fn is_usable(&self, hop: &Hop) -> bool {
        !self.down.contains(&hop.device)
            && self.ports.values().find(|port| port.device == hop.device).is_none_or(|port| port.up)
    }

    /// Hops of a route of the IGP that are left.
    pub(crate) fn usable<'a>(&'a self, hops: &'a BTreeSet<Hop>) -> impl Iterator<Item = &'a Hop> + 'a {
        hops.iter().filter(|hop| self.is_usable(hop))
    }

    /// Whether the IGP leads to an address: the longest route that covers it has a neighbour left. The router itself counts.
    pub(crate) fn leads_to(&self, address: Ipv6Addr) -> bool {
        let own = self.locator.is_some_and(|locator| locator.net.contains(&address));
        let address = IpAddr::V6(address);
        let covering = self.underlay.routes.iter().filter(|(net, _)| net.contains(&address));
        let longest = covering.max_by_key(|(net, _)| net.prefix_len());
        own || longest.is_some_and(|(_, hops)| self.usable(hops).next().is_some())
    }

    /// The other router that an endpoint belongs to: its router id, or any address in its locator, the longest first.
    pub fn owner(&self, endpoint: IpAddr) -> Option<&NodeId> {
        let owns = |peer: &Peer| match endpoint {
            IpAddr::V4(id) => (peer.router_id == id).then_some(32),
            IpAddr::V6(address) => {
                peer.locator.filter(|net| net.contains(&address)).map(|net| net.prefix_len())
            }
        };
        let owners = self.peers.iter().filter_map(|(node, peer)| Some((owns(peer)?, node)));
        // The first by name of equally long ones, as the model has it.
        owners.min_by_key(|(length, node)| (std::cmp::Reverse(*length), *node)).map(|(_, node)| node)
    }
}
