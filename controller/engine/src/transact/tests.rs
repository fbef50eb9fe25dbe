//! Every order of every answer on three devices.

use super::*;

fn node(name: &str) -> NodeId {
    NodeId::lit(name)
}

/// What a device really holds, whatever the controller believes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Holds {
    Old,
    Staged,
    /// Either, because it fell silent.
    OldOr(&'static Self),
    Committed,
    New,
}

#[derive(Clone)]
struct World {
    tx: Tx,
    flying: Vec<Order>,
    holds: BTreeMap<NodeId, Holds>,
    written: bool,
    confirms: usize,
}

impl World {
    fn take(&mut self, orders: Vec<Order>) {
        for order in orders {
            if let Order::Ask(node, step) = &order {
                let twice = self.flying.iter().any(|other| matches!(other, Order::Ask(n, _) if n == node));
                assert!(!twice, "two orders in flight on {node}");
                self.may_be_asked(node, *step);
            }
            self.flying.push(order);
        }
    }

    /// The rules that every order has to keep.
    fn may_be_asked(&mut self, node: &NodeId, step: Step) {
        match step {
            Step::Commit => {
                let all = self
                    .holds
                    .values()
                    .all(|h| matches!(h, Holds::Staged | Holds::Committed | Holds::OldOr(_)));
                assert!(all, "commit on {node} before all were staged: {:?}", self.holds);
            }
            Step::Confirm => {
                assert!(self.written, "confirm on {node} before the decision was written");
                assert!(!self.holds.values().any(|h| matches!(h, Holds::Old | Holds::Staged)));
                self.confirms += 1;
            }
            Step::Cancel => assert!(!self.written, "cancel on {node} after the decision"),
            _ => {}
        }
    }

    fn answer(&mut self, node: &NodeId, step: Step, answer: Answer) {
        let before = self.holds[node];
        let after = match (step, answer) {
            (_, Answer::Refused | Answer::NotReached) => before,
            (Step::Stage, Answer::Done) => Holds::Staged,
            (Step::Stage, Answer::Silent) => Holds::OldOr(&Holds::Staged),
            (Step::Commit, Answer::Done) => Holds::Committed,
            (Step::Commit, Answer::Silent) => Holds::OldOr(&Holds::Committed),
            (Step::Cancel, Answer::Done) => Holds::Old,
            (Step::Confirm, Answer::Done) => Holds::New,
            (Step::Confirm, Answer::Silent) => Holds::OldOr(&Holds::New),
            _ => before,
        };
        self.holds.insert(node.clone(), after);
        let orders = self.tx.step(node, answer);
        self.take(orders);
    }

    fn judge_end(&self) {
        let outcome = self.tx.outcome().expect("nothing is in flight");
        match &outcome {
            Outcome::Applied => assert!(self.holds.values().all(|h| *h == Holds::New), "{:?}", self.holds),
            Outcome::RolledBack => assert!(self.holds.values().all(|h| *h == Holds::Old), "{:?}", self.holds),
            Outcome::Unresolved { decided, nodes } => {
                assert_eq!(*decided, self.written);
                assert!(!nodes.is_empty());
                let settled = if *decided { Holds::New } else { Holds::Old };
                for (node, holds) in &self.holds {
                    assert!(
                        nodes.contains(node) || *holds == settled,
                        "{node} is {holds:?}, yet not unresolved"
                    );
                }
            }
        }
        assert!(self.written || self.confirms == 0);
    }
}

/// Walks all ways in which the orders in flight can be answered; returns how many endings there are.
fn walk(world: &World) -> usize {
    if world.flying.is_empty() {
        world.judge_end();
        return 1;
    }
    assert_eq!(world.tx.outcome(), None, "an outcome while orders are in flight");
    let mut endings = 0;
    for at in 0..world.flying.len() {
        let mut next = world.clone();
        match next.flying.remove(at) {
            Order::Decide => {
                for written in [true, false] {
                    let mut next = next.clone();
                    next.written = written;
                    let orders = next.tx.decided(written);
                    next.take(orders);
                    endings += walk(&next);
                }
            }
            Order::Ask(node, step) => {
                for answer in [Answer::Done, Answer::Refused, Answer::Silent, Answer::NotReached] {
                    if answer == Answer::NotReached && step != Step::Stage {
                        continue; // the same as a refusal
                    }
                    let mut next = next.clone();
                    next.answer(&node, step, answer);
                    endings += walk(&next);
                }
            }
        }
    }
    endings
}

fn world(names: &[&str]) -> World {
    let (tx, orders) = Tx::start(names.iter().map(|name| node(name)));
    let holds = names.iter().map(|name| (node(name), Holds::Old)).collect();
    let mut world = World { tx, flying: Vec::new(), holds, written: false, confirms: 0 };
    world.take(orders);
    world
}

#[test]
fn no_order_of_answers_on_two_devices_leaves_anything_half_done() {
    assert_eq!(walk(&world(&["a"])), 25);
    assert!(walk(&world(&["a", "b"])) > 500);
}

#[test]
fn no_order_of_answers_on_three_devices_leaves_anything_half_done() {
    let endings = walk(&world(&["a", "b", "c"]));
    assert!(endings > 100_000, "only {endings} endings were visited");
}

#[test]
fn a_transaction_without_devices_is_applied() {
    let (tx, orders) = Tx::start([]);
    assert!(orders.is_empty());
    assert_eq!(tx.outcome(), Some(Outcome::Applied));
}

#[test]
fn a_late_echo_changes_nothing() {
    let (mut tx, _) = Tx::start([node("a")]);
    tx.step(&node("a"), Answer::Refused);
    tx.step(&node("a"), Answer::Done);
    assert_eq!(tx.outcome(), Some(Outcome::RolledBack));
    assert!(tx.step(&node("a"), Answer::Done).is_empty());
    assert!(tx.step(&node("stranger"), Answer::Done).is_empty());
    assert_eq!(tx.outcome(), Some(Outcome::RolledBack));
}
