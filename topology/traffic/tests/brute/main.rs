//! The walk against a packet-by-packet one on random networks: every packet's stack is read hop by hop, every split is
//! followed, nothing is compiled ahead and nothing is remembered.
#![allow(clippy::unwrap_used, reason = "what a test builds itself is sound, or the test fails")]

use std::collections::BTreeSet;

use model::{EdgeIx, NodeId, NodeIx, Sid};
use proptest::prelude::*;
use traffic::{Failure, Flow, Forwarding, Network, Outage, Parts, Via, WHOLE, Witness};

mod case;
mod packets;
mod reading;
mod reuse;
#[path = "../support/mod.rs"]
mod support;

use case::case;
use packets::{Brute, Fate};

fn parts(network: &Network, links: &BTreeSet<usize>) -> Parts {
    let mut parts = Parts::none(network);
    for link in links {
        parts.break_link(EdgeIx(2 * *link as u32));
    }
    parts
}

fn compare(flow: &Flow, preference: Option<u32>, fate: &Fate) -> Result<(), TestCaseError> {
    let used = match flow.via {
        Via::Policy { preference, .. } => Some(preference),
        _ => None,
    };
    prop_assert_eq!(used, preference, "{:?} {:?}", flow, fate);
    let expected: Vec<usize> = fate.edges.keys().copied().collect();
    let walked: Vec<usize> = flow.shares.iter().filter(|s| s.1 > 0).map(|(edge, _)| edge.ix()).collect();
    prop_assert_eq!(walked, expected, "{:?} {:?}", flow, fate);
    for (edge, share) in &*flow.shares {
        let share = *share as f64 / WHOLE as f64;
        prop_assert!((share - fate.edges.get(&edge.ix()).copied().unwrap_or(0.0)).abs() < 1e-6);
    }
    let strays: Vec<usize> = flow.strays.iter().filter(|s| s.1 > 0).map(|(edge, _)| edge.ix()).collect();
    prop_assert_eq!(strays, fate.strays.keys().copied().collect::<Vec<_>>(), "{:?} {:?}", flow, fate);
    for (edge, stray) in &*flow.strays {
        let stray = *stray as f64 / WHOLE as f64;
        prop_assert!((stray - fate.strays.get(&edge.ix()).copied().unwrap_or(0.0)).abs() < 1e-6);
    }
    prop_assert_eq!(flow.arrives(), fate.arrived > 0.0);
    if flow.arrives() {
        prop_assert_eq!(flow.delay.unwrap().as_micros(), fate.slowest);
        prop_assert_eq!(flow.hops, fate.hops);
    }
    prop_assert!((f64::from(flow.loss.as_ppb()) / 1e9 - (1.0 - fate.alive)).abs() < 1e-6);
    Ok(())
}

/// Whether a SID is made of several CSIDs: something stands behind its function, or that is a node.
fn is_container(sid: &Sid) -> bool {
    let Sid::Srv6(address) = sid else { return false };
    let [_, _, _, function, behind @ ..] = address.segments();
    behind != [0; 4] || (2..10).contains(&function)
}

#[test]
fn random_cases_reach_what_they_are_for() {
    let mut state = 1_u64;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let (mut containers, mut anywhere, mut nested, mut split, mut anycast, mut chained) = (0, 0, 0, 0, 0, 0);
    for _ in 0..2_000 {
        let bytes: Vec<u8> = (0..700).map(|_| byte()).collect();
        let case = case(&bytes, false);
        let network = case.network();
        let forwarding = Forwarding::build(&network, &case.devices);
        let outcome = Witness::new(&network, &forwarding, &case.demands).walk(&Failure::None).unwrap();
        for (demand, flow) in case.demands.values().zip(&outcome.flows) {
            let Via::Policy { key, preference, .. } = flow.via else { continue };
            let policy = &case.devices[&demand.from].policies[&key];
            let used = policy.candidates.iter().find(|path| path.preference == preference).unwrap();
            // Of one list it is known that it carries.
            let sids = if used.lists.len() == 1 { &used.lists[0].sids[..] } else { &[] };
            containers += u32::from(sids.iter().any(is_container));
            nested += u32::from(sids.iter().any(case::is_binding));
            anycast += u32::from(sids.iter().any(case::is_anycast));
            chained += u32::from(sids.iter().any(case::is_function));
            anywhere += u32::from(key.endpoint.is_unspecified());
            split += u32::from(flow.shares.iter().any(|(_, share)| (1..WHOLE).contains(share)));
        }
    }
    let reached = [containers, anywhere, nested, split, anycast, chained];
    assert!(reached.iter().all(|number| *number >= 20), "{reached:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn the_walk_is_what_packets_do(bytes in proptest::collection::vec(any::<u8>(), 700)) {
        let case = case(&bytes, false);
        let network = case.network();
        let forwarding = Forwarding::build(&network, &case.devices);
        let witness = Witness::new(&network, &forwarding, &case.demands);
        let outage = Outage { down: parts(&network, &case.down), known: parts(&network, &case.known) };
        let outcome = witness.walk_in(&outage);
        let brute = Brute::new(&case);
        let number = |node: &NodeId| node.as_str()[1..].parse::<usize>().unwrap();
        for (demand, flow) in case.demands.values().zip(&outcome.flows) {
            let steered = demand.dscp.number() == 46;
            let (preference, fate) = brute.send(number(&demand.from), number(&demand.to), steered);
            prop_assume!(!brute.lost_count.get());
            compare(flow, preference, &fate)?;
        }
    }

    #[test]
    fn no_share_is_made_or_lost_on_the_way(bytes in proptest::collection::vec(any::<u8>(), 700)) {
        let case = case(&bytes, false);
        let network = case.network();
        let forwarding = Forwarding::build(&network, &case.devices);
        let outcome = Witness::new(&network, &forwarding, &case.demands).walk(&Failure::None).unwrap();
        let graph = network.graph();
        for (demand, flow) in case.demands.values().zip(&outcome.flows).filter(|(_, flow)| flow.arrives()) {
            let mut balance = vec![0_i128; graph.node_count()];
            for (edge, share) in &*flow.shares {
                balance[graph.edge(*edge).from.ix()] -= i128::from(*share);
                balance[graph.edge(*edge).to.ix()] += i128::from(*share);
            }
            let place = |id: &NodeId| graph.node_ix(id).map(NodeIx::ix).unwrap();
            balance[place(&demand.from)] += i128::from(WHOLE);
            balance[place(&demand.to)] -= i128::from(WHOLE);
            prop_assert!(balance.iter().all(|node| *node == 0), "{balance:?} {flow:?}");
        }
    }

    #[test]
    fn what_is_observed_is_never_more_than_what_is_proved(bytes in proptest::collection::vec(any::<u8>(), 700)) {
        let case = case(&bytes, true);
        let network = case.network();
        let forwarding = Forwarding::build(&network, &case.devices);
        let witness = Witness::new(&network, &forwarding, &case.demands);
        let outage = Outage { down: parts(&network, &case.down), known: parts(&network, &case.known) };
        let (seen, proved) = (witness.observe(&outage), witness.walk_in(&outage));
        // Rounding may differ by a bit a flow.
        let odd = 2 * case.demands.len() as u64;
        for ((_, seen), (_, proved)) in seen.loads.iter().zip(proved.loads.iter()) {
            prop_assert!(seen.offered().as_bps() <= proved.offered().as_bps() + odd);
        }
        for (seen, proved) in seen.flows.iter().zip(&proved.flows) {
            prop_assert_eq!((&seen.via, &seen.shares), (&proved.via, &proved.shares));
        }
    }
}
