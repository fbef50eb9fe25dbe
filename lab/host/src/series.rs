//! What came and what was lost over time, in steps of 100 ms by the time of sending: for plots.

use std::{collections::BTreeMap, time::Duration};

use model::{Delay, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{gaps::Gap, moment::Moment};

/// The length of a step.
pub const STEP: Duration = Duration::from_millis(100);
/// Steps that are kept, the latest: ten minutes.
pub const MOST: usize = 6_000;

/// What became of the packets that were sent within a step. Steps of which nothing is known are left out.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    /// When it began.
    pub from: Timestamp,
    /// Packets that came.
    pub received: u64,
    /// Packets that did not. Those whose time of sending is not known are in no step.
    pub lost: u64,
    /// How long those took that came, on average; none where none came, or their delay is not known.
    pub delay: Option<Delay>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    received: u64,
    lost: u64,
    /// Packets whose delay is known, and the sum of these.
    timed: u64,
    nanos: u64,
}

/// The steps of a flow, by number since the epoch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series {
    cells: BTreeMap<u64, Cell>,
}

impl Series {
    fn cell(&mut self, step: u64) -> Option<&mut Cell> {
        if self.cells.len() >= MOST && !self.cells.contains_key(&step) {
            let first = *self.cells.first_key_value()?.0;
            // Older than all that are kept.
            if step < first {
                return None;
            }
            self.cells.remove(&first);
        }
        Some(self.cells.entry(step).or_default())
    }

    /// A packet came. O(log steps).
    pub(crate) fn received(&mut self, sent: Moment, delay: Option<Duration>) {
        let Some(cell) = self.cell(step(sent)) else { return };
        cell.received += 1;
        if let Some(delay) = delay {
            cell.timed += 1;
            cell.nanos = cell.nanos.saturating_add(u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX));
        }
    }

    /// Packets did not come. O(steps of the run).
    pub(crate) fn lost(&mut self, gap: &Gap) {
        let (Some(first), Some(last)) = (gap.sent(gap.first), gap.sent(gap.last)) else { return };
        let (first, last) = (step(first), step(last));
        let kept = u64::try_from(MOST).unwrap_or(u64::MAX);
        for step in first.max(last.saturating_sub(kept))..=last {
            let before = |step: u64| gap.sent_before(beginning(step)).unwrap_or(0);
            let lost = before(step + 1) - before(step);
            if lost > 0
                && let Some(cell) = self.cell(step)
            {
                cell.lost += lost;
            }
        }
    }

    /// All steps, in order.
    pub(crate) fn buckets(&self) -> Vec<Bucket> {
        let bucket = |(step, cell): (&u64, &Cell)| Bucket {
            from: beginning(*step).timestamp(),
            received: cell.received,
            lost: cell.lost,
            delay: cell.nanos.checked_div(cell.timed).map(|nanos| Delay::from_micros(nanos / 1_000)),
        };
        self.cells.iter().map(bucket).collect()
    }
}

fn nanos() -> u64 {
    u64::try_from(STEP.as_nanos()).unwrap_or(u64::MAX)
}

fn step(at: Moment) -> u64 {
    at.as_nanos() / nanos()
}

fn beginning(step: u64) -> Moment {
    Moment::from_nanos(step.saturating_mul(nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::Anchor;

    const MS: u64 = 1_000_000;

    fn at(millis: u64) -> Moment {
        Moment::from_nanos(millis * MS)
    }

    #[test]
    fn what_came_and_what_did_not() {
        let mut series = Series::default();
        series.received(at(1_010), Some(Duration::from_millis(2)));
        series.received(at(1_099), Some(Duration::from_millis(4)));
        series.received(at(1_100), None);
        // One packet each 10 ms is missing, from 1050 to 1240.
        let neighbour = |number: u64| Some(Anchor { number, sent: at(1_000 + 10 * number) });
        series.lost(&Gap { first: 5, last: 24, before: neighbour(4), after: neighbour(25) });
        let told: Vec<(u64, u64, u64, Option<u64>)> = series
            .buckets()
            .iter()
            .map(|it| (it.from.as_micros() / 1_000, it.received, it.lost, it.delay.map(Delay::as_micros)))
            .collect();
        assert_eq!(told, [(1_000, 2, 5, Some(3_000)), (1_100, 1, 10, None), (1_200, 0, 5, None)]);
        // A time that is not known is no time.
        series.lost(&Gap { first: 30, last: 40, before: None, after: neighbour(41) });
        assert_eq!(series.buckets().len(), 3);
    }

    #[test]
    fn the_oldest_steps_go() {
        let mut series = Series::default();
        (0..6_010).for_each(|step| series.received(at(step * 100), None));
        let buckets = series.buckets();
        assert_eq!((buckets.len(), buckets[0].from), (MOST, Timestamp::from_micros(1_000_000)));
        series.received(at(0), None);
        assert_eq!(series.buckets(), buckets);
    }
}
