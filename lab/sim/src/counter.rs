//! Counters: loads integrated over time, exactly, so that it does not matter how often the clock ticks.

use std::collections::BTreeMap;

use model::{QueueName, Span};
use traffic::EdgeLoad;

/// Mean size of a packet: octets of counters are packets of this size.
pub const PACKET_OCTETS: u64 = 500;

/// Bits times microseconds per second: an octet is eight million of them.
const OCTET: u128 = 8_000_000;

/// Bits per second over microseconds, added up.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Volume(u128);

impl Volume {
    fn add(&mut self, rate: u64, span: Span) {
        self.0 += u128::from(rate) * u128::from(span.as_micros());
    }

    /// Octets, wrapped at 64 bits as counters do.
    pub(crate) const fn octets(self) -> u64 {
        (self.0 / OCTET) as u64
    }

    /// Packets, wrapped at 64 bits as counters do.
    pub(crate) const fn packets(self) -> u64 {
        (self.0 / (OCTET * PACKET_OCTETS as u128)) as u64
    }
}

/// What went through a queue.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) sent: Volume,
    pub(crate) dropped: Volume,
}

/// What went through one direction of a link.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    pub(crate) total: Tally,
    pub(crate) received: Volume,
    pub(crate) queues: BTreeMap<QueueName, Tally>,
}

impl Meter {
    /// Lets a load last for a while on a line that loses `loss` of 1e9.
    pub(crate) fn run(&mut self, load: &EdgeLoad, loss: u32, span: Span) {
        let kept = u64::from(1_000_000_000_u32.saturating_sub(loss));
        for queue in load.queues.iter().filter(|queue| queue.offered.as_bps() > 0) {
            let sent = queue.served.as_bps();
            let dropped = queue.offered.saturating_sub(queue.served).as_bps();
            let tally = self.queues.entry(queue.name.clone()).or_default();
            for tally in [tally, &mut self.total] {
                tally.sent.add(sent, span);
                tally.dropped.add(dropped, span);
            }
            let received = u128::from(sent) * u128::from(kept) / 1_000_000_000;
            self.received.add(received as u64, span);
        }
    }

    /// Forgets queues that are no longer there.
    pub(crate) fn keep(&mut self, load: &EdgeLoad) {
        self.queues.retain(|name, _| load.queues.iter().any(|queue| queue.name == *name));
    }
}
