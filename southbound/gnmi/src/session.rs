//! A session with one device: one TLS connection, any number of calls on it at once.
//!
//! A session is open when the device has answered Capabilities, so that everything that can refuse us has had its
//! say. It never reconnects: when the connection ends, every call says so, and the owner opens another session.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use prost::Message;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Code, Request, Response, Status};

use crate::error::{Call, SessionError, clean};
use crate::extension::CommitAction;
use crate::get::Query;
use crate::link::{End, Link, OneConnection, Watched, await_verdict};
use crate::login::Login;
use crate::notice::Notice;
use crate::path::Path;
use crate::proto::g_nmi_client::GNmiClient;
use crate::proto::get_request::DataType;
use crate::proto::{self, Encoding};
use crate::set::{Changes, MAX_OPERATIONS};
use crate::target::{Limits, Target};

/// What a device says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Capabilities {
    /// Its version of gNMI.
    pub version: String,
    /// The models that it serves.
    pub models: Vec<proto::ModelData>,
    /// The encodings that it knows.
    pub encodings: BTreeSet<Encoding>,
}

impl Capabilities {
    /// The encoding for trees, in Get and Set: JSON_IETF unless only plain JSON is offered.
    pub fn tree_encoding(&self) -> Encoding {
        let plain = !self.encodings.contains(&Encoding::JsonIetf) && self.encodings.contains(&Encoding::Json);
        if plain { Encoding::Json } else { Encoding::JsonIetf }
    }

    /// The encoding for telemetry: scalars where they are offered, for they cost least.
    pub fn leaf_encoding(&self) -> Encoding {
        if self.encodings.contains(&Encoding::Proto) { Encoding::Proto } else { self.tree_encoding() }
    }
}

/// An open session. Clones share the connection, which closes when the last clone and the last subscription are gone.
#[derive(Clone)]
pub struct Session {
    pub(crate) client: GNmiClient<Channel>,
    pub(crate) link: Arc<Link>,
    pub(crate) peer: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) login: Option<Login>,
    capabilities: Arc<Capabilities>,
}

impl fmt::Debug for Session {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Session").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Session {
    /// Opens a session: TCP, TLS, HTTP/2, Capabilities, all within one deadline. A login that was refused a short time ago is not
    /// shown, and then nothing is sent.
    ///
    /// # Errors
    /// See [`SessionError`]; nothing is open afterwards.
    pub async fn connect(target: &Target) -> Result<Self, SessionError> {
        let deadline = target.limits.deadline;
        timeout(deadline, Self::open(target)).await.unwrap_or_else(|_| {
            Err(SessionError::Silent { peer: target.address.clone(), call: Call::Connect, after: deadline })
        })
    }

    async fn open(target: &Target) -> Result<Self, SessionError> {
        let login = Login::of(target)?;
        let link = Link::new();
        let client = GNmiClient::new(channel(target, link.clone()).await?)
            .max_decoding_message_size(target.limits.receive)
            .max_encoding_message_size(target.limits.send);
        let mut session = Self {
            client,
            link,
            peer: target.address.as_str().into(),
            limits: target.limits,
            login,
            capabilities: Arc::default(),
        };
        let _turn = match &session.login {
            Some(login) => Some(login.turn().await?),
            None => None,
        };
        session.capabilities = Arc::new(session.ask_capabilities().await?);
        Ok(session)
    }

    /// What the device said of itself when the session was opened.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Address of the device.
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// True until the connection has ended.
    pub fn is_open(&self) -> bool {
        self.link.ended().is_none()
    }

    /// Waits until the connection has ended, and says why. A call in flight gets its own error.
    pub async fn ended(&self) -> String {
        self.link.wait().await.why
    }

    async fn ask_capabilities(&self) -> Result<Capabilities, SessionError> {
        let mut client = self.client.clone();
        let request = self.request(proto::CapabilityRequest::default());
        let reply = self.ask(Call::Connect, client.capabilities(request)).await?;
        Ok(Capabilities {
            version: clean(&reply.g_nmi_version),
            // A number that we do not know names an encoding that we cannot use.
            encodings: reply.supported_encodings().collect(),
            models: reply.supported_models,
        })
    }

