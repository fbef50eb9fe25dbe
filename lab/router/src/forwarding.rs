//! What a configuration means for forwarding, whoever wrote it: policies, steering, queues, classifiers as the model has
//! them. The simulator follows this and nothing else; it is read from the tree, so a rule deleted by hand is gone here too.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Bandwidth, CandidatePath, Classifier, DeviceConfig, Discipline, InterfaceName, InterfaceQos, PolicyKey,
    QueueName, QueueShare, SegmentList, Sid, SrPolicy, SteeringKey, SteeringRule, VrfName, sr::LastResort,
    steering::Dscp,
};

use crate::{
    datastore::{Branch, Item, Step, Tree},
    yang::{NodeId, Schema, Value},
};

/// Preference of a candidate path that names none (RFC 9256 section 2.7).
pub(crate) const DEFAULT_PREFERENCE: u32 = 100;

/// Reads a valid configuration. What the model cannot say is left out: an interface or queue whose name is none there, a
/// rule without a color, a scheduler with more than one input has no guarantee for any.
pub fn read(schema: &Schema, running: &Tree) -> DeviceConfig {
    let top = At { schema, node: None, branch: running.root() };
    let mut config = DeviceConfig::default();
    for instance in top.each("network-instances", "network-instance") {
        config.policies.extend(instance.each("sr-policies", "sr-policy").filter_map(|p| policy(&p)));
        steering(&instance, &mut config);
    }
    for qos in top.down("qos") {
        let kinds = kinds(&qos);
        for interface in qos.each("interfaces", "interface") {
            config.qos.extend(interface_qos(&qos, &interface));
            config.classified.extend(classified(&interface, &kinds));
        }
        config.classifier = classifier(&qos);
    }
    config
}

/// A place in the tree with its schema node.
struct At<'a> {
    schema: &'a Schema,
    node: Option<NodeId>,
    branch: &'a Branch,
}

impl<'a> At<'a> {
    /// The entries of a list within a container.
    fn each(&self, container: &str, list: &str) -> impl Iterator<Item = At<'a>> + use<'a> {
        let list = list.to_owned();
        self.down(container).flat_map(move |inside| inside.down(&list))
    }

    /// The instances of a child.
    fn down(&self, name: &str) -> impl Iterator<Item = At<'a>> + use<'a> {
        let (schema, branch) = (self.schema, self.branch);
        let child = schema.child(self.node, None, name);
        let instances = child.into_iter().flat_map(move |child| branch.instances(child));
        instances.filter_map(move |(step, item)| match item {
            Item::Branch(branch) => Some(At { schema, node: Some(step.node), branch }),
            Item::Leaf(_) => None,
        })
    }

    /// The value of a leaf at a path of names.
    fn leaf(&self, path: &str) -> Option<&'a Value> {
        match path.split_once('/') {
            Some((first, rest)) => self.down(first).next().and_then(|inside| inside.leaf(rest)),
            None => self.branch.leaf(self.schema.child(self.node, None, path)?),
        }
    }

    fn text(&self, path: &str) -> Option<String> {
        self.leaf(path).map(Value::to_string)
    }

    fn number<T: TryFrom<u64>>(&self, path: &str) -> Option<T> {
        match self.leaf(path)? {
            Value::Uint(n) => T::try_from(*n).ok(),
            _ => None,
        }
    }

    /// The values of a leaf-list.
    fn list(&self, container: &str, name: &str) -> Vec<String> {
        let values = |inside: At<'a>| {
            let node = inside.schema.child(inside.node, None, name)?;
            Some(inside.branch.instances(node).flat_map(|(step, _): (&Step, _)| step.keys.clone()).collect())
        };
        let found: Vec<Value> = self.down(container).next().and_then(values).unwrap_or_default();
        found.iter().map(Value::to_string).collect()
    }
}

fn policy(at: &At<'_>) -> Option<(PolicyKey, SrPolicy)> {
    let color = at.number::<u32>("color")?.try_into().ok()?;
    let key = PolicyKey { color, endpoint: at.text("endpoint")?.parse().ok()? };
    let mut candidates: Vec<_> =
        at.each("candidate-paths", "candidate-path").filter_map(|path| candidate(&path)).collect();
    candidates.sort_by_key(|path| (std::cmp::Reverse(path.preference), path.discriminator));
    let last_resort = match at.text("last-resort").as_deref() {
        Some("drop") => LastResort::Drop,
        _ => LastResort::Igp,
    };
    let binding_sid = at.text("binding-sid").and_then(|sid| sid.parse().ok());
    let name = at.text("name").unwrap_or_default();
    Some((key, SrPolicy { key, name, binding_sid, candidates, last_resort }))
}

fn candidate(at: &At<'_>) -> Option<CandidatePath> {
    let lists: Vec<_> = at.each("segment-lists", "segment-list").map(|list| segment_list(&list)).collect();
    Some(CandidatePath {
        discriminator: at.number("discriminator")?,
        preference: at.number("preference").unwrap_or(DEFAULT_PREFERENCE),
        name: at.text("name").unwrap_or_default(),
        lists,
    })
}

