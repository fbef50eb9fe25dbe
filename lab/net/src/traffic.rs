//! Traffic that the lab offers. The controller never sees this file: what is promised stands in intents, what comes is here.

use formats::{
    code,
    text::{Fields, Report, Tree, Word, nearest, one_of},
};
use model::{
    Bandwidth, Demand, DemandId, Demands, Finding, NodeId, Severity, Ted, VrfName, node::Location,
    steering::Dscp,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::selector::Selector;

/// A traffic file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Traffic {
    /// Its flows.
    pub flows: Vec<Flow>,
}

/// Which hub serves a spoke.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Pairing {
    /// Hubs take turns over the spokes, both in the order of their names: the first spoke goes to the first hub.
    #[default]
    Alternate,
    /// The hub at the shortest great-circle distance; equal ones and nodes without a place by name.
    Nearest,
    /// Each of them.
    Every,
}

/// In which directions traffic flows.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Directions {
    /// Both, at the full rate each.
    #[default]
    Both,
    /// From hubs to spokes.
    ToSpokes,
    /// From spokes to hubs.
    ToHubs,
}

/// Demands of one kind between hubs and spokes.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Flow {
    /// Its name; its demands are called `name/from~to`.
    pub name: String,
    /// The nodes of one side.
    pub hubs: Selector,
    /// The nodes of the other.
    pub spokes: Selector,
    /// Which hub serves a spoke.
    #[serde(default)]
    pub pair: Pairing,
    /// In which directions traffic flows.
    #[serde(default)]
    pub directions: Directions,
    /// The VRF in which it arrives.
    pub vrf: VrfName,
    /// How it is marked.
    pub dscp: Dscp,
    /// How much of it each pair sends in each direction.
    pub rate: Bandwidth,
}

const FLOW: [&str; 8] = ["name", "hubs", "spokes", "pair", "directions", "vrf", "dscp", "rate"];

macro_rules! choices {
    ($($name:ident: $($word:literal = $value:ident),*;)*) => {$(
        impl Word for $name {
            fn read(text: &str) -> Result<Self, String> {
                const WORDS: &[&str] = &[$($word),*];
                match text {
                    $($word => Ok(Self::$value),)*
                    _ => {
                        let near = nearest(text, WORDS.iter().copied());
                        let help = near.map_or(String::new(), |word| format!(", did you mean `{word}`?"));
                        Err(format!("`{text}` is not one of {}{help}", one_of(WORDS)))
                    }
                }
            }
        }
    )*};
}

choices! {
    Pairing: "alternate" = Alternate, "nearest" = Nearest, "every" = Every;
    Directions: "both" = Both, "to-spokes" = ToSpokes, "to-hubs" = ToHubs;
}

impl Traffic {
    /// Reads a traffic file. `file` is its name for findings only.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<Finding>> {
        let body = |fields: &mut Fields<'_>, report: &mut Report| Self {
            flows: fields.trees("flows", report).iter().filter_map(|tree| flow(tree, report)).collect(),
        };
        crate::document(file, text, "Traffic", body, &["flows"])
    }
}

fn flow(tree: &Tree, report: &mut Report) -> Option<Flow> {
    let name = tree.word_at("name").unwrap_or("without name");
    let mut fields = Fields::of(tree, &format!("flow {name}"), report)?;
    let name = fields.required::<DemandId>("name", report);
    let (hubs, spokes) =
        (Selector::read(&mut fields, "hubs", report), Selector::read(&mut fields, "spokes", report));
    let pair = fields.value("pair", report).unwrap_or_default();
    let directions = fields.value("directions", report).unwrap_or_default();
    let (vrf, dscp) = (fields.required("vrf", report), fields.required("dscp", report));
    let rate = fields.required("rate", report);
    fields.finish(&FLOW, report);
    Some(Flow {
        name: name?.to_string(),
        hubs: hubs?,
        spokes: spokes?,
        pair,
        directions,
        vrf: vrf?,
        dscp: dscp?,
        rate: rate?,
    })
}

