//! Several weighted lists per demand: traffic shifts between them in parts.
//!
//! For a fixed steepness the problem is convex, and shifting from the dearest list to the cheapest, as far as a line search
//! along the exact potential says, is the pairwise variant of the method of Frank and Wolfe (Lacoste-Julien, Jaggi, "On the
//! global linear convergence of Frank-Wolfe optimization variants", 2015). The bound on the number of lists makes it a
//! heuristic: a demand whose lists are all in use changes one as a whole, or shifts between those that it has.

use smallvec::SmallVec;

use crate::{
    engine::Engine,
    list::{List, Portion, Portions},
    network::Flow,
    pace::Pace,
    problem::Problem,
    running::Start,
    state::State,
};

/// Weights of a demand add up to this.
pub(crate) const WEIGHTS: u32 = 100_000;

/// The smallest share of a demand that shifts: one of its weights. Larger limits leave the search short of the optimum.
const CRUMB: f64 = 1.0 / WEIGHTS as f64;

/// Halvings of a line search.
const HALVINGS: usize = 10;

/// The state of a search with several lists per demand, and the best that it has seen.
pub(crate) struct Split<'a> {
    engine: Engine<'a>,
    most: usize,
    portions: Vec<Portions>,
    /// The portions at the beginning.
    home: Vec<Portions>,
    best: Vec<Portions>,
    best_load: Vec<f64>,
    best_mlu: f64,
}

impl<'a> Split<'a> {
    pub fn new(problem: &'a Problem, start: Start, most: usize, pace: Pace<'a>, seed: u64) -> Self {
        let Start { portions, load, .. } = start;
        let (home, best) = (portions.clone(), portions.clone());
        let mut engine = Engine::new(problem, pace, seed);
        engine.potential.load.copy_from_slice(&load);
        let mut split = Self { engine, most, portions, home, best, best_load: load, best_mlu: f64::INFINITY };
        split.keep();
        split
    }

    /// The most lists of a demand.
    pub fn most(&self) -> usize {
        self.most
    }
}

/// Where traffic is to go.
#[derive(Clone, Copy)]
enum Target {
    /// To a portion that is there.
    Old(usize),
    /// To a list that is not used yet.
    New(List),
}

fn try_shift(engine: &mut Engine<'_>, portions: &mut Portions, most: usize, at: usize) -> bool {
    let flow = engine.problem.flows[at];
    let (mut dearest, mut cheapest) = ((0, 0.0), (0, f32::INFINITY));
    for (place, portion) in portions.iter().enumerate() {
        let cost = engine.cost(flow.from, &portion.list);
        if cost > dearest.1 {
            dearest = (place, cost);
        }
        if cost < cheapest.1 {
            cheapest = (place, cost);
        }
    }
    let limit = dearest.1 * engine.bar;
    let source = dearest.0;
    if engine.column.cost(flow.from) < limit.min(cheapest.1 * engine.bar)
        && let Some(list) = engine.candidate(&flow)
    {
        let target = match portions.iter().position(|portion| portion.list == list) {
            Some(place) => Target::Old(place),
            None => Target::New(list),
        };
        let full = portions.len() == most && matches!(target, Target::New(_));
        if full {
            // A list has to go: the one with the least traffic, or the dearest.
            let smallest = smallest(portions);
            if shift(engine, portions, at, smallest, target, true)
                || source != smallest && shift(engine, portions, at, source, target, true)
            {
                return true;
            }
        } else if !matches!(target, Target::Old(place) if place == source)
            && shift(engine, portions, at, source, target, false)
        {
            return true;
        }
    }
    cheapest.1 < limit && shift(engine, portions, at, source, Target::Old(cheapest.0), false)
}

fn smallest(portions: &Portions) -> usize {
    let shares = portions.iter().map(|portion| portion.share).enumerate();
    shares.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(place, _)| place)
}

/// Shifts as much as is best; all or nothing where `whole`.
fn shift(
    engine: &mut Engine<'_>,
    portions: &mut Portions,
    at: usize,
    source: usize,
    target: Target,
    whole: bool,
) -> bool {
    let flow = engine.problem.flows[at];
    let share = portions[source].share;
    let list = match target {
        Target::Old(place) => portions[place].list,
        Target::New(list) => list,
    };
    engine.change.add(engine.problem, flow.from, &portions[source].list, -flow.volume * share);
    engine.change.add(engine.problem, flow.from, &list, flow.volume * share);
    engine.pace.count(300);
    let step = if whole {
        f64::from(u8::from(engine.change.gain(engine.problem, &engine.potential) < 0.0))
    } else {
        line_search(engine)
    };
    // A crumb is not worth a list of its own.
    let crumb = match target {
        Target::Old(_) => CRUMB,
        Target::New(_) => 10.0 * CRUMB,
    };
    if step * share < crumb {
        engine.change.clear();
        return false;
    }
    engine.change.apply(engine.problem, &mut engine.potential, step);
    match target {
        Target::Old(place) => portions[place].share += step * share,
        Target::New(list) => portions.push(Portion { list, share: step * share }),
    }
    if step == 1.0 {
        portions.remove(source);
    } else {
        portions[source].share -= step * share;
    }
    true
}

