//! Our vocabulary for nodes and links: the same words in native files, in containerlab labels and in link variables.

use std::{collections::BTreeSet, ops::RangeInclusive};

use model::{
    Fact, IgpMetric, NextCsid, Severity, Site,
    link::Contract,
    node::{Location, MsdSet, ServiceFunction},
    sr::LabelBlock,
};

use crate::{
    code,
    draft::{DraftDirection, DraftLine, DraftNode},
    text::{Fields, Key, Report, Tree, Word},
};

/// What holds in one direction.
pub(crate) const DIRECTION: [&str; 8] =
    ["bandwidth", "delay", "jitter", "loss", "igp", "te", "adjacencyLabel", "endX"];

/// What holds for a line as a whole.
pub(crate) const LINE: [&str; 7] = ["name", "role", "affinity", "srlg", "contract", "encryption", "price"];

const CONTRACT: [&str; 3] = ["delay", "jitter", "loss"];

const BLOCK: [&str; 2] = ["base", "size"];

const NEXT_CSID: [&str; 2] = ["locatorBlockLength", "locatorNodeLength"];

const MSD: [&str; 5] = ["mplsImposition", "srv6Encaps", "srv6SegmentsLeft", "srv6EndPop", "srv6EndD"];

/// How the words for nodes are spelt, and whether values of several parts are one text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Spelling {
    /// `routerId`, mappings.
    Native,
    /// `trunkline.router-id`, one text: containerlab labels.
    Label,
}

/// The words for nodes in both spellings.
const NODE: [(&str, &str); 15] = [
    ("role", "trunkline.role"),
    ("site", "trunkline.site"),
    ("lat", "trunkline.lat"),
    ("lon", "trunkline.lon"),
    ("routerId", "trunkline.router-id"),
    ("locator", "trunkline.locator"),
    ("nextCsid", "trunkline.next-csid"),
    ("nodeSid", "trunkline.node-sid"),
    ("serviceSid", "trunkline.service-sid"),
    ("serviceLabel", "trunkline.service-label"),
    ("srgb", "trunkline.srgb"),
    ("srlb", "trunkline.srlb"),
    ("msd", "trunkline.msd"),
    ("queues", "trunkline.queues"),
    ("overload", "trunkline.overload"),
];

const DIALECTS: (&str, &str) = ("dialect", "trunkline.dialect");

impl Spelling {
    /// The word for a node's attribute in this spelling.
    fn of(self, native: &'static str) -> &'static str {
        let pair = NODE.iter().chain([&DIALECTS]).find(|(word, _)| *word == native);
        match (self, pair) {
            (Self::Label, Some((_, label))) => label,
            _ => native,
        }
    }

    /// All words for nodes in this spelling.
    pub fn node_words(self) -> Vec<&'static str> {
        NODE.iter()
            .chain([&DIALECTS])
            .map(|(native, label)| if self == Self::Native { *native } else { *label })
            .collect()
    }
}

/// Reads what is said about a node.
pub(crate) fn node(
    mut node: DraftNode,
    fields: &mut Fields<'_>,
    spelling: Spelling,
    report: &mut Report,
) -> DraftNode {
    let word = |native| spelling.of(native);
    node.role = fields.value(word("role"), report);
    node.site = fields.value::<Site>(word("site"), report);
    node.location = location(fields, spelling, report);
    let id = word("routerId");
    node.router_id = fields.value(id, report);
    let said = fields.has(id) || fields.mistyped(id, &spelling.node_words());
    node.garbled_id = node.router_id.is_none() && said;
    let has_locator = fields.has(word("locator"));
    node.locator = fields.value(word("locator"), report).map(Fact::from_file);
    let csid = next_csid(fields, word("nextCsid"), spelling, report);
    // Of a locator that cannot be read nothing more is told.
    node.next_csid = csid.filter(|_| node.locator.is_some() || !has_locator);
    node.node_sid = fields.value(word("nodeSid"), report).map(Fact::from_file);
    let function = ServiceFunction {
        sid: fields.value(word("serviceSid"), report),
        label: fields.value(word("serviceLabel"), report),
    };
    node.service_function = (function != ServiceFunction::default()).then_some(function).map(Fact::from_file);
    if let Some(block) = block(fields, word("srgb"), spelling, report) {
        node.srgb = block;
    }
    if let Some(block) = block(fields, word("srlb"), spelling, report) {
        node.srlb = block;
    }
    node.msd = msd(fields, word("msd"), spelling, report);
    node.queues = fields.value(word("queues"), report).unwrap_or(node.queues);
    node.overload = fields.value(word("overload"), report).unwrap_or(false);
    node.dialect = fields.value(word("dialect"), report).unwrap_or(node.dialect);
    node
}

