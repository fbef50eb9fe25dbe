//! State: what routers find out by themselves. It comes from a [`StateSource`] as plain values; [`Builder`] turns it into the
//! tree that both protocols read.

mod build;
mod database;
mod nodes;
mod parts;
mod places;
mod segment;

use std::{collections::BTreeMap, fmt, sync::Arc};

use model::{Bandwidth, Delay, InterfaceName, Jitter, Loss, Lsdb, NodeId, PolicyKey, QueueName, VrfName};
use tokio::sync::watch;

pub use build::Builder;
pub use parts::{Part, Parts};
pub use segment::{
    Active, Flavour, ListState, PathKey, PolicyState, Probes, SidBehaviour, SidPrefix, SidState,
};

/// What gives routers their counters and measurements: the simulator, or nothing at all.
pub trait StateSource: Send + Sync + 'static {
    /// The state of a router now. Cheap: it is asked for by every sample of every subscription.
    fn state(&self, router: &NodeId) -> Arc<RouterState>;

    /// Changes its value whenever state is new; on-change subscriptions look then.
    fn ticks(&self) -> watch::Receiver<u64>;
}

/// What one router counts and measures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RouterState {
    /// What it calls itself to its neighbours; it sends nothing of itself without.
    pub system_name: Option<String>,
    /// By interface. An interface that is configured but not here is of unknown state.
    pub interfaces: BTreeMap<InterfaceName, InterfaceState>,
    /// By SR policy.
    pub policies: BTreeMap<PolicyKey, PolicyState>,
    /// By rule: network instance, policy, sequence.
    pub rules: BTreeMap<(VrfName, String, u32), Traffic>,
    /// Its own SRv6 SIDs.
    pub sids: BTreeMap<SidPrefix, SidState>,
    /// What IS-IS tells it; all routers of a network have the same.
    pub lsdb: Option<Arc<Lsdb>>,
}

/// Packets and octets since the router started.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Traffic {
    /// Packets.
    pub pkts: u64,
    /// Octets.
    pub octets: u64,
}

/// What one interface shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InterfaceState {
    /// Whether it carries traffic.
    pub up: bool,
    /// Its number.
    pub index: Option<u32>,
    /// Whom it hears, where it hears anybody.
    pub neighbour: Option<Neighbour>,
    /// Received.
    pub received: Traffic,
    /// Sent.
    pub sent: Traffic,
    /// Packets received and dropped.
    pub in_discards: u64,
    /// Packets dropped before sending.
    pub out_discards: u64,
    /// Packets received broken.
    pub in_errors: u64,
    /// Packets that could not be sent.
    pub out_errors: u64,
    /// What probes say of the link behind it.
    pub measurement: Measurement,
    /// Its queues.
    pub queues: BTreeMap<QueueName, QueueState>,
}

/// Somebody who sends of itself over a line (IEEE 802.1AB).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Neighbour {
    /// What it calls itself; its chassis is called the same.
    pub system: NodeId,
    /// The interface that it sends from.
    pub port: InterfaceName,
}

/// A link in the sending direction, or a way through the network (RFC 8570). What is absent is not known.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Measurement {
    /// Mean one-way delay.
    pub delay: Option<Delay>,
    /// Its variation.
    pub jitter: Option<Jitter>,
    /// Share of packets lost.
    pub loss: Option<Loss>,
    /// What a link carries.
    pub utilised: Option<Bandwidth>,
}

/// What one queue shows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct QueueState {
    /// Sent out of it.
    pub sent: Traffic,
    /// Dropped by it.
    pub dropped: Traffic,
    /// Its mean length in octets.
    pub length: u64,
    /// The longest that it has been, in octets.
    pub longest: u64,
}

/// A source that knows nothing: routers without a network around them.
pub struct Silent(watch::Sender<u64>);

impl Default for Silent {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl fmt::Debug for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Silent")
    }
}

impl StateSource for Silent {
    fn state(&self, _: &NodeId) -> Arc<RouterState> {
        Arc::default()
    }

    fn ticks(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests;
