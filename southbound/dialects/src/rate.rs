//! Bandwidths in the units that vendors write. A rate that a unit cannot say exactly is not said at all: rounding would read
//! back as drift.

use model::Bandwidth;

/// A whole number of Mbit/s.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Mbps(u32);

impl Mbps {
    /// The bandwidth in Mbit/s; none where it is no whole number of them, or too many.
    pub fn exactly(bandwidth: Bandwidth) -> Option<Self> {
        let (mbps, rest) = (bandwidth.as_bps() / 1_000_000, bandwidth.as_bps() % 1_000_000);
        u32::try_from(mbps).ok().filter(|_| rest == 0).map(Self)
    }

    /// As it was written.
    pub const fn written(number: u32) -> Self {
        Self(number)
    }

    /// How many.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The same as a bandwidth.
    pub fn bandwidth(self) -> Bandwidth {
        Bandwidth::from_bps(u64::from(self.0) * 1_000_000)
    }
}

/// Units by name, the largest first, in bit/s.
const UNITS: [(&str, u64); 4] = [("gbps", 1_000_000_000), ("mbps", 1_000_000), ("kbps", 1_000), ("bps", 1)];

/// A number of 32 bits, never zero, and the name of its unit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Scaled {
    /// How many.
    pub number: u32,
    /// Of what.
    pub unit: &'static str,
}

impl Scaled {
    /// In the largest unit that says it exactly; none for zero, and where no unit does.
    pub fn exactly(bandwidth: Bandwidth) -> Option<Self> {
        let bps = bandwidth.as_bps();
        let (unit, size) = UNITS.iter().find(|(_, size)| bps.is_multiple_of(*size))?;
        let number = u32::try_from(bps / size).ok().filter(|number| *number > 0)?;
        Some(Self { number, unit })
    }

    /// What was written; none where the unit is not one of ours.
    pub fn bandwidth(number: u32, unit: &str) -> Option<Bandwidth> {
        let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
        u64::from(number).checked_mul(*size).map(Bandwidth::from_bps)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_rate_is_said_exactly_or_not_at_all() {
        let scaled = |bps| Scaled::exactly(Bandwidth::from_bps(bps)).map(|rate| (rate.number, rate.unit));
        assert_eq!(scaled(2_000_000), Some((2, "mbps")));
        assert_eq!(scaled(64_500), Some((64_500, "bps")));
        assert_eq!((scaled(0), scaled(4_294_967_296_001)), (None, None));
        assert_eq!(Mbps::exactly(Bandwidth::from_bps(1_500_000)), None);
        assert_eq!(Mbps::exactly(Bandwidth::from_bps(7_000_000)).map(Mbps::number), Some(7));
    }

    proptest! {
        #[test]
        fn what_is_said_is_what_was_meant(bps in any::<u64>(), whole in 0_u64..100_000) {
            for bandwidth in [bps, whole * 1_000_000].map(Bandwidth::from_bps) {
                if let Some(Scaled { number, unit }) = Scaled::exactly(bandwidth) {
                    prop_assert_eq!(Scaled::bandwidth(number, unit), Some(bandwidth));
                }
                if let Some(mbps) = Mbps::exactly(bandwidth) {
                    prop_assert_eq!(Mbps::written(mbps.number()).bandwidth(), bandwidth);
                }
            }
        }
    }
}
