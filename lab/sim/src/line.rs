//! Lines: what they do to packets, how that is made worse, and what probes make of it.

use model::{Delay, EdgeIx, Jitter, Loss, Span, Timestamp};

/// What is added to one direction of a line. Absent means: as before the fault.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Impairment {
    /// Added to the delay.
    pub delay: Option<Delay>,
    /// Added to the variation.
    pub jitter: Option<Jitter>,
    /// Lost of what the line would deliver.
    pub loss: Option<Loss>,
}

/// What one direction does to packets.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Quality {
    pub(crate) delay: Delay,
    pub(crate) jitter: Jitter,
    pub(crate) loss: Loss,
}

impl Quality {
    pub(crate) fn under(self, fault: Impairment) -> Self {
        Self {
            delay: self.delay.saturating_add(fault.delay.unwrap_or_default()),
            jitter: self.jitter.saturating_add(fault.jitter.unwrap_or_default()),
            loss: self.loss.then(fault.loss.unwrap_or_default()),
        }
    }

    /// What probes say: delay within 1% and 200 us, variation within 5%, loss within 2% of the truth. The error is the same
    /// for one seed, edge and tenth of a second, however often it is asked for; what is nothing is measured as nothing.
    pub(crate) fn measured(self, seed: u64, edge: EdgeIx, now: Timestamp) -> Self {
        let tick = now.as_micros() / Span::from_millis(100).as_micros();
        let draw = |kind: u64| scramble(scramble(scramble(seed ^ kind) ^ u64::from(edge.0)) ^ tick);
        let about =
            |value: u64, most: u64, kind: u64| (value + draw(kind) % (2 * most + 1)).saturating_sub(most);
        let (delay, jitter, loss) =
            (self.delay.as_micros(), self.jitter.as_micros(), u64::from(self.loss.as_ppb()));
        let loss = about(loss, loss / 50, 3).min(u64::from(Loss::ALL.as_ppb()));
        Self {
            delay: Delay::from_micros(about(delay, (delay / 100).min(200), 1)),
            jitter: Jitter::from_micros(about(jitter, jitter / 20, 2)),
            loss: Loss::from_ppb(loss as u32),
        }
    }
}

/// One link: both directions and whether it is up.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Whether it forwards.
    pub(crate) up: bool,
    /// Whether the IGP takes it to be up.
    pub(crate) igp_up: bool,
    /// When the IGP will know.
    pub(crate) heard_at: Option<Timestamp>,
    /// Healthy, by direction: out of side A first.
    pub(crate) healthy: [Quality; 2],
    /// What is wrong, by direction.
    pub(crate) faults: [Impairment; 2],
}

/// The finalizer of SplitMix64: spreads each bit of the input over all bits of the output.
const fn scramble(input: u64) -> u64 {
    let mut bits = input.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
