//! TED to RFC 8345 JSON. What stands in it validates against the published modules and our own (`docs/trunkline.yang`).

use std::collections::{BTreeMap, BTreeSet};

use model::{Link, Node, Side, Ted};
use serde_json::{Map, Value, json};

use super::{
    DIRECTIONS, INTERFACE, LINK, NETWORK, NODE, ROOT,
    names::{self, GROUPS, RISKS},
    number, ours,
};
use crate::native::{self, Usual};

/// A TED as RFC 8345 JSON. Links get one entry for each direction, groups and risks their numbers; what the published models
/// cannot say stands in members of our own (`docs/trunkline.yang`). What nobody said is not written.
pub fn to_rfc8345(ted: &Ted) -> String {
    let (groups, risks) = (names::groups(ted), names::risks(ted));
    let numbers = Numbers { groups: GROUPS.numbers(&groups), risks: RISKS.numbers(&risks) };
    let usual = Usual::of(ted);
    let mut interfaces = crate::interface_order(ted);
    let nodes: Vec<Value> =
        ted.nodes.values().map(|each| node(each, interfaces.remove(&each.id).unwrap_or_default())).collect();
    let links: Vec<Value> = ted
        .links
        .values()
        .flat_map(|each| [Side::A, Side::Z].map(|from| link(each, from, &numbers, &usual)))
        .collect();
    let mut network = json!({
        "network-id": NETWORK,
        "network-types": { "ietf-te-topology:te-topology": {} },
        "ietf-te-topology:te-topology-identifier": { "provider-id": 0, "client-id": 0, "topology-id": "trunkline" },
        "ietf-te-topology:te": { "name": "trunkline" },
        "node": nodes,
        "ietf-network-topology:link": links,
    });
    ours::add_names(&mut network, ted);
    let document = json!({ ROOT: { "network": [network] }});
    let mut text = serde_json::to_string_pretty(&document).expect("a JSON value always has a text");
    text.push('\n');
    text
}

/// Numbers by name.
struct Numbers<'t> {
    groups: BTreeMap<&'t str, u32>,
    risks: BTreeMap<&'t str, u32>,
}

fn node(node: &Node, interfaces: Vec<model::InterfaceName>) -> Value {
    let mut te = json!({ "te-node-attributes": { "admin-status": "up", "name": node.id } });
    if let Some(place) = node.location {
        // decimal64 travels as text (RFC 7951 section 6.1).
        te["geolocation"] = json!({ "latitude": degrees(place.lat), "longitude": degrees(place.lon) });
    }
    let points: Vec<Value> =
        interfaces.iter().map(|interface| json!({ "tp-id": format!("{INTERFACE}{interface}") })).collect();
    let mut entry = json!({
        "node-id": format!("{NODE}{}", node.id),
        "ietf-te-topology:te-node-id": node.router_id,
        "ietf-te-topology:te": te,
        "ietf-network-topology:termination-point": points,
    });
    ours::add_node(&mut entry, node);
    entry
}

/// Nine fraction digits at most, at least one (`geographic-coordinate-degree`).
fn degrees(value: f64) -> String {
    let text = format!("{value:.9}");
    let text = text.trim_end_matches('0');
    if text.ends_with('.') { format!("{text}0") } else { text.to_owned() }
}

fn link(link: &Link, from: Side, numbers: &Numbers<'_>, usual: &Usual) -> Value {
    let end = |side: Side| {
        let end = link.end(side);
        (format!("{NODE}{}", end.node), format!("{INTERFACE}{}", end.interface))
    };
    let (source, destination) = (end(from), end(from.other()));
    let way = DIRECTIONS[usize::from(from == Side::Z)];
    let mut entry = json!({
        "link-id": format!("{LINK}{}{way}", link.id),
        "source": { "source-node": source.0, "source-tp": source.1 },
        "destination": { "dest-node": destination.0, "dest-tp": destination.1 },
        "ietf-te-topology:te": { "te-link-attributes": attributes(link, from, numbers, usual) },
    });
    ours::add_direction(&mut entry, link, from, usual);
    entry
}

fn attributes(link: &Link, from: Side, numbers: &Numbers<'_>, usual: &Usual) -> Value {
    let said = native::direction_file(link, from, usual);
    let mut attributes = Map::new();
    let mut add = |word: &str, value: Option<Value>| {
        attributes.extend(value.map(|value| (word.to_owned(), value)));
    };
    add("admin-status", Some(json!("up")));
    let bandwidth = said.bandwidth.map(number::write_bandwidth);
    add("max-link-bandwidth", bandwidth.map(|most| json!({ "te-bandwidth": { "generic": most } })));
    add("te-default-metric", said.te.map(|metric| json!(metric)));
    add("te-igp-metric", said.igp.map(|metric| json!(metric)));
    let micros = said.delay.map(|delay| u32::try_from(delay.as_micros()).unwrap_or(u32::MAX));
    add("te-delay-metric", micros.map(|micros| json!(micros)));
    let groups: BTreeSet<u32> =
        link.affinity.iter().filter_map(|name| numbers.groups.get(name.as_str()).copied()).collect();
    add("administrative-group", (!groups.is_empty()).then(|| json!(number::write_groups(&groups))));
    let risks: BTreeSet<u32> =
        link.srlg.iter().filter_map(|name| numbers.risks.get(name.as_str()).copied()).collect();
    add("te-srlgs", (!risks.is_empty()).then(|| json!({ "value": risks })));
    attributes.into()
}
