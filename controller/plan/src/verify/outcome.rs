//! What a verification says, as values that go into a file and come back: the JSON that `--baseline` takes is this.

use std::collections::{BTreeMap, BTreeSet};

use model::{Bandwidth, Delay, IntentId, LinkId, NodeId, ServiceId, Slo};
use serde::{Deserialize, Serialize};
use traffic::FailureKind;

mod join;
mod words;

pub use words::label;

/// Every promise under every failure of some kinds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// What was looked at, in order; no failure is the first.
    pub looked: Vec<Looked>,
    /// Every service, by name.
    pub services: Vec<ServiceView>,
    /// What breaks a promise, worst first: without failure, then by kind.
    pub violations: Vec<Violation>,
    /// Every maintenance window, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<WindowView>,
}

/// How the promises fare while a window is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowView {
    /// Its name.
    pub window: String,
    /// Its schedule, in words.
    pub when: String,
    /// The links and nodes that are down.
    pub on: Vec<String>,
    /// The services that were judged, with their intents: those that are promised at some time of it, and do not end at what is worked
    /// on.
    pub judged: BTreeMap<ServiceId, IntentId>,
    /// Services that end at what is worked on. They are down with it, and nobody can help.
    pub ends: BTreeSet<ServiceId>,
    /// What breaks.
    pub violations: Vec<Violation>,
    /// Against a baseline: services whose promise breaks as it did before, or as it does without the window; they are not told again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub as_before: BTreeSet<ServiceId>,
}

/// One kind of failures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Looked {
    /// Which.
    #[serde(with = "kind_name")]
    pub kind: FailureKind,
    /// How many there are.
    pub failures: usize,
}

/// How a service fares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceView {
    /// Its name.
    pub service: ServiceId,
    /// The intent that it comes from.
    pub intent: IntentId,
    /// What is promised.
    pub promised: Promises,
    /// By kind of failure.
    pub checks: Vec<Checks>,
    /// The longest delay of its traffic, where any arrives.
    pub worst_delay: Option<Extreme<Delay>>,
    /// The least bandwidth that is left on any of its lines, over what is offered to them.
    pub least_spare: Option<Extreme<Bandwidth>>,
    /// The ways that it takes without failure and under single ones.
    pub ways: Vec<WayView>,
}

/// What a service is promised.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Promises {
    /// What is measured.
    pub slo: Slo,
    /// Whether only encrypted lines may carry it.
    pub encrypted: bool,
}

/// How often a service's promise was judged under a kind of failures, and how often it did not hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checks {
    /// The kind.
    #[serde(with = "kind_name")]
    pub kind: FailureKind,
    /// Failures under which it was judged; where several choices of services were, once for each that it belongs to. The same goes for what
    /// follows.
    pub judged: usize,
    /// Failures under which it did not hold.
    pub broken: usize,
    /// Of these, those that contain a smaller failure which breaks it by itself; they are no violations of their own.
    pub implied: usize,
    /// Failures under which it was kept although its traffic left the policy and followed the IGP.
    pub by_igp: usize,
    /// Failures under which it was kept although its traffic was on a line that `path.avoid` names. Left out where there are none.
    #[serde(default, skip_serializing_if = "is_no_failure")]
    pub on_avoided: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_no_failure(count: &usize) -> bool {
    *count == 0
}

/// A value at its worst, and the first failure that brings it there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extreme<T> {
    /// The value.
    pub value: T,
    /// The kind of failure.
    #[serde(with = "kind_name")]
    pub kind: FailureKind,
    /// The names of what fails.
    pub failure: Vec<String>,
}

/// A way that traffic takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WayView {
    /// Where it begins.
    pub from: NodeId,
    /// Where it should end.
    pub to: NodeId,
    /// What carries it: `policy, preference 200`, `IGP`, or `nothing`.
    pub by: String,
    /// Its links, in order; by name where the traffic is split.
    pub links: Vec<LinkId>,
    /// Whether it is split over several paths.
    pub split: bool,
    /// The longest delay on it.
    pub delay: Option<Delay>,
    /// The least spare bandwidth on it.
    pub spare: Option<Bandwidth>,
    /// Whether the promise holds whenever it is taken.
    pub kept: bool,
    /// Under how many failures it is taken, no failure counted too.
    pub failures: usize,
    /// The first of these.
    pub under: Vec<String>,
}

/// A promise that failures of one kind break in the same manner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Violation {
    /// The service.
    pub service: ServiceId,
    /// The intent that it comes from.
    pub intent: IntentId,
    /// The code, for `trunkline explain`.
    pub code: String,
    /// What it says, in a few words.
    pub title: String,
    /// What fails.
    #[serde(with = "kind_name")]
    pub kind: FailureKind,
    /// Each failure that breaks it; none of them contains another.
    pub failures: Vec<Failed>,
    /// Of these, the one under which it is worst; the first of equals.
    pub worst: Vec<String>,
    /// What happens then.
    pub why: String,
    /// Whether no plan can help.
    pub unavoidable: bool,
    /// What to do.
    pub help: String,
}

/// A failure that breaks a promise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    /// The names of what fails.
    pub names: Vec<String>,
    /// How bad it is then, in the stored unit of what is broken; 0 where it has none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub amount: u64,
    /// What happens then, and what to do. A file has it of the worst alone.
    #[serde(skip)]
    pub told: Told,
}

/// What happens, and what to do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// What happens.
    pub why: String,
    /// What to do.
    pub help: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(amount: &u64) -> bool {
    *amount == 0
}

impl Verification {
    /// Whether nothing breaks a promise; `accept` passes over what no plan can help.
    pub fn holds(&self, accept: bool) -> bool {
        self.all_violations().all(|violation| accept && violation.unavoidable)
    }

    /// How many failures break promises, each for each service and in each manner; a window is one. With `accept`, without what no plan
    /// can help. What a baseline counts is counted so ([`Against`](super::baseline::Against)).
    pub fn breakages(&self, accept: bool) -> usize {
        let counted = self.all_violations().filter(|violation| !(accept && violation.unavoidable));
        counted.map(|violation| violation.failures.len()).sum()
    }

    /// What breaks a promise, under failures and while windows are open.
    pub fn all_violations(&self) -> impl Iterator<Item = &Violation> {
        self.violations.iter().chain(self.windows.iter().flat_map(|window| &window.violations))
    }
}

impl Violation {
    /// Tells of the worst of its failures.
    pub(super) fn tell_worst(&mut self) {
        // Of equals the last is found, so the first is looked for from behind.
        if let Some(worst) = self.failures.iter().rev().max_by_key(|failed| failed.amount) {
            self.worst.clone_from(&worst.names);
            self.why.clone_from(&worst.told.why);
            self.help.clone_from(&worst.told.help);
        }
    }
}

/// Kinds of failures by their names.
mod kind_name {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use traffic::FailureKind;

    pub(super) fn serialize<S: Serializer>(kind: &FailureKind, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(kind.as_str())
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<FailureKind, D::Error> {
        Cow::<'d, str>::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
