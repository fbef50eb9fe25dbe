//! What routers hold otherwise than intents ask for, and people accept as it is: named exceptions.
//!
//! They are laid over what was compiled before anything follows from it. So the proof walks the network as it will really be, a plan does not
//! fight what was accepted, and drift is what differs from both together. An exception that intents ask for as it is needs nobody any more.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{
    Color, DesiredState, DeviceConfig, Finding, NodeId, PolicyKey, SegmentList, Severity, SrPolicy,
    Timestamp,
    calendar::{Moment, Offset},
};
use serde::{Deserialize, Serialize};

use crate::{
    codes,
    diff::{Change, DeviceDiff, object},
};

/// What somebody accepted on a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exception {
    /// Who.
    pub who: String,
    /// When.
    pub since: Timestamp,
    /// Why.
    pub why: String,
    /// When it ends; absent where it stands until somebody takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The objects: each as it is held, which stays, and as the intents ask for it.
    pub objects: DeviceDiff,
}

impl Exception {
    /// Whether its time has passed.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// What it holds, by whom and why, in words.
    fn held(&self) -> String {
        let Self { who, why, until, objects, .. } = self;
        let until =
            until.map_or_else(String::new, |at| format!(" until {}", Moment { at, offset: Offset::UTC }));
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        format!("{} held by an exception of {who}{until}{why}", listed(objects))
    }

    fn with(&self, objects: DeviceDiff) -> Self {
        Self { who: self.who.clone(), since: self.since, why: self.why.clone(), until: self.until, objects }
    }
}

/// Exceptions by device, on each in the order in which they were made. No object is in two of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Exceptions(BTreeMap<NodeId, Vec<Exception>>);

/// What came of exceptions that were laid over a desired state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Laid {
    /// Those that stand, with what is asked for in their place; shared with those that were laid where that is as it was.
    pub standing: Arc<Exceptions>,
    /// What needs none any more: it is asked for as it is held.
    pub over: Exceptions,
    /// Of those that stand, what is asked for otherwise than before.
    pub changed: Exceptions,
}

impl Laid {
    /// What people should know of them: what stands, and what new intents ask for in vain.
    pub fn told(&self) -> Vec<Finding> {
        let mut findings = self.standing.told();
        findings.extend(self.changed.iter().map(|(node, exception)| {
            let message = format!("something else is asked for and is not put: {}", exception.held());
            warning(node, message)
        }));
        findings
    }
}

fn warning(node: &NodeId, message: String) -> Finding {
    let help = format!("`trunkline devices {node}` shows it, `trunkline restore {node}` ends it");
    Finding::new(codes::EXCEPTION, Severity::Warning, node, message).with_help(help)
}

impl Exceptions {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of a device.
    pub fn of(&self, node: &NodeId) -> &[Exception] {
        self.0.get(node).map_or(&[], Vec::as_slice)
    }

    /// All, by device.
    pub fn iter(&self) -> impl Iterator<Item = (&NodeId, &Exception)> {
        self.0.iter().flat_map(|(node, list)| list.iter().map(move |exception| (node, exception)))
    }

    /// Adds one. What it holds is held by no older one any more, and is compared with what that one knew to be asked for: the two may be
    /// the same by now, and then nothing of it is held.
    pub fn accept(&mut self, node: NodeId, mut exception: Exception) {
        let mut list = self.0.remove(&node).unwrap_or_default();
        for older in &mut list {
            let before = older.objects.clone();
            older.objects.leave_out(&exception.objects);
            exception.objects.ask_as(&before);
        }
        list.push(exception);
        list.retain(|one| !one.objects.is_empty());
        if !list.is_empty() {
            self.0.insert(node, list);
        }
    }

    /// Takes some out, and gives them.
    pub fn release(&mut self, is_over: impl Fn(&NodeId, &Exception) -> bool) -> Self {
        let mut released = Self::default();
        for (node, list) in &mut self.0 {
            let (over, stays): (Vec<_>, Vec<_>) =
                std::mem::take(list).into_iter().partition(|exception| is_over(node, exception));
            *list = stays;
            if !over.is_empty() {
                released.0.insert(node.clone(), over);
            }
        }
        self.0.retain(|_, list| !list.is_empty());
        released
    }

