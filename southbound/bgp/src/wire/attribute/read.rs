//! Values of attributes from octets, and what RFC 7606 section 7 wants done where they are wrong.

use nom::{
    Parser,
    multi::count,
    number::complete::{be_u8, be_u16, be_u32},
};

use super::{Attribute, Origin, Segment, SegmentKind, Treatment, code, expected_flags, flag};
use crate::{
    ls::LsAttribute,
    policy::Tunnel,
    wire::{
        community::{Community, ExtendedCommunity},
        context::Context,
        octets::{Malformed, Read, Why, array, ipv4, series, whole},
        reach::{Reach, Unreach},
    },
};

type Outcome = Result<(Attribute, Vec<Malformed>), (Treatment, Malformed)>;

/// What a fault in an attribute leads to, the session being internal or not (RFC 7606 section 7, RFC 9552 section 8.2.2,
/// RFC 9830 section 5).
const fn treatment(code: u8, internal: bool) -> Treatment {
    match code {
        code::ATOMIC_AGGREGATE | code::AGGREGATOR | code::LINK_STATE => Treatment::DiscardAttribute,
        code::LOCAL_PREF | code::ORIGINATOR_ID | code::CLUSTER_LIST if !internal => {
            Treatment::DiscardAttribute
        }
        code::REACH | code::UNREACH => Treatment::Reset,
        _ => Treatment::Withdraw,
    }
}

/// What wrong flags of an attribute lead to (RFC 7606 section 3 c): the routes are withdrawn, whatever a wrong value would cost,
/// but for attributes that say nothing on such a session (section 7.5, 7.9 and 7.10).
const fn treatment_of_flags(code: u8, internal: bool) -> Treatment {
    match code {
        code::LOCAL_PREF | code::ORIGINATOR_ID | code::CLUSTER_LIST if !internal => {
            Treatment::DiscardAttribute
        }
        _ => Treatment::Withdraw,
    }
}

pub(super) fn attribute(flags: u8, code: u8, value: &[u8], context: &Context) -> Outcome {
    let mut left_out = Vec::new();
    let expected = expected_flags(code);
    let wrong =
        expected.is_some_and(|expected| (flags ^ expected) & (flag::OPTIONAL | flag::TRANSITIVE) != 0);
    let of_flags = wrong.then(|| treatment_of_flags(code, context.internal));
    let read = known(code, value, context, &mut left_out).map_err(|malformed| {
        let of_value = treatment(code, context.internal);
        // Of two faults the one counts that costs more (RFC 7606 section 3 h).
        (of_flags.map_or(of_value, |of_flags| of_flags.max(of_value)), malformed)
    })?;
    match (read, of_flags) {
        (Some(_), Some(treatment)) => {
            Err((treatment, Malformed::new("flags of an attribute", Why::Value(flags.into()))))
        }
        (Some(attribute), None) => Ok((attribute, left_out)),
        _ if flags & flag::OPTIONAL == 0 => {
            let malformed = Malformed::new("well-known attribute", Why::Value(code.into()));
            Err((Treatment::Reset, malformed))
        }
        _ => {
            let flags = flags & (flag::OPTIONAL | flag::TRANSITIVE | flag::PARTIAL);
            Ok((Attribute::Unknown { flags, code, value: value.to_vec() }, left_out))
        }
    }
}

