//! All probes of one router: which session sends next, and whose answer an answer is. Time and the seed are arguments.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::Ipv6Addr,
    time::Duration,
};

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use thiserror::Error;

use crate::{
    header::{self, Flow, HeaderError},
    moment::Moment,
    packet::{ErrorEstimate, PORT, ReflectorPacket, SenderPacket},
    session::{Answer, Reading, Session, Settings},
};

/// The most probes of a router.
pub const MOST_PROBES: usize = 4096;

/// A probe is not sent more often than this.
pub const LEAST_EVERY: Duration = Duration::from_millis(10);

/// And not more seldom.
pub const MOST_EVERY: Duration = Duration::from_secs(1);

/// So many packets at least make up a window, or seldom probes would say nothing of loss.
const WINDOW: u32 = 20;

/// How often probes along a segment list are sent, where nobody says otherwise: silence is told 60 ms after the time of the first lost
/// one is over.
pub const LIST_EVERY: Duration = Duration::from_millis(20);

/// How often probes of a link are sent, where nobody says otherwise.
pub const LINK_EVERY: Duration = Duration::from_millis(100);

/// What somebody calls a probe.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ProbeId(pub String);

impl From<&str> for ProbeId {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl From<String> for ProbeId {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl fmt::Display for ProbeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What is measured.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Probe {
    /// An address of this router, to which answers come by the IGP.
    pub from: Ipv6Addr,
    /// An address of the router that answers: the other end of a link, or the end of a list.
    pub reflector: Ipv6Addr,
    /// The segments of the outer header, in the order in which they are passed. The last one takes the outer header off and gives what
    /// is in it to the router itself: `End.DT6` of the *local* table (RFC 8986 section 4.6). Empty: there is no outer header.
    pub via: Vec<Ipv6Addr>,
    /// How often: the nearest between [`LEAST_EVERY`] and [`MOST_EVERY`] counts.
    pub every: Duration,
    /// Out of this interface alone, whatever routes say, for a link. None: as a packet that came in from outside.
    pub device: Option<String>,
    /// The code point, of 6 bits.
    pub dscp: u8,
}

/// Why something is not probed.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum NotProbed {
    /// There are too many.
    #[error("a router probes {most} things at most: fewer links and segment lists must do", most = MOST_PROBES)]
    TooMany,
    /// Its packet would be too long.
    #[error("{0}")]
    Header(#[from] HeaderError),
}

/// A packet to be sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outgoing {
    /// Out of this interface alone.
    pub device: Option<String>,
    /// Where to: its destination address.
    pub first: Ipv6Addr,
    /// The whole packet.
    pub octets: Vec<u8>,
}

/// What may be due. The time of old packets ends before new ones are sent.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Turn {
    Expire,
    Send,
}

#[derive(Debug)]
struct Running {
    id: ProbeId,
    probe: Probe,
    session: Session,
    /// Fixed, so that its packets keep one path.
    label: u32,
    /// When it sends next.
    send: Duration,
    /// When the time of a packet is over.
    expire: Option<Duration>,
}

/// All probes of a router.
#[derive(Debug)]
pub struct Fleet {
    settings: Settings,
    dice: ChaCha8Rng,
    /// By the identifier that packets carry.
    running: BTreeMap<u16, Running>,
    names: BTreeMap<ProbeId, u16>,
    turns: BTreeSet<(Duration, Turn, u16)>,
    last_ssid: u16,
    changes: u64,
}

impl Fleet {
    /// None yet. The seed decides when within its interval each session sends, and its flow label.
    pub fn new(settings: Settings, seed: u64) -> Self {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let last_ssid = dice.random();
        Self {
            settings,
            dice,
            running: BTreeMap::new(),
            names: BTreeMap::new(),
            turns: BTreeSet::new(),
            last_ssid,
            changes: 0,
        }
    }

    /// Replaces what is probed. A probe that is the same under the same name keeps its session; any other begins a new one. What cannot be
    /// probed is told, and has no reading.
    pub fn set(&mut self, probes: BTreeMap<ProbeId, Probe>, now: Duration) -> Vec<(ProbeId, NotProbed)> {
        let gone = self.running.iter().filter(|(_, running)| probes.get(&running.id) != Some(&running.probe));
        let gone: Vec<u16> = gone.map(|(ssid, _)| *ssid).collect();
        gone.into_iter().for_each(|ssid| self.end(ssid));
        let mut refused = Vec::new();
        for (id, probe) in probes {
            if self.names.contains_key(&id) {
                continue;
            }
            // The same lengths as any packet of it will have.
            let fits = header::packet(&flow(&probe, 0, 0), &probe.via, &[0; crate::packet::LENGTH]);
            if let Err(error) = fits {
                refused.push((id, error.into()));
            } else if self.running.len() >= MOST_PROBES {
                refused.push((id, NotProbed::TooMany));
            } else {
                self.begin(id, probe, now);
            }
        }
        refused
    }

