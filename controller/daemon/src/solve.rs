//! `trunkline solve`: a published traffic-engineering instance, with a proof of how good the answer is; from nothing, or from what
//! runs now.

mod answer;
mod links;
mod order;
mod request;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::Args;
use model::Span;
use optimise::{Budget, Goal, MAX_SEGMENTS};

use crate::outcome::{FOUND, say};
use answer::Relieved;
use links::Relief;
use request::Asked;

const AFTER: &str = "\
Prints one line: the highest utilisation, a proven lower bound for it, the gap between both, and the
seconds it took. Figures from a thousand million on, and below 0.0001, stand there like 1.5e12. Where
that utilisation cannot be lowered, fuller links below it are relieved by emptier ones as far as time
is left (not with --running); of --effort a sixteenth is kept for that. FILE of --out gets a line
`demand source middle… destination` for every demand; with several lists or with adjacency segments
it is JSON, where a link is its place in the graph file. It cannot be a file that is read.

With --adjacency a list may name a link only where it is at that link's first node: at the source, or
behind the segment for that node, or behind a link that ends there.

--running takes what --out wrote, in either form, and every demand has to stand there; one on the
IGP's way as `demand source destination`. Then few demands move: at most one in eleven, or as many as
--changes says, or what --relieve needs. A list that cannot run any more, because a link is down, goes
back to the IGP's way and does not count.

LINK is the label that the graph file gives a link; where no link has that label, its place there,
from 0. Where labels are numbers too, `#3` is the one at place 3, as in --down=#3 (in most shells the
sign begins a comment where a word begins with it). It has one direction: where a line is cut, two
links are down. The order of the rows of EDGES does not matter for the answer.

With --running, --down, --changes or --relieve the line ends with `moved N`: so many demands have
other lists than they had, or than the IGP's way where nothing is said to run.

--relieve moves a demand only where every other link that gets more stays at or below that same
utilisation: a link above it may keep what it has, and gets no more. A line before the last tells what
the link came to, and why it came no further where the goal is missed.

With --failures every line may fail, one at a time: a link and its other direction, parallel ones in
their order, and not what is --down. The lists stay then and packets go round by the IGP; the
utilisation and its bound are the highest over the network as it is and each of these failures, and
what a failure cuts off counts for nothing in it. Every line makes the tables larger and setting them
up longer, which --time cannot shorten.

With --priorities each level has a line before the last, with the highest utilisation by it and those
before it (with --relieve, by all); its bound is one for lists of that level beside all others as they
are. The bound of the last line is one of all demands together, whatever their levels: no lists at all
go below it, and where a level stands in the way of another it may be far below what levels permit. No
level gets a worse way for one that comes after it.

Examples:
  trunkline solve Abilene.graph Abilene.0000.demands
  trunkline solve Colt.graph Colt.0000.demands --time 200ms --out colt.paths
  trunkline solve Ntt.graph Ntt.0000.demands --lists 4 --adjacency --effort 500 --out ntt.json
  trunkline solve Colt.graph Colt.0000.demands --running colt.paths --down edge_16,edge_17
  trunkline solve Colt.graph Colt.0000.demands --running colt.paths --changes 3 --out new.paths
  trunkline solve Colt.graph Colt.0000.demands --running colt.paths --relieve edge_17=80%
  trunkline solve Colt.graph Colt.0000.demands --priorities colt.levels
  trunkline solve Abilene.graph Abilene.0000.demands --failures --time 10s

Exit codes: 0 done, 1 it has no solution, or the link of --relieve stays above its goal, 2 called
wrongly, or a file cannot be read or written.";

/// The longest that starting this program can have taken.
const MOST_STARTING: Duration = Duration::from_millis(20);

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
    /// How long it may take in all, reading and writing included
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
    /// Let a link be a segment, from its own first node
    #[arg(long)]
    pub adjacency: bool,
    /// The lists that run now, as --out wrote them: start from these, and move few demands
    #[arg(long, value_name = "FILE")]
    pub running: Option<PathBuf>,
    /// Links that are down, each by its label, or by its place as 3 or #3
    #[arg(long, value_name = "LINK", value_delimiter = ',')]
    pub down: Vec<String>,
    /// Keep the utilisation low under every failure of a single line as well; not with --adjacency or --relieve
    #[arg(long)]
    pub failures: bool,
    /// The most demands whose lists may change
    #[arg(long, value_name = "N")]
    pub changes: Option<u32>,
    /// Bring one link to this utilisation or below with the fewest moves and no other link above it, for instance 17=80%
    #[arg(long, value_name = "LINK=UTILISATION")]
    pub relieve: Option<Relief>,
    /// A level for each demand, one number from 0 to 255 on a line; 0 goes first
    #[arg(long, value_name = "FILE")]
    pub priorities: Option<PathBuf>,
    /// Where the lists are written; none of the files that are read
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

