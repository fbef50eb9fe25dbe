//! The contract of devices, judged over the software router by the product's own devices: NETCONF over SSH and over TLS, gNMI with
//! commit confirmed, gNMI without. What the router holds is read from its own store, not through the device under test.

use std::{sync::Arc, time::Duration};

use device::{
    Device as _,
    contract::{Rig, judge, sample_edits},
};
use gnmi::{FilePreImages, GnmiDevice, Target, target::Limits, tls::ClientTls};
use model::{
    DeviceConfig, InterfaceName, Neighbour, NodeId, Oper, Port, QueueName, Span, Surroundings, TransactionId,
    state::OWN_PREFIX,
};
use netconf::{
    device::{Library, Manners, NetconfDevice, Options},
    ssh::{LoginKey, SshTarget},
};
use router::{
    datastore::{ChangeKind, Tree, diff, path::show},
    forwarding,
    router::{Author, Router},
};
use russh::keys::ssh_key::LineEnding;

use crate::support::{Bench, FOREIGN_COLOR, beside_others};

/// Longer than anything takes on a slow machine.
const PATIENT: Duration = Duration::from_secs(20);

/// One router of a bench, and how devices are made for it.
struct Box<D> {
    bench: Bench,
    name: &'static str,
    /// Whether the protocol has a way to try a change.
    can_rehearse: bool,
    open: fn(&Bench, &str) -> D,
}

impl<D> Box<D> {
    fn router(&self) -> &Arc<Router> {
        self.bench.fleet.router(&NodeId::lit(self.name)).unwrap()
    }

    /// All that it is configured with, whoever did it.
    fn running(&self) -> Tree {
        self.router().with(|store| store.running().clone())
    }
}

impl<D: device::Device> Rig for Box<D> {
    type Device = D;

    fn can_rehearse(&self) -> bool {
        self.can_rehearse
    }

    async fn session(&self) -> D {
        (self.open)(&self.bench, self.name)
    }

    async fn truth(&self) -> DeviceConfig {
        let mut config = forwarding::read(self.router().schema(), &self.running());
        // Packets do not ask whose it is; the contract does.
        config.policies.retain(|_, policy| policy.name.starts_with(OWN_PREFIX));
        config.steering.retain(|_, rule| rule.color.number() != FOREIGN_COLOR);
        config.qos.retain(|interface, _| interface.as_str() != "mgmt0");
        for qos in config.qos.values_mut() {
            qos.queues =
                std::mem::take(&mut qos.queues).into_iter().map(|(name, q)| (asked(&name), q)).collect();
        }
        for queue in config.classifier.iter_mut().flat_map(|classifier| classifier.queues.values_mut()) {
            *queue = asked(queue);
        }
        config
    }

    async fn pass(&self, time: Duration) {
        let span = Span::from_micros(u64::try_from(time.as_micros()).unwrap());
        self.router().change(Author::Server, |store, now| Ok(store.expire(now + span))).unwrap();
    }
}

/// On the box the queues of the product have a prefix, by which it knows its own.
fn asked(queue: &QueueName) -> QueueName {
    QueueName::lit(queue.as_str().strip_prefix("tl-").expect("the queue is the product's"))
}

fn over_netconf(bench: &Bench, name: &str) -> NetconfDevice {
    let key = LoginKey::from_text(&bench.login.to_openssh(LineEnding::LF).unwrap(), None).unwrap();
    let address = bench.addresses(name)[0].to_string();
    netconf(SshTarget::new(address, bench.pin.parse().unwrap(), "trunkline", key))
}

fn over_tls(bench: &Bench, name: &str) -> NetconfDevice {
    netconf(bench.tls_target(name))
}

fn netconf(target: impl Into<netconf::device::Target>) -> NetconfDevice {
    let manners = Manners { patience: PATIENT, answer: PATIENT, ..Manners::default() };
    NetconfDevice::new(NodeId::lit("r"), target, Options { manners, connect: PATIENT, ..Options::default() })
}

/// The folder of pre-images is opened anew for every device, as after a restart.
fn over_gnmi(bench: &Bench, name: &str) -> GnmiDevice {
    let tls = ClientTls::new(&bench.authority_pem, Some(&bench.client)).unwrap();
    let limits = Limits { deadline: PATIENT, ..Limits::default() };
    let address = bench.addresses(name)[1].to_string();
    let target = Target { address, server_name: "router.lab".into(), tls, credentials: None, limits };
    let pre_images = FilePreImages::new(bench.folder.path().join("pre-images")).unwrap();
    GnmiDevice::new(NodeId::lit("r"), target, Arc::new(pre_images))
}

/// Declarations that may stay and do nothing: names of queues and groups, entries of interfaces, a policy without rules. Several
/// interfaces and rules share them, so no removal of one of these takes them away. All of them are the product's, or name a
/// port of the box.
const EMPTIED: [&str; 4] =
    ["/queues/queue[name='tl-", "/forwarding-groups", "/interfaces/interface[", "/policy[policy-id='tl-"];

