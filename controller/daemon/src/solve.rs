//! `trunkline solve`: a published traffic-engineering instance, with a proof of how good the answer is.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::Args;
use formats::repetita::{RepetitaError, RepetitaFile, read_repetita};
use model::{Span, dense::Instance};
use optimise::{Budget, MAX_SEGMENTS, Options, Segment, Solution};
use serde_json::{Value, json};

use crate::outcome::{Stop, say};

const AFTER: &str = "\
Prints one line: the highest utilisation, a proven lower bound for it, the gap between both, and the
seconds it took. FILE gets a line `demand source middle… destination` for every demand; with several
lists or with adjacency segments it is JSON.

Examples:
  trunkline solve Abilene.graph Abilene.0000.demands
  trunkline solve Colt.graph Colt.0000.demands --time 200ms --out colt.paths
  trunkline solve Ntt.graph Ntt.0000.demands --lists 4 --adjacency --effort 500 --out ntt.json

Exit codes: 0 done, 1 it has no solution, 2 called wrongly, or a file cannot be read or written.";

/// The time that is kept for leaving the searches, and for writing each demand's answer.
const RESERVE: Duration = Duration::from_millis(5);
const RESERVE_EACH: Duration = Duration::from_nanos(500);

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
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub lists: u16,
    /// The most segments of a list, the destination counted
    #[arg(long, value_name = "N", default_value_t = 5,
          value_parser = clap::value_parser!(u16).range(1..=MAX_SEGMENTS as i64))]
    pub max_segments: u16,
    /// Let a link be a segment
    #[arg(long)]
    pub adjacency: bool,
    /// Where the lists are written
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// A file cannot be read or written, or the instance has no solution.
#[expect(clippy::disallowed_methods, reason = "the clock of this command is here, at the edge")]
pub fn run(args: &SolveArgs) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    args.out.as_deref().map_or(Ok(()), has_folder)?;
    let instance = read(args)?;
    let demands = u32::try_from(instance.demands.len()).unwrap_or(u32::MAX);
    let allowed =
        Duration::from_micros(args.time.as_micros()).saturating_sub(RESERVE + RESERVE_EACH * demands);
    let allowed = allowed.as_secs_f64().max(f64::MIN_POSITIVE);
    let clock = || begun.elapsed().as_secs_f64() / allowed;
    let budget = args.effort.map_or(Budget::Clock(&clock), Budget::Effort);
    let options = Options {
        lists: usize::from(args.lists),
        max_segments: usize::from(args.max_segments),
        adjacency: args.adjacency,
        ..Options::default()
    };
    let solution = optimise::solve(&instance, &options, budget).context("the instance cannot be solved")?;
    let text = || {
        if args.lists == 1 && !args.adjacency { paths(&instance, &solution) } else { lists(&solution) }
    };
    let kept = args.out.as_ref().map_or(Ok(()), |path| keep(path, text));
    say(&format!(
        "mlu {:.6} bound {:.6} gap {:.4}% seconds {:.3}",
        solution.mlu,
        solution.bound,
        100.0 * solution.gap(),
        begun.elapsed().as_secs_f64()
    ));
    kept?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the lists where they are wanted, or else to standard output: the search may have taken long.
fn keep(path: &Path, text: impl Fn() -> String) -> Result<(), Stop> {
    let text = text();
    fs::write(path, &text).map_err(|error| {
        say(&text);
        Stop::usage(format!(
            "{}: cannot be written: {error}; the lists stand on standard output instead, before the last line",
            path.display()
        ))
    })
}

/// Whether a file can be written there at all, as far as that shows before anything is searched for.
fn has_folder(path: &Path) -> Result<(), Stop> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let refuse = |why: String| Err(Stop::usage(format!("--out {}: {why}", path.display())));
    if path.is_dir() {
        return refuse("it is a folder; name a file in it".to_owned());
    }
    if !folder.is_dir() {
        return refuse(format!("there is no folder {}; make it, or name another file", folder.display()));
    }
    Ok(())
}

fn read(args: &SolveArgs) -> Result<Instance, Stop> {
    let bytes = |path: &Path| {
        fs::read(path).map_err(|error| Stop::usage(format!("{}: cannot be read: {error}", path.display())))
    };
    let (graph, demands) = (bytes(&args.graph)?, bytes(&args.demands)?);
    read_repetita(&graph, &demands).map_err(|(file, error)| {
        let path = match file {
            RepetitaFile::Graph => &args.graph,
            RepetitaFile::Demands => &args.demands,
        };
        let RepetitaError { line, column, message } = error;
        Stop::usage(format!("{}:{line}:{column}: {message}", path.display()))
    })
}

/// `demand source middle… destination`, a line for every demand.
fn paths(instance: &Instance, solution: &Solution) -> String {
    let mut text = String::with_capacity(16 * instance.demands.len());
    for (index, (demand, lists)) in instance.demands.iter().zip(&solution.lists).enumerate() {
        // Writing into a string cannot fail.
        let _ = write!(text, "{index} {}", demand.from);
        let segments = lists.first().map(|list| &list.segments[..]).unwrap_or_default();
        for segment in segments {
            if let Segment::Node(node) = segment {
                let _ = write!(text, " {node}");
            }
        }
        // A demand that uses no link has no list: from here to here, or nothing to carry.
        if segments.is_empty() {
            let _ = write!(text, " {}", demand.to);
        }
        text.push('\n');
    }
    text
}

/// All lists with their weights, as JSON.
fn lists(solution: &Solution) -> String {
    let segment = |segment: &Segment| match segment {
        Segment::Node(node) => json!({ "node": node }),
        Segment::Link(link) => json!({ "link": link }),
    };
    let list = |list: &optimise::WeightedList| json!({ "weight": list.weight, "segments": list.segments.iter().map(segment).collect::<Vec<Value>>() });
    let demand = |(index, lists): (usize, &Vec<optimise::WeightedList>)| json!({ "index": index, "lists": lists.iter().map(list).collect::<Vec<Value>>() });
    let demands: Vec<Value> = solution.lists.iter().enumerate().map(demand).collect();
    json!({ "demands": demands }).to_string() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_can_be_written_is_said_before_the_search_or_with_what_it_found() {
        let told = |path: &str| has_folder(Path::new(path)).unwrap_err().to_string();
        assert!(told("/nonexist/x").contains("there is no folder /nonexist"));
        assert!(told("/").contains("it is a folder"));
        assert!(has_folder(Path::new("x")).is_ok() && has_folder(Path::new("/dev/full")).is_ok());
        // It can be opened, and takes nothing.
        let full = keep(Path::new("/dev/full"), || "0 1 2\n".to_owned()).unwrap_err().to_string();
        assert!(full.contains("/dev/full") && full.contains("standard output"), "{full}");
    }
}
