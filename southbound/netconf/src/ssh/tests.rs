//! The transport against an SSH server in this process, over loopback TCP.

mod login;

use russh::keys::key::safe_rng;
use russh::keys::{EcdsaCurve, PrivateKey};
use russh::server;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::host::{Device, new_key, pin_of};
use super::*;
use crate::ns;
use crate::rpc::RpcReply;
use crate::session::peer::Peer;
use crate::session::{CallError, Cause, End, OpenError};
use crate::xml::Element;

impl Device {
    /// The device's end of the next session, hello said.
    async fn accept(&mut self) -> Peer<ChannelStream<server::Msg>> {
        let channel = self.channels.recv().await.unwrap();
        Peer::greet(channel.into_stream(), &[ns::CAP_BASE_1_0, ns::CAP_BASE_1_1]).await
    }

    async fn session(&mut self) -> (Session, Peer<ChannelStream<server::Msg>>) {
        let target = self.target();
        let options = Options::default();
        let accept = async { Ok(self.accept().await) };
        let open = connect(&target, &options, soon());
        let ((session, _), peer) = tokio::try_join!(open, accept).unwrap();
        (session, peer)
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn ask(name: &str) -> Element {
    Element::new("urn:test", name)
}

#[tokio::test]
async fn the_pinned_key_lets_a_session_stand() {
    let mut device = Device::usual().await;
    let (session, mut peer) = device.session().await;
    assert_eq!(session.info().session_id, 4);
    let (reply, ()) = tokio::join!(session.call(ask("get"), soon()), async {
        let rpc = peer.request().await.unwrap();
        peer.say(&RpcReply::ok(&rpc).to_xml()).await;
    });
    assert!(reply.unwrap().ok);
}

#[tokio::test]
async fn another_key_is_refused_and_both_fingerprints_are_shown() {
    let device = Device::usual().await;
    let expected = pin_of(&new_key());
    let target = SshTarget { host_key: expected, ..device.target() };
    let error = dial(&target, soon()).await.unwrap_err();
    let ConnectError::HostKey { presented, .. } = &error else { panic!("{error}") };
    assert_eq!(presented.len(), 1);
    let text = error.to_string();
    assert!(text.contains(&expected.to_string()), "{text}");
    assert!(text.contains(&pin_of(&device.host_keys[0]).to_string()), "{text}");
}

#[tokio::test]
async fn a_pin_of_any_of_the_devices_host_keys_is_enough() {
    let rsa = PrivateKey::random(&mut safe_rng(), Algorithm::Rsa { hash: None }).unwrap();
    let mut device = Device::start(vec![rsa, new_key()], true).await;
    // The exchange prefers ed25519; the pin is of the RSA key.
    let (session, _peer) = device.session().await;
    assert!(session.end().is_none());
    let target = SshTarget { host_key: pin_of(&new_key()), ..device.target() };
    let text = dial(&target, soon()).await.unwrap_err().to_string();
    assert!(text.contains("ssh-ed25519 SHA256:") && text.contains("ssh-rsa SHA256:"), "{text}");
}

#[tokio::test]
async fn an_ecdsa_host_key_of_any_curve_can_be_pinned() {
    for curve in [EcdsaCurve::NistP256, EcdsaCurve::NistP384, EcdsaCurve::NistP521] {
        let ecdsa = PrivateKey::random(&mut safe_rng(), Algorithm::Ecdsa { curve }).unwrap();
        let mut device = Device::start(vec![ecdsa, new_key()], true).await;
        let (session, _peer) = device.session().await;
        assert!(session.end().is_none());
        let target = SshTarget { host_key: pin_of(&new_key()), ..device.target() };
        let text = dial(&target, soon()).await.unwrap_err().to_string();
        assert!(text.contains(&pin_of(&device.host_keys[0]).to_string()), "{text}");
    }
}

#[tokio::test]
async fn a_key_that_is_not_known_is_a_refused_login() {
    let device = Device::usual().await;
    for target in [
        SshTarget { proof: LoginKey(Arc::new(new_key())).into(), ..device.target() },
        SshTarget { user: "somebody".into(), ..device.target() },
    ] {
        let error = dial(&target, soon()).await.unwrap_err();
        assert!(matches!(error, ConnectError::LoginRefused { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_device_without_netconf_is_a_refused_subsystem() {
    let device = Device::start(vec![new_key()], false).await;
    let error = dial(&device.target(), soon()).await.unwrap_err();
    assert!(matches!(error, ConnectError::SubsystemRefused { .. }), "{error}");
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let device = Device::usual().await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let target = SshTarget { address: free.to_string(), ..device.target() };
    let error = dial(&target, soon()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_device_that_hangs_costs_no_more_than_the_deadline_and_its_socket_is_closed() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let device = Device::usual().await;
    // Silent from the start, and silent after its version line, where the key exchange has begun.
    for greeting in ["", "SSH-2.0-mute\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = SshTarget { address: listener.local_addr().unwrap().to_string(), ..device.target() };
        let deadline = Instant::now() + Duration::from_millis(500);
        let hang = async {
            let (mut tcp, _) = listener.accept().await.unwrap();
            tcp.write_all(greeting.as_bytes()).await.unwrap();
            let mut rest = Vec::new();
            // Ends only when the client closes.
            let _ = tokio::time::timeout_at(soon(), tcp.read_to_end(&mut rest)).await.unwrap();
        };
        let (error, ()) = tokio::join!(dial(&target, deadline), hang);
        let error = error.unwrap_err();
        assert!(matches!(error, ConnectError::Deadline { stage: Stage::KeyExchange, .. }), "{error}");
        assert!(Instant::now() < deadline + Duration::from_secs(2));
    }
}

#[tokio::test]
async fn a_device_that_trickles_costs_no_more_than_the_deadline() {
    use tokio::io::AsyncWriteExt;
    let device = Device::usual().await;
    // Lines before its version, which a server may send, and a version that does not end.
    for (opening, more) in [("", "welcome\r\n"), ("SSH-2.0-", "x")] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = SshTarget { address: listener.local_addr().unwrap().to_string(), ..device.target() };
        let deadline = Instant::now() + Duration::from_millis(500);
        let trickle = async {
            let (mut tcp, _) = listener.accept().await.unwrap();
            tcp.write_all(opening.as_bytes()).await.unwrap();
            // Fails only when the client has closed.
            while tcp.write_all(more.as_bytes()).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let both = async { tokio::join!(dial(&target, deadline), trickle) };
        let (error, ()) = tokio::time::timeout_at(soon(), both).await.unwrap();
        let error = error.unwrap_err();
        assert!(matches!(error, ConnectError::Deadline { stage: Stage::KeyExchange, .. }), "{error}");
        assert!(Instant::now() < deadline + Duration::from_secs(2));
    }
}

#[tokio::test]
async fn a_device_that_is_no_ssh_server_is_an_ssh_error() {
    use tokio::io::AsyncWriteExt;
    let device = Device::usual().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = SshTarget { address: listener.local_addr().unwrap().to_string(), ..device.target() };
    let (error, ()) = tokio::join!(dial(&target, soon()), async {
        let (mut tcp, _) = listener.accept().await.unwrap();
        tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let error = error.unwrap_err();
    assert!(matches!(error, ConnectError::Ssh { stage: Stage::KeyExchange, .. }), "{error}");
}

#[tokio::test]
async fn a_device_that_never_says_hello_is_a_deadline() {
    let mut device = Device::usual().await;
    let stream = dial(&device.target(), soon()).await.unwrap();
    let _channel = device.channels.recv().await.unwrap();
    let deadline = Instant::now() + Duration::from_millis(200);
    let error = Session::open(stream, &Options::default(), deadline).await.unwrap_err();
    assert_eq!(error, OpenError::Deadline);
}

#[tokio::test]
async fn a_device_that_never_answers_is_a_deadline_with_unknown_outcome() {
    let mut device = Device::usual().await;
    let (session, mut peer) = device.session().await;
    let deadline = Instant::now() + Duration::from_secs(1);
    let (call, _) = tokio::join!(session.call(ask("commit"), deadline), peer.request());
    assert_eq!(call.unwrap_err(), CallError::OutcomeUnknown(Cause::Deadline));
}

#[tokio::test]
async fn a_device_that_closes_in_mid_request_leaves_the_outcome_unknown() {
    let mut device = Device::usual().await;
    let (session, mut peer) = device.session().await;
    let (call, ()) = tokio::join!(session.call(ask("commit"), soon()), async move {
        peer.request().await.unwrap();
    });
    assert_eq!(call.unwrap_err(), CallError::OutcomeUnknown(Cause::Ended(End::Eof)));
    let after = session.call(ask("get"), soon()).await.unwrap_err();
    assert_eq!(after, CallError::NotSent(Cause::Ended(End::Eof)));
}

#[tokio::test]
async fn a_device_that_dies_leaves_the_outcome_unknown() {
    let mut device = Device::usual().await;
    let (session, mut peer) = device.session().await;
    let (call, ()) = tokio::join!(session.call(ask("commit"), soon()), async move {
        peer.request().await.unwrap();
        drop(device);
    });
    assert!(matches!(call.unwrap_err(), CallError::OutcomeUnknown(Cause::Ended(_))));
}

#[tokio::test]
async fn a_device_that_closes_in_the_middle_of_its_reply_is_told_apart() {
    use tokio::io::AsyncWriteExt;
    let mut device = Device::usual().await;
    let (session, mut peer) = device.session().await;
    let (call, ()) = tokio::join!(session.call(ask("commit"), soon()), async move {
        let rpc = peer.request().await.unwrap();
        let reply = peer.framed(&RpcReply::ok(&rpc).to_xml());
        peer.stream.write_all(&reply[..reply.len() / 2]).await.unwrap();
        peer.stream.flush().await.unwrap();
    });
    let error = call.unwrap_err();
    assert!(matches!(error, CallError::OutcomeUnknown(Cause::Ended(End::Cut { .. }))), "{error}");
}

/// Passes on what client and device say until it is told to pass on nothing more; even then it closes nothing.
async fn relay(near: TcpListener, far: String, mute: CancellationToken) {
    let (mut near, _) = near.accept().await.unwrap();
    let mut far = TcpStream::connect(&far).await.unwrap();
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
        () = mute.cancelled() => {}
    }
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_device_from_which_nothing_comes_any_more_ends_the_session_where_it_is_asked() {
    let mut device = Device::usual().await;
    let mute = CancellationToken::new();
    let (mut relays, mut sessions) = (JoinSet::new(), Vec::new());
    for keepalive in [Some(Duration::from_millis(100)), None] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        relays.spawn(relay(listener, device.target().address, mute.clone()));
        let target = SshTarget { address, keepalive, ..device.target() };
        let options = Options::default();
        let accept = async { Ok(device.accept().await) };
        let ((session, _), peer) = tokio::try_join!(connect(&target, &options, soon()), accept).unwrap();
        sessions.push((session, peer));
    }
    let (asks, never_asks) = (&sessions[0].0, &sessions[1].0);
    assert!(asks.end().is_none() && never_asks.end().is_none());
    mute.cancel();
    let end = timeout_at(soon(), asks.ended()).await.expect("three unanswered questions are enough");
    assert_ne!(end, End::Closed);
    assert_eq!(never_asks.end(), None, "the questions ended it, and nothing else");
}

#[tokio::test]
async fn garbage_ends_the_session_for_all_callers() {
    use tokio::io::AsyncWriteExt;
    let mut device = Device::usual().await;
    let (session, mut peer) = device.session().await;
    let (first, second, ()) =
        tokio::join!(session.call(ask("a"), soon()), session.call(ask("b"), soon()), async {
            peer.request().await.unwrap();
            peer.request().await.unwrap();
            peer.stream.write_all(b"%SYS-5-CONFIG_I: something on the line\n").await.unwrap();
        });
    for error in [first.unwrap_err(), second.unwrap_err()] {
        assert!(error.to_string().contains("broke the protocol"), "{error}");
    }
    assert!(matches!(session.end(), Some(End::Protocol(_))));
}

#[tokio::test]
async fn pipelined_requests_answered_in_reverse_reach_the_right_callers() {
    let mut device = Device::usual().await;
    let (session, mut peer) = device.session().await;
    let (first, second, ()) =
        tokio::join!(session.call(ask("a"), soon()), session.call(ask("b"), soon()), async {
            let requests = [peer.request().await.unwrap(), peer.request().await.unwrap()];
            for rpc in requests.iter().rev() {
                peer.say(&RpcReply::output(rpc, vec![rpc.operation.clone()]).to_xml()).await;
            }
        });
    assert_eq!(first.unwrap().output[0], ask("a"));
    assert_eq!(second.unwrap().output[0], ask("b"));
}

#[tokio::test]
async fn a_large_reply_comes_through_whole() {
    let mut device = Device::usual().await;
    let (session, mut peer) = device.session().await;
    let (reply, ()) = tokio::join!(session.call(ask("get"), soon()), async {
        let rpc = peer.request().await.unwrap();
        let big = ask("big").with_text("x".repeat(6 << 20));
        peer.say(&RpcReply::output(&rpc, vec![big]).to_xml()).await;
    });
    assert_eq!(reply.unwrap().output[0].text.len(), 6 << 20);
}

#[test]
fn a_pin_is_a_sha256_fingerprint_and_nothing_else() {
    let good = "SHA256:Nh0Me49Zh9fDw/VYUfq43IJmI1T+XrjiYONPND8GzaM";
    assert_eq!(good.parse::<HostKeyPin>().unwrap().to_string(), good);
    for bad in [
        "",
        "*",
        "SHA256:",
        "SHA256:short",
        "MD5:00:11",
        "SHA512:Nh0Me49Zh9fDw/VYUfq43IJmI1T+XrjiYONPND8GzaM",
    ] {
        assert!(bad.parse::<HostKeyPin>().is_err(), "{bad}");
    }
}

#[test]
fn a_login_key_never_shows_itself() {
    let key = new_key();
    let text = key.to_openssh(russh::keys::ssh_key::LineEnding::LF).unwrap();
    let shown = format!("{:?}", LoginKey::from_text(&text, None).unwrap());
    assert_eq!(shown, format!("LoginKey({})", key.fingerprint(HashAlg::Sha256)));
    let error = LoginKey::from_text("-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n", None).unwrap_err();
    assert!(!error.to_string().contains("c2VjcmV0"));
}
