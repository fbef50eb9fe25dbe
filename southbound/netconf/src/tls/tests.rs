//! The transport against a device over TLS in this process, over loopback TCP.

use rcgen::{CertificateParams, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use device::trust::{CertificatePin, Identity};

use super::host::{Authority, Device, NAME, Stream, Versions};
use super::*;
use crate::ns;
use crate::rpc::RpcReply;
use crate::session::peer::Peer;
use crate::session::{CallError, Cause, OpenError};
use crate::xml::Element;

const EACH_VERSION: [Versions; 2] = [&[&TLS12], &[&TLS13]];

impl Device {
    /// The device's end of the next session, hello said.
    async fn accept(&mut self) -> Peer<Stream> {
        let stream = self.streams.recv().await.unwrap();
        Peer::greet(stream, &[ns::CAP_BASE_1_0, ns::CAP_BASE_1_1]).await
    }

    async fn session(&mut self, target: &TlsTarget) -> (Session, Peer<Stream>) {
        let options = Options::default();
        let (opened, peer) = tokio::join!(connect(target, &options, soon()), self.accept());
        (opened.unwrap().0, peer)
    }

    fn pinned(&self, pin: CertificatePin) -> TlsTarget {
        let ours = self.authority.identity("controller");
        self.target_with(ClientTls::pinned(pin, Some(&ours)).unwrap())
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn ask(name: &str) -> Element {
    Element::new("urn:test", name)
}

/// Why a certificate was refused, by whichever side.
async fn refusal(target: &TlsTarget) -> String {
    let error = dial(target, soon()).await.unwrap_err();
    let ConnectError::CertificateRefused { why, .. } = error else { panic!("{error}") };
    why
}

#[tokio::test]
async fn an_authority_and_a_name_let_a_session_stand_and_so_does_a_pin() {
    for versions in EACH_VERSION {
        let mut device = Device::speaking(versions).await;
        let unnamed = TlsTarget { server_name: "192.0.2.1".into(), ..device.pinned(device.pin) };
        for target in [device.target(), device.pinned(device.pin), unnamed] {
            let (session, mut peer) = device.session(&target).await;
            let (reply, ()) = tokio::join!(session.call(ask("get"), soon()), async {
                let rpc = peer.request().await.unwrap();
                peer.say(&RpcReply::ok(&rpc).to_xml()).await;
            });
            assert!(reply.unwrap().ok);
        }
    }
}

#[tokio::test]
async fn a_device_of_another_authority_is_refused() {
    let device = Device::usual().await;
    let stranger = device.target_with(Authority::new().client());
    let why = refusal(&stranger).await;
    assert!(why.contains("authority"), "{why}");
}

#[tokio::test]
async fn a_device_of_another_name_is_refused() {
    let device = Device::usual().await;
    let other = TlsTarget { server_name: "r2.lab".into(), ..device.target() };
    let why = refusal(&other).await;
    assert!(why.contains("it is for another name") && why.contains(NAME), "{why}");
    let nobody = TlsTarget { server_name: "no name".into(), ..device.target() };
    let error = dial(&nobody, soon()).await.unwrap_err();
    assert!(matches!(error, ConnectError::BadName { .. }), "{error}");
}

#[tokio::test]
async fn a_device_with_another_certificate_than_the_pinned_one_is_refused() {
    for versions in EACH_VERSION {
        let device = Device::speaking(versions).await;
        // Of the same authority and for the same name, which is not enough.
        let other = CertificatePin::of_pem(&device.authority.identity(NAME).certificates_pem).unwrap();
        let why = refusal(&device.pinned(other)).await;
        assert!(why.contains(&other.to_string()) && why.contains(&device.pin.to_string()), "{why}");
    }
}

type Time = fn(&mut CertificateParams);

/// It was valid for a year.
fn expired(params: &mut CertificateParams) {
    (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
}

/// It will be.
fn early(params: &mut CertificateParams) {
    (params.not_before, params.not_after) = (date_time_ymd(2998, 1, 1), date_time_ymd(2999, 1, 1));
}

#[tokio::test]
async fn a_device_whose_certificate_is_out_of_its_time_is_refused_unless_it_is_pinned() {
    for (time, fault) in [(expired as Time, "it expired"), (early, "it is valid only in")] {
        let authority = Authority::new();
        let identity = authority.identity_with(NAME, time);
        let mut device = Device::start(authority, &identity, EACH_VERSION[1]).await;
        let why = refusal(&device.target()).await;
        assert!(why.contains(fault) && why.contains("clock right"), "{why}");
        let pinned = device.pinned(device.pin);
        let (session, _peer) = device.session(&pinned).await;
        assert!(session.end().is_none(), "a pin is compared by a person, and has no dates");
    }
}

#[tokio::test]
async fn a_client_without_certificate_is_refused() {
    for versions in EACH_VERSION {
        let device = Device::speaking(versions).await;
        let bare = device.target_with(ClientTls::new(&device.authority.pem(), None).unwrap());
        // In TLS 1.3 the refusal comes after our side of the handshake is over: it must not get lost, however often.
        for _ in 0..20 {
            let why = refusal(&bare).await;
            assert!(why.contains("certificate"), "{why}");
        }
    }
}

#[tokio::test]
async fn a_certificate_of_ours_that_is_no_good_is_told_as_ours() {
    let device = Device::usual().await;
    let with =
        |ours: &Identity| device.target_with(ClientTls::new(&device.authority.pem(), Some(ours)).unwrap());
    let why = refusal(&with(&device.authority.identity_with("controller", expired))).await;
    assert!(why.contains("our certificate expired or not valid yet"), "{why}");
    let why = refusal(&with(&Authority::new().identity("controller"))).await;
    assert!(why.contains("our certificate"), "{why}");
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let device = Device::usual().await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let target = TlsTarget { address: free.to_string(), ..device.target() };
    let error = dial(&target, soon()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_mute_port_costs_no_more_than_the_deadline_and_its_socket_is_closed() {
    let device = Device::usual().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = TlsTarget { address: listener.local_addr().unwrap().to_string(), ..device.target() };
    let deadline = Instant::now() + Duration::from_millis(500);
    let (error, ()) = tokio::join!(dial(&target, deadline), async {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut rest = Vec::new();
        // Ends only when the client closes.
        let _ = timeout_at(soon(), tcp.read_to_end(&mut rest)).await.unwrap();
    });
    let error = error.unwrap_err();
    assert!(matches!(error, ConnectError::Deadline { stage: Stage::Handshake, .. }), "{error}");
    assert!(Instant::now() < deadline + Duration::from_secs(2));
}

#[tokio::test]
async fn what_is_no_tls_is_told_so() {
    let device = Device::usual().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = TlsTarget { address: listener.local_addr().unwrap().to_string(), ..device.target() };
    let (error, ()) = tokio::join!(dial(&target, soon()), async {
        let (mut tcp, _) = listener.accept().await.unwrap();
        tcp.write_all(b"SSH-2.0-router\r\n").await.unwrap();
    });
    let error = error.unwrap_err();
    assert!(matches!(error, ConnectError::Tls { .. }), "{error}");
}

#[tokio::test]
async fn a_device_that_never_says_hello_is_a_deadline() {
    let mut device = Device::usual().await;
    let target = device.target();
    let options = Options::default();
    let deadline = Instant::now() + GRACE + Duration::from_millis(500);
    let (opened, _stream) = tokio::join!(connect(&target, &options, deadline), device.streams.recv());
    let error = opened.unwrap_err();
    assert!(matches!(error, ConnectError::Open { source: OpenError::Deadline, .. }), "{error}");
}

#[tokio::test]
async fn a_device_that_closes_in_mid_request_leaves_the_outcome_unknown() {
    let mut device = Device::usual().await;
    let target = device.target();
    let (session, mut peer) = device.session(&target).await;
    let (call, ()) = tokio::join!(session.call(ask("commit"), soon()), async move {
        peer.request().await.unwrap();
    });
    assert!(matches!(call.unwrap_err(), CallError::OutcomeUnknown(Cause::Ended(_))));
}

#[tokio::test]
async fn a_large_reply_comes_through_whole() {
    let mut device = Device::usual().await;
    let target = device.target();
    let (session, mut peer) = device.session(&target).await;
    let (reply, ()) = tokio::join!(session.call(ask("get"), soon()), async {
        let rpc = peer.request().await.unwrap();
        let big = ask("big").with_text("x".repeat(6 << 20));
        peer.say(&RpcReply::output(&rpc, vec![big]).to_xml()).await;
    });
    assert_eq!(reply.unwrap().output[0].text.len(), 6 << 20);
}

#[tokio::test]
async fn a_session_that_is_dropped_says_that_it_ends() {
    let mut device = Device::usual().await;
    let target = device.target();
    let (session, mut peer) = device.session(&target).await;
    drop(session);
    let mut rest = Vec::new();
    // Without a goodbye this would be an error.
    assert_eq!(timeout_at(soon(), peer.stream.read_to_end(&mut rest)).await.unwrap().unwrap(), 0);
}

#[tokio::test]
async fn a_socket_asks_whether_the_device_is_there() {
    let device = Device::usual().await;
    let tcp = TcpStream::connect(&device.address).await.unwrap();
    keep_alive(&tcp, Duration::from_secs(7));
    let socket = SockRef::from(&tcp);
    assert!(socket.keepalive().unwrap());
    assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(7));
    assert_eq!(socket.tcp_keepalive_retries().unwrap(), QUESTIONS);
}

#[test]
fn a_target_shows_no_secret() {
    let authority = Authority::new();
    let ours = authority.identity("controller");
    let target = TlsTarget::new("r1:6513", NAME, ClientTls::new(&authority.pem(), Some(&ours)).unwrap());
    let shown = format!("{target:?}");
    assert!(shown.contains("ClientTls(..)") && !shown.contains("PRIVATE") && shown.len() < 200, "{shown}");
}
