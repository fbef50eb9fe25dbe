//! The client against an independent server: Debian's `netconfd` over OpenSSH.
//!
//! Skips, and says why, where the packages are not installed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "netconfd/peer.rs"]
mod peer;

use std::time::Duration;

use netconf::device::{Candidate, Followed, Manners};
use netconf::message::Notification;
use netconf::operation::{
    Commit, Confirmed, Datastore, DefaultOperation, EditConfig, ErrorOption, Filter, Source, TestOption,
};
use netconf::rpc_error::{ErrorTag, RpcErrors};
use netconf::session::{CallError, Cause, End, Options, Session};
use netconf::ssh::{self, ConnectError};
use netconf::xml::{Binding, Element};
use peer::Netconfd;
use tokio::sync::mpsc;
use tokio::time::Instant;

const INTERFACES: &str = "urn:ietf:params:xml:ns:yang:ietf-interfaces";

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// Runs a test on a peer of its own, or skips it where none is installed; with `TRUNKLINE_PEERS=required`, as `make test` sets it, there
/// has to be one.
async fn on_a_peer(test: impl AsyncFn(Netconfd)) {
    match Netconfd::start().await {
        Ok(peer) => test(peer).await,
        Err(why)
            if why.contains("not installed")
                && std::env::var("TRUNKLINE_PEERS").as_deref() != Ok("required") =>
        {
            eprintln!("skipped: {why}");
        }
        Err(why) => panic!("{why}"),
    }
}

/// What a peer refused; anything else is told as it was.
fn refusal<T: std::fmt::Debug>(answer: Result<T, CallError>) -> RpcErrors {
    match answer {
        Err(CallError::Refused(errors)) => errors,
        other => panic!("not refused: {other:?}"),
    }
}

async fn connect(peer: &Netconfd) -> Session {
    connect_with_events(peer).await.0
}

/// A session whose hello the server has surely read.
///
/// What one read brings together with the message before it, this server leaves lying until more comes (seen by feeding its
/// subsystem by hand; once chunked framing runs, it reads on). So a request that came together with the hello is never
/// answered, unless another one follows.
async fn connect_with_events(peer: &Netconfd) -> (Session, mpsc::Receiver<Notification>) {
    let (session, events) = ssh::connect(&peer.target(), &Options::default(), soon()).await.unwrap();
    // A first request may be left lying, and no second one.
    for _ in 0..2 {
        let patience = Instant::now() + Duration::from_secs(10);
        match session.get_config(Datastore::Running, None, None, patience).await {
            Ok(_) => return (session, events),
            Err(CallError::OutcomeUnknown(Cause::Deadline)) => {
                eprintln!("the server wants to be asked again")
            }
            Err(other) => panic!("{other}"),
        }
    }
    panic!("the server answered neither a request nor the one after it")
}

fn interface(name: &str, description: &str) -> String {
    format!(
        "<interfaces xmlns='{INTERFACES}'><interface><name>{name}</name><description>{description}</description>\
         <type xmlns:t='urn:ietf:params:xml:ns:yang:iana-if-type'>t:ethernetCsmacd</type></interface></interfaces>"
    )
}

fn edit(name: &str, description: &str) -> EditConfig {
    EditConfig::new(Datastore::Candidate, &interface(name, description))
        .unwrap()
        .default_operation(DefaultOperation::Merge)
        .error_option(ErrorOption::RollbackOnError)
}

async fn description(session: &Session, from: Datastore, name: &str) -> Option<String> {
    let filter = Filter::subtree(&format!("<interfaces xmlns='{INTERFACES}'/>")).unwrap();
    let data = session.get_config(from, Some(filter), None, soon()).await.unwrap();
    let named = |i: &&Element| i.child_text(INTERFACES, "name") == Some(name);
    let found = data.child(INTERFACES, "interfaces")?.children_named(INTERFACES, "interface").find(named)?;
    found.child_text(INTERFACES, "description").map(str::to_owned)
}

fn pending(timeout_s: u32, id: &str) -> Commit {
    let confirmed = Confirmed { timeout_s: Some(timeout_s), persist: Some(id.into()) };
    Commit { confirmed: Some(confirmed), persist_id: None }
}

