//! What differs between what devices should hold and what they hold, object by object.
//!
//! A device that could not be read is not an empty device: it is listed in [`Diff::unreadable`] and gets no edits. An object
//! of somebody else that stands where ours should go is a finding; ours is withheld, and so are the steering rules that
//! would lead traffic into the stranger's policy. The others go ahead: one collision does not stop the network.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use model::{
    ActualState, Classifier, Color, DesiredState, DeviceConfig, DeviceReading, Edit, Finding, InterfaceName,
    InterfaceQos, NodeId, PolicyKey, Severity, SrPolicy, SteeringKey, SteeringRule, Timestamp, VrfName,
    state::Foreign,
};
use serde::{Deserialize, Serialize};

use crate::codes;

/// What happens to one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Change<T> {
    /// It is new.
    Add(T),
    /// It is there and becomes another.
    Change {
        /// As it is.
        from: T,
        /// As it becomes.
        to: T,
    },
    /// It goes.
    Remove(T),
}

impl<T> Change<T> {
    /// As it is on the device, where it is.
    pub const fn before(&self) -> Option<&T> {
        match self {
            Self::Add(_) => None,
            Self::Change { from, .. } | Self::Remove(from) => Some(from),
        }
    }

    /// As it becomes, where it stays.
    pub const fn after(&self) -> Option<&T> {
        match self {
            Self::Add(to) | Self::Change { to, .. } => Some(to),
            Self::Remove(_) => None,
        }
    }

    /// `+`, `~` or `-`.
    pub const fn sign(&self) -> char {
        match self {
            Self::Add(_) => '+',
            Self::Change { .. } => '~',
            Self::Remove(_) => '-',
        }
    }
}

/// What changes on one device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeviceDiff {
    /// SR policies.
    #[serde(with = "model::state::pairs")]
    pub policies: BTreeMap<PolicyKey, Change<SrPolicy>>,
    /// Steering rules.
    #[serde(with = "model::state::pairs")]
    pub steering: BTreeMap<SteeringKey, Change<SteeringRule>>,
    /// Queues of interfaces.
    pub qos: BTreeMap<InterfaceName, Change<InterfaceQos>>,
    /// The classifier.
    pub classifier: Option<Change<Classifier>>,
    /// Interfaces at which the classifier looks at what enters.
    pub classified: BTreeMap<InterfaceName, Change<()>>,
}

impl DeviceDiff {
    fn between(desired: &DeviceConfig, owned: &DeviceConfig) -> Self {
        Self {
            policies: objects(&desired.policies, &owned.policies),
            steering: objects(&desired.steering, &owned.steering),
            qos: objects(&desired.qos, &owned.qos),
            classifier: object(desired.classifier.as_ref(), owned.classifier.as_ref()),
            classified: members(&desired.classified, &owned.classified),
        }
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// How many objects change.
    pub fn count(&self) -> usize {
        let classifiers = usize::from(self.classifier.is_some()) + self.classified.len();
        self.policies.len() + self.steering.len() + self.qos.len() + classifiers
    }

    /// Keeps what is asked for otherwise than before, and what that cannot do without. What else differs is somebody's doing.
    fn leave_drift(&mut self, before: &DeviceConfig, after: &DeviceConfig) {
        self.steering.retain(|key, _| before.steering.get(key) != after.steering.get(key));
        // A rule that is put needs the policy that it leads into.
        let led: BTreeSet<Color> =
            self.steering.values().filter_map(Change::after).map(|rule| rule.color).collect();
        self.policies
            .retain(|key, _| led.contains(&key.color) || before.policies.get(key) != after.policies.get(key));
        self.qos.retain(|key, _| before.qos.get(key) != after.qos.get(key));
        // A classifier that goes is bound nowhere any more, and one that is bound is there.
        let goes = before.classifier.is_some() && after.classifier.is_none();
        self.classified.retain(|key, change| {
            before.classified.contains(key) != after.classified.contains(key)
                || goes && change.after().is_none()
        });
        let binds = self.classified.values().any(|change| change.after().is_some());
        if before.classifier == after.classifier && !binds {
            self.classifier = None;
        }
    }

    /// The edits that carry the difference out, in no particular phase.
    pub fn edits(&self) -> Vec<Edit> {
        let policies = self.policies.iter().map(|(key, change)| match change.after() {
            Some(policy) => Edit::PutPolicy(policy.clone()),
            None => Edit::RemovePolicy(*key),
        });
        let steering = self.steering.iter().map(|(key, change)| match change.after() {
            Some(rule) => Edit::PutSteering(rule.clone()),
            None => Edit::RemoveSteering(key.clone()),
        });
        let qos = self.qos.iter().map(|(interface, change)| match change.after() {
            Some(qos) => Edit::PutQos { interface: interface.clone(), qos: qos.clone() },
            None => Edit::RemoveQos(interface.clone()),
        });
        let classifier = self.classifier.iter().map(|change| match change.after() {
            Some(classifier) => Edit::PutClassifier(classifier.clone()),
            None => Edit::RemoveClassifier,
        });
        let classified = self.classified.iter().map(|(interface, change)| match change.after() {
            Some(()) => Edit::BindClassifier(interface.clone()),
            None => Edit::UnbindClassifier(interface.clone()),
        });
        policies.chain(steering).chain(qos).chain(classifier).chain(classified).collect()
    }
}

/// A device whose contents are unknown.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Unreadable {
    /// Why it could not be read.
    pub why: String,
    /// Since when; none where it was never read.
    pub since: Option<Timestamp>,
    /// How many objects it should hold.
    pub desired: usize,
}

