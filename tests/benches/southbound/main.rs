//! The figures of the southbound side, side by side in one run: a small edit on 120 NETCONF routers by the product's own client and
//! by `ncclient`, telemetry over gNMI into `Observed` and by bare tonic, a large link-state table over BGP.
//!
//! `cargo bench -p acceptance --bench southbound [-- --runs N]`. The routers are a process of their own, `trunkline-router`. What is
//! compared takes turns, so that a slow phase of the machine meets both. Tables go to the standard output, progress to the other.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should end")]
#![expect(clippy::disallowed_methods, reason = "what it measures happens in real time")]

#[path = "../whole/call.rs"]
mod call;
mod cpu;
mod edits;
mod lab;
mod linkstate;
#[path = "../whole/machine.rs"]
mod machine;
mod notices;
mod papers;
mod pipe;
mod pump;
mod rival;
#[expect(dead_code, reason = "other benches have other targets")]
#[path = "../whole/series.rs"]
mod series;
#[expect(dead_code, reason = "it can do more than is needed here")]
#[path = "../../tests/demo/stage.rs"]
mod stage;
mod telemetry;
mod transaction;

use lab::Lab;
use netconf::device::Library;
use papers::Papers;
use series::{Row, Series, Target};

/// As in the programs.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Runs where nobody says how many.
const RUNS: usize = 5;
/// Rounds that are measured in a run over NETCONF, after one that is not.
const ROUNDS: usize = 4;
/// Routers of the CEB case.
const ROUTERS: usize = 120;

fn main() {
    let Some(words) = call::words() else { return };
    let runs = call::runs(&words, RUNS);
    let before = machine::load();
    let [whole, parts] = over_netconf(runs);
    let tables = [whole, parts, over_gnmi(runs), over_bgp(runs)];
    println!("\n{}", machine::told(&before));
    for table in tables {
        let rows: Vec<Series<'_>> = table.rows.iter().map(Row::series).collect();
        println!("\n{}\n\n{}", table.title, series::table(&rows));
    }
}

/// Rows that belong together.
struct Table {
    title: &'static str,
    rows: Vec<Row>,
}

/// What was measured over NETCONF, each in the order of the rounds.
#[derive(Default)]
struct Netconf {
    ours: Vec<transaction::Round>,
    theirs: Vec<rival::Round>,
    /// Processor seconds of the client without SSH, sockets and routers.
    pipe: Vec<f64>,
}

fn over_netconf(runs: usize) -> [Table; 2] {
    let python = rival::python();
    if python.is_none() {
        eprintln!("tests/.venv has no ncclient (`make setup` brings it): it is not measured");
    }
    let (lab, library) = (Lab::start(ROUTERS), Library::default());
    let mut all = Netconf::default();
    // Rounds are counted through: each that is measured writes another destination than the one before it.
    let mut next = 0;
    let mut first = || {
        next += ROUNDS + 1;
        next
    };
    for run in 0..runs {
        eprintln!("NETCONF, run {} of {runs}: our own client", run + 1);
        all.ours.extend(transaction::run(&lab, &library, first()));
        if let Some(python) = &python {
            eprintln!("NETCONF, run {} of {runs}: ncclient", run + 1);
            all.theirs.extend(rival::run(python, &lab, first()));
        }
        eprintln!("NETCONF, run {} of {runs}: without SSH", run + 1);
        all.pipe.extend(pipe::run(&lab, pipe::record(&lab), &library, first()));
    }
    [all.side_by_side(python.is_some()), all.parts()]
}

