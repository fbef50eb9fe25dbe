//! What packets suffer on a way: delay, variation and loss of lines and queues, end to end.

use model::{EdgeIx, link::Encryption};

use crate::{
    WHOLE,
    branch::{Branch, Stretch, amounts, divide},
    spf::{Spread, portion},
    stray::of_edge,
};

/// What an edge does to a packet of the flow's class, or to one that strays at its start.
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
    /// What comes over it strays at its end.
    pub(crate) astray: bool,
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

/// How packets fare at a place: those whose code point was looked at where they entered it, and strays.
#[derive(Clone, Copy, Debug, Default)]
struct Fares {
    seen: Option<Fare>,
    strays: Option<Fare>,
}

impl Fares {
    fn one(stray: bool, fare: Fare) -> Self {
        let mut fares = Self::default();
        fares.add(stray, fare);
        fares
    }

    /// Those that are there, and whether they stray.
    fn each(self) -> impl Iterator<Item = (bool, Fare)> {
        let both = [(false, self.seen), (true, self.strays)];
        both.into_iter().filter_map(|(stray, fare)| Some((stray, fare?)))
    }

    fn add(&mut self, stray: bool, fare: Fare) {
        let place = if stray { &mut self.strays } else { &mut self.seen };
        match place {
            Some(known) => known.join(fare),
            none => *none = Some(fare),
        }
    }

    fn join(&mut self, other: Self) {
        other.each().for_each(|(stray, fare)| self.add(stray, fare));
    }

    /// All together; none where nobody is.
    fn whole(self) -> Option<Fare> {
        self.each().map(|(_, fare)| fare).reduce(|mut all, fare| {
            all.join(fare);
            all
        })
    }
}

/// Over all paths of a spread; `each` hears what is alive as it comes to each edge, and whether it strays there.
fn through(
    spread: &Spread,
    start: Fares,
    cost: &impl Fn(EdgeIx, bool) -> Cost,
    each: &mut impl FnMut(EdgeIx, bool, u64),
) -> Fares {
    if spread.is_line() {
        return spread.steps.iter().fold(start, |fares, step| cross(fares, step.edge, cost, each));
    }
    arrivals(spread, start, cost, each).last().copied().unwrap_or_default()
}

/// The same; gives how packets fare at each node, as far as any come there.
fn arrivals(
    spread: &Spread,
    start: Fares,
    cost: &impl Fn(EdgeIx, bool) -> Cost,
    each: &mut impl FnMut(EdgeIx, bool, u64),
) -> Vec<Fares> {
    let mut at = vec![Fares::default(); spread.nodes as usize];
    at[0] = start;
    for ways in spread.steps.chunk_by(|a, b| a.from == b.from) {
        for (stray, here) in at[ways[0].from as usize].each() {
            for (way, step) in (0..).zip(ways) {
                let cost = cost(step.edge, stray);
                if cost.dead {
                    continue;
                }
                let part = portion(here.alive, ways.len() as u64, way);
                each(step.edge, stray, part);
                at[step.to as usize].add(cost.astray, here.over(cost, part));
            }
        }
    }
    at
}

/// Over one edge; nobody comes over a dead one.
fn cross(
    fares: Fares,
    edge: EdgeIx,
    cost: &impl Fn(EdgeIx, bool) -> Cost,
    each: &mut impl FnMut(EdgeIx, bool, u64),
) -> Fares {
    let mut there = Fares::default();
    for (stray, fare) in fares.each() {
        let cost = cost(edge, stray);
        if !cost.dead {
            each(edge, stray, fare.alive);
            there.add(cost.astray, fare.over(cost, fare.alive));
        }
    }
    there
}

/// Over a branch to all its ends, together.
fn fare(
    branch: &Branch,
    start: Fares,
    cost: &impl Fn(EdgeIx, bool) -> Cost,
    each: &mut impl FnMut(EdgeIx, bool, u64),
) -> Fares {
    let end = branch.stretches.iter().fold(start, |fares, stretch| match stretch {
        Stretch::Edge(edge) => cross(fares, *edge, cost, each),
        Stretch::Spread(spread) => through(spread, fares, cost, each),
    });
    let Some(split) = &branch.fork else { return end };
    let come = arrivals(&split.spread, end, cost, each);
    let mut whole = Fares::default();
    for (end, branches) in &split.then {
        for (stray, here) in come[*end as usize].each() {
            for (alive, branch) in divide(here.alive, &amounts(branches)).into_iter().zip(branches) {
                whole.join(fare(branch, Fares::one(stray, Fare { alive, ..here }), cost, each));
            }
        }
    }
    whole
}

/// Where it enters the network, it is taken for classified.
fn start(branch: &Branch) -> Fares {
    Fares::one(false, Fare { alive: branch.amount << FINE, ..Fare::default() })
}

/// Tells each edge of a way which part of `rate` comes to it alive, and whether it strays there. An edge may hear more than once.
pub(crate) fn survivors(
    branches: &[Branch],
    rate: u64,
    cost: impl Fn(EdgeIx, bool) -> Cost,
    mut each: impl FnMut(EdgeIx, bool, u64),
) {
    for branch in branches {
        let mut part = |edge: EdgeIx, stray: bool, alive: u64| {
            each(edge, stray, (u128::from(rate) * u128::from(alive) / u128::from(ALL)) as u64);
        };
        let _arrived = fare(branch, start(branch), &cost, &mut part);
    }
}

/// Judges a way by what its edges do now. `shares` are its edges with what they carry, `strays` what of it strays there.
pub(crate) fn fate(
    branches: &[Branch],
    shares: &[(EdgeIx, u64)],
    strays: &[(EdgeIx, u64)],
    cost: impl Fn(EdgeIx, bool) -> Cost,
) -> Fate {
    let mut all = Fares::default();
    for branch in branches {
        all.join(fare(branch, start(branch), &cost, &mut |_, _, _| {}));
    }
    let mut spent = 0_u128;
    let mut crosses_unencrypted = false;
    for (edge, share) in shares {
        let here = cost(*edge, false);
        let stray = of_edge(strays, *edge).unwrap_or(0);
        spent += u128::from(share.saturating_sub(stray)) * u128::from(here.delay);
        if stray > 0 {
            spent += u128::from(stray) * u128::from(cost(*edge, true).delay);
        }
        crosses_unencrypted |= here.encryption == Encryption::None;
    }
    let Some(whole) = all.whole() else { return Fate { loss: PPB, crosses_unencrypted, ..Fate::default() } };
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
