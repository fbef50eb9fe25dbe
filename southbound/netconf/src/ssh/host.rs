//! An SSH server in this process, for tests: it lets one key in, or a password, and hands each NETCONF channel to the test.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use russh::keys::key::safe_rng;
use russh::keys::{Algorithm, HashAlg, PrivateKey};
use russh::server::{self, Auth, ChannelOpenHandle, Response, VerifiedPublicKey};
use russh::{Channel, ChannelId, MethodKind, MethodSet};
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

/// The password that lets in where passwords do.
pub(super) const PASSWORD: &str = "correct horse";

/// The password at which the device closes the connection.
pub(super) const CUT: &str = "cut";

/// How a device lets people in, beside by the one key.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub(super) methods: &'static [MethodKind],
    /// What it asks one after the other, where it asks questions; and whether the answer is echoed.
    pub(super) asks: &'static [&'static [(&'static str, bool)]],
    /// The key is not enough.
    pub(super) wants_both: bool,
}

pub(super) const KEYS: Way = Way { methods: &[MethodKind::PublicKey], asks: &[], wants_both: false };

/// What people showed, in order.
pub(super) type Log = Arc<Mutex<Vec<String>>>;

/// Lets in, grants the subsystem `netconf`, hands its channel to the test.
struct Gate {
    allowed: Arc<PrivateKey>,
    way: Way,
    log: Log,
    /// Questions that were asked.
    asked: usize,
    subsystem: bool,
    channels: Channels,
    channel: Option<Channel<server::Msg>>,
}

impl Gate {
    fn note(&self, what: String) {
        self.log.lock().unwrap().push(what);
    }

    /// The next questions, where there are more.
    fn ask(&mut self) -> Option<Auth> {
        let questions = self.way.asks.get(self.asked)?;
        self.asked += 1;
        let prompts: Vec<_> = questions.iter().map(|(text, echo)| (Cow::Borrowed(*text), *echo)).collect();
        Some(Auth::Partial { name: "".into(), instructions: "".into(), prompts: Cow::Owned(prompts) })
    }
}

impl server::Handler for Gate {
    type Error = russh::Error;

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        self.note("key".into());
        let known = key.public_key.key_data() == self.allowed.public_key().key_data() && user == "trunkline";
        Ok(match known {
            true if self.way.wants_both => Auth::Reject {
                proceed_with_methods: Some(MethodSet::from(&[MethodKind::Password][..])),
                partial_success: true,
            },
            true => Auth::Accept,
            false => Auth::reject(),
        })
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        self.note(format!("password {password}"));
        if password == CUT {
            return Err(russh::Error::Disconnect);
        }
        let known = password == PASSWORD && user == "trunkline";
        Ok(if known { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let Some(answers) = response else {
            return Ok(self.ask().unwrap_or_else(Auth::reject));
        };
        let answers: Vec<String> =
            answers.map(|answer| String::from_utf8(answer.to_vec()).unwrap()).collect();
        self.note(format!("answers {answers:?}"));
        if answers.iter().any(|answer| answer != PASSWORD) {
            return Ok(Auth::reject());
        }
        Ok(self.ask().unwrap_or(Auth::Accept))
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
    pub(super) log: Log,
    pub(crate) channels: mpsc::UnboundedReceiver<Channel<server::Msg>>,
    _tasks: JoinSet<()>,
}

impl Device {
    pub(crate) async fn start(host_keys: Vec<PrivateKey>, subsystem: bool) -> Self {
        Self::letting_in(KEYS, host_keys, subsystem).await
    }

    pub(super) async fn letting_in(way: Way, host_keys: Vec<PrivateKey>, subsystem: bool) -> Self {
        let login = Arc::new(new_key());
        let log = Log::default();
        let config = Arc::new(server::Config {
            methods: MethodSet::from(way.methods),
            keys: host_keys.clone(),
            auth_rejection_time: Duration::from_millis(1),
            ..server::Config::default()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (channels, accepted) = mpsc::unbounded_channel();
        let (allowed, shown) = (Arc::clone(&login), Arc::clone(&log));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let gate = Gate {
                    allowed: Arc::clone(&allowed),
                    way,
                    log: Arc::clone(&shown),
                    asked: 0,
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
        Self { address, host_keys, login, log, channels: accepted, _tasks: tasks }
    }

    pub(crate) async fn usual() -> Self {
        Self::start(vec![new_key()], true).await
    }

    pub(crate) fn target(&self) -> SshTarget {
        let key = LoginKey(Arc::clone(&self.login));
        SshTarget::new(self.address.clone(), pin_of(&self.host_keys[0]), "trunkline", key)
    }
}
