//! RFC 8345 JSON to a draft.

use std::collections::BTreeSet;

use model::{Affinity, Delay, Severity, node::Location, sr::LabelBlock};

use super::{INTERFACE, LINK, NETWORK, NODE, ROOT, number, pair};
use crate::{
    code,
    draft::{Draft, DraftDirection, DraftLine, DraftNode, Missing, Unread},
    text::{Fields, Report, Shape, Tree, Word},
};

/// Members of a link's attributes that are read or that say nothing a TED holds.
const LINK_WORDS: [&str; 9] = [
    "administrative-group",
    "max-link-bandwidth",
    "te-default-metric",
    "te-igp-metric",
    "te-delay-metric",
    "te-srlgs",
    "admin-status",
    "name",
    "link-index",
];

/// Reads the network that says most about traffic engineering, and says which.
pub(crate) fn read(tree: &Tree, report: &mut Report) -> Option<Draft> {
    let networks = tree.at(ROOT).and_then(|root| root.at("network")).map(Tree::list).unwrap_or_default();
    let te = |network: &&Tree| {
        network.at("network-types").is_some_and(|types| types.at("ietf-te-topology:te-topology").is_some())
    };
    let Some(network) = networks.iter().find(te).or(networks.first()) else {
        report.error(
            code::MISSING_WORD,
            "file",
            "`network` is missing: the file holds no network",
            tree.mark,
        );
        return None;
    };
    if networks.len() > 1 {
        let name = network.word_at("network-id").unwrap_or("?");
        let message = format!("the file holds {} networks; `{name}` is read", networks.len());
        report.add(code::SEVERAL_NETWORKS, Severity::Warning, "file", message, None);
    }
    let mut fields = Fields::of(network, "network", report)?;
    let ours = network.word_at("network-id") == Some(NETWORK);
    let written = fields.trees("node", report);
    let nodes: Vec<DraftNode> = written.iter().filter_map(|tree| node(tree, ours, report)).collect();
    let unread = Unread { any: nodes.len() < written.len(), ..Unread::default() };
    let mut unused = BTreeSet::new();
    let one_ways: Vec<_> = fields
        .trees("ietf-network-topology:link", report)
        .iter()
        .filter_map(|tree| link(tree, ours, &mut unused, report))
        .collect();
    if !unused.is_empty() {
        let list = unused.into_iter().collect::<Vec<_>>().join(", ");
        let message = format!("link attributes that are not used: {list}");
        report.add(code::UNUSED_ATTRIBUTE, Severity::Info, "network", message, None);
    }
    Some(Draft { nodes, unread, links: pair::pair(one_ways, report), missing: Missing::Derive })
}

/// An identifier, without the scheme that we give ours.
fn identifier<T: Word>(
    fields: &mut Fields<'_>,
    word: &str,
    scheme: &str,
    ours: bool,
    report: &mut Report,
) -> Option<T> {
    let mark = fields.get(word).and_then(|tree| tree.mark);
    let text: String = fields.required(word, report)?;
    let name = if ours { text.strip_prefix(scheme).unwrap_or(&text) } else { &text };
    T::read(name)
        .inspect_err(|why| {
            report.error(code::WRONG_VALUE, &fields.subject, format!("`{word}`: {why}"), mark);
        })
        .ok()
}

fn node(tree: &Tree, ours: bool, report: &mut Report) -> Option<DraftNode> {
    let name = tree.word_at("node-id").unwrap_or("without id");
    let mut fields = Fields::of(tree, &format!("node {name}"), report)?;
    let id = identifier(&mut fields, "node-id", NODE, ours, report)?;
    let mut node = DraftNode::new(id, tree.mark);
    let none = |block: LabelBlock| LabelBlock { size: 0, ..block };
    (node.srgb, node.srlb) = (none(node.srgb), none(node.srlb));
    let l3 = fields
        .get("ietf-l3-unicast-topology:l3-node-attributes")
        .and_then(|attributes| attributes.at("router-id"))
        .and_then(|ids| ids.list().first());
    let id = "ietf-te-topology:te-node-id";
    let said = fields.value(id, report);
    node.garbled_id = said.is_none() && fields.has(id);
    node.router_id = said.or_else(|| l3.and_then(Tree::scalar).and_then(|text| text.parse().ok()));
    let place = fields.get("ietf-te-topology:te").and_then(|te| te.at("geolocation"));
    node.location = place.and_then(|place| {
        let mut fields = Fields::of(place, &format!("node {name}, geolocation"), report)?;
        let (lat, lon) = (fields.value("latitude", report), fields.value("longitude", report));
        Some(Location { lat: lat?, lon: lon? })
    });
    Some(node)
}

