//! Where a search starts: what runs now, or the IGP's own way, within delay bounds.

use crate::{
    delay,
    list::{List, Portion, Portions},
    network::{Flow, Unsolvable},
    options::WeightedList,
    problem::Problem,
};

/// The portions of each flow at the beginning.
///
/// # Errors
/// A demand has no list that keeps its delay, or the running state names another number of demands.
pub(crate) fn start(
    problem: &Problem,
    running: Option<&[Vec<WeightedList>]>,
    most: usize,
) -> Result<Vec<Portions>, Unsolvable> {
    let of = |flow: &Flow| {
        if let Some(running) = running {
            let lists = running.get(flow.index as usize).ok_or(Unsolvable::Running {
                demand: flow.index as usize,
                what: "the running state has fewer demands than the instance",
            })?;
            if let Some(portions) = usable(problem, flow, lists, most) {
                return Ok(portions);
            }
        }
        Ok(vec![Portion { list: plain(problem, flow)?, share: 1.0 }])
    };
    problem.flows.iter().map(of).collect()
}

/// The running lists, if every one of them can still run.
fn usable(problem: &Problem, flow: &Flow, lists: &[WeightedList], most: usize) -> Option<Portions> {
    let sum: f64 = lists.iter().map(|list| f64::from(list.weight)).sum();
    if !(1..=most).contains(&lists.len()) || sum == 0.0 {
        return None;
    }
    let portion = |list: &WeightedList| {
        let share = f64::from(list.weight) / sum;
        let list = List::new(&problem.network, flow.from, flow.to, &list.segments).ok()?;
        let delay = list.delay(&problem.network, &problem.routes, flow.from);
        (delay.is_finite() && delay <= flow.max_delay).then_some(Portion { list, share })
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
