//! A service with its place: what the search gives to all who write it down.

use model::{Color, Service, Sid, unit::Bandwidth};
use paths::{PathRequest, Shared};

use crate::route::Ways;

/// A service with its place in the network.
pub(super) struct Placed<'a> {
    pub service: &'a Service,
    pub queue: &'a model::QueueName,
    /// Whether that is a strict one, which waits for strict queues alone.
    pub is_strict: bool,
    pub color: Color,
    pub ordinal: u32,
    pub request: PathRequest,
    pub ways: Ways,
    /// For each direction.
    pub segments: Vec<Vec<Sid>>,
    /// What was free on each way before the service was placed, by which it was chosen.
    pub free: Vec<Bandwidth>,
    /// What moved it, or why its promise is at risk.
    pub notes: Vec<String>,
    /// Whether it is placed on what was measured, see [`Hints::relief`].
    pub measured: bool,
    /// Whether it rides nothing of what a person keeps it off ([`Hints::balanced`](model::Hints::balanced)).
    pub is_kept_off: bool,
    /// It has no way: its path stands so that its traffic is dropped, not sent in clear.
    pub stranded: bool,
    pub backup: Option<PlacedBackup>,
}

/// The second way of a service.
pub(super) struct PlacedBackup {
    pub ways: Ways,
    pub segments: Vec<Vec<Sid>>,
    /// For each search: what it has in common with the path.
    pub shared: Vec<Shared>,
    pub strict: bool,
    /// What is drained on it.
    pub drained: Vec<String>,
}

impl Placed<'_> {
    /// What is promised, bit/s.
    pub fn rate(&self) -> u64 {
        self.service.slo.bandwidth.unwrap_or(Bandwidth::ZERO).as_bps()
    }

    /// Whether its intent asks for a backup that keeps away from the path, and it has none.
    pub fn lacks_apart(&self) -> bool {
        self.service.sle.asks_apart && self.backup.as_ref().is_none_or(|backup| !backup.strict)
    }
}
