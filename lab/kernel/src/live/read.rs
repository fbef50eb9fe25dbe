//! What a namespace holds of ours.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt;
use ipnet::IpNet;
use rtnetlink::{
    IpVersion,
    packet_route::{
        AddressFamily,
        link::{LinkAttribute, LinkFlags, LinkMessage, Stats64},
        route::RouteMessage,
        tc::{TcAttribute, TcHandle, TcMessage, TcOption, TcStats2},
    },
};

use super::{
    attribute::{as_u32, as_u64, inside as nested, parts},
    child::{self, IP, NFT},
    decode::{self, Names},
    encode::Indices,
    error::{Failed, Fault},
    inside::Inside,
};
use crate::{
    nft,
    number::{ANCHOR, Device, HTB, Minor, Octets, Rate},
    object::{Class, Hop, Marking, RouteKey, Rule, Shaper, Target},
    program::Program,
};

/// A device.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) index: u32,
    pub(super) name: Device,
    /// Whether it is up and so is what it is connected to.
    pub(super) up: bool,
    pub(super) stats: Stats64,
}

/// All devices whose names are ours to use.
pub(super) async fn links(inside: &Inside) -> Result<Vec<Link>, Fault> {
    let all: Vec<LinkMessage> = inside.netlink.link().get().execute().try_collect().await?;
    Ok(all.iter().filter_map(link).collect())
}

fn link(message: &LinkMessage) -> Option<Link> {
    let (mut name, mut stats) = (None, Stats64::default());
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(found) => name = found.parse::<Device>().ok(),
            LinkAttribute::Stats64(found) => stats = *found,
            _ => {}
        }
    }
    let up = message.header.flags.contains(LinkFlags::Up | LinkFlags::LowerUp);
    Some(Link { index: message.header.index, name: name?, up, stats })
}

pub(super) async fn indices(inside: &Inside) -> Result<Indices, Fault> {
    Ok(links(inside).await?.into_iter().map(|link| (link.name, link.index)).collect())
}

pub(super) async fn program(inside: &Inside) -> Result<Program, Failed> {
    let fail = |object: &'static str| move |fault: Fault| (Some(object.to_owned()), fault);
    let links = links(inside).await.map_err(fail("reading devices"))?;
    let names: Names = links.iter().map(|link| (link.index, link.name.clone())).collect();
    let mut program =
        Program { anchor: names.values().any(|name| name.as_str() == ANCHOR), ..Program::default() };
    program.routes = ours(inside, &names).await.map_err(fail("reading routes"))?;
    program.rules = rules(inside).await.map_err(fail("reading rules"))?;
    program.source = source().await.map_err(fail("reading the source of outer headers"))?;
    program.marking = marking().await.map_err(fail("reading the marks of nftables"))?;
    program.shapers = shapers(inside, &names).await.map_err(fail("reading queues"))?;
    Ok(program)
}

/// Routes of both families, all tables.
pub(super) async fn routes(inside: &Inside) -> Result<Vec<RouteMessage>, Fault> {
    let mut all = Vec::new();
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        let mut asked = RouteMessage::default();
        asked.header.address_family = family;
        let found: Vec<RouteMessage> = inside.netlink.route().get(asked).execute().try_collect().await?;
        all.extend(found);
    }
    Ok(all)
}

/// Routes of ours.
async fn ours(inside: &Inside, names: &Names) -> Result<BTreeMap<RouteKey, Target>, Fault> {
    Ok(routes(inside).await?.iter().filter_map(|message| decode::route(message, names)).collect())
}

/// The same, of whoever has no names yet.
pub(super) async fn only_routes(inside: &Inside) -> Result<BTreeMap<RouteKey, Target>, Failed> {
    let fail = |fault| (Some("reading routes".to_owned()), fault);
    let names: Names =
        links(inside).await.map_err(fail)?.into_iter().map(|link| (link.index, link.name)).collect();
    ours(inside, &names).await.map_err(fail)
}

/// Routes of others in the main table that lead to neighbours.
pub(super) async fn underlay(inside: &Inside) -> Result<BTreeMap<IpNet, BTreeSet<Hop>>, Failed> {
    let fail = |fault| (Some("reading routes".to_owned()), fault);
    let names: Names =
        links(inside).await.map_err(fail)?.into_iter().map(|link| (link.index, link.name)).collect();
    let all = routes(inside).await.map_err(fail)?;
    Ok(all.iter().filter_map(|message| decode::underlay(message, &names)).collect())
}

/// All devices, and whether each is up.
pub(super) async fn devices(inside: &Inside) -> Result<BTreeMap<Device, bool>, Failed> {
    let links = links(inside).await.map_err(|fault| (Some("reading devices".to_owned()), fault))?;
    Ok(links.into_iter().map(|link| (link.name, link.up)).collect())
}

/// Rules of ours. One that has our number and is none that we write has no place in a program, and takes packets away from those that have:
/// it goes at once.
async fn rules(inside: &Inside) -> Result<BTreeSet<Rule>, Fault> {
    let mut all = BTreeSet::new();
    for version in [IpVersion::V4, IpVersion::V6] {
        let found: Vec<_> = inside.netlink.rule().get(version).execute().try_collect().await?;
        for message in found {
            match decode::rule(&message) {
                Some(Ok(rule)) => drop(all.insert(rule)),
                Some(Err(odd)) => {
                    let gone = inside.netlink.rule().del(message).execute().await;
                    gone.map_err(|error| Fault::Answer(format!("{odd}; it does not go: {error}")))?;
                }
                None => {}
            }
        }
    }
    Ok(all)
}

