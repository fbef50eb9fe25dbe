//! A controller over fake devices: the minimal example network, in memory.

#![allow(dead_code, reason = "no test uses all of it")]

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use device::fake::FakeDevice;
use engine::{
    controller::{Controller, Setup},
    event::{Event, EventKind},
    handle::{Applied, Command, Engine, Planned, Refusal},
    learn::{News, nobody},
    season::Clock,
    snapshot::Snapshot,
    stages::Files,
    tasks::DeviceHandle,
    terms::{Manner, Most},
};
use model::{Measure, NodeId, Sample, Ted, Timestamp};
use store::Journal;
use tokio::{
    sync::{broadcast, mpsc, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// The network's boxes and the journal's folder: what outlives a controller.
pub struct Lab {
    pub ted: Ted,
    pub devices: BTreeMap<NodeId, FakeDevice>,
    pub folder: tempfile::TempDir,
    /// The moment that schedules are asked about, microseconds; tests set it.
    pub moment: Arc<AtomicU64>,
    /// How much of the network one change may touch; tests set it.
    pub most: Most,
    /// How often devices are read; tests set it.
    pub read_every: Duration,
    /// What is learned of the network; nothing, unless a test says it.
    pub learned: watch::Receiver<Arc<News>>,
}

/// A running controller.
pub struct Running {
    pub engine: Engine,
    pub events: broadcast::Receiver<Event>,
    pub samples: mpsc::Sender<Vec<Sample>>,
    pub task: JoinHandle<()>,
    pub stop: CancellationToken,
}

fn example(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../intents/examples/minimal").join(name);
    std::fs::read_to_string(path).unwrap()
}

pub fn intents() -> Files {
    ["classes.yaml", "services.yaml"].map(|name| (name.to_owned(), example(name))).into()
}

pub fn lab() -> Lab {
    let ted = formats::read("network.yaml", &example("network.yaml")).unwrap().ted;
    let devices = ted.nodes.keys().map(|node| (node.clone(), FakeDevice::new(node.clone()))).collect();
    let (folder, most) = (tempfile::tempdir().unwrap(), Most::default());
    let read_every = Duration::from_millis(200);
    Lab { ted, devices, folder, moment: Arc::default(), most, read_every, learned: nobody() }
}

impl Lab {
    /// A controller that has read the whole network.
    pub async fn start(&self) -> Running {
        let mut running = self.begin().await;
        running.wait(|kind| matches!(kind, EventKind::InSync { .. })).await;
        running
    }

    /// The journal, as soon as the controller before has let go of it: what it began beside its loop may end a moment later.
    pub async fn journal(&self) -> Journal {
        let path = self.folder.path().join("journal");
        for _ in 0..500 {
            if let Ok(journal) = Journal::open(&path) {
                return journal;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Journal::open(&path).unwrap()
    }

    /// A controller that has just been started.
    pub async fn begin(&self) -> Running {
        let handle =
            |device: &FakeDevice| DeviceHandle::spawn(device.another_session(), Duration::from_secs(5));
        let (samples, receiver) = mpsc::channel(1_024);
        let setup = Setup {
            ted: self.ted.clone(),
            devices: self.devices.iter().map(|(node, device)| (node.clone(), handle(device))).collect(),
            protocols: self.devices.keys().map(|node| (node.clone(), "memory".to_owned())).collect(),
            samples: receiver,
            journal: self.journal().await,
            limits: assess::Limits::default(),
            most: self.most,
            read_every: self.read_every,
            openings: 8,
            clock: self.clock(),
            learned: self.learned.clone(),
        };
        let (controller, engine) = Controller::start(setup).await.unwrap();
        let events = engine.events.subscribe();
        let stop = CancellationToken::new();
        let task = tokio::spawn(controller.run(stop.clone()));
        Running { engine, events, samples, task, stop }
    }

    /// Sets the moment that schedules are asked about, as RFC 3339 writes it.
    pub fn set_moment(&self, text: &str) {
        let moment = intents::moment(text).unwrap();
        self.moment.store(moment.at.as_micros(), Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let moment = Arc::clone(&self.moment);
        Clock::of(move || Timestamp::from_micros(moment.load(Ordering::SeqCst)))
    }

    pub fn writes(&self) -> usize {
        self.devices.values().map(FakeDevice::writes).sum()
    }
}

impl Running {
    /// Waits for an event; all that came before it are gone.
    pub async fn wait(&mut self, mut wanted: impl FnMut(&EventKind) -> bool) -> EventKind {
        let found = async {
            loop {
                let event = self.events.recv().await.unwrap();
                if wanted(&event.kind) {
                    return event.kind;
                }
            }
        };
        timeout(Duration::from_secs(20), found).await.expect("the event came in time")
    }

    pub async fn adopt(&self) {
        self.engine.ask(|reply| Command::Adopt { who: "test".into(), reply }).await.unwrap();
    }

    /// The stop switch.
    pub async fn observe(&self) {
        let ask = |reply| Command::SetMode { mode: model::intent::Mode::Observe, who: "noc".into(), reply };
        self.engine.ask(ask).await.unwrap();
    }

    pub async fn apply(&self, files: Files) -> Result<Applied, Refusal> {
        let ask = |reply| Command::Apply {
            files,
            who: "test".into(),
            message: "CHG1".into(),
            remove_all: false,
            manner: Manner::default(),
            reply,
        };
        self.engine.ask(ask).await
    }

    /// What files would change.
    pub async fn plan(&self, files: Files) -> Result<Planned, Refusal> {
        let manner = Manner::default();
        self.engine.ask(|reply| Command::Plan { files, manner, rehearse: false, reply }).await
    }

    /// The same, tried on the devices.
    pub async fn rehearse(&self, files: Files) -> Result<Planned, Refusal> {
        let manner = Manner::default();
        self.engine.ask(|reply| Command::Plan { files, manner, rehearse: true, reply }).await
    }

    /// The same in a manner of its own.
    pub async fn apply_so(&self, files: Files, manner: Manner) -> Result<Applied, Refusal> {
        let (who, message) = ("test".to_owned(), "CHG1".to_owned());
        let ask = |reply| Command::Apply { files, who, message, remove_all: false, manner, reply };
        self.engine.ask(ask).await
    }

    pub async fn snapshot(&mut self, wanted: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let found =
            timeout(Duration::from_secs(20), self.engine.snapshot.wait_for(|snapshot| wanted(snapshot)));
        Arc::clone(&*found.await.expect("the picture came in time").unwrap())
    }

    /// The controller dies; nothing is tidied up.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// One second of telemetry of every line as the network file says, with changes.
pub fn telemetry(ted: &Ted, at: Timestamp, change: impl Fn(&str, &mut u64, &mut u32)) -> Vec<Sample> {
    let mut samples = Vec::new();
    for link in ted.links.values() {
        for side in [model::Side::A, model::Side::Z] {
            let end = link.end(side);
            let mut delay = link.direction(side).delay.value.as_micros();
            let mut loss = 0;
            change(link.id.as_str(), &mut delay, &mut loss);
            let measures = [
                Measure::Up(true),
                Measure::Delay(model::Delay::from_micros(delay)),
                Measure::Jitter(model::Jitter::from_micros(100)),
                Measure::Loss(model::Loss::from_ppb(loss)),
            ];
            samples.extend(measures.map(|measure| Sample {
                node: end.node.clone(),
                interface: end.interface.clone(),
                at,
                measure,
            }));
        }
    }
    samples
}

const ALARM: &str = "
apiVersion: trunkline/v1
kind: AlarmPolicy
metadata: {name: line-degraded}
spec:
  on: {links: {role: leased-line}}
  when: {any: [loss > 0.5%], over: 10s, for: 1s}
  clear: {for: 60s}
  severity: major
";

/// The example with short waits and an alarm policy.
pub fn hasty() -> Files {
    let mut files = intents();
    let services = files.get_mut("services.yaml").unwrap();
    *services = services
        .replace("for: 3s", "for: 1s")
        .replace("holdDown: 30s, waitToRestore: 120s", "holdDown: 1s, waitToRestore: 2s");
    assert!(services.contains("waitToRestore: 2s"));
    files.insert("alarms.yaml".into(), ALARM.into());
    files
}

/// Telemetry of all lines ten times a second, line 1 of the first branch good or bad, until what is given back is aborted.
pub fn feed(lab: &Lab, running: &Running, bad: bool) -> JoinHandle<()> {
    let (samples, ted) = (running.samples.clone(), lab.ted.clone());
    tokio::spawn(async move {
        loop {
            let batch = telemetry(&ted, engine::clock::now(), |link, delay, loss| {
                if bad && link == "line1-br-1" {
                    *delay = 60_000;
                    *loss = 20_228_952;
                }
            });
            if samples.send(batch).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
}