#[tokio::test]
async fn a_change_is_staged_committed_for_a_trial_and_confirmed_from_another_session() {
    on_a_peer(async |peer| {
        let session = connect(&peer).await;
        let caps = session.capabilities();
        assert!(caps.candidate && caps.confirmed_commit && caps.confirmed_commit_1_1, "{caps:?}");
        assert!(
            caps.validate && caps.rollback_on_error && caps.xpath && caps.notification && caps.monitoring,
            "{caps:?}"
        );
        assert!(caps.modules.contains_key("ietf-interfaces"), "{:?}", caps.modules.keys());

        session.lock(Datastore::Candidate, soon()).await.unwrap();
        session
            .edit_config(edit("eth1", "first").test_option(TestOption::TestThenSet), soon())
            .await
            .unwrap();
        assert_eq!(description(&session, Datastore::Candidate, "eth1").await.as_deref(), Some("first"));
        assert_eq!(description(&session, Datastore::Running, "eth1").await, None);
        session.commit(pending(60, "trial-1"), soon()).await.unwrap();
        assert_eq!(description(&session, Datastore::Running, "eth1").await.as_deref(), Some("first"));
        session.unlock(Datastore::Candidate, soon()).await.unwrap();
        session.close(soon()).await.unwrap();
        assert_eq!(session.ended().await, End::Closed);

        let other = connect(&peer).await;
        assert_eq!(description(&other, Datastore::Running, "eth1").await.as_deref(), Some("first"));
        let confirm = Commit { confirmed: None, persist_id: Some("trial-1".into()) };
        other.commit(confirm, soon()).await.unwrap();
        // Nothing is pending any more, so there is nothing to cancel.
        refusal(other.cancel_commit(Some("trial-1".into()), soon()).await);
        assert_eq!(description(&other, Datastore::Running, "eth1").await.as_deref(), Some("first"));
    })
    .await;
}

