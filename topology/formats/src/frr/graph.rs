//! `show isis mpls-te database json`: routers, adjacencies and prefixes by numbers, as FRR keeps them for traffic engineering.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;
use model::{Delay, Jitter, sr::LabelBlock};

use super::{Half, Heard, Router, bandwidth, groups, loss};
use crate::text::{Fields, Report, Tree};

/// N in the flags of a prefix SID (RFC 8667 section 2.1): it is that of a node.
const NODE_SID: u32 = 0x40;
/// R there: it came from another level or protocol.
const READVERTISED: u32 = 0x80;
/// B in the flags of an adjacency SID (RFC 8667 section 2.2.1): it is for backups.
const BACKUP: u32 = 0x40;

const LAN: &str =
    "it is a LAN; the model has links between two routers: give these `isis network point-to-point`";
const NO_ROUTER: &str = "the router at its end is not in the database";

pub(super) fn read(graph: &Tree, report: &mut Report) -> Option<Heard> {
    let mut fields = Fields::of(graph, "ted", report)?;
    let mut heard = Heard::default();
    let mut places = BTreeMap::new();
    for tree in fields.trees("vertices", report) {
        vertex(tree, &mut heard, &mut places, report);
    }
    for tree in fields.trees("edges", report) {
        edge(tree, &mut heard, &places, report);
    }
    for tree in fields.trees("subnets", report) {
        subnet(tree, &mut heard, &places, report);
    }
    Some(heard)
}

/// Routers by their numbers.
type Places = BTreeMap<u64, usize>;

fn vertex(tree: &Tree, heard: &mut Heard, places: &mut Places, report: &mut Report) -> Option<()> {
    let number = tree.word_at("vertex-id").unwrap_or("?");
    let mut fields = Fields::of(tree, &format!("vertex {number}"), report)?;
    let number: u64 = fields.required("vertex-id", report)?;
    if is_gone(tree) {
        return None;
    }
    if tree.word_at("vertex-type") == Some("Pseudo") {
        heard.left_out.push((format!("vertex {number}"), LAN, tree.mark));
        return None;
    }
    let name = fields.value::<String>("name", report);
    let mut router = Router {
        name: name.unwrap_or_else(|| system_id(number)),
        mark: tree.mark,
        router_id: fields.value("router-id", report),
        ..Router::default()
    };
    if let Some(mut sr) = fields.inner("segment-routing", report) {
        router.srgb = block(&mut sr, "srgb", report);
        router.srlb = block(&mut sr, "srlb", report);
        router.msd = sr.value("msd", report);
    }
    places.insert(number, heard.routers.len());
    heard.routers.push(router);
    Some(())
}

/// What FRR is about to forget.
fn is_gone(tree: &Tree) -> bool {
    matches!(tree.word_at("status"), Some("Delete" | "Orphan"))
}

/// The number of a vertex is its system id, the first octet the highest.
fn system_id(number: u64) -> String {
    let digits = format!("{number:012x}");
    let parts: Vec<&str> = [0..4, 4..8, 8..12].into_iter().filter_map(|part| digits.get(part)).collect();
    parts.join(".")
}

fn block(fields: &mut Fields<'_>, name: &str, report: &mut Report) -> Option<LabelBlock> {
    let base = fields.value(&format!("{name}-lower"), report)?;
    let size: u32 = fields.value(&format!("{name}-size"), report)?;
    (size > 0).then_some(LabelBlock { base, size })
}

fn edge(tree: &Tree, heard: &mut Heard, places: &Places, report: &mut Report) -> Option<()> {
    let number = tree.word_at("edge-id").unwrap_or("?");
    let subject = format!("edge {number}");
    let mut fields = Fields::of(tree, &subject, report)?;
    if is_gone(tree) {
        return None;
    }
    let from: Option<u64> = fields.value("local-vertex-id", report);
    let to: Option<u64> = fields.value("remote-vertex-id", report);
    let place = |number: Option<u64>| number.and_then(|number| places.get(&number).copied());
    let (Some(from), Some(to)) = (place(from), place(to)) else {
        heard.left_out.push((subject, NO_ROUTER, tree.mark));
        return None;
    };
    let mut half = Half { from, to, mark: tree.mark, ..Half::default() };
    half.direction.igp = fields.value("metric", report);
    for sid in fields.trees("segment-routing", report) {
        let Some(mut sid) = Fields::of(sid, &subject, report) else { continue };
        let is_backup = flags(&mut sid, report) & BACKUP != 0;
        if !is_backup && half.direction.adjacency_label.is_none() {
            half.direction.adjacency_label = sid.value("adj-sid", report);
        }
    }
    if let Some(mut attributes) = fields.inner("edge-attributes", report) {
        attribute(&mut attributes, &mut half, report);
    }
    heard.halves.push(half);
    Some(())
}

fn attribute(fields: &mut Fields<'_>, half: &mut Half, report: &mut Report) {
    for family in ["", "-v6"] {
        half.near.extend(address(fields, &format!("local-address{family}"), report));
        half.far.extend(address(fields, &format!("remote-address{family}"), report));
    }
    let direction = &mut half.direction;
    direction.te = fields.value("te-metric", report);
    direction.bandwidth = fields.value::<f64>("max-link-bandwidth", report).and_then(bandwidth);
    let average = fields.value::<u32>("delay", report);
    let delay = average.or_else(|| fields.value("min-delay", report));
    direction.delay = delay.map(u64::from).map(Delay::from_micros);
    direction.jitter = fields.value::<u32>("jitter", report).map(u64::from).map(Jitter::from_micros);
    direction.loss = fields.value::<f64>("loss", report).and_then(loss);
    half.groups = fields.value::<u32>("admin-group", report).map(groups).unwrap_or_default();
    let subject = fields.subject.clone();
    for risk in fields.trees("srlgs", report) {
        let risk = Fields::of(risk, &subject, report).and_then(|mut risk| risk.value::<u32>("srlg", report));
        half.srlg.extend(risk);
    }
}

fn address(fields: &mut Fields<'_>, word: &str, report: &mut Report) -> Option<IpAddr> {
    fields.value::<String>(word, report)?.parse().ok()
}

/// Hexadecimal flags; none set where there are none.
fn flags(fields: &mut Fields<'_>, report: &mut Report) -> u32 {
    let text: Option<String> = fields.value("flags", report);
    text.and_then(|text| u32::from_str_radix(text.trim_start_matches("0x"), 16).ok()).unwrap_or(0)
}

fn subnet(tree: &Tree, heard: &mut Heard, places: &Places, report: &mut Report) -> Option<()> {
    let mut fields =
        Fields::of(tree, &format!("subnet {}", tree.word_at("subnet-id").unwrap_or("?")), report)?;
    let mut sr = fields.inner("segment-routing", report)?;
    let flags = flags(&mut sr, report);
    let is_own =
        sr.value::<u32>("algo", report) == Some(0) && flags & NODE_SID != 0 && flags & READVERTISED == 0;
    let index: u32 = sr.value("pref-sid", report)?;
    let prefix: IpNet = fields.value("subnet-id", report)?;
    let place = places.get(&fields.value::<u64>("vertex-id", report)?)?;
    if is_own && !is_gone(tree) {
        heard.routers.get_mut(*place)?.own_sid(prefix, index);
    }
    Some(())
}
