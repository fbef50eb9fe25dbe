//! What a maintenance window breaks: the network as it is planned around what is worked on, with all of that down.

use std::collections::BTreeSet;

use model::{ServiceId, Ted, Window, hint::Work};

use super::outcome::{Verification, WindowView};
use crate::codes;

impl WindowView {
    /// From a verification, without failures, of the network [`without`] what is worked on. Traffic may leave its policy then, as it may
    /// under a failure, and a backup may be missing: what counts is whether the promises are kept.
    pub fn of(window: &Window, verification: Verification, ends: BTreeSet<ServiceId>) -> Self {
        let mut violations = verification.violations;
        violations
            .retain(|violation| ![codes::NOT_DIVERSE, codes::NOT_STEERED].contains(&violation.code.as_str()));
        let links = window.work.links.iter().map(ToString::to_string);
        Self {
            window: window.name.clone(),
            when: window.when.to_string(),
            on: links.chain(window.work.nodes.iter().map(ToString::to_string)).collect(),
            judged: verification.services.into_iter().map(|view| (view.service, view.intent)).collect(),
            ends,
            violations,
        }
    }

    /// When it breaks something, in words.
    pub fn label(&self) -> String {
        format!("while the window {} is open, {}, and {} down", self.window, self.when, self.on.join(", "))
    }
}

/// The network without the links that are worked on, and without those of nodes that are. The nodes stay, with nothing that leads to
/// them.
pub fn without(ted: &Ted, work: &Work) -> Ted {
    let mut left = ted.clone();
    left.links.retain(|id, link| {
        let ends = [&link.a.node, &link.z.node];
        !work.links.contains(id) && !ends.iter().any(|end| work.nodes.contains(*end))
    });
    left
}