    /// Those that stand at a moment on devices that are there.
    #[must_use]
    pub fn as_of(&self, now: Option<Timestamp>, is_there: impl Fn(&NodeId) -> bool) -> Self {
        let mut standing = self.clone();
        standing.release(|node, exception| !is_there(node) || now.is_some_and(|now| exception.is_over(now)));
        standing
    }

    /// What of these, object by object, is not among others.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        let mut left = self.clone();
        for (node, list) in &mut left.0 {
            for other in others.of(node) {
                list.iter_mut().for_each(|one| one.objects.leave_out(&other.objects));
            }
            list.retain(|one| !one.objects.is_empty());
        }
        left.0.retain(|_, list| !list.is_empty());
        left
    }

    /// These and those of other devices.
    #[must_use]
    pub fn beside(&self, others: &Self) -> Self {
        let mut all = self.clone();
        for (node, list) in &others.0 {
            all.0.entry(node.clone()).or_insert_with(|| list.clone());
        }
        all
    }

    /// When the next one ends; none where none does by itself.
    pub fn next_end(&self) -> Option<Timestamp> {
        self.iter().filter_map(|(_, exception)| exception.until).min()
    }

    /// Puts what they hold into a desired state, in the place of what is asked for. O(their objects × log objects of a device).
    pub fn lay(&self, desired: &mut DesiredState) -> Laid {
        Self::lay_shared(&Arc::new(self.clone()), desired)
    }

    /// The same of exceptions that are shared: where all that they hold is asked for as it was, which is the rule, nothing of them is copied
    /// but what goes into the desired state.
    pub fn lay_shared(all: &Arc<Self>, desired: &mut DesiredState) -> Laid {
        let nothing = DeviceConfig::default();
        let is_as_before = |(node, exception): (&NodeId, &Exception)| {
            exception.objects.is_asked_for_in(desired.devices.get(node).unwrap_or(&nothing))
        };
        if all.iter().all(is_as_before) {
            for (node, exception) in all.iter() {
                exception.objects.hold(desired.devices.entry(node.clone()).or_default());
            }
            return Laid { standing: Arc::clone(all), ..Laid::default() };
        }
        let (mut stands, mut is_over, mut is_changed) = (Self::default(), Self::default(), Self::default());
        for (node, exception) in all.iter() {
            let config = desired.devices.entry(node.clone()).or_default();
            let standing = exception.objects.over(config);
            let (mut over, mut changed) = (exception.objects.clone(), standing.clone());
            over.leave_out(&standing);
            changed.leave_out_same(&exception.objects);
            for (list, objects) in [(&mut stands, standing), (&mut is_over, over), (&mut is_changed, changed)]
            {
                list.accept(node.clone(), exception.with(objects));
            }
        }
        Laid { standing: Arc::new(stands), over: is_over, changed: is_changed }
    }

    /// Puts what is asked for back in the place of what they hold.
    pub fn lift(&self, desired: &mut DesiredState) {
        for (node, exception) in self.iter() {
            let config = desired.devices.entry(node.clone()).or_default();
            exception.objects.under(config);
        }
    }

    /// A line of warning for each.
    pub fn told(&self) -> Vec<Finding> {
        self.iter().map(|(node, exception)| warning(node, exception.held())).collect()
    }

    /// Whether one of them has a part in how a headend leads traffic into a policy and onward.
    pub fn have_hold(&self, headend: &NodeId, policy: &PolicyKey) -> bool {
        let holds = |exception: &Exception| {
            exception.objects.policies.contains_key(policy) || exception.objects.steers(policy.color)
        };
        self.of(headend).iter().any(holds)
    }

    /// Whether one of them leads such traffic elsewhere than it was asked for: not where only a backup or a name is another.
    pub fn lead_astray(&self, headend: &NodeId, policy: &PolicyKey) -> bool {
        let leads = |exception: &Exception| {
            let change = exception.objects.policies.get(policy);
            let elsewhere = change.is_some_and(|change| lists(change.before()) != lists(change.after()));
            elsewhere || exception.objects.steers(policy.color)
        };
        self.of(headend).iter().any(leads)
    }
}

