//! What the compiler puts into containers (NEXT-CSID, RFC 9800 section 4.1) is read back by a walker of its own, bit by bit as routers do,
//! on networks of which some nodes read containers and some do not: every list leads over the path of its verdict, takes no more
//! addresses than it would without, and is carried by the witness too.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{collections::BTreeMap, fmt::Write as _, net::Ipv6Addr};

use intents::{Compilation, SourceFile};
use model::{
    Allocations, DirectedLink, Hints, IntentSet, Node, NodeId, Sid, Side, Ted, Verdict,
    verdict::{DirectionVerdict, Route},
};
use plan::{Failures, codes};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How many networks.
const CASES: u64 = 200;

const CLASSES: &str = include_str!("../../intents/examples/minimal/classes.yaml");

/// Five to eight nodes in a ring with chords. What is shortest by delay is seldom so by metric, so that lists have several segments.
fn network(random: &mut ChaCha8Rng) -> (u32, String) {
    let nodes = random.random_range(5..=8);
    let mut text = "apiVersion: trunkline/v1\nkind: Network\nnodes:\n".to_owned();
    for node in 1..=nodes {
        let reads = if random.random_bool(0.75) {
            ", nextCsid: {locatorBlockLength: 32, locatorNodeLength: 16}"
        } else {
            ""
        };
        writeln!(
            text,
            "  - {{name: n{node}, routerId: 10.0.0.{node}, locator: \"fd00:0:10{node}::/48\"{reads}, msd: {{srv6Encaps: 12, srv6SegmentsLeft: 12, srv6EndPop: 12}}}}"
        )
        .unwrap();
    }
    text.push_str("links:\n");
    let ring = (1..=nodes).map(|node| (node, node % nodes + 1));
    let chords = (1..=random.random_range(0..=2)).map(|number| (number, nodes / 2 + number));
    for (number, (a, z)) in ring.chain(chords).enumerate() {
        let (out, back) = (random.random_range(1..=9), random.random_range(1..=9));
        let metric = random.random_range(1..=30);
        writeln!(
            text,
            "  - {{name: l{number}, a: \"n{a}:e{number}\", z: \"n{z}:e{number}\", bandwidth: 100Mbps, igp: {metric}, aToZ: {{delay: {out}ms}}, zToA: {{delay: {back}ms}}}}"
        )
        .unwrap();
    }
    (nodes, text)
}

fn service(random: &mut ChaCha8Rng, nodes: u32, number: u32) -> String {
    let a = random.random_range(1..=nodes);
    let z = (a + random.random_range(0..nodes - 1)) % nodes + 1;
    let pin = if random.random_bool(0.4) { ", pin: links" } else { "" };
    format!(
        "apiVersion: trunkline/v1\nkind: ServiceIntent\nmetadata: {{name: s{number}}}\nspec:\n  connectivity: {{type: p2p, endpoints: [n{a}, n{z}], bidirectional: true}}\n  vrf: s{number}\n  class: business\n  slo: {{bandwidth: 500kbps}}\n  path: {{dataplane: srv6, minimise: delay{pin}}}\n"
    )
}

fn case(seed: u64) -> (Ted, IntentSet) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (nodes, text) = network(&mut random);
    let ted = formats::read("network.yaml", &text).unwrap_or_else(|faults| panic!("{text}{faults:#?}")).ted;
    let mut texts = vec![CLASSES.to_owned()];
    texts.extend((0..random.random_range(3..=6)).map(|number| service(&mut random, nodes, number)));
    let documents: Vec<intents::Document> = texts
        .iter()
        .flat_map(|text| {
            let read = intents::parse(&SourceFile::new("s.yaml", text.as_str()));
            read.unwrap_or_else(|faults| panic!("{text}{faults:#?}"))
        })
        .collect();
    let set =
        intents::validate(&documents, &ted).unwrap_or_else(|faults| panic!("seed {seed}: {faults:#?}")).0;
    (ted, set)
}

/// A line in one direction.
struct Edge {
    hop: DirectedLink,
    from: NodeId,
    to: NodeId,
    metric: u32,
    sid: Ipv6Addr,
}

fn edges(ted: &Ted) -> Vec<Edge> {
    let ends = ted.links.values().flat_map(|link| [Side::A, Side::Z].map(|side| (link, side)));
    ends.map(|(link, side)| Edge {
        hop: DirectedLink { link: link.id.clone(), from: side },
        from: link.end(side).node.clone(),
        to: link.end(side.other()).node.clone(),
        metric: link.direction(side).igp.value.0,
        sid: link.direction(side).end_x.as_ref().unwrap().value,
    })
    .collect()
}

/// How far nodes are from one, by metric.
fn distances<'e>(edges: &'e [Edge], to: &'e NodeId) -> BTreeMap<&'e NodeId, u32> {
    let mut known = BTreeMap::from([(to, 0)]);
    loop {
        let mut changed = false;
        for edge in edges {
            let Some(behind) = known.get(&edge.to).copied() else { continue };
            let far = behind + edge.metric;
            if known.get(&edge.from).is_none_or(|own| far < *own) {
                known.insert(&edge.from, far);
                changed = true;
            }
        }
        if !changed {
            return known;
        }
    }
}

