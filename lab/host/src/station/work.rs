//! What the thread of a host does.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::SocketAddr,
    sync::mpsc::{Receiver, TryRecvError},
    time::Instant,
};

use model::Span;
use vigil::{Vigil, Woken};

use super::{
    Ask, Reached, Report, StationError,
    socket::{Came, Door, clock, notes},
};
use crate::{
    flow::{Flow, FlowId, LARGEST},
    ledger::{Arrival, Ledger},
    packet::Packet,
    schedule::{Due, Schedule},
    tally::Sent,
};

/// Packets of one socket that are read before others have their turn.
const READ: usize = 1_024;
/// Packets that are sent before those that came are read.
const WRITTEN: usize = 256;

/// The sockets, by address and by token.
#[derive(Default)]
struct Doors {
    tokens: BTreeMap<SocketAddr, u64>,
    doors: BTreeMap<u64, Door>,
    next: u64,
}

/// A flow that is sent, or was.
struct Sending {
    flow: Flow,
    /// The sockets of its ports, in order.
    doors: Vec<u64>,
    sent: Sent,
}

/// A flow that is expected.
struct Expected {
    flow: Flow,
    ledger: Ledger,
    told: Option<Sent>,
}

/// What the thread works with.
pub(super) struct Work {
    station: String,
    vigil: Vigil,
    asked: Receiver<Ask>,
    begun: Instant,
    doors: Doors,
    schedule: Schedule,
    sending: BTreeMap<FlowId, Sending>,
    expected: BTreeMap<FlowId, Expected>,
    strange: u64,
    /// What came in this turn.
    arrivals: Vec<Arrival>,
    notes: Vec<u8>,
    payload: Vec<u8>,
}

impl Work {
    pub(super) fn new(station: String, vigil: Vigil, asked: Receiver<Ask>) -> Self {
        Self {
            station,
            vigil,
            asked,
            begun: now(),
            doors: Doors::default(),
            schedule: Schedule::default(),
            sending: BTreeMap::new(),
            expected: BTreeMap::new(),
            strange: 0,
            arrivals: Vec::new(),
            notes: notes(),
            payload: vec![0; usize::from(LARGEST)],
        }
    }

    /// Sends and receives until it is told to end.
    pub(super) fn run(mut self) {
        vigil::ring_in_time();
        let mut woken = Vec::new();
        loop {
            if let Err(error) = self.vigil.wait(&mut woken) {
                return tracing::error!(station = self.station, %error, "a host stands still");
            }
            for why in &woken {
                match why {
                    Woken::Asked => {
                        if self.answer() {
                            return;
                        }
                    }
                    Woken::Came(token) => self.read(*token),
                }
            }
            self.count();
            self.write();
            self.arm();
        }
    }

    /// Does what it is asked for; whether that is to end.
    fn answer(&mut self) -> bool {
        loop {
            match self.asked.try_recv() {
                // Who asked may be gone.
                Ok(Ask::Receive(flows, answer)) => drop(answer.send(self.expect(flows))),
                Ok(Ask::Send(flows, answer)) => drop(answer.send(self.begin(flows))),
                Ok(Ask::Halt(flows)) => flows.iter().for_each(|flow| self.halt(*flow)),
                Ok(Ask::Forget(flows)) => {
                    for flow in &flows {
                        self.halt(*flow);
                        self.sending.remove(flow);
                        self.expected.remove(flow);
                    }
                    self.close();
                }
                Ok(Ask::Tell(sent)) => {
                    for (flow, sent) in sent {
                        if let Some(expected) = self.expected.get_mut(&flow) {
                            expected.told = Some(sent);
                        }
                    }
                }
                Ok(Ask::Sent(answer)) => {
                    let sent = self.sending.iter().map(|(flow, sending)| (*flow, sending.sent.clone()));
                    drop(answer.send(sent.collect()));
                }
                Ok(Ask::Reached(answer)) => {
                    self.read_all();
                    drop(answer.send(self.reached()));
                }
                Ok(Ask::Tally(answer)) => {
                    // What has come and was not read yet counts too.
                    self.read_all();
                    drop(answer.send(self.report()));
                }
                Err(TryRecvError::Empty) => return false,
                Ok(Ask::End) | Err(TryRecvError::Disconnected) => return true,
            }
        }
    }

    fn expect(&mut self, flows: Vec<Flow>) -> Result<(), StationError> {
        for flow in flows {
            flow.check()?;
            self.open(flow.receivers())?;
            let ledger = Ledger::new(&flow, clock());
            self.expected.insert(flow.id, Expected { flow, ledger, told: None });
        }
        self.close();
        Ok(())
    }

    fn begin(&mut self, flows: Vec<Flow>) -> Result<(), StationError> {
        for flow in flows {
            flow.check()?;
            let doors = self.open(flow.senders())?;
            let ended = flow.packets() == Some(0);
            self.schedule.begin(flow.clone(), self.begun.elapsed());
            let sent = Sent { ended, ..Sent::default() };
            self.sending.insert(flow.id, Sending { flow, doors, sent });
        }
        self.close();
        Ok(())
    }

    fn halt(&mut self, flow: FlowId) {
        self.schedule.end(flow);
        if let Some(sending) = self.sending.get_mut(&flow) {
            sending.sent.ended = true;
        }
    }

