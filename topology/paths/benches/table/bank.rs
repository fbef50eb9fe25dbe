//! A bank's networks: all paths with their backups, and what a failing link costs.

use std::{sync::Arc, time::Duration};

use model::{
    Bandwidth, Graph, NodeIx, Ted,
    intent::{Diversity, Minimise},
    sr::Dataplane,
};
use paths::{EdgeSet, Encoder, PathRequest, Placement, Ways, capacities};
use rand::Rng;

use crate::{
    network::{Builder, Plan},
    report::{Report, median, most_memory, quantile, timed},
};

/// 120 routers, 1,000 services.
pub fn headquarters(report: &mut Report) {
    const NODES: usize = 120;
    let mut builder = Builder::new(NODES);
    builder.mesh(NODES, 250, 200..12_000, 10_000_000_000);
    let requests: Vec<PathRequest> = (0..1_000)
        .map(|n| {
            let from = builder.rng.random_range(0..NODES as u32);
            let to = (from + builder.rng.random_range(1..NODES as u32)) % NODES as u32;
            PathRequest {
                minimise: if n % 5 == 0 { Minimise::Igp } else { Minimise::Delay },
                bandwidth: Bandwidth::from_bps(20_000_000),
                avoid_affinity: if n % 7 == 0 { 4 } else { 0 },
                prefer: if n % 4 == 0 { vec![1, 2] } else { Vec::new() },
                encrypted: n % 10 == 0,
                ..PathRequest::new(NodeIx(from), NodeIx(to))
            }
        })
        .collect();
    let (ted, graph) = builder.done();
    let free = capacities(&graph);
    for apart in [Diversity::Link, Diversity::Node, Diversity::Srlg] {
        let mut times = Vec::new();
        let mut last = None;
        for _ in 0..5 {
            let (time, placement) =
                timed(|| Placement::new(&Arc::new(graph.clone()), &free, &requests, apart));
            times.push(time);
            last = Some(placement);
        }
        let time = median(&mut times);
        let what = format!("120 routers, 1,000 services, {apart:?}-disjoint backups: all paths");
        report.promise(&what, format!("{time:.1?}"), "under 50 ms", time < Duration::from_millis(50));
        let Some(mut placement) = last else { continue };
        let (time, changed) =
            timed(|| (0..graph.edge_count() / 2).map(|link| placement.without(link).len()).sum::<usize>());
        let value = format!("{time:.0?}, {changed} services changed");
        report.promise("  under all single link failures", value, "under 1 s", time < Duration::from_secs(1));
        if apart == Diversity::Link {
            lists(report, &ted, &graph, placement.laid());
        }
    }
}

fn lists(report: &mut Report, ted: &Ted, graph: &Graph, laid: &Ways) {
    let down = EdgeSet::default();
    let (time, count) = timed(|| {
        let mut encoder = Encoder::new(graph, ted, &down);
        let paths = laid.iter().flat_map(|service| [service.path, service.backup]).flatten();
        paths.filter(|path| encoder.encode(path, Dataplane::Srv6, 1).is_ok()).count()
    });
    report.say("  segment lists of all paths and backups", format!("{time:.1?}, {count} lists"));
}

/// Six services of each branch with one of four data centres: the classes in turn, half of them in each direction.
fn requests(branches: usize, core: usize, mstp: u128, mobile: u128) -> Vec<PathRequest> {
    (0..branches * 6)
        .map(|n| {
            let (branch, class) = (NodeIx((core + n / 6) as u32), n % 6);
            let centre = NodeIx([3, 40, 77, 110][n / 6 % 4]);
            let (from, to) = if class % 2 == 0 { (branch, centre) } else { (centre, branch) };
            PathRequest {
                bandwidth: Bandwidth::from_bps(
                    [500_000, 200_000, 1_000_000, 100_000, 2_000_000, 5_000_000][class],
                ),
                prefer: [vec![mstp], vec![], vec![mobile], vec![mstp], vec![], vec![]][class].clone(),
                prefer_over: [mobile, 0, mstp, mobile, 0, 0][class],
                avoid_affinity: if class == 5 { mstp } else { 0 },
                ..PathRequest::new(from, to)
            }
        })
        .collect()
}

/// 120 routers and 10,000 branches of two lines each, 60,000 services of six classes. Branches carry no transit, as a bank has it.
pub fn branches(report: &mut Report) {
    bank(report, "branches without transit", true);
}

/// The same where branches may carry the traffic of others.
pub fn transit(report: &mut Report) {
    bank(report, "branches with transit", false);
}

fn bank(report: &mut Report, which: &str, no_transit: bool) {
    const CORE: usize = 120;
    const BRANCHES: usize = 10_000;
    let mut builder = Builder::new(CORE + BRANCHES);
    builder.mesh(CORE, 300, 200..12_000, 100_000_000_000);
    for branch in CORE..CORE + BRANCHES {
        let first = builder.rng.random_range(0..CORE);
        let second = (first + builder.rng.random_range(1..CORE)) % CORE;
        for (home, affinity, bandwidth) in [(first, "mstp", 4_000_000), (second, "mobile", 200_000_000)] {
            let delay = builder.rng.random_range(2_000..20_000);
            builder.link(&Plan { ends: (branch, home), delay, affinity, bandwidth });
        }
    }
    if no_transit {
        builder.no_transit(CORE..CORE + BRANCHES);
    }
    let (_, graph) = builder.done();
    let bit = |name: &str| graph.affinity_bit(&model::Affinity::lit(name)).unwrap_or(0);
    let (mstp, mobile) = (bit("mstp"), bit("mobile"));
    let requests = requests(BRANCHES, CORE, mstp, mobile);
    let graph = Arc::new(graph);
    let (time, mut placement) =
        timed(|| Placement::new(&graph, &capacities(&graph), &requests, Diversity::Link));
    let without = placement.laid().iter().filter(|service| service.path.is_none()).count();
    let alone = placement.laid().iter().filter(|service| service.backup.is_none()).count();
    let value = format!("{time:.2?} ({without} without path, {alone} without backup)");
    let what = format!("10,120 nodes, {which}, 60,000 services: all paths and backups");
    report.promise(&what, value, "under 5 s", time < Duration::from_secs(5));
    if let Some(most) = most_memory() {
        report.promise("  memory of the whole run", format!("{most} MiB"), "under 1 GiB", most < 1024);
    }
    let mut event = |links: &mut dyn Iterator<Item = usize>| {
        let mut worst = (Duration::ZERO, 0);
        let mut times: Vec<Duration> = links
            .map(|link| {
                let (time, changed) = timed(|| placement.without(link).len());
                worst = worst.max((time, changed));
                time
            })
            .collect();
        (median(&mut times), quantile(&mut times, 0.9), worst)
    };
    let (time, nine, worst) = event(&mut (300..20_300).step_by(97));
    let value =
        format!("{time:.0?} median, {nine:.1?} nine in ten, {:.1?} worst ({} services)", worst.0, worst.1);
    report.promise("  a branch's line fails", value, "under 20 ms", worst.0 < Duration::from_millis(20));
    let (time, nine, worst) = event(&mut (0..300));
    let value =
        format!("{time:.1?} median, {nine:.1?} nine in ten, {:.1?} worst ({} services)", worst.0, worst.1);
    report.promise("  a core line fails", value, "under 20 ms", worst.0 < Duration::from_millis(20));
}
