//! By which transport a device is reached.

use device::ErrorKind;
use tokio::time::Instant;

use super::failure;
use crate::session::{Options, Session};
use crate::ssh::{self, SshTarget};
use crate::tls::{self, TlsTarget};

/// Where a device is, and whom to expect there.
#[derive(Clone, Debug)]
pub enum Target {
    /// Over SSH (RFC 6242).
    Ssh(SshTarget),
    /// Over TLS (RFC 7589).
    Tls(TlsTarget),
}

impl Target {
    /// A session; nobody reads its notifications.
    pub(crate) async fn open(&self, options: &Options, deadline: Instant) -> Result<Session, ErrorKind> {
        let opened = match self {
            Self::Ssh(target) => {
                ssh::connect(target, options, deadline).await.map_err(|why| failure::of_connect(&why))
            }
            Self::Tls(target) => {
                tls::connect(target, options, deadline).await.map_err(|why| failure::of_tls(&why))
            }
        };
        opened.map(|(session, _unwanted)| session)
    }
}

impl From<SshTarget> for Target {
    fn from(target: SshTarget) -> Self {
        Self::Ssh(target)
    }
}

impl From<TlsTarget> for Target {
    fn from(target: TlsTarget) -> Self {
        Self::Tls(target)
    }
}
