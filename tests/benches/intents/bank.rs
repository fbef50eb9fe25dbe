//! A bank of 10,000 branches that carry no traffic of others, each with a private line and a mobile one to two of 120 core routers, and six intents for all of them.

use std::fmt::Write as _;

const CORE: usize = 120;
const BRANCHES: usize = 10_000;
/// The core routers of the data centres.
const CENTRES: [usize; 4] = [3, 40, 77, 110];

/// Numbers that look arbitrary and are the same everywhere (Knuth's generator of 64 bits).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }
}

/// The links as they are written, with interfaces counted at each node.
struct Links {
    text: String,
    interfaces: Vec<usize>,
}

impl Links {
    /// Between two nodes; the delay is in tenths of a millisecond, and the metric follows it.
    fn add(&mut self, ends: [(usize, String); 2], bandwidth: &str, delay: usize, kind: &str) {
        let [a, z] = ends.map(|(node, name)| {
            self.interfaces[node] += 1;
            format!("{name}:eth{}", self.interfaces[node])
        });
        // Writing into a string cannot fail.
        let _ = writeln!(
            self.text,
            "  - {{a: \"{a}\", z: \"{z}\", bandwidth: {bandwidth}, delay: {}.{}ms, jitter: 0.2ms, igp: {delay}, affinity: [{kind}], role: {kind}}}",
            delay / 10,
            delay % 10
        );
    }
}

fn core(n: usize) -> (usize, String) {
    (n, format!("core-{n:03}"))
}

fn branch(n: usize) -> (usize, String) {
    (CORE + n, format!("br-{n:05}"))
}

/// `network.yaml`.
pub fn network() -> String {
    let mut numbers = Numbers(7);
    let mut text = String::from("apiVersion: trunkline/v1\nkind: Network\nnodes:\n");
    for node in 0..CORE + BRANCHES {
        let (name, role) = match node.checked_sub(CORE) {
            // The lines of a branch are for its own traffic: it has the overload bit.
            Some(n) => (branch(n).1, "branch, overload: true"),
            None if CENTRES.contains(&node) => (core(node).1, "dc"),
            None => (core(node).1, "core"),
        };
        let number = node + 1;
        let _ = writeln!(
            text,
            "  - {{name: {name}, role: {role}, routerId: 10.0.{}.{}, locator: \"fd00:0:{number:x}::/48\", queues: 8}}",
            number / 256,
            number % 256
        );
    }
    let mut links = Links { text: String::from("links:\n"), interfaces: vec![0; CORE + BRANCHES] };
    for n in 0..CORE {
        links.add([core(n), core((n + 1) % CORE)], "100Gbps", 2 + numbers.below(60), "core");
    }
    for _ in 0..180 {
        let a = numbers.below(CORE);
        let z = (a + 1 + numbers.below(CORE - 1)) % CORE;
        links.add([core(a), core(z)], "100Gbps", 2 + numbers.below(120), "core");
    }
    for n in 0..BRANCHES {
        let first = numbers.below(CORE);
        let second = (first + 1 + numbers.below(CORE - 1)) % CORE;
        links.add([branch(n), core(first)], "4Mbps", 20 + numbers.below(80), "mstp");
        links.add([branch(n), core(second)], "200Mbps", 50 + numbers.below(150), "mobile");
    }
    text + &links.text
}

/// Six classes: name, value, code point, queue, bandwidth, line.
const CLASSES: [(&str, u32, &str, &str, &str, &str); 6] = [
    ("payments", 100, "af41", "af4", "500kbps", "mstp"),
    ("voice", 90, "ef", "ef", "200kbps", ""),
    ("teller", 80, "af21", "af2", "100kbps", "mstp"),
    ("video", 60, "af31", "af3", "1Mbps", "mobile"),
    ("office", 40, "af11", "af1", "1Mbps", ""),
    ("bulk", 10, "cs1", "be", "2Mbps", "mobile"),
];

/// The intents: a hub for each branch, in every class.
pub fn intents() -> String {
    let mut text = String::from(
        "apiVersion: trunkline/v1\nkind: QosProfile\nmetadata: {name: six}\nspec:\n  queues:\n    ef: {discipline: strict}\n",
    );
    for (queue, weight) in [("af4", 30), ("af3", 20), ("af2", 15), ("af1", 10), ("be", 5)] {
        let _ = writeln!(text, "    {queue}: {{discipline: weighted, weight: {weight}}}");
    }
    for (name, value, dscp, queue, bandwidth, line) in CLASSES {
        let prefer =
            if line.is_empty() { String::new() } else { format!(", prefer: [{{affinity: {line}}}]") };
        let _ = write!(
            text,
            "---\napiVersion: trunkline/v1\nkind: TrafficClass\nmetadata: {{name: {name}}}\n\
             spec: {{value: {value}, dscp: [{dscp}], queue: {queue}, profile: six}}\n---\n\
             apiVersion: trunkline/v1\nkind: ServiceIntent\nmetadata: {{name: {name}}}\nspec:\n  \
             connectivity: {{type: hub-spoke, hubs: {{role: dc}}, spokes: {{role: branch}}, pairing: alternate}}\n  \
             vrf: bank\n  class: {name}\n  slo: {{oneWayDelay: 80ms, bandwidth: {bandwidth}}}\n  path: {{dataplane: srv6{prefer}}}\n"
        );
    }
    text
}
