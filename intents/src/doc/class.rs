//! Classes of traffic and the queues that carry them, as they were written.

use std::collections::BTreeMap;

use model::{id::QueueName, steering::Dscp};
use schemars::JsonSchema;

use super::Name;
use crate::read::{At, record};

record! {
    /// A class of traffic (RFC 4594).
    pub struct ClassSpec {
        /// What it is worth to the bank: where not all fits, the highest value stays.
        "value" => value: At<u32>,
        /// The code points that mark it, for instance `[af41, cs4]`.
        "dscp" => dscp: At<Vec<At<Dscp>>>,
        /// The queue that carries it, one of its profile's.
        "queue" => queue: At<QueueName>,
        /// The `QosProfile` of the queue.
        "profile" => profile: At<Name>,
    }
}

/// How a queue is served.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq)]
#[schemars(rename_all = "lowercase", inline)]
pub enum DisciplineWord {
    /// Before all weighted queues, up to its guarantee.
    Strict,
    /// By weight among the weighted queues, for what the guarantees leave.
    Weighted,
}

record! {
    /// How a queue is served.
    pub struct QueueSpec {
        /// `strict`: before all weighted queues, up to what is guaranteed. `weighted`: by `weight`.
        "discipline" => discipline: At<DisciplineWord>,
        /// Its weight among the weighted queues, 1 to 100; together at most 100.
        "weight" => weight: Option<At<u32>>,
    }
}

/// Which interfaces have queues.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq)]
#[schemars(rename_all = "lowercase", inline)]
pub enum InterfacesWord {
    /// Those that a promised path or backup crosses.
    Crossed,
    /// Every one of the network.
    All,
}

record! {
    /// The queues of interfaces. How much each is guaranteed follows from the services that cross the interface.
    pub struct ProfileSpec {
        /// Queues by name.
        "queues" => queues: At<BTreeMap<At<QueueName>, At<QueueSpec>>>,
        /// `crossed`: interfaces that a promised path or backup crosses have the queues, which is so where nothing is said.
        /// `all`: every interface of the network has them, so that classes keep apart also where traffic falls back to the IGP.
        "interfaces" => interfaces: Option<At<InterfacesWord>>,
    }
}
