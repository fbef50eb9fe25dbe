//! Faults one by one: what each costs.

use super::*;
use crate::{
    ls::{LsAttribute, LsTlv, Nlri as LsNlri, node::NodeTlv},
    wire::{
        attribute::{Segment, Treatment, code},
        notification::{code as notified, header, update as subcode},
        reach::NextHop,
    },
};

/// The body of an update of these attributes, each as flags, code, value.
fn body(attributes: &[(u8, u8, Vec<u8>)], announced: &[u8]) -> Vec<u8> {
    let mut list = Vec::new();
    for (flags, code, value) in attributes {
        list.extend([*flags, *code, value.len() as u8]);
        list.extend(value);
    }
    let mut body = vec![0, 0];
    body.extend((list.len() as u16).to_be_bytes());
    body.extend(list);
    body.extend(announced);
    body
}

fn origin() -> (u8, u8, Vec<u8>) {
    (0x40, code::ORIGIN, vec![0])
}

fn path() -> (u8, u8, Vec<u8>) {
    (0x40, code::AS_PATH, vec![2, 1, 0, 0, 0xfd, 0xe8])
}

fn hop() -> (u8, u8, Vec<u8>) {
    (0x40, code::NEXT_HOP, vec![10, 0, 0, 1])
}

/// 10.0.0.0/8.
const NET: &[u8] = &[8, 10];

fn decode(attributes: &[(u8, u8, Vec<u8>)]) -> Result<Received, Notification> {
    Update::decode(&body(attributes, NET), &CONTEXT)
}

fn cost(attributes: &[(u8, u8, Vec<u8>)]) -> Vec<(Option<u8>, Treatment)> {
    let received = decode(attributes).unwrap();
    received.faults.iter().map(|fault| (fault.attribute, fault.treatment)).collect()
}

#[test]
fn a_sound_update_has_no_fault() {
    assert_eq!(cost(&[origin(), path(), hop()]), []);
}

#[test]
fn a_fault_of_an_attribute_withdraws_the_routes() {
    let table = [
        (0x40, code::ORIGIN, vec![7]),
        (0x40, code::ORIGIN, vec![0, 0]),
        (0x40, code::AS_PATH, vec![9, 1, 0, 0, 0xfd, 0xe8]),
        (0x40, code::AS_PATH, vec![2, 2, 0, 0, 0xfd, 0xe8]),
        (0x40, code::AS_PATH, vec![2, 0]),
        (0x40, code::NEXT_HOP, vec![10, 0, 0]),
        (0x80, code::MED, vec![1]),
        (0x40, code::LOCAL_PREF, vec![1, 2, 3]),
        (0xc0, code::COMMUNITIES, vec![1, 2, 3]),
        (0xc0, code::COMMUNITIES, vec![]),
        (0xc0, code::EXTENDED_COMMUNITIES, vec![0; 9]),
        (0x80, code::ORIGINATOR_ID, vec![0; 3]),
        (0x80, code::CLUSTER_LIST, vec![0; 5]),
        (0xc0, code::TUNNEL, vec![0, 15, 0, 9]),
        // Flags that do not belong to it.
        (0xc0, code::ORIGIN, vec![0]),
        (0x40, code::MED, vec![0, 0, 0, 1]),
        (0xc0, code::ATOMIC_AGGREGATE, vec![]),
        (0x80, code::AGGREGATOR, vec![0, 0, 0, 1, 10, 0, 0, 1]),
        (0xc0, code::LINK_STATE, vec![]),
        // Flags and value: the flags cost more.
        (0xc0, code::LINK_STATE, vec![4, 90, 0, 3, 1, 2, 3]),
    ];
    for bad in table {
        let mut all = vec![origin(), path(), hop()];
        all.retain(|good| good.1 != bad.1);
        all.push(bad.clone());
        assert_eq!(cost(&all), [(Some(bad.1), Treatment::Withdraw)], "{bad:?}");
        let received = decode(&all).unwrap();
        assert!(received.counts_as_withdrawn());
        assert_eq!(received.update.announced.len(), 1, "the routes are known, to be withdrawn");
    }
}

#[test]
fn a_mandatory_attribute_that_is_missing_withdraws_the_routes() {
    for missing in [code::ORIGIN, code::AS_PATH, code::NEXT_HOP] {
        let mut all = vec![origin(), path(), hop()];
        all.retain(|attribute| attribute.1 != missing);
        assert_eq!(cost(&all), [(Some(missing), Treatment::Withdraw)]);
    }
}

