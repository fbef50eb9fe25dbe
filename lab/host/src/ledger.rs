//! What a receiver has seen of a flow. Memory is bounded, however long the flow goes on and whatever comes.
//!
//! Packets are numbered through all five-tuples of a flow in the order of sending: what is lost shows as a run of numbers, over all
//! ways that packets take. Order is judged within each five-tuple.

use std::{collections::BTreeMap, time::Duration};

use model::{Delay, Span, steering::Dscp};

use crate::{
    flow::{Flow, FlowId},
    gaps::{Anchor, Filled, Gap, Gaps},
    histogram::Histogram,
    moment::Moment,
    order::Order,
    packet::Packet,
    series::Series,
    tally::{Delays, RUNS, Run, Sent, Silence, Tally},
};

/// So far ahead of the last packet a number is believed.
const AHEAD: u64 = 100_000_000;

/// A packet that came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Arrival {
    /// What it carries.
    pub packet: Packet,
    /// When it came.
    pub at: Moment,
    /// Its octets, headers of IP and UDP included.
    pub octets: u64,
    /// How it was marked; none where that is not known.
    pub dscp: Option<Dscp>,
}

/// What has been seen of a flow.
#[derive(Clone, Debug)]
pub struct Ledger {
    flow: FlowId,
    tuples: u16,
    /// What was sent before is of another run.
    from: Moment,
    /// The furthest packet that came.
    furthest: Option<Anchor>,
    gaps: Gaps,
    order: Order,
    received: u64,
    octets: u64,
    duplicated: u64,
    unplaced: u64,
    strange: u64,
    delays: Histogram,
    undated: u64,
    dscp: BTreeMap<Dscp, u64>,
    unmarked: u64,
    first: Option<Moment>,
    last: Option<Moment>,
    silence: Option<(Moment, Duration)>,
    series: Series,
}

impl Ledger {
    /// Of a flow of which nothing has come. It is sent from `from` on: packets of an earlier run, with the same numbers and ports, may
    /// still be on their way.
    pub fn new(flow: &Flow, from: Moment) -> Self {
        Self {
            flow: flow.id,
            tuples: flow.tuples.max(1),
            from,
            furthest: None,
            gaps: Gaps::default(),
            order: Order::new(flow.tuples),
            received: 0,
            octets: 0,
            duplicated: 0,
            unplaced: 0,
            strange: 0,
            delays: Histogram::default(),
            undated: 0,
            dscp: BTreeMap::new(),
            unmarked: 0,
            first: None,
            last: None,
            silence: None,
            series: Series::default(),
        }
    }

    /// A packet of the flow came. Packets are told in the order in which they came. O(log of what is remembered).
    pub fn received(&mut self, arrival: &Arrival) {
        let Packet { number, sent, .. } = arrival.packet;
        if sent < self.from {
            self.strange += 1;
            return;
        }
        let packet = Anchor { number, sent };
        let next = self.next();
        if number >= next {
            if number - next > AHEAD {
                self.strange += 1;
                return;
            }
            if number > next {
                let gap = Gap { first: next, last: number - 1, before: self.furthest, after: Some(packet) };
                let given_up = self.gaps.open(gap);
                self.give_up(given_up);
            }
            self.furthest = Some(packet);
        } else {
            let (filled, given_up) = self.gaps.fill(packet);
            self.give_up(given_up);
            match filled {
                Filled::Missing => {}
                Filled::Twice => {
                    self.duplicated += 1;
                    return;
                }
                Filled::Unknown => {
                    self.unplaced += 1;
                    return;
                }
            }
        }
        self.count(arrival);
    }

    /// How many packets have come, and the number after the furthest of them.
    pub const fn reached(&self) -> (u64, u64) {
        let next = match self.furthest {
            Some(furthest) => furthest.number + 1,
            None => 0,
        };
        (self.received, next)
    }

    /// The number after the furthest that came.
    fn next(&self) -> u64 {
        self.reached().1
    }

    /// Runs that are no longer known one by one stay in the series.
    fn give_up(&mut self, gap: Option<Gap>) {
        if let Some(gap) = gap {
            self.series.lost(&gap);
        }
    }

