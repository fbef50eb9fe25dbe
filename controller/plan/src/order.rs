//! The order of a change: make, move, break, in as few transactions as are safe.
//!
//! Each object goes to the phase in which changing it harms nobody:
//!
//! | object | new | changed | gone |
//! |---|---|---|---|
//! | policy | make | move | break |
//! | steering rule | move | move | break |
//! | queues of an interface | make | grows: make; shrinks: break; both: see below; otherwise move | break |
//! | classifier | move | move | break |
//! | classifier at an interface | move | – | break |
//!
//! Queues of which some grow and some shrink first take the greater share of each (make), then the new one (break), where the
//! interface has room for that; where it has not, they change with the traffic (move).
//!
//! Phases then fold, because every transaction costs a round trip to the network:
//!
//! - **Careful**: `make` stands alone only when it brings a policy or queues to where there were none and something moves
//!   onto them. Shares that only grow ride with the move: traffic and share arrive within one commit of each other.
//! - **Urgent** (the loop): everything except removals and shrinking is one transaction, whatever it brings.
//! - **Waves**: as careful, but services move in two steps, those toward the first far ends before the others. A device at which
//!   services of both begin, such as a headquarters, is touched by both; an object is touched by one of them.
//! - `break` is a transaction of its own wherever something goes before it: what it takes away is what one would go back to.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Cause, Edit, InterfaceQos, NodeId, Phase, Plan, ReasonedEdit, Revision, ServiceId, SrPolicy, Transaction,
};
use petgraph::unionfind::UnionFind;

use crate::{
    cause::Causes,
    diff::{Change, DeviceDiff, Diff},
    policy::ChangePolicy,
    report::PlanReport,
};

/// An edit with its place in the order.
#[derive(Clone, Debug)]
struct Step<'c> {
    phase: Phase,
    node: NodeId,
    edit: ReasonedEdit,
    /// The services that it moves; empty where it moves a device's traffic as a whole.
    services: BTreeSet<&'c ServiceId>,
    /// Whether it brings something to where there was nothing.
    ground: bool,
}

/// Orders a difference into transactions and writes the report on it. Same difference, same plan: devices and objects go in
/// the order of their ids. O(objects log objects).
pub fn plan(diff: Diff, base: Revision, policy: &ChangePolicy, causes: &Causes<'_>) -> (Plan, PlanReport) {
    let mut steps = Vec::new();
    for (node, change) in &diff.devices {
        let mut device = Device { node, causes, steps: &mut steps };
        device.qos(change);
        device.policies(change);
        device.classifier(change);
        device.classified(change);
        device.steering(change);
    }
    let (transactions, moving): (Vec<Transaction>, Vec<Vec<ServiceId>>) =
        phases(steps, policy, causes).into_iter().unzip();
    let plan = Plan { base, transactions };
    let report = PlanReport::new(diff, &plan, *policy, causes).moving(moving);
    (plan, report)
}

/// The transactions, each with the services that move in it where they move in waves.
fn phases(
    steps: Vec<Step<'_>>,
    policy: &ChangePolicy,
    causes: &Causes<'_>,
) -> Vec<(Transaction, Vec<ServiceId>)> {
    let moves = steps.iter().any(|step| step.phase == Phase::Move);
    let ground = steps.iter().any(|step| step.phase == Phase::Make && step.ground);
    let fold = moves && (!ground || *policy == ChangePolicy::Urgent);
    let mut by_phase: BTreeMap<Phase, Vec<Step<'_>>> = BTreeMap::new();
    for mut step in steps {
        if fold && step.phase == Phase::Make {
            step.phase = Phase::Move;
        }
        by_phase.entry(step.phase).or_default().push(step);
    }
    let mut transactions = Vec::new();
    for (phase, steps) in by_phase {
        let waves = match policy {
            ChangePolicy::Waves { first } if phase == Phase::Move => waves(steps, (*first).max(1), causes),
            _ => vec![steps],
        };
        let is_told = phase == Phase::Move && matches!(policy, ChangePolicy::Waves { .. });
        transactions.extend(waves.into_iter().map(|steps| {
            let moving = if is_told { moving(&steps) } else { Vec::new() };
            (transaction(phase, steps), moving)
        }));
    }
    transactions
}