#[test]
fn an_attribute_that_says_little_is_left_out() {
    for bad in [
        (0x40, code::ATOMIC_AGGREGATE, vec![1]),
        (0xc0, code::AGGREGATOR, vec![0; 6]),
        (0x80, code::LINK_STATE, vec![4, 2, 0, 9, 1]),
    ] {
        assert_eq!(
            cost(&[origin(), path(), hop(), bad.clone()]),
            [(Some(bad.1), Treatment::DiscardAttribute)]
        );
    }
    // From outside, an attribute of the inside is left out as well (RFC 7606 section 7.5).
    let outside = Context { internal: false, ..CONTEXT };
    let body = body(&[origin(), path(), hop(), (0x40, code::LOCAL_PREF, vec![1])], NET);
    assert_eq!(Update::decode(&body, &outside).unwrap().faults[0].treatment, Treatment::DiscardAttribute);
}

#[test]
fn of_two_alike_the_first_counts() {
    assert_eq!(
        cost(&[origin(), path(), hop(), (0x40, code::ORIGIN, vec![2])]),
        [(Some(code::ORIGIN), Treatment::DiscardAttribute)]
    );
    let reach = (0x80, code::REACH, vec![0, 1, 1, 4, 10, 0, 0, 1, 0]);
    let end = decode(&[origin(), path(), hop(), reach.clone(), reach]).unwrap_err();
    assert_eq!((end.code, end.subcode), (notified::UPDATE, subcode::ATTRIBUTE_LIST));
}

#[test]
fn a_list_of_attributes_that_ends_too_early_withdraws_the_routes() {
    let mut body = body(&[origin(), path(), hop()], NET);
    // The last attribute claims more than there is.
    let last = body.len() - NET.len() - 5;
    body[last] = 200;
    let received = Update::decode(&body, &CONTEXT).unwrap();
    assert!(received.counts_as_withdrawn());
    assert_eq!(received.update.announced.len(), 1);
}

#[test]
fn what_makes_routes_unreadable_ends_the_session() {
    let reach = |value: Vec<u8>| decode(&[origin(), path(), hop(), (0x80, code::REACH, value)]);
    // A next hop of five octets; a route that claims more than there is; a policy of an impossible length.
    for value in [
        vec![0x40, 4, 71, 5, 1, 2, 3, 4, 5, 0],
        vec![0x40, 4, 71, 4, 10, 0, 0, 1, 0, 0, 1, 0, 9, 1],
        vec![0, 1, 73, 4, 10, 0, 0, 1, 0, 95, 0, 0, 0, 1, 0, 0, 0, 1, 10, 0, 0, 1],
    ] {
        let end = reach(value.clone()).unwrap_err();
        assert_eq!((end.code, end.subcode), (notified::UPDATE, subcode::OPTIONAL));
        assert_eq!(end.data[4..], value, "the other side is told which attribute it was");
    }
    let unknown = decode(&[origin(), path(), hop(), (0x40, 77, vec![1])]).unwrap_err();
    assert_eq!((unknown.code, unknown.subcode), (notified::UPDATE, subcode::UNRECOGNISED));
    assert_eq!(unknown.to_string(), "unrecognised well-known attribute (3/2)");
    let long = Update::decode(&[0, 9, 1, 2], &CONTEXT).unwrap_err();
    assert_eq!(long.subcode, subcode::ATTRIBUTE_LIST);
    let net = Update::decode(&[0, 0, 0, 0, 33, 1, 2, 3, 4, 5], &CONTEXT).unwrap_err();
    assert_eq!(net.subcode, subcode::NETWORK);
    // No routes that could be withdrawn (RFC 7606 section 5.2).
    let none = Update::decode(&body(&[(0x40, code::ORIGIN, vec![9])], &[]), &CONTEXT).unwrap_err();
    assert_eq!(none.subcode, subcode::ATTRIBUTE_LIST);
}

/// A node of IS-IS as octets, its descriptors in an order.
fn node(ascending: bool) -> Vec<u8> {
    let asn = [2, 0, 0, 4, 0, 0, 0xfd, 0xe8];
    let id = [2, 3, 0, 6, 0, 0, 0, 0, 0, 1];
    let descriptors = if ascending { [&asn[..], &id].concat() } else { [&id[..], &asn].concat() };
    let mut body = vec![2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, descriptors.len() as u8];
    body.extend(descriptors);
    [vec![0, 1, 0, body.len() as u8], body].concat()
}

