//! What a dialect can write at all: the names of its nodes, by module. A device that has none of them missing can be told
//! whatever the dialect has words for, so that this is looked up once for each device and not for each edit.
//!
//! It is taken from what is rendered of edits of every kind, so that there is no second list to keep.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use model::{
    Bandwidth, CandidatePath, Classifier, Color, DeviceConfig, Discipline, Edit, InterfaceName, InterfaceQos,
    PolicyKey, QueueName, QueueShare, SegmentList, Sid, SrPolicy, SteeringKey, SteeringRule, VrfName,
    sr::LastResort, steering::Dscp,
};

use crate::{Dialect, Headend, operation::names};

/// Nodes by the module that defines them, as [`names`] has them: `name`, and `parent/name`.
pub type Vocabulary = BTreeMap<&'static str, BTreeSet<String>>;

impl Dialect {
    /// All that it can write. Some dozen edits are rendered for it.
    pub fn vocabulary(self) -> Vocabulary {
        let mut vocabulary = Vocabulary::new();
        for policy in policies() {
            let address = policy.key.endpoint;
            self.learn(Edit::PutPolicy(policy), address, &mut vocabulary);
        }
        for edit in steering().into_iter().chain(queues()) {
            self.learn(edit, [192, 0, 2, 1].into(), &mut vocabulary);
        }
        vocabulary
    }

    /// What puts something there, and what takes it away again. What it has no words for teaches nothing.
    fn learn(self, edit: Edit, address: IpAddr, vocabulary: &mut Vocabulary) {
        let mut held = DeviceConfig::default();
        for edit in [Some(edit.clone()), removal(&edit)].into_iter().flatten() {
            let headend = Headend { address, held: &held };
            let operations = self.render(std::slice::from_ref(&edit), &headend).unwrap_or_default();
            for (module, nodes) in names(&operations) {
                vocabulary.entry(module).or_default().extend(nodes);
            }
            edit.apply(&mut held);
        }
    }
}

fn removal(edit: &Edit) -> Option<Edit> {
    match edit {
        Edit::PutPolicy(policy) => Some(Edit::RemovePolicy(policy.key)),
        Edit::PutSteering(rule) => Some(Edit::RemoveSteering(rule.key.clone())),
        Edit::PutQos { interface, .. } => Some(Edit::RemoveQos(interface.clone())),
        Edit::PutClassifier(_) => Some(Edit::RemoveClassifier),
        Edit::BindClassifier(interface) => Some(Edit::UnbindClassifier(interface.clone())),
        Edit::RemovePolicy(_)
        | Edit::RemoveSteering(_)
        | Edit::RemoveQos(_)
        | Edit::UnbindClassifier(_)
        | Edit::RemoveClassifier => None,
    }
}

fn policy(sids: [&str; 3], endpoint: &str, binding_sid: Option<&str>, last_resort: LastResort) -> SrPolicy {
    let [first, second, binding] = sids.map(|sid| sid.parse::<Sid>().expect("a segment"));
    let list = |weight, sids| SegmentList { weight, sids };
    let candidate = |discriminator, preference, name: &str, lists| CandidatePath {
        discriminator,
        preference,
        name: name.into(),
        lists,
    };
    SrPolicy {
        key: PolicyKey {
            color: Color::try_from(1001).expect("not zero"),
            endpoint: endpoint.parse().expect("an address"),
        },
        name: "tl-v".into(),
        binding_sid: binding_sid.map(|_| binding),
        candidates: vec![
            candidate(1, 200, "a", vec![list(3, vec![first, second]), list(1, vec![second])]),
            candidate(2, 100, "b", vec![list(1, vec![first])]),
        ],
        last_resort,
    }
}

