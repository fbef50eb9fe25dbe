//! The product's own NETCONF client against the router, over SSH and over TLS.

use std::time::Duration;

use gnmi::tls::{CertificatePin, ClientTls};
use netconf::{
    operation::{Commit, Datastore, EditConfig},
    session::{End, Options, Session},
    ssh::{self, ConnectError, LoginKey, Password, SshTarget},
    tls::{self, TlsTarget},
    xml::parse_fragment,
};
use router::{
    datastore::store::{Confirmation, SetOp},
    router::Author,
};
use russh::keys::{PrivateKey, ssh_key::LineEnding};
use tokio::time::Instant;

use crate::support::{Bench, beside_others, ssh_key};

fn target(bench: &Bench, router: &str, key: &PrivateKey) -> SshTarget {
    let key = LoginKey::from_text(&key.to_openssh(LineEnding::LF).unwrap(), None).unwrap();
    SshTarget::new(bench.addresses(router)[0].to_string(), bench.pin.parse().unwrap(), "trunkline", key)
}

async fn connect(bench: &Bench, router: &str, key: &PrivateKey) -> Result<Session, String> {
    let deadline = Instant::now() + Duration::from_secs(10);
    match ssh::connect(&target(bench, router, key), &Options::default(), deadline).await {
        Ok((session, _)) => Ok(session),
        Err(error) => Err(error.to_string()),
    }
}

async fn name(session: &Session) -> String {
    let get = "<get-config xmlns='urn:ietf:params:xml:ns:netconf:base:1.0'><source><running/></source></get-config>";
    let get = parse_fragment(get, &Default::default()).unwrap().remove(0);
    let reply = session.call(get, Instant::now() + Duration::from_secs(5)).await.unwrap();
    reply.output[0].at(&["system", "config", "hostname"]).unwrap().text.clone()
}

#[tokio::test]
async fn only_known_keys_enter_and_each_router_answers_for_itself() {
    let bench = Bench::start(2).await;
    let one = connect(&bench, "r1", &bench.login).await.unwrap();
    let two = connect(&bench, "r2", &bench.login).await.unwrap();
    assert_eq!((name(&one).await, name(&two).await), ("r1".into(), "r2".into()));
    assert!(one.capabilities().confirmed_commit_1_1 && one.capabilities().modules.len() >= 15);
    let refused = connect(&bench, "r1", &ssh_key()).await.unwrap_err();
    assert!(!refused.is_empty());
    bench.fleet.stop().await;
    tokio::time::timeout(Duration::from_secs(5), one.ended())
        .await
        .expect("a stopped router cuts its sessions");
}

#[tokio::test]
async fn a_router_that_is_switched_off_is_gone_and_comes_back_with_its_configuration() {
    let bench = Bench::start(1).await;
    let r1 = model::NodeId::lit("r1");
    let session = connect(&bench, "r1", &bench.login).await.unwrap();
    assert!(bench.fleet.power(&r1, false));
    tokio::time::timeout(Duration::from_secs(5), session.ended()).await.expect("it is cut");
    assert!(connect(&bench, "r1", &bench.login).await.is_err());
    assert!(bench.fleet.power(&r1, true));
    assert_eq!(name(&again(&bench).await).await, "r1");
}