/// How much of the change is best: where the slope changes its sign. Never beyond, so the potential falls.
fn line_search(engine: &Engine<'_>) -> f64 {
    let slope = |step| engine.change.slope(engine.problem, &engine.potential, step);
    if slope(1.0) <= 0.0 {
        return 1.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if slope(middle) <= 0.0 { low = middle } else { high = middle }
    }
    low
}

impl<'a> State<'a> for Split<'a> {
    fn engine(&mut self) -> &mut Engine<'a> {
        &mut self.engine
    }

    fn sweep(&mut self, until: f64) -> usize {
        let (portions, most) = (&mut self.portions, self.most);
        self.engine.sweep(until, |engine, at| try_shift(engine, &mut portions[at], most, at))
    }

    fn keep(&mut self) -> bool {
        let mlu = self.engine.mlu();
        let better = mlu < self.best_mlu;
        if better {
            self.best_mlu = mlu;
            self.best.clone_from(&self.portions);
            self.best_load.clone_from(&self.engine.potential.load);
        }
        better
    }

    fn back(&mut self) {
        self.portions.clone_from(&self.best);
        self.engine.potential.load.clone_from(&self.best_load);
    }

    fn best(&self) -> f64 {
        self.best_mlu
    }

    fn on(&mut self, places: &[usize]) -> Vec<(f64, usize)> {
        self.engine.price_places(places);
        let flows = self.engine.problem.flows.iter().zip(&self.portions).enumerate();
        let on = |(at, (flow, portions)): (usize, (&Flow, &Portions))| {
            let part =
                |portion: &Portion| portion.share * f64::from(self.engine.cost(flow.from, &portion.list));
            let share: f64 = portions.iter().map(part).sum();
            (share > 0.0).then_some((share * flow.volume, at))
        };
        flows.filter_map(on).collect()
    }

    fn offer(&mut self, at: usize) -> bool {
        try_shift(&mut self.engine, &mut self.portions[at], self.most, at)
    }

    fn portions(&self, at: usize) -> Portions {
        self.portions[at].clone()
    }

    fn restore(&mut self, at: usize, portions: &Portions) {
        let (flow, engine) = (self.engine.problem.flows[at], &mut self.engine);
        for (portions, times) in [(&self.portions[at], -1.0), (portions, 1.0)] {
            for portion in portions {
                engine.change.add(
                    engine.problem,
                    flow.from,
                    &portion.list,
                    times * flow.volume * portion.share,
                );
            }
        }
        engine.change.apply(engine.problem, &mut engine.potential, 1.0);
        self.portions[at].clone_from(portions);
    }

    fn differs(&self, at: usize) -> bool {
        self.portions[at] != self.home[at]
    }

    fn changed(&self) -> usize {
        self.portions.iter().zip(&self.home).filter(|(now, home)| now != home).count()
    }

    fn settle(&mut self) {
        self.best_mlu = f64::INFINITY;
        self.keep();
    }

    fn into_best(self) -> (f64, Vec<Portions>) {
        (self.best_mlu, self.best)
    }
}

/// Shares as whole weights that add up to [`WEIGHTS`]; what rounds to nothing goes.
pub(crate) fn weights(portions: &Portions) -> SmallVec<[(u32, List); 1]> {
    #[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "shares lie between 0 and 1")]
    let weight = |share: f64| (share * f64::from(WEIGHTS)).round().clamp(0.0, f64::from(WEIGHTS)) as u32;
    let mut weights: SmallVec<[(u32, List); 1]> = portions
        .iter()
        .map(|portion| (weight(portion.share), portion.list))
        .filter(|(weight, _)| *weight > 0)
        .collect();
    if let [(only, _)] = &mut weights[..] {
        *only = 1;
        return weights;
    }
    // What rounding took or gave is the largest's, so that the same shares come out of the weights again.
    let sum: u32 = weights.iter().map(|(weight, _)| weight).sum();
    if let Some((largest, _)) = weights.iter_mut().max_by_key(|(weight, _)| *weight) {
        *largest = (*largest + WEIGHTS).saturating_sub(sum);
    }
    weights
}

/// The portions as whole weights divide a demand.
pub(crate) fn rounded(portions: &Portions) -> Portions {
    let weights = weights(portions);
    let sum: f64 = weights.iter().map(|(weight, _)| f64::from(*weight)).sum();
    weights.into_iter().map(|(weight, list)| Portion { list, share: f64::from(weight) / sum }).collect()
}
