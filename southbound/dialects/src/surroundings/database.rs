//! The link-state database of IS-IS in `openconfig-network-instance`: LSPs of the default instance, their TLVs by kind.
//!
//! Fragments of one router are put together; purged LSPs and LANs are left out. What is read of a router: name, TE router id, overload,
//! SRGB, node SID; of an adjacency: metric, TE metric, addresses, label, delay, jitter, loss. TLVs of other topologies than the first are
//! passed over.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use model::{
    Delay, IgpMetric, Jitter, Label, Loss, TeMetric,
    lsdb::{Adjacency, LsRouter, Lsdb, SystemId},
    sr::LabelBlock,
};

use super::text;
use crate::{
    reading::{bad, need, parse},
    view::{BadPayload, View},
};

/// What of the module is asked for over NETCONF.
pub(super) const FILTER: &str = "<network-instances xmlns=\"http://openconfig.net/yang/network-instance\"><network-instance><name/>\
     <protocols><protocol><identifier/><name/><isis><levels><level><level-number/><link-state-database/></level></levels></isis>\
     </protocol></protocols></network-instance></network-instances>";
/// And over gNMI.
pub(super) const PATH: &str = "/openconfig-network-instance:network-instances/network-instance[name=*]/protocols\
     /protocol[identifier=*][name=*]/isis/levels/level[level-number=*]/link-state-database";

/// The instance of the provider's own network; some write it in capitals.
const INSTANCE: &str = "default";
/// The most LSPs of one database, fragments counted.
const LSPS: usize = 65_536;
/// The most adjacencies of one database.
const ADJACENCIES: usize = 262_144;
/// The most addresses of one end.
const ADDRESSES: usize = 16;
/// No circuit of a LAN; and the fragment that says what holds for a router as a whole.
const ZERO: &str = "00";
/// One step of a loss, in ppb (RFC 8570 section 4.4: 0.000003%).
const LOSS_STEP: u32 = 30;
/// All is lost.
const ALL: u32 = 1_000_000_000;

/// The database; none where the answer has none. O(n log n) in the nodes of the answer.
pub(super) fn read(root: &View) -> Result<Option<Lsdb>, BadPayload> {
    let mut found: Option<Reading> = None;
    let is_ours = |instance: &&View| {
        instance.text_at(&["name"]).is_some_and(|name| name.trim().eq_ignore_ascii_case(INSTANCE))
    };
    for instance in root.all(&["network-instances", "network-instance"]).filter(is_ours) {
        let databases = ["protocols", "protocol", "isis", "levels", "level", "link-state-database"];
        for database in instance.all(&databases) {
            let reading = found.get_or_insert_with(Reading::default);
            for lsp in database.all(&["lsp"]) {
                reading.lsp(lsp)?;
            }
        }
    }
    Ok(found.map(Reading::done))
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    routers: BTreeMap<SystemId, LsRouter>,
    /// Indexes of node SIDs by the prefix that they are of.
    sids: BTreeMap<SystemId, BTreeMap<Ipv4Addr, u32>>,
    lsps: usize,
    adjacencies: usize,
}

impl Reading {
    fn lsp(&mut self, lsp: &View) -> Result<(), BadPayload> {
        self.lsps += 1;
        if self.lsps > LSPS {
            return Err(bad("lsp", "link-state-database", "one of at most 65536 LSPs"));
        }
        let name = need(lsp, &["lsp-id"], "link-state-database", "lsp-id")?.trim();
        let expected = "the name of an LSP, like 0000.0000.0001.00-00";
        let (system, circuit, fragment) = parts(name).ok_or_else(|| bad(name, "lsp", expected))?;
        let is_purged = lsp.text_at(&["state", "remaining-lifetime"]) == Some("0");
        if circuit != ZERO || is_purged {
            return Ok(());
        }
        let place = format!("lsp {name}");
        let router = self.routers.entry(system).or_default();
        if fragment == ZERO {
            router.overload = Some(lsp.all(&["state", "flags"]).any(|flag| flag.text == "OVERLOAD"));
        }
        for tlv in lsp.all(&["tlvs", "tlv"]) {
            of_router(router, tlv, &place)?;
            let before = router.adjacencies.len();
            for neighbour in tlv.all(&["extended-is-reachability", "neighbors", "neighbor"]) {
                adjacencies(&mut router.adjacencies, neighbour, &place)?;
                if self.adjacencies + router.adjacencies.len() - before > ADJACENCIES {
                    return Err(bad("neighbor", &place, "one of at most 262144 adjacencies"));
                }
            }
            self.adjacencies += router.adjacencies.len() - before;
            for prefix in tlv.all(&["extended-ipv4-reachability", "prefixes", "prefix"]) {
                if let Some((address, index)) = node_sid(prefix, &place)? {
                    self.sids.entry(system).or_default().entry(address).or_insert(index);
                }
            }
        }
        Ok(())
    }

    fn done(mut self) -> Lsdb {
        for (system, sids) in &self.sids {
            if let Some(router) = self.routers.get_mut(system) {
                let own = router.router_id.and_then(|id| sids.get(&id));
                router.node_sid = own.or_else(|| sids.values().next()).copied();
            }
        }
        Lsdb { routers: self.routers }
    }
}

