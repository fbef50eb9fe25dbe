use std::collections::BTreeSet;

use model::{Bandwidth, Loss, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::{flow::Pace, order::Reordered, series::Bucket};

const MS: u64 = 1_000_000;
/// When the first packet was sent; one follows every 10 ms.
const BEGIN: u64 = 1_000_000 * MS;

fn flow(tuples: u16) -> Flow {
    let (from, to) = ("10.0.0.1:4000".parse().unwrap(), "10.0.0.2:5000".parse().unwrap());
    Flow { tuples, ..Flow::new(7, from, to, "ef".parse().unwrap(), Pace::Packets(100)) }
}

fn sent_at(number: u64) -> Moment {
    Moment::from_nanos(BEGIN + number * 10 * MS)
}

/// A packet that took so many milliseconds.
fn arrival(number: u64, millis: u64) -> Arrival {
    Arrival {
        packet: Packet { flow: FlowId(7), number, sent: sent_at(number) },
        at: Moment::from_nanos(sent_at(number).as_nanos() + millis * MS),
        octets: 200,
        dscp: Some("ef".parse().unwrap()),
    }
}

fn told(packets: u64, settled: bool) -> Sent {
    let last = packets.checked_sub(1).map(sent_at);
    Sent { packets, first: last.map(|_| sent_at(0)), last, ended: true, settled, ..Sent::default() }
}

fn ledger(tuples: u16, arrivals: impl IntoIterator<Item = Arrival>) -> Ledger {
    let mut ledger = Ledger::new(&flow(tuples), Moment::default());
    arrivals.into_iter().for_each(|arrival| ledger.received(&arrival));
    ledger
}

fn micros(millis: u64) -> Timestamp {
    Timestamp::from_micros((BEGIN / MS + millis) * 1_000)
}

#[test]
fn nothing_that_came_is_nothing_that_is_known() {
    let ledger = ledger(1, []);
    let tally = ledger.tally(None);
    assert_eq!((tally.sent, tally.outstanding, tally.received, tally.lost), (None, None, 0, 0));
    assert_eq!((tally.delay, tally.silence, tally.first), (None, None, None));
    assert_eq!((ledger.tally(None).loss(), ledger.tally(None).rate()), (None, None));
    // A sender that has sent nothing, and one that has.
    assert_eq!(ledger.tally(Some(&told(0, true))).outstanding, Some(0));
    let tally = ledger.tally(Some(&told(5, false)));
    assert_eq!((tally.lost, tally.outstanding, tally.loss()), (0, Some(5), None));
    let tally = ledger.tally(Some(&told(5, true)));
    assert_eq!((tally.lost, tally.outstanding, tally.loss()), (5, Some(0), Some(Loss::ALL)));
    assert_eq!(tally.runs, [Run { number: 0, packets: 5, first: Some(micros(0)), last: Some(micros(40)) }]);
}

#[test]
fn a_clean_flow() {
    let ledger = ledger(1, (0..101).map(|number| arrival(number, 5)));
    let tally = ledger.tally(Some(&told(101, true)));
    assert_eq!((tally.received, tally.lost, tally.outstanding, tally.duplicated), (101, 0, Some(0), 0));
    assert_eq!(tally.loss(), Some(Loss::ZERO));
    // 100 packets of 200 octets in a second.
    assert_eq!(tally.rate(), Some(Bandwidth::from_bps(160_000)));
    let five = Delay::from_micros(5_000);
    let delay = Delays { packets: 101, min: five, mean: five, median: five, p99: five, max: five };
    assert_eq!(tally.delay, Some(delay));
    assert_eq!(tally.silence, Some(Silence { from: micros(5), span: Span::from_millis(10) }));
    assert_eq!(tally.dscp, BTreeMap::from([("ef".parse::<Dscp>().unwrap(), 101)]));
    assert_eq!((tally.first, tally.last), (Some(micros(5)), Some(micros(1_005))));
    assert!(tally.runs.is_empty());
    let full = |from| Bucket { from: micros(from), received: 10, lost: 0, delay: Some(five) };
    let mut series: Vec<Bucket> = (0..10).map(|step| full(step * 100)).collect();
    series.push(Bucket { received: 1, ..full(1_000) });
    assert_eq!(tally.series, series);
}

#[test]
fn a_line_that_was_cut_for_a_while() {
    let before = (0..20).map(|number| arrival(number, 5));
    let after = (55..100).map(|number| arrival(number, 8));
    let tally = ledger(1, before.chain(after)).tally(Some(&told(100, true)));
    assert_eq!((tally.received, tally.lost), (65, 35));
    assert_eq!(tally.loss(), Some(Loss::from_ppb(350_000_000)));
    let run = Run { number: 20, packets: 35, first: Some(micros(200)), last: Some(micros(540)) };
    assert_eq!(tally.runs, [run]);
    assert_eq!(tally.silence, Some(Silence { from: micros(195), span: Span::from_millis(363) }));
    let lost: Vec<u64> = tally.series.iter().map(|bucket| bucket.lost).collect();
    assert_eq!(lost, [0, 0, 10, 10, 10, 5, 0, 0, 0, 0]);
    assert_eq!(tally.reordered, Reordered::default());
}

#[test]
fn packets_that_come_late_or_twice() {
    // 3 comes after 4, 5 and 6; 8 comes twice, 2 does not come.
    let order = [(0, 5), (1, 5), (4, 5), (5, 5), (6, 5), (3, 40), (7, 25), (8, 25), (8, 26)];
    let tally = ledger(1, order.map(|(number, millis)| arrival(number, millis))).tally(None);
    assert_eq!((tally.received, tally.lost, tally.duplicated), (8, 1, 1));
    let reordered = Reordered { packets: 1, displacement: 3, late: Span::from_millis(25) };
    assert_eq!(tally.reordered, reordered);
    assert_eq!(tally.runs, [Run { number: 2, packets: 1, first: Some(micros(20)), last: Some(micros(20)) }]);
    // Nobody has told how many were sent.
    assert_eq!((tally.sent, tally.outstanding), (None, None));
}

#[test]
fn the_first_packets_were_lost_when_only_the_sender_knows() {
    let ledger = ledger(1, (3..10).map(|number| arrival(number, 5)));
    let run = Run { number: 0, packets: 3, first: None, last: None };
    assert_eq!(ledger.tally(None).runs, [run]);
    assert_eq!(ledger.tally(None).series.iter().map(|bucket| bucket.lost).sum::<u64>(), 0);
    let run = Run { first: Some(micros(0)), last: Some(micros(20)), ..run };
    assert_eq!(ledger.tally(Some(&told(10, false))).runs, [run]);
}

#[test]
fn a_clock_that_was_set_makes_no_delay() {
    let early = Arrival { at: Moment::from_nanos(BEGIN - 1), dscp: None, ..arrival(0, 0) };
    let tally = ledger(1, [early]).tally(None);
    assert_eq!((tally.received, tally.undated, tally.delay, tally.unmarked), (1, 1, None, 1));
    let far = ledger(1, [arrival(0, 5), arrival(AHEAD + 2, 5)]).tally(None);
    assert_eq!((far.received, far.lost, far.strange), (1, 0, 1));
}

#[test]
fn what_comes_late_of_the_run_before_is_none_of_this_one() {
    // The run before was at its packet 30,017 when the flow began anew; all of it had the numbers that this one has.
    let begun = Moment::from_nanos(BEGIN - 1);
    let of_before = (30_000..30_018).map(|number| Arrival {
        packet: Packet { flow: FlowId(7), number, sent: Moment::from_nanos(BEGIN - 50_000_000 + number) },
        ..arrival(0, 0)
    });
    let mut ledger = Ledger::new(&flow(1), begun);
    of_before.chain((0..10).map(|number| arrival(number, 5))).for_each(|arrival| ledger.received(&arrival));
    let tally = ledger.tally(Some(&told(10, true)));
    assert_eq!((tally.received, tally.lost, tally.strange), (10, 0, 18));
    assert_eq!((tally.reordered, tally.outstanding), (Reordered::default(), Some(0)));
}

#[test]
fn of_many_runs_the_longest_are_told_and_all_are_counted() {
    // Every second packet is lost, and ten in a row at the beginning.
    let ledger = ledger(1, (0..).map(|number| arrival(10 + 2 * number, 5)).take(5_000));
    let tally = ledger.tally(None);
    assert_eq!((tally.received, tally.lost), (5_000, 10 + 4_999));
    assert_eq!(tally.runs.len(), RUNS);
    assert_eq!((tally.runs[0].number, tally.runs[0].packets), (0, 10));
    assert!(tally.runs.windows(2).all(|pair| pair[0].number < pair[1].number));
    assert_eq!(tally.runs_left_out, 5_000 - 1_000);
    // Those that were given up are in the series too; of the first ten the time is not known.
    assert_eq!(tally.series.iter().map(|bucket| bucket.lost).sum::<u64>(), 4_999);
}

#[test]
fn it_is_the_same_as_json() {
    let arrivals = [(0, 5), (3, 5), (1, 60)].map(|(number, millis)| arrival(number, millis));
    let tally = ledger(1, arrivals).tally(Some(&told(9, true)));
    let text = serde_json::to_string(&tally).unwrap();
    assert!(text.contains(r#""dscp":{"ef":3}"#), "{text}");
    assert_eq!(serde_json::from_str::<Tally>(&text).unwrap(), tally);
}

proptest! {
    /// Whatever comes in whatever order, over however many five-tuples: against sets of numbers.
    #[test]
    fn the_sums_are_right(numbers in prop::collection::vec(0_u64..400, 1..300), tuples in 1_u16..9) {
        let mut come = BTreeSet::new();
        let (mut duplicated, mut reordered) = (0, 0);
        for number in &numbers {
            let own = |other: &&u64| **other % u64::from(tuples) == number % u64::from(tuples);
            if come.contains(number) {
                duplicated += 1;
            } else if come.iter().filter(own).any(|other| other > number) {
                reordered += 1;
            }
            come.insert(*number);
        }
        let arrivals = (0..).zip(&numbers).map(|(at, number)| Arrival {
            at: Moment::from_nanos(BEGIN + 10_000 * MS + at * MS),
            ..arrival(*number, 0)
        });
        let ledger = ledger(tuples, arrivals);
        let furthest = *come.last().unwrap();
        let received = u64::try_from(come.len()).unwrap();
        let tally = ledger.tally(Some(&told(500, false)));
        prop_assert_eq!((tally.received, tally.duplicated), (received, duplicated));
        prop_assert_eq!((tally.lost, tally.outstanding), (furthest + 1 - received, Some(499 - furthest)));
        prop_assert_eq!(tally.reordered.packets, reordered);
        let settled = ledger.tally(Some(&told(500, true)));
        prop_assert_eq!((settled.lost, settled.outstanding), (500 - received, Some(0)));
        for tally in [tally, settled] {
            prop_assert_eq!(tally.runs.iter().map(|run| run.packets).sum::<u64>(), tally.lost);
            prop_assert_eq!(tally.series.iter().map(|bucket| bucket.lost).sum::<u64>(), tally.lost);
            prop_assert_eq!(tally.series.iter().map(|bucket| bucket.received).sum::<u64>(), tally.received);
        }
    }
}
