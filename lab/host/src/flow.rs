//! What is sent from one host to another: how much, how large, how marked, over how many five-tuples.

use std::{net::SocketAddr, time::Duration};

use model::{Bandwidth, Span, steering::Dscp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use crate::packet::FlowId;
use crate::packet::Packet;

/// How fast packets follow each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// So many packets a second.
    Packets(u32),
    /// So many bits a second, headers of IP and UDP included.
    Bits(Bandwidth),
}

/// A flow: packets of one kind from one host to another, one after the other at equal distances.
///
/// A flow of several five-tuples takes them in turn: packet `n` has five-tuple `n % tuples`. Five-tuples differ in both ports: with
/// `d = ceil(sqrt(tuples))`, tuple `t` goes from port `from.port() + t / d` to port `to.port() + t % d`, so that hosts need few sockets.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Flow {
    /// Its number.
    pub id: FlowId,
    /// The sender's address, and the first of its ports.
    pub from: SocketAddr,
    /// The receiver's, of the same family.
    pub to: SocketAddr,
    /// How packets are marked.
    pub dscp: Dscp,
    /// Octets of a packet, headers of IP and UDP included.
    pub size: u16,
    /// How fast they follow each other.
    pub pace: Pace,
    /// How many five-tuples it has.
    pub tuples: u16,
    /// How long after it is told to be sent it begins.
    pub start: Span,
    /// How long it goes on; until it is stopped where absent.
    pub duration: Option<Span>,
}

/// Why a flow cannot be sent.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{flow} cannot be sent: {why}")]
pub struct FlowError {
    /// Which.
    pub flow: FlowId,
    /// What is wrong with it, and what would do.
    pub why: String,
}

/// The most five-tuples of a flow.
pub const MOST_TUPLES: u16 = 10_000;
/// The most packets a second of a flow.
pub const MOST_PACKETS: u64 = 1_000_000;
/// The largest packet, in octets.
pub const LARGEST: u16 = 65_000;

const SECOND: u128 = 1_000_000_000;

impl Flow {
    /// A flow of one five-tuple that begins at once and goes on until it is stopped.
    pub fn new(id: u32, from: SocketAddr, to: SocketAddr, dscp: Dscp, pace: Pace) -> Self {
        let (size, tuples, start) = (200, 1, Span::ZERO);
        Self { id: FlowId(id), from, to, dscp, size, pace, tuples, start, duration: None }
    }

    /// Whether it can be sent.
    ///
    /// # Errors
    /// Addresses of two families or of none, ports that go beyond the last one, a size, a pace or a number of five-tuples out of bounds.
    pub fn check(&self) -> Result<(), FlowError> {
        let least = self.headers() + Packet::LENGTH;
        let per_second = self.pace.per_second(self.size);
        let why = if self.from.is_ipv4() != self.to.is_ipv4() {
            format!("{} and {} are of two families: give both in one", self.from.ip(), self.to.ip())
        } else if self.from.ip().is_unspecified() || self.to.ip().is_unspecified() {
            "an address is unspecified: name the hosts' own".to_owned()
        } else if !(1..=MOST_TUPLES).contains(&self.tuples) {
            format!("it has {} five-tuples: give it 1 to {MOST_TUPLES}", self.tuples)
        } else if self.from.port() == 0 || self.to.port() == 0 {
            "port 0 is none: name the first port of both ends".to_owned()
        } else if last_port(self.from, self.sources()).is_none()
            || last_port(self.to, self.destinations()).is_none()
        {
            "its ports go beyond 65535: let them begin lower".to_owned()
        } else if usize::from(self.size) < least || self.size > LARGEST {
            format!("a packet of {} octets: give it {least} to {LARGEST}", self.size)
        } else if per_second
            .is_none_or(|(packets, nanos)| packets * SECOND > nanos * u128::from(MOST_PACKETS))
        {
            format!("its pace is nothing, or more than {MOST_PACKETS} packets a second")
        } else {
            return Ok(());
        };
        Err(FlowError { flow: self.id, why })
    }

    /// Octets of the headers of IP and UDP.
    pub const fn headers(&self) -> usize {
        if self.from.is_ipv4() { 28 } else { 48 }
    }

    /// How many ports the receiver has: the square root of the five-tuples, rounded up.
    pub fn destinations(&self) -> u16 {
        let root = self.tuples.isqrt();
        if u32::from(root) * u32::from(root) < u32::from(self.tuples) { root + 1 } else { root.max(1) }
    }

    /// How many ports the sender has.
    pub fn sources(&self) -> u16 {
        self.tuples.div_ceil(self.destinations()).max(1)
    }

    /// The sender's sockets.
    pub fn senders(&self) -> impl Iterator<Item = SocketAddr> {
        let from = self.from;
        (0..self.sources()).map(move |more| further(from, more))
    }

    /// The receiver's sockets.
    pub fn receivers(&self) -> impl Iterator<Item = SocketAddr> {
        let to = self.to;
        (0..self.destinations()).map(move |more| further(to, more))
    }

    /// The five-tuple of a packet.
    pub fn tuple(&self, number: u64) -> u16 {
        u16::try_from(number % u64::from(self.tuples.max(1))).unwrap_or(0)
    }

    /// From where to where the packets of a five-tuple go.
    pub fn ends(&self, tuple: u16) -> (SocketAddr, SocketAddr) {
        let width = self.destinations();
        (further(self.from, tuple / width), further(self.to, tuple % width))
    }

