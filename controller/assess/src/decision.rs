//! What the loop decides: the hints of the next compilation, and each step with its reason.

use std::collections::{BTreeMap, BTreeSet};

use model::{DirectedLink, Hints, LinkId, NodeId, ServiceId};
use serde::Serialize;

/// The paths of a service, by headend.
pub type Home = BTreeMap<NodeId, Vec<DirectedLink>>;

/// What a decision does with one service or link.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// The service's paths are computed with the lines as measured.
    Relieve {
        /// The degraded lines on its path.
        away_from: BTreeSet<DirectedLink>,
        /// The paths that it leaves, by headend: it goes back when all of them are good.
        home: Home,
    },
    /// The service's paths are computed as the TED says again.
    Restore,
    /// What would be done if the intent's mode allowed it.
    Propose {
        /// The degraded lines on its path.
        away_from: BTreeSet<DirectedLink>,
    },
    /// The loop leaves the service alone from now on.
    Freeze,
    /// No path uses the link.
    Avoid(LinkId),
    /// Paths may use the link again.
    Allow(LinkId),
}

/// A step with its reason.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Action {
    /// The service, where it is about one.
    pub service: Option<ServiceId>,
    /// What is done.
    pub step: Step,
    /// Why, in one line.
    pub why: String,
}

/// What is to be done now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// The hints of the next compilation; equal to the present ones where the decision only proposes or freezes.
    pub hints: Hints,
    /// What is done, and why.
    pub actions: Vec<Action>,
}

impl Decision {
    /// The decision without what it does for some services: their hints stay as in `now`. For those that compilation found no better
    /// path for.
    #[must_use]
    pub fn without(mut self, services: &BTreeSet<ServiceId>, now: &Hints) -> Self {
        for service in services {
            match now.relief.get(service) {
                Some(relief) => drop(self.hints.relief.insert(service.clone(), relief.clone())),
                None => drop(self.hints.relief.remove(service)),
            }
        }
        self.actions
            .retain(|action| action.service.as_ref().is_none_or(|service| !services.contains(service)));
        self
    }

    /// The services that it moves, away from something or back.
    pub fn moved(&self) -> impl Iterator<Item = &ServiceId> {
        self.actions
            .iter()
            .filter(|action| matches!(action.step, Step::Relieve { .. } | Step::Restore))
            .filter_map(|action| action.service.as_ref())
    }

    /// The services that it moves away from something.
    pub fn relieved(&self) -> impl Iterator<Item = &ServiceId> {
        self.actions
            .iter()
            .filter(|action| matches!(action.step, Step::Relieve { .. }))
            .filter_map(|action| action.service.as_ref())
    }
}
