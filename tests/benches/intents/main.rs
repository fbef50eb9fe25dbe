//! The figures of the intents' commands, as continuous integration would get them: `check`, `verify` and `plan` are run as programs.
//!
//! `cargo bench -p acceptance --bench intents [-- --runs N]`; five runs of each, but one of the longest.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should end")]
#![expect(clippy::disallowed_methods, reason = "what it measures happens in real time")]

mod bank;
#[path = "../whole/call.rs"]
mod call;
#[path = "../whole/machine.rs"]
mod machine;
mod many;
#[expect(dead_code, reason = "other benches have other targets")]
#[path = "../whole/series.rs"]
mod series;
#[expect(dead_code, reason = "it can do more than is needed here")]
#[path = "../../tests/demo/stage.rs"]
mod stage;

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Output, Stdio},
    time::Instant,
};

use nix::sys::resource::{UsageWho, getrusage};
use series::{Row, Series, Target};
use stage::{root, trunkline};

/// Runs where nobody says how many.
const RUNS: usize = 5;

fn main() {
    let Some(words) = call::words() else { return };
    let runs = call::runs(&words, RUNS);
    let folder = tempfile::tempdir().unwrap();
    let before = machine::load();
    let rows = [many(folder.path(), runs), ceb(runs), ccb(folder.path(), runs)].concat();
    println!("\n{}\n", machine::told(&before));
    let rows: Vec<Series<'_>> = rows.iter().map(Row::series).collect();
    println!("{}", series::table(&rows));
}

/// Runs a command so many times; it has to end with that code. Gives the seconds that it took, and the last output.
fn timed(arguments: &[&str], runs: usize, code: i32, out: Option<&Path>) -> (Vec<f64>, Output) {
    let mut last = None;
    let seconds = (0..runs.max(1))
        .map(|run| {
            eprintln!("{} ({} of {runs})", arguments[..1].join(" "), run + 1);
            let begun = Instant::now();
            let output = said_to(arguments, out);
            let seconds = begun.elapsed().as_secs_f64();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(
                output.status.code(),
                Some(code),
                "{arguments:?}: {}",
                said.lines().take(20).collect::<Vec<_>>().join("\n")
            );
            last = Some(output);
            seconds
        })
        .collect();
    (seconds, last.unwrap())
}

/// Runs a command; what it says goes to a file where one is given.
fn said_to(arguments: &[&str], out: Option<&Path>) -> Output {
    let mut command = Command::new(trunkline());
    command.args(arguments).stdin(Stdio::null()).stderr(Stdio::piped());
    command.stdout(out.map_or_else(Stdio::piped, |path| File::create(path).unwrap().into()));
    command.spawn().unwrap().wait_with_output().unwrap()
}

/// The most memory that any program run so far has had resident.
fn peak_mib() -> f64 {
    getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss() as f64 / 1024.0
}

/// 10,000 intents in one file, sound and with an error at its end.
fn many(folder: &Path, runs: usize) -> Vec<Row> {
    let network = root().join("lab/ceb.clab.yml");
    let ted = formats::read("ceb.clab.yml", &fs::read_to_string(&network).unwrap()).unwrap().ted;
    let branches =
        ted.nodes.values().filter(|node| node.role.as_ref().is_some_and(|role| role.as_str() == "branch"));
    let branches: Vec<String> = branches.map(|node| node.id.to_string()).collect();
    let text = many::intents(&branches, 10_000);
    let (sound, broken) = (folder.join("many.yaml"), folder.join("broken.yaml"));
    fs::write(&sound, &text).unwrap();
    fs::write(&broken, text.clone() + "  pathh: {}\n").unwrap();
    let network = network.to_str().unwrap();
    let check = |file: &Path, code| {
        timed(&["check", file.to_str().unwrap(), "-n", network, "--format", "json"], runs, code, None)
    };
    let (seconds, _) = check(&sound, 0);
    let memory = peak_mib();
    let (late, output) = check(&broken, 1);
    let last = text.lines().count() + 1;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains(&format!("\"line\":{last}")) || said.contains(&format!("\"line\": {last}")),
        "{said}"
    );
    let size = text.len() as f64 / f64::from(1 << 20);
    vec![
        Row {
            what: format!("check of 10,000 service intents ({size:.1} MiB)"),
            target: Target::Both { median: 1.0, worst: 2.0 },
            unit: "s",
            values: seconds,
        },
        Row {
            what: "memory of it".to_owned(),
            target: Target::Worst(500.0),
            unit: "MiB",
            values: vec![memory],
        },
        Row {
            what: "the same with an error in the last line, told there".to_owned(),
            target: Target::Median(1.0),
            unit: "s",
            values: late,
        },
    ]
}

/// The CEB case under failures.
fn ceb(runs: usize) -> Vec<Row> {
    let (network, intents) = (root().join("lab/ceb.clab.yml"), root().join("intents/examples/ceb"));
    let verify = |failures: &str, runs, code| {
        let (network, intents) = (network.to_str().unwrap(), intents.to_str().unwrap());
        timed(
            &["verify", "-n", network, "-i", intents, "--failures", failures, "--format", "json"],
            runs,
            code,
            None,
        )
        .0
    };
    vec![
        Row {
            what: "verify the CEB case: every link and every SRLG fails".to_owned(),
            target: Target::Median(1.0),
            unit: "s",
            values: verify("link,srlg", runs, 0),
        },
        Row {
            what: "verify the CEB case: every two links fail together".to_owned(),
            target: Target::Median(30.0),
            unit: "s",
            values: verify("two-links", 1, 1),
        },
    ]
}

/// The CCB case as a plan.
fn ccb(folder: &Path, runs: usize) -> Vec<Row> {
    let (network, intents) = (folder.join("network.yaml"), folder.join("intents.yaml"));
    fs::write(&network, bank::network()).unwrap();
    fs::write(&intents, bank::intents()).unwrap();
    let (network, intents) = (network.to_str().unwrap(), intents.to_str().unwrap());
    let plan = |format: &str| {
        let out = folder.join("plan");
        timed(&["plan", "-n", network, "-i", intents, "--format", format], runs, 0, Some(&out)).0
    };
    vec![
        Row {
            what: "plan for the CCB case: 10,120 nodes, 60,000 services".to_owned(),
            target: Target::Median(10.0),
            unit: "s",
            values: plan("text"),
        },
        Row {
            what: "the same as JSON, half a gigabyte of it".to_owned(),
            target: Target::None,
            unit: "s",
            values: plan("json"),
        },
        Row { what: "memory of it".to_owned(), target: Target::None, unit: "MiB", values: vec![peak_mib()] },
    ]
}
