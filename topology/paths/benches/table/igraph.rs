//! python-igraph on the same graph, in a process of its own: only its search is timed, not its start.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

const SCRIPT: &str = "
import sys, time, statistics
try:
    import igraph
except ImportError:
    print('no igraph'); sys.exit(0)
head = sys.stdin.readline().split()
nodes, count = int(head[0]), int(head[1])
sources = [int(word) for word in sys.stdin.readline().split()]
edges, weights = [], []
for _ in range(count):
    a, z, w = sys.stdin.readline().split()
    edges.append((int(a), int(z))); weights.append(int(w))
graph = igraph.Graph(n=nodes, edges=edges, directed=True)
graph.es['w'] = weights
times = []
for source in sources:
    start = time.perf_counter()
    graph.distances(source=source, weights='w', mode='out')
    times.append(time.perf_counter() - start)
print(int(statistics.median(times) * 1e9))
";

/// The median time of a tree.
pub fn tree(edges: &[(u32, u32, u64)], nodes: usize, sources: &[u32]) -> Result<Duration, String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/.venv/bin/python");
    let python = std::env::var_os("PATHS_BENCH_PYTHON").map_or(beside, PathBuf::from);
    if !python.exists() {
        return Err("tests/.venv has no python".to_owned());
    }
    let mut child = Command::new(python)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut text = format!("{nodes} {}\n", edges.len());
    text += &sources.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
    text.push('\n');
    for (a, z, weight) in edges {
        text += &format!("{a} {z} {weight}\n");
    }
    let written = child.stdin.take().map(|mut pipe| pipe.write_all(text.as_bytes()));
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    drop(written);
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    said.parse().map(Duration::from_nanos).map_err(|_| format!("it said `{said}`"))
}
