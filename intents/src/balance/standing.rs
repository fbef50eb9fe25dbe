//! Where the network stands between two moves.

use std::collections::BTreeMap;

use model::{Hints, ServiceId, hint::Balance};

use super::load::Load;
use crate::compile::Compilation;

/// What a move has to gain, a point: less is not worth moving traffic for.
pub(super) const MARGIN: u64 = 10_000;

/// What services are kept off, by name.
pub(super) type KeptOff = BTreeMap<ServiceId, Balance>;

/// The network after the moves so far.
pub(super) struct Standing {
    /// What the moves so far add to what services were kept off before.
    pub added: KeptOff,
    /// Both together.
    pub hints: Hints,
    pub compiled: Compilation,
    pub load: Load,
}
