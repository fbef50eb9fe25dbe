//! Whom the client believes when it speaks TLS: the authorities of this machine, or those of one file in their place. There is
//! no way to go on with a certificate that none of them signed.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring},
};

use super::ClientError;

/// Where systems keep the authorities that they trust: Debian, Red Hat, SUSE, Alpine.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Makes TLS connections that trust the authorities in a file, or where none is named in `SSL_CERT_FILE`, or those of the system.
///
/// # Errors
/// The file cannot be read, or holds no certificate.
pub(super) fn connector(ca: Option<&Path>) -> Result<TlsConnector, ClientError> {
    let named = ca.map(Path::to_owned).or_else(|| std::env::var_os("SSL_CERT_FILE").map(PathBuf::from));
    let found = || SYSTEM.iter().map(PathBuf::from).find(|path| path.exists());
    let path = named.or_else(found).ok_or_else(|| ClientError::Authority {
        place: "this system".to_owned(),
        why: format!("there is none of {}", SYSTEM.join(", ")),
    })?;
    let bad = |why: String| ClientError::Authority { place: path.display().to_string(), why };
    let text = std::fs::read(&path).map_err(|error| bad(error.to_string()))?;
    // A bundle of a system may hold some that cannot be read; the others do.
    let certificates = CertificateDer::pem_slice_iter(&text).filter_map(Result::ok);
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(certificates);
    if taken == 0 {
        return Err(bad("it holds no certificate as PEM text".to_owned()));
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
