//! The two sides of a connection: the key that the device must have, and what logs us in.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use device::secret::Password;
use russh::keys::ssh_key::Fingerprint;
use russh::keys::{self, HashAlg, PrivateKey, decode_secret_key};
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
pub enum BadKey {
    /// The text is no key.
    #[error("login key cannot be read: it is no OpenSSH, PKCS#8 or PKCS#1 private key")]
    Unreadable,
    /// It is encrypted, and there is nothing to open it with.
    #[error("login key is encrypted: its passphrase is needed to open it")]
    Encrypted,
    /// There is a passphrase that does not open it.
    #[error(
        "login key cannot be read: the passphrase does not fit, or it is no OpenSSH, PKCS#8 or PKCS#1 private key"
    )]
    Passphrase,
}

impl LoginKey {
    /// Reads a private key from the text of its file.
    ///
    /// # Errors
    /// [`BadKey`] if it cannot be read with this passphrase.
    pub fn from_text(text: &str, passphrase: Option<&str>) -> Result<Self, BadKey> {
        decode_secret_key(text, passphrase).map(|key| Self(Arc::new(key))).map_err(|error| {
            // PKCS#8 and PKCS#1 say in their frame that they are encrypted; the library tells it of OpenSSH's form alone.
            let encrypted = matches!(error, keys::Error::KeyIsEncrypted) || text.contains("ENCRYPTED");
            match passphrase {
                Some(_) => BadKey::Passphrase,
                None if encrypted => BadKey::Encrypted,
                None => BadKey::Unreadable,
            }
        })
    }
}

impl fmt::Display for LoginKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.fingerprint(HashAlg::Sha256))
    }
}

impl fmt::Debug for LoginKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LoginKey({self})")
    }
}

/// What proves to the device who logs in. There is always something.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A key (RFC 4252, section 7).
    Key(LoginKey),
    /// A password (RFC 4252, section 8; RFC 4256 where the device asks for it in questions).
    Password(Password),
    /// The key, and the password where the device does not take the key, or wants both.
    Both(LoginKey, Password),
}

impl Proof {
    pub(super) const fn key(&self) -> Option<&LoginKey> {
        match self {
            Self::Key(key) | Self::Both(key, _) => Some(key),
            Self::Password(_) => None,
        }
    }

    pub(super) const fn password(&self) -> Option<&Password> {
        match self {
            Self::Password(password) | Self::Both(_, password) => Some(password),
            Self::Key(_) => None,
        }
    }
}

impl From<LoginKey> for Proof {
    fn from(key: LoginKey) -> Self {
        Self::Key(key)
    }
}

impl From<Password> for Proof {
    fn from(password: Password) -> Self {
        Self::Password(password)
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(f, "key {key}"),
            Self::Password(_) => f.write_str("the password"),
            Self::Both(key, _) => write!(f, "key {key} and the password"),
        }
    }
}
