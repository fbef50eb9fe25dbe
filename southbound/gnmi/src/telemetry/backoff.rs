//! Pauses between attempts: each twice the one before, with a share that depends on the device's name, so that devices
//! differ from each other and a test sees the same pauses every time. Pure.

use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// The pauses of one device.
pub(super) struct Backoff {
    /// The next pause lies between half of this and this.
    ceiling: Duration,
    random: u64,
}

impl Backoff {
    pub(super) fn new(name: &str) -> Self {
        // FNV-1a: short, and the same on every machine.
        let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self { ceiling: SHORTEST * 2, random: seed }
    }

    /// The pause after an attempt that lasted so long. A stream that stood longer than the longest pause was a good one,
    /// so the pauses begin anew; one that ends at once, again and again, is not asked more often for that.
    pub(super) fn after(&mut self, lasted: Duration) -> Duration {
        if lasted > LONGEST {
            self.ceiling = SHORTEST * 2;
        }
        let half = self.ceiling / 2;
        self.ceiling = (self.ceiling * 2).min(LONGEST);
        half + half.mul_f64(self.share())
    }

    /// The next number between 0 and 1 (SplitMix64).
    fn share(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        f64::from((mixed >> 32) as u32) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(name: &str, count: usize) -> Vec<Duration> {
        let mut backoff = Backoff::new(name);
        (0..count).map(|_| backoff.after(Duration::ZERO)).collect()
    }

    #[test]
    fn pauses_grow_within_their_bounds() {
        let pauses = pauses("r1", 12);
        assert!(pauses.iter().all(|pause| (SHORTEST..=LONGEST).contains(pause)), "{pauses:?}");
        assert!(pauses[..5].is_sorted(), "{pauses:?}");
        assert!(pauses[8..].iter().all(|pause| *pause >= LONGEST / 2), "{pauses:?}");
    }

    #[test]
    fn devices_differ_and_a_device_does_not() {
        assert_eq!(pauses("r1", 4), pauses("r1", 4));
        assert_ne!(pauses("r1", 4), pauses("r2", 4));
    }

    #[test]
    fn a_stream_that_stood_begins_anew() {
        let mut backoff = Backoff::new("r1");
        for _ in 0..8 {
            backoff.after(Duration::ZERO);
        }
        assert!(backoff.after(LONGEST * 2) <= SHORTEST * 2);
    }
}
