//! What routers show of a simulated world. It knows which paths traffic takes, and of lines all that probes would say; it counts
//! nothing at SIDs, and nobody in it probes segment lists.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv6Addr,
};

use model::{InterfaceName, Link, LinkId, NextCsid, Node, NodeId, PolicyKey, Side, Ted};
use sim::World;

use crate::state::{
    Active, Flavour, InterfaceState, Measurement, Neighbour, PathKey, PolicyState, QueueState, RouterState,
    SidBehaviour, SidPrefix, SidState, Traffic,
};

/// The world's words in the router's; none where it has no such router. Its lines that are down are noted.
pub(super) fn shown(world: &World, node: &NodeId, down: &mut BTreeSet<LinkId>) -> Option<RouterState> {
    let found = world.state(node)?;
    down.extend(found.interfaces.values().filter(|state| !state.up).map(|state| state.link.clone()));
    let interface = |(at, (name, state)): (usize, (&InterfaceName, &sim::InterfaceState))| {
        let neighbour = heard(world.ted(), node, name, state);
        let index = u32::try_from(at + 1).ok();
        (name.clone(), InterfaceState { index, neighbour, ..interface_shown(state) })
    };
    Some(RouterState {
        system_name: Some(node.to_string()),
        interfaces: found.interfaces.iter().enumerate().map(interface).collect(),
        policies: policies(world, node, &found),
        sids: world.ted().nodes.get(node).map(|own| sids(world.ted(), own, &found)).unwrap_or_default(),
        ..RouterState::default()
    })
}

/// The link behind an interface, and which end of it is here.
fn here<'a>(
    ted: &'a Ted,
    node: &NodeId,
    name: &InterfaceName,
    state: &sim::InterfaceState,
) -> Option<(&'a Link, Side)> {
    let link = ted.links.get(&state.link)?;
    let is_here = |side: &Side| link.end(*side).node == *node && link.end(*side).interface == *name;
    Some((link, [Side::A, Side::Z].into_iter().find(is_here)?))
}

/// Who is heard at an end of a line, while it is up.
fn heard(ted: &Ted, node: &NodeId, name: &InterfaceName, state: &sim::InterfaceState) -> Option<Neighbour> {
    let (link, side) = here(ted, node, name, state).filter(|_| state.up)?;
    let far = link.end(side.other());
    Some(Neighbour { system: far.node.clone(), port: far.interface.clone() })
}

/// All policies that are configured: of those that no traffic asks for nothing is known.
fn policies(world: &World, node: &NodeId, found: &sim::NodeState) -> BTreeMap<PolicyKey, PolicyState> {
    let used = |key: &PolicyKey| match found.policies.get(key) {
        None => Active::Unknown,
        Some(None) => Active::LastResort,
        Some(Some(path)) => {
            Active::Path(PathKey { preference: path.preference, discriminator: path.discriminator })
        }
    };
    let configured = world.config(node).into_iter().flat_map(|config| config.policies.keys());
    configured.map(|key| (*key, PolicyState { active: used(key), ..PolicyState::default() })).collect()
}

/// The SIDs that the network file gives a router, as the routers of a lab of namespaces have them.
fn sids(ted: &Ted, own: &Node, found: &sim::NodeState) -> BTreeMap<SidPrefix, SidState> {
    let Some(locator) = own.locator.as_ref().map(|fact| fact.value) else { return BTreeMap::new() };
    let bits = own.reads_containers().map(|_| NextCsid::FUNCTION_LENGTH);
    let whole = |sid: Ipv6Addr, behaviour| (SidPrefix::from(sid), SidState::uncounted(behaviour, None));
    let part = |sid: Ipv6Addr, length, behaviour| {
        (SidPrefix::of(sid, length), SidState::uncounted(behaviour, Some(Flavour::NextCsid)))
    };
    let node = bits.map(|_| part(locator.network(), locator.prefix_len(), SidBehaviour::End));
    let end = own.end_sid().map(|sid| whole(sid, SidBehaviour::End));
    let service = own.service_sid().map(|sid| whole(sid, SidBehaviour::EndDt46));
    // Whatever stands behind it gives packets back, and they go on to the next segment.
    let function = own.service_function.as_ref().and_then(|function| function.value.sid);
    let function = function.map(|sid| whole(sid, SidBehaviour::End));
    let links = found.interfaces.iter().filter_map(|(name, state)| {
        let (link, side) = here(ted, &own.id, name, state)?;
        let sid = link.direction(side).end_x.as_ref()?.value;
        Some(match bits.filter(|_| locator.contains(&sid)) {
            Some(bits) => part(sid, locator.prefix_len().saturating_add(bits), SidBehaviour::EndX),
            None => whole(sid, SidBehaviour::EndX),
        })
    });
    [node, end, service, function].into_iter().flatten().chain(links).collect()
}

fn interface_shown(state: &sim::InterfaceState) -> InterfaceState {
    InterfaceState {
        up: state.up,
        received: Traffic { pkts: state.in_pkts, octets: state.in_octets },
        sent: Traffic { pkts: state.out_pkts, octets: state.out_octets },
        out_discards: state.out_drops,
        measurement: Measurement {
            delay: state.delay,
            jitter: state.jitter,
            loss: state.loss,
            utilised: None,
        },
        queues: state
            .queues
            .iter()
            .map(|(name, queue)| (name.clone(), queue_shown(queue, buffer_octets(state))))
            .collect(),
        ..InterfaceState::default()
    }
}

/// Octets that a queue of the simulated routers holds: 50 ms at the line's speed.
fn buffer_octets(interface: &sim::InterfaceState) -> u64 {
    interface.speed.as_bps() / 8 / 20
}

fn queue_shown(queue: &sim::QueueState, buffer: u64) -> QueueState {
    let length =
        u64::try_from(u128::from(buffer) * u128::from(queue.depth.as_ppm()) / 1_000_000).unwrap_or(u64::MAX);
    QueueState {
        sent: Traffic { pkts: queue.pkts, octets: queue.octets },
        dropped: Traffic { pkts: queue.drops, octets: queue.drops * sim::PACKET_OCTETS },
        length,
        longest: length,
    }
}

#[cfg(test)]
mod tests;
