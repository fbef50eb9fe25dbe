//! Addresses by plan: deterministic, none twice, and none of the machine's concern.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use formats::{LabFile, LabLink};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use model::{Finding, LinkId, Side, Ted};

use super::{Layout, Mac, impossible};

/// The first 16 bits of all addresses of the plan.
const OURS: u16 = 0xfdfe;
/// The second 16 bits, by what is addressed.
const LINES: u16 = 1;
const HOSTS: u16 = 2;

/// Prefixes of all addresses that the plan gives to routers and the lines between them.
pub const CORE: [Ipv6Net; 2] = [
    Ipv6Net::new_assert(Ipv6Addr::new(OURS, 0, 0, 0, 0, 0, 0, 0), 32),
    Ipv6Net::new_assert(Ipv6Addr::new(OURS, LINES, 0, 0, 0, 0, 0, 0), 32),
];

/// The loopback address of a router: its router id in the last 32 bits.
pub(super) fn loopback(router_id: Ipv4Addr) -> Ipv6Addr {
    let [a, b, c, d] = router_id.octets();
    let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    Ipv6Addr::new(OURS, 0, 0, 0, 0, 0, high, low)
}

fn numbered(kind: u16, number: u32, last: u16) -> Ipv6Addr {
    let [a, b, c, d] = number.to_be_bytes();
    Ipv6Addr::new(OURS, kind, u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]), 0, 0, 0, last)
}

/// The two ends of a line between routers: they differ in the last bit alone (RFC 6164).
fn of_line(number: u32) -> [IpNet; 2] {
    [0xa, 0xb].map(|last| net6(numbered(LINES, number, last), 127))
}

/// The two ends of a line to a host, the router first: of each family one, IPv4 as long as there is room.
fn of_host_line(number: u32) -> [Vec<IpNet>; 2] {
    let first = u32::from(Ipv4Addr::new(172, 16, 0, 0));
    [1, 2].map(|last: u16| {
        let ipv4 = (number < 1 << 12).then(|| Ipv4Addr::from(first + (number << 8) + u32::from(last)));
        let ipv4 = ipv4.and_then(|address| Ipv4Net::new(address, 24).ok()).map(IpNet::from);
        ipv4.into_iter().chain([net6(numbered(HOSTS, number, last), 64)]).collect()
    })
}

fn net6(address: Ipv6Addr, length: u8) -> IpNet {
    Ipv6Net::new(address, length).map_or_else(|_| IpNet::from(IpAddr::from(address)), IpNet::from)
}

/// The address of frames at one end of a line.
const fn mac(number: u32, last: u8) -> Mac {
    let [_, b, c, d] = number.to_be_bytes();
    Mac([0x02, 0x54, b, c, d, last])
}

/// Gives every interface its addresses; tells of addresses that two have, and of locators that lie among those of the plan.
pub(super) fn give(layout: &mut Layout, ted: &Ted, lab: &LabFile) -> Vec<Finding> {
    let (mut lines, mut host_lines) = (0, 0);
    for (number, link) in (0_u32..).zip(ted.links.values()) {
        let [a, z] = [&link.a, &link.z].map(|end| layout.is_host(&end.node));
        let said = lab.links.get(&link.id);
        let mut plan = if a || z {
            host_lines += 1;
            let [router, host] = of_host_line(host_lines - 1);
            // A router is first wherever the file has it.
            let plan = if a && !z { [host, router] } else { [router, host] };
            instead(plan, said)
        } else {
            lines += 1;
            beside(of_line(lines - 1).map(|address| vec![address]), said)
        };
        for ((side, last), addresses) in [(Side::A, 0xa), (Side::Z, 0xb)].into_iter().zip(&mut plan) {
            let end = link.end(side);
            let stand = layout.nodes.get_mut(&end.node);
            if let Some(interface) = stand.and_then(|stand| stand.interfaces.get_mut(&end.interface)) {
                interface.addresses = std::mem::take(addresses);
                interface.mac = mac(number, last);
            }
        }
    }
    twice(layout).into_iter().chain(taken(layout)).collect()
}

