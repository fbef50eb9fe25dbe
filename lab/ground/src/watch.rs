//! Which interfaces are up, as the kernel tells it: in every namespace a netlink socket of its own, all of them watched by one thread.
//!
//! An interface is up where it was taken up and has a carrier. The kernel tells each change at once; what was not told because a
//! socket's memory was full is asked for again.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    os::fd::OwnedFd,
    sync::mpsc::Sender,
    thread::{self, JoinHandle},
};

use model::LinkId;
use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::{
    RouteNetlinkMessage,
    link::{LinkAttribute, LinkFlags, LinkMessage},
};
use rustix::{
    io::Errno,
    net::{
        AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, bind,
        netlink::SocketAddrNetlink, send, socket_with,
    },
};
use vigil::{Bell, Vigil, Woken};

use crate::{
    layout::Layout,
    space::{self, SpaceError},
};

/// The family of messages about interfaces (NETLINK_ROUTE) is number 0, which a socket has where no other is named.
const ROUTE: Option<Protocol> = None;
/// The group of messages about interfaces (RTMGRP_LINK).
const LINKS: u32 = 1;
/// The largest answer that is read at once.
const ANSWER: usize = 1 << 16;

/// What one message says of an interface.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Told {
    /// Its name.
    pub device: String,
    /// Whether it carries.
    pub up: bool,
}

/// The messages of a piece of netlink. What cannot be read ends it: the kernel writes no such thing.
fn messages(mut octets: &[u8]) -> Vec<NetlinkPayload<RouteNetlinkMessage>> {
    let mut all = Vec::new();
    while let Ok(message) = NetlinkMessage::<RouteNetlinkMessage>::deserialize(octets) {
        // Messages begin at multiples of four.
        let length =
            usize::try_from(message.header.length).unwrap_or(usize::MAX / 2).max(1).next_multiple_of(4);
        all.push(message.payload);
        let Some(rest) = octets.get(length..) else { break };
        octets = rest;
    }
    all
}

/// What a piece of netlink says of interfaces.
pub fn told(octets: &[u8]) -> Vec<Told> {
    let of = |payload| match payload {
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(link)) => interface(&link, true),
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelLink(link)) => interface(&link, false),
        _ => None,
    };
    messages(octets).into_iter().filter_map(of).collect()
}

fn interface(link: &LinkMessage, there: bool) -> Option<Told> {
    let name = link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::IfName(name) => Some(name.clone()),
        _ => None,
    })?;
    let carries = LinkFlags::Up | LinkFlags::LowerUp;
    Some(Told { device: name, up: there && link.header.flags.contains(carries) })
}

/// The question for all interfaces.
fn question() -> Vec<u8> {
    let payload = NetlinkPayload::from(RouteNetlinkMessage::GetLink(LinkMessage::default()));
    let mut message = NetlinkMessage::new(NetlinkHeader::default(), payload);
    message.header.flags = NLM_F_DUMP | NLM_F_REQUEST;
    message.finalize();
    let mut octets = vec![0; message.buffer_len()];
    message.serialize(&mut octets);
    octets
}

/// What the lines are like now.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Seen {
    /// Lines that are down at one end at least.
    pub down: BTreeSet<LinkId>,
    /// Lines that went down since the last time, though they may be up again: the kernel has forgotten routes over them.
    pub fell: BTreeSet<LinkId>,
}

/// A socket in the namespace of the calling thread that is told of every change there.
fn listen() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, ROUTE)?;
    bind(&socket, &SocketAddrNetlink::new(0, LINKS))?;
    send(&socket, &question(), SendFlags::empty())?;
    Ok(socket)
}

