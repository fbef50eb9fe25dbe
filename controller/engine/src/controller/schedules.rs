//! Windows that open and close, services that are promised by night: what the schedules of the intents ask for now is compared with what
//! was carried out, and is a change like any other. Nothing is remembered for it but the hints, so a restart finds its way back.

use std::{ops::Range, sync::Arc, time::Duration};

use model::{Finding, Hints, IntentSet, Season, Timestamp, intent::Mode, time::Span};
use tokio::time::Instant;

use super::{Asker, CONTROLLER, Controller};
use crate::{event::EventKind, season, season::Clock, stages::Occasion};

/// A boundary farther away than this is looked for again then.
const FARTHEST: Span = Span::from_secs(24 * 3600);

/// How long a change that came to nothing is not tried again; twice as long each time that it comes to nothing again.
const NOT_AGAIN: Duration = Duration::from_secs(10);
/// But no longer than this.
const LONGEST: Duration = Duration::from_secs(300);

/// How the loop stands to the schedules.
#[derive(Debug, Default)]
pub(super) struct Schedules {
    pub clock: Clock,
    /// Where nothing is to be done, and how long that stays so.
    calm: Option<Calm>,
    /// When a schedule opens or closes next.
    pub wake: Option<Instant>,
    /// What was proposed, and is not proposed again.
    pub proposed: Option<Hints>,
    /// A change that came to nothing is not tried again before.
    not_before: Option<Instant>,
    /// How long that was.
    waited: Option<Duration>,
    /// What stood against it, which is told once.
    pub refused: Vec<Finding>,
}

/// What was found to be as its schedules want it, or was proposed: between two moments it stays so.
#[derive(Debug)]
pub(super) struct Calm {
    set: Arc<IntentSet>,
    hints: Hints,
    moments: Range<Timestamp>,
}

impl Calm {
    /// O(hints): a set of 60,000 services is not gone through several times a second.
    fn holds(&self, set: &Arc<IntentSet>, hints: &Hints, now: Timestamp) -> bool {
        Arc::ptr_eq(&self.set, set) && self.moments.contains(&now) && self.hints == *hints
    }
}

impl Schedules {
    /// By a clock, with nothing tried yet.
    pub fn on(clock: Clock) -> Self {
        Self { clock, ..Self::default() }
    }

    /// A change came to nothing: it is tried again a little later, or when the next schedule opens or closes.
    pub fn wait(&mut self, now: Instant) {
        let wait = self.waited.map_or(NOT_AGAIN, |waited| (waited * 2).min(LONGEST));
        let next = self.wake.filter(|wake| *wake > now);
        self.waited = Some(wait);
        self.not_before = Some(next.map_or(now + wait, |next| next.min(now + wait)));
    }

    /// What came to nothing may be tried at once.
    pub fn forgive(&mut self) {
        self.waited = None;
        self.not_before = None;
    }

    /// What was only proposed may be carried out now.
    pub fn begin_anew(&mut self) {
        self.proposed = None;
        self.calm = None;
        self.forgive();
    }
}

impl Controller {
    /// Begins the change that the schedules ask for, if they ask for one. O(windows + services) where anything may have changed and
    /// something may be done about it.
    pub(super) fn follow_schedules(&mut self) {
        let now = self.schedules.clock.now();
        let set = Arc::clone(&self.world.accepted.set);
        // Also where the system's clock was set back: who is woken looks when to be woken next.
        let is_woken = self.schedules.wake.is_some_and(|wake| wake <= Instant::now());
        let calm = self.schedules.calm.as_ref();
        if !is_woken && calm.is_some_and(|calm| calm.holds(&set, &self.world.hints, now)) {
            return;
        }
        if is_woken {
            // Whoever may not follow is not woken again and again for it.
            self.schedules.wake = None;
        }
        if !self.may_follow() {
            return;
        }
        // Where nobody knows what the intents mean, nothing follows from the time of day.
        let Ok(wanted) = self.same() else { return };
        let next = set.next_change(now);
        self.schedules.wake = next.map(|at| Instant::now() + at.since(now).min(FARTHEST).as_duration());
        let hints = Season::of(&set, now).over(self.world.hints.clone());
        let is_so = hints == self.world.hints;
        if is_so {
            self.schedules.proposed = None;
            self.held_back.release_schedule();
        }
        if is_so || self.schedules.proposed.as_ref() == Some(&hints) {
            let farthest = now + FARTHEST;
            let until = next.map_or(farthest, |next| next.min(farthest));
            self.schedules.calm = Some(Calm { set, hints: self.world.hints.clone(), moments: now..until });
            return;
        }
        let why = season::reason(&set, &self.world.hints, &hints);
        let mut request = self.request(wanted, hints, CONTROLLER, &why);
        request.occasion = Occasion::Schedule;
        request.act = self.world.mode == Mode::Act;
        self.launch(request, Asker::Schedule);
    }

    /// Whether a change could begin now. Asked before all schedules are gone through, which takes longer.
    fn may_follow(&self) -> bool {
        let is_free = self.running.is_none() && !self.stopping;
        let too_soon = self.schedules.not_before.is_some_and(|at| Instant::now() < at);
        let may_think = self.world.mode != Mode::Observe && self.world.adopted;
        is_free && !too_soon && may_think && self.is_acquainted()
    }

    /// Says which windows were opened and closed by a change, whoever asked for it.
    pub(super) fn tell_windows(&mut self, before: &Hints) {
        let set = Arc::clone(&self.world.accepted.set);
        let now = self.world.hints.windows.clone();
        let why = |name: &str| set.windows.get(name).map(season::about).unwrap_or_default();
        for (window, work) in now.iter().filter(|(name, _)| !before.windows.contains_key(*name)) {
            let (window, on) = (window.clone(), work.names());
            self.publish(EventKind::WindowOpened { why: why(&window), window, on });
        }
        for window in before.windows.keys().filter(|name| !now.contains_key(*name)) {
            self.publish(EventKind::WindowClosed { window: window.clone(), why: why(window) });
        }
    }
}