fn location(fields: &mut Fields<'_>, spelling: Spelling, report: &mut Report) -> Option<Location> {
    let (lat_word, lon_word) = (spelling.of("lat"), spelling.of("lon"));
    for (one, other) in [(lat_word, lon_word), (lon_word, lat_word)] {
        if fields.has(one) && !fields.has(other) {
            let message = format!("`{one}` stands without `{other}`");
            report.error(code::MISSING_WORD, &fields.subject, message, fields.mark);
        }
    }
    let (lat, lon) = (degrees(fields, lat_word, 90.0, report), degrees(fields, lon_word, 180.0, report));
    Some(Location { lat: lat?, lon: lon? })
}

/// Degrees, which go so far either way.
pub(crate) fn degrees(fields: &mut Fields<'_>, word: &str, limit: f64, report: &mut Report) -> Option<f64> {
    let mark = fields.get(word).and_then(|tree| tree.mark);
    let degrees = fields.value::<f64>(word, report)?;
    if degrees.abs() > limit {
        let message = format!("`{word}`: degrees go from -{limit} to {limit}");
        report.error(code::WRONG_VALUE, &fields.subject, message, mark);
    }
    Some(degrees)
}

fn block(fields: &mut Fields<'_>, word: &str, spelling: Spelling, report: &mut Report) -> Option<LabelBlock> {
    let mark = fields.get(word)?.mark;
    let block = if spelling == Spelling::Label {
        let numbers = numbers::<u32>(fields, word, 2..=2, "base/size such as 16000/8000", report)?;
        let [base, size] = numbers[..] else { return None };
        LabelBlock { base, size }
    } else {
        let mut inner = fields.inner(word, report)?;
        let (base, size) = (inner.required("base", report), inner.required("size", report));
        inner.finish(&BLOCK, report);
        LabelBlock { base: base?, size: size? }
    };
    let end = block.base.saturating_add(block.size);
    if block.base < 16 || end > 1 << 20 {
        let message = format!(
            "`{word}`: labels go from 16 to 1048575, this block from {} to {}",
            block.base,
            end.saturating_sub(1)
        );
        report.error(code::WRONG_VALUE, &fields.subject, message, mark);
        return None;
    }
    Some(block)
}

/// `32/16`: bits of the block and of the node.
fn next_csid(
    fields: &mut Fields<'_>,
    word: &str,
    spelling: Spelling,
    report: &mut Report,
) -> Option<NextCsid> {
    fields.get(word)?;
    if spelling == Spelling::Label {
        let numbers = numbers::<u8>(fields, word, 2..=2, "bits of block/node such as 32/16", report)?;
        let [locator_block_length, locator_node_length] = numbers[..] else { return None };
        return Some(NextCsid { locator_block_length, locator_node_length });
    }
    let mut inner = fields.inner(word, report)?;
    let (block, node) = (inner.required(NEXT_CSID[0], report), inner.required(NEXT_CSID[1], report));
    inner.finish(&NEXT_CSID, report);
    Some(NextCsid { locator_block_length: block?, locator_node_length: node? })
}

/// `8/8`: MPLS imposition, SRv6 encapsulation; a third, a fourth and a fifth number are SRv6 segments left, end pop and end D, which
/// else are as the second.
fn msd(fields: &mut Fields<'_>, word: &str, spelling: Spelling, report: &mut Report) -> Option<MsdSet> {
    fields.get(word)?;
    if spelling == Spelling::Label {
        let numbers = numbers::<u8>(fields, word, 2..=5, "MPLS/SRv6 depths such as 8/8", report)?;
        let [mpls_imposition, srv6_encaps, ref rest @ ..] = numbers[..] else { return None };
        let srv6_segments_left = rest.first().copied().unwrap_or(srv6_encaps);
        let srv6_end_pop = rest.get(1).copied().unwrap_or(srv6_encaps);
        let srv6_end_d = rest.get(2).copied().unwrap_or(srv6_encaps);
        return Some(MsdSet { mpls_imposition, srv6_encaps, srv6_segments_left, srv6_end_pop, srv6_end_d });
    }
    let mut inner = fields.inner(word, report)?;
    let usual = MsdSet::default();
    let srv6_encaps = inner.value("srv6Encaps", report).unwrap_or(usual.srv6_encaps);
    let set = MsdSet {
        mpls_imposition: inner.value("mplsImposition", report).unwrap_or(usual.mpls_imposition),
        srv6_encaps,
        srv6_segments_left: inner.value("srv6SegmentsLeft", report).unwrap_or(usual.srv6_segments_left),
        srv6_end_pop: inner.value("srv6EndPop", report).unwrap_or(usual.srv6_end_pop),
        // Whoever can put so many on can take so many off.
        srv6_end_d: inner.value("srv6EndD", report).unwrap_or(srv6_encaps),
    };
    inner.finish(&MSD, report);
    Some(set)
}

