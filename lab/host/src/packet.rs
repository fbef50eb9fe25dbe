//! What a test packet carries: which flow it is of, which of its packets it is, and when it was sent.
//!
//! | octets | what |
//! |---|---|
//! | 0..4 | `TLT1` |
//! | 4..8 | number of the flow |
//! | 8..16 | number of the packet in its flow, from 0 |
//! | 16..24 | when it was sent, nanoseconds since the epoch |
//!
//! Numbers are in network order. Anything may follow: it fills the packet up to its size.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::moment::Moment;

/// How a test packet begins.
const MARK: [u8; 4] = *b"TLT1";

/// The number of a flow, unique among all that are sent at a time.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FlowId(pub u32);

impl fmt::Display for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flow {}", self.0)
    }
}

/// What a test packet carries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Packet {
    /// Which flow it is of.
    pub flow: FlowId,
    /// Which packet of it, from 0.
    pub number: u64,
    /// When it was sent.
    pub sent: Moment,
}

impl Packet {
    /// Octets that it takes.
    pub const LENGTH: usize = 24;

    /// As it stands at the beginning of a payload.
    pub fn encode(&self) -> [u8; Self::LENGTH] {
        let mut octets = [0; Self::LENGTH];
        let words = MARK
            .into_iter()
            .chain(self.flow.0.to_be_bytes())
            .chain(self.number.to_be_bytes())
            .chain(self.sent.as_nanos().to_be_bytes());
        octets.iter_mut().zip(words).for_each(|(place, octet)| *place = octet);
        octets
    }

    /// Reads the beginning of a payload; none where it is not a test packet's.
    pub fn decode(payload: &[u8]) -> Option<Self> {
        let (mark, rest) = payload.split_first_chunk::<4>()?;
        let (flow, rest) = rest.split_first_chunk::<4>()?;
        let (number, rest) = rest.split_first_chunk::<8>()?;
        let (sent, _) = rest.split_first_chunk::<8>()?;
        (*mark == MARK).then(|| Self {
            flow: FlowId(u32::from_be_bytes(*flow)),
            number: u64::from_be_bytes(*number),
            sent: Moment::from_nanos(u64::from_be_bytes(*sent)),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_layout_is_as_documented() {
        let packet = Packet { flow: FlowId(0x0102), number: 3, sent: Moment::from_nanos(0xff00) };
        let octets = packet.encode();
        assert_eq!(&octets[..8], b"TLT1\x00\x00\x01\x02");
        assert_eq!(&octets[8..], [0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0xff, 0]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(flow: u32, number: u64, sent: u64, rest in prop::collection::vec(any::<u8>(), 0..64)) {
            let packet = Packet { flow: FlowId(flow), number, sent: Moment::from_nanos(sent) };
            let mut octets = packet.encode().to_vec();
            octets.extend(rest);
            prop_assert_eq!(Packet::decode(&octets), Some(packet));
        }

        #[test]
        fn nothing_else_is_a_test_packet(octets in prop::collection::vec(any::<u8>(), 0..64)) {
            let is_one = octets.len() >= Packet::LENGTH && octets.starts_with(b"TLT1");
            prop_assert_eq!(Packet::decode(&octets).is_some(), is_one);
        }
    }
}