#[test]
fn a_link_state_route_with_descriptors_in_disorder_is_left_out_and_the_others_stand() {
    let reach = [vec![0x40, 4, 71, 4, 10, 0, 0, 1, 0], node(false), node(true)].concat();
    let received = decode(&[origin(), path(), hop(), (0x80, code::REACH, reach)]).unwrap();
    assert_eq!(
        received.faults.iter().map(|fault| fault.treatment).collect::<Vec<_>>(),
        [Treatment::DiscardNlri]
    );
    assert_eq!(
        received.faults[0].malformed.to_string(),
        "node descriptor: tlv 512 comes after one that belongs behind it"
    );
    let Some(Nlri::LinkState(routes)) = received.came() else { panic!("no routes") };
    assert!(matches!(routes.as_slice(), [LsNlri::Node(_)]));
}

#[test]
fn a_link_state_attribute_that_cannot_be_read_leaves_the_route() {
    let reach = [vec![0x40, 4, 71, 4, 10, 0, 0, 1, 0], node(true)].concat();
    // A delay of three octets.
    let bad = (0x80, code::LINK_STATE, vec![4, 90, 0, 3, 1, 2, 3]);
    let received = decode(&[origin(), path(), hop(), (0x80, code::REACH, reach), bad]).unwrap();
    assert_eq!(received.faults[0].treatment, Treatment::DiscardAttribute);
    assert!(received.came().is_some() && received.update.link_state().is_none());
}

#[test]
fn what_has_reserved_bits_or_is_no_text_is_written_as_it_came() {
    let reach = Attribute::Reach(Reach {
        next_hop: NextHop::Address([10, 0, 0, 1].into()),
        nlri: Nlri::LinkState(Vec::new()),
    });
    // A name of a node, one of a link, and a topology.
    for value in
        [vec![4, 2, 0, 3, b'r', 0xff, b'1'], vec![4, 74, 0, 2, 0xc3, 0x28], vec![1, 7, 0, 2, 0xf0, 2]]
    {
        let attribute = LsAttribute::decode(&value).unwrap();
        let attributes = vec![reach.clone(), Attribute::LinkState(attribute)];
        let octets = message::update(&Update { attributes, ..Update::default() }, true, EXTENDED).unwrap();
        assert!(octets.ends_with(&value), "{value:x?} in {octets:x?}");
    }
}

#[test]
fn tlvs_in_tlvs_end_somewhere() {
    let mut inner = LsTlv::Node(NodeTlv::Flags(0));
    for _ in 0..40 {
        inner = LsTlv::Sr(crate::ls::sr::SrTlv::BundleMember { member: 1, tlvs: vec![inner] });
    }
    let reach = Reach { next_hop: NextHop::Address([10, 0, 0, 1].into()), nlri: Nlri::LinkState(Vec::new()) };
    let update = Update {
        attributes: vec![
            Attribute::Reach(reach),
            Attribute::AsPath(vec![Segment::sequence(vec![1])]),
            Attribute::LinkState(LsAttribute { tlvs: vec![inner] }),
        ],
        ..Update::default()
    };
    let octets = message::update(&update, true, EXTENDED).unwrap();
    let Message::Update(received) = read(&octets) else { panic!("no update") };
    assert_eq!(received.faults[0].malformed.to_string(), "link-state attribute: it is nested too deep");
}

fn framed(marker: u8, length: u16, kind: u8) -> Result<Option<Frame>, Notification> {
    let mut framer = Framer::default();
    framer.feed(&[marker; 16]);
    framer.feed(&length.to_be_bytes());
    framer.feed(&[kind]);
    framer.next_frame()
}

#[test]
fn a_header_that_is_wrong_ends_the_session() {
    let end = |marker, length, kind| {
        let end = framed(marker, length, kind).unwrap_err();
        assert_eq!(end.code, notified::HEADER);
        (end.subcode, end.data)
    };
    assert_eq!(end(0xfe, 19, 4), (header::NOT_SYNCHRONISED, vec![]));
    assert_eq!(end(0xff, 18, 4), (header::LENGTH, vec![0, 18]));
    assert_eq!(end(0xff, 20, 4), (header::LENGTH, vec![0, 20]), "a sign of life says nothing");
    assert_eq!(end(0xff, 4_097, 2), (header::LENGTH, vec![16, 1]), "oversize");
    assert_eq!(end(0xff, 28, 1), (header::LENGTH, vec![0, 28]));
    assert_eq!(end(0xff, 19, 9), (header::TYPE, vec![9]));
    assert_eq!(framed(0xff, 4_096, 2), Ok(None), "it may still come");
}

#[test]
fn the_first_octet_tells_garbage() {
    let mut framer = Framer::default();
    framer.feed(b"GET / HTTP/1.1");
    assert_eq!(framer.next_frame().unwrap_err().subcode, header::NOT_SYNCHRONISED);
}
