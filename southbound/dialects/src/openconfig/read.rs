//! A device's data tree to what it holds: ours and others' apart.

use std::collections::BTreeSet;

use model::{
    Bandwidth, CandidatePath, Classifier, DeviceConfig, Discipline, InterfaceName, InterfaceQos, PolicyKey,
    QueueShare, SegmentList, Sid, SrPolicy, SteeringKey, SteeringRule,
    sr::LastResort,
    state::{Foreign, OWN_PREFIX},
    steering::Dscp,
};

use super::names::{
    FAMILIES, NETWORK_INSTANCE, QOS, SR_POLICY, STEERING_POLICY, classifier, own_queue, scheduler_policy,
};
use crate::{
    reading::{bad, need, parse, parse_color, parse_label, parse_srv6},
    view::{BadPayload, View},
};

/// The subtrees that [`read`] needs, as gNMI paths. Whole modules: not every target answers a Get whose path leaves the key of
/// a list open.
pub const fn paths() -> [&'static str; 2] {
    PATHS
}

/// See [`paths`].
pub(crate) const PATHS: [&str; 2] = ["/openconfig-network-instance:network-instances", "/openconfig-qos:qos"];

/// What [`read`] looks at, as a NETCONF subtree filter (RFC 6241 section 6). A network instance holds much more than that:
/// routing protocols, interfaces, tables; read-back stands between a commit and its confirm, so none of it is asked for.
pub fn filter_xml() -> String {
    let (ni, qos, sr) = (NETWORK_INSTANCE.namespace, QOS.namespace, SR_POLICY.namespace);
    format!(
        "<network-instances xmlns=\"{ni}\"><network-instance><name/><sr-policies xmlns=\"{sr}\"/>\
         <policy-forwarding><policies/></policy-forwarding></network-instance></network-instances>\
         <qos xmlns=\"{qos}\"><interfaces><interface><interface-id/><input><classifiers/></input>\
         <output><scheduler-policy/></output></interface></interfaces><scheduler-policies/><classifiers/></qos>"
    )
}

/// What the tree holds. The tree's root has `network-instances` and `qos` as children where there is anything.
///
/// # Errors
/// Something of ours has a value that we never write. What is not ours is never an error.
pub fn read(root: &View) -> Result<(DeviceConfig, Foreign), BadPayload> {
    let mut owned = DeviceConfig::default();
    let mut foreign = Foreign::default();
    for policy in root.all(&["network-instances", "network-instance", "sr-policies", "sr-policy"]) {
        read_policy(policy, &mut owned, &mut foreign)?;
    }
    for instance in root.all(&["network-instances", "network-instance"]) {
        read_steering(instance, &mut owned, &mut foreign)?;
    }
    if let Some(qos) = root.child("qos") {
        for interface in qos.all(&["interfaces", "interface"]) {
            read_interface(qos, interface, &mut owned, &mut foreign)?;
            read_bindings(interface, &mut owned, &mut foreign);
        }
        read_classifier(qos, &mut owned)?;
    }
    Ok((owned, foreign))
}

fn read_policy(node: &View, owned: &mut DeviceConfig, foreign: &mut Foreign) -> Result<(), BadPayload> {
    let name = node.text_at(&["name"]).unwrap_or_default().to_owned();
    let place = format!("sr-policy {name}");
    let key = PolicyKey {
        color: parse_color(need(node, &["color"], &place, "color")?, &place)?,
        endpoint: parse(need(node, &["endpoint"], &place, "endpoint")?, &place, "an address")?,
    };
    if !name.starts_with(OWN_PREFIX) {
        foreign.policies.insert(key, name);
        return Ok(());
    }
    let binding_sid = node.text_at(&["binding-sid"]).map(|sid| parse(sid, &place, "a SID")).transpose()?;
    let last_resort = match node.text_at(&["last-resort"]) {
        Some("drop") => LastResort::Drop,
        Some("igp") | None => LastResort::Igp,
        Some(other) => return Err(bad(other, &place, "a last resort")),
    };
    let mut candidates = node
        .all(&["candidate-paths", "candidate-path"])
        .map(|path| read_candidate(path, &place))
        .collect::<Result<Vec<_>, _>>()?;
    candidates.sort_by_key(|path| (std::cmp::Reverse(path.preference), path.discriminator));
    owned.policies.insert(key, SrPolicy { key, name, binding_sid, candidates, last_resort });
    Ok(())
}