    /// Opens sockets, those that are not open yet; gives their tokens.
    fn open(&mut self, addresses: impl Iterator<Item = SocketAddr>) -> Result<Vec<u64>, StationError> {
        let station = &self.station;
        let (doors, vigil) = (&mut self.doors, &self.vigil);
        addresses
            .map(|address| {
                doors.open(address, vigil).map_err(|cause| StationError::Bind {
                    station: station.clone(),
                    address,
                    cause,
                })
            })
            .collect()
    }

    /// Closes sockets that no flow needs any more.
    fn close(&mut self) {
        let running = self.sending.values().filter(|sending| !sending.sent.ended);
        let used = running.flat_map(|sending| sending.flow.senders());
        let used: BTreeSet<SocketAddr> =
            used.chain(self.expected.values().flat_map(|expected| expected.flow.receivers())).collect();
        self.doors.keep(&used);
    }

    /// Takes what came at a socket.
    fn read(&mut self, token: u64) {
        let Some(door) = self.doors.doors.get_mut(&token) else { return };
        for _ in 0..READ {
            match door.receive(&mut self.notes) {
                Ok(Some(came)) => {
                    match arrival(&came).filter(|it| self.expected.contains_key(&it.packet.flow)) {
                        Some(arrival) => self.arrivals.push(arrival),
                        None => self.strange += 1,
                    }
                }
                // An error is one that a packet met on its way, and is gone when it is told.
                Ok(None) | Err(_) => return,
            }
        }
    }

    fn read_all(&mut self) {
        let tokens: Vec<u64> = self.doors.doors.keys().copied().collect();
        tokens.into_iter().for_each(|token| self.read(token));
        self.count();
    }

    /// Counts what came, in the order in which it came, at whatever socket.
    fn count(&mut self) {
        self.arrivals.sort_by_key(|arrival| arrival.at);
        for arrival in self.arrivals.drain(..) {
            if let Some(expected) = self.expected.get_mut(&arrival.packet.flow) {
                expected.ledger.received(&arrival);
            }
        }
    }

    fn reached(&self) -> BTreeMap<FlowId, Reached> {
        let reached = |(flow, expected): (&FlowId, &Expected)| {
            let (received, next) = expected.ledger.reached();
            let settled = expected.told.as_ref().is_some_and(|told| told.settled);
            (*flow, Reached { received, next, settled })
        };
        self.expected.iter().map(reached).collect()
    }

    fn report(&self) -> Report {
        let tally =
            |(flow, expected): (&FlowId, &Expected)| (*flow, expected.ledger.tally(expected.told.as_ref()));
        let overrun = self.doors.doors.values().map(|door| u64::from(door.overrun)).sum();
        Report { tallies: self.expected.iter().map(tally).collect(), strange: self.strange, overrun }
    }

    /// Sends what is due.
    fn write(&mut self) {
        for _ in 0..WRITTEN {
            let Some(due) = self.schedule.due(self.begun.elapsed()) else { return };
            self.put(&due);
        }
    }

    /// Sends a packet.
    fn put(&mut self, due: &Due) {
        let Some(Sending { flow, doors, sent }) = self.sending.get_mut(&due.flow) else { return };
        let tuple = flow.tuple(due.number);
        let (_, to) = flow.ends(tuple);
        let Some(token) = doors.get(usize::from(tuple / flow.destinations())) else { return };
        let Some(door) = self.doors.doors.get_mut(token) else { return };
        let length = usize::from(flow.size).saturating_sub(flow.headers());
        let Some(payload) = self.payload.get_mut(..length) else { return };
        let now = clock();
        let packet = Packet { flow: flow.id, number: due.number, sent: now };
        payload.iter_mut().zip(packet.encode()).for_each(|(place, octet)| *place = octet);
        if let Err(error) = door.send(payload, to, flow.dscp) {
            sent.refused += 1;
            sent.refusal = Some(error.to_string());
        }
        sent.packets += 1;
        sent.first = sent.first.or(Some(now));
        sent.last = Some(now);
        sent.held_up = Span::from_micros(u64::try_from(due.held_up.as_micros()).unwrap_or(u64::MAX));
        sent.ended = due.last;
    }

    /// Waits no longer than until the next packet is due.
    fn arm(&mut self) {
        if let Err(error) = self.vigil.until(self.schedule.next(), self.begun.elapsed()) {
            tracing::error!(station = self.station, %error, "a host's timer cannot be set");
        }
    }
}

impl Doors {
    fn open(&mut self, address: SocketAddr, vigil: &Vigil) -> io::Result<u64> {
        if let Some(token) = self.tokens.get(&address) {
            return Ok(*token);
        }
        let door = Door::open(address)?;
        let token = self.next;
        vigil.watch(&door, token)?;
        self.next += 1;
        self.tokens.insert(address, token);
        self.doors.insert(token, door);
        Ok(token)
    }

    /// Closes all but these. The kernel waits for no socket that is closed.
    fn keep(&mut self, used: &BTreeSet<SocketAddr>) {
        self.tokens.retain(|address, token| {
            let is_used = used.contains(address);
            if !is_used {
                self.doors.remove(&*token);
            }
            is_used
        });
    }
}

/// A test packet that came.
fn arrival(came: &Came) -> Option<Arrival> {
    let octets = u64::try_from(came.payload + came.headers).unwrap_or(u64::MAX);
    Some(Arrival { packet: came.packet?, at: came.at, octets, dscp: came.dscp })
}

#[expect(clippy::disallowed_methods, reason = "packets are sent at moments of this clock")]
fn now() -> Instant {
    Instant::now()
}
