//! What shortest paths add up.

use model::{graph::Edge, unit::IgpMetric};

/// What shortest paths add up (IANA registry of IGP metric types, RFC 9350 section 18.1.2).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum MetricType {
    /// The IGP metric; links of 2^24-1 are not used (RFC 5305 section 3).
    #[default]
    Igp,
    /// One-way delay, microseconds (RFC 8570).
    Delay,
    /// The TE metric (RFC 5305 section 3.7).
    Te,
}

impl MetricType {
    /// The metric of an edge; none where paths of this type do not use it.
    #[inline]
    pub fn of(self, edge: &Edge) -> Option<u64> {
        match self {
            Self::Igp => IgpMetric(edge.igp).is_usable().then_some(u64::from(edge.igp)),
            Self::Delay => Some(edge.delay),
            Self::Te => Some(u64::from(edge.te)),
        }
    }
}
