//! The secure transport: NETCONF over SSH (RFC 6242, section 3), client side.
//!
//! The device proves who it is by a host key that was pinned beforehand, and the pin is a required argument.
//! There is no first-use trust and no way around it. A device may hold host keys of several kinds while the pin
//! is of one, so a key that does not match makes the client ask for the next kind; only when the device has no
//! more to show is it called another device, with every fingerprint that it showed.

mod cut;
mod error;
mod identity;
pub mod keys;
mod login;

#[cfg(test)]
pub(crate) mod host;
#[cfg(test)]
mod tests;

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use russh::client::{Config, Handle, Handler, Msg};
use russh::keys::ssh_key::Fingerprint;
use russh::keys::{Algorithm, HashAlg, PublicKeyOrCertificate};
use russh::{AlgorithmKind, ChannelMsg, ChannelStream, Preferred};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::message::Notification;
use crate::session::{Options, Session};
use cut::Cut;
pub use device::account::Account;
pub use device::secret::{BadPassword, Password};
pub use error::{ConnectError, Stage};
pub use identity::{BadKey, BadPin, HostKeyPin, LoginKey, Proof};

/// Where to connect, whom to expect there, and as whom to log in.
#[derive(Clone, Debug)]
pub struct SshTarget {
    /// `host:port`.
    pub address: String,
    /// The host key to expect.
    pub host_key: HostKeyPin,
    /// User name.
    pub user: String,
    /// What logs the user in.
    pub proof: Proof,
    /// After so long without a word from the device, ask whether it is alive; after three unanswered questions
    /// the session ends. `None` never asks.
    pub keepalive: Option<Duration>,
    /// What is known of the account, on this device and on others.
    pub account: Account,
}

impl SshTarget {
    /// A target with a keepalive of 15 seconds.
    pub fn new(
        address: impl Into<String>,
        host_key: HostKeyPin,
        user: impl Into<String>,
        proof: impl Into<Proof>,
    ) -> Self {
        let keepalive = Some(Duration::from_secs(15));
        let (address, account) = (address.into(), Account::default());
        Self { address, host_key, user: user.into(), proof: proof.into(), keepalive, account }
    }

    /// It logs in with the same account as others, and learns from their refusals.
    #[must_use]
    pub fn sharing(self, account: Account) -> Self {
        Self { account, ..self }
    }
}

/// Opens a session: connection, login, subsystem and hellos, all before `deadline`.
///
/// # Errors
/// [`ConnectError`], which tells these apart.
pub async fn connect(
    target: &SshTarget,
    options: &Options,
    deadline: Instant,
) -> Result<(Session, mpsc::Receiver<Notification>), ConnectError> {
    let stream = dial(target, deadline).await?;
    let opened = Session::open(stream, options, deadline).await;
    opened.map_err(|source| ConnectError::Open { address: target.address.clone(), source })
}

/// Opens the NETCONF subsystem over SSH and gives its byte stream.
///
/// # Errors
/// Any [`ConnectError`] but [`ConnectError::Open`].
pub async fn dial(target: &SshTarget, deadline: Instant) -> Result<SshStream, ConnectError> {
    let mut attempt = Attempt { target, deadline };
    if let Some(held) = target.account.held(&target.address, now()) {
        return Err(attempt.held(held));
    }
    let (handle, cut) = attempt.authenticated_host().await?;
    let handle = attempt.login(handle).await?;
    let (stream, early) = attempt.subsystem(&handle).await?;
    Ok(SshStream { stream, early, _handle: handle, _cut: cut })
}

/// The moment by which refused logins are counted.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}

type SshHandle = Handle<PinnedHost>;

/// One attempt to open a connection.
struct Attempt<'a> {
    target: &'a SshTarget,
    deadline: Instant,
}

