//! Links that go down are down at once; they count as up again only after they have been steadily so.

use model::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{case::Limits, lines::LinkState};

/// Flaps that are remembered.
const REMEMBERED: usize = 8;

/// One link's recent past.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Damped {
    state: State,
    /// When it went down, the last few times.
    flaps: Vec<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
enum State {
    #[default]
    Up,
    Down {
        since: Timestamp,
    },
    /// It says that it is up, but has not done so for long.
    Returning {
        since: Timestamp,
        down: Timestamp,
    },
}

impl Damped {
    /// A link that is known to be down and nothing else.
    pub(crate) const fn down(since: Timestamp) -> Self {
        Self { state: State::Down { since }, flaps: Vec::new() }
    }

    /// After a time in which nobody watched: a link that was returning has to be steadily up anew, as after silence.
    pub(crate) fn unwatched(mut self) -> Self {
        if let State::Returning { down, .. } = self.state {
            self.state = State::Down { since: down };
        }
        self
    }

    /// One turn. A link that was never heard counts as up, as the TED says; one that fell silent while it was down stays down.
    pub(crate) fn turn(&mut self, said: LinkState, now: Timestamp, limits: &Limits) {
        self.state = match (self.state, said) {
            (State::Up | State::Returning { .. }, LinkState::Down) => {
                self.flaps.push(now);
                let spare = self.flaps.len().saturating_sub(REMEMBERED);
                self.flaps.drain(..spare);
                let since = match self.state {
                    State::Returning { down, .. } => down,
                    _ => now,
                };
                State::Down { since }
            }
            (State::Down { since }, LinkState::Up) => State::Returning { since: now, down: since },
            (State::Returning { down, .. }, LinkState::Unknown) => State::Down { since: down },
            (state, _) => state,
        };
        if let State::Returning { since, .. } = self.state
            && now.since(since) >= self.wait(now, limits)
        {
            self.state = State::Up;
        }
    }

    /// Since when no path may use it; none where paths may.
    pub(crate) const fn down_since(&self) -> Option<Timestamp> {
        match self.state {
            State::Up => None,
            State::Down { since } | State::Returning { down: since, .. } => Some(since),
        }
    }

    /// How long it must be up: twice as long for each time that it went down before within the memory of flaps.
    fn wait(&self, now: Timestamp, limits: &Limits) -> Span {
        let recent = self.flaps.iter().filter(|at| now.since(**at) < limits.flap_memory).count();
        doubled(limits.up_after, recent.saturating_sub(1)).min(limits.longest_up_after)
    }

    /// Whether there is nothing to remember.
    pub(crate) fn is_idle(&self, now: Timestamp, limits: &Limits) -> bool {
        self.state == State::Up && self.flaps.iter().all(|at| now.since(*at) >= limits.flap_memory)
    }
}

/// A span doubled so many times, at most six.
pub(crate) fn doubled(span: Span, times: usize) -> Span {
    Span::from_micros(span.as_micros().saturating_mul(1 << times.min(6)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds states a second apart; gives the seconds in which paths must avoid the link.
    fn avoided(said: &[LinkState]) -> Vec<u64> {
        let limits = Limits::default();
        let mut link = Damped::default();
        let mut seconds = Vec::new();
        for (second, said) in (1_u64..).zip(said) {
            link.turn(*said, Timestamp::from_micros(second * 1_000_000), &limits);
            seconds.extend(link.down_since().map(|_| second));
        }
        seconds
    }

    #[test]
    fn down_counts_at_once_and_up_after_ten_steady_seconds() {
        let said = [[LinkState::Up; 3].as_slice(), &[LinkState::Down; 2], &[LinkState::Up; 20]].concat();
        assert_eq!(avoided(&said), (4..=15).collect::<Vec<_>>());
    }

    #[test]
    fn a_link_that_flaps_every_second_is_avoided_throughout() {
        let said = [LinkState::Down, LinkState::Up].repeat(100);
        assert_eq!(avoided(&said), (1..=200).collect::<Vec<_>>());
    }

    #[test]
    fn each_flap_doubles_the_wait() {
        let round = [[LinkState::Down; 1].as_slice(), &[LinkState::Up; 30]].concat();
        let seconds = avoided(&[round.clone(), round].concat());
        // First 1 + 10 seconds, then 1 + 20.
        assert_eq!(seconds, (1..=11).chain(32..=52).collect::<Vec<_>>());
    }

    #[test]
    fn silence_is_neither_up_nor_down() {
        assert!(avoided(&[LinkState::Unknown; 30]).is_empty());
        let said = [[LinkState::Down; 1].as_slice(), &[LinkState::Unknown; 60]].concat();
        assert_eq!(avoided(&said).len(), 61);
        let said = [
            [LinkState::Down].as_slice(),
            &[LinkState::Up; 5],
            &[LinkState::Unknown; 1],
            &[LinkState::Up; 9],
        ]
        .concat();
        assert_eq!(avoided(&said).len(), 16);
    }
}
