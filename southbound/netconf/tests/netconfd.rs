//! The client against an independent server: Debian's `netconfd` over OpenSSH.
//!
//! Skips, and says why, where the packages are not installed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "netconfd/peer.rs"]
mod peer;

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::Duration;

use futures_util::FutureExt as _;

use netconf::device::{Candidate, Followed, Manners};
use netconf::operation::{
    Commit, Confirmed, Datastore, DefaultOperation, EditConfig, ErrorOption, Filter, Source, TestOption,
};
use netconf::rpc_error::ErrorTag;
use netconf::session::{CallError, End, Options, Session};
use netconf::ssh::{self, ConnectError};
use netconf::xml::Element;
use peer::Netconfd;
use tokio::time::Instant;

const INTERFACES: &str = "urn:ietf:params:xml:ns:yang:ietf-interfaces";

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// Runs a test on a peer of its own, or skips it where none is installed; where CI runs, there has to be one.
///
/// Seen twice in about a thousand tests, and never with another peer: a confirmed commit that nothing answered for 20 s. Where the
/// fault lies is not known, so a failed test shows the peer's logs. Silence is tried once more on a fresh peer, and said; a wrong
/// answer fails at once.
async fn on_a_peer(test: impl AsyncFn(Netconfd)) {
    for last in [false, true] {
        let peer = match Netconfd::start().await {
            Ok(peer) => peer,
            Err(why) if why.contains("not installed") && std::env::var("CI").as_deref() != Ok("true") => {
                return eprintln!("skipped: {why}");
            }
            Err(why) => panic!("{why}"),
        };
        let Err(panic) = AssertUnwindSafe(test(peer)).catch_unwind().await else { return };
        let said = panic.downcast_ref::<String>().map_or("", String::as_str);
        if last || !said.contains("OutcomeUnknown(Deadline)") {
            resume_unwind(panic);
        }
        eprintln!("netconfd did not answer; once more on a fresh one");
    }
}

async fn connect(peer: &Netconfd) -> Session {
    ssh::connect(&peer.target(), &Options::default(), soon()).await.unwrap().0
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
        let error = other.cancel_commit(Some("trial-1".into()), soon()).await.unwrap_err();
        assert!(matches!(error, CallError::Refused(_)), "{error}");
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
        let CallError::Refused(errors) = second.lock(Datastore::Candidate, soon()).await.unwrap_err() else {
            panic!("the lock was given twice")
        };
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
    let CallError::Refused(errors) = session.edit_config(wrong, soon()).await.unwrap_err() else {
        panic!("a wrong boolean was taken")
    };
    let found = errors.0.iter().find(|e| e.tag == ErrorTag::InvalidValue);
    let error = found.unwrap_or_else(|| panic!("{errors}"));
    assert!(error.path.as_deref().is_some_and(|p| p.contains("enabled")), "{errors}");
    assert!(error.message.is_some(), "{errors}");
    }).await;
}

#[tokio::test]
async fn requests_are_pipelined_schemas_and_notifications_come() {
    on_a_peer(async |peer| {
        let (session, mut events) = ssh::connect(&peer.target(), &Options::default(), soon()).await.unwrap();
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
