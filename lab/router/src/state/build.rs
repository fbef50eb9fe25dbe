//! The tree that readers see: configuration, the applied copy of it, and state.
//!
//! OpenConfig keeps the configuration that is in force as `state` beside each `config`. Here what is committed is in force
//! at once, so the copy is made from running. It is made once per configuration; counters are laid over it per sample.

use std::sync::Arc;

use model::{InterfaceName, PolicyKey, QueueName};

use super::{CandidateKey, InterfaceState, Measurement, PolicyState, QueueState, RouterState, Traffic};
use crate::{
    datastore::{Branch, Item, Step, Tree},
    yang::{NodeId, Schema, Value},
};

/// Builds trees of one schema.
#[derive(Debug)]
pub struct Builder {
    schema: Arc<Schema>,
    ids: Ids,
    /// State that is the same at all times: what NETCONF says of itself.
    fixed: Branch,
}

/// The schema nodes that state is written to, by their place.
#[derive(Debug)]
struct Ids {
    interfaces: NodeId,
    interface: NodeId,
    qos: NodeId,
    qos_interfaces: NodeId,
    qos_interface: NodeId,
    output: NodeId,
    queues: NodeId,
    queue: NodeId,
    instances: NodeId,
    instance: NodeId,
    policies: NodeId,
    policy: NodeId,
    paths: NodeId,
    path: NodeId,
    forwarding: [NodeId; 3],
    rules: NodeId,
    rule: NodeId,
}

impl Ids {
    fn of(schema: &Schema) -> Self {
        let at = |path: &str| schema.at(path).expect("the path stands in the modules of this crate");
        let rule_way = "network-instances/network-instance/policy-forwarding/policies/policy";
        let policy = "network-instances/network-instance/sr-policies/sr-policy";
        Self {
            interfaces: at("interfaces"),
            interface: at("interfaces/interface"),
            qos: at("qos"),
            qos_interfaces: at("qos/interfaces"),
            qos_interface: at("qos/interfaces/interface"),
            output: at("qos/interfaces/interface/output"),
            queues: at("qos/interfaces/interface/output/queues"),
            queue: at("qos/interfaces/interface/output/queues/queue"),
            instances: at("network-instances"),
            instance: at("network-instances/network-instance"),
            policies: at("network-instances/network-instance/sr-policies"),
            policy: at(policy),
            paths: at(&format!("{policy}/candidate-paths")),
            path: at(&format!("{policy}/candidate-paths/candidate-path")),
            forwarding: [
                at("network-instances/network-instance/policy-forwarding"),
                at("network-instances/network-instance/policy-forwarding/policies"),
                at(rule_way),
            ],
            rules: at(&format!("{rule_way}/rules")),
            rule: at(&format!("{rule_way}/rules/rule")),
        }
    }
}

impl Builder {
    /// A builder for a schema; `capabilities` are those of the NETCONF hello.
    pub fn new(schema: Arc<Schema>, capabilities: &[String]) -> Self {
        let ids = Ids::of(&schema);
        let fixed = monitoring(&schema, capabilities);
        Self { schema, ids, fixed }
    }

    /// Configuration with its applied copy. `before` is an earlier configuration with its copy: what both configurations
    /// share is not copied again.
    pub fn applied(&self, running: &Tree, before: Option<(&Tree, &Tree)>) -> Tree {
        let mut tree = Tree::default();
        let root = tree.root_mut();
        *root = self.copy_applied(running.root(), before.map(|(old, copy)| (old.root(), copy.root())));
        for (step, item) in self.fixed.iter() {
            root.insert(&self.schema, step.clone(), item.clone());
        }
        tree
    }

    /// Every `config` gets a `state` beside it with the leaves that state has too.
    fn copy_applied(&self, from: &Branch, before: Option<(&Branch, &Branch)>) -> Branch {
        let mut to = Branch::default();
        for (step, item) in from.iter() {
            let Item::Branch(inside) = item else {
                to.insert(&self.schema, step.clone(), item.clone());
                continue;
            };
            let node = self.schema.node(step.node);
            if node.name == "config" && node.children.iter().all(|c| self.schema.leaf_type(*c).is_some()) {
                to.insert(&self.schema, step.clone(), item.clone());
                self.add_copy(step.node, inside, &mut to);
                continue;
            }
            let old = before.and_then(|(old, copy)| Some((old.get(step)?, copy.get(step)?)));
            let below = match old {
                Some((old, copy)) if old.is_same(item) => copy.clone(),
                Some((Item::Branch(old), Item::Branch(copy))) => {
                    Item::Branch(self.copy_applied(inside, Some((old, copy))).into())
                }
                _ => Item::Branch(self.copy_applied(inside, None).into()),
            };
            to.insert(&self.schema, step.clone(), below);
        }
        to
    }

