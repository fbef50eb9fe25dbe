//! What a router shows of itself: the kernel's counters and the probes' measurements, in the words of its state.
//!
//! The kernel counts what comes to a SID, and nothing of what it puts into a segment list: what is steered is not shown.

use std::{collections::BTreeMap, net::Ipv6Addr};

use ipnet::IpNet;
use kernel::{
    Behaviour, Device, Minor, Place, classes,
    live::{ClassCounters, Counters, SidCounters},
};
use model::{DeviceConfig, InterfaceName, QueueName, SegmentList, SrPolicy};
use probe::{ProbeId, Reading};
use router::state::{
    Active, Flavour, InterfaceState, ListState, Measurement, PathKey, PolicyState, Probes, QueueState,
    RouterState, SidBehaviour, SidPrefix, SidState, Traffic,
};

use crate::{
    post::Post,
    probes::{self, Wanted},
};

/// Octets of a packet in counters that have packets alone.
const PACKET: u64 = 1_000;

/// What is probed, and what probes say.
#[derive(Clone, Copy, Debug)]
pub struct Probed<'a> {
    /// What is probed.
    pub wanted: &'a Wanted,
    /// What each probe says.
    pub readings: &'a BTreeMap<ProbeId, Reading>,
}

/// What all queues of each device dropped, those that are no more among them: a queue that goes takes its own count with it, and a counter
/// of an interface must not fall.
#[derive(Clone, Debug, Default)]
pub struct Dropped {
    /// What each queue had counted last.
    last: BTreeMap<(Device, Minor), u32>,
    all: BTreeMap<Device, u64>,
}

impl Dropped {
    /// Takes in what is counted now. A queue that has counted less than before was made anew.
    pub fn count(&mut self, counters: &Counters) {
        for (queue, class) in &counters.classes {
            let before = self.last.insert(queue.clone(), class.drops).filter(|before| *before <= class.drops);
            let more = u64::from(class.drops - before.unwrap_or(0));
            *self.all.entry(queue.0.clone()).or_default() += more;
        }
        self.last.retain(|queue, _| counters.classes.contains_key(queue));
    }

    fn at(&self, device: &Device) -> u64 {
        self.all.get(device).copied().unwrap_or(0)
    }
}

/// The state of a router. Interfaces that the kernel does not tell of are of unknown state. `place` is where it stands as it sees it, by
/// which its kernel forwards; none where the kernel does not follow, so that nobody knows which paths it uses. O(lists x SIDs x routes of
/// the IGP), beside what is counted.
pub fn state(
    post: &Post,
    config: &DeviceConfig,
    (counters, dropped): (&Counters, &Dropped),
    probed: Probed<'_>,
    place: Option<&Place>,
) -> RouterState {
    let mut interfaces = BTreeMap::new();
    for (name, port) in &post.place.ports {
        let Some(counted) = counters.interfaces.get(&port.device) else { continue };
        let reading = probed.wanted.lines.get(&port.device).and_then(|id| probed.readings.get(id));
        let shown = InterfaceState {
            up: counted.up,
            received: Traffic { pkts: counted.in_packets, octets: counted.in_octets },
            sent: Traffic { pkts: counted.out_packets, octets: counted.out_octets },
            in_discards: counted.in_drops,
            out_discards: counted.out_drops.saturating_add(dropped.at(&port.device)),
            measurement: reading.map(measured).unwrap_or_default(),
            queues: queues(name, port, config, counters),
            ..InterfaceState::default()
        };
        interfaces.insert(name.clone(), shown);
    }
    let policies = config.policies.values();
    let policies = policies.map(|policy| (policy.key, of_policy(post, policy, probed, place))).collect();
    let sids = counters.sids.iter().filter_map(|(net, counted)| match net {
        IpNet::V6(net) => Some((SidPrefix::of(net.network(), net.prefix_len()), of_sid(counted))),
        IpNet::V4(_) => None,
    });
    RouterState { interfaces, policies, sids: sids.collect(), ..RouterState::default() }
}

fn of_sid(counted: &SidCounters) -> SidState {
    let (behaviour, csid) = match counted.behaviour {
        Some(Behaviour::End(csid)) => (SidBehaviour::End, csid),
        Some(Behaviour::EndX { csid, .. }) => (SidBehaviour::EndX, csid),
        Some(Behaviour::EndDt6(_)) => (SidBehaviour::EndDt6, None),
        Some(Behaviour::EndDx4(_)) => (SidBehaviour::EndDx4, None),
        Some(Behaviour::EndDx6(_)) => (SidBehaviour::EndDx6, None),
        None => (SidBehaviour::EndB6Encaps, None),
    };
    SidState {
        behaviour,
        flavour: csid.map(|_| Flavour::NextCsid),
        traffic: Some(Traffic { pkts: counted.packets, octets: counted.octets }),
        errors: Some(counted.errors),
    }
}

fn of_policy(post: &Post, policy: &SrPolicy, probed: Probed<'_>, place: Option<&Place>) -> PolicyState {
    let active = match place.map(|place| place.active(policy)) {
        None => Active::Unknown,
        Some(None) => Active::LastResort,
        Some(Some(path)) => {
            Active::Path(PathKey { preference: path.preference, discriminator: path.discriminator })
        }
    };
    let end = post.place.owner(policy.key.endpoint).and_then(|end| post.loopbacks.get(end));
    let lists = policy.candidates.iter().flat_map(|path| &path.lists).map(|list| {
        let reading = end.and_then(|end| along(list, *end, probed));
        let valid = place.map(|place| place.is_valid(list));
        let measurement = reading.map(measured).unwrap_or_default();
        (list.sids.clone(), ListState { valid, probes: heard(reading), measurement })
    });
    PolicyState { active, traffic: None, lists: lists.collect() }
}

/// What the probes along a list to one end of it say.
fn along<'a>(list: &SegmentList, end: Ipv6Addr, probed: Probed<'a>) -> Option<&'a Reading> {
    let Probed { wanted, readings } = probed;
    let ids = wanted.lists.get(&probes::segments(list)?)?;
    let is_there = |id: &&ProbeId| wanted.probes.get(*id).is_some_and(|probe| probe.reflector == end);
    readings.get(ids.iter().find(is_there)?)
}

fn heard(reading: Option<&Reading>) -> Probes {
    match reading {
        Some(reading) if reading.silent => Probes::Silent,
        Some(reading) if reading.answered > 0 => Probes::Answered,
        _ => Probes::Unknown,
    }
}

fn measured(reading: &Reading) -> Measurement {
    Measurement { delay: reading.delay, jitter: reading.jitter, loss: reading.loss, utilised: None }
}

fn queues(
    name: &InterfaceName,
    port: &kernel::Port,
    config: &DeviceConfig,
    counters: &Counters,
) -> BTreeMap<QueueName, QueueState> {
    let Some(qos) = config.qos.get(name) else { return BTreeMap::new() };
    let counted = |minor: Minor| counters.classes.get(&(port.device.clone(), minor));
    classes(qos).into_iter().filter_map(|(queue, minor)| Some((queue, of_class(counted(minor)?)))).collect()
}

fn of_class(class: &ClassCounters) -> QueueState {
    let drops = u64::from(class.drops);
    let length = u64::from(class.waiting) * PACKET;
    QueueState {
        sent: Traffic { pkts: class.packets, octets: class.octets },
        dropped: Traffic { pkts: drops, octets: drops * PACKET },
        length,
        longest: length,
    }
}

#[cfg(test)]
mod tests;
