//! A plan tried on the routers that it would change: each is asked whether it would take its part, and is left as it was.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use device::{DeviceError, ErrorKind, Rehearsal, edits::last_of_each};
use futures_util::future::join_all;
use model::{Edit, NodeId, Plan};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, watch};

use crate::{
    carry::Fleet,
    stages::{Proposal, View},
    tasks::{DeviceHandle, Done, Work},
};

/// What a device says to its part of a plan. In JSON, `answer` tells which.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Rehearsed {
    /// It would take it.
    Accepted,
    /// It would not.
    Refused {
        /// Why.
        why: String,
    },
    /// It cannot be asked.
    Cannot {
        /// Why.
        why: String,
    },
    /// It did not answer.
    NotReached {
        /// Why.
        why: String,
    },
    /// It was not asked.
    NotAsked {
        /// Why.
        why: String,
    },
}

impl fmt::Display for Rehearsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("accepted by the router"),
            Self::Refused { why } => write!(f, "refused: {why}"),
            Self::Cannot { why } => write!(f, "cannot rehearse: {why}"),
            Self::NotReached { why } => write!(f, "not reached: {why}"),
            Self::NotAsked { why } => write!(f, "not asked: {why}"),
        }
    }
}

/// The devices that have a part in a proposal and get none now, because nobody knows what they hold, each with why. `repair` has those that
/// wait for their part of an earlier change.
pub fn away(
    proposal: &Proposal,
    view: &View,
    fleet: &Fleet,
    repair: &BTreeSet<NodeId>,
) -> BTreeMap<NodeId, String> {
    let (before, after) = (&view.before.desired.devices, &proposal.compiled.desired.devices);
    let has_part = |node: &NodeId| {
        !fleet.contains_key(node) || repair.contains(node) || before.get(node) != after.get(node)
    };
    let unreadable = proposal.report.unreadable.iter().filter(|(node, _)| has_part(node));
    unreadable.map(|(node, unreadable)| (node.clone(), unreadable.why.clone())).collect()
}

/// With what devices are asked.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The devices.
    pub fleet: Arc<Fleet>,
    /// Bounds how many are asked at once.
    pub gate: Arc<Semaphore>,
    /// Whether a change is under way: it comes first.
    pub busy: watch::Receiver<bool>,
}

/// Asks each device that a plan changes, as many at once as the gate lets in; no other. `trial` is an error where nobody may be asked; those
/// that are `away` were not reached. A device tries its part as one: what the transactions of the plan come to in the end. Nobody is asked
/// any more once a change has begun, or the answer is not `wanted` any more.
pub async fn rehearse(
    plan: &Plan,
    away: BTreeMap<NodeId, String>,
    trial: Result<Trial, String>,
    wanted: &(impl Fn() -> bool + Sync),
) -> BTreeMap<NodeId, Rehearsed> {
    let mut answers = ask(parts(plan), trial, wanted).await;
    for (node, why) in away {
        answers.entry(node).or_insert(Rehearsed::NotReached { why });
    }
    answers
}

async fn ask(
    parts: BTreeMap<NodeId, Vec<Edit>>,
    trial: Result<Trial, String>,
    wanted: &(impl Fn() -> bool + Sync),
) -> BTreeMap<NodeId, Rehearsed> {
    let trial = match trial {
        Ok(trial) => trial,
        Err(why) => {
            let not_asked = |node| (node, Rehearsed::NotAsked { why: why.clone() });
            return parts.into_keys().map(not_asked).collect();
        }
    };
    let trial = &trial;
    let ask = |(node, edits): (NodeId, Vec<Edit>)| async move {
        let answer = match trial.fleet.get(&node) {
            Some(handle) => one(handle, edits, trial, wanted).await,
            None => Rehearsed::NotReached { why: "it is not in the inventory".to_owned() },
        };
        (node, answer)
    };
    join_all(parts.into_iter().map(ask)).await.into_iter().collect()
}

