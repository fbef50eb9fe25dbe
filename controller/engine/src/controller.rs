//! The task that owns all state. Everything reaches it as a message: commands, samples, readings, finished changes, ticks.
//! It never waits for a device: changes run beside it, at most one at a time, and judgement goes on meanwhile.

mod around;
mod commands;
mod exceptions;
#[cfg(test)]
mod fixture;
mod fresh;
mod held_back;
mod keep;
mod learning;
mod look;
mod loop_turn;
mod outcome;
mod owed;
mod own_alarms;
mod pace;
mod repair;
mod schedules;
mod start;
mod unconfirmed;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use model::{Finding, NodeId, Sample, Timestamp, intent::Mode};
use store::Journal;
use tokio::{
    sync::{Semaphore, broadcast, mpsc, watch},
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    carry::Fleet,
    clock,
    event::{Event, EventKind},
    handle::{Applied, Command, Reply},
    job::{self, Finished, Means, Request, Wanted, waves::Question},
    learn,
    picture::{self, Album},
    readers::{Learnt, Lesson, Seen},
    snapshot::{Session, Snapshot},
    tasks::DeviceHandle,
    world::World,
};

pub use own_alarms::{BEYOND, DRIFT, STOPPED};
pub use start::{Setup, StartError};

/// Events that a slow listener may be behind before it loses some.
const EVENTS: usize = 4_096;
/// Events that the dashboard's timeline shows.
const TIMELINE: usize = 300;
/// How often the picture is drawn anew.
const DRAW_EVERY: Duration = Duration::from_millis(500);
/// How often time alone may change a judgement.
const JUDGE_EVERY: Duration = Duration::from_millis(200);

/// Who asks for the changes that nobody else asked for.
const CONTROLLER: &str = "controller";

/// What a finished change is reported to.
enum Asker {
    /// A person who waits.
    Person(Reply<Applied>),
    /// A person who waits, and all others once it is done.
    Drainer(Reply<Applied>, EventKind),
    /// The loop.
    Loop,
    /// The controller, putting right what was left unresolved.
    Repair,
    /// The controller, because a schedule opens or closes.
    Schedule,
    /// The controller, because routers tell otherwise of the network.
    Learned,
}

/// A change that is under way.
struct Running {
    task: JoinHandle<Finished>,
    asker: Asker,
    /// What it makes the intents; to be taken back where its task dies and cannot say so.
    wanted: Wanted,
}

/// The controller.
pub struct Controller {
    world: World,
    album: Album,
    fleet: Arc<Fleet>,
    journal: Journal,
    commands: mpsc::Receiver<Command>,
    samples: mpsc::Receiver<Vec<Sample>>,
    seen: mpsc::Receiver<Seen>,
    /// The other end of it, for readings out of turn.
    look: mpsc::Sender<Seen>,
    learnt: mpsc::Receiver<Learnt>,
    /// What is read before somebody's change of it.
    fresh: fresh::Fresh,
    /// What routers do with a change that is not confirmed.
    unconfirmed: unconfirmed::Asked,
    /// How many devices are asked to open a session at once, by all who only look or try. A change asks all of its devices at once.
    gate: Arc<Semaphore>,
    told: mpsc::UnboundedReceiver<EventKind>,
    tell: mpsc::UnboundedSender<EventKind>,
    snapshot: watch::Sender<Arc<Snapshot>>,
    events: broadcast::Sender<Event>,
    running: Option<Running>,
    /// One optimisation at a time: each has work for all processors.
    optimising: Arc<Semaphore>,
    /// One look into a device's modules at a time: each takes up the device.
    looking: Arc<Semaphore>,
    /// Whether a change is under way, for the readers.
    busy: watch::Sender<bool>,
    /// Who may act, for a change that is under way.
    stop_switch: watch::Sender<Mode>,
    /// No change begins any more.
    stopping: bool,
    /// What it has to do with a change that waits between two waves.
    between: look::Between,
    /// What goes beyond the limit and is held back.
    held_back: held_back::HeldBack,
    readers: Vec<JoinHandle<()>>,
    begun: Instant,
    in_sync: bool,
    /// What is put right now, and when it may be tried again where that failed.
    repairing: BTreeSet<NodeId>,
    repair_after: Option<Instant>,
    /// What the last repair was refused for, so that it is told once.
    repair_refused: Vec<Finding>,
    /// What the journal has to be told and could not be.
    owed: Option<owed::Owed>,
    recovery: Option<repair::Recovery>,
    /// The devices of those transactions. What they say before theirs is resolved does not count.
    resolving: BTreeSet<NodeId>,
    in_vain: outcome::InVain,
    schedules: schedules::Schedules,
    learning: learning::Learning,
    keeper: keep::Keeper,
    /// What is told as soon as it runs: whoever is told listens by then.
    news: Vec<EventKind>,
    number: u64,
    pace: pace::Pace,
    /// Since when samples wait to be judged, or to be acted on. How long a re-route took is counted from there.
    unjudged: Option<Instant>,
}

