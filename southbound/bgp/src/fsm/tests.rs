//! Two machines and a hand that carries their messages: no socket, no clock.

use std::net::Ipv4Addr;

use bytes::Bytes;

use super::*;
use crate::wire::{
    Capability, Family, Nlri, Reach, Update, attribute::Origin, capability::GracefulRestart, message::Framer,
    notification::open, reach::NextHop,
};

fn at(secs: u64) -> Timestamp {
    Timestamp::from_micros(secs * 1_000_000)
}

fn config(asn: u32, last: u8) -> Config {
    Config {
        local_as: asn,
        peer_as: 65_000,
        identifier: Ipv4Addr::new(10, 0, 0, last),
        hold_time: 90,
        families: vec![Family::LINK_STATE, Family::IPV4_SR_POLICY],
        passive: false,
        retry: Span::from_secs(10),
    }
}

fn frames(octets: &Bytes) -> Vec<Frame> {
    let mut framer = Framer::default();
    framer.extend();
    framer.feed(octets);
    std::iter::from_fn(|| framer.next_frame().unwrap()).collect()
}

/// What one side sends on a connection, as frames.
fn sent(actions: &[Action], on: Way) -> Vec<Frame> {
    let octets = actions.iter().filter_map(|action| match action {
        Action::Send(way, octets) if *way == on => Some(frames(octets)),
        _ => None,
    });
    octets.flatten().collect()
}

fn told(actions: &[Action]) -> Vec<&Notice> {
    let notices = actions.iter().filter_map(|action| match action {
        Action::Tell(notice) => Some(notice),
        _ => None,
    });
    notices.collect()
}

fn feed(fsm: &mut Fsm, way: Way, frames: Vec<Frame>, now: Timestamp) -> Vec<Action> {
    frames.into_iter().flat_map(|frame| fsm.handle(Event::Frame(way, frame), now)).collect()
}

/// Two speakers, the first of which connects.
fn established(left: Config, right: Config) -> (Fsm, Fsm) {
    let (mut a, mut b) = (Fsm::new(left), Fsm::new(right));
    assert_eq!(a.handle(Event::Start, at(0)), [Action::Connect]);
    b.handle(Event::Start, at(0));
    let hello_a = a.handle(Event::Connected, at(1));
    let hello_b = b.handle(Event::Offered, at(1));
    assert_eq!(hello_b[0], Action::Accept);
    assert_eq!((a.state(), b.state()), (State::OpenSent, State::OpenSent));
    let alive_a = feed(&mut a, Way::Out, sent(&hello_b, Way::In), at(1));
    let alive_b = feed(&mut b, Way::In, sent(&hello_a, Way::Out), at(1));
    assert_eq!((a.state(), b.state()), (State::OpenConfirm, State::OpenConfirm));
    let up = feed(&mut a, Way::Out, sent(&alive_b, Way::In), at(1));
    assert!(matches!(told(&up)[..], [Notice::Up(_)]), "{up:?}");
    feed(&mut b, Way::In, sent(&alive_a, Way::Out), at(1));
    assert_eq!((a.state(), b.state()), (State::Established, State::Established));
    (a, b)
}

fn pair() -> (Fsm, Fsm) {
    established(config(65_000, 1), config(65_000, 2))
}

#[test]
fn two_speakers_agree() {
    let (a, b) = established(config(65_000, 1), Config { hold_time: 30, ..config(65_000, 2) });
    for fsm in [&a, &b] {
        let (_, negotiated) = fsm.established().unwrap();
        assert_eq!(negotiated.hold_time, 30, "the shorter of both");
        assert_eq!(negotiated.families.len(), 2);
        assert_eq!(negotiated.most, EXTENDED);
        assert!(negotiated.context.four_octet_as && negotiated.context.internal);
    }
}

#[test]
fn silence_for_the_hold_time_ends_the_session_and_it_is_tried_again() {
    let (mut a, _) = pair();
    assert_eq!(a.deadline(), Some(at(31)), "a sign of life after a third");
    let alive = a.handle(Event::Tick, at(31));
    assert_eq!(alive, [Action::Send(Way::Out, message::keepalive())]);
    assert!(told(&a.handle(Event::Tick, at(90))).is_empty());
    let end = a.handle(Event::Tick, at(91));
    let [Notice::Down(down)] = told(&end)[..] else { panic!("{end:?}") };
    assert_eq!(down.why, End::Said(Notification::new(code::HOLD, 0)));
    assert!(end.contains(&Action::Close(Way::Out)));
    assert_eq!(a.state(), State::Idle);
    assert_eq!(a.deadline(), Some(at(101)));
    assert_eq!(a.handle(Event::Tick, at(101)), [Action::Connect]);
}

#[test]
fn any_message_is_a_sign_of_life() {
    let (mut a, _) = pair();
    feed(&mut a, Way::Out, frames(&message::keepalive()), at(60));
    assert!(told(&a.handle(Event::Tick, at(149))).is_empty());
    assert!(!told(&a.handle(Event::Tick, at(150))).is_empty());
}