/// The only edge by which a node sends what is for another one; none where there are several.
fn only_hop<'e>(edges: &'e [Edge], at: &NodeId, to: &NodeId) -> Option<&'e Edge> {
    let known = distances(edges, to);
    let own = known.get(at).copied()?;
    let is_shortest = |edge: &&Edge| {
        edge.from == *at && known.get(&edge.to).is_some_and(|behind| behind + edge.metric == own)
    };
    let mut best = edges.iter().filter(is_shortest);
    let edge = best.next()?;
    best.next().is_none().then_some(edge)
}

/// What a router does with an address in its locator: the edge that it sends by, if one is asked for, and what is left of the address.
/// None where it drops the packet.
fn read<'e>(
    node: &Node,
    edges: &'e [Edge],
    address: Ipv6Addr,
) -> Option<(Option<&'e Edge>, Option<Ipv6Addr>)> {
    if node.end_sid() == Some(address) {
        return Some((None, None));
    }
    if let Some(edge) = edges.iter().find(|edge| edge.sid == address) {
        return Some((Some(edge), None));
    }
    // A container: 32 bits of block, then numbers of nodes and functions of 16 bits each.
    node.next_csid?;
    let [one, two, _, next, after @ ..] = address.segments();
    let edge = edges.iter().find(|edge| edge.from == node.id && edge.sid.segments()[3] == next);
    // A number that is a function of the node is read as that, and it cannot go on with what follows.
    if next == 1 || next == 0xd46 {
        return None;
    }
    let left: Vec<u16> = match edge {
        Some(_) => after.to_vec(),
        None => [&[next][..], &after[..]].concat(),
    };
    let mut moved = [0; 8];
    (moved[0], moved[1]) = (one, two);
    moved[2..2 + left.len()].copy_from_slice(&left);
    let goes_on = left.iter().any(|part| *part != 0);
    Some((edge, goes_on.then(|| Ipv6Addr::from(moved))))
}

/// The lines that a packet takes by a list. None where it is lost, or where several shortest paths carry it.
fn walk<'e>(ted: &Ted, edges: &'e [Edge], from: &'e NodeId, sids: &[Sid]) -> Option<Vec<DirectedLink>> {
    let (mut at, mut taken) = (from, Vec::new());
    for sid in sids {
        let Sid::Srv6(address) = sid else { return None };
        let mut rest = Some(*address);
        while let Some(address) = rest {
            let owns = |node: &&Node| node.locator.as_ref().is_some_and(|own| own.value.contains(&address));
            let owner = ted.nodes.values().find(owns)?;
            while *at != owner.id {
                let edge = only_hop(edges, at, &owner.id)?;
                taken.push(edge.hop.clone());
                at = &edge.to;
            }
            let (edge, left) = read(owner, edges, address)?;
            if let Some(edge) = edge {
                taken.push(edge.hop.clone());
                at = &edge.to;
            }
            rest = left;
        }
    }
    Some(taken)
}

fn compiled(set: &IntentSet, ted: &Ted) -> Compilation {
    let ids = Allocations::default().extended(set).unwrap();
    intents::compile(set, ted, &Hints::default(), &ids)
}

fn directions(done: &Compilation) -> Vec<&DirectionVerdict> {
    let carried = done.verdicts.values().map(|verdict| match verdict {
        Verdict::Carried { directions, .. } => directions.as_slice(),
        Verdict::Refused { .. } => panic!("{verdict:?}"),
    });
    carried.flatten().collect()
}

fn routes(direction: &DirectionVerdict) -> impl Iterator<Item = &Route> {
    [Some(&direction.primary), direction.backup.as_ref()].into_iter().flatten()
}

#[test]
fn a_list_in_containers_leads_over_the_path_that_it_is_written_for() {
    let (mut packed, mut full) = (0, 0);
    for seed in 0..CASES {
        let (ted, set) = case(seed);
        let mut plain = ted.clone();
        plain.nodes.values_mut().for_each(|node| node.next_csid = None);
        let (done, without) = (compiled(&set, &ted), compiled(&set, &plain));
        let edges = edges(&ted);
        let (short, long) = (directions(&done), directions(&without));
        assert_eq!(short.len(), long.len(), "seed {seed}");
        for (short, long) in short.into_iter().zip(long) {
            for (route, without) in routes(short).zip(routes(long)) {
                let lists = format!("seed {seed}: {:?}, in full {:?}", route.segments, without.segments);
                assert_eq!(route.path, without.path, "{lists}");
                let walked = walk(&ted, &edges, &short.from, &route.segments);
                assert_eq!(walked.as_ref(), Some(&route.path.hops), "{lists}");
                assert!(route.segments.len() <= without.segments.len(), "{lists}");
                let is_packed = route.segments != without.segments;
                let is_told = route.why.iter().any(|why| why.starts_with("several SIDs in one address: "));
                assert_eq!(is_packed, is_told, "{lists}: {:?}", route.why);
                *(if is_packed { &mut packed } else { &mut full }) += 1;
            }
        }
        let Compilation { desired, verdicts, demands, .. } = &done;
        let proof = plan::prove(desired, &set, verdicts, demands, &ted, &Failures::None, 1);
        let lost = [codes::NOT_DELIVERED, codes::LOOP, codes::NOT_STEERED, codes::UNWALKABLE];
        let lost: Vec<String> = proof
            .findings
            .iter()
            .filter(|finding| lost.contains(&finding.code.as_str()))
            .map(ToString::to_string)
            .collect();
        assert!(lost.is_empty(), "seed {seed}: {lost:#?}");
    }
    assert!(packed > 200, "only {packed} lists have containers");
    assert!(full > 200, "only {full} lists have none");
}
