//! What a device holds otherwise than it should, field by field, for people who decide whether it goes back or stays.

use std::fmt;

use model::{Classifier, InterfaceQos, SrPolicy, SteeringRule, qos::Discipline, sr::LastResort};
use serde::{Deserialize, Serialize};

use crate::diff::{Change, DeviceDiff};

/// How an object differs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deviation {
    /// It should be there and is not.
    Missing,
    /// It is another than it should be.
    Changed,
    /// It is ours and should not be there.
    Unexpected,
}

/// One field of an object.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct FieldDifference {
    /// Its name, as plans show it.
    pub field: String,
    /// What it should be; none where there should be no such field.
    pub wanted: Option<String>,
    /// What it is; none where there is no such field.
    pub found: Option<String>,
}

/// One object that differs.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Which object, as plans show it.
    pub object: String,
    /// How it differs.
    pub deviation: Deviation,
    /// The fields that differ: all of them where the object is missing or should not be there.
    pub fields: Vec<FieldDifference>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.deviation {
            Deviation::Missing => "missing",
            Deviation::Changed => "changed",
            Deviation::Unexpected => "should not be there",
        };
        write!(f, "{}, {how}", self.object)
    }
}

/// Names and values in the order in which they are shown.
type Fields = Vec<(String, String)>;

impl DeviceDiff {
    /// The same from the other side: not what has to be done, but what differs. Objects in the order of plans. O(objects × fields²), and
    /// objects have few fields.
    pub fn differences(&self) -> Vec<Difference> {
        let policies = self.policies.iter().map(|(key, change)| of(format!("policy {key}"), change, policy));
        let steering = self.steering.iter().map(|(key, change)| of(format!("steering {key}"), change, rule));
        let queues = self.qos.iter().map(|(name, change)| of(format!("queues of {name}"), change, queues));
        let marks = self.classifier.iter().map(|change| of("classifier".to_owned(), change, classifier));
        let bound = self.classified.iter();
        let bound =
            bound.map(|(name, change)| of(format!("classifier at {name}"), change, |()| Fields::new()));
        policies.chain(steering).chain(queues).chain(marks).chain(bound).collect()
    }

    /// The names of the objects that differ, in the same order.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let policies = self.policies.keys().map(|key| format!("policy {key}"));
        let steering = self.steering.keys().map(|key| format!("steering {key}"));
        let queues = self.qos.keys().map(|name| format!("queues of {name}"));
        let marks = self.classifier.iter().map(|_| "classifier".to_owned());
        let bound = self.classified.keys().map(|name| format!("classifier at {name}"));
        policies.chain(steering).chain(queues).chain(marks).chain(bound)
    }

    /// All of them.
    pub fn objects(&self) -> Vec<String> {
        self.names().collect()
    }
}

fn of<T>(object: String, change: &Change<T>, fields: fn(&T) -> Fields) -> Difference {
    let deviation = match change {
        Change::Add(_) => Deviation::Missing,
        Change::Change { .. } => Deviation::Changed,
        Change::Remove(_) => Deviation::Unexpected,
    };
    let of = |object: Option<&T>| object.map(fields).unwrap_or_default();
    Difference { object, deviation, fields: compared(of(change.after()), &of(change.before())) }
}

/// The fields that are not the same; those that should be there first.
fn compared(wanted: Fields, found: &[(String, String)]) -> Vec<FieldDifference> {
    let value = |fields: &[(String, String)], name: &str| {
        fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone())
    };
    let extra: Vec<FieldDifference> = found
        .iter()
        .filter(|(field, _)| value(&wanted, field).is_none())
        .map(|(field, value)| FieldDifference {
            field: field.clone(),
            wanted: None,
            found: Some(value.clone()),
        })
        .collect();
    let differing = wanted.into_iter().filter_map(|(field, wanted)| {
        let found = value(found, &field);
        (found.as_ref() != Some(&wanted)).then_some(FieldDifference { field, wanted: Some(wanted), found })
    });
    differing.chain(extra).collect()
}

fn policy(policy: &SrPolicy) -> Fields {
    let mut fields = vec![("name".to_owned(), policy.name.clone())];
    fields.extend(policy.binding_sid.map(|sid| ("binding SID".to_owned(), sid.to_string())));
    for path in &policy.candidates {
        for (number, list) in (1..).zip(&path.lists) {
            let sids: Vec<String> = list.sids.iter().map(ToString::to_string).collect();
            let name = format!("path {} preference {}", path.name, path.preference);
            fields.push(match path.lists.len() {
                1 => (name, sids.join(" ")),
                _ => (format!("{name} list {number}"), format!("weight {}: {}", list.weight, sids.join(" "))),
            });
        }
    }
    let last = match policy.last_resort {
        LastResort::Igp => "igp",
        LastResort::Drop => "drop",
    };
    fields.push(("last resort".to_owned(), last.to_owned()));
    fields
}

