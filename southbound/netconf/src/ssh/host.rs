//! An SSH server in this process, for tests: it lets one key in and hands each NETCONF channel to the test.

use std::sync::Arc;
use std::time::Duration;

use russh::keys::key::safe_rng;
use russh::keys::{Algorithm, HashAlg, PrivateKey};
use russh::server::{self, Auth, ChannelOpenHandle, VerifiedPublicKey};
use russh::{Channel, ChannelId};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{HostKeyPin, LoginKey, SshTarget};

pub(crate) fn new_key() -> PrivateKey {
    PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).unwrap()
}

pub(super) fn pin_of(key: &PrivateKey) -> HostKeyPin {
    key.fingerprint(HashAlg::Sha256).to_string().parse().unwrap()
}

type Channels = mpsc::UnboundedSender<Channel<server::Msg>>;

/// Lets the one key in, grants the subsystem `netconf`, hands its channel to the test.
struct Gate {
    allowed: Arc<PrivateKey>,
    subsystem: bool,
    channels: Channels,
    channel: Option<Channel<server::Msg>>,
}

impl server::Handler for Gate {
    type Error = russh::Error;

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        let known = key.public_key.key_data() == self.allowed.public_key().key_data();
        Ok(if known && user == "trunkline" { Auth::Accept } else { Auth::reject() })
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
        session: &mut server::Session,
    ) -> Result<(), russh::Error> {
        if name != "netconf" || !self.subsystem {
            return session.channel_failure(id);
        }
        session.channel_success(id)?;
        if let Some(channel) = self.channel.take() {
            // A test that is over takes no more channels.
            let _ = self.channels.send(channel);
        }
        Ok(())
    }
}

/// A server on a loopback port of its own.
pub(crate) struct Device {
    pub(super) address: String,
    pub(super) host_keys: Vec<PrivateKey>,
    login: Arc<PrivateKey>,
    pub(crate) channels: mpsc::UnboundedReceiver<Channel<server::Msg>>,
    _tasks: JoinSet<()>,
}

impl Device {
    pub(crate) async fn start(host_keys: Vec<PrivateKey>, subsystem: bool) -> Self {
        let login = Arc::new(new_key());
        let config = Arc::new(server::Config {
            keys: host_keys.clone(),
            auth_rejection_time: Duration::from_millis(1),
            ..server::Config::default()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (channels, accepted) = mpsc::unbounded_channel();
        let allowed = Arc::clone(&login);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let gate = Gate {
                    allowed: Arc::clone(&allowed),
                    subsystem,
                    channels: channels.clone(),
                    channel: None,
                };
                let config = Arc::clone(&config);
                connections.spawn(async move {
                    if let Ok(running) = server::run_stream(config, tcp, gate).await {
                        let _ = running.await;
                    }
                });
            }
        });
        Self { address, host_keys, login, channels: accepted, _tasks: tasks }
    }

    pub(crate) async fn usual() -> Self {
        Self::start(vec![new_key()], true).await
    }

    pub(crate) fn target(&self) -> SshTarget {
        let key = LoginKey(Arc::clone(&self.login));
        SshTarget::new(self.address.clone(), pin_of(&self.host_keys[0]), "trunkline", key)
    }
}