/// An attribute that this crate knows; none for another.
fn known(
    code: u8,
    value: &[u8],
    context: &Context,
    left_out: &mut Vec<Malformed>,
) -> Result<Option<Attribute>, Malformed> {
    let attribute = match code {
        code::ORIGIN => Attribute::Origin(origin(value)?),
        code::AS_PATH => Attribute::AsPath(as_path(value, context.four_octet_as)?),
        code::NEXT_HOP => Attribute::NextHop(whole("next_hop", value, ipv4)?),
        code::MED => Attribute::Med(whole("multi_exit_disc", value, be_u32)?),
        code::LOCAL_PREF => Attribute::LocalPref(whole("local_pref", value, be_u32)?),
        code::ATOMIC_AGGREGATE if value.is_empty() => Attribute::AtomicAggregate,
        code::ATOMIC_AGGREGATE => return Err(Malformed::length("atomic_aggregate", value.len())),
        code::AGGREGATOR => {
            let read = |octets| (asn(context.four_octet_as), ipv4).parse(octets);
            let (asn, router) = whole("aggregator", value, read)?;
            Attribute::Aggregator { asn, router }
        }
        code::COMMUNITIES => {
            Attribute::Communities(some("communities", value, be_u32)?.into_iter().map(Community).collect())
        }
        code::ORIGINATOR_ID => Attribute::OriginatorId(whole("originator_id", value, ipv4)?),
        code::CLUSTER_LIST => Attribute::ClusterList(some("cluster_list", value, ipv4)?),
        code::REACH => {
            let (reach, bad) = Reach::decode(value)?;
            left_out.extend(bad);
            Attribute::Reach(reach)
        }
        code::UNREACH => {
            let (unreach, bad) = Unreach::decode(value)?;
            left_out.extend(bad);
            Attribute::Unreach(unreach)
        }
        code::EXTENDED_COMMUNITIES => {
            let all = some("extended communities", value, array::<8>)?;
            Attribute::ExtendedCommunities(all.into_iter().map(ExtendedCommunity).collect())
        }
        code::TUNNEL => Attribute::Tunnel(Tunnel::decode_all(value)?),
        code::LINK_STATE => Attribute::LinkState(LsAttribute::decode(value)?),
        code::LARGE_COMMUNITIES => {
            let three = |octets| (be_u32, be_u32, be_u32).map(|(a, b, c)| [a, b, c]).parse(octets);
            Attribute::LargeCommunities(some("large communities", value, three)?)
        }
        _ => return Ok(None),
    };
    Ok(Some(attribute))
}

/// Several, and at least one (RFC 7606 section 7.8 and 7.14).
fn some<'a, T>(
    what: &'static str,
    value: &'a [u8],
    reader: impl FnMut(&'a [u8]) -> Read<'a, T>,
) -> Result<Vec<T>, Malformed> {
    if value.is_empty() {
        return Err(Malformed::length(what, 0));
    }
    series(what, value, reader)
}

fn origin(value: &[u8]) -> Result<Origin, Malformed> {
    match whole("origin", value, be_u8)? {
        0 => Ok(Origin::Igp),
        1 => Ok(Origin::Egp),
        2 => Ok(Origin::Incomplete),
        other => Err(Malformed::new("origin", Why::Value(other.into()))),
    }
}

fn asn<'a>(four_octets: bool) -> impl FnMut(&'a [u8]) -> Read<'a, u32> {
    move |octets| if four_octets { be_u32(octets) } else { be_u16.map(u32::from).parse(octets) }
}

fn as_path(value: &[u8], four_octets: bool) -> Result<Vec<Segment>, Malformed> {
    let raw = series("as_path", value, |octets| {
        let (octets, (kind, number)) = (be_u8, be_u8).parse(octets)?;
        let (octets, systems) = count(asn(four_octets), usize::from(number)).parse(octets)?;
        Ok((octets, (kind, systems)))
    })?;
    let segment = |(kind, systems): (u8, Vec<u32>)| {
        let kind = match kind {
            1 => SegmentKind::Set,
            2 => SegmentKind::Sequence,
            3 => SegmentKind::ConfederationSequence,
            4 => SegmentKind::ConfederationSet,
            other => return Err(Malformed::new("as_path segment", Why::Value(other.into()))),
        };
        if systems.is_empty() {
            return Err(Malformed::length("as_path segment", 0));
        }
        Ok(Segment { kind, systems })
    };
    raw.into_iter().map(segment).collect()
}