/// The services that steps move, each once, in the order of their names.
fn moving(steps: &[Step<'_>]) -> Vec<ServiceId> {
    let services: BTreeSet<&ServiceId> = steps.iter().flat_map(|step| &step.services).copied().collect();
    services.into_iter().cloned().collect()
}

fn transaction(phase: Phase, mut steps: Vec<Step<'_>>) -> Transaction {
    steps.sort_by_key(|step| rank(&step.edit.edit));
    let mut edits: BTreeMap<NodeId, Vec<ReasonedEdit>> = BTreeMap::new();
    for step in steps {
        edits.entry(step.node).or_default().push(step.edit);
    }
    Transaction { phase, edits }
}

/// Within a device: what is used before what uses it, and the other way round when it goes.
const fn rank(edit: &Edit) -> u8 {
    match edit {
        Edit::PutQos { .. } => 0,
        Edit::PutClassifier(_) => 1,
        Edit::BindClassifier(_) => 2,
        Edit::PutPolicy(_) => 3,
        Edit::PutSteering(_) => 4,
        Edit::RemoveSteering(_) => 5,
        Edit::RemovePolicy(_) => 6,
        Edit::UnbindClassifier(_) => 7,
        Edit::RemoveClassifier => 8,
        Edit::RemoveQos(_) => 9,
    }
}

/// Splits what moves into the first wave and the rest. Edits that have a service in common stay together, so that the two
/// directions of a service move at once; edits without a service go first. The far end of a service is its `z`.
fn waves<'c>(steps: Vec<Step<'c>>, first: usize, causes: &Causes<'_>) -> Vec<Vec<Step<'c>>> {
    let services: BTreeSet<&ServiceId> = steps.iter().flat_map(|step| &step.services).copied().collect();
    let services: Vec<&ServiceId> = services.into_iter().collect();
    let number = |id: &&ServiceId| services.binary_search(id).ok();
    let mut together = UnionFind::<usize>::new(services.len());
    for step in &steps {
        let mut members = step.services.iter().filter_map(number);
        if let Some(head) = members.next() {
            for other in members {
                together.union(head, other);
            }
        }
    }
    let mut groups: BTreeMap<usize, BTreeSet<&NodeId>> = BTreeMap::new();
    for (number, id) in services.iter().enumerate() {
        let far = causes.set.services.get(*id).map(|service| &service.z);
        groups.entry(together.find(number)).or_default().extend(far);
    }
    let mut order: Vec<(BTreeSet<&NodeId>, usize)> =
        groups.into_iter().map(|(root, far)| (far, root)).collect();
    order.sort();
    let mut ends = BTreeSet::new();
    let mut early = BTreeSet::new();
    for (far, root) in order {
        let with: BTreeSet<&NodeId> = ends.union(&far).copied().collect();
        if with.len() <= first || early.is_empty() {
            ends = with;
            early.insert(root);
        }
    }
    let (now, later): (Vec<Step<'_>>, Vec<Step<'_>>) = steps.into_iter().partition(|step| {
        let root = step.services.first().and_then(number).map(|number| together.find(number));
        root.is_none_or(|root| early.contains(&root))
    });
    [now, later].into_iter().filter(|wave| !wave.is_empty()).collect()
}

/// Turns the changes of one device into steps.
struct Device<'a, 'c> {
    node: &'a NodeId,
    causes: &'a Causes<'c>,
    steps: &'a mut Vec<Step<'c>>,
}

impl<'c> Device<'_, 'c> {
    fn push(
        &mut self,
        phase: Phase,
        edit: Edit,
        cause: Cause,
        services: BTreeSet<&'c ServiceId>,
        ground: bool,
    ) {
        let edit = ReasonedEdit { edit, cause };
        self.steps.push(Step { phase, node: self.node.clone(), edit, services, ground });
    }

    fn policies(&mut self, change: &DeviceDiff) {
        for (key, change) in &change.policies {
            let service = self.causes.service(self.node, *key);
            let intents = self.causes.of_color(key.color);
            let (phase, edit, rule) = match change {
                Change::Add(to) => {
                    (Phase::Make, Edit::PutPolicy(to.clone()), "a service needs its policy".to_owned())
                }
                Change::Change { from, to } => {
                    let mut rule = what_changed(from, to);
                    if let Some(why) = service.and_then(|service| self.causes.relief(service)) {
                        rule = format!("{rule}: {why}");
                    }
                    (Phase::Move, Edit::PutPolicy(to.clone()), rule)
                }
                Change::Remove(_) => {
                    (Phase::Break, Edit::RemovePolicy(*key), "no service needs it any more".to_owned())
                }
            };
            let ground = matches!(change, Change::Add(_));
            self.push(phase, edit, Cause { intents, rule }, service.into_iter().collect(), ground);
        }
    }

    fn steering(&mut self, change: &DeviceDiff) {
        for (key, change) in &change.steering {
            let Some(rule) = change.after().or(change.before()) else { continue };
            let services = self.causes.of_rule(self.node, rule);
            let intents = self.causes.of_color(rule.color);
            let (phase, edit, why) = match change {
                Change::Add(to) => {
                    (Phase::Move, Edit::PutSteering(to.clone()), "traffic of the service enters its policy")
                }
                Change::Change { from, to } if from.color == to.color => {
                    (Phase::Move, Edit::PutSteering(to.clone()), "the service matches other traffic")
                }
                Change::Change { to, .. } => {
                    (Phase::Move, Edit::PutSteering(to.clone()), "its traffic belongs to another intent")
                }
                Change::Remove(_) => (
                    Phase::Break,
                    Edit::RemoveSteering(key.clone()),
                    "no service matches this traffic any more",
                ),
            };
            self.push(phase, edit, Cause { intents, rule: why.to_owned() }, services, false);
        }
    }

    fn classifier(&mut self, change: &DeviceDiff) {
        let Some(change) = &change.classifier else { return };
        let (phase, edit, why) = match change.after() {
            Some(to) => (Phase::Move, Edit::PutClassifier(to.clone()), "each class has its queue"),
            None => (Phase::Break, Edit::RemoveClassifier, "no class uses this device any more"),
        };
        let cause = Cause { intents: self.causes.of_node(self.node), rule: why.to_owned() };
        self.push(phase, edit, cause, BTreeSet::new(), false);
    }

    fn classified(&mut self, change: &DeviceDiff) {
        for (interface, change) in &change.classified {
            let (phase, edit, why) = match change.after() {
                Some(()) => {
                    (Phase::Move, Edit::BindClassifier(interface.clone()), "what enters here finds its queue")
                }
                None => {
                    let why = "no class is told apart here any more";
                    (Phase::Break, Edit::UnbindClassifier(interface.clone()), why)
                }
            };
            let cause = Cause { intents: self.causes.of_node(self.node), rule: why.to_owned() };
            self.push(phase, edit, cause, BTreeSet::new(), false);
        }
    }

    fn qos(&mut self, change: &DeviceDiff) {
        for (interface, change) in &change.qos {
            let intents = self.causes.of_interface(self.node, interface);
            let put = |qos: &InterfaceQos| Edit::PutQos { interface: interface.clone(), qos: qos.clone() };
            let (causes, node) = (self.causes, self.node);
            let mut push = |phase, edit, rule: &str| {
                let cause = Cause { intents: intents.clone(), rule: rule.to_owned() };
                self.push(phase, edit, cause, BTreeSet::new(), matches!(change, Change::Add(_)));
            };
            match change {
                Change::Add(to) => push(Phase::Make, put(to), "queue share follows demand"),
                Change::Remove(_) => {
                    push(
                        Phase::Break,
                        Edit::RemoveQos(interface.clone()),
                        "no demand is planned here any more",
                    );
                }
                Change::Change { from, to } => {
                    let fits = |qos: &InterfaceQos| {
                        causes.capacity(node, interface).is_some_and(|room| qos.guaranteed() <= room)
                    };
                    match between(from, to) {
                        Some(both) if both == *to => {
                            push(Phase::Make, put(to), "queue share grows with demand")
                        }
                        Some(both) if both == *from => {
                            push(Phase::Break, put(to), "queue share shrinks with demand");
                        }
                        Some(both) if fits(&both) => {
                            push(
                                Phase::Make,
                                put(&both),
                                "queue share has room for the demand before and after",
                            );
                            push(Phase::Break, put(to), "queue share shrinks with demand");
                        }
                        _ => push(Phase::Move, put(to), "queue share moves with demand"),
                    }
                }
            }
        }
    }
}