fn rule(rule: &SteeringRule) -> Fields {
    let any = || "any".to_owned();
    let marks: Vec<String> = rule.dscp.iter().map(ToString::to_string).collect();
    vec![
        ("prefix".to_owned(), rule.prefix.as_ref().map_or_else(any, ToString::to_string)),
        ("dscp".to_owned(), if marks.is_empty() { any() } else { marks.join(" ") }),
        ("color".to_owned(), rule.color.number().to_string()),
    ]
}

fn queues(qos: &InterfaceQos) -> Fields {
    let queue = |(name, share): (&model::QueueName, &model::QueueShare)| {
        let served = match share.discipline {
            Discipline::Strict => "strict".to_owned(),
            Discipline::Weighted(weight) => format!("weight {weight}"),
        };
        (format!("queue {name}"), format!("{served}, guarantee {}", share.guarantee))
    };
    qos.queues.iter().map(queue).collect()
}

fn classifier(classifier: &Classifier) -> Fields {
    classifier.queues.iter().map(|(mark, queue)| (format!("dscp {mark}"), queue.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use model::{DesiredState, DeviceConfig, NodeId};

    use super::*;
    use crate::{
        diff::diff,
        fixture::{Placement, build, diamond, service},
    };

    /// What differs at `a`, after somebody changed it there.
    fn after(tamper: impl FnOnce(&mut DeviceConfig)) -> Vec<Difference> {
        let placed: [Placement<'_>; 1] =
            [(service("s", "a", "d"), &["a", "b", "d"], Some(&["a", "c", "d"][..]))];
        let built = build(diamond(), &placed);
        let a = NodeId::lit("a");
        let mut held = DesiredState::clone(&built.desired);
        tamper(held.devices.get_mut(&a).unwrap());
        let actual = crate::fixture::actual(&held);
        let difference = diff(&built.desired, &actual);
        assert!(difference.devices.keys().all(|node| *node == a));
        difference.devices.get(&a).map(DeviceDiff::differences).unwrap_or_default()
    }

    #[test]
    fn only_fields_that_differ_are_named_with_both_values() {
        assert_eq!(after(|_| {}), []);
        let told = after(|config| {
            let policy = config.policies.values_mut().next().unwrap();
            policy.last_resort = LastResort::Drop;
            policy.candidates.truncate(1);
        });
        let [one] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(one.deviation, Deviation::Changed);
        assert!(one.object.starts_with("policy ") && one.to_string().ends_with(", changed"), "{one}");
        let [backup, last] = one.fields.as_slice() else { panic!("{one:?}") };
        assert!(backup.field.contains("preference 100") && backup.found.is_none(), "{backup:?}");
        assert!(backup.wanted.as_ref().is_some_and(|sids| !sids.is_empty()));
        let found = (last.field.as_str(), last.wanted.as_deref(), last.found.as_deref());
        assert_eq!(found, ("last resort", Some("igp"), Some("drop")));
    }

    #[test]
    fn an_object_that_is_missing_or_should_not_be_there_is_shown_whole() {
        let mut taken = None;
        let told = after(|config| taken = config.steering.pop_first());
        let (_, gone) = taken.unwrap();
        let [one] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((one.deviation, one.fields.len()), (Deviation::Missing, 3));
        assert!(one.fields.iter().all(|field| field.wanted.is_some() && field.found.is_none()));
        let told = after(|config| {
            let mut rule = gone.clone();
            rule.key.sequence += 7;
            config.steering.insert(rule.key.clone(), rule);
        });
        let [one] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((one.deviation, one.fields.len()), (Deviation::Unexpected, 3));
        assert!(one.fields.iter().all(|field| field.wanted.is_none() && field.found.is_some()));
        let told = after(|config| {
            config.qos.clear();
            config.classifier = None;
        });
        let objects: Vec<String> = told.iter().map(ToString::to_string).collect();
        assert!(objects.len() >= 2 && objects.iter().all(|told| told.ends_with(", missing")), "{objects:?}");
        assert_eq!(objects.last().map(String::as_str), Some("classifier, missing"));
    }

    #[test]
    fn a_binding_that_is_gone_is_named_by_its_interface() {
        let mut gone = None;
        let told = after(|config| gone = config.classified.pop_first());
        let [one] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(one.to_string(), format!("classifier at {}, missing", gone.unwrap()));
        assert!(one.deviation == Deviation::Missing && one.fields.is_empty(), "{one:?}");
    }
}
