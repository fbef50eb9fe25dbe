//! The session against scripted peers on an in-memory stream.

mod replies;

use std::time::Duration;

use tokio::io::DuplexStream;

use super::peer::Peer;
use super::*;
use crate::ns;
use crate::operation::Operation;
use crate::rpc_error::{ErrorTag, ErrorType, RpcError};

const BOTH: [&str; 2] = [ns::CAP_BASE_1_0, ns::CAP_BASE_1_1];

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

async fn pair(
    capabilities: &[&str],
    options: Options,
) -> (Session, mpsc::Receiver<Notification>, Peer<DuplexStream>) {
    let (ours, theirs) = tokio::io::duplex(4096);
    let (opened, peer) =
        tokio::join!(Session::open(ours, &options, soon()), Peer::greet(theirs, capabilities));
    let (session, notifications) = opened.unwrap();
    (session, notifications, peer)
}

fn ask(name: &str) -> Element {
    Element::new("urn:test", name)
}

fn answer(rpc: &Rpc) -> String {
    RpcReply::data(rpc, vec![rpc.operation.clone()]).to_xml()
}

fn echoed(reply: RpcReply) -> String {
    reply.outcome().unwrap().unwrap().output[0].children[0].name.local.to_string()
}

#[tokio::test]
async fn replies_in_reverse_order_reach_the_right_callers() {
    for capabilities in [&BOTH[..], &BOTH[..1]] {
        let (session, _, mut peer) = pair(capabilities, Options::default()).await;
        let peer = async {
            let mut requests = Vec::new();
            for _ in 0..20 {
                requests.push(peer.request().await.unwrap());
            }
            for rpc in requests.iter().rev() {
                peer.say(&answer(rpc)).await;
            }
            peer
        };
        let gather = async {
            let mut got = Vec::new();
            let mut set = tokio::task::JoinSet::new();
            for n in (0..20).map(|n| format!("ask{n}")) {
                let session = session.clone();
                set.spawn(async move { (n.clone(), echoed(session.call(ask(&n), soon()).await.unwrap())) });
            }
            while let Some(pair) = set.join_next().await {
                got.push(pair.unwrap());
            }
            got
        };
        let (_peer, got) = tokio::join!(peer, gather);
        assert_eq!(got.len(), 20);
        assert!(got.iter().all(|(asked, answered)| asked == answered), "{got:?}");
    }
}

#[tokio::test]
async fn a_caller_that_gives_up_harms_nobody() {
    let (session, _, mut peer) = pair(&BOTH, Options::default()).await;
    let short = Instant::now() + Duration::from_millis(500);
    let (gone, first) = tokio::join!(session.call(ask("slow"), short), peer.request());
    assert_eq!(gone.unwrap_err(), CallError::OutcomeUnknown(Cause::Deadline));
    // The late reply is dropped, the next request gets its own.
    peer.say(&answer(&first.unwrap())).await;
    let peer = async {
        let rpc = peer.request().await.unwrap();
        peer.say(&answer(&rpc)).await;
        peer
    };
    let (reply, _peer) = tokio::join!(session.call(ask("next"), soon()), peer);
    assert_eq!(echoed(reply.unwrap()), "next");
}

#[tokio::test]
async fn a_request_that_is_still_queued_at_its_deadline_is_never_sent() {
    let options = Options { in_flight: 1, ..Options::default() };
    let (session, _, mut peer) = pair(&BOTH, options).await;
    let busy = tokio::spawn({
        let session = session.clone();
        async move { session.call(ask("busy"), soon()).await }
    });
    let first = peer.request().await.unwrap();
    let short = Instant::now() + Duration::from_millis(50);
    assert_eq!(session.call(ask("late"), short).await.unwrap_err(), CallError::NotSent(Cause::Deadline));
    let dropped = tokio::time::timeout(Duration::from_millis(50), session.call(ask("dropped"), soon())).await;
    assert!(dropped.is_err());
    peer.say(&answer(&first)).await;
    assert_eq!(echoed(busy.await.unwrap().unwrap()), "busy");
    let peer = async {
        let rpc = peer.request().await.unwrap();
        assert_eq!(&*rpc.operation.name.local, "after", "a withdrawn request was sent");
        peer.say(&answer(&rpc)).await;
        peer
    };
    let (reply, _peer) = tokio::join!(session.call(ask("after"), soon()), peer);
    assert_eq!(echoed(reply.unwrap()), "after");
}

