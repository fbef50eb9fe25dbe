//! What a demand suffers on its way: delay, variation and loss of lines and queues, end to end.

use model::{Color, Delay, DemandId, EdgeIx, Jitter, Loss, NodeId, PolicyKey, link::Encryption};

use crate::{
    WHOLE,
    route::{Branch, Route, Stretch},
    segment::Fault,
    spf::{Spread, portion},
};

/// Why traffic follows the IGP.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum IgpReason {
    /// No steering rule of its headend matches it.
    NoRule,
    /// Its rule gives a color for which the headend has no policy toward its destination (RFC 9256 section 8.4).
    NoPolicy(Color),
    /// Its policy has no valid candidate, and the IGP is the last resort.
    PolicyInvalid {
        /// The policy.
        key: PolicyKey,
        /// The first fault of each candidate, in the order in which they were tried.
        faults: Vec<Fault>,
    },
    /// It leaves where it enters.
    Local,
}

/// Why traffic does not arrive.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DropReason {
    /// Its policy has no valid candidate and drops then (RFC 9256 section 8.2).
    PolicyInvalid {
        /// The policy.
        key: PolicyKey,
        /// The first fault of each candidate, in the order in which they were tried.
        faults: Vec<Fault>,
    },
    /// The IGP has no way.
    Unreachable {
        /// Where it enters.
        from: NodeId,
        /// Where it should leave.
        to: NodeId,
        /// Why it was left to the IGP.
        after: Box<IgpReason>,
    },
    /// Its first or last node is down.
    NodeDown(NodeId),
    /// Its first or last node is not in the network.
    UnknownNode(NodeId),
}

/// How traffic goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Via {
    /// By a candidate path of a policy.
    Policy {
        /// The policy on the headend.
        key: PolicyKey,
        /// Preference of the candidate that is used.
        preference: u32,
        /// Its discriminator.
        discriminator: u32,
    },
    /// By IGP shortest paths.
    Igp(IgpReason),
    /// Not at all.
    Dropped(DropReason),
}

/// Where one demand goes and what it suffers there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Flow {
    /// The demand.
    pub demand: DemandId,
    /// How it goes.
    pub via: Via,
    /// Edges ascending, each with its share out of [`WHOLE`]; an edge that is crossed twice may have more than all, one
    /// whose share rounds to nothing has 0.
    pub shares: Vec<(EdgeIx, u64)>,
    /// One-way delay on the slowest of its paths, waiting in queues included; none where nothing arrives.
    pub delay: Option<Delay>,
    /// The same, averaged over what is sent; what a dead link swallows counts as far as it came.
    pub mean_delay: Option<Delay>,
    /// Delay variation on the worst of its paths: the sum of the lines' variation and of the waits in queues, which is an
    /// upper bound; none where nothing arrives.
    pub jitter: Option<Jitter>,
    /// The share of packets that lines and queues lose, all paths together.
    pub loss: Loss,
    /// Most links on any of its paths.
    pub hops: u32,
    /// Whether any of it crosses a link without encryption.
    pub crosses_unencrypted: bool,
}

impl Flow {
    /// Whether any of it arrives.
    pub fn arrives(&self) -> bool {
        self.delay.is_some()
    }

    /// The edges that it uses, ascending.
    pub fn edges(&self) -> impl Iterator<Item = EdgeIx> + '_ {
        self.shares.iter().map(|(edge, _)| *edge)
    }

    /// Whether it uses an edge.
    pub fn uses(&self, edge: EdgeIx) -> bool {
        self.shares.binary_search_by_key(&edge, |(used, _)| *used).is_ok()
    }
}

/// What an edge does to a packet of the flow's class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) delay: u64,
    pub(crate) jitter: u64,
    pub(crate) loss: u32,
    pub(crate) encryption: Encryption,
    /// Nothing gets over it.
    pub(crate) dead: bool,
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

impl Fare {
    fn over(self, cost: Cost, part: u64) -> Self {
        let kept = u64::from(1_000_000_000_u32.saturating_sub(cost.loss));
        let alive = (u128::from(part) * u128::from(kept) / 1_000_000_000) as u64;
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
    let mut at: Vec<Option<Fare>> = vec![None; spread.nodes];
    at[0] = Some(start);
    for ways in spread.steps.chunk_by(|a, b| a.from == b.from) {
        let Some(here) = at[ways[0].from] else { continue };
        for (way, step) in (0..).zip(ways) {
            let cost = cost(step.edge);
            if cost.dead {
                continue;
            }
            let part = portion(here.alive, ways.len() as u64, way);
            each(step.edge, part);
            let there = here.over(cost, part);
            match &mut at[step.to] {
                Some(fare) => fare.join(there),
                none => *none = Some(there),
            }
        }
    }
    at.last().copied().flatten()
}

fn fare(branch: &Branch, cost: &impl Fn(EdgeIx) -> Cost, each: &mut impl FnMut(EdgeIx, u64)) -> Option<Fare> {
    let start = Fare { alive: branch.amount << FINE, ..Fare::default() };
    branch.stretches.iter().try_fold(start, |fare, stretch| match stretch {
        Stretch::Edge(edge) => {
            let cost = cost(*edge);
            if cost.dead {
                return None;
            }
            each(*edge, fare.alive);
            Some(fare.over(cost, fare.alive))
        }
        Stretch::Spread(spread) => through(spread, fare, cost, each),
    })
}

/// Tells each edge of a route which part of `rate` comes to it alive. An edge may hear more than once.
pub(crate) fn survivors(
    route: &Route,
    rate: u64,
    cost: impl Fn(EdgeIx) -> Cost,
    mut each: impl FnMut(EdgeIx, u64),
) {
    for branch in &route.branches {
        let mut part = |edge: EdgeIx, alive: u64| {
            each(edge, (u128::from(rate) * u128::from(alive) / u128::from(WHOLE << FINE)) as u64);
        };
        let _arrived = fare(branch, &cost, &mut part);
    }
}

/// Judges a route by what its edges do now.
pub(crate) fn judge(demand: &DemandId, route: &Route, cost: impl Fn(EdgeIx) -> Cost) -> Flow {
    let mut whole: Option<Fare> = None;
    for fare in route.branches.iter().filter_map(|branch| fare(branch, &cost, &mut |_, _| {})) {
        match &mut whole {
            Some(whole) => whole.join(fare),
            none => *none = Some(fare),
        }
    }
    let alive = whole.map_or(0, |fare| fare.alive);
    let lost = u128::from((WHOLE << FINE) - alive) * 1_000_000_000 / u128::from(WHOLE << FINE);
    let spent: u128 =
        route.shares.iter().map(|(edge, share)| u128::from(*share) * u128::from(cost(*edge).delay)).sum();
    let mean = u64::try_from(spent / u128::from(WHOLE)).unwrap_or(u64::MAX);
    Flow {
        demand: demand.clone(),
        via: route.via.clone(),
        shares: route.shares.clone(),
        delay: whole.map(|fare| Delay::from_micros(fare.delay)),
        mean_delay: whole.map(|_| Delay::from_micros(mean)),
        jitter: whole.map(|fare| Jitter::from_micros(fare.jitter)),
        loss: Loss::from_ppb(u32::try_from(lost).unwrap_or(1_000_000_000)),
        hops: whole.map_or(0, |fare| fare.hops),
        crosses_unencrypted: route.shares.iter().any(|(edge, _)| cost(*edge).encryption == Encryption::None),
    }
}
