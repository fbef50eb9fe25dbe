//! Published traffic-engineering instances: how good the answers are, how near the bound is, how long it takes.
//!
//! `make bench-te` judges all instances; without `full` only those that were hardest. With `cpu` it counts processor time. Time is
//! wall time from before the files are read until the lists are there, in two threads; in the table `program` it is that of a
//! whole call of the program. What a solution is worth says the judge, not the optimiser. Targets are printed beside the figures and
//! fail nothing: a busy machine is no fault.

#![expect(clippy::unwrap_used, reason = "a figure that cannot be taken ends the bench")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

#[path = "te/clock.rs"]
mod clock;
#[path = "te/failures.rs"]
mod failures;
#[path = "te/instances.rs"]
mod instances;
#[path = "te/judge.rs"]
mod judge;
#[path = "te/made.rs"]
mod made;
#[path = "te/program.rs"]
mod program;

use std::time::Duration;

use clock::Clock;
use instances::Published;
use model::dense::Instance;
use optimise::{Budget, Options, Solution};

/// What can be asked for alone.
const TABLES: [&str; 5] = ["one", "several", "failures", "made", "program"];

/// Of how many instances one has failures: `every=1` tries all, which takes five minutes.
const EVERY: &str = "every=";

fn every() -> Option<usize> {
    let number = std::env::args().find_map(|argument| argument.strip_prefix(EVERY).map(str::to_owned))?;
    Some(number.parse::<usize>().unwrap().max(1))
}

/// A solution, judged.
struct Judged {
    solution: Solution,
    mlu: f64,
    seconds: f64,
}

/// Solves within `time` from `begun`, of which as much is kept as the program keeps, and judges.
fn solve(instance: &Instance, options: &Options, begun: &Clock, time: Duration) -> Judged {
    let allowed = time.saturating_sub(optimise::reserve(instance.demands.len()));
    let allowed = allowed.as_secs_f64().max(f64::MIN_POSITIVE);
    let clock = || begun.elapsed().as_secs_f64() / allowed;
    let solution = optimise::solve(instance, options, Budget::Clock(&clock)).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let utilisation = judge::utilisation(instance, &solution.lists, &options.down);
    let mlu = utilisation.into_iter().fold(0.0, f64::max);
    assert!((mlu / solution.mlu - 1.0).abs() < 1e-5, "the judge says {mlu}, the optimiser {}", solution.mlu);
    Judged { solution, mlu, seconds }
}

fn main() {
    let full = std::env::args().any(|argument| argument == "full");
    let Some(set) = instances::all() else {
        println!("skipped: the published instances are not at {}", instances::folder().display());
        return;
    };
    let (tables, named): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .filter(|name| !name.starts_with('-') && name != "full" && name != "cpu" && !name.starts_with(EVERY))
        .partition(|name| TABLES.contains(&name.as_str()));
    let set: Vec<Published> = set
        .into_iter()
        .filter(|it| full || !named.is_empty() || instances::HARD.contains(&it.name()))
        .filter(|it| named.is_empty() || named.iter().any(|name| it.name().contains(name)))
        .collect();
    println!(
        "{} instances; `full` judges all, a name only its own, a table's name ({TABLES:?}) only that; failures on one of N \
         with `every=N`\n",
        set.len()
    );
    let wanted = |table: &str| tables.is_empty() || tables.iter().any(|name| name == table);
    if wanted("one") {
        one_list(&set);
    }
    if wanted("several") {
        several_lists(&set);
    }
    if wanted("failures") {
        failures::table(&set, every());
    }
    if wanted("made") {
        made::table();
    }
    if wanted("program") {
        program::table(&set);
    }
}

/// Mean, and the worst with their names.
struct Gaps(Vec<(f64, String)>);

impl Gaps {
    fn new(mut gaps: Vec<(f64, String)>) -> Self {
        gaps.sort_by(|a, b| b.0.total_cmp(&a.0));
        Self(gaps)
    }

    fn mean(&self) -> f64 {
        self.0.iter().map(|(gap, _)| gap).sum::<f64>() / self.0.len().max(1) as f64
    }

    fn say(&self, what: &str, targets: &str) {
        let worst: Vec<String> =
            self.0.iter().take(3).map(|(gap, name)| format!("{:.3}% {name}", 100.0 * gap)).collect();
        println!("{what}: mean {:.3}%, worst {} (target: {targets})", 100.0 * self.mean(), worst.join(", "));
    }
}

fn one_list(set: &[Published]) {
    println!("## One list, node segments only\n");
    println!(
        "| instance | optimum | SRLS 1 s | ours 0.2 s | gap | ours 1 s | gap | to SRLS | bound below ours | seconds |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let (mut short, mut long, mut behind) = (Vec::new(), Vec::new(), Vec::new());
    for it in set {
        let time = |time: Duration| {
            let begun = Clock::start();
            solve(&it.read(), &Options::default(), &begun, time)
        };
        let (quick, judged) = (time(Duration::from_millis(200)), time(Duration::from_secs(1)));
        let goal = it.srlp.unwrap_or(it.mcf);
        let gap = |mlu: f64| mlu / goal - 1.0;
        short.push((gap(quick.mlu), it.name().to_owned()));
        long.push((gap(judged.mlu), it.name().to_owned()));
        behind.push((judged.mlu / it.srls - 1.0, it.name().to_owned()));
        // The optima were written with four decimals.
        assert!(judged.solution.bound <= goal + 1e-4 || it.srlp.is_none(), "the bound is one");
        println!(
            "| {} | {goal:.6} | {:.6} | {:.6} | {:.3}% | {:.6} | {:.3}% | {:+.3}% | {:.3}% | {:.3}, {:.3} |",
            it.name(),
            it.srls,
            quick.mlu,
            100.0 * gap(quick.mlu),
            judged.mlu,
            100.0 * gap(judged.mlu),
            100.0 * (judged.mlu / it.srls - 1.0),
            100.0 * (1.0 - judged.solution.bound / judged.mlu),
            quick.seconds,
            judged.seconds
        );
    }
    println!();
    Gaps::new(short).say("gap at 0.2 s", "mean 0.6%");
    Gaps::new(long).say("gap at 1 s", "mean 0.3%, worst but one 1%");
    Gaps::new(behind).say("behind SRLS", "nowhere above 0.5%");
}

fn several_lists(set: &[Published]) {
    println!("\n## Four lists, links as segments, 1 s\n");
    println!("| instance | multi-commodity optimum | ours | gap | bound | below the optimum | seconds |");
    println!("|---|---|---|---|---|---|---|");
    let options = Options { lists: 4, adjacency: true, ..Options::default() };
    let (mut gaps, mut bounds) = (Vec::new(), Vec::new());
    for it in set {
        let begun = Clock::start();
        let judged = solve(&it.read(), &options, &begun, Duration::from_secs(1));
        let (gap, below) = (judged.mlu / it.mcf - 1.0, 1.0 - judged.solution.bound / it.mcf);
        gaps.push((gap, it.name().to_owned()));
        bounds.push((below.abs(), it.name().to_owned()));
        println!(
            "| {} | {:.6} | {:.6} | {:.3}% | {:.6} | {:.3}% | {:.3} |",
            it.name(),
            it.mcf,
            judged.mlu,
            100.0 * gap,
            judged.solution.bound,
            100.0 * below,
            judged.seconds
        );
    }
    println!();
    Gaps::new(gaps).say("gap", "mean 0.05%, worst 0.5%");
    Gaps::new(bounds).say("bound to optimum", "0.5% everywhere");
}
