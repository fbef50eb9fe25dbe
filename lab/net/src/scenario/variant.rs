//! The same scenario on another line, at another time, for other promises: what a seed decides, on every machine alike.

use model::{Delay, LinkId, Loss, Span, Ted};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};

use super::{Action, Deadline, Expectation, Scenario, Step, Variant};

/// How far the moments of a scenario may shift.
const LATEST: u64 = 10;

impl Scenario {
    /// Another scenario of this kind. The first impaired link gives way to one of the same role, of an affinity that
    /// `variants` lists, together with the promises that belong to it; moments shift by up to ten seconds; delays and losses
    /// that the scenario adds go from 60 to 90 ms and from 2 to 4 percent. A scenario that impairs nothing only shifts.
    /// Equal seeds give equal scenarios.
    #[must_use]
    pub fn variant(&self, seed: u64, ted: &Ted) -> Self {
        let mut draw = Draw(ChaCha8Rng::seed_from_u64(seed));
        let mut other = self.clone();
        let shift = Span::from_secs(draw.below(LATEST + 1));
        let delay = Delay::from_micros((60 + draw.below(31)) * 1_000);
        let loss = Loss::from_ppb((20 + draw.below(21) as u32) * 1_000_000);
        let was = self.steps.iter().find_map(|step| match step {
            Step::Do { action: Action::Impair { impair, .. }, .. } => Some(impair.clone()),
            _ => None,
        });
        let choice = draw.of(&self.variants);
        let now = was.as_ref().and_then(|was| {
            let lines = alike(was, choice, ted);
            draw.of(&lines).cloned()
        });
        for step in &mut other.steps {
            match step {
                Step::Do { at, action } => {
                    *at = later(*at, shift);
                    worsen(action, delay, loss);
                    if let (Some(was), Some(now)) = (&was, &now) {
                        replace(action, was, now);
                    }
                }
                Step::Expect { expectation, deadline } => {
                    if let Deadline::By(by) = deadline {
                        *by = later(*by, shift);
                    }
                    match (expectation, choice) {
                        (
                            Expectation::Intent { intent: names, .. }
                            | Expectation::Unbroken { unbroken: names },
                            Some(choice),
                        ) if now.is_some() => names.clone_from(&choice.intents),
                        (Expectation::Path { path, uses, avoids }, _) if now.is_some() => {
                            if let Some(choice) = choice {
                                path.clone_from(&choice.intents);
                            }
                            for link in [uses, avoids] {
                                if *link == was {
                                    link.clone_from(&now);
                                }
                            }
                        }
                        (Expectation::Alarm { link, .. } | Expectation::Cleared { link, .. }, _)
                            if now.is_some() && *link == was =>
                        {
                            link.clone_from(&now);
                        }
                        _ => {}
                    }
                }
            }
        }
        other
    }
}

/// Links that can stand in for another, by name.
fn alike(was: &LinkId, choice: Option<&Variant>, ted: &Ted) -> Vec<LinkId> {
    let role = ted.links.get(was).and_then(|link| link.role.as_ref());
    ted.links
        .values()
        .filter(|link| link.id != *was && link.role.as_ref() == role)
        .filter(|link| choice.is_none_or(|choice| link.affinity.contains(&choice.affinity)))
        .map(|link| link.id.clone())
        .collect()
}

fn later(moment: Span, shift: Span) -> Span {
    Span::from_micros(moment.as_micros().saturating_add(shift.as_micros()))
}

fn worsen(action: &mut Action, new_delay: Delay, new_loss: Loss) {
    if let Action::Impair { delay, loss, .. } = action {
        *delay = delay.map(|_| new_delay);
        *loss = loss.map(|_| new_loss);
    }
}

fn replace(action: &mut Action, was: &LinkId, now: &LinkId) {
    if let Action::Impair { impair: link, .. }
    | Action::Heal { heal: link }
    | Action::Down { down: link }
    | Action::Up { up: link }
    | Action::Drain { drain: link }
    | Action::Undrain { undrain: link } = action
        && link == was
    {
        link.clone_from(now);
    }
}

/// Draws from the seed. The remainder is taken plainly: with choices this few its skew is far below one in a million.
struct Draw(ChaCha8Rng);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound
    }

    fn of<'t, T>(&mut self, choices: &'t [T]) -> Option<&'t T> {
        let number = self.0.next_u64();
        let count = u64::try_from(choices.len()).ok().filter(|count| *count > 0)?;
        choices.get(usize::try_from(number % count).ok()?)
    }
}
