//! The headers of IP that a frame has: IPv4 (RFC 791), IPv6 and its extension headers (RFC 8200), the segment routing header (RFC 8754),
//! packets within packets (RFC 2473), and the ports of UDP and TCP.
//!
//! Where a header cannot be read, or is one that nothing follows here, those before it stand.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::steering::Dscp;

use super::pcap::Link;

/// The most headers of IP in each other, of extension headers in a row, and of tags of a frame.
const MOST_HEADERS: usize = 8;
const MOST_EXTENSIONS: usize = 16;
const MOST_TAGS: usize = 4;

/// A header of IP.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// Where the packet comes from.
    pub source: IpAddr,
    /// Where it goes: with segments, the one that is next.
    pub destination: IpAddr,
    /// How it is marked.
    pub dscp: Dscp,
    /// How many hops it may still take.
    pub hops: u8,
    /// Its segment routing header, where it has one.
    pub segments: Option<Segments>,
    /// Its ports, where it carries UDP or TCP and is no later fragment.
    pub ports: Option<Ports>,
}

/// A segment routing header (RFC 8754 section 2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Segments {
    /// The segments in the order in which the packet visits them, which is not that of the header. A reduced header lacks the first one,
    /// which was the destination alone.
    pub list: Vec<Ipv6Addr>,
    /// How many of them are still to come after the destination.
    pub left: u8,
    /// The group that the packet is in; 0 where it is in none.
    pub tag: u16,
}

/// Ports of UDP or TCP.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Ports {
    /// The protocol: 17 is UDP, 6 is TCP.
    pub protocol: u8,
    /// The sender's.
    pub source: u16,
    /// The receiver's.
    pub destination: u16,
}

/// What a frame carries.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Found {
    /// Packets of IP, the outermost header first; none where the first one cannot be read.
    Ip(Vec<Header>),
    /// Something else.
    Other,
}

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const TAGGED: [u16; 3] = [0x8100, 0x88a8, 0x9100];

/// Numbers of what follows a header of IP.
mod next {
    pub(super) const HOP_BY_HOP: u8 = 0;
    pub(super) const IPV4: u8 = 4;
    pub(super) const TCP: u8 = 6;
    pub(super) const UDP: u8 = 17;
    pub(super) const IPV6: u8 = 41;
    pub(super) const ROUTING: u8 = 43;
    pub(super) const FRAGMENT: u8 = 44;
    pub(super) const AUTHENTICATION: u8 = 51;
    pub(super) const OPTIONS: u8 = 60;
}

/// The kind of a routing header that carries segments.
const SEGMENT_ROUTING: u8 = 4;

/// The headers of a frame. O(octets).
pub fn of(link: Link, frame: &[u8]) -> Found {
    let found = match link {
        Link::Ethernet => ethernet(frame),
        Link::Raw => frame.first().and_then(|first| match first >> 4 {
            4 => Some((IPV4, frame)),
            6 => Some((IPV6, frame)),
            _ => None,
        }),
        Link::Cooked => number(frame, 14).zip(frame.get(16..)),
        Link::Cooked2 => number(frame, 0).zip(frame.get(20..)),
    };
    match found {
        Some((IPV4, packet)) => Found::Ip(all(next::IPV4, packet)),
        Some((IPV6, packet)) => Found::Ip(all(next::IPV6, packet)),
        _ => Found::Other,
    }
}

/// The protocol of a frame of Ethernet, and what it carries.
fn ethernet(frame: &[u8]) -> Option<(u16, &[u8])> {
    let mut at = 12;
    for _ in 0..MOST_TAGS {
        let protocol = number(frame, at)?;
        if !TAGGED.contains(&protocol) {
            return Some((protocol, frame.get(at + 2..)?));
        }
        at += 4;
    }
    None
}

fn all(mut protocol: u8, mut packet: &[u8]) -> Vec<Header> {
    let mut headers = Vec::new();
    while headers.len() < MOST_HEADERS {
        let read = match protocol {
            next::IPV4 => ipv4(packet),
            next::IPV6 => ipv6(packet),
            _ => None,
        };
        let Some((header, inside)) = read else { break };
        headers.push(header);
        let Some((next, rest)) = inside else { break };
        (protocol, packet) = (next, rest);
    }
    headers
}

