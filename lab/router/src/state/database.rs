//! The link-state database of IS-IS as routers show it: whole LSPs, in one fragment each.

use model::{
    Lsdb,
    lsdb::{Adjacency, LsRouter, SystemId},
};

use super::nodes::node;
use crate::{
    datastore::{Branch, Item, Step},
    yang::{NodeId, Schema, Value},
};

/// Where it stands.
const PLACE: &str =
    "network-instances/network-instance/protocols/protocol/isis/levels/level/link-state-database";
/// The level at which the lab's routers speak.
const LEVEL: u64 = 2;

/// The schema nodes that more than one LSP needs.
#[derive(Debug)]
pub(super) struct Database {
    /// Every leaf of it.
    pub(super) leaves: Vec<NodeId>,
    /// The top of the tree, by name.
    instances: NodeId,
}

impl Database {
    pub(super) fn of(schema: &Schema) -> Self {
        let mut leaves = Vec::new();
        leaves_below(schema, node(schema, PLACE), &mut leaves);
        Self { leaves, instances: node(schema, "network-instances") }
    }

    /// Lays it over a tree. O(its size).
    pub(super) fn show(&self, schema: &Schema, root: &mut Branch, lsdb: &Lsdb) {
        let Some(branch) = root.enter(schema, &Step::plain(self.instances)) else { return };
        let top = At { schema, node: self.instances, branch };
        let protocol = [Value::text("openconfig-policy-types:ISIS"), Value::text("DEFAULT")];
        let levels = top
            .entry("network-instance", vec![Value::text("default")])
            .and_then(|at| at.down(&["protocols"]))
            .and_then(|at| at.entry("protocol", protocol.into()))
            .and_then(|at| at.down(&["isis", "levels"]));
        let level = levels.and_then(|at| at.entry("level", vec![Value::Uint(LEVEL)]));
        let Some(mut database) = level.and_then(|at| at.down(&["link-state-database"])) else { return };
        for (system, router) in &lsdb.routers {
            let id = Value::text(&format!("{system}.00-00"));
            let Some(mut lsp) = database.here().entry("lsp", vec![id.clone()]) else { continue };
            lsp.shown(&["state"], |state| {
                state.leaf("lsp-id", id);
                if router.overload == Some(true) {
                    state.member("flags", Value::text("OVERLOAD"));
                }
            });
            lsp.shown(&["tlvs"], |tlvs| tell(tlvs, router));
        }
    }
}

fn leaves_below(schema: &Schema, below: NodeId, found: &mut Vec<NodeId>) {
    for child in schema.children(Some(below)) {
        match schema.leaf_type(*child) {
            Some(_) => found.push(*child),
            None => leaves_below(schema, *child, found),
        }
    }
}

/// What a router tells of itself.
fn tell(tlvs: &mut At<'_>, router: &LsRouter) {
    if let Some(name) = &router.name {
        tlvs.tlv("DYNAMIC_NAME", &["hostname", "state"], |at| at.member("hostname", Value::text(name)));
    }
    if let Some(id) = router.router_id {
        let id = Value::text(&id.to_string());
        tlvs.tlv("IPV4_TE_ROUTER_ID", &["ipv4-te-router-id", "state"], |at| at.member("router-id", id));
    }
    if !router.adjacencies.is_empty() {
        let place = ["extended-is-reachability", "neighbors"];
        tlvs.tlv("EXTENDED_IS_REACHABILITY", &place, |at| {
            let mut before: Option<(SystemId, u64)> = None;
            for adjacency in &router.adjacencies {
                // Lines to one neighbour stand together, and are counted.
                let number = before.filter(|(to, _)| *to == adjacency.to).map_or(0, |(_, number)| number + 1);
                before = Some((adjacency.to, number));
                reach(at, adjacency, number);
            }
        });
    }
}

fn reach(neighbours: &mut At<'_>, adjacency: &Adjacency, number: u64) {
    let (to, number) = (Value::text(&adjacency.to.to_string()), Value::Uint(number));
    let Some(mut neighbour) = neighbours.here().entry("neighbor", vec![to.clone()]) else { return };
    neighbour.shown(&["state"], |state| state.leaf("system-id", to));
    let instances = neighbour.down(&["instances"]);
    let Some(mut line) = instances.and_then(|at| at.entry("instance", vec![number.clone()])) else { return };
    line.shown(&["state"], |state| {
        state.leaf("id", number);
        state.leaf("metric", Value::Uint(adjacency.igp.0.into()));
    });
    if let Some(te) = adjacency.te {
        line.shown(&["subtlvs"], |subtlvs| {
            let kind = lsdb_type("IS_REACHABILITY_TE_DEFAULT_METRIC");
            let Some(mut subtlv) = subtlvs.here().entry("subtlv", vec![kind.clone()]) else { return };
            subtlv.shown(&["state"], |state| state.leaf("type", kind));
            let metric = Value::Uint(te.0.into());
            subtlv.shown(&["te-default-metric", "state"], |state| state.leaf("metric", metric));
        });
    }
}

fn lsdb_type(name: &str) -> Value {
    Value::text(&format!("openconfig-isis-lsdb-types:{name}"))
}

/// A place in a tree that is being made.
struct At<'a> {
    schema: &'a Schema,
    node: NodeId,
    branch: &'a mut Branch,
}

impl<'a> At<'a> {
    /// The same place, for a while.
    fn here(&mut self) -> At<'_> {
        At { schema: self.schema, node: self.node, branch: &mut *self.branch }
    }

    /// A child of a list; none where the schema has no such list.
    fn entry(self, name: &str, keys: Vec<Value>) -> Option<Self> {
        let Self { schema, node, branch } = self;
        let node = schema.child(Some(node), None, name)?;
        let branch = branch.enter(schema, &Step { node, keys })?;
        Some(Self { schema, node, branch })
    }

    /// Through containers.
    fn down(self, names: &[&str]) -> Option<Self> {
        names.iter().try_fold(self, |at, name| at.entry(name, Vec::new()))
    }

    /// Shows something below.
    fn shown(&mut self, names: &[&str], show: impl FnOnce(&mut At<'_>)) {
        if let Some(mut below) = self.here().down(names) {
            show(&mut below);
        }
    }

    /// Shows a TLV.
    fn tlv(&mut self, kind: &str, names: &[&str], show: impl FnOnce(&mut At<'_>)) {
        let kind = lsdb_type(kind);
        let Some(mut tlv) = self.here().entry("tlv", vec![kind.clone()]) else { return };
        tlv.shown(&["state"], |state| state.leaf("type", kind));
        tlv.shown(names, show);
    }

    fn leaf(&mut self, name: &str, value: Value) {
        if let Some(node) = self.schema.child(Some(self.node), None, name) {
            self.branch.insert(self.schema, Step::plain(node), Item::Leaf(value));
        }
    }

    /// A value of a leaf-list.
    fn member(&mut self, name: &str, value: Value) {
        if let Some(node) = self.schema.child(Some(self.node), None, name) {
            self.branch.insert(self.schema, Step { node, keys: vec![value.clone()] }, Item::Leaf(value));
        }
    }
}
