//! A counter's past, thinned to a bounded number of points, whatever the rate at which samples arrive.

use std::collections::VecDeque;

use model::{Span, Timestamp};

/// Points that a ring keeps; with the newest sample there is one more.
pub const POINTS: u64 = 60;

/// A counter that only grows, with its past over a horizon.
#[derive(Clone, Debug, PartialEq)]
pub struct Counter {
    raw: u64,
    /// All that was counted since the first sample, across restarts of the device.
    total: u64,
    newest: Timestamp,
    heard: Timestamp,
    past: VecDeque<(Timestamp, u64)>,
}

/// What was counted within a window.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Growth {
    /// By how much it grew.
    pub amount: u64,
    /// In how long; never zero.
    pub over: Span,
}

impl Counter {
    /// Starts at the first sample.
    pub fn new(raw: u64, at: Timestamp, heard: Timestamp) -> Self {
        Self { raw, total: 0, newest: at, heard, past: VecDeque::from([(at, 0)]) }
    }

    /// Takes a sample. A smaller value than before means that the device started again: it counts from zero then. A sample that is
    /// not newer than the last one is passed over.
    pub fn push(&mut self, raw: u64, at: Timestamp, heard: Timestamp, horizon: Span) {
        if at <= self.newest {
            return;
        }
        let growth = if raw >= self.raw { raw - self.raw } else { raw };
        self.total = self.total.saturating_add(growth);
        self.raw = raw;
        self.newest = at;
        self.heard = heard;
        let spacing = Span::from_micros(horizon.as_micros() / POINTS);
        if self.past.back().is_none_or(|(last, _)| at.since(*last) >= spacing) {
            self.past.push_back((at, self.total));
        }
        // One point at or before the start of the horizon stays, so that a whole horizon can be looked at.
        let start = at - horizon;
        while self.past.len() > 1 && self.past.get(1).is_some_and(|(second, _)| *second <= start) {
            self.past.pop_front();
        }
    }

    /// When the device took the newest sample.
    pub const fn newest(&self) -> Timestamp {
        self.newest
    }

    /// When it was last heard, by our clock.
    pub const fn heard(&self) -> Timestamp {
        self.heard
    }

    /// What was counted in the window that ends at the newest sample: from the last point at or before its start, or from the
    /// first one that there is. None from a single sample.
    pub fn growth(&self, window: Span) -> Option<Growth> {
        let start = self.newest - window;
        // From the newest on: windows are short, and what is old is far away in memory.
        let first = self.past.iter().rposition(|(at, _)| *at <= start).unwrap_or(0);
        let (at, total) = self.past.get(first)?;
        let over = self.newest.since(*at);
        (over > Span::ZERO).then(|| Growth { amount: self.total - total, over })
    }
}

/// A value that is measured as it is, with its moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gauge {
    /// The newest value, in its stored unit.
    pub value: u64,
    /// When the device took it.
    pub at: Timestamp,
    /// When it was heard, by our clock.
    pub heard: Timestamp,
    /// How many values there were.
    pub count: u64,
    /// Mean over roughly the last twenty values.
    pub mean: f64,
    /// Variance over the same.
    pub variance: f64,
}

/// Weight of a new value in the moments.
const NEW: f64 = 0.1;

impl Gauge {
    /// Starts at the first value.
    pub const fn new(value: u64, at: Timestamp, heard: Timestamp) -> Self {
        Self { value, at, heard, count: 1, mean: value as f64, variance: 0.0 }
    }

    /// Takes a value; one that is not newer than the last is passed over.
    pub fn push(&mut self, value: u64, at: Timestamp, heard: Timestamp) {
        if at <= self.at {
            return;
        }
        let distance = value as f64 - self.mean;
        self.mean += NEW * distance;
        self.variance = (1.0 - NEW) * (self.variance + NEW * distance * distance);
        *self = Self { value, at, heard, count: self.count + 1, ..*self };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(secs: u64) -> Timestamp {
        Timestamp::from_micros(secs * 1_000_000)
    }

    #[test]
    fn a_rate_needs_two_samples() {
        let mut counter = Counter::new(500, s(1), s(1));
        assert_eq!(counter.growth(Span::from_secs(10)), None);
        counter.push(900, s(3), s(3), Span::from_secs(60));
        assert_eq!(
            counter.growth(Span::from_secs(10)),
            Some(Growth { amount: 400, over: Span::from_secs(2) })
        );
    }

    #[test]
    fn a_device_that_starts_again_counts_from_zero() {
        let mut counter = Counter::new(1_000, s(0), s(0));
        counter.push(1_100, s(1), s(1), Span::from_secs(60));
        counter.push(30, s(2), s(2), Span::from_secs(60));
        assert_eq!(counter.growth(Span::from_secs(60)).unwrap().amount, 130);
    }

    #[test]
    fn an_old_or_repeated_sample_changes_nothing() {
        let mut counter = Counter::new(100, s(5), s(5));
        counter.push(200, s(6), s(6), Span::from_secs(60));
        let before = counter.clone();
        counter.push(90, s(6), s(7), Span::from_secs(60));
        counter.push(10, s(2), s(7), Span::from_secs(60));
        assert_eq!(counter, before);
    }

    #[test]
    fn a_ring_stays_small_at_a_thousand_samples_a_second_and_keeps_its_horizon() {
        let mut counter = Counter::new(0, s(0), s(0));
        for milli in 1..=200_000_u64 {
            let at = Timestamp::from_micros(milli * 1_000);
            counter.push(milli * 7, at, at, Span::from_secs(60));
        }
        assert!(counter.past.len() <= POINTS as usize + 2, "{}", counter.past.len());
        let growth = counter.growth(Span::from_secs(60)).unwrap();
        assert!(growth.over >= Span::from_secs(60) && growth.over <= Span::from_secs(61), "{growth:?}");
        assert_eq!(growth.amount, growth.over.as_micros() / 1_000 * 7);
    }

    #[test]
    fn moments_follow_the_values() {
        let mut gauge = Gauge::new(10, s(0), s(0));
        for i in 1..200 {
            gauge.push(if i % 2 == 0 { 10 } else { 30 }, s(i), s(i));
        }
        assert!((gauge.mean - 20.0).abs() < 2.0, "{}", gauge.mean);
        assert!((gauge.variance.sqrt() - 10.0).abs() < 2.0, "{}", gauge.variance);
    }
}