/// A header, and what is inside: its protocol and its octets, where these are there.
type Read<'a> = Option<(Header, Option<(u8, &'a [u8])>)>;

fn ipv4(packet: &[u8]) -> Read<'_> {
    let (fixed, _) = packet.split_first_chunk::<20>()?;
    let [first, class, _, _, _, _, f0, f1, hops, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] = *fixed;
    if first >> 4 != 4 {
        return None;
    }
    let is_first = u16::from_be_bytes([f0, f1]) & 0x1fff == 0;
    let rest = packet.get(usize::from(first & 0xf) * 4..).filter(|_| first & 0xf >= 5 && is_first);
    let header = Header {
        source: Ipv4Addr::new(s0, s1, s2, s3).into(),
        destination: Ipv4Addr::new(d0, d1, d2, d3).into(),
        dscp: Dscp::new(class >> 2).ok()?,
        hops,
        segments: None,
        ports: rest.and_then(|rest| ports(protocol, rest)),
    };
    Some((header, rest.map(|rest| (protocol, rest))))
}

fn ipv6(packet: &[u8]) -> Read<'_> {
    let (fixed, rest) = packet.split_first_chunk::<40>()?;
    let ([a, b, _, _, _, _, protocol, hops], addresses) = fixed.split_first_chunk::<8>()?;
    if a >> 4 != 6 {
        return None;
    }
    let (source, destination) = (address(addresses)?, address(addresses.get(16..)?)?);
    let (segments, inside) = extensions(*protocol, rest);
    let header = Header {
        source: source.into(),
        destination: destination.into(),
        // The traffic class lies across the first two octets, the code point in its upper six bits.
        dscp: Dscp::new(((a & 0xf) << 2) | (b >> 6)).ok()?,
        hops: *hops,
        segments,
        ports: inside.and_then(|(protocol, rest)| ports(protocol, rest)),
    };
    Some((header, inside))
}

/// Walks over extension headers: the segments, and what follows the last one, where that is there and can be read.
fn extensions(mut protocol: u8, mut rest: &[u8]) -> (Option<Segments>, Option<(u8, &[u8])>) {
    let mut segments = None;
    for _ in 0..MOST_EXTENSIONS {
        let length = match (protocol, rest) {
            (next::HOP_BY_HOP | next::ROUTING | next::OPTIONS, [_, units, ..]) => {
                (usize::from(*units) + 1) * 8
            }
            (next::AUTHENTICATION, [_, units, ..]) => (usize::from(*units) + 2) * 4,
            (next::FRAGMENT, [_, _, high, low, ..]) if u16::from_be_bytes([*high, *low]) >> 3 == 0 => 8,
            (next::HOP_BY_HOP | next::ROUTING | next::OPTIONS | next::AUTHENTICATION | next::FRAGMENT, _) => {
                return (segments, None);
            }
            _ => return (segments, Some((protocol, rest))),
        };
        let Some((header, after)) = rest.split_at_checked(length) else { return (segments, None) };
        if protocol == next::ROUTING {
            segments = segments.or_else(|| segment_routing(header));
        }
        (protocol, rest) = (header.first().copied().unwrap_or_default(), after);
    }
    (segments, None)
}

/// A segment routing header; none where it is another routing header, or its list does not fit into it.
fn segment_routing(header: &[u8]) -> Option<Segments> {
    let ([_, _, kind, left, last, _, tag_high, tag_low], rest) = header.split_first_chunk::<8>()?;
    if *kind != SEGMENT_ROUTING {
        return None;
    }
    let list = rest.get(..(usize::from(*last) + 1) * 16)?;
    let list = list.chunks_exact(16).rev().filter_map(address).collect();
    Some(Segments { list, left: *left, tag: u16::from_be_bytes([*tag_high, *tag_low]) })
}

fn ports(protocol: u8, rest: &[u8]) -> Option<Ports> {
    let is_either = [next::UDP, next::TCP].contains(&protocol);
    let (source, destination) = (number(rest, 0)?, number(rest, 2)?);
    is_either.then_some(Ports { protocol, source, destination })
}

fn address(octets: &[u8]) -> Option<Ipv6Addr> {
    octets.first_chunk::<16>().copied().map(Ipv6Addr::from)
}

fn number(octets: &[u8], at: usize) -> Option<u16> {
    octets.get(at..)?.first_chunk::<2>().copied().map(u16::from_be_bytes)
}
