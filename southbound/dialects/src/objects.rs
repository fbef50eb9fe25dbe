//! What a configuration is on a device of a kind: objects at places, each written and removed as a whole.
//!
//! A dialect says what objects a [`DeviceConfig`] comes to; edits are then a difference. Names on a device may hold more than
//! the identity of an object (a segment list is named for its candidate path), so what has to go is known only from what
//! is held now.

use std::collections::{BTreeMap, BTreeSet};

use model::{DeviceConfig, Discipline, Edit};

use crate::{
    capability::{Feature, Refusal, Support, Unsupported},
    operation::{Action, Data, Module, Operation, Scalar, Step},
    tree::{below, container, leaf},
};

/// An object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Object {
    /// Where it stands.
    pub path: Vec<Step>,
    /// All that is in it, but for its keys.
    pub content: Vec<Data>,
}

/// Objects in an order in which each finds what it refers to, no two at one place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Objects {
    list: Vec<Object>,
    at: BTreeMap<Vec<Step>, usize>,
    /// Of these, the leaves of containers that are not ours.
    leaves: BTreeSet<Vec<Step>>,
    unsupported: Vec<Unsupported>,
    clashes: Vec<Unsupported>,
}

impl Objects {
    /// Adds an object, or refuses it where another one stands in its place.
    pub fn put(&mut self, path: Vec<Step>, content: Vec<Data>, clash: impl FnOnce() -> Unsupported) {
        match self.at.get(&path) {
            None => {
                self.at.insert(path.clone(), self.list.len());
                self.list.push(Object { path, content });
            }
            Some(place) if self.list[*place].content == content => {}
            Some(_) => self.clashes.push(clash()),
        }
    }

    /// Adds a leaf of a container or list entry that is not ours: all beside it stays.
    pub fn put_leaf(
        &mut self,
        place: Vec<Step>,
        (module, name): (Module, &'static str),
        value: impl Into<Scalar>,
        clash: impl FnOnce() -> Unsupported,
    ) {
        let path = below(place, [container(module, name)]);
        self.leaves.insert(path.clone());
        self.put(path, vec![leaf(module, name, value)], clash);
    }

    /// Notes what has no words.
    pub fn refuse(&mut self, unsupported: Unsupported) {
        self.unsupported.push(unsupported);
    }

    /// Refuses `what` where the dialect's table lacks the feature.
    fn need(&mut self, dialect: &'static str, support: fn(Feature) -> Support, what: &str, feature: Feature) {
        let refusal = Refusal { dialect, support, what: &what };
        self.unsupported.extend(refusal.unless(feature).err());
    }

    /// Refuses steering rules, queues and classifiers where the dialect's table lacks them.
    pub fn need_all_but_policies(
        &mut self,
        dialect: &'static str,
        support: fn(Feature) -> Support,
        config: &DeviceConfig,
    ) {
        for rule in config.steering.values() {
            let what = format!("steering {}", rule.key);
            if !rule.dscp.is_empty() {
                self.need(dialect, support, &what, Feature::DscpSteering);
            }
            let by = if rule.prefix.is_some() { Feature::PrefixSteering } else { Feature::WholeSteering };
            self.need(dialect, support, &what, by);
        }
        for (interface, qos) in &config.qos {
            for (queue, share) in &qos.queues {
                let feature = match share.discipline {
                    Discipline::Strict => Feature::StrictQueues,
                    Discipline::Weighted(_) if share.guarantee.as_bps() > 0 => Feature::Guarantees,
                    Discipline::Weighted(_) => Feature::WeightedQueues,
                };
                self.need(dialect, support, &format!("queue {queue} of {interface}"), feature);
            }
        }
        if config.classifier.is_some() {
            self.need(dialect, support, "the classifier", Feature::Classifiers);
        }
        for interface in &config.classified {
            let what = format!("the classifier at {interface}");
            self.need(dialect, support, &what, Feature::BoundClassifiers);
        }
    }

    /// What writes an object: the whole of it, or one leaf beside what others have there.
    fn operation(&self, object: &Object) -> Operation {
        let (mut path, content) = (object.path.clone(), object.content.clone());
        if self.leaves.contains(&path) {
            path.pop();
            return Operation { path, action: Action::Merge(content) };
        }
        Operation { path, action: Action::Replace(content) }
    }

    fn get(&self, path: &[Step]) -> Option<&Object> {
        self.at.get(path).map(|place| &self.list[*place])
    }
}

/// What carries the edits out on a device that holds `held` of ours. Objects that stay as they are are written only where an
/// edit puts them.
///
/// # Errors
/// An edit has no words in this dialect.
pub(crate) fn render(
    edits: &[Edit],
    held: &DeviceConfig,
    objects: impl Fn(&DeviceConfig) -> Objects,
) -> Result<Vec<Operation>, Unsupported> {
    let mut config = held.clone();
    edits.iter().for_each(|edit| edit.apply(&mut config));
    let (before, edited, after) = (objects(held), objects(&put_by(edits, &config)), objects(&config));
    if let Some(unsupported) = edited.unsupported.into_iter().chain(after.clashes.iter().cloned()).next() {
        return Err(unsupported);
    }
    let written = after
        .list
        .iter()
        .filter(|object| edited.at.contains_key(&object.path) || before.get(&object.path) != Some(*object));
    let puts = written.map(|object| after.operation(object));
    let gone = before.list.iter().rev().filter(|object| after.get(&object.path).is_none());
    let removals = gone.map(|object| Operation { path: object.path.clone(), action: Action::Remove });
    Ok(puts.chain(removals).collect())
}

/// The part of a configuration that the edits put there.
fn put_by(edits: &[Edit], config: &DeviceConfig) -> DeviceConfig {
    let mut part = DeviceConfig::default();
    for edit in edits {
        match edit {
            Edit::PutPolicy(policy) => {
                part.policies
                    .extend(config.policies.get_key_value(&policy.key).map(|(k, v)| (*k, v.clone())));
            }
            Edit::PutSteering(rule) => {
                part.steering.extend(config.steering.get(&rule.key).map(|v| (rule.key.clone(), v.clone())));
            }
            Edit::PutQos { interface, .. } => {
                part.qos.extend(config.qos.get(interface).map(|v| (interface.clone(), v.clone())));
            }
            Edit::PutClassifier(_) => part.classifier.clone_from(&config.classifier),
            Edit::BindClassifier(interface) => {
                part.classified.extend(config.classified.get(interface).cloned());
            }
            Edit::RemovePolicy(_)
            | Edit::RemoveSteering(_)
            | Edit::RemoveQos(_)
            | Edit::UnbindClassifier(_)
            | Edit::RemoveClassifier => {}
        }
    }
    part
}
