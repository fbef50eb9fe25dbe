//! Queues: guarantees as rates, weights as quanta, and which code point finds which.
//!
//! As the model serves queues: strict ones up to their guarantees, then weighted ones up to theirs, then what is left by weight.
//! Guarantees that do not fit shrink in proportion, for a class below its rate is never held back. Code points count wherever a packet
//! entered: to which interfaces a classifier is bound is not looked at.

use std::collections::BTreeMap;

use model::{Bandwidth, Discipline, InterfaceQos, QueueName, QueueShare, steering::Dscp};

use super::Draft;
use crate::{
    number::{Minor, Octets, Rate},
    object::{Class, PortClasses, Shaper},
    refusal::Refusal,
};

/// The name of the one queue of an interface that has none configured, as the model has it.
const DEFAULT_QUEUE: &str = "default";

/// Octets that a queue of the least weight sends before the next one is asked: more than a packet.
const QUANTUM: u32 = 2_048;

/// No queue sends more than that at once.
const MOST_QUANTUM: u32 = QUANTUM * 64;

/// How long a packet may wait at the usual rate of its queue, milliseconds, as the model has it.
const BUFFER_MS: u64 = 50;

/// Room in octets, at least and at most. A queue has room for octets and not for packets: sixteen packets of voice were gone after 30 ms
/// in which a sender or a processor was held up, and what came then in one go was lost, at a rate far below what was promised. The least
/// room is that of 60 such packets, a tenth of a second of 500 a second.
const LEAST_OCTETS: u64 = 16_000;
const MOST_OCTETS: u64 = 10_000_000;

impl Draft<'_> {
    pub(super) fn queues(&mut self) {
        let place = self.place;
        for (interface, port) in &place.ports {
            let qos = self.config.qos.get(interface).filter(|qos| !qos.queues.is_empty()).cloned();
            let Some(rate) = port.rate.filter(|rate| rate.as_bps() > 0) else {
                if qos.is_some() {
                    self.refusals.push(Refusal::NoRate { interface: interface.clone() });
                }
                continue;
            };
            let qos = qos.unwrap_or_else(only_default);
            let minors = classes(&qos);
            let classes = self.port_classes(&qos, &minors);
            self.program.shapers.insert(port.device.clone(), shaper(&qos, &minors, rate));
            self.marking().ports.insert(port.device.clone(), classes);
        }
    }

    fn port_classes(&self, qos: &InterfaceQos, minors: &BTreeMap<QueueName, Minor>) -> PortClasses {
        let lowest = lowest(qos).and_then(|name| minors.get(name)).copied();
        let rest = lowest.unwrap_or(Minor(Minor::FIRST_WEIGHTED));
        let classifier = self.config.classifier.iter().flat_map(|classifier| &classifier.queues);
        let found = classifier.filter_map(|(dscp, queue)| Some((*dscp, *minors.get(queue)?)));
        let classes: BTreeMap<Dscp, Minor> = found.filter(|(_, minor)| *minor != rest).collect();
        PortClasses { rest, classes }
    }
}

fn only_default() -> InterfaceQos {
    let share = QueueShare { discipline: Discipline::Weighted(1), guarantee: Bandwidth::ZERO };
    InterfaceQos { queues: BTreeMap::from([(QueueName::lit(DEFAULT_QUEUE), share)]) }
}

/// The class of each queue of an interface; of the queue `default` where it has none. It follows from the name and the discipline, so that another queue more or less leaves the
/// rest alone; two names of one number, one in thousands, stand next to each other.
pub fn classes(qos: &InterfaceQos) -> BTreeMap<QueueName, Minor> {
    if qos.queues.is_empty() {
        return classes(&only_default());
    }
    let mut taken = BTreeMap::new();
    for (name, share) in &qos.queues {
        let first = match share.discipline {
            Discipline::Strict => Minor::FIRST_STRICT,
            Discipline::Weighted(_) => Minor::FIRST_WEIGHTED,
        };
        let hash = name
            .as_str()
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let kind = u32::from(Minor::KIND);
        let at = |place: u32| Minor(first + u16::try_from(place % kind).unwrap_or(0));
        let free = (0..kind).map(|step| at((hash % kind) + step)).find(|minor| !taken.contains_key(minor));
        // An interface has far fewer queues than there are numbers.
        if let Some(minor) = free {
            taken.insert(minor, name.clone());
        }
    }
    taken.into_iter().map(|(minor, name)| (name, minor)).collect()
}

