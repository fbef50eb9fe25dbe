//! A scripted device: it answers as the test says, and records what it was asked.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gnmi::notice::{Leaf, Notice};
use gnmi::proto::g_nmi_server::GNmi;
use gnmi::proto::subscribe_response::Response as Answer;
use gnmi::proto::{self, Encoding};
use gnmi::server::{ServeError, ServerLimits, serve, tls_config};
use gnmi::session::Session;
use gnmi::subscribe::{Drive, Mode, Offer, Subscriptions};
use gnmi::tls::Identity;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::{Authority, NAME, target};

/// What the device does with a request.
#[derive(Clone, Debug, Default)]
pub enum Does {
    /// Answers.
    #[default]
    Answer,
    /// Never answers.
    Hang,
    /// Goes away with all its connections.
    Die,
    /// Says no.
    Refuse(Status),
}

/// The script and the record of a device.
#[derive(Clone, Default)]
pub struct Device {
    pub get: Does,
    pub set: Does,
    /// Knows commit confirmed.
    pub commit: bool,
    /// Knows samples alone.
    pub samples_only: bool,
    /// Streams this many notices and then ends the subscription.
    pub ends_after: Option<u64>,
    /// Streams nothing after the first state.
    pub quiet: bool,
    /// What it streams; [`counters`] where the test does not say.
    pub tells: Option<fn(u64) -> Notice>,
    /// The models that it names; `m` where the test does not say.
    pub models: &'static [&'static str],
    /// Times that it was asked with a Get.
    pub gets: Arc<AtomicUsize>,
    /// Knows nobody's user and password.
    pub denies: bool,
    pub stop: CancellationToken,
    pub sets: Arc<Mutex<Vec<proto::SetRequest>>>,
    pub credentials: Arc<Mutex<Vec<String>>>,
    /// Streams that run.
    pub live: Arc<AtomicUsize>,
    /// Subscriptions that were refused, also before it was restarted.
    pub refused: Arc<AtomicUsize>,
}

/// A device that runs.
pub struct Running {
    pub address: String,
    pub authority: Authority,
    pub device: Device,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Device {
    pub async fn start(self) -> Running {
        let authority = Authority::new();
        let identity = authority.identity(NAME);
        self.start_as(authority, &identity).await
    }

    /// A device that shows a certificate of the test's.
    pub async fn start_as(self, authority: Authority, identity: &Identity) -> Running {
        self.start_at("127.0.0.1:0", authority, identity).await
    }

    async fn start_at(self, address: &str, authority: Authority, identity: &Identity) -> Running {
        let listener = TcpListener::bind(address).await.expect("a loopback port");
        let address = listener.local_addr().expect("its address").to_string();
        let limits = ServerLimits::default();
        let tls = tls_config(identity, &authority.pem(), limits.handshake);
        let task = tokio::spawn(serve(listener, tls, self.clone(), limits, self.stop.clone()));
        Running { address, authority, device: self, task }
    }

    async fn act(&self, does: &Does) -> Result<(), Status> {
        match does {
            Does::Answer => return Ok(()),
            Does::Refuse(status) => return Err(status.clone()),
            Does::Die => self.stop.cancel(),
            Does::Hang => {}
        }
        std::future::pending().await
    }

    fn refusal(&self, asked: &Subscriptions) -> Option<Status> {
        let beyond = asked.list.iter().any(|one| !matches!(one.mode, Mode::Sample { .. }));
        let refused = match asked.drive {
            Drive::Poll => true,
            Drive::Stream => beyond,
            Drive::Once => false,
        };
        (self.samples_only && refused).then(|| Status::unimplemented("samples only"))
    }
}

impl Running {
    /// A session that a good client opens.
    pub async fn session(&self) -> Session {
        Session::connect(&target(self.address.clone(), self.authority.client())).await.expect("a session")
    }

    pub async fn stop(self) {
        self.device.stop.cancel();
        self.task.await.expect("no panic").expect("served until stopped");
    }