fn segment_list(at: &At<'_>) -> SegmentList {
    // Entries come ordered by index.
    let sids = at.each("segments", "segment").filter_map(|segment| {
        segment.text("label").or_else(|| segment.text("srv6-sid"))?.parse::<Sid>().ok()
    });
    SegmentList { weight: at.number("weight").unwrap_or(1), sids: sids.collect() }
}

/// Rules of several policies in one instance keep the order of the policies' names.
fn steering(instance: &At<'_>, config: &mut DeviceConfig) {
    let Some(vrf) = instance.text("name").and_then(|name| name.parse::<VrfName>().ok()) else { return };
    let all = instance.down("policy-forwarding").flat_map(|pf| pf.each("policies", "policy"));
    let mut last: Option<u32> = None;
    for rule in all.flat_map(|policy| policy.each("rules", "rule")) {
        let Some(color) = rule.number::<u32>("action/config/color").and_then(|n| n.try_into().ok()) else {
            continue;
        };
        let own: u32 = rule.number("sequence-id").unwrap_or_default();
        let sequence = last.map_or(own, |last| own.max(last.saturating_add(1)));
        last = Some(sequence);
        let families = || ["ipv4", "ipv6"].into_iter().filter_map(|name| rule.down(name).next());
        let prefix = families().find_map(|f| f.text("config/destination-address")?.parse().ok());
        let dscp = families().flat_map(|family| code_points(&family)).collect();
        let key = SteeringKey { vrf: vrf.clone(), sequence };
        config.steering.insert(key.clone(), SteeringRule { key, prefix, dscp, color });
    }
}

/// The code points that a match container accepts.
fn code_points(family: &At<'_>) -> Vec<Dscp> {
    let one = family.text("config/dscp");
    one.into_iter().chain(family.list("config", "dscp-set")).filter_map(|text| text.parse().ok()).collect()
}

fn interface_qos(qos: &At<'_>, interface: &At<'_>) -> Option<(InterfaceName, InterfaceQos)> {
    let name = interface.text("interface-id")?.parse().ok()?;
    let output = interface.down("output").next()?;
    let wanted = output.text("scheduler-policy/config/name")?;
    let policy = qos
        .each("scheduler-policies", "scheduler-policy")
        .find(|policy| policy.text("name").as_ref() == Some(&wanted))?;
    let mut shares = InterfaceQos::default();
    for scheduler in policy.each("schedulers", "scheduler") {
        let rate = |kind: &str| scheduler.number::<u64>(&format!("{kind}/config/cir"));
        let rate = rate("one-rate-two-color").or_else(|| rate("two-rate-three-color")).unwrap_or(0);
        let strict = scheduler.text("config/priority").as_deref() == Some("STRICT");
        let inputs: Vec<_> = scheduler.each("inputs", "input").collect();
        let guarantee = Bandwidth::from_bps(if inputs.len() == 1 { rate } else { 0 });
        for input in inputs {
            let weight: u64 = input.number("config/weight").unwrap_or(1);
            let weighted = Discipline::Weighted(u8::try_from(weight).unwrap_or(u8::MAX));
            let discipline = if strict { Discipline::Strict } else { weighted };
            let queue = input.text("config/queue").and_then(|queue| queue.parse::<QueueName>().ok());
            shares.queues.extend(queue.map(|queue| (queue, QueueShare { discipline, guarantee })));
        }
    }
    Some((name, shares))
}

/// The kinds of packets with code points that classifiers look at.
fn kinds(qos: &At<'_>) -> BTreeSet<String> {
    let kinds = qos.each("classifiers", "classifier").filter_map(|one| one.text("config/type"));
    kinds.filter(|kind| ["IPV4", "IPV6"].contains(&kind.as_str())).collect()
}

/// The name of the interface, where a classifier is bound to what enters for each kind of packets that anybody classifies. Where only
/// some are, none counts: the simulator's packets have a code point and no address family.
fn classified(interface: &At<'_>, kinds: &BTreeSet<String>) -> Option<InterfaceName> {
    let all = interface.down("input").flat_map(|input| input.each("classifiers", "classifier"));
    let bound: BTreeSet<String> =
        all.filter(|one| one.leaf("config/name").is_some()).filter_map(|one| one.text("type")).collect();
    let whole = !kinds.is_empty() && kinds.is_subset(&bound);
    whole.then(|| interface.text("interface-id")?.parse().ok()).flatten()
}

/// Which queue each code point goes to, over all classifiers; the first by name that says something of one wins.
fn classifier(qos: &At<'_>) -> Option<Classifier> {
    let group = |group: At<'_>| Some((group.text("name")?, group.text("config/output-queue")?.parse().ok()?));
    let queues: BTreeMap<String, QueueName> =
        qos.each("forwarding-groups", "forwarding-group").filter_map(group).collect();
    let mut found: Option<Classifier> = None;
    for term in qos.each("classifiers", "classifier").flat_map(|c| c.each("terms", "term")) {
        let all = found.get_or_insert_with(Classifier::default);
        let target = term.text("actions/config/target-group").and_then(|target| queues.get(&target));
        let Some(queue) = target else { continue };
        let families = term.down("conditions").flat_map(|c| c.down("ipv4").chain(c.down("ipv6")));
        for dscp in families.flat_map(|family| code_points(&family)) {
            all.queues.entry(dscp).or_insert_with(|| queue.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests;
