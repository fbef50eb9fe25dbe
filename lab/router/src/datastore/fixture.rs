//! What the tests of this module share: one schema, and small configurations in JSON.

use std::sync::{Arc, OnceLock};

use serde_json::json;

use super::{
    edit::{self, Edit, Operation},
    json,
    tree::Tree,
};
use crate::yang::Schema;

/// The schema, compiled once per test process.
pub fn schema() -> Arc<Schema> {
    static SCHEMA: OnceLock<Arc<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(|| Schema::load().unwrap()).clone()
}

/// Edits from JSON content at the top.
pub fn edits(content: &serde_json::Value) -> Vec<Edit> {
    json::read_members(&schema(), None, &Vec::new(), content).unwrap()
}

/// A tree from JSON content.
pub fn tree(content: &serde_json::Value) -> Tree {
    let mut tree = Tree::default();
    edit::apply(&schema(), &mut tree, &edits(content), Operation::Merge).unwrap();
    tree
}

/// Two interfaces and the default network instance.
pub fn base() -> serde_json::Value {
    json!({
        "openconfig-interfaces:interfaces": {"interface": [interface("eth1"), interface("eth2")]},
        "openconfig-network-instance:network-instances": {"network-instance": [{
            "name": "default",
            "config": {"name": "default", "type": "openconfig-network-instance-types:DEFAULT_INSTANCE"},
        }]},
    })
}

/// One interface.
pub fn interface(name: &str) -> serde_json::Value {
    json!({"name": name, "config": {"name": name, "type": "iana-if-type:ethernetCsmacd"}})
}

/// SR policies 1 to `count`, each with two candidate paths of `segments` segments.
pub fn policies(count: u32, segments: u32) -> serde_json::Value {
    let list = |base: u32| {
        let segments: Vec<_> = (0..segments)
            .map(|i| json!({"index": i, "srv6-sid": format!("fd00:0:{:x}::", base + i)}))
            .collect();
        json!({"segment-list": [{"name": "1", "weight": 1, "segments": {"segment": segments}}]})
    };
    let path = |discriminator: u32, preference: u32, base: u32| {
        json!({
            "protocol-origin": "local", "originator": "trunkline", "discriminator": discriminator,
            "preference": preference, "name": format!("path-{discriminator}"), "segment-lists": list(base),
        })
    };
    let policy = |n: u32| {
        json!({
            "color": n, "endpoint": format!("10.0.{}.{}", n / 250, n % 250 + 1), "name": format!("tl-policy-{n}"),
            "binding-sid": 1_000 + n, "last-resort": "igp",
            "candidate-paths": {"candidate-path": [path(1, 200, n), path(2, 100, n + 7)]},
        })
    };
    let policies: Vec<_> = (1..=count).map(policy).collect();
    json!({"openconfig-network-instance:network-instances": {"network-instance": [{
        "name": "default", "trunkline-sr-policy:sr-policies": {"sr-policy": policies},
    }]}})
}
