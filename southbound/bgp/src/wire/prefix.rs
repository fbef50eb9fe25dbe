//! Prefixes as BGP writes them: a length in bits and as few octets as hold it (RFC 4271 section 4.3, RFC 9552 section 5.2.3).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use nom::{Parser, bytes::complete::take, combinator::map_opt, number::complete::be_u8};

use super::octets::{Out, Read};

/// One IPv4 prefix. Bits behind its length are taken for zero (RFC 4271 section 4.3).
pub(crate) fn prefix4(octets: &[u8]) -> Read<'_, Ipv4Net> {
    let (rest, (length, bits)) = bits::<4>(octets)?;
    map_opt(nom::combinator::success(()), |()| Ipv4Net::new(Ipv4Addr::from(bits), length).ok())
        .map(|net| net.trunc())
        .parse(rest)
}

/// One IPv6 prefix.
pub(crate) fn prefix6(octets: &[u8]) -> Read<'_, Ipv6Net> {
    let (rest, (length, bits)) = bits::<16>(octets)?;
    map_opt(nom::combinator::success(()), |()| Ipv6Net::new(Ipv6Addr::from(bits), length).ok())
        .map(|net| net.trunc())
        .parse(rest)
}

/// A length and the octets that it needs, filled up with zeros.
fn bits<const N: usize>(octets: &[u8]) -> Read<'_, (u8, [u8; N])> {
    let (rest, length) = be_u8(octets)?;
    let needed = usize::from(length.div_ceil(8));
    let (rest, some) = take(needed)(rest)?;
    let mut all = [0; N];
    for (place, octet) in all.iter_mut().zip(some) {
        *place = *octet;
    }
    Ok((rest, (length, all)))
}

/// Writes a prefix.
pub(crate) fn put(prefix: IpNet, out: &mut Out) {
    let length = prefix.prefix_len();
    let needed = usize::from(length.div_ceil(8));
    out.u8(length);
    match prefix.network() {
        IpAddr::V4(address) => out.put(address.octets().get(..needed).unwrap_or_default()),
        IpAddr::V6(address) => out.put(address.octets().get(..needed).unwrap_or_default()),
    }
}
