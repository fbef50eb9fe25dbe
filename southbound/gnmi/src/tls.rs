//! Trust toward devices: which authority signs them, and what we show them. The material is read once and shared by
//! all sessions. There is no default authority and no way to accept an unknown one.

use std::fmt;
use std::sync::Arc;

use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use thiserror::Error;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{self, AlertDescription, CertificateError, ClientConfig, RootCertStore};

/// A certificate chain, own certificate first, and its private key, both as PEM text.
#[derive(Clone)]
pub struct Identity {
    /// The chain.
    pub certificates_pem: Vec<u8>,
    /// The key.
    pub key_pem: Vec<u8>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Identity(..)")
    }
}

/// Trust of a client, ready for any number of sessions.
#[derive(Clone)]
pub struct ClientTls {
    pub(crate) config: Arc<ClientConfig>,
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
    /// Reads the authority that signs the devices and, for devices that ask for one, our own identity.
    ///
    /// # Errors
    /// Some part is not PEM, has no certificate, or key and certificate do not belong together.
    pub fn new(authority_pem: &[u8], identity: Option<&Identity>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(AUTHORITY, authority_pem)? {
            roots.add(certificate).map_err(|why| unreadable(AUTHORITY, &why))?;
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|why| unreadable("TLS versions", &why))?
            .with_root_certificates(roots);
        let mut config = match identity {
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
        // gRPC is HTTP/2 alone, and over TLS that is agreed by ALPN (RFC 9113 3.3).
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Self { config: Arc::new(config) })
    }
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

/// What helps against a certificate that is over.
const RENEW: &str = "give the device a new one, or set this clock right";
/// And against one whose time has not come.
const WAIT: &str = "set this clock right, or that of the machine on which the certificate was made";

/// How long it is from one moment to a later one, as people say it.
fn between(earlier: UnixTime, later: UnixTime) -> String {
    let seconds = later.as_secs().saturating_sub(earlier.as_secs());
    match (seconds / 86_400, seconds / 3_600) {
        (0, 0) => "less than an hour".into(),
        (0 | 1, hours) => format!("{hours} h"),
        (days, _) => format!("{days} days"),
    }
}

/// In words, when the error is one side refusing the other's certificate.
pub(crate) fn certificate_fault(error: &rustls::Error) -> Option<String> {
    match error {
        rustls::Error::InvalidCertificate(why) => Some(match why {
            CertificateError::UnknownIssuer => "it is not signed by the given authority".into(),
            CertificateError::BadSignature => {
                "it is signed by another authority of the same name, or tampered with".into()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("it is for another name: {why}")
            }
            CertificateError::Expired => format!("it has expired; {RENEW}"),
            CertificateError::ExpiredContext { time, not_after } => {
                format!("it expired {} ago by this machine's clock; {RENEW}", between(*not_after, *time))
            }
            CertificateError::NotValidYet => format!("it is not valid yet; {WAIT}"),
            CertificateError::NotValidYetContext { time, not_before } => {
                format!("it is valid only in {} by this machine's clock; {WAIT}", between(*time, *not_before))
            }
            why => why.to_string(),
        }),
        rustls::Error::NoCertificatesPresented => Some("the device shows none".into()),
        rustls::Error::AlertReceived(alert) => {
            let why = match alert {
                AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
                    "the device wants a client certificate"
                }
                AlertDescription::UnknownCA => "the device does not know who signed our certificate",
                // It stands for one that is not valid yet too (RFC 8446 6.2).
                AlertDescription::CertificateExpired => {
                    "the device finds our certificate expired or not valid yet; give the controller a new one, or set the \
                     device's clock right"
                }
                AlertDescription::CertificateRevoked => "the device finds our certificate revoked",
                AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateUnknown
                | AlertDescription::DecryptError
                | AlertDescription::AccessDenied => "the device refuses our certificate",
                _ => return None,
            };
            Some(format!("{why} (alert {alert:?})"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_are_said_as_people_say_them() {
        let at = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let hour = 3_600;
        for (hours, said) in
            [(0, "less than an hour"), (5, "5 h"), (47, "47 h"), (48, "2 days"), (240, "10 days")]
        {
            assert_eq!(between(at(1_000), at(1_000 + hours * hour)), said);
        }
        assert_eq!(between(at(9 * hour), at(0)), "less than an hour");
    }

    #[test]
    fn material_that_is_none_is_refused_without_quoting_it() {
        assert!(matches!(ClientTls::new(b"", None), Err(TlsError::Empty { .. })));
        let garbage = b"-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n";
        let refusal = ClientTls::new(garbage, None).expect_err("no certificate").to_string();
        assert!(refusal.starts_with("device authority: ") && !refusal.contains("c2VjcmV0"), "{refusal}");
    }
}