    /// Reads subtrees. Each notice holds the values of one path, as trees in [`Capabilities::tree_encoding`].
    ///
    /// # Errors
    /// See [`SessionError`]. A path that does not exist is `Refused` with `NotFound`.
    pub async fn get(&self, paths: &[Path], kind: DataType) -> Result<Vec<Notice>, SessionError> {
        let query = Query {
            paths: paths.to_vec(),
            kind,
            encoding: self.capabilities.tree_encoding(),
            target: String::new(),
        };
        let request = self.sized(Call::Get, query.encode())?;
        let mut client = self.client.clone();
        let reply = self.ask(Call::Get, client.get(request)).await?;
        let notices = reply.notification.into_iter().map(Notice::decode);
        notices.collect::<Result<_, _>>().map_err(|why| SessionError::Malformed {
            peer: self.peer.to_string(),
            call: Call::Get,
            why: why.to_string(),
        })
    }

    /// Changes the device: all of it or nothing. Returns when it happened, on the clock of the device, in nanoseconds
    /// since 1970; devices may leave it zero.
    ///
    /// # Errors
    /// See [`SessionError`]; where [`SessionError::outcome_unknown`] holds, the device must be read.
    pub async fn set(&self, changes: Changes) -> Result<i64, SessionError> {
        let encoding = self.capabilities.tree_encoding();
        let request = changes.encode(encoding).map_err(|why| self.not_sent(Call::Set, why.to_string()))?;
        let request = self.sized(Call::Set, request)?;
        let asked = request.get_ref();
        let asked = asked.delete.len() + asked.replace.len() + asked.update.len() + asked.union_replace.len();
        let mut client = self.client.clone();
        let reply = self.ask(Call::Set, client.set(request)).await?;
        // A result for each operation (specification 3.4.1). Devices that tell less are common; whoever commits reads back.
        if reply.response.len() > asked {
            let why = format!("{} results of {asked} operations", reply.response.len());
            return Err(SessionError::unreadable(&self.peer, Call::Set, why));
        }
        Ok(reply.timestamp)
    }

    /// Checks without sending anything that [`Session::set`] could send these changes.
    ///
    /// # Errors
    /// `NotSent`: they are too many or too large, or a value has no form in the encoding of the device.
    pub fn check_set(&self, changes: &Changes) -> Result<(), SessionError> {
        if changes.len() > MAX_OPERATIONS {
            let why =
                format!("{} operations, the limit is {MAX_OPERATIONS}: send less at once", changes.len());
            return Err(self.not_sent(Call::Set, why));
        }
        let request = changes.clone().encode(self.capabilities.tree_encoding());
        let request = request.map_err(|why| self.not_sent(Call::Set, why.to_string()))?;
        self.sized(Call::Set, request).map(drop)
    }