/// Over both data planes, with and without a binding SID, and with both ends of a policy that has no path.
fn policies() -> Vec<SrPolicy> {
    let planes = [
        (["16001", "24002", "400001"], "192.0.2.9"),
        (["fd00:0:3:1::", "fd00:0:7:1::", "fd00:0:1:4000::"], "2001:db8::9"),
    ];
    let bound = planes.iter().flat_map(|(sids, endpoint)| {
        [Some("binding"), None].into_iter().flat_map(move |binding| {
            [LastResort::Igp, LastResort::Drop].map(|end| policy(*sids, endpoint, binding, end))
        })
    });
    bound.collect()
}

fn steering() -> Vec<Edit> {
    let rule = |sequence, prefix: Option<&str>, dscp: &[u8]| SteeringRule {
        key: SteeringKey { vrf: VrfName::lit("v"), sequence },
        prefix: prefix.map(|prefix| prefix.parse().expect("a prefix")),
        dscp: dscp.iter().filter_map(|number| Dscp::new(*number).ok()).collect(),
        color: Color::try_from(1001).expect("not zero"),
    };
    let rules = [
        rule(1, Some("198.51.100.0/24"), &[46, 34]),
        rule(2, Some("2001:db8:1::/48"), &[46]),
        rule(3, None, &[46]),
        rule(4, Some("198.51.100.0/24"), &[]),
        rule(5, Some("2001:db8:1::/48"), &[]),
        rule(6, None, &[]),
    ];
    rules.map(Edit::PutSteering).into()
}

