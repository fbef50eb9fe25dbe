//! RFC 8345 JSON to a draft.

use model::{Affinity, Bandwidth, Delay, Severity, node::Location};

use super::{
    INTERFACE, LINK, NETWORK, NODE, ROOT,
    names::{GROUPS, RISKS},
    number, ours, pair,
    unused::Unused,
};
use crate::{
    code, draft,
    draft::{Draft, DraftDirection, DraftLine, DraftNode, Missing, Unread},
    text::{Fields, Report, Shape, Tree, Word},
    words,
};

/// Reads the network that says most about traffic engineering, and says which.
pub(crate) fn read(tree: &Tree, report: &mut Report) -> Option<Draft> {
    let networks = tree.at(ROOT).and_then(|root| root.at("network")).map(Tree::list).unwrap_or_default();
    let te = |network: &&Tree| {
        network.at("network-types").is_some_and(|types| types.at("ietf-te-topology:te-topology").is_some())
    };
    let Some(network) = networks.iter().find(te).or(networks.first()) else {
        let mark = tree.at(ROOT).map_or(tree.mark, |root| root.mark);
        let message = "`network` is missing: the file holds no network";
        report.error(code::MISSING_WORD, "file", message, mark);
        return None;
    };
    let id = network.at("network-id");
    if networks.len() > 1 {
        let name = id.and_then(Tree::scalar).unwrap_or("?");
        let message = format!("the file holds {} networks; `{name}` is read", networks.len());
        let mark = id.unwrap_or(network).mark;
        report.add(code::SEVERAL_NETWORKS, Severity::Warning, "file", message, mark);
    }
    let mut fields = Fields::of(network, "network", report)?;
    let mut reader = Reader {
        ours: id.and_then(Tree::scalar) == Some(NETWORK),
        names: ours::names(network, report),
        unused: Unused::default(),
    };
    reader.unused.network(network);
    let written = fields.trees("node", report);
    let nodes: Vec<DraftNode> = written.iter().filter_map(|tree| reader.node(tree, report)).collect();
    let unread = Unread { any: nodes.len() < written.len(), ..Unread::default() };
    let links = fields.trees("ietf-network-topology:link", report);
    let one_ways: Vec<_> = links.iter().filter_map(|tree| reader.link(tree, report)).collect();
    reader.unused.tell(report);
    Some(Draft { nodes, unread, links: pair::pair(one_ways, report), missing: Missing::Derive })
}

/// What is known of the network that its parts are read in.
struct Reader {
    /// Whether we wrote it.
    ours: bool,
    names: ours::Names,
    unused: Unused,
}

impl Reader {
    /// An identifier, without the scheme that we give ours.
    fn identifier<T: Word>(
        &self,
        fields: &mut Fields<'_>,
        word: &str,
        scheme: &str,
        report: &mut Report,
    ) -> Option<T> {
        let mark = fields.get(word).and_then(|tree| tree.mark);
        let text: String = fields.required(word, report)?;
        let name = if self.ours { text.strip_prefix(scheme).unwrap_or(&text) } else { &text };
        T::read(name)
            .inspect_err(|why| {
                report.error(code::WRONG_VALUE, &fields.subject, format!("`{word}`: {why}"), mark);
            })
            .ok()
    }

