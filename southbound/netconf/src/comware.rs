//! H3C Comware routers, read through `netconf-rs`.
//!
//! That library knows what Comware calls things: its requests and the shapes of the answers. It knows nothing of sessions that last,
//! of errors in replies, or of devices that lie, so all of that stays ours. Its `Transport` is carried by our own [`Session`]
//! (transport.rs); its own SSH, which trusts any host key, is not even linked (`southbound/no-ssh2`).
//!
//! - It waits where it stands, so it runs on a thread for such work, and each call has a deadline of its own.
//! - It unwraps what it reads, so panics are caught and become [`ComwareError::Unreadable`]. What an answer has to have is looked at
//!   before the library sees it.
//! - It drops replies of edits unread, errors too, so every reply is judged on its way: the first error is what the caller gets.
//!
//! What is used of it: interfaces, VLANs, and the schemas that a device lists. What is not: its edits of VLANs (they write running
//! without lock, confirmation or escaped text, and no intent asks for a VLAN), its table of MAC addresses (nothing here asks for
//! one), and its reading of schemas (it writes each whole module to the log; [`Session::get_schema`] does not).
//!
//! Its interfaces have numbers and no names or states. Those come by a request of ours ([`Comware::ports`]).

mod answer;
mod device;
mod port;
mod transport;

#[cfg(test)]
mod tests;

use ::device::ErrorKind;
use netconf_rs::vendor::h3c;
use thiserror::Error;
use tokio::time::Instant;

pub use answer::{Information, Interface, Layer, LinkType, Vlan};
pub use port::{Port, samples};

pub use self::device::{ComwareDevice, Options};
use crate::device::of_call;
use crate::session::{CallError, Session};
use transport::Loan;

/// Longest text of the library that an error repeats, in characters: parts of an answer may stand in it.
const LONGEST: usize = 300;

/// Why a Comware device did not tell what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ComwareError {
    /// The request failed; of several that one call makes, the first that did.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The answer has nothing at a place where the library looks without asking.
    #[error("the answer has no {0}")]
    Missing(String),
    /// The answer is none that the library understands. Its own words.
    #[error("netconf-rs cannot read the answer: {0}")]
    Unreadable(String),
    /// The library was not done by the deadline.
    #[error("netconf-rs had not read the answer when the time was over")]
    Deadline,
}

impl ComwareError {
    fn unreadable(why: &str) -> Self {
        Self::Unreadable(why.chars().take(LONGEST).collect())
    }

    /// In the words that a transaction decides by.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Call(error) => of_call(error),
            Self::Missing(_) | Self::Unreadable(_) => ErrorKind::Garbage(self.to_string()),
            Self::Deadline => ErrorKind::Silent(self.to_string()),
        }
    }

    /// Whether the session can go on: the device answered, whatever it said.
    fn is_answered(&self) -> bool {
        match self {
            Self::Call(error) => !matches!(error, CallError::NotSent(_)) && !error.is_outcome_unknown(),
            Self::Missing(_) | Self::Unreadable(_) => true,
            Self::Deadline => false,
        }
    }
}

/// A Comware device at the other end of a session.
#[derive(Clone, Debug)]
pub struct Comware {
    session: Session,
}

impl Comware {
    /// The device at the other end of this session.
    pub const fn new(session: Session) -> Self {
        Self { session }
    }

    /// The session.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// The interfaces as they are configured.
    ///
    /// # Errors
    /// Any [`ComwareError`].
    pub async fn interfaces(&self, deadline: Instant) -> Result<Vec<Interface>, ComwareError> {
        const HOLDS: &[&[&str]] = &[&["data", "top", "Ifmgr", "Interfaces", "Interface"]];
        answer::interfaces(self.lend(HOLDS, deadline).drive(h3c::get_interfaces).await?)
    }

    /// The VLANs that are configured; none where the device has no such thing.
    ///
    /// # Errors
    /// Any [`ComwareError`] but `Missing`.
    pub async fn vlans(&self, deadline: Instant) -> Result<Vec<Vlan>, ComwareError> {
        const HOLDS: &[&[&str]] = &[&["data", "top", "VLAN", "VLANs", "VLANID"]];
        match self.lend(HOLDS, deadline).drive(h3c::get_vlan_config).await {
            Ok(config) => answer::vlans(config),
            Err(ComwareError::Missing(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// What the device says of its NETCONF (RFC 6022): capabilities, and the schemas that it serves.
    ///
    /// # Errors
    /// Any [`ComwareError`].
    pub async fn information(&self, deadline: Instant) -> Result<Information, ComwareError> {
        const HOLDS: &[&[&str]] = &[
            &["data", "netconf-state", "capabilities", "capability"],
            &["data", "netconf-state", "schemas", "schema"],
        ];
        Ok(self.lend(HOLDS, deadline).drive(h3c::get_netconf_information).await?.into())
    }

    /// Names and states of the interfaces, by a request of ours.
    ///
    /// # Errors
    /// [`ComwareError::Call`], or [`ComwareError::Missing`] where the answer has no interfaces.
    pub async fn ports(&self, deadline: Instant) -> Result<Vec<Port>, ComwareError> {
        port::read(&self.session, deadline).await
    }

    const fn lend(&self, holds: &'static [&'static [&'static str]], deadline: Instant) -> Loan<'_> {
        Loan { session: &self.session, deadline, holds }
    }
}