    /// How long after the beginning of the flow a packet is due. The first ones of many flows do not come together: each flow has a
    /// phase of less than a packet, by its number.
    pub fn due(&self, number: u64) -> Duration {
        let Some((packets, nanos)) = self.pace.per_second(self.size) else { return Duration::MAX };
        // Multiples of the golden ratio lie apart from each other, however many there are.
        let phase = u128::from(self.id.0.wrapping_mul(2_654_435_769));
        let whole = u128::from(number) * nanos / packets + phase * nanos / packets / (1 << 32);
        u64::try_from(whole).map_or(Duration::MAX, Duration::from_nanos)
    }

    /// How many packets it has in all: those that are due before its duration ends; none where it goes on.
    pub fn packets(&self) -> Option<u64> {
        let duration = Duration::from_micros(self.duration?.as_micros());
        let (packets, nanos) = self.pace.per_second(self.size)?;
        let phase = self.due(0).as_nanos();
        let left = duration.as_nanos().saturating_sub(phase);
        Some(u64::try_from((left * packets).div_ceil(nanos)).unwrap_or(u64::MAX))
    }
}

impl Pace {
    /// So many packets in so many nanoseconds; none where there are none.
    fn per_second(self, size: u16) -> Option<(u128, u128)> {
        let (packets, nanos) = match self {
            Self::Packets(packets) => (u128::from(packets), SECOND),
            Self::Bits(bits) => (u128::from(bits.as_bps()), u128::from(size) * 8 * SECOND),
        };
        (packets > 0 && nanos > 0).then_some((packets, nanos))
    }
}

/// The last of so many ports.
fn last_port(first: SocketAddr, count: u16) -> Option<u16> {
    first.port().checked_add(count.saturating_sub(1))
}

/// The same address, so many ports further.
fn further(mut address: SocketAddr, more: u16) -> SocketAddr {
    address.set_port(address.port().saturating_add(more));
    address
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn flow(pace: Pace) -> Flow {
        let (from, to) = ("10.0.0.1:4000".parse().unwrap(), "10.0.0.2:5000".parse().unwrap());
        Flow::new(0, from, to, "ef".parse().unwrap(), pace)
    }

    #[test]
    fn packets_are_due_at_equal_distances() {
        let packets = flow(Pace::Packets(3));
        let due: Vec<u128> = (0..4).map(|number| packets.due(number).as_nanos()).collect();
        assert_eq!(due, [0, 333_333_333, 666_666_666, 1_000_000_000]);
        // 200 octets at 1.6 Mbit/s are a packet a millisecond.
        let bits = flow(Pace::Bits("1.6Mbps".parse().unwrap()));
        assert_eq!(bits.due(1_000), Duration::from_secs(1));
        assert_eq!(Flow { duration: Some(Span::from_secs(2)), ..bits }.packets(), Some(2_000));
    }

    #[test]
    fn many_flows_do_not_begin_together() {
        let due = |id| Flow { id: FlowId(id), ..flow(Pace::Packets(1)) }.due(0);
        let mut first: Vec<Duration> = (0..100).map(due).collect();
        first.sort();
        let nearest = first.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap();
        assert!(first[99] < Duration::from_secs(1) && nearest > Duration::from_millis(3), "{nearest:?}");
    }

    #[test]
    fn what_cannot_be_sent_says_why() {
        let good = flow(Pace::Packets(10));
        assert_eq!(good.check(), Ok(()));
        let why = |flow: Flow| flow.check().unwrap_err().why;
        assert!(why(Flow { to: "[::1]:1".parse().unwrap(), ..good.clone() }).contains("two families"));
        assert!(why(Flow { to: "0.0.0.0:1".parse().unwrap(), ..good.clone() }).contains("unspecified"));
        assert!(why(Flow { tuples: 0, ..good.clone() }).contains("1 to 10000"));
        assert!(why(Flow { size: 51, ..good.clone() }).contains("52 to 65000"));
        assert!(why(Flow { pace: Pace::Packets(0), ..good.clone() }).contains("pace"));
        assert!(why(Flow { pace: Pace::Packets(1_000_001), ..good.clone() }).contains("pace"));
        let high = Flow { from: "10.0.0.1:65530".parse().unwrap(), tuples: 2_000, ..good };
        assert!(why(high).contains("65535"));
    }

    #[test]
    fn it_is_the_same_as_json() {
        let flow = Flow { duration: Some(Span::from_secs(2)), ..flow(Pace::Bits("2Mbps".parse().unwrap())) };
        let text = serde_json::to_string(&flow).unwrap();
        assert!(text.contains(r#""dscp":"ef""#) && text.contains(r#""pace":{"bits":"2Mbps"}"#), "{text}");
        assert_eq!(serde_json::from_str::<Flow>(&text).unwrap(), flow);
    }

    proptest! {
        #[test]
        fn every_five_tuple_is_another_and_has_sockets(tuples in 1..MOST_TUPLES + 1) {
            let flow = Flow { tuples, ..flow(Pace::Packets(1)) };
            let all: BTreeSet<_> = (0..tuples).map(|tuple| flow.ends(tuple)).collect();
            prop_assert_eq!(all.len(), usize::from(tuples));
            let (senders, receivers): (BTreeSet<_>, BTreeSet<_>) = (flow.senders().collect(), flow.receivers().collect());
            prop_assert!(all.iter().all(|(from, to)| senders.contains(from) && receivers.contains(to)));
            prop_assert!(senders.len() + receivers.len() <= 202);
        }

        #[test]
        fn it_has_the_packets_that_are_due_before_its_end(packets in 1_u32..2_000, micros in 1_u64..3_000_000, id: u32) {
            let flow = Flow { id: FlowId(id), duration: Some(Span::from_micros(micros)), ..flow(Pace::Packets(packets)) };
            let end = Duration::from_micros(micros);
            let count = flow.packets().unwrap();
            prop_assert!(count == 0 || flow.due(count - 1) < end);
            prop_assert!(flow.due(count) >= end);
        }
    }
}
