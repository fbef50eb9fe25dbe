//! TLS (RFC 7589): who may enter. A client shows a certificate that the authority signed, and is the user whose name is in it.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use gnmi::tls::Identity;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use thiserror::Error;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{RootCertStore, ServerConfig, crypto::ring, server::WebPkiClientVerifier},
};
use tokio_util::sync::CancellationToken;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::{door, seat::Client, session};
use crate::router::Router;

/// Time for the handshake.
const HANDSHAKE: Duration = Duration::from_secs(20);
/// Time to say that a connection ends.
const GOODBYE: Duration = Duration::from_secs(1);
/// Largest piece that is sent at once, in octets. Some clients read so much and then wait for the socket, and never see what their TLS
/// library holds of a longer piece (ncclient).
const PIECE: usize = 4096;

/// What the server shows and whom it lets in.
#[derive(Clone)]
pub struct TlsAccess(Arc<ServerConfig>);

impl fmt::Debug for TlsAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsAccess")
    }
}

/// Certificate, key or authority cannot be used. Never quotes them.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("netconf over tls: {what}: {why}")]
pub struct TlsAccessError {
    what: &'static str,
    why: String,
}

impl TlsAccess {
    /// A server of this identity, for clients that the authority signed and no others.
    ///
    /// # Errors
    /// One of them is not PEM, or certificate and key do not belong together.
    pub fn new(identity: &Identity, client_authority_pem: &[u8]) -> Result<Self, TlsAccessError> {
        let fail = |what, why: &dyn fmt::Display| TlsAccessError { what, why: why.to_string() };
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        for certificate in certificates("client authority", client_authority_pem)? {
            roots.add(certificate).map_err(|why| fail("client authority", &why))?;
        }
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .build()
            .map_err(|why| fail("client authority", &why))?;
        let chain = certificates("certificate", &identity.certificates_pem)?;
        let key = PrivateKeyDer::from_pem_slice(&identity.key_pem).map_err(|why| fail("key", &why))?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|why| fail("versions", &why))?
            .with_client_cert_verifier(clients)
            .with_single_cert(chain, key)
            .map_err(|why| fail("certificate and key", &why))?;
        config.max_fragment_size = Some(PIECE);
        Ok(Self(Arc::new(config)))
    }
}

fn certificates(what: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsAccessError> {
    let fail = |why: String| TlsAccessError { what, why };
    let all = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let all = all.map_err(|why| fail(why.to_string()))?;
    if all.is_empty() { Err(fail("no certificate in the PEM text".to_owned())) } else { Ok(all) }
}

/// Serves a router on a listener until `stop`; then all its sessions are cut.
pub async fn serve(router: Arc<Router>, listener: TcpListener, access: TlsAccess, stop: CancellationToken) {
    let acceptor = TlsAcceptor::from(access.0);
    let enter = |tcp, peer, cut| connection(router.clone(), tcp, peer, acceptor.clone(), cut);
    door::admit(&router, listener, &stop, enter).await;
}

async fn connection(
    router: Arc<Router>,
    tcp: TcpStream,
    peer: SocketAddr,
    acceptor: TlsAcceptor,
    cut: CancellationToken,
) {
    let shaken = tokio::select! {
        shaken = timeout(HANDSHAKE, acceptor.accept(tcp)) => shaken,
        () = cut.cancelled() => return,
    };
    let mut stream = match shaken {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::warn!(router = %router.name(), peer = %peer.ip(), %error, "tls handshake failed");
            return;
        }
        Err(_) => return,
    };
    let chain = stream.get_ref().1.peer_certificates();
    let Some(user) = chain.and_then(|chain| chain.first()).and_then(user_of) else {
        tracing::warn!(router = %router.name(), peer = %peer.ip(), "login refused: the certificate names nobody");
        return;
    };
    session::run(router, &mut stream, Client { user, host: peer.ip() }, cut).await;
    // A client that is gone hears no goodbye.
    let _ = timeout(GOODBYE, stream.shutdown()).await;
}

/// Whose certificate it is: the common name, or else the first other name that is a text (of the maps of RFC 7589, section 7, the ones
/// called common-name and san-any).
fn user_of(certificate: &CertificateDer<'static>) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let common = certificate.subject().iter_common_name().find_map(|name| name.as_str().ok());
    let user = match common {
        Some(name) => name.to_owned(),
        None => {
            let names = certificate.subject_alternative_name().ok()??;
            names.value.general_names.iter().find_map(|name| match name {
                GeneralName::RFC822Name(name) | GeneralName::DNSName(name) => Some((*name).to_owned()),
                _ => None,
            })?
        }
    };
    (!user.is_empty()).then_some(user)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

    use super::*;

    fn certificate(common: Option<&str>, others: &[&str]) -> CertificateDer<'static> {
        let others: Vec<String> = others.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(others).unwrap();
        params.distinguished_name = DistinguishedName::new();
        if let Some(name) = common {
            params.distinguished_name.push(DnType::CommonName, name);
        }
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    #[test]
    fn the_user_is_the_name_in_the_certificate() {
        assert_eq!(user_of(&certificate(Some("ops"), &["other.lab"])).as_deref(), Some("ops"));
        assert_eq!(user_of(&certificate(None, &["192.0.2.1", "ops.lab"])).as_deref(), Some("ops.lab"));
        assert_eq!(user_of(&certificate(None, &[])), None);
        assert_eq!(user_of(&CertificateDer::from(b"no certificate".to_vec())), None);
    }

    #[test]
    fn material_that_is_none_is_refused_without_quoting_it() {
        let identity = Identity { certificates_pem: b"c2VjcmV0".to_vec(), key_pem: Vec::new().into() };
        let error = TlsAccess::new(&identity, b"").unwrap_err().to_string();
        assert_eq!(error, "netconf over tls: client authority: no certificate in the PEM text");
    }
}
