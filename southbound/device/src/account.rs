//! One account on many devices. Servers that know the passwords of a whole network lock an account after a few logins that fail, so
//! a password that is wrong in one line of an inventory must not be shown again and again, by whatever protocol.
//!
//! - A device that refused the account is left alone for a while.
//! - Where a second device refuses it, it is the account that may be no good, and it is shown to no device for a while. A device
//!   that has taken it may still be asked then; after a third one that refuses, that neither.
//! - That says something of the account only where no device has taken it yet, or where the device that refuses it had taken it
//!   before. A device that never took what others take has a fault of its own, and others do not wait for it.
//! - As long as it is in doubt, it is shown to one device at a time.
//!
//! Waiting is done by the future alone and moments are given, so that this knows neither a runtime nor a clock.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

/// How long a device that refused the account is left alone. Longer than [`SHARED`], so that devices which did not refuse it get
/// their turn before it does again.
const OWN: Duration = Duration::from_secs(600);
/// How long an account that several devices refused is shown to none.
const SHARED: Duration = Duration::from_secs(300);
/// So many devices are several.
const SEVERAL: usize = 2;

/// What is known of an account; clones know the same. Whatever logs in with the same credentials shares one.
#[derive(Clone, Debug, Default)]
pub struct Account(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// The places that took it when it was last shown to them.
    took: BTreeSet<String>,
    /// When each place refused it last.
    refused: BTreeMap<String, Instant>,
    /// The places whose refusals speak against the account, since one took it.
    doubts: BTreeSet<String>,
    /// Since when these are several.
    held_since: Option<Instant>,
    /// Somebody is showing it while it is in doubt.
    is_shown: bool,
    /// Who waits for that to be over.
    waiting: Vec<Waker>,
}

/// Why an account is not shown now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Who refused it.
    pub by: Vec<String>,
    /// How long that still counts.
    pub left: Duration,
}

/// The leave to show an account. While one is held that was given in doubt, nobody else gets one.
#[derive(Debug)]
#[must_use = "the next one is let in when this is dropped"]
pub struct Turn(Option<Account>);

/// The device at an address: its host, whatever the port. In a lab many devices listen on one host.
fn device_at(place: &str) -> &str {
    match place.parse::<SocketAddr>() {
        Ok(at) if at.ip().is_loopback() => place,
        _ => place.rsplit_once(':').map_or(place, |(host, _)| host),
    }
}

impl Known {
    /// A device takes it, and none whose word counts has refused it since.
    fn is_proven(&self) -> bool {
        self.doubts.is_empty() && !self.took.is_empty()
    }

    /// How many devices speak against it.
    fn doubters(&self) -> usize {
        let devices: BTreeSet<&str> = self.doubts.iter().map(|place| device_at(place)).collect();
        devices.len()
    }

    fn held(&self, place: &str, now: Instant) -> Option<Held> {
        let own = self.refused.get(place).map(|at| (vec![place.to_owned()], *at + OWN));
        let enough = SEVERAL + usize::from(self.took.contains(place));
        let since = self.held_since.filter(|_| self.doubters() >= enough);
        let all = since.map(|since| (self.doubts.iter().cloned().collect(), since + SHARED));
        let (by, until) = [own, all].into_iter().flatten().max_by_key(|(_, until)| *until)?;
        let left = until.saturating_duration_since(now);
        (!left.is_zero()).then_some(Held { by, left })
    }

    fn accepted(&mut self, place: &str) {
        self.took.insert(place.to_owned());
        self.refused.remove(place);
        self.doubts.clear();
        self.held_since = None;
    }

    fn refused(&mut self, place: &str, now: Instant) {
        self.refused.insert(place.to_owned(), now);
        if self.held_since.is_some_and(|since| now >= since + SHARED) {
            self.doubts.clear();
            self.held_since = None;
        }
        let had_taken = self.took.remove(place);
        if !had_taken && !self.took.is_empty() {
            return;
        }
        self.doubts.insert(place.to_owned());
        if self.doubters() >= SEVERAL && self.held_since.is_none() {
            self.held_since = Some(now);
        }
    }
}

impl Account {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why it is not shown to this place (`host:port`) now; nothing where it may be.
    pub fn held(&self, place: &str, now: Instant) -> Option<Held> {
        self.known().held(place, now)
    }

    /// Waits until it may be shown to this place, and lets no other begin before that is over where it is in doubt. `now` is asked
    /// again after each wait.
    ///
    /// # Errors
    /// It is not shown now: [`Held`].
    pub async fn turn(&self, place: &str, now: impl Fn() -> Instant) -> Result<Turn, Held> {
        poll_fn(|context| {
            let mut known = self.known();
            if let Some(held) = known.held(place, now()) {
                return Poll::Ready(Err(held));
            }
            if known.is_proven() {
                return Poll::Ready(Ok(Turn(None)));
            }
            if !known.is_shown {
                known.is_shown = true;
                return Poll::Ready(Ok(Turn(Some(self.clone()))));
            }
            if !known.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                known.waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await
    }

    /// The place took it.
    pub fn accepted(&self, place: &str) {
        self.known().accepted(place);
    }

    /// The place refused it.
    pub fn refused(&self, place: &str, now: Instant) {
        self.known().refused(place, now);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(account) = self.0.take() else { return };
        let waiting = {
            let mut known = account.known();
            known.is_shown = false;
            std::mem::take(&mut known.waiting)
        };
        // All of them: one that gave up meanwhile must not keep the others from their turn.
        waiting.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests;
