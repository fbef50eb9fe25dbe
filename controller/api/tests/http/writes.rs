//! Writes: logged first, then carried out.

use std::collections::{BTreeMap, BTreeSet};

use api::{
    Client, ClientError,
    request::{
        AdoptRequest, ApplyRequest, BalanceRequest, PlanRequest, Reason, RestoreRequest, UnbalanceRequest,
    },
};
use engine::{
    balance::{Limits, MOST_EFFORT, MOST_MOVES, MOST_SERVICES},
    handle::{Refusal, Subject},
    terms::Waves,
};
use model::{LinkId, NodeId, Revision, ServiceId, Timestamp, hint::Balance, intent::Mode};
use reqwest::StatusCode;
use store::IntentRevision;

use crate::fixture::Fixture;

#[tokio::test]
async fn each_write_stands_in_the_log_before_it_is_carried_out() {
    let fixture = Fixture::start().await;
    let client = fixture.client();
    let files = BTreeMap::from([("a.yaml".to_owned(), "kind: X".to_owned())]);
    let applied = client.apply(&ApplyRequest::new(files, "CHG1042")).await.unwrap();
    assert_eq!((applied.revision, applied.devices), (Revision(4), 3));
    client.mode(Mode::Observe, "storm").await.unwrap();
    client.adopt("").await.unwrap();
    client.drain(&Subject::Link(LinkId::lit("l1")), "works").await.unwrap();
    client.undrain(&Subject::Node(NodeId::lit("a")), "").await.unwrap();
    let none = ApplyRequest { remove_all: true, ..ApplyRequest::new(BTreeMap::new(), "the end") };
    client.apply(&none).await.unwrap();
    client.rollback(Revision(9), "CHG7").await.unwrap_err();
    assert_eq!(
        fixture.asked().await,
        [
            "apply 1 by mei: CHG1042 after 1 entries",
            "mode Observe by mei after 2 entries",
            "adopt by mei after 3 entries",
            "drain Link(\"l1\") true by mei after 4 entries",
            "drain Node(\"a\") false by mei after 5 entries",
            "apply 0 or nothing by mei: the end after 6 entries",
            "rollback 9 by mei: CHG7 after 7 entries",
        ]
    );
    let log = client.audit(10).await.unwrap();
    assert!(log.intact && log.broken_at.is_none());
    let log = log.entries;
    let what: Vec<_> = log.iter().rev().map(|entry| (entry.what.as_str(), entry.why.as_str())).collect();
    assert!(what[0].0.starts_with("apply 1 intent file(s), sha256 "), "{what:?}");
    assert_eq!(what[0].1, "CHG1042");
    assert_eq!(what[1], ("set the mode to observe", "storm"));
    assert_eq!(what[3].0, "drain link l1");
    assert!(what[5].0.ends_with(", which may promise nothing"), "{what:?}");
    assert!(log.iter().all(|entry| entry.who == "mei"));
    assert_eq!(what[7].0, "refused: roll back to revision 9: there is no revision 9");
    assert_eq!((what[7].1, what.len()), ("CHG7", 8), "what was carried out is told by the change itself");
    assert_eq!(fixture.journal.verify_audit().unwrap(), Ok(()));
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one request after the other over one server")]
async fn how_a_change_is_carried_out_comes_through_and_stands_in_the_log() {
    let fixture = Fixture::start().await;
    let client = fixture.client();
    let files = || BTreeMap::from([("a.yaml".to_owned(), "kind: X".to_owned())]);
    let waves = |first, settle: &str| Some(Waves { first, settle: settle.parse().unwrap() });
    let so = |waves, beyond_limit, message: &str| ApplyRequest {
        waves,
        beyond_limit,
        ..ApplyRequest::new(files(), message)
    };
    client.apply(&so(waves(2, "2min"), false, "CHG1")).await.unwrap();
    client.apply(&so(None, true, "CHG2")).await.unwrap();
    let beyond = |message: &str| Reason { message: message.to_owned(), beyond_limit: true };
    let link = Subject::Link(LinkId::lit("l1"));
    client.drain(&link, beyond("CHG3")).await.unwrap();
    client.rollback(Revision(9), beyond("CHG4")).await.unwrap_err();
    let restore = |nodes: &[&str]| RestoreRequest {
        nodes: nodes.iter().map(|node| NodeId::lit(node)).collect(),
        message: "CHG5".into(),
        beyond_limit: false,
    };
    client.restore(&restore(&["br-1", "hq"])).await.unwrap();
    assert!(client.restore(&restore(&[])).await.unwrap_err().to_string().contains("one router or more"));
    let accept = |nodes: &[&str], message: &str, until: Option<u64>| AdoptRequest {
        nodes: nodes.iter().map(|node| NodeId::lit(node)).collect(),
        message: message.to_owned(),
        until: until.map(Timestamp::from_micros),
    };
    client.accept(&accept(&["br-1", "hq"], "CHG6", Some(4_102_444_800_000_000))).await.unwrap();
    for (wrong, told) in [
        (accept(&["br-1"], " ", None), "needs a `message` that says why"),
        (accept(&["br-1"], "CHG6", Some(1)), "`until` has passed"),
        (accept(&[], "CHG6", Some(4_102_444_800_000_000)), "name them in `nodes`"),
    ] {
        let refused = client.accept(&wrong).await.unwrap_err().to_string();
        assert!(refused.contains(told), "{refused}");
    }
    // Nothing of these is asked for, and nothing stands in the log.
    for refused in [client.apply(&so(None, true, " ")).await, client.undrain(&link, beyond("")).await] {
        let told = refused.unwrap_err().to_string();
        assert!(told.contains("needs a `message` that says why"), "{told}");
    }
    for wrong in [waves(0, "60s"), waves(1, "500ms"), waves(1, "16min")] {
        let told = client.apply(&so(wrong, false, "x")).await.unwrap_err().to_string();
        assert!(told.contains("`first` of `waves` is 1 or more, and `settle` 1s to 15min"), "{told}");
        client.plan(&PlanRequest { waves: wrong, ..files().into() }).await.unwrap_err();
    }
    assert_eq!(
        fixture.asked().await,
        [
            "apply 1 in waves of 2, 2min by mei: CHG1 after 1 entries",
            "apply 1 beyond the limit by mei: CHG2 after 2 entries",
            "drain Link(\"l1\") true beyond the limit by mei after 3 entries",
            "rollback 9 beyond the limit by mei: CHG4 after 4 entries",
            "restore {\"br-1\", \"hq\"} by mei: CHG5 after 6 entries",
            "accept {\"br-1\", \"hq\"} until 4102444800000000 by mei: CHG6 after 7 entries",
        ]
    );
    let log = client.audit(10).await.unwrap().entries;
    let what: Vec<&str> = log.iter().rev().map(|entry| entry.what.as_str()).collect();
    assert!(what[0].ends_with(", in waves: 2 far end(s) first, the others after 2min"), "{what:?}");
    assert!(what[1].ends_with(", beyond the limit if need be"), "{what:?}");
    assert_eq!(what[2], "drain link l1, beyond the limit if need be");
    assert_eq!((what[5], what.len()), ("restore br-1, hq", 7), "one refusal among them: {what:?}");
    assert_eq!(what[6], "accept what differs on br-1, hq until 2100-01-01 00:00+00:00");
}

#[tokio::test]
async fn services_are_moved_off_full_links_as_they_were_looked_at() {
    let fixture = Fixture::start().await;
    let client = fixture.client();
    let error = client.optimise(&Limits { moves: 5, ..Limits::default() }).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no link l9");
    let off = |links: &[&str]| Balance {
        off: links.iter().map(|link| LinkId::lit(link)).collect(),
        since: Timestamp::from_micros(1),
        why: "to relieve l1: 90% -> 45%".into(),
        held: BTreeSet::new(),
    };
    let request = |kept: Balance| BalanceRequest {
        services: BTreeMap::from([(ServiceId::lit("pay"), kept)]),
        message: "CHG8".into(),
        beyond_limit: false,
    };
    client.balance(&request(off(&["l1", "l2"]))).await.unwrap();
    let back = |services: &[&str]| UnbalanceRequest {
        services: services.iter().map(|id| ServiceId::lit(id)).collect(),
        message: "CHG9".into(),
        beyond_limit: false,
    };
    client.unbalance(&back(&[])).await.unwrap();
    client.unbalance(&back(&["pay"])).await.unwrap();
    let nothing = client.balance(&request(off(&[]))).await.unwrap_err();
    assert!(nothing.to_string().contains("name 1 to 256 links"), "{nothing}");
    let endless = client.optimise(&Limits { effort: 0, ..Limits::default() }).await.unwrap_err();
    assert!(endless.to_string().contains("`effort` is 1 to"), "{endless}");
    assert_eq!(
        fixture.asked().await,
        [
            "optimise with 5 moves after 0 entries",
            "balance pay off {\"l1\", \"l2\"} by mei after 1 entries",
            "balance no more {} by mei after 2 entries",
            "balance no more {\"pay\"} by mei after 3 entries",
        ]
    );
    let log = client.audit(10).await.unwrap().entries;
    let what: Vec<_> = log.iter().rev().map(|entry| (entry.what.as_str(), entry.why.as_str())).collect();
    let wanted = [
        ("move pay off l1, l2", "CHG8"),
        ("let back what was moved off full links", "CHG9"),
        ("let back pay, off full links so far", "CHG9"),
    ];
    assert_eq!(what, wanted);
}

#[tokio::test]
async fn the_most_that_an_optimisation_answers_can_be_carried_out_and_read_in_the_log() {
    let fixture = Fixture::start().await;
    let client = fixture.client();
    let mover = |number: usize| ServiceId::lit(&format!("mover-{number:04}"));
    let services = (0..MOST_SERVICES).map(|number| {
        let is_mover = number < usize::from(MOST_MOVES);
        let id = if is_mover { mover(number) } else { ServiceId::lit(&format!("stays-{number:04}")) };
        let off = (0..if is_mover { 7 } else { 1 }).map(|link| LinkId::lit(&format!("l{link}"))).collect();
        let held = if is_mover { BTreeSet::new() } else { BTreeSet::from([mover(number % 256)]) };
        (id, Balance { off, since: Timestamp::default(), why: "to relieve l0".into(), held })
    });
    let request =
        BalanceRequest { services: services.collect(), message: "CHG8".into(), beyond_limit: false };
    client.balance(&request).await.unwrap();
    let most = Limits { moves: MOST_MOVES.into(), effort: MOST_EFFORT, ..Limits::default() };
    let error = client.optimise(&most).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no link l9", "it was asked for");
    let log = client.audit(1).await.unwrap().entries;
    let what = &log[0].what;
    assert!(
        what.starts_with("move mover-0000 off l0, l1, l2, l3, l4 and 2 more; move mover-0001 off"),
        "{what}"
    );
    let end = "; move 251 more; hold stays-0256, stays-0257, stays-0258, stays-0259, stays-0260 and 4091 more in place";
    assert!(what.ends_with(end), "{what}");
}

#[tokio::test]
async fn a_refusal_comes_through_whole() {
    let fixture = Fixture::start().await;
    let client = fixture.client();
    let files = BTreeMap::from([("busy.yaml".to_owned(), String::new())]);
    let error = client.apply(&ApplyRequest::new(files.clone(), "x")).await.unwrap_err();
    assert!(matches!(error, ClientError::Refused(Refusal::Busy)), "{error:?}");
    let error = client.rollback(Revision(9), "").await.unwrap_err();
    assert_eq!(error.to_string(), "there is no revision 9");
    let error = client.plan(&files.into()).await.unwrap_err();
    assert!(matches!(error, ClientError::Refused(Refusal::Findings { .. })), "{error:?}");
    let tried = PlanRequest { rehearse: true, ..BTreeMap::<String, String>::new().into() };
    client.plan(&tried).await.unwrap_err();
    let plans = fixture.asked().await.into_iter().filter(|asked| asked.starts_with("plan"));
    let plans: Vec<String> = plans.collect();
    assert!(plans[0].starts_with("plan after") && plans[1].starts_with("plan on routers after"), "{plans:?}");
    let error = client.snapshot().await.unwrap_err();
    assert!(matches!(error, ClientError::Refused(Refusal::Stopping)), "{error:?}");
    let log = fixture.journal.audit(10).unwrap();
    assert_eq!(log.len(), 4, "plan and snapshot change nothing");
    assert!(log.iter().filter(|entry| entry.what.starts_with("refused: ")).count() == 2, "{log:?}");
}

#[tokio::test]
async fn without_the_token_the_client_says_what_is_missing() {
    let fixture = Fixture::start().await;
    let error = Client::new(&fixture.base, None).unwrap().mode(Mode::Act, "").await.unwrap_err();
    assert!(error.to_string().contains("(401): this needs the token"), "{error}");
}

#[tokio::test]
async fn names_and_reasons_that_would_spoil_the_log_are_refused() {
    let fixture = Fixture::start().await;
    let http = reqwest::Client::new();
    let post = |user: Vec<u8>, body: String| {
        http.post(fixture.url("/api/v1/mode"))
            .header("authorization", fixture.bearer())
            .header("content-type", "application/json")
            .header("x-trunkline-user", reqwest::header::HeaderValue::from_bytes(&user).unwrap())
            .body(body)
            .send()
    };
    let good = r#"{"mode":"act"}"#.to_owned();
    for user in [b"".to_vec(), vec![b'x'; 65], vec![0xff, 0xfe], "a\u{85}b".as_bytes().to_vec()] {
        assert_eq!(post(user, good.clone()).await.unwrap().status(), StatusCode::BAD_REQUEST);
    }
    for message in ["\\u0007".to_owned(), "x".repeat(1_001)] {
        let body = format!(r#"{{"mode":"act","message":"{message}"}}"#);
        assert_eq!(post(b"mei".to_vec(), body).await.unwrap().status(), StatusCode::BAD_REQUEST);
    }
    assert_eq!(post("王芳".as_bytes().to_vec(), good).await.unwrap().status(), StatusCode::OK);
    assert_eq!(fixture.asked().await, ["mode Act by 王芳 after 1 entries"]);
}

#[tokio::test]
async fn accepted_sets_are_listed_without_their_files() {
    let fixture = Fixture::start().await;
    let set = IntentRevision {
        revision: Revision(1),
        at: Timestamp::from_micros(5),
        who: "ops".into(),
        message: "first".into(),
        files: BTreeMap::from([("a.yaml".into(), "kind: X".into())]),
    };
    fixture.journal.take_back(&Default::default(), Some((&set, &Default::default())), true).unwrap();
    let listed = fixture.client().intents(5).await.unwrap();
    assert_eq!((listed.len(), listed[0].files.as_slice()), (1, ["a.yaml".to_owned()].as_slice()));
    assert!(!listed[0].current);
    assert_eq!(fixture.client().intents_at(Revision(1)).await.unwrap(), set);
    let error = fixture.client().intents_at(Revision(2)).await.unwrap_err();
    assert!(matches!(error, ClientError::Refused(Refusal::NotFound { .. })), "{error:?}");
    assert!(fixture.client().intents(0).await.unwrap_err().to_string().contains("(400)"));
}

#[tokio::test]
async fn whoever_reads_the_log_is_told_when_it_was_changed() {
    // Two entries that do not follow one another: somebody took one out.
    let cut = |path: &std::path::Path| {
        let log = |number: u64| {
            let at = model::Timestamp::from_micros(number);
            let said = store::Said { at, who: "mei".into(), what: "x".into(), why: String::new() };
            store::AuditEntry::after(None, &said)
        };
        let database = redb::Database::create(path).unwrap();
        let write = database.begin_write().unwrap();
        let table: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("audit");
        for number in [0, 1] {
            let bytes = serde_json::to_vec(&log(number)).unwrap();
            write.open_table(table).unwrap().insert(number, bytes.as_slice()).unwrap();
        }
        write.commit().unwrap();
    };
    let fixture = Fixture::start_after(cut).await;
    let log = fixture.client().audit(1).await.unwrap();
    assert_eq!((log.intact, log.broken_at, log.entries.len()), (false, Some(0), 1));
}

#[tokio::test]
async fn what_cannot_be_logged_is_not_carried_out() {
    // The next entry cannot follow the last one, because that one is no entry: the log cannot be written.
    let spoil = |path: &std::path::Path| {
        let database = redb::Database::create(path).unwrap();
        let write = database.begin_write().unwrap();
        let table: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("audit");
        write.open_table(table).unwrap().insert(0, b"spoiled".as_slice()).unwrap();
        write.commit().unwrap();
    };
    let fixture = Fixture::start_after(spoil).await;
    let error = fixture.client().mode(Mode::Observe, "storm").await.unwrap_err();
    assert!(matches!(error, ClientError::Refused(Refusal::Journal { .. })), "{error:?}");
    assert!(error.to_string().contains("not carried out, for it cannot be logged"), "{error}");
    let error = fixture.client().apply(&ApplyRequest::new(BTreeMap::new(), "")).await.unwrap_err();
    assert!(matches!(error, ClientError::Refused(Refusal::Journal { .. })), "{error:?}");
    assert!(fixture.asked().await.is_empty(), "nothing reached the engine");
}