#[test]
fn without_a_hold_time_nothing_is_due() {
    let (a, _) = established(Config { hold_time: 0, ..config(65_000, 1) }, config(65_000, 2));
    assert_eq!(a.deadline(), None);
}

#[test]
fn an_open_that_is_not_acceptable_is_refused_with_its_reason() {
    let refusal = |change: &dyn Fn(&mut Open)| {
        let mut fsm = Fsm::new(config(65_000, 1));
        fsm.handle(Event::Start, at(0));
        fsm.handle(Event::Connected, at(0));
        let mut open = config(65_000, 2).open();
        change(&mut open);
        let actions = feed(&mut fsm, Way::Out, frames(&message::open(&open).unwrap()), at(0));
        assert_eq!(fsm.state(), State::Idle);
        let said = sent(&actions, Way::Out);
        let [frame] = &said[..] else { panic!("{actions:?}") };
        assert_eq!(frame.body[0], code::OPEN);
        (frame.body[1], frame.body.len() - 2)
    };
    assert_eq!(refusal(&|open| open.asn = 65_009), (open::PEER_AS, 0));
    assert_eq!(refusal(&|open| open.identifier = Ipv4Addr::UNSPECIFIED), (open::IDENTIFIER, 0));
    assert_eq!(refusal(&|open| open.identifier = Ipv4Addr::new(10, 0, 0, 1)), (open::IDENTIFIER, 0), "ours");
    assert_eq!(refusal(&|open| open.hold_time = 2), (open::HOLD_TIME, 0));
    assert_eq!(refusal(&|open| open.capabilities.clear()), (open::CAPABILITY, 12), "what is missing is told");
}

#[test]
fn a_message_that_does_not_belong_to_the_state_ends_the_session() {
    let (mut a, _) = pair();
    let open = message::open(&config(65_000, 2).open()).unwrap();
    let end = feed(&mut a, Way::Out, frames(&open), at(2));
    assert_eq!(&sent(&end, Way::Out)[0].body[..], [code::FSM, 3]);
    let mut early = Fsm::new(config(65_000, 1));
    early.handle(Event::Start, at(0));
    early.handle(Event::Connected, at(0));
    let end = feed(&mut early, Way::Out, frames(&message::keepalive()), at(0));
    assert_eq!(&sent(&end, Way::Out)[0].body[..], [code::FSM, 1]);
}

/// Both connect at once; each OPEN arrives on its connection. Which connection stays, seen by the first.
fn collision(first: u8, second: u8) -> (Way, Way) {
    let (mut a, mut b) = (Fsm::new(config(65_000, first)), Fsm::new(config(65_000, second)));
    a.handle(Event::Start, at(0));
    b.handle(Event::Start, at(0));
    let a_out = a.handle(Event::Connected, at(0));
    let b_out = b.handle(Event::Connected, at(0));
    let a_in = a.handle(Event::Offered, at(0));
    let b_in = b.handle(Event::Offered, at(0));
    // What one sends out comes in at the other.
    let mut to_b: Vec<(Way, Frame)> = Vec::new();
    let mut to_a: Vec<(Way, Frame)> = Vec::new();
    let post = |actions: &[Action], to: &mut Vec<(Way, Frame)>| {
        for way in Way::BOTH {
            to.extend(sent(actions, way).into_iter().map(|frame| (way.other(), frame)));
        }
    };
    for actions in [&a_out, &a_in] {
        post(actions, &mut to_b);
    }
    for actions in [&b_out, &b_in] {
        post(actions, &mut to_a);
    }
    for _ in 0..20 {
        for (way, frame) in std::mem::take(&mut to_a) {
            let actions = a.handle(Event::Frame(way, frame), at(0));
            post(&actions, &mut to_b);
        }
        for (way, frame) in std::mem::take(&mut to_b) {
            let actions = b.handle(Event::Frame(way, frame), at(0));
            post(&actions, &mut to_a);
        }
    }
    (a.established().unwrap().0, b.established().unwrap().0)
}

#[test]
fn of_two_connections_the_one_of_the_higher_identifier_stays() {
    assert_eq!(collision(9, 3), (Way::Out, Way::In));
    assert_eq!(collision(3, 9), (Way::In, Way::Out));
}

#[test]
fn a_second_connection_does_not_disturb_a_session() {
    let (mut a, _) = pair();
    let hello = a.handle(Event::Offered, at(2));
    assert_eq!(hello[0], Action::Accept);
    let open = message::open(&config(65_000, 2).open()).unwrap();
    let refused = feed(&mut a, Way::In, frames(&open), at(2));
    assert_eq!(&sent(&refused, Way::In)[0].body[..], [code::CEASE, cease::COLLISION]);
    assert!(told(&refused).is_empty());
    assert_eq!(a.established().unwrap().0, Way::Out);
}

fn restarting() -> Open {
    let mut open = config(65_000, 2).open();
    open.capabilities.retain(|capability| !matches!(capability, Capability::GracefulRestart(_)));
    open.capabilities.push(Capability::GracefulRestart(GracefulRestart {
        seconds: 120,
        families: vec![(Family::LINK_STATE, true)],
        ..GracefulRestart::default()
    }));
    open
}

