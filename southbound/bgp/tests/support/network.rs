//! A network of any size for tests and figures: a ring with chords, all that BGP-LS can tell of it set.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Affinity, Bandwidth, Delay, Fact, IgpMetric, InterfaceName, Jitter, Label, Link, LinkId, Loss, Node,
    NodeId, TeMetric, Ted,
    link::{Contract, Direction, Encryption, Termination},
    node::{MsdSet, function_of},
    sr::LabelBlock,
};

/// So many routers and links; the first links are a ring, the others chords. Equal arguments give equal networks.
pub fn network(nodes: u32, links: u32) -> Ted {
    let mut ted = Ted::default();
    for n in 0..nodes {
        let node = node(n);
        ted.nodes.insert(node.id.clone(), node);
    }
    let mut used = vec![0_u32; nodes as usize];
    for n in 0..links {
        // Steps of the chords differ, so that no two links join the same two routers.
        let (a, z) = (n % nodes, (n % nodes + 1 + n / nodes) % nodes);
        let (a, z) = (a.min(z), a.max(z));
        used[a as usize] += 1;
        used[z as usize] += 1;
        let link = link(n, (a, used[a as usize]), (z, used[z as usize]), &ted);
        ted.links.insert(link.id.clone(), link);
    }
    ted
}

fn name(n: u32) -> NodeId {
    NodeId::lit(&format!("r{n:05}"))
}

fn node(n: u32) -> Node {
    let [_, _, high, low] = n.to_be_bytes();
    let locator = format!("fd00:{:x}:{:x}::/48", 1 + n / 65_536, n % 65_536);
    Node {
        id: name(n),
        role: None,
        site: None,
        location: None,
        labels: BTreeMap::new(),
        router_id: [10, 1, high, low].into(),
        locator: Some(Fact::from_file(locator.parse().unwrap())),
        node_sid: Some(Fact::from_file(n)),
        next_csid: None,
        service_function: None,
        srgb: LabelBlock { base: 16_000, size: 65_536 },
        srlb: LabelBlock { base: 15_000, size: 1_000 },
        msd: Fact::from_file(MsdSet { mpls_imposition: 10, srv6_encaps: 8, ..MsdSet::default() }),
        queues: 8,
        overload: n % 97 == 96,
        dialect: "openconfig".to_owned(),
        features: model::Features::default(),
    }
}

fn link(n: u32, a: (u32, u32), z: (u32, u32), ted: &Ted) -> Link {
    let end = |(node, interface): (u32, u32)| Termination {
        node: name(node),
        interface: InterfaceName::lit(&format!("eth{interface}")),
    };
    let (a_end, z_end) = (end(a), end(z));
    let id = format!("{}:{}--{}:{}", a_end.node, a_end.interface, z_end.node, z_end.interface);
    let affinity = if n.is_multiple_of(3) { vec!["core", "line1"] } else { vec!["line2"] };
    Link {
        id: LinkId::lit(&id),
        a: a_end,
        z: z_end,
        a_to_z: direction(n, a, ted),
        z_to_a: direction(n + 1, z, ted),
        affinity: affinity.into_iter().map(Affinity::lit).collect(),
        srlg: if n.is_multiple_of(5) {
            BTreeSet::from([format!("duct-{}", n / 5 % 40)])
        } else {
            BTreeSet::new()
        },
        role: None,
        encryption: Encryption::None,
        contract: Contract::default(),
        price: None,
    }
}

fn direction(n: u32, (node, interface): (u32, u32), ted: &Ted) -> Direction {
    let locator = ted.nodes[&name(node)].locator.as_ref().unwrap().value;
    Direction {
        bandwidth: Fact::from_file(Bandwidth::from_bps(100_000_000 * u64::from(1 + n % 100))),
        delay: Fact::from_file(Delay::from_micros(u64::from(200 + n % 20_000))),
        jitter: Fact::from_file(Jitter::from_micros(u64::from(n % 500))),
        loss: Fact::from_file(Loss::from_ppb(30 * (n % 1_000))),
        igp: Fact::from_file(IgpMetric(10 + n % 90)),
        te: Fact::from_file(TeMetric(20 + n % 90)),
        adjacency_label: Some(Fact::from_file(Label::try_from(15_000 + interface).unwrap())),
        end_x: Some(Fact::from_file(function_of(locator, 0xe000 + interface as u16))),
    }
}
