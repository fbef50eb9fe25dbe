//! STAMP test packets without authentication (RFC 8762 section 4.2.1 and 4.3.1), with the identifier of the session (RFC 8972 section 3).
//!
//! Both are 44 octets. What comes behind them, such as TLVs (RFC 8972 section 4), is not read; a reflector of ours answers without it.

use thiserror::Error;

use crate::moment::{Format, Moment};

/// The port of reflectors (RFC 8762 section 4.1).
pub const PORT: u16 = 862;

/// Octets of a packet, of either kind.
pub const LENGTH: usize = 44;

/// Why octets are no test packet.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum BadPacket {
    /// Too few.
    #[error("{0} octets are no STAMP packet: it has {least} at least", least = LENGTH)]
    Short(usize),
    /// An error estimate that says nothing.
    #[error("the multiplier of an error estimate is zero, which is corrupt (RFC 4656 section 4.1.2)")]
    Multiplier,
}

/// How exact a timestamp is, and its form (RFC 4656 section 4.1.2, RFC 8762 section 4.2.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ErrorEstimate {
    /// Whether the clock is kept in step with UTC by a source outside.
    pub synchronized: bool,
    /// The form of the timestamp.
    pub format: Format,
    /// The error is `multiplier` x 2^(scale - 32) seconds; up to 63.
    pub scale: u8,
    /// Never zero.
    pub multiplier: u8,
}

impl ErrorEstimate {
    /// Of this crate: 2^-13 s, which is 122 µs, as NTP writes. Whether the clock follows UTC is not known here.
    pub const OURS: Self = Self { synchronized: false, format: Format::Ntp, scale: 19, multiplier: 1 };

    fn bits(self) -> u16 {
        let format = if self.format == Format::Ptp { 0x4000 } else { 0 };
        let synchronized = if self.synchronized { 0x8000 } else { 0 };
        synchronized | format | u16::from(self.scale & 0x3f) << 8 | u16::from(self.multiplier)
    }

    fn of(bits: u16) -> Result<Self, BadPacket> {
        let [high, multiplier] = bits.to_be_bytes();
        if multiplier == 0 {
            return Err(BadPacket::Multiplier);
        }
        let format = if high & 0x40 == 0 { Format::Ntp } else { Format::Ptp };
        Ok(Self { synchronized: high & 0x80 != 0, format, scale: high & 0x3f, multiplier })
    }
}

/// What a sender sends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SenderPacket {
    /// From 0, one more with each packet of the session.
    pub sequence: u32,
    /// When it was sent.
    pub timestamp: u64,
    /// How exact that is.
    pub error: ErrorEstimate,
    /// The session.
    pub ssid: u16,
}

/// What a reflector answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReflectorPacket {
    /// The reflector's own count of the session's packets, from 0 (RFC 8762 section 4.3: stateful mode).
    pub sequence: u32,
    /// When it was sent back.
    pub timestamp: u64,
    /// How exact the timestamps of the reflector are.
    pub error: ErrorEstimate,
    /// The session.
    pub ssid: u16,
    /// When the sender's packet was received.
    pub received: u64,
    /// What the sender wrote.
    pub sender: SenderPacket,
    /// The hop limit with which the sender's packet came.
    pub hop_limit: u8,
}

impl ReflectorPacket {
    /// When the sender's packet was received; none where it is no moment.
    pub fn received(&self) -> Option<Moment> {
        self.error.format.read(self.received)
    }
}

/// Octets from a place on.
fn field<const N: usize>(octets: &[u8], at: usize) -> Result<[u8; N], BadPacket> {
    let field = octets.get(at..).and_then(|rest| rest.first_chunk::<N>());
    field.copied().ok_or(BadPacket::Short(octets.len()))
}

fn u16_at(octets: &[u8], at: usize) -> Result<u16, BadPacket> {
    field(octets, at).map(u16::from_be_bytes)
}

fn u32_at(octets: &[u8], at: usize) -> Result<u32, BadPacket> {
    field(octets, at).map(u32::from_be_bytes)
}

fn u64_at(octets: &[u8], at: usize) -> Result<u64, BadPacket> {
    field(octets, at).map(u64::from_be_bytes)
}

impl SenderPacket {
    /// Its octets.
    pub fn encode(&self) -> [u8; LENGTH] {
        let mut octets = [0; LENGTH];
        octets[..4].copy_from_slice(&self.sequence.to_be_bytes());
        octets[4..12].copy_from_slice(&self.timestamp.to_be_bytes());
        octets[12..14].copy_from_slice(&self.error.bits().to_be_bytes());
        octets[14..16].copy_from_slice(&self.ssid.to_be_bytes());
        octets
    }

    /// From octets.
    ///
    /// # Errors
    /// They are none.
    pub fn decode(octets: &[u8]) -> Result<Self, BadPacket> {
        if octets.len() < LENGTH {
            return Err(BadPacket::Short(octets.len()));
        }
        Ok(Self {
            sequence: u32_at(octets, 0)?,
            timestamp: u64_at(octets, 4)?,
            error: ErrorEstimate::of(u16_at(octets, 12)?)?,
            ssid: u16_at(octets, 14)?,
        })
    }
}

