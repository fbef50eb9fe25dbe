//! All that the controller knows, owned by one task.

mod drift;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use assess::{Assessment, Case, History, Limits, Lines, Memory, Observed};
use device::{Lacks, Rollback, Served};
use intents::Compilation;
use model::{
    ActualState, Allocations, DesiredState, DeviceReading, Finding, Hints, IntentSet, NodeId, Revision, Ted,
    Timestamp, intent::Mode,
};
use plan::{DeviceDiff, Exceptions};

pub use drift::Drift;

use crate::{
    excepted::Excepted,
    learn::Learned,
    stages::{Files, Proposal, View},
    terms::{Most, Terms},
    words::Lacking,
};

/// The accepted intents.
#[derive(Clone, Debug, Default)]
pub struct Accepted {
    /// Their number.
    pub revision: Revision,
    /// The files.
    pub files: Files,
    /// What they mean; nothing where they do not fit.
    pub set: Arc<IntentSet>,
    /// Why they do not fit this network any more, and so mean nothing that is known. Nothing may follow from that, least of all
    /// the removal of everything that they once meant.
    pub misfit: Vec<Finding>,
}

impl Accepted {
    /// What the network has to follow; none where that is not known.
    pub fn to_follow(&self) -> Option<Arc<IntentSet>> {
        self.misfit.is_empty().then(|| Arc::clone(&self.set))
    }
}

/// The state of the loop.
#[derive(Debug)]
pub struct World {
    /// The network as its file says.
    pub file: Arc<Ted>,
    /// What is learned of it and laid over that, as plans follow it.
    pub learned: Arc<Learned>,
    /// The network as contracts and advertisements say: both together.
    pub ted: Arc<Ted>,
    /// Its interfaces by line.
    pub lines: Lines,
    /// What is promised.
    pub accepted: Accepted,
    /// Numbers that were given.
    pub ids: Allocations,
    /// What the loop has learned, as it was last compiled.
    pub hints: Hints,
    /// What devices should hold, exceptions among it, and where everything goes; shared with proposals.
    pub compiled: Arc<Compilation>,
    /// What people accepted on devices otherwise than the intents ask for.
    pub exceptions: Excepted,
    /// Those that the journal has.
    pub exceptions_kept: Arc<Exceptions>,
    /// Those of devices that the network file does not have: they stand again when it has them, and are kept until then.
    pub exceptions_absent: Arc<Exceptions>,
    /// What devices hold; shared with proposals.
    pub actual: Arc<ActualState>,
    /// How many modules each device serves; of those that said it.
    pub modules: BTreeMap<NodeId, usize>,
    /// What devices' modules lack, of those that are known to lack something; shared with proposals.
    pub lacks: Arc<Lacking>,
    /// What each device does with a change that is not confirmed; of those that said it.
    pub rollback: BTreeMap<NodeId, Rollback>,
    /// When each device was last changed by us: readings that were begun before that are too old to count.
    pub changed: BTreeMap<NodeId, Timestamp>,
    /// What telemetry brought.
    pub seen: Observed,
    /// What judgements remember.
    pub memory: Memory,
    /// What the loop did.
    pub history: History,
    /// The last judgement.
    pub assessment: Arc<Assessment>,
    /// How fast and how often the loop may act.
    pub limits: Limits,
    /// How much of the network one change may touch.
    pub most: Most,
    /// Who may act.
    pub mode: Mode,
    /// Whether the network was adopted.
    pub adopted: bool,
    /// What devices hold otherwise than they should, as it was read last and told.
    pub drift: Drift,
    /// Devices of which something else is noted since they were compared.
    pub unchecked: BTreeSet<NodeId>,
    /// Devices that may hold something else than was decided last, by our own doing: a change was left half-way there, or passed them
    /// over because they did not answer. They are put right once they are read.
    pub repair: BTreeSet<NodeId>,
}

