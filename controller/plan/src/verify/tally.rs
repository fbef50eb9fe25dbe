//! What was seen, added up. The sum does not depend on who saw what: every worst has its event, and the first event wins a tie.

use std::{cmp::Reverse, collections::BTreeMap};

use model::{Delay, EdgeIx};
use traffic::{FailureKind, Flow, Via};

use super::{case::Case, event::Event};

/// A promise that an event breaks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Hit {
    pub(super) service: u32,
    pub(super) code: &'static str,
    pub(super) event: Event,
    pub(super) amount: u64,
    pub(super) message: String,
    /// The flow in which it shows, until both directions are joined.
    pub(super) flow: Option<u32>,
    /// It is known that no plan can help.
    pub(super) helpless: bool,
    /// Where no plan can help: whether one could without the overload bit of nodes.
    pub(super) overload: bool,
    /// The traffic rides on by the list of its path, although a line of that path is down.
    pub(super) bent: bool,
}

impl Hit {
    pub(super) fn new(service: u32, code: &'static str, event: Event, amount: u64, message: String) -> Self {
        let (flow, helpless, overload, bent) = (None, false, false, false);
        Self { service, code, event, amount, message, flow, helpless, overload, bent }
    }
}

/// How often a promise did not hold.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Count {
    pub(super) broken: usize,
    /// Of these, those that contain something smaller which breaks it too.
    pub(super) implied: usize,
    /// Kept, although the traffic left its policy and followed the IGP.
    pub(super) by_igp: usize,
    /// Kept, although the traffic was on a line that its service avoids.
    pub(super) on_avoided: usize,
}

/// How a promise is kept where it was not planned so.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Astray {
    /// By the IGP, off the policy.
    ByIgp,
    /// On a line that its service avoids.
    OnAvoided,
}

/// One way that a flow takes, and what it is worth at its worst.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Way {
    /// The first events under which it is taken, and how many there are.
    pub(super) events: Vec<Event>,
    pub(super) count: usize,
    pub(super) delay: Option<Delay>,
    pub(super) spare: Option<u64>,
    pub(super) broken: bool,
    /// How much of it is on each edge.
    pub(super) shares: Vec<(EdgeIx, u64)>,
}

/// Events of a way that are named.
const NAMED: usize = 3;

impl Way {
    pub(super) fn at(event: Event) -> Self {
        Self { events: vec![event], count: 1, delay: None, spare: None, broken: false, shares: Vec::new() }
    }

    fn join(&mut self, other: Self) {
        self.events.extend(other.events);
        self.events.sort_unstable();
        self.events.truncate(NAMED);
        self.count += other.count;
        self.delay = self.delay.max(other.delay);
        self.spare = self.spare.into_iter().chain(other.spare).min();
        self.broken |= other.broken;
    }
}

/// By what a flow goes: its policy's path of this preference, the IGP, or nothing.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum By {
    /// Higher preferences first.
    Policy(Reverse<u32>),
    Igp,
    Nothing,
}

impl By {
    fn of(via: &Via) -> Self {
        match via {
            Via::Policy { preference, .. } => Self::Policy(Reverse(*preference)),
            Via::Igp(_) => Self::Igp,
            Via::Dropped(_) => Self::Nothing,
        }
    }
}

/// What was seen by one who looked.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Tally {
    pub(super) hits: Vec<Hit>,
    pub(super) counts: BTreeMap<(u32, FailureKind), Count>,
    /// By service: the longest delay, and the first event that gives it.
    pub(super) delays: Vec<Option<(Reverse<u64>, Event)>>,
    /// By service: the least spare bandwidth.
    pub(super) spares: Vec<Option<(u64, Event)>>,
    pub(super) ways: BTreeMap<(u32, By, Vec<EdgeIx>), Way>,
    /// Services and events that are kept in one direction as nobody planned it; they count where the other is kept too.
    astray: Vec<(u32, Event, Astray)>,
}

impl Tally {
    pub(super) fn new(services: usize) -> Self {
        Self { delays: vec![None; services], spares: vec![None; services], ..Self::default() }
    }

