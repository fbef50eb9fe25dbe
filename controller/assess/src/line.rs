//! One direction of a link as it was judged.

use model::Timestamp;
use serde::Serialize;

use crate::{
    lines::{LineState, LinkState},
    score::Score,
};

/// One direction of a link, judged.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// What is measured.
    pub state: LineState,
    /// Whether its link carries anything.
    pub link: LinkState,
    /// How good it is.
    pub score: Score,
    /// Whether it is worse than the TED says, beyond the tolerances; none where that is unknown.
    pub degraded: Option<bool>,
    /// Since when it has been steadily up and as good as promised.
    pub sound_since: Option<Timestamp>,
}
