//! A controller in this process, with real sessions to the routers. Its deadlines can be set, so that a router that hangs costs
//! seconds and not half a minute.

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

use assess::Limits;
use engine::{
    controller::{Controller, Setup},
    handle::{Applied, Command, Engine, Refusal},
    snapshot::{NodeView, Session, Snapshot},
    tasks::DeviceHandle,
};
use gnmi::{
    FilePreImages, GnmiDevice, PreImages, Target,
    tls::{ClientTls, Identity},
};
use model::{NodeId, Sample};
use netconf::{
    device::{Manners, NetconfDevice, Options},
    ssh::{LoginKey, SshTarget},
};
use store::Journal;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::lab::{FAULTY, Files, LIMIT, Lab, Speaks};

/// How long the router with the faults may take for an answer; long enough for a healthy one on a slow machine.
const SHORT: Duration = Duration::from_secs(5);
/// How long the others may.
const LONG: Duration = Duration::from_secs(30);

/// The controller.
pub struct Inside {
    pub engine: Engine,
    pub journal: Journal,
    stop: CancellationToken,
    task: JoinHandle<()>,
    _samples: mpsc::Sender<Vec<Sample>>,
}

impl Inside {
    /// Starts it and lets it adopt the network.
    pub async fn start(lab: &Lab) -> Self {
        let journal = Journal::open(&lab.file("journal")).unwrap();
        let (samples, receiver) = mpsc::channel(16);
        let setup = Setup {
            ted: lab.ted.clone(),
            devices: devices(lab),
            protocols: lab.ted.nodes.keys().map(|node| (node.clone(), "lab".to_owned())).collect(),
            samples: receiver,
            journal: journal.clone(),
            limits: Limits::default(),
            most: engine::terms::Most::default(),
            read_every: Duration::from_millis(300),
            openings: 8,
            clock: engine::season::Clock::default(),
            learned: engine::learn::nobody(),
        };
        let (controller, engine) = Controller::start(setup).await.unwrap();
        let stop = CancellationToken::new();
        let task = tokio::spawn(controller.run(stop.clone()));
        let mut inside = Self { engine, journal, stop, task, _samples: samples };
        inside.see("all devices are read", |all| all.counts.read == all.counts.devices).await;
        inside.engine.ask(|reply| Command::Adopt { who: "test".into(), reply }).await.unwrap();
        inside
    }

    /// Makes files the intents, once nothing else is under way.
    pub async fn apply(&self, files: Files) -> Result<Applied, Refusal> {
        let asked = async {
            loop {
                let files = files.clone();
                let ask = |reply| Command::Apply {
                    files,
                    who: "test".into(),
                    message: "CHG1".into(),
                    remove_all: false,
                    manner: engine::terms::Manner::default(),
                    reply,
                };
                match self.engine.ask(ask).await {
                    Err(Refusal::Busy | Refusal::Reading) => {
                        tokio::time::sleep(Duration::from_millis(20)).await
                    }
                    answer => return answer,
                }
            }
        };
        timeout(LIMIT * 2, asked).await.expect("a change ends in time")
    }

    /// Waits until the picture shows something.
    pub async fn see(&mut self, what: &str, wanted: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let latest = self.engine.snapshot.clone();
        match timeout(LIMIT, self.engine.snapshot.wait_for(|all| wanted(all))).await {
            Ok(seen) => Arc::clone(&*seen.unwrap()),
            Err(_) => {
                let all = latest.borrow().clone();
                let down: Vec<&NodeView> = all.nodes.iter().filter(|n| n.session != Session::Up).collect();
                panic!("{what}: not within {} s; {down:?}, {:#?}", LIMIT.as_secs(), all.timeline)
            }
        }
    }

    /// Ends it after what is under way.
    pub async fn stop(self) {
        self.stop.cancel();
        timeout(LIMIT, self.task).await.expect("it ends in time").unwrap();
    }
}

/// A session to every router, as the controller has.
pub fn devices(lab: &Lab) -> BTreeMap<NodeId, DeviceHandle> {
    let read = |name: &str| fs::read_to_string(lab.file(name)).unwrap();
    let login = LoginKey::from_text(&read("id_ed25519"), None).unwrap();
    let identity = Identity {
        certificates_pem: read("client.pem").into_bytes(),
        key_pem: read("client.key").into_bytes().into(),
    };
    let tls = ClientTls::new(read("ca.pem").as_bytes(), Some(&identity)).unwrap();
    let pre_images: Arc<dyn PreImages> = Arc::new(FilePreImages::new(lab.file("pre-images")).unwrap());
    let device = |node: &NodeId| {
        let patience = if node.as_str() == FAULTY { SHORT } else { LONG };
        let address = lab.address(node).to_string();
        match lab.speaks(node) {
            Speaks::Netconf => {
                let pin = read(&format!("{node}.pin")).parse().unwrap();
                let target = SshTarget::new(address, pin, "trunkline", login.clone());
                let manners =
                    Manners { answer: patience, work: patience, patience: LONG, ..Manners::default() };
                let options = Options { manners, connect: patience, ..Options::default() };
                let device = NetconfDevice::new(node.clone(), target, options);
                let device = if lab.tells.contains(node) { device.telling_database() } else { device };
                DeviceHandle::spawn(device, LONG)
            }
            Speaks::GnmiConfirmed | Speaks::Gnmi => {
                let limits = gnmi::target::Limits { deadline: patience, ..Default::default() };
                let tls = tls.clone();
                let target =
                    Target { address, server_name: node.to_string(), tls, credentials: None, limits };
                let device = GnmiDevice::new(node.clone(), target, Arc::clone(&pre_images));
                let device = if lab.tells.contains(node) { device.telling_database() } else { device };
                DeviceHandle::spawn(device, LONG)
            }
        }
    };
    lab.ted.nodes.keys().map(|node| (node.clone(), device(node))).collect()
}
