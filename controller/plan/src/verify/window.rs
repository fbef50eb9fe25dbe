//! What a maintenance window breaks: the network as it is planned around what is worked on, with all of that down.

use std::collections::BTreeSet;

use model::{ServiceId, Ted, Window, hint::Work};

use super::outcome::{Verification, Violation, WindowView};
use crate::codes;

/// What helps where no plan does.
const MOVE_IT: &str = "move the window, or work on fewer parts at a time";
/// Parts that are named.
const NAMED: usize = 3;

impl WindowView {
    /// From a verification, without failures, of the network [`without`] what is worked on. Traffic may leave its policy then, as it may
    /// under a failure, and a backup may be missing: what counts is whether the promises are kept.
    pub fn of(window: &Window, verification: Verification, ends: BTreeSet<ServiceId>) -> Self {
        let mut violations = verification.violations;
        violations
            .retain(|violation| ![codes::NOT_DIVERSE, codes::NOT_STEERED].contains(&violation.code.as_str()));
        for violation in violations.iter_mut().filter(|violation| violation.unavoidable) {
            // No plan helps while the window is open; but nobody has to work on all of it then.
            violation.unavoidable = false;
            MOVE_IT.clone_into(&mut violation.help);
        }
        Self {
            window: window.name.clone(),
            when: window.when.to_string(),
            on: window.work.names(),
            judged: verification.services.into_iter().map(|view| (view.service, view.intent)).collect(),
            ends,
            violations,
            as_before: BTreeSet::new(),
        }
    }

    /// Takes in what another part of the same window breaks, in which other services are promised. What breaks in several of them is told
    /// once, as it does in the first.
    pub fn join(&mut self, other: Self) {
        let known: BTreeSet<(ServiceId, String)> =
            self.violations.iter().map(|told| (told.service.clone(), told.code.clone())).collect();
        let is_new = |told: &Violation| !known.contains(&(told.service.clone(), told.code.clone()));
        self.violations.extend(other.violations.into_iter().filter(is_new));
        self.judged.extend(other.judged);
        self.ends.extend(other.ends);
    }

    /// When it breaks something, in words.
    pub fn label(&self) -> String {
        let mut on = self.on.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        if self.on.len() > NAMED {
            on += &format!(" and {} more", self.on.len() - NAMED);
        }
        format!("while the window {} is open, {}, and {on} down", self.window, self.when)
    }
}

/// The network without the links that are worked on, and without those of nodes that are. The nodes stay, with nothing that leads to
/// them.
pub fn without(ted: &Ted, work: &Work) -> Ted {
    let mut left = ted.clone();
    left.links.retain(|_, link| !work.touches(link));
    left
}

#[cfg(test)]
mod tests;
