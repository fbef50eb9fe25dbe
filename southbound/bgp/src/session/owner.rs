//! The task that owns a session: it alone reads, writes, and moves the machine. Its timers count the time that the machine has run, so
//! that no clock that is set ends a session.

use std::{collections::VecDeque, future::pending, net::SocketAddr};

use device::clock;
use model::{Span, Timestamp};
use tokio::{
    net::{TcpSocket, TcpStream},
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{
    Command, Heard, Peer, SendError,
    wire::{Stir, Wire},
};
use crate::{
    fsm::{Action, Down, Event, Fsm, Notice, Way},
    wire::{Update, message},
};

pub(super) struct Wires {
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) offers: mpsc::Receiver<TcpStream>,
    pub(super) notices: mpsc::Sender<Heard>,
    pub(super) stop: CancellationToken,
}

pub(super) struct Owner {
    peer: Peer,
    wires: Wires,
    fsm: Fsm,
    out: Option<Wire>,
    inward: Option<Wire>,
    connecting: Option<JoinHandle<Option<TcpStream>>>,
    offered: Option<TcpStream>,
    /// What could not be told yet.
    untold: VecDeque<Heard>,
    /// Connections that are about to close.
    closing: Vec<JoinHandle<()>>,
}

/// What the task waits for.
enum Next {
    Stop,
    Wire(Way, Stir),
    Connected(Option<TcpStream>),
    Offer(Option<TcpStream>),
    Command(Option<Command>),
    Told(bool),
    Time,
}

impl Owner {
    pub(super) fn new(peer: Peer, wires: Wires) -> Self {
        let fsm = Fsm::new(peer.config.clone());
        Self {
            peer,
            wires,
            fsm,
            out: None,
            inward: None,
            connecting: None,
            offered: None,
            untold: VecDeque::new(),
            closing: Vec::new(),
        }
    }

    pub(super) async fn run(mut self) {
        self.step(Event::Start);
        loop {
            match self.next().await {
                Next::Stop => break,
                Next::Wire(way, stir) => self.stirred(way, stir),
                Next::Connected(stream) => {
                    self.connecting = None;
                    let event = if stream.is_some() { Event::Connected } else { Event::Failed };
                    if let Some(stream) = stream {
                        self.out = Some(Wire::new(stream));
                    }
                    self.step(event);
                }
                // Nobody offers any more, but the session can go on.
                Next::Offer(None) => {}
                Next::Offer(Some(stream)) => {
                    self.offered = Some(stream);
                    self.step(Event::Offered);
                    self.offered = None;
                }
                Next::Command(None) => break,
                Next::Command(Some(command)) => self.command(command),
                Next::Told(true) => self.caught_up(),
                // Nobody listens any more.
                Next::Told(false) => break,
                Next::Time => self.time(),
            }
        }
        self.step(Event::Stop);
        for task in self.closing {
            // Each has a limit of time, and none fails.
            let _ = task.await;
        }
    }

    async fn next(&mut self) -> Next {
        let reading = self.untold.is_empty();
        let room = self.fsm.established().is_none_or(|(way, _)| {
            let wire = if way == Way::Out { self.out.as_ref() } else { self.inward.as_ref() };
            wire.is_some_and(Wire::has_room)
        });
        let wake = self.wake();
        let Self { wires, out, inward, connecting, untold, .. } = self;
        tokio::select! {
            biased;
            () = wires.stop.cancelled() => Next::Stop,
            () = until(wake) => Next::Time,
            told = tell(&wires.notices, untold) => Next::Told(told),
            stir = stir(out, reading) => Next::Wire(Way::Out, stir),
            stir = stir(inward, reading) => Next::Wire(Way::In, stir),
            stream = connected(connecting) => Next::Connected(stream),
            offer = wires.offers.recv(), if !wires.offers.is_closed() => Next::Offer(offer),
            command = wires.commands.recv(), if room => Next::Command(command),
        }
    }

    /// When something is due.
    fn wake(&self) -> Option<Timestamp> {
        let stuck = [&self.out, &self.inward].into_iter().flatten();
        let stuck = stuck.filter_map(|wire| wire.stuck_at(self.peer.send_hold));
        stuck.chain(self.fsm.deadline()).min()
    }

    fn wire(&mut self, way: Way) -> &mut Option<Wire> {
        match way {
            Way::Out => &mut self.out,
            Way::In => &mut self.inward,
        }
    }

    fn step(&mut self, event: Event) {
        let now = clock::running();
        for action in self.fsm.handle(event, now) {
            self.carry_out(action, now);
        }
    }

    fn carry_out(&mut self, action: Action, now: Timestamp) {
        match action {
            Action::Connect => {
                let (address, local) = (self.peer.address, self.peer.local);
                let within = self.peer.connect_within;
                self.connecting = Some(tokio::spawn(connect(address, local, within)));
            }
            Action::Abandon => {
                if let Some(task) = self.connecting.take() {
                    task.abort();
                }
            }
            Action::Accept => self.inward = self.offered.take().map(Wire::new),
            Action::Send(way, octets) => {
                if let Some(wire) = self.wire(way) {
                    wire.send(&octets, now);
                }
            }
            Action::Extend(way) => {
                if let Some(wire) = self.wire(way) {
                    wire.framer.extend();
                }
            }
            Action::Close(way) => {
                if let Some(wire) = self.wire(way).take() {
                    self.closing.retain(|task| !task.is_finished());
                    self.closing.push(wire.close());
                }
            }
            Action::Tell(notice) => {
                match &notice {
                    Notice::Up(negotiated) => info!(hold_time = negotiated.hold_time, "session is up"),
                    Notice::Down(down) => warn!(why = %down.why, "session is down"),
                    Notice::Update(received) => {
                        for fault in &received.faults {
                            debug!(treatment = ?fault.treatment, why = %fault.malformed, "fault in an update");
                        }
                    }
                    Notice::EndOfRib(_) | Notice::Refresh(_) => {}
                }
                self.untold.push_back(heard(notice));
            }
        }
    }