/// Judges, and looks whether nothing that was there before has changed, down to the last leaf.
async fn keeps<D: device::Device>(
    name: &'static str,
    can_rehearse: bool,
    open: fn(&Bench, &str) -> D,
) -> Box<D> {
    let rig = Box { bench: Bench::of(2, beside_others).await, name, can_rehearse, open };
    let before = rig.running();
    judge(&rig).await;
    for change in diff::changes(&before, &rig.running()) {
        let place = show(rig.router().schema(), &change.path);
        assert!(matches!(change.kind, ChangeKind::Created(_)), "{place} is another's: {:?}", change.kind);
        assert!(
            EMPTIED.iter().any(|emptied| place.contains(emptied)) && !place.contains("ops-"),
            "{place} was left: {:?}",
            change.kind
        );
    }
    assert_eq!(rig.router().with(|store| store.deadline()), None, "a commit still waits");
    rig
}

#[tokio::test]
async fn the_contract_is_kept_over_netconf() {
    keeps("r1", true, over_netconf).await;
}

#[tokio::test]
async fn the_contract_is_kept_over_netconf_over_tls() {
    keeps("r1", true, over_tls).await;
}

#[tokio::test]
async fn the_contract_is_kept_over_gnmi_with_commit_confirmed() {
    keeps("r1", false, over_gnmi).await;
}

#[tokio::test]
async fn the_contract_is_kept_over_gnmi_without_commit_confirmed() {
    let rig = keeps("r2", false, over_gnmi).await;
    let left = std::fs::read_dir(rig.bench.folder.path().join("pre-images")).unwrap().count();
    assert_eq!(left, 0, "pre-images of finished transactions were left");
}

#[tokio::test]
async fn the_router_serves_every_node_that_the_dialect_writes() {
    let bench = Bench::start(2).await;
    let library = Library::default();
    let mut counts = Vec::new();
    for name in ["r1", "r2"] {
        let mut device = over_netconf(&bench, name).with_library(library.clone());
        device.stage(TransactionId(1), &sample_edits(1)).await.unwrap();
        device.cancel(TransactionId(1)).await.unwrap();
        counts.push(library.modules());
    }
    let names: Vec<_> = counts[0].iter().map(|module| module.name.as_str()).collect();
    assert!(names.contains(&"openconfig-qos") && names.contains(&"openconfig-packet-match"), "{names:?}");
    let [first, second] = [&counts[0], &counts[1]];
    assert!(
        first.len() == second.len() && first.iter().zip(second).all(|(a, b)| Arc::ptr_eq(a, b)),
        "read once"
    );
}

#[tokio::test]
async fn what_the_router_serves_is_learnt_and_listed_over_both_protocols() {
    let bench = Bench::start(2).await;
    let mut one = over_netconf(&bench, "r1").with_library(Library::default());
    let mut served = one.serves().await.unwrap();
    while served.unfinished {
        served = one.serves().await.unwrap();
    }
    assert!(!served.judged.is_empty(), "its texts were looked into");
    assert!(served.modules.iter().any(|module| module.name == "openconfig-qos"), "{:?}", served.modules);
    assert_eq!(served.lacks, device::Lacks::new(), "all that the dialect writes is there");
    let listed = one.modules().await.unwrap();
    assert!(listed.len() >= served.modules.len(), "{} of {}", listed.len(), served.modules.len());
    let qos: Vec<_> = listed.into_iter().filter(|module| module.name == "openconfig-qos").collect();
    let known = one.contents(&qos).await.unwrap();
    let contents = known[0].contents.expect("the router gives its text");
    assert!(contents.containers > 0 && known[0].namespace.is_some(), "{known:?}");

    let served = over_gnmi(&bench, "r1").serves().await.unwrap();
    assert!(served.modules.iter().any(|module| module.name == "openconfig-qos"), "{:?}", served.modules);
    assert_eq!(served.lacks, device::Lacks::new());
}

/// What a router says of itself that hears `r2`'s eth9 on its eth1.
fn hearing() -> Surroundings {
    let eth1 = || InterfaceName::lit("eth1");
    let neighbour = Neighbour {
        system_name: Some("r2".into()),
        chassis_id: Some("r2".into()),
        port_id: Some("eth9".into()),
        is_interface: true,
    };
    let port = Port { oper: Some(Oper::Up), index: Some(7), speed: None };
    Surroundings {
        system_name: Some("r1".into()),
        // The other one is configured, and nothing is known of it.
        ports: [(eth1(), port), (InterfaceName::lit("eth2"), Port::default())].into(),
        neighbours: [(eth1(), vec![neighbour])].into(),
        lsdb: None,
    }
}

async fn says_who_is_around<D: device::Device>(open: fn(&Bench, &str) -> D) {
    let bench = Bench::start(1).await;
    bench.source.hear("r1", "r2", "eth9");
    let mut device = open(&bench, "r1");
    assert_eq!(device.surroundings().await.unwrap(), Some(hearing()));
    // Who is not heard any more is not told any more.
    bench.source.show(false, 1_000);
    let around = device.surroundings().await.unwrap().unwrap();
    assert_eq!((around.system_name, around.neighbours.len()), (None, 0));
    assert_eq!(around.ports[&InterfaceName::lit("eth1")].oper, Some(Oper::Down));
    bench.fleet.stop().await;
}

#[tokio::test]
async fn a_router_says_over_netconf_what_is_around_it() {
    says_who_is_around(over_netconf).await;
    says_who_is_around(|bench, name| over_netconf(bench, name).with_library(Library::default())).await;
}

#[tokio::test]
async fn a_router_says_over_gnmi_what_is_around_it() {
    says_who_is_around(over_gnmi).await;
}
