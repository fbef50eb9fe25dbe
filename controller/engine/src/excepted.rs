//! The exceptions that stand, as the loop and people look at them: worked out when they change, not whenever somebody looks.

use std::{collections::BTreeMap, sync::Arc};

use model::{NodeId, PolicyKey, Timestamp};
use plan::{Exception, Exceptions, LedAstray};

use crate::snapshot::{ExceptionView, WITH_FIELDS};

/// What stands, with how it is shown and when something of it ends.
#[derive(Debug, Default)]
pub struct Excepted {
    all: Arc<Exceptions>,
    shown: BTreeMap<NodeId, Vec<ExceptionView>>,
    /// Whose traffic they lead elsewhere.
    astray: LedAstray,
    /// When the next one ends by itself.
    next: Option<Timestamp>,
}

impl Excepted {
    /// What stands from now on.
    pub fn of(all: Arc<Exceptions>) -> Self {
        let mut shown: BTreeMap<NodeId, Vec<ExceptionView>> = BTreeMap::new();
        for (node, exception) in all.iter() {
            shown.entry(node.clone()).or_default().push(view(exception));
        }
        Self { next: all.next_end(), astray: LedAstray::by(&all), all, shown }
    }

    /// All of them; shared with proposals.
    pub const fn all(&self) -> &Arc<Exceptions> {
        &self.all
    }

    /// Those of a device, as people see them.
    pub fn shown(&self, node: &NodeId) -> &[ExceptionView] {
        self.shown.get(node).map_or(&[], Vec::as_slice)
    }

    /// Whether one of them leads such traffic elsewhere than it was asked for.
    pub fn lead_astray(&self, headend: &NodeId, policy: &PolicyKey) -> bool {
        self.astray.has(headend, policy)
    }

    /// Whether the time of one has passed.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.next.is_some_and(|next| next <= now)
    }
}

fn view(exception: &Exception) -> ExceptionView {
    let Exception { who, since, why, until, objects } = exception;
    let mut objects = objects.differences();
    objects.iter_mut().skip(WITH_FIELDS).for_each(|one| one.fields.clear());
    ExceptionView { who: who.clone(), since: *since, why: why.clone(), until: *until, objects }
}
