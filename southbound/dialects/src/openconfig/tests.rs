//! `read(render(x)) == x`, over both encodings, and what the payloads look like.

mod valid;

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Bandwidth, CandidatePath, Classifier, Color, DeviceConfig, Discipline, Edit, InterfaceName, InterfaceQos,
    PolicyKey, QueueName, QueueShare, SegmentList, SrPolicy, SteeringKey, SteeringRule, VrfName,
    sr::LastResort, steering::Dscp,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::{Action, Operation, View, to_gnmi, to_netconf};

fn color(number: u32) -> Color {
    Color::try_from(number).unwrap()
}

fn sample_policy() -> SrPolicy {
    let key = PolicyKey { color: color(1001), endpoint: "fd00:0:7::1".parse().unwrap() };
    let candidate = |discriminator, preference, sids: &[&str]| CandidatePath {
        discriminator,
        preference,
        name: format!("path {discriminator} <&>"),
        lists: vec![SegmentList { weight: 1, sids: sids.iter().map(|sid| sid.parse().unwrap()).collect() }],
    };
    SrPolicy {
        key,
        name: "tl-voice/hq-pe1~hz-pe1".into(),
        binding_sid: Some("fd00:0:1:4000::".parse().unwrap()),
        candidates: vec![
            candidate(1, 200, &["fd00:0:3::1", "fd00:0:7::1"]),
            candidate(2, 100, &["fd00:0:5:e002::"]),
        ],
        last_resort: LastResort::Drop,
    }
}

fn sample_config() -> DeviceConfig {
    let mut config = DeviceConfig::default();
    let policy = sample_policy();
    config.policies.insert(policy.key, policy);
    for (sequence, prefix, dscp) in
        [(10, Some("10.16.0.0/16"), &[46_u8][..]), (20, None, &[34, 36]), (30, None, &[])]
    {
        let key = SteeringKey { vrf: VrfName::lit("voice"), sequence };
        let dscp = dscp.iter().map(|number| Dscp::new(*number).unwrap()).collect::<BTreeSet<_>>();
        let prefix = prefix.map(|text| text.parse().unwrap());
        config.steering.insert(key.clone(), SteeringRule { key, prefix, dscp, color: color(1001) });
    }
    let share =
        |discipline, mbps: u64| QueueShare { discipline, guarantee: Bandwidth::from_bps(mbps * 1_000_000) };
    let queues = BTreeMap::from([
        (QueueName::lit("voice"), share(Discipline::Strict, 2)),
        (QueueName::lit("office"), share(Discipline::Weighted(30), 10)),
    ]);
    config.qos.insert(InterfaceName::lit("eth1"), InterfaceQos { queues });
    let queues = BTreeMap::from([
        (Dscp::new(46).unwrap(), QueueName::lit("voice")),
        (Dscp::new(18).unwrap(), QueueName::lit("office")),
    ]);
    config.classifier = Some(Classifier { queues });
    config.classified = ["eth1", "eth2"].map(InterfaceName::lit).into();
    config
}

fn edits(config: &DeviceConfig) -> Vec<Edit> {
    let mut edits: Vec<Edit> = config.classifier.iter().cloned().map(Edit::PutClassifier).collect();
    edits.extend(config.classified.iter().cloned().map(Edit::BindClassifier));
    edits.extend(config.policies.values().cloned().map(Edit::PutPolicy));
    edits.extend(config.steering.values().cloned().map(Edit::PutSteering));
    edits.extend(
        config
            .qos
            .iter()
            .map(|(interface, qos)| Edit::PutQos { interface: interface.clone(), qos: qos.clone() }),
    );
    edits
}

/// A device of the simplest kind: it merges what it gets into a JSON tree.
fn carried_out(operations: &[Operation]) -> Value {
    let mut root = json!({});
    for operation in operations {
        let mut here = &mut root;
        for step in &operation.path {
            let members = here.as_object_mut().unwrap();
            if step.keys.is_empty() {
                here = members.entry(step.name).or_insert_with(|| json!({}));
            } else {
                let keys: Map<String, Value> =
                    step.keys.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
                let list = members.entry(step.name).or_insert_with(|| json!([])).as_array_mut().unwrap();
                let found =
                    list.iter().position(|entry| keys.iter().all(|(key, value)| entry[key] == *value));
                let at = found.unwrap_or_else(|| {
                    list.push(Value::Object(keys));
                    list.len() - 1
                });
                here = &mut list[at];
            }
        }
        match (&operation.action, to_gnmi(operation).1) {
            (Action::Remove, _) => *here = json!(null),
            (_, Some(Value::Object(members))) => {
                for (name, member) in members {
                    let local = name.rsplit_once(':').map_or(name.as_str(), |(_, local)| local).to_owned();
                    here.as_object_mut().unwrap().insert(local, member);
                }
            }
            _ => unreachable!("a value is an object"),
        }
    }
    root
}