    /// Goes away and comes back at the same address with the same authority.
    pub async fn restart(self) -> Running {
        self.device.stop.cancel();
        self.task.await.expect("no panic").expect("served until stopped");
        let device = Device { stop: CancellationToken::new(), ..self.device };
        let identity = self.authority.identity(NAME);
        device.start_at(&self.address, self.authority, &identity).await
    }
}

/// Ten leaves below one prefix.
pub fn counters(tick: u64) -> Notice {
    let leaf = |n: u64| Leaf {
        path: format!("/state/counters/c{n}").parse().expect("a path"),
        value: json!(tick * 100 + n),
    };
    Notice {
        at_ns: i64::try_from(tick).expect("small"),
        prefix: "/interfaces/interface[name=eth1]".parse().expect("a path"),
        leaves: (0..10).map(leaf).collect(),
        ..Notice::default()
    }
}

fn update(device: &Device, tick: u64, asked: &Subscriptions) -> proto::SubscribeResponse {
    let tells = device.tells.unwrap_or(counters);
    let wire = tells(tick).encode(asked.encoding, &asked.target).expect("scalars");
    proto::SubscribeResponse { response: Some(Answer::Update(wire)), ..Default::default() }
}

fn synced() -> proto::SubscribeResponse {
    proto::SubscribeResponse { response: Some(Answer::SyncResponse(true)), ..Default::default() }
}

type Sender = mpsc::Sender<Result<proto::SubscribeResponse, Status>>;

/// Serves one subscription until it is over or nobody listens; none says that nobody listens.
async fn run(
    device: Device,
    asked: Subscriptions,
    mut later: Streaming<proto::SubscribeRequest>,
    to: Sender,
) -> Option<()> {
    let mut tick = 1;
    if asked.drive == Drive::Poll {
        while let Ok(Some(request)) = later.message().await {
            let answer = match asked.check_later(&request) {
                Ok(()) => Ok(update(&device, tick, &asked)),
                Err(status) => Err(status),
            };
            to.send(answer).await.ok()?;
            to.send(Ok(synced())).await.ok()?;
            tick += 1;
        }
        return Some(());
    }
    to.send(Ok(update(&device, tick, &asked))).await.ok()?;
    to.send(Ok(synced())).await.ok()?;
    while asked.drive == Drive::Stream && device.ends_after.is_none_or(|last| tick < last) {
        tick += 1;
        if device.quiet {
            to.closed().await;
            return None;
        }
        tokio::select! {
            () = to.closed() => return None,
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
        }
        to.send(Ok(update(&device, tick, &asked))).await.ok()?;
    }
    Some(())
}

#[async_trait]
impl GNmi for Device {
    async fn capabilities(
        &self,
        request: Request<proto::CapabilityRequest>,
    ) -> Result<Response<proto::CapabilityResponse>, Status> {
        for key in ["username", "password"] {
            if let Some(value) = request.metadata().get(key) {
                let value = value.to_str().expect("ASCII").to_owned();
                self.credentials.lock().expect("no panic").push(value);
            }
        }
        if self.denies {
            return Err(Status::unauthenticated("who?"));
        }
        let models: &[&str] = if self.models.is_empty() { &["m"] } else { self.models };
        let model = |name: &&str| proto::ModelData { name: (*name).to_owned(), ..Default::default() };
        Ok(Response::new(proto::CapabilityResponse {
            supported_models: models.iter().map(model).collect(),
            supported_encodings: vec![Encoding::JsonIetf.into(), Encoding::Proto.into(), 77],
            g_nmi_version: proto::VERSION.into(),
            ..Default::default()
        }))
    }

    async fn get(&self, request: Request<proto::GetRequest>) -> Result<Response<proto::GetResponse>, Status> {
        self.gets.fetch_add(1, Ordering::SeqCst);
        self.act(&self.get).await?;
        let query = gnmi::get::Query::decode(request.into_inner(), &[Encoding::JsonIetf])?;
        let answer = |path| {
            let leaves = vec![Leaf { path, value: json!({"mtu": 9000}) }];
            Notice { at_ns: 1, leaves, ..Notice::default() }.encode(query.encoding, "").expect("a tree")
        };
        let notification = query.paths.into_iter().map(answer).collect();
        Ok(Response::new(proto::GetResponse { notification, ..Default::default() }))
    }

    async fn set(&self, request: Request<proto::SetRequest>) -> Result<Response<proto::SetResponse>, Status> {
        let request = request.into_inner();
        self.sets.lock().expect("no panic").push(request.clone());
        self.act(&self.set).await?;
        let changes = gnmi::set::Changes::decode(request)?;
        let begins = matches!(
            changes.commit.as_ref().map(|commit| commit.action),
            Some(gnmi::extension::CommitAction::Begin { .. }) | None
        );
        if self.commit && !begins {
            return Err(Status::failed_precondition("no commit is waiting"));
        }
        Ok(Response::new(changes.reply(42)))
    }

    type SubscribeStream =
        Pin<Box<dyn Stream<Item = Result<proto::SubscribeResponse, Status>> + Send + 'static>>;

    async fn subscribe(
        &self,
        request: Request<Streaming<proto::SubscribeRequest>>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let mut requests = request.into_inner();
        let first = requests.message().await?.ok_or_else(|| Status::invalid_argument("nothing asked"))?;
        let offer =
            Offer { encodings: vec![Encoding::JsonIetf, Encoding::Proto], fastest: Duration::from_millis(1) };
        let asked = Subscriptions::decode(first, &offer)?;
        if let Some(refusal) = self.refusal(&asked) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(refusal);
        }
        let (to, stream) = mpsc::channel(4);
        let device = self.clone();
        tokio::spawn(async move {
            device.live.fetch_add(1, Ordering::SeqCst);
            run(device.clone(), asked, requests, to).await;
            device.live.fetch_sub(1, Ordering::SeqCst);
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }
}
