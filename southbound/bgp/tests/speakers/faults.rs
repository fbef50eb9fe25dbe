//! What a peer can do wrong. After each of them the speaker says what it was where it can, tells its user, and tries again.

use bgp::{
    Notice, Peer, Session,
    fsm::{Down, End},
    wire::{
        Family, Notification, Update, message,
        notification::{cease, code, header, open, update},
    },
};
use tokio::net::TcpListener;

use super::{
    config,
    hand::{self, Hand},
    listener, next, up,
};

async fn down(heard: &mut tokio::sync::mpsc::Receiver<bgp::Heard>) -> Down {
    match next(heard).await {
        Notice::Down(down) => down,
        other => panic!("{other:?}"),
    }
}

/// A session with a hand at its other end, and that a new one comes up after the fault.
async fn start() -> (TcpListener, Session, tokio::sync::mpsc::Receiver<bgp::Heard>) {
    let (listener, address) = listener([127, 0, 0, 1]).await;
    let (session, heard) = Session::start(Peer::new(address, config(1)));
    (listener, session, heard)
}

/// What the speaker says about octets that come in a session that stands.
async fn about(octets: &[u8]) -> (u8, u8) {
    let (listener, _session, mut heard) = start().await;
    let mut hand = Hand::establish(&listener, 30).await;
    up(&mut heard).await;
    hand.send(octets).await;
    let told = hand.told().await;
    let down = down(&mut heard).await;
    assert_eq!(down.why, End::Said(told.clone()));
    let _again = Hand::establish(&listener, 30).await;
    up(&mut heard).await;
    (told.code, told.subcode)
}

#[tokio::test]
async fn garbage() {
    assert_eq!(about(b"GET / HTTP/1.1\r\n\r\n").await, (code::HEADER, header::NOT_SYNCHRONISED));
}

#[tokio::test]
async fn a_wrong_marker() {
    let mut octets = message::keepalive().to_vec();
    octets[15] = 0;
    assert_eq!(about(&octets).await, (code::HEADER, header::NOT_SYNCHRONISED));
}

#[tokio::test]
async fn an_oversize_message() {
    // The hand does not take long messages, so it must not send them either.
    let mut octets = vec![0xff; 16];
    octets.extend([0x10, 0x01, 2]);
    assert_eq!(about(&octets).await, (code::HEADER, header::LENGTH));
}

#[tokio::test]
async fn an_update_that_is_truncated_inside() {
    let mut octets = vec![0xff; 16];
    octets.extend([0, 27, 2, 0, 0, 0, 99, 1, 2, 3, 4]);
    assert_eq!(about(&octets).await, (code::UPDATE, update::ATTRIBUTE_LIST));
}

#[tokio::test]
async fn an_open_in_the_middle() {
    let octets = message::open(&hand::open(30)).unwrap();
    assert_eq!(about(&octets).await, (code::FSM, 3));
}

#[tokio::test]
async fn an_open_of_another_autonomous_system() {
    let (listener, _session, _heard) = start().await;
    let mut hand = Hand::accept(&listener).await;
    hand.message().await.unwrap();
    let open = bgp::wire::Open { asn: 65_001, ..hand::open(30) };
    hand.send(&message::open(&open).unwrap()).await;
    let told = hand.told().await;
    assert_eq!((told.code, told.subcode), (code::OPEN, open::PEER_AS));
}

#[tokio::test]
async fn a_notification_is_heard_and_the_session_tried_again() {
    let (listener, _session, mut heard) = start().await;
    let mut hand = Hand::establish(&listener, 30).await;
    up(&mut heard).await;
    let goodbye = Notification::with(code::CEASE, cease::SHUTDOWN, b"\x0bmaintenance".as_slice());
    hand.send(&message::notification(&goodbye)).await;
    let down = down(&mut heard).await;
    assert_eq!(down.why.to_string(), "the other side ended it: administrative shutdown (6/2): maintenance");
    let _again = Hand::establish(&listener, 30).await;
    up(&mut heard).await;
}

#[tokio::test]
async fn a_peer_that_falls_silent() {
    let (listener, _session, mut heard) = start().await;
    let mut hand = Hand::establish(&listener, 3).await;
    up(&mut heard).await;
    assert_eq!(hand.told().await, Notification::new(code::HOLD, 0));
    assert_eq!(down(&mut heard).await.why, End::Said(Notification::new(code::HOLD, 0)));
    let _again = Hand::establish(&listener, 30).await;
    up(&mut heard).await;
}

#[tokio::test]
async fn a_port_that_says_nothing_harms_no_later_session() {
    let (listener, session, mut heard) = start().await;
    let mute = Hand::accept(&listener).await;
    assert!(session.send(Update::default()).await.is_err(), "nothing is sent before the other side spoke");
    drop(mute);
    let _later = Hand::establish(&listener, 30).await;
    up(&mut heard).await;
}

#[tokio::test]
async fn closed_in_the_middle_of_an_update() {
    let (listener, _session, mut heard) = start().await;
    let mut hand = Hand::establish(&listener, 30).await;
    up(&mut heard).await;
    let sound = message::update(&Update::end_of_rib(Family::LINK_STATE), true, message::STANDARD).unwrap();
    hand.send(&sound).await;
    hand.send(&sound[..20]).await;
    drop(hand);
    assert!(matches!(next(&mut heard).await, Notice::EndOfRib(_)), "what came whole is heard");
    assert_eq!(down(&mut heard).await.why, End::Lost);
    let _again = Hand::establish(&listener, 30).await;
    up(&mut heard).await;
}

#[tokio::test]
async fn messages_that_come_octet_by_octet() {
    let (listener, _session, mut heard) = start().await;
    let mut hand = Hand::establish(&listener, 30).await;
    up(&mut heard).await;
    let sound = message::update(&Update::end_of_rib(Family::LINK_STATE), true, message::STANDARD).unwrap();
    for octet in sound.iter() {
        hand.send(&[*octet]).await;
        tokio::task::yield_now().await;
    }
    assert!(matches!(next(&mut heard).await, Notice::EndOfRib(_)));
}
