//! What BGP-LS says of a link's performance (RFC 8571, after RFC 8570).

use nom::{Parser, number::complete::be_u32};

use super::{bandwidth::WireBandwidth, link::bandwidth};
use crate::wire::octets::{Malformed, Out, Read, whole};

/// A number of 24 bits, and whether it crossed the threshold above which it is anomalous (RFC 8570 section 4.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Measured {
    /// The A bit.
    pub anomalous: bool,
    /// 24 bits; the largest means that much or more.
    pub value: u32,
}

/// A statement on a link's performance. Delays are one-way and in microseconds, losses in steps of 0.000003%.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PerformanceTlv {
    /// Average delay (1114).
    Delay(Measured),
    /// Least and greatest delay (1115).
    DelayRange {
        /// The least.
        least: Measured,
        /// The greatest; 24 bits.
        greatest: u32,
    },
    /// Delay variation; 24 bits (1116).
    Variation(u32),
    /// Loss (1117).
    Loss(Measured),
    /// What is not reserved (1118).
    Residual(WireBandwidth),
    /// What is neither reserved nor used (1119).
    Available(WireBandwidth),
    /// What is used (1120).
    Utilised(WireBandwidth),
}

const LOW: u32 = 0x00ff_ffff;

impl Measured {
    const fn word(self) -> u32 {
        (self.value & LOW) | (self.anomalous as u32) << 31
    }

    const fn of(word: u32) -> Self {
        Self { anomalous: word >> 31 == 1, value: word & LOW }
    }
}

fn measured(octets: &[u8]) -> Read<'_, Measured> {
    be_u32.map(Measured::of).parse(octets)
}

impl PerformanceTlv {
    pub(super) const fn code(&self) -> u16 {
        match self {
            Self::Delay(_) => 1114,
            Self::DelayRange { .. } => 1115,
            Self::Variation(_) => 1116,
            Self::Loss(_) => 1117,
            Self::Residual(_) => 1118,
            Self::Available(_) => 1119,
            Self::Utilised(_) => 1120,
        }
    }

    pub(super) fn encode(&self, out: &mut Out) {
        match self {
            Self::Delay(measured) | Self::Loss(measured) => out.u32(measured.word()),
            Self::DelayRange { least, greatest } => {
                out.u32(least.word());
                out.u32(greatest & LOW);
            }
            Self::Variation(value) => out.u32(value & LOW),
            Self::Residual(bandwidth) | Self::Available(bandwidth) | Self::Utilised(bandwidth) => {
                out.u32(bandwidth.0);
            }
        }
    }

    pub(super) fn decode(code: u16, value: &[u8]) -> Result<Option<Self>, Malformed> {
        Ok(Some(match code {
            1114 => Self::Delay(whole("delay", value, measured)?),
            1115 => {
                let (least, greatest) = whole("least and greatest delay", value, (measured, be_u32))?;
                Self::DelayRange { least, greatest: greatest & LOW }
            }
            1116 => Self::Variation(whole("delay variation", value, be_u32)? & LOW),
            1117 => Self::Loss(whole("loss", value, measured)?),
            1118 => Self::Residual(whole("residual bandwidth", value, bandwidth)?),
            1119 => Self::Available(whole("available bandwidth", value, bandwidth)?),
            1120 => Self::Utilised(whole("utilised bandwidth", value, bandwidth)?),
            _ => return Ok(None),
        }))
    }
}
