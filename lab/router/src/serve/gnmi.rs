//! The gNMI server (specification 0.10) over TLS with client certificates. Messages, bounds and the listener are those of
//! the product's own gNMI crate; here they meet the store.

// Between gNMI's paths and values and the tree's.
mod paths;
mod values;

mod get;
mod set;
mod subscribe;

use std::sync::Arc;

use gnmi::{
    Encoding,
    get::Query,
    proto::{self, g_nmi_server::GNmi},
    server::{ServeError, ServerLimits, tls_config},
    set::Changes,
    subscribe::Subscriptions,
    tls::Identity,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    datastore::{Refusal, Tag},
    fault::{Fault, Kind, Step},
    router::Router,
};

/// The encodings that are served.
const ENCODINGS: [Encoding; 3] = [Encoding::JsonIetf, Encoding::Json, Encoding::Proto];

/// What the server shows and whom it lets in.
#[derive(Clone, Debug)]
pub struct Access {
    /// Certificate and key of the router.
    pub identity: Identity,
    /// The authority that signs clients, as PEM.
    pub client_authority_pem: Vec<u8>,
}

/// Serves a router on a listener until `stop`; then all its connections are cut.
///
/// # Errors
/// When certificates and key cannot be used, or the listener fails.
pub async fn serve(
    router: Arc<Router>,
    listener: TcpListener,
    access: &Access,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let limits = ServerLimits::default();
    let tls = tls_config(&access.identity, &access.client_authority_pem, limits.handshake);
    let service = Service { router, cut: stop.clone() };
    gnmi::server::serve(listener, tls, service, limits, stop).await
}

/// The service of one router.
struct Service {
    router: Arc<Router>,
    /// Cuts all connections: what a fault of kind close does.
    cut: CancellationToken,
}

/// What a planned fault makes of a call.
enum Struck {
    /// Nothing: go on.
    No,
    /// Go on, then do this in place of answering.
    After(Kind),
    /// Answer with what is no answer.
    Garbage,
    /// Answer as if it were done, and do nothing.
    Lie,
}

impl Service {
    async fn strike(&self, step: Step) -> Result<Struck, Status> {
        match self.router.faults.meet(step).await {
            None => Ok(Struck::No),
            Some(Fault { kind: Kind::Refuse, .. }) => {
                Err(Status::aborted("refused: the lab planned this fault"))
            }
            Some(Fault { kind: Kind::Lie, .. }) => Ok(Struck::Lie),
            Some(Fault { kind, after: true, .. }) => Ok(Struck::After(kind)),
            Some(Fault { kind: Kind::Garbage, .. }) => Ok(Struck::Garbage),
            Some(fault) => Err(self.vanish(fault.kind).await),
        }
    }

    /// Hangs, or cuts all connections, or restarts.
    async fn vanish(&self, kind: Kind) -> Status {
        if kind == Kind::Restart {
            self.router.restart();
        }
        if matches!(kind, Kind::Close | Kind::Restart) {
            self.cut.cancel();
        }
        std::future::pending().await
    }
}

#[tonic::async_trait]
impl GNmi for Service {
    async fn capabilities(
        &self,
        _: Request<proto::CapabilityRequest>,
    ) -> Result<Response<proto::CapabilityResponse>, Status> {
        let modules = self.router.schema().modules().iter().map(|module| proto::ModelData {
            name: module.name.clone(),
            organization: "Trunkline".into(),
            version: module.revision.clone(),
        });
        Ok(Response::new(proto::CapabilityResponse {
            supported_models: modules.collect(),
            supported_encodings: ENCODINGS.map(Into::into).into(),
            g_nmi_version: proto::VERSION.into(),
            extension: Vec::new(),
        }))
    }

    async fn get(&self, request: Request<proto::GetRequest>) -> Result<Response<proto::GetResponse>, Status> {
        let struck = self.strike(Step::Get).await?;
        let query = Query::decode(request.into_inner(), &ENCODINGS)?;
        match struck {
            Struck::No | Struck::Lie => {}
            Struck::After(Kind::Garbage) | Struck::Garbage => return Ok(Response::new(get::garbage())),
            Struck::After(kind) => return Err(self.vanish(kind).await),
        }
        get::get(&self.router, &query).map(Response::new)
    }

    async fn set(&self, request: Request<proto::SetRequest>) -> Result<Response<proto::SetResponse>, Status> {
        let changes = Changes::decode(request.into_inner())?;
        let struck = self.strike(set::step_of(&changes)).await?;
        match struck {
            Struck::Garbage => return Ok(Response::new(set::garbage())),
            Struck::Lie => return Ok(Response::new(set::lie(changes))),
            Struck::No | Struck::After(_) => {}
        }
        let reply = set::set(&self.router, changes)?;
        // Who is answered may send what the change is for.
        self.router.follows().await;
        match struck {
            Struck::After(Kind::Garbage) => Ok(Response::new(set::garbage())),
            Struck::After(kind) => Err(self.vanish(kind).await),
            _ => Ok(Response::new(reply)),
        }
    }

    type SubscribeStream = ReceiverStream<Result<proto::SubscribeResponse, Status>>;

    async fn subscribe(
        &self,
        request: Request<Streaming<proto::SubscribeRequest>>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let mut asks = request.into_inner();
        let first = asks.message().await?.ok_or_else(|| Status::invalid_argument("no subscription came"))?;
        let wanted = Subscriptions::decode(first, &subscribe::offer())?;
        match self.strike(Step::Subscribe).await? {
            Struck::No | Struck::Lie => {}
            Struck::After(Kind::Garbage) | Struck::Garbage => {
                return Err(Status::internal("\u{fffd}\u{fffd} internal error"));
            }
            Struck::After(kind) => return Err(self.vanish(kind).await),
        }
        subscribe::subscribe(self.router.clone(), wanted, asks).map(Response::new)
    }
}

/// A refusal of the store as gRPC says it (specification 3.4.7; commit confirmed 3.2).
fn status(refusal: &Refusal) -> Status {
    let text = match &refusal.path {
        Some(path) => format!("{} at {path}", refusal.message),
        None => refusal.message.clone(),
    };
    match refusal.tag {
        Tag::InUse | Tag::LockDenied => Status::failed_precondition(text),
        Tag::DataMissing => Status::not_found(text),
        Tag::DataExists => Status::already_exists(text),
        Tag::OperationNotSupported => Status::unimplemented(text),
        Tag::TooBig => Status::resource_exhausted(text),
        // What libyang refuses as a whole is the client's configuration too.
        _ => Status::invalid_argument(text),
    }
}