    fn stirred(&mut self, way: Way, stir: Stir) {
        let now = clock::running();
        match stir {
            Stir::Wrote(octets) => {
                if let Some(wire) = self.wire(way) {
                    wire.wrote(octets, now);
                }
            }
            Stir::Read => self.read(way),
            Stir::Closed => {
                // What was read before it closed has been handled.
                *self.wire(way) = None;
                self.step(Event::Closed(way));
            }
        }
    }

    /// Hands on all messages that have come whole. One of them may end the connection.
    fn read(&mut self, way: Way) {
        while let Some(wire) = self.wire(way) {
            match wire.framer.next_frame() {
                Ok(Some(frame)) => self.step(Event::Frame(way, frame)),
                Ok(None) => break,
                Err(notification) => self.step(Event::Garbage(way, notification)),
            }
        }
    }

    fn time(&mut self) {
        let now = clock::running();
        if !self.untold.is_empty() {
            // We did not read, so silence is ours and not the other side's.
            self.fsm.excuse(Way::Out, now);
            self.fsm.excuse(Way::In, now);
        }
        for way in [Way::Out, Way::In] {
            // Had this task to wait for its turn, what came meanwhile counts before the time that ran out.
            if self.untold.is_empty() && self.wire(way).as_mut().is_some_and(Wire::try_read) {
                self.read(way);
            }
            let most = self.peer.send_hold;
            let stuck = self.wire(way).as_ref().and_then(|wire| wire.stuck_at(most));
            if stuck.is_some_and(|at| at <= now) {
                self.step(Event::Stuck(way));
            }
        }
        self.step(Event::Tick);
    }

    fn caught_up(&mut self) {
        if self.untold.is_empty() {
            let now = clock::running();
            self.fsm.excuse(Way::Out, now);
            self.fsm.excuse(Way::In, now);
        }
    }

    fn command(&mut self, command: Command) {
        let (result, answer) = match command {
            Command::Send(update, answer) => (self.send(&update), answer),
            Command::Refresh(family, answer) => {
                let refresh = self.established().map(|(way, _)| {
                    self.carry_out(Action::Send(way, message::route_refresh(family)), clock::running());
                });
                (refresh, answer)
            }
        };
        // Whoever asked may not wait for the answer.
        let _ = answer.send(result);
    }

    fn established(&self) -> Result<(Way, (bool, usize)), SendError> {
        let (way, negotiated) = self.fsm.established().ok_or(SendError::NotEstablished(self.peer.address))?;
        Ok((way, (negotiated.context.four_octet_as, negotiated.most)))
    }

    fn send(&mut self, update: &Update) -> Result<(), SendError> {
        let (way, (four_octet_as, most)) = self.established()?;
        let reach = update.reach().map(|reach| reach.nlri.family());
        let families = reach.into_iter().chain(update.unreach().map(|unreach| unreach.0.family()));
        for family in families {
            let common = self.fsm.established().is_some_and(|(_, it)| it.families.contains(&family));
            if !common {
                return Err(SendError::Family(self.peer.address, family));
            }
        }
        let octets = message::update(update, four_octet_as, most)?;
        self.carry_out(Action::Send(way, octets), clock::running());
        Ok(())
    }
}

/// A notice with its moment. The machine counts the time that has run; who hears of it knows the moments of the clock.
fn heard(mut notice: Notice) -> Heard {
    let at = clock::now();
    if let Notice::Down(Down { restart: Some(restart), .. }) = &mut notice {
        restart.until = at + restart.until.since(clock::running());
    }
    Heard { at, notice }
}

async fn until(at: Option<Timestamp>) {
    match at {
        Some(at) => sleep(at.since(clock::running()).as_duration()).await,
        None => pending().await,
    }
}

/// Tells the first of what is untold; false when nobody listens.
async fn tell(notices: &mpsc::Sender<Heard>, untold: &mut VecDeque<Heard>) -> bool {
    if untold.is_empty() {
        notices.closed().await;
        return false;
    }
    let Ok(place) = notices.reserve().await else { return false };
    if let Some(heard) = untold.pop_front() {
        place.send(heard);
    }
    true
}

async fn stir(wire: &mut Option<Wire>, reading: bool) -> Stir {
    match wire {
        Some(wire) => wire.stir(reading).await,
        None => pending().await,
    }
}

async fn connected(task: &mut Option<JoinHandle<Option<TcpStream>>>) -> Option<TcpStream> {
    match task {
        Some(task) => task.await.ok().flatten(),
        None => pending().await,
    }
}

async fn connect(address: SocketAddr, local: Option<std::net::IpAddr>, within: Span) -> Option<TcpStream> {
    let attempt = async {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if let Some(local) = local {
            socket.bind(SocketAddr::new(local, 0))?;
        }
        socket.connect(address).await
    };
    match timeout(within.as_duration(), attempt).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            debug!(%error, "no connection");
            None
        }
        Err(_) => {
            debug!("no connection in time");
            None
        }
    }
}
