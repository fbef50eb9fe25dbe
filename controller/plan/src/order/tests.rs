use model::{ActualState, DesiredState, DeviceReading, Severity, state::DeviceConfig};
use proptest::prelude::*;

use super::*;
use crate::{
    diff::diff,
    fixture::{Built, Placement, actual, bare, build, build_after, diamond, qos, service},
    prove::{Failures, prove},
};

const OVER_B: &[&str] = &["a", "b", "d"];
const OVER_C: &[&str] = &["a", "c", "d"];

fn one(path: &'static [&'static str]) -> Built {
    build(diamond(), &[(service("s", "a", "d"), path, None)])
}

fn planned(to: &Built, held: &ActualState, policy: ChangePolicy) -> Plan {
    let causes = Causes::of(&to.set, &to.ids, &to.verdicts, &to.ted);
    plan(diff(&to.desired, held), held.revision, &policy, &causes).0
}

fn phases_of(plan: &Plan) -> Vec<Phase> {
    plan.transactions.iter().map(|transaction| transaction.phase).collect()
}

/// The states between transactions, the last one included.
fn states(plan: &Plan, held: &ActualState) -> Vec<DesiredState> {
    let mut now: BTreeMap<NodeId, DeviceConfig> = held
        .devices
        .iter()
        .filter_map(|(node, reading)| match reading {
            DeviceReading::Read { owned, .. } => Some((node.clone(), owned.clone())),
            DeviceReading::Unreadable { .. } => None,
        })
        .collect();
    let mut states = Vec::new();
    for transaction in &plan.transactions {
        for (node, edits) in &transaction.edits {
            assert!(!edits.is_empty());
            for edit in edits {
                edit.edit.apply(now.get_mut(node).unwrap());
            }
        }
        states.push(DesiredState { devices: now.clone() });
    }
    states
}

#[test]
fn nothing_to_do_is_no_transaction() {
    let built = one(OVER_B);
    assert!(planned(&built, &built.actual(), ChangePolicy::Careful).is_empty());
}

#[test]
fn a_new_service_is_made_before_traffic_moves() {
    let built = one(OVER_B);
    let held = bare(&built.ted);
    let plan = planned(&built, &held, ChangePolicy::Careful);
    assert_eq!(phases_of(&plan), [Phase::Make, Phase::Move]);
    let steering = |transaction: &Transaction| {
        transaction.edits.values().flatten().any(|edit| matches!(edit.edit, Edit::PutSteering(_)))
    };
    assert!(!steering(&plan.transactions[0]) && steering(&plan.transactions[1]));
    let urgent = planned(&built, &held, ChangePolicy::Urgent);
    assert_eq!(phases_of(&urgent), [Phase::Move]);
}

#[test]
fn a_reroute_is_one_transaction_and_tidying_follows() {
    let (before, after) = (one(OVER_B), one(OVER_C));
    for policy in [ChangePolicy::Careful, ChangePolicy::Urgent] {
        // Queues on the other way are new with this placement: careful makes them first, urgent does not wait.
        let plan = planned(&after, &before.actual(), policy);
        let expected: &[Phase] = match policy {
            ChangePolicy::Urgent => &[Phase::Move, Phase::Break],
            _ => &[Phase::Make, Phase::Move, Phase::Break],
        };
        assert_eq!(phases_of(&plan), expected, "{policy:?}");
    }
    // With the backup's queues in place, shares only grow and shrink: the move is the first transaction either way.
    let before = build(diamond(), &[(service("s", "a", "d"), OVER_B, Some(OVER_C))]);
    let after = build(diamond(), &[(service("s", "a", "d"), OVER_C, Some(OVER_B))]);
    for policy in [ChangePolicy::Careful, ChangePolicy::Urgent] {
        let plan = planned(&after, &before.actual(), policy);
        assert_eq!(phases_of(&plan), [Phase::Move, Phase::Break], "{policy:?}");
    }
}

#[test]
fn growth_alone_is_one_transaction() {
    let before = one(OVER_B);
    let mut more = service("s", "a", "d");
    more.slo.bandwidth = Some("20Mbps".parse().unwrap());
    let after = build(diamond(), &[(more, OVER_B, None)]);
    let plan = planned(&after, &before.actual(), ChangePolicy::Careful);
    assert_eq!(phases_of(&plan), [Phase::Make]);
    // Exactly the interfaces on its path: two a direction.
    let edits: Vec<_> = plan.transactions[0].edits.values().flatten().collect();
    assert_eq!(edits.len(), 4);
    assert!(edits.iter().all(|edit| matches!(edit.edit, Edit::PutQos { .. })));
    assert!(edits.iter().all(|edit| edit.cause.rule == "queue share grows with demand"));
    assert!(edits.iter().all(|edit| edit.cause.intents == [model::IntentId::lit("s")]));
}

