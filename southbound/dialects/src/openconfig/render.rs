//! Edits to operations.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use model::{
    CandidatePath, Classifier, Discipline, Edit, InterfaceName, InterfaceQos, QueueName, SegmentList, Sid,
    SrPolicy, SteeringKey, SteeringRule,
    sr::{LastResort, PolicyKey},
    steering::Dscp,
};

use super::names::{
    DEFAULT_INSTANCE, FAMILIES, NETWORK_INSTANCE as NI, QOS, SR_POLICY as SR, STEERING_POLICY, classifier,
    queue, scheduler_policy,
};
use crate::{
    operation::{Action, Data, Module, Operation, Scalar, Step},
    tree::{below, container, entry, leaf},
};

/// What carries the edits out, in an order in which each operation finds what it refers to.
pub fn render(edits: &[Edit]) -> Vec<Operation> {
    edits.iter().flat_map(operations).collect()
}

fn operations(edit: &Edit) -> Vec<Operation> {
    match edit {
        Edit::PutPolicy(policy) => vec![put_policy(policy)],
        Edit::RemovePolicy(key) => vec![remove(policy_path(key))],
        Edit::PutSteering(rule) => put_steering(rule),
        Edit::RemoveSteering(key) => vec![remove(rule_path(key))],
        Edit::PutQos { interface, qos } => put_qos(interface, qos),
        Edit::RemoveQos(interface) => remove_qos(interface),
        Edit::PutClassifier(classifier) => put_classifier(classifier),
        Edit::BindClassifier(interface) => bind_classifier(interface),
        Edit::UnbindClassifier(interface) => {
            FAMILIES.iter().map(|(family, _)| remove(binding_path(interface, family))).collect()
        }
        Edit::RemoveClassifier => {
            FAMILIES.iter().map(|(family, _)| remove(classifier_path(family))).collect()
        }
    }
}

fn remove(path: Vec<Step>) -> Operation {
    Operation { path, action: Action::Remove }
}

/// A `config` container, and before it the key leaf that OpenConfig repeats outside.
fn config(module: Module, leaves: Vec<Data>) -> Data {
    Data::Container(module, "config", leaves)
}

fn instance(name: &str) -> Vec<Step> {
    vec![container(NI, "network-instances"), entry(NI, "network-instance", "name", name)]
}

fn policy_path(key: &PolicyKey) -> Vec<Step> {
    let mut path = instance(DEFAULT_INSTANCE);
    path.push(container(SR, "sr-policies"));
    path.push(Step {
        module: SR,
        name: "sr-policy",
        keys: vec![("color", key.color.number().to_string()), ("endpoint", key.endpoint.to_string())],
    });
    path
}

fn put_policy(policy: &SrPolicy) -> Operation {
    let mut children = vec![leaf(SR, "name", policy.name.as_str())];
    match policy.binding_sid {
        Some(Sid::Mpls(label)) => children.push(leaf(SR, "binding-sid", label.number())),
        Some(Sid::Srv6(address)) => children.push(leaf(SR, "binding-sid", address.to_string())),
        None => {}
    }
    let last_resort = match policy.last_resort {
        LastResort::Igp => "igp",
        LastResort::Drop => "drop",
    };
    children.push(leaf(SR, "last-resort", last_resort));
    let candidates = policy.candidates.iter().map(candidate).collect();
    children.push(Data::Container(SR, "candidate-paths", candidates));
    Operation { path: policy_path(&policy.key), action: Action::Replace(children) }
}

fn candidate(candidate: &CandidatePath) -> Data {
    let lists = (1_u32..).zip(&candidate.lists).map(|(index, list)| segment_list(index, list)).collect();
    Data::Entry(
        SR,
        "candidate-path",
        vec![
            leaf(SR, "protocol-origin", "local"),
            leaf(SR, "originator", "trunkline"),
            leaf(SR, "discriminator", candidate.discriminator),
            leaf(SR, "name", candidate.name.as_str()),
            leaf(SR, "preference", candidate.preference),
            Data::Container(SR, "segment-lists", lists),
        ],
    )
}

fn segment_list(index: u32, list: &SegmentList) -> Data {
    let segments = (1_u32..)
        .zip(&list.sids)
        .map(|(index, sid)| {
            let sid = match sid {
                Sid::Mpls(label) => leaf(SR, "label", label.number()),
                Sid::Srv6(address) => leaf(SR, "srv6-sid", address.to_string()),
            };
            Data::Entry(SR, "segment", vec![leaf(SR, "index", index), sid])
        })
        .collect();
    Data::Entry(
        SR,
        "segment-list",
        vec![
            leaf(SR, "name", index.to_string()),
            leaf(SR, "weight", list.weight),
            Data::Container(SR, "segments", segments),
        ],
    )
}

