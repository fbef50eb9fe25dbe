//! What packets suffer on a way: delay, variation and loss of lines and queues, end to end.

use model::{EdgeIx, link::Encryption};

use crate::{
    WHOLE,
    branch::{Branch, Stretch, amounts, divide},
    spf::{Spread, portion},
};

/// What an edge does to a packet of the flow's class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Microseconds.
    pub(crate) delay: u64,
    /// Microseconds.
    pub(crate) jitter: u64,
    /// In 1e-9.
    pub(crate) loss: u32,
    pub(crate) encryption: Encryption,
    /// Nothing gets over it.
    pub(crate) dead: bool,
}

/// What became of a flow. All numbers are zero where nothing arrives, but for the loss.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Fate {
    pub(crate) arrives: bool,
    /// Microseconds.
    pub(crate) delay: u64,
    /// Microseconds.
    pub(crate) mean_delay: u64,
    /// Microseconds.
    pub(crate) jitter: u64,
    /// In 1e-9.
    pub(crate) loss: u32,
    pub(crate) hops: u32,
    pub(crate) crosses_unencrypted: bool,
}

/// How packets have fared so far. What is alive is out of `WHOLE << FINE`, fine enough for losses of 1e-9.
#[derive(Clone, Copy, Debug, Default)]
struct Fare {
    alive: u64,
    delay: u64,
    jitter: u64,
    hops: u32,
}

const FINE: u32 = 28;

const ALL: u64 = WHOLE << FINE;

const PPB: u32 = 1_000_000_000;

impl Fare {
    fn over(self, cost: Cost, part: u64) -> Self {
        let alive = match cost.loss {
            0 => part,
            loss => {
                let kept = u64::from(PPB.saturating_sub(loss));
                (u128::from(part) * u128::from(kept) / u128::from(PPB)) as u64
            }
        };
        Self {
            alive,
            delay: self.delay.saturating_add(cost.delay),
            jitter: self.jitter.saturating_add(cost.jitter),
            hops: self.hops + 1,
        }
    }

    /// Where two paths meet: what is alive adds up, of all else the worse counts.
    fn join(&mut self, other: Self) {
        self.alive += other.alive;
        self.delay = self.delay.max(other.delay);
        self.jitter = self.jitter.max(other.jitter);
        self.hops = self.hops.max(other.hops);
    }
}

/// Over all paths of a spread; `each` hears what is alive as it comes to each edge.
fn through(
    spread: &Spread,
    start: Fare,
    cost: &impl Fn(EdgeIx) -> Cost,
    each: &mut impl FnMut(EdgeIx, u64),
) -> Option<Fare> {
    if spread.is_line() {
        return spread.steps.iter().try_fold(start, |fare, step| cross(fare, step.edge, cost, each));
    }
    arrivals(spread, start, cost, each).last().copied().flatten()
}

/// The same; gives how packets fare at each node, as far as any come there.
fn arrivals(
    spread: &Spread,
    start: Fare,
    cost: &impl Fn(EdgeIx) -> Cost,
    each: &mut impl FnMut(EdgeIx, u64),
) -> Vec<Option<Fare>> {
    let mut at: Vec<Option<Fare>> = vec![None; spread.nodes as usize];
    at[0] = Some(start);
    for ways in spread.steps.chunk_by(|a, b| a.from == b.from) {
        let Some(here) = at[ways[0].from as usize] else { continue };
        for (way, step) in (0..).zip(ways) {
            let cost = cost(step.edge);
            if cost.dead {
                continue;
            }
            let part = portion(here.alive, ways.len() as u64, way);
            each(step.edge, part);
            let there = here.over(cost, part);
            match &mut at[step.to as usize] {
                Some(fare) => fare.join(there),
                none => *none = Some(there),
            }
        }
    }
    at
}

fn cross(
    fare: Fare,
    edge: EdgeIx,
    cost: &impl Fn(EdgeIx) -> Cost,
    each: &mut impl FnMut(EdgeIx, u64),
) -> Option<Fare> {
    let cost = cost(edge);
    if cost.dead {
        return None;
    }
    each(edge, fare.alive);
    Some(fare.over(cost, fare.alive))
}

/// Over a branch to all its ends, together.
fn fare(
    branch: &Branch,
    start: Fare,
    cost: &impl Fn(EdgeIx) -> Cost,
    each: &mut impl FnMut(EdgeIx, u64),
) -> Option<Fare> {
    let end = branch.stretches.iter().try_fold(start, |fare, stretch| match stretch {
        Stretch::Edge(edge) => cross(fare, *edge, cost, each),
        Stretch::Spread(spread) => through(spread, fare, cost, each),
    })?;
    let Some(split) = &branch.fork else { return Some(end) };
    let come = arrivals(&split.spread, end, cost, each);
    let mut whole = None;
    for (end, branches) in &split.then {
        let Some(here) = come[*end as usize] else { continue };
        for (alive, branch) in divide(here.alive, &amounts(branches)).into_iter().zip(branches) {
            join(&mut whole, fare(branch, Fare { alive, ..here }, cost, each));
        }
    }
    whole
}

fn join(whole: &mut Option<Fare>, part: Option<Fare>) {
    match (whole, part) {
        (_, None) => {}
        (Some(whole), Some(part)) => whole.join(part),
        (none, part) => *none = part,
    }
}

fn start(branch: &Branch) -> Fare {
    Fare { alive: branch.amount << FINE, ..Fare::default() }
}

/// Tells each edge of a way which part of `rate` comes to it alive. An edge may hear more than once.
pub(crate) fn survivors(
    branches: &[Branch],
    rate: u64,
    cost: impl Fn(EdgeIx) -> Cost,
    mut each: impl FnMut(EdgeIx, u64),
) {
    for branch in branches {
        let mut part = |edge: EdgeIx, alive: u64| {
            each(edge, (u128::from(rate) * u128::from(alive) / u128::from(ALL)) as u64);
        };
        let _arrived = fare(branch, start(branch), &cost, &mut part);
    }
}

/// Judges a way by what its edges do now. `shares` are its edges with what they carry.
pub(crate) fn fate(branches: &[Branch], shares: &[(EdgeIx, u64)], cost: impl Fn(EdgeIx) -> Cost) -> Fate {
    let mut whole: Option<Fare> = None;
    for branch in branches {
        join(&mut whole, fare(branch, start(branch), &cost, &mut |_, _| {}));
    }
    let mut spent = 0_u128;
    let mut crosses_unencrypted = false;
    for (edge, share) in shares {
        let cost = cost(*edge);
        spent += u128::from(*share) * u128::from(cost.delay);
        crosses_unencrypted |= cost.encryption == Encryption::None;
    }
    let Some(whole) = whole else { return Fate { loss: PPB, crosses_unencrypted, ..Fate::default() } };
    let lost = u128::from(ALL - whole.alive) * u128::from(PPB) / u128::from(ALL);
    Fate {
        arrives: true,
        delay: whole.delay,
        mean_delay: u64::try_from(spent / u128::from(WHOLE)).unwrap_or(u64::MAX),
        jitter: whole.jitter,
        loss: u32::try_from(lost).unwrap_or(PPB),
        hops: whole.hops,
        crosses_unencrypted,
    }
}
