//! A device whose answers are broken beneath gNMI: nothing of that may take our tasks down, or pass for an answer.

use std::convert::Infallible;
use std::future::ready;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::support::device::Device;
use crate::support::{Authority, NAME, target};
use gnmi::proto::g_nmi_server::GNmiServer;
use gnmi::proto::get_request::DataType;
use gnmi::server::tls_config;
use gnmi::set::Changes;
use gnmi::{Path, Session, SessionError};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::NamedService;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

/// One gRPC message of one byte, which is no protobuf.
const NO_PROTOBUF: &str = "\0\0\0\0\u{1}\u{7f}";

/// Answers Capabilities as a device should, records the paths that it was called by, and garbles the rest.
#[derive(Clone)]
struct Garbler {
    inner: GNmiServer<Device>,
    garbled_status: bool,
    called: Arc<Mutex<Vec<String>>>,
}

impl NamedService for Garbler {
    const NAME: &'static str = "gnmi.gNMI";
}

impl Service<http::Request<Body>> for Garbler {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let called = request.uri().path().to_owned();
        self.called.lock().expect("no panic").push(called.clone());
        if called.ends_with("/Capabilities") {
            return self.inner.call(request);
        }
        let answer = http::Response::builder().header("content-type", "application/grpc");
        let answer = match self.garbled_status {
            true => answer
                .header("grpc-status", "9")
                .header("grpc-status-details-bin", "!not base64!")
                .body(Body::empty()),
            false => answer.body(Body::new(NO_PROTOBUF.to_owned())),
        };
        Box::pin(ready(Ok(answer.expect("a response"))))
    }
}

/// A session with a device that garbles, and the record of what it was called by.
async fn session(garbled_status: bool) -> (Session, Garbler) {
    let authority = Authority::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let address = listener.local_addr().expect("its address").to_string();
    let inner = GNmiServer::new(Device::default());
    let garbler = Garbler { inner, garbled_status, called: Arc::default() };
    let server = Server::builder()
        .tls_config(tls_config(&authority.identity(NAME), &authority.pem(), Duration::from_secs(5)))
        .expect("good material")
        .add_service(garbler.clone())
        .serve_with_incoming(TcpIncoming::from(listener));
    tokio::spawn(server);
    (Session::connect(&target(address, authority.client())).await.expect("a session"), garbler)
}

fn path() -> Path {
    "/a".parse().expect("a path")
}

#[tokio::test]
async fn garbage_in_answer_to_a_set_leaves_the_outcome_unknown() {
    for garbled_status in [false, true] {
        let (session, _) = session(garbled_status).await;
        let error = session.set(Changes::new().delete(path())).await.expect_err("garbage");
        assert!(matches!(error, SessionError::OutcomeUnknown { .. }), "{error}");
        assert!(session.is_open());
    }
}

#[tokio::test]
async fn garbage_in_answer_to_reading_is_malformed() {
    for garbled_status in [false, true] {
        let (session, _) = session(garbled_status).await;
        let error = session.get(&[path()], DataType::All).await.expect_err("garbage");
        assert!(matches!(error, SessionError::Malformed { .. }), "{error}");
        let error = session.once(&[path()]).await.expect_err("garbage");
        assert!(matches!(error, SessionError::Malformed { .. }), "{error}");
    }
}

#[tokio::test]
async fn calls_go_by_the_names_of_the_specification() {
    let (session, garbler) = session(false).await;
    session.get(&[path()], DataType::All).await.expect_err("garbage");
    session.set(Changes::new().delete(path())).await.expect_err("garbage");
    session.once(&[path()]).await.expect_err("garbage");
    let called = garbler.called.lock().expect("no panic").clone();
    let wanted = ["/gnmi.gNMI/Capabilities", "/gnmi.gNMI/Get", "/gnmi.gNMI/Set", "/gnmi.gNMI/Subscribe"];
    assert_eq!(called, wanted);
}