    pub(super) fn delay(&mut self, service: u32, micros: u64, event: Event) {
        least(&mut self.delays[service as usize], (Reverse(micros), event));
    }

    pub(super) fn spare(&mut self, service: u32, bps: u64, event: Event) {
        least(&mut self.spares[service as usize], (bps, event));
    }

    pub(super) fn astray(&mut self, service: u32, event: Event, how: Astray) {
        self.astray.push((service, event, how));
    }

    pub(super) fn broken(&mut self, service: u32, event: Event, implied: bool) {
        let count = self.counts.entry((service, event.kind)).or_default();
        count.broken += 1;
        count.implied += usize::from(implied);
    }

    /// Forgets who goes astray in one direction and is broken, whatever the other direction does. `broken` is sorted.
    pub(super) fn forget_astray(&mut self, broken: &[(u32, bool)]) {
        let is_broken = |service: u32| broken.binary_search_by_key(&service, |(broken, _)| *broken).is_ok();
        self.astray.retain(|(service, ..)| !is_broken(*service));
    }

    pub(super) fn way(&mut self, flow: u32, seen: &Flow, mut way: Way) {
        let edges: Vec<EdgeIx> = seen.edges().collect();
        match self.ways.entry((flow, By::of(&seen.via), edges)) {
            std::collections::btree_map::Entry::Occupied(mut known) => known.get_mut().join(way),
            std::collections::btree_map::Entry::Vacant(free) => {
                way.shares = seen.shares.to_vec();
                free.insert(way);
            }
        }
    }

    /// Takes the hits of one event: one for each service and code, with the direction where it is worst. Gives the list back, empty.
    pub(super) fn take(&mut self, mut hits: Vec<Hit>, case: &Case<'_>) -> Vec<Hit> {
        self.astray.sort_unstable();
        self.astray.dedup();
        for (service, event, how) in self.astray.drain(..) {
            let count = self.counts.entry((service, event.kind)).or_default();
            match how {
                Astray::ByIgp => count.by_igp += 1,
                Astray::OnAvoided => count.on_avoided += 1,
            }
        }
        hits.sort_by(|a, b| {
            let key = |hit: &Hit| (hit.service, hit.code, Reverse(hit.amount), hit.flow);
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        let mut hits_of = hits.drain(..).peekable();
        while let Some(mut hit) = hits_of.next() {
            let mut both = false;
            while let Some(other) =
                hits_of.next_if(|other| (other.service, other.code) == (hit.service, hit.code))
            {
                both |=
                    other.flow != hit.flow && (other.amount, &other.message) == (hit.amount, &hit.message);
            }
            let direction = hit.flow.and_then(|flow| case.rules.promises[flow as usize].as_ref());
            if let (Some(promise), false) = (direction, both) {
                let direction = promise.direction;
                let one_way = !promise.service.bidirectional;
                if !one_way {
                    hit.message = format!("from {} to {}: {}", direction.from, direction.to, hit.message);
                }
            }
            hit.flow = None;
            self.hits.push(hit);
        }
        drop(hits_of);
        hits
    }

    /// Adds what another has seen.
    pub(super) fn add(&mut self, other: Self) {
        self.hits.extend(other.hits);
        for (key, count) in other.counts {
            let sum = self.counts.entry(key).or_default();
            sum.broken += count.broken;
            sum.implied += count.implied;
            sum.by_igp += count.by_igp;
            sum.on_avoided += count.on_avoided;
        }
        for (mine, theirs) in self.delays.iter_mut().zip(other.delays) {
            theirs.into_iter().for_each(|theirs| least(mine, theirs));
        }
        for (mine, theirs) in self.spares.iter_mut().zip(other.spares) {
            theirs.into_iter().for_each(|theirs| least(mine, theirs));
        }
        for (key, way) in other.ways {
            match self.ways.entry(key) {
                std::collections::btree_map::Entry::Occupied(mut known) => known.get_mut().join(way),
                std::collections::btree_map::Entry::Vacant(free) => drop(free.insert(way)),
            }
        }
    }
}

fn least<T: Ord>(kept: &mut Option<T>, seen: T) {
    if kept.as_ref().is_none_or(|kept| seen < *kept) {
        *kept = Some(seen);
    }
}
