//! `trunkline solve`: a published traffic-engineering instance, with a proof of how good the answer is; from nothing, or from what
//! runs now.

mod answer;
mod links;
mod request;

use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::Args;
use model::Span;
use optimise::{Budget, MAX_SEGMENTS};

use crate::outcome::{FOUND, say};
use answer::Relieved;
use links::Relief;

const AFTER: &str = "\
Prints one line: the highest utilisation, a proven lower bound for it, the gap between both, and the
seconds it took. Where that utilisation cannot be lowered, fuller links below it are relieved by emptier
ones as far as time is left (not with --running); of --effort a sixteenth is kept for that. FILE of
--out gets a line `demand source middle… destination` for every demand; with several lists or with
adjacency segments it is JSON.

--running takes what --out wrote, in either form, and every demand has to stand there; one on the
IGP's way as `demand source destination`. Then few demands move: at most one in eleven, or as many as
--changes says, or what --relieve needs. A list that cannot run any more, because a link is down, goes
back to the IGP's way and does not count.

LINK is the label that the graph file gives a link, or its place there, from 0. It has one direction:
where a line is cut, two links are down.

With --running, --down, --changes or --relieve the line ends with `moved N`: so many demands have
other lists than they had, or than the IGP's way where nothing is said to run. With --relieve a line
before it tells what the link came to. With --priorities each level has a line before it, with the
highest utilisation by it and those before it (with --relieve, by all): no level gets a worse way for
one that comes after it.

Examples:
  trunkline solve Abilene.graph Abilene.0000.demands
  trunkline solve Colt.graph Colt.0000.demands --time 200ms --out colt.paths
  trunkline solve Ntt.graph Ntt.0000.demands --lists 4 --adjacency --effort 500 --out ntt.json
  trunkline solve Colt.graph Colt.0000.demands --running colt.paths --down edge_16,edge_17
  trunkline solve Colt.graph Colt.0000.demands --running colt.paths --changes 3 --out new.paths
  trunkline solve Colt.graph Colt.0000.demands --running colt.paths --relieve edge_17=80%
  trunkline solve Colt.graph Colt.0000.demands --priorities colt.levels

Exit codes: 0 done, 1 it has no solution, or the link of --relieve stays above its goal, 2 called
wrongly, or a file cannot be read or written.";

/// The time that is kept for leaving the searches, and for writing each demand's answer.
const RESERVE: Duration = Duration::from_millis(5);
const RESERVE_EACH: Duration = Duration::from_nanos(300);

/// The share of the time that a search may take where a link is looked at after it.
const BEFORE_LOOK: f64 = 0.9;

/// The most lists that a demand can have.
const MOST_LISTS: u16 = 64;

/// Spread a published instance's demands over segment lists
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct SolveArgs {
    /// The network, a Repetita .graph file
    pub graph: PathBuf,
    /// What it carries, a Repetita .demands file
    pub demands: PathBuf,
    /// How long it may take in all, reading included
    #[arg(long, value_name = "TIME", default_value = "1s", conflicts_with = "effort")]
    pub time: Span,
    /// Millions of steps instead of a time: the same answer on every machine
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub effort: Option<u64>,
    /// The most lists of a demand
    #[arg(long, value_name = "K", default_value_t = 1,
          value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST_LISTS)))]
    pub lists: u16,
    /// The most segments of a list, the destination counted
    #[arg(long, value_name = "N", default_value_t = 5,
          value_parser = clap::value_parser!(u16).range(1..=MAX_SEGMENTS as i64))]
    pub max_segments: u16,
    /// Let a link be a segment
    #[arg(long)]
    pub adjacency: bool,
    /// The lists that run now, as --out wrote them: start from these, and move few demands
    #[arg(long, value_name = "FILE")]
    pub running: Option<PathBuf>,
    /// Links that are down, each by its label or number
    #[arg(long, value_name = "LINK", value_delimiter = ',')]
    pub down: Vec<String>,
    /// The most demands whose lists may change
    #[arg(long, value_name = "N")]
    pub changes: Option<u32>,
    /// Bring one link to this utilisation or below with the fewest moves, for instance 17=80%
    #[arg(long, value_name = "LINK=UTILISATION")]
    pub relieve: Option<Relief>,
    /// A level for each demand, one number from 0 to 255 on a line; 0 goes first
    #[arg(long, value_name = "FILE")]
    pub priorities: Option<PathBuf>,
    /// Where the lists are written
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

impl SolveArgs {
    /// Whether it is asked from a state, so that it matters how much of it changes.
    fn counts_moves(&self) -> bool {
        self.running.is_some() || !self.down.is_empty() || self.changes.is_some() || self.relieve.is_some()
    }
}

/// Runs the command.
///
/// # Errors
/// A file cannot be read or written, or the instance has no solution.
#[expect(clippy::disallowed_methods, reason = "the clock of this command is here, at the edge")]
pub fn run(args: &SolveArgs) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    args.out.as_deref().map_or(Ok(()), answer::has_folder)?;
    let (instance, options) = request::read(args)?;
    let demands = u32::try_from(instance.demands.len()).unwrap_or(u32::MAX);
    let allowed =
        Duration::from_micros(args.time.as_micros()).saturating_sub(RESERVE + RESERVE_EACH * demands);
    let allowed = allowed.mul_f64(if args.relieve.is_some() { BEFORE_LOOK } else { 1.0 });
    let allowed = allowed.as_secs_f64().max(f64::MIN_POSITIVE);
    let clock = || begun.elapsed().as_secs_f64() / allowed;
    let budget = args.effort.map_or(Budget::Clock(&clock), Budget::Effort);
    let hopeless = || match args.down.is_empty() {
        true => "the instance cannot be solved",
        false => "the instance cannot be solved with these links down",
    };
    let solution = optimise::solve(&instance, &options, budget).with_context(hopeless)?;
    let text = || answer::text(&instance, &options, &solution);
    let kept = args.out.as_ref().map_or(Ok(()), |path| answer::keep(path, text));
    if args.priorities.is_some() {
        answer::levels(&solution).iter().for_each(|line| say(line));
    }
    let relieved = Relieved::look(&instance, &options, &solution)?;
    relieved.iter().for_each(|relieved| say(&relieved.line()));
    say(&format!(
        "mlu {:.6} bound {:.6} gap {:.4}% seconds {:.3}{}",
        solution.mlu,
        solution.bound,
        100.0 * solution.gap(),
        begun.elapsed().as_secs_f64(),
        if args.counts_moves() { format!(" moved {}", solution.moved) } else { String::new() },
    ));
    kept?;
    let is_done = relieved.is_none_or(|relieved| relieved.is_reached());
    Ok(if is_done { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}