impl SolveArgs {
    /// Whether it is asked from a state, so that it matters how much of it changes.
    fn counts_moves(&self) -> bool {
        self.running.is_some() || !self.down.is_empty() || self.changes.is_some() || self.relieve.is_some()
    }

    /// The files that are read, as they are named.
    fn inputs(&self) -> Vec<(&'static str, &Path)> {
        let mut inputs = vec![("the network", self.graph.as_path()), ("the demands", self.demands.as_path())];
        inputs.extend(self.running.as_deref().map(|path| ("--running", path)));
        inputs.extend(self.priorities.as_deref().map(|path| ("--priorities", path)));
        inputs
    }
}

/// Runs the command.
///
/// # Errors
/// A file cannot be read or written, or the instance has no solution.
pub fn run(args: &SolveArgs) -> anyhow::Result<ExitCode> {
    let begun = started();
    if let Some(out) = args.out.as_deref() {
        answer::has_folder(out)?;
        answer::is_no_input(out, &args.inputs())?;
    }
    let asked = request::read(args)?;
    let Asked { instance, options, .. } = &asked;
    let allowed =
        allowed(Duration::from_micros(args.time.as_micros()), instance.demands.len(), args.relieve.is_some());
    let clock = || begun.elapsed().as_secs_f64() / allowed;
    let budget = args.effort.map_or(Budget::Clock(&clock), Budget::Effort);
    let hopeless = || match args.down.is_empty() {
        true => "the instance cannot be solved",
        false => "the instance cannot be solved with these links down",
    };
    let mut solution = optimise::solve(instance, options, budget).with_context(hopeless)?;
    let lists = match &options.goal {
        // Somebody looks at them once more.
        Goal::Relieve { .. } => solution.lists.clone(),
        Goal::Lowest => std::mem::take(&mut solution.lists),
    };
    let lists = asked.order.to_rows(lists);
    let kept = args.out.as_ref().map_or(Ok(()), |path| answer::keep(path, || answer::text(&asked, &lists)));
    if args.priorities.is_some() {
        answer::levels(&solution).iter().for_each(|line| say(line));
    }
    let relieved = Relieved::look(&asked, &solution)?;
    relieved.iter().for_each(|relieved| say(&relieved.line()));
    say(&format!(
        "mlu {} bound {} gap {}% seconds {:.3}{}",
        answer::figure(solution.mlu),
        answer::figure(solution.bound),
        answer::percent(solution.gap()),
        begun.elapsed().as_secs_f64(),
        if args.counts_moves() { format!(" moved {}", solution.moved) } else { String::new() },
    ));
    kept?;
    let is_done = relieved.is_none_or(|relieved| relieved.is_reached());
    // The program ends here, and its memory goes with it: giving back a hundred thousand lists one by one would take as long as
    // writing them.
    std::mem::forget((asked, solution, lists));
    Ok(if is_done { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

/// When this program was started: what its first thread has done and waited for since then lies behind, as far as the system tells.
/// Without that, now. Whoever was another program before is not charged for that.
#[expect(clippy::disallowed_methods, reason = "the clock of this command is here, at the edge")]
fn started() -> Instant {
    let now = Instant::now();
    let text = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    // Nanoseconds on a processor, and nanoseconds waiting for one.
    let spent = text.split_whitespace().take(2).map_while(|number| number.parse::<u64>().ok());
    let spent = Duration::from_nanos(spent.fold(0, u64::saturating_add)).min(MOST_STARTING);
    now.checked_sub(spent).unwrap_or(now)
}

/// The seconds that a search may take, reading included; more than none.
fn allowed(time: Duration, demands: usize, is_looked_at: bool) -> f64 {
    let allowed = time.saturating_sub(optimise::reserve(demands));
    let share = if is_looked_at { BEFORE_LOOK } else { 1.0 };
    allowed.mul_f64(share).as_secs_f64().max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_the_search_is_kept_of_the_time() {
        let (second, demands) = (Duration::from_secs(1), 98_910);
        let left = second.as_secs_f64() - allowed(second, demands, false);
        assert!((left - optimise::reserve(demands).as_secs_f64()).abs() < 1e-9, "{left}");
        assert!(optimise::reserve(demands) > optimise::reserve(0));
        assert!(allowed(second, demands, true) < allowed(second, demands, false));
        assert!(allowed(Duration::ZERO, 1, false) > 0.0, "it is divided by");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "held against the clock")]
    fn a_program_started_before_now() {
        let (now, started) = (Instant::now(), started());
        assert!(started <= Instant::now());
        assert!(now.saturating_duration_since(started) <= MOST_STARTING);
    }
}
