//! A transaction over many devices as a pure state machine (design contract: stage everywhere, commit everywhere with a
//! confirm timer, read back, decide, confirm everywhere).
//!
//! [`Tx`] never waits and never sends: it takes one answer at a time and returns the orders that follow. Because it is
//! pure, its test walks every order of every answer. What no machine can promise: once the first confirm is out there is
//! no atomicity over a network any more; a device that fails to confirm is `Unresolved` and goes back through read, diff
//! and plan.
//!
//! ```text
//! Stage* -> Commit* -> Verify* -> Decide -> Confirm* -> Applied
//!    \________\_________\_________/  any failure: Cancel* -> RolledBack
//! ```
//! `*`: on every device; the next step begins when all have done this one.

use std::collections::{BTreeMap, BTreeSet};

use device::Step;
use model::NodeId;

#[cfg(test)]
mod tests;

/// What the shell has to do.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Order {
    /// Ask a device for a step. A device never has two orders in flight.
    Ask(NodeId, Step),
    /// Write the decision to apply into the journal, then call [`Tx::decided`].
    Decide,
}

/// How a device answered an order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// It did it.
    Done,
    /// It did not, and holds what it held before the step.
    Refused,
    /// It was never reached: nothing was sent.
    NotReached,
    /// It is not known whether it did.
    Silent,
}

/// How a transaction ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Every device holds the new state for good.
    Applied,
    /// Every device holds the old state.
    RolledBack,
    /// These devices may hold either; all others are as decided.
    Unresolved {
        /// Whether the decision was to apply.
        decided: bool,
        /// The devices to read again.
        nodes: BTreeSet<NodeId>,
    },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Leg {
    Doing(Step),
    Did(Step),
    Undone,
    Unknown,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Course {
    Forward,
    Deciding,
    Decided,
    Back,
}

/// A running transaction.
#[derive(Clone, Debug)]
pub struct Tx {
    legs: BTreeMap<NodeId, Leg>,
    course: Course,
}

impl Tx {
    /// Starts with the first orders: stage everywhere. A transaction without devices is applied at once.
    pub fn start(nodes: impl IntoIterator<Item = NodeId>) -> (Self, Vec<Order>) {
        let legs: BTreeMap<_, _> = nodes.into_iter().map(|node| (node, Leg::Doing(Step::Stage))).collect();
        let orders = legs.keys().map(|node| Order::Ask(node.clone(), Step::Stage)).collect();
        let course = if legs.is_empty() { Course::Decided } else { Course::Forward };
        (Self { legs, course }, orders)
    }

    /// Takes a device's answer to its order in flight and returns the orders that follow. An answer to no order is
    /// ignored: it is the late echo of something that was already given up.
    pub fn step(&mut self, node: &NodeId, answer: Answer) -> Vec<Order> {
        let Some(leg) = self.legs.get_mut(node) else { return Vec::new() };
        let Leg::Doing(step) = *leg else { return Vec::new() };
        *leg = match (step, answer) {
            // There is nothing to cancel where nothing ever arrived.
            (Step::Cancel, Answer::Done) | (Step::Stage, Answer::NotReached) => Leg::Undone,
            (Step::Cancel | Step::Confirm, Answer::Refused | Answer::NotReached | Answer::Silent) => {
                Leg::Unknown
            }
            (_, Answer::Done | Answer::Refused | Answer::NotReached | Answer::Silent) => Leg::Did(step),
        };
        if answer != Answer::Done && self.course == Course::Forward {
            self.course = Course::Back;
        }
        match self.course {
            Course::Forward => self.onward(step),
            Course::Back => self.backward(),
            Course::Deciding | Course::Decided => Vec::new(),
        }
    }

    /// Whether the decision is in the journal. If it could not be written, everything goes back.
    pub fn decided(&mut self, written: bool) -> Vec<Order> {
        if self.course != Course::Deciding {
            return Vec::new();
        }
        if written {
            self.course = Course::Decided;
            self.ask_all(Step::Confirm)
        } else {
            self.course = Course::Back;
            self.backward()
        }
    }

    /// How it ended; none while anything is in flight.
    pub fn outcome(&self) -> Option<Outcome> {
        let busy = |leg: &Leg| matches!(leg, Leg::Doing(_));
        if self.legs.values().any(busy) || matches!(self.course, Course::Forward | Course::Deciding) {
            return None;
        }
        let nodes: BTreeSet<NodeId> =
            self.legs.iter().filter(|(_, leg)| **leg == Leg::Unknown).map(|(node, _)| node.clone()).collect();
        let decided = self.course == Course::Decided;
        Some(match (nodes.is_empty(), decided) {
            (true, true) => Outcome::Applied,
            (true, false) => Outcome::RolledBack,
            (false, _) => Outcome::Unresolved { decided, nodes },
        })
    }

    fn onward(&mut self, step: Step) -> Vec<Order> {
        if self.legs.values().any(|leg| *leg != Leg::Did(step)) {
            return Vec::new();
        }
        match step {
            Step::Stage => self.ask_all(Step::Commit),
            Step::Commit => self.ask_all(Step::Verify),
            _ => {
                self.course = Course::Deciding;
                vec![Order::Decide]
            }
        }
    }

    /// Cancels wherever no order is in flight; the others are cancelled when their answer comes.
    fn backward(&mut self) -> Vec<Order> {
        let idle = |leg: &Leg| matches!(leg, Leg::Did(_));
        let nodes: Vec<NodeId> =
            self.legs.iter().filter(|(_, leg)| idle(leg)).map(|(node, _)| node.clone()).collect();
        nodes
            .into_iter()
            .map(|node| {
                self.legs.insert(node.clone(), Leg::Doing(Step::Cancel));
                Order::Ask(node, Step::Cancel)
            })
            .collect()
    }

    fn ask_all(&mut self, step: Step) -> Vec<Order> {
        for leg in self.legs.values_mut() {
            *leg = Leg::Doing(step);
        }
        self.legs.keys().map(|node| Order::Ask(node.clone(), step)).collect()
    }
}