/// The queue of all that is not classified: the least weight, then the least guarantee, then the first name. Strict ones come last.
fn lowest(qos: &InterfaceQos) -> Option<&QueueName> {
    let rank = |share: &QueueShare| match share.discipline {
        Discipline::Weighted(weight) => (0, weight, share.guarantee),
        Discipline::Strict => (1, 0, share.guarantee),
    };
    qos.queues.iter().min_by_key(|(_, share)| rank(share)).map(|(name, _)| name)
}

fn shaper(qos: &InterfaceQos, minors: &BTreeMap<QueueName, Minor>, line: Bandwidth) -> Shaper {
    let is_strict = |share: &QueueShare| share.discipline == Discipline::Strict;
    let promised = |strict: bool| -> u64 {
        let of_kind = qos.queues.values().filter(|share| is_strict(share) == strict);
        of_kind.fold(0_u64, |sum, share| sum.saturating_add(share.guarantee.as_bps()))
    };
    let strict = promised(true).min(line.as_bps());
    let weighted_room = line.as_bps() - strict;
    let given = |share: &QueueShare| {
        let room = if is_strict(share) { line.as_bps() } else { weighted_room };
        shrunk(share.guarantee.as_bps(), promised(is_strict(share)), room)
    };
    let left = weighted_room.saturating_sub(promised(false));
    let weights: u64 = qos.queues.values().map(weight).sum();
    let least = qos.queues.values().map(weight).filter(|weight| *weight > 0).min().unwrap_or(1);
    let class = |share: &QueueShare| {
        let guarantee = given(share);
        let part = u128::from(left) * u128::from(weight(share)) / u128::from(weights.max(1));
        let usual = guarantee.saturating_add(u64::try_from(part).unwrap_or(u64::MAX));
        let waiting = (usual / 8).saturating_mul(BUFFER_MS) / 1_000;
        let room = waiting.clamp(LEAST_OCTETS, MOST_OCTETS);
        Class {
            guarantee: Rate::of(Bandwidth::from_bps(guarantee)),
            ceiling: Rate::of(line),
            priority: match share.discipline {
                Discipline::Strict => 0,
                Discipline::Weighted(0) => 2,
                Discipline::Weighted(_) => 1,
            },
            quantum: quantum(weight(share), least),
            limit: Octets(u32::try_from(room).unwrap_or(u32::MAX)),
        }
    };
    let classes =
        qos.queues.iter().filter_map(|(name, share)| Some((*minors.get(name)?, class(share)))).collect();
    Shaper { line: Rate::of(line), weighted: Rate::of(Bandwidth::from_bps(weighted_room)), classes }
}

/// A promise of all that are `promised`, of which there is `room`.
fn shrunk(promise: u64, promised: u64, room: u64) -> u64 {
    if promised <= room {
        return promise;
    }
    u64::try_from(u128::from(promise) * u128::from(room) / u128::from(promised.max(1))).unwrap_or(room)
}

fn weight(share: &QueueShare) -> u64 {
    match share.discipline {
        Discipline::Strict => 1,
        Discipline::Weighted(weight) => u64::from(weight),
    }
}

/// In proportion to the weight, as far as it goes.
fn quantum(weight: u64, least: u64) -> u32 {
    let many = u64::from(QUANTUM).saturating_mul(weight.max(1)) / least.max(1);
    u32::try_from(many).unwrap_or(MOST_QUANTUM).clamp(QUANTUM, MOST_QUANTUM)
}