/// Asks one, when it is its turn and may still be asked.
async fn one(
    handle: &DeviceHandle,
    edits: Vec<Edit>,
    trial: &Trial,
    wanted: &(impl Fn() -> bool + Sync),
) -> Rehearsed {
    let _permit = trial.gate.acquire().await;
    let not_asked = |why: &str| Rehearsed::NotAsked { why: why.to_owned() };
    if *trial.busy.borrow() {
        return not_asked("a change has begun meanwhile");
    }
    if !wanted() {
        return not_asked("nobody waits for the answer any more");
    }
    told(handle.ask(Work::Rehearse(Arc::new(edits))).await)
}

/// What an answer means.
fn told(answer: Result<Done, DeviceError>) -> Rehearsed {
    match answer {
        Ok(Done::Rehearsed(Rehearsal::Accepted)) => Rehearsed::Accepted,
        Ok(Done::Rehearsed(Rehearsal::Cannot(why))) => Rehearsed::Cannot { why },
        Ok(Done::Ok | Done::Reading(_) | Done::Surroundings(_) | Done::Served(_) | Done::Modules(_)) => {
            Rehearsed::Cannot { why: "it answered another question".to_owned() }
        }
        Err(DeviceError { kind, .. }) => match kind {
            ErrorKind::Refused(why) => Rehearsed::Refused { why },
            ErrorKind::Locked(_) | ErrorKind::Unsupported(_) => Rehearsed::Refused { why: kind.to_string() },
            ErrorKind::Unreachable(why) => Rehearsed::NotReached { why },
            // It was to leave nothing behind: no outcome is unknown.
            ErrorKind::Silent(why) => Rehearsed::NotReached { why: format!("it fell silent: {why}") },
            ErrorKind::Untrusted(_) | ErrorKind::Garbage(_) => {
                Rehearsed::NotReached { why: kind.to_string() }
            }
        },
    }
}