/// All that differs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Diff {
    /// By device; none is empty.
    pub devices: BTreeMap<NodeId, DeviceDiff>,
    /// Devices that get no edits because nobody knows what they hold.
    pub unreadable: BTreeMap<NodeId, Unreadable>,
    /// Our objects that are not put because somebody else's stand in their place.
    pub withheld: BTreeMap<NodeId, Vec<Withheld>>,
    /// Collisions and unreadable devices (codes TL0200 to TL0219).
    pub findings: Vec<Finding>,
}

/// An object of ours that is not put.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Withheld {
    /// A policy: its color and endpoint are taken.
    Policy(PolicyKey),
    /// A steering rule: its place is taken, or it leads only into a policy that is withheld.
    Steering(SteeringKey),
    /// The queues of an interface.
    Qos(InterfaceName),
    /// The classifier at an interface.
    Classified(InterfaceName),
}

impl Diff {
    /// Whether nothing can or need be done.
    pub fn is_empty(&self) -> bool {
        self.devices.is_empty()
    }

    /// How many objects change.
    pub fn count(&self) -> usize {
        self.devices.values().map(DeviceDiff::count).sum()
    }

    /// Leaves out what differs though nothing else is asked for than before: somebody changed it on the device, and who acts for another
    /// reason does not fight him. On the devices `but` it stays, for there it is our own doing. O(objects that differ).
    pub fn leave_drift(&mut self, before: &DesiredState, after: &DesiredState, but: &BTreeSet<NodeId>) {
        let empty = DeviceConfig::default();
        self.devices.retain(|node, device| {
            if !but.contains(node) {
                let before = before.devices.get(node).unwrap_or(&empty);
                device.leave_drift(before, after.devices.get(node).unwrap_or(&empty));
            }
            !device.is_empty()
        });
    }

    /// The difference as findings: somebody or something changed devices behind our back.
    pub fn drift(&self) -> Vec<Finding> {
        drifted(self)
    }

    /// The desired state without what is withheld: what the readable devices hold once the difference is carried out.
    #[must_use]
    pub fn attainable(&self, desired: &DesiredState) -> DesiredState {
        let mut state = desired.clone();
        for (node, objects) in &self.withheld {
            if let Some(config) = state.devices.get_mut(node) {
                withhold(config, objects);
            }
        }
        state
    }
}

/// Compares what should be with what is. O(objects log objects).
///
/// Carrying the result out on `actual` gives [`Diff::attainable`] on every readable device, which is `desired` where nothing
/// collides; the difference is empty then.
pub fn diff(desired: &DesiredState, actual: &ActualState) -> Diff {
    let mut result = Diff::default();
    let empty = DeviceConfig::default();
    for (node, reading) in &actual.devices {
        let wanted = desired.devices.get(node).unwrap_or(&empty);
        match reading {
            DeviceReading::Read { owned, foreign, .. } => {
                let (mut objects, mut findings) = collisions(node, wanted, foreign);
                findings.extend(placeless(node, wanted, foreign, &mut objects));
                let change = if objects.is_empty() {
                    difference(wanted, owned, foreign)
                } else {
                    let mut rest = wanted.clone();
                    withhold(&mut rest, &objects);
                    result.withheld.insert(node.clone(), objects);
                    difference(&rest, owned, foreign)
                };
                result.findings.extend(findings);
                if !change.is_empty() {
                    result.devices.insert(node.clone(), change);
                }
            }
            DeviceReading::Unreadable { why, since } => {
                result.skip(node, wanted, why.clone(), Some(*since));
            }
        }
    }
    for (node, wanted) in &desired.devices {
        if !actual.devices.contains_key(node) && !wanted.is_empty() {
            result.skip(node, wanted, "it has not been read yet, or is not in the inventory".into(), None);
        }
    }
    result
}

