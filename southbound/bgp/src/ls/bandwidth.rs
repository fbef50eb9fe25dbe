//! Bandwidth as IGPs say it: octets per second as an IEEE float of 32 bits (RFC 5305 section 3.4).

use std::fmt;

use model::Bandwidth;

/// A bandwidth as it is on the wire. Compared by its bits, so that what is read is what is written.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct WireBandwidth(pub u32);

impl WireBandwidth {
    /// The nearest float. Bandwidths of up to eight significant digits survive the way there and back.
    pub fn from_bandwidth(bandwidth: Bandwidth) -> Self {
        Self(((bandwidth.as_bps() as f64 / 8.0) as f32).to_bits())
    }

    /// In bits per second; none for a negative, endless or impossible number, or one that is too large.
    pub fn bandwidth(self) -> Option<Bandwidth> {
        let bps = f64::from(f32::from_bits(self.0)) * 8.0;
        // 2^63, far above every line and exactly a float.
        (bps.is_finite() && (0.0..9.2e18).contains(&bps)).then(|| Bandwidth::from_bps(bps.round() as u64))
    }
}

impl fmt::Debug for WireBandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}B/s", f32::from_bits(self.0))
    }
}
