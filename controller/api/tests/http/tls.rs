//! Over `https://`: a client asks through a proxy whose certificate its authority signed, and through no other.

use std::{path::PathBuf, sync::Arc, time::Duration};

use api::{Client, ClientError, Token};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls_pki_types::PrivateKeyDer;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring},
};

use crate::fixture::{Fixture, event};

/// A TLS proxy in front of a controller, for the name `localhost`.
struct Proxy {
    base: String,
    /// The file of its authority.
    ca: PathBuf,
    folder: tempfile::TempDir,
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

impl Proxy {
    async fn before(fixture: &Fixture) -> Self {
        let authority = authority();
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let behind = fixture.base.strip_prefix("http://").unwrap().to_owned();
        tokio::spawn(relay(listener, TlsAcceptor::from(Arc::new(config)), behind));
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, authority.pem()).unwrap();
        Self { base: format!("https://localhost:{port}"), ca, folder }
    }
}

/// Passes connections on. As proxies do, it names the controller in `Host` by the address that it listens on.
async fn relay(listener: TcpListener, tls: TlsAcceptor, behind: String) {
    while let Ok((socket, _)) = listener.accept().await {
        let (tls, behind) = (tls.clone(), behind.clone());
        tokio::spawn(async move {
            // A client that does not trust us goes away here.
            let Ok(mut front) = tls.accept(socket).await else { return };
            let mut head = vec![0; 16 << 10];
            let length = front.read(&mut head).await.unwrap();
            let head = String::from_utf8(head[..length].to_vec()).unwrap();
            let (before, rest) = head.split_once("host: ").unwrap();
            let (_, after) = rest.split_once("\r\n").unwrap();
            let mut back = TcpStream::connect(&behind).await.unwrap();
            back.write_all(format!("{before}host: {behind}\r\n{after}").as_bytes()).await.unwrap();
            // It ends when either side does.
            let _ = tokio::io::copy_bidirectional(&mut front, &mut back).await;
        });
    }
}

#[tokio::test]
async fn a_controller_behind_a_tls_proxy_is_asked_and_told() {
    let fixture = Fixture::start().await;
    let proxy = Proxy::before(&fixture).await;
    let client = Client::trusting(&proxy.base, Token::parse(&fixture.token), Some(&proxy.ca)).unwrap();
    assert!(!client.state().await.unwrap().nodes.is_empty());
    client.adopt("over TLS").await.unwrap();
    let mut events = client.events(None).await.unwrap();
    fixture.events.send(event(6)).unwrap();
    let next = timeout(Duration::from_secs(10), events.next_event());
    assert_eq!(next.await.unwrap().unwrap(), Some(event(6)));
}

#[tokio::test]
async fn a_certificate_of_another_authority_or_name_is_refused_before_anything_is_asked() {
    let fixture = Fixture::start().await;
    let proxy = Proxy::before(&fixture).await;
    let other = proxy.folder.path().join("other.pem");
    std::fs::write(&other, authority().pem()).unwrap();
    let by_address = proxy.base.replace("localhost", "127.0.0.1");
    for (base, ca, words) in
        [(&proxy.base, &other, "--ca FILE"), (&by_address, &proxy.ca, "not made out to 127.0.0.1")]
    {
        let client = Client::trusting(base, Token::parse(&fixture.token), Some(ca)).unwrap();
        let error = client.adopt("never").await.unwrap_err();
        assert!(matches!(error, ClientError::Untrusted { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
    }
    assert!(fixture.asked.lock().await.is_empty(), "nothing reached the controller");
}

#[tokio::test]
async fn what_cannot_be_tls_is_said_so() {
    let fixture = Fixture::start().await;
    let proxy = Proxy::before(&fixture).await;
    let plain = fixture.base.replace("http://", "https://");
    let error = Client::trusting(&plain, None, Some(&proxy.ca)).unwrap().state().await.unwrap_err();
    assert!(error.to_string().contains("write http://"), "{error}");
    let error = Client::trusting(&fixture.base, None, Some(&proxy.ca)).unwrap_err().to_string();
    assert!(error.contains("or leave --ca out"), "{error}");
    let none = proxy.folder.path().join("none.pem");
    let error = Client::trusting(&proxy.base, None, Some(&none)).unwrap_err().to_string();
    assert!(error.contains("none.pem") && error.contains("--ca FILE"), "{error}");
    std::fs::write(&none, "no certificate").unwrap();
    let error = Client::trusting(&proxy.base, None, Some(&none)).unwrap_err().to_string();
    assert!(error.contains("it holds no certificate"), "{error}");
}
