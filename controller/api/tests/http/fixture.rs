//! A server, the engine behind it, and what the engine was asked.

use std::{path::PathBuf, sync::Arc};

use api::{Client, Origin, Server, Token};
use engine::{
    event::{Event, EventKind},
    handle::{Applied, Balancing, Command, Engine, Refusal},
    schema::DeviceSchema,
    snapshot::{LinkView, NodeView, Session, Snapshot},
    terms::Manner,
};
use model::{LinkId, NodeId, Revision, Timestamp, intent::Mode};
use tokio::sync::{Mutex, broadcast, mpsc, oneshot, watch};

/// Everything that a test holds.
pub struct Fixture {
    pub base: String,
    pub token: String,
    pub journal: store::Journal,
    pub snapshot: watch::Sender<Arc<Snapshot>>,
    pub events: broadcast::Sender<Event>,
    /// Commands that reached the engine, in short.
    pub asked: Arc<Mutex<Vec<String>>>,
    pub stop: Option<oneshot::Sender<()>>,
    pub served: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Fixture {
    pub async fn start() -> Self {
        Self::start_after(|_| {}).await
    }

    /// Starts on a journal that `prepare` may have written to.
    pub async fn start_after(prepare: impl FnOnce(&std::path::Path)) -> Self {
        Self::begin(prepare, None).await
    }

    /// Starts behind a proxy that shows the dashboard under this origin.
    pub async fn shown_at(origin: &str) -> Self {
        Self::begin(|_| {}, Some(origin.parse().unwrap())).await
    }

    async fn begin(prepare: impl FnOnce(&std::path::Path), outer: Option<Origin>) -> Self {
        // The clients of these tests are built with TLS in them, although they ask without. A second call changes nothing.
        let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        prepare(&path);
        let journal = store::Journal::open(&path).unwrap();
        let token_file: PathBuf = folder.path().join("token");
        let token = Token::load_or_create(&token_file).unwrap();
        let (commands, inbox) = mpsc::channel(4);
        let (snapshot, seen) = watch::channel(Arc::new(picture()));
        let (events, _) = broadcast::channel(8);
        let engine = Engine { commands, snapshot: seen, events: events.clone() };
        let asked = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(play(inbox, asked.clone(), journal.clone()));
        let server = Server::new(engine, journal.clone(), token).shown_at(outer);
        let bound = server.bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let base = format!("http://{}", bound.address());
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(bound.run(async move {
            // A fixture that is dropped stops its server too.
            let _ = stopped.await;
        }));
        let token = std::fs::read_to_string(token_file).unwrap().trim().to_owned();
        Self { base, token, journal, snapshot, events, asked, stop: Some(stop), served, _folder: folder }
    }

    pub fn client(&self) -> Client {
        Client::new(&self.base, Token::parse(&self.token)).unwrap().as_user("mei")
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    pub async fn asked(&self) -> Vec<String> {
        self.asked.lock().await.clone()
    }
}

fn applied() -> Applied {
    Applied {
        revision: Revision(4),
        devices: 3,
        transactions: 2,
        edits: 9,
        took_ms: 12.5,
        left_out: ["br-1".parse().unwrap()].into(),
        unseen: Default::default(),
        accepted: 0,
        findings: Vec::new(),
    }
}

/// Plays the engine: notes each command, with how long the audit log was by then.
#[expect(clippy::too_many_lines, reason = "an arm for each command")]
async fn play(mut inbox: mpsc::Receiver<Command>, asked: Arc<Mutex<Vec<String>>>, journal: store::Journal) {
    while let Some(command) = inbox.recv().await {
        let logged = journal.audit(100).map_or(0, |log| log.len());
        let note = |text: String| {
            let asked = asked.clone();
            async move { asked.lock().await.push(format!("{text} after {logged} entries")) }
        };
        match command {
            Command::Apply { files, who, message, remove_all, manner, reply } => {
                let allowed = if remove_all { " or nothing" } else { "" };
                let so = told(manner);
                note(format!("apply {}{allowed}{so} by {who}: {message}", files.len())).await;
                let busy = files.contains_key("busy.yaml");
                reply.send(if busy { Err(Refusal::Busy) } else { Ok(applied()) }).unwrap();
            }
            Command::SetMode { mode, who, reply } => {
                note(format!("mode {mode:?} by {who}")).await;
                reply.send(Ok(())).unwrap();
            }
            Command::Adopt { who, reply } => {
                note(format!("adopt by {who}")).await;
                reply.send(Ok(())).unwrap();
            }
            Command::AdoptDrift { nodes, who, message, until, reply } => {
                let end = until.map_or_else(String::new, |until| format!(" until {}", until.as_micros()));
                note(format!("accept {nodes:?}{end} by {who}: {message}")).await;
                reply.send(Ok(applied())).unwrap();
            }
            Command::Drain { subject, drain, who, beyond_limit, reply } => {
                note(format!("drain {subject:?} {drain}{} by {who}", beyond(beyond_limit))).await;
                reply.send(Ok(applied())).unwrap();
            }
            Command::Restore { nodes, who, message, beyond_limit, reply } => {
                let so = beyond(beyond_limit);
                note(format!("restore {nodes:?}{so} by {who}: {message}")).await;
                reply.send(Ok(applied())).unwrap();
            }
            Command::Optimise { limits, reply } => {
                note(format!("optimise with {} moves", limits.moves)).await;
                reply.send(Err(Refusal::NotFound { what: "link l9".into() })).unwrap();
            }
            Command::Balance { balancing, who, beyond_limit, reply } => {
                note(format!("{}{} by {who}", in_short(&balancing), beyond(beyond_limit))).await;
                reply.send(Ok(applied())).unwrap();
            }
            Command::Rollback { to, who, message, beyond_limit, reply } => {
                note(format!("rollback {}{} by {who}: {message}", to.0, beyond(beyond_limit))).await;
                let what = format!("revision {}", to.0);
                reply.send(Err(Refusal::NotFound { what })).unwrap();
            }
            Command::Plan { rehearse, reply, .. } => {
                note(if rehearse { "plan on routers".into() } else { "plan".into() }).await;
                reply.send(Err(Refusal::Findings { findings: Vec::new() })).unwrap();
            }
            Command::Schema { node, module, reply } => {
                note(format!("schema of {node}, {module:?}")).await;
                reply.send(schema(node)).unwrap();
            }
            Command::State { reply } => {
                note("state".into()).await;
                reply.send(Err(Refusal::Stopping)).unwrap();
            }
        }
    }
}

/// One router is known, and the others are silent.
fn schema(node: NodeId) -> Result<DeviceSchema, Refusal> {
    if node.as_str() != "site/a" {
        return Err(Refusal::Device { why: format!("{node}, read: it fell silent") });
    }
    let missing = vec!["openconfig-qos".into()];
    let (dialect, unjudged) = ("openconfig".into(), vec!["trunkline-sr-policy".into()]);
    Ok(DeviceSchema { node, dialect, modules: Vec::new(), missing, unjudged, unread: 0 })
}

fn told(manner: Manner) -> String {
    let waves = manner
        .waves
        .map_or_else(String::new, |waves| format!(" in waves of {}, {}", waves.first, waves.settle));
    format!("{waves}{}", beyond(manner.beyond_limit))
}

fn beyond(limit: bool) -> &'static str {
    if limit { " beyond the limit" } else { "" }
}

fn in_short(balancing: &Balancing) -> String {
    match balancing {
        Balancing::Off(services) => {
            let each = services.iter().map(|(id, kept)| format!("{id} off {:?}", kept.off));
            format!("balance {}", each.collect::<Vec<_>>().join(", "))
        }
        Balancing::Back(services) => format!("balance no more {services:?}"),
    }
}

pub fn event(number: u64) -> Event {
    Event {
        number,
        at: Timestamp::from_micros(number * 1_000),
        kind: EventKind::ModeChanged { mode: Mode::Act, who: format!("user {number}") },
    }
}

pub fn picture() -> Snapshot {
    let node = |name: &str| NodeView {
        id: NodeId::lit(name),
        role: Some("hq".into()),
        site: None,
        lat: Some(39.9),
        lon: Some(116.4),
        protocol: Some("netconf".into()),
        session: Session::Up,
        policies: 1,
        read: None,
        differs: Vec::new(),
        uncompared: None,
        exceptions: Vec::new(),
        modules: Some(3),
        rollback: None,
        startup: None,
    };
    let link = LinkView {
        id: LinkId::lit("l1"),
        a: NodeId::lit("a"),
        z: NodeId::lit("z"),
        role: None,
        up: Some(true),
        drained: false,
        a_to_z: Default::default(),
        z_to_a: Default::default(),
    };
    Snapshot {
        at: Timestamp::from_micros(5_000_000),
        nodes: vec![node("a"), node("z")],
        links: vec![link],
        timeline: (1..=5).map(event).collect(),
        ..Snapshot::default()
    }
}
