//! Carries writes out: neighbours of one kind together, everything in its order.

use std::{collections::BTreeSet, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use rtnetlink::{
    LinkBridge,
    packet_core::{
        NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload,
    },
    packet_route::{RouteNetlinkMessage, tc::TcStats2},
};
use tokio::time::sleep;

use super::{
    child::{self, IP, NFT, TC},
    encode::{self, Indices},
    error::{Failed, Fault},
    inside::Inside,
    read,
};
use crate::{
    nft,
    number::{ANCHOR, ANCHOR_MTU, Minor},
    tc,
    write::Write,
};

/// How much was written, by kind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Routes, SIDs among them, that came, changed or went.
    pub routes: u64,
    /// Rules that came or went.
    pub rules: u64,
    /// Times that all marks were replaced.
    pub marks: u64,
    /// Queues and lines of queues that came, changed or went.
    pub queues: u64,
    /// The anchor and the source of outer headers.
    pub basics: u64,
}

impl Counts {
    /// All of it.
    pub const fn total(&self) -> u64 {
        self.routes + self.rules + self.marks + self.queues + self.basics
    }

    fn add(&mut self, write: &Write) {
        let counted = match write {
            Write::Route { .. } | Write::Unroute(_) => &mut self.routes,
            Write::Rule(_) | Write::Unrule(_) => &mut self.rules,
            Write::Marking(_) => &mut self.marks,
            Write::Shape { .. } | Write::Unshape(_) | Write::Class { .. } | Write::Unclass { .. } => {
                &mut self.queues
            }
            Write::Anchor | Write::Unanchor | Write::Source(_) => &mut self.basics,
            Write::Drain { .. } => return,
        };
        *counted += 1;
    }
}

/// How many requests may be under way at once. The kernel answers them one by one, in their order.
const TOGETHER: usize = 64;

/// Kinds of writes that may be sent without waiting for each other: none of them leans on another.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    RoutesCome,
    RoutesGo,
    RulesCome,
    RulesGo,
    Queues,
    Drains,
    Alone,
}

const fn kind(write: &Write) -> Kind {
    match write {
        Write::Route { .. } => Kind::RoutesCome,
        Write::Unroute(_) => Kind::RoutesGo,
        Write::Rule(_) => Kind::RulesCome,
        Write::Unrule(_) => Kind::RulesGo,
        Write::Shape { .. } | Write::Unshape(_) | Write::Class { .. } | Write::Unclass { .. } => Kind::Queues,
        Write::Drain { .. } => Kind::Drains,
        Write::Anchor | Write::Unanchor | Write::Source(_) | Write::Marking(_) => Kind::Alone,
    }
}

pub(super) async fn all(inside: &Inside, writes: &[Write]) -> Result<Counts, Failed> {
    let mut counts = Counts::default();
    let mut indices: Option<Indices> = None;
    for group in writes.chunk_by(|a, b| kind(a) == kind(b) && kind(a) != Kind::Alone) {
        let Some(first) = group.first() else { continue };
        match first {
            Write::Route { .. } | Write::Unroute(_) | Write::Rule(_) | Write::Unrule(_) => {
                let known = match indices.take() {
                    Some(known) => known,
                    None => read::indices(inside).await.map_err(|fault| (None, fault))?,
                };
                by_netlink(inside, group, &known).await?;
                indices = Some(known);
            }
            Write::Anchor | Write::Unanchor => {
                anchor(inside, first == &Write::Anchor)
                    .await
                    .map_err(|fault| (Some(first.to_string()), fault))?;
                indices = None;
            }
            Write::Source(source) => {
                let address = source.map_or_else(|| "::".to_owned(), |source| source.to_string());
                let set = child::run(IP, &["sr", "tunsrc", "set", &address], "").await;
                set.map_err(|fault| (Some(first.to_string()), fault))?;
            }
            Write::Marking(marking) => {
                let script = nft::script(marking.as_ref());
                let set = child::run(NFT, &["-f", "-"], &script).await;
                set.map_err(|fault| (Some("the marks of nftables".to_owned()), fault))?;
            }
            Write::Shape { .. } | Write::Unshape(_) | Write::Class { .. } | Write::Unclass { .. } => {
                by_tc(group).await?;
            }
            Write::Drain { .. } => drained(inside, group).await?,
        }
        group.iter().for_each(|write| counts.add(write));
    }
    Ok(counts)
}

