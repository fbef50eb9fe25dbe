//! The session as a pure machine (RFC 4271 section 8): events and the moment go in, actions come out. It knows no socket and no
//! clock, so that a test can walk it through every order of things.
//!
//! Two connections may exist for a while, one made and one accepted; each goes through OpenSent and OpenConfirm on its own, and
//! when both know the other side the rule for collisions leaves one (section 6.8).

mod event;
mod judge;
mod line;
#[cfg(test)]
mod tests;

use model::{Span, Timestamp};

use crate::wire::{
    Attribute, Frame, Message, Notification, Open, Received,
    message::{self, EXTENDED, STANDARD},
    notification::{cease, code},
};
pub use event::{Action, Config, Down, End, Event, Negotiated, Notice, Restart, State, Way};
use judge::{Accepted, Survivor};
use line::{Line, Phase};

/// Doublings of the time between two tries.
const DOUBLINGS: u32 = 4;

/// The machine.
#[derive(Clone, Debug)]
pub struct Fsm {
    config: Config,
    wanted: bool,
    connecting: bool,
    retry_at: Option<Timestamp>,
    failures: u32,
    lines: [Option<Line>; 2],
}

impl Fsm {
    /// A session that is not wanted yet.
    pub const fn new(config: Config) -> Self {
        Self { config, wanted: false, connecting: false, retry_at: None, failures: 0, lines: [None, None] }
    }

    /// Where the session is.
    pub fn state(&self) -> State {
        let phase = self.lines.iter().flatten().map(|line| line.phase).max();
        match phase {
            Some(Phase::Established) => State::Established,
            Some(Phase::OpenConfirm) => State::OpenConfirm,
            Some(Phase::OpenSent) => State::OpenSent,
            None if self.connecting => State::Connect,
            None if self.wanted && self.config.passive => State::Active,
            None => State::Idle,
        }
    }

    /// The connection on which routes are exchanged, and what was agreed on it.
    pub fn established(&self) -> Option<(Way, &Negotiated)> {
        Way::BOTH.into_iter().find_map(|way| {
            let line = self.line(way)?;
            (line.phase == Phase::Established).then_some((way, line.negotiated.as_ref()?))
        })
    }

    /// When [`Event::Tick`] is due next.
    pub fn deadline(&self) -> Option<Timestamp> {
        let lines = self.lines.iter().flatten().flat_map(|line| [line.hold, line.keepalive]);
        lines.chain([self.retry_at]).flatten().min()
    }

    /// Takes a connection for heard although nothing was read from it: whoever uses the session was too slow to let us.
    pub fn excuse(&mut self, way: Way, now: Timestamp) {
        if let Some(line) = self.line_mut(way) {
            line.heard(now);
        }
    }

