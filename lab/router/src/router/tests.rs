use std::time::Duration;

use model::Span;
use serde_json::json;
use tokio::sync::mpsc;

use super::*;
use crate::{
    datastore::{
        Operation,
        fixture::{base, edits, schema, tree},
        json::write_tree,
        store::{CommitRequest, Confirmation, SetOp, TestOption},
    },
    state::Silent,
};

fn router() -> Arc<Router> {
    let schema = schema();
    let builder = Arc::new(Builder::new(schema.clone(), &[]));
    let shared = Shared { schema, builder, source: Arc::new(Silent::default()) };
    Router::new(NodeId::lit("r1"), shared, true, tree(&base())).unwrap()
}

fn named(name: &str) -> Vec<crate::datastore::Edit> {
    edits(&json!({"openconfig-system:system": {"config": {"hostname": name}}}))
}

fn name(tree: &Tree) -> Option<String> {
    let all: serde_json::Value = serde_json::from_str(&write_tree(&schema(), tree)).unwrap();
    all["openconfig-system:system"]["config"]["hostname"].as_str().map(Into::into)
}

fn set(router: &Router, name: &str, confirmation: Confirmation) {
    let put = [SetOp::Put { way: Vec::new(), fresh: None, edits: named(name) }];
    assert_eq!(router.change(Author::Client, |store, now| store.set(&put, confirmation, now)), Ok(true));
}

fn answer(router: &Router, confirmation: Confirmation) {
    router.change(Author::Client, |store, now| store.set(&[], confirmation, now)).unwrap();
}

fn commit(id: &str, within: Span) -> Confirmation {
    Confirmation::Commit { id: id.into(), within: Some(within) }
}

/// The names that are told as settled, in order.
fn told(router: &Router) -> mpsc::UnboundedReceiver<Option<String>> {
    let (tell, told) = mpsc::unbounded_channel();
    router.on_settled(move |running| drop(tell.send(name(running))));
    told
}

/// All that was told since the last time, each once.
fn news(told: &mut mpsc::UnboundedReceiver<Option<String>>) -> Vec<Option<String>> {
    let mut all: Vec<_> = std::iter::from_fn(|| told.try_recv().ok()).collect();
    all.dedup();
    all
}

fn named_so(name: &str) -> Vec<Option<String>> {
    vec![Some(name.to_owned())]
}

const LONG: Span = Span::from_secs(600);

#[test]
fn what_is_final_is_settled_and_what_waits_is_not() {
    let router = router();
    let mut told = told(&router);
    router.on_settled(|_| panic!("only the first who asks is told"));
    set(&router, "one", Confirmation::Final);
    assert_eq!(news(&mut told), named_so("one"));
    set(&router, "two", commit("g", LONG));
    assert_eq!((news(&mut told), name(&router.running().borrow())), (vec![], Some("two".into())));
    answer(&router, Confirmation::Extend { id: "g".into(), within: LONG });
    assert!(news(&mut told).is_empty(), "it waits longer");
    answer(&router, Confirmation::Confirm { id: "g".into() });
    assert_eq!(news(&mut told), named_so("two"));
    set(&router, "three", commit("h", LONG));
    answer(&router, Confirmation::Cancel { id: "h".into() });
    assert_eq!(news(&mut told), named_so("two"), "what holds again");
}

#[test]
fn a_commit_whose_session_ends_is_settled_as_what_was_before() {
    let router = router();
    let mut told = told(&router);
    let (session, _) = router.open_session();
    router.with(|store| store.edit(session, &named("one"), Operation::Merge, TestOption::Set)).unwrap();
    let request = CommitRequest { confirmed: Some(LONG), ..CommitRequest::default() };
    router.change(Author::Client, |store, now| store.commit(session, request, now)).unwrap();
    assert_eq!((news(&mut told), name(&router.running().borrow())), (vec![], Some("one".into())));
    router.close_session(session);
    assert_eq!((news(&mut told), name(&router.running().borrow())), (vec![None], None));
}

#[tokio::test]
async fn a_commit_that_nobody_confirms_is_settled_as_what_was_before() {
    let router = router();
    let mut told = told(&router);
    let stop = CancellationToken::new();
    let clock = tokio::spawn(router.clone().expire(stop.clone()));
    set(&router, "one", commit("g", Span::from_millis(50)));
    let settled = tokio::time::timeout(Duration::from_secs(10), told.recv()).await;
    assert_eq!(settled, Ok(Some(None)), "no name, as before");
    assert_eq!(name(&router.running().borrow()), None);
    stop.cancel();
    clock.await.unwrap();
}

#[test]
fn what_is_refused_is_told_to_nobody() {
    let router = router();
    let mut told = told(&router);
    router.judged_by(|tree| if name(tree).is_some() { Err("names are not for us".into()) } else { Ok(()) });
    let put = [SetOp::Put { way: Vec::new(), fresh: None, edits: named("one") }];
    let refused = router.change(Author::Client, |store, now| store.set(&put, Confirmation::Final, now));
    assert_eq!(refused.unwrap_err().message, "names are not for us");
    assert_eq!((news(&mut told), name(&router.running().borrow())), (vec![], None));
}

#[tokio::test]
async fn who_changes_it_is_answered_when_the_change_is_carried_out() {
    let router = router();
    set(&router, "one", Confirmation::Final);
    assert!(router.follows().await, "nobody carries anything out: there is nothing to wait for");
    router.carried_out(router.running().borrow().clone());
    assert!(router.follows().await);
    set(&router, "two", commit("g", LONG));
    let waiting = tokio::spawn({
        let router = router.clone();
        async move { router.follows().await }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished(), "not before");
    router.carried_out(router.running().borrow().clone());
    assert!(waiting.await.unwrap());
    // What is confirmed runs already.
    answer(&router, Confirmation::Confirm { id: "g".into() });
    assert!(router.follows().await);
    set(&router, "three", Confirmation::Final);
    assert!(
        !router.follows_within(Duration::from_millis(5)).await,
        "a kernel that refuses keeps nobody for ever"
    );
}
