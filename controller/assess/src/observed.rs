//! What telemetry has brought, by device and interface: the fold over all samples.
//!
//! Devices' clocks are not to be trusted: one may boot a day ahead and be set right later. A moment that is not yet counts as
//! the one at which it was heard, so that right ones are newer than it. One that is older than the newest by more than a measure
//! counts for means that the clock was set, and what is known begins anew with it; what is less old came late or twice.
//!
//! Memory is bounded by the network, not by time: about 1 kB a counter, so 500 interfaces of six queues take under 10 MB.
//! Interfaces and queues that nobody has announced are refused once a device has named too many.

use std::collections::BTreeMap;

use model::{
    Bandwidth, Delay, InterfaceName, Jitter, Loss, Measure, NodeId, QueueName, Sample, Span, Timestamp,
};

use crate::ring::{Counter, Gauge};

/// Interfaces that one device may have; what it reports beyond that is passed over.
const MOST_INTERFACES: usize = 1_024;

/// Queues that one interface may have.
const MOST_QUEUES: usize = 64;

/// How samples are kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Settings {
    /// How long a measure counts after it was heard; then it is unknown.
    pub stale_after: Span,
    /// The longest window that can be asked for.
    pub horizon: Span,
}

impl Default for Settings {
    /// Five seconds, which is five samples of the usual telemetry, and one minute.
    fn default() -> Self {
        Self { stale_after: Span::from_secs(5), horizon: Span::from_secs(60) }
    }
}

/// All that is known by measurement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    settings: Settings,
    devices: BTreeMap<NodeId, Device>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Device {
    heard: Timestamp,
    interfaces: BTreeMap<InterfaceName, Interface>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Interface {
    heard: Timestamp,
    up: Option<(bool, Timestamp)>,
    out: Option<Counter>,
    delay: Option<Gauge>,
    jitter: Option<Gauge>,
    loss: Option<Gauge>,
    queues: BTreeMap<QueueName, Queue>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Queue {
    octets: Option<Counter>,
    drops: Option<Counter>,
}

/// Folds one sample in; `now` is when it was heard. O(log devices + log interfaces).
#[must_use]
pub fn observe(mut seen: Observed, sample: &Sample, now: Timestamp) -> Observed {
    seen.take(sample, now);
    seen
}

impl Observed {
    /// Nothing known yet.
    pub const fn new(settings: Settings) -> Self {
        Self { settings, devices: BTreeMap::new() }
    }

    /// How samples are kept.
    pub const fn settings(&self) -> Settings {
        self.settings
    }

    /// The same as [`observe`], in place. A sample that is older than what is known of the same thing is passed over, but for one
    /// that is so old that the device's clock must have been set.
    pub fn take(&mut self, sample: &Sample, now: Timestamp) {
        let device = self.devices.entry(sample.node.clone()).or_default();
        device.heard = device.heard.max(now);
        let is_full = device.interfaces.len() >= MOST_INTERFACES;
        if is_full && !device.interfaces.contains_key(&sample.interface) {
            return;
        }
        let interface = device.interfaces.entry(sample.interface.clone()).or_default();
        interface.heard = interface.heard.max(now);
        interface.take(&sample.measure, sample.at.min(now), now, self.settings);
    }

    /// Forgets a device, for instance when it leaves the inventory.
    pub fn forget(&mut self, node: &NodeId) {
        self.devices.remove(node);
    }

    /// When a device was last heard on any interface.
    pub fn heard(&self, node: &NodeId) -> Option<Timestamp> {
        self.devices.get(node).map(|device| device.heard)
    }

    /// What is known of an interface at `now`; none where it was never heard. Stale values are absent.
    pub fn reading(&self, node: &NodeId, interface: &InterfaceName, now: Timestamp) -> Option<Reading<'_>> {
        let device = self.devices.get(node)?;
        let interface = device.interfaces.get(interface)?;
        Some(Reading { interface, device_heard: device.heard, now, stale_after: self.settings.stale_after })
    }

    /// Every interface that was heard, by device.
    pub fn interfaces(&self) -> impl Iterator<Item = (&NodeId, &InterfaceName)> {
        self.devices
            .iter()
            .flat_map(|(node, device)| device.interfaces.keys().map(move |interface| (node, interface)))
    }
}

impl Interface {
    fn take(&mut self, measure: &Measure, at: Timestamp, now: Timestamp, settings: Settings) {
        let was_set = |newest: Timestamp| newest.since(at) > settings.stale_after;
        let gauge = |slot: &mut Option<Gauge>, value: u64| match slot {
            Some(gauge) if !was_set(gauge.at) => gauge.push(value, at, now),
            _ => *slot = Some(Gauge::new(value, at, now)),
        };
        let counter = |slot: &mut Option<Counter>, value: u64| match slot {
            Some(counter) if !was_set(counter.newest()) => counter.push(value, at, now, settings.horizon),
            _ => *slot = Some(Counter::new(value, at, now)),
        };
        match measure {
            Measure::Up(up) => {
                if self.up.is_none_or(|(was, since)| was != *up && (at >= since || was_set(since))) {
                    self.up = Some((*up, at));
                }
            }
            Measure::OutOctets(value) => counter(&mut self.out, *value),
            Measure::QueueOctets(name, value) => {
                if let Some(queue) = self.queue(name) {
                    counter(&mut queue.octets, *value);
                }
            }
            Measure::QueueDrops(name, value) => {
                if let Some(queue) = self.queue(name) {
                    counter(&mut queue.drops, *value);
                }
            }
            Measure::Delay(value) => gauge(&mut self.delay, value.as_micros()),
            Measure::Jitter(value) => gauge(&mut self.jitter, value.as_micros()),
            Measure::Loss(value) => gauge(&mut self.loss, u64::from(value.as_ppb())),
        }
    }

    fn queue(&mut self, name: &QueueName) -> Option<&mut Queue> {
        if self.queues.len() >= MOST_QUEUES && !self.queues.contains_key(name) {
            return None;
        }
        Some(self.queues.entry(name.clone()).or_default())
    }
}

/// One interface at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    interface: &'a Interface,
    device_heard: Timestamp,
    now: Timestamp,
    stale_after: Span,
}

