//! Moments of the real clock, and the two forms in which packets carry them.

use std::time::Duration;

/// Seconds from 1900 to 1970, as NTP counts (RFC 5905 section 6).
const NTP_TO_UNIX: u32 = 2_208_988_800;
const NANOS: u64 = 1_000_000_000;

/// A moment of the real clock, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Moment(u64);

impl Moment {
    /// From nanoseconds since 1970.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// In nanoseconds since 1970.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How long after another it is; none where it is before it, as when somebody set the clock in between.
    pub fn since(self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0).map(Duration::from_nanos)
    }
}

/// The form of a timestamp: the Z bit of the error estimate beside it (RFC 8762 section 4.2.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// Seconds since 1900 and 2^-32 of a second (RFC 5905 section 6). Fine enough that nanoseconds come back unchanged.
    Ntp,
    /// The truncated form of IEEE 1588: seconds and nanoseconds. Seconds are counted from 1970 here, without the leap seconds that TAI
    /// has: senders and reflectors of one lab have one clock.
    Ptp,
}

impl Format {
    /// The 64 bits of a moment. Both forms have 32 bits of seconds: after 2106 they begin anew.
    pub fn write(self, moment: Moment) -> u64 {
        let (seconds, nanos) = (moment.0 / NANOS, moment.0 % NANOS);
        let (seconds, rest) = match self {
            Self::Ntp => (seconds + u64::from(NTP_TO_UNIX), ((nanos << 32) + NANOS / 2) / NANOS),
            Self::Ptp => (seconds, nanos),
        };
        (seconds & u64::from(u32::MAX)) << 32 | rest
    }

    /// The moment of 64 bits, taken to lie between 1970 and 2106; none where nanoseconds make up more than a second.
    pub fn read(self, bits: u64) -> Option<Moment> {
        let (seconds, rest) = (bits >> 32, bits & u64::from(u32::MAX));
        let (seconds, nanos) = match self {
            Self::Ptp if rest >= NANOS => return None,
            Self::Ptp => (seconds, rest),
            // What lies before 1970 is of the era that begins in 2036.
            Self::Ntp => {
                let since = u32::try_from(seconds).unwrap_or(0).wrapping_sub(NTP_TO_UNIX);
                (u64::from(since), (rest * NANOS + (1 << 31)) >> 32)
            }
        };
        Some(Moment(seconds * NANOS + nanos))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_moments_have_their_known_bits() {
        // 1970, and the first second of the NTP era that begins on 2036-02-07 at 06:28:16.
        assert_eq!(Format::Ntp.write(Moment(0)), 2_208_988_800 << 32);
        assert_eq!(Format::Ntp.write(Moment(2_085_978_496 * NANOS)), 0);
        assert_eq!(Format::Ntp.read(0), Some(Moment(2_085_978_496 * NANOS)));
        assert_eq!(Format::Ntp.write(Moment(NANOS / 2)) & u64::from(u32::MAX), 1 << 31);
        assert_eq!(Format::Ptp.write(Moment(7 * NANOS + 5)), 7 << 32 | 5);
        assert_eq!(Format::Ptp.read(7 << 32 | 1_000_000_000), None);
        assert_eq!(Moment(5).since(Moment(7)), None);
    }

    proptest! {
        #[test]
        fn moments_come_back_to_the_nanosecond(nanos in 0..(1_u64 << 32) * NANOS) {
            for format in [Format::Ntp, Format::Ptp] {
                prop_assert_eq!(format.read(format.write(Moment(nanos))), Some(Moment(nanos)));
            }
        }

        #[test]
        fn any_bits_are_read_without_a_panic(bits: u64) {
            prop_assert!(Format::Ntp.read(bits).is_some());
            let _ = Format::Ptp.read(bits);
        }
    }
}
