//! What compiles is not refused by the proof because packets wait in queues of full lines: the compiler and the witness each count these
//! waits by code of their own, on networks whose lines are small and promised to the last bit.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fmt::Write as _;

use intents::{Compilation, SourceFile};
use model::{Allocations, Hints, IntentSet, Severity, Ted, Verdict, verdict::DirectionVerdict};
use plan::{Failures, codes};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How many networks.
const CASES: u64 = 300;

const CLASSES: &str = include_str!("../../intents/examples/minimal/classes.yaml");

/// Four to six nodes in a ring with chords. Capacities are few and round, so that rates fill lines exactly.
fn network(random: &mut ChaCha8Rng) -> (u32, String) {
    let nodes = random.random_range(4..=6);
    let mut text = "apiVersion: trunkline/v1\nkind: Network\nnodes:\n".to_owned();
    for node in 1..=nodes {
        writeln!(
            text,
            "  - {{name: n{node}, routerId: 10.0.0.{node}, nodeSid: {node}, locator: \"fd00:0:{node}::/48\"}}"
        )
        .unwrap();
    }
    text.push_str("links:\n");
    let ring = (1..=nodes).map(|node| (node, node % nodes + 1));
    let chords = random.random_range(0..=2);
    let chords: Vec<(u32, u32)> = (0..chords).map(|number| (1 + number, nodes / 2 + 1 + number)).collect();
    for (number, (a, z)) in ring.chain(chords).enumerate().filter(|(_, (a, z))| a != z && *z <= nodes) {
        let mbps = [5, 10, 20, 100][random.random_range(0..4)];
        let (out, back) = (random.random_range(1..=9), random.random_range(1..=9));
        writeln!(
            text,
            "  - {{name: l{number}, a: \"n{a}:e{number}\", z: \"n{z}:e{number}\", bandwidth: {mbps}Mbps, aToZ: {{delay: {out}ms, jitter: 0.1ms}}, zToA: {{delay: {back}ms, jitter: 0.1ms}}}}"
        )
        .unwrap();
    }
    (nodes, text)
}

fn service(random: &mut ChaCha8Rng, nodes: u32, number: u32) -> String {
    let a = random.random_range(1..=nodes);
    let z = (a + random.random_range(0..nodes - 1)) % nodes + 1;
    let class = ["voice", "business"][random.random_range(0..2)];
    let kbps = [500, 1_000, 2_000, 4_000, 5_000][random.random_range(0..5)];
    let most = random.random_range(45..=160);
    let bound = [
        String::new(),
        format!("oneWayDelay: {most}ms, "),
        format!("oneWayDelay: {most}ms, "),
        format!("jitter: {}ms, ", most / 4),
    ];
    let bound = &bound[random.random_range(0..bound.len())];
    let (both, joint) = (random.random_bool(0.8), random.random_bool(0.7));
    let waypoint = (1..=nodes).find(|node| *node != a && *node != z).filter(|_| random.random_bool(0.2));
    let waypoints = waypoint.map(|node| format!("  sle: {{waypoints: [n{node}]}}\n")).unwrap_or_default();
    format!(
        "apiVersion: trunkline/v1\nkind: ServiceIntent\nmetadata: {{name: s{number}}}\nspec:\n  connectivity: {{type: p2p, endpoints: [n{a}, n{z}], bidirectional: {both}}}\n  vrf: s{number}\n  class: {class}\n  slo: {{{bound}bandwidth: {kbps}kbps}}\n{waypoints}  path: {{coRouted: {joint}}}\n"
    )
}

/// A network with what is promised on it; nothing where some intent cannot hold on it at all.
fn case(seed: u64) -> Option<(Ted, IntentSet)> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (nodes, text) = network(&mut random);
    let ted = formats::read("network.yaml", &text).unwrap_or_else(|faults| panic!("{text}{faults:#?}")).ted;
    let mut texts = vec![CLASSES.to_owned()];
    texts.extend((0..random.random_range(4..=10)).map(|number| service(&mut random, nodes, number)));
    let documents: Vec<intents::Document> = texts
        .iter()
        .flat_map(|text| {
            let read = intents::parse(&SourceFile::new("s.yaml", text.as_str()));
            read.unwrap_or_else(|faults| panic!("{text}{faults:#?}"))
        })
        .collect();
    intents::validate(&documents, &ted).ok().map(|(set, _)| (ted, set))
}

fn directions(done: &Compilation) -> impl Iterator<Item = &DirectionVerdict> {
    done.verdicts.values().flat_map(|verdict| match verdict {
        Verdict::Carried { directions, .. } => directions.as_slice(),
        Verdict::Refused { .. } => &[],
    })
}

/// Whether something was done so that packets do not wait too long.
fn is_careful(done: &Compilation) -> bool {
    done.findings.iter().any(|finding| finding.message.contains("wait"))
        || directions(done).flat_map(|one| &one.primary.why).any(|why| why.contains("in queues"))
}

#[test]
fn a_plan_that_compiles_is_not_refused_for_waits_in_queues() {
    let (mut judged, mut careful, mut full) = (0, 0, 0);
    for seed in 0..CASES {
        let Some((ted, set)) = case(seed) else { continue };
        let ids = Allocations::default().extended(&set).unwrap();
        let done = intents::compile(&set, &ted, &Hints::default(), &ids);
        let Compilation { desired, verdicts, demands, .. } = &done;
        let proof = plan::prove(desired, &set, verdicts, demands, &ted, &Failures::None, 1);
        let broken: Vec<String> = proof
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .filter(|finding| [codes::DELAY_BROKEN, codes::JITTER_BROKEN].contains(&finding.code.as_str()))
            .map(ToString::to_string)
            .collect();
        assert!(broken.is_empty(), "seed {seed}: {broken:#?}");
        full += u64::from(directions(&done).any(|one| one.primary.path.spare.as_bps() == 0));
        careful += u64::from(is_careful(&done));
        judged += 1;
    }
    assert!(judged > CASES / 3, "only {judged} networks could be judged");
    assert!(careful > 10, "waits mattered on {careful} networks of {judged}");
    assert!(full > 10, "a line was filled to the brim on {full} networks of {judged}");
}
