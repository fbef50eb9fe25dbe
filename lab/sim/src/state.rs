//! What a router shows of itself: counters since its start and gauges of now.

use std::collections::BTreeMap;

use model::{Bandwidth, Delay, InterfaceName, Jitter, LinkId, Loss, PolicyKey, QueueName, Ratio};

/// A router's interfaces, and what is known of its policies.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NodeState {
    /// Those that have a link.
    pub interfaces: BTreeMap<InterfaceName, InterfaceState>,
    /// The candidate path that each policy forwards over; none where no path of it is valid. A policy that is not here is one that no
    /// traffic asks for: nothing is known of it.
    pub policies: BTreeMap<PolicyKey, Option<UsedPath>>,
}

/// A candidate path on its policy, as headends choose among them (RFC 9256 section 2.9).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct UsedPath {
    /// The highest that is valid wins.
    pub preference: u32,
    /// Tells paths of one preference apart.
    pub discriminator: u32,
}

/// An interface. Counters never fall, except of a queue that was taken away and configured again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InterfaceState {
    /// The link behind it.
    pub link: LinkId,
    /// Whether the link is up.
    pub up: bool,
    /// Capacity in the sending direction.
    pub speed: Bandwidth,
    /// Octets sent.
    pub out_octets: u64,
    /// Packets sent.
    pub out_pkts: u64,
    /// Packets that its queues dropped.
    pub out_drops: u64,
    /// Octets received: what the other end sent and the line did not lose.
    pub in_octets: u64,
    /// Packets received.
    pub in_pkts: u64,
    /// One-way delay of the line in the sending direction as probes measure it, waiting in queues not included; none while
    /// the link is down.
    pub delay: Option<Delay>,
    /// Its variation.
    pub jitter: Option<Jitter>,
    /// Loss of the line, drops of queues not included.
    pub loss: Option<Loss>,
    /// Its queues; one of the name `default` where none is configured.
    pub queues: BTreeMap<QueueName, QueueState>,
}

/// A queue.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct QueueState {
    /// Octets sent from it.
    pub octets: u64,
    /// Packets sent from it.
    pub pkts: u64,
    /// Packets that it dropped.
    pub drops: u64,
    /// How full it is, of its buffer.
    pub depth: Ratio,
}
