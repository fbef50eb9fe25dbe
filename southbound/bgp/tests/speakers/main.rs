//! Sessions over real sockets on loopback: two of our own speakers, and a hand that plays a peer which does everything wrong.
#![expect(clippy::unwrap_used, reason = "a broken assumption of a test is its failure")]

mod faults;
mod hand;

#[path = "../support/network.rs"]
mod network;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use bgp::{
    Config, Heard, Notice, Peer, Session, Table,
    learn::{Names, view},
    originate::{Originator, routes},
    session::{SendError, serve},
    wire::{Family, Update},
};
use model::{NodeId, Span};
use tokio::{net::TcpListener, sync::mpsc::Receiver, time::timeout};

/// No test waits longer for one thing.
const PATIENCE: Duration = Duration::from_secs(20);
/// So often something is said again that may be lost with its connection, and this far apart.
const TRIES: usize = 40;
const APART: Duration = Duration::from_millis(500);

fn config(last: u8) -> Config {
    Config {
        local_as: 65_000,
        peer_as: 65_000,
        identifier: Ipv4Addr::new(10, 0, 0, last),
        hold_time: 30,
        families: vec![Family::LINK_STATE, Family::IPV4_SR_POLICY],
        passive: false,
        retry: Span::from_millis(50),
    }
}

async fn next(heard: &mut Receiver<Heard>) -> Notice {
    timeout(PATIENCE, heard.recv())
        .await
        .expect("nothing was heard in time")
        .expect("the session is over")
        .notice
}

async fn up(heard: &mut Receiver<Heard>) {
    let notice = next(heard).await;
    assert!(matches!(notice, Notice::Up(_)), "{notice:?}");
}

/// Waits for a notice, over ends of sessions and new ones; false when it does not come soon.
async fn comes(heard: &mut Receiver<Heard>, wanted: &Notice) -> bool {
    let heard = async {
        while let Some(heard) = heard.recv().await {
            match heard.notice {
                notice if notice == *wanted => return true,
                Notice::Up(_) | Notice::Down(_) => {}
                other => panic!("{other:?}"),
            }
        }
        panic!("the session is over");
    };
    timeout(APART, heard).await.unwrap_or(false)
}

