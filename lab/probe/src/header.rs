//! The whole IPv6 packet of a probe, headers and checksum.
//!
//! A probe along a list is what the headend makes of a customer's packet: an outer header with the list as a segment routing header
//! (RFC 8754 section 2), and in it an IPv6 packet of its own, for the reflector. So the last segment must be one that takes the outer
//! header off and hands the packet to the router itself (End.DT6 of its local table, RFC 8986 section 4.6). A bare `End` in the
//! last place would not do: Linux delivers nothing to itself behind it.

use std::net::Ipv6Addr;

use thiserror::Error;

/// The most segments of a header: what its length can say (RFC 8754 section 2).
pub const MOST_SEGMENTS: usize = 127;

/// The most octets of a payload.
pub const MOST_PAYLOAD: usize = 1024;

const HOP_LIMIT: u8 = 255;
const UDP: u8 = 17;
const IPV6: u8 = 41;
const ROUTING: u8 = 43;
/// Octets of an IPv6 header, and of one of UDP.
const IPV6_LENGTH: usize = 40;
const UDP_LENGTH: usize = 8;
/// The type of a segment routing header among routing headers.
const SEGMENT_ROUTING: u8 = 4;

/// Why there is no such packet.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum HeaderError {
    /// Too many segments.
    #[error("{0} segments do not fit into a header, which has room for {most}", most = MOST_SEGMENTS)]
    Segments(usize),
    /// Too much in it.
    #[error("{0} octets are too much for a probe, which carries {most} at most", most = MOST_PAYLOAD)]
    Payload(usize),
}

/// Whose packet it is. One flow keeps one path where routers divide flows by these.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Flow {
    /// The sender.
    pub from: Ipv6Addr,
    /// The reflector.
    pub to: Ipv6Addr,
    /// The sender's port.
    pub source_port: u16,
    /// The reflector's.
    pub port: u16,
    /// The code point; of 6 bits.
    pub dscp: u8,
    /// The flow label; of 20 bits.
    pub label: u32,
}

impl Flow {
    /// An IPv6 header of this flow.
    fn header(&self, next: u8, length: u16, to: Ipv6Addr) -> [u8; IPV6_LENGTH] {
        let class = u32::from(self.dscp & 0x3f) << 2;
        let first = (6 << 28) | (class << 20) | (self.label & 0x000f_ffff);
        let mut octets = [0; IPV6_LENGTH];
        octets[..4].copy_from_slice(&first.to_be_bytes());
        octets[4..6].copy_from_slice(&length.to_be_bytes());
        octets[6] = next;
        octets[7] = HOP_LIMIT;
        octets[8..24].copy_from_slice(&self.from.octets());
        octets[24..].copy_from_slice(&to.octets());
        octets
    }

    /// The header of UDP with its checksum over the addresses (RFC 8200 section 8.1).
    fn udp(&self, length: u16, payload: &[u8]) -> [u8; UDP_LENGTH] {
        let mut octets = [0; UDP_LENGTH];
        octets[..2].copy_from_slice(&self.source_port.to_be_bytes());
        octets[2..4].copy_from_slice(&self.port.to_be_bytes());
        octets[4..6].copy_from_slice(&length.to_be_bytes());
        let [high, low] = length.to_be_bytes();
        let pseudo = [0, 0, high, low, 0, 0, 0, UDP];
        let (from, to) = (self.from.octets(), self.to.octets());
        let parts: [&[u8]; 5] = [&from, &to, &pseudo, &octets, payload];
        // None at all is not allowed over IPv6, and means this.
        let sum = match checksum(&parts) {
            0 => u16::MAX,
            sum => sum,
        };
        octets[6..].copy_from_slice(&sum.to_be_bytes());
        octets
    }
}