/// That many numbers with slashes between.
fn numbers<T: Word>(
    fields: &mut Fields<'_>,
    word: &str,
    count: RangeInclusive<usize>,
    what: &str,
    report: &mut Report,
) -> Option<Vec<T>> {
    let mark = fields.get(word)?.mark;
    let text: String = fields.value(word, report)?;
    let numbers: Result<Vec<T>, String> = text.split('/').map(T::read).collect();
    match numbers {
        Ok(numbers) if count.contains(&numbers.len()) => Some(numbers),
        _ => {
            let message = format!("`{word}`: `{text}` is not {what}");
            report.error(code::WRONG_VALUE, &fields.subject, message, mark);
            None
        }
    }
}

/// Reads what is said about one direction.
pub(crate) fn direction(fields: &mut Fields<'_>, report: &mut Report) -> DraftDirection {
    let mark = fields.get("bandwidth").and_then(|tree| tree.mark);
    let bandwidth = fields.value("bandwidth", report);
    let said = fields.has("bandwidth") || fields.mistyped("bandwidth", &DIRECTION);
    let direction = DraftDirection {
        bandwidth,
        garbled: bandwidth.is_none() && said,
        delay: fields.value("delay", report),
        jitter: fields.value("jitter", report),
        loss: fields.value("loss", report),
        igp: fields.value::<IgpMetric>("igp", report),
        te: fields.value("te", report),
        adjacency_label: fields.value("adjacencyLabel", report),
        end_x: fields.value("endX", report),
    };
    if direction.bandwidth.is_some_and(|bandwidth| bandwidth.as_bps() == 0) {
        let message = "`bandwidth`: a link without bandwidth carries nothing; leave the link out instead";
        report.error(code::WRONG_VALUE, &fields.subject, message, mark);
    }
    direction
}

/// Reports what is said about one direction and holds for the line as a whole; `home` says where it belongs.
pub(crate) fn misplaced(fields: &mut Fields<'_>, home: &str, report: &mut Report) {
    let found: Vec<&Key> =
        fields.rest().map(|(key, _)| key).filter(|key| LINE.contains(&key.text.as_str())).collect();
    for key in found {
        fields.get(&key.text);
        let message = format!("`{}` holds for both directions: it belongs to {home}", key.text);
        report.error(code::UNKNOWN_WORD, &fields.subject, message, key.mark);
    }
}

/// Reads what is said about a line as a whole.
pub(crate) fn line(fields: &mut Fields<'_>, report: &mut Report) -> DraftLine {
    DraftLine {
        name: fields.value("name", report),
        role: fields.value("role", report),
        affinity: fields.list("affinity", report).into_iter().collect(),
        srlg: fields.list::<String>("srlg", report).into_iter().collect::<BTreeSet<_>>(),
        contract: contract(fields, report),
        encryption: fields.value("encryption", report).unwrap_or_default(),
        price: fields.value("price", report),
    }
}

fn contract(fields: &mut Fields<'_>, report: &mut Report) -> Contract {
    let Some(mut inner) = fields.inner("contract", report) else { return Contract::default() };
    let contract = Contract {
        delay: inner.value("delay", report),
        jitter: inner.value("jitter", report),
        loss: inner.value("loss", report),
    };
    inner.finish(&CONTRACT, report);
    contract
}

/// Reports variables that nobody reads: others may own them, so none is an error.
pub(crate) fn foreign_vars(fields: Fields<'_>, known: &[&'static str], report: &mut Report) {
    for (key, _) in fields.rest() {
        let near = crate::text::nearest(&key.text, known.iter().copied());
        let (severity, message) = match near {
            Some(word) => {
                (Severity::Warning, format!("variable `{}` is not read; did you mean `{word}`?", key.text))
            }
            None => (Severity::Info, format!("variable `{}` is not ours and is not read", key.text)),
        };
        report.add(code::FOREIGN_VAR, severity, &fields.subject, message, key.mark);
    }
}

/// `node:interface` as a pair. The first colon parts them, so that interfaces may hold colons.
pub(crate) fn end(
    tree: &Tree,
    subject: &str,
    report: &mut Report,
) -> Option<(model::NodeId, model::InterfaceName)> {
    let Some(text) = tree.scalar() else {
        let message = format!("an end of a link is one text, not {}", tree.in_words());
        report.error(code::WRONG_SHAPE, subject, message, tree.mark).help =
            Some("write it like `hq:eth1`, the node and its interface".to_owned());
        return None;
    };
    let parts = text.split_once(':').ok_or_else(|| format!("`{text}` is not an end: write `node:interface`"));
    let read = parts.and_then(|(node, interface)| {
        Ok((
            node.parse().map_err(|e: model::id::BadName| e.to_string())?,
            interface.parse().map_err(|e: model::id::BadName| e.to_string())?,
        ))
    });
    read.inspect_err(|why| {
        report.error(code::WRONG_VALUE, subject, why, tree.mark);
    })
    .ok()
}
