use serde_json::json;

use super::*;
use crate::datastore::fixture::{policies, schema, tree};

fn rule(sequence: u32, matches: serde_json::Value, color: u32) -> serde_json::Value {
    let mut rule = json!({"sequence-id": sequence, "config": {"sequence-id": sequence},
        "action": {"config": {"trunkline-sr-policy:color": color}}});
    rule.as_object_mut().unwrap().extend(matches.as_object().unwrap().clone());
    rule
}

fn instance(name: &str, policies: serde_json::Value) -> serde_json::Value {
    json!({"name": name, "config": {"name": name, "type": "openconfig-network-instance-types:L3VRF"},
        "policy-forwarding": {"policies": {"policy": policies}}})
}

#[test]
fn policies_are_read_with_their_paths_in_order_of_preference() {
    let config = read(&schema(), &tree(&policies(2, 3)));
    assert_eq!(config.policies.len(), 2);
    let key = PolicyKey { color: 1.try_into().unwrap(), endpoint: "10.0.0.2".parse().unwrap() };
    let policy = &config.policies[&key];
    assert_eq!(policy.name, "tl-policy-1");
    assert_eq!(policy.binding_sid, Some("1001".parse().unwrap()));
    let preferences: Vec<_> = policy.candidates.iter().map(|path| path.preference).collect();
    assert_eq!(preferences, [200, 100]);
    let sids: Vec<_> = policy.candidates[0].lists[0].sids.iter().map(ToString::to_string).collect();
    assert_eq!(sids, ["fd00:0:1::", "fd00:0:2::", "fd00:0:3::"]);
}

#[test]
fn rules_of_all_policies_are_read_and_a_deleted_one_is_gone() {
    let first = rule(
        10,
        json!({"ipv4": {"config": {"destination-address": "10.16.0.0/16", "dscp-set": [34, 32]}}}),
        7,
    );
    let second = rule(20, json!({"ipv6": {"config": {"dscp": 46}}}), 8);
    let named = |id: &str, rules: serde_json::Value| json!({"policy-id": id, "config": {"policy-id": id}, "rules": {"rule": rules}});
    let both = json!([
        named("by-hand", json!([first])),
        named("tl-steering", json!([second, rule(5, json!({}), 9)]))
    ]);
    let content = json!({"openconfig-network-instance:network-instances": {"network-instance": [instance("blue", both)]}});
    let config = read(&schema(), &tree(&content));
    let shown: Vec<_> = config
        .steering
        .values()
        .map(|r| (r.key.sequence, r.prefix.map(|p| p.to_string()), r.dscp.len(), r.color.number()))
        .collect();
    assert_eq!(shown, [(10, Some("10.16.0.0/16".into()), 2, 7), (11, None, 0, 9), (20, None, 1, 8)]);
    let one = json!([named("by-hand", json!([rule(10, json!({}), 7)]))]);
    let content = json!({"openconfig-network-instance:network-instances": {"network-instance": [instance("blue", one)]}});
    assert_eq!(read(&schema(), &tree(&content)).steering.len(), 1);
}

#[test]
fn queues_and_classifiers_are_read_through_their_references() {
    let input =
        json!({"id": "q", "config": {"id": "q", "input-type": "QUEUE", "queue": "af4", "weight": "30"}});
    let scheduler = |sequence: u32, strict: bool| {
        let mut config = json!({"sequence": sequence});
        if strict {
            config["priority"] = json!("STRICT");
        }
        let mut input = input.clone();
        input["config"]["queue"] = json!(if strict { "ef" } else { "af4" });
        json!({"sequence": sequence, "config": config, "inputs": {"input": [input]},
            "one-rate-two-color": {"config": {"cir": "20000000"}}})
    };
    let term = json!({"id": "t", "config": {"id": "t"}, "conditions": {"ipv4": {"config": {"dscp-set": [46]}}},
        "actions": {"config": {"target-group": "g"}}});
    let content = json!({"openconfig-qos:qos": {
        "queues": {"queue": [{"name": "ef", "config": {"name": "ef"}}, {"name": "af4", "config": {"name": "af4"}}]},
        "forwarding-groups": {"forwarding-group": [{"name": "g", "config": {"name": "g", "output-queue": "ef"}}]},
        "classifiers": {"classifier": [{"name": "c", "config": {"name": "c", "type": "IPV4"}, "terms": {"term": [term]}}]},
        "scheduler-policies": {"scheduler-policy": [{"name": "s", "config": {"name": "s"},
            "schedulers": {"scheduler": [scheduler(1, true), scheduler(2, false)]}}]},
        "interfaces": {"interface": [{"interface-id": "eth1", "config": {"interface-id": "eth1"},
            "input": {"classifiers": {"classifier": [{"type": "IPV4", "config": {"name": "c", "type": "IPV4"}}]}},
            "output": {"scheduler-policy": {"config": {"name": "s"}}}}]},
    }});
    let tree = tree(&content);
    crate::datastore::Datastore::new(schema(), tree.clone()).unwrap();
    let config = read(&schema(), &tree);
    let queues = &config.qos[&InterfaceName::lit("eth1")].queues;
    let share = |discipline| QueueShare { discipline, guarantee: Bandwidth::from_bps(20_000_000) };
    assert_eq!(queues[&QueueName::lit("ef")], share(Discipline::Strict));
    assert_eq!(queues[&QueueName::lit("af4")], share(Discipline::Weighted(30)));
    assert_eq!(config.classifier.unwrap().queues[&"ef".parse().unwrap()], QueueName::lit("ef"));
    assert_eq!(config.classified, BTreeSet::from([InterfaceName::lit("eth1")]));
    // With a classifier for other packets too, one alone is not enough.
    let mut more = content.clone();
    let qos = &mut more["openconfig-qos:qos"];
    let six = json!({"name": "d", "config": {"name": "d", "type": "IPV6"}});
    qos["classifiers"]["classifier"].as_array_mut().unwrap().push(six);
    assert_eq!(read(&schema(), &self::tree(&more)).classified, BTreeSet::new());
    let mut gone = content;
    gone["openconfig-qos:qos"]["interfaces"]["interface"][0]["input"] = json!({});
    assert_eq!(read(&schema(), &self::tree(&gone)).classified, BTreeSet::new());
}
