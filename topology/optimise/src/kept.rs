//! A problem and what runs on it, kept while the network changes: what a failure costs is what it touches.
//!
//! Reading demands, working out all routes and loads takes longer than a search after a failure may (of 50 ms, half on the largest
//! networks). All of it is known before the failure; after it only pairs that went over what is down are worked out anew.

use std::ops::Range;

use model::dense::Instance;

use crate::{
    ecmp::Hit,
    levels::in_turn,
    list::{List, Portions, Step},
    network::{Flow, Unsolvable},
    options::{Level, Options, WeightedList},
    pace::Budget,
    problem::Problem,
    riders::Riders,
    running::{self, Start},
    solve::{changes, check},
    split,
};

/// The lists of one demand, by its place in the instance.
pub type Lists = (u32, Vec<WeightedList>);

/// A network with its demands and what they go by.
#[derive(Clone, Debug)]
pub struct Kept {
    options: Options,
    problem: Problem,
    running: Start,
}

/// What is to change after a failure.
#[derive(Clone, Debug, PartialEq)]
pub struct Rerouted {
    /// The new lists of all demands that have others than those that ran, in the order of destination, source, place.
    pub lists: Vec<Lists>,
    /// The highest utilisation with these, and with what runs.
    pub mlu: f64,
    /// No lists of the permitted kind have a lower one; as in [`crate::Solution`].
    pub bound: f64,
    /// The levels of priority, first to last, as far as they were searched.
    pub levels: Vec<Level>,
    /// How many demands were moved by the search, beside those that had to fall back on the IGP's way; see also `lists`.
    pub moved: usize,
}

impl Kept {
    /// Takes over what runs, or the IGP's ways if the options name nothing. Costs what [`crate::solve`] does before its search, and for
    /// each demand the parts of its lists' ways, which are written down by link: 4 bytes for each.
    ///
    /// # Errors
    /// As [`crate::solve`].
    pub fn new(instance: &Instance, options: Options) -> Result<Self, Unsolvable> {
        check(&options, instance)?;
        let problem = Problem::new(instance, &options)?;
        let mut running = running::start(&problem, &options)?;
        running.runs = true;
        // Demands that are divided are searched for otherwise.
        if options.lists == 1 {
            running.riders = Some(Riders::new(&problem, &running.portions));
        }
        // They are in `running` now, and in another form.
        let options = Options { running: None, ..options };
        Ok(Self { options, problem, running })
    }

    /// Takes over that demands go by other lists from now on. What cannot run on this network goes by the IGP's way, as in
    /// [`Options::running`]. A demand that uses no link, or that does not exist, is passed over. O(demands log demands), and for each
    /// demand that is named the parts of its old and its new lists' ways.
    ///
    /// # Errors
    /// A demand has no list that keeps its delay; nothing is taken over then.
    pub fn adopt(&mut self, lists: &[Lists]) -> Result<(), Unsolvable> {
        let mut order: Vec<(u32, usize)> =
            self.problem.flows.iter().enumerate().map(|(at, flow)| (flow.index, at)).collect();
        order.sort_unstable();
        let mut taken = Vec::with_capacity(lists.len());
        for (demand, lists) in lists {
            let Ok(place) = order.binary_search_by_key(demand, |(index, _)| *index) else { continue };
            let at = order[place].1;
            let flow = self.problem.flows[at];
            let portions = match running::usable(&self.problem, &flow, lists, self.options.lists) {
                Some(portions) => portions,
                None => running::fallback(&self.problem, &flow)?,
            };
            taken.push((at, portions));
        }
        for (at, portions) in taken {
            let flow = self.problem.flows[at];
            let old = std::mem::replace(&mut self.running.portions[at], portions);
            put(&self.problem, &flow, &old, -1.0, &mut self.running.load);
            put(&self.problem, &flow, &self.running.portions[at], 1.0, &mut self.running.load);
            self.running.riders.iter_mut().for_each(|riders| riders.leaves(at));
        }
        if self.running.riders.as_ref().is_some_and(Riders::is_old) {
            self.running.riders = Some(Riders::new(&self.problem, &self.running.portions));
        }
        Ok(())
    }

    /// What to change when edges are down, until the budget is spent: as [`crate::solve`] from what runs, and the answer is what is other
    /// than before. This stays as it is, so that many failures can be asked for.
    ///
    /// Before the search: O(nodes + hops) for each destination to see what went over the edges, for the nodes of which this is so as much
    /// as working out their routes, for each demand its segments, and for those that are hit the parts of their lists' ways. Then
    /// the search, as the budget says; its steps cost as in [`crate::solve`].
    ///
    /// # Errors
    /// An edge does not exist, or a demand has no way left (within its delay).
    pub fn without(&self, edges: &[u32], budget: Budget<'_>) -> Result<Rerouted, Unsolvable> {
        let (problem, hit) = self.problem.without(edges, self.options.threads)?;
        let start = self.start(&problem, &hit)?;
        let changes = changes(&problem, &start, &self.options);
        let (portions, levels, bound) = in_turn(&problem, &start, &self.options, changes, budget);
        Ok(self.answer(&problem, &start, &portions, levels, bound))
    }

