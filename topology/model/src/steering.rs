//! How traffic enters a policy: rules on the headend that give a packet a color (RFC 9256 section 8).

use std::{borrow::Cow, collections::BTreeSet, fmt};

use ipnet::IpNet;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{id::VrfName, sr::Color};

/// A differentiated-services code point, 0 to 63 (RFC 2474), written by name or number.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "DscpText", into = "String")]
pub struct Dscp(u8);

impl JsonSchema for Dscp {
    fn schema_name() -> Cow<'static, str> {
        "Dscp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names = NAMED.map(|(name, _)| name);
        json_schema!({
            "description": "A code point: a name such as `af41` or `ef`, or a number from 0 to 63.",
            "anyOf": [
                {"enum": names},
                {"type": "integer", "minimum": 0, "maximum": 63},
                {"type": "string", "pattern": "^(6[0-3]|[1-5]?[0-9])$"},
            ],
        })
    }
}

/// Why a text is not a code point.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error(
    "`{0}` is not a DSCP: use a name such as ef, af41, cs4, be or a number from 0 to 63, without a zero in front"
)]
pub struct BadDscp(pub String);

/// A code point as files write it.
#[derive(Deserialize)]
#[serde(untagged)]
enum DscpText {
    Number(u64),
    Name(String),
}

/// RFC 2474, 2597, 3246, 5865, 8622.
const NAMED: [(&str, u8); 25] = [
    ("be", 0),
    ("cs0", 0),
    ("le", 1),
    ("cs1", 8),
    ("af11", 10),
    ("af12", 12),
    ("af13", 14),
    ("cs2", 16),
    ("af21", 18),
    ("af22", 20),
    ("af23", 22),
    ("cs3", 24),
    ("af31", 26),
    ("af32", 28),
    ("af33", 30),
    ("cs4", 32),
    ("af41", 34),
    ("af42", 36),
    ("af43", 38),
    ("cs5", 40),
    ("va", 44),
    ("ef", 46),
    ("cs6", 48),
    ("cs7", 56),
    ("default", 0),
];

impl Dscp {
    /// The code point of a number below 64.
    pub fn new(number: u8) -> Result<Self, BadDscp> {
        if number < Self::COUNT { Ok(Self(number)) } else { Err(BadDscp(number.to_string())) }
    }

    /// How many there are.
    pub const COUNT: u8 = 64;

    /// All of them, ascending.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }

    /// The number.
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl std::str::FromStr for Dscp {
    type Err = BadDscp;
    fn from_str(text: &str) -> Result<Self, BadDscp> {
        let lower = text.trim().to_ascii_lowercase();
        if let Some((_, number)) = NAMED.iter().find(|(name, _)| *name == lower) {
            return Ok(Self(*number));
        }
        // `010` is eight where a zero in front says octal, and ten elsewhere: nobody guesses which was meant.
        let decimal =
            lower.bytes().all(|byte| byte.is_ascii_digit()) && (lower.len() < 2 || !lower.starts_with('0'));
        decimal
            .then(|| lower.parse::<u8>().ok())
            .flatten()
            .filter(|n| *n < 64)
            .map(Self)
            .ok_or_else(|| BadDscp(text.chars().take(40).collect()))
    }
}

impl TryFrom<DscpText> for Dscp {
    type Error = BadDscp;
    fn try_from(text: DscpText) -> Result<Self, BadDscp> {
        match text {
            DscpText::Number(number) => number.to_string().parse(),
            DscpText::Name(name) => name.parse(),
        }
    }
}

impl From<Dscp> for String {
    fn from(dscp: Dscp) -> String {
        dscp.to_string()
    }
}

impl fmt::Display for Dscp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMED.iter().find(|(_, number)| *number == self.0) {
            Some((name, _)) => f.pad(name),
            None => f.pad(&self.0.to_string()),
        }
    }
}

/// Identity of a rule on its device.
#[derive(Clone, Debug, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct SteeringKey {
    /// The VRF in which it stands.
    pub vrf: VrfName,
    /// Its place: the lowest matching sequence wins.
    pub sequence: u32,
}

impl fmt::Display for SteeringKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vrf {} rule {}", self.vrf, self.sequence)
    }
}

/// Gives a color to what it matches; the policy is the one of that color toward the destination's next hop.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
pub struct SteeringRule {
    /// Its identity.
    pub key: SteeringKey,
    /// Destinations; all where absent.
    #[schemars(with = "Option<String>")]
    pub prefix: Option<IpNet>,
    /// Code points; all where empty.
    pub dscp: BTreeSet<Dscp>,
    /// The color that matching packets get.
    pub color: Color,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_point_has_a_name_or_a_number() {
        assert_eq!("EF".parse::<Dscp>().unwrap().number(), 46);
        assert_eq!("5".parse::<Dscp>().unwrap().to_string(), "5");
        assert!("64".parse::<Dscp>().is_err());
        for wrong in ["af99", "010", "08", "00", "+8", "-1", "0x10", ""] {
            assert!(wrong.parse::<Dscp>().is_err(), "{wrong}");
        }
        assert_eq!("0".parse::<Dscp>().unwrap().number(), 0);
        assert!(Dscp::all().map(Dscp::number).eq(0..64));
    }
}
