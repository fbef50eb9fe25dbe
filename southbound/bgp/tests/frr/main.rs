//! Against FRR's `bgpd`: the session itself. It knows no link-state routes, so that the two agree on the family that both have, and on
//! no other. Where the program is not installed the tests say so and do nothing, or fail
//! where `TRUNKLINE_PEERS=required`, as `make test` sets it.
#![expect(clippy::unwrap_used, reason = "a broken assumption of a test is its failure")]

mod peer;

#[path = "../support/child.rs"]
mod child;

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use bgp::{
    Config, Heard, Notice, Peer, Session,
    session::SendError,
    wire::{Family, Update},
};
use ipnet::Ipv4Net;
use model::Span;
use peer::Bgpd;
use tokio::{sync::mpsc::Receiver, time::timeout};

const PATIENCE: Duration = Duration::from_secs(30);

/// A session of ours from 127.0.0.2.
fn session(bgpd: &Bgpd, local_as: u32) -> (Session, Receiver<Heard>) {
    let config = Config {
        local_as,
        peer_as: 65_000,
        identifier: Ipv4Addr::new(10, 0, 0, 2),
        hold_time: 90,
        families: vec![Family::LINK_STATE, Family::IPV4_UNICAST],
        passive: false,
        retry: Span::from_millis(200),
    };
    let local = Some(IpAddr::from([127, 0, 0, 2]));
    Session::start(Peer { local, ..Peer::new(bgpd.address(), config) })
}

async fn next(heard: &mut Receiver<Heard>) -> Notice {
    timeout(PATIENCE, heard.recv()).await.expect("nothing was heard in time").unwrap().notice
}

#[tokio::test]
async fn a_session_agrees_on_what_both_have_and_brings_routes_until_all_are_there() {
    let Some(bgpd) = Bgpd::start_or_say() else { return };
    let (session, mut heard) = session(&bgpd, 65_000);
    let Notice::Up(agreed) = next(&mut heard).await else { panic!("it does not come up") };
    assert_eq!(agreed.families, [Family::IPV4_UNICAST], "it has no link-state routes");
    assert_eq!((agreed.peer.asn, agreed.peer.four_octet_as), (65_000, true));
    assert_eq!(agreed.peer.identifier, Ipv4Addr::new(10, 0, 0, 100));
    assert_eq!(agreed.hold_time, 9, "the lower of the two");
    assert!(agreed.peer.graceful_restart().is_some());
    let mut routes = Vec::new();
    loop {
        match next(&mut heard).await {
            Notice::Update(received) => {
                assert_eq!(received.faults, [], "{received:?}");
                routes.extend(received.update.announced);
            }
            Notice::EndOfRib(Family::IPV4_UNICAST) => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(routes, ["10.99.0.0/24".parse::<Ipv4Net>().unwrap()]);
    let link_state = Update::end_of_rib(Family::LINK_STATE);
    let refused = session.send(link_state).await;
    assert_eq!(refused, Err(SendError::Family(bgpd.address(), Family::LINK_STATE)));
}

#[tokio::test]
async fn it_lives_by_signs_of_life_and_its_end_is_told() {
    let Some(bgpd) = Bgpd::start_or_say() else { return };
    let (_session, mut heard) = session(&bgpd, 65_000);
    assert!(matches!(next(&mut heard).await, Notice::Up(_)));
    // Longer than the hold time of nine seconds.
    let quiet = timeout(Duration::from_secs(11), async {
        loop {
            match next(&mut heard).await {
                Notice::Update(_) | Notice::EndOfRib(_) => {}
                other => break other,
            }
        }
    });
    assert!(quiet.await.is_err(), "nothing ends the session");
    bgpd.end();
    let Notice::Down(down) = next(&mut heard).await else { panic!("it stays up without a peer") };
    assert!(!down.why.to_string().is_empty());
}

#[tokio::test]
async fn of_another_autonomous_system_there_is_no_session() {
    let Some(bgpd) = Bgpd::start_or_say() else { return };
    let (_session, mut heard) = session(&bgpd, 65_009);
    // Tried several times within it.
    let come = timeout(Duration::from_secs(3), async {
        loop {
            match heard.recv().await {
                Some(Heard { notice: Notice::Up(agreed), .. }) => break agreed,
                Some(_) => {}
                None => panic!("nobody tries any more"),
            }
        }
    });
    assert!(come.await.is_err(), "it is not the neighbour that it was told of");
}
