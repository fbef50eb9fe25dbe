//! What devices make of replies: large ones, slow ones, two for one request, the wrong one, half a one. Where time matters it is
//! moved by hand, and the wall clock stands still meanwhile: deadlines do not ask it.

use tokio::time::sleep;

use super::*;

/// A chunk as large as common devices write them.
const CHUNK: usize = 16 << 20;
/// No timer of the runtime is finer.
const TICK: Duration = Duration::from_millis(2);

/// Both framings.
const FRAMINGS: [&[&str]; 2] = [&BOTH, &[ns::CAP_BASE_1_0]];

fn is_now(moment: Instant) -> bool {
    (moment..moment + TICK).contains(&Instant::now())
}

/// What comes of a request that is sent and not answered in time.
const LATE: CallError = CallError::OutcomeUnknown(Cause::Deadline);

#[tokio::test]
async fn chunks_of_sixteen_megabytes_come_through_whole() {
    for chunks in [1, 3] {
        let (session, _, mut peer) = pair(&BOTH, Options::default()).await;
        let late = Instant::now() + Duration::from_secs(120);
        let (reply, length) = tokio::join!(session.call(ask("get"), late), async {
            let rpc = peer.request().await.unwrap();
            let reply = |text: String| RpcReply::output(&rpc, vec![ask("big").with_text(text)]).to_xml();
            let length = chunks * CHUNK - reply("x".into()).len() + 1;
            let text = reply("x".repeat(length));
            for chunk in text.as_bytes().chunks(CHUNK) {
                peer.stream.write_all(format!("\n#{CHUNK}\n").as_bytes()).await.unwrap();
                peer.stream.write_all(chunk).await.unwrap();
            }
            peer.stream.write_all(b"\n##\n").await.unwrap();
            length
        });
        assert_eq!(reply.unwrap().output[0].text.len(), length, "{chunks} chunks");
        assert_eq!(session.end(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_trickles_ends_at_the_one_deadline_of_its_request() {
    let wall = ::device::clock::now();
    for capabilities in FRAMINGS {
        let (session, _, mut peer) = pair(capabilities, Options::default()).await;
        let deadline = soon();
        // Every byte shows that the device lives, and the whole would take minutes.
        let trickle = async {
            let rpc = peer.request().await.unwrap();
            for byte in peer.framed(&answer(&rpc)) {
                peer.stream.write_all(&[byte]).await.unwrap();
                sleep(Duration::from_secs(1)).await;
            }
        };
        tokio::select! {
            reply = session.call(ask("commit"), deadline) => assert_eq!(reply.unwrap_err(), LATE),
            () = trickle => panic!("the whole reply was waited for"),
        }
        assert!(is_now(deadline));
    }
    assert!(
        ::device::clock::now().since(wall) < model::Span::from_secs(10),
        "by the wall clock it was no time"
    );
}

#[tokio::test(start_paused = true)]
async fn a_hello_that_trickles_ends_at_the_deadline_of_the_opening() {
    let (ours, mut theirs) = tokio::io::duplex(4096);
    let deadline = soon();
    let options = Options::default();
    let hello = Hello::server(4, BOTH.map(str::to_owned)).to_xml();
    let trickle = async {
        for byte in hello.bytes() {
            theirs.write_all(&[byte]).await.unwrap();
            sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        opened = Session::open(ours, &options, deadline) => {
            assert_eq!(opened.unwrap_err(), OpenError::Deadline);
        }
        () = trickle => panic!("the whole hello was waited for"),
    }
    assert!(is_now(deadline));
}

#[tokio::test]
async fn the_second_of_two_replies_to_one_request_goes_to_nobody() {
    let (session, _, mut peer) = pair(&BOTH, Options::default()).await;
    let again = |rpc: &Rpc| RpcReply::data(rpc, vec![ask("again")]).to_xml();
    let (first, second, last) =
        tokio::join!(session.call(ask("a"), soon()), session.call(ask("b"), soon()), async {
            let (one, two) = (peer.request().await.unwrap(), peer.request().await.unwrap());
            // While another request waits, and when none does.
            for text in [answer(&one), again(&one), again(&one), answer(&two), again(&two)] {
                peer.say(&text).await;
            }
            two
        });
    assert_eq!((echoed(first.unwrap()), echoed(second.unwrap())), ("a".into(), "b".into()));
    let (third, ()) = tokio::join!(session.call(ask("c"), soon()), async {
        let rpc = peer.request().await.unwrap();
        peer.say(&again(&last)).await;
        peer.say(&answer(&rpc)).await;
    });
    assert_eq!(echoed(third.unwrap()), "c");
}

#[tokio::test(start_paused = true)]
async fn a_reply_with_another_id_in_place_of_the_right_one_is_no_reply() {
    // One that will be ours, other spellings of ours, and none at all.
    let wrong: [fn(&str) -> String; 5] = [
        |id| (id.parse::<u64>().unwrap() + 1).to_string(),
        |id| format!("0{id}"),
        |id| format!("+{id}"),
        |id| format!("{id} "),
        |_| "reply".into(),
    ];
    for wrong in wrong {
        let (session, _, mut peer) = pair(&BOTH, Options::default()).await;
        let deadline = soon();
        let (reply, id) = tokio::join!(session.call(ask("commit"), deadline), async {
            let rpc = peer.request().await.unwrap();
            let other = Rpc { message_id: wrong(&rpc.message_id), ..rpc };
            peer.say(&RpcReply::ok(&other).to_xml()).await;
            other.message_id
        });
        assert_eq!(reply.unwrap_err(), LATE, "`{id}`");
        assert!(is_now(deadline), "`{id}`");
        let (reply, ()) = tokio::join!(session.call(ask("next"), soon()), async {
            let rpc = peer.request().await.unwrap();
            peer.say(&answer(&rpc)).await;
        });
        assert_eq!(echoed(reply.unwrap()), "next", "`{id}`");
    }
}

#[tokio::test(start_paused = true)]
async fn half_a_reply_and_then_silence_ends_at_the_deadline_and_the_other_half_harms_nobody() {
    for capabilities in FRAMINGS {
        let (session, _, mut peer) = pair(capabilities, Options::default()).await;
        let deadline = soon();
        let (reply, rest) = tokio::join!(session.call(ask("commit"), deadline), async {
            let rpc = peer.request().await.unwrap();
            let mut half = peer.framed(&answer(&rpc));
            let rest = half.split_off(half.len() / 2);
            peer.stream.write_all(&half).await.unwrap();
            rest
        });
        assert_eq!(reply.unwrap_err(), LATE);
        assert!(is_now(deadline));
        assert_eq!(session.end(), None, "the transport lives");
        let (reply, ()) = tokio::join!(session.call(ask("next"), soon()), async {
            let rpc = peer.request().await.unwrap();
            peer.stream.write_all(&rest).await.unwrap();
            peer.say(&answer(&rpc)).await;
        });
        assert_eq!(echoed(reply.unwrap()), "next");
    }
}

#[tokio::test]
async fn half_a_reply_and_then_the_end_is_told_as_such() {
    for capabilities in FRAMINGS {
        let (session, _, mut peer) = pair(capabilities, Options::default()).await;
        let (reply, ()) = tokio::join!(session.call(ask("commit"), soon()), async move {
            let rpc = peer.request().await.unwrap();
            let reply = peer.framed(&answer(&rpc));
            peer.stream.write_all(&reply[..reply.len() / 2]).await.unwrap();
        });
        let error = reply.unwrap_err();
        let end = session.ended().await;
        assert!(matches!(end, End::Cut { at: 1.. }), "{end:?}");
        assert_eq!(error, CallError::OutcomeUnknown(Cause::Ended(end.clone())));
        assert!(error.to_string().contains("in the middle of a message"), "{error}");
        let after = session.call(ask("again"), soon()).await.unwrap_err();
        assert_eq!(after, CallError::NotSent(Cause::Ended(end)));
    }
}

#[tokio::test]
async fn half_a_hello_and_then_the_end_is_told_as_such() {
    let (ours, mut theirs) = tokio::io::duplex(4096);
    theirs.write_all(b"<hello xmlns='urn:ietf:params:xml:ns:netconf:base:1.0'><capab").await.unwrap();
    // It says no more, and still takes what we say.
    theirs.shutdown().await.unwrap();
    let error = Session::open(ours, &Options::default(), soon()).await.unwrap_err();
    assert!(matches!(error, OpenError::Ended(End::Cut { .. })), "{error}");
}

#[tokio::test]
async fn a_goodbye_that_is_cut_short_is_a_goodbye() {
    let (session, _, mut peer) = pair(&BOTH, Options::default()).await;
    let (closed, ()) = tokio::join!(session.close(soon()), async move {
        let rpc = peer.request().await.unwrap();
        let reply = peer.framed(&RpcReply::ok(&rpc).to_xml());
        peer.stream.write_all(&reply[..reply.len() / 2]).await.unwrap();
    });
    assert_eq!(closed, Err(CallError::OutcomeUnknown(Cause::Ended(End::Closed))));
    assert_eq!(session.ended().await, End::Closed);
}
