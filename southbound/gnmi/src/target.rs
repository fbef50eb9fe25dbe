//! Whom a session is to be opened with, how we show who we are, and within which bounds.

use std::fmt;
use std::time::Duration;

use ::device::account::Account;
use ::device::secret::Password;

use crate::tls::ClientTls;

/// A device to talk to.
#[derive(Clone, Debug)]
pub struct Target {
    /// `host:port` or `address:port`.
    pub address: String,
    /// The name or address that the device's certificate must be for. Where the certificate itself is pinned, no more than the
    /// name that is asked for.
    pub server_name: String,
    /// Who signs devices, and who we are.
    pub tls: ClientTls,
    /// User and password, for devices that want them beside the certificate.
    pub credentials: Option<Credentials>,
    /// Bounds of time and size.
    pub limits: Limits,
}

/// User and password, sent with every call (gNMI authentication 2).
#[derive(Clone)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password.
    pub password: Password,
    /// What is known of both, on this device and on others.
    pub account: Account,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Credentials({:?}, ..)", self.user)
    }
}

/// Bounds of time and size.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// For connecting as a whole, and for each call.
    pub deadline: Duration,
    /// Largest message that is taken, in bytes.
    pub receive: usize,
    /// Largest message that is sent, in bytes.
    pub send: usize,
    /// Most values of one poll or once.
    pub values: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let mib = 1024 * 1024;
        Self { deadline: Duration::from_secs(10), receive: 16 * mib, send: 16 * mib, values: 1_000_000 }
    }
}
