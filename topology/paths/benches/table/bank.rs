//! A bank's networks: all paths with their backups, and what a failing link costs.

use std::{sync::Arc, time::Duration};

use model::{
    Bandwidth, EdgeIx, Graph, NodeIx, Ted,
    intent::{Diversity, Minimise},
    sr::Dataplane,
};
use paths::{EdgeSet, Encoder, Finder, PathRequest, capacities};
use rand::Rng;

use crate::{
    network::{Builder, Plan},
    report::{Report, median, most_memory, quantile, timed},
};

/// A service with the paths that it has.
struct Placed {
    request: PathRequest,
    path: Vec<EdgeIx>,
    backup: Vec<EdgeIx>,
}

/// Places all services in turn, each with a backup; bandwidth is taken by paths.
fn place(finder: &mut Finder, free: &mut [u64], requests: &[PathRequest], apart: Diversity) -> Vec<Placed> {
    let mut placed = Vec::with_capacity(requests.len());
    for request in requests {
        let path = finder.shortest(free, request).map_or_else(|_| Vec::new(), |found| found.edges);
        let backup = back_up(finder, free, request, &path, apart);
        take(free, &path, request.bandwidth.as_bps());
        placed.push(Placed { request: request.clone(), path, backup });
    }
    placed
}

fn back_up(
    finder: &mut Finder,
    free: &[u64],
    request: &PathRequest,
    path: &[EdgeIx],
    apart: Diversity,
) -> Vec<EdgeIx> {
    finder.backup(free, request, path, apart).map_or_else(|_| Vec::new(), |backup| backup.found.edges)
}

fn take(free: &mut [u64], path: &[EdgeIx], bandwidth: u64) {
    path.iter().for_each(|edge| free[edge.ix()] = free[edge.ix()].saturating_sub(bandwidth));
}

/// Which services use each link.
fn riders(graph: &Graph, placed: &[Placed]) -> Vec<Vec<u32>> {
    let mut riders = vec![Vec::new(); graph.edge_count() / 2];
    for (number, service) in (0..).zip(placed) {
        let mut links: Vec<usize> =
            service.path.iter().chain(&service.backup).map(|edge| edge.link()).collect();
        links.sort_unstable();
        links.dedup();
        links.iter().for_each(|link| riders[*link].push(number));
    }
    riders
}

/// What a failing link makes of the services on it: new paths and new backups. Returns how many these are.
fn fail(
    finder: &mut Finder,
    free: &mut [u64],
    placed: &[Placed],
    riders: &[u32],
    link: usize,
    apart: Diversity,
) -> usize {
    let mut changed = Vec::with_capacity(riders.len());
    let edges = [EdgeIx(2 * link as u32), EdgeIx(2 * link as u32 + 1)];
    // A link that is down has nothing free for anybody.
    let before = edges.map(|edge| std::mem::take(&mut free[edge.ix()]));
    for number in riders {
        let service = &placed[*number as usize];
        let bandwidth = service.request.bandwidth.as_bps();
        let hit = service.path.iter().any(|edge| edge.link() == link);
        let path = if hit {
            service
                .path
                .iter()
                .filter(|edge| edge.link() != link)
                .for_each(|edge| free[edge.ix()] += bandwidth);
            let path =
                finder.shortest(free, &service.request).map_or_else(|_| Vec::new(), |found| found.edges);
            take(free, &path, bandwidth);
            path
        } else {
            service.path.clone()
        };
        let backup = back_up(finder, free, &service.request, &path, apart);
        changed.push((path, backup, hit));
    }
    // The network as it was, for the next link.
    for (number, (path, _, hit)) in riders.iter().zip(&changed).rev() {
        let service = &placed[*number as usize];
        let bandwidth = service.request.bandwidth.as_bps();
        if *hit {
            path.iter().for_each(|edge| free[edge.ix()] += bandwidth);
            let others = service.path.iter().filter(|edge| edge.link() != link);
            others.for_each(|edge| free[edge.ix()] = free[edge.ix()].saturating_sub(bandwidth));
        }
    }
    for (edge, before) in edges.into_iter().zip(before) {
        free[edge.ix()] = before;
    }
    changed.len()
}

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
    for apart in [Diversity::Link, Diversity::Node, Diversity::Srlg] {
        let mut times = Vec::new();
        let mut last = None;
        for _ in 0..5 {
            let (time, placed) = timed(|| {
                let mut free = capacities(&graph);
                let mut finder = Finder::new(Arc::new(graph.clone()));
                let placed = place(&mut finder, &mut free, &requests, apart);
                (finder, free, placed)
            });
            times.push(time);
            last = Some(placed);
        }
        let time = median(&mut times);
        let what = format!("120 routers, 1,000 services, {apart:?}-disjoint backups: all paths");
        report.promise(&what, format!("{time:.1?}"), "under 50 ms", time < Duration::from_millis(50));
        let Some((mut finder, mut free, placed)) = last else { continue };
        let riders = riders(&graph, &placed);
        let (time, changed) = timed(|| {
            (0..graph.edge_count() / 2)
                .map(|link| fail(&mut finder, &mut free, &placed, &riders[link], link, apart))
                .sum::<usize>()
        });
        let value = format!("{time:.0?}, {changed} services changed");
        report.promise("  under all single link failures", value, "under 1 s", time < Duration::from_secs(1));
        if apart == Diversity::Link {
            lists(report, &ted, &graph, &placed);
        }
    }
}

fn lists(report: &mut Report, ted: &Ted, graph: &Graph, placed: &[Placed]) {
    let down = EdgeSet::default();
    let (time, count) = timed(|| {
        let mut encoder = Encoder::new(graph, ted, &down);
        let paths = placed.iter().flat_map(|service| [&service.path, &service.backup]);
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
    let mut finder = Finder::new(Arc::new(graph.clone()));
    let mut free = capacities(&graph);
    let (time, placed) = timed(|| place(&mut finder, &mut free, &requests, Diversity::Link));
    let without = placed.iter().filter(|service| service.path.is_empty()).count();
    let alone = placed.iter().filter(|service| service.backup.is_empty()).count();
    let value = format!("{time:.2?} ({without} without path, {alone} without backup)");
    let what = format!("10,120 nodes, {which}, 60,000 services: all paths and backups");
    report.promise(&what, value, "under 5 s", time < Duration::from_secs(5));
    if let Some(most) = most_memory() {
        report.promise("  memory of the whole run", format!("{most} MiB"), "under 1 GiB", most < 1024);
    }
    let riders = riders(&graph, &placed);
    let mut event = |links: &mut dyn Iterator<Item = usize>| {
        let mut worst = (Duration::ZERO, 0);
        let mut times: Vec<Duration> = links
            .map(|link| {
                let (time, changed) =
                    timed(|| fail(&mut finder, &mut free, &placed, &riders[link], link, Diversity::Link));
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