fn with_restarting_peer() -> Fsm {
    let mut fsm = Fsm::new(Config { passive: true, ..config(65_000, 1) });
    fsm.handle(Event::Start, at(0));
    fsm.handle(Event::Offered, at(0));
    feed(&mut fsm, Way::In, frames(&message::open(&restarting()).unwrap()), at(0));
    feed(&mut fsm, Way::In, frames(&message::keepalive()), at(0));
    assert_eq!(fsm.state(), State::Established);
    fsm
}

#[test]
fn a_speaker_that_restarts_is_helped() {
    let mut fsm = with_restarting_peer();
    let end = fsm.handle(Event::Closed(Way::In), at(10));
    let [Notice::Down(down)] = told(&end)[..] else { panic!("{end:?}") };
    let restart = down.restart.as_ref().unwrap();
    assert_eq!((&restart.families[..], restart.until), (&[Family::LINK_STATE][..], at(130)));

    let mut fsm = with_restarting_peer();
    let bye = message::notification(&Notification::new(code::CEASE, cease::SHUTDOWN));
    let end = feed(&mut fsm, Way::In, frames(&bye), at(10));
    let [Notice::Down(down)] = told(&end)[..] else { panic!("{end:?}") };
    assert_eq!(down.restart, None, "it said goodbye, and does not keep routes over that");
}

#[test]
fn a_speaker_that_is_back_before_its_old_connection_is_gone_is_believed() {
    let mut fsm = with_restarting_peer();
    let again = fsm.handle(Event::Offered, at(5));
    let [Notice::Down(down)] = told(&again)[..] else { panic!("{again:?}") };
    assert_eq!(down.why, End::Replaced);
    let places: Vec<_> = again.iter().map(std::mem::discriminant).collect();
    let place = |action: &Action| places.iter().position(|it| *it == std::mem::discriminant(action)).unwrap();
    assert!(place(&Action::Close(Way::In)) < place(&Action::Accept), "the old one makes room");
}

#[test]
fn failures_are_tried_again_ever_later() {
    let mut fsm = Fsm::new(config(65_000, 1));
    fsm.handle(Event::Start, at(0));
    let mut now = at(0);
    let mut waits = Vec::new();
    for _ in 0..7 {
        fsm.handle(Event::Failed, now);
        let next = fsm.deadline().unwrap();
        waits.push(next.since(now).as_micros() / 1_000_000);
        now = next;
        assert_eq!(fsm.handle(Event::Tick, now), [Action::Connect]);
    }
    assert_eq!(waits, [20, 40, 80, 160, 160, 160, 160]);
}

#[test]
fn a_session_that_is_not_wanted_any_more_says_so_and_rests() {
    let (mut a, mut b) = pair();
    let end = a.handle(Event::Stop, at(2));
    assert_eq!(a.deadline(), None);
    let bye = feed(&mut b, Way::In, sent(&end, Way::Out), at(2));
    let [Notice::Down(down)] = told(&bye)[..] else { panic!("{bye:?}") };
    assert_eq!(down.why.to_string(), "the other side ended it: administrative shutdown (6/2)");
}

#[test]
fn an_update_that_cannot_be_read_ends_the_session_and_one_with_a_fault_does_not() {
    let (mut a, _) = pair();
    let sound = message::update(&Update::end_of_rib(Family::LINK_STATE), true, STANDARD).unwrap();
    let actions = feed(&mut a, Way::Out, frames(&sound), at(2));
    assert_eq!(told(&actions), [&Notice::EndOfRib(Family::LINK_STATE)]);
    let bad = Frame { kind: 2, body: Bytes::from_static(&[0, 9, 1, 2]) };
    let end = feed(&mut a, Way::Out, vec![bad], at(2));
    assert_eq!(&sent(&end, Way::Out)[0].body[..2], [code::UPDATE, 1]);
    assert!(matches!(told(&end)[..], [Notice::Down(_)]));
}

#[test]
fn routes_of_a_family_that_was_not_agreed_on_are_left_out() {
    let (mut a, _) = established(
        config(65_000, 1),
        Config { families: vec![Family::IPV4_SR_POLICY], ..config(65_000, 2) },
    );
    let hop = || NextHop::Address([10, 0, 0, 2].into());
    let of = |nlri: Nlri| Update {
        attributes: vec![
            Attribute::Reach(Reach { next_hop: hop(), nlri }),
            Attribute::Origin(Origin::Igp),
            Attribute::AsPath(Vec::new()),
            Attribute::LocalPref(100),
        ],
        ..Update::default()
    };
    let mut heard = |update: &Update| {
        let octets = message::update(update, true, STANDARD).unwrap();
        let actions = feed(&mut a, Way::Out, frames(&octets), at(2));
        told(&actions).len()
    };
    assert_eq!(heard(&of(Nlri::LinkState(Vec::new()))), 0);
    assert_eq!(heard(&Update::end_of_rib(Family::LINK_STATE)), 0);
    assert_eq!(heard(&of(Nlri::SrPolicy(Family::IPV4_SR_POLICY, Vec::new()))), 1);
    assert_eq!(heard(&Update::end_of_rib(Family::IPV4_SR_POLICY)), 1);
}
