//! Small networks on which everything can be tried: every arrangement for the bound, every single move for the search.

use std::fmt::Write as _;

use model::{EdgeIx, NodeIx};

use super::*;
use crate::{
    balance::load::{self, ppm},
    tests::ted,
};

/// How many networks.
const CASES: u64 = 60;

/// Numbers that look random, from a seed (Knuth's linear congruence).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// A network of four or five nodes with a ring and chords, and two to four services; the lines of each text.
fn made(seed: u64) -> (Vec<String>, Vec<String>, Vec<String>) {
    let mut dice = Dice(seed);
    let count = 4 + dice.below(2);
    let nodes = (0..count).map(|node| {
        format!("  - {{name: n{node}, role: core, routerId: 10.0.0.{}, nodeSid: {}, locator: \"fd00:0:{}::/48\"}}", node + 1, node + 1, node + 1)
    });
    let nodes = nodes.collect();
    let mut pairs: Vec<(u64, u64)> = (0..count).map(|node| (node, (node + 1) % count)).collect();
    (0..1 + dice.below(2)).for_each(|_| pairs.push((dice.below(count), 0)));
    let mut links = Vec::new();
    for (number, (a, z)) in pairs.into_iter().enumerate().filter(|(_, (a, z))| a != z) {
        let (bandwidth, delay) = (50 * (1 + dice.below(3)), 1 + dice.below(9));
        links.push(format!("  - {{name: l{number}, a: \"n{a}:e{number}\", z: \"n{z}:e{number}\", role: core, bandwidth: {bandwidth}Mbps, delay: {delay}ms}}"));
    }
    let services = (0..2 + dice.below(3)).map(|number| {
        let a = dice.below(count);
        let z = (a + 1 + dice.below(count - 1)) % count;
        let (mbps, routed) = (10 + dice.below(36), dice.below(3) > 0);
        let text = format!("  connectivity: {{type: p2p, endpoints: [n{a}, n{z}]}}\n  path: {{coRouted: {routed}}}\n  slo: {{bandwidth: {mbps}Mbps}}");
        service(&format!("s{number}"), &text)
    });
    (nodes, links, services.collect())
}

fn read((nodes, links, services): &(Vec<String>, Vec<String>, Vec<String>)) -> (Ted, IntentSet) {
    let mut text = "apiVersion: trunkline/v1\nkind: Network\nnodes:\n".to_owned();
    nodes.iter().for_each(|line| writeln!(text, "{line}").unwrap());
    text.push_str("links:\n");
    links.iter().for_each(|line| writeln!(text, "{line}").unwrap());
    let ted = ted(&text);
    let texts: Vec<&str> = [CLASSES].into_iter().chain(services.iter().map(String::as_str)).collect();
    let set = set_of(&texts, &ted);
    (ted, set)
}

/// All ways without a node twice.
fn ways(graph: &Graph, from: NodeIx, to: NodeIx) -> Vec<Vec<EdgeIx>> {
    let mut found = Vec::new();
    let mut open: Vec<(Vec<NodeIx>, Vec<EdgeIx>)> = vec![(vec![from], Vec::new())];
    while let Some((nodes, edges)) = open.pop() {
        let at = nodes[nodes.len() - 1];
        if at == to {
            found.push(edges);
            continue;
        }
        for edge in graph.out(at).iter().filter(|edge| !nodes.contains(&graph.edge(**edge).to)) {
            let next = [nodes.clone(), vec![graph.edge(*edge).to]].concat();
            open.push((next, [edges.clone(), vec![*edge]].concat()));
        }
    }
    found
}

/// The lowest highest utilisation of all arrangements of these services, each direction on any way.
fn optimum(graph: &Graph, set: &IntentSet, carried: &[&ServiceId]) -> u64 {
    let mut flows = Vec::new();
    for id in carried {
        let service = &set.services[*id];
        let ends = [(&service.a, &service.z), (&service.z, &service.a)];
        for (from, to) in ends.into_iter().take(1 + usize::from(service.bidirectional)) {
            let (from, to) = (graph.node_ix(from).unwrap(), graph.node_ix(to).unwrap());
            flows.push((load::rate(service), ways(graph, from, to)));
        }
    }
    // The largest first: then little is tried in vain.
    flows.sort_by_key(|(rate, ways)| (std::cmp::Reverse(*rate), ways.len()));
    let mut best = u64::MAX;
    least(graph, &flows, &mut vec![0; graph.edge_count()], 0, &mut best);
    best
}

fn least(graph: &Graph, flows: &[(u64, Vec<Vec<EdgeIx>>)], load: &mut Vec<u64>, full: u64, best: &mut u64) {
    if full >= *best {
        return;
    }
    let Some(((rate, ways), rest)) = flows.split_first() else {
        *best = full;
        return;
    };
    for way in ways {
        way.iter().for_each(|edge| load[edge.ix()] += rate);
        let over = way.iter().map(|edge| ppm(load[edge.ix()], graph.edge(*edge).bandwidth));
        let over = over.fold(full, u64::max);
        least(graph, rest, load, over, best);
        way.iter().for_each(|edge| load[edge.ix()] -= rate);
    }
}