/// All demands that the traffic makes of a network, by name. O(flows x hubs x spokes).
///
/// # Errors
/// A selector that means no node; two flows of one name.
pub fn demands(traffic: &Traffic, ted: &Ted) -> Result<Demands, Vec<Finding>> {
    let mut demands = Demands::new();
    let mut findings = Vec::new();
    for flow in &traffic.flows {
        let subject = format!("flow {}", flow.name);
        let (hubs, spokes) = (flow.hubs.nodes(ted), flow.spokes.nodes(ted));
        for (word, none) in [("hubs", hubs.is_empty()), ("spokes", spokes.is_empty())] {
            if none {
                let message = format!("`{word}` means no node of the network");
                findings.push(Finding::new(code::NOTHING_MATCHES, Severity::Error, &subject, message));
            }
        }
        for (hub, spoke) in pairs(flow.pair, &hubs, &spokes, ted) {
            for (from, to) in ends(flow.directions, hub, spoke) {
                match demand(flow, from, to) {
                    Ok(demand) => {
                        if let Some(other) = demands.insert(demand.id.clone(), demand) {
                            let message = format!("demand {} is offered twice", other.id);
                            findings.push(Finding::new(
                                code::DUPLICATE_FLOW,
                                Severity::Error,
                                &subject,
                                message,
                            ));
                        }
                    }
                    Err(why) => {
                        findings.push(Finding::new(code::WRONG_VALUE, Severity::Error, &subject, why))
                    }
                }
            }
        }
    }
    if findings.is_empty() { Ok(demands) } else { Err(findings) }
}

fn demand(flow: &Flow, from: &NodeId, to: &NodeId) -> Result<Demand, String> {
    Ok(Demand {
        id: DemandId::read(&format!("{}/{from}~{to}", flow.name))?,
        service: None,
        from: from.clone(),
        to: to.clone(),
        vrf: flow.vrf.clone(),
        destination: None,
        dscp: flow.dscp,
        rate: flow.rate,
    })
}

fn ends<'n>(directions: Directions, hub: &'n NodeId, spoke: &'n NodeId) -> Vec<(&'n NodeId, &'n NodeId)> {
    match directions {
        Directions::Both => vec![(hub, spoke), (spoke, hub)],
        Directions::ToSpokes => vec![(hub, spoke)],
        Directions::ToHubs => vec![(spoke, hub)],
    }
}

fn pairs<'t>(
    pairing: Pairing,
    hubs: &[&'t NodeId],
    spokes: &[&'t NodeId],
    ted: &'t Ted,
) -> Vec<(&'t NodeId, &'t NodeId)> {
    let mut pairs = Vec::new();
    for (count, spoke) in spokes.iter().enumerate() {
        let served: Vec<&NodeId> = match pairing {
            Pairing::Alternate => hubs.get(count % hubs.len().max(1)).copied().into_iter().collect(),
            Pairing::Every => hubs.to_vec(),
            Pairing::Nearest => hubs
                .iter()
                .copied()
                .min_by(|x, y| far(ted, x, spoke).total_cmp(&far(ted, y, spoke)))
                .into_iter()
                .collect(),
        };
        pairs.extend(served.into_iter().filter(|hub| hub != spoke).map(|hub| (hub, *spoke)));
    }
    pairs
}

/// A measure that grows with the great-circle distance; infinite where a place is unknown.
fn far(ted: &Ted, x: &NodeId, y: &NodeId) -> f64 {
    let place = |id| ted.nodes.get(id).and_then(|node| node.location);
    let (Some(x), Some(y)) = (place(x), place(y)) else { return f64::INFINITY };
    let unit = |place: Location| {
        let (lat, lon) = (place.lat.to_radians(), place.lon.to_radians());
        [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
    };
    unit(x).iter().zip(unit(y)).map(|(a, b)| (a - b).powi(2)).sum()
}

/// The shape of the file, for the schema.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Trunkline lab traffic")]
#[expect(dead_code, reason = "shape of the schema only")]
struct TrafficFile {
    /// The version of the words.
    #[schemars(extend("const" = "trunkline/v1"))]
    api_version: String,
    /// What the file is.
    #[schemars(extend("const" = "Traffic"))]
    kind: String,
    /// Demands between hubs and spokes.
    flows: Vec<Flow>,
}

/// The JSON Schema of traffic files.
pub fn traffic_schema() -> serde_json::Value {
    schemars::schema_for!(TrafficFile).to_value()
}

#[cfg(test)]
mod tests;