    fn node(&mut self, tree: &Tree, report: &mut Report) -> Option<DraftNode> {
        let name = tree.word_at("node-id").unwrap_or("without id");
        let subject = format!("node {name}");
        let mut fields = Fields::of(tree, &subject, report)?;
        let mark = tree.at("node-id").map_or(tree.mark, |id| id.mark);
        let mut node = DraftNode::new(self.identifier(&mut fields, "node-id", NODE, report)?, mark);
        self.unused.node(tree);
        (node.srgb, node.srlb) = (ours::no_block(draft::SRGB), ours::no_block(draft::SRLB));
        let mut node = ours::node(node, tree, &subject, report);
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
            let lat = words::degrees(&mut fields, "latitude", 90.0, report);
            let lon = words::degrees(&mut fields, "longitude", 180.0, report);
            Some(Location { lat: lat?, lon: lon? })
        });
        Some(node)
    }

    fn link(&mut self, tree: &Tree, report: &mut Report) -> Option<pair::OneWay> {
        let name = tree.word_at("link-id").unwrap_or("without id");
        let subject = format!("link {name}");
        let mut fields = Fields::of(tree, &subject, report)?;
        self.unused.link(tree);
        let id = self.identifier(&mut fields, "link-id", LINK, report);
        let mut end = |word: &str, node: &str, interface: &str| {
            let Some(mut inner) = fields.inner(word, report) else {
                fields.missing(word, report);
                return None;
            };
            let node = self.identifier(&mut inner, node, NODE, report);
            Some((node?, self.identifier(&mut inner, interface, INTERFACE, report)?))
        };
        let from = end("source", "source-node", "source-tp");
        let to = end("destination", "dest-node", "dest-tp");
        let te = tree.at("ietf-te-topology:te").and_then(|te| te.at("te-link-attributes"));
        let (line, mut direction) = match te {
            Some(te) => self.attributes(te, &subject, report)?,
            None => Default::default(),
        };
        if direction.igp.is_none()
            && let Some(l3) = tree.at("ietf-l3-unicast-topology:l3-link-attributes")
        {
            direction.igp = Fields::of(l3, &subject, report)?.value("metric1", report);
        }
        let (own_line, own) = ours::direction(tree, &subject, report);
        agree(tree, &own, &direction, &subject, report);
        let line = DraftLine { affinity: line.affinity, srlg: line.srlg, ..own_line };
        let mark = tree.at("link-id").map_or(tree.mark, |id| id.mark);
        Some(pair::OneWay { id: id?, mark, from: from?, to: to?, line, direction: own.over(&direction) })
    }

    fn attributes(
        &self,
        te: &Tree,
        subject: &str,
        report: &mut Report,
    ) -> Option<(DraftLine, DraftDirection)> {
        let mut fields = Fields::of(te, subject, report)?;
        let bandwidth = te
            .at("max-link-bandwidth")
            .and_then(|max| max.at("te-bandwidth"))
            .and_then(|bandwidth| bandwidth.at("generic"));
        let read = understood(bandwidth, "max-link-bandwidth", subject, number::read_bandwidth, report);
        let delay = fields.value::<u32>("te-delay-metric", report);
        let direction = DraftDirection {
            bandwidth: read.filter(|bandwidth| bandwidth.as_bps() > 0),
            garbled: read.is_none() && bandwidth.is_some(),
            delay: delay.map(|micros| Delay::from_micros(micros.into())),
            igp: fields.value("te-igp-metric", report),
            te: fields.value("te-default-metric", report),
            ..DraftDirection::default()
        };
        let groups = te.at("administrative-group");
        let groups = understood(groups, "administrative-group", subject, number::read_groups, report);
        let affinity = groups.into_iter().flatten().filter_map(|bit| {
            let name = self.names.groups.get(&bit).cloned().unwrap_or_else(|| GROUPS.name(bit));
            Affinity::read(&name).ok()
        });
        let affinity = affinity.collect();
        let risks = fields.inner("te-srlgs", report).map(|mut inner| inner.list::<u32>("value", report));
        let srlg = risks
            .into_iter()
            .flatten()
            .map(|number| self.names.risks.get(&number).cloned().unwrap_or_else(|| RISKS.name(number)));
        let srlg = srlg.collect();
        Some((DraftLine { affinity, srlg, ..DraftLine::default() }, direction))
    }
}

/// Reports a bandwidth or a delay of ours that is not the one that the published models say less exactly.
fn agree(link: &Tree, own: &DraftDirection, other: &DraftDirection, subject: &str, report: &mut Report) {
    let told = |bandwidth: Bandwidth| number::read_bandwidth(&number::write_bandwidth(bandwidth));
    let metric = |delay: Delay| u32::try_from(delay.as_micros()).unwrap_or(u32::MAX);
    let bandwidth = own.bandwidth.zip(other.bandwidth).filter(|(own, other)| told(*own) != told(*other));
    let delay = own.delay.zip(other.delay).filter(|(own, other)| metric(*own) != metric(*other));
    for (word, theirs, both) in [
        (
            "bandwidth",
            "max-link-bandwidth",
            bandwidth.map(|(own, other)| (own.to_string(), other.to_string())),
        ),
        ("delay", "te-delay-metric", delay.map(|(own, other)| (own.to_string(), other.to_string()))),
    ] {
        let Some((own, other)) = both else { continue };
        let word = format!("{}{word}", ours::PREFIX);
        let mark = link.at(&word).map_or(link.mark, |tree| tree.mark);
        let message = format!("`{word}` says {own} and `{theirs}` says {other}");
        report.error(code::WRONG_VALUE, subject, message, mark).help =
            Some(format!("remove `{word}`, which is only there to be exact"));
    }
}

fn understood<T>(
    tree: Option<&Tree>,
    word: &str,
    subject: &str,
    read: impl Fn(&str) -> Option<T>,
    report: &mut Report,
) -> Option<T> {
    let tree = tree?;
    let value = tree.scalar().and_then(read);
    if value.is_none() {
        let found = match tree.shape {
            Shape::Scalar(_) => format!("{} cannot be understood", tree.in_words()),
            _ => format!("takes a single value, not {}", tree.in_words()),
        };
        report.error(code::WRONG_VALUE, subject, format!("`{word}`: {found}"), tree.mark);
    }
    value
}
