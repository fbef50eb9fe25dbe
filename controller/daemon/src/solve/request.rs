//! What is asked: from arguments and files to an instance and the optimiser's options.

use std::{collections::BTreeMap, path::Path};

use formats::repetita::{RepetitaFile, lists, read_priorities, read_repetita};
use model::dense::{Edge, Instance, Segment};
use optimise::{Goal, MAX_SEGMENTS, Options};

use super::{
    SolveArgs,
    links::{Links, at},
    order::{Lists, Order},
};
use crate::{input, outcome::Stop};

/// What is asked for. Edges stand in an order of their own here, which is that of the file nowhere but by chance.
pub struct Asked {
    /// The network and what it carries.
    pub instance: Instance,
    /// What is wanted.
    pub options: Options,
    /// Where the rows of EDGES have gone.
    pub order: Order,
    /// The links by their names.
    pub links: Links,
}

/// Reads all files and judges what cannot go together.
///
/// # Errors
/// A file cannot be read, a link does not exist, or two options contradict each other.
pub fn read(args: &SolveArgs) -> Result<Asked, Stop> {
    agree(args)?;
    let (graph, demands) = (input::bytes(&args.graph)?, input::bytes(&args.demands)?);
    let mut instance = read_repetita(&graph, &demands).map_err(|(file, error)| match file {
        RepetitaFile::Graph => at(&args.graph, error),
        RepetitaFile::Demands => at(&args.demands, error),
    })?;
    let mut options = Options {
        lists: usize::from(args.lists),
        max_segments: usize::from(args.max_segments),
        adjacency: args.adjacency,
        max_changes: args.changes.map(|changes| changes as usize),
        ..Options::default()
    };
    if let Some(path) = &args.priorities {
        options.priorities =
            read_priorities(&input::bytes(path)?, instance.demands.len()).map_err(|error| at(path, error))?;
    }
    // What runs names links by their rows, so it is read before these change their order.
    let mut running = None;
    if let Some(path) = &args.running {
        let lists = lists::read(&input::bytes(path)?, &instance).map_err(|error| at(path, error))?;
        permitted(args, path, &lists)?;
        running = Some(lists);
    }
    let links = Links::read(&args.graph, &graph, &instance)?;
    let order = Order::sort(&mut instance.edges, links.labels());
    options.running = running.map(|lists| order.placed(lists));
    name_links(args, &links, &order, &mut options)?;
    if args.failures {
        options.failures = single_lines(&instance.edges, &options.down);
        fits(instance.nodes as usize, options.failures.len())?;
    }
    Ok(Asked { instance, options, order, links })
}

/// Whether what is asked under failures can be.
fn agree(args: &SolveArgs) -> Result<(), Stop> {
    let refuse = |why: &str| Err(Stop::usage(format!("--failures: {why}")));
    if args.failures && args.adjacency {
        return refuse(
            "not with --adjacency: a link that fails takes its segment with it, and the list would lead nowhere; leave one of the \
             two out",
        );
    }
    if args.failures && args.relieve.is_some() {
        return refuse(
            "not with --relieve, which looks at the network as it is; leave one of the two out, or say with --down which link \
             failed",
        );
    }
    Ok(())
}

/// Every line by its edges, both directions of it. The edges between two nodes belong together in their order, the first one way with
/// the first the other way; what is down cannot fail.
fn single_lines(edges: &[Edge], down: &[u32]) -> Vec<Vec<u32>> {
    let mut between: BTreeMap<(u32, u32), [Vec<u32>; 2]> = BTreeMap::new();
    for (place, edge) in (0_u32..).zip(edges) {
        let ends = (edge.from.min(edge.to), edge.from.max(edge.to));
        between.entry(ends).or_default()[usize::from(edge.from > edge.to)].push(place);
    }
    let mut lines = Vec::new();
    for [there, back] in between.values() {
        for number in 0..there.len().max(back.len()) {
            let both = [there.get(number), back.get(number)].into_iter().flatten();
            let line: Vec<u32> = both.filter(|edge| !down.contains(edge)).copied().collect();
            if !line.is_empty() {
                lines.push(line);
            }
        }
    }
    lines
}

