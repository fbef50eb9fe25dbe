//! The search itself: hottest link first, the best move that holds, until there is none.

use model::{EdgeIx, Graph, Hints, Service};

use super::{
    Case, End, Limits, Move, Passed, Proof,
    load::{self, Load},
    option::{self, Choice, Scale},
    standing::Standing,
    text::up,
    trial,
};
use crate::{
    ask::Asker,
    compile::{self, Closed},
    route::View,
};

/// Moves off one link that are tried, best first.
const TRIED: usize = 12;
/// Moves that are not offered of which the answer tells.
const TOLD: usize = 5;
/// Elementary steps of a compilation for each service, of looking at it for one link, and of a path search for each edge.
const STEPS_EACH: u64 = 2_000;
const STEPS_LOOK: u64 = 10;
const STEPS_EDGE: u64 = 16;

/// Steps that are left. What is begun is ended, so that one move at least is tried whatever the effort.
struct Meter {
    left: u64,
}

impl Meter {
    fn take(&mut self, steps: u64) {
        self.left = self.left.saturating_sub(steps);
    }

    fn is_spent(&self) -> bool {
        self.left == 0
    }
}

/// Looks for moves.
pub(super) struct Search<'a> {
    case: &'a Case<'a>,
    limits: &'a Limits,
    graph: &'a Graph,
    only: Option<[EdgeIx; 2]>,
    view: View,
    asker: Asker<'a>,
    closed: Closed,
    meter: Meter,
    passed: Vec<Passed>,
}

impl<'a> Search<'a> {
    pub fn new(case: &'a Case<'a>, limits: &'a Limits, graph: &'a Graph, only: Option<[EdgeIx; 2]>) -> Self {
        Self {
            case,
            limits,
            graph,
            only,
            view: View::new(graph.clone()),
            asker: Asker::new(case.ted, graph),
            closed: Closed::of(graph, case.hints),
            meter: Meter { left: (limits.effort / 2).saturating_mul(1_000_000) },
            passed: Vec::new(),
        }
    }

    /// The network without any move.
    pub fn start(&mut self) -> Standing {
        self.stand(self.case.hints.clone())
    }

    /// What some hints come to.
    fn stand(&mut self, hints: Hints) -> Standing {
        let Case { set, ted, ids, .. } = self.case;
        self.meter.take(STEPS_EACH.saturating_mul(set.services.len() as u64));
        let compiled = compile::compile(set, ted, &hints, ids);
        let load = Load::of(self.graph, set, &compiled);
        Standing { hints, compiled, load }
    }

    /// Moves until there is no more to be done: the moves, why there are no more, and what the network is then.
    pub fn run(&mut self, first: Standing, proved: Proof<'_>) -> (Vec<Move>, End, Standing) {
        let (mut now, mut moves) = (first, Vec::new());
        loop {
            let hot = self.hot(&now);
            if hot.is_empty() {
                return (moves, End::Goal, now);
            }
            if moves.len() >= self.limits.moves {
                return (moves, End::Moves, now);
            }
            match self.step(&now, &hot, proved) {
                Ok((next, done)) => {
                    moves.push(done);
                    now = next;
                }
                Err(end) => return (moves, end, now),
            }
        }
    }

    /// The first moves that looked good and were not taken.
    pub fn passed(self) -> Vec<Passed> {
        self.passed
    }

    /// What is to be lowered, fullest first.
    fn hot(&self, now: &Standing) -> Vec<EdgeIx> {
        match self.only {
            None => now.load.hot(self.graph, self.limits.goal()),
            Some(both) => {
                let hotter = now.load.hotter(both);
                if now.load.ppm(hotter) > self.limits.goal() { vec![hotter] } else { Vec::new() }
            }
        }
    }

