//! Queues and classifiers: a class map for each queue, a policy map for each interface, and its place on the interface.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Bandwidth, Classifier, DeviceConfig, Discipline, InterfaceName, InterfaceQos, QueueName, QueueShare,
    state::{Foreign, OWN_PREFIX},
    steering::Dscp,
};

use super::{ALPHABET, INTERFACES, MAPS, NAME, SERVICE, support};
use crate::{
    capability::{Refusal, Unsupported},
    objects::{Object, Objects},
    operation::{Data, Scalar, Step},
    rate::Scaled,
    reading::{bad, need, parse},
    tree::{container, entry, leaf},
    view::{BadPayload, View},
};

const LONGEST_NAME: usize = 63;
/// Of the seven levels of strict queues; the model has one.
const LEVEL: u32 = 1;

pub(super) fn objects(config: &DeviceConfig, objects: &mut Objects) {
    let classifier = config.classifier.as_ref();
    let refusal = Refusal { dialect: NAME, support, what: &"the classifier" };
    if classifier.is_some_and(|classifier| classifier.queues.is_empty()) {
        objects.refuse(
            refusal.because("it has no code points, so there is nothing to write: remove it instead"),
        );
    }
    // A queue's class map is there for whoever speaks of the queue.
    let mut queues: BTreeMap<&QueueName, BTreeSet<Dscp>> = BTreeMap::new();
    for (dscp, queue) in classifier.into_iter().flat_map(|classifier| &classifier.queues) {
        queues.entry(queue).or_default().insert(*dscp);
    }
    for queue in config.qos.values().flat_map(|qos| qos.queues.keys()) {
        queues.entry(queue).or_default();
    }
    for (queue, dscp) in queues {
        let what = format!("queue {queue}");
        add(objects, &Refusal { dialect: NAME, support, what: &what }, |refusal| {
            class_map(queue, &dscp, refusal).map(|map| vec![map])
        });
    }
    for (interface, qos) in &config.qos {
        let what = format!("the queues of {interface}");
        add(objects, &Refusal { dialect: NAME, support, what: &what }, |refusal| {
            put_qos(interface, qos, refusal)
        });
    }
}