/// A session to a router that is coming back.
async fn again(bench: &Bench) -> Session {
    let come = async {
        loop {
            match connect(bench, "r1", &bench.login).await {
                Ok(session) => return session,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), come).await.expect("it comes back")
}

#[tokio::test]
async fn a_router_that_restarts_cuts_its_sessions_and_has_what_it_started_with() {
    let bench = Bench::start(1).await;
    let r1 = model::NodeId::lit("r1");
    let router = bench.fleet.router(&r1).unwrap();
    let soon = || Instant::now() + Duration::from_secs(5);
    // While it runs, and while it is off.
    for off in [false, true] {
        let session = connect(&bench, "r1", &bench.login).await.unwrap();
        let emptied =
            router.change(Author::Client, |store, now| store.set(&[SetOp::Clear], Confirmation::Final, now));
        assert_eq!(emptied, Ok(true));
        session.lock(Datastore::Running, soon()).await.unwrap();
        assert!(!off || bench.fleet.power(&r1, false));
        assert!(bench.fleet.restart(&r1));
        tokio::time::timeout(Duration::from_secs(5), session.ended()).await.expect("it is cut");
        assert!(!off || bench.fleet.power(&r1, true));
        let session = again(&bench).await;
        assert_eq!(name(&session).await, "r1");
        session.lock(Datastore::Running, soon()).await.expect("the lock has gone with its session");
        session.unlock(Datastore::Running, soon()).await.unwrap();
    }
}

#[tokio::test]
async fn sids_and_segment_lists_are_among_the_state() {
    let bench = Bench::of(1, beside_others).await;
    bench.source.steer(3, 12_300);
    let session = connect(&bench, "r1", &bench.login).await.unwrap();
    let get = "<get xmlns='urn:ietf:params:xml:ns:netconf:base:1.0'><filter type='subtree'>\
        <srv6 xmlns='urn:trunkline:yang:srv6'/><network-instances xmlns='http://openconfig.net/yang/network-instance'>\
        <network-instance><name>default</name><sr-policies xmlns='urn:trunkline:yang:sr-policy'/></network-instance>\
        </network-instances></filter></get>";
    let get = parse_fragment(get, &Default::default()).unwrap().remove(0);
    let reply = session.call(get, Instant::now() + Duration::from_secs(5)).await.unwrap();
    let text = |path: &[&str]| reply.output[0].at(path).map(|element| element.text.clone());
    let sid = |leaf: &[&str]| text(&[&["srv6", "local-sids", "local-sid"][..], leaf].concat());
    assert_eq!(sid(&["prefix"]).as_deref(), Some("fd00:0:1:1::/128"));
    assert_eq!(sid(&["behaviour"]).as_deref(), Some("End"));
    assert_eq!(sid(&["counters", "pkts"]).as_deref(), Some("3"));
    let policy = ["network-instances", "network-instance", "sr-policies", "sr-policy"];
    let path = ["candidate-paths", "candidate-path"];
    let list = ["segment-lists", "segment-list"];
    assert_eq!(text(&[&policy[..], &["oper-status"]].concat()).as_deref(), Some("up"));
    assert_eq!(text(&[&policy[..], &path, &["active"]].concat()).as_deref(), Some("true"));
    let measured = |leaf: &str| text(&[&policy[..], &path, &list, &["measurement", leaf]].concat());
    assert_eq!(measured("probes").as_deref(), Some("answered"));
    assert_eq!(measured("one-way-delay").as_deref(), Some("12300"));
    assert_eq!(measured("jitter"), None, "what is not known is not there");
}

#[tokio::test]
async fn a_password_enters_where_the_plan_has_one_and_no_other_does() {
    let bench = Bench::with_password("correct horse\n").await;
    let enter = async |user: &str, password: &str| {
        let proof = Password::from(password.to_owned());
        let target =
            SshTarget::new(bench.addresses("r1")[0].to_string(), bench.pin.parse().unwrap(), user, proof);
        let deadline = Instant::now() + Duration::from_secs(10);
        ssh::connect(&target, &Options::default(), deadline).await.map(|(session, _)| session)
    };
    let session = enter("ops", "correct horse").await.unwrap();
    assert_eq!(name(&session).await, "r1");
    // The second has a key and no password: there is none by default.
    for (user, password) in [("ops", "hunter2"), ("trunkline", ""), ("trunkline", "correct horse")] {
        let error = enter(user, password).await.unwrap_err();
        assert!(matches!(error, ConnectError::LoginRefused { .. }), "{error}");
    }
}

async fn over_tls(target: &TlsTarget) -> Result<Session, tls::ConnectError> {
    let deadline = Instant::now() + Duration::from_secs(10);
    tls::connect(target, &Options::default(), deadline).await.map(|(session, _)| session)
}

#[tokio::test]
async fn over_tls_the_user_is_the_name_in_the_certificate() {
    let bench = Bench::start(1).await;
    let session = over_tls(&bench.tls_target("r1")).await.unwrap();
    assert_eq!(name(&session).await, "r1");
    let mut events = bench.fleet.router(&model::NodeId::lit("r1")).unwrap().events();
    let soon = || Instant::now() + Duration::from_secs(10);
    let renamed = "<system xmlns='http://openconfig.net/yang/system'><config><hostname>renamed</hostname></config></system>";
    session.edit_config(EditConfig::new(Datastore::Candidate, renamed).unwrap(), soon()).await.unwrap();
    session.commit(Commit { confirmed: None, persist_id: None }, soon()).await.unwrap();
    let event = tokio::time::timeout(Duration::from_secs(10), events.recv()).await.unwrap().unwrap();
    assert!(matches!(&event.by, Author::Session { user, .. } if user == "controller"), "{:?}", event.by);
    session.close(soon()).await.unwrap();
    assert_eq!(session.ended().await, End::Closed);
}

#[tokio::test]
async fn over_tls_the_certificates_of_both_sides_are_judged() {
    let bench = Bench::start(1).await;
    let refused = async |tls: ClientTls| {
        let target = TlsTarget { tls, ..bench.tls_target("r1") };
        let error = over_tls(&target).await.unwrap_err();
        let tls::ConnectError::CertificateRefused { why, .. } = error else { panic!("{error}") };
        why
    };
    let why = refused(ClientTls::new(&bench.authority_pem, None).unwrap()).await;
    assert!(why.contains("wants a client certificate"), "{why}");
    let stranger = Bench::start(1).await;
    let why = refused(ClientTls::new(&bench.authority_pem, Some(&stranger.client)).unwrap()).await;
    assert!(why.contains("our certificate"), "{why}");
    let why = refused(ClientTls::new(&stranger.authority_pem, Some(&bench.client)).unwrap()).await;
    assert!(why.contains("authority"), "{why}");
    let pin =
        |file: &str| CertificatePin::of_pem(&std::fs::read(bench.folder.path().join(file)).unwrap()).unwrap();
    let why = refused(ClientTls::pinned(pin("client.pem"), Some(&bench.client)).unwrap()).await;
    assert!(why.contains("not the pinned one"), "{why}");
    let pinned = ClientTls::pinned(pin("device.pem"), Some(&bench.client)).unwrap();
    let target = TlsTarget { tls: pinned, server_name: "127.0.0.1".into(), ..bench.tls_target("r1") };
    assert_eq!(name(&over_tls(&target).await.unwrap()).await, "r1");
}
