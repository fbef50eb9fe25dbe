//! What devices hold otherwise than they should, device by device: what is noted of one is compared for that one alone, and which services
//! it leads astray is worked out then, and not whenever somebody asks.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    ActualState, Color, DesiredState, DeviceReading, Finding, NodeId, PolicyKey, ServiceId, Verdict,
};
use plan::{Diff, Difference};

use crate::snapshot::WITH_FIELDS;

/// What devices hold otherwise than they should, and what stands in the way of ours there.
#[derive(Clone, Debug, Default)]
pub struct Drift {
    /// As findings: what stands in the way first, then what differs, each in the order of devices.
    pub findings: Vec<Finding>,
    /// The same by device.
    devices: BTreeMap<NodeId, Differing>,
    /// All devices that were read were compared with what is decided.
    is_whole: bool,
}

/// What one device holds otherwise.
#[derive(Clone, Debug, Default)]
struct Differing {
    /// What stands in the way of ours.
    collisions: Vec<Finding>,
    /// What differs.
    drifts: Vec<Finding>,
    /// That in words.
    objects: Vec<String>,
    /// The same field by field, as far as [`WITH_FIELDS`] goes.
    differences: Vec<Difference>,
    /// Policies into which it does not lead traffic as it should.
    astray: BTreeSet<PolicyKey>,
    /// The services whose traffic that is.
    services: Vec<ServiceId>,
}

type Verdicts = BTreeMap<ServiceId, Verdict>;
type Devices = BTreeMap<NodeId, Differing>;

impl Drift {
    /// Of all devices; those that cannot be read are shown as such elsewhere. O(objects + services).
    pub(super) fn of(desired: &DesiredState, actual: &ActualState, verdicts: &Verdicts) -> Self {
        let mut drift = Self {
            devices: differing(|_| true, desired, actual, verdicts),
            is_whole: true,
            ..Self::default()
        };
        drift.gather();
        drift
    }

    /// Compares some devices again; gives what was not told of them before. O(their objects), and O(services) where one leads any astray.
    pub(super) fn update(
        &mut self,
        nodes: &BTreeSet<NodeId>,
        desired: &DesiredState,
        actual: &ActualState,
        verdicts: &Verdicts,
    ) -> Vec<Finding> {
        if nodes.is_empty() {
            return Vec::new();
        }
        let new = differing(|node| nodes.contains(node), desired, actual, verdicts);
        let old: Vec<Differing> = nodes.iter().filter_map(|node| self.devices.remove(node)).collect();
        let told: Vec<&Finding> =
            old.iter().flat_map(|one| one.collisions.iter().chain(&one.drifts)).collect();
        let collisions = new.values().flat_map(|one| &one.collisions);
        let found = collisions.chain(new.values().flat_map(|one| &one.drifts));
        let fresh = found.filter(|finding| !told.contains(finding)).cloned().collect();
        self.devices.extend(new);
        self.gather();
        fresh
    }

    fn gather(&mut self) {
        let collisions = self.devices.values().flat_map(|one| &one.collisions);
        let drifts = self.devices.values().flat_map(|one| &one.drifts);
        self.findings = collisions.chain(drifts).cloned().collect();
    }

    /// Whether all devices were compared with what is decided.
    pub(super) const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The devices that hold something otherwise, or where something stands in the way.
    pub(super) fn devices(&self) -> impl Iterator<Item = &NodeId> {
        self.devices.keys()
    }

    /// What differs on a device, in words.
    pub fn of_device(&self, node: &NodeId) -> &[String] {
        self.devices.get(node).map_or(&[], |one| one.objects.as_slice())
    }

    /// What differs on a device, field by field.
    pub fn differences(&self, node: &NodeId) -> &[Difference] {
        self.devices.get(node).map_or(&[], |one| one.differences.as_slice())
    }

    /// Whether a headend was seen to lack what leads a service's traffic into its policy, also where somebody else's object stands in
    /// its place: then the traffic goes elsewhere than the judgement of its path says.
    pub fn is_astray(&self, headend: &NodeId, policy: &PolicyKey) -> bool {
        self.devices.get(headend).is_some_and(|one| one.astray.contains(policy))
    }

    /// The services whose traffic a headend does not lead as it should, as far as was seen.
    pub fn led_astray(&self, headend: &NodeId) -> &[ServiceId] {
        self.devices.get(headend).map_or(&[], |one| one.services.as_slice())
    }
}

/// What some devices hold otherwise, of those that were read.
fn differing(
    is_meant: impl Fn(&NodeId) -> bool,
    desired: &DesiredState,
    actual: &ActualState,
    verdicts: &Verdicts,
) -> Devices {
    let is_read = |reading: &DeviceReading| matches!(reading, DeviceReading::Read { .. });
    let read = actual.devices.iter().filter(|(node, reading)| is_meant(node) && is_read(reading));
    let actual = ActualState {
        devices: read.map(|(node, reading)| (node.clone(), reading.clone())).collect(),
        ..ActualState::default()
    };
    let wanted = desired.devices.iter().filter(|(node, _)| actual.devices.contains_key(*node));
    let desired = DesiredState { devices: wanted.map(|(node, held)| (node.clone(), held.clone())).collect() };
    let mut devices = compared(&plan::diff(&desired, &actual), &desired, &actual);
    lead(&mut devices, verdicts);
    devices
}

fn compared(difference: &Diff, desired: &DesiredState, actual: &ActualState) -> Devices {
    let mut devices = Devices::new();
    for (node, device) in &difference.devices {
        let mut differences = device.differences();
        differences.iter_mut().skip(WITH_FIELDS).for_each(|one| one.fields.clear());
        devices.entry(node.clone()).or_default().differences = differences;
    }
    for finding in difference.drift() {
        // All of them are about devices.
        let Ok(node) = finding.subject.parse::<NodeId>() else { continue };
        let one = devices.entry(node).or_default();
        match plan::codes::is_drift(&finding.code) {
            true => {
                one.objects.push(finding.message.clone());
                one.drifts.push(finding);
            }
            false => one.collisions.push(finding),
        }
    }
    for (node, one) in &mut devices {
        let Some(wanted) = desired.devices.get(node) else { continue };
        let Some(DeviceReading::Read { owned, .. }) = actual.devices.get(node) else { continue };
        let rules = wanted.steering.values().filter(|rule| owned.steering.get(&rule.key) != Some(rule));
        let colors: BTreeSet<Color> = rules.map(|rule| rule.color).collect();
        let is_wrong = |key: &&PolicyKey| {
            colors.contains(&key.color) || wanted.policies.get(key) != owned.policies.get(key)
        };
        one.astray = wanted.policies.keys().filter(is_wrong).copied().collect();
    }
    devices
}

/// Notes which services they lead astray. O(services).
fn lead(devices: &mut Devices, verdicts: &Verdicts) {
    if devices.values().all(|one| one.astray.is_empty()) {
        return;
    }
    for (id, verdict) in verdicts {
        let Verdict::Carried { directions, .. } = verdict else { continue };
        for way in directions {
            let Some(one) = devices.get_mut(&way.from).filter(|one| one.astray.contains(&way.policy)) else {
                continue;
            };
            if one.services.last() != Some(id) {
                one.services.push(id.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests;
