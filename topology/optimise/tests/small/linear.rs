//! Bounds and divided answers against linear programs, which another solver solves from the instance alone.

use std::{
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use model::dense::Instance;
use optimise::{Budget, Closed, Options, solve};

use crate::networks;

/// Segments of the lists that the second program knows.
const SEGMENTS: usize = 3;

/// A linear program is solved to this, and single precision steers the search.
const ROUND: f64 = 1e-5;

/// The optimum of multi-commodity flow, and of divided lists of node segments.
struct Optimum {
    flow: f64,
    lists: f64,
}

/// The interpreter that has `highspy`.
fn python() -> Option<PathBuf> {
    let given = std::env::var_os("TRUNKLINE_PYTHON").map(PathBuf::from);
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/.venv/bin/python");
    given.or_else(|| usual.exists().then_some(usual))
}

fn optima(python: &Path, instances: &[Instance]) -> Vec<Optimum> {
    let mut text = format!("{SEGMENTS} {}\n", instances.len());
    for Instance { nodes, edges, demands } in instances {
        let real: Vec<_> = demands.iter().filter(|demand| demand.from != demand.to).collect();
        let _ = writeln!(text, "{nodes} {} {}", edges.len(), real.len());
        for edge in edges {
            let _ = writeln!(text, "{} {} {} {}", edge.from, edge.to, edge.metric, edge.capacity);
        }
        for demand in real {
            let _ = writeln!(text, "{} {} {}", demand.from, demand.to, demand.volume);
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/small/linear.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the interpreter starts");
    let mut pipe = child.stdin.take().expect("its input is a pipe");
    pipe.write_all(text.as_bytes()).expect("it reads");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "the linear programs were not solved");
    let text = String::from_utf8(output.stdout).expect("it prints text");
    let row = |row: &str| {
        let mut numbers = row.split(' ').map(|word| word.parse().expect("it prints numbers"));
        Optimum { flow: numbers.next().expect("two"), lists: numbers.next().expect("two") }
    };
    text.lines().map(row).collect()
}

/// What is reached is no better than the optimum and hardly worse, and the bound is below it, by not more than `slack`.
fn check(case: &str, instance: &Instance, options: &Options, optimum: f64, slack: f64) {
    let solution = solve(instance, options, Budget::Effort(20)).expect("every demand has a way");
    let (mlu, bound) = (crate::mlu(instance, &solution.lists), solution.bound);
    assert!(bound <= optimum * (1.0 + ROUND), "{case}: {bound} is no bound of {optimum}");
    assert!(mlu >= optimum * (1.0 - ROUND), "{case}: {mlu} is better than the optimum {optimum}");
    assert!(bound >= optimum * (1.0 - slack) - ROUND, "{case}: {bound} is far below {optimum}");
    if options.lists > 1 {
        assert!(mlu <= optimum * (1.0 + slack) + ROUND, "{case}: {mlu} is far above {optimum}");
    }
}

#[test]
fn linear_programs_confirm_bounds_and_divided_answers() {
    let Some(python) = python() else {
        let why = "neither TRUNKLINE_PYTHON is set nor tests/.venv/bin/python there: `make setup` makes it";
        // `make test` installs everything and sets this, so there it fails.
        assert!(
            std::env::var("TRUNKLINE_PEERS").as_deref() != Ok("required"),
            "TRUNKLINE_PEERS=required, and {why}"
        );
        println!("skipped: {why}");
        return;
    };
    let instances: Vec<Instance> = (0..30).map(|seed| networks::random(seed, 7, 14)).collect();
    let optima = optima(&python, &instances);
    assert_eq!(optima.len(), instances.len());
    for (seed, (instance, optimum)) in instances.iter().zip(&optima).enumerate() {
        assert!(optimum.flow <= optimum.lists * (1.0 + ROUND), "seed {seed}: lists are a routing");
        let case = |what: &str| format!("seed {seed}, {what}");
        let floor =
            optimise::floor(instance, &Closed::default(), 20, f64::INFINITY).expect("it is connected");
        let near = optimum.flow * (1.0 - 0.01) - ROUND..=optimum.flow * (1.0 + ROUND);
        assert!(near.contains(&floor), "seed {seed}: {floor} beside the optimum {}", optimum.flow);
        // Any way through seven nodes is a list of link segments.
        let free = Options { lists: 16, adjacency: true, max_segments: 8, ..Options::default() };
        check(&case("any list"), instance, &free, optimum.flow, 0.01);
        let nodes = Options { lists: 16, max_segments: SEGMENTS, ..Options::default() };
        check(&case("node segments"), instance, &nodes, optimum.lists, 0.01);
        let one = Options { lists: 1, max_segments: SEGMENTS, ..Options::default() };
        check(&case("one list"), instance, &one, optimum.lists, 0.03);
    }
}
