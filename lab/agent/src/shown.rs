//! What a router shows of itself: the kernel's counters and the probes' measurements, in the words of its state.

use std::collections::BTreeMap;

use kernel::{
    Minor, classes,
    live::{ClassCounters, Counters},
};
use model::{DeviceConfig, InterfaceName, QueueName};
use probe::{ProbeId, Reading};
use router::state::{InterfaceState, Measurement, QueueState, RouterState, Traffic};

use crate::{post::Post, probes::Wanted};

/// Octets of a packet in counters that have packets alone.
const PACKET: u64 = 1_000;

/// The state of a router. Interfaces that the kernel does not tell of are of unknown state.
pub fn state(
    post: &Post,
    config: &DeviceConfig,
    counters: &Counters,
    wanted: &Wanted,
    readings: &BTreeMap<ProbeId, Reading>,
) -> RouterState {
    let mut interfaces = BTreeMap::new();
    for (name, port) in &post.place.ports {
        let Some(counted) = counters.interfaces.get(&port.device) else { continue };
        let reading = wanted.lines.get(&port.device).and_then(|id| readings.get(id));
        let shown = InterfaceState {
            up: counted.up,
            received: Traffic { pkts: counted.in_packets, octets: counted.in_octets },
            sent: Traffic { pkts: counted.out_packets, octets: counted.out_octets },
            in_discards: counted.in_drops,
            out_discards: counted.out_drops.saturating_add(dropped(port, counters)),
            measurement: reading.map(measured).unwrap_or_default(),
            queues: queues(name, port, config, counters),
            ..InterfaceState::default()
        };
        interfaces.insert(name.clone(), shown);
    }
    RouterState { interfaces, ..RouterState::default() }
}

fn measured(reading: &Reading) -> Measurement {
    Measurement { delay: reading.delay, jitter: reading.jitter, loss: reading.loss, utilised: None }
}

/// What all queues of a port dropped.
fn dropped(port: &kernel::Port, counters: &Counters) -> u64 {
    let of_port = counters.classes.iter().filter(|((device, _), _)| *device == port.device);
    of_port.map(|(_, class)| u64::from(class.drops)).sum()
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
