//! What each queue of each edge is offered and does with it.

use model::{Bandwidth, Delay, EdgeIx, Graph, Loss, QueueName, Ratio};

use crate::{forwarding::Forwarding, queues::serve};

/// One queue at the start of an edge.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QueueLoad {
    /// Its name.
    pub name: QueueName,
    /// What is offered to it.
    pub offered: Bandwidth,
    /// What gets out.
    pub served: Bandwidth,
    /// The share that is dropped.
    pub dropped: Loss,
    /// What is offered, of the most that the queue would be served now. Over 100% it drops.
    pub utilisation: Ratio,
    /// How long a packet waits.
    pub delay: Delay,
}

/// The queues at the start of an edge, in the order of names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EdgeLoad {
    /// The queues; never empty.
    pub queues: Vec<QueueLoad>,
}

impl QueueLoad {
    /// Whether packets in it fare as before.
    pub(crate) fn feels_like(&self, before: &Self) -> bool {
        (self.delay, self.dropped) == (before.delay, before.dropped)
    }
}

impl EdgeLoad {
    /// All that is offered.
    pub fn offered(&self) -> Bandwidth {
        self.queues.iter().map(|queue| queue.offered).sum()
    }

    /// All that gets out.
    pub fn served(&self) -> Bandwidth {
        self.queues.iter().map(|queue| queue.served).sum()
    }

    /// The queue with the highest utilisation; the first of equals.
    pub fn worst(&self) -> Option<&QueueLoad> {
        self.queues.iter().rev().max_by_key(|queue| queue.utilisation)
    }
}

/// Loads of all edges.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Loads {
    edges: Vec<EdgeLoad>,
}

impl Loads {
    pub(crate) fn idle(forwarding: &Forwarding) -> Self {
        let queue = |name: &QueueName| QueueLoad {
            name: name.clone(),
            offered: Bandwidth::ZERO,
            served: Bandwidth::ZERO,
            dropped: Loss::ZERO,
            utilisation: Ratio::ZERO,
            delay: Delay::ZERO,
        };
        let edge = |names: &Vec<QueueName>| EdgeLoad { queues: names.iter().map(queue).collect() };
        Self { edges: forwarding.ports.iter().map(|port| edge(&port.names)).collect() }
    }

    /// The load of an edge.
    pub fn edge(&self, edge: EdgeIx) -> &EdgeLoad {
        &self.edges[edge.ix()]
    }

    /// All edges, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (EdgeIx, &EdgeLoad)> {
        (0..).map(EdgeIx).zip(&self.edges)
    }

    pub(crate) fn edge_mut(&mut self, edge: EdgeIx) -> &mut EdgeLoad {
        &mut self.edges[edge.ix()]
    }

    /// Whether what is offered is the same as before to 1 bit/s. Goes half the way from there if `halve`.
    pub(crate) fn approach(&mut self, before: &Self, halve: bool) -> bool {
        let mut agree = true;
        let pairs =
            self.edges.iter_mut().zip(&before.edges).flat_map(|(a, b)| a.queues.iter_mut().zip(&b.queues));
        for (now, before) in pairs {
            let (to, from) = (now.offered.as_bps(), before.offered.as_bps());
            agree &= to.abs_diff(from) <= 1;
            if halve {
                now.offered = Bandwidth::from_bps(to.midpoint(from));
            }
        }
        agree
    }

    /// Works out what the queues of an edge do with what they are offered.
    pub(crate) fn settle(&mut self, graph: &Graph, forwarding: &Forwarding, edge: EdgeIx) {
        let queues = &mut self.edges[edge.ix()].queues;
        let offered: Vec<u64> = queues.iter().map(|queue| queue.offered.as_bps()).collect();
        let shares = &forwarding.ports[edge.ix()].shares;
        for (queue, service) in queues.iter_mut().zip(serve(&offered, shares, graph.edge(edge).bandwidth)) {
            queue.served = Bandwidth::from_bps(service.served);
            queue.dropped = service.dropped;
            queue.utilisation = service.utilisation;
            queue.delay = service.delay;
        }
    }
}