    fn add_copy(&self, config: NodeId, inside: &Branch, beside: &mut Branch) {
        let parent = self.schema.node(config).parent;
        let Some(state) = self.schema.child(parent, None, "state") else { return };
        let Some(copy) = beside.enter(&self.schema, &Step::plain(state)) else { return };
        for (leaf, value) in inside.iter() {
            if let Some(twin) = self.schema.child(Some(state), None, &self.schema.node(leaf.node).name) {
                copy.insert(&self.schema, Step { node: twin, keys: leaf.keys.clone() }, value.clone());
            }
        }
    }

    /// Lays what a router counts and measures over an applied tree.
    pub fn overlay(&self, applied: &Tree, state: &RouterState) -> Tree {
        let mut tree = applied.clone();
        for (name, interface) in &state.interfaces {
            self.interface(tree.root_mut(), name, interface);
            for (queue, shown) in &interface.queues {
                self.queue(tree.root_mut(), name, queue, shown);
            }
        }
        for (key, policy) in &state.policies {
            self.policy(&mut tree, key, policy);
        }
        for ((instance, policy, sequence), traffic) in &state.rules {
            let place = [Value::text(instance.as_str()), Value::text(policy)];
            self.rule(&mut tree, &place, *sequence, *traffic);
        }
        tree
    }

    fn interface(&self, root: &mut Branch, name: &InterfaceName, shown: &InterfaceState) {
        let entry = Step { node: self.ids.interface, keys: vec![Value::text(name.as_str())] };
        let way = [Step::plain(self.ids.interfaces), entry];
        let Some(interface) = self.enter(root, &way) else { return };
        let status = Value::text(if shown.up { "UP" } else { "DOWN" });
        self.put(interface, self.ids.interface, &["state", "name"], Value::text(name.as_str()));
        self.put(interface, self.ids.interface, &["state", "oper-status"], status);
        let counters = [
            ("in-octets", shown.received.octets),
            ("in-pkts", shown.received.pkts),
            ("in-discards", shown.in_discards),
            ("in-errors", shown.in_errors),
            ("out-octets", shown.sent.octets),
            ("out-pkts", shown.sent.pkts),
            ("out-discards", shown.out_discards),
            ("out-errors", shown.out_errors),
        ];
        for (leaf, count) in counters {
            self.put(interface, self.ids.interface, &["state", "counters", leaf], Value::Uint(count));
        }
        for (leaf, value) in measured(&shown.measurement) {
            self.put(interface, self.ids.interface, &["measurement", leaf], Value::Uint(value));
        }
    }

    fn queue(&self, root: &mut Branch, interface: &InterfaceName, name: &QueueName, shown: &QueueState) {
        let way = [
            Step::plain(self.ids.qos),
            Step::plain(self.ids.qos_interfaces),
            Step { node: self.ids.qos_interface, keys: vec![Value::text(interface.as_str())] },
            Step::plain(self.ids.output),
            Step::plain(self.ids.queues),
            Step { node: self.ids.queue, keys: vec![Value::text(name.as_str())] },
        ];
        let Some(queue) = self.enter(root, &way) else { return };
        self.put(queue, self.ids.queue, &["state", "name"], Value::text(name.as_str()));
        let counters = [
            ("max-queue-len", shown.longest),
            ("avg-queue-len", shown.length),
            ("transmit-pkts", shown.sent.pkts),
            ("transmit-octets", shown.sent.octets),
            ("dropped-pkts", shown.dropped.pkts),
            ("dropped-octets", shown.dropped.octets),
        ];
        for (leaf, count) in counters {
            self.put(queue, self.ids.queue, &["state", leaf], Value::Uint(count));
        }
    }

    /// State of a policy that is configured; a source may lag behind and know one that is gone.
    fn policy(&self, tree: &mut Tree, key: &PolicyKey, shown: &PolicyState) {
        let keys = vec![Value::Uint(key.color.number().into()), Value::text(&key.endpoint.to_string())];
        let way = [
            Step::plain(self.ids.instances),
            Step { node: self.ids.instance, keys: vec![Value::text("default")] },
            Step::plain(self.ids.policies),
            Step { node: self.ids.policy, keys },
        ];
        if tree.get(&way).is_none() {
            return;
        }
        let Some(policy) = self.enter(tree.root_mut(), &way) else { return };
        let status = Value::text(if shown.active.is_some() { "up" } else { "down" });
        self.put(policy, self.ids.policy, &["oper-status"], status);
        for (leaf, count) in [("octets", shown.traffic.octets), ("pkts", shown.traffic.pkts)] {
            self.put(policy, self.ids.policy, &["counters", leaf], Value::Uint(count));
        }
        let Some(paths) = policy.enter(&self.schema, &Step::plain(self.ids.paths)) else { return };
        let all: Vec<Step> = paths.instances(self.ids.path).map(|(step, _)| step.clone()).collect();
        for step in &all {
            let active = shown.active.as_ref().is_some_and(|key| step.keys == candidate(key));
            if let Some(path) = paths.enter(&self.schema, step) {
                self.put(path, self.ids.path, &["active"], Value::Bool(active));
            }
        }
    }

