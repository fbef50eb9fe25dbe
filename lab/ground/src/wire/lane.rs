//! One direction of a line.

use std::time::Duration;

use rand::Rng;

use super::{Count, Impairment};

/// One direction.
#[derive(Debug)]
pub(super) struct Lane {
    impairment: Impairment,
    sway: Option<Sway>,
    /// Octets on their way.
    pub(super) held: usize,
    pub(super) count: Count,
}

/// Variation as a curve in time, in nanoseconds more or less: straight between points that are drawn at random, so far apart that
/// it never falls faster than time goes on. A frame that enters later never leaves earlier.
#[derive(Clone, Copy, Debug)]
struct Sway {
    from: (Duration, i64),
    to: (Duration, i64),
}

/// The least distance of two points of the curve.
const STEP: Duration = Duration::from_millis(1);

impl Lane {
    pub(super) fn new(impairment: Impairment) -> Self {
        Self { impairment, sway: None, held: 0, count: Count::default() }
    }

    pub(super) fn set(&mut self, impairment: Impairment) {
        self.impairment = impairment;
        self.sway = None;
    }

    /// Whether the line loses the next frame.
    pub(super) fn loses(&self, dice: &mut impl Rng) -> bool {
        let loss = self.impairment.loss.as_ppb();
        loss > 0 && dice.random_range(0..1_000_000_000_u32) < loss
    }

    /// When a frame leaves that enters now.
    pub(super) fn due(&mut self, now: Duration, dice: &mut impl Rng) -> Duration {
        let delay = Duration::from_micros(self.impairment.delay.as_micros());
        let sway = self.swayed(now, dice);
        let more = Duration::from_nanos(sway.unsigned_abs());
        if sway < 0 {
            now + delay.saturating_sub(more)
        } else {
            now.saturating_add(delay).saturating_add(more)
        }
    }

    /// How many nanoseconds more, or less, a frame takes that enters now.
    fn swayed(&mut self, now: Duration, dice: &mut impl Rng) -> i64 {
        let most =
            i64::try_from(self.impairment.jitter.as_micros().saturating_mul(1_000)).unwrap_or(i64::MAX / 8);
        if most == 0 {
            return 0;
        }
        let mut draw = |at: Duration| (at, dice.random_range(-most..=most));
        // Half of what could be: from the one extreme to the other in four times as long.
        let step = Duration::from_nanos(most.unsigned_abs().saturating_mul(4)).max(STEP);
        let fresh = self.sway.filter(|sway| now < sway.to.0.saturating_add(step));
        let mut sway = fresh.unwrap_or_else(|| Sway { from: draw(now), to: draw(now.saturating_add(step)) });
        if now >= sway.to.0 {
            sway = Sway { from: sway.to, to: draw(sway.to.0.saturating_add(step)) };
        }
        self.sway = Some(sway);
        let Sway { from, to } = sway;
        let nanos = |span: Duration| i128::try_from(span.as_nanos()).unwrap_or(i128::MAX);
        let (gone, whole) = (nanos(now.saturating_sub(from.0)), nanos(to.0.saturating_sub(from.0)).max(1));
        let moved = (i128::from(to.1) - i128::from(from.1)) * gone / whole;
        from.1 + i64::try_from(moved).unwrap_or(0)
    }
}