    /// What runs on without the edges, and what has to change at once. The work is divided over the options' threads.
    fn start(&self, problem: &Problem, hit: &Hit) -> Result<Start, Unsolvable> {
        let each = problem.flows.len().div_ceil(self.options.threads).max(1);
        let (mut start, found) = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..problem.flows.len())
                .step_by(each)
                .map(|from| {
                    let these = from..problem.flows.len().min(from + each);
                    scope.spawn(move || self.changes(problem, hit, these))
                })
                .collect();
            let start = self.running.clone();
            let found: Result<Vec<Changes>, Unsolvable> =
                workers.into_iter().map(|worker| worker.join().expect("a worker does not panic")).collect();
            found.map(|found| (start, found))
        })?;
        for Changes { portions, load, hit } in found {
            start.load.iter_mut().zip(load).for_each(|(load, more)| *load += more);
            if let Some(riders) = &mut start.riders {
                hit.into_iter().for_each(|at| riders.leaves(at));
            }
            portions.into_iter().for_each(|(at, portions)| start.portions[at] = portions);
        }
        // What was taken away again may leave a rounding error below zero.
        start.load.iter_mut().for_each(|load| *load = load.max(0.0));
        Ok(start)
    }

    /// What becomes of some flows without the edges.
    fn changes(&self, problem: &Problem, hit: &Hit, these: Range<usize>) -> Result<Changes, Unsolvable> {
        let load = vec![0.0; problem.network.places()];
        let mut changes = Changes { portions: Vec::new(), load, hit: Vec::new() };
        for at in these {
            let (flow, portions) = (&problem.flows[at], &self.running.portions[at]);
            let is_hit = |step| match step {
                Step::Route { from, to } => hit.is_hit(from, to),
                Step::Over { edge } => problem.network.down[usize::from(edge)],
            };
            let lists = portions.iter().map(|portion| &portion.list);
            if !lists.clone().flat_map(|list| list.walk(&problem.network, flow.from)).any(is_hit) {
                continue;
            }
            if problem.routes.delay(flow.from, flow.to).is_infinite() {
                let what = "no path leads from where it enters to where it leaves";
                return Err(Unsolvable::Demand { demand: flow.index as usize, what });
            }
            changes.hit.push(at);
            put(&self.problem, flow, portions, -1.0, &mut changes.load);
            if lists.clone().all(|list| running::runs(problem, flow, list)) {
                put(problem, flow, portions, 1.0, &mut changes.load);
            } else {
                let portions = running::fallback(problem, flow)?;
                put(problem, flow, &portions, 1.0, &mut changes.load);
                changes.portions.push((at, portions));
            }
        }
        Ok(changes)
    }

    /// What is other than before, with whole weights, and the utilisation with these.
    fn answer(
        &self,
        problem: &Problem,
        start: &Start,
        portions: &[Portions],
        mut levels: Vec<Level>,
        bound: f64,
    ) -> Rerouted {
        let (mut lists, mut load, mut moved) = (Vec::new(), start.load.clone(), 0);
        for (at, (flow, portions)) in problem.flows.iter().zip(portions).enumerate() {
            if differ(portions, &start.portions[at]) {
                moved += 1;
                put(problem, flow, &start.portions[at], -1.0, &mut load);
                put(problem, flow, &split::rounded(portions), 1.0, &mut load);
            }
            if differ(portions, &self.running.portions[at]) {
                lists.push((flow.index, written(portions)));
            }
        }
        let mlu = problem.highest(&load);
        debug_assert!(bound <= mlu * (1.0 + 1e-6), "proven {bound}, reached {mlu}");
        let bound = bound.min(mlu);
        if let [only] = &mut levels[..] {
            (only.mlu, only.bound) = (mlu, bound);
        }
        Rerouted { lists, mlu, bound, levels, moved }
    }
}

/// The lists of a flow as they are told to its router, in whole weights.
fn written(portions: &Portions) -> Vec<WeightedList> {
    let list = |(weight, list): &(u32, List)| WeightedList { weight: *weight, segments: list.segments() };
    split::weights(portions).iter().map(list).collect()
}

/// Whether a router would be told other lists: what differs by less than whole weights can say is no change.
fn differ(portions: &Portions, before: &Portions) -> bool {
    portions != before && written(portions) != written(before)
}

/// What becomes of some flows when edges are down.
struct Changes {
    /// Of flows whose lists cannot run any more.
    portions: Vec<(usize, Portions)>,
    /// By place: what is more, or less.
    load: Vec<f64>,
    /// All flows whose way is another one.
    hit: Vec<usize>,
}

/// Puts so many times a flow on its places.
fn put(problem: &Problem, flow: &Flow, portions: &Portions, times: f64, load: &mut [f64]) {
    let flow = Flow { volume: times * flow.volume, ..*flow };
    running::add(problem, &flow, portions, load);
}
