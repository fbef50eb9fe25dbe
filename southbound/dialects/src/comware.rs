//! The dialect of H3C Comware, which has no words: no module of it for SR policies, steering or queues is at hand, and
//! `netconf-rs`, through which its routers are read, knows their interfaces and VLANs only.
//!
//! It is a dialect all the same, so that a network file can say that a router is one of these: what would lead over it is then
//! refused with the plan, and not by a router that is spoken to in words that it does not know.

use model::{Discipline, Edit, Sid, SrPolicy};

use crate::{
    capability::{Feature, Refusal, Support, Unsupported},
    operation::Operation,
};

/// As files write it.
pub(crate) const NAME: &str = "comware";

/// How far a feature is carried: not at all.
pub(crate) const fn support(feature: Feature) -> Support {
    match feature {
        Feature::MplsPolicies
        | Feature::Srv6Policies
        | Feature::Preferences
        | Feature::WeightedLists
        | Feature::MplsBindingSids
        | Feature::Srv6BindingSids
        | Feature::DropWhenInvalid => {
            Support::Missing("no module of Comware for SR policies is at hand, and netconf-rs has none")
        }
        Feature::PrefixSteering | Feature::DscpSteering | Feature::WholeSteering => {
            Support::Missing("no module of Comware for routing policies is at hand, and netconf-rs has none")
        }
        Feature::StrictQueues
        | Feature::WeightedQueues
        | Feature::Guarantees
        | Feature::Classifiers
        | Feature::BoundClassifiers => {
            Support::Missing("no module of Comware for queues is at hand, and netconf-rs has none")
        }
    }
}

/// Nothing comes of nothing. What takes away is refused as well: whoever believes that such a router holds something of ours
/// believes wrongly, and nothing would be taken away.
///
/// # Errors
/// There is an edit.
pub(crate) fn render(edits: &[Edit]) -> Result<Vec<Operation>, Unsupported> {
    for edit in edits {
        let (what, feature) = asked(edit);
        Refusal { dialect: NAME, support, what: &what }.unless(feature)?;
    }
    Ok(Vec::new())
}

/// The object of an edit, and what it asks for first.
fn asked(edit: &Edit) -> (String, Feature) {
    match edit {
        Edit::PutPolicy(policy) => (format!("policy {} ({})", policy.name, policy.key), carried_as(policy)),
        Edit::RemovePolicy(key) => (format!("policy {key}"), Feature::MplsPolicies),
        Edit::PutSteering(rule) => (format!("steering {}", rule.key), Feature::PrefixSteering),
        Edit::RemoveSteering(key) => (format!("steering {key}"), Feature::PrefixSteering),
        Edit::PutQos { interface, qos } => {
            let strict = qos.queues.values().any(|share| matches!(share.discipline, Discipline::Strict));
            let feature = if strict { Feature::StrictQueues } else { Feature::WeightedQueues };
            (format!("queues of {interface}"), feature)
        }
        Edit::RemoveQos(interface) => (format!("queues of {interface}"), Feature::WeightedQueues),
        Edit::PutClassifier(_) | Edit::RemoveClassifier => {
            ("the classifier".to_owned(), Feature::Classifiers)
        }
        Edit::BindClassifier(interface) | Edit::UnbindClassifier(interface) => {
            (format!("the classifier at {interface}"), Feature::BoundClassifiers)
        }
    }
}

/// The data plane of a policy, as a feature.
fn carried_as(policy: &SrPolicy) -> Feature {
    let mut sids = policy.candidates.iter().flat_map(|path| &path.lists).flat_map(|list| &list.sids);
    match sids.next() {
        Some(Sid::Srv6(_)) => Feature::Srv6Policies,
        Some(Sid::Mpls(_)) | None => Feature::MplsPolicies,
    }
}

#[cfg(test)]
mod tests {
    use model::{Color, DeviceConfig, InterfaceName, PolicyKey};

    use super::*;
    use crate::{Dialect, View};

    #[test]
    fn what_takes_away_is_refused_too() {
        let key = PolicyKey { color: Color::try_from(7).unwrap(), endpoint: "10.0.0.9".parse().unwrap() };
        for edit in
            [Edit::RemovePolicy(key), Edit::RemoveClassifier, Edit::RemoveQos(InterfaceName::lit("GE1/0/1"))]
        {
            let refused = render(std::slice::from_ref(&edit)).unwrap_err();
            assert!(refused.missing.contains("netconf-rs has none"), "{edit}: {refused}");
        }
        assert_eq!(render(&[]), Ok(Vec::new()));
    }

    #[test]
    fn nothing_of_ours_is_ever_read_there() {
        let anything = View::from_xml("<top><Ifmgr><Interfaces/></Ifmgr></top>").unwrap();
        assert_eq!(Dialect::Comware.read(&anything).unwrap().0, DeviceConfig::default());
    }
}
