//! A device that is known by the SHA-256 fingerprint of its certificate.

use std::{error::Error as StdError, fmt, str::FromStr, sync::Arc};

use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use sha2::{Digest as _, Sha256};
use thiserror::Error as ThisError;

use super::TlsError;

/// The SHA-256 fingerprint of a whole certificate, written `SHA256:` and its octets, as openssl prints them.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct CertificatePin([u8; 32]);

/// A text that is no SHA-256 fingerprint of a certificate.
#[derive(Clone, Debug, Eq, PartialEq, ThisError)]
#[error(
    "`{0}` is no fingerprint of a certificate: write `SHA256:` and the 64 hexadecimal digits that `openssl x509 -noout \
     -fingerprint -sha256` prints, with their colons or without"
)]
pub struct BadPin(String);

impl CertificatePin {
    /// Of a certificate.
    pub fn of(certificate: &CertificateDer<'_>) -> Self {
        let octets: &[u8] = certificate;
        Self(Sha256::digest(octets).into())
    }

    /// Of the first certificate in a PEM text.
    ///
    /// # Errors
    /// There is none.
    pub fn of_pem(pem: &[u8]) -> Result<Self, TlsError> {
        let first = CertificateDer::pem_slice_iter(pem).next().and_then(Result::ok);
        first.map(|certificate| Self::of(&certificate)).ok_or(TlsError::Empty { what: "certificate" })
    }
}

impl FromStr for CertificatePin {
    type Err = BadPin;

    fn from_str(text: &str) -> Result<Self, BadPin> {
        let octets = text.trim().strip_prefix("SHA256:").and_then(octets);
        octets.map(Self).ok_or_else(|| BadPin(text.chars().take(110).collect()))
    }
}

/// Thirty-two octets in hexadecimal, all with colons between them or none.
fn octets(hex: &str) -> Option<[u8; 32]> {
    let width = match hex.len() {
        64 => 2,
        95 => 3,
        _ => return None,
    };
    let mut octets = [0; 32];
    let mut pairs = hex.as_bytes().chunks(width);
    for octet in &mut octets {
        let ([high, low] | [high, low, b':']) = pairs.next()? else { return None };
        *octet = digit(*high)? * 16 + digit(*low)?;
    }
    Some(octets)
}

fn digit(character: u8) -> Option<u8> {
    char::from(character).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

impl fmt::Display for CertificatePin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SHA256")?;
        self.0.iter().try_for_each(|octet| write!(out, ":{octet:02X}"))
    }
}

impl fmt::Debug for CertificatePin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

/// Another certificate than the pinned one.
#[derive(Debug)]
struct OtherCertificate {
    pinned: CertificatePin,
    shown: CertificatePin,
}

impl fmt::Display for OtherCertificate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pinned, shown } = self;
        write!(
            out,
            "it is not the pinned one: expected {pinned}, got {shown}; if the device was given a new one, verify it on its \
             console and change the inventory"
        )
    }
}

impl StdError for OtherCertificate {}

/// Accepts the pinned certificate from who has its key, and no other.
#[derive(Debug)]
pub(super) struct PinnedDevice {
    pin: CertificatePin,
    algorithms: WebPkiSupportedAlgorithms,
}

impl PinnedDevice {
    pub(super) fn new(pin: CertificatePin) -> Self {
        Self { pin, algorithms: ring::default_provider().signature_verification_algorithms }
    }
}

impl ServerCertVerifier for PinnedDevice {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = CertificatePin::of(end_entity);
        if shown == self.pin {
            return Ok(ServerCertVerified::assertion());
        }
        let other = OtherError(Arc::new(OtherCertificate { pinned: self.pin, shown }));
        Err(Error::InvalidCertificate(CertificateError::Other(other)))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIN: &str = "SHA256:1C:04:9F:9F:A1:33:5A:3A:C3:B6:C5:E5:4B:9C:A9:B0:71:8E:18:1A:2F:86:39:30:6E:65:16:1C:50:8E:75:B6";

    #[test]
    fn a_pin_is_written_with_colons_or_without_and_shown_as_openssl_shows_it() {
        let bare = format!("SHA256:{}", PIN[7..].replace(':', "").to_lowercase());
        let spaced = format!(" {PIN}\n");
        for text in [PIN, bare.as_str(), spaced.as_str()] {
            assert_eq!(text.parse::<CertificatePin>().expect("a pin").to_string(), PIN);
        }
        let base64 = "SHA256:Nh0Me49Zh9fDw/VYUfq43IJmI1T+XrjiYONPND8GzaM";
        let colon_at_the_end = format!("{}:", &PIN[..PIN.len() - 1]);
        let not_hexadecimal = PIN.replace('F', "G");
        let not_ascii = PIN.replace("9F", "é");
        for bad in [
            "",
            "*",
            "SHA256:",
            &PIN[7..],
            "SHA1:00:11",
            base64,
            colon_at_the_end.as_str(),
            not_hexadecimal.as_str(),
            not_ascii.as_str(),
        ] {
            let error = bad.parse::<CertificatePin>().expect_err(bad).to_string();
            assert!(error.contains("openssl x509 -noout -fingerprint -sha256"), "{error}");
        }
    }

    #[test]
    fn the_fingerprint_is_of_the_whole_certificate() {
        let signed = rcgen::generate_simple_self_signed(["r1".to_owned()]).expect("a certificate");
        let pin = CertificatePin::of_pem(signed.cert.pem().as_bytes()).expect("its fingerprint");
        assert_eq!(pin, CertificatePin::of(signed.cert.der()));
        let other = rcgen::generate_simple_self_signed(["r1".to_owned()]).expect("a certificate");
        assert_ne!(pin, CertificatePin::of(other.cert.der()));
        assert!(CertificatePin::of_pem(b"no certificate").is_err());
    }

    #[test]
    fn the_pinned_certificate_is_accepted_and_another_is_told_with_both_fingerprints() {
        let [one, other] = [b"one", b"two"].map(|octets| CertificateDer::from(octets.to_vec()));
        let device = PinnedDevice::new(CertificatePin::of(&one));
        let name = ServerName::try_from("anything").expect("a name");
        let judge = |shown: &CertificateDer<'_>| {
            device.verify_server_cert(
                shown,
                &[],
                &name,
                &[],
                UnixTime::since_unix_epoch(std::time::Duration::ZERO),
            )
        };
        assert!(judge(&one).is_ok());
        let error = judge(&other).expect_err("another certificate");
        let told = super::super::words::certificate_fault(&error).expect("it is the certificate");
        for pin in [&one, &other].map(CertificatePin::of) {
            assert!(told.contains(&pin.to_string()), "{told}");
        }
        assert!(told.starts_with("it is not the pinned one"), "{told}");
    }
}