#[test]
fn what_is_gone_leaves_in_one_break_steering_before_policy() {
    let before = one(OVER_B);
    let after = build(diamond(), &[]);
    let mut causes_of = before.set.clone();
    causes_of.services.clear();
    let ids = before.ids.clone();
    let causes = Causes::of(&causes_of, &ids, &after.verdicts, &after.ted).since(&before.verdicts);
    let held = before.actual();
    let (plan, _) = plan(diff(&after.desired, &held), held.revision, &ChangePolicy::Careful, &causes);
    assert_eq!(phases_of(&plan), [Phase::Break]);
    let edits = &plan.transactions[0].edits[&NodeId::lit("a")];
    assert!(matches!(edits[0].edit, Edit::RemoveSteering(_)));
    assert!(matches!(edits[1].edit, Edit::RemovePolicy(_)));
    // The intent is gone, its color is not forgotten.
    assert!(edits.iter().all(|edit| edit.cause.intents == [model::IntentId::lit("s")]), "{edits:?}");
}

#[test]
fn a_classifier_is_there_before_it_is_bound_and_until_it_is_bound_nowhere() {
    let built = one(OVER_B);
    let part = |plan: &Plan| -> Vec<(Phase, Vec<String>)> {
        let about = |edit: &&Edit| {
            matches!(
                edit,
                Edit::PutClassifier(_)
                    | Edit::BindClassifier(_)
                    | Edit::UnbindClassifier(_)
                    | Edit::RemoveClassifier
            )
        };
        let of = |transaction: &Transaction| {
            let edits = transaction.edits[&NodeId::lit("a")].iter().map(|reasoned| &reasoned.edit);
            (transaction.phase, edits.filter(about).map(ToString::to_string).collect::<Vec<_>>())
        };
        plan.transactions.iter().map(of).filter(|(_, edits)| !edits.is_empty()).collect()
    };
    let there = planned(&built, &bare(&built.ted), ChangePolicy::Careful);
    let bound = ["set classifier", "bind classifier to a-b-1", "bind classifier to a-c-3"];
    assert_eq!(part(&there), [(Phase::Move, bound.map(str::to_owned).to_vec())]);
    let gone = build(diamond(), &[]);
    let away = planned(&gone, &built.actual(), ChangePolicy::Careful);
    let unbound = ["unbind classifier from a-b-1", "unbind classifier from a-c-3", "remove classifier"];
    assert_eq!(part(&away), [(Phase::Break, unbound.map(str::to_owned).to_vec())]);
}

#[test]
fn queues_that_grow_and_shrink_hold_both_where_there_is_room() {
    let both = |old: &[(&str, u64)], new: &[(&str, u64)]| {
        let (mut before, mut after) = (one(OVER_B), one(OVER_B));
        let node = NodeId::lit("b");
        let interface = before.desired.devices[&node].qos.keys().next().unwrap().clone();
        before.desired.devices.get_mut(&node).unwrap().qos.insert(interface.clone(), qos(old));
        after.desired.devices.get_mut(&node).unwrap().qos.insert(interface, qos(new));
        let plan = planned(&after, &before.actual(), ChangePolicy::Careful);
        let put = |transaction: &Transaction| match &transaction.edits[&node][0].edit {
            Edit::PutQos { qos, .. } => (transaction.phase, qos.guaranteed().as_bps() / 1_000_000),
            other => panic!("{other}"),
        };
        plan.transactions.iter().map(put).collect::<Vec<_>>()
    };
    assert_eq!(
        both(&[("x", 30), ("y", 10)], &[("x", 10), ("y", 40)]),
        [(Phase::Make, 70), (Phase::Break, 50)]
    );
    // The interface has 100 Mbit/s: 60 + 60 do not fit at once.
    assert_eq!(both(&[("x", 60), ("y", 10)], &[("x", 10), ("y", 60)]), [(Phase::Move, 70)]);
    assert_eq!(both(&[("x", 60)], &[("x", 20)]), [(Phase::Break, 20)]);
    assert_eq!(both(&[("x", 20)], &[("x", 20), ("y", 5)]), [(Phase::Make, 25)]);
    assert_eq!(both(&[("x", 20)], &[("y", 20)]), [(Phase::Move, 20)]);
}

