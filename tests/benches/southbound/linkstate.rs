//! The time from octets to facts for the link-state table of a large network.
//!
//! 10,000 routers and 40,000 links are 10,000 node routes, 80,000 link routes (each link is told by both ends) and 30,000 routes
//! of prefixes and SIDs, all in one message each, as a reflector sends them when each has its own attribute. Framing, decoding,
//! the table and the facts count.

#[path = "../../../southbound/bgp/tests/support/network.rs"]
mod network;

use std::{hint::black_box, net::IpAddr, time::Instant};

use bgp::{
    Table,
    learn::{Names, view},
    originate::{Originator, routes},
    wire::{Context, Framer, Message, message},
};
use model::{NodeId, Timestamp};

const NODES: u32 = 10_000;
const LINKS: u32 = 40_000;

/// Seconds of each run: to the table, and to the facts.
pub fn run(runs: usize) -> (Vec<f64>, Vec<f64>) {
    let ted = network::network(NODES, LINKS);
    let names = Names::of(&ted);
    let originator =
        Originator { asn: 65_000, domain: 0, next_hop: IpAddr::from([10, 0, 0, 1]), external: None };
    let mut octets = Vec::new();
    for (nlri, attribute) in routes(&ted, &names, &originator) {
        let update = originator.announce(vec![nlri], attribute);
        octets.extend_from_slice(&message::update(&update, true, message::STANDARD).unwrap());
    }
    let once = |_| {
        let start = Instant::now();
        let table = take(&octets);
        let known = start.elapsed().as_secs_f64();
        let learned = view(&table).ted(&names);
        let whole = start.elapsed().as_secs_f64();
        assert_eq!((learned.ted.nodes.len(), learned.ted.links.len()), (NODES as usize, LINKS as usize));
        black_box(learned);
        (known, whole)
    };
    (0..runs).map(once).unzip()
}

fn take(octets: &[u8]) -> Table {
    let peer = NodeId::lit("rr1");
    let context = Context { four_octet_as: true, internal: true };
    let (mut table, mut framer) = (Table::default(), Framer::default());
    // As much as is read from a socket at once.
    for piece in octets.chunks(64 << 10) {
        framer.feed(piece);
        while let Some(frame) = framer.next_frame().unwrap() {
            match Message::decode(&frame, &context) {
                Ok(Message::Update(received)) => {
                    table.update(&peer, &received, Timestamp::from_micros(1));
                }
                other => panic!("{other:?}"),
            }
        }
    }
    table
}
