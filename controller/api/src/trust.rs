//! Whom we believe when we speak TLS to somebody: the authorities of this machine, or those of one file in their place. There is
//! no way to go on with a certificate that none of them signed.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

/// There is no authority to judge certificates by.
#[derive(Debug)]
pub(crate) struct NoAuthority {
    /// The file, or the system.
    pub(crate) place: String,
    /// What is wrong with it.
    pub(crate) why: String,
}

/// Where systems keep the authorities that they trust: Debian, Red Hat, SUSE, Alpine.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The certificates of a PEM text.
fn authorities(text: &[u8], tolerant: bool) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for (certificate, number) in CertificateDer::pem_slice_iter(text).zip(1..) {
        let added = match certificate {
            Ok(certificate) => roots.add(certificate).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let (Err(why), false) = (added, tolerant) {
            return Err(format!("certificate {number} in it is broken: {why}"));
        }
    }
    if roots.is_empty() { Err("it holds no certificate as PEM text".to_owned()) } else { Ok(roots) }
}

/// How to speak TLS to servers that the authorities in a file vouch for, or where none is named those in `SSL_CERT_FILE`, or those of the system.
///
/// # Errors
/// The file cannot be read, or holds no certificate, or the file that was named holds one that is broken.
pub(crate) fn trusting(ca: Option<&Path>) -> Result<ClientConfig, NoAuthority> {
    let named = ca.map(Path::to_owned).or_else(|| std::env::var_os("SSL_CERT_FILE").map(PathBuf::from));
    let found = || SYSTEM.iter().map(PathBuf::from).find(|path| path.exists());
    let path = named.or_else(found).ok_or_else(|| NoAuthority {
        place: "this system".to_owned(),
        why: format!("there is none of {}", SYSTEM.join(", ")),
    })?;
    let bad = |why: String| NoAuthority { place: path.display().to_string(), why };
    let text = std::fs::read(&path).map_err(|error| bad(error.to_string()))?;
    // A bundle of a system may hold some that cannot be read; the others do. A file that the user named is small and his own:
    // what is broken there would be missed later, far from its cause.
    Ok(with(authorities(&text, ca.is_none()).map_err(bad)?))
}

/// For who speaks no TLS and needs to be told how all the same: no server is believed.
pub(crate) fn nobody() -> ClientConfig {
    with(RootCertStore::empty())
}

fn with(roots: RootCertStore) -> ClientConfig {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has the cipher suites of both versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_certificate_is_told_in_a_file_of_ones_own_and_passed_over_in_a_bundle() {
        let good = rcgen::generate_simple_self_signed(["ca".to_owned()]).unwrap().cert.pem();
        for broken in [
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nAAAA\n",
        ] {
            let text = format!("{good}{broken}");
            assert_eq!(authorities(text.as_bytes(), true).unwrap().len(), 1, "{broken}");
            let why = authorities(text.as_bytes(), false).unwrap_err();
            assert!(why.starts_with("certificate 2 in it is broken: "), "{why}");
            assert!(authorities(broken.as_bytes(), true).unwrap_err().contains("holds no certificate"));
        }
        assert_eq!(authorities(good.as_bytes(), false).unwrap().len(), 1);
    }
}
