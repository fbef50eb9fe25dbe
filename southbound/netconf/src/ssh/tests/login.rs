//! Who is let in, with what, and what is said of it otherwise.

use russh::keys::ssh_key::LineEnding;
use russh::{MethodKind, MethodKind::KeyboardInteractive, MethodKind::PublicKey};

use super::super::host::{CUT, Log, PASSWORD, Way};
use super::*;

const PASSWORDS: Way =
    Way { methods: &[PublicKey, MethodKind::Password, KeyboardInteractive], asks: &[], wants_both: false };
const BOTH: Way = Way { wants_both: true, ..PASSWORDS };
const QUESTIONS: Way =
    Way { methods: &[KeyboardInteractive], asks: &[&[("Password: ", false)], &[]], wants_both: false };

fn password(text: &str) -> Password {
    text.to_owned().into()
}

async fn device(way: Way) -> Device {
    Device::letting_in(way, vec![new_key()], true).await
}

fn log(log: &Log) -> Vec<String> {
    log.lock().unwrap().clone()
}

/// What comes of a login with this, and what is said where it fails.
async fn entered(device: &Device, proof: impl Into<Proof>) -> Result<(), ConnectError> {
    dial(&SshTarget { proof: proof.into(), ..device.target() }, soon()).await.map(drop)
}

#[tokio::test]
async fn the_right_password_lets_in_and_a_wrong_one_is_a_refused_login() {
    let device = device(PASSWORDS).await;
    entered(&device, password(PASSWORD)).await.unwrap();
    assert_eq!(log(&device.log), [format!("password {PASSWORD}")]);
    let error = entered(&device, password("hunter2")).await.unwrap_err();
    let ConnectError::LoginRefused { proof, .. } = &error else { panic!("{error}") };
    assert_eq!(proof, "the password");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    assert_eq!(log(&device.log).len(), 2, "it is sent once, and by one method");
}

#[tokio::test]
async fn a_refusal_that_leaves_no_method_is_a_refused_login_too() {
    let device = device(Way { methods: &[MethodKind::Password], ..PASSWORDS }).await;
    let error = entered(&device, password("hunter2")).await.unwrap_err();
    assert!(
        matches!(&error, ConnectError::LoginRefused { methods, .. } if methods == "nothing more"),
        "{error}"
    );
}

#[tokio::test]
async fn a_password_is_the_answer_to_the_one_hidden_question() {
    let device = device(QUESTIONS).await;
    entered(&device, password(PASSWORD)).await.unwrap();
    assert_eq!(log(&device.log), [format!("answers {:?}", [PASSWORD]), "answers []".to_owned()]);
    let error = entered(&device, password("hunter2")).await.unwrap_err();
    assert!(matches!(error, ConnectError::LoginRefused { .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn other_questions_are_not_answered() {
    let asks: [&'static [&'static [(&str, bool)]]; 3] = [
        &[&[("Password: ", true)]],
        &[&[("Password: ", false), ("Code: ", false)]],
        &[&[("Password: ", false)], &[("New password: ", false)]],
    ];
    for (asks, answered) in asks.into_iter().zip([0, 0, 1]) {
        let device = device(Way { asks, ..QUESTIONS }).await;
        let error = entered(&device, password(PASSWORD)).await.unwrap_err();
        assert!(matches!(error, ConnectError::Questions { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains(PASSWORD), "{error:?}");
        assert_eq!(log(&device.log).len(), answered, "{asks:?}");
    }
}

#[tokio::test]
async fn the_key_goes_first_and_the_password_where_it_is_not_taken_or_not_enough() {
    let known = |device: &Device| device.target().proof.key().unwrap().clone();
    let (key, given) = ("key".to_owned(), format!("password {PASSWORD}"));
    for (way, is_known, shown) in [
        (PASSWORDS, true, vec![key.clone()]),
        (PASSWORDS, false, vec![key.clone(), given.clone()]),
        (BOTH, true, vec![key, given]),
    ] {
        let device = device(way).await;
        let own = if is_known { known(&device) } else { LoginKey(Arc::new(new_key())) };
        entered(&device, Proof::Both(own, password(PASSWORD))).await.unwrap();
        assert_eq!(log(&device.log), shown);
    }
    let device = device(BOTH).await;
    let error = entered(&device, known(&device)).await.unwrap_err().to_string();
    assert!(error.contains("with key SHA256:") && error.contains("would take: password"), "{error}");
}

#[tokio::test]
async fn a_device_that_closes_in_the_middle_of_the_login_has_refused_nothing() {
    let device = device(PASSWORDS).await;
    let error = entered(&device, password(CUT)).await.unwrap_err();
    assert!(matches!(error, ConnectError::Ssh { stage: Stage::Login, .. }), "{error}");
}

#[test]
fn an_encrypted_key_is_opened_by_its_passphrase_alone() {
    let key = new_key();
    let closed = key.encrypt(&mut safe_rng(), "open sesame").unwrap().to_openssh(LineEnding::LF).unwrap();
    let opened = LoginKey::from_text(&closed, Some("open sesame")).unwrap();
    assert_eq!(opened.to_string(), key.fingerprint(HashAlg::Sha256).to_string());
    for (passphrase, fault) in [(Some("hunter2"), BadKey::Passphrase), (None, BadKey::Encrypted)] {
        let error = LoginKey::from_text(&closed, passphrase).unwrap_err();
        assert_eq!(error, fault);
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    let pkcs8 = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    assert_eq!(LoginKey::from_text(pkcs8, None).unwrap_err(), BadKey::Encrypted);
    assert_eq!(LoginKey::from_text("no key", None).unwrap_err(), BadKey::Unreadable);
}

#[test]
fn no_proof_shows_its_secret() {
    let key = LoginKey(Arc::new(new_key()));
    for proof in [Proof::from(password("hunter2")), Proof::Both(key, password("hunter2"))] {
        assert!(!format!("{proof} {proof:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn a_login_that_devices_refuse_is_not_tried_again_and_again() {
    let (first, second, third) = (device(PASSWORDS).await, device(PASSWORDS).await, device(PASSWORDS).await);
    let account = Account::default();
    let wrong = |device: &Device| {
        let proof = password("hunter2").into();
        SshTarget { proof, ..device.target() }.sharing(account.clone())
    };
    let tried = |device: &Device| log(&device.log).len();
    let error = dial(&wrong(&first), soon()).await.unwrap_err();
    assert!(matches!(error, ConnectError::LoginRefused { .. }), "{error}");
    for _ in 0..3 {
        let error = dial(&wrong(&first), soon()).await.unwrap_err();
        assert!(matches!(error, ConnectError::LoginHeld { .. }), "{error}");
    }
    assert_eq!(tried(&first), 1);
    // It may be that device's own fault, so a second one is asked, and after it none.
    dial(&wrong(&second), soon()).await.unwrap_err();
    let error = dial(&wrong(&third), soon()).await.unwrap_err();
    let ConnectError::LoginHeld { by, .. } = &error else { panic!("{error}") };
    assert_eq!(by.len(), 2);
    assert!(
        error.to_string().contains("tried again in") && !error.to_string().contains("hunter2"),
        "{error}"
    );
    assert_eq!((tried(&first), tried(&second), tried(&third)), (1, 1, 0));
    // Other credentials are another account.
    entered(&third, password(PASSWORD)).await.unwrap();
}