impl ReflectorPacket {
    /// Its octets.
    pub fn encode(&self) -> [u8; LENGTH] {
        let mut octets = [0; LENGTH];
        octets[..4].copy_from_slice(&self.sequence.to_be_bytes());
        octets[4..12].copy_from_slice(&self.timestamp.to_be_bytes());
        octets[12..14].copy_from_slice(&self.error.bits().to_be_bytes());
        octets[14..16].copy_from_slice(&self.ssid.to_be_bytes());
        octets[16..24].copy_from_slice(&self.received.to_be_bytes());
        octets[24..28].copy_from_slice(&self.sender.sequence.to_be_bytes());
        octets[28..36].copy_from_slice(&self.sender.timestamp.to_be_bytes());
        octets[36..38].copy_from_slice(&self.sender.error.bits().to_be_bytes());
        octets[40] = self.hop_limit;
        octets
    }

    /// From octets. The session of the sender's packet is that of the answer.
    ///
    /// # Errors
    /// They are none.
    pub fn decode(octets: &[u8]) -> Result<Self, BadPacket> {
        let own = SenderPacket::decode(octets)?;
        let [hop_limit] = field(octets, 40)?;
        let sender = SenderPacket {
            sequence: u32_at(octets, 24)?,
            timestamp: u64_at(octets, 28)?,
            error: ErrorEstimate::of(u16_at(octets, 36)?)?,
            ssid: own.ssid,
        };
        Ok(Self {
            sequence: own.sequence,
            timestamp: own.timestamp,
            error: own.error,
            ssid: own.ssid,
            received: u64_at(octets, 16)?,
            sender,
            hop_limit,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    prop_compose! {
        fn error()(synchronized: bool, ptp: bool, scale in 0_u8..64, multiplier in 1_u8..) -> ErrorEstimate {
            let format = if ptp { Format::Ptp } else { Format::Ntp };
            ErrorEstimate { synchronized, format, scale, multiplier }
        }
    }

    prop_compose! {
        fn sender()(sequence: u32, timestamp: u64, error in error(), ssid: u16) -> SenderPacket {
            SenderPacket { sequence, timestamp, error, ssid }
        }
    }

    prop_compose! {
        fn reflector()(
            sequence: u32, timestamp: u64, error in error(), received: u64, sender in sender(), hop_limit: u8,
        ) -> ReflectorPacket {
            ReflectorPacket { sequence, timestamp, error, ssid: sender.ssid, received, sender, hop_limit }
        }
    }

    #[test]
    fn octets_lie_where_the_rfc_has_them() {
        let error = ErrorEstimate { synchronized: true, format: Format::Ptp, scale: 3, multiplier: 9 };
        let sender =
            SenderPacket { sequence: 0x0102_0304, timestamp: 0x1112_1314_1516_1718, error, ssid: 0x2122 };
        let mut written =
            vec![1, 2, 3, 4, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0xc3, 9, 0x21, 0x22];
        written.resize(44, 0);
        assert_eq!(sender.encode().as_slice(), written);
        let answer = ReflectorPacket {
            sequence: 5,
            timestamp: 6,
            error: ErrorEstimate::OURS,
            ssid: 0x2122,
            received: 7,
            sender,
            hop_limit: 250,
        };
        let octets = answer.encode();
        assert_eq!(octets[12..16], [0x13, 1, 0x21, 0x22]);
        assert_eq!(octets[16..24], [0, 0, 0, 0, 0, 0, 0, 7]);
        assert_eq!(octets[24..28], [1, 2, 3, 4]);
        assert_eq!(octets[36..44], [0xc3, 9, 0, 0, 250, 0, 0, 0]);
    }

    #[test]
    fn what_is_none_is_told_why() {
        let told = SenderPacket::decode(&[0; 43]).unwrap_err().to_string();
        assert_eq!(told, "43 octets are no STAMP packet: it has 44 at least");
        assert_eq!(SenderPacket::decode(&[0; 44]), Err(BadPacket::Multiplier));
    }

    proptest! {
        #[test]
        fn packets_come_back(sent in sender(), answer in reflector(), more in vec(any::<u8>(), 0..9)) {
            let longer = |octets: [u8; LENGTH]| [octets.as_slice(), &more].concat();
            prop_assert_eq!(SenderPacket::decode(&longer(sent.encode())), Ok(sent));
            prop_assert_eq!(ReflectorPacket::decode(&longer(answer.encode())), Ok(answer));
        }

        #[test]
        fn any_octets_are_judged_without_a_panic(octets in vec(any::<u8>(), 0..100)) {
            if let Ok(sent) = SenderPacket::decode(&octets) {
                prop_assert_eq!(&sent.encode()[..16], &octets[..16]);
            }
            if let Ok(answer) = ReflectorPacket::decode(&octets) {
                prop_assert_eq!(ReflectorPacket::decode(&answer.encode()), Ok(answer));
            }
        }
    }
}
