//! Sessions against a scripted device on loopback: trust, calls, deadlines, lost answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::support::device::{Device, Does, Running};
use crate::support::{Authority, NAME, target};
use device::account::Account;
use device::{Device as _, ErrorKind};
use gnmi::error::Call;
use gnmi::extension::CommitAction;
use gnmi::proto::get_request::DataType;
use gnmi::set::Changes;
use gnmi::target::Credentials;
use gnmi::tls::{CertificatePin, ClientTls};
use gnmi::{GnmiDevice, MemoryPreImages, Path, Session, SessionError};
use model::NodeId;
use serde_json::json;
use tokio::net::TcpListener;
use tonic::{Code, Status};

fn path(text: &str) -> Path {
    text.parse().expect("a path of the test")
}

#[tokio::test]
async fn a_session_knows_the_device_s_capabilities() {
    let running = Device::default().start().await;
    let session = running.session().await;
    let said = session.capabilities();
    assert_eq!((said.version.as_str(), said.models.len(), said.encodings.len()), ("0.10.0", 1, 2));
    assert!(session.is_open());
    running.stop().await;
}

#[tokio::test]
async fn a_device_of_another_authority_is_refused() {
    let running = Device::default().start().await;
    for stranger in [Authority::named("stranger"), Authority::new()] {
        let error = Session::connect(&target(running.address.clone(), stranger.client()))
            .await
            .expect_err("another authority");
        assert!(
            matches!(&error, SessionError::CertificateRefused { why, .. } if why.contains("authority")),
            "{error}"
        );
    }
    running.stop().await;
}

#[tokio::test]
async fn a_device_of_another_name_is_refused() {
    let running = Device::default().start().await;
    let mut target = target(running.address.clone(), running.authority.client());
    target.server_name = "r2.lab".into();
    let error = Session::connect(&target).await.expect_err("another name");
    assert!(
        matches!(&error, SessionError::CertificateRefused { why, .. } if why.contains("another name")),
        "{error}"
    );
    running.stop().await;
}

#[tokio::test]
async fn a_device_is_known_by_the_fingerprint_of_its_certificate_alone() {
    let authority = Authority::new();
    let identity = authority.identity(NAME);
    let pin = CertificatePin::of_pem(&identity.certificates_pem).expect("its fingerprint");
    let running = Device::default().start_as(authority, &identity).await;
    let ours = running.authority.identity("controller");
    let with = |pin| {
        let mut target =
            target(running.address.clone(), ClientTls::pinned(pin, Some(&ours)).expect("good material"));
        target.server_name = "192.0.2.1".into();
        target
    };
    let session = Session::connect(&with(pin)).await.expect("the pinned certificate, whatever its name");
    assert!(session.is_open());

    let other = CertificatePin::of_pem(&ours.certificates_pem).expect("another fingerprint");
    let error = Session::connect(&with(other)).await.expect_err("another certificate");
    let SessionError::CertificateRefused { why, .. } = &error else { panic!("{error}") };
    assert!(why.contains(&pin.to_string()) && why.contains(&other.to_string()), "{why}");
    running.stop().await;
}

#[tokio::test]
async fn a_client_without_certificate_is_refused() {
    let running = Device::default().start().await;
    let bare = ClientTls::new(&running.authority.pem(), None).expect("an authority");
    // The refusal comes after our side of the handshake is over: it must not get lost, however often.
    for _ in 0..20 {
        let error = Session::connect(&target(running.address.clone(), bare.clone()))
            .await
            .expect_err("no certificate");
        assert!(
            matches!(&error, SessionError::CertificateRefused { why, .. } if why.contains("client certificate")),
            "{error}"
        );
    }
    running.stop().await;
}

#[tokio::test]
async fn a_client_of_another_authority_is_refused() {
    let running = Device::default().start().await;
    let foreign = Authority::new().identity("controller");
    let tls = ClientTls::new(&running.authority.pem(), Some(&foreign)).expect("good material");
    let error =
        Session::connect(&target(running.address.clone(), tls)).await.expect_err("a foreign certificate");
    assert!(matches!(error, SessionError::CertificateRefused { .. }), "{error}");
    running.stop().await;
}

fn ops(account: &Account) -> Credentials {
    Credentials { user: "ops".into(), password: "s3cret".to_owned().into(), account: account.clone() }
}

