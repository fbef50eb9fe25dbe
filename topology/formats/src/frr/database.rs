//! `show isis database detail json`: the LSPs as they are. An LSP is called after its router's host name, and its neighbours by their
//! system ids; which is which follows from the addresses of their adjacencies, or from LSPs that are called by system id.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use ipnet::IpNet;
use model::{Delay, Jitter, TeMetric, sr::LabelBlock};

use super::{Half, Heard, Router, bandwidth, groups, loss};
use crate::{
    code,
    text::{Fields, Mark, Report, Tree},
};

const LAN: &str =
    "it is a LAN; the model has links between two routers: give these `isis network point-to-point`";
const STRANGER: &str = "it cannot be told which router this system id is: print the database with `no hostname dynamic`, or \
                        after `mpls-te on`, so that adjacencies have addresses; `show isis mpls-te database json` has it all";

/// An adjacency before it is known who the neighbour is.
struct Reach {
    half: Half,
    /// The neighbour's system id.
    neighbour: String,
    /// In which order it counts: of what two levels or topologies say of two routers the first is taken.
    layer: usize,
}

/// What is gathered while LSPs are read.
#[derive(Default)]
struct Reader {
    heard: Heard,
    /// Routers by what they are called in their LSPs.
    places: BTreeMap<String, usize>,
    /// The router of the last LSP, by what that is called.
    last: Option<(String, usize)>,
    reaches: Vec<Reach>,
}

pub(super) fn read(tree: &Tree, report: &mut Report) -> Option<Heard> {
    let areas = tree.at(super::DATABASE).map(Tree::list).unwrap_or_default();
    let mut levels: Vec<&Tree> =
        areas.iter().filter_map(|area| area.at("levels")).flat_map(Tree::list).collect();
    // Level 2 is the backbone: what it says of a router goes before what level 1 says.
    levels.sort_by_key(|level| std::cmp::Reverse(level.word_at("id").map(str::to_owned)));
    let mut reader = Reader::default();
    for (number, level) in levels.into_iter().enumerate() {
        if let Some(lsp) = level.at("lsp") {
            return refuse(lsp.mark.or(level.mark), report);
        }
        for lsp in level.at("lsps").map(Tree::list).unwrap_or_default() {
            reader.lsp(lsp, number, report);
        }
    }
    Some(reader.finish())
}

fn refuse(mark: Option<Mark>, report: &mut Report) -> Option<Heard> {
    let message = "this FRR writes all LSPs of a level into one object, each over the one before it: most of the network is missing here";
    report.error(code::INCOMPLETE_DATABASE, "file", message, mark).help = Some(
        "FRR 10.1 and later print every LSP; of an earlier one give the output of `show isis mpls-te database json`, which needs \
         `mpls-te on` under `router isis`"
            .to_owned(),
    );
    None
}

/// Whether this is a system id: twelve digits in three parts.
fn is_system_id(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    let hex = |part: &&str| part.len() == 4 && part.bytes().all(|digit| digit.is_ascii_hexdigit());
    parts.len() == 3 && parts.iter().all(hex)
}

/// The name before the number of the LAN, and whether that is none; nothing where it is neither. The number of an LSP may stand
/// behind it: `hq-pe1.00-00` and `0000.0000.0001.02` alike.
fn named(id: &str) -> Option<(&str, bool)> {
    let id = id.rsplit_once('-').filter(|(_, number)| number.len() == 2).map_or(id, |(id, _)| id);
    let (name, lan) = id.rsplit_once('.')?;
    Some((name, lan == "00"))
}

impl Reader {
    fn lsp(&mut self, tree: &Tree, level: usize, report: &mut Report) -> Option<()> {
        let id = tree.at("lsp")?.word_at("id")?;
        // It is withdrawn where its time is over; that is in brackets then.
        if tree.word_at("holdtime").is_some_and(|time| time.starts_with('(')) {
            return None;
        }
        let (name, is_router) = named(id)?;
        if !is_router {
            self.heard.left_out.push((format!("lsp {id}"), LAN, tree.mark));
            return None;
        }
        let subject = format!("lsp {id}");
        let mut fields = Fields::of(tree, &subject, report)?;
        let place = self.place(name, tree);
        describe(self.heard.routers.get_mut(place)?, tree, &mut fields, report);
        for reach in fields.trees("extReach", report) {
            self.reach(reach, (place, 2 * level), &subject, report);
        }
        Some(())
    }

