//! What raises an alarm, as it was written.

use std::collections::BTreeMap;

use model::{finding::Severity, time::Span};

use super::{ConditionSpec, Text};
use crate::read::{At, record};

record! {
    /// What an alarm policy watches.
    pub struct WatchSpec {
        /// Links of this `role` or `affinity`; all where empty.
        #[schemars(default)]
        "links" => links: BTreeMap<Text, At<Text>>,
    }
}

record! {
    /// What raises an alarm.
    pub struct WhenSpec {
        /// Conditions of which every one must hold.
        #[schemars(extend("minItems" = 1))]
        "all" => all: Option<At<Vec<ConditionSpec>>>,
        /// Conditions of which one must hold, for instance `[delay > contract + 20ms, loss > 0.5%]`.
        #[schemars(extend("minItems" = 1))]
        "any" => any: Option<At<Vec<ConditionSpec>>>,
        /// The window over which rates and drops are taken; `10s` where absent.
        "over" => over: Option<At<Span>>,
        /// How long it must last; `3s` where absent.
        "for" => hold: Option<At<Span>>,
    }
}

record! {
    /// When an alarm clears.
    pub struct ClearSpec {
        /// How long the condition must be over.
        "for" => hold: At<Span>,
    }
}

record! {
    /// Watches links and raises an alarm once, however long the condition lasts.
    pub struct AlarmSpec {
        /// What it watches; all links where absent.
        "on" => on: Option<At<WatchSpec>>,
        /// What raises it.
        "when" => when: At<WhenSpec>,
        /// When it clears; after `30s` where absent.
        "clear" => clear: Option<At<ClearSpec>>,
        /// How bad it is: `info`, `warning`, `minor`, `major` or `error`.
        "severity" => severity: At<Severity>,
    }
}
