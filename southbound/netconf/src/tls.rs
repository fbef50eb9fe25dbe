//! The other secure transport: NETCONF over TLS (RFC 7589), client side.
//!
//! The device proves who it is by a certificate, and we prove who we are by ours: the user is the name in it (section 7), so there
//! is no login. By what a device is known is a part of [`ClientTls`], and there is none without.

mod error;

#[cfg(test)]
pub(crate) mod host;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use device::trust::{ClientTls, certificate_refused};
use rustls_pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::{TlsConnector, client};

use crate::message::Notification;
use crate::session::{Options, Session};
pub use error::{ConnectError, Stage};

/// Where to connect, whom to expect there, and who we are.
#[derive(Clone, Debug)]
pub struct TlsTarget {
    /// `host:port`; the usual port is 6513.
    pub address: String,
    /// The name or address that the device's certificate must be for. Where the certificate itself is pinned, no more than the
    /// name that is asked for.
    pub server_name: String,
    /// By what the device is known, and our certificate.
    pub tls: ClientTls,
    /// After so long without a word from the device, ask its TCP whether it is there; after three unanswered questions the
    /// session ends. NETCONF over TLS has no question of its own for that. `None` never asks.
    pub keepalive: Option<Duration>,
}

impl TlsTarget {
    /// A target with a keepalive of 15 seconds.
    pub fn new(address: impl Into<String>, server_name: impl Into<String>, tls: ClientTls) -> Self {
        let keepalive = Some(Duration::from_secs(15));
        Self { address: address.into(), server_name: server_name.into(), tls, keepalive }
    }
}

/// How long to wait for a device that does not speak first, as every NETCONF device must (RFC 6241, section 8.1).
const GRACE: Duration = Duration::from_secs(2);
/// Questions without an answer after which TCP gives a device up.
const QUESTIONS: u32 = 3;

/// Opens a session: connection, handshake and hellos, all before `deadline`.
///
/// # Errors
/// [`ConnectError`], which tells these apart.
pub async fn connect(
    target: &TlsTarget,
    options: &Options,
    deadline: Instant,
) -> Result<(Session, mpsc::Receiver<Notification>), ConnectError> {
    let stream = dial(target, deadline).await?;
    let opened = Session::open(stream, options, deadline).await;
    opened.map_err(|source| ConnectError::Open { address: target.address.clone(), source })
}

/// Connects, and gives the byte stream once both sides have accepted each other's certificate.
///
/// # Errors
/// Any [`ConnectError`] but [`ConnectError::Open`].
pub async fn dial(target: &TlsTarget, deadline: Instant) -> Result<TlsStream, ConnectError> {
    let address = || target.address.clone();
    let late = |stage| ConnectError::Deadline { address: address(), stage };
    let name = ServerName::try_from(target.server_name.clone())
        .map_err(|_| ConnectError::BadName { address: address(), name: target.server_name.clone() })?;
    let tcp = timeout_at(deadline, TcpStream::connect(&target.address)).await;
    let tcp = tcp.map_err(|_| late(Stage::Connect))?;
    let tcp = tcp.map_err(|source| ConnectError::Unreachable { address: address(), source })?;
    // Requests are small and waited for; a socket that cannot do this still works.
    let _ = tcp.set_nodelay(true);
    if let Some(after) = target.keepalive {
        keep_alive(&tcp, after);
    }
    let shaken = timeout_at(deadline, shake(target, name, tcp)).await;
    let shaken = shaken.map_err(|_| late(Stage::Handshake))?;
    shaken.map_err(|source| match certificate_refused(&source) {
        Some(why) => ConnectError::CertificateRefused { address: address(), why },
        None => ConnectError::Tls { address: address(), source },
    })
}

async fn shake(target: &TlsTarget, name: ServerName<'static>, tcp: TcpStream) -> io::Result<TlsStream> {
    let connector = TlsConnector::from(Arc::clone(target.tls.config()));
    let mut stream = connector.connect(name, tcp).await?;
    await_verdict(&mut stream).await?;
    Ok(TlsStream(stream))
}

fn keep_alive(tcp: &TcpStream, after: Duration) {
    let questions = TcpKeepalive::new().with_time(after).with_interval(after).with_retries(QUESTIONS);
    // As above.
    let _ = SockRef::from(tcp).set_tcp_keepalive(&questions);
}

/// Waits for the device's first words. In TLS 1.3 our side of the handshake is over before the device has seen our certificate,
/// and what we write after a refusal may reset the connection and lose the reason.
async fn await_verdict(stream: &mut client::TlsStream<TcpStream>) -> io::Result<()> {
    match timeout(GRACE, stream.fill_buf()).await {
        Ok(Err(error)) => Err(error),
        Ok(Ok([])) => {
            Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the device closed right after the handshake"))
        }
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}

/// The byte stream of a session. Dropping it closes the connection.
pub struct TlsStream(client::TlsStream<TcpStream>);

impl fmt::Debug for TlsStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsStream")
    }
}

/// Says that it ends (RFC 8446, section 6.1), as far as the socket takes it at once: nobody waits here.
impl Drop for TlsStream {
    fn drop(&mut self) {
        let (tcp, tls) = self.0.get_mut();
        tls.send_close_notify();
        let mut last = Vec::new();
        while tls.wants_write() && tls.write_tls(&mut last).is_ok() {}
        // A device that is gone hears no goodbye.
        let _ = tcp.try_write(&last);
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
