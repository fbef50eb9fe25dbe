//! Where one demand goes and what it suffers there, in the words of those who ask.

use std::sync::Arc;

use model::{Color, Delay, DemandId, EdgeIx, Jitter, Loss, NodeId, PolicyKey};

use crate::{fate::Fate, segment::Fault, stray::of_edge};

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

/// Edges ascending, with what they carry out of [`WHOLE`](crate::WHOLE). Flows that go the same way hold the same.
pub type Shares = Arc<[(EdgeIx, u64)]>;

/// Where one demand goes and what it suffers there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Flow {
    /// The demand.
    pub demand: DemandId,
    /// How it goes.
    pub via: Via,
    /// Edges ascending, each with its share out of [`WHOLE`](crate::WHOLE); an edge that is crossed twice may have more than all, one
    /// whose share rounds to nothing has 0.
    pub shares: Shares,
    /// What of these shares comes to the start of its edge by an interface at which no classifier is bound, and waits in the lowest
    /// queue there. Mostly empty.
    pub strays: Shares,
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
    pub(crate) fn new(demand: DemandId, via: Via, shares: Shares, strays: Shares, fate: Fate) -> Self {
        let mut flow = Self {
            demand,
            via,
            shares,
            strays,
            delay: None,
            mean_delay: None,
            jitter: None,
            loss: Loss::ZERO,
            hops: 0,
            crosses_unencrypted: false,
        };
        flow.suffer(fate);
        flow
    }

    /// What it suffers now, on the same way; gives what it suffered before.
    pub(crate) fn suffer(&mut self, fate: Fate) -> Fate {
        let before = self.fate();
        self.delay = fate.arrives.then_some(Delay::from_micros(fate.delay));
        self.mean_delay = fate.arrives.then_some(Delay::from_micros(fate.mean_delay));
        self.jitter = fate.arrives.then_some(Jitter::from_micros(fate.jitter));
        self.loss = Loss::from_ppb(fate.loss);
        self.hops = fate.hops;
        self.crosses_unencrypted = fate.crosses_unencrypted;
        before
    }

    pub(crate) fn fate(&self) -> Fate {
        Fate {
            arrives: self.delay.is_some(),
            delay: self.delay.map_or(0, Delay::as_micros),
            mean_delay: self.mean_delay.map_or(0, Delay::as_micros),
            jitter: self.jitter.map_or(0, Jitter::as_micros),
            loss: self.loss.as_ppb(),
            hops: self.hops,
            crosses_unencrypted: self.crosses_unencrypted,
        }
    }

    /// Whether any of it arrives.
    pub fn arrives(&self) -> bool {
        self.delay.is_some()
    }

    /// The edges that it uses, ascending.
    pub fn edges(&self) -> impl Iterator<Item = EdgeIx> + '_ {
        self.shares.iter().map(|(edge, _)| *edge)
    }

    /// What of its share of an edge waits in the lowest queue, since nobody looked at its code point where it entered.
    pub fn stray(&self, edge: EdgeIx) -> u64 {
        of_edge(&self.strays, edge).unwrap_or(0)
    }

    /// Whether it uses an edge.
    pub fn uses(&self, edge: EdgeIx) -> bool {
        self.shares.binary_search_by_key(&edge, |(used, _)| *used).is_ok()
    }
}
