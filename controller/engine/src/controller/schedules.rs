//! Windows that open and close, services that are promised by night: what the schedules of the intents ask for now is compared with what
//! was carried out, and is a change like any other. Nothing is remembered for it but the hints, so a restart finds its way back.

use std::{ops::Range, sync::Arc};

use model::{Finding, Hints, IntentSet, Season, Timestamp, intent::Mode, time::Span};
use tokio::time::Instant;

use super::{Asker, CONTROLLER, Controller};
use crate::{event::EventKind, season, season::Clock};

/// A boundary farther away than this is looked for again then.
const FARTHEST: Span = Span::from_secs(24 * 3600);

/// How the loop stands to the schedules.
#[derive(Debug, Default)]
pub(super) struct Schedules {
    pub clock: Clock,
    /// Where nothing is to be done, and how long that stays so.
    pub calm: Option<Calm>,
    /// When a schedule opens or closes next.
    pub wake: Option<Instant>,
    /// What was proposed, and is not proposed again.
    pub proposed: Option<Hints>,
    /// A change that came to nothing is not tried again before.
    pub not_before: Option<Instant>,
    /// What stood against it, which is told once.
    pub refused: Vec<Finding>,
}

/// What was found to be as its schedules want it: between two moments it stays so.
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
}

impl Controller {
    /// Begins the change that the schedules ask for, if they ask for one. O(windows + services) where anything may have changed.
    pub(super) fn follow_schedules(&mut self) {
        let now = self.schedules.clock.now();
        let set = Arc::clone(&self.world.accepted.set);
        // Also where the system's clock was set back: who is woken looks when to be woken next.
        let waits = self.schedules.wake.is_none_or(|wake| Instant::now() < wake);
        let calm = self.schedules.calm.as_ref();
        if waits && calm.is_some_and(|calm| calm.holds(&set, &self.world.hints, now)) {
            return;
        }
        let next = set.next_change(now);
        self.schedules.wake = next.map(|at| Instant::now() + at.since(now).min(FARTHEST).as_duration());
        let hints = Season::of(&set, now).over(self.world.hints.clone());
        if hints == self.world.hints {
            self.schedules.proposed = None;
            let farthest = now + FARTHEST;
            let until = next.map_or(farthest, |next| next.min(farthest));
            self.schedules.calm = Some(Calm { set, hints, moments: now..until });
            return;
        }
        let may_think = self.world.mode != Mode::Observe && self.world.adopted && self.is_acquainted();
        let said = self.schedules.proposed.as_ref() == Some(&hints);
        let too_soon = self.schedules.not_before.is_some_and(|at| Instant::now() < at);
        if !may_think || said || too_soon || self.running.is_some() || self.stopping {
            return;
        }
        // Where nobody knows what the intents mean, nothing follows from the time of day.
        let Ok(wanted) = self.same() else { return };
        let why = season::reason(&set, &self.world.hints, &hints);
        let mut request = self.request(wanted, hints, CONTROLLER, &why);
        request.act = self.world.mode == Mode::Act;
        self.launch(request, Asker::Schedule);
    }

    /// Says which windows were opened and closed by a change, whoever asked for it.
    pub(super) fn tell_windows(&mut self, before: &Hints) {
        let set = Arc::clone(&self.world.accepted.set);
        let now = self.world.hints.windows.clone();
        let why = |name: &str| set.windows.get(name).map(season::about).unwrap_or_default();
        for (window, work) in now.iter().filter(|(name, _)| !before.windows.contains_key(*name)) {
            let links = work.links.iter().map(ToString::to_string);
            let on = links.chain(work.nodes.iter().map(ToString::to_string)).collect();
            self.publish(EventKind::WindowOpened { window: window.clone(), on, why: why(window) });
        }
        for window in before.windows.keys().filter(|name| !now.contains_key(*name)) {
            self.publish(EventKind::WindowClosed { window: window.clone(), why: why(window) });
        }
    }
}
