//! Trust toward devices that are reached over TLS: by what each is known, and what we show it. A value without IO, which the
//! protocols over TLS share.
//!
//! A device is known by the authority that signed its certificate, and then by the name in it, or by the fingerprint of the one
//! certificate that it may show. One of them has to be given: there is no default authority and no way to accept any
//! certificate. The material is read once and shared by all sessions.

mod pin;
mod words;

use std::{fmt, sync::Arc};

use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier, client::WantsClientCert, crypto::ring,
};
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject},
};
use thiserror::Error;
use zeroize::Zeroizing;

pub use pin::{BadPin, CertificatePin};
pub(crate) use words::ALERT;
pub use words::certificate_refused;

/// A certificate chain, own certificate first, and its private key, both as PEM text.
#[derive(Clone)]
pub struct Identity {
    /// The chain.
    pub certificates_pem: Vec<u8>,
    /// The key; wiped from memory with its last owner.
    pub key_pem: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Identity(..)")
    }
}

/// Trust of a client, ready for any number of sessions.
#[derive(Clone)]
pub struct ClientTls {
    config: Arc<ClientConfig>,
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ClientTls(..)")
    }
}

/// Why certificates or keys cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// No certificate in the text.
    #[error("{what}: no certificate in the PEM text")]
    Empty {
        /// Whose certificate.
        what: &'static str,
    },
    /// The text is not PEM or not a certificate or key.
    #[error("{what}: {why}")]
    Unreadable {
        /// Which part.
        what: &'static str,
        /// What is wrong; it never quotes the material.
        why: String,
    },
}

impl TlsError {
    /// Whose material it is.
    pub const fn what(&self) -> &'static str {
        match self {
            Self::Empty { what } | Self::Unreadable { what, .. } => what,
        }
    }
}

/// What findings call the authority that signs the devices.
pub const AUTHORITY: &str = "device authority";
/// What they call our own key.
pub const CLIENT_KEY: &str = "client key";

impl ClientTls {
    /// Devices are known by the authority that signs them, and by the name that a session asks for. `identity` is what we show
    /// to those that want to know us.
    ///
    /// # Errors
    /// Some part is not PEM, has no certificate, or key and certificate do not belong together.
    pub fn new(authority_pem: &[u8], identity: Option<&Identity>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(AUTHORITY, authority_pem)? {
            roots.add(certificate).map_err(|why| unreadable(AUTHORITY, &why))?;
        }
        finished(versions()?.with_root_certificates(roots), identity)
    }

    /// A device is known by its certificate itself. Nothing else of it is looked at, neither its name nor its dates: it is the one
    /// that somebody compared with the device, as a host key of SSH is (RFC 7589, section 6, leaves the name out there).
    ///
    /// # Errors
    /// As [`Self::new`], for what we show.
    pub fn pinned(pin: CertificatePin, identity: Option<&Identity>) -> Result<Self, TlsError> {
        let verifier = Arc::new(pin::PinnedDevice::new(pin));
        finished(versions()?.dangerous().with_custom_certificate_verifier(verifier), identity)
    }

    /// It as the TLS library takes it.
    pub const fn config(&self) -> &Arc<ClientConfig> {
        &self.config
    }
}

fn versions() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, TlsError> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|why| unreadable("TLS versions", &why))
}

fn finished(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    identity: Option<&Identity>,
) -> Result<ClientTls, TlsError> {
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain = certificates("client certificate", &identity.certificates_pem)?;
            let key = PrivateKeyDer::from_pem_slice(&identity.key_pem)
                .map_err(|why| unreadable(CLIENT_KEY, &no_key(&why)))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|why| unreadable("client certificate and key", &why))?
        }
    };
    Ok(ClientTls { config: Arc::new(config) })
}

fn certificates(what: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|why| unreadable(what, &why))?;
    if chain.is_empty() { Err(TlsError::Empty { what }) } else { Ok(chain) }
}

/// The PEM reader's words for a text without a key of a known kind would leave one guessing.
fn no_key(why: &pem::Error) -> String {
    match why {
        pem::Error::NoItemsFound => {
            "no private key in the PEM text (PKCS #8, PKCS #1 and SEC 1 are known; OpenSSH's own form is not)"
                .to_owned()
        }
        why => why.to_string(),
    }
}

fn unreadable(what: &'static str, why: &dyn fmt::Display) -> TlsError {
    TlsError::Unreadable { what, why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn material_that_is_none_is_refused_without_quoting_it() {
        assert!(matches!(ClientTls::new(b"", None), Err(TlsError::Empty { .. })));
        let garbage = b"-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n";
        let refusal = ClientTls::new(garbage, None).expect_err("no certificate").to_string();
        assert!(refusal.starts_with("device authority: ") && !refusal.contains("c2VjcmV0"), "{refusal}");
    }

    #[test]
    fn what_we_show_is_judged_beside_a_pin_too() {
        let pin = CertificatePin::of(&CertificateDer::from(b"any".to_vec()));
        assert!(ClientTls::pinned(pin, None).is_ok());
        let identity = Identity { certificates_pem: Vec::new(), key_pem: b"c2VjcmV0".to_vec().into() };
        let wiped: &Zeroizing<Vec<u8>> = &identity.clone().key_pem;
        assert_eq!(wiped.as_slice(), b"c2VjcmV0");
        let refusal = ClientTls::pinned(pin, Some(&identity)).expect_err("no certificate").to_string();
        assert!(refusal.starts_with("client certificate: "), "{refusal}");
        assert_eq!(format!("{identity:?}"), "Identity(..)");
    }
}
