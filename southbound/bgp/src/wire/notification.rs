//! NOTIFICATION: why a session ends (RFC 4271 section 4.5 and 6, RFC 4486, RFC 8538, RFC 9003).

use std::fmt;

use super::octets::{Malformed, Out, whole};
use nom::{Parser, combinator::rest, number::complete::be_u8};

/// Why a session ends, as it is told to the other side.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notification {
    /// The error code.
    pub code: u8,
    /// The subcode; 0 where there is none.
    pub subcode: u8,
    /// What belongs to it.
    pub data: Vec<u8>,
}

/// Codes of [`Notification`] (RFC 4271 section 4.5).
pub mod code {
    /// The header of a message is wrong.
    pub const HEADER: u8 = 1;
    /// An OPEN is wrong or not wanted.
    pub const OPEN: u8 = 2;
    /// An UPDATE is wrong.
    pub const UPDATE: u8 = 3;
    /// Nothing was heard for the hold time.
    pub const HOLD: u8 = 4;
    /// A message that does not belong to the state.
    pub const FSM: u8 = 5;
    /// The session is not wanted any more.
    pub const CEASE: u8 = 6;
}

/// Subcodes of [`code::HEADER`] (RFC 4271 section 6.1).
pub mod header {
    /// The marker is not all ones.
    pub const NOT_SYNCHRONISED: u8 = 1;
    /// The length is none that the message can have.
    pub const LENGTH: u8 = 2;
    /// There is no such type of message.
    pub const TYPE: u8 = 3;
}

/// Subcodes of [`code::OPEN`] (RFC 4271 section 6.2, RFC 5492 section 5).
pub mod open {
    /// Not version 4.
    pub const VERSION: u8 = 1;
    /// Another autonomous system was expected.
    pub const PEER_AS: u8 = 2;
    /// The identifier cannot be one.
    pub const IDENTIFIER: u8 = 3;
    /// An optional parameter that is not known.
    pub const PARAMETER: u8 = 4;
    /// A hold time of one or two seconds.
    pub const HOLD_TIME: u8 = 6;
    /// A capability that is needed is missing.
    pub const CAPABILITY: u8 = 7;
}

/// Subcodes of [`code::UPDATE`] (RFC 4271 section 6.3).
pub mod update {
    /// The list of attributes cannot be taken apart.
    pub const ATTRIBUTE_LIST: u8 = 1;
    /// A well-known attribute that is not known.
    pub const UNRECOGNISED: u8 = 2;
    /// An optional attribute, for instance MP_REACH_NLRI, that cannot be read.
    pub const OPTIONAL: u8 = 9;
    /// A prefix that is none.
    pub const NETWORK: u8 = 10;
}

/// Subcodes of [`code::CEASE`] (RFC 4486 section 4, RFC 8538 section 3).
pub mod cease {
    /// An operator ended it.
    pub const SHUTDOWN: u8 = 2;
    /// The other side is not, or no longer, configured.
    pub const DECONFIGURED: u8 = 3;
    /// Another connection of the same two speakers stays.
    pub const COLLISION: u8 = 7;
    /// Too much at once.
    pub const RESOURCES: u8 = 8;
    /// Forget everything, whatever graceful restart says.
    pub const HARD_RESET: u8 = 9;
}

impl Notification {
    /// A notification without data.
    pub const fn new(code: u8, subcode: u8) -> Self {
        Self { code, subcode, data: Vec::new() }
    }

    /// A notification with data.
    pub fn with(code: u8, subcode: u8, data: impl Into<Vec<u8>>) -> Self {
        Self { code, subcode, data: data.into() }
    }

    /// What is wrong with an UPDATE as a whole.
    pub(crate) const fn update(subcode: u8) -> Self {
        Self::new(code::UPDATE, subcode)
    }

    /// Whether it ends graceful restart too: routes go at once (RFC 8538 section 3).
    pub const fn is_hard_reset(&self) -> bool {
        self.code == code::CEASE && self.subcode == cease::HARD_RESET
    }

    pub(crate) fn encode(&self, out: &mut Out) {
        out.u8(self.code);
        out.u8(self.subcode);
        out.put(&self.data);
    }

    pub(crate) fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let (code, subcode, data) = whole("notification", body, (be_u8, be_u8, rest.map(<[u8]>::to_vec)))?;
        Ok(Self { code, subcode, data })
    }

    /// What the operator on the other side says about a shutdown or reset (RFC 9003), cut to 255 octets.
    pub fn communication(&self) -> Option<String> {
        if self.code != code::CEASE || ![cease::SHUTDOWN, 4].contains(&self.subcode) {
            return None;
        }
        let (length, text) = self.data.split_first()?;
        let text = text.get(..usize::from(*length).min(text.len()))?;
        let text: String = String::from_utf8_lossy(text).chars().filter(|c| !c.is_control()).collect();
        (!text.is_empty()).then_some(text)
    }

    const fn meaning(&self) -> &'static str {
        match (self.code, self.subcode) {
            (code::HEADER, header::NOT_SYNCHRONISED) => "connection not synchronised",
            (code::HEADER, header::LENGTH) => "bad message length",
            (code::HEADER, header::TYPE) => "bad message type",
            (code::OPEN, open::VERSION) => "unsupported version",
            (code::OPEN, open::PEER_AS) => "bad peer as",
            (code::OPEN, open::IDENTIFIER) => "bad bgp identifier",
            (code::OPEN, open::PARAMETER) => "unsupported optional parameter",
            (code::OPEN, open::HOLD_TIME) => "unacceptable hold time",
            (code::OPEN, open::CAPABILITY) => "unsupported capability",
            (code::OPEN, _) => "open message error",
            (code::UPDATE, update::ATTRIBUTE_LIST) => "malformed attribute list",
            (code::UPDATE, update::UNRECOGNISED) => "unrecognised well-known attribute",
            (code::UPDATE, update::OPTIONAL) => "optional attribute error",
            (code::UPDATE, update::NETWORK) => "invalid network field",
            (code::UPDATE, _) => "update message error",
            (code::HOLD, _) => "hold timer expired",
            (code::FSM, _) => "message that does not belong to the state",
            (code::CEASE, 1) => "maximum number of prefixes reached",
            (code::CEASE, cease::SHUTDOWN) => "administrative shutdown",
            (code::CEASE, cease::DECONFIGURED) => "peer de-configured",
            (code::CEASE, 4) => "administrative reset",
            (code::CEASE, 5) => "connection rejected",
            (code::CEASE, 6) => "other configuration change",
            (code::CEASE, cease::COLLISION) => "connection collision",
            (code::CEASE, cease::RESOURCES) => "out of resources",
            (code::CEASE, cease::HARD_RESET) => "hard reset",
            (code::CEASE, _) => "cease",
            _ => "unknown error",
        }
    }
}

impl fmt::Display for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}/{})", self.meaning(), self.code, self.subcode)?;
        self.communication().map_or(Ok(()), |text| write!(f, ": {text}"))
    }
}
