//! The tunnel attribute (RFC 9012 section 2) as SR policies use it (RFC 9830 section 2.4): preference, binding SID, segment lists.

use std::net::Ipv6Addr;

use nom::{
    combinator::{opt, rest},
    number::complete::be_u8,
};

use super::{
    segment::{Endpoint, LabelEntry, ListTlv, endpoint, entry, list, put_list},
    sub::{put_sub, subs},
};
use crate::wire::octets::{Malformed, Out, ipv6, tlvs, whole};

/// The type of the tunnel that is an SR policy (RFC 9830 section 2.3).
const SR_POLICY: u16 = 15;

mod code {
    pub(super) const PREFERENCE: u8 = 12;
    pub(super) const BINDING_SID: u8 = 13;
    pub(super) const EXPLICIT_NULL: u8 = 14;
    pub(super) const PRIORITY: u8 = 15;
    pub(super) const SRV6_BINDING_SID: u8 = 20;
    pub(super) const SEGMENT_LIST: u8 = 128;
    pub(super) const CANDIDATE_NAME: u8 = 129;
    pub(super) const POLICY_NAME: u8 = 130;
}

/// A tunnel.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Tunnel {
    /// A candidate path of an SR policy.
    SrPolicy(Vec<PolicyTlv>),
    /// Another.
    Other {
        /// Its type.
        kind: u16,
        /// Its value.
        value: Vec<u8>,
    },
}

/// The binding SID of type 13 (RFC 9830 section 2.4.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Binding {
    /// The headend may choose.
    None,
    /// A label.
    Label(LabelEntry),
    /// An SRv6 SID, as before there was type 20.
    Srv6(Ipv6Addr),
}

/// A statement on a candidate path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PolicyTlv {
    /// The highest of those that are valid wins (12, section 2.4.1); 100 without.
    Preference {
        /// None are defined.
        flags: u8,
        /// The preference.
        preference: u32,
    },
    /// What stands for the policy in other lists (13, section 2.4.2).
    BindingSid {
        /// S, only with this SID, and I, drop while no path is valid, from the highest.
        flags: u8,
        /// The SID.
        sid: Binding,
    },
    /// The same in SRv6 (20, section 2.4.3).
    Srv6BindingSid {
        /// S, I, and B: the behaviour is there; from the highest.
        flags: u8,
        /// The SID.
        sid: Ipv6Addr,
        /// What happens there.
        endpoint: Option<Endpoint>,
    },
    /// Whether unlabelled packets get an explicit null (14, section 2.4.5).
    ExplicitNull {
        /// None are defined.
        flags: u8,
        /// 1 IPv4, 2 IPv6, 3 both, 4 none.
        policy: u8,
    },
    /// In which order policies are computed again; the lowest first (15, section 2.4.6).
    Priority(u8),
    /// A list of segments (128, section 2.4.4).
    SegmentList(Vec<ListTlv>),
    /// The name of the candidate path (129, section 2.4.7).
    CandidateName(String),
    /// The name of the policy (130, section 2.4.8).
    PolicyName(String),
    /// One that this crate does not know.
    Unknown {
        /// Its type.
        code: u8,
        /// Its value.
        value: Vec<u8>,
    },
}

impl PolicyTlv {
    /// In a binding SID: the candidate path is valid only with this SID.
    pub const SPECIFIED_ONLY: u8 = 0x80;
    /// In a binding SID: traffic is dropped while no candidate path is valid (RFC 9256 section 8.2).
    pub const DROP_UPON_INVALID: u8 = 0x40;

    const fn code(&self) -> u8 {
        match self {
            Self::Preference { .. } => code::PREFERENCE,
            Self::BindingSid { .. } => code::BINDING_SID,
            Self::Srv6BindingSid { .. } => code::SRV6_BINDING_SID,
            Self::ExplicitNull { .. } => code::EXPLICIT_NULL,
            Self::Priority(_) => code::PRIORITY,
            Self::SegmentList(_) => code::SEGMENT_LIST,
            Self::CandidateName(_) => code::CANDIDATE_NAME,
            Self::PolicyName(_) => code::POLICY_NAME,
            Self::Unknown { code, .. } => *code,
        }
    }

