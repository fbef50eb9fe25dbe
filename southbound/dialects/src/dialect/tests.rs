//! The table of features is what rendering does, and the documentation is the table.

use std::{fmt::Write as _, path::Path};

use model::{
    Edit, QueueName, SteeringKey, SteeringRule, VrfName, sr::Dataplane, sr::LastResort, steering::Dscp,
};

use super::*;
use crate::testing::{sample, sample_policy};

#[test]
fn a_dialect_is_found_by_its_name() {
    for dialect in Dialect::ALL {
        assert_eq!(dialect.name().parse(), Ok(dialect));
    }
    assert_eq!(Dialect::default().name(), "openconfig");
    let error = "junos".parse::<Dialect>().unwrap_err().to_string();
    assert_eq!(
        error,
        "dialect `junos` is not known; this version speaks: openconfig, ietf, huawei, iosxr, srlinux, comware"
    );
}

#[test]
fn no_edit_is_carried_for_which_the_table_has_no_words() {
    let features = [
        Feature::PrefixSteering,
        Feature::DscpSteering,
        Feature::WholeSteering,
        Feature::StrictQueues,
        Feature::WeightedQueues,
        Feature::Guarantees,
        Feature::Classifiers,
        Feature::BoundClassifiers,
    ];
    for (dialect, feature) in Dialect::ALL.into_iter().flat_map(|dialect| features.map(|one| (dialect, one)))
    {
        let lacks = matches!(dialect.support(feature), Support::Missing(_));
        let carries = dialect.carries(&edit(feature, dialect));
        assert!(!(lacks && carries), "{dialect}: {feature:?}");
        assert!(carries || dialect != Dialect::OpenConfig, "{feature:?}");
    }
}

/// A device of the dialect has an interface of this name.
const INTERFACE: &str = "GigabitEthernet0/1/0";

/// An edit that asks for this feature and, as far as the model allows, for no other.
fn edit(feature: Feature, dialect: Dialect) -> Edit {
    let policy = |plane, change: fn(&mut model::SrPolicy)| {
        let mut policy = sample_policy(plane);
        policy.candidates.truncate(1);
        policy.candidates[0].lists.truncate(1);
        // A binding SID is asked for by name, unless the dialect has no policies without.
        if plane == Dataplane::Srv6 || dialect != Dialect::SrLinux {
            policy.binding_sid = None;
        }
        change(&mut policy);
        Edit::PutPolicy(policy)
    };
    let steering = |prefix: Option<&str>, points: &[u8]| {
        Edit::PutSteering(SteeringRule {
            key: SteeringKey { vrf: VrfName::lit("voice"), sequence: 10 },
            prefix: prefix.map(|prefix| prefix.parse().unwrap()),
            dscp: points.iter().map(|point| Dscp::new(*point).unwrap()).collect(),
            color: sample_policy(Dataplane::SrMpls).key.color,
        })
    };
    let queue = |name: &str| {
        let mut qos = sample(INTERFACE).qos.remove(&model::InterfaceName::lit(INTERFACE)).unwrap();
        qos.queues.retain(|queue, _| *queue == QueueName::lit(name));
        Edit::PutQos { interface: model::InterfaceName::lit(INTERFACE), qos }
    };
    match feature {
        Feature::MplsPolicies => policy(Dataplane::SrMpls, |_| ()),
        Feature::Srv6Policies => policy(Dataplane::Srv6, |_| ()),
        Feature::Preferences => policy(Dataplane::SrMpls, |policy| {
            policy.candidates = sample_policy(Dataplane::SrMpls).candidates;
            policy.candidates.iter_mut().for_each(|path| path.lists.truncate(1));
        }),
        Feature::WeightedLists => policy(Dataplane::SrMpls, |policy| {
            policy.candidates = sample_policy(Dataplane::SrMpls).candidates[..1].to_vec();
        }),
        Feature::MplsBindingSids => policy(Dataplane::SrMpls, |policy| {
            policy.binding_sid = sample_policy(Dataplane::SrMpls).binding_sid;
        }),
        Feature::Srv6BindingSids => policy(Dataplane::Srv6, |policy| {
            policy.binding_sid = sample_policy(Dataplane::Srv6).binding_sid;
        }),
        Feature::DropWhenInvalid => policy(Dataplane::SrMpls, |policy| policy.last_resort = LastResort::Drop),
        Feature::PrefixSteering => steering(Some("10.16.0.0/16"), &[]),
        Feature::DscpSteering => steering(Some("10.16.0.0/16"), &[46]),
        Feature::WholeSteering => steering(None, &[]),
        Feature::StrictQueues => queue("ef"),
        Feature::WeightedQueues => queue("be"),
        Feature::Guarantees => queue("af4"),
        Feature::Classifiers => Edit::PutClassifier(sample(INTERFACE).classifier.unwrap()),
        Feature::BoundClassifiers => Edit::BindClassifier(model::InterfaceName::lit(INTERFACE)),
    }
}

