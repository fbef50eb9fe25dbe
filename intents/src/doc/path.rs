//! How paths are chosen, how a promise is watched, and conditions, as they were written.

use model::{
    condition::Condition,
    id::Affinity,
    intent::{Minimise, Mode, Pin},
    sr::{Dataplane, LastResort},
    time::Span,
    unit::Ratio,
};
use schemars::JsonSchema;

use crate::read::{At, record};

record! {
    /// Links by a property.
    pub struct LinksWith {
        /// Their affinity (administrative group, RFC 7308).
        "affinity" => affinity: At<Affinity>,
    }
}

record! {
    /// How paths are chosen.
    #[derive(Default)]
    pub struct PathSpec {
        /// The forwarding plane: `srv6` or `sr-mpls`; `srv6` where absent.
        "dataplane" => dataplane: Option<At<Dataplane>>,
        /// What the best path has least of: `delay`, `igp`, `te`, `hops` or `price`; `delay` where absent.
        "minimise" => minimise: Option<At<Minimise>>,
        /// Links to ride where a path on them keeps the promise; earlier entries first. `[]` prefers none, also where a
        /// steering policy prefers some.
        "prefer" => prefer: Option<At<Vec<At<LinksWith>>>>,
        /// Links that no path may use. `[]` avoids none, also where a steering policy avoids some.
        "avoid" => avoid: Option<At<Vec<At<LinksWith>>>>,
        /// What happens to traffic when no path is valid: `igp` (it follows the IGP) or `drop`; `igp` where absent,
        /// `drop` where encryption is required.
        "lastResort" => last_resort: Option<At<LastResort>>,
        /// Whether both directions ride the same links; true where absent.
        "coRouted" => co_routed: Option<At<bool>>,
        /// `links`: every link of path and backup by a segment of its own, so that the backup takes over where one of them
        /// fails. `none` where absent: by as few segments as will do, and the IGP leads around what fails between them.
        "pin" => pin: Option<At<Pin>>,
    }
}

record! {
    /// What counts as a breach. Without `all` and `any`: any objective of `slo` that is not met.
    pub struct BreachSpec {
        /// Conditions of which every one must hold, for instance `delay > 30ms`.
        #[schemars(extend("minItems" = 1))]
        "all" => all: Option<At<Vec<ConditionSpec>>>,
        /// Conditions of which one must hold.
        #[schemars(extend("minItems" = 1))]
        "any" => any: Option<At<Vec<ConditionSpec>>>,
        /// How long it must last; `3s` where absent.
        "for" => hold: Option<At<Span>>,
    }
}

record! {
    /// How a promise is watched and when traffic may be moved.
    #[derive(Default)]
    pub struct AssuranceSpec {
        /// What counts as a breach.
        "breach" => breach: Option<At<BreachSpec>>,
        /// How much better another path must be; `10%` where absent.
        "improvementMargin" => improvement_margin: Option<At<Ratio>>,
        /// The shortest time between two moves; `30s` where absent.
        "holdDown" => hold_down: Option<At<Span>>,
        /// How long the old path must be good before traffic goes back; `120s` where absent.
        "waitToRestore" => wait_to_restore: Option<At<Span>>,
        /// `observe`, `recommend` or `act`: who may act on a breach; `act` where absent.
        "mode" => mode: Option<At<Mode>>,
    }
}

/// A comparison such as `delay > contract + 20ms`, or `{all: […]}`, or `{any: […]}`.
#[derive(Clone, Debug, JsonSchema, PartialEq)]
#[schemars(transparent)]
pub struct ConditionSpec(pub Condition);