/// Which traffic exceptions lead elsewhere than it was asked for ([`Exceptions::lead_astray`]), to be looked up again and again.
#[derive(Clone, Debug, Default)]
pub struct LedAstray(BTreeMap<NodeId, (BTreeSet<PolicyKey>, BTreeSet<Color>)>);

impl LedAstray {
    /// By these. O(their objects).
    pub fn by(all: &Exceptions) -> Self {
        let mut led: BTreeMap<NodeId, (BTreeSet<PolicyKey>, BTreeSet<Color>)> = BTreeMap::new();
        for (node, exception) in all.iter() {
            let (policies, colors) = led.entry(node.clone()).or_default();
            let elsewhere = exception.objects.policies.iter();
            let elsewhere = elsewhere.filter(|(_, change)| lists(change.before()) != lists(change.after()));
            policies.extend(elsewhere.map(|(key, _)| *key));
            let rules = exception.objects.steering.values();
            let rules = rules.flat_map(|change| [change.before(), change.after()]).flatten();
            colors.extend(rules.map(|rule| rule.color));
        }
        Self(led)
    }

    /// Whether such traffic is among it.
    pub fn has(&self, headend: &NodeId, policy: &PolicyKey) -> bool {
        self.0
            .get(headend)
            .is_some_and(|(policies, colors)| policies.contains(policy) || colors.contains(&policy.color))
    }
}

/// The segment lists of the preferred path.
fn lists(policy: Option<&SrPolicy>) -> Option<&[SegmentList]> {
    policy?.candidates.first().map(|path| path.lists.as_slice())
}

/// Objects that a line names; the others are counted.
const NAMED: usize = 3;

fn listed(objects: &DeviceDiff) -> String {
    let (some, count) = (objects.names().take(NAMED).collect::<Vec<_>>().join(", "), objects.count());
    let verb = if count == 1 { "is" } else { "are" };
    match count.saturating_sub(NAMED) {
        0 => format!("{some} {verb}"),
        more => format!("{some} and {more} more {verb}"),
    }
}

impl DeviceDiff {
    /// Whether a rule for a color is among the objects.
    fn steers(&self, color: Color) -> bool {
        let mut rules = self.steering.values().flat_map(|change| [change.before(), change.after()]);
        rules.any(|rule| rule.is_some_and(|rule| rule.color == color))
    }

    /// Takes out the objects that another one has.
    fn leave_out(&mut self, other: &Self) {
        self.policies.retain(|key, _| !other.policies.contains_key(key));
        self.steering.retain(|key, _| !other.steering.contains_key(key));
        self.qos.retain(|key, _| !other.qos.contains_key(key));
        if other.classifier.is_some() {
            self.classifier = None;
        }
        self.classified.retain(|key, _| !other.classified.contains_key(key));
    }

    /// Takes out the objects that are asked for as another one has it.
    fn leave_out_same(&mut self, other: &Self) {
        fn differs<T: PartialEq>(one: &Change<T>, other: Option<&Change<T>>) -> bool {
            other.is_none_or(|other| one.after() != other.after())
        }
        self.policies.retain(|key, change| differs(change, other.policies.get(key)));
        self.steering.retain(|key, change| differs(change, other.steering.get(key)));
        self.qos.retain(|key, change| differs(change, other.qos.get(key)));
        self.classifier = self.classifier.take().filter(|one| differs(one, other.classifier.as_ref()));
        self.classified.retain(|key, change| differs(change, other.classified.get(key)));
    }

    /// Compares the objects that an older one has with what is asked for by that.
    fn ask_as(&mut self, older: &Self) {
        ask_as(&mut self.policies, &older.policies);
        ask_as(&mut self.steering, &older.steering);
        ask_as(&mut self.qos, &older.qos);
        if let (Some(held), Some(older)) = (&self.classifier, &older.classifier) {
            self.classifier = object(older.after(), held.before());
        }
        ask_as(&mut self.classified, &older.classified);
    }

