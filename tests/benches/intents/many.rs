//! Very many intents in one file.

use std::fmt::Write as _;

/// Class, code point, queue.
const CLASSES: [(&str, &str, &str); 6] = [
    ("voice", "ef", "ef"),
    ("payments", "af41", "af4"),
    ("video", "af31", "af3"),
    ("teller", "af21", "af2"),
    ("office", "af11", "af1"),
    ("bulk", "cs1", "be"),
];

/// Classes, and so many promises between pairs of nodes: six for each pair.
pub fn intents(nodes: &[String], count: usize) -> String {
    let mut text = String::from(
        "apiVersion: trunkline/v1\nkind: QosProfile\nmetadata: {name: six}\nspec:\n  queues:\n    ef: {discipline: strict}\n",
    );
    // Writing into a string cannot fail.
    for (queue, weight) in [("af4", 30), ("af3", 20), ("af2", 15), ("af1", 10), ("be", 5)] {
        let _ = writeln!(text, "    {queue}: {{discipline: weighted, weight: {weight}}}");
    }
    for (name, dscp, queue) in CLASSES {
        let _ = write!(
            text,
            "---\napiVersion: trunkline/v1\nkind: TrafficClass\nmetadata: {{name: {name}}}\n\
             spec: {{value: 50, dscp: [{dscp}], queue: {queue}, profile: six}}\n"
        );
    }
    let pairs = nodes.iter().enumerate().flat_map(|(at, a)| nodes[at + 1..].iter().map(move |z| (a, z)));
    let services = pairs.flat_map(|ends| CLASSES.map(|class| (ends, class)));
    for (n, ((a, z), (class, dscp, _))) in services.take(count).enumerate() {
        let (high, low) = (n / 256, n % 256);
        let _ = write!(
            text,
            "---\n# {class} between two offices, ordered with change CHG{n:06}.\napiVersion: trunkline/v1\nkind: ServiceIntent\n\
             metadata:\n  name: {class}-{n:05}\n  owner: netops\n  labels: {{change: CHG{n:06}, office: \"{n}\"}}\nspec:\n  \
             connectivity:\n    type: p2p\n    endpoints: [{a}, {z}]\n    bidirectional: false\n  \
             match:\n    - {{prefix: 10.{high}.{low}.0/24, dscp: [{dscp}]}}\n  vrf: office\n  class: {class}\n  \
             slo: {{oneWayDelay: 150ms, jitter: 40ms, loss: 2%, bandwidth: 64kbps}}\n  path: {{dataplane: srv6, minimise: delay}}\n"
        );
    }
    text
}
