//! Windows that open and close, services that are promised by night: what the schedules of the intents ask for now is compared with what
//! was carried out, and is a change like any other. Nothing is remembered for it but the hints, so a restart finds its way back.

use std::time::Duration;

use model::{Finding, Hints, Season, intent::Mode};
use tokio::time::Instant;

use super::{Asker, CONTROLLER, Controller};
use crate::{event::EventKind, season, season::Clock};

/// A boundary farther away than this is looked for again then.
const FARTHEST: Duration = Duration::from_secs(24 * 3600);

/// How the loop stands to the schedules.
#[derive(Debug, Default)]
pub(super) struct Schedules {
    pub clock: Clock,
    /// When a schedule opens or closes next.
    pub wake: Option<Instant>,
    /// What was proposed, and is not proposed again.
    pub proposed: Option<Hints>,
    /// A change that came to nothing is not tried again before.
    pub not_before: Option<Instant>,
    /// What stood against it, which is told once.
    pub refused: Vec<Finding>,
}

impl Schedules {
    /// By a clock, with nothing tried yet.
    pub fn on(clock: Clock) -> Self {
        Self { clock, ..Self::default() }
    }
}

impl Controller {
    /// Begins the change that the schedules ask for, if they ask for one. O(windows + services).
    pub(super) fn follow_schedules(&mut self) {
        let now = self.schedules.clock.now();
        let set = std::sync::Arc::clone(&self.world.accepted.set);
        self.schedules.wake =
            set.next_change(now).map(|at| Instant::now() + at.since(now).as_duration().min(FARTHEST));
        let hints = Season::of(&set, now).over(self.world.hints.clone());
        if hints == self.world.hints {
            self.schedules.proposed = None;
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
        let set = std::sync::Arc::clone(&self.world.accepted.set);
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
