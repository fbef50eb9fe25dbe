//! The whole of it: check, start, search, say what came of it and how good it is proven to be.

use model::dense::Instance;

use crate::{
    levels::in_turn,
    list::{List, MAX_SEGMENTS, Portions},
    network::{Flow, Unsolvable},
    options::{Goal, Level, Options, Segment, Solution, WeightedList},
    pace::Budget,
    problem::Problem,
    running::{self, Start},
    split,
};

/// From what runs now at most one in so many demands goes another way, where nobody says how many may.
const MOVED: usize = 11;

/// Searches for lists that keep the highest utilisation low, until the budget is spent or nothing better exists.
///
/// A heuristic with a proven bound: [`Solution::gap`] says how far from the best possible it is at most. It can stay far from
/// it where one demand is larger than the links around it and lists cannot divide it.
///
/// Below the highest utilisation, which it leaves alone, the rest of the network is spread by a convex cost of all links (Fortz and
/// Thorup 2000): with the last sixteenth of an effort, or with what a clock has left where the bound is met. What
/// runs moves for the maximum alone.
///
/// Where demands differ in priority, those of the first level are laid as if there were no others, those of the next where the
/// first leave room, and so on (preemption as in RFC 3209 section 4.7.3, at once for all): no level gets a worse way for what
/// comes after it. To relieve a link, the last level gives way first. Where those before a level fix the maximum, it is spread
/// below it and no more, though another way might leave more room to the next level; and each level's bound is proven with
/// those before it where they are. The bound of the whole answer is one of all demands together, whatever their levels: it stays
/// below what levels permit where the first of them stands in the way of the others.
///
/// Before the search: the routes, which take a Dijkstra for each destination and set of failures and time and memory by the
/// number of (pair, edge) incidences, O(nodes² * edges * sets) at worst. A step of the search prices all pairs, O(hops of all pairs), and
/// finds the cheapest lists to each destination, O(nodes³ * segments); how many steps there are is the budget's. Each thread does all of
/// that by itself, on one copy of the routes.
///
/// # Errors
/// The instance or the options make no sense, the routes do not fit into their tables, or a demand has no way (within its delay).
pub fn solve(instance: &Instance, options: &Options, budget: Budget<'_>) -> Result<Solution, Unsolvable> {
    check(options, instance)?;
    let problem = Problem::new(instance, options)?;
    let start = running::start(&problem, options)?;
    let changes = changes(&problem, &start, options);
    let (portions, levels, bound) = in_turn(&problem, &start, options, changes, budget);
    Ok(solution(instance, &problem, (&portions, &start), options, levels, bound))
}

/// How many demands may change.
pub(crate) fn changes(problem: &Problem, start: &Start, options: &Options) -> usize {
    let few = match options.goal {
        Goal::Lowest if start.runs => problem.flows.len().div_ceil(MOVED),
        _ => usize::MAX,
    };
    options.max_changes.unwrap_or(few)
}

/// Whether the options make sense.
pub(crate) fn check(options: &Options, instance: &Instance) -> Result<(), Unsolvable> {
    let edges = instance.edges.len();
    let wrong = |what| Err(Unsolvable::Option(what));
    if !(1..=MAX_SEGMENTS).contains(&options.max_segments) {
        return wrong("a list has 1 to 8 segments");
    }
    if options.lists == 0 || options.threads == 0 {
        return wrong("there is at least one list and one thread");
    }
    if let Goal::Relieve { edge, to } = options.goal
        && (edge as usize >= edges || to.is_nan() || to <= 0.0)
    {
        return wrong("the link to relieve exists, and its goal is above 0");
    }
    if !options.priorities.is_empty() && options.priorities.len() != instance.demands.len() {
        return wrong("every demand has a priority, or none has one");
    }
    if options.adjacency && !options.failures.is_empty() {
        return wrong(
            "under failures only node segments are possible: an edge that fails takes its segment with it",
        );
    }
    Ok(())
}

/// The answer as it will run: with whole weights, and its utilisation worked out from these, in the options' threads.
fn solution(
    instance: &Instance,
    problem: &Problem,
    (portions, start): (&[Portions], &Start),
    options: &Options,
    mut levels: Vec<Level>,
    bound: f64,
) -> Solution {
    let each = problem.flows.len().div_ceil(options.threads).max(1);
    let answers: Vec<Answers> = std::thread::scope(|scope| {
        let flows = problem.flows.chunks(each).zip(portions.chunks(each)).zip(start.portions.chunks(each));
        let workers: Vec<_> = flows
            .map(|((flows, portions), start)| {
                scope.spawn(move || answers(problem, flows, (portions, start), options))
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker does not panic")).collect()
    });
    let mut lists: Vec<Vec<WeightedList>> = vec![Vec::new(); instance.demands.len()];
    let mut load = vec![0.0; problem.network.places()];
    let moved = answers.iter().map(|answers| answers.moved).sum();
    for answers in answers {
        load.iter_mut().zip(&answers.load).for_each(|(load, more)| *load += more);
        answers.lists.into_iter().for_each(|(index, answer)| lists[index as usize] = answer);
    }
    // A demand that uses no link has the IGP's own way, so that every demand has an answer.
    for (lists, demand) in lists.iter_mut().zip(&instance.demands).filter(|(lists, _)| lists.is_empty()) {
        lists.push(WeightedList { weight: 1, segments: vec![Segment::Node(demand.to)] });
    }
    let mlu = problem.highest(&load);
    // A proof and an answer are sums in another order; what is more than their rounding would be a wrong proof.
    debug_assert!(bound <= mlu * (1.0 + 1e-6), "proven {bound}, reached {mlu}");
    let bound = bound.min(mlu);
    if let [only] = &mut levels[..] {
        (only.mlu, only.bound) = (mlu, bound);
    }
    Solution { lists, mlu, bound, moved, levels }
}

/// Of some flows.
struct Answers {
    /// By place in the instance.
    lists: Vec<(u32, Vec<WeightedList>)>,
    load: Vec<f64>,
    /// How many go another way than at the beginning.
    moved: usize,
}

fn answers(
    problem: &Problem,
    flows: &[Flow],
    (portions, start): (&[Portions], &[Portions]),
    options: &Options,
) -> Answers {
    let mut load = vec![0.0; problem.network.places()];
    let list = |(weight, list): &(u32, List)| WeightedList { weight: *weight, segments: list.segments() };
    let mut answer = |((flow, now), before): ((&Flow, &Portions), &Portions)| {
        if now == before
            && let Some(lists) = as_it_runs(problem, flow, now, options)
        {
            running::add(problem, flow, now, &mut load);
            return (flow.index, lists.clone());
        }
        running::add(problem, flow, &split::rounded(now), &mut load);
        (flow.index, split::weights(now).iter().map(list).collect())
    };
    let lists = flows.iter().zip(portions).zip(start).map(&mut answer).collect();
    let moved = portions.iter().zip(start).filter(|(now, before)| now != before).count();
    Answers { lists, load, moved }
}

/// The lists that run, where a flow goes by these: they stay as they were written.
fn as_it_runs<'a>(
    problem: &Problem,
    flow: &Flow,
    portions: &Portions,
    options: &'a Options,
) -> Option<&'a Vec<WeightedList>> {
    let lists = options.running.as_ref()?.get(flow.index as usize)?;
    let same = running::usable(problem, flow, lists, options.lists).as_ref() == Some(portions);
    same.then_some(lists)
}
