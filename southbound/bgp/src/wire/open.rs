//! OPEN: who speaks, and what it can do (RFC 4271 section 4.2, RFC 5492, RFC 6793, RFC 9072).

use std::net::Ipv4Addr;

use nom::{
    Parser,
    bytes::complete::take,
    combinator::rest,
    multi::{length_data, length_value},
    number::complete::{be_u8, be_u16},
};

use super::{
    capability::{Capability, GracefulRestart},
    family::Family,
    notification::{Notification, code, open},
    octets::{Out, Read, ipv4},
};

/// The version of BGP.
const VERSION: u8 = 4;
/// Stands in two octets for an autonomous system that needs four (RFC 6793 section 9).
pub const AS_TRANS: u16 = 23_456;
/// The type of the optional parameter that holds capabilities (RFC 5492 section 4).
const CAPABILITIES: u8 = 2;
/// As a length and as a type: lengths have two octets (RFC 9072 section 2).
const EXTENDED: u8 = 255;

/// What a speaker says of itself first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Open {
    /// Its autonomous system.
    pub asn: u32,
    /// Whether it told the number in four octets (RFC 6793).
    pub four_octet_as: bool,
    /// After so many seconds without a message it takes the other side for dead; 0 for never.
    pub hold_time: u16,
    /// Its identifier.
    pub identifier: Ipv4Addr,
    /// What else it can do.
    pub capabilities: Vec<Capability>,
}

impl Open {
    /// Whether a family is among the capabilities. Without any, IPv4 unicast is meant (RFC 4760 section 8).
    pub fn has(&self, family: Family) -> bool {
        let mut families = self.families().peekable();
        if families.peek().is_none() {
            return family == Family::IPV4_UNICAST;
        }
        families.any(|other| other == family)
    }

    /// The families that it names.
    pub fn families(&self) -> impl Iterator<Item = Family> + '_ {
        self.capabilities.iter().filter_map(|capability| match capability {
            Capability::Multiprotocol(family) => Some(*family),
            _ => None,
        })
    }

    /// Whether it takes long messages (RFC 8654).
    pub fn takes_extended_messages(&self) -> bool {
        self.capabilities.contains(&Capability::ExtendedMessage)
    }

    /// Whether it answers to ROUTE-REFRESH (RFC 2918).
    pub fn takes_route_refresh(&self) -> bool {
        self.capabilities.contains(&Capability::RouteRefresh)
    }

    /// What it says of restarts.
    pub fn graceful_restart(&self) -> Option<&GracefulRestart> {
        self.capabilities.iter().find_map(|capability| match capability {
            Capability::GracefulRestart(restart) => Some(restart),
            _ => None,
        })
    }

    pub(crate) fn encode(&self, out: &mut Out) {
        out.u8(VERSION);
        out.u16(u16::try_from(self.asn).unwrap_or(AS_TRANS));
        out.u16(self.hold_time);
        out.put(&self.identifier.octets());
        let mut inner = Out::new();
        for capability in &self.capabilities {
            capability.encode(&mut inner);
        }
        if self.four_octet_as {
            Capability::FourOctetAs(self.asn).encode(&mut inner);
        }
        let capabilities = match inner.finish() {
            Ok(octets) => octets,
            Err(long) => return out.refuse(long.what, long.octets, long.most),
        };
        if capabilities.len() + 2 < usize::from(EXTENDED) {
            out.sized8("the optional parameters", |out| {
                if !capabilities.is_empty() {
                    out.u8(CAPABILITIES);
                    out.sized8("the capabilities", |out| out.put(&capabilities));
                }
            });
        } else {
            out.u8(EXTENDED);
            out.u8(EXTENDED);
            out.sized16("the optional parameters", |out| {
                out.u8(CAPABILITIES);
                out.sized16("the capabilities", |out| out.put(&capabilities));
            });
        }
    }

    /// Reads an OPEN.
    ///
    /// # Errors
    /// With what the other side has to be told (RFC 4271 section 6.2).
    pub(crate) fn decode(body: &[u8]) -> Result<Self, Notification> {
        let unspecific = || Notification::new(code::OPEN, 0);
        let head: Read<'_, _> = (be_u8, be_u16, be_u16, ipv4, parameters).parse(body);
        let (left, (version, as2, hold_time, identifier, extent)) = head.map_err(|_| unspecific())?;
        if version != VERSION {
            return Err(Notification::with(code::OPEN, open::VERSION, [0, VERSION]));
        }
        if !left.is_empty() {
            return Err(unspecific());
        }
        let (wide, mut octets) = extent;
        let mut capabilities = Vec::new();
        while !octets.is_empty() {
            let (rest, (kind, value)) = parameter(octets, wide).map_err(|_| unspecific())?;
            if kind != CAPABILITIES {
                return Err(Notification::new(code::OPEN, open::PARAMETER));
            }
            read_capabilities(value, &mut capabilities)?;
            octets = rest;
        }
        let wide_as = capabilities.iter().find_map(|capability| match capability {
            Capability::FourOctetAs(asn) => Some(*asn),
            _ => None,
        });
        capabilities.retain(|capability| !matches!(capability, Capability::FourOctetAs(_)));
        let asn = wide_as.unwrap_or_else(|| as2.into());
        Ok(Self { asn, four_octet_as: wide_as.is_some(), hold_time, identifier, capabilities })
    }
}

/// The optional parameters, and whether their lengths have two octets.
fn parameters(octets: &[u8]) -> Read<'_, (bool, &[u8])> {
    if let [EXTENDED, EXTENDED, rest @ ..] = octets {
        let (rest, value) = length_data(be_u16).parse(rest)?;
        return Ok((rest, (true, value)));
    }
    let (rest, value) = length_data(be_u8).parse(octets)?;
    Ok((rest, (false, value)))
}

fn parameter(octets: &[u8], wide: bool) -> Read<'_, (u8, &[u8])> {
    let (octets, kind) = be_u8(octets)?;
    let length = |octets| if wide { be_u16(octets) } else { be_u8.map(u16::from).parse(octets) };
    let (octets, value) = length_value(length, rest).parse(octets)?;
    Ok((octets, (kind, value)))
}

/// A capability of which only the length is wrong is passed over: RFC 5492 gives no way to refuse it, and a speaker without it
/// can do. One that is cut off makes the OPEN unreadable.
fn read_capabilities(mut octets: &[u8], all: &mut Vec<Capability>) -> Result<(), Notification> {
    while !octets.is_empty() {
        let read: Read<'_, _> = (be_u8, be_u8).parse(octets);
        let (rest, (kind, length)) = read.map_err(|_| Notification::new(code::OPEN, 0))?;
        let value: Read<'_, _> = take(length)(rest);
        let (rest, value) = value.map_err(|_| Notification::new(code::OPEN, 0))?;
        octets = rest;
        all.extend(Capability::decode(kind, value));
    }
    Ok(())
}