/// What a plan comes to on each device: of several edits of one object the last one, in the order of the plan.
fn parts(plan: &Plan) -> BTreeMap<NodeId, Vec<Edit>> {
    let mut all: BTreeMap<NodeId, Vec<Edit>> = BTreeMap::new();
    for (node, edits) in plan.transactions.iter().flat_map(|transaction| &transaction.edits) {
        all.entry(node.clone()).or_default().extend(edits.iter().map(|reasoned| reasoned.edit.clone()));
    }
    all.into_iter().map(|(node, edits)| (node, last_of_each(&edits))).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use device::{
        Step,
        contract::{removal, sample_edits},
        fake::{FakeDevice, Fault},
    };
    use model::{Cause, DeviceConfig, Phase, ReasonedEdit, Transaction};
    use plan::report::object_name;
    use tokio::sync::oneshot;

    use super::*;

    /// Devices of these names with their tasks, of which so many are asked at once; and what says that a change is under way.
    fn trial(devices: &[FakeDevice], at_once: usize) -> (Trial, watch::Sender<bool>) {
        let handle = |device: &FakeDevice| {
            let handle = DeviceHandle::spawn(device.another_session(), Duration::from_secs(5));
            (handle.node().clone(), handle)
        };
        let fleet = Arc::new(devices.iter().map(handle).collect());
        let (begin, busy) = watch::channel(false);
        (Trial { fleet, gate: Arc::new(Semaphore::new(at_once)), busy }, begin)
    }

    /// A plan with a transaction for each of these, on some nodes.
    fn plan(nodes: &[&str], parts: &[Vec<Edit>]) -> Plan {
        let reasoned = |edit: &Edit| ReasonedEdit {
            edit: edit.clone(),
            cause: Cause { intents: Vec::new(), rule: "test".into() },
        };
        let transaction = |edits: &Vec<Edit>| Transaction {
            phase: Phase::Move,
            edits: nodes
                .iter()
                .map(|node| (NodeId::lit(node), edits.iter().map(reasoned).collect()))
                .collect(),
        };
        Plan { transactions: parts.iter().map(transaction).collect(), ..Plan::default() }
    }

    #[tokio::test]
    async fn only_the_devices_of_the_plan_are_asked_and_each_says_what_it_would_do() {
        let names = ["r1", "r2", "r3", "r4"];
        let devices = names.map(|name| FakeDevice::new(NodeId::lit(name)));
        devices[1].will(Step::Rehearse, Fault::Refuse);
        devices[2].will(Step::Rehearse, Fault::Away);
        // It is not touched, so that nothing meets this.
        devices[3].will(Step::Rehearse, Fault::Refuse);
        let (trial, _begin) = trial(&devices, 8);
        let plan = plan(&["r1", "r2", "r3", "r9"], &[sample_edits(1)]);
        // One that should change and is known not to answer has no part in the plan.
        let away = BTreeMap::from([(NodeId::lit("r7"), "no route to it".to_owned())]);
        let told = rehearse(&plan, away, Ok(trial), &|| true).await;
        let told: Vec<String> = told.iter().map(|(node, answer)| format!("{node} {answer}")).collect();
        assert_eq!(
            told,
            [
                "r1 accepted by the router",
                "r2 refused: told to refuse",
                "r3 not reached: told to be away",
                "r7 not reached: no route to it",
                "r9 not reached: it is not in the inventory",
            ]
        );
        assert!(devices.iter().all(|device| device.truth().is_empty() && device.writes() == 0));
        let nobody =
            rehearse(&plan, BTreeMap::new(), Err("the mode is `observe`".to_owned()), &|| true).await;
        assert_eq!(nobody.len(), 4);
        assert!(nobody.values().all(|answer| answer.to_string() == "not asked: the mode is `observe`"));
    }

    #[tokio::test]
    async fn nobody_is_asked_once_a_change_has_begun_or_nobody_waits() {
        let devices = ["r1", "r2"].map(|name| FakeDevice::new(NodeId::lit(name)));
        let plan = plan(&["r1", "r2"], &[sample_edits(1)]);
        let (free, begin) = trial(&devices, 1);
        let (let_go, held) = oneshot::channel::<()>();
        devices[0].hold(Step::Rehearse, async { drop(held.await) });
        let anybody = || true;
        let asked = rehearse(&plan, BTreeMap::new(), Ok(free.clone()), &anybody);
        // While the first is asked, and the other waits for its turn.
        let change = async {
            begin.send_replace(true);
            drop(let_go);
        };
        let (told, ()) = tokio::join!(asked, change);
        let told: Vec<String> = told.values().map(ToString::to_string).collect();
        assert_eq!(told, ["accepted by the router", "not asked: a change has begun meanwhile"]);
        begin.send_replace(false);
        let told = rehearse(&plan, BTreeMap::new(), Ok(free), &|| false).await;
        assert!(
            told.values()
                .all(|answer| answer.to_string() == "not asked: nobody waits for the answer any more")
        );
    }

    #[test]
    fn a_device_tries_what_its_transactions_come_to() {
        let first = sample_edits(1);
        let mut config = DeviceConfig::default();
        first.iter().for_each(|edit| edit.apply(&mut config));
        let later: Vec<Edit> = sample_edits(2).into_iter().chain(removal(&config)).collect();
        let parts = parts(&plan(&["r1"], &[first.clone(), later.clone()]));
        let edits = &parts[&NodeId::lit("r1")];
        let names: BTreeSet<String> = edits.iter().map(object_name).collect();
        assert_eq!(names.len(), edits.len(), "each object once: {edits:?}");
        // Carried out at once they come to what they come to one after the other.
        let mut at_once = DeviceConfig::default();
        edits.iter().for_each(|edit| edit.apply(&mut at_once));
        later.iter().for_each(|edit| edit.apply(&mut config));
        assert_eq!(at_once, config);
    }
}
