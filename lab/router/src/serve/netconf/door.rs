//! Connections of a listener, bounded in number, until it is stopped.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::router::Router;

/// Most connections of one listener at once; more are closed.
const MAX_CONNECTIONS: usize = 32;

/// Takes connections until `stop`; then all of them are cut. Each gets a token of its own, which `stop` cancels too.
pub(super) async fn admit<F, C>(
    router: &Router,
    listener: TcpListener,
    stop: &CancellationToken,
    connection: F,
) where
    F: Fn(TcpStream, SocketAddr, CancellationToken) -> C,
    C: Future<Output = ()> + Send + 'static,
{
    let seats = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
            Some(_ended) = connections.join_next() => continue,
        };
        let Ok((tcp, peer)) = accepted else {
            // Out of file descriptors, say: an accept that fails at once must not spin.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(seat) = seats.clone().try_acquire_owned() else {
            tracing::debug!(router = %router.name(), "connection closed: too many");
            continue;
        };
        // Without it the second of two answers waits for the client's delayed acknowledgement of the first. A socket that cannot
        // do it still works.
        let _ = tcp.set_nodelay(true);
        let connection = connection(tcp, peer, stop.child_token());
        connections.spawn(async move {
            connection.await;
            drop(seat);
        });
    }
    connections.shutdown().await;
}