/// The address that outer headers come from; none where the kernel chooses.
async fn source() -> Result<Option<std::net::Ipv6Addr>, Fault> {
    let said = child::run(IP, &["sr", "tunsrc", "show"], "").await?;
    let address = said.split_whitespace().last().and_then(|word| word.parse::<std::net::Ipv6Addr>().ok());
    match address {
        Some(address) => Ok(Some(address).filter(|address| !address.is_unspecified())),
        None => Err(Fault::Answer(format!("`ip sr tunsrc show` says `{}`", said.trim()))),
    }
}

async fn marking() -> Result<Option<Marking>, Fault> {
    let tables = child::run(NFT, &["list", "tables"], "").await?;
    let wanted = format!("table {}", nft::TABLE);
    if !tables.lines().any(|line| line.trim() == wanted) {
        return Ok(None);
    }
    let arguments: Vec<&str> = ["-j", "list", "table"].into_iter().chain(nft::TABLE.split(' ')).collect();
    let listing = child::run(NFT, &arguments, "").await?;
    let odd = |strange: nft::Strange| Marking { odd: Some(strange.to_string()), ..Marking::default() };
    Ok(Some(nft::read(&listing).unwrap_or_else(odd)))
}

/// `enum` of HTB in `linux/pkt_sched.h`.
mod htb {
    pub const PARMS: u16 = 1;
    pub const RATE64: u16 = 6;
    pub const CEIL64: u16 = 7;
    /// Within the parameters, in octets: the rate and the ceiling (32 bits each), quantum and priority.
    pub const RATE: usize = 8;
    pub const CEIL: usize = 20;
    pub const QUANTUM: usize = 32;
    pub const PRIORITY: usize = 40;
}

async fn shapers(inside: &Inside, names: &Names) -> Result<BTreeMap<Device, Shaper>, Fault> {
    let disciplines: Vec<TcMessage> = inside.netlink.qdisc().get().execute().try_collect().await?;
    let mut limits: BTreeMap<(i32, Minor), Octets> = BTreeMap::new();
    let mut roots = Vec::new();
    for one in &disciplines {
        let (kind, options) = kind_and_options(one);
        if kind == "htb" && one.header.handle == (TcHandle { major: HTB, minor: 0 }) {
            roots.push(one.header.index);
        } else if kind == "bfifo" && one.header.parent.major == HTB {
            let limit = options.as_deref().and_then(as_u32).unwrap_or_default();
            limits.insert((one.header.index, Minor(one.header.parent.minor)), Octets(limit));
        }
    }
    let mut shapers = BTreeMap::new();
    for index in roots {
        let Some(name) = u32::try_from(index).ok().and_then(|index| names.get(&index)) else { continue };
        let mut shaper =
            Shaper { line: Rate::default(), weighted: Rate::default(), classes: BTreeMap::new() };
        for (minor, mut class) in classes(inside, index).await? {
            class.limit = limits.get(&(index, minor)).copied().unwrap_or(Octets(0));
            match minor {
                Minor::LINE => shaper.line = class.guarantee,
                Minor::WEIGHTED => shaper.weighted = class.guarantee,
                minor => {
                    shaper.classes.insert(minor, class);
                }
            }
        }
        shapers.insert(name.clone(), shaper);
    }
    Ok(shapers)
}

async fn classes(inside: &Inside, index: i32) -> Result<Vec<(Minor, Class)>, Fault> {
    let all: Vec<TcMessage> = inside.netlink.traffic_class(index).get().execute().try_collect().await?;
    Ok(all.iter().filter_map(class).collect())
}

/// A class of ours, but for its limit, which its queue has.
fn class(message: &TcMessage) -> Option<(Minor, Class)> {
    let (kind, options) = kind_and_options(message);
    if kind != "htb" || message.header.handle.major != HTB {
        return None;
    }
    let options = options?;
    let all: BTreeMap<u16, Vec<u8>> = nested(&options).collect();
    let parameters = all.get(&htb::PARMS)?;
    let number = |at: usize| parameters.get(at..).and_then(as_u32);
    let rate = |long: u16, at: usize| {
        let long = all.get(&long).and_then(|octets| as_u64(octets));
        long.or(number(at).map(u64::from)).map(Rate::from_octets)
    };
    let class = Class {
        guarantee: rate(htb::RATE64, htb::RATE)?,
        ceiling: rate(htb::CEIL64, htb::CEIL)?,
        priority: number(htb::PRIORITY)?,
        quantum: number(htb::QUANTUM)?,
        limit: Octets(0),
    };
    Some((Minor(message.header.handle.minor), class))
}

/// The kind of a discipline or class, and the octets of its options.
fn kind_and_options(message: &TcMessage) -> (&str, Option<Vec<u8>>) {
    let (mut kind, mut options) = ("", None);
    for attribute in &message.attributes {
        match attribute {
            TcAttribute::Kind(found) => kind = found,
            TcAttribute::Options(found) => {
                options = found.iter().find_map(|one| match one {
                    TcOption::Other(other) => Some(parts(other).1),
                    _ => None,
                });
            }
            _ => {}
        }
    }
    (kind, options)
}

/// What a class sent and dropped, and what waits in it.
pub(super) async fn class_stats(inside: &Inside, index: u32) -> Result<Vec<(Minor, Vec<TcStats2>)>, Fault> {
    let Ok(index) = i32::try_from(index) else { return Ok(Vec::new()) };
    let all: Vec<TcMessage> = inside.netlink.traffic_class(index).get().execute().try_collect().await?;
    let ours = all.into_iter().filter(|message| message.header.handle.major == HTB);
    let stats = |message: TcMessage| {
        let minor = Minor(message.header.handle.minor);
        let found = message.attributes.into_iter().find_map(|one| match one {
            TcAttribute::Stats2(stats) => Some(stats),
            _ => None,
        });
        (minor, found.unwrap_or_default())
    };
    Ok(ours.map(stats).collect())
}