#[test]
fn every_edit_names_an_intent_and_a_rule() {
    let built = one(OVER_B);
    for policy in [ChangePolicy::Careful, ChangePolicy::Urgent, ChangePolicy::Waves { first: 1 }] {
        let plan = planned(&built, &bare(&built.ted), policy);
        for edit in plan.transactions.iter().flat_map(|t| t.edits.values()).flatten() {
            assert!(!edit.cause.intents.is_empty() && !edit.cause.rule.is_empty(), "{edit:?}");
        }
    }
}

#[test]
fn a_wave_moves_both_directions_of_the_first_far_ends() {
    let mut services = Vec::new();
    for far in ["b", "c", "d"] {
        services.push(service(&format!("s/{far}"), "a", far));
    }
    let ways: [(&'static [&'static str], &'static [&'static str]); 3] =
        [(&["a", "b"], &["a", "c", "d", "b"]), (&["a", "c"], &["a", "b", "d", "c"]), (OVER_B, OVER_C)];
    let pick = |second: bool| {
        let placed: Vec<Placement<'_>> = services
            .iter()
            .zip(ways)
            .map(|(service, (one, two))| {
                (service.clone(), if second { two } else { one }, Some(if second { one } else { two }))
            })
            .collect();
        build(diamond(), &placed)
    };
    let (before, after) = (pick(false), pick(true));
    let plan = planned(&after, &before.actual(), ChangePolicy::Waves { first: 1 });
    let moves: Vec<&Transaction> = plan.transactions.iter().filter(|t| t.phase == Phase::Move).collect();
    assert_eq!(moves.len(), 2);
    let policies = |transaction: &Transaction| {
        let edits =
            transaction.edits.iter().flat_map(|(node, edits)| edits.iter().map(move |edit| (node, edit)));
        edits
            .filter(|(_, edit)| matches!(edit.edit, Edit::PutPolicy(_)))
            .map(|(node, _)| node.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(policies(moves[0]), ["a", "b"]);
    assert_eq!(policies(moves[1]), ["a", "a", "c", "d"]);
}

#[test]
fn the_report_says_whose_traffic_moves_in_which_wave() {
    let services = ["b", "c"].map(|far| service(&format!("s/{far}"), "a", far));
    let ways: [(&'static [&'static str], &'static [&'static str]); 2] =
        [(&["a", "b"], &["a", "c", "d", "b"]), (&["a", "c"], &["a", "b", "d", "c"])];
    let pick = |second: bool| {
        let placed = services.iter().zip(ways).map(|(service, (one, two))| {
            (service.clone(), if second { two } else { one }, Some(if second { one } else { two }))
        });
        build(diamond(), &placed.collect::<Vec<Placement<'_>>>())
    };
    let (before, after) = (pick(false), pick(true));
    let causes = Causes::of(&after.set, &after.ids, &after.verdicts, &after.ted);
    let held = before.actual();
    let waves = ChangePolicy::Waves { first: 1 };
    let (plan, report) = plan(diff(&after.desired, &held), held.revision, &waves, &causes);
    let moves = report.transactions.iter().filter(|view| view.phase == Phase::Move);
    let told: Vec<Vec<&str>> =
        moves.map(|view| view.services.iter().map(ServiceId::as_str).collect()).collect();
    assert_eq!(told, [["s/b"], ["s/c"]]);
    assert!(plan.transactions.len() >= 2);
    let text = report.text();
    assert!(
        text.contains("      this wave moves s/b\n") && text.contains("      this wave moves s/c\n"),
        "{text}"
    );
    assert!(report.markdown(&[]).contains("; this wave moves s/b\n"), "{}", report.markdown(&[]));
    // Who asks for no waves is told of none.
    let (_, careful) =
        super::plan(diff(&after.desired, &held), held.revision, &ChangePolicy::Careful, &causes);
    assert!(careful.transactions.iter().all(|view| view.services.is_empty()));
}

fn placement() -> impl Strategy<Value = Option<(bool, bool, u64)>> {
    proptest::option::of((any::<bool>(), any::<bool>(), 1_u64..4))
}

