//! When the next packets of many flows are due. Time is an argument: the same flows at the same moments give the same packets.
//!
//! What is due is sent, and nothing before. Who was held up sends what has become due meanwhile, up to [`CATCH_UP`]; what was missed
//! beyond that is not sent in a burst but later: the rest of the flow is due that much later, and the flow says by how much.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    time::Duration,
};

use crate::flow::{Flow, FlowId};

/// How far a sender that was held up catches up.
pub const CATCH_UP: Duration = Duration::from_millis(20);

/// A packet that is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Due {
    /// Of which flow.
    pub flow: FlowId,
    /// Which of its packets, from 0.
    pub number: u64,
    /// Since when.
    pub since: Duration,
    /// Whether it is the last of its flow.
    pub last: bool,
    /// By how much its flow is later than it should be, because its sender was held up.
    pub held_up: Duration,
}

/// A flow that is sent.
#[derive(Clone, Debug)]
struct Course {
    flow: Flow,
    /// When packet 0 would have been due, had nothing been held up.
    origin: Duration,
    /// The next packet.
    next: u64,
    /// How many there are in all.
    all: Option<u64>,
    held_up: Duration,
}

impl Course {
    fn due(&self) -> Duration {
        self.origin.saturating_add(self.flow.due(self.next))
    }
}

/// When the next packets are due.
#[derive(Debug, Default)]
pub struct Schedule {
    courses: BTreeMap<FlowId, Course>,
    /// The next packet of each flow; those of flows that are gone lie here until they come up.
    waiting: BinaryHeap<Reverse<(Duration, FlowId)>>,
}

impl Schedule {
    /// Begins a flow, which takes the place of one of the same number. `now` never goes back. O(log flows).
    pub fn begin(&mut self, flow: Flow, now: Duration) {
        let origin = now.saturating_add(Duration::from_micros(flow.start.as_micros()));
        let (id, all) = (flow.id, flow.packets());
        self.end(id);
        let course = Course { flow, origin, next: 0, all, held_up: Duration::ZERO };
        if all != Some(0) {
            self.waiting.push(Reverse((course.due(), id)));
            self.courses.insert(id, course);
        }
    }

    /// Ends a flow. O(flows).
    pub fn end(&mut self, flow: FlowId) {
        if self.courses.remove(&flow).is_some() {
            self.waiting.retain(|Reverse((_, other))| *other != flow);
        }
    }

    /// When the next packet is due; none where no flow has one.
    pub fn next(&self) -> Option<Duration> {
        self.waiting.peek().map(|Reverse((due, _))| *due)
    }

    /// The next packet that is due by `now`, earliest first, equal ones by flow. O(log flows).
    pub fn due(&mut self, now: Duration) -> Option<Due> {
        let Reverse((since, flow)) = *self.waiting.peek().filter(|Reverse((due, _))| *due <= now)?;
        self.waiting.pop();
        let course = self.courses.get_mut(&flow)?;
        let late = now.saturating_sub(since).saturating_sub(CATCH_UP);
        course.origin = course.origin.saturating_add(late);
        course.held_up = course.held_up.saturating_add(late);
        let (number, held_up) = (course.next, course.held_up);
        course.next += 1;
        let last = course.all.is_some_and(|all| course.next >= all);
        if last {
            self.courses.remove(&flow);
        } else {
            self.waiting.push(Reverse((course.due(), flow)));
        }
        Some(Due { flow, number, since, last, held_up })
    }
}

#[cfg(test)]
mod tests {
    use model::Span;
    use proptest::prelude::*;

    use super::*;
    use crate::flow::Pace;

    fn flow(id: u32, packets: u32) -> Flow {
        let (from, to) = ("10.0.0.1:4000".parse().unwrap(), "10.0.0.2:5000".parse().unwrap());
        Flow::new(id, from, to, "ef".parse().unwrap(), Pace::Packets(packets))
    }

    fn all(schedule: &mut Schedule, now: Duration) -> Vec<(u32, u64)> {
        std::iter::from_fn(|| schedule.due(now)).map(|due| (due.flow.0, due.number)).collect()
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn nothing_is_due_before_its_time() {
        let mut schedule = Schedule::default();
        let later = Flow { start: Span::from_millis(10), ..flow(0, 1_000) };
        schedule.begin(later, 5 * MS);
        assert_eq!(schedule.next(), Some(15 * MS));
        assert!(all(&mut schedule, 14 * MS).is_empty());
        assert_eq!(all(&mut schedule, 15 * MS), [(0, 0)]);
        assert_eq!(all(&mut schedule, 17 * MS), [(0, 1), (0, 2)]);
    }

    #[test]
    fn a_flow_ends_after_its_duration_and_when_it_is_told_to() {
        let mut schedule = Schedule::default();
        schedule.begin(Flow { duration: Some(Span::from_millis(3)), ..flow(0, 1_000) }, Duration::ZERO);
        let due: Vec<Due> = std::iter::from_fn(|| schedule.due(10 * MS)).collect();
        let last: Vec<bool> = due.iter().map(|due| due.last).collect();
        assert_eq!(last, [false, false, true]);
        assert_eq!(schedule.next(), None);
        schedule.begin(flow(0, 1_000), 10 * MS);
        schedule.end(FlowId(0));
        assert!(all(&mut schedule, 20 * MS).is_empty());
        schedule.begin(flow(0, 1_000), 20 * MS);
        schedule.begin(flow(0, 100), 20 * MS);
        assert_eq!(all(&mut schedule, 30 * MS), [(0, 0), (0, 1)]);
    }

    #[test]
    fn what_was_missed_long_ago_is_no_burst() {
        let mut schedule = Schedule::default();
        schedule.begin(flow(0, 1_000), Duration::ZERO);
        assert_eq!(all(&mut schedule, Duration::ZERO), [(0, 0)]);
        // A second passes: packets of the last 20 ms, not a thousand.
        let late: Vec<Due> = std::iter::from_fn(|| schedule.due(1_000 * MS)).collect();
        assert_eq!(late.len(), 21, "{late:?}");
        assert!(late.iter().all(|due| due.held_up == 979 * MS));
        assert_eq!(schedule.next(), Some(1_001 * MS));
    }

    proptest! {
        /// However often somebody looks, flows keep their pace.
        #[test]
        fn the_pace_is_kept(paces in prop::collection::vec(1_u32..5_000, 1..6), steps in prop::collection::vec(1_u64..20_000, 50..200)) {
            let mut schedule = Schedule::default();
            let flows: Vec<Flow> = (0..).zip(&paces).map(|(id, packets)| flow(id, *packets)).collect();
            flows.iter().cloned().for_each(|flow| schedule.begin(flow, Duration::ZERO));
            let mut now = Duration::ZERO;
            let mut sent = vec![0_u64; flows.len()];
            for step in steps {
                now += Duration::from_micros(step);
                let mut before = Duration::ZERO;
                while let Some(due) = schedule.due(now) {
                    prop_assert!(due.since <= now && due.since >= before);
                    before = due.since;
                    let count = &mut sent[usize::try_from(due.flow.0).unwrap()];
                    prop_assert_eq!(due.number, *count);
                    *count += 1;
                }
            }
            for (flow, sent) in flows.iter().zip(sent) {
                prop_assert!(flow.due(sent) > now);
                prop_assert!(sent == 0 || flow.due(sent - 1) <= now);
            }
        }
    }
}
