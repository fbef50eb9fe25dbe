//! Where each router of a lab is posted, as the layout says: all that stays as it is while the lab is up.
//!
//! SIDs of tenants are by plan: function `3000` and the number of the customer's interface for IPv4, `3800` and that number for IPv6
//! (End.DX4 and End.DX6, RFC 8986 sections 4.5 and 4.4). Binding SIDs begin behind them, at `4000`, and adjacencies at `e000`.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv6Addr},
};

use ground::layout::{Interface, Layout, Router, Stand, next_hop};
use ipnet::{IpNet, Ipv6Net};
use kernel::{
    Attachment, Csid, Device, EndX, Locator, Peer, Place, Port, Remote, Service, Tenant, TenantNo, Underlay,
};
use model::{NextCsid, NodeId, VrfName, node::function_of};
use thiserror::Error;

/// Functions of customers' SIDs, the number of the interface beside them.
const DX4: u16 = 0x3000;
const DX6: u16 = 0x3800;

/// The shortest prefix that may stand for all locators at once.
const WIDEST: u8 = 16;

/// Why a router cannot be posted.
#[derive(Debug, Error)]
pub enum Unfit {
    /// The name of a device.
    #[error("router {node}: {cause}; give the interface another name in the lab's file")]
    Device {
        /// Which router.
        node: NodeId,
        /// What is wrong with it.
        cause: kernel::BadDevice,
    },
    /// More tenants than marks have room for.
    #[error("the lab has {0} tenants (labels `trunkline.vrf`), and a router's marks have room for 32")]
    Tenants(usize),
}

/// A router's post.
#[derive(Clone, Debug, PartialEq)]
pub struct Post {
    /// Its namespace.
    pub space: String,
    /// The address under which others reach it.
    pub loopback: Ipv6Addr,
    /// Where it stands, with all lines up and nothing known of the IGP.
    pub place: Place,
    /// The neighbour's address on the line by the device that leads there: where probes of a line go.
    pub neighbours: BTreeMap<Device, Ipv6Addr>,
    /// The loopback of every other router.
    pub loopbacks: BTreeMap<NodeId, Ipv6Addr>,
}

/// The posts of all routers of a lab.
///
/// # Errors
/// An interface has a name that the kernel's tools would not take, or there are too many tenants.
pub fn posts(layout: &Layout) -> Result<BTreeMap<NodeId, Post>, Unfit> {
    let lab = Lab::of(layout)?;
    layout.routers().map(|(id, stand, router)| Ok((id.clone(), lab.post(id, stand, router)?))).collect()
}

/// A customer of a router.
struct Customer {
    vrf: VrfName,
    device: Device,
    attachment: Attachment,
    /// Its SIDs.
    dx4: Option<Ipv6Addr>,
    dx6: Option<Ipv6Addr>,
}

/// What posts have in common.
struct Lab<'a> {
    layout: &'a Layout,
    core: BTreeSet<Ipv6Net>,
    tenants: BTreeMap<VrfName, TenantNo>,
    customers: BTreeMap<&'a NodeId, Vec<Customer>>,
}

impl<'a> Lab<'a> {
    fn of(layout: &'a Layout) -> Result<Self, Unfit> {
        let names = layout.tenants();
        let numbered = names.iter().enumerate().map(|(at, vrf)| {
            let number = u8::try_from(at).ok().and_then(TenantNo::new);
            Some(((*vrf).clone(), number?))
        });
        let tenants = numbered.collect::<Option<_>>().ok_or(Unfit::Tenants(names.len()))?;
        let customers = layout
            .routers()
            .map(|(id, stand, router)| Ok((id, customers(layout, id, stand, router)?)))
            .collect::<Result<_, Unfit>>()?;
        Ok(Self { layout, core: core(layout), tenants, customers })
    }

    fn post(&self, id: &NodeId, stand: &Stand, router: &Router) -> Result<Post, Unfit> {
        let (mut ports, mut neighbours) = (BTreeMap::new(), BTreeMap::new());
        for (name, at) in &stand.interfaces {
            let Some(_) = self.layout.far(at).filter(|far| !self.layout.is_host(&far.node)) else {
                continue;
            };
            let device = device(id, at)?;
            let line = self.layout.ted.links.get(&at.line).map(|link| link.direction(at.side));
            let end_x = line.and_then(|line| {
                let sid = line.end_x.as_ref()?.value;
                Some(EndX { sid, neighbour: next_hop(self.layout, &at.line, at.side)? })
            });
            let rate = line.map(|line| line.bandwidth.value);
            let neighbour = next_hop(self.layout, &at.line, at.side);
            neighbours.extend(neighbour.map(|neighbour| (device.clone(), neighbour)));
            ports.insert(name.clone(), Port { device, rate, end_x, up: true });
        }
        let others = || self.layout.routers().filter(|(other, ..)| *other != id);
        let place = Place {
            node: id.clone(),
            source: router.locator.map_or(router.loopback, first),
            locator: router.locator.map(|net| Locator { net, csid: self.csid(id) }),
            functions: self.functions(id),
            core: self.core.clone(),
            ports,
            down: BTreeSet::new(),
            underlay: Underlay::default(),
            peers: others()
                .map(|(other, _, router)| {
                    (other.clone(), Peer { router_id: router.router_id, locator: router.locator })
                })
                .collect(),
            tenants: self.tenants_at(id),
            broken: BTreeSet::new(),
            silent: BTreeSet::new(),
        };
        let loopbacks = others().map(|(other, _, router)| (other.clone(), router.loopback)).collect();
        Ok(Post { space: stand.space.clone(), loopback: router.loopback, place, neighbours, loopbacks })
    }