#[test]
fn what_is_rendered_reads_back() {
    let config = sample_config();
    let tree = carried_out(&render(&edits(&config)));
    let (owned, foreign) = read(&View::from_json(&tree)).unwrap();
    assert_eq!(owned, config);
    assert_eq!(foreign, Default::default());
}

/// What a subtree filter selects (RFC 6241 section 6.2), without content match nodes: ours has none.
fn selected(filter: &View, from: &View) -> View {
    let mut part = View { children: Vec::new(), ..from.clone() };
    for child in &from.children {
        let Some(wanted) = filter.child(&child.name) else { continue };
        part.children.push(if wanted.children.is_empty() { child.clone() } else { selected(wanted, child) });
    }
    part
}

#[test]
fn the_filter_selects_what_is_read_and_nothing_else() {
    let mut tree = carried_out(&render(&edits(&sample_config())));
    let instance = &mut tree["network-instances"]["network-instance"][0];
    instance["protocols"] = json!({"protocol": [{"identifier": "ISIS", "name": "core"}]});
    instance["sr-policies"]["sr-policy"].as_array_mut().unwrap().push(json!(
        {"color": 7, "endpoint": "10.0.0.7", "name": "handmade"}
    ));
    tree["qos"]["interfaces"]["interface"].as_array_mut().unwrap().push(json!(
        {"interface-id": "eth9", "input": {}, "output": {"scheduler-policy": {"config": {"name": "gold"}}}}
    ));
    let whole = View::from_json(&tree);
    let part = selected(&View::from_xml(&filter_xml()).unwrap(), &whole);
    assert_eq!(read(&part).unwrap(), read(&whole).unwrap());
    assert_eq!(read(&part).unwrap().0, sample_config());
    let instances = ["network-instances", "network-instance", "protocols"];
    assert_eq!((whole.all(&instances).count(), part.all(&instances).count()), (1, 0));
    assert_eq!(part.all(&["qos", "queues"]).count(), 0);
    assert_eq!(part.all(&["qos", "interfaces", "interface", "output", "queues"]).count(), 0);
}

#[test]
fn xml_and_json_say_the_same() {
    for edit in edits(&sample_config()) {
        let operations = render(&[edit]);
        let one = operations.last().unwrap();
        let view = View::from_xml(&to_netconf(std::slice::from_ref(one))).unwrap();
        let mut node = view;
        for step in &one.path {
            node = node.child(step.name).unwrap().clone();
        }
        let keys = one.path.last().unwrap().keys.len();
        node.children.drain(..keys);
        let mut json = View::from_json(&to_gnmi(one).1.unwrap());
        sort(&mut node);
        sort(&mut json);
        assert_eq!(node.children, json.children);
    }
}

fn sort(view: &mut View) {
    view.children.iter_mut().for_each(sort);
    view.children.sort();
}

#[test]
fn a_policy_on_the_wire() {
    let operations = render(&[Edit::PutPolicy(sample_policy())]);
    insta::assert_snapshot!("policy_over_netconf", to_netconf(&operations).replace("><", ">\n<"));
    let (path, value) = to_gnmi(&operations[0]);
    insta::assert_snapshot!("policy_over_gnmi", format!("{path}\n{:#}", value.unwrap()));
}

#[test]
fn what_is_not_ours_is_foreign_and_never_an_error() {
    let tree = json!({
        "network-instances": {"network-instance": [{
            "name": "default",
            "sr-policies": {"sr-policy": [{"color": 7, "endpoint": "10.0.0.7", "name": "handmade", "last-resort": "odd"}]},
            "policy-forwarding": {"policies": {"policy": [{"policy-id": "ops", "rules": {"rule": [{"sequence-id": 5}]}}]}},
        }]},
        "qos": {
            "interfaces": {"interface": [
                {"interface-id": "eth9", "output": {"scheduler-policy": {"config": {"name": "gold"}}}},
                {"interface-id": "eth8", "input": {"classifiers": {"classifier": [
                    {"type": "IPV4", "config": {"name": "ops", "type": "IPV4"}},
                    {"type": "IPV6", "config": {"name": "tl-ipv6", "type": "IPV6"}}
                ]}}},
                {"interface-id": "eth7", "input": {"classifiers": {"classifier": [
                    {"type": "MPLS", "config": {"name": "ops", "type": "MPLS"}}
                ]}}}
            ]},
            "classifiers": {"classifier": [{"name": "ops"}]},
        },
    });
    let (owned, foreign) = read(&View::from_json(&tree)).unwrap();
    assert!(owned.is_empty());
    assert_eq!(foreign.policies.values().collect::<Vec<_>>(), ["handmade"]);
    assert_eq!((foreign.steering.len(), foreign.qos.len()), (1, 1));
    // What is bound for other packets is not in the way of ours.
    assert_eq!(foreign.classified, BTreeSet::from([InterfaceName::lit("eth8")]));
}

