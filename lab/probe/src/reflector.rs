//! What a reflector answers, with a count of its own for each session (RFC 8762 section 4.3, stateful mode). Time is an argument.

use std::{collections::BTreeMap, net::Ipv6Addr, time::Duration};

use crate::{
    moment::Moment,
    packet::{ErrorEstimate, PORT, ReflectorPacket, SenderPacket},
};

/// The most sessions that are counted.
const MOST: usize = 8192;
/// A session of which nothing came for so long is forgotten when there is no room (RFC 8762 section 4.3: REFWAIT).
const IDLE: Duration = Duration::from_secs(30);
/// So often at most is looked for such.
const SWEEP: Duration = Duration::from_secs(1);

/// A packet that came.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// From where.
    pub from: Ipv6Addr,
    /// From which port.
    pub port: u16,
    /// What is in it.
    pub octets: &'a [u8],
    /// When.
    pub received: Moment,
    /// The hop limit that it had left.
    pub hop_limit: u8,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    next: u32,
    last: Duration,
}

/// A reflector.
#[derive(Debug, Default)]
pub struct Reflector {
    /// By the sender's address and port, and its session.
    counts: BTreeMap<(Ipv6Addr, u16, u16), Count>,
    swept: Option<Duration>,
}

impl Reflector {
    /// What is sent back at `leaving`. Nothing where it is no test packet, where it comes from a reflector's port, for two would answer
    /// each other for ever, or where too many sessions are counted already: without a count, an answer would say that nothing is lost.
    /// O(log sessions), but for a sweep a second.
    pub fn answer(
        &mut self,
        arrival: &Arrival<'_>,
        leaving: Moment,
        now: Duration,
    ) -> Option<ReflectorPacket> {
        if arrival.port == PORT {
            return None;
        }
        let sender = SenderPacket::decode(arrival.octets).ok()?;
        let key = (arrival.from, arrival.port, sender.ssid);
        if !self.counts.contains_key(&key) && !self.has_room(now) {
            return None;
        }
        let count = self.counts.entry(key).or_insert(Count { next: 0, last: now });
        let sequence = count.next;
        *count = Count { next: sequence.wrapping_add(1), last: now };
        let error = ErrorEstimate::OURS;
        Some(ReflectorPacket {
            sequence,
            timestamp: error.format.write(leaving),
            error,
            ssid: sender.ssid,
            received: error.format.write(arrival.received),
            sender,
            hop_limit: arrival.hop_limit,
        })
    }

    fn has_room(&mut self, now: Duration) -> bool {
        let is_due = self.swept.is_none_or(|swept| swept + SWEEP <= now);
        if self.counts.len() >= MOST && is_due {
            self.swept = Some(now);
            self.counts.retain(|_, count| count.last + IDLE > now);
        }
        self.counts.len() < MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u32, ssid: u16) -> [u8; 44] {
        SenderPacket { sequence, timestamp: 77, error: ErrorEstimate::OURS, ssid }.encode()
    }

    fn arrival(octets: &[u8], port: u16) -> Arrival<'_> {
        let received = Moment::from_nanos(1_000);
        Arrival { from: Ipv6Addr::LOCALHOST, port, octets, received, hop_limit: 250 }
    }

    #[test]
    fn every_session_has_a_count_of_its_own() {
        let mut reflector = Reflector::default();
        let mut answer = |sequence, ssid, port| {
            let octets = packet(sequence, ssid);
            reflector.answer(&arrival(&octets, port), Moment::from_nanos(2_000), Duration::ZERO).unwrap()
        };
        assert_eq!(answer(5, 1, 4000).sequence, 0);
        assert_eq!(answer(9, 1, 4000).sequence, 1);
        assert_eq!(answer(9, 2, 4000).sequence, 0);
        assert_eq!(answer(9, 1, 4001).sequence, 0);
        let last = answer(12, 1, 4000);
        assert_eq!((last.sequence, last.sender.sequence, last.sender.timestamp, last.ssid), (2, 12, 77, 1));
        assert_eq!((last.received(), last.hop_limit), (Some(Moment::from_nanos(1_000)), 250));
        assert_eq!(last.error.format.read(last.timestamp), Some(Moment::from_nanos(2_000)));
    }

    #[test]
    fn what_is_no_packet_and_another_reflector_get_no_answer() {
        let mut reflector = Reflector::default();
        let octets = packet(0, 1);
        for arrival in [arrival(&octets[..43], 4000), arrival(&octets, PORT)] {
            assert_eq!(reflector.answer(&arrival, Moment::default(), Duration::ZERO), None);
        }
    }

    #[test]
    fn memory_is_bounded_and_idle_sessions_give_way() {
        let mut reflector = Reflector::default();
        let mut answer = |number: usize, seconds| {
            let octets = packet(0, u16::try_from(number).unwrap());
            let now = Duration::from_secs(seconds);
            reflector.answer(&arrival(&octets, 4000), Moment::default(), now).map(|answer| answer.sequence)
        };
        for number in 0..MOST {
            assert_eq!(answer(number, 0), Some(0));
        }
        assert_eq!(answer(MOST, 1), None, "there is no room");
        assert_eq!(answer(5, 20), Some(1), "who is counted goes on");
        assert_eq!(answer(MOST, 31), Some(0), "all others are idle");
        assert_eq!(answer(5, 31), Some(2));
    }
}
