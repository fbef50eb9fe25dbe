//! The tree that readers see: configuration, the applied copy of it, and state.
//!
//! OpenConfig keeps the configuration that is in force as `state` beside each `config`. Here what is committed is in force
//! at once, so the copy is made from running. It is made once per configuration; counters are laid over it per sample.

mod routing;

use std::sync::Arc;

use model::{InterfaceName, QueueName};

use super::{
    InterfaceState, Measurement, Neighbour, Part, Parts, QueueState, RouterState,
    nodes::node,
    places::{Group, Places},
};
use crate::{
    datastore::{Branch, Item, Pattern, Step, Tree},
    yang::{NodeId, Schema, Value},
};

/// A chassis is called as its router is.
const LOCAL: &str = "LOCAL";

/// Builds trees of one schema.
#[derive(Debug)]
pub struct Builder {
    schema: Arc<Schema>,
    places: Places,
    /// State that is the same at all times: what NETCONF says of itself.
    fixed: Branch,
}

impl Builder {
    /// A builder for a schema; `capabilities` are those of the NETCONF hello.
    pub fn new(schema: Arc<Schema>, capabilities: &[String]) -> Self {
        let places = Places::of(&schema);
        let fixed = monitoring(&schema, capabilities);
        Self { schema, places, fixed }
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

    /// Lays what a router counts and measures over an applied tree, as far as it is asked for.
    pub fn overlay(&self, applied: &Tree, state: &RouterState, parts: Parts) -> Tree {
        let mut tree = applied.clone();
        if parts.has(Part::Neighbours) {
            self.neighbours(tree.root_mut(), state);
        }
        if let Some(lsdb) = state.lsdb.as_deref().filter(|_| parts.has(Part::Database)) {
            self.places.database.show(&self.schema, tree.root_mut(), lsdb);
        }
        for (name, interface) in &state.interfaces {
            self.interface(tree.root_mut(), name, interface, parts);
            if parts.has(Part::Queues) {
                for (queue, shown) in &interface.queues {
                    self.queue(tree.root_mut(), name, queue, shown);
                }
            }
        }
        self.routing(&mut tree, state, parts);
        tree
    }

    /// The kinds of state in which something can be that one of the patterns means. A key comes with its entry, and an entry may be
    /// there because of its state alone.
    pub fn parts(&self, patterns: &[Pattern]) -> Parts {
        let levels = |pattern: &Pattern| {
            let nodes: Vec<NodeId> = pattern.0.iter().map(|level| level.node).collect();
            let keys = nodes.iter().rev().take_while(|node| self.schema.node(**node).is_key).count();
            nodes[..nodes.len() - keys].to_vec()
        };
        let patterns: Vec<Vec<NodeId>> = patterns.iter().map(levels).collect();
        let touches = |leaf: NodeId| {
            let mut way: Vec<NodeId> =
                std::iter::successors(Some(leaf), |node| self.schema.node(*node).parent).collect();
            way.reverse();
            patterns.iter().any(|pattern| pattern.iter().zip(&way).all(|(level, node)| level == node))
        };
        self.places.leaves().into_iter().filter(|(_, leaf)| touches(*leaf)).map(|(part, _)| part).collect()
    }

    fn interface(&self, root: &mut Branch, name: &InterfaceName, shown: &InterfaceState, parts: Parts) {
        if ![Part::Status, Part::Counters, Part::Measurement].into_iter().any(|part| parts.has(part)) {
            return;
        }
        let entry = Step { node: self.places.interface, keys: vec![Value::text(name.as_str())] };
        let way = [Step::plain(self.places.interfaces), entry];
        let Some(interface) = self.enter(root, &way) else { return };
        if parts.has(Part::Status) {
            let status = Value::text(if shown.up { "UP" } else { "DOWN" });
            let index = shown.index.map(|index| Value::Uint(index.into()));
            let values = [Some(Value::text(name.as_str())), Some(status), index];
            self.put(interface, &self.places.interface_state, values);
        }
        let counters = [
            shown.received.octets,
            shown.received.pkts,
            shown.in_discards,
            shown.in_errors,
            shown.sent.octets,
            shown.sent.pkts,
            shown.out_discards,
            shown.out_errors,
        ];
        if parts.has(Part::Counters) {
            self.put(interface, &self.places.interface_counters, counters.map(count));
        }
        let Measurement { delay, jitter, loss, utilised } = shown.measurement;
        let measured = [
            delay.map(|delay| delay.as_micros()),
            jitter.map(|jitter| jitter.as_micros()),
            loss.map(|loss| u64::from(loss.as_ppb())),
            utilised.map(|utilised| utilised.as_bps()),
        ];
        if parts.has(Part::Measurement) {
            self.put(interface, &self.places.measurement, measured.map(|value| value.map(Value::Uint)));
        }
    }

    /// What the router sends of itself, and whom it hears.
    fn neighbours(&self, root: &mut Branch, state: &RouterState) {
        if let Some(name) = &state.system_name
            && let Some(lldp) = self.enter(root, &[Step::plain(self.places.hearing.lldp)])
        {
            let values = [Value::text(name), Value::text(name), Value::text(LOCAL)];
            self.put(lldp, &self.places.hearing.own, values.map(Some));
        }
        for (name, interface) in &state.interfaces {
            if let Some(heard) = &interface.neighbour {
                self.neighbour(root, name, heard);
            }
        }
    }

    /// A line has two ends, so nobody but this one is heard there.
    fn neighbour(&self, root: &mut Branch, interface: &InterfaceName, heard: &Neighbour) {
        let (id, hearing) = (Value::text("1"), &self.places.hearing);
        let way = [
            Step::plain(hearing.lldp),
            Step::plain(hearing.interfaces),
            Step { node: hearing.interface, keys: vec![Value::text(interface.as_str())] },
            Step::plain(hearing.neighbours),
            Step { node: hearing.neighbour, keys: vec![id.clone()] },
        ];
        let Some(entry) = self.enter(root, &way) else { return };
        let system = Value::text(heard.system.as_str());
        let port = Value::text(heard.port.as_str());
        let values = [id, system.clone(), system, Value::text(LOCAL), port, Value::text("INTERFACE_NAME")];
        self.put(entry, &hearing.other, values.map(Some));
    }

    fn queue(&self, root: &mut Branch, interface: &InterfaceName, name: &QueueName, shown: &QueueState) {
        let way = [
            Step::plain(self.places.qos),
            Step::plain(self.places.qos_interfaces),
            Step { node: self.places.qos_interface, keys: vec![Value::text(interface.as_str())] },
            Step::plain(self.places.output),
            Step::plain(self.places.queues),
            Step { node: self.places.queue, keys: vec![Value::text(name.as_str())] },
        ];
        let Some(queue) = self.enter(root, &way) else { return };
        let values = [
            Some(Value::text(name.as_str())),
            count(shown.longest),
            count(shown.length),
            count(shown.sent.pkts),
            count(shown.sent.octets),
            count(shown.dropped.pkts),
            count(shown.dropped.octets),
        ];
        self.put(queue, &self.places.queue_state, values);
    }

    fn enter<'b>(&self, root: &'b mut Branch, way: &[Step]) -> Option<&'b mut Branch> {
        way.iter().try_fold(root, |branch, step| branch.enter(&self.schema, step))
    }

    /// Puts leaves below a node, containers made on the way; a value that is absent is not shown.
    fn put<const LEAVES: usize>(
        &self,
        below: &mut Branch,
        group: &Group<LEAVES>,
        values: [Option<Value>; LEAVES],
    ) {
        if values.iter().all(Option::is_none) {
            return;
        }
        let inside =
            group.way.iter().try_fold(below, |branch, node| branch.enter(&self.schema, &Step::plain(*node)));
        let Some(inside) = inside else { return };
        for (leaf, value) in group.leaves.iter().zip(values) {
            if let Some(value) = value {
                inside.insert(&self.schema, Step::plain(*leaf), Item::Leaf(value));
            }
        }
    }
}

fn count(value: u64) -> Option<Value> {
    Some(Value::Uint(value))
}

/// `/netconf-state`: what the server can do, and which modules it serves (RFC 6022).
fn monitoring(schema: &Schema, capabilities: &[String]) -> Branch {
    let at = |path: &str| node(schema, path);
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