/// What differs on a device, with what is left of bindings where there should be none.
fn difference(wanted: &DeviceConfig, owned: &DeviceConfig, foreign: &Foreign) -> DeviceDiff {
    let mut change = DeviceDiff::between(wanted, owned);
    for interface in foreign.half.difference(&wanted.classified) {
        change.classified.insert(interface.clone(), Change::Remove(()));
    }
    change
}

impl Diff {
    fn skip(&mut self, node: &NodeId, wanted: &DeviceConfig, why: String, since: Option<Timestamp>) {
        let desired = DeviceDiff::between(wanted, &DeviceConfig::default()).count();
        let message = format!(
            "what it holds is unknown: {why}; {desired} objects that it should hold are neither checked nor changed"
        );
        self.findings.push(
            Finding::new(codes::UNREADABLE, Severity::Warning, node, message)
                .with_help("see `trunkline devices` for its session, and what helps; what it lacks follows when it is read again"),
        );
        self.unreadable.insert(node.clone(), Unreadable { why, since, desired });
    }
}

/// What devices hold otherwise than they should, as findings ([`Diff::drift`]).
pub fn drift(desired: &DesiredState, actual: &ActualState) -> Vec<Finding> {
    diff(desired, actual).drift()
}

/// A difference as findings: somebody or something changed devices behind our back. Unreadable devices are reported as such. Same order
/// as the difference.
fn drifted(difference: &Diff) -> Vec<Finding> {
    let mut findings = difference.findings.clone();
    for (node, change) in &difference.devices {
        let mut say = |what: &dyn fmt::Display, sign: char| {
            let (code, message) = match sign {
                '+' => (codes::DRIFT_MISSING, format!("{what} is missing")),
                '~' => (codes::DRIFT_CHANGED, format!("{what} is not as it was put")),
                _ => (codes::DRIFT_UNEXPECTED, format!("{what} is ours but should not be there")),
            };
            findings.push(Finding::new(code, Severity::Major, node, message));
        };
        for (key, change) in &change.policies {
            say(&format_args!("policy {key}"), change.sign());
        }
        for (key, change) in &change.steering {
            say(&format_args!("steering {key}"), change.sign());
        }
        for (interface, change) in &change.qos {
            say(&format_args!("the queues of {interface}"), change.sign());
        }
        if let Some(change) = &change.classifier {
            say(&"the classifier", change.sign());
        }
        for (interface, change) in &change.classified {
            say(&format_args!("the classifier at {interface}"), change.sign());
        }
    }
    findings
}

pub(crate) fn object<T: Clone + PartialEq>(desired: Option<&T>, owned: Option<&T>) -> Option<Change<T>> {
    match (desired, owned) {
        (Some(to), Some(from)) if from != to => Some(Change::Change { from: from.clone(), to: to.clone() }),
        (Some(to), None) => Some(Change::Add(to.clone())),
        (None, Some(from)) => Some(Change::Remove(from.clone())),
        _ => None,
    }
}

fn objects<K: Clone + Ord, T: Clone + PartialEq>(
    desired: &BTreeMap<K, T>,
    owned: &BTreeMap<K, T>,
) -> BTreeMap<K, Change<T>> {
    let put = desired
        .iter()
        .filter_map(|(key, to)| object(Some(to), owned.get(key)).map(|change| (key.clone(), change)));
    let gone = owned
        .iter()
        .filter(|(key, _)| !desired.contains_key(key))
        .map(|(key, from)| (key.clone(), Change::Remove(from.clone())));
    put.chain(gone).collect()
}

/// The same for what is there or not.
fn members<K: Clone + Ord>(desired: &BTreeSet<K>, owned: &BTreeSet<K>) -> BTreeMap<K, Change<()>> {
    let put = desired.difference(owned).map(|key| (key.clone(), Change::Add(())));
    let gone = owned.difference(desired).map(|key| (key.clone(), Change::Remove(())));
    put.chain(gone).collect()
}

fn withhold(config: &mut DeviceConfig, objects: &[Withheld]) {
    for object in objects {
        match object {
            Withheld::Policy(key) => drop(config.policies.remove(key)),
            Withheld::Steering(key) => drop(config.steering.remove(key)),
            Withheld::Qos(interface) => drop(config.qos.remove(interface)),
            Withheld::Classified(interface) => {
                config.classified.remove(interface);
            }
        }
    }
}

