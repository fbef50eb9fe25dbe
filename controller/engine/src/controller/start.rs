//! What the controller begins with, and what it remembers from before.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use assess::{Kept, Limits, Lines, Observed};
use intents::AsOf;
use model::{NodeId, Sample, Ted, Timestamp};
use plan::Exceptions;
use store::{Journal, StoreError};
use thiserror::Error;
use tokio::{
    sync::{Semaphore, broadcast, mpsc, watch},
    time::Instant,
};
use tracing::{error, info, warn};

use super::{Controller, EVENTS, Protocols, exceptions};
use crate::{
    carry::Fleet,
    clock, cycle,
    event::EventKind,
    excepted::Excepted,
    handle::{Engine, Refusal},
    learn::{Learned, News},
    picture::Album,
    readers,
    season::Clock,
    snapshot::Snapshot,
    tasks::DeviceHandle,
    terms::Most,
    world::{Accepted, Drift, World},
};

/// What the controller is made of.
pub struct Setup {
    /// The network.
    pub ted: Ted,
    /// Its devices, in their tasks, by name.
    pub devices: BTreeMap<NodeId, DeviceHandle>,
    /// By which protocol each is configured.
    pub protocols: Protocols,
    /// What telemetry brings.
    pub samples: mpsc::Receiver<Vec<Sample>>,
    /// The journal.
    pub journal: Journal,
    /// How fast and how often the loop may act.
    pub limits: Limits,
    /// How much of the network one change may touch.
    pub most: Most,
    /// How often each device is read to see what others changed.
    pub read_every: Duration,
    /// How many devices are asked to open a session at once.
    pub openings: usize,
    /// What tells the moment that schedules are asked about.
    pub clock: Clock,
    /// What is learned of the network; see [`crate::learn`].
    pub learned: watch::Receiver<Arc<News>>,
}

/// Why the controller cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] StoreError),
}

/// Commands that may wait.
const COMMANDS: usize = 64;
/// Readings that may wait.
const READINGS: usize = 1_024;

impl Controller {
    /// Takes up where the journal ends. It asks no device: what was open is resolved, and the network read, while it runs.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn start(mut setup: Setup) -> Result<(Self, Engine), StartError> {
        let ted = std::mem::take(&mut setup.ted);
        let mut world = remembered(ted, &setup.journal, setup.limits, setup.most)?;
        let mut news = vec![EventKind::Started { devices: setup.devices.len(), adopted: world.adopted }];
        restore(&mut world, &setup.journal, setup.clock.now(), &mut news)?;
        news.extend(look_at_audit(&setup.journal));
        let open = take_up(&mut world, &setup.devices, &setup.journal)?;
        let (mut controller, engine) = Self::made(setup, world, news);
        if open {
            controller.recover_open(None);
        }
        controller.weigh();
        controller.draw();
        Ok((controller, engine))
    }

    /// A controller whose devices are read from now on.
    fn made(setup: Setup, world: World, news: Vec<EventKind>) -> (Self, Engine) {
        let (commands_in, commands) = mpsc::channel(COMMANDS);
        let (seen_in, seen) = mpsc::channel(READINGS);
        let (learnt, learning) = mpsc::channel(READINGS);
        let (tell, told) = mpsc::unbounded_channel();
        let (snapshot, shown) = watch::channel(Arc::new(Snapshot::default()));
        let (events, _) = broadcast::channel(EVENTS);
        let fleet: Arc<Fleet> = Arc::new(setup.devices);
        let gate = Arc::new(Semaphore::new(setup.openings));
        let (busy, is_busy) = watch::channel(false);
        let turns = readers::Turns { every: setup.read_every, gate: gate.clone(), busy: is_busy, learnt };
        let read = |handle: &DeviceHandle| readers::read_on(handle.clone(), turns.clone(), seen_in.clone());
        let readers = fleet.values().map(|handle| tokio::spawn(read(handle))).collect();
        let controller = Self {
            stop_switch: watch::Sender::new(world.mode),
            learning: super::learning::Learning::from(setup.learned, &world.learned, clock::now()),
            world,
            album: Album { protocols: setup.protocols, timeline: VecDeque::new(), ..Album::default() },
            fleet,
            journal: setup.journal,
            commands,
            samples: setup.samples,
            seen,
            look: seen_in,
            learnt: learning,
            fresh: super::fresh::Fresh::default(),
            unconfirmed: super::unconfirmed::Asked::default(),
            gate,
            told,
            tell,
            snapshot,
            events: events.clone(),
            running: None,
            optimising: Arc::new(Semaphore::new(1)),
            looking: Arc::new(Semaphore::new(1)),
            busy,
            stopping: false,
            between: super::look::Between::default(),
            held_back: super::held_back::HeldBack::default(),
            readers,
            begun: Instant::now(),
            in_sync: false,
            repairing: BTreeSet::new(),
            repair_after: None,
            repair_refused: Vec::new(),
            owed: None,
            recovery: None,
            resolving: BTreeSet::new(),
            in_vain: super::outcome::InVain::default(),
            schedules: super::schedules::Schedules::on(setup.clock),
            keeper: super::keep::Keeper::default(),
            news,
            number: 0,
            pace: super::pace::Pace::new(Instant::now()),
            unjudged: None,
        };
        (controller, Engine { commands: commands_in, snapshot: shown, events })
    }
}

/// Checks the chain of the audit log. A broken one is told and stops nothing: the network must be driven all the same.
fn look_at_audit(journal: &Journal) -> Option<EventKind> {
    let why = match journal.verify_audit() {
        Ok(Ok(())) => return None,
        Ok(Err(broken)) => broken.to_string(),
        Err(error) => error.to_string(),
    };
    error!(why, "the audit log is not intact");
    Some(EventKind::AuditBroken { why })
}