fn forwarding_policy_path(vrf: &str) -> Vec<Step> {
    let mut path = instance(vrf);
    path.push(container(NI, "policy-forwarding"));
    path.push(container(NI, "policies"));
    path.push(entry(NI, "policy", "policy-id", STEERING_POLICY));
    path
}

fn rule_path(key: &SteeringKey) -> Vec<Step> {
    let mut path = forwarding_policy_path(key.vrf.as_str());
    path.push(container(NI, "rules"));
    path.push(entry(NI, "rule", "sequence-id", key.sequence.to_string()));
    path
}

fn put_steering(rule: &SteeringRule) -> Vec<Operation> {
    let policy = vec![config(NI, vec![leaf(NI, "policy-id", STEERING_POLICY)])];
    let mut children = vec![config(NI, vec![leaf(NI, "sequence-id", rule.key.sequence)])];
    let families: &[&'static str] = match rule.prefix {
        Some(IpNet::V4(_)) => &["ipv4"],
        Some(IpNet::V6(_)) => &["ipv6"],
        None if rule.dscp.is_empty() => &[],
        None => &["ipv4", "ipv6"],
    };
    for family in families {
        let mut matches = Vec::new();
        if let Some(prefix) = rule.prefix {
            matches.push(leaf(NI, "destination-address", prefix.to_string()));
        }
        matches.extend(dscp_set(NI, &rule.dscp));
        children.push(Data::Container(NI, family, vec![config(NI, matches)]));
    }
    let color = config(NI, vec![leaf(SR, "color", rule.color.number())]);
    children.push(Data::Container(NI, "action", vec![color]));
    vec![
        Operation { path: forwarding_policy_path(rule.key.vrf.as_str()), action: Action::Merge(policy) },
        Operation { path: rule_path(&rule.key), action: Action::Replace(children) },
    ]
}

fn dscp_set(module: Module, dscp: &BTreeSet<Dscp>) -> Option<Data> {
    let numbers = dscp.iter().map(|dscp| Scalar::Number(u32::from(dscp.number()))).collect();
    (!dscp.is_empty()).then_some(Data::Leaves(module, "dscp-set", numbers))
}

fn qos(rest: impl IntoIterator<Item = Step>) -> Vec<Step> {
    std::iter::once(container(QOS, "qos")).chain(rest).collect()
}

/// The queues and forwarding groups that other objects refer to; merging them again changes nothing.
fn put_queues<'a>(queues: impl Iterator<Item = &'a QueueName>) -> Vec<Operation> {
    queues
        .map(|name| {
            let name = queue(name);
            Operation {
                path: qos([container(QOS, "queues"), entry(QOS, "queue", "name", name.clone())]),
                action: Action::Merge(vec![config(QOS, vec![leaf(QOS, "name", name)])]),
            }
        })
        .collect()
}

fn interface_path(interface: &InterfaceName) -> Vec<Step> {
    qos([container(QOS, "interfaces"), entry(QOS, "interface", "interface-id", interface.as_str())])
}

fn put_qos(interface: &InterfaceName, shares: &InterfaceQos) -> Vec<Operation> {
    let policy = scheduler_policy(interface);
    let mut operations = put_queues(shares.queues.keys());
    let mut children = vec![config(QOS, vec![leaf(QOS, "name", policy.as_str())])];
    children.push(Data::Container(QOS, "schedulers", schedulers(shares)));
    operations.push(Operation { path: scheduler_policy_path(interface), action: Action::Replace(children) });
    let place = interface_path(interface);
    operations.push(Operation {
        path: place.clone(),
        action: Action::Merge(vec![config(QOS, vec![leaf(QOS, "interface-id", interface.as_str())])]),
    });
    operations.push(Operation {
        path: below(place.clone(), [container(QOS, "output"), container(QOS, "scheduler-policy")]),
        action: Action::Replace(vec![config(QOS, vec![leaf(QOS, "name", policy)])]),
    });
    let queues = shares.queues.keys().map(|name| {
        let name = queue(name);
        Data::Entry(
            QOS,
            "queue",
            vec![leaf(QOS, "name", name.as_str()), config(QOS, vec![leaf(QOS, "name", name)])],
        )
    });
    operations.push(Operation {
        path: below(place, [container(QOS, "output"), container(QOS, "queues")]),
        action: Action::Replace(queues.collect()),
    });
    operations
}