#[tokio::test]
async fn an_end_in_mid_request_is_outcome_unknown_and_afterwards_not_sent() {
    let (session, _, mut peer) = pair(&BOTH, Options::default()).await;
    let (call, ()) = tokio::join!(session.call(ask("commit"), soon()), async move {
        peer.request().await.unwrap();
        drop(peer);
    });
    let error = call.unwrap_err();
    assert_eq!(error, CallError::OutcomeUnknown(Cause::Ended(End::Eof)));
    assert!(error.is_outcome_unknown());
    assert_eq!(session.ended().await, End::Eof);
    let after = session.call(ask("again"), soon()).await.unwrap_err();
    assert_eq!(after, CallError::NotSent(Cause::Ended(End::Eof)));
    assert!(!after.is_outcome_unknown());
}

#[tokio::test]
async fn a_request_that_never_left_whole_is_not_sent() {
    let (session, _, peer) = pair(&BOTH, Options::default()).await;
    // Larger than the pipe, and nobody reads: it cannot be complete at the other side.
    let big = ask("big").with_text("x".repeat(100_000));
    let (call, ()) = tokio::join!(session.call(big, soon()), async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        drop(peer);
    });
    assert!(matches!(call.unwrap_err(), CallError::NotSent(Cause::Ended(_))));
}

#[tokio::test]
async fn a_peer_that_writes_before_it_reads_does_not_block_the_session() {
    let (session, _, mut peer) = pair(&BOTH, Options::default()).await;
    let first = tokio::spawn({
        let session = session.clone();
        async move { session.call(ask("first"), soon()).await }
    });
    let rpc = peer.request().await.unwrap();
    let big = ask("big").with_text("x".repeat(100_000));
    let second = tokio::spawn({
        let session = session.clone();
        async move { session.call(big, soon()).await }
    });
    // Both pipes are 4 KiB: this only gets through if the client reads while its own write is stuck.
    let filler = RpcReply::data(&rpc, vec![ask("y").with_text("y".repeat(100_000))]);
    peer.say(&filler.to_xml()).await;
    assert!(first.await.unwrap().is_ok());
    let rpc = peer.request().await.unwrap();
    peer.say(&RpcReply::ok(&rpc).to_xml()).await;
    assert!(second.await.unwrap().is_ok());
}

#[tokio::test]
async fn garbage_ends_the_session_for_all_callers() {
    let (session, _, mut peer) = pair(&BOTH, Options::default()).await;
    let calls: Vec<_> = (0..2)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { session.call(ask("get"), soon()).await })
        })
        .collect();
    peer.request().await.unwrap();
    peer.request().await.unwrap();
    peer.stream.write_all(b"\n#x garbage").await.unwrap();
    for call in calls {
        let text = call.await.unwrap().unwrap_err().to_string();
        assert!(text.contains("outcome unknown") && text.contains("broke the protocol"), "{text}");
        assert!(text.contains("framing broken at stream byte"), "{text}");
    }
    assert!(matches!(session.end(), Some(End::Protocol(_))));
}

#[tokio::test]
async fn what_is_well_framed_and_no_message_ends_the_session_too() {
    for text in
        ["<a>", "<html/>", "<!DOCTYPE a><a/>", "<hello xmlns='urn:ietf:params:xml:ns:netconf:base:1.0'/>"]
    {
        let (session, _, mut peer) = pair(&BOTH, Options::default()).await;
        peer.say(text).await;
        assert!(matches!(session.ended().await, End::Protocol(_)), "{text}");
    }
}

#[tokio::test]
async fn a_reply_over_the_limit_ends_the_session_and_says_so() {
    let limits = Limits { bytes: 2000, ..Limits::default() };
    let (session, _, mut peer) = pair(&BOTH, Options { limits, ..Options::default() }).await;
    let (call, ()) = tokio::join!(session.call(ask("get"), soon()), async {
        peer.request().await.unwrap();
        peer.stream.write_all(b"\n#2001\n").await.unwrap();
    });
    let text = call.unwrap_err().to_string();
    assert!(text.contains("exceeds the limit of 2000 bytes"), "{text}");
}

#[tokio::test]
async fn replies_nobody_asked_for_are_ignored() {
    let (session, _, mut peer) = pair(&BOTH, Options::default()).await;
    for id in ["999", "none", "-1", ""] {
        let stray = Rpc { message_id: id.into(), attributes: vec![], operation: ask("x") };
        peer.say(&RpcReply::ok(&stray).to_xml()).await;
    }
    let (reply, ()) = tokio::join!(session.call(ask("get"), soon()), async {
        let rpc = peer.request().await.unwrap();
        peer.say(&answer(&rpc)).await;
    });
    assert_eq!(echoed(reply.unwrap()), "get");
}

