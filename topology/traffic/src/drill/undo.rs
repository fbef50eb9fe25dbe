//! What was there before a failure.

use model::EdgeIx;

use crate::{fate::Fate, flow::Flow, load::EdgeLoad, route::Way};

/// What one failure changed, as it was before. Flows stand once, in `flows` or in `fates`, ascending.
#[derive(Clone, Debug, Default)]
pub(super) struct Undo {
    pub(super) loads: Vec<(EdgeIx, EdgeLoad)>,
    /// Flows that go another way now.
    pub(super) flows: Vec<(u32, Flow, Way)>,
    /// Flows that go the same way and suffer otherwise.
    pub(super) fates: Vec<(u32, Fate)>,
    /// Edges that got a user; an edge stands here once for each.
    pub(super) users: Vec<EdgeIx>,
    /// Flows that lost their policies.
    pub(super) uncarried: Vec<u32>,
    /// Flows that are not equal to what they were before, ascending.
    changed: Vec<u32>,
}

impl Undo {
    pub(super) fn moved(&mut self, number: u32, before: Flow, way: Way, now: &Flow) {
        if before != *now {
            self.changed.push(number);
        }
        self.flows.push((number, before, way));
    }

    pub(super) fn shaken(&mut self, number: u32, before: Fate) {
        self.changed.push(number);
        self.fates.push((number, before));
    }

    pub(super) fn close(&mut self) {
        self.changed.sort_unstable();
    }

    fn flow(&self, number: u32) -> Option<&Flow> {
        let place = self.flows.binary_search_by_key(&number, |(known, _, _)| *known).ok()?;
        Some(&self.flows[place].1)
    }

    fn fate(&self, number: u32) -> Option<Fate> {
        let place = self.fates.binary_search_by_key(&number, |(known, _)| *known).ok()?;
        Some(self.fates[place].1)
    }
}

/// The flows that differ from what they were before all of these failures, ascending.
pub(super) fn changed(failures: &[Undo], now: &[Flow]) -> Vec<usize> {
    let mut changed: Vec<usize> =
        failures.iter().flat_map(|undo| &undo.changed).map(|number| *number as usize).collect();
    if failures.len() > 1 {
        changed.sort_unstable();
        changed.dedup();
        changed.retain(|place| differs(failures, *place as u32, &now[*place]));
    }
    changed
}

/// A later failure may undo what an earlier one did.
fn differs(failures: &[Undo], number: u32, now: &Flow) -> bool {
    // The first that moved it knows its way before all; the first that changed it, what it suffered.
    let way = failures.iter().find_map(|undo| undo.flow(number));
    let fate = failures.iter().find_map(|undo| match undo.fate(number) {
        None => undo.flow(number).map(Flow::fate),
        fate => fate,
    });
    let same_shares = |before: &Flow| (&before.shares, &before.strays) == (&now.shares, &now.strays);
    let same_way = way.is_none_or(|before| before.via == now.via && same_shares(before));
    !same_way || fate.is_some_and(|before| before != now.fate())
}