    /// Counters of a rule that is configured.
    fn rule(&self, tree: &mut Tree, place: &[Value; 2], sequence: u32, shown: Traffic) {
        let [forwarding, policies, policy] = self.ids.forwarding;
        let way = [
            Step::plain(self.ids.instances),
            Step { node: self.ids.instance, keys: vec![place[0].clone()] },
            Step::plain(forwarding),
            Step::plain(policies),
            Step { node: policy, keys: vec![place[1].clone()] },
            Step::plain(self.ids.rules),
            Step { node: self.ids.rule, keys: vec![Value::Uint(sequence.into())] },
        ];
        if tree.get(&way).is_none() {
            return;
        }
        let Some(rule) = self.enter(tree.root_mut(), &way) else { return };
        for (leaf, count) in [("matched-pkts", shown.pkts), ("matched-octets", shown.octets)] {
            self.put(rule, self.ids.rule, &["state", leaf], Value::Uint(count));
        }
    }

    fn enter<'b>(&self, root: &'b mut Branch, way: &[Step]) -> Option<&'b mut Branch> {
        way.iter().try_fold(root, |branch, step| branch.enter(&self.schema, step))
    }

    /// Puts a leaf below a node, containers made on the way.
    fn put(&self, branch: &mut Branch, node: NodeId, way: &[&str], value: Value) {
        let Some((first, rest)) = way.split_first() else { return };
        let Some(child) = self.schema.child(Some(node), None, first) else { return };
        if rest.is_empty() {
            branch.insert(&self.schema, Step::plain(child), Item::Leaf(value));
        } else if let Some(inside) = branch.enter(&self.schema, &Step::plain(child)) {
            self.put(inside, child, rest, value);
        }
    }
}

fn measured(measurement: &Measurement) -> impl Iterator<Item = (&'static str, u64)> {
    let leaves = [
        ("one-way-delay", measurement.delay.map(|d| d.as_micros())),
        ("jitter", measurement.jitter.map(|j| j.as_micros())),
        ("loss-ppb", measurement.loss.map(|l| u64::from(l.as_ppb()))),
        ("utilised-bandwidth", measurement.utilised.map(|b| b.as_bps())),
    ];
    leaves.into_iter().filter_map(|(leaf, value)| value.map(|value| (leaf, value)))
}

fn candidate(key: &CandidateKey) -> Vec<Value> {
    vec![Value::text(&key.origin), Value::text(&key.originator), Value::Uint(key.discriminator.into())]
}

/// `/netconf-state`: what the server can do, and which modules it serves (RFC 6022).
fn monitoring(schema: &Schema, capabilities: &[String]) -> Branch {
    let at = |path: &str| schema.at(path).expect("the path stands in the modules of this crate");
    let mut top = Branch::default();
    let state = top.enter(schema, &Step::plain(at("netconf-state")));
    let state = state.expect("netconf-state is a container");
    let list = at("netconf-state/capabilities/capability");
    let all = state.enter(schema, &Step::plain(at("netconf-state/capabilities"))).expect("it is a container");
    for capability in capabilities {
        let value = Value::text(capability);
        all.insert(schema, Step { node: list, keys: vec![value.clone()] }, Item::Leaf(value));
    }
    let entry = at("netconf-state/schemas/schema");
    let schemas = state.enter(schema, &Step::plain(at("netconf-state/schemas"))).expect("it is a container");
    for module in schema.modules() {
        let keys = [&module.name, &module.revision].map(|text| Value::text(text));
        let keys = keys.into_iter().chain([Value::text("ietf-netconf-monitoring:yang")]).collect();
        let inside = schemas.enter(schema, &Step { node: entry, keys }).expect("a list entry is no leaf");
        let namespace = at("netconf-state/schemas/schema/namespace");
        inside.insert(schema, Step::plain(namespace), Item::Leaf(Value::text(&module.namespace)));
        let place = Value::text("NETCONF");
        let location = Step { node: at("netconf-state/schemas/schema/location"), keys: vec![place.clone()] };
        inside.insert(schema, location, Item::Leaf(place));
    }
    top
}
