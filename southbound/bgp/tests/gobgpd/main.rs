//! Against an independent speaker: Debian's `gobgpd` takes our sessions, our SR policies and our link-state routes, and reflects
//! them to a second session of ours. What comes back went through its decoder and its encoder.
//!
//! Its command line has no name for the families of SR policies, so that what it holds of them shows in its counters and in what
//! it reflects. Where the program is not installed the tests say so and do nothing, or fail
//! where `TRUNKLINE_PEERS=required`, as `make test` sets it.
#![expect(clippy::unwrap_used, reason = "a broken assumption of a test is its failure")]

mod peer;

#[path = "../support/child.rs"]
mod child;
#[path = "../support/network.rs"]
mod network;

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use bgp::{
    Config, Heard, Notice, Peer, Session,
    ls::Nlri as LsNlri,
    originate::{Originator, routes},
    policy::{
        PolicyNlri, PolicyTlv, Tunnel,
        judge::{Judgement, judge},
        send::{Audience, Manner, announce, withdraw},
    },
    session::SendError,
    wire::{Attribute, Family, Nlri, Update, community::Community},
};
use model::{CandidatePath, PolicyKey, SegmentList, Sid, Span, SrPolicy, sr::LastResort};
use peer::Gobgpd;
use tokio::{sync::mpsc::Receiver, time::timeout};

const PATIENCE: Duration = Duration::from_secs(30);

/// The one who sends and the one to whom it is reflected.
const SENDER: u8 = 2;
const HEADEND: u8 = 3;

async fn session(gobgpd: &Gobgpd, last: u8) -> (Session, Receiver<Heard>) {
    let config = Config {
        local_as: 65_000,
        peer_as: 65_000,
        identifier: Ipv4Addr::new(10, 0, 0, last),
        hold_time: 9,
        families: vec![Family::LINK_STATE, Family::IPV4_SR_POLICY, Family::IPV6_SR_POLICY],
        passive: false,
        retry: Span::from_millis(200),
    };
    let local = Some(IpAddr::from([127, 0, 0, last]));
    let (session, mut heard) = Session::start(Peer { local, ..Peer::new(gobgpd.address(), config) });
    match next(&mut heard).await {
        Notice::Up(negotiated) => assert_eq!(negotiated.families.len(), 3, "{negotiated:?}"),
        other => panic!("{other:?}"),
    }
    (session, heard)
}

async fn next(heard: &mut Receiver<Heard>) -> Notice {
    timeout(PATIENCE, heard.recv()).await.expect("nothing was heard in time").unwrap().notice
}