#[test]
fn an_interface_is_classified_where_both_families_are_bound() {
    let operations = render(&edits(&sample_config()));
    let tree = carried_out(&operations);
    let bound = |tree: &Value| read(&View::from_json(tree)).unwrap().0.classified;
    assert_eq!(bound(&tree), sample_config().classified);
    for family in 0..2 {
        let mut half = tree.clone();
        let interfaces = half["qos"]["interfaces"]["interface"].as_array_mut().unwrap();
        let eth2 = interfaces.iter_mut().find(|entry| entry["interface-id"] == "eth2").unwrap();
        eth2["input"]["classifiers"]["classifier"].as_array_mut().unwrap().remove(family);
        assert_eq!(bound(&half), BTreeSet::from([InterfaceName::lit("eth1")]));
        let foreign = read(&View::from_json(&half)).unwrap().1;
        let half = BTreeSet::from([InterfaceName::lit("eth2")]);
        let left = model::state::Foreign { half, ..Default::default() };
        assert_eq!(foreign, left, "nobody else's, and the classifier cannot go while it is there");
    }
}

#[test]
fn binding_touches_nothing_of_others_at_the_interface() {
    let eth1 = InterfaceName::lit("eth1");
    let edits = [Edit::BindClassifier(eth1.clone()), Edit::UnbindClassifier(eth1)];
    let told: Vec<String> = render(&edits)
        .iter()
        .map(|operation| {
            let how = match operation.action {
                Action::Merge(_) => "merge",
                Action::Replace(_) => "replace",
                Action::Remove => "remove",
            };
            format!("{how} {}", to_gnmi(operation).0.trim_start_matches("/openconfig-qos:qos/interfaces"))
        })
        .collect();
    let entry =
        |family: &str| format!("/interface[interface-id=eth1]/input/classifiers/classifier[type={family}]");
    assert_eq!(
        told,
        [
            "merge /interface[interface-id=eth1]".to_owned(),
            format!("replace {}", entry("IPV4")),
            format!("replace {}", entry("IPV6")),
            format!("remove {}", entry("IPV4")),
            format!("remove {}", entry("IPV6")),
        ]
    );
}

#[test]
fn a_value_that_we_never_write_is_an_error_with_its_place() {
    let tree = json!({"network-instances": {"network-instance": [{
        "name": "default",
        "sr-policies": {"sr-policy": [{"color": 0, "endpoint": "10.0.0.7", "name": "tl-x"}]},
    }]}});
    assert_eq!(read(&View::from_json(&tree)).unwrap_err().to_string(), "sr-policy tl-x: `0` is not a color");
}

#[test]
fn telemetry_is_understood_in_leaves_and_in_containers() {
    let path = |names: &[(&'static str, Option<&'static str>)]| -> Vec<Element<'static>> {
        names.iter().map(|(name, key)| Element { name, key: *key }).collect()
    };
    let queue = path(&[
        ("openconfig-qos:qos", None),
        ("interfaces", None),
        ("interface", Some("eth1")),
        ("output", None),
        ("queues", None),
        ("queue", Some("tl-voice")),
        ("state", None),
    ]);
    let measured = |path: &[Element<'_>], value: &Value| {
        let mut found = Vec::new();
        measures(path, value, &mut Names::default(), &mut found);
        found
    };
    let found = measured(&queue, &json!({"transmit-octets": "77", "dropped-pkts": 3, "name": "tl-voice"}));
    let eth1 = InterfaceName::lit("eth1");
    let voice = QueueName::lit("voice");
    assert_eq!(
        found,
        [
            (eth1.clone(), model::Measure::QueueDrops(voice.clone(), 3)),
            (eth1.clone(), model::Measure::QueueOctets(voice, 77)),
        ]
    );
    let delay = path(&[
        ("interfaces", None),
        ("interface", Some("eth1")),
        ("trunkline-measurement:measurement", None),
        ("one-way-delay", None),
    ]);
    assert_eq!(measured(&delay, &json!(8_200)), [(eth1, model::Measure::Delay("8.2ms".parse().unwrap()))]);
    let elsewhere = path(&[("components", None), ("measurement", None), ("one-way-delay", None)]);
    for nothing in [path(&[]), delay[3..].to_vec(), elsewhere] {
        assert!(measured(&nothing, &json!(1)).is_empty(), "{nothing:?}");
    }
}

proptest! {
    #[test]
    fn any_answer_is_judged_without_a_panic(text in "[<>/a-z \"=&;#0-9]{0,120}") {
        if let Ok(view) = View::from_xml(&text) {
            let _ = read(&view);
        }
    }
}
