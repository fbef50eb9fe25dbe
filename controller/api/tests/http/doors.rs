//! Who comes in, and what those are told who do not.

use std::time::Duration;

use api::{
    ApiError, Client, ClientError, Problem, Server, Token,
    route::{Access, TABLE, Verb},
};
use reqwest::{Method, StatusCode, header};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::fixture::Fixture;

async fn problem(response: reqwest::Response) -> Problem {
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    let status = response.status();
    let problem: Problem = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(problem.status, status.as_u16());
    problem
}

#[tokio::test]
async fn every_guarded_row_asks_for_the_token_and_takes_no_other() {
    let fixture = Fixture::start().await;
    let http = reqwest::Client::new();
    let mut guarded = 0;
    for entry in TABLE.iter().filter(|entry| entry.access != Access::Open) {
        guarded += 1;
        let method = if entry.method == Verb::Get { Method::GET } else { Method::POST };
        let url = fixture.url(&entry.path.replace('*', "1"));
        let bare = http.request(method.clone(), &url).send().await.unwrap();
        assert_eq!(bare.status(), StatusCode::UNAUTHORIZED, "{}", entry.path);
        assert_eq!(bare.headers()[header::WWW_AUTHENTICATE], "Bearer");
        let almost = format!("{}x", &fixture.token[..fixture.token.len() - 1]);
        for wrong in [
            format!("Bearer {almost}"),
            "Bearer".into(),
            format!("Basic {}", fixture.token),
            "Bearer ".into(),
        ] {
            let response =
                http.request(method.clone(), &url).header("authorization", &wrong).send().await.unwrap();
            let problem = problem(response).await;
            assert_eq!(problem.status, 401, "{} with {wrong}", entry.path);
            assert!(!problem.detail.contains(&fixture.token));
        }
    }
    assert_eq!(guarded, 15);
    assert!(fixture.asked().await.is_empty(), "nothing reached the engine");
    assert!(fixture.journal.audit(10).unwrap().is_empty());
}

