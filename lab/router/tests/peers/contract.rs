//! The contract of devices, judged over the software router by the product's own devices: NETCONF, gNMI with commit confirmed,
//! gNMI without. What the router holds is read from its own store, not through the device under test.

use std::{sync::Arc, time::Duration};

use device::contract::{Rig, judge};
use gnmi::{FilePreImages, GnmiDevice, Target, session::Limits, tls::ClientTls};
use model::{DeviceConfig, NodeId, QueueName, Span};
use netconf::{
    device::{Manners, NetconfDevice, Options},
    ssh::{LoginKey, SshTarget},
};
use router::{
    datastore::{ChangeKind, Tree, diff, path::show},
    forwarding,
    router::{Author, Router},
};
use russh::keys::ssh_key::LineEnding;

use crate::support::Bench;

/// Longer than anything takes on a slow machine.
const PATIENT: Duration = Duration::from_secs(20);

/// One router of a bench, and how devices are made for it.
struct Box<D> {
    bench: Bench,
    name: &'static str,
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

    async fn session(&self) -> D {
        (self.open)(&self.bench, self.name)
    }

    async fn truth(&self) -> DeviceConfig {
        let mut config = forwarding::read(self.router().schema(), &self.running());
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
    let target = SshTarget::new(address, bench.pin.parse().unwrap(), "trunkline", key);
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

/// Where declarations may stay that do nothing: names of queues, and a list of rules without rules. Several interfaces and
/// rules share them, so no removal of one of these takes them away.
const EMPTIED: [&str; 2] = ["/openconfig-qos:qos", "/policy-forwarding"];

/// Judges, and looks whether nothing that was there before has changed, down to the last leaf.
async fn keeps<D: device::Device>(name: &'static str, open: fn(&Bench, &str) -> D) -> Box<D> {
    let rig = Box { bench: Bench::start(2).await, name, open };
    let before = rig.running();
    judge(&rig).await;
    for change in diff::changes(&before, &rig.running()) {
        let place = show(rig.router().schema(), &change.path);
        assert!(matches!(change.kind, ChangeKind::Created(_)), "{place} is another's: {:?}", change.kind);
        assert!(
            EMPTIED.iter().any(|emptied| place.ends_with(emptied)),
            "{place} was left: {:?}",
            change.kind
        );
    }
    assert_eq!(rig.router().with(|store| store.deadline()), None, "a commit still waits");
    rig
}

#[tokio::test]
async fn the_contract_is_kept_over_netconf() {
    keeps("r1", over_netconf).await;
}

#[tokio::test]
async fn the_contract_is_kept_over_gnmi_with_commit_confirmed() {
    keeps("r1", over_gnmi).await;
}

#[tokio::test]
async fn the_contract_is_kept_over_gnmi_without_commit_confirmed() {
    let rig = keeps("r2", over_gnmi).await;
    let left = std::fs::read_dir(rig.bench.folder.path().join("pre-images")).unwrap().count();
    assert_eq!(left, 0, "pre-images of finished transactions were left");
}
