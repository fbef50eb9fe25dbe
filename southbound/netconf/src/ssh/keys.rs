//! Fresh keys, for labs that make their own.

use device::secret::Password;
use russh::keys::{Algorithm, HashAlg, PrivateKey, key::safe_rng, ssh_key::LineEnding};
use thiserror::Error;

/// A key could not be made or written.
#[derive(Debug, Error)]
#[error("an SSH key could not be made: {0}")]
pub struct KeyError(String);

/// A new Ed25519 key in OpenSSH's forms.
#[derive(Clone)]
pub struct FreshKey {
    /// The private key; a secret.
    pub private: String,
    /// The public key, one line.
    pub public: String,
    /// Its fingerprint, `SHA256:…`.
    pub fingerprint: String,
}

impl std::fmt::Debug for FreshKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FreshKey({})", self.fingerprint)
    }
}

impl FreshKey {
    /// Makes one from the system's randomness.
    ///
    /// # Errors
    /// The system has none, or the key cannot be written as text.
    pub fn generate() -> Result<Self, KeyError> {
        let fail = |error: &dyn std::fmt::Display| KeyError(error.to_string());
        let key = PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).map_err(|e| fail(&e))?;
        Ok(Self {
            private: key.to_openssh(LineEnding::LF).map_err(|e| fail(&e))?.to_string(),
            public: key.public_key().to_openssh().map_err(|e| fail(&e))?,
            fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
        })
    }

    /// Its private key as only this passphrase opens it.
    ///
    /// # Errors
    /// The key cannot be read or written as text.
    pub fn closed(&self, passphrase: &Password) -> Result<String, KeyError> {
        let fail = |error: &dyn std::fmt::Display| KeyError(error.to_string());
        let key = PrivateKey::from_openssh(&self.private).map_err(|e| fail(&e))?;
        let key = key.encrypt(&mut safe_rng(), passphrase.reveal()).map_err(|e| fail(&e))?;
        Ok(key.to_openssh(LineEnding::LF).map_err(|e| fail(&e))?.to_string())
    }
}
