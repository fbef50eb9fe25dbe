//! Where the network stands between two moves.

use model::Hints;

use super::load::Load;
use crate::compile::Compilation;

/// What a move has to gain, a point: less is not worth moving traffic for.
pub(super) const MARGIN: u64 = 10_000;

/// The network after the moves so far.
pub(super) struct Standing {
    pub hints: Hints,
    pub compiled: Compilation,
    pub load: Load,
}