    fn encode(&self, out: &mut Out) {
        put_sub(self.code(), out, |out| match self {
            Self::Preference { flags, preference } => {
                out.put(&[*flags, 0]);
                out.u32(*preference);
            }
            Self::BindingSid { flags, sid } => {
                out.put(&[*flags, 0]);
                match sid {
                    Binding::None => {}
                    Binding::Label(entry) => entry.encode(out),
                    Binding::Srv6(sid) => out.put(&sid.octets()),
                }
            }
            Self::Srv6BindingSid { flags, sid, endpoint } => {
                out.put(&[*flags, 0]);
                out.put(&sid.octets());
                if let Some(endpoint) = endpoint {
                    endpoint.encode(out);
                }
            }
            Self::ExplicitNull { flags, policy } => out.put(&[*flags, 0, *policy]),
            Self::Priority(priority) => out.put(&[*priority, 0]),
            Self::SegmentList(list) => put_list(list, out),
            Self::CandidateName(name) | Self::PolicyName(name) => {
                out.u8(0);
                out.put(name.as_bytes());
            }
            Self::Unknown { value, .. } => out.put(value),
        });
    }

    fn decode(code: u8, value: &[u8]) -> Result<Self, Malformed> {
        let unknown = || Self::Unknown { code, value: value.to_vec() };
        Ok(match code {
            code::PREFERENCE => {
                let (flags, _, preference) =
                    whole("preference", value, (be_u8, be_u8, nom::number::complete::be_u32))?;
                Self::Preference { flags, preference }
            }
            code::BINDING_SID => {
                let (flags, _, octets) = whole("binding sid", value, (be_u8, be_u8, rest))?;
                let sid = match octets.len() {
                    0 => Binding::None,
                    4 => Binding::Label(whole("binding sid", octets, entry)?),
                    _ => Binding::Srv6(whole("binding sid", octets, ipv6)?),
                };
                Self::BindingSid { flags, sid }
            }
            code::SRV6_BINDING_SID => {
                let fields = (be_u8, be_u8, ipv6, opt(endpoint));
                let (flags, _, sid, endpoint) = whole("srv6 binding sid", value, fields)?;
                Self::Srv6BindingSid { flags, sid, endpoint }
            }
            code::EXPLICIT_NULL => {
                let (flags, _, policy) = whole("explicit null policy", value, (be_u8, be_u8, be_u8))?;
                Self::ExplicitNull { flags, policy }
            }
            code::PRIORITY => Self::Priority(whole("priority", value, (be_u8, be_u8))?.0),
            code::SEGMENT_LIST => Self::SegmentList(list(value)?),
            code::CANDIDATE_NAME => name(value)?.map_or_else(unknown, Self::CandidateName),
            code::POLICY_NAME => name(value)?.map_or_else(unknown, Self::PolicyName),
            _ => unknown(),
        })
    }
}

/// A name; none where it is not UTF-8: it is kept as octets then, as what is not known.
fn name(value: &[u8]) -> Result<Option<String>, Malformed> {
    let (_, text) = whole("name", value, (be_u8, rest))?;
    Ok(std::str::from_utf8(text).ok().map(str::to_owned))
}

impl Tunnel {
    pub(crate) fn encode(&self, out: &mut Out) {
        match self {
            Self::SrPolicy(all) => out.tlv(SR_POLICY, |out| all.iter().for_each(|tlv| tlv.encode(out))),
            Self::Other { kind, value } => out.tlv(*kind, |out| out.put(value)),
        }
    }

    pub(crate) fn decode_all(value: &[u8]) -> Result<Vec<Self>, Malformed> {
        tlvs("tunnel", value, |kind, value| match kind {
            SR_POLICY => subs("sr policy", value, PolicyTlv::decode).map(Self::SrPolicy),
            _ => Ok(Self::Other { kind, value: value.to_vec() }),
        })
    }
}