fn read_candidate(node: &View, place: &str) -> Result<CandidatePath, BadPayload> {
    let mut lists = node
        .all(&["segment-lists", "segment-list"])
        .map(|list| {
            let name = need(list, &["name"], place, "name of a segment list")?;
            let order: u32 = name.parse().unwrap_or(u32::MAX);
            let weight = parse(list.text_at(&["weight"]).unwrap_or("1"), place, "a weight")?;
            let mut sids = list
                .all(&["segments", "segment"])
                .map(|segment| {
                    let index: u32 = parse(need(segment, &["index"], place, "index")?, place, "an index")?;
                    Ok((index, read_sid(segment, place)?))
                })
                .collect::<Result<Vec<_>, BadPayload>>()?;
            sids.sort_by_key(|(index, _)| *index);
            Ok((order, SegmentList { weight, sids: sids.into_iter().map(|(_, sid)| sid).collect() }))
        })
        .collect::<Result<Vec<_>, BadPayload>>()?;
    lists.sort_by_key(|(order, _)| *order);
    Ok(CandidatePath {
        discriminator: parse(
            need(node, &["discriminator"], place, "discriminator")?,
            place,
            "a discriminator",
        )?,
        preference: parse(node.text_at(&["preference"]).unwrap_or("100"), place, "a preference")?,
        name: node.text_at(&["name"]).unwrap_or_default().to_owned(),
        lists: lists.into_iter().map(|(_, list)| list).collect(),
    })
}

fn read_sid(segment: &View, place: &str) -> Result<Sid, BadPayload> {
    match segment.text_at(&["label"]) {
        Some(label) => parse_label(label, place),
        None => parse_srv6(need(segment, &["srv6-sid"], place, "label or srv6-sid")?, place),
    }
}

fn read_steering(instance: &View, owned: &mut DeviceConfig, foreign: &mut Foreign) -> Result<(), BadPayload> {
    let vrf = instance.text_at(&["name"]).unwrap_or_default();
    for policy in instance.all(&["policy-forwarding", "policies", "policy"]) {
        let ours = policy.text_at(&["policy-id"]) == Some(STEERING_POLICY);
        for rule in policy.all(&["rules", "rule"]) {
            let place = format!("steering in {vrf}");
            let sequence = need(rule, &["sequence-id"], &place, "sequence-id")?;
            let key = SteeringKey {
                vrf: parse(vrf, &place, "the name of a VRF")?,
                sequence: parse(sequence, &place, "a sequence")?,
            };
            if !ours {
                foreign.steering.insert(key);
                continue;
            }
            let families = || ["ipv4", "ipv6"].into_iter().filter_map(|family| rule.at(&[family, "config"]));
            let prefix = families()
                .find_map(|matches| matches.text_at(&["destination-address"]))
                .map(|text| parse(text, &place, "a prefix"))
                .transpose()?;
            let dscp = families()
                .flat_map(|matches| matches.children.iter().filter(|child| child.name == "dscp-set"))
                .map(|child| parse(&child.text, &place, "a code point"))
                .collect::<Result<BTreeSet<Dscp>, _>>()?;
            let color = parse_color(need(rule, &["action", "config", "color"], &place, "color")?, &place)?;
            owned.steering.insert(key.clone(), SteeringRule { key, prefix, dscp, color });
        }
    }
    Ok(())
}

