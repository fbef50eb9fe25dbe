//! The product's own NETCONF client against the router, over SSH.

use std::time::Duration;

use netconf::{
    operation::Datastore,
    session::{Options, Session},
    ssh::{self, LoginKey, SshTarget},
    xml::parse_fragment,
};
use router::{
    datastore::store::{Confirmation, SetOp},
    router::Author,
};
use russh::keys::{PrivateKey, ssh_key::LineEnding};
use tokio::time::Instant;

use crate::support::{Bench, ssh_key};

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
