//! BGP: frames, messages, link-state routes and their attribute, SR policies, and facts of whatever came through.

use std::{net::IpAddr, sync::LazyLock};

use ::bgp::{
    Table,
    learn::{Names, view},
    originate::{Originator, routes},
    policy::send::{Audience, Manner, announce},
    wire::{Capability, Context, Family, Frame, Framer, Message, Open, message},
};
use model::{CandidatePath, Label, NodeId, PolicyKey, SegmentList, Sid, SrPolicy, Timestamp, sr::LastResort};

use crate::files::TED;
use crate::mutate::mutate_octets;
use crate::target;

/// Pieces on which a reader of BGP turns: markers, lengths, types of attributes and of link-state TLVs.
const PIECES: &[&[u8]] = &[
    &[0xff; 16],
    &[0, 0],
    &[0xff, 0xff],
    &[0, 19, 4],
    &[0, 23, 2, 0, 0, 0, 0],
    &[0x80, 14],
    &[0x90, 14, 0, 9],
    &[0x80, 15, 3, 0x40, 4, 71],
    &[0x80, 29],
    &[0xc0, 23],
    &[0x40, 4, 71],
    &[0, 1, 73],
    &[1, 0, 0, 0],
    &[1, 1, 0, 0],
    &[2, 3, 0, 6],
    &[1, 2, 0, 8],
    &[4, 70, 0, 3],
    &[4, 98, 0, 0],
    &[4, 148, 0, 4],
    &[4, 135, 0, 4],
    &[0, 15, 0, 0],
    &[128, 0, 0],
    &[13, 18],
];

const CONTEXT: Context = Context { four_octet_as: true, internal: true };

fn originator() -> Originator {
    Originator { asn: 65_000, domain: 0, next_hop: IpAddr::from([10, 0, 0, 1]), external: None }
}

/// A session's stream: an OPEN, a sign of life, policies, a network.
static STREAM: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let open = Open {
        asn: 65_000,
        four_octet_as: true,
        hold_time: 90,
        identifier: [10, 0, 0, 1].into(),
        capabilities: vec![Capability::Multiprotocol(Family::LINK_STATE), Capability::RouteRefresh],
    };
    let mut stream = message::open(&open).unwrap().to_vec();
    stream.extend_from_slice(&message::keepalive());
    let sids = vec![Sid::Mpls(Label::try_from(16_005).unwrap()), Sid::Srv6("fd00:0:5::1".parse().unwrap())];
    let candidate = CandidatePath {
        discriminator: 1,
        preference: 100,
        name: "a".into(),
        lists: vec![SegmentList { weight: 1, sids: sids.clone() }],
    };
    let policy = SrPolicy {
        key: PolicyKey { color: 100.try_into().unwrap(), endpoint: IpAddr::from([10, 0, 0, 9]) },
        name: "tl-a".into(),
        binding_sid: sids.first().copied(),
        candidates: vec![candidate],
        last_resort: LastResort::Drop,
    };
    let manner = Manner {
        audience: Audience::Peer,
        next_hop: IpAddr::from([10, 0, 0, 1]),
        external: None,
        names: true,
    };
    let mut updates = announce(&policy, &manner);
    let mut kinds = std::collections::BTreeSet::new();
    for (nlri, attribute) in routes(&TED, &Names::of(&TED), &originator()) {
        // A few of each kind: what differs in values only says nothing new.
        if kinds.len() < 40 && kinds.insert(format!("{attribute:?}")) {
            updates.push(originator().announce(vec![nlri], attribute));
        }
    }
    for update in updates {
        stream.extend_from_slice(&message::update(&update, true, message::STANDARD).unwrap());
    }
    stream
});

/// What is read can be written, and is read as the same then, unless it has no place in one message any more.
fn survives(message: &Message) {
    let octets = match message {
        Message::Update(received) if received.faults.is_empty() => {
            message::update(&received.update, true, message::EXTENDED)
        }
        Message::Open(open) => message::open(open),
        _ => return,
    };
    let Ok(octets) = octets else { return };
    let mut framer = Framer::default();
    framer.extend();
    framer.feed(&octets);
    let frame = framer.next_frame().unwrap().unwrap();
    assert_eq!(Message::decode(&frame, &CONTEXT).as_ref(), Ok(message), "what was written is read otherwise");
}

// A stream in pieces of any size, and facts of what came through: where it is cut does not change what is read.
target!(bgp_streams, |script| {
    let stream = mutate_octets(&STREAM, PIECES, script);
    let step = usize::from(script.first().copied().unwrap_or(0)) * 16 + 1;
    let (mut whole, mut pieces) = (Framer::default(), Framer::default());
    whole.feed(&stream);
    let mut frames = Vec::new();
    while let Ok(Some(frame)) = whole.next_frame() {
        frames.push(frame);
    }
    let mut again = Vec::new();
    'pieces: for piece in stream.chunks(step) {
        pieces.feed(piece);
        loop {
            match pieces.next_frame() {
                Ok(Some(frame)) => again.push(frame),
                Ok(None) => break,
                Err(_) => break 'pieces,
            }
        }
    }
    assert_eq!(again, frames, "the cut of the pieces changes what is read");
    let (mut table, peer) = (Table::default(), NodeId::lit("rr1"));
    for frame in &frames {
        if let Ok(message) = Message::decode(frame, &CONTEXT) {
            survives(&message);
            if let Message::Update(received) = &message {
                table.update(&peer, received, Timestamp::from_micros(1));
            }
        }
    }
    drop(view(&table).ted(&Names::default()));
});

/// The messages of the stream as nobody touched them, and what is known when they came.
static UNTOUCHED: LazyLock<(Vec<Frame>, Table)> = LazyLock::new(|| {
    let (mut framer, mut table) = (Framer::default(), Table::default());
    framer.feed(&STREAM);
    let frames: Vec<Frame> = std::iter::from_fn(|| framer.next_frame().unwrap()).collect();
    for frame in &frames {
        let message = Message::decode(frame, &CONTEXT).unwrap();
        survives(&message);
        if let Message::Update(received) = &message {
            table.update(&NodeId::lit("rr1"), received, Timestamp::from_micros(1));
        }
    }
    (frames, table)
});

// The bodies alone: a wrong length of a frame ends a stream, and what it would have held is never read. They come to one who
// knows the network already.
target!(bgp_updates, |script| {
    let (frames, table) = &*UNTOUCHED;
    let (mut table, peer) = (table.clone(), NodeId::lit("rr1"));
    // One message in eight, another with each script.
    let first = usize::from(script.first().copied().unwrap_or(0)) % 8;
    for frame in frames.iter().skip(first).step_by(8) {
        let body = mutate_octets(&frame.body, PIECES, script).into();
        if let Ok(message) = Message::decode(&Frame { body, ..frame.clone() }, &CONTEXT) {
            survives(&message);
            if let Message::Update(received) = &message {
                table.update(&peer, received, Timestamp::from_micros(2));
            }
        }
    }
    drop(view(&table).ted(&Names::default()));
});
