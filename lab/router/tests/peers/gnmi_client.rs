//! The product's own gNMI client against the router, over TLS.

use std::time::Duration;

use gnmi::{
    Path, Session, Target,
    extension::CommitAction,
    notice::Update,
    proto::{Encoding, get_request::DataType},
    set::Changes,
    stream::{Event, Stream, StreamOptions},
    subscribe::{Mode, Subscription},
    target::Limits,
    tls::ClientTls,
};
use model::NodeId;
use router::fault::{Fault, Kind, Step};
use serde_json::{Value, json};
use tonic::Code;

use crate::support::{Bench, beside_others};

fn path(text: &str) -> Path {
    text.parse().unwrap()
}

async fn connect(bench: &Bench, router: &str) -> Session {
    let tls = ClientTls::new(&bench.authority_pem, Some(&bench.client)).unwrap();
    Session::connect(&target(bench, router, tls)).await.unwrap()
}

fn target(bench: &Bench, router: &str, tls: ClientTls) -> Target {
    let limits = Limits { deadline: Duration::from_secs(5), ..Limits::default() };
    let address = bench.addresses(router)[1].to_string();
    Target { address, server_name: "router.lab".into(), tls, credentials: None, limits }
}

fn code(error: gnmi::SessionError) -> Code {
    match error {
        gnmi::SessionError::Refused { code, .. } => code,
        other => panic!("not a refusal: {other}"),
    }
}

async fn value(session: &Session, at: &str, kind: DataType) -> Option<Value> {
    let notices = session.get(&[path(at)], kind).await;
    match notices {
        Ok(notices) => notices.into_iter().flat_map(gnmi::notice::Notice::updates).next().map(|u| u.value),
        Err(error) => {
            assert_eq!(code(error), Code::NotFound);
            None
        }
    }
}

const NAME: &str = "/system/config/hostname";

