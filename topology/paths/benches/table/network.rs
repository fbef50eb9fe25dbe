//! Generated networks: the same on every machine.

use model::{
    Affinity, Bandwidth, Delay, Fact, Graph, IgpMetric, InterfaceName, Jitter, Link, LinkId, Loss, Node,
    NodeId, Price, TeMetric, Ted,
    link::{Contract, Direction, Encryption, Termination},
    node::MsdSet,
    sr::LabelBlock,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A link that is to be.
pub struct Plan {
    pub ends: (usize, usize),
    pub delay: u64,
    pub affinity: &'static str,
    pub bandwidth: u64,
}

/// A network that is being built.
pub struct Builder {
    pub rng: ChaCha8Rng,
    ted: Ted,
}

impl Builder {
    pub fn new(nodes: usize) -> Self {
        let mut ted = Ted::default();
        for node in (0..nodes).map(node) {
            ted.nodes.insert(node.id.clone(), node);
        }
        Self { rng: ChaCha8Rng::seed_from_u64(7), ted }
    }

    /// A ring with chords over the first nodes.
    pub fn mesh(&mut self, nodes: usize, links: usize, delays: std::ops::Range<u64>, bandwidth: u64) {
        for n in 0..links {
            let ends = if n < nodes {
                (n, (n + 1) % nodes)
            } else {
                let a = self.rng.random_range(0..nodes);
                (a, (a + self.rng.random_range(2..nodes - 1)) % nodes)
            };
            let delay = self.rng.random_range(delays.clone());
            let affinity = ["line1", "line2", "line3"][n % 3];
            self.link(&Plan { ends, delay, affinity, bandwidth });
        }
    }

    pub fn link(&mut self, plan: &Plan) {
        let n = self.ted.links.len();
        let link = link(n, plan, &mut self.rng);
        self.ted.links.insert(link.id.clone(), link);
    }

    /// Lets nodes carry nothing but their own traffic.
    pub fn no_transit(&mut self, nodes: std::ops::Range<usize>) {
        let names = nodes.map(|n| node(n).id);
        names.for_each(|id| {
            if let Some(node) = self.ted.nodes.get_mut(&id) {
                node.overload = true;
            }
        });
    }

    pub fn done(self) -> (Ted, Graph) {
        let graph = Graph::freeze(&self.ted).expect("the generated network is sound");
        (self.ted, graph)
    }
}

fn node(n: usize) -> Node {
    Node {
        id: NodeId::lit(&format!("n{n:05}")),
        role: None,
        site: None,
        location: None,
        labels: Default::default(),
        router_id: [10, 0, (n >> 8) as u8, n as u8].into(),
        locator: format!("fd00:0:{:x}::/48", n + 1).parse().ok().map(Fact::from_file),
        node_sid: Some(Fact::from_file(n as u32)),
        next_csid: None,
        service_function: None,
        srgb: LabelBlock { base: 16_000, size: 16_000 },
        srlb: LabelBlock { base: 15_000, size: 1_000 },
        msd: Fact::from_file(MsdSet { mpls_imposition: 32, srv6_encaps: 32, ..MsdSet::default() }),
        queues: 8,
        overload: false,
        dialect: "openconfig".into(),
        features: model::Features::default(),
    }
}

fn link(n: usize, plan: &Plan, rng: &mut ChaCha8Rng) -> Link {
    let end = |node: usize| Termination {
        node: NodeId::lit(&format!("n{node:05}")),
        interface: InterfaceName::lit(&format!("e{n}")),
    };
    let Plan { ends: (a, z), delay, bandwidth, .. } = *plan;
    let mut way = |node: usize, side: usize| Direction {
        bandwidth: Fact::from_file(Bandwidth::from_bps(bandwidth)),
        delay: Fact::from_file(Delay::from_micros(delay)),
        jitter: Fact::from_file(Jitter::from_micros(rng.random_range(1..400))),
        loss: Fact::from_file(Loss::from_ppb(rng.random_range(0..100_000))),
        igp: Fact::from_file(IgpMetric(delay as u32 / 100 + 1)),
        te: Fact::from_file(TeMetric(rng.random_range(1..100))),
        adjacency_label: None,
        end_x: format!("fd00:0:{:x}:e{side}:{n:x}::", node + 1).parse().ok().map(Fact::from_file),
    };
    Link {
        id: LinkId::lit(&format!("l{n:05}")),
        a: end(a),
        z: end(z),
        a_to_z: way(a, 0),
        z_to_a: way(z, 1),
        affinity: [Affinity::lit(plan.affinity)].into(),
        srlg: [format!("duct{}", n % 60)].into(),
        role: None,
        encryption: if n.is_multiple_of(9) { Encryption::None } else { Encryption::Macsec },
        contract: Contract::default(),
        price: Some(Price(rng.random_range(100..2_000))),
    }
}