fn add(
    objects: &mut Objects,
    refusal: &Refusal<'_>,
    parts: impl FnOnce(&Refusal<'_>) -> Result<Vec<Object>, Unsupported>,
) {
    match parts(refusal) {
        Ok(parts) => parts.into_iter().for_each(|Object { path, content }| {
            objects.put(path, content, || refusal.because("something else has its name"));
        }),
        Err(unsupported) => objects.refuse(unsupported),
    }
}

fn own(name: &str, refusal: &Refusal<'_>) -> Result<String, Unsupported> {
    refusal.unless_short("the name of its map", format!("{OWN_PREFIX}{}", ALPHABET.write(name)), LONGEST_NAME)
}

/// Our name for what a device calls so; none where it is not ours.
fn own_name<T: std::str::FromStr>(text: &str) -> Option<T> {
    ALPHABET.read(text.strip_prefix(OWN_PREFIX)?)?.parse().ok()
}

fn map(kind: &'static str, key: &'static str, name: String) -> Vec<Step> {
    vec![container(MAPS, kind), container(MAPS, "type"), entry(MAPS, "qos", key, name)]
}

fn class_map(queue: &QueueName, dscp: &BTreeSet<Dscp>, refusal: &Refusal<'_>) -> Result<Object, Unsupported> {
    let mut content = vec![Data::Container(MAPS, "match-any", Vec::new())];
    if !dscp.is_empty() {
        let values = dscp.iter().map(|dscp| Scalar::Number(dscp.number().into())).collect();
        let dscp = Data::Container(MAPS, "dscp", vec![Data::Leaves(MAPS, "value", values)]);
        content.push(Data::Container(MAPS, "match", vec![dscp]));
    }
    Ok(Object { path: map("class-map", "class-map-name", own(queue.as_str(), refusal)?), content })
}

fn put_qos(
    interface: &InterfaceName,
    qos: &InterfaceQos,
    refusal: &Refusal<'_>,
) -> Result<Vec<Object>, Unsupported> {
    if !interface.as_str().chars().all(|c| c.is_ascii_alphanumeric() || ".:_/-".contains(c)) {
        return Err(refusal.because("no interface can have that name"));
    }
    let name = own(interface.as_str(), refusal)?;
    // Strict queues first, as an operator lists them.
    let mut queues: Vec<_> = qos.queues.iter().collect();
    queues.sort_by_key(|(_, share)| share.discipline != Discipline::Strict);
    let classes =
        queues.into_iter().map(|(queue, share)| class(queue, share, refusal)).collect::<Result<_, _>>()?;
    let policy = Object { path: map("policy-map", "policy-map-name", name.clone()), content: classes };
    let place = vec![
        container(INTERFACES, "interfaces"),
        entry(INTERFACES, "interface", "interface-name", interface.as_str()),
        container(SERVICE, "service-policy"),
        entry(SERVICE, "output", "service-policy-name", name),
    ];
    Ok(vec![policy, Object { path: place, content: Vec::new() }])
}

fn class(queue: &QueueName, share: &QueueShare, refusal: &Refusal<'_>) -> Result<Data, Unsupported> {
    let mut content = vec![leaf(MAPS, "name", own(queue.as_str(), refusal)?), leaf(MAPS, "type", "qos")];
    let rate = match share.guarantee.as_bps() {
        0 => None,
        _ => Some(Scaled::exactly(share.guarantee).ok_or_else(|| {
            let rate = share.guarantee;
            refusal.because(format!(
                "{rate} of queue {queue} does not fit in 32 bits in any unit: round the share"
            ))
        })?),
    };
    let rate = rate.map(|rate| vec![leaf(MAPS, "value", rate.number), leaf(MAPS, "unit", rate.unit)]);
    match share.discipline {
        Discipline::Strict => {
            let police = rate.map(|rate| Data::Container(MAPS, "rate", rate));
            content.extend(police.map(|rate| Data::Container(MAPS, "police", vec![rate])));
            content.push(Data::Container(MAPS, "priority", vec![leaf(MAPS, "level", LEVEL)]));
        }
        Discipline::Weighted(weight) => {
            content.extend(rate.map(|rate| Data::Container(MAPS, "bandwidth", rate)));
            let weight = refusal.unless_in("weight", weight.into(), 1..=255)?;
            let ratio = vec![leaf(MAPS, "unit", "ratio"), leaf(MAPS, "value", weight)];
            content.push(Data::Container(MAPS, "bandwidth-remaining", ratio));
        }
    }
    Ok(Data::Entry(MAPS, "class", content))
}

pub(super) fn read(root: &View, owned: &mut DeviceConfig, foreign: &mut Foreign) -> Result<(), BadPayload> {
    for interface in root.all(&["interfaces", "interface"]) {
        let Some(Ok(id)) = interface.text_at(&["interface-name"]).map(str::parse::<InterfaceName>) else {
            continue;
        };
        for name in interface.all(&["service-policy", "output", "service-policy-name"]) {
            let policies = root.all(&["policy-map", "type", "qos"]);
            let found =
                policies.into_iter().find(|map| map.text_at(&["policy-map-name"]) == Some(&name.text));
            match found.filter(|_| own_name::<InterfaceName>(&name.text).as_ref() == Some(&id)) {
                Some(map) => {
                    owned.qos.insert(id.clone(), read_queues(map, &id)?);
                }
                None => {
                    foreign.qos.insert(id.clone());
                }
            }
        }
    }
    let mut classifier = Classifier::default();
    for map in root.all(&["class-map", "type", "qos"]) {
        let name = map.text_at(&["class-map-name"]).unwrap_or_default();
        if !name.starts_with(OWN_PREFIX) {
            continue;
        }
        let place = format!("class map {name}");
        let queue: QueueName = own_name(name).ok_or_else(|| bad(name, &place, "a queue of ours"))?;
        for dscp in map.all(&["match", "dscp", "value"]) {
            classifier.queues.insert(parse(&dscp.text, &place, "a code point")?, queue.clone());
        }
    }
    owned.classifier = Some(classifier).filter(|classifier| !classifier.queues.is_empty());
    Ok(())
}

fn read_queues(map: &View, interface: &InterfaceName) -> Result<InterfaceQos, BadPayload> {
    let place = format!("queues of {interface}");
    let mut shares = InterfaceQos::default();
    for class in map.all(&["class"]) {
        let name = need(class, &["name"], &place, "name of a class")?;
        let queue: QueueName = own_name(name).ok_or_else(|| bad(name, &place, "a queue of ours"))?;
        let share = if class.child("priority").is_some() {
            QueueShare {
                discipline: Discipline::Strict,
                guarantee: rate(class.at(&["police", "rate"]), &place)?,
            }
        } else {
            let weight = need(class, &["bandwidth-remaining", "value"], &place, "bandwidth-remaining")?;
            let discipline = Discipline::Weighted(parse(weight, &place, "a weight")?);
            QueueShare { discipline, guarantee: rate(class.child("bandwidth"), &place)? }
        };
        shares.queues.insert(queue, share);
    }
    Ok(shares)
}

fn rate(node: Option<&View>, place: &str) -> Result<Bandwidth, BadPayload> {
    let Some(node) = node else { return Ok(Bandwidth::default()) };
    let number = parse(need(node, &["value"], place, "value")?, place, "a rate")?;
    let unit = need(node, &["unit"], place, "unit")?;
    Scaled::bandwidth(number, unit).ok_or_else(|| bad(unit, place, "a unit in which we write rates"))
}