/// The checksum of the internet (RFC 1071) over parts, each but the last of an even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u32;
    for part in parts {
        let (pairs, rest) = part.as_chunks::<2>();
        // 2 kB at most: 32 bits hold the sum.
        sum += pairs.iter().map(|pair| u32::from(u16::from_be_bytes(*pair))).sum::<u32>();
        sum += rest.iter().map(|last| u32::from(*last) << 8).sum::<u32>();
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}

/// The packet: to the reflector itself where there are no segments, else along them. The first of them is where it is sent to; one
/// alone needs no segment routing header.
///
/// # Errors
/// It would be too long.
pub fn packet(flow: &Flow, via: &[Ipv6Addr], payload: &[u8]) -> Result<Vec<u8>, HeaderError> {
    if payload.len() > MOST_PAYLOAD {
        return Err(HeaderError::Payload(payload.len()));
    }
    let too_many = HeaderError::Segments(via.len());
    let count = u8::try_from(via.len()).ok().filter(|count| usize::from(*count) <= MOST_SEGMENTS);
    let count = count.ok_or(too_many)?;
    let length = |octets: usize| u16::try_from(octets).map_err(|_| too_many);
    let udp = length(UDP_LENGTH + payload.len())?;
    let routing = if count > 1 { 8 + 16 * via.len() } else { 0 };
    let mut octets = Vec::with_capacity(2 * IPV6_LENGTH + routing + usize::from(udp));
    if let Some(first) = via.first() {
        let next = if count > 1 { ROUTING } else { IPV6 };
        let outer = length(routing + IPV6_LENGTH + usize::from(udp))?;
        octets.extend_from_slice(&flow.header(next, outer, *first));
    }
    if count > 1 {
        // Segments left is the place of the one that the packet is on the way to; they stand last one first.
        octets.extend_from_slice(&[IPV6, 2 * count, SEGMENT_ROUTING, count - 1, count - 1, 0, 0, 0]);
        via.iter().rev().for_each(|segment| octets.extend_from_slice(&segment.octets()));
    }
    octets.extend_from_slice(&flow.header(UDP, udp, flow.to));
    octets.extend_from_slice(&flow.udp(udp, payload));
    octets.extend_from_slice(payload);
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn address(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    fn flow() -> Flow {
        Flow {
            from: address("fc00:0:1::1"),
            to: address("fc00:0:3::1"),
            source_port: 0xc001,
            port: 862,
            dscp: 46,
            label: 0x12345,
        }
    }

    /// What a receiver finds: segments in their order, and the UDP datagram behind them with the pseudo header that it is judged by.
    struct Found {
        segments: Vec<Ipv6Addr>,
        headers: Vec<(u8, u8, u32, Ipv6Addr)>,
        datagram: Vec<u8>,
        judged: Vec<u8>,
    }

    /// Reads a packet as RFC 8200 and RFC 8754 say, and not as it was written.
    fn read(octets: &[u8]) -> Found {
        let at16 = |octets: &[u8]| u16::from_be_bytes(octets[..2].try_into().unwrap());
        let ip = |octets: &[u8]| Ipv6Addr::from(<[u8; 16]>::try_from(&octets[..16]).unwrap());
        let (mut rest, mut segments, mut headers) = (octets, Vec::new(), Vec::new());
        loop {
            assert_eq!(rest[0] >> 4, 6);
            assert_eq!(usize::from(at16(&rest[4..])), rest.len() - 40, "the length of the payload");
            let class = (rest[0] << 4) | (rest[1] >> 4);
            let label = u32::from_be_bytes(rest[..4].try_into().unwrap()) & 0xf_ffff;
            let (from, to) = (&rest[8..24], &rest[24..40]);
            headers.push((class, rest[7], label, ip(to)));
            let mut next = rest[6];
            rest = &rest[40..];
            if next == 43 {
                let (length, left, last) = (8 + 8 * usize::from(rest[1]), usize::from(rest[3]), rest[4]);
                assert_eq!((rest[2], usize::from(last)), (4, left), "a routing header at its beginning");
                let list: Vec<Ipv6Addr> = rest[8..length].chunks(16).map(ip).collect();
                assert_eq!(list.len(), left + 1);
                segments = list.into_iter().rev().collect();
                assert_eq!(segments[0], ip(to), "the first segment is the destination");
                next = rest[0];
                rest = &rest[length..];
            } else if next == 41 {
                segments = vec![ip(to)];
            }
            if next == 17 {
                let length = u32::try_from(rest.len()).unwrap();
                assert_eq!(u32::from(at16(&rest[4..])), length);
                let judged = [from, to, &length.to_be_bytes(), &[0, 0, 0, 17], rest].concat();
                return Found { segments, headers, datagram: rest.to_vec(), judged };
            }
            assert_eq!(next, 41);
        }
    }

    /// Whether octets sum up to all ones (RFC 1071 section 1), in arithmetic modulo 65535.
    fn sums_up(octets: &[u8]) -> bool {
        let word = |pair: &[u8]| u64::from(pair[0]) * 256 + pair.get(1).map_or(0, |low| u64::from(*low));
        octets.chunks(2).map(word).sum::<u64>().is_multiple_of(65_535)
    }

    #[test]
    fn a_list_is_an_outer_header_as_traffic_has_it() {
        let via = ["fc00:0:1:e000::", "fc00:0:2:1::", "fc00:0:3:d07::"].map(address);
        let octets = packet(&flow(), &via, b"probe").unwrap();
        assert_eq!(octets.len(), 40 + 8 + 3 * 16 + 40 + 8 + 5);
        let found = read(&octets);
        assert_eq!(found.segments, via);
        let expected = [via[0], flow().to].map(|to| (46_u8 << 2, 255_u8, 0x12345_u32, to));
        assert_eq!(found.headers, expected);
        assert_eq!(found.datagram[..4], [0xc0, 0x01, 3, 94]);
        assert_eq!(found.datagram[8..], *b"probe");
        assert!(sums_up(&found.judged));
    }

    #[test]
    fn one_segment_needs_no_routing_header_and_none_no_outer_one() {
        let one = read(&packet(&flow(), &[address("fc00:0:2:3::")], b"x").unwrap());
        assert_eq!(one.segments, [address("fc00:0:2:3::")]);
        let none = packet(&flow(), &[], b"x").unwrap();
        assert_eq!(none.len(), 40 + 8 + 1);
        assert_eq!(read(&none).headers.len(), 1);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let via = [Ipv6Addr::LOCALHOST; 128];
        assert_eq!(packet(&flow(), &via, b""), Err(HeaderError::Segments(128)));
        assert!(packet(&flow(), &via[1..], b"").is_ok());
        assert_eq!(packet(&flow(), &[Ipv6Addr::LOCALHOST; 300], b""), Err(HeaderError::Segments(300)));
        assert_eq!(packet(&flow(), &[], &[0; 1025]), Err(HeaderError::Payload(1025)));
    }

    proptest! {
        #[test]
        fn a_receiver_finds_what_was_sent(
            addresses: [u128; 2], ports: [u16; 2], dscp in 0_u8..64, label in 0_u32..1 << 20,
            via in vec(any::<u128>().prop_map(Ipv6Addr::from), 0..6), payload in vec(any::<u8>(), 0..60),
        ) {
            let [from, to] = addresses.map(Ipv6Addr::from);
            let [source_port, port] = ports;
            let flow = Flow { from, to, source_port, port, dscp, label };
            let found = read(&packet(&flow, &via, &payload).unwrap());
            prop_assert_eq!(&found.segments, &via);
            prop_assert_eq!(&found.datagram[8..], &payload);
            prop_assert!(sums_up(&found.judged));
            prop_assert_ne!(&found.datagram[6..8], &[0_u8, 0], "no checksum");
            for header in found.headers {
                prop_assert_eq!((header.0, header.1, header.2), (dscp << 2, 255, label));
            }
        }
    }
}