fn highest(balanced: &Option<Heat>) -> u64 {
    balanced.as_ref().map_or(0, |heat| heat.utilisation.as_ppm())
}

#[test]
fn the_bound_is_below_every_arrangement_and_no_answer_is_worse_than_before() {
    let (mut moved, mut tight) = (0, 0);
    for seed in 0..CASES {
        let (ted, set) = read(&made(seed));
        let graph = Graph::freeze(&ted).unwrap();
        let was = compiled(&set, &ted, &Hints::default());
        let carried: Vec<&ServiceId> =
            was.verdicts.keys().filter(|id| !load::paths(&was, id).is_empty()).collect();
        let best = optimum(&graph, &set, &carried);
        for moves in 0..=3 {
            let limits = Limits { moves, effort: 4, goal: Some(Ratio::ZERO), ..Limits::default() };
            let balanced = ask(&ted, &set, &Hints::default(), &limits).unwrap();
            let (before, after) = (highest(&balanced.before), highest(&balanced.after));
            assert!(after <= before && balanced.moves.len() <= moves, "seed {seed}: {balanced:?}");
            let with = Hints { balanced: balanced.balanced.clone(), ..Hints::default() };
            let is = compiled(&set, &ted, &with);
            assert!(carried.iter().all(|id| !load::paths(&is, id).is_empty()), "seed {seed}");
            let goes = |id: &&ServiceId| load::paths(&was, id) != load::paths(&is, id);
            let really: Vec<&ServiceId> = was.verdicts.keys().filter(goes).collect();
            let told: BTreeSet<&ServiceId> = balanced.moves.iter().map(|one| &one.service).collect();
            assert!(really.iter().all(|id| told.contains(*id)), "seed {seed}: {really:?} of {told:?}");
            assert_eq!(Load::of(&graph, &set, &is).highest(&graph), balanced.after, "seed {seed}");
            let bound = balanced.bound.as_ppm();
            assert!(bound <= best, "seed {seed}: {bound} is no bound of {best}");
            moved += usize::from(after < before);
            tight += usize::from(moves == 3 && 2 * bound >= best);
        }
    }
    assert!(moved > 30, "only {moved} answers were better than before");
    assert!(tight > 20, "only {tight} bounds were above half of what single ways can reach");
}

/// The lowest highest utilisation that keeping one service off one or two links gives, where nobody else moves and nothing new is said.
fn best_move(ted: &Ted, set: &IntentSet, graph: &Graph) -> u64 {
    let now = compiled(set, ted, &Hints::default());
    let links: Vec<&LinkId> = ted.links.keys().collect();
    let mut best = highest(&Load::of(graph, set, &now).highest(graph));
    for id in now.verdicts.keys() {
        for (place, one) in links.iter().enumerate() {
            for other in &links[place..] {
                let off = [(*one).clone(), (*other).clone()].into();
                let (since, why, held) = (Timestamp::default(), String::new(), BTreeSet::new());
                let balance = Balance { off, since, why, held };
                let hints = Hints { balanced: [(id.clone(), balance)].into(), ..Hints::default() };
                let next = compiled(set, ted, &hints);
                let stays = |other: &&ServiceId| load::paths(&now, other) == load::paths(&next, other);
                let alone = now.verdicts.keys().filter(|other| *other != id).all(|other| stays(&other));
                if alone && next.findings.len() <= now.findings.len() {
                    best = best.min(highest(&Load::of(graph, set, &next).highest(graph)));
                }
            }
        }
    }
    best
}

#[test]
fn one_move_is_about_the_best_that_there_is() {
    let mut good = 0;
    for seed in 0..CASES {
        let (ted, set) = read(&made(seed));
        let graph = Graph::freeze(&ted).unwrap();
        let limits = Limits { moves: 1, effort: 4, goal: Some(Ratio::ZERO), ..Limits::default() };
        let balanced = ask(&ted, &set, &Hints::default(), &limits).unwrap();
        let best = best_move(&ted, &set, &graph);
        good += u64::from(highest(&balanced.after) <= best + crate::balance::standing::MARGIN);
    }
    assert!(good * 10 >= CASES * 9, "{good} of {CASES} single moves were the best");
}

#[test]
fn the_order_of_files_and_lines_changes_nothing() {
    for seed in 0..CASES / 4 {
        let mut texts = made(seed);
        let ask_for = |texts: &_| {
            let (ted, set) = read(texts);
            ask(&ted, &set, &Hints::default(), &to(3)).unwrap()
        };
        let straight = ask_for(&texts);
        texts.0.reverse();
        texts.1.reverse();
        texts.2.reverse();
        assert_eq!(ask_for(&texts), straight, "seed {seed}");
    }
}
