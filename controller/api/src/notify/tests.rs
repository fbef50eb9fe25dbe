use std::time::Duration;

use engine::event::EventKind;
use model::{NodeId, Timestamp};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, UdpSocket},
    time::timeout,
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
    let (mut socket, _) = listener.accept().await.unwrap();
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
    let webhook = WebhookConfig { url, minimum: Severity::Minor, timeout: Span::from_secs(5) };
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

#[tokio::test]
async fn a_webhook_that_never_answers_holds_up_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let webhook = WebhookConfig { url, minimum: Severity::Info, timeout: Span::from_secs(60) };
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
            "webhook 2 of the list, `ftp://x`, cannot be used: `ftp` is not",
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