/// The interfaces of the namespace of the calling thread, and whether each is up.
///
/// # Errors
/// The kernel does not answer.
pub fn now() -> Result<BTreeMap<String, bool>, SpaceError> {
    let fail = |cause: io::Error| SpaceError::Run { program: "netlink", cause };
    let ask = || -> io::Result<BTreeMap<String, bool>> {
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, ROUTE)?;
        bind(&socket, &SocketAddrNetlink::new(0, 0))?;
        send(&socket, &question(), SendFlags::empty())?;
        let (mut all, mut answer) = (BTreeMap::new(), vec![0; ANSWER]);
        loop {
            let (length, _) = rustix::net::recv(&socket, &mut *answer, RecvFlags::empty())?;
            let octets = answer.get(..length).unwrap_or_default();
            all.extend(told(octets).into_iter().map(|Told { device, up }| (device, up)));
            if is_last(octets) {
                return Ok(all);
            }
        }
    };
    ask().map_err(fail)
}

/// Whether an answer says that no more follows.
fn is_last(octets: &[u8]) -> bool {
    messages(octets)
        .iter()
        .any(|payload| matches!(payload, NetlinkPayload::Done(_) | NetlinkPayload::Error(_)))
}

/// How the answer to a question for all interfaces ends, where it ends in a piece of netlink.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ending {
    /// All of them were told.
    Whole,
    /// The question was not taken: another answer is under way on that socket.
    Refused,
}

fn ending(octets: &[u8]) -> Option<Ending> {
    messages(octets).iter().find_map(|payload| match payload {
        NetlinkPayload::Done(_) => Some(Ending::Whole),
        NetlinkPayload::Error(error) => error.code.is_some().then_some(Ending::Refused),
        _ => None,
    })
}

