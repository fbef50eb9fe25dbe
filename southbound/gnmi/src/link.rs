//! The connection beneath a session. It watches the bytes pass, so that the session knows when and why the connection
//! ended even where the layers above lose the reason, and it can be used for one connection only: a session never
//! reconnects behind its owner's back.

use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::device::trust::certificate_refused;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tonic::codegen::Service;
use tonic::transport::Uri;

/// How long to wait for a device that says nothing until we speak. Most speak first.
const GRACE: Duration = Duration::from_millis(250);

/// Why a connection ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct End {
    /// One side refused the certificate of the other.
    pub certificate: bool,
    /// In words.
    pub why: String,
}

impl End {
    pub(crate) fn of(error: &io::Error) -> Self {
        match certificate_refused(error) {
            Some(why) => Self { certificate: true, why },
            None => Self { certificate: false, why: error.to_string() },
        }
    }
}

/// What is known of a connection.
#[derive(Debug)]
pub(crate) struct Link {
    end: watch::Sender<Option<End>>,
}

impl Link {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { end: watch::Sender::new(None) })
    }

    /// The first reason stands.
    fn finish(&self, end: End) {
        self.end.send_if_modified(|known| {
            let news = known.is_none();
            known.get_or_insert(end);
            news
        });
    }

    pub(crate) fn ended(&self) -> Option<End> {
        self.end.borrow().clone()
    }

    pub(crate) async fn wait(&self) -> End {
        let mut seen = self.end.subscribe();
        let end = seen.wait_for(Option::is_some).await.ok().and_then(|end| end.clone());
        end.expect("the sender is held by self, and the wait is for a reason")
    }
}

/// A byte stream whose end is noted.
pub(crate) struct Watched<S> {
    inner: S,
    link: Arc<Link>,
}

impl<S> Watched<S> {
    pub(crate) fn new(inner: S, link: Arc<Link>) -> Self {
        Self { inner, link }
    }

    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.inspect_err(|error| self.link.finish(End::of(error)))
    }
}

impl<S> Drop for Watched<S> {
    fn drop(&mut self) {
        self.link.finish(End { certificate: false, why: "the session was closed".into() });
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut self.inner).poll_read(cx, buf));
        if result.is_ok() && buf.filled().len() == before && buf.remaining() > 0 {
            self.link.finish(End { certificate: false, why: "the device closed the connection".into() });
        }
        Poll::Ready(self.note(result))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.inner).poll_write(cx, buf));
        Poll::Ready(self.note(result))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = ready!(Pin::new(&mut self.inner).poll_flush(cx));
        Poll::Ready(self.note(result))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// Waits for the device's verdict on our certificate. In TLS 1.3 our side of the handshake is over before the device
/// has seen that certificate, and whatever we write after a refusal may reset the connection and lose the reason. So
/// we write nothing until the device's first words, which are the refusal or something harmless.
pub(crate) async fn await_verdict(stream: &mut TlsStream<TcpStream>) -> io::Result<()> {
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let (tcp, tls) = stream.get_mut();
    if tls.process_new_packets().map_err(invalid)?.plaintext_bytes_to_read() > 0 {
        return Ok(());
    }
    let mut bytes = [0; 4096];
    let first = timeout(GRACE, async {
        loop {
            tcp.readable().await?;
            match tcp.try_read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
        }
    });
    let Ok(count) = first.await else { return Ok(()) };
    let mut words = &bytes[..count?];
    if words.is_empty() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed right after the TLS handshake"));
    }
    while !words.is_empty() {
        tls.read_tls(&mut words)?;
        tls.process_new_packets().map_err(invalid)?;
    }
    Ok(())
}

/// Hands one connection to the channel, and refuses when asked again.
pub(crate) struct OneConnection<S>(pub Option<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Service<Uri> for OneConnection<S> {
    type Response = TokioIo<S>;
    type Error = io::Error;
    type Future = Ready<io::Result<TokioIo<S>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(
            self.0
                .take()
                .map(TokioIo::new)
                .ok_or_else(|| io::Error::new(io::ErrorKind::NotConnected, "the session has ended")),
        )
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use rustls_pki_types::ServerName;
    use rustls_pki_types::pem::PemObject;
    use tokio::net::TcpListener;
    use tokio_rustls::rustls::server::WebPkiClientVerifier;
    use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto::ring};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;
    use crate::tls::ClientTls;

    /// A device's TLS that wants client certificates, and a client that trusts it and has none.
    fn sides() -> (TlsAcceptor, TlsConnector) {
        let mut params = CertificateParams::new(vec![]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"));
        let authority = authority.expect("an authority");
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["r1".to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &authority).expect("a certificate");
        let key = rustls_pki_types::PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes());

        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone()).expect("an authority");
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_client_cert_verifier(verifier.expect("a verifier"))
            .with_single_cert(vec![certificate.der().clone()], key.expect("a key"))
            .expect("good material");
        let client = ClientTls::new(authority.pem().as_bytes(), None).expect("an authority");
        (TlsAcceptor::from(Arc::new(config)), TlsConnector::from(client.config().clone()))
    }

    #[tokio::test]
    async fn a_refusal_is_heard_before_anything_is_written() {
        let (acceptor, connector) = sides();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let tcp =
            TcpStream::connect(listener.local_addr().expect("its address")).await.expect("a connection");
        let device = tokio::spawn(async move {
            let (tcp, _) = listener.accept().await.expect("a connection");
            acceptor.accept(tcp).await.is_err()
        });
        let name = ServerName::try_from("r1").expect("a name");
        let mut stream = connector.connect(name, tcp).await.expect("our side of the handshake ends well");
        assert!(device.await.expect("no panic"), "the device refuses");
        let end = End::of(&await_verdict(&mut stream).await.expect_err("the refusal"));
        assert!(end.certificate && end.why.contains("wants a client certificate"), "{end:?}");
    }
}
