//! Sub-TLVs of a tunnel, whose length has one octet or two, as their type says (RFC 9012 section 2).

use nom::{
    Parser,
    bytes::complete::take,
    number::complete::{be_u8, be_u16},
};

use crate::wire::octets::{Malformed, Out, Read, Why};

/// Writes a sub-TLV: from type 128 on the length has two octets (RFC 9012 section 2).
pub(super) fn put_sub(code: u8, out: &mut Out, write: impl FnOnce(&mut Out)) {
    out.u8(code);
    if code < 128 { out.sized8("a sub-tlv", write) } else { out.sized16("a sub-tlv", write) }
}

/// Reads sub-TLVs.
pub(super) fn subs<T>(
    what: &'static str,
    mut octets: &[u8],
    reader: impl Fn(u8, &[u8]) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let mut all = Vec::new();
    while !octets.is_empty() {
        let (rest, (code, value)) =
            sub(octets).map_err(|_| Malformed::new(what, Why::Short { have: octets.len() }))?;
        octets = rest;
        all.push(reader(code, value)?);
    }
    Ok(all)
}

fn sub(octets: &[u8]) -> Read<'_, (u8, &[u8])> {
    let (octets, code) = be_u8(octets)?;
    let (octets, length) = if code < 128 { be_u8.map(u16::from).parse(octets)? } else { be_u16(octets)? };
    let (octets, value) = take(length)(octets)?;
    Ok((octets, (code, value)))
}