/// System id, circuit and fragment of an LSP's name.
fn parts(name: &str) -> Option<(SystemId, &str, &str)> {
    let (node, fragment) = name.rsplit_once('-')?;
    let (system, circuit) = node.rsplit_once('.')?;
    Some((system.parse().ok()?, circuit, fragment))
}

fn of_router(router: &mut LsRouter, tlv: &View, place: &str) -> Result<(), BadPayload> {
    if let Some(name) = text(tlv, &["hostname", "state", "hostname"]) {
        router.name.get_or_insert(name);
    }
    if let Some(id) = tlv.text_at(&["ipv4-te-router-id", "state", "router-id"]) {
        router.router_id.get_or_insert(parse(id, place, "an IPv4 address")?);
    }
    let blocks = [
        "router-capabilities",
        "capability",
        "subtlvs",
        "subtlv",
        "segment-routing-capability",
        "srgb-descriptors",
        "srgb-descriptor",
        "state",
    ];
    if let (Some(block), None) = (tlv.all(&blocks).next(), router.srgb) {
        let base = parse(need(block, &["label"], place, "label")?, place, "a label")?;
        let size = parse(need(block, &["range"], place, "range")?, place, "a number of labels")?;
        router.srgb = Some(LabelBlock { base, size });
    }
    Ok(())
}

/// All lines to one neighbour.
fn adjacencies(found: &mut Vec<Adjacency>, neighbour: &View, place: &str) -> Result<(), BadPayload> {
    let name = need(neighbour, &["system-id"], place, "system-id")?;
    let to: SystemId = parse(name, place, "a system id, like 0000.0000.0001")?;
    let place = format!("{place}, neighbor {to}");
    for instance in neighbour.all(&["instances", "instance"]) {
        let metric = need(instance, &["state", "metric"], &place, "metric")?;
        let mut adjacency = Adjacency::new(to, IgpMetric(parse(metric, &place, "a metric")?));
        for subtlv in instance.all(&["subtlvs", "subtlv"]) {
            attribute(&mut adjacency, subtlv, &place)?;
        }
        found.push(adjacency);
    }
    Ok(())
}

fn attribute(adjacency: &mut Adjacency, subtlv: &View, place: &str) -> Result<(), BadPayload> {
    for family in ["ipv4", "ipv6"] {
        addresses(&mut adjacency.near, subtlv, &format!("{family}-interface-address"), place)?;
        addresses(&mut adjacency.far, subtlv, &format!("{family}-neighbor-address"), place)?;
    }
    let number = |path: &[&str]| -> Result<Option<u32>, BadPayload> {
        subtlv.text_at(path).map(|text| parse(text, place, "a number")).transpose()
    };
    if let Some(te) = number(&["te-default-metric", "state", "metric"])? {
        adjacency.te = Some(TeMetric(te));
    }
    if let Some(delay) = number(&["link-delay", "state", "delay"])? {
        adjacency.delay = Some(Delay::from_micros(delay.into()));
    }
    if let Some(jitter) = number(&["link-delay-variation", "state", "delay"])? {
        adjacency.jitter = Some(Jitter::from_micros(jitter.into()));
    }
    if let Some(steps) = number(&["link-loss", "state", "link-loss"])? {
        adjacency.loss = Some(Loss::from_ppb(steps.saturating_mul(LOSS_STEP).min(ALL)));
    }
    for sid in subtlv.all(&["adjacency-sids", "adjacency-sid"]) {
        let has = |wanted: &str| sid.all(&["state", "flags"]).any(|flag| flag.text == wanted);
        // One that is an index of a local block, or for backups, is no label of the line.
        if adjacency.label.is_none() && has("VALUE") && !has("BACKUP") {
            let value: u32 = parse(need(sid, &["state", "value"], place, "value")?, place, "a label")?;
            adjacency.label = Label::try_from(value).ok();
        }
    }
    Ok(())
}

fn addresses(found: &mut Vec<IpAddr>, subtlv: &View, word: &str, place: &str) -> Result<(), BadPayload> {
    let path = [word, "state", "address"];
    for address in subtlv.all(&path) {
        if found.len() >= ADDRESSES {
            return Err(bad(&address.text, place, "one of at most 16 addresses"));
        }
        found.push(parse(&address.text, place, "an address")?);
    }
    Ok(())
}

/// The index of a prefix of 32 bits that is said to be its router's, and that prefix.
fn node_sid(prefix: &View, place: &str) -> Result<Option<(Ipv4Addr, u32)>, BadPayload> {
    let Some(address) = prefix.text_at(&["prefix"]).and_then(|text| text.strip_suffix("/32")) else {
        return Ok(None);
    };
    let address = parse(address, place, "an IPv4 prefix")?;
    for sid in prefix.all(&["subtlvs", "subtlv", "prefix-sids", "prefix-sid", "state"]) {
        let has = |wanted: &str| sid.all(&["flags"]).any(|flag| flag.text == wanted);
        let is_of_first = sid.text_at(&["algorithm"]).is_none_or(|algorithm| algorithm == "0");
        if is_of_first && has("NODE") && !has("READVERTISEMENT") && !has("VALUE") {
            let value = need(sid, &["value"], place, "value")?;
            return Ok(Some((address, parse(value, place, "an index")?)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
