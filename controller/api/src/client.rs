//! Asks a running controller, for the command line.

mod address;
mod wire;

mod events;

use std::{path::Path, time::Duration};

use engine::{
    balance::Limits,
    handle::{Applied, Optimised, Planned, Refusal, Subject},
    learn::Sources,
    schema::DeviceSchema,
    snapshot::{AlarmView, NodeView, Snapshot, StateFile},
};
use hyper::{Method, Request, header};
use model::{NodeId, Revision, intent::Mode};
use serde::{Serialize, de::DeserializeOwned};
use store::IntentRevision;
use thiserror::Error;
use tokio::time::timeout;

pub use events::{Events, Message};

use address::Address;
use wire::{Answer, Wire};

use crate::{
    Live, Problem, Token, Topology, guard,
    request::{
        AdoptRequest, ApplyRequest, AuditLog, BalanceRequest, DrainRequest, ModeRequest, OptimiseRequest,
        PlanRequest, Reason, RestoreRequest, RevisionSummary, RollbackRequest, UnbalanceRequest,
    },
    segment,
};

/// To connect.
const CONNECT: Duration = Duration::from_secs(3);
/// For the answer to a read to begin: it is there already.
const READ: Duration = Duration::from_secs(10);
/// For the answer to a change or a plan to begin: longer than the server waits for the loop.
const CHANGE: Duration = Duration::from_secs(310);
/// For an answer that has begun to end: a snapshot of a large network over a slow line.
const BODY: Duration = Duration::from_secs(60);
/// For the peer to take the next byte of what is sent.
const SEND: Duration = Duration::from_secs(10);
/// The largest answer, bytes: a snapshot of a large network.
const LARGEST: usize = 256 << 20;

/// Why there is no answer, or not the one that was hoped for.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The address is not one.
    #[error("`{url}` is not the address of a controller: {why}; write it as {instead}")]
    Address {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        why: String,
        /// What was most likely meant.
        instead: String,
    },
    /// There is no authority to judge certificates by.
    #[error(
        "no certificate authority can be had from {place}: {why}; name a PEM file that holds it with --ca FILE"
    )]
    Authority {
        /// The file, or the system.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// Somebody else may answer there.
    #[error("the certificate of {base} cannot be trusted, so nothing was asked: {why}")]
    Untrusted {
        /// The address.
        base: String,
        /// What is wrong with the certificate.
        why: String,
    },
    /// Nobody answers, or the connection did not come so far that anything was asked.
    #[error(
        "no controller answers at {base}, and nothing was asked: {why}; start one with `trunkline serve`, or name the one that \
         runs with --controller URL"
    )]
    Unreachable {
        /// The address.
        base: String,
        /// What happened.
        why: String,
    },
    /// What was to be asked cannot be written as a request.
    #[error("nothing was asked, because the request cannot be written: {why}")]
    Unwritten {
        /// What is wrong with it.
        why: String,
    },
    /// The connection broke, or took too long.
    #[error(
        "the controller at {base} did not answer to the end: {why}; whether it did what was asked is shown by `trunkline status`"
    )]
    Broken {
        /// The address.
        base: String,
        /// What happened.
        why: String,
    },
    /// A read went unanswered: nothing depends on it.
    #[error(
        "what takes connections at {base} did not answer within {seconds} s, and a controller answers reads at once: see whether \
         one runs there, or name another with --controller URL"
    )]
    Silent {
        /// The address.
        base: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The controller refused.
    #[error("{0}")]
    Refused(Refusal),
    /// The server refused.
    #[error("the controller refused ({status}): {detail}", status = .0.status, detail = .0.detail)]
    Problem(Problem),
    /// The answer is not one of a controller.
    #[error("what answers at {base} is no controller of this version: {why}")]
    Foreign {
        /// The address.
        base: String,
        /// What is wrong with the answer.
        why: String,
    },
}

/// A controller, seen from outside.
#[derive(Clone, Debug)]
pub struct Client {
    wire: Wire,
    token: Option<Token>,
    user: Option<String>,
}

impl Client {
    /// A client of the controller at `base`, for instance `http://127.0.0.1:8080`. Reads need no token. Over `https://` the
    /// certificate must be signed by an authority that this machine trusts.
    ///
    /// # Errors
    /// The address is not one.
    pub fn new(base: &str, token: Option<Token>) -> Result<Self, ClientError> {
        Self::trusting(base, token, None)
    }

    /// As [`Client::new`]; but where a file of authorities is named, those and no others are trusted.
    ///
    /// # Errors
    /// The address is not one, or the file holds no certificate.
    pub fn trusting(base: &str, token: Option<Token>, ca: Option<&Path>) -> Result<Self, ClientError> {
        Ok(Self { wire: Wire::new(Address::parse(base)?, ca)?, token, user: None })
    }