impl Attempt<'_> {
    /// Connects until the pinned key is shown, trying each kind of host key that the device has.
    async fn authenticated_host(&mut self) -> Result<(SshHandle, DropGuard), ConnectError> {
        let mut kinds: Vec<Algorithm> = Preferred::DEFAULT.key.to_vec();
        let mut presented = Vec::new();
        loop {
            let token = CancellationToken::new();
            let guard = token.clone().drop_guard();
            let tcp = self.within(Stage::Connect, TcpStream::connect(&self.target.address)).await?;
            let tcp = tcp.map_err(|source| ConnectError::Unreachable { address: self.address(), source })?;
            // Requests are small and waited for; a socket that cannot do this still works.
            let _ = tcp.set_nodelay(true);
            let shown = Arc::new(OnceLock::new());
            let host = PinnedHost { pin: self.target.host_key, shown: Arc::clone(&shown) };
            let config = Arc::new(self.config(kinds.clone()));
            let exchange = russh::client::connect_stream(config, Cut::new(tcp, &token), host);
            let error = match self.within(Stage::KeyExchange, exchange).await? {
                Ok(handle) => return Ok((handle, guard)),
                Err(error) => error,
            };
            let no_more_kinds = matches!(error, russh::Error::NoCommonAlgo { kind: AlgorithmKind::Key, .. });
            match (error, shown.get()) {
                (russh::Error::UnknownKey, Some(other)) => {
                    presented.push(format!("{} {}", other.kind, other.fingerprint));
                    kinds.retain(|kind| !same_kind(kind, &other.kind));
                    if !kinds.is_empty() {
                        continue;
                    }
                }
                (_, _) if no_more_kinds && !presented.is_empty() => {}
                (error, _) => return Err(self.broken(Stage::KeyExchange, error)),
            }
            let pinned = self.target.host_key;
            return Err(ConnectError::HostKey { address: self.address(), pinned, presented });
        }
    }

    /// Opens a channel with the subsystem. Bytes that a hasty device sends before its consent are kept.
    async fn subsystem(
        &mut self,
        handle: &SshHandle,
    ) -> Result<(ChannelStream<Msg>, BytesMut), ConnectError> {
        let open = async {
            let mut channel = handle.channel_open_session().await?;
            channel.request_subsystem(true, "netconf").await?;
            let mut early = BytesMut::new();
            loop {
                match channel.wait().await {
                    Some(ChannelMsg::Success) => return Ok(Some((channel.into_stream(), early))),
                    Some(ChannelMsg::Data { data }) if early.len() < MAX_EARLY => {
                        early.extend_from_slice(&data)
                    }
                    Some(ChannelMsg::Failure | ChannelMsg::Close | ChannelMsg::Eof) => return Ok(None),
                    None if handle.is_closed() => return Err(russh::Error::HUP),
                    None | Some(ChannelMsg::Data { .. }) => return Ok(None),
                    Some(_) => {}
                }
            }
        };
        match self.within(Stage::Subsystem, open).await? {
            Ok(Some(opened)) => Ok(opened),
            Ok(None) | Err(russh::Error::ChannelOpenFailure(_)) => Err(ConnectError::SubsystemRefused {
                address: self.address(),
                user: self.target.user.clone(),
            }),
            Err(error) => Err(self.broken(Stage::Subsystem, error)),
        }
    }

    fn config(&self, kinds: Vec<Algorithm>) -> Config {
        Config {
            preferred: Preferred { key: kinds.into(), ..Preferred::DEFAULT },
            keepalive_interval: self.target.keepalive,
            keepalive_max: 3,
            ..Config::default()
        }
    }

    async fn within<T>(&self, stage: Stage, work: impl Future<Output = T>) -> Result<T, ConnectError> {
        let done = timeout_at(self.deadline, work).await;
        done.map_err(|_| ConnectError::Deadline { address: self.address(), stage })
    }

    fn broken(&self, stage: Stage, error: russh::Error) -> ConnectError {
        ConnectError::Ssh { address: self.address(), stage, source: Box::new(error) }
    }

    fn address(&self) -> String {
        self.target.address.clone()
    }
}

/// Most bytes accepted before the subsystem is granted.
const MAX_EARLY: usize = 1 << 20;

/// Whether two algorithm names stand for the same kind of key: the RSA ones differ only in the signature's hash.
fn same_kind(a: &Algorithm, b: &Algorithm) -> bool {
    match (a, b) {
        (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }) => true,
        (a, b) => a == b,
    }
}

/// A host key that was shown and is not the pinned one.
#[derive(Debug)]
struct OtherKey {
    kind: Algorithm,
    fingerprint: Fingerprint,
}

/// Accepts the pinned key and no other.
struct PinnedHost {
    pin: HostKeyPin,
    shown: Arc<OnceLock<OtherKey>>,
}

impl Handler for PinnedHost {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        // Certificates are not offered in the key exchange; one that comes all the same is refused.
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else { return Ok(false) };
        let fingerprint = key.fingerprint(HashAlg::Sha256);
        if fingerprint == self.pin.0 {
            return Ok(true);
        }
        // At a later key exchange of the same connection the cell may be set; the first answer stands.
        let _ = self.shown.set(OtherKey { kind: key.algorithm(), fingerprint });
        Ok(false)
    }
}

/// The byte stream of the NETCONF subsystem. Dropping it closes the connection.
pub struct SshStream {
    stream: ChannelStream<Msg>,
    early: BytesMut,
    _handle: SshHandle,
    _cut: DropGuard,
}

impl fmt::Debug for SshStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SshStream")
    }
}

impl AsyncRead for SshStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if !self.early.is_empty() {
            let n = self.early.len().min(buf.remaining());
            buf.put_slice(&self.early[..n]);
            self.early.advance(n);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for SshStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