/// One scheduler for each queue: strict ones first, then weighted ones, each in the order of names.
fn schedulers(shares: &InterfaceQos) -> Vec<Data> {
    let strict_first: BTreeMap<_, _> = shares
        .queues
        .iter()
        .map(|(name, share)| ((share.discipline != Discipline::Strict, name), share))
        .collect();
    (1_u32..)
        .zip(strict_first)
        .map(|(sequence, ((_, name), share))| {
            let mut about = vec![leaf(QOS, "sequence", sequence)];
            let mut input = vec![
                leaf(QOS, "id", name.as_str()),
                leaf(QOS, "input-type", "QUEUE"),
                leaf(QOS, "queue", queue(name)),
            ];
            match share.discipline {
                Discipline::Strict => about.push(leaf(QOS, "priority", "STRICT")),
                Discipline::Weighted(weight) => input.push(leaf(QOS, "weight", weight.to_string())),
            }
            let rate = share.guarantee.as_bps().to_string();
            Data::Entry(
                QOS,
                "scheduler",
                vec![
                    leaf(QOS, "sequence", sequence),
                    config(QOS, about),
                    Data::Container(
                        QOS,
                        "inputs",
                        vec![Data::Entry(
                            QOS,
                            "input",
                            vec![leaf(QOS, "id", name.as_str()), config(QOS, input)],
                        )],
                    ),
                    Data::Container(
                        QOS,
                        "one-rate-two-color",
                        vec![config(QOS, vec![leaf(QOS, "cir", rate)])],
                    ),
                ],
            )
        })
        .collect()
}

fn scheduler_policy_path(interface: &InterfaceName) -> Vec<Step> {
    qos([
        container(QOS, "scheduler-policies"),
        entry(QOS, "scheduler-policy", "name", scheduler_policy(interface)),
    ])
}

/// The interface's entry stays: others may have put something there.
fn remove_qos(interface: &InterfaceName) -> Vec<Operation> {
    let place = interface_path(interface);
    vec![
        remove(below(place.clone(), [container(QOS, "output"), container(QOS, "scheduler-policy")])),
        remove(below(place, [container(QOS, "output"), container(QOS, "queues")])),
        remove(scheduler_policy_path(interface)),
    ]
}

fn classifier_path(family: &str) -> Vec<Step> {
    qos([container(QOS, "classifiers"), entry(QOS, "classifier", "name", classifier(family))])
}

fn binding_path(interface: &InterfaceName, family: &str) -> Vec<Step> {
    let input =
        [container(QOS, "input"), container(QOS, "classifiers"), entry(QOS, "classifier", "type", family)];
    below(interface_path(interface), input)
}

/// Others may have classifiers there for other kinds of packets, and queues of their own: those stay.
fn bind_classifier(interface: &InterfaceName) -> Vec<Operation> {
    let mut operations = vec![Operation {
        path: interface_path(interface),
        action: Action::Merge(vec![config(QOS, vec![leaf(QOS, "interface-id", interface.as_str())])]),
    }];
    operations.extend(FAMILIES.iter().map(|(family, _)| {
        let about = vec![leaf(QOS, "name", classifier(family)), leaf(QOS, "type", *family)];
        Operation { path: binding_path(interface, family), action: Action::Replace(vec![config(QOS, about)]) }
    }));
    operations
}

fn put_classifier(wanted: &Classifier) -> Vec<Operation> {
    let mut terms: BTreeMap<&QueueName, BTreeSet<Dscp>> = BTreeMap::new();
    for (dscp, queue) in &wanted.queues {
        terms.entry(queue).or_default().insert(*dscp);
    }
    let mut operations = put_queues(terms.keys().copied());
    operations.extend(terms.keys().map(|name| {
        let name = queue(name);
        let about = vec![leaf(QOS, "name", name.as_str()), leaf(QOS, "output-queue", name.as_str())];
        Operation {
            path: qos([container(QOS, "forwarding-groups"), entry(QOS, "forwarding-group", "name", name)]),
            action: Action::Merge(vec![config(QOS, about)]),
        }
    }));
    operations.extend(FAMILIES.iter().map(|(family, matches)| {
        let about = vec![leaf(QOS, "name", classifier(family)), leaf(QOS, "type", *family)];
        let terms = terms
            .iter()
            .map(|(name, dscp)| {
                let conditions = config(QOS, dscp_set(QOS, dscp).into_iter().collect());
                let target = config(QOS, vec![leaf(QOS, "target-group", queue(name))]);
                Data::Entry(
                    QOS,
                    "term",
                    vec![
                        leaf(QOS, "id", name.as_str()),
                        config(QOS, vec![leaf(QOS, "id", name.as_str())]),
                        Data::Container(
                            QOS,
                            "conditions",
                            vec![Data::Container(QOS, matches, vec![conditions])],
                        ),
                        Data::Container(QOS, "actions", vec![target]),
                    ],
                )
            })
            .collect();
        Operation {
            path: classifier_path(family),
            action: Action::Replace(vec![config(QOS, about), Data::Container(QOS, "terms", terms)]),
        }
    }));
    operations
}
