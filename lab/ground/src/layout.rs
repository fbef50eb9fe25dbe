//! What a lab is made of: namespaces, lines, addresses. The same file gives the same layout on every machine.
//!
//! | what | rule |
//! |---|---|
//! | namespace | `tlg-LAB.NODE`; characters that file names do not take become `_`, and a number is added then |
//! | interface | as the file calls it where Linux takes that name (15 octets), with `-` for other characters and `if-` before a digit, or else by its number at the node |
//! | packet size | 9000 octets between routers, where the file says nothing, and never less than 2000: SRv6 adds headers; 1500 to a host |
//! | loopback of a router | `fdfe::` and its router id, and the router id itself |
//! | locator | its first address, on the loopback |
//! | line between routers | `fdfe:1:N:N::a/127` and `::b`, where N counts these lines by name |
//! | address of a frame | `02:54:` and the line's number by name, which ends in `0a` or `0b` |
//! | line to a host | `172.16.0.0/12` in 24s and `fdfe:2:N:N::/64`: the router has 1, the host 2; or as the file says (`ipv4`, `ipv6`) |
//!
//! A host is a node of role `host`, or one of kind `linux` that no label of ours and no image of a routing suite makes a router.

mod addresses;
mod hosts;
pub mod names;

pub use addresses::{CORE, next_hop};

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use formats::{LabFile, Network};
use ipnet::{IpNet, Ipv6Net};
use model::{
    Bandwidth, Finding, InterfaceName, LinkId, NodeId, Severity, Side, Ted, VrfName,
    fact::{Fact, Source},
};
use serde::{Deserialize, Serialize};

use crate::wire::Impairment;

/// The usual size of packets between routers.
pub const MTU: u32 = 9000;
/// The least size between routers: a packet of a host, an outer header and a segment routing header of eight segments fit.
pub const LEAST_MTU: u32 = 2000;
/// The most that a line carries.
pub const MOST_MTU: u32 = 65_000;
/// The size of packets of hosts.
pub const HOST_MTU: u32 = 1500;

/// A lab as it will stand. As JSON it tells the routers' agents where they stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// Its name as it is part of names of namespaces.
    pub lab: String,
    /// Its nodes.
    pub nodes: BTreeMap<NodeId, Stand>,
    /// Its lines.
    pub lines: BTreeMap<LinkId, Line>,
    /// Its routers and the lines between them: what a controller knows of it.
    pub ted: Ted,
    /// What has no place here, and what was filled in: for whoever reads the file.
    #[serde(skip)]
    pub notes: Vec<Finding>,
}

/// A node and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stand {
    /// Its namespace.
    pub space: String,
    /// What it is.
    pub kind: Kind,
    /// Its interfaces, as the file calls them.
    pub interfaces: BTreeMap<InterfaceName, Interface>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Kind {
    /// It forwards.
    Router(Router),
    /// It sends and receives.
    Host(Host),
}

/// The addresses of a router.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Router {
    /// Its own, under which others reach it.
    pub loopback: Ipv6Addr,
    /// The router id, which it has as an address too.
    pub router_id: Ipv4Addr,
    /// Its SRv6 locator.
    pub locator: Option<Ipv6Net>,
    /// Whether it reads several SIDs out of one address (flavor NEXT-CSID).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reads_containers: bool,
}

impl Router {
    /// What it has on its loopback, with the locator's first address.
    pub fn addresses(&self) -> Vec<IpNet> {
        let own = [IpNet::from(IpAddr::from(self.loopback)), IpNet::from(IpAddr::from(self.router_id))];
        own.into_iter().chain(self.locator.and_then(first_of).map(IpNet::from)).collect()
    }
}

/// The first address of a locator, with its length.
fn first_of(locator: Ipv6Net) -> Option<Ipv6Net> {
    let first = u128::from(locator.network()) | 1;
    Ipv6Net::new(first.into(), locator.prefix_len()).ok()
}

/// An address of a frame: locally administered, by plan, so that neighbours need not ask for it.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Mac(pub [u8; 6]);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// A host: an end system.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// The tenant that it belongs to. Its networks are the tenant's alone then, and no IGP announces them.
    pub tenant: Option<VrfName>,
    /// Where its packets go, one for each family that it has.
    pub gateways: Vec<IpAddr>,
}