fn built(ids: &model::Allocations, choice: &[Option<(bool, bool, u64)>]) -> Built {
    let placed: Vec<Placement<'_>> = choice
        .iter()
        .enumerate()
        .filter_map(|(number, choice)| {
            let (over_b, backup, rate) = (*choice)?;
            let mut service = service(&format!("s{number}"), "a", "d");
            service.slo.bandwidth = Some(model::Bandwidth::from_bps(rate * 10_000_000));
            // Each service has code points of its own.
            let mark = model::steering::Dscp::new(10 + number as u8).unwrap();
            service.matches[0].dscp = std::collections::BTreeSet::from([mark]);
            let (one, two) = if over_b { (OVER_B, OVER_C) } else { (OVER_C, OVER_B) };
            Some((service, one, backup.then_some(two)))
        })
        .collect();
    build_after(ids, diamond(), &placed)
}

/// The edits of a phase, each with its device, in the order of their words.
fn edits(plan: &Plan, phase: Phase) -> Vec<String> {
    let of_phase = plan.transactions.iter().filter(|transaction| transaction.phase == phase);
    let mut edits: Vec<String> = of_phase
        .flat_map(|transaction| &transaction.edits)
        .flat_map(|(node, edits)| edits.iter().map(move |edit| format!("{node}: {:?}", edit.edit)))
        .collect();
    edits.sort();
    edits
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Waves only divide what moves: phase by phase they have the edits of a careful plan, each of them once, in the same order of
    /// phases; and at most two waves move anything.
    #[test]
    fn waves_divide_the_moves_of_a_careful_plan_and_change_nothing_else(
        old in proptest::collection::vec(placement(), 3),
        new in proptest::collection::vec(placement(), 3),
        first in 1_usize..4,
    ) {
        let before = built(&model::Allocations::default(), &old);
        let after = built(&before.ids, &new);
        let mut held = bare(&before.ted);
        held.devices.extend(actual(&before.desired).devices);
        let careful = planned(&after, &held, ChangePolicy::Careful);
        let waves = planned(&after, &held, ChangePolicy::Waves { first });
        for phase in [Phase::Make, Phase::Move, Phase::Break] {
            prop_assert_eq!(edits(&waves, phase), edits(&careful, phase));
        }
        let phases = phases_of(&waves);
        prop_assert!(phases.is_sorted(), "{:?}", phases);
        prop_assert!(phases.iter().filter(|phase| **phase == Phase::Move).count() <= 2);
        let once = |phase: Phase| phases.iter().filter(|one| **one == phase).count() <= 1;
        prop_assert!(once(Phase::Make) && once(Phase::Break));
    }

    /// The last state is the desired one, and no service that is kept is without a way in any state between.
    #[test]
    fn every_state_on_the_way_carries_what_stays(
        old in proptest::collection::vec(placement(), 3),
        new in proptest::collection::vec(placement(), 3),
        policy in proptest::sample::select(vec![
            ChangePolicy::Careful, ChangePolicy::Urgent, ChangePolicy::Waves { first: 1 },
        ]),
    ) {
        let before = built(&model::Allocations::default(), &old);
        let after = built(&before.ids, &new);
        let mut held = bare(&before.ted);
        held.devices.extend(actual(&before.desired).devices);
        let plan = planned(&after, &held, policy);
        let states = states(&plan, &held);
        if let Some(last) = states.last() {
            let strip = |state: &DesiredState| {
                let full = state.devices.iter().filter(|(_, config)| !config.is_empty());
                full.map(|(node, config)| (node.clone(), config.clone())).collect::<BTreeMap<_, _>>()
            };
            prop_assert_eq!(strip(last), strip(&after.desired));
            prop_assert!(diff(&after.desired, &actual(last)).is_empty());
        }
        prop_assert!(plan.transactions.windows(2).all(|pair| pair[0].phase <= pair[1].phase));
        for (at, state) in states.iter().enumerate() {
            let mut stays = after.set.clone();
            stays.services.retain(|id, _| before.set.services.contains_key(id));
            let proof = prove(state, &stays, &after.verdicts, &BTreeMap::new(), &after.ted, &Failures::None, 1);
            let lost = proof.findings.iter().filter(|finding| {
                // What is promised now is offered in every state: in queues that are not widened yet it waits.
                let queued = [crate::codes::DELAY_BROKEN, crate::codes::JITTER_BROKEN, crate::codes::LOSS_BROKEN];
                let waits = at + 1 < states.len() && queued.contains(&finding.code.as_str());
                finding.severity == Severity::Error && finding.code != crate::codes::OVERLOADED && !waits
            });
            prop_assert_eq!(lost.count(), 0, "{:?}", proof.findings);
        }
    }
}
