//! Attributes that the library has no types for: their octets, both ways.

use std::net::{Ipv4Addr, Ipv6Addr};

use rtnetlink::packet_core::{DefaultNla, Nla, NlasIterator};

/// The bit of a kind that says that attributes are inside.
const NESTED: u16 = 0x8000;

/// An attribute of a number.
pub(super) fn number(kind: u16, value: u32) -> DefaultNla {
    DefaultNla::new(kind, value.to_ne_bytes().to_vec())
}

/// An attribute of one octet.
pub(super) fn octet(kind: u16, value: u8) -> DefaultNla {
    DefaultNla::new(kind, vec![value])
}

/// An attribute of other attributes.
pub(super) fn nest(kind: u16, inside: &[DefaultNla]) -> DefaultNla {
    let mut octets = Vec::new();
    for one in inside {
        let (own, value) = parts(one);
        // A length of more than 16 bits does not occur: lists are short.
        octets.extend(u16::try_from(value.len() + 4).unwrap_or(u16::MAX).to_ne_bytes());
        octets.extend(own.to_ne_bytes());
        octets.extend(&value);
        octets.resize(octets.len().next_multiple_of(4), 0);
    }
    DefaultNla::new(kind | NESTED, octets)
}

/// Kind and octets of any attribute.
pub(super) fn parts(attribute: &impl Nla) -> (u16, Vec<u8>) {
    let mut value = vec![0; attribute.value_len()];
    attribute.emit_value(&mut value);
    (attribute.kind(), value)
}

/// The attributes inside, as far as they can be read.
pub(super) fn inside(octets: &[u8]) -> impl Iterator<Item = (u16, Vec<u8>)> + '_ {
    NlasIterator::new(octets).map_while(Result::ok).map(|nla| (nla.kind(), nla.value().to_vec()))
}

pub(super) fn as_u32(octets: &[u8]) -> Option<u32> {
    Some(u32::from_ne_bytes(octets.get(..4)?.try_into().ok()?))
}

pub(super) fn as_u64(octets: &[u8]) -> Option<u64> {
    Some(u64::from_ne_bytes(octets.get(..8)?.try_into().ok()?))
}

pub(super) fn as_v4(octets: &[u8]) -> Option<Ipv4Addr> {
    Some(Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?))
}

pub(super) fn as_v6(octets: &[u8]) -> Option<Ipv6Addr> {
    Some(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?))
}

/// A segment routing header without flags (RFC 8754 section 2): segments stand last to first. At most 127; lists of more are refused
/// before they come here.
pub(super) fn srh(segments: &[Ipv6Addr]) -> Vec<u8> {
    debug_assert!(segments.len() <= 127, "{} segments", segments.len());
    let count = u8::try_from(segments.len()).unwrap_or(127).min(127);
    let last = count.saturating_sub(1);
    let mut octets = vec![0, count * 2, 4, last, last, 0, 0, 0];
    for segment in segments.iter().take(127).rev() {
        octets.extend(segment.octets());
    }
    octets
}

/// The segments of such a header, first to last.
pub(super) fn segments(srh: &[u8]) -> Option<Vec<Ipv6Addr>> {
    let mut segments: Vec<Ipv6Addr> = srh.get(8..)?.chunks_exact(16).filter_map(as_v6).collect();
    segments.reverse();
    (!segments.is_empty()).then_some(segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_as_the_standard_says() {
        let list: Vec<Ipv6Addr> = ["fc00:0:2::1", "fc00:0:3::9"].map(|text| text.parse().unwrap()).to_vec();
        let octets = srh(&list);
        assert_eq!(&octets[..8], [0, 4, 4, 1, 1, 0, 0, 0]);
        assert_eq!(&octets[8..24], list[1].octets());
        assert_eq!(segments(&octets), Some(list));
        assert_eq!(segments(&octets[..8]), None);
        assert_eq!(segments(&[]), None);
    }

    #[test]
    fn nested_attributes_read_back() {
        let nested = nest(11, &[number(1, 16), octet(2, 32), octet(3, 16)]);
        let (kind, octets) = parts(&nested);
        assert_eq!(kind, 11 | NESTED);
        assert_eq!(octets.len(), 24);
        let read: Vec<_> = inside(&octets).collect();
        assert_eq!(read, [(1, 16_u32.to_ne_bytes().to_vec()), (2, vec![32]), (3, vec![16])]);
    }
}