#[test]
fn the_table_says_what_rendering_does() {
    let held = DeviceConfig::default();
    let headend = Headend { address: "10.0.0.1".parse().unwrap(), held: &held };
    for dialect in Dialect::ALL {
        for feature in Feature::ALL {
            let rendered = dialect.render(&[edit(feature, dialect)], &headend);
            match (dialect.support(feature), rendered) {
                (Support::Full | Support::Within(_), Ok(operations)) => assert!(!operations.is_empty()),
                (Support::Missing(words), Err(refused)) => {
                    assert!(refused.missing.ends_with(words), "{refused}");
                    assert_eq!(refused.dialect, dialect.name());
                }
                (support, rendered) => panic!("{dialect}, {feature}: {support:?}, but {rendered:?}"),
            }
        }
    }
}

#[test]
fn what_a_dialect_lacks_is_data_for_who_knows_no_dialect() {
    assert!(Dialect::OpenConfig.features().is_everything());
    for dialect in Dialect::ALL {
        let features = dialect.features();
        for feature in Feature::ALL {
            let lacked = match dialect.support(feature) {
                Support::Missing(words) => Some(words),
                Support::Full | Support::Within(_) => None,
            };
            assert_eq!(features.lacks.get(&feature).map(String::as_str), lacked, "{dialect}, {feature}");
        }
    }
}

/// A policy as [`edit`] has it, under a name of so many characters of every kind that names have.
fn named(dialect: Dialect, length: usize) -> Edit {
    let Edit::PutPolicy(mut policy) = edit(Feature::MplsPolicies, dialect) else { unreachable!() };
    policy.name = "tl-a9._-:/~@+".chars().chain(std::iter::repeat('z')).take(length).collect();
    Edit::PutPolicy(policy)
}

#[test]
fn names_fit_up_to_the_length_that_is_told() {
    let held = DeviceConfig::default();
    let headend = Headend { address: "10.0.0.1".parse().unwrap(), held: &held };
    for dialect in Dialect::ALL.into_iter().filter(|dialect| dialect.has_words()) {
        let fits = |length| dialect.render(&[named(dialect, length)], &headend).is_ok();
        // The compiler's own names end there.
        let longest = dialect.features().longest_name.unwrap_or(128);
        assert!(fits(longest), "{dialect}");
        assert_eq!(fits(longest + 1), dialect.features().longest_name.is_none(), "{dialect}");
    }
}

#[test]
fn taking_away_what_was_never_there_changes_nothing() {
    let held = DeviceConfig::default();
    let headend = Headend { address: "10.0.0.1".parse().unwrap(), held: &held };
    for dialect in Dialect::ALL.into_iter().filter(|dialect| dialect.needs_held()) {
        let key = sample_policy(Dataplane::SrMpls).key;
        let edits = [Edit::RemovePolicy(key), Edit::RemoveClassifier];
        assert_eq!(dialect.render(&edits, &headend), Ok(Vec::new()));
    }
}