/// Notes whose state has to be compared because a transaction was open when the controller ended; whether there is one. They
/// are resolved beside the loop: devices that do not answer must not keep the way in shut, where the stop switch is.
fn take_up(world: &mut World, fleet: &Fleet, journal: &Journal) -> Result<bool, StoreError> {
    let open = journal.open_transactions()?;
    for record in &open {
        info!(id = %record.id, decided = record.decided, "a transaction was not closed");
        world.repair.extend(record.transaction.edits.keys().cloned());
        world.repair.extend(record.unresolved.iter().flatten().cloned());
    }
    if journal.is_unfinished()? {
        info!("a change was not finished: the network is compared with the intents in force");
        world.repair.extend(fleet.keys().cloned());
    }
    world.repair.retain(|node| fleet.contains_key(node));
    Ok(!open.is_empty())
}

/// An empty world with what the journal has of it.
fn remembered(ted: Ted, journal: &Journal, limits: Limits, most: Most) -> Result<World, StoreError> {
    let hints = journal.hints()?;
    let kept = match journal.loop_memory::<Kept>() {
        Ok(kept) => kept,
        // Another version may have written it. What the hints say is enough to go on carefully.
        Err(error @ StoreError::Meaning { .. }) => {
            warn!(%error, "what the loop remembers of its past is not understood; it begins with the hints alone");
            Kept::default()
        }
        Err(error) => return Err(error),
    };
    let (memory, history) = kept.resume(&hints, clock::now());
    let (file, learned) = (Arc::new(ted), remembered_facts(journal)?);
    let all = remembered_exceptions(journal)?;
    // Of a router that is in the network no more nothing is held. A line may be missing by mistake.
    let exceptions = Arc::new(all.as_of(None, |node| file.nodes.contains_key(node)));
    let absent = all.as_of(None, |node| !file.nodes.contains_key(node));
    for (node, exception) in absent.iter() {
        warn!(%node, who = exception.who, "an exception is kept of a router that the network file does not have");
    }
    Ok(World {
        lines: Lines::of(&file),
        ted: Arc::new(learned.lay(&file)),
        learned: Arc::new(learned),
        file,
        accepted: Accepted::default(),
        ids: journal.allocations()?,
        hints,
        compiled: Arc::default(),
        exceptions_kept: Arc::clone(&exceptions),
        exceptions_absent: Arc::new(absent),
        exceptions: Excepted::of(exceptions),
        actual: Arc::default(),
        modules: BTreeMap::new(),
        lacks: Arc::default(),
        rollback: BTreeMap::new(),
        changed: BTreeMap::new(),
        seen: Observed::default(),
        memory,
        history,
        assessment: Arc::default(),
        limits,
        most,
        mode: journal.mode()?,
        adopted: journal.adopted()?,
        drift: Drift::default(),
        unchecked: BTreeSet::new(),
        repair: BTreeSet::new(),
    })
}

/// What was learned of the network, as plans followed it: nobody has said it again yet.
fn remembered_facts(journal: &Journal) -> Result<Learned, StoreError> {
    match journal.learned::<Learned>() {
        Ok(learned) => Ok(Learned::default().over(&learned, clock::now(), &BTreeSet::new())),
        // Another version may have written it.
        Err(error @ StoreError::Meaning { .. }) => {
            warn!(%error, "what was learned of the network is not understood; plans follow the network file until it is told again");
            Ok(Learned::default())
        }
        Err(error) => Err(error),
    }
}

/// The exceptions that stood.
fn remembered_exceptions(journal: &Journal) -> Result<Exceptions, StoreError> {
    match journal.exceptions::<Exceptions>() {
        // Another version may have written them. What they held shows as drift.
        Err(error @ StoreError::Meaning { .. }) => {
            warn!(%error, "the exceptions are not understood; what they held is drift again");
            Ok(Exceptions::default())
        }
        exceptions => exceptions,
    }
}

/// Compiles the intents that were in force, with the exceptions from them. The same journal gives the same desired state, so a
/// restart sends nothing that is not needed.
fn restore(
    world: &mut World,
    journal: &Journal,
    now: Timestamp,
    news: &mut Vec<EventKind>,
) -> Result<(), StoreError> {
    let Some(last) = journal.intents(1)?.into_iter().next() else { return Ok(()) };
    match cycle::understand(&last.files, &world.ted, AsOf::moment(now).in_force()) {
        Ok((set, _)) => {
            let set = Arc::new(set);
            let mut compiled = intents::compile(&set, &world.ted, &world.hints, &world.ids);
            let laid = Exceptions::lay_shared(world.exceptions.all(), &mut compiled.desired);
            compiled.findings.extend(laid.told());
            news.extend(exceptions::ended(&laid.over, exceptions::ASKED_FOR));
            if !laid.over.is_empty() {
                // It is told once.
                let said = exceptions::said(&laid.over, exceptions::ASKED_FOR);
                match journal.end_exceptions(&laid.standing.beside(&world.exceptions_absent), &said) {
                    Ok(()) => world.exceptions_kept = Arc::clone(&laid.standing),
                    Err(error) => warn!(%error, "it could not be written that exceptions ended"),
                }
            }
            (world.compiled, world.exceptions) = (Arc::new(compiled), Excepted::of(laid.standing));
            world.accepted = Accepted { revision: last.revision, files: last.files, set, misfit: Vec::new() };
        }
        Err(findings) => {
            warn!(count = findings.len(), "the intents in force do not fit the network file any more");
            world.accepted.revision = last.revision;
            world.accepted.files = last.files;
            world.accepted.misfit.clone_from(&findings);
            let why = Refusal::Misfit { findings: Vec::new() }.to_string();
            news.push(EventKind::Rejected { why, findings });
        }
    }
    Ok(())
}
