//! Why there is no session, told so that a person knows where to look.

use std::{fmt, io};

use thiserror::Error;

use crate::session::OpenError;

/// How far opening got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// TCP connection.
    Connect,
    /// TLS handshake.
    Handshake,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Handshake => "the tls handshake",
        })
    }
}

/// Why there is no session.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// Nobody can have this name.
    #[error(
        "{address}: `{name}` is neither a DNS name nor an address: write the name that is in the device's certificate"
    )]
    BadName {
        /// Where.
        address: String,
        /// What was given as its name.
        name: String,
    },
    /// No TCP connection.
    #[error("cannot connect to {address}: {source}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// One side refused the certificate of the other.
    #[error("{address}: certificate refused: {why}")]
    CertificateRefused {
        /// Where.
        address: String,
        /// Which side, why, and what helps.
        why: String,
    },
    /// The connection broke while it was being opened, or what answers there is not TLS.
    #[error("tls with {address} failed: {source}; is netconf over tls enabled there, on this port?")]
    Tls {
        /// Where.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The deadline passed.
    #[error("{address} did not finish {stage} before the deadline")]
    Deadline {
        /// Where.
        address: String,
        /// When.
        stage: Stage,
    },
    /// TLS stands, the NETCONF hello failed.
    #[error("netconf with {address} cannot start: {source}")]
    Open {
        /// Where.
        address: String,
        /// Why.
        source: OpenError,
    },
}