fn said_at(said: Option<&LabLink>, at: usize) -> Vec<IpNet> {
    let Some(said) = said else { return Vec::new() };
    let ipv4 = said.ipv4.get(at).copied().flatten().map(IpNet::from);
    let ipv6 = said.ipv6.get(at).copied().flatten().map(IpNet::from);
    ipv4.into_iter().chain(ipv6).collect()
}

/// The plan's addresses and those of the file.
fn beside(mut plan: [Vec<IpNet>; 2], said: Option<&LabLink>) -> [Vec<IpNet>; 2] {
    for (at, addresses) in plan.iter_mut().enumerate() {
        addresses.extend(said_at(said, at));
    }
    plan
}

/// The file's addresses in place of those of the plan, family by family.
fn instead(mut plan: [Vec<IpNet>; 2], said: Option<&LabLink>) -> [Vec<IpNet>; 2] {
    let all: Vec<IpNet> = [0, 1].into_iter().flat_map(|at| said_at(said, at)).collect();
    let is_said = |address: &IpNet| all.iter().any(|said| is_v4(said) == is_v4(address));
    plan.iter_mut().for_each(|addresses| addresses.retain(|address| !is_said(address)));
    beside(plan, said)
}

const fn is_v4(net: &IpNet) -> bool {
    matches!(net, IpNet::V4(_))
}

/// Addresses that two interfaces have.
fn twice(layout: &Layout) -> Vec<Finding> {
    let mut known: BTreeMap<IpAddr, String> = BTreeMap::new();
    let mut faults = Vec::new();
    for (place, address) in all(layout) {
        if let Some(other) = known.insert(address, place.clone()) {
            let message = format!("it has the address {address}, and so has {other}");
            let help =
                "give one of them another: `ipv4` and `ipv6` of a link, or the label `trunkline.router-id`";
            faults.push(impossible(place, message).with_help(help));
        }
    }
    faults
}

/// Every address and where it is.
fn all(layout: &Layout) -> Vec<(String, IpAddr)> {
    let mut all = Vec::new();
    for (id, _, router) in layout.routers() {
        all.extend(router.addresses().iter().map(|net| (format!("the loopback of {id}"), net.addr())));
    }
    for (id, stand) in &layout.nodes {
        for (name, interface) in &stand.interfaces {
            all.extend(interface.addresses.iter().map(|net| (format!("{id}:{name}"), net.addr())));
        }
    }
    all
}

/// Locators among the plan's addresses: they would draw the traffic of lines.
fn taken(layout: &Layout) -> Vec<Finding> {
    let ours = Ipv6Net::new(Ipv6Addr::new(OURS, 0, 0, 0, 0, 0, 0, 0), 16);
    let meets = |locator: &Ipv6Net| {
        ours.as_ref().is_ok_and(|ours| ours.contains(&locator.network()) || locator.contains(&ours.network()))
    };
    layout
        .routers()
        .filter_map(|(id, _, router)| router.locator.filter(meets).map(|locator| (id, locator)))
        .map(|(id, locator)| {
            let message =
                format!("its locator {locator} lies in {OURS:x}::/16, which the lab's own lines have");
            impossible(format!("node {id}"), message)
                .with_help("choose a locator elsewhere, like fd00:0:1::/48")
        })
        .collect()
}

/// The address at the far end of a line, as a next hop for what leaves at this side: the plan's.
pub fn next_hop(layout: &Layout, line: &LinkId, from: Side) -> Option<Ipv6Addr> {
    let far = layout.lines.get(line)?.end(from.other());
    let interface = layout.nodes.get(&far.node)?.interfaces.get(&far.interface)?;
    interface.addresses.iter().find_map(|net| match net {
        IpNet::V6(net) => Some(net.addr()),
        IpNet::V4(_) => None,
    })
}
