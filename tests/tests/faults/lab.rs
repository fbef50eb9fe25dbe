//! The network under test: five software routers behind real sockets, with the simulated lines between them. The routers live
//! in this process, so that a test can plan their faults and read what they hold without any protocol; whoever drives them
//! comes over SSH and TLS. Every router also holds what somebody else put there, which has to outlive every bad day.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use model::{Demands, DeviceConfig, NodeId, Ted, state::OWN_PREFIX};
use netconf::ssh::keys::FreshKey;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use router::{
    datastore::{ChangeKind, Tree, diff, path::show},
    fault::{Fault, Faults, Kind, Step},
    fleet::Fleet,
    forwarding,
    lab::{Command, Lab as World},
    plan::Plan,
    router::Router,
};
use serde_json::{Value, json};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep},
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// What every router holds of the controller's.
pub type Truth = BTreeMap<NodeId, DeviceConfig>;
/// Intents by file name.
pub type Files = BTreeMap<String, String>;

/// Nothing that is waited for takes longer, also on a slow machine: a router that was not trusted is tried again after a minute.
pub const LIMIT: Duration = Duration::from_secs(150);

/// So many networks run at once: more of them keep each other waiting for longer than a router may take to answer.
static ROOM: Semaphore = Semaphore::const_new(9);

/// How a router is configured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Speaks {
    /// NETCONF.
    Netconf,
    /// gNMI with the commit-confirmed extension.
    GnmiConfirmed,
    /// gNMI without it.
    Gnmi,
}

/// The router that has the faults. It ends services, so every change reaches it.
pub const FAULTY: &str = "br-1";
/// Another one that every change reaches.
pub const OTHER: &str = "hq-pe1";

/// The running network.
pub struct Lab {
    pub ted: Ted,
    pub fleet: Fleet,
    pub world: Arc<World>,
    pub folder: tempfile::TempDir,
    /// Routers that a controller asks for the database of IS-IS.
    pub tells: Vec<NodeId>,
    speaks: BTreeMap<NodeId, Speaks>,
    /// What every router held before a controller came: its interfaces, its instances, and what others made.
    found: BTreeMap<NodeId, Tree>,
    _stop: DropGuard,
    /// Its place among those that run.
    _room: SemaphorePermit<'static>,
}

fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../intents/examples/minimal").join(name);
    fs::read_to_string(path).unwrap()
}

/// Two sets of intents. From one to the other policies, steering rules and queues change.
pub fn intents(which: usize) -> Files {
    let services = example("services.yaml");
    let services = match which {
        0 => services,
        _ => services
            .replace("affinity: line1", "affinity: line2")
            .replace("bandwidth: 2Mbps", "bandwidth: 3Mbps")
            .replace("10.16.0.0/16", "10.17.0.0/16"),
    };
    [("classes.yaml".to_owned(), example("classes.yaml")), ("services.yaml".to_owned(), services)].into()
}

/// Where routers listen: an address for each, so that a port that is given back meets nobody else's.
fn address(network: u32, at: usize) -> SocketAddr {
    let run = 1 + std::process::id() % 120;
    let byte = |number: u32| u8::try_from(number % 250).unwrap();
    (Ipv4Addr::new(127, byte(run + 120), byte(network), byte(1 + u32::try_from(at).unwrap())), 0).into()
}

/// Networks that this process has made.
static NETWORKS: AtomicU32 = AtomicU32::new(0);

