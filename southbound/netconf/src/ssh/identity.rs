//! The two keys of a connection: the one that the device must have, and the one that logs us in.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use russh::keys::ssh_key::Fingerprint;
use russh::keys::{HashAlg, PrivateKey, decode_secret_key};
use thiserror::Error;

/// The SHA-256 fingerprint of the one host key that is accepted, written `SHA256:…` as OpenSSH does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostKeyPin(pub(super) Fingerprint);

/// A text that is no SHA-256 fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no host key fingerprint: write `SHA256:` and 43 characters, as `ssh-keygen -lf` prints it")]
pub struct BadPin(String);

impl FromStr for HostKeyPin {
    type Err = BadPin;

    fn from_str(text: &str) -> Result<Self, BadPin> {
        match Fingerprint::from_str(text.trim()) {
            Ok(pin @ Fingerprint::Sha256(_)) => Ok(Self(pin)),
            _ => Err(BadPin(text.chars().take(80).collect())),
        }
    }
}

impl fmt::Display for HostKeyPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The private key that logs in. Shows nothing but its public fingerprint.
#[derive(Clone)]
pub struct LoginKey(pub(super) Arc<PrivateKey>);

/// A private key that cannot be read. Says nothing of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "login key cannot be read: it is no OpenSSH, PKCS#8 or PKCS#1 private key, or the passphrase does not fit"
)]
pub struct BadKey;

impl LoginKey {
    /// Reads a private key from the text of its file.
    ///
    /// # Errors
    /// [`BadKey`] if it cannot be read with this passphrase.
    pub fn from_text(text: &str, passphrase: Option<&str>) -> Result<Self, BadKey> {
        decode_secret_key(text, passphrase).map(|key| Self(Arc::new(key))).map_err(|_| BadKey)
    }
}

impl fmt::Debug for LoginKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LoginKey({})", self.0.fingerprint(HashAlg::Sha256))
    }
}