    fn begin(&mut self, id: ProbeId, probe: Probe, now: Duration) {
        // There are more identifiers than probes.
        loop {
            self.last_ssid = self.last_ssid.wrapping_add(1).max(1);
            if !self.running.contains_key(&self.last_ssid) {
                break;
            }
        }
        let ssid = self.last_ssid;
        let interval = u64::try_from(every(&probe).as_nanos()).unwrap_or(u64::MAX);
        let offset = self.dice.random_range(0..interval);
        let send = now + Duration::from_nanos(offset);
        let label = self.dice.random_range(1..1 << 20);
        let window = self.settings.window.max(every(&probe) * WINDOW);
        let session = Session::new(Settings { window, ..self.settings });
        self.turns.insert((send, Turn::Send, ssid));
        self.names.insert(id.clone(), ssid);
        self.running.insert(ssid, Running { id, probe, session, label, send, expire: None });
    }

    fn end(&mut self, ssid: u16) {
        let Some(running) = self.running.remove(&ssid) else { return };
        self.names.remove(&running.id);
        self.turns.remove(&(running.send, Turn::Send, ssid));
        if let Some(at) = running.expire {
            self.turns.remove(&(at, Turn::Expire, ssid));
        }
    }

    /// When something is due next. None where nothing is probed.
    pub fn next(&self) -> Option<Duration> {
        self.turns.first().map(|(at, _, _)| *at)
    }

    /// The next session that should send by `now`; asked again, the one behind it. Until it says none, each session comes once at most.
    /// Judges the packets whose time is over. O(log probes).
    pub fn due(&mut self, now: Duration) -> Option<u16> {
        while let Some((at, turn, ssid)) = self.turns.first().copied().filter(|(at, _, _)| *at <= now) {
            self.turns.remove(&(at, turn, ssid));
            let Some(running) = self.running.get_mut(&ssid) else { continue };
            if turn == Turn::Send {
                // Whoever is late does not make up for it: a burst measures itself.
                let next = at + every(&running.probe);
                running.send = if next > now { next } else { now + every(&running.probe) };
                self.turns.insert((running.send, Turn::Send, ssid));
                return Some(ssid);
            }
            running.expire = None;
            let was_silent = running.session.is_silent();
            running.session.expire(now);
            self.changes += u64::from(was_silent != running.session.is_silent());
            self.arm(ssid, now);
        }
        None
    }

    /// The next packet of a session, which says that it is sent at `sent` and wants its answer at `port`. It counts as sent, also where it
    /// cannot leave: an interface that is down carries nothing.
    pub fn packet(&mut self, ssid: u16, port: u16, now: Duration, sent: Moment) -> Option<Outgoing> {
        let running = self.running.get_mut(&ssid)?;
        let error = ErrorEstimate::OURS;
        let sequence = running.session.send(now, sent);
        let payload = SenderPacket { sequence, timestamp: error.format.write(sent), error, ssid }.encode();
        let probe = &running.probe;
        let first = probe.via.first().copied().unwrap_or(probe.reflector);
        let octets = header::packet(&flow(probe, port, running.label), &probe.via, &payload);
        let device = probe.device.clone();
        self.arm(ssid, now);
        octets.ok().map(|octets| Outgoing { device, first, octets })
    }

    /// What came to the port of answers. False where it answers no packet of ours.
    pub fn hear(&mut self, from: Ipv6Addr, octets: &[u8], now: Duration) -> bool {
        let Ok(packet) = ReflectorPacket::decode(octets) else { return false };
        let Some(running) = self.running.get_mut(&packet.ssid).filter(|found| found.probe.reflector == from)
        else {
            return false;
        };
        let Some(sent) = packet.sender.error.format.read(packet.sender.timestamp) else { return false };
        let delay = packet.received().and_then(|received| received.since(sent));
        let sequence = packet.sender.sequence;
        let answer = Answer { sequence, sent, count: packet.sequence, delay };
        let was_silent = running.session.is_silent();
        let is_ours = running.session.hear(&answer, now);
        self.changes += u64::from(was_silent != running.session.is_silent());
        self.arm(packet.ssid, now);
        is_ours
    }

    /// Sets the timer of a session anew.
    fn arm(&mut self, ssid: u16, now: Duration) {
        let Some(running) = self.running.get_mut(&ssid) else { return };
        let next = running.session.next(now);
        if next == running.expire {
            return;
        }
        if let Some(at) = running.expire {
            self.turns.remove(&(at, Turn::Expire, ssid));
        }
        self.turns.extend(next.map(|at| (at, Turn::Expire, ssid)));
        running.expire = next;
    }

    /// What every probe says now.
    pub fn readings(&self, now: Duration) -> BTreeMap<ProbeId, Reading> {
        self.running.values().map(|running| (running.id.clone(), running.session.reading(now))).collect()
    }

    /// How often a session became silent or spoke again.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// What a session is called, for messages.
    pub fn name(&self, ssid: u16) -> Option<&ProbeId> {
        self.running.get(&ssid).map(|running| &running.id)
    }

    /// The interfaces that probes leave by.
    pub fn devices(&self) -> BTreeSet<&str> {
        self.running.values().filter_map(|running| running.probe.device.as_deref()).collect()
    }
}

fn every(probe: &Probe) -> Duration {
    probe.every.clamp(LEAST_EVERY, MOST_EVERY)
}

fn flow(probe: &Probe, source_port: u16, label: u32) -> Flow {
    let (from, to, dscp) = (probe.from, probe.reflector, probe.dscp);
    Flow { from, to, source_port, port: PORT, dscp, label }
}

#[cfg(test)]
mod tests;
