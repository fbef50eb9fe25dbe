//! Where a search starts: what runs now, or the IGP's own way, within delay bounds.

use smallvec::smallvec;

use crate::{
    delay,
    list::{List, Portion, Portions, Step},
    network::{Flow, Unsolvable},
    options::{Options, Segment, WeightedList},
    problem::Problem,
    riders::Riders,
};

/// What demands go by at the beginning, and what that puts on each place.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    /// Of each flow.
    pub portions: Vec<Portions>,
    pub load: Vec<f64>,
    /// Whether this runs now, and is to stay as it is as far as possible.
    pub runs: bool,
    /// Which flows may have traffic where, if that was written down.
    pub riders: Option<Riders>,
}

/// The beginning. The work is divided over the options' threads.
///
/// # Errors
/// A demand has no list that keeps its delay, or the running state names another number of demands.
pub(crate) fn start(problem: &Problem, options: &Options) -> Result<Start, Unsolvable> {
    let each = problem.flows.len().div_ceil(options.threads).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = problem
            .flows
            .chunks(each)
            .map(|flows| scope.spawn(move || starts(problem, flows, options)))
            .collect();
        let mut all = Start {
            portions: Vec::with_capacity(problem.flows.len()),
            load: problem.base.clone(),
            runs: options.running.is_some(),
            riders: None,
        };
        for worker in workers {
            let (portions, load) = worker.join().expect("a worker does not panic")?;
            all.portions.extend(portions);
            all.load.iter_mut().zip(load).for_each(|(load, more)| *load += more);
        }
        Ok(all)
    })
}

fn starts(
    problem: &Problem,
    flows: &[Flow],
    options: &Options,
) -> Result<(Vec<Portions>, Vec<f64>), Unsolvable> {
    let of = |flow: &Flow| {
        if let Some(running) = options.running.as_deref() {
            let lists = running.get(flow.index as usize).ok_or(Unsolvable::Running {
                demand: flow.index as usize,
                what: "the running state has fewer demands than the instance",
            })?;
            if let Some(portions) = usable(problem, flow, lists, options.lists) {
                return Ok(portions);
            }
        }
        fallback(problem, flow)
    };
    let portions = flows.iter().map(of).collect::<Result<Vec<Portions>, Unsolvable>>()?;
    let mut load = vec![0.0; problem.network.places()];
    flows.iter().zip(&portions).for_each(|(flow, portions)| add(problem, flow, portions, &mut load));
    Ok((portions, load))
}

/// What a flow goes by whose lists cannot run.
pub(crate) fn fallback(problem: &Problem, flow: &Flow) -> Result<Portions, Unsolvable> {
    Ok(smallvec![Portion { list: plain(problem, flow)?, share: 1.0 }])
}

/// Whether a list still leads where it did, within its delay.
pub(crate) fn runs(problem: &Problem, flow: &Flow, list: &List) -> bool {
    let is_down = |step| matches!(step, Step::Over { edge } if problem.network.down[usize::from(edge)]);
    if list.walk(&problem.network, flow.from).any(is_down) {
        return false;
    }
    let delay = list.delay(&problem.network, &problem.routes, flow.from);
    delay.is_finite() && delay <= flow.max_delay
}

/// The running lists, if every one of them can still run and is of the permitted kind: the bound is one of such lists only.
pub(crate) fn usable(
    problem: &Problem,
    flow: &Flow,
    lists: &[WeightedList],
    most: usize,
) -> Option<Portions> {
    let sum: f64 = lists.iter().map(|list| f64::from(list.weight)).sum();
    if !(1..=most).contains(&lists.len()) || sum == 0.0 {
        return None;
    }
    let portion = |list: &WeightedList| {
        let share = f64::from(list.weight) / sum;
        let is_permitted = list.segments.len() <= problem.segments
            && (problem.adjacency || list.segments.iter().all(|segment| matches!(segment, Segment::Node(_))));
        if !is_permitted {
            return None;
        }
        let list = List::new(&problem.network, flow.from, flow.to, &list.segments).ok()?;
        runs(problem, flow, &list).then_some(Portion { list, share })
    };
    lists.iter().filter(|list| list.weight > 0).map(portion).collect()
}

/// The IGP's own way; the fastest where that is too slow.
fn plain(problem: &Problem, flow: &Flow) -> Result<List, Unsolvable> {
    if problem.routes.delay(flow.from, flow.to) <= flow.max_delay {
        return Ok(List::direct(flow.to));
    }
    match delay::fastest(problem, flow) {
        Some((delay, list)) if delay <= flow.max_delay => Ok(list),
        _ => Err(Unsolvable::Demand {
            demand: flow.index as usize,
            what: "no list of so many node segments keeps its delay",
        }),
    }
}

/// Adds what a flow puts on each place.
pub(crate) fn add(problem: &Problem, flow: &Flow, portions: &Portions, load: &mut [f64]) {
    for portion in portions {
        let volume = flow.volume * portion.share;
        portion.list.spread(&problem.network, &problem.routes, flow.from, |part| {
            load[part.place as usize] += volume * f64::from(part.share);
        });
    }
}