/// The next update with routes that came.
async fn update(heard: &mut Receiver<Heard>) -> Update {
    loop {
        match next(heard).await {
            Notice::Update(received) => {
                assert_eq!(received.faults, [], "{received:?}");
                if received.came().is_some() {
                    return received.update;
                }
            }
            Notice::EndOfRib(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn policy(endpoint: &str, sids: &[&str], binding: Option<&str>) -> SrPolicy {
    let sids: Vec<Sid> = sids.iter().map(|sid| sid.parse().unwrap()).collect();
    let list = |weight, sids| SegmentList { weight, sids };
    let candidate = CandidatePath {
        discriminator: 7,
        preference: 200,
        name: "cp7".into(),
        lists: vec![list(3, sids.clone()), list(1, sids[1..].to_vec())],
    };
    SrPolicy {
        key: PolicyKey { color: 100.try_into().unwrap(), endpoint: endpoint.parse().unwrap() },
        name: "tl-payments".into(),
        binding_sid: binding.map(|sid| sid.parse().unwrap()),
        candidates: vec![candidate],
        last_resort: LastResort::Igp,
    }
}

fn manner(audience: Audience) -> Manner {
    Manner { audience, next_hop: IpAddr::from([127, 0, 0, SENDER]), external: None, names: false }
}

fn routes_of(update: &Update) -> Vec<PolicyNlri> {
    match update.reach().map(|reach| &reach.nlri) {
        Some(Nlri::SrPolicy(_, routes)) => routes.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_sr_policy_goes_through_to_its_headend() {
    let Some(gobgpd) = Gobgpd::start_or_say(&[SENDER, HEADEND]) else { return };
    let (sender, _sender_heard) = session(&gobgpd, SENDER).await;
    let (_headend, mut heard) = session(&gobgpd, HEADEND).await;
    let headend = Ipv4Addr::new(10, 0, 0, HEADEND);
    let policies = [
        policy("10.0.0.9", &["16005", "15001", "16009"], Some("15500")),
        policy("fd00:0:9::1", &["fd00:0:5::1", "fd00:0:9:e000::"], None),
    ];
    for policy in &policies {
        let sent = announce(policy, &manner(Audience::Headend(headend))).remove(0);
        sender.send(sent.clone()).await.unwrap();
        let came = update(&mut heard).await;
        assert_eq!(routes_of(&came), routes_of(&sent));
        assert_eq!(judge(&came, headend), Judgement::Usable);
        assert_eq!(judge(&came, Ipv4Addr::new(10, 0, 0, 77)), Judgement::ForOthers);
        let lists = |update: &Update| match update.tunnels() {
            [Tunnel::SrPolicy(tlvs)] => tlvs
                .iter()
                .filter(|tlv| matches!(tlv, PolicyTlv::SegmentList(_) | PolicyTlv::Preference { .. }))
                .cloned()
                .collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(lists(&came), lists(&sent));
        let bindings = |update: &Update| match update.tunnels() {
            [Tunnel::SrPolicy(tlvs)] => {
                tlvs.iter().filter(|tlv| matches!(tlv, PolicyTlv::BindingSid { .. })).count()
            }
            _ => 0,
        };
        assert_eq!(bindings(&came), bindings(&sent));
    }
    let gone = withdraw(policies[0].key, [7]);
    sender.send(gone.clone()).await.unwrap();
    loop {
        match next(&mut heard).await {
            Notice::Update(received) if received.update.unreach().is_some() => {
                assert_eq!(received.update.unreach(), gone.unreach());
                break;
            }
            Notice::Update(_) | Notice::EndOfRib(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_sr_policy_for_the_peer_alone_is_accepted() {
    let Some(gobgpd) = Gobgpd::start_or_say(&[SENDER, HEADEND]) else { return };
    let (sender, _sender_heard) = session(&gobgpd, SENDER).await;
    let (_headend, mut heard) = session(&gobgpd, HEADEND).await;
    let alone = policy("10.0.0.9", &["16005", "16009"], Some("15500"));
    sender.send(announce(&alone, &manner(Audience::Peer)).remove(0)).await.unwrap();
    // It passes it on, although the community says that it should not; so we see what it took it for.
    let came = update(&mut heard).await;
    assert_eq!(routes_of(&came)[0].distinguisher, 7);
    assert!(came.attributes.contains(&Attribute::Communities(vec![Community::NO_ADVERTISE])));
    assert_eq!(judge(&came, Ipv4Addr::new(10, 0, 0, HEADEND)), Judgement::Usable);
    assert_eq!(gobgpd.accepted(SENDER), 1, "it is in its table");
}

#[tokio::test]
async fn a_network_that_is_reflected_is_the_same() {
    let Some(gobgpd) = Gobgpd::start_or_say(&[SENDER, HEADEND]) else { return };
    let (sender, _sender_heard) = session(&gobgpd, SENDER).await;
    let (_headend, mut heard) = session(&gobgpd, HEADEND).await;
    let ted = network::network(8, 16);
    let originator =
        Originator { asn: 65_000, domain: 0, next_hop: IpAddr::from([127, 0, 0, SENDER]), external: None };
    // It has no TLV of SRv6 and does not pass on what it does not know, so that what comes back is compared by its routes.
    let all = routes(&ted, &bgp::learn::Names::of(&ted), &originator);
    let known = |nlri: &LsNlri| matches!(nlri, LsNlri::Node(_) | LsNlri::Link(_) | LsNlri::Prefix(_));
    let sent: BTreeSet<LsNlri> = all.iter().map(|(nlri, _)| nlri.clone()).filter(known).collect();
    for (nlri, attribute) in all.into_iter().filter(|(nlri, _)| known(nlri)) {
        sender.send(originator.announce(vec![nlri], attribute)).await.unwrap();
    }
    let mut came = BTreeSet::new();
    while came.len() < sent.len() {
        if let Some(Nlri::LinkState(routes)) = update(&mut heard).await.reach().map(|reach| &reach.nlri) {
            came.extend(routes.iter().cloned());
        }
    }
    assert_eq!(came, sent);
    // Its command line cannot show them: it ends with a fault of its own.
    assert_eq!(gobgpd.accepted(SENDER), sent.len() as u64);
}

#[tokio::test]
async fn a_session_lives_by_signs_of_life() {
    let Some(gobgpd) = Gobgpd::start_or_say(&[SENDER]) else { return };
    let (sender, mut heard) = session(&gobgpd, SENDER).await;
    // Longer than the hold time of nine seconds.
    let quiet = timeout(Duration::from_secs(11), async {
        loop {
            match next(&mut heard).await {
                Notice::EndOfRib(_) => {}
                other => break other,
            }
        }
    });
    assert!(quiet.await.is_err(), "nothing ends the session");
    assert!(!matches!(
        sender.send(Update::end_of_rib(Family::LINK_STATE)).await,
        Err(SendError::NotEstablished(_))
    ));
    gobgpd.end();
    let Notice::Down(down) = next(&mut heard).await else { panic!("it stays up without a peer") };
    assert!(!down.why.to_string().is_empty());
}
