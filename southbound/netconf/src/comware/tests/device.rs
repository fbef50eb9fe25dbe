//! The device over SSH on loopback: reached, known and read, never written.

use std::sync::{Arc, Mutex};

use ::device::contract::sample_edits;
use ::device::{Device as _, Rollback, Step};
use model::state::Foreign;
use model::{DeviceConfig, DeviceReading, TransactionId};
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;

use super::chassis::serve;
use super::*;
use crate::ssh::SshTarget;
use crate::ssh::host::Device as Host;

const ONE: TransactionId = TransactionId(1);

/// A router on loopback.
struct Router {
    target: SshTarget,
    /// How often somebody logged in.
    sessions: Arc<Mutex<usize>>,
    _tasks: JoinSet<()>,
}

impl Router {
    async fn start(answer: fn(&Rpc) -> Answer) -> Self {
        let host = Host::usual().await;
        let target = host.target();
        let sessions = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&sessions);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            // The whole of it, since it serves as long as it lives.
            let mut host = host;
            let mut served = JoinSet::new();
            while let Some(channel) = host.channels.recv().await {
                *counted.lock().unwrap() += 1;
                let mut answer = answer;
                served.spawn(async move { drop(serve(channel.into_stream(), &mut answer).await) });
            }
        });
        Self { target, sessions, _tasks: tasks }
    }

    fn device(&self) -> ComwareDevice {
        self.device_with(Options::default())
    }

    fn device_with(&self, options: Options) -> ComwareDevice {
        ComwareDevice::new(NodeId::lit("r1"), self.target.clone(), options)
    }

    fn sessions(&self) -> usize {
        *self.sessions.lock().unwrap()
    }
}

/// As a whole router does: by what is asked.
fn usual(rpc: &Rpc) -> Answer {
    let text = rpc.operation.to_xml();
    let content = if text.contains("netconf-state") { MONITORING } else { INTERFACES };
    data(rpc, content)
}

#[tokio::test]
async fn it_is_read_and_holds_nothing_of_ours() {
    let router = Router::start(usual).await;
    let mut device = router.device();
    assert_eq!(device.node(), &NodeId::lit("r1"));
    for _ in 0..2 {
        let DeviceReading::Read { owned, foreign, .. } = device.read().await.unwrap() else { panic!() };
        assert_eq!((owned, foreign), (DeviceConfig::default(), Foreign::default()));
    }
    let can = device.capabilities().await.unwrap();
    assert_eq!((can.protocol.as_str(), can.rollback), ("netconf", Rollback::ByPreImage));
    assert_eq!(
        can.modules.iter().map(String::as_str).collect::<Vec<_>>(),
        ["Device-config@2015-05-07", "Ifmgr-config@2015-05-07", "Ifmgr-data"],
        "of the hello and of the list"
    );
    assert_eq!(router.sessions(), 1);
}

#[tokio::test]
async fn a_list_of_schemas_that_cannot_be_read_leaves_those_of_the_hello() {
    let router = Router::start(|rpc| data(rpc, "<netconf-state/>")).await;
    let can = router.device().capabilities().await.unwrap();
    assert_eq!(can.modules.into_iter().collect::<Vec<_>>(), ["Device-config@2015-05-07"]);
}

#[tokio::test]
async fn every_edit_is_refused_before_anything_is_sent_and_says_what_is_missing() {
    let router = Router::start(usual).await;
    let mut device = router.device();
    for edit in sample_edits(1) {
        let error = device.stage(ONE, &[edit]).await.unwrap_err();
        let ErrorKind::Unsupported(why) = &error.kind else { panic!("{error}") };
        assert!(
            why.starts_with("dialect comware cannot carry ") && why.contains("netconf-rs has none"),
            "{why}"
        );
        assert_eq!(error.step, Step::Stage);
    }
    let error = device.stage(ONE, &[]).await.unwrap_err();
    assert!(matches!(&error.kind, ErrorKind::Unsupported(why) if why.contains("never written")), "{error}");
    for (outcome, step) in [
        (device.commit(ONE, Duration::from_secs(60)).await, Step::Commit),
        (device.confirm(ONE).await, Step::Confirm),
    ] {
        let error = outcome.unwrap_err();
        assert!(matches!(&error.kind, ErrorKind::Refused(why) if why.contains("tl-1")), "{error}");
        assert_eq!(error.step, step);
    }
    device.cancel(ONE).await.unwrap();
    assert_eq!(router.sessions(), 0);
}

#[tokio::test]
async fn a_device_that_falls_silent_is_asked_again_over_a_new_session() {
    let router = Router::start(|_| Answer::Nothing).await;
    let mut device = router.device_with(Options { answer: Duration::from_millis(300), ..Options::default() });
    for sessions in 1..=2 {
        let error = device.read().await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Silent(_)) && error.step == Step::Read, "{error}");
        assert_eq!(router.sessions(), sessions);
    }
}

#[tokio::test]
async fn a_refusal_and_an_answer_of_another_kind_cost_no_session() {
    let refuse: fn(&Rpc) -> Answer = |rpc| Answer::Say(RpcReply::errors(rpc, refusal()).to_xml());
    let other: fn(&Rpc) -> Answer = |rpc| data(rpc, "<interfaces xmlns='urn:other'/>");
    for (answer, refuses) in [(refuse, true), (other, false)] {
        let router = Router::start(answer).await;
        let mut device = router.device();
        for _ in 0..2 {
            let error = device.read().await.unwrap_err();
            assert_eq!(matches!(error.kind, ErrorKind::Refused(_)), refuses, "{error}");
            assert_eq!(matches!(error.kind, ErrorKind::Garbage(_)), !refuses, "{error}");
        }
        assert_eq!(router.sessions(), 1);
    }
}

#[tokio::test]
async fn a_hello_that_is_none_and_a_key_that_is_another_are_errors_of_the_connection() {
    let host = Host::usual().await;
    let target = host.target();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut host = host;
        let mut open = Vec::new();
        while let Some(channel) = host.channels.recv().await {
            let mut stream = channel.into_stream();
            stream.write_all(b"<hello xmlns='urn:none'/>]]>]]>").await.unwrap();
            open.push(stream);
        }
    });
    let mut device = ComwareDevice::new(NodeId::lit("r1"), target.clone(), Options::default());
    let error = device.read().await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Garbage(_)) && error.step == Step::Connect, "{error}");

    let pin = "SHA256:Nh0Me49Zh9fDw/VYUfq43IJmI1T+XrjiYONPND8GzaM";
    let other = SshTarget { host_key: pin.parse().unwrap(), ..target };
    let mut device = ComwareDevice::new(NodeId::lit("r1"), other, Options::default());
    let error = device.capabilities().await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Untrusted(_)) && error.step == Step::Connect, "{error}");
}
