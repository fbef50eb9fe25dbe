//! Queues and classifiers: a port queue template for each interface and its application there, and one differentiated-services
//! domain for the code points, which interfaces trust.

use model::{
    Bandwidth, Classifier, DeviceConfig, Discipline, InterfaceName, InterfaceQos, QueueName, QueueShare,
    state::{Foreign, OWN_PREFIX},
};

use super::{IFM, NAME, QOS, policy::ALPHABET, support};
use crate::{
    capability::{Refusal, Unsupported},
    objects::{Object, Objects},
    operation::{Data, Step},
    rate::Mbps,
    reading::{bad, need, parse},
    tree::{container, entry, leaf},
    view::{BadPayload, View},
};

/// The service classes, which are the queues of a port.
const CLASSES: [&str; 8] = ["be", "af1", "af2", "af3", "af4", "ef", "cs6", "cs7"];
const LONGEST_TEMPLATE: usize = 31;
const WEIGHTS: std::ops::RangeInclusive<u32> = 1..=100;
/// Queues with a committed rate in one template; a deviation of this router says so.
const MOST_GUARANTEES: usize = 2;
/// A peak rate that no port reaches: a guarantee asks for one, and the model has none.
const NO_PEAK: u32 = 4_294_967_294;
/// The domain that holds our classifier.
const DOMAIN: &str = "tl-classifier";
/// The keys of the trust that binds it. What is trusted without a direction stands in its way too.
const TRUST: [(&str, &str); 5] = [
    ("type", "ip-dscp"),
    ("direction", "inbound"),
    ("vlan-mode", "false"),
    ("begin-vlan", "0"),
    ("end-vlan", "0"),
];

pub(super) fn objects(config: &DeviceConfig, objects: &mut Objects) {
    for (interface, qos) in &config.qos {
        let what = format!("the queues of {interface}");
        let refusal = Refusal { dialect: NAME, support, what: &what };
        match put_qos(interface, qos, &refusal) {
            Ok(parts) => parts.into_iter().for_each(|Object { path, content }| {
                objects
                    .put(path, content, || refusal.because("another interface has a template of that name"));
            }),
            Err(unsupported) => objects.refuse(unsupported),
        }
    }
    if let Some(classifier) = &config.classifier {
        let refusal = Refusal { dialect: NAME, support, what: &"the classifier" };
        match put_classifier(classifier, &refusal) {
            Ok(Object { path, content }) => {
                objects.put(path, content, || refusal.because("there are two"));
            }
            Err(unsupported) => objects.refuse(unsupported),
        }
    }
    for interface in &config.classified {
        let what = format!("the classifier at {interface}");
        let refusal = Refusal { dialect: NAME, support, what: &what };
        let content = vec![leaf(QOS, "diffserv-domain-name", DOMAIN)];
        objects.put(trust(interface), content, || refusal.because("there are two"));
    }
}

/// Trust in the code points of all that comes in by an interface, whatever its VLAN.
fn trust(interface: &InterfaceName) -> Vec<Step> {
    let keys = TRUST.map(|(key, value)| (key, value.to_owned())).into();
    vec![
        container(IFM, "ifm"),
        container(IFM, "interfaces"),
        entry(IFM, "interface", "name", interface.as_str()),
        container(QOS, "qos"),
        container(QOS, "trusts"),
        Step { module: QOS, name: "trust", keys },
    ]
}

