//! A device over TLS in this process, for tests: an authority with its certificates, and a listener that wants one of the client and
//! hands each stream to the test.

use std::sync::Arc;

use device::trust::{CertificatePin, ClientTls, Identity};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{
    ALL_VERSIONS, RootCertStore, ServerConfig, SupportedProtocolVersion, crypto::ring,
};
use tokio_rustls::{TlsAcceptor, server};

use super::TlsTarget;

/// The name that the device's certificate is for.
pub(crate) const NAME: &str = "r1.lab";

/// An authority that signs devices and clients.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "lab authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    pub(crate) fn identity(&self, name: &str) -> Identity {
        self.identity_with(name, |_| ())
    }

    /// One with something special about it.
    pub(crate) fn identity_with(&self, name: &str, special: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        special(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity {
            certificates_pem: certificate.pem().into_bytes(),
            key_pem: key.serialize_pem().into_bytes().into(),
        }
    }

    /// The trust of a client that this authority signed.
    pub(crate) fn client(&self) -> ClientTls {
        ClientTls::new(&self.pem(), Some(&self.identity("controller"))).unwrap()
    }

    fn acceptor(&self, identity: &Identity, versions: Versions) -> TlsAcceptor {
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(&identity.certificates_pem).map(Result::unwrap).collect();
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_client_cert_verifier(verifier.unwrap())
            .with_single_cert(chain, PrivateKeyDer::from_pem_slice(&identity.key_pem).unwrap());
        TlsAcceptor::from(Arc::new(config.unwrap()))
    }
}

/// Versions of TLS.
pub(crate) type Versions = &'static [&'static SupportedProtocolVersion];
/// The device's end of a connection.
pub(crate) type Stream = server::TlsStream<TcpStream>;

/// A device on a loopback port of its own.
pub(crate) struct Device {
    pub(crate) address: String,
    pub(crate) authority: Authority,
    pub(crate) pin: CertificatePin,
    /// Connections whose certificate was taken.
    pub(crate) streams: mpsc::UnboundedReceiver<Stream>,
    _tasks: JoinSet<()>,
}

impl Device {
    pub(crate) async fn usual() -> Self {
        Self::speaking(ALL_VERSIONS).await
    }

    pub(crate) async fn speaking(versions: Versions) -> Self {
        let authority = Authority::new();
        let identity = authority.identity(NAME);
        Self::start(authority, &identity, versions).await
    }

    pub(crate) async fn start(authority: Authority, identity: &Identity, versions: Versions) -> Self {
        let acceptor = authority.acceptor(identity, versions);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (accepted, streams) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut handshakes = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let (acceptor, accepted) = (acceptor.clone(), accepted.clone());
                handshakes.spawn(async move {
                    // Who refuses whom is for the test to see at the client.
                    if let Ok(stream) = acceptor.accept(tcp).await {
                        // A test that is over takes no more streams.
                        let _ = accepted.send(stream);
                    }
                });
            }
        });
        let pin = CertificatePin::of_pem(&identity.certificates_pem).unwrap();
        Self { address, authority, pin, streams, _tasks: tasks }
    }

    pub(crate) fn target(&self) -> TlsTarget {
        self.target_with(self.authority.client())
    }

    pub(crate) fn target_with(&self, tls: ClientTls) -> TlsTarget {
        TlsTarget::new(self.address.clone(), NAME, tls)
    }
}