#[tokio::test]
async fn a_login_that_devices_refuse_is_not_shown_again_and_again() {
    let denies = || Device { denies: true, ..Device::default() };
    let (first, second, third) =
        (denies().start().await, denies().start().await, Device::default().start().await);
    let account = Account::default();
    let tried = async |running: &Running| {
        let mut target = target(running.address.clone(), running.authority.client());
        target.credentials = Some(ops(&account));
        Session::connect(&target).await.err()
    };
    let shown = |running: &Running| running.device.credentials.lock().expect("no panic").len();
    let error = tried(&first).await.expect("a refusal");
    assert!(matches!(error, SessionError::Unauthenticated { .. }), "{error}");
    for _ in 0..3 {
        let error = tried(&first).await.expect("not asked");
        assert!(matches!(error, SessionError::LoginHeld { .. }), "{error}");
        assert!(!error.to_string().contains("s3cret"));
    }
    // It may be that device's own fault, so a second one is asked, and after it none.
    tried(&second).await.expect("a refusal");
    let error = tried(&third).await.expect("not asked");
    let SessionError::LoginHeld { by, .. } = &error else { panic!("{error}") };
    assert_eq!(by.len(), 2);
    assert_eq!((shown(&first), shown(&second), shown(&third)), (2, 2, 0), "user and password, once each");
    for running in [first, second, third] {
        running.stop().await;
    }
}

#[tokio::test]
async fn a_device_that_looks_at_the_login_with_a_get_alone_is_left_alone_too() {
    let running =
        Device { get: Does::Refuse(Status::unauthenticated("who?")), ..Device::default() }.start().await;
    let mut target = target(running.address.clone(), running.authority.client());
    target.credentials = Some(ops(&Account::default()));
    let session = Session::connect(&target).await.expect("capabilities are for all");
    let error = session.get(&[path("/qos")], DataType::Config).await.expect_err("it does not know us");
    assert!(matches!(error, SessionError::Unauthenticated { .. }), "{error}");
    let error = Session::connect(&target).await.expect_err("not asked");
    assert!(matches!(error, SessionError::LoginHeld { .. }), "{error}");
    running.stop().await;
}

#[tokio::test]
async fn a_device_that_does_not_say_what_is_around_it_keeps_its_session_and_is_asked_rarely() {
    let lldp = &["openconfig-lldp"];
    let running = Device { get: Does::Hang, models: lldp, ..Device::default() }.start().await;
    let mut target = target(running.address.clone(), running.authority.client());
    target.credentials = Some(ops(&Account::default()));
    let mut device = GnmiDevice::new(NodeId::lit("r1"), target, Arc::new(MemoryPreImages::new()));
    for _ in 0..3 {
        let error = device.surroundings().await.expect_err("it is mute");
        assert!(matches!(error.kind, ErrorKind::Silent(_)), "{error}");
    }
    assert_eq!(running.device.gets.load(Ordering::SeqCst), 1, "once, and not again soon");
    device.capabilities().await.expect("it answers");
    let shown = running.device.credentials.lock().expect("no panic").len();
    assert_eq!(shown, 2, "one session: user and password once");
    running.stop().await;
}

#[tokio::test]
async fn user_and_password_go_with_the_call_and_stay_out_of_texts() {
    let running = Device::default().start().await;
    let mut target = target(running.address.clone(), running.authority.client());
    target.credentials = Some(ops(&Account::default()));
    assert!(!format!("{target:?}").contains("s3cret"));
    let session = Session::connect(&target).await.expect("a session");
    assert!(!format!("{session:?}").contains("s3cret"));
    assert_eq!(*running.device.credentials.lock().expect("no panic"), ["ops", "s3cret"]);
    running.stop().await;
}

#[tokio::test]
async fn get_brings_one_notice_for_each_path() {
    let running = Device::default().start().await;
    let session = running.session().await;
    let paths = [path("/interfaces"), path("/qos")];
    let notices = session.get(&paths, DataType::Config).await.expect("two trees");
    let updates: Vec<_> = notices.into_iter().flat_map(gnmi::notice::Notice::updates).collect();
    assert_eq!(updates.iter().map(|update| update.path.clone()).collect::<Vec<_>>(), paths);
    assert_eq!(updates[0].value, json!({"mtu": 9000}));
    running.stop().await;
}

#[tokio::test]
async fn a_set_arrives_whole_with_its_commit_extension() {
    let running = Device { commit: true, ..Device::default() }.start().await;
    let session = running.session().await;
    let changes = Changes::new()
        .delete(path("/old[k=1]"))
        .replace(path("/a"), json!({"b": "18446744073709551615"}))
        .update(path("/c"), json!(7))
        .union_replace(path("cli:/"), json!("x"))
        .commit("tx-9", CommitAction::Begin { rollback: Duration::from_secs(30) });
    assert_eq!(session.set(changes.clone()).await.expect("taken"), 42);
    let request = running.device.sets.lock().expect("no panic").remove(0);
    assert_eq!(Changes::decode(request).expect("our own request"), changes);
    running.stop().await;
}

