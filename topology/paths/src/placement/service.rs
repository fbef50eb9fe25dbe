//! Services as a placement keeps them: few words each, and what many of them ask alike only once.

use std::sync::Arc;

use model::{Bandwidth, EdgeIx, Graph, NodeIx, intent::Diversity};

use crate::{backbone::Backbone, constraint::PathRequest};

/// A service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Service {
    pub(super) from: NodeIx,
    pub(super) to: NodeIx,
    /// Bit/s.
    pub(super) bandwidth: u64,
    /// The number of what it asks beside that.
    pub(super) kind: u32,
    /// The number of those with whom it shares a tree; [`ALONE`](super::ways::ALONE) where it shares none.
    pub(super) group: u32,
}

/// What stays the same from one event to the next.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) graph: Arc<Graph>,
    pub(super) backbone: Backbone,
    pub(super) diversity: Diversity,
    pub(super) services: Vec<Service>,
    /// Requests, each for all services that ask the same: their ends and their bandwidth stand with the services.
    pub(super) kinds: Vec<PathRequest>,
}

impl Terms {
    /// The request of a service where a link is down, if that is not to be known by what is free: nothing needs no room.
    pub(super) fn request(&self, service: &Service, down: Option<EdgeIx>) -> PathRequest {
        let mut request = PathRequest {
            from: service.from,
            to: service.to,
            bandwidth: Bandwidth::from_bps(service.bandwidth),
            ..self.kinds[service.kind as usize].clone()
        };
        if let Some(down) = down.filter(|_| service.bandwidth == 0) {
            request.excluded.edges.insert_link(down);
        }
        request
    }
}
