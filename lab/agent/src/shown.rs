//! What a router shows of itself: the kernel's counters and the probes' measurements, in the words of its state.

use std::collections::BTreeMap;

use kernel::{
    Device, Minor, classes,
    live::{ClassCounters, Counters},
};
use model::{DeviceConfig, InterfaceName, QueueName};
use probe::{ProbeId, Reading};
use router::state::{InterfaceState, Measurement, QueueState, RouterState, Traffic};

use crate::{post::Post, probes::Wanted};

/// Octets of a packet in counters that have packets alone.
const PACKET: u64 = 1_000;

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

/// The state of a router. Interfaces that the kernel does not tell of are of unknown state.
pub fn state(
    post: &Post,
    config: &DeviceConfig,
    (counters, dropped): (&Counters, &Dropped),
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
            out_discards: counted.out_drops.saturating_add(dropped.at(&port.device)),
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
