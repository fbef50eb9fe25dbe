//! One account on many devices. Servers that know the passwords of a whole network lock an account after a few logins that fail, so
//! a password that is wrong in one line of an inventory must not be shown again and again.
//!
//! - A device that refused the account is left alone for a while.
//! - Where a second device refuses it, and none has taken it in between, it is the account that is no good: it is shown to no
//!   device for a while.
//! - As long as no device has taken it, it is shown to one device at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// How long a device that refused the account is left alone. Longer than [`SHARED`], so that devices which did not refuse it get
/// their turn before it does again.
const OWN: Duration = Duration::from_secs(600);
/// How long an account that several devices refused is shown to none.
const SHARED: Duration = Duration::from_secs(300);
/// So many devices are several.
const SEVERAL: usize = 2;

/// What is known of an account; clones know the same. Whatever logs in with the same credentials shares one.
#[derive(Clone, Debug)]
pub struct Account(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    turn: Semaphore,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// A device took it, and none has refused it since.
    is_proven: bool,
    /// When each place refused it last.
    refused: BTreeMap<String, Instant>,
    /// The places that refused it since one took it.
    doubts: BTreeSet<String>,
    /// Since when these are several.
    held_since: Option<Instant>,
}

/// Why an account is not shown now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// Who refused it.
    pub(super) by: Vec<String>,
    /// How long that still counts.
    pub(super) left: Duration,
}

impl Default for Account {
    fn default() -> Self {
        Self(Arc::new(Shared { turn: Semaphore::new(1), known: Mutex::default() }))
    }
}

impl Known {
    fn held(&self, place: &str, now: Instant) -> Option<Held> {
        let own = self.refused.get(place).map(|at| (vec![place.to_owned()], *at + OWN));
        let all = self.held_since.map(|since| (self.doubts.iter().cloned().collect(), since + SHARED));
        let (by, until) = [own, all].into_iter().flatten().max_by_key(|(_, until)| *until)?;
        let left = until.saturating_duration_since(now);
        (!left.is_zero()).then_some(Held { by, left })
    }

    fn accepted(&mut self, place: &str) {
        self.is_proven = true;
        self.refused.remove(place);
        self.doubts.clear();
        self.held_since = None;
    }

    fn refused(&mut self, place: &str, now: Instant) {
        self.is_proven = false;
        self.refused.insert(place.to_owned(), now);
        if self.held_since.is_some_and(|since| now >= since + SHARED) {
            self.doubts.clear();
            self.held_since = None;
        }
        self.doubts.insert(place.to_owned());
        if self.doubts.len() >= SEVERAL && self.held_since.is_none() {
            self.held_since = Some(now);
        }
    }
}

impl Account {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why it is not shown to this place now; nothing where it may be.
    pub(super) fn held(&self, place: &str) -> Option<Held> {
        self.known().held(place, Instant::now())
    }

    /// Waits until it may be shown to this place, and lets no other begin before that is over where none has taken it yet.
    pub(super) async fn turn(&self, place: &str) -> Result<Option<SemaphorePermit<'_>>, Held> {
        let is_proven = self.known().is_proven;
        // The semaphore is never closed.
        let turn = if is_proven { None } else { self.0.turn.acquire().await.ok() };
        let known = self.known();
        match known.held(place, Instant::now()) {
            Some(held) => Err(held),
            None => Ok(turn.filter(|_| !known.is_proven)),
        }
    }

    pub(super) fn accepted(&self, place: &str) {
        self.known().accepted(place);
    }

    pub(super) fn refused(&self, place: &str) {
        self.known().refused(place, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_device_that_refuses_is_left_alone_and_a_second_one_stops_all() {
        let (mut known, begun) = (Known::default(), Instant::now());
        let at = |seconds| begun + Duration::from_secs(seconds);
        known.accepted("a");
        known.refused("b", at(0));
        assert_eq!(known.held("b", at(1)).unwrap().left, OWN - Duration::from_secs(1));
        assert_eq!(known.held("a", at(1)), None, "it may be that device's own fault");
        known.refused("c", at(10));
        let held = known.held("a", at(10)).unwrap();
        assert_eq!((held.by, held.left), (vec!["b".to_owned(), "c".to_owned()], SHARED));
        // Refusals of the same devices hold up the others no longer than that.
        known.refused("c", at(20));
        assert_eq!(known.held("a", at(310)), None);
        known.accepted("a");
        known.refused("b", at(700));
        assert_eq!(known.held("c", at(701)), None);
        assert!(known.held("b", at(701)).is_some());
        known.accepted("b");
        assert_eq!(known.held("b", at(702)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn until_a_device_has_taken_it_one_at_a_time_is_tried() {
        let account = Account::default();
        let first = account.turn("a").await.unwrap();
        assert!(first.is_some());
        let second = account.clone();
        let second = tokio::spawn(async move { second.turn("b").await.map(|turn| turn.is_some()) });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!second.is_finished());
        account.accepted("a");
        drop(first);
        assert_eq!(second.await.unwrap(), Ok(false), "nobody has to wait any more");
        assert!(account.turn("c").await.unwrap().is_none());
    }
}