async fn name(session: &Session) -> Option<String> {
    value(session, NAME, DataType::Config).await.map(|v| v.as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_client_without_a_certificate_stays_outside() {
    let bench = Bench::start(1).await;
    let anonymous = ClientTls::new(&bench.authority_pem, None).unwrap();
    let error = Session::connect(&target(&bench, "r1", anonymous)).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    let session = connect(&bench, "r1").await;
    let models: Vec<_> = session.capabilities().models.iter().map(|m| m.name.as_str()).collect();
    assert!(models.contains(&"openconfig-qos") && models.contains(&"trunkline-sr-policy"));
}

#[tokio::test]
async fn get_tells_configuration_and_state_apart() {
    let bench = Bench::start(1).await;
    let session = connect(&bench, "r1").await;
    let interface = "/interfaces/interface[name=eth1]";
    let config = value(&session, interface, DataType::Config).await.unwrap();
    assert_eq!(config["config"]["type"], "iana-if-type:ethernetCsmacd");
    assert!(config.get("state").is_none());
    let state = value(&session, interface, DataType::State).await.unwrap();
    assert!(state.get("config").is_none());
    assert_eq!(state["state"]["counters"]["out-octets"], "1000");
    assert_eq!(state["state"]["type"], "iana-if-type:ethernetCsmacd");
    let operational = value(&session, interface, DataType::Operational).await.unwrap();
    assert!(operational["state"].get("type").is_none() && operational["state"].get("oper-status").is_some());
    assert_eq!(operational["trunkline-measurement:measurement"]["one-way-delay"], 8200);
    let whole = value(&session, "/", DataType::All).await.unwrap();
    assert_eq!(whole["openconfig-system:system"]["state"]["hostname"], "r1");
    assert_eq!(value(&session, "/interfaces/interface[name=eth7]", DataType::All).await, None);
    let unknown = session.get(&[path("/interfaces/interface[name=eth1]/speed")], DataType::All).await;
    assert_eq!(code(unknown.unwrap_err()), Code::InvalidArgument);
    let all = session.get(&[path("/interfaces/interface[name=*]/config/name")], DataType::All).await.unwrap();
    let names: Vec<_> = all.into_iter().flat_map(gnmi::notice::Notice::updates).map(|u| u.value).collect();
    assert_eq!(names, [json!("eth1"), json!("eth2")]);
}

#[tokio::test]
async fn set_deletes_replaces_updates_as_one() {
    let bench = Bench::start(1).await;
    let session = connect(&bench, "r1").await;
    let eth = |n: u8| path(&format!("/interfaces/interface[name=eth{n}]"));
    let with = |n: u8, mtu: u16| json!({"config": {"name": format!("eth{n}"), "type": "iana-if-type:ethernetCsmacd", "mtu": mtu}});
    let changes = Changes::new()
        .delete(eth(2))
        .replace(eth(3), with(3, 9000))
        .update(path("/interfaces/interface[name=eth1]/config/mtu"), json!(1500))
        .update(path(NAME), json!("renamed"));
    session.set(changes).await.unwrap();
    let interfaces = value(&session, "/interfaces", DataType::Config).await.unwrap();
    let shown: Vec<_> = interfaces["interface"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| (i["name"].as_str().unwrap(), i["config"]["mtu"].as_u64()))
        .collect();
    assert_eq!(shown, [("eth1", Some(1500)), ("eth3", Some(9000))]);
    assert_eq!(name(&session).await.as_deref(), Some("renamed"));

    let half = Changes::new().update(path(NAME), json!("no")).update(eth(9), json!({"name": "eth9"}));
    assert_eq!(code(session.set(half).await.unwrap_err()), Code::InvalidArgument);
    assert_eq!(name(&session).await.as_deref(), Some("renamed"), "all or nothing");
    for (at, wrong) in [
        ("/interfaces/interface[name=eth1]/state/mtu", json!(1)),
        ("/interfaces/interface[name=eth1]/config/mtu", json!(70_000)),
        ("/interfaces/interface[name=eth1]", json!({"name": "eth2"})),
        ("/interfaces/interface[name=eth1]/name", json!("eth4")),
        ("/interfaces/interface[eman=eth1]", json!({})),
    ] {
        let refused = session.set(Changes::new().update(path(at), wrong)).await.unwrap_err();
        assert_eq!(code(refused), Code::InvalidArgument, "{at}");
    }
    session.set(Changes::new().delete(eth(8))).await.expect("what is not there is gone already");
    let union = json!({"openconfig-system:system": {"config": {"hostname": "only"}}});
    session.set(Changes::new().union_replace(Path::root(), union)).await.unwrap();
    assert_eq!(value(&session, "/", DataType::Config).await.unwrap().as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn a_commit_waits_for_its_confirmation_where_that_is_offered() {
    let bench = Bench::start(2).await;
    let (offers, plain) = (connect(&bench, "r1").await, connect(&bench, "r2").await);
    assert!(offers.offers_commit_confirmed().await.unwrap());
    assert!(!plain.offers_commit_confirmed().await.unwrap());
    let rename = |to: &str| Changes::new().update(path(NAME), json!(to));
    let begin = |seconds| CommitAction::Begin { rollback: Duration::from_secs(seconds) };
    assert_eq!(code(plain.set(rename("x").commit("a", begin(60))).await.unwrap_err()), Code::Unimplemented);

    offers.set(rename("pending").commit("a", begin(60))).await.unwrap();
    assert_eq!(name(&offers).await.as_deref(), Some("pending"));
    assert_eq!(code(offers.set(rename("y")).await.unwrap_err()), Code::FailedPrecondition);
    assert_eq!(
        code(offers.set(rename("y").commit("b", begin(60))).await.unwrap_err()),
        Code::FailedPrecondition
    );
    let confirm = |id: &str| Changes::new().commit(id, CommitAction::Confirm);
    assert_eq!(code(offers.set(confirm("b")).await.unwrap_err()), Code::InvalidArgument);
    offers.set(Changes::new().commit("a", CommitAction::Cancel)).await.unwrap();
    assert_eq!(name(&offers).await.as_deref(), Some("r1"));
    assert_eq!(code(offers.set(confirm("a")).await.unwrap_err()), Code::FailedPrecondition);

    offers.set(rename("kept").commit("c", begin(60))).await.unwrap();
    offers.set(confirm("c")).await.unwrap();
    let extend = CommitAction::Extend { rollback: Duration::from_millis(300) };
    offers.set(rename("late").commit("d", begin(60))).await.unwrap();
    offers.set(Changes::new().commit("d", extend)).await.unwrap();
    let mut stream = follow(&offers, NAME, Mode::OnChange { heartbeat: None }).await;
    assert_eq!(leaf(&mut stream).await.value, json!("late"));
    assert_eq!(leaf(&mut stream).await.value, json!("kept"), "time is up");
}

#[tokio::test]
async fn what_the_router_cannot_carry_out_is_refused_with_the_reasons() {
    let bench = Bench::start(1).await;
    let session = connect(&bench, "r1").await;
    let router = bench.fleet.router(&NodeId::lit("r1")).unwrap();
    let schema = router.schema().clone();
    router.judged_by(move |tree| {
        let text = router::datastore::json::write_tree(&schema, tree);
        if text.contains("nowhere") { Err("no way to nowhere; and none back".into()) } else { Ok(()) }
    });
    let rename = |to: &str| Changes::new().update(path(NAME), json!(to));
    let wait = CommitAction::Begin { rollback: Duration::from_secs(60) };
    for changes in [rename("nowhere"), rename("nowhere").commit("a", wait)] {
        match session.set(changes).await.unwrap_err() {
            gnmi::SessionError::Refused { code: Code::Unimplemented, message, .. } => {
                assert_eq!(message, "no way to nowhere; and none back");
            }
            other => panic!("not that refusal: {other}"),
        }
        assert_eq!(name(&session).await.as_deref(), Some("r1"), "nothing was taken, and nothing waits");
    }
    session.set(rename("somewhere")).await.unwrap();
    assert_eq!(name(&session).await.as_deref(), Some("somewhere"));
}

async fn follow(session: &Session, at: &str, mode: Mode) -> Stream {
    let options = StreamOptions { silence: Some(Duration::from_secs(5)), ..StreamOptions::default() };
    session.subscribe(vec![Subscription { path: path(at), mode }], options).await.unwrap()
}

/// The next value on a stream.
async fn leaf(stream: &mut Stream) -> Update {
    loop {
        if let Event::Notice(notice) = stream.next().await.unwrap()
            && let Some(update) = notice.updates().next()
        {
            return update;
        }
    }
}

#[tokio::test]
async fn once_and_poll_tell_what_is() {
    let bench = Bench::start(1).await;
    let session = connect(&bench, "r1").await;
    let counter = "/interfaces/interface[name=eth1]/state/counters/out-octets";
    let once = session.once(&[path(counter)]).await.unwrap();
    let found: Vec<_> = once.into_iter().flat_map(gnmi::notice::Notice::updates).collect();
    assert_eq!((found.len(), &found[0].value, &found[0].path), (1, &json!(1000), &path(counter)));
    let (mut poller, first) = session.poll(&[path(counter)]).await.unwrap();
    assert_eq!(first.len(), 1);
    bench.source.show(true, 5_000);
    let second = poller.poll().await.unwrap();
    assert_eq!(second[0].leaves[0].value, json!(5000));
}

#[tokio::test]
async fn streams_sample_and_follow_changes() {
    let bench = Bench::start(1).await;
    let session = connect(&bench, "r1").await;
    let status = "/interfaces/interface[name=*]/state/oper-status";
    let mut changes = follow(&session, status, Mode::OnChange { heartbeat: None }).await;
    assert_eq!(leaf(&mut changes).await.value, json!("UP"));
    bench.source.show(true, 2_000);
    bench.source.show(false, 2_000);
    let down = leaf(&mut changes).await;
    assert_eq!(
        (down.value, down.path),
        (json!("DOWN"), path("/interfaces/interface[name=eth1]/state/oper-status"))
    );

    let queue = "/qos/interfaces/interface[interface-id=*]/output/queues/queue[name=*]/state/transmit-octets";
    let mut samples = follow(&session, queue, Mode::sample(Duration::from_millis(100))).await;
    for _ in 0..3 {
        assert_eq!(leaf(&mut samples).await.value, json!(2000), "the same value again and again");
    }
    bench.source.show(false, 3_000);
    while leaf(&mut samples).await.value != json!(3000) {}

    let mut config = follow(&session, "/network-instances", Mode::TargetDefined).await;
    while !matches!(config.next().await.unwrap(), Event::Synced) {}
    session
        .set(Changes::new().delete(path("/network-instances/network-instance[name=production]")))
        .await
        .unwrap();
    let Event::Notice(gone) = config.next().await.unwrap() else { panic!("a deletion") };
    assert_eq!(gone.deleted, [path("/network-instances/network-instance[name=production]")]);
}

#[tokio::test]
async fn sids_and_segment_lists_are_read_and_followed() {
    let bench = Bench::of(1, beside_others).await;
    let session = connect(&bench, "r1").await;
    bench.source.steer(3, 12_300);
    let sid = "/srv6/local-sids/local-sid[prefix=fd00:0:1:1::/128]";
    let shown = value(&session, sid, DataType::State).await.unwrap();
    assert_eq!(shown["behaviour"], "End");
    assert_eq!(shown["counters"], json!({"octets": "300", "pkts": "3"}));
    let path = "/network-instances/network-instance[name=default]/sr-policies\
        /sr-policy[color=9000][endpoint=fd00:9::9]/candidate-paths\
        /candidate-path[protocol-origin=local][originator=ops][discriminator=7]";
    let list = format!("{path}/segment-lists/segment-list[name=ops]");
    let measured = value(&session, &format!("{list}/measurement"), DataType::State).await.unwrap();
    assert_eq!(measured, json!({"probes": "answered", "one-way-delay": 12_300}));
    for at in [path, &list] {
        let active = value(&session, &format!("{at}/active"), DataType::State).await;
        assert_eq!(active, Some(json!(true)), "{at}");
    }

    let every = |at: &str| format!("{at}/segment-lists/segment-list[name=*]/measurement/one-way-delay");
    let mut delays = follow(&session, &every(path), Mode::OnChange { heartbeat: None }).await;
    assert_eq!(leaf(&mut delays).await.value, json!(12_300));
    let counter = "/srv6/local-sids/local-sid[prefix=*]/counters/pkts";
    let mut counts = follow(&session, counter, Mode::OnChange { heartbeat: None }).await;
    assert_eq!(leaf(&mut counts).await.value, json!(3));
    bench.source.steer(4, 12_300);
    assert_eq!(leaf(&mut counts).await.value, json!(4));
    bench.source.steer(4, 13_000);
    assert_eq!(leaf(&mut delays).await.value, json!(13_000));
}

#[tokio::test]
async fn what_does_not_change_is_told_again_at_every_heartbeat_and_not_without_one() {
    let bench = Bench::start(1).await;
    let session = connect(&bench, "r1").await;
    let status = "/interfaces/interface[name=eth1]/state/oper-status";
    let heartbeat = Some(Duration::from_millis(200));
    let mut beats = follow(&session, status, Mode::OnChange { heartbeat }).await;
    let mut changes = follow(&session, status, Mode::OnChange { heartbeat: None }).await;
    assert_eq!(leaf(&mut changes).await.value, json!("UP"));
    for _ in 0..4 {
        assert_eq!(leaf(&mut beats).await.value, json!("UP"), "the same value again and again");
    }
    bench.source.show(false, 1_000);
    assert_eq!(leaf(&mut changes).await.value, json!("DOWN"), "and nothing was told twice before it");
    while leaf(&mut beats).await.value != json!("DOWN") {}
    assert_eq!(leaf(&mut beats).await.value, json!("DOWN"));
}

#[tokio::test]
async fn who_wants_updates_only_is_not_told_what_is() {
    let bench = Bench::start(1).await;
    let session = connect(&bench, "r1").await;
    let at = path("/interfaces/interface[name=eth1]/state/oper-status");
    let one = Subscription { path: at, mode: Mode::OnChange { heartbeat: None } };
    let silence = Some(Duration::from_secs(5));
    let options = StreamOptions { updates_only: true, silence, ..StreamOptions::default() };
    let mut stream = session.subscribe(vec![one], options).await.unwrap();
    assert_eq!(stream.next().await.unwrap(), Event::Synced, "first");
    bench.source.show(false, 1_000);
    assert_eq!(leaf(&mut stream).await.value, json!("DOWN"));
}

#[tokio::test]
async fn every_encoding_carries_what_it_can() {
    let bench = Bench::start(1).await;
    let session = connect(&bench, "r1").await;
    for encoding in [Encoding::JsonIetf, Encoding::Json, Encoding::Proto] {
        let options = StreamOptions { encoding: Some(encoding), ..StreamOptions::default() };
        let one = Subscription { path: path("/interfaces"), mode: Mode::sample(Duration::from_secs(60)) };
        let mut stream = session.subscribe(vec![one], options).await.unwrap();
        let mut seen = 0;
        while let Event::Notice(notice) = stream.next().await.unwrap() {
            assert!(notice.unreadable.is_empty(), "{:?}", notice.unreadable);
            seen += notice.leaves.len();
        }
        assert!(seen > 15, "{encoding:?}: {seen}");
    }
}

#[tokio::test]
async fn planned_faults_strike_and_the_router_is_back() {
    let bench = Bench::start(1).await;
    let session = connect(&bench, "r1").await;
    let router = bench.fleet.router(&NodeId::lit("r1")).unwrap();
    let plan = |step, kind, after| router.faults.plan(Fault { step, kind, after, times: 1, from: None });
    let rename = |to: &str| Changes::new().update(path(NAME), json!(to));
    plan(Step::Commit, Kind::Refuse, false);
    assert_eq!(code(session.set(rename("a")).await.unwrap_err()), Code::Aborted);
    plan(Step::Commit, Kind::Close, true);
    let unknown = session.set(rename("b")).await.unwrap_err();
    assert!(unknown.outcome_unknown(), "{unknown}");
    let tls = ClientTls::new(&bench.authority_pem, Some(&bench.client)).unwrap();
    let target = target(&bench, "r1", tls);
    let mut again = Session::connect(&target).await;
    for _ in 0..50 {
        if again.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        again = Session::connect(&target).await;
    }
    assert_eq!(name(&again.unwrap()).await.as_deref(), Some("b"));
}