/// A thread that watches the lines of a lab. It ends when it is dropped.
pub struct Watch {
    end: Bell,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to watch all routers of a layout. Whenever a line goes down or comes up, `tell` gets what they are like; for the
    /// first time as soon as every router has told of its interfaces.
    ///
    /// # Errors
    /// A namespace cannot be entered, or the system gives no more descriptors.
    pub fn start(layout: &Layout, tell: Sender<Seen>) -> Result<Self, SpaceError> {
        let fail = |cause: io::Error| SpaceError::Run { program: "netlink", cause };
        let routers: Vec<_> = layout.routers().map(|(_, stand, _)| stand).collect();
        let sockets = space::each(&routers, |stand| &stand.space, |_| listen().map_err(fail))?;
        let lines = routers
            .iter()
            .map(|stand| {
                let known = stand.interfaces.values();
                known.map(|interface| (interface.device.clone(), interface.line.clone())).collect()
            })
            .collect();
        let (vigil, end) = Vigil::begin().map_err(fail)?;
        for (token, socket) in (0_u64..).zip(&sockets) {
            vigil.watch(socket, token).map_err(fail)?;
        }
        let known = vec![BTreeMap::new(); sockets.len()];
        let (fell, again) = (BTreeSet::new(), BTreeSet::new());
        let work = Work { vigil, sockets, lines, known, fell, again, last: None, tell };
        let thread = thread::Builder::new().name("watch".to_owned()).spawn(move || work.run());
        let thread = thread.map_err(|cause| SpaceError::Run { program: "a thread", cause })?;
        Ok(Self { end, thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end.ring();
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}

struct Work {
    vigil: Vigil,
    /// By router.
    sockets: Vec<OwnedFd>,
    /// The line at each interface, by router.
    lines: Vec<BTreeMap<String, LinkId>>,
    /// What each router has told of its interfaces.
    known: Vec<BTreeMap<String, bool>>,
    /// Lines that went down and were not told of.
    fell: BTreeSet<LinkId>,
    /// Routers that must be asked for all of their interfaces when an answer that is under way has come.
    again: BTreeSet<usize>,
    /// The lines that were told to be down.
    last: Option<BTreeSet<LinkId>>,
    tell: Sender<Seen>,
}

impl Work {
    fn run(mut self) {
        let mut woken = Vec::new();
        let mut answer = vec![0; ANSWER];
        loop {
            if let Err(error) = self.vigil.wait(&mut woken) {
                return tracing::error!(%error, "nobody watches the lines any more");
            }
            for why in &woken {
                match why {
                    Woken::Asked => return,
                    Woken::Came(token) => {
                        self.read(usize::try_from(*token).unwrap_or(usize::MAX), &mut answer)
                    }
                }
            }
            let Some(down) = self.down() else { continue };
            if self.fell.is_empty() && self.last.as_ref() == Some(&down) {
                continue;
            }
            self.last = Some(down.clone());
            if self.tell.send(Seen { down, fell: std::mem::take(&mut self.fell) }).is_err() {
                return;
            }
        }
    }

    fn read(&mut self, at: usize, answer: &mut [u8]) {
        let (Some(socket), Some(known)) = (self.sockets.get(at), self.known.get_mut(at)) else { return };
        loop {
            match rustix::net::recv(socket, &mut *answer, RecvFlags::empty()) {
                Ok((length, _)) => {
                    let octets = answer.get(..length).unwrap_or_default();
                    for Told { device, up } in told(octets) {
                        let line = self.lines.get(at).and_then(|lines| lines.get(&device));
                        if known.insert(device, up) == Some(true) && !up {
                            self.fell.extend(line.cloned());
                        }
                    }
                    match ending(octets) {
                        Some(Ending::Refused) => drop(self.again.insert(at)),
                        // Where the question cannot be sent either, the next change asks again.
                        Some(Ending::Whole) if self.again.remove(&at) => {
                            let _ = send(socket, &question(), SendFlags::empty());
                        }
                        _ => {}
                    }
                }
                Err(Errno::NOBUFS) => {
                    // Something was not told.
                    let _ = send(socket, &question(), SendFlags::empty());
                }
                Err(_) => return,
            }
        }
    }

    /// The lines that are down at one end at least; none where some router has not told of all its interfaces yet.
    fn down(&self) -> Option<BTreeSet<LinkId>> {
        let mut down = BTreeSet::new();
        for (lines, known) in self.lines.iter().zip(&self.known) {
            for (device, line) in lines {
                if !*known.get(device)? {
                    down.insert(line.clone());
                }
            }
        }
        Some(down)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_of_interfaces_is_understood() {
        let message = |name: &str, flags: LinkFlags, gone: bool| {
            let mut link = LinkMessage::default();
            link.header.flags = flags;
            link.attributes.push(LinkAttribute::IfName(name.to_owned()));
            let inner =
                if gone { RouteNetlinkMessage::DelLink(link) } else { RouteNetlinkMessage::NewLink(link) };
            let mut message = NetlinkMessage::new(NetlinkHeader::default(), NetlinkPayload::from(inner));
            message.finalize();
            let mut octets = vec![0; message.buffer_len().next_multiple_of(4)];
            message.serialize(&mut octets[..message.buffer_len()]);
            octets
        };
        let up = LinkFlags::Up | LinkFlags::LowerUp;
        let octets =
            [message("eth1", up, false), message("a", LinkFlags::Up, false), message("eth2", up, true)]
                .concat();
        let seen: Vec<(String, bool)> =
            told(&octets).into_iter().map(|told| (told.device, told.up)).collect();
        assert_eq!(seen, [("eth1".to_owned(), true), ("a".to_owned(), false), ("eth2".to_owned(), false)]);
        assert!(told(&octets[..octets.len() / 2 + 1]).len() < 3 && told(&[]).is_empty());
    }

    #[test]
    fn a_question_that_was_not_taken_is_told_from_an_answer_that_is_whole() {
        // As the kernel writes them: a header of 16 octets, a number behind it, and what else there is.
        let message = |kind: u16, number: i32, rest: &[u8]| {
            let length = u32::try_from(20 + rest.len()).unwrap();
            let mut octets = [length.to_ne_bytes(), [0; 4], [0; 4], [0; 4], number.to_ne_bytes()].concat();
            octets[4..6].copy_from_slice(&kind.to_ne_bytes());
            octets.extend(rest);
            octets
        };
        let (error, done) = (2, 3);
        assert_eq!(ending(&message(done, 0, &[])), Some(Ending::Whole));
        // The kernel repeats the header of what it did not take.
        assert_eq!(ending(&message(error, -16, &[0; 16])), Some(Ending::Refused));
        assert_eq!(ending(&[]), None);
    }
}