/// One queue at one moment.
#[derive(Clone, Copy, Debug)]
pub struct QueueReading<'a> {
    /// Its name.
    pub name: &'a QueueName,
    /// What it sent within the window.
    pub rate: Option<Bandwidth>,
    /// How many packets it dropped within the window.
    pub drops: Option<u64>,
}

impl<'a> Reading<'a> {
    fn fresh(&self, heard: Timestamp) -> bool {
        self.now.since(heard) <= self.stale_after
    }

    fn gauge(&self, gauge: Option<Gauge>) -> Option<Gauge> {
        gauge.filter(|gauge| self.fresh(gauge.heard))
    }

    fn rate(&self, counter: Option<&Counter>, window: Span) -> Option<Bandwidth> {
        let growth = counter.filter(|counter| self.fresh(counter.heard()))?.growth(window)?;
        let bits = u128::from(growth.amount) * 8 * 1_000_000 / u128::from(growth.over.as_micros());
        Some(Bandwidth::from_bps(u64::try_from(bits).unwrap_or(u64::MAX)))
    }

    /// When it was last heard at all.
    pub const fn heard(&self) -> Timestamp {
        self.interface.heard
    }

    /// Whether it was silent too long.
    pub fn is_silent(&self) -> bool {
        !self.fresh(self.interface.heard)
    }

    /// Whether it is up, and since when by the device's clock. Devices report it on change only, and of an interface that is
    /// down nothing else: it stands as long as anything is heard of the device.
    pub fn up(&self) -> Option<(bool, Timestamp)> {
        self.interface.up.filter(|_| self.fresh(self.device_heard))
    }

    /// One-way delay.
    pub fn delay(&self) -> Option<Delay> {
        self.gauge(self.interface.delay).map(|gauge| Delay::from_micros(gauge.value))
    }

    /// Delay variation.
    pub fn jitter(&self) -> Option<Jitter> {
        self.gauge(self.interface.jitter).map(|gauge| Jitter::from_micros(gauge.value))
    }

    /// Loss.
    pub fn loss(&self) -> Option<Loss> {
        let gauge = self.gauge(self.interface.loss)?;
        Some(Loss::from_ppb(u32::try_from(gauge.value).unwrap_or(u32::MAX)))
    }

    /// The delay's mean and variance in microseconds, while it is fresh.
    pub fn delay_moments(&self) -> Option<(f64, f64)> {
        self.gauge(self.interface.delay).map(|gauge| (gauge.mean, gauge.variance))
    }

    /// What it sent within a window.
    pub fn out(&self, window: Span) -> Option<Bandwidth> {
        self.rate(self.interface.out.as_ref(), window)
    }

    /// What all its queues sent and dropped within a window.
    pub fn queues_over(&self, window: Span) -> impl Iterator<Item = QueueReading<'a>> + use<'a> {
        let reading = *self;
        self.interface.queues.iter().map(move |(name, queue)| QueueReading {
            name,
            rate: reading.rate(queue.octets.as_ref(), window),
            drops: reading.drops(queue, window),
        })
    }

    /// Its queues.
    pub fn queues(&self) -> impl Iterator<Item = &'a QueueName> + use<'a> {
        self.interface.queues.keys()
    }

    /// What a queue sent within a window.
    pub fn queue_out(&self, name: &QueueName, window: Span) -> Option<Bandwidth> {
        self.rate(self.interface.queues.get(name)?.octets.as_ref(), window)
    }

    /// How many packets a queue dropped within a window.
    pub fn queue_drops(&self, name: &QueueName, window: Span) -> Option<u64> {
        self.drops(self.interface.queues.get(name)?, window)
    }

    fn drops(&self, queue: &Queue, window: Span) -> Option<u64> {
        let counter = queue.drops.as_ref().filter(|counter| self.fresh(counter.heard()))?;
        counter.growth(window).map(|growth| growth.amount)
    }
}

#[cfg(test)]
mod tests;