    /// A packet that had not come before.
    fn count(&mut self, arrival: &Arrival) {
        let Arrival { packet: Packet { number, sent, .. }, at, octets, dscp } = *arrival;
        self.received += 1;
        self.octets = self.octets.saturating_add(octets);
        let tuple = u16::try_from(number % u64::from(self.tuples)).unwrap_or(0);
        self.order.arrived(tuple, number, at);
        let delay = at.since(sent);
        match delay {
            Some(delay) => self.delays.add(delay),
            None => self.undated += 1,
        }
        self.series.received(sent, delay);
        match dscp {
            Some(dscp) => *self.dscp.entry(dscp).or_default() += 1,
            None => self.unmarked += 1,
        }
        if let Some(last) = self.last
            && let Some(span) = at.since(last)
            && self.silence.is_none_or(|(_, longest)| span > longest)
        {
            self.silence = Some((last, span));
        }
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
    }

    /// What is known, with what the sender tells. O(steps + runs).
    pub fn tally(&self, sent: Option<&Sent>) -> Tally {
        let tail = sent.and_then(|sent| self.tail(sent));
        let settled = tail.filter(|_| sent.is_some_and(|sent| sent.settled));
        let mut series = self.series.clone();
        let mut runs = Vec::new();
        let lost: Vec<Gap> = self.gaps.iter().map(|gap| anchored(*gap, sent)).chain(settled).collect();
        for gap in &lost {
            series.lost(gap);
            runs.push(run(gap));
        }
        let left_out = runs.len().saturating_sub(RUNS);
        if left_out > 0 {
            // The longest stay; the sort keeps those of one length in their order.
            runs.sort_by_key(|run| std::cmp::Reverse(run.packets));
            runs.truncate(RUNS);
            runs.sort_by_key(|run| run.number);
        }
        let left_out = u64::try_from(left_out).unwrap_or(u64::MAX);
        Tally {
            flow: self.flow,
            sent: sent.cloned(),
            received: self.received,
            octets: self.octets,
            lost: self.gaps.missing() + settled.map_or(0, |gap| gap.packets()),
            outstanding: sent
                .map(|_| if settled.is_some() { 0 } else { tail.map_or(0, |gap| gap.packets()) }),
            duplicated: self.duplicated,
            unplaced: self.unplaced,
            strange: self.strange,
            reordered: self.order.seen(),
            delay: self.delay(),
            undated: self.undated,
            dscp: self.dscp.clone(),
            unmarked: self.unmarked,
            first: self.first.map(Moment::timestamp),
            last: self.last.map(Moment::timestamp),
            silence: self.silence.map(|(from, span)| Silence { from: from.timestamp(), span: micros(span) }),
            runs,
            runs_left_out: left_out + self.gaps.runs_given_up(),
            series: series.buckets(),
        }
    }

    /// The packets after the furthest that came; none where it was the last.
    fn tail(&self, sent: &Sent) -> Option<Gap> {
        let (first, last) = (self.next(), sent.packets.checked_sub(1)?);
        let zero = sent.first.map(|sent| Anchor { number: 0, sent });
        let after = sent.last.map(|sent| Anchor { number: last, sent });
        (first <= last).then_some(Gap { first, last, before: self.furthest.or(zero), after })
    }

    fn delay(&self) -> Option<Delays> {
        let delay = |span: Duration| Delay::from_micros(micros(span).as_micros());
        Some(Delays {
            packets: self.delays.count(),
            min: delay(self.delays.least()?),
            mean: delay(self.delays.mean()?),
            median: delay(self.delays.per_mille(500)?),
            p99: delay(self.delays.per_mille(990)?),
            max: delay(self.delays.most()?),
        })
    }
}

/// A run at the very beginning has no packet before it that came; the sender knows when it began.
fn anchored(gap: Gap, sent: Option<&Sent>) -> Gap {
    let zero = sent.and_then(|sent| sent.first).map(|sent| Anchor { number: 0, sent });
    Gap { before: gap.before.or(zero), ..gap }
}

fn run(gap: &Gap) -> Run {
    let at = |number| gap.sent(number).map(Moment::timestamp);
    Run { number: gap.first, packets: gap.packets(), first: at(gap.first), last: at(gap.last) }
}

fn micros(span: Duration) -> Span {
    Span::from_micros(u64::try_from(span.as_micros()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