/// What to wait for next brought this.
enum News {
    Command(Command),
    Samples(Vec<Sample>),
    Seen(Box<Seen>),
    Learnt(Learnt),
    Read(fresh::Read),
    Unconfirmed(unconfirmed::Said),
    Told(EventKind),
    Asked(Question),
    Learned(Arc<learn::News>),
    Finished(Box<Result<Finished, tokio::task::JoinError>>),
    Recovered(Result<repair::Resolved, tokio::task::JoinError>),
    Judge,
    Draw,
    Stop,
}

impl Controller {
    /// Runs until it is told to stop. A change that is under way is brought to its end first.
    pub async fn run(mut self, stop: CancellationToken) {
        std::mem::take(&mut self.news).into_iter().for_each(|kind| self.publish(kind));
        let mut judge = interval(JUDGE_EVERY);
        let mut draw = interval(DRAW_EVERY);
        judge.set_missed_tick_behavior(MissedTickBehavior::Delay);
        draw.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let owed = self.owed();
            let news = tokio::select! {
                () = stop.cancelled() => News::Stop,
                Some(kind) = self.told.recv() => News::Told(kind),
                result = finished(&mut self.running) => News::Finished(Box::new(result)),
                ended = recovered(&mut self.recovery) => News::Recovered(ended),
                Some(command) = self.commands.recv() => News::Command(command),
                Some(question) = self.between.questions.recv() => News::Asked(question),
                Some(seen) = self.seen.recv() => News::Seen(Box::new(seen)),
                Some(learnt) = self.learnt.recv() => News::Learnt(learnt),
                Some(read) = self.fresh.read.recv() => News::Read(read),
                Some(said) = self.unconfirmed.answers.recv() => News::Unconfirmed(said),
                news = self.learning.next() => News::Learned(news),
                Some(samples) = self.samples.recv() => News::Samples(samples),
                _ = judge.tick() => News::Judge,
                () = due(owed) => News::Judge,
                () = due(self.schedules.wake) => News::Judge,
                _ = draw.tick() => News::Draw,
            };
            match news {
                News::Stop => break,
                News::Told(kind) => self.publish(kind),
                News::Asked(question) => self.look(question),
                News::Finished(result) => self.finish(*result),
                News::Recovered(ended) => self.recovered(ended),
                News::Command(command) => self.command(command),
                News::Seen(seen) => self.take_reading(*seen),
                News::Learnt(learnt) => self.learn(learnt),
                News::Read(read) => self.have_read(read),
                News::Unconfirmed(said) => self.note_what_is_unconfirmed(said),
                News::Samples(samples) => self.take_samples(samples),
                News::Learned(news) => self.take_news(news),
                News::Judge => self.look_at_time(),
                News::Draw => {
                    self.keep();
                    self.draw();
                }
            }
        }
        info!("stopping");
        self.stopping = true;
        self.between.leaving.cancel();
        self.readers.iter().for_each(JoinHandle::abort);
        if self.running.is_some() {
            // Cutting a transaction short would leave it to recovery; it is bounded in time, so it is waited for. What became of it
            // is written down and told: the next start must not take up what was refused.
            let ended = finished(&mut self.running).await;
            self.finish(ended);
        }
        self.keep_around_last().await;
        self.keep_last().await;
    }

    /// What follows because time went by.
    fn look_at_time(&mut self) {
        self.pay();
        self.end_exceptions();
        self.follow_schedules();
        self.follow_learned();
        self.judge();
    }

    /// Numbers an event and gives it to everybody who listens.
    fn publish(&mut self, kind: EventKind) {
        self.number += 1;
        let event = Event { number: self.number, at: clock::now(), kind };
        self.album.timeline.push_back(event.clone());
        if self.album.timeline.len() > TIMELINE {
            self.album.timeline.pop_front();
        }
        // Nobody may be listening.
        let _ = self.events.send(event);
    }

    fn draw(&mut self) {
        let season = self.schedules.clock.now();
        let lost = |(node, handle): (&NodeId, &DeviceHandle)| Some((node.clone(), handle.lost_by_restart()?));
        self.album.startup = self.fleet.iter().filter_map(lost).collect();
        let picture = picture::draw(&self.world, &self.album, self.running.is_some(), clock::now(), season);
        self.snapshot.send_replace(Arc::new(picture));
    }

    /// Starts a change; there is none running.
    fn launch(&mut self, request: Request, asker: Asker) {
        let tell = self.tell.clone();
        let tell = move |kind| {
            // The receiver lives as long as the controller.
            let _ = tell.send(kind);
        };
        let wanted = request.wanted.clone();
        let means = Means {
            fleet: Arc::clone(&self.fleet),
            journal: self.journal.clone(),
            mode: self.stop_switch.subscribe(),
            judge: self.between.judge.clone(),
            leaving: self.between.leaving.clone(),
        };
        self.between.waiting.clear();
        let task = tokio::spawn(job::run(request, means, tell));
        self.running = Some(Running { task, asker, wanted });
        self.busy.send_replace(true);
    }

    fn take_reading(&mut self, seen: Seen) {
        let Seen { node, begun, result, in_turn } = seen;
        // What was read before our last change says nothing of what is there after it.
        let is_old = self.world.changed.get(&node).is_some_and(|changed| begun <= *changed);
        match result {
            Ok(_) if is_old || self.resolving.contains(&node) => {}
            Ok(reading) => {
                if self.session(&node, Session::Up) {
                    self.publish(EventKind::DeviceUp { node: node.clone() });
                }
                self.ask_what_is_unconfirmed(&node);
                // A reading during a change shows what is not decided yet.
                if self.running.is_none()
                    && let Some(findings) = self.world.read(node, begun, reading)
                {
                    self.say_drift(findings);
                }
            }
            Err(error) => {
                // It may come back with another release on it.
                self.world.rollback.remove(&node);
                self.unconfirmed.forget(&node);
                let why = error.kind.to_string();
                let down = Session::Down { why: why.clone(), since: begun };
                if self.session(&node, down) {
                    warn!(%node, %error, "a device cannot be driven");
                    self.publish(EventKind::DeviceDown { node: node.clone(), why: why.clone() });
                }
                // Its reader asks what is around it as soon as it answers again after that, and only then.
                if in_turn {
                    self.hear_nothing_of(&node, begun);
                }
                let unreadable = model::DeviceReading::Unreadable { why, since: begun };
                if self.running.is_none() {
                    // Whenever it was begun, it failed now: what is told to be down must not be planned with as if it were there.
                    self.world.read(node, clock::now(), unreadable);
                }
            }
        }
        self.greet();
    }

    fn learn(&mut self, Learnt { node, what }: Learnt) {
        let served = match what {
            Lesson::Served(served) => served,
            Lesson::Around(at, said) => return self.look_around(&node, at, said),
        };
        let known = self.world.lacks.get(&node);
        let news = served.lacks.iter().filter(|(module, lack)| {
            known.and_then(|known| known.get(*module)).is_none_or(|known| known != *lack)
        });
        for (module, lack) in news {
            warn!(%node, %module, ?lack, "its modules lack what its dialect can write: plans that need it are refused");
        }
        self.world.learn(node, served);
    }

    /// Says what devices hold otherwise than they should. What a change of ours left half-way there is put right, and is no news,
    /// unless the stop switch stands against that: then it stays, and people must know.
    fn say_drift(&mut self, mut findings: Vec<Finding>) {
        let repairs = self.may_repair();
        let is_ours = |finding: &Finding| {
            repairs && self.world.repair.iter().any(|node| node.as_str() == finding.subject)
        };
        findings.retain(|finding| !is_ours(finding));
        if !findings.is_empty() {
            warn!(count = findings.len(), "devices hold something else than they should");
            self.publish(EventKind::Drift { findings });
        }
    }

    /// Notes how a device's session is; whether that is news. A device that is down stays so since it went down.
    fn session(&mut self, node: &NodeId, session: Session) -> bool {
        let old = self.album.sessions.get(node);
        let same = match (old, &session) {
            (Some(Session::Down { why: was, .. }), Session::Down { why, .. }) => was == why,
            (Some(old), new) => old == new,
            (None, _) => false,
        };
        if !same {
            self.album.sessions.insert(node.clone(), session);
        }
        !same
    }

    /// Whether every device was read, or is known not to answer. Before that nothing is planned: what a device holds that was
    /// not asked yet would be taken for unknown and left out.
    fn is_acquainted(&self) -> bool {
        self.fleet.keys().all(|node| self.album.sessions.contains_key(node))
    }

    /// Says once that all devices were read. What a transaction left behind is compared and put right before that.
    fn greet(&mut self) {
        if self.running.is_none() && !self.world.repair.is_empty() && self.is_acquainted() {
            self.repair();
        }
        let up = |session: &Session| *session == Session::Up;
        let all = !self.fleet.is_empty()
            && self.fleet.keys().all(|node| self.album.sessions.get(node).is_some_and(up));
        if all && !self.in_sync && !self.is_repairing() {
            self.in_sync = true;
            let took_ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            info!(devices = self.fleet.len(), took_ms, "all devices were read");
            self.publish(EventKind::InSync { devices: self.fleet.len(), took_ms });
        }
    }

    /// When samples that came too soon after a judgement are judged. Not while a change runs: nothing follows from it then.
    fn owed(&self) -> Option<Instant> {
        let waiting = self.unjudged.is_some() && self.running.is_none();
        waiting.then(|| self.pace.next())
    }

    fn now() -> Timestamp {
        clock::now()
    }
}

/// That moment; never, where there is none.
async fn due(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The running change's end; never, where none is running.
async fn finished(running: &mut Option<Running>) -> Result<Finished, tokio::task::JoinError> {
    match running {
        Some(running) => (&mut running.task).await,
        None => std::future::pending().await,
    }
}

/// The end of a recovery; never, where none is under way.
async fn recovered(
    recovery: &mut Option<repair::Recovery>,
) -> Result<repair::Resolved, tokio::task::JoinError> {
    match recovery {
        Some(recovery) => (&mut recovery.task).await,
        None => std::future::pending().await,
    }
}

/// By which protocol each device is configured, for the picture.
pub type Protocols = BTreeMap<NodeId, String>;

/// Logs what the journal could not take.
fn journal_failed(error: &store::StoreError) -> EventKind {
    error!(%error, "the journal cannot be written");
    EventKind::JournalFailed { why: error.to_string() }
}
