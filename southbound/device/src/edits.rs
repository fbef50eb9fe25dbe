//! Edits as a difference between two states of a device. Pure.

use std::collections::BTreeMap;

use model::{DeviceConfig, Edit, InterfaceName, PolicyKey, SteeringKey, state::Foreign};

/// What turns `from` into `to`, and nothing more. Objects that others refer to are put first and removed last.
pub fn edits_between(from: &DeviceConfig, to: &DeviceConfig) -> Vec<Edit> {
    let mut edits = Vec::new();
    if let Some(classifier) =
        to.classifier.as_ref().filter(|wanted| from.classifier.as_ref() != Some(*wanted))
    {
        edits.push(Edit::PutClassifier(classifier.clone()));
    }
    edits.extend(to.classified.difference(&from.classified).cloned().map(Edit::BindClassifier));
    edits.extend(
        news(&from.qos, &to.qos)
            .map(|(interface, qos)| Edit::PutQos { interface: interface.clone(), qos: qos.clone() }),
    );
    edits.extend(news(&from.policies, &to.policies).map(|(_, policy)| Edit::PutPolicy(policy.clone())));
    edits.extend(news(&from.steering, &to.steering).map(|(_, rule)| Edit::PutSteering(rule.clone())));
    edits.extend(gone(&from.steering, &to.steering).cloned().map(Edit::RemoveSteering));
    edits.extend(gone(&from.policies, &to.policies).copied().map(Edit::RemovePolicy));
    edits.extend(gone(&from.qos, &to.qos).cloned().map(Edit::RemoveQos));
    edits.extend(from.classified.difference(&to.classified).cloned().map(Edit::UnbindClassifier));
    if from.classifier.is_some() && to.classifier.is_none() {
        edits.push(Edit::RemoveClassifier);
    }
    edits
}

/// Why one of the edits cannot be carried out on a device that has this of others; nothing where all can. What is not ours is never
/// made.
pub fn misplaced(edits: &[Edit], foreign: &Foreign) -> Option<String> {
    let mut rules = edits.iter().filter_map(|edit| match edit {
        Edit::PutSteering(rule) => Some(rule),
        _ => None,
    });
    let rule = rules.find(|rule| foreign.lacks_table_of(rule))?;
    let prefix = rule.prefix.map(|prefix| format!(" for {prefix}")).unwrap_or_default();
    Some(format!("vrf {} has no routing table{prefix}, and none is made: it is not ours", rule.key.vrf))
}

/// Entries of `to` that `from` does not have so.
fn news<'a, K: Ord, V: PartialEq>(
    from: &'a BTreeMap<K, V>,
    to: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = (&'a K, &'a V)> {
    to.iter().filter(|(key, value)| from.get(*key) != Some(*value))
}

/// Keys of `from` that `to` does not have.
fn gone<'a, K: Ord, V>(from: &'a BTreeMap<K, V>, to: &'a BTreeMap<K, V>) -> impl Iterator<Item = &'a K> {
    from.keys().filter(|key| !to.contains_key(*key))
}

/// Which object an edit is about.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
enum Object<'a> {
    Policy(PolicyKey),
    Steering(&'a SteeringKey),
    Qos(&'a InterfaceName),
    Classifier,
    Classified(&'a InterfaceName),
}

fn object(edit: &Edit) -> Object<'_> {
    match edit {
        Edit::PutPolicy(policy) => Object::Policy(policy.key),
        Edit::RemovePolicy(key) => Object::Policy(*key),
        Edit::PutSteering(rule) => Object::Steering(&rule.key),
        Edit::RemoveSteering(key) => Object::Steering(key),
        Edit::PutQos { interface, .. } | Edit::RemoveQos(interface) => Object::Qos(interface),
        Edit::PutClassifier(_) | Edit::RemoveClassifier => Object::Classifier,
        Edit::BindClassifier(interface) | Edit::UnbindClassifier(interface) => Object::Classified(interface),
    }
}

/// The last edit of each object, in order: an edit replaces the whole object, so what came before it has no effect. A target
/// works deletions of a Set off before replacements whatever their order (gNMI, section 3.4.3), so only these may go along.
pub fn last_of_each(edits: &[Edit]) -> Vec<Edit> {
    let last: BTreeMap<Object<'_>, usize> =
        edits.iter().enumerate().map(|(at, edit)| (object(edit), at)).collect();
    let mut kept: Vec<usize> = last.into_values().collect();
    kept.sort_unstable();
    kept.into_iter().map(|at| edits[at].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::sample_edits;

    fn applied(edits: &[Edit], mut config: DeviceConfig) -> DeviceConfig {
        edits.iter().for_each(|edit| edit.apply(&mut config));
        config
    }

    fn states() -> Vec<DeviceConfig> {
        let one = applied(&sample_edits(1), DeviceConfig::default());
        let mut changed = one.clone();
        changed.policies.values_mut().for_each(|policy| policy.name = "tl-other".into());
        let both = applied(&sample_edits(2), one.clone());
        vec![DeviceConfig::default(), one, changed, both]
    }

    #[test]
    fn the_edits_between_two_states_lead_from_one_to_the_other() {
        for from in states() {
            for to in states() {
                let edits = edits_between(&from, &to);
                assert_eq!(applied(&edits, from.clone()), to);
                assert_eq!(edits.is_empty(), from == to);
            }
        }
    }

    #[test]
    fn only_what_differs_is_touched() {
        let [_, one, changed, _] = states().try_into().expect("four states");
        let edits = edits_between(&one, &changed);
        assert!(matches!(edits.as_slice(), [Edit::PutPolicy(_)]), "{edits:?}");
    }

    #[test]
    fn the_last_edits_have_the_effect_of_all() {
        let [_, one, changed, both] = states().try_into().expect("four states");
        let mut edits = edits_between(&one, &both);
        edits.extend(edits_between(&both, &changed));
        edits.extend(edits_between(&changed, &one));
        assert_eq!(applied(&last_of_each(&edits), one.clone()), one);
        assert!(last_of_each(&edits).len() < edits.len());
    }
}