    /// Asks whether the device knows the commit confirmed extension, by cancelling a commit that does not exist: a
    /// device that knows it must object (`FAILED_PRECONDITION`), and nothing changes either way. Capabilities does not
    /// tell, and a device that passes an unknown extension over would take an unconfirmed change for good.
    ///
    /// While another commit waits, the objection is that the id is wrong (`INVALID_ARGUMENT`, 3.2.3), which a device may
    /// say of the whole request as well. Then an empty Set tells: while a commit waits, one without the extension is
    /// refused (3.2.1).
    ///
    /// # Errors
    /// See [`SessionError`]; a refusal of another kind is the answer no, not an error.
    pub async fn offers_commit_confirmed(&self) -> Result<bool, SessionError> {
        // Twice, because the commit may have stopped waiting between the two questions.
        for _ in 0..2 {
            match self.refusal(Changes::new().commit("no-such-commit", CommitAction::Cancel)).await? {
                Some(Code::FailedPrecondition) => return Ok(true),
                Some(Code::InvalidArgument) => {}
                _ => return Ok(false),
            }
            if self.refusal(Changes::new()).await? == Some(Code::FailedPrecondition) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a Set is refused, and how.
    async fn refusal(&self, changes: Changes) -> Result<Option<Code>, SessionError> {
        match self.set(changes).await {
            Ok(_) => Ok(None),
            Err(SessionError::Refused { code, .. }) => Ok(Some(code)),
            Err(other) => Err(other),
        }
    }

    /// A request with user and password.
    pub(crate) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(login) = &self.login {
            login.write(request.metadata_mut());
        }
        request
    }

    /// A request, when it is small enough to be sent.
    fn sized<T: Message>(&self, call: Call, message: T) -> Result<Request<T>, SessionError> {
        let size = message.encoded_len();
        if size > self.limits.send {
            let why = format!("{size} bytes, the limit is {}: send less at once", self.limits.send);
            return Err(self.not_sent(call, why));
        }
        Ok(self.request(message))
    }

    fn not_sent(&self, call: Call, why: String) -> SessionError {
        SessionError::NotSent { peer: self.peer.to_string(), call, why }
    }

    /// Awaits one answer, within the deadline.
    pub(crate) async fn ask<T>(
        &self,
        call: Call,
        answer: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, SessionError> {
        if let Some(end) = self.link.ended() {
            return Err(match end {
                End { certificate: true, why } => {
                    SessionError::CertificateRefused { peer: self.peer.to_string(), why }
                }
                End { why, .. } => SessionError::Unreachable { peer: self.peer.to_string(), why },
            });
        }
        let after = self.limits.deadline;
        let Ok(answer) = timeout(after, unpanicked(answer)).await else {
            return Err(SessionError::Silent { peer: self.peer.to_string(), call, after });
        };
        let answer = match answer {
            Ok(Ok(reply)) => Ok(reply.into_inner()),
            Ok(Err(status)) => Err(self.fault(call, &status)),
            Err(why) => Err(SessionError::unreadable(&self.peer, call, why)),
        };
        if let Some(login) = &self.login {
            login.hear(call, answer.as_ref().err());
        }
        answer
    }

    fn fault(&self, call: Call, status: &Status) -> SessionError {
        SessionError::of(&self.peer, call, status, self.link.ended())
    }
}

/// The gRPC library panics on a status whose details are not base64. A device must not be able to take a task down
/// with that, so it becomes an error here.
pub(crate) async fn unpanicked<T>(answer: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(answer).catch_unwind().await.map_err(|_| "its status is garbled".to_owned())
}

/// Connects and hands the one connection to a channel.
async fn channel(target: &Target, link: Arc<Link>) -> Result<Channel, SessionError> {
    let peer = || target.address.clone();
    let unreachable = |why: String| SessionError::Unreachable { peer: peer(), why };
    let name = ServerName::try_from(target.server_name.clone())
        .map_err(|_| bad_target(target, "server name is neither a DNS name nor an address"))?;
    let endpoint = endpoint(target)?;

    let tcp = TcpStream::connect(&target.address).await.map_err(|why| unreachable(why.to_string()))?;
    tcp.set_nodelay(true).map_err(|why| unreachable(why.to_string()))?;
    let refused = |error: std::io::Error| match End::of(&error) {
        End { certificate: true, why } => SessionError::CertificateRefused { peer: peer(), why },
        End { why, .. } => unreachable(format!("TLS: {why}")),
    };
    let tls = TlsConnector::from(target.tls.config().clone());
    // gRPC is HTTP/2 alone, and over TLS that is agreed by ALPN (RFC 9113 3.3).
    let mut tls = tls.with_alpn(vec![b"h2".to_vec()]).connect(name, tcp).await.map_err(refused)?;
    if tls.get_ref().1.alpn_protocol() != Some(b"h2") {
        return Err(unreachable("TLS: the device does not agree to HTTP/2 by ALPN".into()));
    }
    await_verdict(&mut tls).await.map_err(refused)?;
    let connection = OneConnection(Some(Watched::new(tls, link)));
    endpoint.connect_with_connector(connection).await.map_err(|why| unreachable(why.to_string()))
}

/// The addresses of HTTP/2. The first has no TLS in the eyes of the library, because the connection that it gets
/// is encrypted already; the second is what the device reads.
fn endpoint(target: &Target) -> Result<Endpoint, SessionError> {
    let port = target.address.rsplit_once(':').map_or("", |(_, port)| port);
    let host = match target.server_name.contains(':') {
        true => format!("[{}]", target.server_name),
        false => target.server_name.clone(),
    };
    let origin: Uri = format!("https://{host}:{port}")
        .parse()
        .map_err(|_| bad_target(target, "address or server name is not one"))?;
    Ok(Endpoint::from_static("http://device").origin(origin))
}

fn bad_target(target: &Target, why: &str) -> SessionError {
    SessionError::BadTarget { peer: target.address.clone(), why: why.to_owned() }
}
