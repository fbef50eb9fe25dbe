//! What becomes of a change that is not confirmed, router by router: most take it back by themselves, some only as long as a session lasts,
//! some not at all. People see that with the plan and with the routers.

use std::collections::{BTreeMap, BTreeSet};

use device::Rollback;
use model::{NodeId, Plan};

/// Routers that a line names; the others are counted.
const NAMED: usize = 10;

/// What is to be known of a router that does not take it back by itself in any case.
pub const fn words(rollback: Rollback) -> Option<&'static str> {
    match rollback {
        Rollback::ByDevice => None,
        Rollback::WithSession => {
            Some("it goes back by itself, and only the session that made it can confirm it")
        }
        Rollback::ByPreImage => {
            Some("no confirm timer: it takes effect at once, and the controller puts back what was there")
        }
    }
}

/// The same of the routers that a plan changes, for people; nothing where all take it back by themselves.
pub fn told(plan: &Plan, known: &BTreeMap<NodeId, Rollback>) -> String {
    let mut said: BTreeMap<Rollback, Vec<&NodeId>> = BTreeMap::new();
    let mut unknown = Vec::new();
    let devices: BTreeSet<&NodeId> = plan.transactions.iter().flat_map(|one| one.edits.keys()).collect();
    for node in devices {
        match known.get(node) {
            Some(rollback) => said.entry(*rollback).or_default().push(node),
            None => unknown.push(node),
        }
    }
    let lines = said.iter().filter_map(|(rollback, nodes)| Some((nodes, words(*rollback)?)));
    let unknown = Some((&unknown, "not known yet")).filter(|(nodes, _)| !nodes.is_empty());
    let lines: String =
        lines.chain(unknown).map(|(nodes, words)| format!("  {}: {words}\n", named(nodes))).collect();
    if lines.is_empty() { lines } else { format!("\nA change that is not confirmed\n{lines}") }
}

fn named(nodes: &[&NodeId]) -> String {
    let some = nodes.iter().take(NAMED).map(|node| node.as_str()).collect::<Vec<_>>().join(", ");
    match nodes.len().saturating_sub(NAMED) {
        0 => some,
        more => format!("{some} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use model::{Phase, Transaction};

    use super::*;

    fn plan(nodes: &[&str]) -> Plan {
        let edits = nodes.iter().map(|node| (NodeId::lit(node), Vec::new())).collect();
        Plan { transactions: vec![Transaction { phase: Phase::Move, edits }], ..Plan::default() }
    }

    #[test]
    fn routers_that_do_not_take_it_back_by_themselves_are_named_with_the_plan() {
        let known = [
            ("r1", Rollback::ByDevice),
            ("r2", Rollback::ByPreImage),
            ("r3", Rollback::WithSession),
            ("r4", Rollback::ByPreImage),
            ("r5", Rollback::ByPreImage),
        ];
        let known = known.map(|(node, rollback)| (NodeId::lit(node), rollback)).into();
        insta::assert_snapshot!(told(&plan(&["r1", "r2", "r3", "r4", "r9"]), &known).trim_start(), @r"
        A change that is not confirmed
          r3: it goes back by itself, and only the session that made it can confirm it
          r2, r4: no confirm timer: it takes effect at once, and the controller puts back what was there
          r9: not known yet
        ");
        assert_eq!(told(&plan(&["r1"]), &known), "", "nothing has to be said of it");
    }
}