async fn by_netlink(inside: &Inside, group: &[Write], indices: &Indices) -> Result<(), Failed> {
    let send = |write: &Write| {
        let (name, request) = (write.to_string(), request(write, indices));
        let goes = matches!(write, Write::Unroute(_) | Write::Unrule(_));
        let mut netlink = inside.netlink.clone();
        async move {
            let sent = async {
                let mut answers = netlink.request(request?)?;
                while let Some(answer) = answers.next().await {
                    if let NetlinkPayload::Error(error) = answer.payload
                        && error.code.is_some()
                        && !(goes && is_gone(&error.to_io()))
                    {
                        return Err(Fault::from(rtnetlink::Error::NetlinkError(error)));
                    }
                }
                Ok(())
            };
            sent.await.map_err(|fault| (Some(name), fault))
        }
    };
    stream::iter(group.iter().map(send)).buffered(TOGETHER).try_collect().await
}

/// Whether the kernel says that what should go is not there: a device that went down took its routes with it.
fn is_gone(error: &std::io::Error) -> bool {
    let gone = [rustix::io::Errno::SRCH, rustix::io::Errno::NOENT];
    gone.iter().any(|gone| error.raw_os_error() == Some(gone.raw_os_error()))
}

fn request(write: &Write, indices: &Indices) -> Result<NetlinkMessage<RouteNetlinkMessage>, Fault> {
    let (message, flags) = match write {
        Write::Route { key, target, replaces } => {
            let how = if *replaces { NLM_F_REPLACE } else { NLM_F_EXCL };
            (RouteNetlinkMessage::NewRoute(encode::route(key, target, indices)?), NLM_F_CREATE | how)
        }
        Write::Unroute(key) => (RouteNetlinkMessage::DelRoute(encode::unroute(key)), 0),
        Write::Rule(rule) => (RouteNetlinkMessage::NewRule(encode::rule(rule)), NLM_F_CREATE | NLM_F_EXCL),
        Write::Unrule(rule) => (RouteNetlinkMessage::DelRule(encode::rule(rule)), 0),
        other => return Err(Fault::Answer(format!("{other} is not written over rtnetlink"))),
    };
    let mut request = NetlinkMessage::from(message);
    request.header.flags = NLM_F_REQUEST | NLM_F_ACK | flags;
    Ok(request)
}

async fn anchor(inside: &Inside, wanted: bool) -> Result<(), Fault> {
    let link = inside.netlink.link();
    if wanted {
        return Ok(link.add(LinkBridge::new(ANCHOR).mtu(ANCHOR_MTU).build()).execute().await?);
    }
    let found = read::links(inside).await?.into_iter().find(|link| link.name.as_str() == ANCHOR);
    match found {
        Some(found) => Ok(link.del(found.index).execute().await?),
        None => Err(Fault::Answer(format!("there is no device {ANCHOR}"))),
    }
}

/// How often queues that go are looked at, and how many times at most.
const LOOK: Duration = Duration::from_millis(5);
const LOOKS: u32 = 400;

/// Waits until nothing waits in queues that go. What a line that is full for longer than that does not carry is lost with its queue.
async fn drained(inside: &Inside, group: &[Write]) -> Result<(), Failed> {
    let fail = |fault| (Some("counting in queues that go".to_owned()), fault);
    let indices = read::indices(inside).await.map_err(fail)?;
    let place = |write: &Write| match write {
        Write::Drain { device, minor } => Some((*indices.get(device)?, *minor)),
        _ => None,
    };
    let mut full: BTreeSet<(u32, Minor)> = group.iter().filter_map(place).collect();
    for _ in 0..LOOKS {
        let devices: BTreeSet<u32> = full.iter().map(|(device, _)| *device).collect();
        for device in devices {
            let all = read::class_stats(inside, device).await.map_err(fail)?;
            let waits = |minor: Minor| all.iter().any(|(found, stats)| *found == minor && is_waiting(stats));
            full.retain(|(of, minor)| *of != device || waits(*minor));
        }
        if full.is_empty() {
            break;
        }
        sleep(LOOK).await;
    }
    Ok(())
}

fn is_waiting(stats: &[TcStats2]) -> bool {
    stats.iter().any(|one| matches!(one, TcStats2::Queue(queue) if queue.qlen > 0))
}

/// All lines in one process; the first that is refused ends it, and is named by its number.
async fn by_tc(group: &[Write]) -> Result<(), Failed> {
    let lines: Vec<String> = group.iter().flat_map(tc::lines).collect();
    let input: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    let fault = match child::run(TC, &["-batch", "-"], &input).await {
        Ok(_) => return Ok(()),
        Err(fault) => fault,
    };
    let number = match &fault {
        Fault::Tool { words, .. } => {
            words.rsplit_once(':').and_then(|(_, number)| number.trim().parse::<usize>().ok())
        }
        _ => None,
    };
    let line = number.and_then(|number| lines.get(number.checked_sub(1)?));
    Err((line.map(|line| format!("tc {line}")), fault))
}
