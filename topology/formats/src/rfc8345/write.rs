//! TED to RFC 8345 JSON. What stands in it validates against the published modules; what they have no place for is left out.

use std::collections::{BTreeMap, BTreeSet};

use model::{Affinity, Link, Node, Side, Ted};
use serde_json::{Value, json};

use super::{DIRECTIONS, INTERFACE, LINK, NETWORK, NODE, ROOT, number};

/// A TED as RFC 8345 JSON. Administrative groups and shared risks get numbers in the order of their names, from 0 and from
/// 1; links get one entry for each direction. What the models cannot say is left out (see the crate).
pub fn to_rfc8345(ted: &Ted) -> String {
    let bits: BTreeSet<&Affinity> = ted.links.values().flat_map(|link| &link.affinity).collect();
    let bits: BTreeMap<&Affinity, usize> = bits.into_iter().zip(0..).collect();
    let risks: BTreeSet<&String> = ted.links.values().flat_map(|link| &link.srlg).collect();
    let risks: BTreeMap<&String, u32> = risks.into_iter().zip(1..).collect();
    let mut interfaces = crate::interface_order(ted);
    let nodes: Vec<Value> =
        ted.nodes.values().map(|each| node(each, interfaces.remove(&each.id).unwrap_or_default())).collect();
    let links: Vec<Value> = ted
        .links
        .values()
        .flat_map(|each| [Side::A, Side::Z].map(|from| link(each, from, &bits, &risks)))
        .collect();
    let document = json!({ ROOT: { "network": [{
        "network-id": NETWORK,
        "network-types": { "ietf-te-topology:te-topology": {} },
        "ietf-te-topology:te-topology-identifier": { "provider-id": 0, "client-id": 0, "topology-id": "trunkline" },
        "ietf-te-topology:te": { "name": "trunkline" },
        "node": nodes,
        "ietf-network-topology:link": links,
    }]}});
    let mut text = serde_json::to_string_pretty(&document).expect("a JSON value always has a text");
    text.push('\n');
    text
}

fn node(node: &Node, interfaces: Vec<model::InterfaceName>) -> Value {
    let mut te = json!({ "te-node-attributes": { "admin-status": "up", "name": node.id } });
    if let Some(place) = node.location {
        // decimal64 travels as text (RFC 7951 section 6.1).
        te["geolocation"] = json!({ "latitude": degrees(place.lat), "longitude": degrees(place.lon) });
    }
    let points: Vec<Value> =
        interfaces.iter().map(|interface| json!({ "tp-id": format!("{INTERFACE}{interface}") })).collect();
    json!({
        "node-id": format!("{NODE}{}", node.id),
        "ietf-te-topology:te-node-id": node.router_id,
        "ietf-te-topology:te": te,
        "ietf-network-topology:termination-point": points,
    })
}

/// Nine fraction digits at most, at least one (`geographic-coordinate-degree`).
fn degrees(value: f64) -> String {
    let text = format!("{value:.9}");
    let text = text.trim_end_matches('0');
    if text.ends_with('.') { format!("{text}0") } else { text.to_owned() }
}

fn link(link: &Link, from: Side, bits: &BTreeMap<&Affinity, usize>, risks: &BTreeMap<&String, u32>) -> Value {
    let facts = link.direction(from);
    let end = |side: Side| {
        let end = link.end(side);
        (format!("{NODE}{}", end.node), format!("{INTERFACE}{}", end.interface))
    };
    let (source, destination) = (end(from), end(from.other()));
    let way = DIRECTIONS[usize::from(from == Side::Z)];
    let mut attributes = json!({
        "admin-status": "up",
        "max-link-bandwidth": { "te-bandwidth": { "generic": number::write_bandwidth(facts.bandwidth.value) } },
        "te-default-metric": facts.te.value,
        "te-igp-metric": facts.igp.value,
        "te-delay-metric": u32::try_from(facts.delay.value.as_micros()).unwrap_or(u32::MAX),
    });
    let groups: BTreeSet<usize> = link.affinity.iter().filter_map(|name| bits.get(name).copied()).collect();
    if !groups.is_empty() {
        attributes["administrative-group"] = json!(number::write_groups(&groups));
    }
    let shared: Vec<u32> = link.srlg.iter().filter_map(|name| risks.get(name).copied()).collect();
    if !shared.is_empty() {
        attributes["te-srlgs"] = json!({ "value": shared });
    }
    json!({
        "link-id": format!("{LINK}{}{way}", link.id),
        "source": { "source-node": source.0, "source-tp": source.1 },
        "destination": { "dest-node": destination.0, "dest-tp": destination.1 },
        "ietf-te-topology:te": { "te-link-attributes": attributes },
    })
}