/// An interface.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// What Linux calls it.
    pub device: String,
    /// Its address on the line.
    pub mac: Mac,
    /// Its addresses.
    pub addresses: Vec<IpNet>,
    /// The largest packet, in octets.
    pub mtu: u32,
    /// The line that ends there, and with which end.
    pub line: LinkId,
    /// Which end of it.
    pub side: Side,
}

/// Where a line ends.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// The node.
    pub node: NodeId,
    /// Its namespace.
    pub space: String,
    /// The interface, as the file calls it.
    pub interface: InterfaceName,
    /// What Linux calls it.
    pub device: String,
}

/// A line.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its ends, A first.
    pub ends: [End; 2],
    /// The largest packet, in octets.
    pub mtu: u32,
    /// What it does to frames, out of A first, where it does anything: such a line needs a wire.
    pub wire: Option<[Impairment; 2]>,
    /// How much it carries, out of A first, where the file says so.
    pub rates: [Option<Bandwidth>; 2],
}

impl Line {
    /// The end on that side.
    pub const fn end(&self, side: Side) -> &End {
        let [a, z] = &self.ends;
        match side {
            Side::A => a,
            Side::Z => z,
        }
    }
}

/// Which lines can be made worse later.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Wires {
    /// Those that have delay, variation or loss from the start.
    #[default]
    WhereNeeded,
    /// All of them. A line without a fault costs processor then, too.
    Everywhere,
}

impl Layout {
    /// The layout of a network. `stem` is the name of its file without folder and ending: the lab is called after it where the
    /// file gives it no name.
    ///
    /// # Errors
    /// What makes it impossible: names or addresses that meet, or no router at all.
    pub fn of(network: &Network, lab: &LabFile, stem: &str, wires: Wires) -> Result<Self, Vec<Finding>> {
        let hosts = hosts::of(&network.ted, lab);
        let mut layout = Self {
            lab: names::lab(lab.name.as_deref().unwrap_or(stem)),
            nodes: BTreeMap::new(),
            lines: BTreeMap::new(),
            ted: hosts::without(&network.ted, &hosts),
            notes: hosts::notes(&network.ted, lab, &hosts),
        };
        if layout.ted.nodes.is_empty() {
            let finding = Finding::new(
                formats::code::LAB_IMPOSSIBLE,
                Severity::Error,
                "lab",
                "no node of the file is a router, so nothing would forward",
            );
            return Err(vec![finding.with_help(
                "a node of kind `linux` is a host unless it has a label such as `trunkline.role: core` or an image of a routing suite",
            )]);
        }
        let mut faults = layout.place(&network.ted, &hosts, lab);
        layout.join(&network.ted, lab, wires);
        faults.extend(addresses::give(&mut layout, &network.ted, lab));
        hosts::gateways(&mut layout);
        if faults.is_empty() { Ok(layout) } else { Err(faults) }
    }

    /// Gives every node its namespace and its interfaces' names; tells of names that meet.
    fn place(&mut self, ted: &Ted, hosts: &hosts::Hosts, lab: &LabFile) -> Vec<Finding> {
        let mut order = formats::interface_order(ted);
        let mut taken: BTreeMap<String, NodeId> = BTreeMap::new();
        let mut faults = Vec::new();
        for node in ted.nodes.values() {
            let space = names::space(&self.lab, node.id.as_str());
            if let Some(other) = taken.insert(space.clone(), node.id.clone()) {
                let message = format!("its namespace would be called {space}, as that of {other}");
                faults.push(impossible(format!("node {}", node.id), message));
            }
            let kind = if hosts.contains(&node.id) {
                let tenant = lab.nodes.get(&node.id).and_then(|said| said.vrf.clone());
                Kind::Host(Host { tenant, ..Host::default() })
            } else {
                Kind::Router(Router {
                    loopback: addresses::loopback(node.router_id),
                    router_id: node.router_id,
                    locator: node.locator.as_ref().map(|locator| locator.value),
                    reads_containers: node.reads_containers().is_some(),
                })
            };
            let devices = names::devices(&order.remove(&node.id).unwrap_or_default());
            for (name, device) in devices.iter().filter(|(name, device)| name.as_str() != device.as_str()) {
                let message =
                    format!("its interface {name} is called {device} here: Linux has no such names");
                let subject = format!("node {}", node.id);
                self.notes.push(Finding::new(formats::code::LAB_RENAMED, Severity::Info, subject, message));
            }
            // Lines are joined to them next, which says the rest.
            let interfaces =
                devices.into_iter().map(|(name, device)| (name, Interface::bare(device))).collect();
            self.nodes.insert(node.id.clone(), Stand { space, kind, interfaces });
        }
        faults
    }

