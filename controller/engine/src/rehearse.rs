//! A plan tried on the routers that it would change: each is asked whether it would take its part, and is left as it was.

use std::{collections::BTreeMap, fmt, sync::Arc};

use device::{DeviceError, ErrorKind, Rehearsal, edits::last_of_each};
use futures_util::future::join_all;
use model::{Edit, NodeId, Plan};
use serde::{Deserialize, Serialize};

use crate::{
    carry::Fleet,
    tasks::{Done, Work},
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

/// Asks each device that a plan changes, all at once; no other. `fleet` is an error where nobody may be asked. A device tries its
/// part as one: what the transactions of the plan come to in the end.
pub async fn rehearse(plan: &Plan, fleet: Result<Arc<Fleet>, String>) -> BTreeMap<NodeId, Rehearsed> {
    let parts = parts(plan);
    let fleet = match fleet {
        Ok(fleet) => fleet,
        Err(why) => {
            let not_asked = |node| (node, Rehearsed::NotAsked { why: why.clone() });
            return parts.into_keys().map(not_asked).collect();
        }
    };
    let ask = |(node, edits): (NodeId, Vec<Edit>)| {
        let handle = fleet.get(&node).cloned();
        async move {
            let answer = match handle {
                Some(handle) => told(handle.ask(Work::Rehearse(Arc::new(edits))).await),
                None => Rehearsed::NotReached { why: "it is not in the inventory".to_owned() },
            };
            (node, answer)
        }
    };
    join_all(parts.into_iter().map(ask)).await.into_iter().collect()
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
    use std::{collections::BTreeSet, time::Duration};

    use device::{
        Step,
        contract::{removal, sample_edits},
        fake::{FakeDevice, Fault},
    };
    use model::{Cause, DeviceConfig, Phase, ReasonedEdit, Transaction};
    use plan::report::object_name;

    use super::*;
    use crate::tasks::DeviceHandle;

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
        let handle =
            |device: &FakeDevice| DeviceHandle::spawn(device.another_session(), Duration::from_secs(5));
        let fleet: Fleet =
            names.iter().zip(&devices).map(|(name, device)| (NodeId::lit(name), handle(device))).collect();
        let plan = plan(&["r1", "r2", "r3", "r9"], &[sample_edits(1)]);
        let told = rehearse(&plan, Ok(Arc::new(fleet))).await;
        let told: Vec<String> = told.iter().map(|(node, answer)| format!("{node} {answer}")).collect();
        assert_eq!(
            told,
            [
                "r1 accepted by the router",
                "r2 refused: told to refuse",
                "r3 not reached: told to be away",
                "r9 not reached: it is not in the inventory",
            ]
        );
        assert!(devices.iter().all(|device| device.truth().is_empty() && device.writes() == 0));
        let nobody = rehearse(&plan, Err("the mode is `observe`".to_owned())).await;
        assert_eq!(nobody.len(), 4);
        assert!(nobody.values().all(|answer| answer.to_string() == "not asked: the mode is `observe`"));
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