    /// Which router an LSP is of. Host names are cut in its name, and stand whole in its first part; other parts come behind that.
    fn place(&mut self, name: &str, tree: &Tree) -> usize {
        let whole = tree.word_at("hostname").filter(|_| !is_system_id(name));
        let last = self.last.as_ref().filter(|(last, _)| whole.is_none() && last == name);
        if let Some((_, place)) = last {
            return *place;
        }
        let routers = &mut self.heard.routers;
        let place = *self.places.entry(whole.unwrap_or(name).to_owned()).or_insert_with(|| {
            routers.push(Router { name: name.to_owned(), mark: tree.mark, ..Router::default() });
            routers.len() - 1
        });
        self.last = Some((name.to_owned(), place));
        place
    }

    fn reach(
        &mut self,
        tree: &Tree,
        (from, layer): (usize, usize),
        subject: &str,
        report: &mut Report,
    ) -> Option<()> {
        let id = tree.word_at("id").unwrap_or("?");
        let mut fields = Fields::of(tree, &format!("{subject}, neighbour {id}"), report)?;
        let id: String = fields.required("id", report)?;
        let Some((neighbour, true)) = named(&id) else {
            self.heard.left_out.push((format!("{subject}, neighbour {id}"), LAN, tree.mark));
            return None;
        };
        // Multi-topology adjacencies stand among the others, and count after them.
        let layer = layer + usize::from(tree.word_at("mtId") == Some("MT"));
        let mut half = Half { from, mark: tree.mark, ..Half::default() };
        attributes(&mut fields, &mut half, report);
        self.reaches.push(Reach { half, neighbour: neighbour.to_owned(), layer });
        Some(())
    }

    /// Finds out who the neighbours are.
    fn finish(self) -> Heard {
        let Self { mut heard, places, reaches, .. } = self;
        let system_ids = system_ids(&places, &reaches);
        let mut taken: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for Reach { half, neighbour, layer } in reaches {
            let Some(to) = system_ids.get(&neighbour).copied() else {
                let name = heard.routers.get(half.from).map_or("?", |router| router.name.as_str());
                heard.left_out.push((format!("link {name} to {neighbour}"), STRANGER, half.mark));
                continue;
            };
            if *taken.entry((half.from, to)).or_insert(layer) == layer {
                heard.halves.push(Half { to, ..half });
            }
        }
        heard
    }
}

/// Routers by system id: those whose LSPs are called so, and those who have the address that an adjacency leads to.
fn system_ids(places: &BTreeMap<String, usize>, reaches: &[Reach]) -> BTreeMap<String, usize> {
    let mut ids: BTreeMap<String, usize> = places
        .iter()
        .filter(|(name, _)| is_system_id(name))
        .map(|(name, place)| (name.clone(), *place))
        .collect();
    let mut owners: BTreeMap<IpAddr, usize> = BTreeMap::new();
    for reach in reaches {
        owners.extend(reach.half.near.iter().map(|address| (*address, reach.half.from)));
    }
    for reach in reaches {
        let owner = reach.half.far.iter().find_map(|address| owners.get(address));
        if let Some(owner) = owner.filter(|owner| **owner != reach.half.from) {
            ids.entry(reach.neighbour.clone()).or_insert(*owner);
        }
    }
    ids
}