    /// Makes the lines, and says at each interface which it is.
    fn join(&mut self, ted: &Ted, lab: &LabFile, wires: Wires) {
        for link in ted.links.values() {
            let said = lab.links.get(&link.id);
            let mtu = self.packet_size(link, said.and_then(|said| said.mtu));
            let mut ends = Vec::new();
            for side in [Side::A, Side::Z] {
                let end = link.end(side);
                let Some(stand) = self.nodes.get_mut(&end.node) else { continue };
                let Some(interface) = stand.interfaces.get_mut(&end.interface) else { continue };
                (interface.mtu, interface.line, interface.side) = (mtu, link.id.clone(), side);
                ends.push(End {
                    node: end.node.clone(),
                    space: stand.space.clone(),
                    interface: end.interface.clone(),
                    device: interface.device.clone(),
                });
            }
            // Both ends of a link are nodes of its network.
            let Ok(ends) = <[End; 2]>::try_from(ends) else { continue };
            let wire = [Side::A, Side::Z].map(|side| {
                let direction = link.direction(side);
                Impairment {
                    delay: direction.delay.value,
                    jitter: direction.jitter.value,
                    loss: direction.loss.value,
                }
            });
            let needed = wires == Wires::Everywhere || wire.iter().any(|each| !each.is_none());
            let rates = [Side::A, Side::Z].map(|side| said_of(&link.direction(side).bandwidth));
            let line = Line { ends, mtu, wire: needed.then_some(wire), rates };
            self.lines.insert(link.id.clone(), line);
        }
    }

    /// The size of packets on a line; tells where the file's is not taken.
    fn packet_size(&mut self, link: &model::Link, said: Option<u32>) -> u32 {
        let to_host = [&link.a, &link.z].into_iter().any(|end| self.is_host(&end.node));
        if to_host {
            return said.unwrap_or(HOST_MTU).clamp(1280, MOST_MTU);
        }
        let Some(said) = said else { return MTU };
        let taken = said.clamp(LEAST_MTU, MOST_MTU);
        if taken != said {
            let message = format!(
                "its packets may have {taken} octets in place of {said}: SRv6 adds headers, and what does not fit is lost without a word"
            );
            let subject = format!("link {}", link.id);
            self.notes.push(Finding::new(formats::code::LAB_PACKET_SIZE, Severity::Info, subject, message));
        }
        taken
    }

    /// Whether a node is a host.
    pub fn is_host(&self, node: &NodeId) -> bool {
        self.nodes.get(node).is_some_and(|stand| matches!(stand.kind, Kind::Host(_)))
    }

    /// The tenant that a node belongs to: none where it is no host, or a host of nobody.
    pub fn tenant(&self, node: &NodeId) -> Option<&VrfName> {
        self.nodes.get(node).and_then(|stand| match &stand.kind {
            Kind::Host(host) => host.tenant.as_ref(),
            Kind::Router(_) => None,
        })
    }

    /// All tenants.
    pub fn tenants(&self) -> BTreeSet<&VrfName> {
        self.nodes.keys().filter_map(|node| self.tenant(node)).collect()
    }

    /// The end of the line that an interface is not.
    pub fn far(&self, interface: &Interface) -> Option<&End> {
        self.lines.get(&interface.line).map(|line| line.end(interface.side.other()))
    }

    /// The routers by name.
    pub fn routers(&self) -> impl Iterator<Item = (&NodeId, &Stand, &Router)> {
        self.nodes.iter().filter_map(|(id, stand)| match &stand.kind {
            Kind::Router(router) => Some((id, stand, router)),
            Kind::Host(_) => None,
        })
    }
}

impl Interface {
    /// One that no line ends at yet.
    fn bare(device: String) -> Self {
        let line = LinkId::lit("none");
        Self { device, mac: Mac::default(), addresses: Vec::new(), mtu: MTU, line, side: Side::A }
    }
}

/// A value that somebody said, not one that was filled in.
fn said_of<T: Copy>(fact: &Fact<T>) -> Option<T> {
    (fact.source != Source::Derived).then_some(fact.value)
}

fn impossible(subject: String, message: String) -> Finding {
    Finding::new(formats::code::LAB_IMPOSSIBLE, Severity::Error, subject, message)
}

#[cfg(test)]
pub(crate) mod tests;
