//! Directions of links as they are measured: which interface speaks for which direction, and how it compares with the plan.

use std::collections::BTreeMap;

use model::{
    Bandwidth, Delay, DirectedLink, InterfaceName, Jitter, Link, Loss, NodeId, QueueName, Ratio, Side, Span,
    Ted, Timestamp, hint::Degradation,
};
use serde::Serialize;

use crate::observed::{Observed, QueueReading, Reading};

/// The window of the rates that are shown; alarm policies bring their own.
pub const SHOWN_WINDOW: Span = Span::from_secs(5);

/// A delay or jitter is worse than planned when it is so much above the plan, or a tenth of it if that is more.
pub const TIME_TOLERANCE: Delay = Delay::from_micros(1_000);

/// A loss is worse than planned when it is so much above the plan.
pub const LOSS_TOLERANCE: Loss = Loss::from_ppb(500_000);

/// Which interface sends into which direction of a link. Built once for a TED.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Lines {
    of: BTreeMap<DirectedLink, (NodeId, InterfaceName)>,
}

impl Lines {
    /// Builds the index. O(links log links).
    pub fn of(ted: &Ted) -> Self {
        let of = ted.interfaces().into_iter().map(|(place, hop)| (hop, place)).collect();
        Self { of }
    }

    /// The sending interface of a direction.
    pub fn interface(&self, hop: &DirectedLink) -> Option<&(NodeId, InterfaceName)> {
        self.of.get(hop)
    }

    /// All directions with their sending interfaces, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (&DirectedLink, &(NodeId, InterfaceName))> {
        self.of.iter()
    }

    /// What is measured at the sending interface.
    pub fn reading<'a>(&self, seen: &'a Observed, hop: &DirectedLink, now: Timestamp) -> Option<Reading<'a>> {
        let (node, interface) = self.of.get(hop)?;
        seen.reading(node, interface, now)
    }
}

/// Whether a link carries anything.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LinkState {
    /// Both ends that were heard say so.
    Up,
    /// One end says so.
    Down,
    /// Neither end was heard lately.
    Unknown,
}

/// A link with what is measured at its two ends at one moment, so that nobody has to look it up again.
#[derive(Clone, Copy)]
pub(crate) struct Ends<'a> {
    pub(crate) link: &'a Link,
    a: Option<Reading<'a>>,
    z: Option<Reading<'a>>,
}

impl<'a> Ends<'a> {
    /// All links of a TED, ascending.
    pub(crate) fn of(ted: &'a Ted, lines: &Lines, seen: &'a Observed, now: Timestamp) -> Vec<Self> {
        let ends = |link: &'a Link| {
            let at = |from| lines.reading(seen, &DirectedLink { link: link.id.clone(), from }, now);
            Self { link, a: at(Side::A), z: at(Side::Z) }
        };
        ted.links.values().map(ends).collect()
    }

    /// What is measured at the interface that sends away from a side.
    pub(crate) fn reading(&self, from: Side) -> Option<Reading<'a>> {
        match from {
            Side::A => self.a,
            Side::Z => self.z,
        }
    }

    /// What the ends say. One that is down is enough: nothing gets over the link.
    pub(crate) fn state(&self) -> LinkState {
        let up = |from| self.reading(from).and_then(|reading| reading.up());
        match (up(Side::A), up(Side::Z)) {
            (Some((false, _)), _) | (_, Some((false, _))) => LinkState::Down,
            (Some((true, _)), _) | (_, Some((true, _))) => LinkState::Up,
            (None, None) => LinkState::Unknown,
        }
    }
}

/// One queue as it is measured.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct QueueState {
    /// What it sends.
    pub rate: Option<Bandwidth>,
    /// Packets that it dropped within the window.
    pub drops: Option<u64>,
}

/// One direction of a link as it is measured. What is absent is unknown, not zero.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LineState {
    /// When its sending interface was last heard.
    pub heard: Option<Timestamp>,
    /// Whether it was silent too long, or never heard.
    pub silent: bool,
    /// One-way delay.
    pub delay: Option<Delay>,
    /// Delay variation.
    pub jitter: Option<Jitter>,
    /// Loss.
    pub loss: Option<Loss>,
    /// What it carries.
    pub rate: Option<Bandwidth>,
    /// The same as a share of its bandwidth.
    pub utilisation: Option<Ratio>,
    /// Its queues.
    pub queues: BTreeMap<QueueName, QueueState>,
}

impl LineState {
    pub(crate) fn of(reading: Option<Reading<'_>>, link: &Link, from: Side) -> Self {
        let Some(reading) = reading else { return Self { silent: true, ..Self::default() } };
        let rate = reading.out(SHOWN_WINDOW);
        let queue = |queue: QueueReading<'_>| {
            let QueueReading { name, rate, drops } = queue;
            (name.clone(), QueueState { rate, drops })
        };
        Self {
            heard: Some(reading.heard()),
            silent: reading.is_silent(),
            delay: reading.delay(),
            jitter: reading.jitter(),
            loss: reading.loss(),
            rate,
            utilisation: rate.map(|rate| Ratio::of(rate, link.direction(from).bandwidth.value)),
            queues: reading.queues_over(SHOWN_WINDOW).map(queue).collect(),
        }
    }

    /// What is worse than the TED says, beyond the tolerances; the values that are not worse come along, because they replace the
    /// TED's together. None where nothing is worse.
    pub fn degraded(&self, link: &Link, from: Side) -> Option<Degradation> {
        let plan = link.direction(from);
        let worse = self.delay.is_some_and(|is| is > above(plan.delay.value))
            || self.jitter.is_some_and(|is| is.as_micros() > above(micros(plan.jitter.value)).as_micros())
            || self.loss.is_some_and(|is| is > plan.loss.value.saturating_add(LOSS_TOLERANCE));
        worse.then_some(Degradation { delay: self.delay, jitter: self.jitter, loss: self.loss })
    }

    /// Whether it is as good as the TED or its contract says, whichever is more lenient. None where delay or loss is unknown.
    pub fn sound(&self, link: &Link, from: Side) -> Option<bool> {
        let plan = link.direction(from);
        let contract = link.contract;
        let delay = plan.delay.value.max(contract.delay.unwrap_or_default());
        let loss = plan.loss.value.max(contract.loss.unwrap_or_default());
        let jitter = plan.jitter.value.max(contract.jitter.unwrap_or_default());
        let steady = self.jitter.is_none_or(|is| is.as_micros() <= above(micros(jitter)).as_micros());
        Some(self.delay? <= above(delay) && self.loss? <= loss.saturating_add(LOSS_TOLERANCE) && steady)
    }
}

const fn micros(jitter: Jitter) -> Delay {
    Delay::from_micros(jitter.as_micros())
}

fn above(planned: Delay) -> Delay {
    planned.saturating_add(TIME_TOLERANCE.max(Delay::from_micros(planned.as_micros() / 10)))
}