fn link(tree: &Tree, ours: bool, unused: &mut BTreeSet<String>, report: &mut Report) -> Option<pair::OneWay> {
    let name = tree.word_at("link-id").unwrap_or("without id");
    let subject = format!("link {name}");
    let mut fields = Fields::of(tree, &subject, report)?;
    let id = identifier(&mut fields, "link-id", LINK, ours, report);
    let mut end = |word: &str, node: &str, interface: &str| {
        let Some(mut inner) = fields.inner(word, report) else {
            fields.missing(word, report);
            return None;
        };
        let node = identifier(&mut inner, node, NODE, ours, report);
        Some((node?, identifier(&mut inner, interface, INTERFACE, ours, report)?))
    };
    let from = end("source", "source-node", "source-tp");
    let to = end("destination", "dest-node", "dest-tp");
    let te = tree.at("ietf-te-topology:te").and_then(|te| te.at("te-link-attributes"));
    let (line, mut direction) = match te {
        Some(te) => attributes(te, &subject, unused, report)?,
        None => Default::default(),
    };
    if direction.igp.is_none()
        && let Some(l3) = tree.at("ietf-l3-unicast-topology:l3-link-attributes")
    {
        direction.igp = Fields::of(l3, &subject, report)?.value("metric1", report);
    }
    Some(pair::OneWay { id: id?, from: from?, to: to?, line, direction })
}

fn attributes(
    te: &Tree,
    subject: &str,
    unused: &mut BTreeSet<String>,
    report: &mut Report,
) -> Option<(DraftLine, DraftDirection)> {
    let mut fields = Fields::of(te, subject, report)?;
    if let Shape::Map(entries) = &te.shape {
        unused.extend(
            entries.iter().map(|(key, _)| key.text.clone()).filter(|key| !LINK_WORDS.contains(&key.as_str())),
        );
    }
    let bandwidth = te
        .at("max-link-bandwidth")
        .and_then(|max| max.at("te-bandwidth"))
        .and_then(|bandwidth| bandwidth.word_at("generic"));
    let read = understood(bandwidth, "max-link-bandwidth", subject, number::read_bandwidth, report);
    let direction = DraftDirection {
        bandwidth: read.filter(|bandwidth| bandwidth.as_bps() > 0),
        garbled: read.is_none() && bandwidth.is_some(),
        delay: fields.value::<u32>("te-delay-metric", report).map(|micros| Delay::from_micros(micros.into())),
        igp: fields.value("te-igp-metric", report),
        te: fields.value("te-default-metric", report),
        ..DraftDirection::default()
    };
    let groups = te.word_at("administrative-group");
    let groups = understood(groups, "administrative-group", subject, number::read_groups, report);
    let affinity = groups.into_iter().flatten().map(|bit| Affinity::lit(&format!("bit-{bit}"))).collect();
    let risks = fields.inner("te-srlgs", report).map(|mut inner| inner.list::<u32>("value", report));
    let srlg = risks.into_iter().flatten().map(|number| format!("srlg-{number}")).collect();
    Some((DraftLine { affinity, srlg, ..DraftLine::default() }, direction))
}

fn understood<T>(
    text: Option<&str>,
    word: &str,
    subject: &str,
    read: impl Fn(&str) -> Option<T>,
    report: &mut Report,
) -> Option<T> {
    let text = text?;
    let value = read(text);
    if value.is_none() {
        let text = String::read(text).unwrap_or_default();
        let message = format!("`{word}`: `{}` cannot be understood", crate::text::shorten(&text));
        report.error(code::WRONG_VALUE, subject, message, None);
    }
    value
}
