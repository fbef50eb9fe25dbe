//! All that the controller knows, owned by one task.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use assess::{Assessment, Case, History, Limits, Lines, Memory, Observed};
use device::{Lacks, Rollback, Served};
use intents::Compilation;
use model::{
    ActualState, Allocations, Color, DesiredState, DeviceReading, Finding, Hints, IntentSet, NodeId,
    PolicyKey, Revision, ServiceId, Ted, Timestamp, Verdict, intent::Mode,
};
use plan::{DeviceDiff, Diff, Difference, Exceptions};

use crate::{
    excepted::Excepted,
    learn::Learned,
    snapshot::WITH_FIELDS,
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

/// What devices hold otherwise than they should, and what stands in the way of ours there.
#[derive(Clone, Debug, Default)]
pub struct Drift {
    /// As findings.
    pub findings: Vec<Finding>,
    /// What differs, by device, in words; collisions with others are not among it.
    objects: BTreeMap<String, Vec<String>>,
    /// The same field by field, as far as [`WITH_FIELDS`] goes.
    differences: BTreeMap<NodeId, Vec<Difference>>,
    /// Policies into which a headend does not lead traffic as it should.
    astray: BTreeSet<(NodeId, PolicyKey)>,
}

impl Drift {
    /// Compares again the devices of which findings tell. O(objects on these log objects).
    fn new(difference: &Diff, desired: &DesiredState, actual: &ActualState) -> Self {
        let findings = difference.drift();
        let mut drift = Self::default();
        for (node, device) in &difference.devices {
            let mut differences = device.differences();
            differences.iter_mut().skip(WITH_FIELDS).for_each(|one| one.fields.clear());
            drift.differences.insert(node.clone(), differences);
        }
        for finding in &findings {
            if plan::codes::is_drift(&finding.code) {
                drift.objects.entry(finding.subject.clone()).or_default().push(finding.message.clone());
            }
        }
        let told: BTreeSet<&str> = findings.iter().map(|finding| finding.subject.as_str()).collect();
        for (node, wanted) in desired.devices.iter().filter(|(node, _)| told.contains(node.as_str())) {
            let Some(DeviceReading::Read { owned, .. }) = actual.devices.get(node) else { continue };
            let rules = wanted.steering.values().filter(|rule| owned.steering.get(&rule.key) != Some(rule));
            let colors: BTreeSet<Color> = rules.map(|rule| rule.color).collect();
            let is_wrong = |key: &&PolicyKey| {
                colors.contains(&key.color) || wanted.policies.get(key) != owned.policies.get(key)
            };
            drift.astray.extend(wanted.policies.keys().filter(is_wrong).map(|key| (node.clone(), *key)));
        }
        drift.findings = findings;
        drift
    }

    /// What differs on a device, in words.
    pub fn of(&self, node: &NodeId) -> &[String] {
        self.objects.get(node.as_str()).map_or(&[], Vec::as_slice)
    }

    /// What differs on a device, field by field.
    pub fn differences(&self, node: &NodeId) -> &[Difference] {
        self.differences.get(node).map_or(&[], Vec::as_slice)
    }

    /// Whether a headend was seen to lack what leads a service's traffic into its policy, also where somebody else's object stands in
    /// its place: then the traffic goes elsewhere than the judgement of its path says.
    pub fn is_astray(&self, headend: &NodeId, policy: &PolicyKey) -> bool {
        !self.astray.is_empty() && self.astray.contains(&(headend.clone(), *policy))
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
            terms: Terms { most: self.most, ..Terms::default() },
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

    /// Takes over a proposal that was carried out.
    pub fn adopt_proposal(&mut self, proposal: Proposal) {
        self.ids = proposal.ids;
        self.hints = proposal.hints;
        self.accepted.set = proposal.set;
        self.accepted.misfit.clear();
        self.compiled = Arc::new(proposal.compiled);
        self.exceptions = Excepted::of(proposal.aside.exceptions.standing);
        self.drift = Drift::default();
    }

    /// Whether nobody knows what a device does with traffic: it has still to be put right, and does not say what it holds.
    pub fn is_untold(&self, node: &NodeId) -> bool {
        let read = matches!(self.actual.devices.get(node), Some(DeviceReading::Read { .. }));
        self.repair.contains(node) && !read
    }

    /// The services whose traffic a headend does not lead as it should, as far as was seen. O(services).
    pub fn led_astray(&self, headend: &NodeId) -> Vec<ServiceId> {
        let is_astray = |verdict: &Verdict| match verdict {
            Verdict::Carried { directions, .. } => directions
                .iter()
                .any(|way| way.from == *headend && self.drift.is_astray(headend, &way.policy)),
            Verdict::Refused { .. } => false,
        };
        let astray = self.compiled.verdicts.iter().filter(|(_, verdict)| is_astray(verdict));
        astray.map(|(id, _)| id.clone()).collect()
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
        self.note(node, reading);
        if !news {
            return None;
        }
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

    /// Compares all devices that were read with what they should hold, where that is known; gives the drift that was not told before.
    pub fn compare(&mut self) -> Vec<Finding> {
        if self.uncompared().is_some() {
            return Vec::new();
        }
        let drift = self.differing();
        let told = std::mem::replace(&mut self.drift, drift);
        self.drift.findings.iter().filter(|finding| !told.findings.contains(finding)).cloned().collect()
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
        self.exceptions = Excepted::of(left);
        over
    }

    /// What devices hold otherwise than they should; devices that cannot be read are shown as such elsewhere.
    fn differing(&self) -> Drift {
        let desired = DesiredState {
            devices: self
                .compiled
                .desired
                .devices
                .iter()
                .filter(|(node, _)| {
                    matches!(self.actual.devices.get(*node), Some(DeviceReading::Read { .. }))
                })
                .map(|(node, config)| (node.clone(), config.clone()))
                .collect(),
        };
        let mut actual = ActualState::clone(&self.actual);
        actual.devices.retain(|_, reading| matches!(reading, DeviceReading::Read { .. }));
        Drift::new(&plan::diff(&desired, &actual), &desired, &actual)
    }

    /// Compares again, after a change that was bounded to some devices: what the others hold otherwise still stands. It was told when it
    /// was seen.
    pub fn compare_again(&mut self) {
        self.drift = self.differing();
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
