use proptest::{collection::vec, prelude::*};

use super::*;
use crate::testing::Net;

const EDGE: EdgeIx = EdgeIx(0);

fn held(class: u8, setup: u8, hold: u8, bandwidth: u64) -> Held {
    let priorities = Priorities::new(setup, hold).unwrap();
    Held { class, priorities, bandwidth: Bandwidth::from_bps(bandwidth) }
}

fn graph(capacity: u64) -> Graph {
    let mut net = Net::plain(2, &[(0, 1)]);
    net.lines[0].ways.iter_mut().for_each(|way| way.bandwidth = capacity);
    net.graph()
}

fn half(_: EdgeIx, class: u8) -> Bandwidth {
    Bandwidth::from_bps(if class == 0 { 100 } else { 50 })
}

#[test]
fn a_better_setup_priority_sees_what_worse_holders_have() {
    let mut all =
        Reservations::new(&graph(100), BandwidthModel::MaximumAllocation, |_, _| Bandwidth::from_bps(100));
    all.take(&[EDGE], &held(0, 7, 7, 80));
    assert_eq!(all.free(0, Priorities::new(7, 0).unwrap())[0], 20);
    assert_eq!(all.free(0, Priorities::new(3, 3).unwrap())[0], 100);
    all.take(&[EDGE], &held(0, 3, 3, 60));
    assert!(all.is_overbooked(EDGE));
    let holders = [held(0, 3, 3, 60), held(0, 7, 7, 80)];
    assert_eq!(all.victims(EDGE, &holders), [1]);
    all.give_back(&[EDGE], &holders[1]);
    assert!(!all.is_overbooked(EDGE));
}

#[test]
fn classes_have_their_parts_or_nest() {
    let mut apart = Reservations::new(&graph(100), BandwidthModel::MaximumAllocation, half);
    apart.take(&[EDGE], &held(0, 7, 7, 90));
    let low = Priorities::new(7, 7).unwrap();
    assert_eq!(apart.free(1, low)[0], 10, "the link is full before the class is");
    let mut nested = Reservations::new(&graph(100), BandwidthModel::RussianDolls, half);
    nested.take(&[EDGE], &held(1, 7, 7, 40));
    assert_eq!((nested.free(0, low)[0], nested.free(1, low)[0]), (60, 10));
}

#[test]
fn hold_is_as_good_as_setup() {
    assert!(Priorities::new(3, 4).is_err());
    assert!(Priorities::new(8, 0).is_err());
    assert!(Priorities::new(7, 0).is_ok());
}

fn any_held() -> impl Strategy<Value = Held> {
    (0_u8..8, 0_u8..8, 0_u8..8, 1_u64..40)
        .prop_map(|(class, setup, hold, bandwidth)| held(class, setup, hold.min(setup), bandwidth))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// What the rules promise: whoever takes what is free for it pushes out only worse priorities than its setup priority.
    #[test]
    fn only_worse_priorities_give_way(
        held in vec(any_held(), 1..12), parts in vec(0_u64..100, 8), nested in any::<bool>(),
    ) {
        let model = if nested { BandwidthModel::RussianDolls } else { BandwidthModel::MaximumAllocation };
        let graph = graph(90);
        let part = |_: EdgeIx, class: u8| Bandwidth::from_bps(parts[usize::from(class)]);
        let mut all = Reservations::new(&graph, model, part);
        let mut holders: Vec<Held> = Vec::new();
        for one in held {
            let free = all.free(one.class, one.priorities)[0];
            prop_assert!(free <= 90);
            if one.bandwidth.as_bps() > free {
                continue;
            }
            all.take(&[EDGE], &one);
            holders.push(one);
            let victims = all.victims(EDGE, &holders);
            for victim in &victims {
                prop_assert!(holders[*victim].priorities.hold > one.priorities.setup);
            }
            // Nobody goes in vain.
            for spared in &victims {
                let mut rest = all.clone();
                let others = victims.iter().filter(|victim| *victim != spared);
                others.for_each(|victim| rest.give_back(&[EDGE], &holders[*victim]));
                prop_assert!(rest.is_overbooked(EDGE));
            }
            for victim in victims.iter().rev() {
                let gone = holders.remove(*victim);
                all.give_back(&[EDGE], &gone);
            }
            prop_assert!(!all.is_overbooked(EDGE));
        }
    }
}
