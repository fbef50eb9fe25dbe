//! The server: one socket on loopback, every request through one gate.

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use crate::{Origin, Token, asked::Context, gate::gate, guard::Guard, stall::Stall, stream};
use engine::handle::Engine;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

/// Connections at a time.
const CONNECTIONS: usize = 256;
/// A peer that does not take a byte for so long is dropped.
const STALL: Duration = Duration::from_secs(20);
/// The head of a request must be there by then; a connection that asks nothing for so long is closed, so that idle ones do not
/// stand in the way of the stop switch.
const HEAD: Duration = Duration::from_secs(5);
/// The same for connections that come when half of all are taken: what asks nothing then makes room for what does.
const HURRIED_HEAD: Duration = Duration::from_millis(500);
/// Requests under way get so long when the server stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why the server cannot serve.
#[derive(Debug, Error)]
pub enum ApiError {
    /// Another address than loopback was asked for.
    #[error(
        "{0} is not a loopback address: the API has no TLS yet and serves this machine only; use 127.0.0.1:{port}",
        port = .0.port()
    )]
    NotLoopback(SocketAddr),
    /// The socket cannot be had.
    #[error(
        "cannot listen on {address}: {why}; is another controller running? choose another address with `--listen`"
    )]
    Bind {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        why: io::Error,
    },
}

/// A server that does not listen yet.
#[derive(Debug)]
pub struct Server {
    engine: Engine,
    journal: store::Journal,
    token: Token,
    hosts: Vec<String>,
    outer: Option<Origin>,
}

impl Server {
    /// A server in front of an engine. `journal` takes the audit log.
    pub fn new(engine: Engine, journal: store::Journal, token: Token) -> Self {
        Self { engine, journal, token, hosts: Vec::new(), outer: None }
    }

    /// Answers to another name too, given as `name:port`. It always answers to `127.0.0.1`, `localhost` and the address
    /// that it listens on.
    #[must_use]
    pub fn also_named(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into().to_ascii_lowercase());
        self
    }

    /// Lets pages of this origin ask too: those of the dashboard, as a TLS proxy in front shows it. The proxy still has to name one of
    /// the server's own names in `Host`.
    #[must_use]
    pub fn shown_at(mut self, origin: Option<Origin>) -> Self {
        self.outer = origin;
        self
    }

    /// Listens. Port 0 takes any free port.
    ///
    /// # Errors
    /// The address is not of loopback, or cannot be had.
    pub async fn bind(self, listen: SocketAddr) -> Result<Bound, ApiError> {
        if !listen.ip().is_loopback() {
            return Err(ApiError::NotLoopback(listen));
        }
        let bind_error = |why| ApiError::Bind { address: listen, why };
        let listener = TcpListener::bind(listen).await.map_err(bind_error)?;
        let address = listener.local_addr().map_err(bind_error)?;
        let port = address.port();
        let mut hosts = vec![format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        if !hosts.contains(&address.to_string()) {
            hosts.push(address.to_string());
        }
        if port == 80 {
            hosts.extend(["127.0.0.1".to_owned(), "localhost".to_owned()]);
        }
        hosts.extend(self.hosts);
        let context = Context {
            engine: self.engine,
            journal: self.journal,
            guard: Guard { hosts, outer: self.outer, token: self.token },
            stop: CancellationToken::new(),
            streams: Arc::new(Semaphore::new(stream::STREAMS)),
        };
        Ok(Bound { listener, address, context: Arc::new(context) })
    }

    /// Listens and serves until `shutdown`.
    ///
    /// # Errors
    /// As [`Server::bind`].
    pub async fn serve(self, listen: SocketAddr, shutdown: impl Future<Output = ()>) -> Result<(), ApiError> {
        self.bind(listen).await?.run(shutdown).await;
        Ok(())
    }
}

/// A server that listens.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    context: Arc<Context>,
}

impl Bound {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`; then streams end, and requests under way get two seconds.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let stop = self.context.stop.clone();
        let permits = Arc::new(Semaphore::new(CONNECTIONS));
        let graceful = GracefulShutdown::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let permit = tokio::select! {
                () = &mut shutdown => break,
                permit = permits.clone().acquire_owned() => permit.expect("the semaphore is never closed"),
            };
            let accepted = tokio::select! {
                () = &mut shutdown => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, _)) => {
                    let head = head_within(permits.available_permits());
                    let served = serve_connection(socket, head, self.context.clone(), &graceful);
                    tokio::spawn(async move {
                        served.await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    // For instance: no file descriptors left. Trying at once would spin.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        drop(self.listener);
        stop.cancel();
        if tokio::time::timeout(FAREWELL, graceful.shutdown()).await.is_err() {
            tracing::info!("connections that did not end in time were closed");
        }
    }
}

/// How long a connection may ask nothing, where so many more could come.
const fn head_within(free: usize) -> Duration {
    if free < CONNECTIONS / 2 { HURRIED_HEAD } else { HEAD }
}

fn serve_connection(
    socket: TcpStream,
    head: Duration,
    context: Arc<Context>,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + 'static {
    // Events are small and should not wait for the next one.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    // HTTP/1 alone: where the version is still to be guessed, no deadline holds for the first bytes.
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(64 << 10);
    let service = TowerToHyperService::new(warp::service(gate(context)));
    let connection = builder.serve_connection(TokioIo::new(Stall::new(socket, STALL)), service).into_owned();
    let watched = graceful.watch(connection);
    async move {
        if let Err(error) = watched.await {
            tracing::debug!(error = %error, "a connection ended");
        }
    }
}
