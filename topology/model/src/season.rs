//! What the schedules of an intent set say of a moment: which maintenance windows are open, and which services rest.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    hint::{Hints, Work},
    id::ServiceId,
    intent::IntentSet,
    schedule::Schedule,
    time::Timestamp,
    window::Window,
};

/// What the schedules say of a moment.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Season {
    /// The windows that are open, and what is worked on.
    pub windows: BTreeMap<String, Work>,
    /// The services that are not promised.
    pub resting: BTreeSet<ServiceId>,
}

impl Season {
    /// Of a moment. O(windows + services).
    pub fn of(set: &IntentSet, at: Timestamp) -> Self {
        let open = set.windows.values().filter(|window| window.when.is_open(at));
        let rests = |when: &Option<Schedule>| when.as_ref().is_some_and(|when| !when.is_open(at));
        let resting = set.services.values().filter(|service| rests(&service.when));
        Self {
            windows: open.map(|window| (window.name.clone(), window.work.clone())).collect(),
            resting: resting.map(|service| service.id.clone()).collect(),
        }
    }

    /// These hints with what the schedules say in place of what they said before. What people drained by hand stays drained.
    #[must_use]
    pub fn over(self, hints: Hints) -> Hints {
        Hints { windows: self.windows, resting: self.resting, ..hints }
    }
}

impl IntentSet {
    /// The next moment after this one at which a schedule opens or closes; none where none does. O(windows + services).
    pub fn next_change(&self, after: Timestamp) -> Option<Timestamp> {
        let windows = self.windows.values().map(|window| &window.when);
        let services = self.services.values().filter_map(|service| service.when.as_ref());
        windows.chain(services).filter_map(|schedule| schedule.next_change(after)).min()
    }

    /// The next window that opens after a moment, and when. The first by name of equals.
    pub fn next_window(&self, after: Timestamp) -> Option<(&Window, Timestamp)> {
        let next = |window: &Window| {
            let change = window.when.next_change(after)?;
            // One that is open closes first, and opens again after that.
            if window.when.is_open(change) { Some(change) } else { window.when.next_change(change) }
        };
        let all = self.windows.values().filter_map(|window| Some((window, next(window)?)));
        all.min_by(|(one, at), (other, then)| at.cmp(then).then_with(|| one.name.cmp(&other.name)))
    }

    /// The set without the services that hints say are not promised now; none where that is all of it.
    pub fn without_resting(&self, hints: &Hints) -> Option<Self> {
        if !hints.resting.iter().any(|service| self.services.contains_key(service)) {
            return None;
        }
        let mut set = self.clone();
        set.services.retain(|id, _| !hints.resting.contains(id));
        Some(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        calendar::{Moment, Offset},
        id::{LinkId, NodeId},
    };

    fn window(name: &str, link: &str, (from, to): (u64, u64)) -> Window {
        let moment = |at| Moment { at: Timestamp::from_micros(at), offset: Offset::UTC };
        Window {
            name: name.to_owned(),
            owner: None,
            labels: BTreeMap::new(),
            work: Work { links: BTreeSet::from([LinkId::lit(link)]), nodes: BTreeSet::new() },
            when: Schedule::once(moment(from), moment(to)).unwrap(),
        }
    }

    fn set(windows: &[Window]) -> IntentSet {
        let windows = windows.iter().map(|window| (window.name.clone(), window.clone())).collect();
        IntentSet { windows, ..IntentSet::default() }
    }

    #[test]
    fn a_window_drains_while_it_is_open_and_leaves_alone_what_a_person_drained() {
        let set = set(&[window("a", "l1", (10, 20)), window("b", "l2", (15, 30))]);
        let by_hand = Hints { drained_nodes: BTreeSet::from([NodeId::lit("n")]), ..Hints::default() };
        let links = |at| {
            let hints = Season::of(&set, Timestamp::from_micros(at)).over(by_hand.clone());
            assert_eq!(hints.all_drained().nodes, by_hand.drained_nodes);
            hints.all_drained().links.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!([9, 10, 15, 20, 30].map(links), ["", "l1", "l1 l2", "l2", ""]);
    }

    #[test]
    fn the_next_change_and_the_next_window_are_the_nearest() {
        let set =
            set(&[window("b", "l1", (10, 20)), window("a", "l2", (15, 30)), window("c", "l3", (15, 16))]);
        let at = Timestamp::from_micros;
        assert_eq!(set.next_change(at(10)), Some(at(15)));
        assert_eq!(set.next_change(at(30)), None);
        let next = set.next_window(at(12)).map(|(window, when)| (window.name.as_str(), when));
        assert_eq!(next, Some(("a", at(15))), "of equals the first by name");
        assert!(set.next_window(at(15)).is_none(), "those that are open do not open again");
    }
}