#[test]
fn only_who_says_so_renders_by_what_is_held() {
    let nothing = DeviceConfig::default();
    for dialect in Dialect::ALL.into_iter().filter(|dialect| dialect.has_words()) {
        let mut held = DeviceConfig::default();
        edit(Feature::MplsPolicies, dialect).apply(&mut held);
        let removals: Vec<Edit> = held.policies.keys().copied().map(Edit::RemovePolicy).collect();
        let address = "10.0.0.1".parse().unwrap();
        let rendered = |held| dialect.render(&removals, &Headend { address, held }).unwrap();
        assert_eq!(rendered(&held) != rendered(&nothing), dialect.needs_held(), "{dialect}");
    }
}

#[test]
fn comware_alone_is_without_words() {
    let silent = Dialect::ALL.into_iter().filter(|dialect| !dialect.has_words());
    assert_eq!(silent.collect::<Vec<_>>(), [Dialect::Comware]);
}

/// The table and, below it, the words of each cell that is not `yes`.
fn table() -> String {
    let mut text =
        format!("| feature | {} |\n", Dialect::ALL.map(|dialect| format!("`{dialect}`")).join(" | "));
    text.push_str(&"|---".repeat(1 + Dialect::ALL.len()));
    text.push_str("|\n");
    for feature in Feature::ALL {
        let cells = Dialect::ALL.map(|dialect| match dialect.support(feature) {
            Support::Full => "yes",
            Support::Within(_) => "within limits",
            Support::Missing(_) => "–",
        });
        let _ = writeln!(text, "| {feature} | {} |", cells.join(" | "));
    }
    for dialect in Dialect::ALL {
        let words = Feature::ALL.into_iter().filter_map(|feature| match dialect.support(feature) {
            Support::Full => None,
            Support::Within(words) => Some(format!("- {feature}: {words}.\n")),
            Support::Missing(words) => Some(format!("- {feature}: **no**; {words}.\n")),
        });
        let words = words.collect::<String>();
        if !words.is_empty() {
            let _ = write!(text, "\n`{dialect}`:\n\n{words}");
        }
    }
    text
}

#[test]
fn the_documentation_has_the_table_of_the_code() {
    const START: &str = "<!-- table: made from the code -->\n";
    const END: &str = "<!-- end of table -->\n";
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/dialects.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once(START).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = format!("{before}{START}\n{}\n{END}{after}", table());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&page, wanted).unwrap();
    } else {
        assert!(
            text == wanted,
            "docs/dialects.md is not what the code says: UPDATE=1 cargo test -p dialects"
        );
    }
}

/// A payload of all that a dialect carries, as a device would send it.
fn payload(dialect: Dialect) -> String {
    let held = DeviceConfig::default();
    let headend = Headend { address: "10.0.0.1".parse().unwrap(), held: &held };
    let edits = Feature::ALL.map(|feature| edit(feature, dialect));
    let rendered = edits.iter().filter_map(|edit| dialect.render(std::slice::from_ref(edit), &headend).ok());
    crate::to_netconf(&rendered.flatten().collect::<Vec<_>>())
}

proptest::proptest! {
    #[test]
    fn any_answer_is_judged_without_a_panic(
        cuts in proptest::collection::vec((0.0..1.0_f64, 0_usize..12, "[<>/a-z0-9:.|% -]{0,4}"), 1..6),
    ) {
        for dialect in Dialect::ALL {
            let mut text = payload(dialect);
            for (place, gone, put) in &cuts {
                let start = (*place * text.len() as f64) as usize;
                let end = (start + gone).min(text.len());
                if text.is_char_boundary(start) && text.is_char_boundary(end) {
                    text.replace_range(start..end, put);
                }
            }
            if let Ok(view) = View::from_xml(&text) {
                let _ = dialect.read(&view);
            }
        }
    }
}
