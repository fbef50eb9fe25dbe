//! What BGP-LS says of flexible algorithms (RFC 9351, after RFC 9350).

use nom::{
    combinator::rest,
    number::complete::{be_u8, be_u16, be_u32},
};

use super::link::words;
use crate::wire::octets::{Malformed, Out, Tlv, tlvs, whole};

/// A rule of a definition (RFC 9351 section 3.1 to 3.6).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Rule {
    /// Links of any of these groups are out (1040).
    ExcludeAny(Vec<u32>),
    /// Links need one of these groups (1041).
    IncludeAny(Vec<u32>),
    /// Links need all of these groups (1042).
    IncludeAll(Vec<u32>),
    /// Bits of the definition; M, to use the metric of prefixes, from the highest (1043).
    Flags(Vec<u8>),
    /// Links of any of these risks are out (1045).
    ExcludeSrlg(Vec<u32>),
    /// One that this crate does not know, also 1046, by which a speaker tells what it does not know.
    Unknown(Tlv),
}

/// A statement on flexible algorithms.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FlexAlgoTlv {
    /// How an algorithm is computed (1039).
    Definition {
        /// Its number, 128 to 255.
        algorithm: u8,
        /// 0 the IGP's metric, 1 the least delay, 2 the traffic-engineering metric (RFC 9350 section 5.1).
        metric: u8,
        /// 0 for shortest paths.
        calculation: u8,
        /// The definition of the highest is in force.
        priority: u8,
        /// Which links are out.
        rules: Vec<Rule>,
    },
    /// The metric of a prefix for an algorithm (1044).
    PrefixMetric {
        /// Its number.
        algorithm: u8,
        /// E from the highest.
        flags: u8,
        /// The metric.
        metric: u32,
    },
}

impl Rule {
    const fn code(&self) -> u16 {
        match self {
            Self::ExcludeAny(_) => 1040,
            Self::IncludeAny(_) => 1041,
            Self::IncludeAll(_) => 1042,
            Self::Flags(_) => 1043,
            Self::ExcludeSrlg(_) => 1045,
            Self::Unknown(tlv) => tlv.code,
        }
    }

    fn encode(&self, out: &mut Out) {
        out.tlv(self.code(), |out| match self {
            Self::ExcludeAny(all)
            | Self::IncludeAny(all)
            | Self::IncludeAll(all)
            | Self::ExcludeSrlg(all) => {
                all.iter().for_each(|word| out.u32(*word));
            }
            Self::Flags(octets) => out.put(octets),
            Self::Unknown(tlv) => out.put(&tlv.value),
        });
    }

    fn decode(code: u16, value: &[u8]) -> Result<Self, Malformed> {
        let groups = |what| words(what, value);
        Ok(match code {
            1040 => Self::ExcludeAny(groups("groups to exclude")?),
            1041 => Self::IncludeAny(groups("groups to include")?),
            1042 => Self::IncludeAll(groups("groups to include")?),
            1043 => Self::Flags(value.to_vec()),
            1045 => Self::ExcludeSrlg(groups("risks to exclude")?),
            _ => Self::Unknown(Tlv { code, value: value.to_vec() }),
        })
    }
}

impl FlexAlgoTlv {
    pub(super) const fn code(&self) -> u16 {
        match self {
            Self::Definition { .. } => 1039,
            Self::PrefixMetric { .. } => 1044,
        }
    }

    pub(super) fn encode(&self, out: &mut Out) {
        match self {
            Self::Definition { algorithm, metric, calculation, priority, rules } => {
                out.put(&[*algorithm, *metric, *calculation, *priority]);
                rules.iter().for_each(|rule| rule.encode(out));
            }
            Self::PrefixMetric { algorithm, flags, metric } => {
                out.put(&[*algorithm, *flags, 0, 0]);
                out.u32(*metric);
            }
        }
    }

    pub(super) fn decode(code: u16, value: &[u8]) -> Result<Option<Self>, Malformed> {
        Ok(Some(match code {
            1039 => {
                let fields = (be_u8, be_u8, be_u8, be_u8, rest);
                let (algorithm, metric, calculation, priority, octets) =
                    whole("flexible algorithm", value, fields)?;
                let rules = tlvs("flexible algorithm", octets, Rule::decode)?;
                Self::Definition { algorithm, metric, calculation, priority, rules }
            }
            1044 => {
                let fields = (be_u8, be_u8, be_u16, be_u32);
                let (algorithm, flags, _, metric) = whole("prefix metric", value, fields)?;
                Self::PrefixMetric { algorithm, flags, metric }
            }
            _ => return Ok(None),
        }))
    }
}