#[tokio::test]
async fn reads_need_no_token_and_answer_json() {
    let fixture = Fixture::start().await;
    let client = Client::new(&fixture.base, None).unwrap();
    assert_eq!(client.state().await.unwrap(), crate::fixture::picture());
    assert_eq!(client.topology().await.unwrap().nodes.len(), 2);
    assert_eq!(client.live().await.unwrap().links.len(), 1);
    assert_eq!(client.devices().await.unwrap().len(), 2);
    assert!(client.alarms().await.unwrap().is_empty());
    assert!(client.intents(10).await.unwrap().is_empty());
    assert_eq!(client.timeline().await.unwrap().len(), 5);
    let ready = reqwest::get(fixture.url("/readyz")).await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_device_s_modules_are_asked_for_by_its_name_whatever_stands_in_it() {
    let fixture = Fixture::start().await;
    let client = fixture.client();
    let node = "site/a".parse().unwrap();
    let schema = client.schema(&node, Some("m&n")).await.unwrap();
    assert_eq!((schema.node, schema.missing), (node, vec!["openconfig-qos".to_owned()]));
    let refused = client.schema(&"b".parse().unwrap(), None).await.unwrap_err();
    assert!(refused.to_string().contains("b, read: it fell silent"), "{refused}");
    let asked = fixture.asked().await;
    assert_eq!(
        asked,
        ["schema of site/a, Some(\"m&n\") after 0 entries", "schema of b, None after 0 entries"]
    );
    let url = fixture.url("/api/v1/devices/%zz/schema");
    let http = reqwest::Client::new();
    let strange = http.get(url).header("authorization", format!("Bearer {}", fixture.token)).send().await;
    assert_eq!(problem(strange.unwrap()).await.status, 400);
}

#[tokio::test]
async fn a_foreign_name_gets_nothing() {
    let fixture = Fixture::start().await;
    let http = reqwest::Client::new();
    for path in ["/", "/api/v1/state", "/api/v1/events", "/healthz"] {
        let response = http.get(fixture.url(path)).header("host", "evil.example:8080").send().await.unwrap();
        assert_eq!(problem(response).await.status, 421, "{path}");
    }
    let port = fixture.base.rsplit_once(':').unwrap().1;
    let response =
        http.get(fixture.url("/healthz")).header("host", format!("LocalHost:{port}")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_request_without_one_name_is_refused() {
    let fixture = Fixture::start().await;
    let address = fixture.base.strip_prefix("http://").unwrap();
    for hosts in [String::new(), format!("Host: {address}\r\nHost: evil.example\r\n")] {
        let text = format!("GET /api/v1/state HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        let answer = raw(address, text.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
}

/// Sends bytes and reads to the end.
async fn raw(address: &str, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    timeout(Duration::from_secs(10), socket.read_to_end(&mut answer)).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_page_of_another_origin_changes_nothing() {
    let fixture = Fixture::start().await;
    for origin in ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"] {
        let problem = problem(asked_from(&fixture, &[origin]).await).await;
        assert_eq!(problem.status, 403, "{origin}");
    }
    assert!(fixture.asked().await.is_empty());
    assert_eq!(asked_from(&fixture, &[&fixture.base]).await.status(), StatusCode::OK);
}

/// Asks for a change with the token, as pages of these origins.
async fn asked_from(fixture: &Fixture, origins: &[&str]) -> reqwest::Response {
    let mut request = reqwest::Client::new()
        .post(fixture.url("/api/v1/mode"))
        .header("authorization", fixture.bearer())
        .header("content-type", "application/json");
    for origin in origins {
        request = request.header("origin", *origin);
    }
    request.body(r#"{"mode":"observe"}"#).send().await.unwrap()
}

#[tokio::test]
async fn a_page_of_the_proxy_in_front_may_ask_and_none_that_is_called_alike() {
    let outer = "https://noc.example:8443";
    let fixture = Fixture::shown_at(outer).await;
    for origins in [
        &["http://noc.example:8443"][..],
        &["https://noc.example"],
        &["https://noc.example:8443.evil.example"],
        &["https://evil.noc.example:8443"],
        &["https://noc.example:84433"],
        &[outer, "https://evil.example"],
    ] {
        let problem = problem(asked_from(&fixture, origins).await).await;
        assert_eq!(problem.status, 403, "{origins:?}");
        assert!(problem.detail.contains("`outerOrigin`"), "{}", problem.detail);
    }
    assert!(fixture.asked().await.is_empty());
    for origin in [outer, &fixture.base] {
        assert_eq!(asked_from(&fixture, &[origin]).await.status(), StatusCode::OK, "{origin}");
    }
    // It is still asked by its own name alone.
    let http = reqwest::Client::new();
    let named = http.get(fixture.url("/healthz")).header("host", "noc.example:8443").send().await.unwrap();
    assert_eq!(problem(named).await.status, 421);
}

#[tokio::test]
async fn unknown_paths_methods_media_and_bodies_are_told_apart() {
    let fixture = Fixture::start().await;
    let http = reqwest::Client::new();
    for path in ["/api/v1/nothing", "/api/v2/state", "/nothing.js", "/../token", "/%2e%2e/token"] {
        let response = http.get(fixture.url(path)).send().await.unwrap();
        assert_eq!(problem(response).await.status, 404, "{path}");
    }
    let response = http.delete(fixture.url("/api/v1/state")).send().await.unwrap();
    assert_eq!(response.headers()["allow"], "GET, HEAD");
    assert_eq!(problem(response).await.status, 405);
    let response = http.get(fixture.url("/api/v1/mode")).send().await.unwrap();
    assert_eq!(response.headers()["allow"], "POST");
    assert_eq!(problem(response).await.status, 405);
    let post = |media: &'static str, body: &'static str| {
        let request = http.post(fixture.url("/api/v1/mode")).header("authorization", fixture.bearer());
        request.header("content-type", media).body(body).send()
    };
    assert_eq!(problem(post("text/plain", r#"{"mode":"act"}"#).await.unwrap()).await.status, 415);
    for (bad, told) in [
        ("", "the body is no JSON: "),
        ("{", "the body is no JSON: "),
        (r#"{"mode":"fly"}"#, "unknown variant `fly`"),
        (r#"{"mode":"act","mod":1}"#, "unknown field `mod`"),
        (r#"{"mode":"act","mode":"observe"}"#, "duplicate field `mode`"),
        (r#"{"mode":1}"#, "invalid type: integer `1`"),
        ("[]", "the body is JSON and no object"),
    ] {
        let problem = problem(post("application/json", bad).await.unwrap()).await;
        assert_eq!(problem.status, 400, "{bad}");
        let told = problem.detail.contains(told) && problem.detail.contains(r#"; send {"mode": "observe""#);
        assert!(told && !problem.detail.contains("ModeRequest"), "{}", problem.detail);
    }
    let deep: String = "[".repeat(100_000);
    let request = http.post(fixture.url("/api/v1/intents/apply")).header("authorization", fixture.bearer());
    let response = request.header("content-type", "application/json").body(deep).send().await.unwrap();
    assert_eq!(problem(response).await.status, 400);
    assert!(fixture.asked().await.is_empty());
}

#[tokio::test]
async fn connections_that_ask_nothing_soon_make_room() {
    let fixture = Fixture::start().await;
    let address = fixture.base.strip_prefix("http://").unwrap();
    let mut idle = Vec::new();
    for _ in 0..256 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    // The first of them may stay for five seconds; those that came when it became crowded may not.
    let client = fixture.client();
    let answer = timeout(Duration::from_secs(4), client.state()).await;
    assert_eq!(answer.expect("it is answered before the first ones end").unwrap(), crate::fixture::picture());
    drop(idle);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_announced_or_not() {
    let fixture = Fixture::start().await;
    let address = fixture.base.strip_prefix("http://").unwrap();
    let head = format!(
        "POST /api/v1/intents/apply HTTP/1.1\r\nHost: {address}\r\nAuthorization: {}\r\nContent-Type: application/json\r\nConnection: close\r\n",
        fixture.bearer()
    );
    let announce = format!("{head}Content-Length: 8388609\r\n\r\n");
    let announced = raw(address, announce.as_bytes()).await;
    assert!(announced.starts_with("HTTP/1.1 413") && announced.contains("the folder"), "{announced}");
    let announced = raw(address, announce.replace("intents/apply", "mode").as_bytes()).await;
    assert!(announced.starts_with("HTTP/1.1 413") && !announced.contains("the folder"), "{announced}");

    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).await.unwrap();
    let (mut reading, mut writing) = socket.split();
    let mut chunk = b"100000\r\n".to_vec();
    chunk.resize(8 + 0x10_0000, b' ');
    chunk.extend_from_slice(b"\r\n");
    let mut first = [0; 12];
    let send = async {
        // Nine times 1 MiB; the server may hang up before the end.
        for _ in 0..9 {
            if writing.write_all(&chunk).await.is_err() {
                break;
            }
        }
    };
    let (_, read) = tokio::join!(send, timeout(Duration::from_secs(20), reading.read_exact(&mut first)));
    read.unwrap().unwrap();
    assert_eq!(&first, b"HTTP/1.1 413");
}

#[tokio::test]
async fn answers_carry_the_headers_that_keep_browsers_honest() {
    let fixture = Fixture::start().await;
    for path in ["/", "/api/v1/state", "/nothing"] {
        let response = reqwest::get(fixture.url(path)).await.unwrap();
        let policy = response.headers()["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
    let page = reqwest::get(fixture.url("/")).await.unwrap();
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(page.text().await.unwrap().contains("Trunkline"));
}

#[tokio::test]
async fn only_loopback_is_served_and_a_taken_port_is_said() {
    let fixture = Fixture::start().await;
    let server = || {
        let (commands, _) = tokio::sync::mpsc::channel(1);
        let (_, snapshot) = tokio::sync::watch::channel(Default::default());
        let engine = engine::handle::Engine { commands, snapshot, events: fixture.events.clone() };
        Server::new(engine, fixture.journal.clone(), Token::parse(&fixture.token).unwrap())
    };
    let error = server().bind("0.0.0.0:0".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, ApiError::NotLoopback(_)) && error.to_string().contains("no TLS yet"), "{error}");
    let taken = fixture.base.strip_prefix("http://").unwrap().parse().unwrap();
    let error = server().bind(taken).await.unwrap_err().to_string();
    assert!(error.contains(&taken.to_string()) && error.contains("another controller"), "{error}");
}

#[tokio::test]
async fn a_client_says_when_nobody_answers() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = Client::new(&base, None).unwrap().state().await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
    let told = error.to_string();
    assert!(told.starts_with(&format!("no controller answers at {base}, and nothing was asked: ")), "{told}");
    assert!(told.contains("Connection refused") && told.contains("`trunkline serve`"), "{told}");
    assert!(Client::new("127.0.0.1:8080", None).is_err());
}
