//! The serving half without a datastore: a TLS listener that demands client certificates, with bounds, for any
//! implementation of [`GNmi`]. Requests are read with [`crate::get::Query`], [`crate::set::Changes`] and
//! [`crate::subscribe::Subscriptions`], paths matched with [`crate::pattern`], answers written with
//! [`crate::notice::Notice`].

use std::error::Error as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::{Connected, TcpConnectInfo};
use tonic::transport::{Certificate, Identity as TonicIdentity, Server, ServerTlsConfig};

use crate::proto::g_nmi_server::{GNmi, GNmiServer};
use crate::tls::Identity;

/// Bounds of a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ServerLimits {
    /// Time for a TLS handshake.
    pub handshake: Duration,
    /// Largest message that is taken, in bytes.
    pub receive: usize,
    /// Largest message that is sent, in bytes.
    pub send: usize,
    /// Most connections at once; a further one is closed.
    pub connections: usize,
    /// Most calls and subscriptions at once on one connection.
    pub streams: u32,
}

impl Default for ServerLimits {
    fn default() -> Self {
        let mib = 1024 * 1024;
        Self {
            handshake: Duration::from_secs(10),
            receive: 16 * mib,
            send: 16 * mib,
            connections: 16,
            streams: 64,
        }
    }
}

/// Why a server cannot run.
#[derive(Debug, Error)]
pub enum ServeError {
    /// Certificate, key or client authority cannot be used.
    #[error("gnmi server: certificate, key or client authority: {0}")]
    Tls(String),
    /// The listener failed.
    #[error("gnmi server: {0}")]
    Listener(String),
}

/// What a server shows and whom it lets in: clients with a certificate of `client_authority_pem`, no others.
/// [`serve`] uses it.
pub fn tls_config(identity: &Identity, client_authority_pem: &[u8], handshake: Duration) -> ServerTlsConfig {
    ServerTlsConfig::new()
        .identity(TonicIdentity::from_pem(&identity.certificates_pem, &identity.key_pem))
        .client_ca_root(Certificate::from_pem(client_authority_pem))
        .timeout(handshake)
}

/// Serves until `stop`. Then the listener closes and every connection is cut at once, calls in flight included, as if
/// the device had gone.
///
/// # Errors
/// The TLS material cannot be used, or the listener fails.
pub async fn serve<S: GNmi>(
    listener: TcpListener,
    tls: ServerTlsConfig,
    service: S,
    limits: ServerLimits,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let seats = Arc::new(Semaphore::new(limits.connections));
    let cut = stop.clone();
    let incoming = TcpListenerStream::new(listener).filter_map(move |tcp| {
        let admitted = match tcp {
            Err(error) => Some(Err(error)),
            Ok(tcp) => match seats.clone().try_acquire_owned() {
                Ok(seat) => Some(admit(tcp, seat, &cut)),
                Err(_) => {
                    tracing::debug!(limit = limits.connections, "connection refused: too many");
                    None
                }
            },
        };
        std::future::ready(admitted)
    });
    let service = GNmiServer::new(service)
        .max_decoding_message_size(limits.receive)
        .max_encoding_message_size(limits.send);
    Server::builder()
        .tls_config(tls)
        .map_err(|error| ServeError::Tls(reasons(&error)))?
        .max_concurrent_streams(limits.streams)
        .add_service(service)
        .serve_with_incoming_shutdown(incoming, stop.cancelled_owned())
        .await
        .map_err(|error| ServeError::Listener(reasons(&error)))
}

fn admit(tcp: TcpStream, seat: OwnedSemaphorePermit, stop: &CancellationToken) -> io::Result<Connection> {
    tcp.set_nodelay(true)?;
    Ok(Connection { tcp, stopped: Box::pin(stop.clone().cancelled_owned()), _seat: seat })
}

/// The whole chain of an error in one line.
fn reasons(error: &tonic::transport::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

/// A connection that breaks when the server stops.
struct Connection {
    tcp: TcpStream,
    stopped: Pin<Box<WaitForCancellationFutureOwned>>,
    _seat: OwnedSemaphorePermit,
}

impl Connection {
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.stopped.poll_unpin(cx) {
            Poll::Pending => Ok(()),
            Poll::Ready(()) => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the server stops")),
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.tcp.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