impl Lab {
    /// Starts it. The faulty router speaks what is asked; of the others, each protocol has at least one.
    pub async fn start(faulty: Speaks) -> Self {
        let room = ROOM.acquire().await.unwrap();
        let ted = formats::read("network.yaml", &example("network.yaml")).unwrap().ted;
        let speaks = ted.nodes.keys().map(|node| {
            let speaks = match node.as_str() {
                FAULTY => faulty,
                "hq-pe1" | "core-2" => Speaks::Netconf,
                "core-1" => Speaks::GnmiConfirmed,
                _ => Speaks::Gnmi,
            };
            (node.clone(), speaks)
        });
        let speaks: BTreeMap<NodeId, Speaks> = speaks.collect();
        let folder = tempfile::tempdir().unwrap();
        keys(folder.path(), &ted);
        let network = NETWORKS.fetch_add(1, Ordering::Relaxed);
        let plan = routers(&ted, &speaks, |at| [address(network, at); 2]);
        let world = json!({"ted": ted, "demands": demands(&ted), "seed": 7});
        fs::write(folder.path().join("routers.json"), plan.to_string()).unwrap();
        fs::write(folder.path().join("world.json"), world.to_string()).unwrap();
        let plan = Plan::read(&folder.path().join("routers.json")).unwrap();
        let world = World::read(&folder.path().join("world.json")).unwrap();
        let fleet = Fleet::start(&plan, world.clone()).await.unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(world.clone().run(fleet.routers().cloned().collect(), stop.clone()));
        let held =
            |router: &Arc<Router>| (router.name().clone(), router.with(|store| store.running().clone()));
        let found = fleet.routers().map(held).collect();
        let (tells, _stop) = (Vec::new(), stop.drop_guard());
        Self { ted, fleet, world, folder, tells, speaks, found, _stop, _room: room }
    }

    /// How a router is configured.
    pub fn speaks(&self, node: &NodeId) -> Speaks {
        self.speaks[node]
    }

    /// A file of the network.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn router(&self, name: &str) -> &Arc<Router> {
        self.fleet.router(&NodeId::lit(name)).unwrap()
    }

    pub fn faults(&self, name: &str) -> &Faults {
        &self.router(name).faults
    }

    /// What every router holds of the controller's, read from its own store. Panics when something that is not the
    /// controller's is no longer as it was.
    pub fn truth(&self) -> Truth {
        assert_eq!(self.touched(), None, "the controller touches only what it owns");
        let read = |router: &Arc<Router>| {
            let running = router.with(|store| store.running().clone());
            (router.name().clone(), own(forwarding::read(router.schema(), &running)))
        };
        self.fleet.routers().map(read).collect()
    }

    /// The first thing of somebody else's that is gone, another, or has grown: down to the last leaf of the configuration, not
    /// only as far as the controller's view of it goes.
    pub fn touched(&self) -> Option<String> {
        self.fleet.routers().find_map(|router| {
            let running = router.with(|store| store.running().clone());
            diff::changes(&self.found[router.name()], &running).into_iter().find_map(|change| {
                let place = show(router.schema(), &change.path);
                let new = matches!(change.kind, ChangeKind::Created(_));
                let inside = OTHERS.iter().any(|mark| place.contains(mark));
                (!new || inside).then(|| format!("{place} of {}: {:?}", router.name(), change.kind))
            })
        })
    }

    /// Whether a commit waits anywhere to be confirmed.
    pub fn is_pending(&self) -> bool {
        self.fleet.routers().any(|router| router.with(|store| store.deadline().is_some()))
    }

    /// Tells the lab's world something.
    pub fn tell(&self, command: &Command) -> Value {
        self.world.act(&self.fleet, command).unwrap()
    }

    /// Where a router listens for what it is configured with.
    pub fn address(&self, node: &NodeId) -> SocketAddr {
        let [netconf, gnmi] = self.fleet.addresses(node).unwrap();
        if self.speaks(node) == Speaks::Netconf { netconf } else { gnmi }
    }

    /// Where a router tells what it measures.
    pub fn telemetry(&self, node: &NodeId) -> SocketAddr {
        self.fleet.addresses(node).unwrap()[1]
    }

    /// Another box that answers at the addresses of a router, which is switched off: its keys are its own.
    pub async fn impostor(&self, name: &str) -> Fleet {
        let folder = self.file("impostor");
        fs::create_dir(&folder).unwrap();
        keys(&folder, &self.ted);
        let node = NodeId::lit(name);
        let addresses = self.fleet.addresses(&node).unwrap();
        let mut ted = self.ted.clone();
        ted.nodes.retain(|known, _| *known == node);
        let plan = routers(&ted, &self.speaks, |_| addresses);
        fs::write(folder.join("routers.json"), plan.to_string()).unwrap();
        let plan = Plan::read(&folder.join("routers.json")).unwrap();
        let started = async {
            loop {
                match Fleet::start(&plan, self.world.clone()).await {
                    Ok(fleet) => return fleet,
                    // The router has been told to go, and goes.
                    Err(_) => sleep(Duration::from_millis(20)).await,
                }
            }
        };
        tokio::time::timeout(LIMIT, started).await.expect("the addresses become free")
    }
}