    /// Whether all of it is asked for as it was when it was accepted.
    fn is_asked_for_in(&self, config: &DeviceConfig) -> bool {
        fn same<K: Ord, T: PartialEq>(held: &BTreeMap<K, Change<T>>, wanted: &BTreeMap<K, T>) -> bool {
            held.iter().all(|(key, change)| wanted.get(key) == change.after())
        }
        let classifier = self.classifier.as_ref();
        same(&self.policies, &config.policies)
            && same(&self.steering, &config.steering)
            && same(&self.qos, &config.qos)
            && classifier.is_none_or(|change| config.classifier.as_ref() == change.after())
            && self
                .classified
                .iter()
                .all(|(key, change)| config.classified.contains(key) == change.after().is_some())
    }

    /// Puts what is held over what is asked for.
    fn hold(&self, config: &mut DeviceConfig) {
        hold(&self.policies, &mut config.policies);
        hold(&self.steering, &mut config.steering);
        hold(&self.qos, &mut config.qos);
        if let Some(held) = &self.classifier {
            config.classifier = held.before().cloned();
        }
        for (key, change) in &self.classified {
            if change.before().is_some() {
                config.classified.insert(key.clone());
            } else {
                config.classified.remove(key);
            }
        }
    }

    /// Puts what is held over what is asked for; gives what still differs.
    fn over(&self, config: &mut DeviceConfig) -> Self {
        let DeviceConfig { policies, steering, qos, classifier, classified } = config;
        let held = self.classifier.as_ref();
        let differs = held.and_then(|held| object(classifier.as_ref(), held.before()));
        if let Some(held) = held {
            *classifier = held.before().cloned();
        }
        Self {
            policies: over(&self.policies, policies),
            steering: over(&self.steering, steering),
            qos: over(&self.qos, qos),
            classifier: differs,
            classified: as_objects(classified, |objects| over(&self.classified, objects)),
        }
    }

    /// Puts what is asked for over what is held.
    fn under(&self, config: &mut DeviceConfig) {
        under(&self.policies, &mut config.policies);
        under(&self.steering, &mut config.steering);
        under(&self.qos, &mut config.qos);
        if let Some(held) = &self.classifier {
            config.classifier = held.after().cloned();
        }
        as_objects(&mut config.classified, |objects| under(&self.classified, objects));
    }
}

fn ask_as<K: Clone + Ord, T: Clone + PartialEq>(
    held: &mut BTreeMap<K, Change<T>>,
    older: &BTreeMap<K, Change<T>>,
) {
    for (key, older) in older {
        let Some(change) = held.remove(key) else { continue };
        if let Some(differs) = object(older.after(), change.before()) {
            held.insert(key.clone(), differs);
        }
    }
}

fn over<K: Clone + Ord, T: Clone + PartialEq>(
    held: &BTreeMap<K, Change<T>>,
    wanted: &mut BTreeMap<K, T>,
) -> BTreeMap<K, Change<T>> {
    let mut standing = BTreeMap::new();
    for (key, change) in held {
        if let Some(differs) = object(wanted.get(key), change.before()) {
            standing.insert(key.clone(), differs);
        }
        put(wanted, key, change.before());
    }
    standing
}

/// Members of a set as objects that have no value.
fn as_objects<K: Ord, R>(members: &mut BTreeSet<K>, work: impl FnOnce(&mut BTreeMap<K, ()>) -> R) -> R {
    let mut objects = std::mem::take(members).into_iter().map(|key| (key, ())).collect();
    let done = work(&mut objects);
    members.extend(objects.into_keys());
    done
}

fn hold<K: Clone + Ord, T: Clone>(held: &BTreeMap<K, Change<T>>, config: &mut BTreeMap<K, T>) {
    held.iter().for_each(|(key, change)| put(config, key, change.before()));
}

fn under<K: Clone + Ord, T: Clone>(held: &BTreeMap<K, Change<T>>, config: &mut BTreeMap<K, T>) {
    held.iter().for_each(|(key, change)| put(config, key, change.after()));
}

fn put<K: Clone + Ord, T: Clone>(objects: &mut BTreeMap<K, T>, key: &K, value: Option<&T>) {
    match value {
        Some(value) => drop(objects.insert(key.clone(), value.clone())),
        None => drop(objects.remove(key)),
    }
}

#[cfg(test)]
mod tests;
