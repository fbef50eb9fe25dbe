//! The controller as a process of its own, as operators run it: `trunkline serve`. It is asked over its API, can be killed
//! without warning, and can be kept from writing to the disk.

use std::{
    collections::VecDeque,
    fs,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use api::{Client, ClientError, Token, request::ApplyRequest};
use engine::{
    event::{Event, EventKind},
    handle::{Applied, Refusal},
    snapshot::Snapshot,
};
use model::{Revision, Span, TransactionId};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::{Value, json};
use store::Journal;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::{Child, Command},
    time::{sleep, timeout},
};

use crate::lab::{Files, LIMIT, Lab, Speaks};

/// The last lines that the controller logged.
type Log = Arc<Mutex<VecDeque<String>>>;

/// A running controller; it ends with the test.
pub struct Outside {
    child: Child,
    pub client: Client,
    log: Log,
}

/// The program under test.
fn trunkline() -> PathBuf {
    let beside = || Some(std::env::current_exe().ok()?.parent()?.parent()?.join("trunkline"));
    let found = std::env::var_os("TRUNKLINE_BIN").map(PathBuf::from).or_else(beside);
    found.filter(|path| path.exists()).expect("build the programs first: cargo build --workspace --bins")
}

/// What the controller is told beside its network. By default nobody measures, so it does nothing of its own accord.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether routers tell what they measure.
    pub measured: bool,
    /// More members of its configuration.
    pub more: Value,
}

impl Default for Settings {
    fn default() -> Self {
        Self { measured: false, more: json!({}) }
    }
}

impl Outside {
    /// The newest accepted intents are these.
    pub async fn has_accepted(&self, revision: Revision, files: &Files, context: &str) {
        let accepted = self.client.intents(1).await.unwrap();
        assert_eq!(accepted[0].revision, revision, "{context}");
        let held = self.client.intents_at(revision).await.unwrap().files;
        assert_eq!(held, *files, "{context}");
    }

    /// Starts it on what it has kept, and waits until it has read every router. At its first start it adopts the network.
    pub async fn start(lab: &Lab) -> Self {
        Self::start_with(lab, &Settings::default()).await
    }

    /// The same with settings.
    pub async fn start_with(lab: &Lab, settings: &Settings) -> Self {
        let outside = Self::launch(lab, settings).await;
        let all = outside.has_read_all().await;
        if !all.adopted {
            outside.client.adopt("the lab").await.unwrap();
        }
        outside
    }

    /// Starts it on what it has kept, and waits for nothing but its API.
    pub async fn launch(lab: &Lab, settings: &Settings) -> Self {
        write_files(lab, settings);
        // A write that is kept from it shall be an error that it is told, not its end.
        let mut child = Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
            .arg(trunkline())
            .args(["serve", "-c"])
            .arg(lab.file("controller.yaml"))
            .env("RUST_LOG", "info")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let log = Log::default();
        tokio::spawn(keep(child.stderr.take().unwrap(), Arc::clone(&log)));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(LIMIT, lines.next_line()).await;
        let line = line.expect("it starts in time").unwrap().unwrap_or_default();
        let url = line.strip_prefix("listening on ").unwrap_or_else(|| panic!("it did not start: {log:#?}"));
        let token = Token::load(&lab.file("state/token")).unwrap();
        let client = Client::new(url, Some(token)).unwrap().as_user("test");
        Self { child, client, log }
    }

    /// Waits until it has read every router.
    pub async fn has_read_all(&self) -> Snapshot {
        self.see("all routers are read", |all| all.counts.read == all.counts.devices).await
    }

    /// Makes files the intents, once nothing else is under way.
    pub async fn apply(&self, files: Files) -> Result<Applied, ClientError> {
        apply(&self.client, files).await
    }

    /// Waits until the picture shows something.
    pub async fn see(&self, what: &str, wanted: impl Fn(&Snapshot) -> bool) -> Snapshot {
        let mut last = None;
        let seen = timeout(LIMIT, async {
            loop {
                let all = self.client.state().await.unwrap();
                if wanted(&all) {
                    return all;
                }
                last = Some(all);
                sleep(Duration::from_millis(50)).await;
            }
        });
        let seen = seen.await;
        seen.unwrap_or_else(|_| panic!("{what}: not within {} s: {last:#?} {:#?}", LIMIT.as_secs(), self.log))
    }

    /// Waits until it says that nothing is under way, later than now.
    pub async fn rests(&self) {
        let asked = router::clock::now();
        self.see("nothing is under way", |all| all.at > asked && !all.changing).await;
    }