/// A fault that strikes once.
pub const fn once(step: Step, kind: Kind, after: bool) -> Fault {
    Fault { step, kind, after, times: 1, from: None }
}

/// Waits until something holds; panics with what is the case when it does not come to hold.
pub async fn until<T: std::fmt::Debug>(what: &str, mut look: impl FnMut() -> Result<(), T>) {
    let end = Instant::now() + LIMIT;
    loop {
        match look() {
            Ok(()) => return,
            Err(found) => {
                assert!(Instant::now() < end, "{what}: not within {} s: {found:#?}", LIMIT.as_secs())
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// The first difference of two truths, as lines that should be there and lines that are.
pub fn difference(expected: &Truth, found: &Truth) -> Option<String> {
    let (node, config) = expected.iter().find(|(node, config)| found.get(*node) != Some(*config))?;
    let (should, holds) = (format!("{:#?}", Some(config)), format!("{:#?}", found.get(node)));
    let lines = similar::TextDiff::from_lines(&should, &holds).unified_diff().context_radius(12).to_string();
    Some(format!("{node}\n{lines}"))
}

/// What the network carries: payments and voice between headquarters and the first branch.
fn demands(_: &Ted) -> Demands {
    let demand = |id: &str, from: &str, to: &str, dscp: &str, destination: Value| {
        json!({"id": id, "from": from, "to": to, "vrf": "office", "destination": destination, "dscp": dscp,
            "rate": "1Mbps", "service": null})
    };
    let all = json!({
        "voice": demand("voice", "hq-pe1", "br-1", "ef", Value::Null),
        "payments": demand("payments", "hq-pe1", "br-1", "af21", json!("10.16.0.0/16")),
    });
    serde_json::from_value(all).unwrap()
}

/// Keys and certificates of everybody, in a folder.
fn keys(folder: &Path, ted: &Ted) {
    let put = |name: &str, text: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::write(folder.join(name), text).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    };
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Trunkline lab");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let issue = |name: &str, usage| {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &authority).unwrap().pem(), key.serialize_pem())
    };
    put("ca.pem", &authority.pem());
    let (certificate, key) = issue("trunkline", ExtendedKeyUsagePurpose::ClientAuth);
    put("client.pem", &certificate);
    put("client.key", &key);
    let login = FreshKey::generate().unwrap();
    put("id_ed25519", &login.private);
    put("id_ed25519.pub", &login.public);
    for node in ted.nodes.keys() {
        let host = FreshKey::generate().unwrap();
        let (certificate, key) = issue(node.as_str(), ExtendedKeyUsagePurpose::ServerAuth);
        put(&format!("{node}.hostkey"), &host.private);
        put(&format!("{node}.pin"), &host.fingerprint);
        put(&format!("{node}.pem"), &certificate);
        put(&format!("{node}.key"), &key);
    }
}

/// The controller's part of what packets follow: they do not ask whose it is.
pub fn own(mut config: DeviceConfig) -> DeviceConfig {
    config.policies.retain(|_, policy| policy.name.starts_with(OWN_PREFIX));
    config.steering.retain(|_, rule| rule.color.number() != FOREIGN_COLOR);
    config.qos.retain(|interface, _| interface.as_str() != "mgmt0");
    config
}

const FOREIGN_COLOR: u32 = 9000;

/// What the places of others' objects have in their paths.
const OTHERS: [&str; 3] = ["ops-", "[color='9000']", "mgmt0"];

/// What an engineer set by hand in the default instance: a policy of his own.
fn foreign_policy() -> Value {
    let segments =
        json!({"segment": [{"index": 1, "srv6-sid": "fd00:9::1"}, {"index": 2, "srv6-sid": "fd00:9::2"}]});
    let path = json!({"protocol-origin": "local", "originator": "ops", "discriminator": 7, "preference": 150,
        "segment-lists": {"segment-list": [{"name": "ops-list", "segments": segments}]}});
    json!({"sr-policy": [{"color": FOREIGN_COLOR, "endpoint": "fd00:9::9", "name": "ops-by-hand",
        "candidate-paths": {"candidate-path": [path]}}]})
}

/// What he set in the VRF of the services: a rule that steers into it.
fn foreign_steering() -> Value {
    let rule = json!({"sequence-id": 60000, "config": {"sequence-id": 60000, "description": "ops: keep"},
        "ipv4": {"config": {"destination-address": "192.0.2.0/24"}},
        "action": {"config": {"trunkline-sr-policy:color": FOREIGN_COLOR}}});
    json!({"policies": {"policy": [{"policy-id": "ops-pbr", "config": {"policy-id": "ops-pbr"},
        "rules": {"rule": [rule]}}]}})
}

/// And queues and a scheduler of the management port.
fn foreign_queues() -> Value {
    let named = |name: &str| json!({"name": name, "config": {"name": name}});
    let input = json!({"id": "ops", "config": {"id": "ops", "input-type": "QUEUE", "queue": "ops-queue", "weight": "3"}});
    let scheduler = json!({"sequence": 1, "config": {"sequence": 1}, "inputs": {"input": [input]},
        "one-rate-two-color": {"config": {"cir": "2000000"}}});
    json!({
        "queues": {"queue": [named("ops-queue")]},
        "scheduler-policies": {"scheduler-policy": [{"name": "ops-mgmt", "config": {"name": "ops-mgmt"},
            "schedulers": {"scheduler": [scheduler]}}]},
        "interfaces": {"interface": [{"interface-id": "mgmt0", "config": {"interface-id": "mgmt0"},
            "output": {"scheduler-policy": {"config": {"name": "ops-mgmt"}}, "queues": {"queue": [named("ops-queue")]}}}]},
    })
}

/// The file of `trunkline-router`.
fn routers(
    ted: &Ted,
    speaks: &BTreeMap<NodeId, Speaks>,
    addresses: impl Fn(usize) -> [SocketAddr; 2],
) -> Value {
    let interfaces = ted.interfaces();
    let router = |(at, node): (usize, &NodeId)| {
        let [netconf, gnmi] = addresses(at);
        let lines = interfaces.keys().filter(|(owner, _)| owner == node).map(|(_, name)| name.as_str());
        let interfaces = lines.chain(["mgmt0"]).map(
            |name| json!({"name": name, "config": {"name": name, "type": "iana-if-type:ethernetCsmacd"}}),
        );
        let instance = |name: &str, kind: &str, member: &str, foreign: Value| {
            let kind = format!("openconfig-network-instance-types:{kind}");
            json!({"name": name, "config": {"name": name, "type": kind}, (member): foreign})
        };
        json!({
            "name": node, "netconf": netconf, "gnmi": gnmi, "hostKey": format!("{node}.hostkey"),
            "certificate": format!("{node}.pem"), "key": format!("{node}.key"),
            "commitConfirmed": speaks[node] == Speaks::GnmiConfirmed,
            "config": {
                "openconfig-system:system": {"config": {"hostname": node}},
                "openconfig-interfaces:interfaces": {"interface": interfaces.collect::<Vec<_>>()},
                "openconfig-network-instance:network-instances": {"network-instance": [
                    instance("default", "DEFAULT_INSTANCE", "trunkline-sr-policy:sr-policies", foreign_policy()),
                    instance("office", "L3VRF", "policy-forwarding", foreign_steering()),
                ]},
                "openconfig-qos:qos": foreign_queues(),
            },
        })
    };
    json!({
        "apiVersion": "trunkline/v1", "kind": "Routers", "clientAuthority": "ca.pem",
        "users": [{"name": "trunkline", "keys": ["id_ed25519.pub"]}],
        "routers": ted.nodes.keys().enumerate().map(router).collect::<Vec<_>>(),
    })
}
