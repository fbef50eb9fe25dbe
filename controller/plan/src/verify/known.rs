//! What breaks a promise by itself, so that nothing larger is told again: violations are minimal.

use std::collections::{BTreeMap, BTreeSet};

use model::Graph;

use super::{event::Event, tally::Hit};
use crate::codes;

/// Promises that are told apart. That traffic may be lost says nothing about whether it is exposed.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Class {
    /// Nobody listens in.
    Closed,
    /// Nothing passes by what is to look at it.
    Checked,
    /// Path and backup keep away from each other.
    Apart,
    /// It arrives, and as well as was promised.
    Kept,
}

impl Class {
    pub(super) fn of(code: &str) -> Self {
        match code {
            codes::UNENCRYPTED => Self::Closed,
            codes::UNVISITED => Self::Checked,
            codes::NOT_DIVERSE => Self::Apart,
            _ => Self::Kept,
        }
    }
}

/// The smallest events that break each promise, of those that were looked at.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Broken without any failure.
    always: BTreeSet<(u32, Class)>,
    /// Broken by one link, or by a risk that is one link.
    links: BTreeSet<(u32, Class, u32)>,
    /// Broken by a risk that is two links.
    pairs: BTreeSet<(u32, Class, u32, u32)>,
}

impl Known {
    /// Sorts out of what single failures break all that something smaller breaks too, and gives the rest; and says for which
    /// services and events nothing is left.
    ///
    /// A violation is kept where no other of the same promise takes away less. Where two take away the same, as a link and a risk
    /// that is this link alone, the first by kind is kept.
    pub(super) fn sort(hits: Vec<Hit>, graph: &Graph) -> (Self, Vec<Hit>, BTreeSet<(u32, Event)>) {
        let mut by_promise: BTreeMap<(u32, Class), BTreeSet<Event>> = BTreeMap::new();
        for hit in &hits {
            by_promise.entry((hit.service, Class::of(hit.code))).or_default().insert(hit.event);
        }
        let mut known = Self::default();
        let mut implied = BTreeSet::new();
        for ((service, class), events) in by_promise {
            let cuts: Vec<_> = events.iter().map(|event| (*event, event.cut(graph))).collect();
            for (event, cut) in &cuts {
                let smaller = cuts.iter().any(|(other, less)| {
                    other != event && less.is_within(cut) && (!cut.is_within(less) || other < event)
                });
                if smaller {
                    implied.insert((service, class, *event));
                    continue;
                }
                match (cut.node, cut.links.as_slice()) {
                    (None, []) if *event == Event::NONE => drop(known.always.insert((service, class))),
                    (None, [link]) => drop(known.links.insert((service, class, *link))),
                    (None, [one, two]) => drop(known.pairs.insert((service, class, *one, *two))),
                    _ => {}
                }
            }
        }
        let (left, gone): (Vec<Hit>, Vec<Hit>) = hits
            .into_iter()
            .partition(|hit| !implied.contains(&(hit.service, Class::of(hit.code), hit.event)));
        let told: BTreeSet<(u32, Event)> = left.iter().map(|hit| (hit.service, hit.event)).collect();
        let untold = gone.iter().map(|hit| (hit.service, hit.event)).filter(|key| !told.contains(key));
        (known, left, untold.collect())
    }

    /// What is broken without any failure: nothing more is said about it under one.
    pub(super) fn always(hits: &[Hit]) -> Self {
        let always = hits.iter().filter(|hit| hit.event == Event::NONE);
        Self { always: always.map(|hit| (hit.service, Class::of(hit.code))).collect(), ..Self::default() }
    }

    /// Whether something smaller than this failure is known to break the promise. Single failures beside each other are sorted
    /// afterwards.
    pub(super) fn implies(&self, service: u32, class: Class, event: Event) -> bool {
        let Event { first, second, .. } = event;
        if event == Event::NONE {
            return false;
        }
        self.always.contains(&(service, class))
            || !event.is_single()
                && ([first, second].iter().any(|link| self.links.contains(&(service, class, *link)))
                    || self.pairs.contains(&(service, class, first, second)))
    }
}
