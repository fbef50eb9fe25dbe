//! What the schedules of an intent set say of a moment: which maintenance windows are open, and which services rest.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    hint::{Hints, Work},
    id::{IntentId, ServiceId},
    intent::{Claim, IntentSet, Service},
    schedule::Schedule,
    time::{Span, Timestamp},
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

    /// Of a moment; without one of all at once, as far as that can be: no window is open, and of services that claim the same packets at
    /// different times the first by name counts ([`IntentSet::alternates`]).
    pub fn as_of(set: &IntentSet, at: Option<Timestamp>) -> Self {
        at.map_or_else(|| Self { resting: set.alternates(), ..Self::default() }, |at| Self::of(set, at))
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

    /// Which services rest while a schedule is open: each set of them that there is at some time of it, in the order of time. From a
    /// moment on, where one is given; of what comes again every week a week is enough, beside the time from the first to the last of what
    /// comes once. O(changes of schedules in that time × services).
    pub fn resting_within(&self, open: &Schedule, from: Option<Timestamp>) -> Vec<BTreeSet<ServiceId>> {
        self.resting_up_to(open, from, usize::MAX)
    }

    /// The same; one more than so many ends it.
    fn resting_up_to(
        &self,
        open: &Schedule,
        from: Option<Timestamp>,
        most: usize,
    ) -> Vec<BTreeSet<ServiceId>> {
        let promised =
            |when: &Option<Schedule>| when.as_ref().is_none_or(|when| when.overlaps(open).is_some());
        let never: BTreeSet<ServiceId> = self
            .services
            .values()
            .filter(|service| !promised(&service.when))
            .map(|service| service.id.clone())
            .collect();
        let mut at_times: Vec<&Schedule> = Vec::new();
        for when in self.services.values().filter_map(|service| service.when.as_ref()) {
            if !at_times.contains(&when) && when.overlaps(open).is_some() {
                at_times.push(when);
            }
        }
        let (mut at, until) = to_walk(open, &at_times, from.unwrap_or_default());
        let mut seen: Vec<BTreeSet<ServiceId>> = Vec::new();
        let mut states: BTreeSet<Vec<bool>> = BTreeSet::new();
        while at < until && seen.len() <= most {
            // Few schedules stand in many services: whether anything is new is asked of them first.
            let state = at_times.iter().map(|when| when.is_open(at)).collect();
            if open.is_open(at) && states.insert(state) {
                let rests = |when: &Option<Schedule>| when.as_ref().is_some_and(|when| !when.is_open(at));
                let resting = self.services.values().filter(|service| rests(&service.when));
                seen.push(resting.map(|service| service.id.clone()).collect());
            }
            let next = at_times.iter().copied().chain([open]).filter_map(|when| when.next_change(at)).min();
            let Some(next) = next else { break };
            at = next;
        }
        // One that is over has none from then on.
        if seen.is_empty() { vec![never] } else { seen }
    }

    /// Services that cannot count at once with all others: of intents that claim the same packets, which they may do at different times,
    /// all but the first by name. Empty where none do. O(claims of services with a schedule, log of these).
    pub fn alternates(&self) -> BTreeSet<ServiceId> {
        let mut taken: BTreeSet<Claim<'_>> = BTreeSet::new();
        let mut resting = BTreeSet::new();
        for services in self.timed().into_values() {
            let claims: Vec<Claim<'_>> = services.iter().flat_map(|service| service.claims()).collect();
            if claims.iter().any(|claim| taken.contains(claim)) {
                resting.extend(services.iter().map(|service| service.id.clone()));
            } else {
                taken.extend(claims);
            }
        }
        resting
    }

    /// Of the services of intents that claim the same packets at different times: each set of them that rests at some time, in the order
    /// of time; all other services count. None where there are more than so many sets. One empty set where no intents do.
    pub fn resting_ever(&self, most: usize) -> Option<Vec<BTreeSet<ServiceId>>> {
        let timed = self.timed();
        let mut claimed: BTreeMap<Claim<'_>, BTreeSet<&IntentId>> = BTreeMap::new();
        for (intent, services) in &timed {
            for claim in services.iter().flat_map(|service| service.claims()) {
                claimed.entry(claim).or_default().insert(intent);
            }
        }
        let shared: BTreeSet<&IntentId> =
            claimed.into_values().filter(|intents| intents.len() > 1).flatten().collect();
        // Apart from the others, so that their schedules make no sets.
        let services = timed.into_iter().filter(|(intent, _)| shared.contains(intent));
        let services = services.flat_map(|(_, services)| services);
        let services = services.map(|service| (service.id.clone(), service.clone())).collect();
        let ever = Self { services, ..Self::default() }.resting_up_to(&Schedule::always(), None, most);
        (ever.len() <= most).then_some(ever)
    }

    /// Services with a schedule, by intent.
    fn timed(&self) -> BTreeMap<&IntentId, Vec<&Service>> {
        let mut timed: BTreeMap<&IntentId, Vec<&Service>> = BTreeMap::new();
        for service in self.services.values().filter(|service| service.when.is_some()) {
            timed.entry(&service.intent).or_default().push(service);
        }
        timed
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

/// From when to when is looked: all of a schedule that is open once; otherwise a week, after what comes once, and that.
fn to_walk(open: &Schedule, at_times: &[&Schedule], from: Timestamp) -> (Timestamp, Timestamp) {
    // What is open once changes for the first time when it begins.
    let begins =
        |schedule: &Schedule| if schedule.is_open(from) { Some(from) } else { schedule.next_change(from) };
    if let Some(end) = open.ends() {
        return (begins(open).unwrap_or(end.at), end.at);
    }
    let once = || at_times.iter().copied().filter(|when| when.ends().is_some() && !when.is_over(from));
    let first = once().filter_map(begins).min().unwrap_or(from);
    let last = once().filter_map(|when| when.ends().map(|end| end.at)).max().unwrap_or(from);
    (first, last + WEEK)
}

/// After a week all that comes again has come again.
const WEEK: Span = Span::from_secs(7 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        calendar::{Moment, Offset},
        id::{LinkId, NodeId},
        window::Window,
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
    fn the_next_change_is_the_nearest() {
        let set =
            set(&[window("b", "l1", (10, 20)), window("a", "l2", (15, 30)), window("c", "l3", (15, 16))]);
        let at = Timestamp::from_micros;
        assert_eq!(set.next_change(at(10)), Some(at(15)));
        assert_eq!(set.next_change(at(30)), None);
    }

    fn service(name: &str, when: Schedule) -> (ServiceId, crate::Service) {
        let id: ServiceId = name.parse().unwrap();
        let service = crate::Service {
            id: id.clone(),
            intent: name.parse().unwrap(),
            owner: None,
            a: NodeId::lit("a"),
            z: NodeId::lit("z"),
            bidirectional: true,
            co_routed: false,
            matches: Vec::new(),
            vrf: "v".parse().unwrap(),
            class: "c".parse().unwrap(),
            slo: crate::Slo::default(),
            budgets: BTreeMap::new(),
            sle: Default::default(),
            path: Default::default(),
            assurance: crate::intent::Assurance {
                breach: crate::condition::Condition::Any { any: Vec::new() },
                hold: Span::ZERO,
                improvement_margin: crate::unit::Ratio::ZERO,
                hold_down: Span::ZERO,
                wait_to_restore: Span::ZERO,
                mode: crate::intent::Mode::Act,
            },
            when: Some(when),
        };
        (id, service)
    }

    fn daily(from: &str, length: &str) -> Schedule {
        let days = crate::calendar::Weekday::ALL.into();
        Schedule::weekly(days, from.parse().unwrap(), length.parse().unwrap(), Offset::UTC).unwrap()
    }

    #[test]
    fn within_a_window_each_choice_of_services_is_named_once() {
        let services = [
            service("day", daily("06:00", "16h")),
            service("night", daily("22:00", "8h")),
            service("noon", daily("12:00", "1h")),
        ];
        let set = IntentSet { services: services.into(), ..IntentSet::default() };
        let resting = |open: &Schedule, from: Option<Timestamp>| -> Vec<String> {
            let within = set.resting_within(open, from);
            let named =
                |rest: &BTreeSet<ServiceId>| rest.iter().map(ServiceId::as_str).collect::<Vec<_>>().join(" ");
            within.iter().map(named).collect()
        };
        let hour = |hours: u64| Timestamp::from_micros(hours * 3_600_000_000);
        let moment = |hours| Moment { at: hour(hours), offset: Offset::UTC };
        let two_days = Schedule::once(moment(10), moment(58)).unwrap();
        assert_eq!(resting(&two_days, None), ["night noon", "night", "day noon"]);
        assert_eq!(resting(&two_days, Some(hour(56))), ["night noon"], "what is left of it");
        let evenings = daily("20:00", "4h");
        assert_eq!(resting(&evenings, None), ["night noon", "day noon"]);
        assert_eq!(resting(&daily("23:00", "1h"), Some(hour(1_000_000))), ["day noon"]);
    }

    #[test]
    fn of_intents_that_share_packets_at_different_times_the_first_counts() {
        let matching = |(id, mut service): (ServiceId, Service), prefix: Option<&str>| {
            let prefix = prefix.map(|prefix| prefix.parse().unwrap());
            let dscp = ["af21".parse().unwrap()].into();
            service.matches = vec![crate::intent::Match { prefix, source: None, dscp }];
            (id, service)
        };
        let services = [
            matching(service("day", daily("06:00", "16h")), None),
            matching(service("night", daily("22:00", "8h")), None),
            matching(service("noon", daily("12:00", "1h")), Some("10.0.0.0/8")),
        ];
        let mut set = IntentSet { services: services.into(), ..IntentSet::default() };
        let names = |ids: &BTreeSet<ServiceId>| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        // The way back of all has no destination; that of `noon` is not promised.
        set.services.get_mut(&ServiceId::lit("noon")).unwrap().bidirectional = false;
        assert_eq!(names(&set.alternates()), ["night"]);
        let ever: Vec<Vec<String>> = set.resting_ever(2).unwrap().iter().map(names).collect();
        assert_eq!(ever, [["day"], ["night"]], "whatever `noon` does");
        assert_eq!(set.resting_ever(1), None);
        set.services.get_mut(&ServiceId::lit("night")).unwrap().vrf = "other".parse().unwrap();
        assert_eq!(names(&set.alternates()), [""; 0]);
        assert_eq!(set.resting_ever(1), Some(vec![BTreeSet::new()]));
    }

    #[test]
    fn a_service_of_one_day_counts_in_a_window_of_every_week() {
        let hour =
            |hours: u64| Moment { at: Timestamp::from_micros(hours * 3_600_000_000), offset: Offset::UTC };
        // The eleventh week has it, the others have not.
        let once = Schedule::once(hour(10 * 168 + 1), hour(10 * 168 + 2)).unwrap();
        let set = IntentSet { services: [service("once", once)].into(), ..IntentSet::default() };
        let counts: Vec<usize> =
            set.resting_within(&daily("00:00", "3h"), None).iter().map(BTreeSet::len).collect();
        assert_eq!(counts, [0, 1]);
        let over = Some(hour(11 * 168).at);
        assert_eq!(set.resting_within(&daily("00:00", "3h"), over).len(), 1);
    }
}