    /// For as long as it takes to read every router three times, it begins no transaction and no router's configuration changes.
    pub async fn sends_nothing(&self, lab: &Lab, context: &str) {
        let heard: Vec<_> = lab.fleet.routers().map(|router| router.events()).collect();
        let before = self.transactions().await;
        let until = router::clock::now() + Span::from_millis(3 * READ_EVERY_MS);
        self.see(context, |all| all.at > until).await;
        assert_eq!(self.transactions().await, before, "{context}: a transaction that nobody needs");
        assert!(heard.iter().all(|events| events.is_empty()), "{context}: a router was written to");
    }

    /// The transactions that it has begun since it runs.
    pub async fn transactions(&self) -> Vec<TransactionId> {
        let begun = |event: Event| match event.kind {
            EventKind::TransactionBegun { id, .. } => Some(id),
            _ => None,
        };
        self.client.timeline().await.unwrap().into_iter().filter_map(begun).collect()
    }

    /// How often it has logged something, as far as its log is kept.
    pub fn logged(&self, what: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|line| line.contains(what)).count()
    }

    /// Tells it to stop, and waits until it has.
    pub async fn stop(mut self) {
        kill_process(self.pid(), Signal::TERM).unwrap();
        let ended = timeout(LIMIT, self.child.wait()).await;
        assert!(ended.expect("it stops in time").unwrap().success());
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap()).unwrap()
    }

    /// Kills it as the system does when it runs out of memory: nothing is tidied up.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Keeps it from writing to any file, or lets it.
    pub fn let_write(&self, may: bool) {
        let pid = Some(self.pid());
        let now = prlimit(pid, Resource::Fsize, Rlimit { current: None, maximum: None }).unwrap();
        assert_eq!(now.maximum, None, "files of these tests may grow");
        let current = if may { None } else { Some(0) };
        prlimit(pid, Resource::Fsize, Rlimit { current, maximum: None }).unwrap();
    }
}

/// Makes files the intents, once nothing else is under way.
pub async fn apply(client: &Client, files: Files) -> Result<Applied, ClientError> {
    let request = ApplyRequest::new(files, "CHG1");
    patiently(|| client.apply(&request)).await
}

/// Asks for a change again and again while another one is under way.
pub async fn patiently<F>(ask: impl Fn() -> F) -> Result<Applied, ClientError>
where
    F: Future<Output = Result<Applied, ClientError>>,
{
    let asked = async {
        loop {
            match ask().await {
                Err(ClientError::Refused(Refusal::Busy | Refusal::Reading)) => {
                    sleep(Duration::from_millis(20)).await;
                }
                answer => return answer,
            }
        }
    };
    timeout(LIMIT * 2, asked).await.expect("a change ends in time")
}

/// The journal of a controller that does not run.
pub fn journal(lab: &Lab) -> Journal {
    Journal::open(&lab.file("state/journal")).unwrap()
}

async fn keep(from: impl AsyncRead + Unpin, log: Log) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut log = log.lock().unwrap();
        log.push_back(line);
        if log.len() > 100 {
            log.pop_front();
        }
    }
}

/// How often it reads every router, milliseconds.
const READ_EVERY_MS: u64 = 500;

/// What the controller is told: network, inventory, settings.
fn write_files(lab: &Lab, settings: &Settings) {
    let device = |node: &model::NodeId| {
        let address = lab.address(node);
        let config = match lab.speaks(node) {
            Speaks::Netconf => {
                let pin = fs::read_to_string(lab.file(&format!("{node}.pin"))).unwrap();
                json!({"netconf": address, "hostKey": pin})
            }
            Speaks::GnmiConfirmed | Speaks::Gnmi => {
                json!({"gnmi": address, "ca": "file:ca.pem", "name": node})
            }
        };
        let login = json!({"user": "trunkline", "key": "file:id_ed25519", "certificate": "file:client.pem",
            "certificateKey": "file:client.key"});
        let telemetry = settings
            .measured
            .then(|| json!({"gnmi": lab.telemetry(node), "ca": "file:ca.pem", "name": node}));
        json!({"name": node, "config": config, "login": login, "telemetry": telemetry})
    };
    let inventory = json!({"apiVersion": "trunkline/v1", "kind": "Inventory",
        "devices": lab.ted.nodes.keys().map(device).collect::<Vec<_>>()});
    let mut controller = json!({"apiVersion": "trunkline/v1", "kind": "Controller", "network": "network.yaml",
        "inventory": "inventory.yaml", "state": "state", "listen": "127.0.0.1:0",
        "readEvery": format!("{READ_EVERY_MS}ms"), "telemetryInterval": "200ms"});
    controller.as_object_mut().unwrap().extend(settings.more.as_object().unwrap().clone());
    // JSON is YAML.
    fs::write(lab.file("inventory.yaml"), inventory.to_string()).unwrap();
    fs::write(lab.file("controller.yaml"), controller.to_string()).unwrap();
    fs::write(lab.file("network.yaml"), formats::to_network_yaml(&lab.ted)).unwrap();
}
