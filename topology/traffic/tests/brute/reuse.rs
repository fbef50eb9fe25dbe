//! Walks that re-use what a failure does not touch, against walks that re-use nothing.

use std::collections::BTreeSet;

use model::LinkId;
use proptest::prelude::*;
use traffic::{Failure, FailureKind, Forwarding, Network, Outcome, Witness};

use crate::{
    case::{Case, case},
    support::link_name,
};

fn changed(before: &Outcome, after: &Outcome) -> Vec<usize> {
    (0..before.flows.len()).filter(|flow| before.flows[*flow] != after.flows[*flow]).collect()
}

fn compiled(case: &Case) -> (Network, Forwarding) {
    let network = case.network();
    let forwarding = Forwarding::build(&network, &case.devices);
    (network, forwarding)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn reuse_under_failures_changes_no_answer(bytes in proptest::collection::vec(any::<u8>(), 700)) {
        let case = case(&bytes, true);
        let (network, forwarding) = compiled(&case);
        let witness = Witness::new(&network, &forwarding, &case.demands);
        let mut failures: Vec<Failure> =
            FailureKind::ALL.into_iter().flat_map(|kind| kind.failures(&network)).collect();
        let kinds = FailureKind::ALL.into_iter().map(|kind| kind.count(&network));
        prop_assert_eq!(failures.len(), kinds.sum::<usize>());
        failures.push(Failure::None);
        let none = witness.walk(&Failure::None).unwrap();
        let mut seen = Vec::new();
        witness
            .walk_all(&failures, |failure, drill| {
                seen.push((failure.clone(), drill.outcome().clone(), drill.changed()));
            })
            .unwrap();
        prop_assert_eq!(seen.len(), failures.len());
        for (failure, outcome, differ) in seen {
            let fresh = witness.walk(&failure).unwrap();
            prop_assert_eq!(&outcome, &fresh, "{}", failure);
            prop_assert_eq!(differ, changed(&none, &fresh), "{}", failure);
        }
    }

    #[test]
    fn failures_that_come_and_go_leave_no_trace(
        bytes in proptest::collection::vec(any::<u8>(), 700),
        steps in proptest::collection::vec(any::<u8>(), 1..12),
    ) {
        let case = case(&bytes, true);
        let (network, forwarding) = compiled(&case);
        let witness = Witness::new(&network, &forwarding, &case.demands);
        let none = witness.walk(&Failure::None).unwrap();
        let mut drill = witness.drill();
        let mut down: Vec<LinkId> = Vec::new();
        for step in steps {
            if step.is_multiple_of(4) {
                drill.restore();
                down.pop();
            } else {
                let link = link_name(usize::from(step) % case.ted.links.len());
                drill.fail(&Failure::link(link.clone())).unwrap();
                down.push(link);
            }
            let fresh = witness.walk(&Failure::Links(down.iter().cloned().collect::<BTreeSet<_>>())).unwrap();
            prop_assert_eq!(drill.outcome(), &fresh, "{:?}", down);
            prop_assert_eq!(drill.changed(), changed(&none, &fresh), "{:?}", down);
            let shifted = drill.shifted();
            for (edge, load) in fresh.loads.iter() {
                let same = load == none.loads.edge(edge);
                prop_assert!(same || shifted.binary_search(&edge).is_ok(), "{:?} {:?}", down, edge);
            }
        }
    }
}