#[tokio::test]
async fn commit_confirmed_is_found_out_without_changing_anything() {
    for (commit, set) in
        [(true, Does::Answer), (false, Does::Answer), (false, Does::Refuse(Status::unimplemented("")))]
    {
        let running = Device { commit, set, ..Device::default() }.start().await;
        let session = running.session().await;
        assert_eq!(session.offers_commit_confirmed().await.expect("an answer"), commit);
        let request = running.device.sets.lock().expect("no panic").remove(0);
        assert!(Changes::decode(request).expect("our own request").is_empty());
        running.stop().await;
    }
}

#[tokio::test]
async fn a_refusal_keeps_code_and_words() {
    let no = Does::Refuse(Status::failed_precondition("locked by ops"));
    let running = Device { set: no, ..Device::default() }.start().await;
    let error = running.session().await.set(Changes::new().delete(path("/a"))).await.expect_err("refused");
    let SessionError::Refused { code, call, message, .. } = &error else { panic!("{error}") };
    assert_eq!((*code, *call, message.as_str()), (Code::FailedPrecondition, Call::Set, "locked by ops"));
    assert!(!error.outcome_unknown());
    running.stop().await;
}

#[tokio::test]
async fn a_device_that_hangs_is_silent_after_the_deadline() {
    let running = Device { get: Does::Hang, set: Does::Hang, ..Device::default() }.start().await;
    let session = running.session().await;
    let error = session.get(&[path("/a")], DataType::All).await.expect_err("silence");
    assert!(
        matches!(error, SessionError::Silent { call: Call::Get, .. }) && !error.outcome_unknown(),
        "{error}"
    );
    let error = session.set(Changes::new().delete(path("/a"))).await.expect_err("silence");
    assert!(
        matches!(error, SessionError::Silent { call: Call::Set, .. }) && error.outcome_unknown(),
        "{error}"
    );
    running.stop().await;
}

#[tokio::test]
async fn a_peer_that_never_speaks_tls_is_silent_after_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let address = listener.local_addr().expect("its address").to_string();
    let error = Session::connect(&target(address, Authority::new().client())).await.expect_err("silence");
    assert!(matches!(error, SessionError::Silent { call: Call::Connect, .. }), "{error}");
}

#[tokio::test]
async fn nobody_at_the_address_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let address = listener.local_addr().expect("its address").to_string();
    drop(listener);
    let error = Session::connect(&target(address, Authority::new().client())).await.expect_err("nobody");
    assert!(matches!(error, SessionError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_device_that_goes_away_in_a_set_leaves_the_outcome_unknown() {
    let running = Device { set: Does::Die, ..Device::default() }.start().await;
    let session = running.session().await;
    let error = session.set(Changes::new().delete(path("/a"))).await.expect_err("it went away");
    assert!(matches!(error, SessionError::OutcomeUnknown { .. }) && error.outcome_unknown(), "{error}");
    // The session says so by itself, and later calls are not sent.
    session.ended().await;
    let error = session.set(Changes::new().delete(path("/a"))).await.expect_err("the session is over");
    assert!(matches!(error, SessionError::Unreachable { .. }), "{error}");
    assert_eq!(running.device.sets.lock().expect("no panic").len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn a_device_that_goes_away_in_a_get_is_unreachable() {
    let running = Device { get: Does::Die, ..Device::default() }.start().await;
    let session = running.session().await;
    let error = session.get(&[path("/a")], DataType::All).await.expect_err("it went away");
    assert!(matches!(error, SessionError::Unreachable { .. }), "{error}");
    running.stop().await;
}

#[tokio::test]
async fn what_is_too_large_is_not_sent() {
    let running = Device::default().start().await;
    let mut target = target(running.address.clone(), running.authority.client());
    target.limits.send = 1000;
    let session = Session::connect(&target).await.expect("a session");
    let error =
        session.set(Changes::new().update(path("/a"), json!("x".repeat(2000)))).await.expect_err("too large");
    assert!(matches!(error, SessionError::NotSent { .. }) && !error.outcome_unknown(), "{error}");
    assert!(running.device.sets.lock().expect("no panic").is_empty());
    running.stop().await;
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_malformed() {
    let running = Device::default().start().await;
    let mut target = target(running.address.clone(), running.authority.client());
    target.limits.receive = 200;
    let session = Session::connect(&target).await.expect("a session");
    let error = session.get(&vec![path("/abc"); 50], DataType::All).await.expect_err("too large");
    assert!(matches!(error, SessionError::Malformed { .. }), "{error}");
    running.stop().await;
}

#[tokio::test]
async fn calls_share_the_connection_and_do_not_wait_for_each_other() {
    let running = Device { set: Does::Hang, ..Device::default() }.start().await;
    let session = running.session().await;
    let set = tokio::spawn({
        let session = session.clone();
        async move { session.set(Changes::new().delete(path("/a"))).await }
    });
    session.get(&[path("/a")], DataType::All).await.expect("an answer while the set waits");
    assert!(!set.is_finished());
    set.abort();
    running.stop().await;
}
