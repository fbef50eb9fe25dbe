//! SSH: who may enter. Public keys only; a session that is let in gets the subsystem `netconf` and nothing else.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use russh::{
    Channel, ChannelId, MethodKind, MethodSet,
    keys::{PrivateKey, PublicKey, decode_secret_key, key::safe_rng},
    server::{self, Auth, ChannelOpenHandle, VerifiedPublicKey},
};
use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{seat::Client, session};
use crate::router::Router;

/// Most connections of one router at once; more are closed.
const MAX_CONNECTIONS: usize = 32;
/// Time from TCP to the subsystem. Somebody who does not log in goes.
const LOGIN: Duration = Duration::from_secs(20);

/// The router's own key.
#[derive(Clone)]
pub struct HostKey(PrivateKey);

impl fmt::Debug for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostKey")
    }
}

/// A text that is no host key. Says nothing of the key.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the text is no private key in OpenSSH or PKCS#8 form without passphrase")]
pub struct HostKeyError;

impl HostKey {
    /// Reads the key from the text of its file.
    ///
    /// # Errors
    /// When it is no private key.
    pub fn from_text(text: &str) -> Result<Self, HostKeyError> {
        decode_secret_key(text, None).map(Self).map_err(|_| HostKeyError)
    }

    /// A new Ed25519 key.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn random() -> Result<Self, HostKeyError> {
        PrivateKey::random(&mut safe_rng(), russh::keys::Algorithm::Ed25519)
            .map(Self)
            .map_err(|_| HostKeyError)
    }

    /// The fingerprint that clients pin: `SHA256:…`.
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint(russh::keys::HashAlg::Sha256).to_string()
    }
}

/// Somebody who may log in.
#[derive(Clone, Debug)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The keys that prove it.
    pub keys: Vec<PublicKey>,
}

/// What the server shows and whom it lets in.
#[derive(Clone, Debug)]
pub struct Access {
    /// Its key.
    pub host_key: HostKey,
    /// Its users.
    pub users: Arc<[User]>,
}

/// Serves a router on a listener until `stop`; then all its sessions are cut.
pub async fn serve(router: Arc<Router>, listener: TcpListener, access: Access, stop: CancellationToken) {
    let config = Arc::new(server::Config {
        methods: MethodSet::from([MethodKind::PublicKey].as_slice()),
        keys: vec![access.host_key.0.clone()],
        auth_rejection_time: Duration::from_millis(200),
        auth_rejection_time_initial: Some(Duration::ZERO),
        max_auth_attempts: 4,
        inactivity_timeout: None,
        keepalive_interval: Some(Duration::from_secs(60)),
        ..server::Config::default()
    });
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
        let (config, users) = (config.clone(), access.users.clone());
        let (router, cut) = (router.clone(), stop.child_token());
        // The configuration's own word for this is not heard where the socket is ours. Without it the second of two answers
        // waits for the client's delayed acknowledgement of the first. A socket that cannot do it still works.
        let _ = tcp.set_nodelay(true);
        connections.spawn(async move {
            connection(router, tcp, peer, config, users, cut).await;
            drop(seat);
        });
    }
    connections.shutdown().await;
}

async fn connection(
    router: Arc<Router>,
    tcp: TcpStream,
    peer: SocketAddr,
    config: Arc<server::Config>,
    users: Arc<[User]>,
    cut: CancellationToken,
) {
    // The handler's session ends with this guard whichever way this function is left.
    let guard = cut.clone().drop_guard();
    let entered = CancellationToken::new();
    let gate =
        Gate { router, users, peer, user: None, channel: None, cut: cut.clone(), entered: entered.clone() };
    let Ok(Ok(mut running)) = timeout(LOGIN, server::run_stream(config, tcp, gate)).await else { return };
    tokio::select! {
        _ = &mut running => {}
        () = cut.cancelled() => {}
        late = timeout(LOGIN, entered.cancelled()) => {
            if late.is_ok() {
                tokio::select! {
                    _ = &mut running => {}
                    () = cut.cancelled() => {}
                }
            }
        }
    }
    let reason = russh::Disconnect::ByApplication;
    let ssh = running.handle();
    // A peer that is gone hears no goodbye.
    let _ = timeout(Duration::from_secs(1), ssh.disconnect(reason, String::new(), "en".into())).await;
    drop(guard);
}

/// One connection's way in.
struct Gate {
    router: Arc<Router>,
    users: Arc<[User]>,
    peer: SocketAddr,
    user: Option<String>,
    channel: Option<Channel<server::Msg>>,
    cut: CancellationToken,
    entered: CancellationToken,
}

impl server::Handler for Gate {
    type Error = russh::Error;

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        let known = self.users.iter().filter(|known| known.name == user).flat_map(|known| &known.keys);
        if known.into_iter().any(|known| known.key_data() == key.public_key.key_data()) {
            self.user = Some(user.to_owned());
            return Ok(Auth::Accept);
        }
        tracing::warn!(router = %self.router.name(), peer = %self.peer.ip(), "login refused: unknown user or key");
        Ok(Auth::reject())
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<server::Msg>,
        reply: ChannelOpenHandle,
        _: &mut server::Session,
    ) -> Result<(), russh::Error> {
        self.channel = Some(channel);
        reply.accept().await;
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        name: &str,
        ssh: &mut server::Session,
    ) -> Result<(), russh::Error> {
        let (Some(channel), Some(user)) = (self.channel.take_if(|c| c.id() == id), &self.user) else {
            return ssh.channel_failure(id);
        };
        if name != "netconf" {
            return ssh.channel_failure(id);
        }
        ssh.channel_success(id)?;
        self.entered.cancel();
        let client = Client { user: user.clone(), host: self.peer.ip() };
        let (router, cut) = (self.router.clone(), self.cut.clone());
        tokio::spawn(async move {
            session::run(router, channel.into_stream(), client, cut.clone()).await;
            // One session per connection: its end is the connection's.
            cut.cancel();
        });
        Ok(())
    }
}