#[tokio::test]
async fn a_reply_without_id_goes_to_the_only_one_who_waits() {
    let (session, _, mut peer) = pair(&BOTH, Options::default()).await;
    let error =
        || RpcReply::unaddressed(RpcError::new(ErrorType::Rpc, ErrorTag::MalformedMessage, "what?")).to_xml();
    let (reply, ()) = tokio::join!(session.call(ask("get"), soon()), async {
        peer.request().await.unwrap();
        peer.say(&error()).await;
    });
    assert!(reply.unwrap().outcome().unwrap().unwrap_err().has(&ErrorTag::MalformedMessage));
    peer.say(&error()).await;
    assert!(matches!(session.ended().await, End::Protocol(_)));
}

#[tokio::test]
async fn notifications_come_out_apart_and_overflow_is_counted() {
    let (session, mut events, mut peer) =
        pair(&BOTH, Options { notifications: 2, ..Options::default() }).await;
    let (reply, ()) = tokio::join!(session.call(ask("get"), soon()), async {
        let rpc = peer.request().await.unwrap();
        for n in 0..5 {
            let event = ask("event").with_text(n.to_string());
            peer.say(
                &Notification { event_time: "2031-01-01T00:00:00Z".into(), content: vec![event] }.to_xml(),
            )
            .await;
        }
        peer.say(&answer(&rpc)).await;
    });
    assert!(reply.is_ok());
    assert_eq!(events.recv().await.unwrap().content[0].text, "0");
    assert_eq!(events.recv().await.unwrap().content[0].text, "1");
    assert_eq!(session.lost_notifications(), 3);
}

#[tokio::test]
async fn what_xml_cannot_carry_is_not_sent() {
    let (session, _, _peer) = pair(&BOTH, Options::default()).await;
    let error = session.call(ask("get").with_text("a\u{1}"), soon()).await.unwrap_err();
    assert!(error.to_string().contains("U+0001"), "{error}");
}

#[tokio::test]
async fn what_the_hello_does_not_offer_is_not_sent() {
    let (session, _, mut peer) = pair(&BOTH, Options::default()).await;
    let error = session.run(&Operation::DiscardChanges, soon()).await.unwrap_err();
    assert_eq!(error.to_string(), "device does not offer :candidate, which discard-changes needs");
    drop(session);
    assert!(peer.request().await.is_none());
}

#[tokio::test]
async fn dropping_the_last_handle_ends_the_session() {
    let (session, _, mut peer) = pair(&BOTH, Options::default()).await;
    let other = session.clone();
    drop(session);
    assert!(other.end().is_none());
    drop(other);
    assert!(peer.request().await.is_none());
}

#[tokio::test]
async fn close_says_goodbye() {
    let (session, _, mut peer) = pair(&BOTH, Options::default()).await;
    let (closed, ()) = tokio::join!(session.close(soon()), async {
        let rpc = peer.request().await.unwrap();
        assert_eq!(Operation::parse(rpc.operation.clone()), Ok(Operation::CloseSession));
        peer.say(&RpcReply::ok(&rpc).to_xml()).await;
    });
    assert_eq!(closed, Ok(()));
    assert_eq!(session.ended().await, End::Closed);
}

#[tokio::test]
async fn a_hello_that_never_comes_or_is_none_is_an_error() {
    let open = |bytes: &'static [u8], keep: bool| async move {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        theirs.write_all(bytes).await.unwrap();
        let kept = keep.then_some(theirs);
        let deadline = Instant::now() + Duration::from_millis(100);
        let error = Session::open(ours, &Options::default(), deadline).await.unwrap_err();
        drop(kept);
        error
    };
    assert_eq!(open(b"", true).await, OpenError::Deadline);
    assert!(matches!(open(b"", false).await, OpenError::Ended(_)));
    assert!(matches!(open(b"login: ]]>]]>", true).await, OpenError::Message(_)));
    assert!(matches!(open(b"\xff]]>]]>", true).await, OpenError::Frame(_)));
    let no_id = b"<hello xmlns='urn:ietf:params:xml:ns:netconf:base:1.0'><capabilities/></hello>]]>]]>";
    assert_eq!(open(no_id, true).await, OpenError::Hello(HelloError::NoSessionId));
}
