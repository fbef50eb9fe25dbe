//! STAMP: packets of senders and reflectors, and what is made of answers.

use std::{collections::BTreeMap, net::Ipv6Addr, time::Duration};

use probe::{
    LIST_EVERY, Probe, ProbeId,
    fleet::Fleet,
    moment::Moment,
    packet::{LENGTH, ReflectorPacket, SenderPacket},
    reflector::{Arrival, Reflector},
    session::Settings,
};

use crate::mutate::mutate_octets;
use crate::target;

/// Pieces on which these packets turn: counts, seconds, error estimates.
const PIECES: &[&[u8]] = &[
    &[0],
    &[0, 0, 0, 0],
    &[0xff; 4],
    &[0xff; 8],
    &[0x13, 1],
    &[0x53, 1],
    &[0x13, 0],
    &[0x80, 0xff],
    &[0; 44],
];

const PORT: u16 = 40_000;

// A packet of a sender on its way to a reflector, and one of that reflector's on its way back.
target!(stamp_packets, |script| {
    let (from, to) = (Ipv6Addr::LOCALHOST, Ipv6Addr::from(7_u128));
    let probe = Probe { from, reflector: to, via: Vec::new(), every: LIST_EVERY, device: None, dscp: 0 };
    let mut fleet = Fleet::new(Settings::default(), 1);
    fleet.set(BTreeMap::from([(ProbeId::from("a"), probe)]), Duration::ZERO);
    let (now, moment) = (LIST_EVERY, Moment::from_nanos(1_700_000_000_000_000_000));
    let ssid = fleet.due(now).unwrap();
    let outgoing = fleet.packet(ssid, PORT, now, moment).unwrap().octets;
    let sent = &outgoing[outgoing.len() - LENGTH..];

    let octets = mutate_octets(sent, PIECES, script);
    let came = Arrival { from, port: PORT, octets: &octets, received: moment, hop_limit: 255 };
    let answer = Reflector::default().answer(&came, moment, now);
    let read = SenderPacket::decode(&octets).ok();
    assert_eq!(answer.map(|answer| answer.sender), read, "what is reflected is what was read");
    assert_eq!(read.map(|read| SenderPacket::decode(&read.encode()).unwrap()), read);

    let came = Arrival { octets: sent, ..came };
    let genuine = Reflector::default().answer(&came, moment, now).unwrap().encode();
    let octets = mutate_octets(&genuine, PIECES, script);
    let read = ReflectorPacket::decode(&octets).ok();
    assert_eq!(read.map(|read| ReflectorPacket::decode(&read.encode()).unwrap()), read);
    let is_heard = fleet.hear(to, &octets, now);
    assert!(!is_heard || read.is_some_and(|read| read.ssid == ssid), "an answer to another session");
    let reading = fleet.readings(now)[&ProbeId::from("a")];
    assert_eq!(reading.answered, u64::from(is_heard));
    assert!(!fleet.hear(to, &octets, now), "the same answer counts twice");
});
