//! What is written is read as the same; what is wrong costs as little as RFC 7606 allows; nothing that comes makes a panic.

mod faults;

use proptest::prelude::*;

use super::{
    message::{self, EXTENDED, Framer},
    *,
};
use crate::any;

const CONTEXT: Context = Context { four_octet_as: true, internal: true };

fn only_frame(octets: &[u8]) -> Frame {
    let mut framer = Framer::default();
    framer.extend();
    framer.feed(octets);
    let frame = framer.next_frame().unwrap().unwrap();
    assert!(!framer.is_amid(), "something is left over");
    frame
}

fn read(octets: &[u8]) -> Message {
    Message::decode(&only_frame(octets), &CONTEXT).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn an_open_is_read_as_it_was_written(open in any::open()) {
        prop_assert_eq!(read(&message::open(&open).unwrap()), Message::Open(open));
    }

    #[test]
    fn a_notification_is_read_as_it_was_written(notification in any::notification()) {
        prop_assert_eq!(read(&message::notification(&notification)), Message::Notification(notification));
    }

    #[test]
    fn an_update_is_read_as_it_was_written(update in any::update()) {
        let octets = message::update(&update, true, EXTENDED).unwrap();
        let received = Received { update, faults: Vec::new() };
        prop_assert_eq!(read(&octets), Message::Update(received));
    }

    #[test]
    fn a_refresh_is_read_as_it_was_written(family in any::family()) {
        prop_assert_eq!(read(&message::route_refresh(family)), Message::RouteRefresh(family));
    }

    #[test]
    fn where_a_stream_is_cut_does_not_matter(updates in prop::collection::vec(any::update(), 1..3), step in 1..70_usize) {
        let octets: Vec<u8> =
            updates.iter().flat_map(|update| message::update(update, true, EXTENDED).unwrap().to_vec()).collect();
        let mut framer = Framer::default();
        framer.extend();
        let mut read = Vec::new();
        for piece in octets.chunks(step) {
            framer.feed(piece);
            while let Some(frame) = framer.next_frame().unwrap() {
                read.push(frame);
            }
        }
        prop_assert_eq!(read.len(), updates.len());
    }

    #[test]
    fn an_update_with_a_wrong_octet_ends_in_a_value(update in any::update(), at in any::<prop::sample::Index>(), octet: u8) {
        let octets = message::update(&update, true, EXTENDED).unwrap();
        let mut body = only_frame(&octets).body.to_vec();
        let place = at.index(body.len());
        body[place] = octet;
        let read = Update::decode(&body, &CONTEXT);
        if let Ok(received) = read {
            // What was read can be written again, and is the same then.
            let octets = message::update(&received.update, true, EXTENDED);
            if let (Ok(octets), true) = (octets, received.faults.is_empty()) {
                let again = Update::decode(&only_frame(&octets).body, &CONTEXT).unwrap();
                prop_assert_eq!(again.update, received.update);
            }
        }
    }

    #[test]
    fn a_truncated_update_ends_in_a_value(update in any::update(), at in any::<prop::sample::Index>()) {
        let octets = message::update(&update, true, EXTENDED).unwrap();
        let body = only_frame(&octets).body;
        drop(Update::decode(&body[..at.index(body.len())], &CONTEXT));
    }

    #[test]
    fn noise_ends_in_a_value(noise in prop::collection::vec(any::<u8>(), 0..300), kind in 0..7_u8) {
        drop(Message::decode(&Frame { kind, body: noise.into() }, &CONTEXT));
    }
}

#[test]
fn systems_of_two_octets_are_written_and_read() {
    let path = |systems| Attribute::AsPath(vec![attribute::Segment::sequence(systems)]);
    let update = Update { attributes: vec![path(vec![65_001, 400_000])], ..Update::default() };
    let octets = message::update(&update, false, EXTENDED).unwrap();
    let context = Context { four_octet_as: false, ..CONTEXT };
    let received = Update::decode(&only_frame(&octets).body, &context).unwrap();
    assert_eq!(received.update.attributes, [path(vec![65_001, 23_456])]);
}

#[test]
fn what_does_not_fit_is_told_before_it_is_sent() {
    let name = ls::LsTlv::Unknown(Tlv { code: 50_000, value: vec![0; 5_000] });
    let attribute = ls::LsAttribute { tlvs: vec![name] };
    let update = Update { attributes: vec![Attribute::LinkState(attribute)], ..Update::default() };
    let long = message::update(&update, true, message::STANDARD).unwrap_err();
    assert_eq!(
        long.to_string(),
        "a message has 5031 octets, and 4096 is the most that can be sent; send less at once"
    );
    assert!(message::update(&update, true, EXTENDED).is_ok());
}

use crate::ls;

#[test]
fn many_capabilities_need_the_long_form() {
    let capability = |code| Capability::Unknown { code, value: vec![7; 100] };
    let open = Open {
        asn: 65_000,
        four_octet_as: true,
        hold_time: 90,
        identifier: [10, 0, 0, 1].into(),
        capabilities: (100..110).map(capability).collect(),
    };
    let octets = message::open(&open).unwrap();
    assert_eq!(octets[28..30], [255, 255], "RFC 9072 section 2");
    assert_eq!(read(&octets), Message::Open(open));
}

#[test]
fn the_end_of_routes_is_known_for_every_family() {
    for family in
        [Family::IPV4_UNICAST, Family::LINK_STATE, Family::IPV6_SR_POLICY, Family { afi: 25, safi: 70 }]
    {
        let octets = message::update(&Update::end_of_rib(family), true, EXTENDED).unwrap();
        let Message::Update(received) = read(&octets) else { panic!("no update") };
        assert_eq!(received.update.is_end_of_rib(), Some(family));
        assert!(received.faults.is_empty());
    }
}
