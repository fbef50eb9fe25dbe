//! Why there is no session, told so that a person knows where to look.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use super::HostKeyPin;
use crate::session::OpenError;

/// How far opening got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// TCP connection.
    Connect,
    /// SSH key exchange.
    KeyExchange,
    /// Login.
    Login,
    /// Channel and subsystem.
    Subsystem,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::KeyExchange => "the ssh key exchange",
            Self::Login => "the ssh login",
            Self::Subsystem => "opening the netconf subsystem",
        })
    }
}

/// Why there is no session.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// No TCP connection.
    #[error("cannot connect to {address}: {source}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The device shows another host key: it was replaced, or somebody stands in between.
    #[error(
        "{address} shows another host key: expected {pinned}, got {}; \
         if the device was replaced, verify its key on its console and change the inventory",
        presented.join(" and ")
    )]
    HostKey {
        /// Where.
        address: String,
        /// The pin.
        pinned: HostKeyPin,
        /// What was shown: algorithm and fingerprint of each key.
        presented: Vec<String>,
    },
    /// The device does not let this user in with what he has.
    #[error("{address} refused the login of {user} with {proof}; the device would take: {methods}")]
    LoginRefused {
        /// Where.
        address: String,
        /// As whom.
        user: String,
        /// What was offered, without any secret: a password is called so, a key by its public fingerprint.
        proof: String,
        /// The methods that the device says may continue.
        methods: String,
    },
    /// Devices refused this login a short time ago, so it was not tried.
    #[error(
        "{address} was not asked to let {user} in: {} refused that, and accounts that fail again and again are locked; mend the \
         login there or in the inventory; it is tried again in {} s",
        by.join(" and "), left.as_secs().max(1)
    )]
    LoginHeld {
        /// Where.
        address: String,
        /// As whom.
        user: String,
        /// Who refused it.
        by: Vec<String>,
        /// How long it is still not tried.
        left: Duration,
    },
    /// The device asks questions at the login to which a password is no answer, or asks again.
    #[error(
        "{address} asks {user} for more than the password at its login, or did not take it; \
         mend the password, or let {user} log in with a key"
    )]
    Questions {
        /// Where.
        address: String,
        /// Whom.
        user: String,
    },
    /// The device lets us in and has no NETCONF for us.
    #[error(
        "{address} refused the ssh subsystem netconf; is netconf enabled there, and {user} allowed to use it?"
    )]
    SubsystemRefused {
        /// Where.
        address: String,
        /// As whom.
        user: String,
    },
    /// The SSH connection broke while it was being opened.
    #[error("ssh to {address} failed during {stage}: {source}")]
    Ssh {
        /// Where.
        address: String,
        /// When.
        stage: Stage,
        /// Why.
        source: Box<russh::Error>,
    },
    /// The deadline passed.
    #[error("{address} did not finish {stage} before the deadline")]
    Deadline {
        /// Where.
        address: String,
        /// When.
        stage: Stage,
    },
    /// SSH stands, the NETCONF hello failed.
    #[error("netconf with {address} cannot start: {source}")]
    Open {
        /// Where.
        address: String,
        /// Why.
        source: OpenError,
    },
}
