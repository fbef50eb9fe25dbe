//! SSH: who may enter. Public keys, and passwords of those who were given one; a session that is let in gets the subsystem `netconf`
//! and nothing else.

use std::{borrow::Cow, fmt, net::SocketAddr, sync::Arc, time::Duration};

use netconf::ssh::Password;

use russh::{
    Channel, ChannelId, MethodKind, MethodSet,
    keys::{PrivateKey, PublicKey, decode_secret_key, key::safe_rng},
    server::{self, Auth, ChannelOpenHandle, Response, VerifiedPublicKey},
};
use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{door, seat::Client, session};
use crate::router::Router;

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
    /// The password that proves it; absent where no password does.
    pub password: Option<Password>,
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
    let by_password = access.users.iter().any(|user| user.password.is_some());
    let methods: &[MethodKind] = match by_password {
        true => &[MethodKind::PublicKey, MethodKind::Password, MethodKind::KeyboardInteractive],
        false => &[MethodKind::PublicKey],
    };
    let config = Arc::new(server::Config {
        methods: MethodSet::from(methods),
        keys: vec![access.host_key.0.clone()],
        auth_rejection_time: Duration::from_millis(200),
        auth_rejection_time_initial: Some(Duration::ZERO),
        max_auth_attempts: 4,
        inactivity_timeout: None,
        keepalive_interval: Some(Duration::from_secs(60)),
        ..server::Config::default()
    });
    let enter = |tcp, peer, cut| {
        let gate = Gate::new(router.clone(), access.users.clone(), peer, cut);
        connection(tcp, config.clone(), gate)
    };
    door::admit(&router, listener, &stop, enter).await;
}

async fn connection(tcp: TcpStream, config: Arc<server::Config>, gate: Gate) {
    let (cut, entered) = (gate.cut.clone(), gate.entered.clone());
    // The handler's session ends with this guard whichever way this function is left.
    let guard = cut.clone().drop_guard();
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

impl Gate {
    fn new(router: Arc<Router>, users: Arc<[User]>, peer: SocketAddr, cut: CancellationToken) -> Self {
        Self { router, users, peer, user: None, channel: None, cut, entered: CancellationToken::new() }
    }

    fn judge(&mut self, user: &str, is_proved: impl Fn(&User) -> bool) -> Auth {
        if self.users.iter().any(|known| known.name == user && is_proved(known)) {
            self.user = Some(user.to_owned());
            return Auth::Accept;
        }
        tracing::warn!(router = %self.router.name(), peer = %self.peer.ip(), "login refused: unknown user, key or password");
        Auth::reject()
    }
}

fn is_password(given: &[u8]) -> impl Fn(&User) -> bool {
    move |known| known.password.as_ref().is_some_and(|password| password.reveal().as_bytes() == given)
}

impl server::Handler for Gate {
    type Error = russh::Error;

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        let key = key.public_key.key_data();
        Ok(self.judge(user, |known| known.keys.iter().any(|known| known.key_data() == key)))
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        Ok(self.judge(user, is_password(password.as_bytes())))
    }

    /// Asks for the password (RFC 4256).
    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let Some(mut answers) = response else {
            let prompts = vec![(Cow::Borrowed("Password: "), false)];
            return Ok(Auth::Partial { name: "".into(), instructions: "".into(), prompts: prompts.into() });
        };
        let answer = answers.next().unwrap_or_default();
        Ok(self.judge(user, is_password(&answer)))
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