/// The most pairs of nodes over all failures: each takes some 80 bytes where paths are ten links long.
const MOST_PAIRS: usize = 20_000_000;

/// Whether the tables for so many failures fit into memory.
fn fits(nodes: usize, lines: usize) -> Result<(), Stop> {
    let pairs = nodes.saturating_mul(nodes).saturating_mul(lines + 1);
    if pairs <= MOST_PAIRS {
        return Ok(());
    }
    Err(Stop::usage(format!(
        "--failures: {nodes} nodes and {lines} lines are {pairs} ways from node to node over all failures, and {MOST_PAIRS} are \
         the most that memory is taken for; divide the network, or try single failures with --down"
    )))
}

fn name_links(args: &SolveArgs, links: &Links, order: &Order, options: &mut Options) -> Result<(), Stop> {
    let find = |option: &str, name: &str| {
        let row = links.find(option, name)?;
        links.note(option, name, row).iter().for_each(|note| eprintln!("{note}"));
        Ok::<u32, Stop>(order.place(row))
    };
    for name in &args.down {
        options.down.push(find("--down", name)?);
    }
    let Some(relief) = &args.relieve else { return Ok(()) };
    let edge = find("--relieve", &relief.link)?;
    if options.down.contains(&edge) {
        let name = &relief.link;
        return Err(Stop::usage(format!(
            "--relieve: link `{name}` is also said to be down, and then carries nothing; leave it out of one of the two"
        )));
    }
    options.goal = Goal::Relieve { edge, to: relief.to };
    Ok(())
}

/// Whether what runs is of the kind that is asked for. If it were not, the optimiser would send such demands back to the IGP's way,
/// and its bound would not hold for the others.
fn permitted(args: &SolveArgs, path: &Path, running: &Lists) -> Result<(), Stop> {
    let all = || running.iter().flatten();
    let lists = running.iter().map(Vec::len).max().unwrap_or(0);
    let segments = all().map(|list| list.segments.len()).max().unwrap_or(0);
    let is_link = |segment: &Segment| matches!(segment, Segment::Link(_));
    let links = all().any(|list| list.segments.iter().any(is_link));
    let mut wanted = Vec::new();
    if lists > usize::from(args.lists) {
        wanted.push(format!("--lists {lists}"));
    }
    if segments > usize::from(args.max_segments) {
        wanted.push(format!("--max-segments {segments}"));
    }
    if links && !args.adjacency {
        wanted.push("--adjacency".to_owned());
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let path = path.display();
    if lists > usize::from(super::MOST_LISTS) || segments > MAX_SEGMENTS {
        let most = super::MOST_LISTS;
        return Err(Stop::usage(format!(
            "--running {path}: up to {lists} lists of a demand and {segments} segments of a list run there; \
             at most {most} and {MAX_SEGMENTS} can be handled"
        )));
    }
    Err(Stop::usage(format!(
        "--running {path}: what runs there is not of the kind that is asked for; add `{}`",
        wanted.join(" ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fails_with_its_other_direction_and_parallel_ones_one_by_one() {
        let edge = |(from, to)| Edge { from, to, metric: 1, capacity: 1.0, delay: 0.0 };
        let edges = [(0, 1), (0, 1), (1, 0), (1, 0), (1, 2), (3, 2), (2, 3)].map(edge);
        let all = [vec![0, 2], vec![1, 3], vec![4], vec![6, 5]];
        assert_eq!(single_lines(&edges, &[]), all);
        assert_eq!(single_lines(&edges, &[2, 4]), [vec![0], vec![1, 3], vec![6, 5]]);
    }

    #[test]
    fn tables_that_do_not_fit_are_refused() {
        assert!(fits(197, 243).is_ok());
        let told = fits(315, 627).unwrap_err().to_string();
        assert!(told.starts_with("--failures: 315 nodes and 627 lines are 62313300 ways"), "{told}");
    }
}
