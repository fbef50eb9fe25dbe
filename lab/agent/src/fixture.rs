//! What the tests of this crate share: a lab of two routers, and configurations of its first.

use std::sync::{Arc, OnceLock};

use ground::layout::{Layout, Wires};
use model::{CandidatePath, DeviceConfig, NodeId, PolicyKey, SegmentList, Sid, SrPolicy, sr::LastResort};
use router::{
    datastore::{
        Edit, Operation, Refusal, Tree, edit, json,
        store::{Confirmation, SetOp},
    },
    router::{Author, Router, Shared},
    state::{Builder, Silent},
    yang::Schema,
};
use serde_json::{Value, json};

use crate::post::{self, Post};

/// Two routers on two lines, a customer of two tenants at each.
const TEXT: &str = r#"
name: two
topology:
  kinds:
    linux: {image: alpine}
  nodes:
    a: {kind: linux, image: frr}
    b: {kind: linux, image: frr}
    bank-a: {kind: linux, labels: {trunkline.vrf: bank}}
    bank-b: {kind: linux, labels: {trunkline.vrf: bank}}
    guest-b: {kind: linux, labels: {trunkline.vrf: guest}}
    anyone: {kind: linux}
  links:
    - {endpoints: ["a:eth1", "b:eth1"], vars: {name: one, bandwidth: 20Mbps}}
    - {endpoints: ["a:eth2", "b:eth2"], vars: {name: two}}
    - {endpoints: ["a:eth3", "bank-a:eth1"], ipv4: ["10.1.0.1/24", "10.1.0.2/24"], ipv6: ["2001:db8:1::1/64", "2001:db8:1::2/64"]}
    - {endpoints: ["b:eth3", "guest-b:eth1"], ipv4: ["10.9.0.1/24", "10.9.0.2/24"], ipv6: ["2001:db8:9::1/64", "2001:db8:9::2/64"]}
    - {endpoints: ["b:eth4", "bank-b:eth1"], ipv4: ["10.2.0.1/24", "10.2.0.2/24"], ipv6: ["2001:db8:2::1/64", "2001:db8:2::2/64"]}
    - {endpoints: ["b:eth5", "anyone:eth1"]}
"#;

/// As its keeper lays it out.
pub(crate) fn layout() -> Layout {
    let network = formats::read("two.clab.yml", TEXT).unwrap();
    let lab = formats::lab("two.clab.yml", TEXT).unwrap();
    Layout::of(&network, &lab, "two", Wires::WhereNeeded).unwrap()
}

/// Where `a` and `b` stand.
pub(crate) fn posted() -> [Post; 2] {
    let mut posts = post::posts(&layout()).unwrap();
    ["a", "b"].map(|name| posts.remove(&NodeId::lit(name)).unwrap())
}

/// The schema, compiled once per test process.
pub(crate) fn schema() -> Arc<Schema> {
    static SCHEMA: OnceLock<Arc<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(|| Schema::load().unwrap()).clone()
}

/// A configuration from its JSON.
pub(crate) fn tree(content: &Value) -> Tree {
    let edits = json::read_members(&schema(), None, &Vec::new(), content).unwrap();
    let mut tree = Tree::default();
    edit::apply(&schema(), &mut tree, &edits, Operation::Merge).unwrap();
    tree
}

/// The name of the router, and nothing else.
pub(crate) fn named(name: &str) -> Tree {
    tree(&json!({"openconfig-system:system": {"config": {"hostname": name}}}))
}

/// A policy of one candidate path with these lists.
pub(crate) fn policy(color: u32, endpoint: &str, lists: &[&[&str]]) -> SrPolicy {
    let sids = |list: &[&str]| -> Vec<Sid> { list.iter().map(|sid| sid.parse().unwrap()).collect() };
    let lists = lists.iter().map(|list| SegmentList { weight: 1, sids: sids(list) }).collect();
    SrPolicy {
        key: PolicyKey { color: color.try_into().unwrap(), endpoint: endpoint.parse().unwrap() },
        name: format!("tl-{color}"),
        binding_sid: None,
        candidates: vec![CandidatePath { discriminator: 1, preference: 100, name: "one".into(), lists }],
        last_resort: LastResort::Igp,
    }
}

/// A configuration of policies alone.
pub(crate) fn steered(policies: Vec<SrPolicy>) -> DeviceConfig {
    let policies = policies.into_iter().map(|policy| (policy.key, policy)).collect();
    DeviceConfig { policies, ..DeviceConfig::default() }
}

/// One steering rule in a VRF.
pub(crate) fn steering(vrf: &str, color: u32) -> Value {
    let rule = json!({"sequence-id": 10, "config": {"sequence-id": 10},
        "ipv4": {"config": {"destination-address": "10.2.0.0/24"}},
        "action": {"config": {"trunkline-sr-policy:color": color}}});
    let policy = json!({"policy-id": "tl", "config": {"policy-id": "tl"}, "rules": {"rule": [rule]}});
    instance(vrf, "L3VRF", ("policy-forwarding", json!({"policies": {"policy": [policy]}})))
}

/// A network instance with one member more.
pub(crate) fn instance(name: &str, kind: &str, (member, content): (&str, Value)) -> Value {
    let kind = format!("openconfig-network-instance-types:{kind}");
    let mut instance = json!({"name": name, "config": {"name": name, "type": kind}});
    instance[member] = content;
    json!({"openconfig-network-instance:network-instances": {"network-instance": [instance]}})
}

/// The router `a` without a configuration.
pub(crate) fn unconfigured() -> Arc<Router> {
    let builder = Arc::new(Builder::new(schema(), &[]));
    let shared = Shared { schema: schema(), builder, source: Arc::new(Silent::default()) };
    Router::new(NodeId::lit("a"), shared, false, Tree::default()).unwrap()
}

/// A change of a router, as gNMI makes it.
pub(crate) fn set(router: &Router, content: &Value) -> Result<bool, Refusal> {
    let edits: Vec<Edit> = json::read_members(&schema(), None, &Vec::new(), content).unwrap();
    let put = [SetOp::Put { way: Vec::new(), fresh: None, edits }];
    router.change(Author::Client, |store, now| store.set(&put, Confirmation::Final, now))
}