impl World {
    /// What a proposal is worked out from.
    pub fn view(&self) -> View {
        View {
            ted: Arc::clone(&self.ted),
            actual: Arc::clone(&self.actual),
            ids: self.ids.clone(),
            before: Arc::clone(&self.compiled),
            hints: self.hints.clone(),
            lacks: Arc::clone(&self.lacks),
            exceptions: Arc::clone(self.exceptions.all()),
            terms: Terms { most: self.most, unfinished: self.repair.clone(), ..Terms::default() },
        }
    }

    /// Notes what a device says that it serves. One that says nothing is as unknown as before, and what could not be judged again is
    /// as it was known.
    pub fn learn(&mut self, node: NodeId, served: Served) {
        if served.modules.is_empty() {
            return;
        }
        self.modules.insert(node.clone(), served.modules.len());
        let nothing = Lacks::new();
        let known = self.lacks.get(&node).unwrap_or(&nothing);
        let lacks = served.over(known);
        if lacks == *known {
            return;
        }
        let all = Arc::make_mut(&mut self.lacks);
        match lacks.is_empty() {
            true => drop(all.remove(&node)),
            false => drop(all.insert(node, lacks)),
        }
    }

    /// The judgement's case.
    pub fn case(&self) -> Case<'_> {
        Case {
            ted: &self.ted,
            lines: &self.lines,
            set: &self.accepted.set,
            verdicts: &self.compiled.verdicts,
            hints: &self.hints,
            limits: &self.limits,
        }
    }

    /// Takes over a proposal that was carried out and that left what other devices hold otherwise as it is: that still stands, and was
    /// told when it was seen. O(objects that should be held).
    pub fn adopt_beside_drift(&mut self, proposal: Proposal) {
        let (drift, before) = (std::mem::take(&mut self.drift), Arc::clone(&self.compiled));
        let edited = proposal.plan.transactions.iter().flat_map(|transaction| transaction.edits.keys());
        self.unchecked.extend(edited.cloned());
        self.adopt_proposal(proposal);
        let (old, new) = (&before.desired.devices, &self.compiled.desired.devices);
        let is_other = |node: &&NodeId| old.get(*node) != new.get(*node);
        self.unchecked.extend(old.keys().chain(new.keys()).filter(is_other).cloned());
        // Which services these lead astray is another matter now.
        self.unchecked.extend(drift.devices().cloned());
        self.drift = drift;
        self.compare();
    }

    /// Takes over a proposal that was carried out.
    pub fn adopt_proposal(&mut self, proposal: Proposal) {
        self.ids = proposal.ids;
        self.hints = proposal.hints;
        self.accepted.set = proposal.set;
        self.accepted.misfit.clear();
        self.compiled = Arc::new(proposal.compiled);
        let standing = proposal.aside.exceptions.standing;
        if !Arc::ptr_eq(self.exceptions.all(), &standing) {
            self.exceptions = Excepted::of(Arc::clone(&standing));
        }
        // Before it was carried out it was written down.
        self.exceptions_kept = standing;
        self.drift = Drift::default();
    }

    /// Whether nobody knows what a device does with traffic: it has still to be put right, and does not say what it holds.
    pub fn is_untold(&self, node: &NodeId) -> bool {
        let read = matches!(self.actual.devices.get(node), Some(DeviceReading::Read { .. }));
        self.repair.contains(node) && !read
    }

    /// When a device was read last; none where what it holds is not known.
    pub fn read_at(&self, node: &NodeId) -> Option<Timestamp> {
        match self.actual.devices.get(node)? {
            DeviceReading::Read { at, .. } => Some(*at),
            DeviceReading::Unreadable { .. } => None,
        }
    }

    /// Notes what a device was seen to hold, or why that is unknown.
    pub fn note(&mut self, node: NodeId, reading: DeviceReading) {
        self.unchecked.insert(node.clone());
        Arc::make_mut(&mut self.actual).devices.insert(node, reading);
    }

    /// The network is in another state than it was planned on.
    pub fn moved_on(&mut self) {
        Arc::make_mut(&mut self.actual).revision.0 += 1;
    }

    /// Takes a reading; gives the drift that was not told before. A reading that was begun before our last change of that
    /// device is too old.
    pub fn read(&mut self, node: NodeId, begun: Timestamp, reading: DeviceReading) -> Option<Vec<Finding>> {
        if self.changed.get(&node).is_some_and(|changed| begun <= *changed) {
            return None;
        }
        let news = self.actual.devices.get(&node).is_none_or(|old| !same(old, &reading));
        if !news {
            // When it was read is told all the same.
            Arc::make_mut(&mut self.actual).devices.insert(node, reading);
            return None;
        }
        self.note(node, reading);
        self.moved_on();
        let fresh = self.compare();
        (!fresh.is_empty()).then_some(fresh)
    }

    /// Why nobody knows whether devices hold what they should: they are compared with nothing. None where they are compared.
    pub fn uncompared(&self) -> Option<&'static str> {
        if !self.adopted {
            return Some("the network is not adopted");
        }
        // Without intents that are understood nobody knows what a device should hold.
        (!self.accepted.misfit.is_empty()).then_some("the intents in force do not fit the network file")
    }

    /// Compares what devices hold with what they should, where that is known: those of which something else is noted, or all, where they
    /// were not compared since something else was decided. Gives the drift that was not told before.
    pub fn compare(&mut self) -> Vec<Finding> {
        if self.uncompared().is_some() {
            return Vec::new();
        }
        let unchecked = std::mem::take(&mut self.unchecked);
        let (desired, verdicts) = (&self.compiled.desired, &self.compiled.verdicts);
        match self.drift.is_whole() {
            true => self.drift.update(&unchecked, desired, &self.actual, verdicts),
            false => {
                let drift = Drift::of(desired, &self.actual, verdicts);
                let told = std::mem::replace(&mut self.drift, drift);
                self.drift.findings.iter().filter(|one| !told.findings.contains(one)).cloned().collect()
            }
        }
    }

    /// What some devices hold otherwise than they should; nothing of those that were not read.
    pub fn difference(&self, nodes: &BTreeSet<NodeId>) -> BTreeMap<NodeId, DeviceDiff> {
        let of = |node: &NodeId| Some((node.clone(), self.compiled.desired.devices.get(node)?.clone()));
        let desired = DesiredState { devices: nodes.iter().filter_map(of).collect() };
        let of = |node: &NodeId| Some((node.clone(), self.actual.devices.get(node)?.clone()));
        let actual = ActualState { devices: nodes.iter().filter_map(of).collect(), ..ActualState::default() };
        plan::diff(&desired, &actual).devices
    }

    /// Ends the exceptions whose time has passed: devices should hold there what the intents ask for. Gives those that ended.
    pub fn end_exceptions(&mut self, now: Timestamp) -> Exceptions {
        let mut left = Exceptions::clone(self.exceptions.all());
        let over = left.release(|_, exception| exception.is_over(now));
        let compiled = Arc::make_mut(&mut self.compiled);
        if self.accepted.misfit.is_empty() {
            over.lift(&mut compiled.desired);
            compiled.findings.retain(|finding| finding.code != plan::codes::EXCEPTION);
            compiled.findings.extend(left.told());
        }
        self.exceptions = Excepted::of(Arc::new(left));
        self.unchecked.extend(over.iter().map(|(node, _)| node.clone()));
        over
    }
}

/// Whether two readings say the same, whenever they were made.
fn same(old: &DeviceReading, new: &DeviceReading) -> bool {
    match (old, new) {
        (
            DeviceReading::Read { owned: a, foreign: b, .. },
            DeviceReading::Read { owned: c, foreign: d, .. },
        ) => a == c && b == d,
        (DeviceReading::Unreadable { why: a, .. }, DeviceReading::Unreadable { why: b, .. }) => a == b,
        _ => false,
    }
}
