//! Every maintenance window judged: the network as the controller plans it around what is worked on, and then without that.

use std::{collections::BTreeSet, num::NonZero, thread};

use model::{Hints, IntentSet, ServiceId, Ted, Timestamp, Window};
use plan::verify::{self as core, Question, WindowView};

use super::Given;
use crate::outcome::Stop;

/// All windows that are not over at a moment, where one is given. One compilation and one walk of everything for each window, and for each
/// choice of services that are promised at some time of it.
///
/// # Errors
/// The network cannot be walked.
pub fn judge(
    set: &IntentSet,
    ted: &Ted,
    hints: &Hints,
    given: Given<'_>,
    at: Option<Timestamp>,
) -> Result<Vec<WindowView>, Stop> {
    let is_over = |window: &&Window| at.is_some_and(|at| window.when.is_over(at));
    let coming = set.windows.values().filter(|window| !is_over(window));
    let mut views = Vec::new();
    for window in coming {
        let mut whole: Option<WindowView> = None;
        for resting in set.resting_within(&window.when, at) {
            let part = one(set, ted, hints, given, window, resting)?;
            match &mut whole {
                Some(whole) => whole.join(part),
                None => whole = Some(part),
            }
        }
        views.extend(whole);
    }
    Ok(views)
}

/// A window while some services rest.
fn one(
    set: &IntentSet,
    ted: &Ted,
    hints: &Hints,
    given: Given<'_>,
    window: &Window,
    resting: BTreeSet<ServiceId>,
) -> Result<WindowView, Stop> {
    let mut then = hints.clone();
    then.windows = [(window.name.clone(), window.work.clone())].into();
    then.resting = resting;
    let mut set = set.without_resting(&then).unwrap_or_else(|| set.clone());
    // All that is promised then is placed, also what ends at a node in work: its bandwidth counts until it is down.
    let compiled = given.compile(&set, ted, &then);
    let at_end = |service: &model::Service| {
        window.work.nodes.contains(&service.a) || window.work.nodes.contains(&service.z)
    };
    let ends: BTreeSet<ServiceId> =
        set.services.values().filter(|service| at_end(service)).map(|service| service.id.clone()).collect();
    set.services.retain(|id, _| !ends.contains(id));
    let mut demands = compiled.demands;
    demands.retain(|_, demand| !demand.service.as_ref().is_some_and(|service| ends.contains(service)));
    let left = core::without(&plan::overlay(ted, &then), &window.work);
    let question = Question {
        desired: &compiled.desired,
        set: &set,
        verdicts: &compiled.verdicts,
        demands: &demands,
        ted: &left,
        kinds: &[],
        threads: thread::available_parallelism().map_or(1, NonZero::get),
    };
    let verification = core::verify(&question, &|_| {}).map_err(|error| Stop::usage(error.to_string()))?;
    Ok(WindowView::of(window, verification, ends))
}