impl Netconf {
    fn side_by_side(&self, rival_is_there: bool) -> Table {
        let ours = |value: fn(&transaction::Round) -> f64| self.ours.iter().map(value).collect::<Vec<_>>();
        let theirs = |value: fn(&rival::Round) -> f64| self.theirs.iter().map(value).collect::<Vec<_>>();
        let (wall, client) = (ours(|round| round.wall), ours(|round| round.client));
        let (their_wall, their_client) = (theirs(|round| round.wall), theirs(|round| round.client));
        let share = |ours: &[f64], theirs: &[f64]| -> Vec<f64> {
            ours.iter().zip(theirs).map(|(ours, theirs)| 100.0 * ours / theirs).collect()
        };
        let (wall_share, client_share) = (share(&wall, &their_wall), share(&client, &their_client));
        let change = format!(
            "{ROUTERS} routers, one small edit each, sessions open: candidate, confirmed commit, read-back, confirm"
        );
        let rival = match rival_is_there {
            true => format!("the same by ncclient in {ROUTERS} threads"),
            false => "the same by ncclient: not measured, tests/.venv has none".to_owned(),
        };
        let rows = vec![
            Row::new(change, Target::Worst(1.0), "s", wall),
            Row::new(rival, Target::None, "s", their_wall),
            Row::new("ours, of ncclient's", Target::Worst(100.0), "%", wall_share),
            Row::new("processor time of our client", Target::None, "s", client),
            Row::new("processor time of ncclient", Target::None, "s", their_client),
            Row::new("ours, of ncclient's", Target::Worst(20.0), "%", client_share),
            Row::new("processor time of the routers, ours", Target::None, "s", ours(|round| round.routers)),
            Row::new(
                "processor time of the routers, ncclient",
                Target::None,
                "s",
                theirs(|round| round.routers),
            ),
        ];
        Table { title: "A small edit on every router over NETCONF", rows }
    }

    fn parts(&self) -> Table {
        let step = |at: usize| self.ours.iter().map(|round| 1e3 * round.steps[at]).collect::<Vec<_>>();
        let pipe: Vec<f64> = self.pipe.iter().map(|seconds| 1e3 * seconds).collect();
        let rest: Vec<f64> =
            self.ours.iter().zip(&pipe).map(|(round, pipe)| 1e3 * round.client - pipe).collect();
        let routers: Vec<f64> = self.ours.iter().map(|round| 1e3 * round.routers).collect();
        let row = |what: &str, values| Row::new(what, Target::None, "ms", values);
        let rows = vec![
            row("wall time: stage everywhere (locks, discard, edit)", step(0)),
            row("wall time: commit everywhere", step(1)),
            row("wall time: read-back everywhere", step(2)),
            row("wall time: confirm everywhere (commit, unlock)", step(3)),
            row("processor: client, rendering, XML and session (the same over pipes in memory)", pipe),
            row("processor: client, SSH, sockets and waking threads (the rest of it)", rest),
            row("processor: the routers' process, in steps of 10 ms", routers),
        ];
        Table { title: "Where the time goes", rows }
    }
}

fn over_gnmi(runs: usize) -> Table {
    let papers = Papers::new();
    let (mut core, mut clock, mut bare, mut share) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for run in 0..runs {
        eprintln!("gNMI, run {} of {runs}", run + 1);
        let (theirs, ours) = telemetry::run(&papers);
        core.push(ours.by_core);
        clock.push(ours.by_clock);
        bare.push(theirs.by_core);
        share.push(100.0 * ours.by_core / theirs.by_core);
    }
    let second = "updates/s";
    let rows = vec![
        Row::new(
            "leaf updates into `Observed`, by processor time of the client's one thread",
            Target::AtLeast(200_000.0),
            second,
            core,
        ),
        Row::new("the same by the clock", Target::AtLeast(200_000.0), second, clock),
        Row::new(
            "bare tonic decodes the same stream, by processor time of its one thread",
            Target::Much,
            second,
            bare,
        ),
        Row::new("ours, of bare tonic's", Target::AtLeast(60.0), "%", share),
    ];
    Table { title: "Telemetry over gNMI", rows }
}

fn over_bgp(runs: usize) -> Table {
    eprintln!("BGP-LS, {runs} runs");
    let (table, facts) = linkstate::run(runs);
    let rows = vec![
        Row::new(
            "10,000 routers, 40,000 links, 120,000 routes: octets to table and facts",
            Target::Worst(3.0),
            "s",
            facts,
        ),
        Row::new("of it, octets to table", Target::None, "s", table),
    ];
    Table { title: "A link-state table over BGP", rows }
}