    /// Who asks, for the controller's log; up to 64 bytes.
    #[must_use]
    pub fn as_user(mut self, user: &str) -> Self {
        self.user = Some(user.to_owned());
        self
    }

    /// The whole picture.
    ///
    /// # Errors
    /// As of every method here: [`ClientError`].
    pub async fn state(&self) -> Result<Snapshot, ClientError> {
        self.get("state").await
    }

    /// What stays of it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn topology(&self) -> Result<Topology, ClientError> {
        self.get("topology").await
    }

    /// What moves of it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn live(&self) -> Result<Live, ClientError> {
        self.get("live").await
    }

    /// Routers.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn devices(&self) -> Result<Vec<NodeView>, ClientError> {
        self.get("devices").await
    }

    /// A router's own modules, or one of them; the controller asks the router. Needs the token.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn schema(&self, node: &NodeId, module: Option<&str>) -> Result<DeviceSchema, ClientError> {
        let only = module.map_or_else(String::new, |name| format!("?module={}", segment::encoded(name)));
        let path = format!("devices/{}/schema{only}", segment::encoded(node.as_str()));
        self.ask(self.request(Method::GET, &path, String::new())?, CHANGE).await
    }

    /// Who says what of the network.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn sources(&self) -> Result<Sources, ClientError> {
        self.get("sources").await
    }

    /// Alarms that stand.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn alarms(&self) -> Result<Vec<AlarmView>, ClientError> {
        self.get("alarms").await
    }

    /// What happened last, oldest first.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn timeline(&self) -> Result<Vec<engine::event::Event>, ClientError> {
        self.get("timeline").await
    }

    /// Accepted sets of intents, newest first, at most `limit` (1 to 1000).
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn intents(&self, limit: usize) -> Result<Vec<RevisionSummary>, ClientError> {
        self.get(&format!("intents?limit={limit}")).await
    }

    /// One accepted set with its files. Needs the token.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn intents_at(&self, revision: Revision) -> Result<IntentRevision, ClientError> {
        self.get(&format!("intents/{}", revision.0)).await
    }

    /// The audit log, newest first, at most `limit` entries (1 to 1000), and whether all of it is intact. Needs the token.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn audit(&self, limit: usize) -> Result<AuditLog, ClientError> {
        self.get(&format!("audit?limit={limit}")).await
    }

    /// What `plan --state` needs. Needs the token.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn snapshot(&self) -> Result<StateFile, ClientError> {
        self.get("snapshot").await
    }

    /// Makes files the intents. Returns when the network has followed.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn apply(&self, request: &ApplyRequest) -> Result<Applied, ClientError> {
        // The controller looks at the network for so long, and answers then.
        let settle = request.waves.map_or(Duration::ZERO, |waves| waves.settle.as_duration());
        self.post_within("intents/apply", request, CHANGE.saturating_add(settle)).await
    }

    /// What files would change; routers are not changed.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn plan(&self, request: &PlanRequest) -> Result<Planned, ClientError> {
        self.post("intents/plan", request).await
    }

    /// Goes back to an earlier set of intents.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn rollback(
        &self,
        revision: Revision,
        reason: impl Into<Reason>,
    ) -> Result<Applied, ClientError> {
        let Reason { message, beyond_limit } = reason.into();
        self.post("rollback", &RollbackRequest { revision, message, beyond_limit }).await
    }

    /// Allows or forbids acting.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn mode(&self, mode: Mode, message: &str) -> Result<(), ClientError> {
        self.post("mode", &ModeRequest { mode, message: message.to_owned() }).await
    }

    /// Gives the controller the right to change the network.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn adopt(&self, message: &str) -> Result<(), ClientError> {
        self.post("adopt", &AdoptRequest { message: message.to_owned(), ..AdoptRequest::default() }).await
    }

    /// Accepts what routers hold otherwise than they should, as exceptions from the intents. Nothing is sent to them.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn accept(&self, request: &AdoptRequest) -> Result<Applied, ClientError> {
        self.post("adopt", request).await
    }

    /// Takes traffic off a link or node.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn drain(&self, subject: &Subject, reason: impl Into<Reason>) -> Result<Applied, ClientError> {
        let request = DrainRequest::of(subject, reason.into());
        self.post("drain", &request).await
    }

    /// Lets traffic onto it again.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn undrain(
        &self,
        subject: &Subject,
        reason: impl Into<Reason>,
    ) -> Result<Applied, ClientError> {
        let request = DrainRequest::of(subject, reason.into());
        self.post("undrain", &request).await
    }

    /// Puts back what somebody changed of ours on routers.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn restore(&self, request: &RestoreRequest) -> Result<Applied, ClientError> {
        self.post("restore", request).await
    }

    /// Which services should leave full links, and what that would change; nothing is sent to routers. Needs the token.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn optimise(&self, limits: &Limits) -> Result<Optimised, ClientError> {
        self.post("optimise", &OptimiseRequest(limits.clone())).await
    }

    /// Moves services off links: those that [`Client::optimise`] answered.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn balance(&self, request: &BalanceRequest) -> Result<Applied, ClientError> {
        self.post("balance", request).await
    }

    /// Lets services back that were moved off full links, all where none is named.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn unbalance(&self, request: &UnbalanceRequest) -> Result<Applied, ClientError> {
        self.post("unbalance", request).await
    }

    /// Events as they happen. `after` asks for those after a number first, as far as the timeline has them.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn events(&self, after: Option<u64>) -> Result<Events, ClientError> {
        let query = after.map_or_else(String::new, |number| format!("?after={number}"));
        let request = self.request(Method::GET, &format!("events{query}"), String::new())?;
        // Connecting and TLS have a limit each; whoever is over one of them is told so, and not that the answer is missing.
        let sent = timeout(CONNECT * 3, self.wire.send(request)).await;
        let answer = sent.map_err(|_| self.wire.broken("no answer in 9 s".to_owned()))??;
        Ok(Events::new(self.checked(answer).await?, self.base().to_owned()))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.ask(self.request(Method::GET, path, String::new())?, READ).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, ClientError> {
        self.post_within(path, body, CHANGE).await
    }

    async fn post_within<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        patience: Duration,
    ) -> Result<T, ClientError> {
        let unwritten = |error: serde_json::Error| ClientError::Unwritten { why: error.to_string() };
        let body = serde_json::to_string(body).map_err(unwritten)?;
        self.ask(self.request(Method::POST, path, body)?, patience).await
    }

    /// A request with all that we may say of ourselves.
    fn request(&self, method: Method, path: &str, body: String) -> Result<Request<String>, ClientError> {
        let Address { authority, prefix, .. } = &self.wire.address;
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{prefix}/api/v1/{path}"))
            .header(header::HOST, authority);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, token.bearer());
        }
        if let Some(user) = &self.user {
            request = request.header(guard::USER, user.as_bytes());
        }
        request.body(body).map_err(|error| ClientError::Unwritten { why: error.to_string() })
    }

    /// Asks; the answer must begin within `patience`, counted from the first try to connect.
    async fn ask<T: DeserializeOwned>(
        &self,
        request: Request<String>,
        patience: Duration,
    ) -> Result<T, ClientError> {
        let is_read = request.method() == Method::GET;
        let late = |limit: Duration| match is_read {
            true => ClientError::Silent { base: self.base().to_owned(), seconds: limit.as_secs() },
            false => self.wire.broken(format!("no answer in {} s", limit.as_secs())),
        };
        let begun = timeout(patience, self.wire.send(request)).await.map_err(|_| late(patience))??;
        let whole = async { self.body(self.checked(begun).await?).await };
        let body = timeout(BODY, whole).await.map_err(|_| late(BODY))??;
        serde_json::from_slice(&body).map_err(|error| self.foreign(error.to_string()))
    }

    /// The answer, if it is a good one.
    async fn checked(&self, answer: Answer) -> Result<Answer, ClientError> {
        let status = answer.status;
        if status.is_success() {
            return Ok(answer);
        }
        let body = self.body(answer).await?;
        Err(match serde_json::from_slice::<Problem>(&body) {
            Ok(Problem { refusal: Some(refusal), .. }) => ClientError::Refused(*refusal),
            Ok(problem) => ClientError::Problem(problem),
            Err(_) => self.foreign(format!("it answered {status}")),
        })
    }

    async fn body(&self, mut answer: Answer) -> Result<Vec<u8>, ClientError> {
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|why| self.wire.broken(why))? {
            if body.len() + part.len() > LARGEST {
                return Err(self.foreign("its answer is too large".to_owned()));
            }
            body.extend_from_slice(&part);
        }
        Ok(body)
    }

    fn foreign(&self, why: String) -> ClientError {
        ClientError::Foreign { base: self.base().to_owned(), why }
    }

    fn base(&self) -> &str {
        &self.wire.address.base
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_peer_that_takes_connections_and_says_nothing_is_given_up() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let client = Client::new(&base, None).unwrap();
        let short = Duration::from_millis(50);
        let asked = async |method| {
            let request = client.request(method, "state", String::new()).unwrap();
            // Whoever listens takes connections, also where he does not look at them.
            client.ask::<Snapshot>(request, short).await.unwrap_err()
        };
        let read = asked(Method::GET).await;
        assert!(matches!(read, ClientError::Silent { .. }), "{read:?}");
        let told = read.to_string();
        assert!(told.contains(&base) && !told.contains("whether it did"), "{told}");
        let change = asked(Method::POST).await;
        assert!(matches!(change, ClientError::Broken { .. }), "it may have been done: {change:?}");
    }
}