fn read_interface(
    qos: &View,
    interface: &View,
    owned: &mut DeviceConfig,
    foreign: &mut Foreign,
) -> Result<(), BadPayload> {
    let id = interface.text_at(&["interface-id"]).unwrap_or_default();
    let Some(policy) = interface.text_at(&["output", "scheduler-policy", "config", "name"]) else {
        return Ok(());
    };
    let Ok(id) = id.parse() else { return Ok(()) };
    if policy != scheduler_policy(&id) {
        foreign.qos.insert(id);
        return Ok(());
    }
    let place = format!("queues of {id}");
    let mut shares = InterfaceQos::default();
    let schedulers = qos
        .all(&["scheduler-policies", "scheduler-policy"])
        .filter(|candidate| candidate.text_at(&["name"]) == Some(policy))
        .flat_map(|found| found.all(&["schedulers", "scheduler"]));
    for scheduler in schedulers {
        let rate = need(scheduler, &["one-rate-two-color", "config", "cir"], &place, "cir")?;
        let guarantee = Bandwidth::from_bps(parse(rate, &place, "a rate")?);
        let strict = scheduler.text_at(&["config", "priority"]) == Some("STRICT");
        for input in scheduler.all(&["inputs", "input", "config"]) {
            let text = need(input, &["queue"], &place, "queue")?;
            let queue = own_queue(text).ok_or_else(|| bad(text, &place, "a queue of ours"))?;
            let discipline = match (strict, input.text_at(&["weight"])) {
                (true, _) => Discipline::Strict,
                (false, Some(weight)) => Discipline::Weighted(parse(weight, &place, "a weight")?),
                (false, None) => return Err(BadPayload::Missing { place, missing: "weight" }),
            };
            shares.queues.insert(queue, QueueShare { discipline, guarantee });
        }
    }
    owned.qos.insert(id, shares);
    Ok(())
}

/// A classifier of ours looks at an interface where it does so for both address families. Where one of them is missing it is half bound:
/// it is bound again for both, or taken off. Where somebody else has the other one it is his, for both would be taken off together.
fn read_bindings(interface: &View, owned: &mut DeviceConfig, foreign: &mut Foreign) {
    let id = interface.text_at(&["interface-id"]).map(str::parse::<InterfaceName>);
    let Some(Ok(id)) = id else { return };
    let bound = |family: &str| {
        let mut all = interface.all(&["input", "classifiers", "classifier"]);
        all.find(|entry| entry.text_at(&["type"]) == Some(family))?.text_at(&["config", "name"])
    };
    let names = FAMILIES.map(|(family, _)| (bound(family), classifier(family)));
    if names.iter().all(|(name, ours)| *name == Some(ours.as_str())) {
        owned.classified.insert(id);
    } else if names.iter().any(|(name, ours)| name.is_some_and(|name| name != ours)) {
        foreign.classified.insert(id);
    } else if names.iter().any(|(name, _)| name.is_some()) {
        foreign.half.insert(id);
    }
}

/// Both address families are written alike; what either holds counts, so that a difference shows as drift. Classifiers of others are
/// in nobody's way until they are bound.
fn read_classifier(qos: &View, owned: &mut DeviceConfig) -> Result<(), BadPayload> {
    let place = "classifier";
    for node in qos.all(&["classifiers", "classifier"]) {
        let name = node.text_at(&["name"]).unwrap_or_default();
        let Some((_, family)) = FAMILIES.iter().find(|(family, _)| name == classifier(family)) else {
            continue;
        };
        let mut found = Classifier::default();
        for term in node.all(&["terms", "term"]) {
            let target = need(term, &["actions", "config", "target-group"], place, "target-group")?;
            let queue = own_queue(target).ok_or_else(|| bad(target, place, "a queue of ours"))?;
            for dscp in term.all(&["conditions", family, "config", "dscp-set"]) {
                found.queues.insert(parse(&dscp.text, place, "a code point")?, queue.clone());
            }
        }
        match &mut owned.classifier {
            Some(both) => both.queues.retain(|dscp, queue| found.queues.get(dscp) == Some(queue)),
            none => *none = Some(found),
        }
    }
    if owned.classifier.is_some() && FAMILIES.len() != own_classifiers(qos) {
        owned.classifier = Some(Classifier::default());
    }
    Ok(())
}

fn own_classifiers(qos: &View) -> usize {
    qos.all(&["classifiers", "classifier", "name"])
        .filter(|name| FAMILIES.iter().any(|(family, _)| name.text == classifier(family)))
        .count()
}