    /// The best move that holds.
    fn step(&mut self, now: &Standing, hot: &[EdgeIx], proved: Proof<'_>) -> Result<(Standing, Move), End> {
        for &edge in hot {
            let mut choices = self.choices(now, edge);
            choices.sort_by(|one, other| (one.worth, &one.service).cmp(&(other.worth, &other.service)));
            for choice in choices.into_iter().take(TRIED) {
                match self.try_out(now, edge, &choice, proved) {
                    Ok(done) => return Ok(done),
                    Err(why) => self.pass(edge, choice, why),
                }
                if self.meter.is_spent() {
                    return Err(End::Effort);
                }
            }
            if self.meter.is_spent() {
                return Err(End::Effort);
            }
        }
        Err(End::NoBetter)
    }

    fn pass(&mut self, edge: EdgeIx, choice: Choice, why: String) {
        let passed = Passed { service: choice.service, link: self.graph.link_id(edge).clone(), why };
        let known = |one: &Passed| (&one.service, &one.link) == (&passed.service, &passed.link);
        if self.passed.len() < TOLD && !self.passed.iter().any(known) {
            self.passed.push(passed);
        }
    }

    /// The moves off an edge that could help, one for each service on it. What the loop has moved is left to the loop.
    fn choices(&mut self, now: &Standing, hot: EdgeIx) -> Vec<Choice> {
        let scale = Scale { graph: self.graph, hot, only: self.only, goal: self.limits.goal() };
        let hop = self.graph.hop(hot);
        let set = self.case.set;
        let rides = |service: &&Service| {
            load::rate(service) > 0
                && !now.hints.relief.contains_key(&service.id)
                && load::paths(&now.compiled, &service.id).into_iter().flatten().any(|ridden| *ridden == hop)
        };
        self.meter.take(STEPS_LOOK.saturating_mul(set.services.len() as u64));
        let riders: Vec<&Service> = set.services.values().filter(rides).collect();
        let mut choices = Vec::new();
        for service in riders {
            let Some(request) = self.asker.request(service) else { continue };
            let steps = STEPS_EDGE * self.graph.edge_count() as u64;
            let meter = &mut self.meter;
            let mut count = || meter.take(steps);
            let asked = (service, &request);
            choices.extend(option::best(&scale, now, asked, (&mut self.view, &self.closed), &mut count));
        }
        choices
    }

    /// Compiles a move as a whole and has it proved.
    fn try_out(
        &mut self,
        now: &Standing,
        hot: EdgeIx,
        choice: &Choice,
        proved: Proof<'_>,
    ) -> Result<(Standing, Move), String> {
        let link = self.graph.link_id(hot).clone();
        let before = now.load.heat(self.graph, hot);
        let (service, now_at) = (&choice.service, self.case.now);
        let why = format!("to relieve {link}");
        let mut off = choice.off.clone();
        let mut hints = now.hints.clone();
        trial::keep_off(&mut hints, service, &off, now_at, why.clone());
        let mut held = Vec::new();
        let mut next = self.stand(hints);
        for _ in 0..trial::ROUNDS {
            let mut hints = next.hints.clone();
            let astray = trial::astray(&next, choice);
            if !astray.is_empty() {
                // It was placed before others and saw room that is theirs.
                off.extend(astray);
                trial::keep_off(&mut hints, service, &off, now_at, why.clone());
            } else {
                let strangers = trial::strangers(now, &next, service)?;
                if strangers.is_empty() {
                    break;
                }
                trial::hold(now, &next, &strangers, &mut hints, (service, &link), now_at);
                held.extend(strangers);
            }
            next = self.stand(hints);
        }
        trial::judge(self.graph, now, &next, (service, hot))?;
        let after = next.load.heat(self.graph, hot).utilisation;
        let why = format!("{why}: {} -> {}", up(before.utilisation), up(after));
        trial::keep_off(&mut next.hints, service, &off, now_at, why);
        proved(&next.hints, &next.compiled)?;
        let promised = self.case.set.services.get(service).and_then(|one| one.slo.one_way_delay);
        let ways = trial::ways(now, &next, service, promised);
        held.sort();
        held.dedup();
        let service = service.clone();
        Ok((next, Move { service, off: before, after, avoids: off, ways, held }))
    }
}
