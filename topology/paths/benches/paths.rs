//! Times of the path engine on a generated network of 120 nodes and 500 edges: `cargo bench -p paths`.
//! The allocation counts show that a search allocates its answer and nothing else.

use divan::{AllocProfiler, Bencher, counter::ItemsCount};
use model::{
    Affinity, Bandwidth, Delay, EdgeIx, Fact, Graph, IgpMetric, InterfaceName, Jitter, Link, LinkId, Loss,
    Node, NodeId, NodeIx, Price, TeMetric, Ted,
    intent::{Diversity, Minimise},
    link::{Contract, Direction, Encryption, Termination},
    node::MsdSet,
    sr::{Dataplane, LabelBlock},
};
use paths::{EdgeSet, Encoder, PathRequest, Workspace, backup, capacities, shortest, why_not};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const NODES: usize = 120;
const LINKS: usize = 250;

fn main() {
    divan::main();
}

/// A ring with chords, so that everything is reachable over several ways.
fn network() -> Ted {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut ted = Ted::default();
    for n in 0..NODES {
        let node = node(n);
        ted.nodes.insert(node.id.clone(), node);
    }
    for n in 0..LINKS {
        let (a, z) = if n < NODES {
            (n, (n + 1) % NODES)
        } else {
            let a = rng.random_range(0..NODES);
            (a, (a + rng.random_range(2..NODES - 1)) % NODES)
        };
        let link = link(n, a, z, &mut rng);
        ted.links.insert(link.id.clone(), link);
    }
    ted
}

fn node(n: usize) -> Node {
    Node {
        id: NodeId::lit(&format!("n{n:03}")),
        role: None,
        site: None,
        location: None,
        labels: Default::default(),
        router_id: [10, 0, 0, n as u8].into(),
        locator: format!("fd00:0:{:x}::/48", n + 1).parse().ok().map(Fact::from_file),
        node_sid: Some(Fact::from_file(n as u32)),
        next_csid: None,
        service_function: None,
        srgb: LabelBlock { base: 16_000, size: 8_000 },
        srlb: LabelBlock { base: 15_000, size: 1_000 },
        msd: Fact::from_file(MsdSet { mpls_imposition: 32, srv6_encaps: 32, ..MsdSet::default() }),
        queues: 8,
        overload: false,
        dialect: "openconfig".into(),
        features: model::Features::default(),
    }
}

fn link(n: usize, a: usize, z: usize, rng: &mut ChaCha8Rng) -> Link {
    let end = |node: usize| Termination {
        node: NodeId::lit(&format!("n{node:03}")),
        interface: InterfaceName::lit(&format!("e{n}")),
    };
    let delay = rng.random_range(200..12_000);
    let mut way = |node: usize, side: usize| Direction {
        bandwidth: Fact::from_file(Bandwidth::from_bps(10_000_000_000)),
        delay: Fact::from_file(Delay::from_micros(delay)),
        jitter: Fact::from_file(Jitter::from_micros(rng.random_range(1..400))),
        loss: Fact::from_file(Loss::from_ppb(rng.random_range(0..100_000))),
        igp: Fact::from_file(IgpMetric(delay as u32 / 100 + 1)),
        te: Fact::from_file(TeMetric(rng.random_range(1..100))),
        adjacency_label: None,
        end_x: format!("fd00:0:{:x}:e{n:03}:{side}::", node + 1).parse().ok().map(Fact::from_file),
    };
    Link {
        id: LinkId::lit(&format!("l{n:03}")),
        a: end(a),
        z: end(z),
        a_to_z: way(a, 0),
        z_to_a: way(z, 1),
        affinity: [Affinity::lit(["line1", "line2", "line3"][n % 3])].into(),
        srlg: [format!("duct{}", n % 60)].into(),
        role: None,
        encryption: if n.is_multiple_of(9) { Encryption::None } else { Encryption::Macsec },
        contract: Contract::default(),
        price: Some(Price(rng.random_range(100..2_000))),
    }
}

/// Every node to the one half-way around, one query after the other.
fn each(bencher: Bencher<'_, '_>, mut query: impl FnMut(&Graph, &[u64], PathRequest, &mut Workspace)) {
    let graph = Graph::freeze(&network()).expect("the generated network is sound");
    let free = capacities(&graph);
    let mut workspace = Workspace::new();
    let mut turn = 0;
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        turn = (turn + 1) % NODES as u32;
        let request = PathRequest::new(NodeIx(turn), NodeIx((turn + 60) % NODES as u32));
        query(&graph, &free, request, &mut workspace);
    });
}

#[divan::bench]
fn plain(bencher: Bencher<'_, '_>) {
    each(bencher, |graph, free, request, workspace| {
        divan::black_box(shortest(graph, free, &request, workspace).is_ok());
    });
}

#[divan::bench]
fn pruned_and_preferred(bencher: Bencher<'_, '_>) {
    each(bencher, |graph, free, mut request, workspace| {
        request.bandwidth = Bandwidth::from_bps(1_000_000_000);
        request.encrypted = true;
        request.excluded.srlgs.insert(7);
        request.prefer = vec![1, 2, 4];
        divan::black_box(shortest(graph, free, &request, workspace).is_ok());
    });
}

#[divan::bench]
fn three_bounds_that_bite(bencher: Bencher<'_, '_>) {
    each(bencher, |graph, free, mut request, workspace| {
        request.minimise = Minimise::Price;
        request.bounds.delay = Some(Delay::from_micros(22_000));
        request.bounds.jitter = Some(Jitter::from_micros(1_500));
        request.bounds.loss = Some(Loss::from_ppb(400_000));
        divan::black_box(shortest(graph, free, &request, workspace).is_ok());
    });
}

#[divan::bench(args = [Diversity::Link, Diversity::Node, Diversity::Srlg])]
fn path_and_backup(bencher: Bencher<'_, '_>, diversity: Diversity) {
    each(bencher, |graph, free, request, workspace| {
        let primary: Vec<EdgeIx> =
            shortest(graph, free, &request, workspace).map_or_else(|_| Vec::new(), |found| found.edges);
        divan::black_box(backup(graph, free, &request, &primary, diversity, workspace).is_ok());
    });
}

#[divan::bench]
fn no_path_explained(bencher: Bencher<'_, '_>) {
    each(bencher, |graph, free, mut request, workspace| {
        request.bounds.delay = Some(Delay::from_micros(1_000));
        request.encrypted = true;
        divan::black_box(why_not(graph, free, &request, workspace).is_some());
    });
}

#[divan::bench]
fn encode_with_trees_at_hand(bencher: Bencher<'_, '_>) {
    let ted = network();
    let graph = Graph::freeze(&ted).expect("the generated network is sound");
    let down = EdgeSet::default();
    let mut encoder = Encoder::new(&graph, &ted, &down);
    each(bencher, |graph, free, request, workspace| {
        let path =
            shortest(graph, free, &request, workspace).map_or_else(|_| Vec::new(), |found| found.edges);
        divan::black_box(encoder.encode(&path, Dataplane::Srv6, 1).is_ok());
    });
}