#[tokio::test]
async fn a_trial_is_undone_by_cancel_and_by_its_timer() {
    on_a_peer(async |peer| {
        let session = connect(&peer).await;
        session.edit_config(edit("eth1", "cancelled"), soon()).await.unwrap();
        session.commit(pending(60, "trial-2"), soon()).await.unwrap();
        assert_eq!(description(&session, Datastore::Running, "eth1").await.as_deref(), Some("cancelled"));
        session.cancel_commit(Some("trial-2".into()), soon()).await.unwrap();
        assert_eq!(description(&session, Datastore::Running, "eth1").await, None);

        session.discard_changes(soon()).await.unwrap();
        session.edit_config(edit("eth1", "expires"), soon()).await.unwrap();
        session.commit(pending(2, "trial-3"), soon()).await.unwrap();
        assert_eq!(description(&session, Datastore::Running, "eth1").await.as_deref(), Some("expires"));
        let deadline = soon();
        while description(&session, Datastore::Running, "eth1").await.is_some() {
            assert!(Instant::now() < deadline, "the confirm timer of 2 s did not roll back");
            // This server looks at its timer only after a second without requests.
            tokio::time::sleep(Duration::from_millis(1500)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_xpath_expression_selects_what_is_read() {
    on_a_peer(async |peer| {
        let session = connect(&peer).await;
        for name in ["eth1", "eth2"] {
            let edit = edit(name, "there").test_option(TestOption::TestThenSet);
            session.edit_config(edit, soon()).await.unwrap();
        }
        session.commit(Commit::default(), soon()).await.unwrap();
        assert_eq!(description(&session, Datastore::Running, "eth2").await.as_deref(), Some("there"));
        let filter = Filter::XPath {
            select: "/if:interfaces/if:interface[if:name='eth1']".into(),
            bindings: vec![Binding { prefix: "if".into(), ns: INTERFACES.into() }],
        };
        let data = session.get_config(Datastore::Running, Some(filter), None, soon()).await.unwrap();
        let found = data.child(INTERFACES, "interfaces").expect("what was selected");
        let names: Vec<_> = found
            .children_named(INTERFACES, "interface")
            .map(|interface| interface.child_text(INTERFACES, "name"))
            .collect();
        assert_eq!(names, [Some("eth1")]);
    })
    .await;
}

#[tokio::test]
async fn reading_back_notices_a_commit_that_changed_nothing() {
    on_a_peer(async |peer| {
        let session = connect(&peer).await;
        session.edit_config(edit("eth1", "lost"), soon()).await.unwrap();
        session.validate(Source::Datastore(Datastore::Candidate), soon()).await.unwrap();
        session.commit(Commit::default(), soon()).await.unwrap();
        // This server says ok three times and running is as before: only reading back tells.
        let read_back = description(&session, Datastore::Running, "eth1").await;
        assert_eq!(
            read_back, None,
            "this netconfd has no validate-then-commit fault: the way around it can go"
        );

        session.discard_changes(soon()).await.unwrap();
        session.edit_config(edit("eth1", "kept").test_option(TestOption::TestThenSet), soon()).await.unwrap();
        session.commit(Commit::default(), soon()).await.unwrap();
        assert_eq!(description(&session, Datastore::Running, "eth1").await.as_deref(), Some("kept"));
    })
    .await;
}

#[tokio::test]
async fn a_lock_held_by_another_is_refused_with_its_holder() {
    on_a_peer(async |peer| {
        let (first, second) = (connect(&peer).await, connect(&peer).await);
        first.lock(Datastore::Candidate, soon()).await.unwrap();
        let errors = refusal(second.lock(Datastore::Candidate, soon()).await);
        assert!(errors.has(&ErrorTag::LockDenied), "{errors}");
        assert_eq!(errors.lock_holder(), Some(first.info().session_id), "{errors}");
        first.close(soon()).await.unwrap();
        second.lock(Datastore::Candidate, soon()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_refusal_says_what_and_where() {
    on_a_peer(async |peer| {
    let session = connect(&peer).await;
    let wrong = format!(
        "<interfaces xmlns='{INTERFACES}'><interface><name>x</name><enabled>maybe</enabled></interface></interfaces>"
    );
    let wrong = EditConfig::new(Datastore::Candidate, &wrong).unwrap();
    let errors = refusal(session.edit_config(wrong, soon()).await);
    let found = errors.0.iter().find(|e| e.tag == ErrorTag::InvalidValue);
    let error = found.unwrap_or_else(|| panic!("{errors}"));
    assert!(error.path.as_deref().is_some_and(|p| p.contains("enabled")), "{errors}");
    assert!(error.message.is_some(), "{errors}");
    }).await;
}

#[tokio::test]
async fn requests_are_pipelined_schemas_and_notifications_come() {
    on_a_peer(async |peer| {
        let (session, mut events) = connect_with_events(&peer).await;
        let many = (0..20).map(|_| {
            let session = session.clone();
            tokio::spawn(async move {
                session.get_config(Datastore::Running, None, None, soon()).await.map(|_| ())
            })
        });
        for call in many.collect::<Vec<_>>() {
            call.await.unwrap().unwrap();
        }
        let schema = session.get_schema("ietf-interfaces", None, soon()).await.unwrap();
        assert!(schema.contains("module ietf-interfaces"));

        session.create_subscription(None, None, soon()).await.unwrap();
        let other = connect(&peer).await;
        let event = tokio::time::timeout_at(soon(), events.recv()).await.unwrap().unwrap();
        assert_eq!(&*event.content[0].name.local, "netconf-session-start", "{event:?}");
        drop(other);
    })
    .await;
}

/// The transaction below any dialect, since this server can load none of the modules that ours writes.
async fn candidate(peer: &Netconfd) -> Candidate {
    let patience = Duration::from_secs(10);
    Candidate::new(connect(peer).await, Manners { patience, lock_running: false, ..Manners::default() })
}

fn payload(name: &str, description: &str) -> Vec<Element> {
    edit(name, description).config
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_transaction_is_staged_committed_and_confirmed() {
    on_a_peer(async |peer| {
        let watcher = connect(&peer).await;
        let mut device = candidate(&peer).await;
        device.stage(payload("eth1", "forgotten")).await.unwrap();
        device.stage(payload("eth2", "kept")).await.unwrap();
        assert_eq!(description(&watcher, Datastore::Running, "eth2").await, None);
        device.commit("tl-1", MINUTE).await.unwrap();
        assert_eq!(description(&watcher, Datastore::Running, "eth2").await.as_deref(), Some("kept"));
        assert_eq!(device.confirm("tl-1").await.unwrap(), Followed::Done);
        assert_eq!(device.confirm("tl-1").await.unwrap(), Followed::NothingPending);
        assert_eq!(device.cancel(Some("tl-1")).await.unwrap(), Followed::NothingPending);
        assert_eq!(description(&watcher, Datastore::Running, "eth2").await.as_deref(), Some("kept"));
        assert_eq!(description(&watcher, Datastore::Running, "eth1").await, None);
        // All locks are free again.
        for store in [Datastore::Running, Datastore::Candidate] {
            watcher.lock(store, soon()).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_transaction_is_cancelled_at_any_point_and_the_next_one_can_be_staged() {
    on_a_peer(async |peer| {
        let watcher = connect(&peer).await;
        let mut device = candidate(&peer).await;
        assert_eq!(device.cancel(Some("tl-2")).await.unwrap(), Followed::NothingPending);
        device.stage(payload("eth1", "staged")).await.unwrap();
        assert_eq!(device.cancel(None).await.unwrap(), Followed::NothingPending);
        device.stage(payload("eth1", "committed")).await.unwrap();
        device.commit("tl-3", MINUTE).await.unwrap();
        assert_eq!(device.cancel(Some("tl-3")).await.unwrap(), Followed::Done);
        assert_eq!(description(&watcher, Datastore::Running, "eth1").await, None);
        device.stage(payload("eth1", "again")).await.unwrap();
        assert_eq!(description(&watcher, Datastore::Candidate, "eth1").await.as_deref(), Some("again"));
    })
    .await;
}

#[tokio::test]
async fn a_cancel_works_although_this_server_rolls_nothing_back_while_running_is_locked() {
    on_a_peer(async |peer| {
        let watcher = connect(&peer).await;
        let mut device = Candidate::new(connect(&peer).await, Manners::default());
        device.stage(payload("eth1", "locked")).await.unwrap();
        let refused = watcher.lock(Datastore::Running, soon()).await.unwrap_err();
        assert!(matches!(&refused, CallError::Refused(e) if e.lock_holder().is_some()), "{refused}");
        device.commit("tl-7", MINUTE).await.unwrap();
        assert_eq!(description(&watcher, Datastore::Running, "eth1").await.as_deref(), Some("locked"));
        assert_eq!(device.cancel(Some("tl-7")).await.unwrap(), Followed::Done);
        assert_eq!(description(&watcher, Datastore::Running, "eth1").await, None);
    })
    .await;
}

#[tokio::test]
async fn a_refused_edit_leaves_the_candidate_clean_and_unlocked() {
    on_a_peer(async |peer| {
    let watcher = connect(&peer).await;
    let mut device = candidate(&peer).await;
    let wrong = format!(
        "<interfaces xmlns='{INTERFACES}'><interface><name>x</name><enabled>maybe</enabled></interface></interfaces>"
    );
    let wrong = EditConfig::new(Datastore::Candidate, &wrong).unwrap().config;
    let error = device.stage(wrong).await.unwrap_err();
    assert!(matches!(error, CallError::Refused(_)), "{error}");
    watcher.lock(Datastore::Candidate, soon()).await.unwrap();
    }).await;
}

#[tokio::test]
async fn a_commit_outlives_its_session_and_another_one_decides() {
    on_a_peer(async |peer| {
        let watcher = connect(&peer).await;
        for (name, kept) in [("tl-4", false), ("tl-5", true)] {
            let mut device = candidate(&peer).await;
            device.stage(payload("eth1", name)).await.unwrap();
            device.commit(name, MINUTE).await.unwrap();
            drop(device);
            let mut other = candidate(&peer).await;
            let followed = if kept { other.confirm(name).await } else { other.cancel(Some(name)).await };
            assert_eq!(followed.unwrap(), Followed::Done);
            let read = description(&watcher, Datastore::Running, "eth1").await;
            assert_eq!(read.as_deref(), kept.then_some(name));
        }
    })
    .await;
}

#[tokio::test]
async fn a_timer_that_ran_out_leaves_nothing_to_confirm_and_nothing_in_the_way() {
    on_a_peer(async |peer| {
        let watcher = connect(&peer).await;
        let mut device = candidate(&peer).await;
        device.stage(payload("eth1", "late")).await.unwrap();
        device.commit("tl-6", Duration::from_secs(2)).await.unwrap();
        let deadline = soon();
        while description(&watcher, Datastore::Running, "eth1").await.is_some() {
            assert!(Instant::now() < deadline, "the confirm timer of 2 s did not roll back");
            // This server looks at its timer only after a second without requests.
            tokio::time::sleep(Duration::from_millis(1500)).await;
        }
        assert_eq!(device.confirm("tl-6").await.unwrap(), Followed::NothingPending);
        assert_eq!(
            description(&watcher, Datastore::Running, "eth1").await,
            None,
            "the late confirm took the candidate"
        );
        device.stage(payload("eth1", "next")).await.unwrap();
        assert_eq!(device.cancel(None).await.unwrap(), Followed::NothingPending);
    })
    .await;
}

#[tokio::test]
async fn another_host_key_is_never_accepted() {
    on_a_peer(async |peer| {
        let mut target = peer.target();
        target.host_key = "SHA256:Nh0Me49Zh9fDw/VYUfq43IJmI1T+XrjiYONPND8GzaM".parse().unwrap();
        let error = ssh::dial(&target, soon()).await.unwrap_err();
        let ConnectError::HostKey { presented, .. } = &error else { panic!("{error}") };
        assert_eq!(presented.len(), 2, "{error}");
    })
    .await;
}
