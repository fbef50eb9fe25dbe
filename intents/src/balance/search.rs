//! The search itself: hottest link first, the best move that holds, until there is none.

use std::collections::BTreeSet;

use model::{EdgeIx, Graph, Hints, LinkId, Service, ServiceId, hint::Balance};

use super::{
    Case, End, HELD, Limits, MOST_LINKS, Move, Passed, Proof,
    load::{self, Load},
    option::{self, Choice, Scale},
    standing::{KeptOff, Standing},
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
/// Elementary steps of a compilation and of a proof for each service, of looking at it for one link, and of a path search for each edge. A
/// proof walks everything for each of the failures that touch it.
const STEPS_EACH: u64 = 2_000;
const STEPS_PROOF: u64 = 4_000;
const STEPS_LOOK: u64 = 10;
const STEPS_EDGE: u64 = 16;

/// Steps that are left. What is begun is ended, so that one move at least is tried whatever the effort, as long as somebody waits.
struct Meter<'a> {
    left: u64,
    wanted: &'a dyn Fn() -> bool,
}

impl Meter<'_> {
    fn take(&mut self, steps: u64) {
        self.left = self.left.saturating_sub(steps);
    }

    fn is_spent(&self) -> bool {
        self.left == 0 || self.is_in_vain()
    }

    fn is_in_vain(&self) -> bool {
        !(self.wanted)()
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
    /// What it starts from: what holds of earlier moves.
    base: Hints,
    /// Services of earlier moves that give way now: others need what they left, or do not have it without them.
    gave_way: BTreeSet<ServiceId>,
    meter: Meter<'a>,
    passed: Vec<Passed>,
}

impl<'a> Search<'a> {
    pub fn new(
        case: &'a Case<'a>,
        limits: &'a Limits,
        graph: &'a Graph,
        only: Option<[EdgeIx; 2]>,
        wanted: &'a dyn Fn() -> bool,
    ) -> Self {
        Self {
            case,
            limits,
            graph,
            only,
            view: View::new(graph.clone()),
            asker: Asker::new(case.ted, graph),
            closed: Closed::of(graph, case.hints),
            base: case.hints.clone(),
            gave_way: BTreeSet::new(),
            meter: Meter { left: (limits.effort / 2).saturating_mul(1_000_000), wanted },
            passed: Vec::new(),
        }
    }

    /// The network without any move. Who gives way to others is no part of what it starts from, so that no move takes room from these.
    pub fn start(&mut self) -> Standing {
        let Case { set, ted, hints, ids, .. } = self.case;
        self.meter.take(self.steps(STEPS_EACH));
        let compiled = compile::compile(set, ted, hints, ids);
        if compiled.gave_way.is_empty() {
            let load = Load::of(self.graph, set, &compiled);
            return Standing { added: KeptOff::new(), hints: self.base.clone(), compiled, load };
        }
        self.gave_way = compiled.gave_way;
        self.base.balanced.retain(|id, _| !self.gave_way.contains(id));
        self.stand(KeptOff::new())
    }

    fn steps(&self, each: u64) -> u64 {
        each.saturating_mul(self.case.set.services.len() as u64)
    }

    /// The hints with what some moves add.
    fn hints(&self, added: &KeptOff) -> Hints {
        let mut hints = self.base.clone();
        let each = added.iter().map(|(id, balance)| (id.clone(), balance.clone()));
        each.for_each(|(id, balance)| Balance::join(&mut hints.balanced, id, balance));
        hints
    }

    /// What some moves come to.
    fn stand(&mut self, added: KeptOff) -> Standing {
        let Case { set, ted, ids, .. } = self.case;
        self.meter.take(self.steps(STEPS_EACH));
        let hints = self.hints(&added);
        let compiled = compile::compile_firm(set, ted, &hints, ids);
        let load = Load::of(self.graph, set, &compiled);
        Standing { added, hints, compiled, load }
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
                && !self.gave_way.contains(&service.id)
                && !now.hints.relief.contains_key(&service.id)
                && load::paths(&now.compiled, &service.id).into_iter().flatten().any(|ridden| *ridden == hop)
        };
        let riders: Vec<&Service> = set.services.values().filter(rides).collect();
        self.meter.take(self.steps(STEPS_LOOK));
        let mut choices = Vec::new();
        for service in riders {
            if self.meter.is_in_vain() {
                break;
            }
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
        let service = choice.service.clone();
        let Settled { mut next, off, held } = self.settle(now, choice, &link)?;
        trial::judge(self.graph, now, &next, (&service, hot))?;
        if let Some((id, _)) = next.hints.balanced.iter().find(|(_, kept)| kept.off.len() > MOST_LINKS) {
            return Err(format!("{id} would be kept off more than {MOST_LINKS} links: let it back first"));
        }
        let after = next.load.heat(self.graph, hot).utilisation;
        let preferred = trial::preferred(self.case, now, &next, &service);
        let but = preferred.as_ref().map(|line| format!("; it prefers {line}")).unwrap_or_default();
        let why = format!("to relieve {link}: {} -> {}{but}", up(before.utilisation), up(after));
        trial::keep_off(&mut next.added, &service, &off, self.case.now, why);
        next.hints = self.hints(&next.added);
        self.meter.take(self.steps(STEPS_PROOF));
        proved(&next.hints, &next.compiled)?;
        let promised = self.case.set.services.get(&service).and_then(|one| one.slo.one_way_delay);
        let ways = trial::ways(now, &next, &service, promised);
        let backups = trial::backups(now, &next, &service);
        let held = held.into_iter().collect();
        Ok((next, Move { service, off: before, after, avoids: off, ways, held, backups, preferred }))
    }

    /// Compiles a move until its service rides what was chosen for it and nobody else moves, or it does not come to that.
    fn settle(&mut self, now: &Standing, choice: &Choice, link: &LinkId) -> Result<Settled, String> {
        let (service, now_at, why) = (&choice.service, self.case.now, format!("to relieve {link}"));
        let mut off = choice.off.clone();
        let mut added = now.added.clone();
        trial::keep_off(&mut added, service, &off, now_at, why.clone());
        let mut held = BTreeSet::new();
        let mut next = self.stand(added);
        for _ in 0..trial::ROUNDS {
            if self.meter.is_in_vain() {
                return Err("nobody waits for it".to_owned());
            }
            let mut added = next.added.clone();
            let astray = trial::astray(&next, choice);
            if !astray.is_empty() {
                // It was placed before others and saw room that is theirs.
                off.extend(astray);
                trial::keep_off(&mut added, service, &off, now_at, why.clone());
            } else {
                let strangers = trial::strangers(now, &next, service)?;
                if strangers.is_empty() {
                    break;
                }
                trial::hold(now, &next, &strangers, &mut added, (service, link), now_at)?;
                held.extend(strangers);
                // Who gives way goes where others leave room, and cannot be held.
                let loose = held.iter().find(|id| self.gave_way.contains(*id));
                if let Some(id) = loose.or_else(|| held.iter().nth(HELD)) {
                    return Err(trial::would_move(id));
                }
            }
            next = self.stand(added);
        }
        Ok(Settled { next, off, held })
    }
}

/// A move that was compiled until it moved nobody else.
struct Settled {
    next: Standing,
    /// What its service is kept off.
    off: BTreeSet<LinkId>,
    /// Who is held where he is.
    held: BTreeSet<ServiceId>,
}
