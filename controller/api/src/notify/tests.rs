use std::{sync::Arc, time::Duration};

use engine::event::EventKind;
use model::{NodeId, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls_pki_types::PrivateKeyDer;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, UdpSocket},
    time::timeout,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring},
};

use super::*;

const SOON: Duration = Duration::from_secs(10);

fn event(number: u64, kind: EventKind) -> Event {
    Event { number, at: Timestamp::from_micros(1_000_000), kind }
}

fn down(number: u64) -> Event {
    event(number, EventKind::DeviceDown { node: NodeId::lit("r1"), why: "silence".into() })
}

#[tokio::test]
async fn syslog_gets_what_weighs_enough_and_nothing_else() {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let config = NotifyConfig {
        syslog: vec![SyslogConfig {
            address: server.local_addr().unwrap(),
            minimum: Severity::Minor,
            hostname: Some("ctl 1".into()),
        }],
        webhooks: Vec::new(),
    };
    let (events, receiver) = broadcast::channel(16);
    let _running = spawn_notifiers(&config, &receiver).unwrap();
    events.send(event(1, EventKind::Started { devices: 1, adopted: true })).unwrap();
    events.send(down(2)).unwrap();
    let mut buffer = [0; 4096];
    let length = timeout(SOON, server.recv(&mut buffer)).await.unwrap().unwrap();
    let text = std::str::from_utf8(&buffer[..length]).unwrap();
    assert!(text.starts_with("<188>1 1970-01-01T00:00:01.000000Z ctl1 trunkline - device-down ["), "{text}");
    assert!(text.contains("number=\"2\"") && text.contains("node=\"r1\""), "{text}");
}

/// Answers one request with a status and hands its body back.
async fn serve_once(listener: &TcpListener, status: &str) -> String {
    let (socket, _) = listener.accept().await.unwrap();
    answer_once(socket, status).await
}

async fn answer_once(mut socket: impl AsyncRead + AsyncWrite + Unpin, status: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    let body = loop {
        let length = socket.read(&mut buffer).await.unwrap();
        assert!(length > 0, "the request broke off: {text}");
        text.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let announced = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if body.len() == announced.parse::<usize>().unwrap() {
                break body.to_owned();
            }
        }
    };
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    socket.write_all(answer.as_bytes()).await.unwrap();
    body
}

#[tokio::test]
async fn a_webhook_that_fails_once_is_asked_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?key=secret", listener.local_addr().unwrap());
    let webhook = WebhookConfig { url, ca: None, minimum: Severity::Minor, timeout: Span::from_secs(5) };
    let config = NotifyConfig { syslog: Vec::new(), webhooks: vec![webhook] };
    let (events, receiver) = broadcast::channel(16);
    let running = spawn_notifiers(&config, &receiver).unwrap();
    events.send(down(5)).unwrap();
    let first = timeout(SOON, serve_once(&listener, "503 Service Unavailable")).await.unwrap();
    let second = timeout(SOON, serve_once(&listener, "204 No Content")).await.unwrap();
    assert_eq!(first, second);
    let document: serde_json::Value = serde_json::from_str(&second).unwrap();
    assert_eq!(document["severity"], "minor");
    assert_eq!(document["text"], "r1 cannot be driven: silence");
    assert_eq!(document["event"]["number"], 5);
    drop((events, receiver));
    timeout(SOON, running.finished()).await.expect("notifiers end with the events");
}

/// A server's TLS under the name `localhost`, and its authority as PEM text.
fn certified() -> (TlsAcceptor, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), authority.pem())
}

#[tokio::test]
async fn a_webhook_over_tls_is_told_when_its_authority_vouches_for_it_and_not_before() {
    let (tls, authority) = certified();
    let (_, other) = certified();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/hook", listener.local_addr().unwrap().port());
    let (events, receiver) = broadcast::channel(16);
    let run = |ca: PathBuf| {
        let url = url.clone();
        let webhook =
            WebhookConfig { url, ca: Some(ca), minimum: Severity::Minor, timeout: Span::from_secs(5) };
        spawn_notifiers(&NotifyConfig { syslog: Vec::new(), webhooks: vec![webhook] }, &receiver).unwrap()
    };
    let stranger = run(file("other.pem", &other));
    events.send(down(5)).unwrap();
    let (socket, _) = timeout(SOON, listener.accept()).await.unwrap().unwrap();
    let refused = timeout(SOON, async {
        match tls.accept(socket).await {
            Ok(mut stream) => stream.read(&mut [0; 1]).await.map(|length| length > 0),
            Err(error) => Err(error),
        }
    });
    assert!(!matches!(refused.await.unwrap(), Ok(true)), "nothing is said to a stranger");
    drop(stranger);

    let _running = run(file("ca.pem", &authority));
    events.send(down(6)).unwrap();
    let told = async {
        let (socket, _) = listener.accept().await.unwrap();
        answer_once(tls.accept(socket).await.unwrap(), "204 No Content").await
    };
    let document: serde_json::Value = serde_json::from_str(&timeout(SOON, told).await.unwrap()).unwrap();
    assert_eq!(document["event"]["number"], 6);
}

#[tokio::test]
async fn an_authority_that_cannot_be_had_or_means_nothing_is_told_at_the_start() {
    let (_events, receiver) = broadcast::channel(4);
    for (url, named) in [
        (
            "https://x/secret",
            "webhook 1 of the list: no certificate authority can be had from /no/such.pem: ",
        ),
        (
            "http://x/secret",
            "webhook 1 of the list, `http://x`, cannot be used: an authority is named for it",
        ),
    ] {
        let webhook = WebhookConfig {
            url: url.into(),
            ca: Some("/no/such.pem".into()),
            minimum: Severity::Info,
            timeout: Span::from_secs(5),
        };
        let config = NotifyConfig { syslog: Vec::new(), webhooks: vec![webhook] };
        let error = spawn_notifiers(&config, &receiver).unwrap_err().to_string();
        assert!(error.starts_with(named) && !error.contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_webhook_that_never_answers_holds_up_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let webhook = WebhookConfig { url, ca: None, minimum: Severity::Info, timeout: Span::from_secs(60) };
    let config = NotifyConfig { syslog: Vec::new(), webhooks: vec![webhook] };
    let (events, receiver) = broadcast::channel(4);
    let _running = spawn_notifiers(&config, &receiver).unwrap();
    for number in 0..10_000 {
        events.send(down(number)).unwrap();
        if number % 3 == 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_used_is_named_without_what_may_be_secret() {
    let (_events, receiver) = broadcast::channel(4);
    for (url, named) in [
        (
            "ftp://u:secret@x/secret?key=secret#secret",
            "webhook 2 of the list, `ftp://x`, cannot be used: `ftp` is not known here",
        ),
        ("x:99999999/secret", "webhook 2 of the list, `x://`, cannot be used"),
        (
            "http://x:99999999/secret",
            "webhook 2 of the list, which is no address, cannot be used: invalid port number",
        ),
        ("//secret", "webhook 2 of the list, which is no address, cannot be used"),
    ] {
        let webhook = |url: &str| WebhookConfig {
            url: url.into(),
            ca: None,
            minimum: Severity::Info,
            timeout: Span::from_secs(5),
        };
        let webhooks = vec![webhook("http://127.0.0.1:9/"), webhook(url)];
        let config = NotifyConfig { syslog: Vec::new(), webhooks };
        let error = spawn_notifiers(&config, &receiver).unwrap_err();
        assert!(error.to_string().starts_with(named), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
}