fn class(queue: &QueueName, refusal: &Refusal<'_>) -> Result<&'static str, Unsupported> {
    CLASSES.into_iter().find(|class| *class == queue.as_str()).ok_or_else(|| {
        refusal.because(format!(
            "queue `{queue}` is none of its service classes: name it {}",
            CLASSES.join(", ")
        ))
    })
}

fn template(interface: &InterfaceName) -> String {
    format!("{OWN_PREFIX}{}", ALPHABET.write(interface.as_str()))
}

fn put_qos(
    interface: &InterfaceName,
    qos: &InterfaceQos,
    refusal: &Refusal<'_>,
) -> Result<Vec<Object>, Unsupported> {
    let name = refusal.unless_short("the name of its template", template(interface), LONGEST_TEMPLATE)?;
    let guaranteed =
        |share: &&QueueShare| share.discipline != Discipline::Strict && share.guarantee.as_bps() > 0;
    if qos.queues.values().filter(guaranteed).count() > MOST_GUARANTEES {
        return Err(refusal.because(format!(
            "more than {MOST_GUARANTEES} weighted queues have a guarantee: give the others none"
        )));
    }
    // In the order of service classes, which is that of the module.
    let mut queues = Vec::new();
    for (queue, share) in &qos.queues {
        queues.push((class(queue, refusal)?, share));
    }
    queues.sort_by_key(|(class, _)| CLASSES.iter().position(|known| known == class));
    let queues = queues
        .into_iter()
        .map(|(class, share)| put_queue(class, share, refusal))
        .collect::<Result<_, _>>()?;
    let template = Object {
        path: vec![
            container(QOS, "qos"),
            container(QOS, "queue-scheduler-template"),
            container(QOS, "port-queue-templates"),
            entry(QOS, "port-queue-template", "name", name.as_str()),
        ],
        content: vec![Data::Container(QOS, "queues", queues)],
    };
    let application = Object { path: application(interface, name), content: Vec::new() };
    Ok(vec![template, application])
}

fn application(interface: &InterfaceName, template: String) -> Vec<Step> {
    vec![
        container(IFM, "ifm"),
        container(IFM, "interfaces"),
        entry(IFM, "interface", "name", interface.as_str()),
        container(QOS, "qos"),
        container(QOS, "port-queue-template-applys"),
        entry(QOS, "port-queue-template-apply", "port-queue-template-name", template),
    ]
}

fn put_queue(class: &'static str, share: &QueueShare, refusal: &Refusal<'_>) -> Result<Data, Unsupported> {
    let rate = Mbps::exactly(share.guarantee).filter(|rate| rate.number() <= NO_PEAK).ok_or_else(|| {
        refusal.because(format!(
            "{} of queue {class} is no whole number of Mbit/s: round the share",
            share.guarantee
        ))
    })?;
    let mut content = vec![leaf(QOS, "service-class", class)];
    match share.discipline {
        Discipline::Strict => {
            content.push(leaf(QOS, "queue-schedule-mode", "pq"));
            if rate.number() > 0 {
                content.push(leaf(QOS, "shaping-value", rate.number()));
            }
        }
        Discipline::Weighted(weight) => {
            let weight = refusal.unless_in("weight", weight.into(), WEIGHTS)?;
            if rate.number() > 0 {
                content.extend([
                    leaf(QOS, "cir-schedule-mode", "pq"),
                    leaf(QOS, "pir-schedule-mode", "wfq"),
                    leaf(QOS, "pir-weight", weight),
                    leaf(QOS, "cir-value", rate.number()),
                    leaf(QOS, "pir-value", NO_PEAK),
                ]);
            } else {
                content.extend([leaf(QOS, "queue-schedule-mode", "wfq"), leaf(QOS, "weight", weight)]);
            }
        }
    }
    Ok(Data::Entry(QOS, "queue", content))
}

fn put_classifier(classifier: &Classifier, refusal: &Refusal<'_>) -> Result<Object, Unsupported> {
    let mut rows = Vec::new();
    for (dscp, queue) in &classifier.queues {
        rows.push(Data::Entry(
            QOS,
            "behavior-aggregation",
            vec![
                leaf(QOS, "type", "ip-dscp"),
                leaf(QOS, "value", u32::from(dscp.number())),
                leaf(QOS, "service-class", class(queue, refusal)?),
                leaf(QOS, "color", "green"),
            ],
        ));
    }
    Ok(Object {
        path: vec![
            container(QOS, "qos"),
            container(QOS, "classifier-template"),
            container(QOS, "diffserv-domains"),
            entry(QOS, "diffserv-domain", "name", DOMAIN),
        ],
        content: vec![Data::Container(QOS, "behavior-aggregations", rows)],
    })
}

pub(super) fn read(root: &View, owned: &mut DeviceConfig, foreign: &mut Foreign) -> Result<(), BadPayload> {
    let templates = ["qos", "queue-scheduler-template", "port-queue-templates", "port-queue-template"];
    for interface in root.all(&["ifm", "interfaces", "interface"]) {
        let Some(Ok(id)) = interface.text_at(&["name"]).map(str::parse::<InterfaceName>) else { continue };
        let applied =
            ["qos", "port-queue-template-applys", "port-queue-template-apply", "port-queue-template-name"];
        for name in interface.all(&applied) {
            let found = root.all(&templates).find(|template| template.text_at(&["name"]) == Some(&name.text));
            match found.filter(|_| name.text == template(&id)) {
                Some(template) => {
                    owned.qos.insert(id.clone(), read_queues(template, &id)?);
                }
                None => {
                    foreign.qos.insert(id.clone());
                }
            }
        }
        if interface.all(&["qos", "port-queues", "port-queue"]).next().is_some() {
            foreign.qos.insert(id.clone());
        }
        read_trusts(interface, id, owned, foreign);
    }
    for domain in root.all(&["qos", "classifier-template", "diffserv-domains", "diffserv-domain"]) {
        if domain.text_at(&["name"]) == Some(DOMAIN) {
            owned.classifier = Some(read_classifier(domain)?);
        }
    }
    Ok(())
}

/// Trust in other marks than code points, and in what goes out, is in nobody's way. Ours beside somebody else's is half a binding.
fn read_trusts(interface: &View, id: InterfaceName, owned: &mut DeviceConfig, foreign: &mut Foreign) {
    let trusts = interface.all(&["qos", "trusts", "trust"]);
    let ways = ["inbound", "in-outbound"].map(Some);
    let mut found = trusts
        .filter(|trust| trust.text_at(&["type"]) == Some("ip-dscp"))
        .filter(|trust| ways.contains(&trust.text_at(&["direction"])));
    let is_ours = |trust: &View| {
        let keys = TRUST.iter().all(|(key, value)| trust.text_at(&[*key]) == Some(*value));
        keys && trust.text_at(&["diffserv-domain-name"]) == Some(DOMAIN)
    };
    let has_ours = interface.all(&["qos", "trusts", "trust"]).any(is_ours);
    match (found.any(|trust| !is_ours(trust)), has_ours) {
        (true, true) => {
            foreign.half.insert(id.clone());
            foreign.classified.insert(id);
        }
        (true, false) => {
            foreign.classified.insert(id);
        }
        (false, true) => {
            owned.classified.insert(id);
        }
        (false, false) => {}
    }
}

fn read_queues(template: &View, interface: &InterfaceName) -> Result<InterfaceQos, BadPayload> {
    let place = format!("queues of {interface}");
    let mut shares = InterfaceQos::default();
    for queue in template.all(&["queues", "queue"]) {
        let name = need(queue, &["service-class"], &place, "service-class")?;
        let rate = |leaf: &str| queue.text_at(&[leaf]).map(|text| parse(text, &place, "a rate")).transpose();
        let weight = |leaf: &'static str| parse(need(queue, &[leaf], &place, leaf)?, &place, "a weight");
        let (discipline, rate) =
            match (queue.text_at(&["queue-schedule-mode"]), queue.text_at(&["pir-schedule-mode"])) {
                (Some("pq"), _) => (Discipline::Strict, rate("shaping-value")?),
                (Some("wfq"), _) if queue.child("shaping-value").is_none() => {
                    (Discipline::Weighted(weight("weight")?), None)
                }
                (None, Some("wfq")) => (Discipline::Weighted(weight("pir-weight")?), rate("cir-value")?),
                (mode, other) => {
                    return Err(bad(
                        mode.or(other).unwrap_or_default(),
                        &place,
                        "a way in which we schedule",
                    ));
                }
            };
        let guarantee = rate.map_or(Bandwidth::default(), |rate| Mbps::written(rate).bandwidth());
        shares
            .queues
            .insert(parse(name, &place, "the name of a queue")?, QueueShare { discipline, guarantee });
    }
    Ok(shares)
}

fn read_classifier(domain: &View) -> Result<Classifier, BadPayload> {
    let place = "classifier";
    let mut classifier = Classifier::default();
    for row in domain.all(&["behavior-aggregations", "behavior-aggregation"]) {
        if row.text_at(&["type"]) != Some("ip-dscp") {
            continue;
        }
        let dscp = parse(need(row, &["value"], place, "value")?, place, "a code point")?;
        let queue =
            parse(need(row, &["service-class"], place, "service-class")?, place, "the name of a queue")?;
        classifier.queues.insert(dscp, queue);
    }
    Ok(classifier)
}