fn queues() -> Vec<Edit> {
    let share =
        |discipline, mbps: u64| QueueShare { discipline, guarantee: Bandwidth::from_bps(mbps * 1_000_000) };
    let [ef, af] = ["ef", "af1"].map(QueueName::lit);
    let both =
        [(ef.clone(), share(Discipline::Strict, 20)), (af.clone(), share(Discipline::Weighted(10), 200))];
    let qos = |queues: &[(QueueName, QueueShare)]| Edit::PutQos {
        interface: InterfaceName::lit("eth1"),
        qos: InterfaceQos { queues: queues.iter().cloned().collect() },
    };
    let points = [(46, ef.clone()), (34, af)];
    let points = points.into_iter().filter_map(|(number, queue)| Some((Dscp::new(number).ok()?, queue)));
    vec![
        qos(&both),
        qos(&both[..1]),
        qos(&both[1..]),
        qos(&[(ef, share(Discipline::Weighted(10), 0))]),
        Edit::PutClassifier(Classifier { queues: points.collect() }),
        Edit::BindClassifier(InterfaceName::lit("eth1")),
    ]
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::testing::{Range, config};
    use model::sr::Dataplane;

    /// What every dialect takes.
    const RANGE: Range = Range {
        planes: &[Dataplane::SrMpls, Dataplane::Srv6],
        drop: true,
        mpls_binding: &[true, false],
        srv6_binding: &[true, false],
        greatest_preference: 1000,
        least_weight: 1,
        names: (12, 6),
        queues: &["ef", "af1", "be"],
        interfaces: &["eth1", "eth2"],
        rate: 1_000_000,
        greatest_weight: 100,
        guarantees: 2,
        bound: true,
        vrfs: &["production"],
    };

    #[test]
    fn every_module_of_a_dialect_is_in_its_vocabulary() {
        for dialect in Dialect::ALL {
            let vocabulary = dialect.vocabulary();
            assert_eq!(!vocabulary.is_empty(), dialect.has_words(), "{dialect}");
            assert!(vocabulary.values().all(|nodes| !nodes.is_empty()), "{dialect}");
        }
        let ours = Dialect::OpenConfig.vocabulary();
        let modules: Vec<&str> = ours.keys().copied().collect();
        assert_eq!(modules, ["openconfig-network-instance", "openconfig-qos", "trunkline-sr-policy"]);
        assert!(ours["openconfig-qos"].contains("scheduler-policy"), "{ours:?}");
    }

    /// The kind of what an edit puts; nothing where it takes something away.
    fn kind(edit: &Edit) -> Option<&'static str> {
        match edit {
            Edit::PutPolicy(_) => Some("policies"),
            Edit::PutSteering(_) => Some("steering"),
            Edit::PutQos { .. } => Some("queues"),
            Edit::PutClassifier(_) => Some("classifiers"),
            Edit::BindClassifier(_) => Some("bindings"),
            Edit::RemovePolicy(_)
            | Edit::RemoveSteering(_)
            | Edit::RemoveQos(_)
            | Edit::RemoveClassifier
            | Edit::UnbindClassifier(_) => None,
        }
    }

    /// Of each dialect and kind that its table carries: how many were tried, and how many of them had words.
    type Counts = RefCell<BTreeMap<(&'static str, &'static str), (usize, usize)>>;

    fn count(counts: &Counts, dialect: Dialect, edit: &Edit, is_rendered: bool) {
        let Some(kind) = kind(edit).filter(|_| dialect.has_words() && dialect.carries(edit)) else { return };
        let mut counts = counts.borrow_mut();
        let (tried, rendered) = counts.entry((dialect.name(), kind)).or_default();
        *tried += 1;
        *rendered += usize::from(is_rendered);
    }

    #[test]
    fn nothing_is_written_that_is_not_in_the_vocabulary() {
        let counts = Counts::default();
        let vocabularies = Dialect::ALL.map(|dialect| (dialect, dialect.vocabulary()));
        let settings = proptest::prelude::ProptestConfig::with_cases(128);
        proptest::proptest!(settings, |(from in config(RANGE), to in config(RANGE))| {
            let mut edits: Vec<Edit> = to.policies.values().cloned().map(Edit::PutPolicy).collect();
            edits.extend(to.qos.iter().map(|(interface, qos)| {
                Edit::PutQos { interface: interface.clone(), qos: qos.clone() }
            }));
            edits.extend(to.classifier.iter().cloned().map(Edit::PutClassifier));
            edits.extend(to.classified.iter().cloned().map(Edit::BindClassifier));
            edits.extend(from.classified.iter().cloned().map(Edit::UnbindClassifier));
            edits.extend(to.steering.values().cloned().map(Edit::PutSteering));
            edits.extend(from.steering.keys().cloned().map(Edit::RemoveSteering));
            edits.extend(from.policies.keys().copied().map(Edit::RemovePolicy));
            edits.extend(from.qos.keys().cloned().map(Edit::RemoveQos));
            for (dialect, vocabulary) in &vocabularies {
                let headend = Headend { address: [10, 0, 0, 1].into(), held: &from };
                // Each by itself: what a dialect does not take of one says nothing of the others.
                for edit in &edits {
                    let rendered = dialect.render(std::slice::from_ref(edit), &headend);
                    count(&counts, *dialect, edit, rendered.is_ok());
                    for (module, nodes) in names(&rendered.unwrap_or_default()) {
                        let known = vocabulary.get(module);
                        let is_known = |node: &String| known.is_some_and(|known| known.contains(node));
                        let stranger = nodes.iter().find(|node| !is_known(node));
                        proptest::prop_assert_eq!(stranger, None, "{}: {} of {}", dialect, edit, module);
                    }
                }
            }
        });
        // A dialect that rendered next to nothing has proved next to nothing. The narrowest takes an eighth of the policies, those over
        // SR-MPLS, with a binding SID, that follow the IGP at last; a fiftieth leaves room for chance.
        let counts = counts.into_inner();
        for dialect in Dialect::ALL.into_iter().filter(|dialect| dialect.has_words()) {
            assert!(counts.contains_key(&(dialect.name(), "policies")), "{dialect}: {counts:?}");
        }
        for ((dialect, kind), (tried, rendered)) in &counts {
            assert!(rendered * 50 >= *tried, "{kind} in {dialect}: {rendered} of {tried} had words");
        }
    }
}
