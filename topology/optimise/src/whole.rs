//! One list per demand: a demand moves as a whole.

use smallvec::smallvec;

use crate::{
    engine::Engine,
    list::{List, Portion, Portions},
    network::Flow,
    pace::Pace,
    problem::Problem,
    riders::{Riders, traffic},
    running::Start,
    state::State,
};

/// The state of a search with one list per demand, and the best that it has seen.
pub(crate) struct Whole<'a> {
    pub engine: Engine<'a>,
    /// The list of each flow.
    pub lists: Vec<List>,
    /// The lists at the beginning.
    home: Vec<List>,
    best: Vec<List>,
    best_load: Vec<f64>,
    best_mlu: f64,
    /// Which flows may have traffic where, if that was written down.
    riders: Option<Riders>,
}

/// Steps of a look at a flow that may have traffic on a place.
const STEPS: u64 = 16;

impl<'a> Whole<'a> {
    /// From the first list of each flow.
    pub fn new(problem: &'a Problem, start: &Start, pace: Pace<'a>, seed: u64) -> Self {
        let lists: Vec<List> = start.portions.iter().map(|portions| portions[0].list).collect();
        let (home, best, best_load) = (lists.clone(), lists.clone(), start.load.clone());
        let mut engine = Engine::new(problem, pace, seed);
        engine.potential.load.copy_from_slice(&start.load);
        let riders = start.riders.clone();
        let mut whole = Self { engine, lists, home, best, best_load, best_mlu: f64::INFINITY, riders };
        whole.keep();
        whole
    }

    /// Works the loads out afresh from the lists.
    fn reload(&mut self) {
        let problem = self.engine.problem;
        self.engine.potential.load.copy_from_slice(&problem.base);
        for (flow, list) in problem.flows.iter().zip(&self.lists) {
            list.spread(&problem.network, &problem.routes, flow.from, |part| {
                self.engine.potential.load[part.place as usize] += flow.volume * f64::from(part.share);
            });
        }
    }

    pub fn flow(&self, at: usize) -> Flow {
        self.engine.problem.flows[at]
    }

    /// Takes a demand off the network.
    pub fn take_out(&mut self, at: usize) {
        self.load(at, -1.0);
    }

    /// Puts a demand that is off the network on a list.
    pub fn put_in(&mut self, at: usize, list: List) {
        self.lists[at] = list;
        leaves(&mut self.riders, at);
        self.load(at, 1.0);
    }

    fn load(&mut self, at: usize, times: f64) {
        let (flow, engine) = (self.flow(at), &mut self.engine);
        engine.change.add(engine.problem, flow.from, &self.lists[at], times * flow.volume);
        engine.change.apply(engine.problem, &mut engine.potential, 1.0);
    }

    /// What putting a demand that is off the network on a list adds to the potential.
    pub fn cost_of(&mut self, at: usize, list: &List) -> f64 {
        let (flow, engine) = (self.flow(at), &mut self.engine);
        engine.change.add(engine.problem, flow.from, list, flow.volume);
        let gain = engine.change.gain(engine.problem, &engine.potential);
        engine.change.clear();
        gain
    }

    /// The flows with traffic on a place.
    pub fn crossing(&mut self, place: usize) -> Vec<usize> {
        self.on(&[place]).into_iter().map(|(_, at)| at).collect()
    }

    /// Goes on from other lists.
    pub fn set(&mut self, lists: &[List]) {
        self.lists.copy_from_slice(lists);
        self.riders = None;
        self.reload();
    }
}

/// Remembers that a flow may go another way.
fn leaves(riders: &mut Option<Riders>, at: usize) {
    if let Some(riders) = riders {
        riders.leaves(at);
    }
}

/// Moves a demand to the cheapest list, where the exact change of the potential is an improvement.
pub(crate) fn try_move(engine: &mut Engine<'_>, list: &mut List, at: usize) -> bool {
    let flow = engine.problem.flows[at];
    if engine.column.cost(flow.from) >= engine.cost(flow.from, list) * engine.bar {
        return false;
    }
    let Some(new) = engine.candidate(&flow) else { return false };
    engine.change.add(engine.problem, flow.from, list, -flow.volume);
    engine.change.add(engine.problem, flow.from, &new, flow.volume);
    engine.pace.count(200);
    if engine.change.gain(engine.problem, &engine.potential) >= 0.0 {
        engine.change.clear();
        return false;
    }
    engine.change.apply(engine.problem, &mut engine.potential, 1.0);
    *list = new;
    true
}

impl<'a> State<'a> for Whole<'a> {
    fn engine(&mut self) -> &mut Engine<'a> {
        &mut self.engine
    }

    fn sweep(&mut self, until: f64) -> usize {
        let Self { engine, lists, riders, .. } = self;
        engine.sweep(until, |engine, at| {
            let moved = try_move(engine, &mut lists[at], at);
            if moved {
                leaves(riders, at);
            }
            moved
        })
    }

    fn keep(&mut self) -> bool {
        let mlu = self.engine.mlu();
        let better = mlu < self.best_mlu;
        if better {
            self.best_mlu = mlu;
            self.best.clone_from(&self.lists);
            self.best_load.clone_from(&self.engine.potential.load);
        }
        better
    }

    fn back(&mut self) {
        self.lists.clone_from(&self.best);
        self.engine.potential.load.clone_from(&self.best_load);
    }

    fn best(&self) -> f64 {
        self.best_mlu
    }

    fn on(&mut self, places: &[usize]) -> Vec<(f64, usize)> {
        let problem = self.engine.problem;
        if let Some(on) = self.riders.as_ref().and_then(|riders| riders.on(problem, places, &self.lists)) {
            debug_assert_eq!(on, traffic(problem, places, &self.lists, 0..self.lists.len()));
            self.engine.pace.count(STEPS * on.len() as u64);
            return on;
        }
        self.engine.price_places(places);
        let flows = self.engine.problem.flows.iter().zip(&self.lists).enumerate();
        let on = |(at, (flow, list)): (usize, (&Flow, &List))| {
            let share = f64::from(self.engine.cost(flow.from, list));
            (share > 0.0).then_some((share * flow.volume, at))
        };
        flows.filter_map(on).collect()
    }

    fn offer(&mut self, at: usize) -> bool {
        let moved = try_move(&mut self.engine, &mut self.lists[at], at);
        if moved {
            leaves(&mut self.riders, at);
        }
        moved
    }

    fn portions(&self, at: usize) -> Portions {
        smallvec![Portion { list: self.lists[at], share: 1.0 }]
    }

    fn restore(&mut self, at: usize, portions: &Portions) {
        self.take_out(at);
        self.put_in(at, portions.first().map_or(self.home[at], |portion| portion.list));
    }

    fn differs(&self, at: usize) -> bool {
        self.lists[at] != self.home[at]
    }

    fn changed(&self) -> usize {
        self.lists.iter().zip(&self.home).filter(|(now, home)| now != home).count()
    }

    fn settle(&mut self) {
        self.best_mlu = f64::INFINITY;
        self.keep();
    }

    fn into_best(self) -> (f64, Vec<Portions>) {
        (self.best_mlu, self.best.into_iter().map(|list| smallvec![Portion { list, share: 1.0 }]).collect())
    }
}