fn collisions(node: &NodeId, wanted: &DeviceConfig, foreign: &Foreign) -> (Vec<Withheld>, Vec<Finding>) {
    let mut objects = Vec::new();
    let mut findings = Vec::new();
    let mut say = |code, message: String| {
        findings.push(
            Finding::new(code, Severity::Major, node, message)
                .with_help("remove or renumber the other object; it is never changed from here"),
        );
    };
    for (key, name) in foreign.policies.iter().filter(|(key, _)| wanted.policies.contains_key(key)) {
        say(
            codes::POLICY_TAKEN,
            format!("{key} is taken by the policy `{name}` of somebody else: ours is not put"),
        );
        objects.push(Withheld::Policy(*key));
        // A rule that leads nowhere else would lead traffic into the stranger's policy.
        let only = wanted.policies.keys().filter(|other| other.color == key.color).count() == 1;
        let rules = wanted.steering.values().filter(|rule| only && rule.color == key.color);
        objects.extend(rules.map(|rule| Withheld::Steering(rule.key.clone())));
    }
    for key in foreign.steering.iter().filter(|key| wanted.steering.contains_key(key)) {
        say(codes::STEERING_TAKEN, format!("{key} is taken by a rule of somebody else: ours is not put"));
        if !objects.contains(&Withheld::Steering(key.clone())) {
            objects.push(Withheld::Steering(key.clone()));
        }
    }
    for vrf in &foreign.vrfs {
        let ours: Vec<&SteeringKey> = wanted.steering.keys().filter(|key| key.vrf == *vrf).collect();
        let rules = match ours.len() {
            0 => continue,
            1 => "our rule is".to_owned(),
            many => format!("our {many} rules are"),
        };
        say(
            codes::STEERING_TAKEN,
            format!("the steering of vrf {vrf} is in somebody else's hands: {rules} not put"),
        );
        let before: BTreeSet<SteeringKey> = objects.iter().filter_map(steering).cloned().collect();
        let news = ours.into_iter().filter(|key| !before.contains(*key));
        objects.extend(news.map(|key| Withheld::Steering(key.clone())));
    }
    for interface in foreign.qos.iter().filter(|interface| wanted.qos.contains_key(interface)) {
        say(
            codes::QOS_TAKEN,
            format!("the queues of {interface} are set by somebody else: ours are not put"),
        );
        objects.push(Withheld::Qos(interface.clone()));
    }
    for interface in foreign.classified.intersection(&wanted.classified) {
        say(
            codes::CLASSIFIER_TAKEN,
            format!("the classifier at {interface} is somebody else's: ours is not put there"),
        );
        objects.push(Withheld::Classified(interface.clone()));
    }
    (objects, findings)
}

/// The key of a rule that is withheld.
const fn steering(object: &Withheld) -> Option<&SteeringKey> {
    match object {
        Withheld::Steering(key) => Some(key),
        Withheld::Policy(_) | Withheld::Qos(_) | Withheld::Classified(_) => None,
    }
}

/// Withholds the rules that have no routing table to stand in, and tells it once for each VRF.
fn placeless(
    node: &NodeId,
    wanted: &DeviceConfig,
    foreign: &Foreign,
    objects: &mut Vec<Withheld>,
) -> Vec<Finding> {
    let mut rules: BTreeMap<&VrfName, usize> = BTreeMap::new();
    if foreign.tables.is_none() {
        return Vec::new();
    }
    let before: BTreeSet<SteeringKey> = objects.iter().filter_map(steering).cloned().collect();
    for rule in wanted.steering.values().filter(|rule| foreign.lacks_table_of(rule)) {
        *rules.entry(&rule.key.vrf).or_default() += 1;
        if !before.contains(&rule.key) {
            objects.push(Withheld::Steering(rule.key.clone()));
        }
    }
    let tell = |(vrf, count): (&VrfName, usize)| {
        let ours = if count == 1 { "our rule is".to_owned() } else { format!("our {count} rules are") };
        let message = format!("vrf {vrf} has no routing table there for some prefixes: {ours} not put");
        Finding::new(codes::NO_TABLE, Severity::Major, node, message).with_help(
            "look whether the VRF has another name on the device, or lacks an address family; neither is made from here",
        )
    };
    rules.into_iter().map(tell).collect()
}

#[cfg(test)]
pub(crate) mod tests;