    /// What is to be done about an event.
    pub fn handle(&mut self, event: Event, now: Timestamp) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Start => self.start(now, &mut actions),
            Event::Stop => self.stop(now, &mut actions),
            Event::Connected => self.connected(now, &mut actions),
            Event::Failed => {
                self.connecting = false;
                self.failures = self.failures.saturating_add(1);
            }
            Event::Offered => self.offered(now, &mut actions),
            Event::Frame(way, frame) => self.frame(way, &frame, now, &mut actions),
            Event::Garbage(way, notification) => self.end_saying(way, notification, now, &mut actions),
            Event::Closed(way) => self.end(way, End::Lost, now, &mut actions),
            Event::Stuck(way) => {
                let end = End::Said(Notification::new(code::HOLD, 0));
                self.end(way, end, now, &mut actions);
            }
            Event::Tick => self.tick(now, &mut actions),
        }
        self.plan_retry(now);
        actions
    }

    fn line(&self, way: Way) -> Option<&Line> {
        self.lines.get(way as usize).and_then(Option::as_ref)
    }

    fn line_mut(&mut self, way: Way) -> Option<&mut Line> {
        self.lines.get_mut(way as usize).and_then(Option::as_mut)
    }

    fn put_line(&mut self, way: Way, line: Option<Line>) -> Option<Line> {
        self.lines.get_mut(way as usize).and_then(|place| std::mem::replace(place, line))
    }

    fn start(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        if std::mem::replace(&mut self.wanted, true) {
            return;
        }
        self.failures = 0;
        self.retry_at = (!self.config.passive).then_some(now);
        self.try_to_connect(now, actions);
    }

    fn stop(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        self.wanted = false;
        self.retry_at = None;
        if std::mem::take(&mut self.connecting) {
            actions.push(Action::Abandon);
        }
        for way in Way::BOTH {
            let shutdown = Notification::new(code::CEASE, cease::SHUTDOWN);
            self.end_saying(way, shutdown, now, actions);
        }
    }

    /// Without a connection, and wanted, the next try has its time.
    fn plan_retry(&mut self, now: Timestamp) {
        let idle = self.lines.iter().all(Option::is_none) && !self.connecting;
        if self.wanted && !self.config.passive && idle && self.retry_at.is_none() {
            let wait = self.config.retry.as_micros() << self.failures.min(DOUBLINGS);
            self.retry_at = Some(now + Span::from_micros(wait));
        }
    }

    fn try_to_connect(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
            if !self.connecting && self.line(Way::Out).is_none() && self.established().is_none() {
                self.connecting = true;
                actions.push(Action::Connect);
            }
        }
    }

    fn connected(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        self.connecting = false;
        if !self.wanted || self.established().is_some() {
            actions.push(Action::Close(Way::Out));
            return;
        }
        self.open(Way::Out, now, actions);
    }

    /// A connection that the other side made. One that restarted may not have told us (RFC 4724 section 4.2).
    fn offered(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        if !self.wanted {
            return;
        }
        let restarted = |line: &Line| line.phase == Phase::Established && line.peer_restarts();
        if self.line(Way::In).is_some_and(restarted) {
            self.end(Way::In, End::Replaced, now, actions);
        }
        if self.line(Way::In).is_none() {
            actions.push(Action::Accept);
            self.open(Way::In, now, actions);
        }
    }

    fn open(&mut self, way: Way, now: Timestamp, actions: &mut Vec<Action>) {
        match message::open(&self.config.open()) {
            Ok(octets) => {
                self.put_line(way, Some(Line::new(now)));
                actions.push(Action::Send(way, octets));
            }
            // So many families that they do not fit into a message: nobody can have meant it.
            Err(_) => actions.push(Action::Close(way)),
        }
    }

    fn frame(&mut self, way: Way, frame: &Frame, now: Timestamp, actions: &mut Vec<Action>) {
        let internal = self.config.is_internal();
        let Some(line) = self.line_mut(way) else { return };
        let phase = line.phase;
        line.heard(now);
        let context = line.context(internal);
        let message = match Message::decode(frame, &context) {
            Ok(message) => message,
            Err(notification) => return self.end_saying(way, notification, now, actions),
        };
        match (phase, message) {
            (_, Message::Notification(notification)) => {
                self.end(way, End::Told(notification), now, actions);
            }
            (Phase::OpenSent, Message::Open(open)) => self.opened(way, open, now, actions),
            (Phase::OpenConfirm, Message::Keepalive) => self.establish(way, now, actions),
            (Phase::Established, Message::Keepalive) => {}
            (Phase::Established, Message::Update(received)) => {
                self.updated(way, received, actions);
            }
            (Phase::Established, Message::RouteRefresh(family)) => {
                let common = |line: &Line| line.has(family);
                if self.line(way).is_some_and(common) {
                    actions.push(Action::Tell(Notice::Refresh(family)));
                }
            }
            // RFC 6608 section 3: the subcode says in which state.
            (phase, _) => {
                let subcode = match phase {
                    Phase::OpenSent => 1,
                    Phase::OpenConfirm => 2,
                    Phase::Established => 3,
                };
                self.end_saying(way, Notification::new(code::FSM, subcode), now, actions);
            }
        }
    }

    /// Routes of families that were not agreed on are left out: nobody asked for them (RFC 4760 section 8).
    fn updated(&self, way: Way, mut received: Received, actions: &mut Vec<Action>) {
        let Some(line) = self.line(way) else { return };
        let end = received.update.is_end_of_rib().filter(|_| received.faults.is_empty());
        if let Some(family) = end {
            if line.has(family) {
                actions.push(Action::Tell(Notice::EndOfRib(family)));
            }
            return;
        }
        received.update.attributes.retain(|attribute| match attribute {
            Attribute::Reach(reach) => line.has(reach.nlri.family()),
            Attribute::Unreach(unreach) => line.has(unreach.0.family()),
            _ => true,
        });
        if received.update.has_routes() {
            actions.push(Action::Tell(Notice::Update(Box::new(received))));
        }
    }

    fn opened(&mut self, way: Way, open: Open, now: Timestamp, actions: &mut Vec<Action>) {
        let Accepted { negotiated } = match judge::open(&self.config, open) {
            Ok(accepted) => accepted,
            Err(notification) => return self.end_saying(way, notification, now, actions),
        };
        let other = self.line(way.other()).filter(|line| line.phase > Phase::OpenSent);
        let survivor = other.map(|line| judge::collision(&self.config, &negotiated.peer, way, line));
        let collision = || Notification::new(code::CEASE, cease::COLLISION);
        match survivor {
            Some(Survivor::Old) => return self.end_saying(way, collision(), now, actions),
            Some(Survivor::New) => self.end_saying(way.other(), collision(), now, actions),
            Some(Survivor::Restarted) => self.end(way.other(), End::Replaced, now, actions),
            None => {}
        }
        let extended = negotiated.most == EXTENDED;
        if let Some(line) = self.line_mut(way) {
            line.agree(negotiated, now);
        }
        if extended {
            actions.push(Action::Extend(way));
        }
        actions.push(Action::Send(way, message::keepalive()));
    }

    fn establish(&mut self, way: Way, now: Timestamp, actions: &mut Vec<Action>) {
        if self.line(way.other()).is_some() {
            let collision = Notification::new(code::CEASE, cease::COLLISION);
            self.end_saying(way.other(), collision, now, actions);
        }
        if std::mem::take(&mut self.connecting) {
            actions.push(Action::Abandon);
        }
        (self.failures, self.retry_at) = (0, None);
        let Some(line) = self.line_mut(way) else { return };
        line.phase = Phase::Established;
        if let Some(negotiated) = line.negotiated.clone() {
            actions.push(Action::Tell(Notice::Up(Box::new(negotiated))));
        }
    }

    fn tick(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        for way in Way::BOTH {
            let Some(line) = self.line_mut(way) else { continue };
            if line.hold.is_some_and(|at| at <= now) {
                self.end_saying(way, Notification::new(code::HOLD, 0), now, actions);
            } else if line.keepalive.is_some_and(|at| at <= now) {
                line.plan_keepalive(now);
                actions.push(Action::Send(way, message::keepalive()));
            }
        }
        self.try_to_connect(now, actions);
    }

    fn end_saying(
        &mut self,
        way: Way,
        notification: Notification,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        if self.line(way).is_some() {
            actions.push(Action::Send(way, message::notification(&notification)));
            self.end(way, End::Said(notification), now, actions);
        }
    }

    fn end(&mut self, way: Way, why: End, now: Timestamp, actions: &mut Vec<Action>) {
        let Some(line) = self.put_line(way, None) else { return };
        actions.push(Action::Close(way));
        if line.phase == Phase::Established {
            let restart = line.restart(&why, now);
            actions.push(Action::Tell(Notice::Down(Down { why, restart })));
        } else if self.lines.iter().all(Option::is_none) {
            self.failures = self.failures.saturating_add(1);
        }
    }
}

/// The longest message that both take.
const fn longest(extended: bool) -> usize {
    if extended { EXTENDED } else { STANDARD }
}