/// What an LSP says of its router; what was said before stays.
fn describe(router: &mut Router, tree: &Tree, fields: &mut Fields<'_>, report: &mut Report) {
    if let Some(name) = fields.value::<String>("hostname", report) {
        router.name = name;
    }
    let capability = tree.at("routerCapability").and_then(|capability| capability.word_at("id"));
    let id = fields.value::<Ipv4Addr>("teRouterId", report);
    let id = id.or_else(|| capability.and_then(|id| id.parse().ok())).filter(|id| !id.is_unspecified());
    router.router_id = router.router_id.or(id);
    router.srgb = router.srgb.or_else(|| block(fields, "segmentRoutingGb", report));
    router.srlb = router.srlb.or_else(|| block(fields, "segmentRoutingLb", report));
    router.msd = router.msd.or_else(|| fields.value("msd", report));
    // Attached, partition, overload.
    router.overload |= tree.word_at("attPOl").is_some_and(|bits| bits.trim().ends_with("/1"));
    for prefix in fields.trees("extIpReach", report) {
        node_sid(router, prefix);
    }
    if let Some(locator) = tree.at("srv6Locator").filter(|locator| locator.word_at("algorithm") == Some("0"))
    {
        let prefix = locator.word_at("prefix").and_then(|prefix| prefix.parse().ok());
        let is_own = locator.word_at("flagD") != Some("true");
        router.locator = router.locator.or(prefix.filter(|_| is_own));
    }
}

fn block(fields: &mut Fields<'_>, word: &str, report: &mut Report) -> Option<LabelBlock> {
    let mut inner = fields.inner(word, report)?;
    let base = inner.value("globalBlockBase", report)?;
    let size: u32 = inner.value("globalBlockRange", report)?;
    (size > 0).then_some(LabelBlock { base, size })
}

/// The index of a prefix that is its node's and for shortest paths.
fn node_sid(router: &mut Router, tree: &Tree) -> Option<()> {
    let prefix: IpNet = tree.word_at("ipReach")?.parse().ok()?;
    let is = |tree: &Tree, word: &str| tree.word_at(word) == Some("true");
    if is(tree, "down") {
        return None;
    }
    for sid in tree.at("subtlvs")?.at("sr")?.list() {
        let flags = sid.at("flags")?;
        if sid.word_at("alg") == Some("0") && is(flags, "node") && !is(flags, "readvertised") {
            router.own_sid(prefix, sid.word_at("index")?.parse().ok()?);
        }
    }
    Some(())
}

fn attributes(fields: &mut Fields<'_>, half: &mut Half, report: &mut Report) {
    for family in ["Ip", "Ipv6"] {
        half.near.extend(address(fields, &format!("localIface{family}"), report));
        half.far.extend(address(fields, &format!("remoteIface{family}"), report));
    }
    let direction = &mut half.direction;
    direction.igp = fields.value("metric", report);
    direction.te = fields.value::<u32>("teMetric", report).map(TeMetric);
    direction.bandwidth = fields.value::<f64>("maxBandwithBytesSec", report).and_then(bandwidth);
    let average = fields.inner("avgDelay", report).and_then(|mut delay| delay.value("microSec", report));
    let least = fields.inner("maxMinDelay", report).and_then(|mut delay| delay.value("microSec", report));
    // `least / greatest`.
    let least = least.and_then(|both: String| both.split('/').next()?.trim().parse::<u32>().ok());
    direction.delay = average.or(least).map(|micros: u32| Delay::from_micros(micros.into()));
    let variation = fields.value::<u32>("delayVariationMicroSec", report);
    direction.jitter = variation.map(|micros| Jitter::from_micros(micros.into()));
    let lost = fields.inner("linkPacketLoss", report).and_then(|mut lost| lost.value("percentage", report));
    direction.loss = lost.and_then(loss);
    let word: Option<String> = fields.value("admGroup", report);
    let word = word.and_then(|word| u32::from_str_radix(word.trim_start_matches("0x"), 16).ok());
    half.groups = word.map(groups).unwrap_or_default();
    let subject = fields.subject.clone();
    for sid in fields.trees("adjSid", report) {
        let Some(mut sid) = Fields::of(sid, &subject, report) else { continue };
        let is_backup = sid.value("flagB", report).unwrap_or(false);
        let is_label = sid.value("flagV", report).unwrap_or(true);
        if is_label && !is_backup && half.direction.adjacency_label.is_none() {
            half.direction.adjacency_label = sid.value("sid", report);
        }
    }
    let first = fields.trees("srv6EndXSID", report).first();
    half.direction.end_x = first.and_then(|sid| sid.word_at("sid")?.parse().ok());
}

fn address(fields: &mut Fields<'_>, word: &str, report: &mut Report) -> Option<IpAddr> {
    fields.value::<String>(word, report)?.parse().ok()
}