    /// How the SIDs of a router are built, where it reads containers.
    fn csid(&self, id: &NodeId) -> Option<Csid> {
        let lengths = self.layout.ted.nodes.get(id)?.reads_containers()?;
        Some(Csid { node: lengths.locator_node_length, function: NextCsid::FUNCTION_LENGTH })
    }

    fn functions(&self, id: &NodeId) -> BTreeSet<Ipv6Addr> {
        let node = self.layout.ted.nodes.get(id);
        node.and_then(|node| node.service_function.as_ref()?.value.sid).into_iter().collect()
    }

    /// All tenants: those without a customer here too, for rules may be configured for them.
    fn tenants_at(&self, id: &NodeId) -> BTreeMap<VrfName, Tenant> {
        let tenant = |(vrf, number): (&VrfName, &TenantNo)| {
            let mut tenant = Tenant {
                number: *number,
                customers: BTreeMap::new(),
                remote: BTreeMap::new(),
                services: BTreeMap::new(),
            };
            for (node, customers) in &self.customers {
                for customer in customers.iter().filter(|customer| customer.vrf == *vrf) {
                    if *node == id { here(&mut tenant, customer) } else { there(&mut tenant, node, customer) }
                }
            }
            (vrf.clone(), tenant)
        };
        self.tenants.iter().map(tenant).collect()
    }
}

/// A customer of the router itself.
fn here(tenant: &mut Tenant, customer: &Customer) {
    let device = || customer.device.clone();
    tenant.customers.insert(device(), customer.attachment.clone());
    tenant.services.extend(customer.dx4.map(|sid| (sid, Service::Dx4(device()))));
    tenant.services.extend(customer.dx6.map(|sid| (sid, Service::Dx6(device()))));
}

/// A customer behind another router.
fn there(tenant: &mut Tenant, node: &NodeId, customer: &Customer) {
    for prefix in &customer.attachment.prefixes {
        let sid = if matches!(prefix, IpNet::V4(_)) { customer.dx4 } else { customer.dx6 };
        let remote = sid.map(|sid| Remote { node: node.clone(), sid });
        tenant.remote.extend(remote.map(|remote| (*prefix, remote)));
    }
}

/// The customers of a router, in the order of its interfaces.
fn customers(layout: &Layout, id: &NodeId, stand: &Stand, router: &Router) -> Result<Vec<Customer>, Unfit> {
    let mut found = Vec::new();
    for at in stand.interfaces.values() {
        let Some(far) = layout.far(at) else { continue };
        let Some(vrf) = layout.tenant(&far.node) else { continue };
        let there = layout.nodes.get(&far.node).and_then(|stand| stand.interfaces.get(&far.interface));
        let attachment = there.map(attachment).unwrap_or_default();
        let number = u16::try_from(found.len()).unwrap_or(u16::MAX).min(0x1ff);
        let sid = |function: u16| router.locator.map(|locator| function_of(locator, function + number));
        found.push(Customer {
            vrf: vrf.clone(),
            device: device(id, at)?,
            dx4: attachment.v4.and_then(|_| sid(DX4)),
            dx6: attachment.v6.and_then(|_| sid(DX6)),
            attachment,
        });
    }
    Ok(found)
}

/// A host as the router sees it.
fn attachment(host: &Interface) -> Attachment {
    let mut attachment = Attachment::default();
    for net in &host.addresses {
        match net.addr() {
            IpAddr::V4(address) => attachment.v4 = attachment.v4.or(Some(address)),
            IpAddr::V6(address) => attachment.v6 = attachment.v6.or(Some(address)),
        }
        attachment.prefixes.insert(net.trunc());
    }
    attachment
}

fn device(node: &NodeId, at: &Interface) -> Result<Device, Unfit> {
    at.device.parse().map_err(|cause| Unfit::Device { node: node.clone(), cause })
}

/// The first address of a locator, which is on the loopback.
fn first(locator: Ipv6Net) -> Ipv6Addr {
    Ipv6Addr::from(u128::from(locator.network()) | 1)
}

/// Prefixes of all routers and lines, and of no host: those of the plan, and one for all locators where such a one is not too wide and
/// holds no host's network.
fn core(layout: &Layout) -> BTreeSet<Ipv6Net> {
    let mut core = BTreeSet::from(ground::layout::CORE);
    let locators: BTreeSet<Ipv6Net> = layout.routers().filter_map(|(.., router)| router.locator).collect();
    let holds_host = |net: &Ipv6Net| {
        layout.nodes.iter().filter(|(id, _)| layout.is_host(id)).any(|(_, stand)| {
            stand.interfaces.values().flat_map(|at| &at.addresses).any(|own| match own {
                IpNet::V6(own) => net.contains(own) || own.contains(net),
                IpNet::V4(_) => false,
            })
        })
    };
    match common(&locators).filter(|net| net.prefix_len() >= WIDEST && !holds_host(net)) {
        Some(net) => drop(core.insert(net)),
        None => core.extend(locators),
    }
    core
}

/// The longest prefix that holds all of these.
fn common(nets: &BTreeSet<Ipv6Net>) -> Option<Ipv6Net> {
    let first = *nets.first()?;
    nets.iter().try_fold(first, |common, net| {
        let mut common = common;
        while !common.contains(net) {
            common = common.supernet()?;
        }
        Some(common)
    })
}

#[cfg(test)]
mod tests;
