//! What a line does to frames: it takes its time, varies in it, and loses some. Each direction is a lane of its own.
//!
//! [`Wire`] holds the frames that are on their way. Moments and random numbers are arguments: the same frames at the same moments
//! with the same numbers leave at the same moments. Frames that leave at one moment leave in the order in which they came, so a
//! lane never reorders what it delays alike; variation is a curve in time that no frame can use to overtake another. What is set
//! anew counts for the frames that come then: those on their way keep their moment, and none is lost by it.

mod lane;

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    time::Duration,
};

use model::{Delay, Jitter, Loss};
use rand::Rng;
use serde::{Deserialize, Serialize};

use lane::Lane;

/// What one direction of a line does to frames.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Impairment {
    /// How long they take.
    pub delay: Delay,
    /// By how much more or less they may take.
    pub jitter: Jitter,
    /// How many of them are lost.
    pub loss: Loss,
}

impl Impairment {
    /// Whether it does nothing.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// This and another after each other, as a fault comes on top of a line.
    #[must_use]
    pub const fn then(self, other: Self) -> Self {
        Self {
            delay: self.delay.saturating_add(other.delay),
            jitter: self.jitter.saturating_add(other.jitter),
            loss: self.loss.then(other.loss),
        }
    }
}

/// How many octets may be on their way.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// In one lane.
    pub lane: usize,
    /// In all of them.
    pub all: usize,
}

impl Default for Room {
    /// 32 MiB, which are 2.6 seconds of 100 Mbit/s; 512 MiB.
    fn default() -> Self {
        Self { lane: 32 << 20, all: 512 << 20 }
    }
}

impl Room {
    /// The room of one of so many wires that share it.
    #[must_use]
    pub fn of(self, wires: usize) -> Self {
        Self { all: self.all / wires.max(1), ..self }
    }
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It leaves at once; the wire did not keep it.
    Through,
    /// It is on its way.
    Held,
    /// The line lost it.
    Lost,
    /// There was no room for it.
    Full,
}

/// How many frames a lane has seen.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    /// Came in.
    pub entered: u64,
    /// Octets of these.
    pub octets: u64,
    /// Were lost, as the line is told to.
    pub lost: u64,
    /// Found no room.
    pub full: u64,
}

/// A frame on its way.
#[derive(Debug)]
struct Travelling {
    due: Duration,
    /// How many came before it.
    entered: u64,
    lane: usize,
    frame: Vec<u8>,
}

impl Travelling {
    const fn key(&self) -> (Duration, u64) {
        (self.due, self.entered)
    }
}

impl PartialEq for Travelling {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Travelling {}

impl PartialOrd for Travelling {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Travelling {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// Frames on their way, over any number of lanes.
#[derive(Debug, Default)]
pub struct Wire {
    lanes: Vec<Lane>,
    travelling: BinaryHeap<Reverse<Travelling>>,
    entered: u64,
    held: usize,
    room: Room,
    /// Pieces of memory that frames were in.
    spare: Vec<Vec<u8>>,
}

/// Pieces of memory that are kept for later frames.
const SPARE: usize = 1024;

impl Wire {
    /// A wire without lanes.
    pub fn new(room: Room) -> Self {
        Self { room, ..Self::default() }
    }

    /// Adds a lane; gives its number, from 0.
    pub fn add(&mut self, impairment: Impairment) -> usize {
        self.lanes.push(Lane::new(impairment));
        self.lanes.len() - 1
    }

    /// Sets what a lane does to the frames that come from now on. Nothing happens where there is no such lane.
    pub fn set(&mut self, lane: usize, impairment: Impairment) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.set(impairment);
        }
    }

    /// What a lane has seen; nothing where there is none.
    pub fn count(&self, lane: usize) -> Count {
        self.lanes.get(lane).map(|lane| lane.count).unwrap_or_default()
    }

    /// A frame comes in at `now`, which never goes back. O(log frames on their way).
    pub fn offer(&mut self, lane: usize, frame: &[u8], now: Duration, dice: &mut impl Rng) -> Fate {
        let Some(known) = self.lanes.get_mut(lane) else { return Fate::Full };
        known.count.entered += 1;
        known.count.octets += u64::try_from(frame.len()).unwrap_or(u64::MAX);
        if known.loses(dice) {
            known.count.lost += 1;
            return Fate::Lost;
        }
        let due = known.due(now, dice);
        if due <= now && known.held == 0 {
            return Fate::Through;
        }
        if known.held + frame.len() > self.room.lane || self.held + frame.len() > self.room.all {
            known.count.full += 1;
            return Fate::Full;
        }
        known.held += frame.len();
        self.held += frame.len();
        let mut kept = self.spare.pop().unwrap_or_default();
        kept.clear();
        kept.extend_from_slice(frame);
        self.entered += 1;
        let travelling = Travelling { due, entered: self.entered, lane, frame: kept };
        self.travelling.push(Reverse(travelling));
        Fate::Held
    }

    /// When the next frame leaves; none where none is on its way.
    pub fn next(&self) -> Option<Duration> {
        self.travelling.peek().map(|Reverse(first)| first.due)
    }

    /// The next frame that leaves by `now`, and its lane. Give its memory back with [`Wire::done`].
    pub fn leave(&mut self, now: Duration) -> Option<(usize, Vec<u8>)> {
        if self.next()? > now {
            return None;
        }
        let Reverse(Travelling { lane, frame, .. }) = self.travelling.pop()?;
        self.held = self.held.saturating_sub(frame.len());
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.held = lane.held.saturating_sub(frame.len());
        }
        Some((lane, frame))
    }

    /// Takes the memory of a frame back.
    pub fn done(&mut self, frame: Vec<u8>) {
        if self.spare.len() < SPARE {
            self.spare.push(frame);
        }
    }
}

#[cfg(test)]
mod tests;
