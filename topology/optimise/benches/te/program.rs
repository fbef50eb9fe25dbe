//! The program as a person calls it: wall time around the whole call, reading and writing included, and what it wrote, judged.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use formats::repetita::{lists, read_repetita};
use model::dense::Instance;

use crate::{Gaps, instances::Published, judge, made::made};

/// How long it may take, as the program is told.
const TIMES: [(&str, Duration); 2] = [("200ms", Duration::from_millis(200)), ("1s", Duration::from_secs(1))];

/// An instance in its files.
struct Case {
    name: String,
    graph: PathBuf,
    demands: PathBuf,
    /// The optimum; none where nobody knows it, and the bound stands for it.
    goal: Option<f64>,
}

/// What came of a call.
struct Called {
    wall: Duration,
    mlu: f64,
    bound: f64,
}

/// Prints the table, where the program was built.
pub fn table(set: &[Published]) {
    println!("\n## The program, one list\n");
    let Some(program) = program() else {
        println!("skipped: there is no program beside this bench; `make build` makes it");
        return;
    };
    let folder = env::temp_dir().join(format!("trunkline-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let mut cases: Vec<Case> = set.iter().map(published).collect();
    cases.push(write_made(&folder, 315));
    let mut over: Vec<(f64, String)> = Vec::new();
    for (asked, time) in TIMES {
        println!("| instance | time | wall | utilisation | gap | bound below it |");
        println!("|---|---|---|---|---|---|");
        let mut gaps = Vec::new();
        for case in &cases {
            let called = call(&program, case, asked, &folder.join("paths"));
            let gap = called.mlu / case.goal.unwrap_or(called.bound) - 1.0;
            if case.goal.is_some() {
                gaps.push((gap, case.name.clone()));
            }
            over.push((called.wall.as_secs_f64() - time.as_secs_f64(), format!("{} {asked}", case.name)));
            println!(
                "| {} | {asked} | {:.4} | {:.6} | {:.3}% | {:.3}% |",
                case.name,
                called.wall.as_secs_f64(),
                called.mlu,
                100.0 * gap,
                100.0 * (1.0 - called.bound / called.mlu)
            );
        }
        println!();
        Gaps::new(gaps)
            .say(&format!("gap of the program at {asked}"), "0.2 s: mean 0.6%; 1 s: 0.3%, worst but one 1%");
    }
    fs::remove_dir_all(&folder).unwrap();
    over.sort_by(|a, b| b.0.total_cmp(&a.0));
    let kept = over.iter().filter(|(over, _)| *over <= 0.0).count();
    let worst: Vec<String> =
        over.iter().take(3).map(|(over, name)| format!("{:+.1} ms {name}", 1e3 * over)).collect();
    println!(
        "wall time within what was asked: {kept} of {}, nearest to it or beyond: {} (target: all)",
        over.len(),
        worst.join(", ")
    );
}

/// The program of the same build: a bench stands in a folder below it.
fn program() -> Option<PathBuf> {
    let own = env::current_exe().ok()?;
    let program = own.parent()?.parent()?.join("trunkline");
    program.is_file().then_some(program)
}

fn published(it: &Published) -> Case {
    Case {
        name: it.name().to_owned(),
        graph: it.graph(),
        demands: it.demands().to_owned(),
        goal: Some(it.srlp.unwrap_or(it.mcf)),
    }
}

/// Writes a made network as files of the published form.
fn write_made(folder: &Path, nodes: u32) -> Case {
    let instance = made(nodes, 7);
    let (mut graph, mut demands) = (String::new(), String::new());
    writeln!(graph, "NODES {nodes}\nlabel x y").unwrap();
    (0..nodes).for_each(|node| writeln!(graph, "n{node} 0 0").unwrap());
    writeln!(graph, "\nEDGES {}\nlabel src dest weight bw delay", instance.edges.len()).unwrap();
    for (place, edge) in instance.edges.iter().enumerate() {
        let (from, to, metric) = (edge.from, edge.to, edge.metric);
        writeln!(graph, "e{place} {from} {to} {metric} {} {}", edge.capacity, edge.delay).unwrap();
    }
    writeln!(demands, "DEMANDS {}\nlabel src dest bw", instance.demands.len()).unwrap();
    for (place, demand) in instance.demands.iter().enumerate() {
        writeln!(demands, "d{place} {} {} {}", demand.from, demand.to, demand.volume).unwrap();
    }
    let case = Case {
        name: format!("made, {nodes} nodes"),
        graph: folder.join("made.graph"),
        demands: folder.join("made.demands"),
        goal: None,
    };
    fs::write(&case.graph, graph).unwrap();
    fs::write(&case.demands, demands).unwrap();
    case
}

fn call(program: &Path, case: &Case, time: &str, out: &Path) -> Called {
    let mut command = Command::new(program);
    command.arg("solve").args([&case.graph, &case.demands]).args(["--time", time, "--out"]).arg(out);
    let begun = Instant::now();
    let output = command.output().unwrap();
    let wall = begun.elapsed();
    assert!(output.status.success(), "{}: {}", case.name, String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8(output.stdout).unwrap();
    let words: Vec<&str> = told.lines().last().unwrap().split(' ').collect();
    let figure = |name: &str| -> f64 {
        let place = words.iter().position(|word| *word == name).unwrap();
        words[place + 1].parse().unwrap()
    };
    let mlu = judged(case, out);
    let said = figure("mlu");
    assert!((mlu / said - 1.0).abs() < 1e-3, "{}: the judge says {mlu}, the program {said}", case.name);
    Called { wall, mlu, bound: figure("bound") }
}

/// The highest utilisation by the lists that were written.
fn judged(case: &Case, out: &Path) -> f64 {
    let (graph, demands) = (fs::read(&case.graph).unwrap(), fs::read(&case.demands).unwrap());
    let instance: Instance = read_repetita(&graph, &demands).unwrap();
    let lists = lists::read(&fs::read(out).unwrap(), &instance).unwrap();
    judge::utilisation(&instance, &lists, &[]).into_iter().fold(0.0, f64::max)
}