/// The greater share of every queue; none where a queue that both have is served otherwise, or where holding the queues of both
/// would need more queues than either.
fn between(from: &InterfaceQos, to: &InterfaceQos) -> Option<InterfaceQos> {
    let mut both = to.clone();
    for (name, old) in &from.queues {
        let share = both.queues.entry(name.clone()).or_insert(*old);
        if share.discipline != old.discipline {
            return None;
        }
        share.guarantee = share.guarantee.max(old.guarantee);
    }
    (both.queues.len() <= from.queues.len().max(to.queues.len())).then_some(both)
}

fn what_changed(from: &SrPolicy, to: &SrPolicy) -> String {
    let lists = |policy: &SrPolicy, nth: usize| policy.candidates.get(nth).map(|path| path.lists.clone());
    let parts = [
        (lists(from, 0) != lists(to, 0), "primary path moved"),
        (lists(from, 1) != lists(to, 1), "backup path moved"),
        (from.last_resort != to.last_resort, "last resort changed"),
        (from.binding_sid != to.binding_sid, "binding SID changed"),
    ];
    let said: Vec<&str> = parts.iter().filter(|(changed, _)| *changed).map(|(_, what)| *what).collect();
    if said.is_empty() { "policy attributes changed".to_owned() } else { said.join(", ") }
}

#[cfg(test)]
mod tests;