async fn listener(ip: [u8; 4]) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(SocketAddr::from((ip, 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[tokio::test]
async fn two_speakers_exchange_a_network() {
    let (listener, address) = listener([127, 0, 0, 1]).await;
    let waiting = Peer::new(address, Config { passive: true, ..config(2) });
    let (right, mut right_heard) = Session::start(waiting);
    let (left, mut left_heard) = Session::start(Peer::new(address, config(1)));
    let sessions = BTreeMap::from([(IpAddr::from([127, 0, 0, 1]), right)]);
    let server = tokio::spawn(async move { serve(listener, &sessions).await });
    up(&mut left_heard).await;
    up(&mut right_heard).await;

    let ted = network::network(40, 100);
    let names = Names::of(&ted);
    let originator = Originator { asn: 65_000, domain: 0, next_hop: address.ip(), external: None };
    let all = routes(&ted, &names, &originator);
    for (nlri, attribute) in all.clone() {
        left.send(originator.announce(vec![nlri], attribute)).await.unwrap();
    }
    left.send(Update::end_of_rib(Family::LINK_STATE)).await.unwrap();

    let (mut table, peer) = (Table::default(), NodeId::lit("rr1"));
    loop {
        let heard = timeout(PATIENCE, right_heard.recv()).await.unwrap().unwrap();
        table.hear(&peer, &heard);
        if heard.notice == Notice::EndOfRib(Family::LINK_STATE) {
            break;
        }
    }
    assert_eq!(table.peers()[&peer].routes.len(), all.len());
    let learned = view(&table).ted(&names);
    assert_eq!((learned.ted.nodes.len(), learned.ted.links.len()), (40, 100));
    assert_eq!(learned.left_out, []);

    left.end().await;
    let heard = timeout(PATIENCE, right_heard.recv()).await.unwrap().unwrap();
    let Notice::Down(down) = &heard.notice else { panic!("{heard:?}") };
    assert_eq!(down.why.to_string(), "the other side ended it: administrative shutdown (6/2)");
    table.hear(&peer, &heard);
    assert_eq!(table.peers()[&peer].stale(), all.len(), "stale, not gone");
    server.abort();
}

#[tokio::test]
async fn of_two_speakers_that_connect_to_each_other_one_connection_stays() {
    let (left_listener, left_address) = listener([127, 0, 0, 2]).await;
    let (right_listener, right_address) = listener([127, 0, 0, 3]).await;
    let from = |local: SocketAddr, to, last| Peer { local: Some(local.ip()), ..Peer::new(to, config(last)) };
    let (left, mut left_heard) = Session::start(from(left_address, right_address, 1));
    let (right, mut right_heard) = Session::start(from(right_address, left_address, 2));
    let left_sessions = BTreeMap::from([(right_address.ip(), left)]);
    let right_sessions = BTreeMap::from([(left_address.ip(), right)]);
    let servers =
        async { tokio::join!(serve(left_listener, &left_sessions), serve(right_listener, &right_sessions)) };
    let test = async {
        // Each side may take another connection for the one that stays until it has seen the other's identifier. So one or
        // both come up, go down and come up again; in the end both mean the same connection, and what is said gets through.
        let (left, right) = (&left_sessions[&right_address.ip()], &right_sessions[&left_address.ip()]);
        let (mut there, mut back) = (false, false);
        for _ in 0..TRIES {
            // Without a session at this moment it is said again.
            let _ = left.send(Update::end_of_rib(Family::LINK_STATE)).await;
            there = there || comes(&mut right_heard, &Notice::EndOfRib(Family::LINK_STATE)).await;
            let _ = right.refresh(Family::LINK_STATE).await;
            back = back || comes(&mut left_heard, &Notice::Refresh(Family::LINK_STATE)).await;
            if there && back {
                return;
            }
        }
        panic!("nothing gets through: {there} there, {back} back");
    };
    tokio::select! {
        ended = servers => panic!("a listener failed: {ended:?}"),
        () = test => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_is_slow_loses_nothing_and_no_session() {
    let (listener, address) = listener([127, 0, 0, 1]).await;
    let originator = Originator { asn: 65_000, domain: 0, next_hop: address.ip(), external: None };
    let ted = network::network(300, 900);
    let all = routes(&ted, &Names::of(&ted), &originator);
    let count = all.len();
    assert!(count > 1_500, "more than the queue of notices has places");
    let short = |last| Config { hold_time: 6, ..config(last) };
    let (right, mut heard) = Session::start(Peer::new(address, Config { passive: true, ..short(2) }));
    let (left, mut left_heard) = Session::start(Peer::new(address, short(1)));
    let sessions = BTreeMap::from([(IpAddr::from([127, 0, 0, 1]), right)]);
    let server = tokio::spawn(async move { serve(listener, &sessions).await });
    up(&mut left_heard).await;
    up(&mut heard).await;
    let sender = tokio::spawn(async move {
        for (nlri, attribute) in all {
            left.send(originator.announce(vec![nlri], attribute)).await.unwrap();
        }
        left
    });
    // Longer than the hold time nobody reads.
    tokio::time::sleep(Duration::from_secs(8)).await;
    let mut seen = 0;
    while seen < count {
        match next(&mut heard).await {
            Notice::Update(received) => {
                assert!(received.came().is_some(), "{received:?}");
                seen += 1;
            }
            other => panic!("after {seen} of {count}: {other:?}"),
        }
    }
    drop(sender.await.unwrap());
    server.abort();
}

#[tokio::test]
async fn a_listener_for_both_families_knows_its_peers() {
    let Ok(listener) = TcpListener::bind("[::]:0").await else {
        eprintln!("skipped: no IPv6 here");
        return;
    };
    let address = SocketAddr::from(([127, 0, 0, 1], listener.local_addr().unwrap().port()));
    let (right, mut right_heard) = Session::start(Peer::new(address, Config { passive: true, ..config(2) }));
    let (_left, mut left_heard) = Session::start(Peer::new(address, config(1)));
    let sessions = BTreeMap::from([(address.ip(), right)]);
    let server = tokio::spawn(async move { serve(listener, &sessions).await });
    up(&mut left_heard).await;
    up(&mut right_heard).await;
    server.abort();
}

#[tokio::test]
async fn without_a_session_nothing_is_sent_and_the_sender_is_told() {
    // It stays bound and takes nothing, so that nobody else does.
    let (_silent, address) = listener([127, 0, 0, 1]).await;
    let (session, _heard) = Session::start(Peer::new(address, config(1)));
    let error = session.send(Update::end_of_rib(Family::LINK_STATE)).await.unwrap_err();
    assert_eq!(error, SendError::NotEstablished(address));
}
