//! Capabilities: what a speaker can do, told in its OPEN (RFC 5492; RFC 4760 section 8, 2918, 8654, 4724, 6793).

use nom::{
    Parser,
    combinator::map,
    number::complete::{be_u8, be_u16, be_u32},
};

use super::{
    family::Family,
    octets::{Malformed, Out, Read, Why, series, whole},
};

/// What a speaker can do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Capability {
    /// Routes of a family (RFC 4760 section 8).
    Multiprotocol(Family),
    /// It sends its routes again when asked (RFC 2918).
    RouteRefresh,
    /// Messages up to 65,535 octets (RFC 8654).
    ExtendedMessage,
    /// It or its forwarding survives a restart (RFC 4724 section 3).
    GracefulRestart(GracefulRestart),
    /// Autonomous systems of four octets, and its own (RFC 6793 section 3).
    FourOctetAs(u32),
    /// One that this crate does not know.
    Unknown {
        /// Its code.
        code: u8,
        /// Its value.
        value: Vec<u8>,
    },
}

/// What is told of graceful restart (RFC 4724 section 3, RFC 8538 section 2).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct GracefulRestart {
    /// The speaker has just restarted.
    pub restarted: bool,
    /// It keeps routes over a NOTIFICATION too (RFC 8538).
    pub over_notification: bool,
    /// How many seconds it needs to be back; 12 bits.
    pub seconds: u16,
    /// The families whose forwarding it can keep, and whether it did.
    pub families: Vec<(Family, bool)>,
}

const MULTIPROTOCOL: u8 = 1;
const ROUTE_REFRESH: u8 = 2;
const EXTENDED_MESSAGE: u8 = 6;
const GRACEFUL_RESTART: u8 = 64;
const FOUR_OCTET_AS: u8 = 65;

impl Capability {
    /// Its code (the IANA registry of capability codes).
    pub const fn code(&self) -> u8 {
        match self {
            Self::Multiprotocol(_) => MULTIPROTOCOL,
            Self::RouteRefresh => ROUTE_REFRESH,
            Self::ExtendedMessage => EXTENDED_MESSAGE,
            Self::GracefulRestart(_) => GRACEFUL_RESTART,
            Self::FourOctetAs(_) => FOUR_OCTET_AS,
            Self::Unknown { code, .. } => *code,
        }
    }

    pub(crate) fn encode(&self, out: &mut Out) {
        out.u8(self.code());
        out.sized8("a capability", |out| match self {
            Self::Multiprotocol(family) => {
                out.u16(family.afi);
                out.u8(0);
                out.u8(family.safi);
            }
            Self::RouteRefresh | Self::ExtendedMessage => {}
            Self::GracefulRestart(restart) => restart.encode(out),
            Self::FourOctetAs(asn) => out.u32(*asn),
            Self::Unknown { value, .. } => out.put(value),
        });
    }

    /// One capability of its code.
    pub(crate) fn decode(code: u8, value: &[u8]) -> Result<Self, Malformed> {
        let empty = |capability: Self| match value {
            [] => Ok(capability),
            _ => Err(Malformed::length("capability", value.len())),
        };
        match code {
            MULTIPROTOCOL => {
                let family = map((be_u16, be_u8, be_u8), |(afi, _, safi)| Family { afi, safi });
                whole("multiprotocol capability", value, family).map(Self::Multiprotocol)
            }
            ROUTE_REFRESH => empty(Self::RouteRefresh),
            EXTENDED_MESSAGE => empty(Self::ExtendedMessage),
            GRACEFUL_RESTART => GracefulRestart::decode(value).map(Self::GracefulRestart),
            FOUR_OCTET_AS => whole("four-octet as capability", value, be_u32).map(Self::FourOctetAs),
            _ => Ok(Self::Unknown { code, value: value.to_vec() }),
        }
    }
}

impl GracefulRestart {
    fn encode(&self, out: &mut Out) {
        let flags = u16::from(self.restarted) << 15 | u16::from(self.over_notification) << 14;
        out.u16(flags | self.seconds & 0x0fff);
        for (family, kept) in &self.families {
            out.u16(family.afi);
            out.u8(family.safi);
            out.u8(u8::from(*kept) << 7);
        }
    }

    fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let what = "graceful restart capability";
        let read: Read<'_, u16> = be_u16(value);
        let (rest, head) = read.map_err(|_| Malformed::new(what, Why::Short { have: value.len() }))?;
        let families = series(what, rest, |octets| {
            map((be_u16, be_u8, be_u8), |(afi, safi, flags)| (Family { afi, safi }, flags & 0x80 != 0))
                .parse(octets)
        })?;
        Ok(Self {
            restarted: head & 0x8000 != 0,
            over_notification: head & 0x4000 != 0,
            seconds: head & 0x0fff,
            families,
        })
    }
}
