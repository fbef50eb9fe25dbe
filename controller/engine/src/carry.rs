//! The async shell of a transaction: carries the orders of [`Tx`] to the devices and the journal, and its answers back.
//! All decisions are in the machine; here is only transport, comparison and time.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use device::{DeviceError, ErrorKind, Step};
use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use model::{
    DeviceConfig, DeviceReading, Edit, InterfaceName, NodeId, Timestamp, Transaction, TransactionId,
};
use store::{Journal, StoreError, TransactionRecord};
use tokio::time::Instant;
use tracing::{Instrument as _, info_span, warn};

use crate::{
    tasks::{DeviceHandle, Done, Work},
    transact::{Answer, Order, Outcome, Tx},
};

#[cfg(test)]
mod tests;

/// How long a device waits for the confirm before it goes back by itself.
const CONFIRM_WITHIN: Duration = Duration::from_secs(60);
/// What of it must be left when it is decided: later the first devices may go back while the last ones are confirmed.
const MARGIN: Duration = Duration::from_secs(10);

/// The devices that can be asked, by name.
pub type Fleet = BTreeMap<NodeId, DeviceHandle>;

/// How a transaction went.
#[derive(Debug)]
pub struct Report {
    /// Its number.
    pub id: TransactionId,
    /// How it ended.
    pub outcome: Outcome,
    /// What devices were seen to hold after the commit.
    pub readings: BTreeMap<NodeId, DeviceReading>,
    /// What devices said that refused or fell silent.
    pub errors: Vec<DeviceError>,
    /// Why it was not decided, where that is why it went back: it was too late, or could not be written down.
    pub undecided: Option<String>,
    /// From the first order to the last commit reply.
    pub committed_after: Duration,
    /// From there to the last read-back.
    pub readback: Duration,
    /// From there to the last confirm, the decision's write included.
    pub confirm: Duration,
}

/// Carries a transaction out. `before` is what the devices hold; it is journalled as pre-images before the first order.
///
/// # Errors
/// The journal cannot take the pre-images: then nothing was sent.
pub async fn carry_out(
    transaction: &Transaction,
    before: &BTreeMap<NodeId, DeviceConfig>,
    fleet: &Fleet,
    journal: &Journal,
    now: Timestamp,
) -> Result<Report, StoreError> {
    let nodes: BTreeSet<NodeId> = transaction.edits.keys().cloned().collect();
    let pre_images = nodes
        .iter()
        .map(|node| (node.clone(), before.get(node).cloned().unwrap_or_default()))
        .collect::<BTreeMap<_, _>>();
    let id = journal.next_transaction()?;
    let record = TransactionRecord {
        id,
        begun: now,
        transaction: transaction.clone(),
        pre_images,
        decided: false,
        unresolved: None,
    };
    on_disk({
        let (journal, record) = (journal.clone(), record.clone());
        move || journal.put_transaction(&record)
    })
    .await?;
    let run = Run::new(record, fleet, journal);
    let report = run.until_done(nodes).instrument(info_span!("transaction", %id)).await;
    Ok(report)
}

/// Runs a write where it may block.
async fn on_disk(write: impl FnOnce() -> Result<(), StoreError> + Send + 'static) -> Result<(), StoreError> {
    tokio::task::spawn_blocking(write).await.unwrap_or_else(|error| Err(StoreError::Write(error.to_string())))
}

/// Whether more hangs on a step than one connection: what was prepared or committed has to be judged, kept or undone.
const fn is_pressing(step: Step) -> bool {
    matches!(step, Step::Verify | Step::Confirm | Step::Cancel)
}

/// What comes back from an order.
enum Echo {
    Device(NodeId, Step, Box<Result<Done, DeviceError>>),
    Decided(Result<(), String>),
}

struct Run<'a> {
    record: TransactionRecord,
    fleet: &'a Fleet,
    journal: &'a Journal,
    edits: BTreeMap<NodeId, Arc<Vec<Edit>>>,
    expected: BTreeMap<NodeId, DeviceConfig>,
    readings: BTreeMap<NodeId, DeviceReading>,
    errors: Vec<DeviceError>,
    undecided: Option<String>,
    /// When the first device was told to commit: its timer may run since then.
    first_commit: Option<Instant>,
    /// The latest answer to each step.
    answered: BTreeMap<Step, Instant>,
}

impl<'a> Run<'a> {
    fn new(record: TransactionRecord, fleet: &'a Fleet, journal: &'a Journal) -> Self {
        let plain = |node: &NodeId| -> Vec<Edit> {
            record.transaction.edits[node].iter().map(|reasoned| reasoned.edit.clone()).collect()
        };
        let edits: BTreeMap<_, _> =
            record.pre_images.keys().map(|node| (node.clone(), Arc::new(plain(node)))).collect();
        let expected = record
            .pre_images
            .iter()
            .map(|(node, config)| {
                let mut config = config.clone();
                edits[node].iter().for_each(|edit| edit.apply(&mut config));
                (node.clone(), config)
            })
            .collect();
        Self {
            record,
            fleet,
            journal,
            edits,
            expected,
            readings: BTreeMap::new(),
            errors: Vec::new(),
            undecided: None,
            first_commit: None,
            answered: BTreeMap::new(),
        }
    }

    async fn until_done(mut self, nodes: BTreeSet<NodeId>) -> Report {
        let begun = Instant::now();
        let (mut tx, orders) = Tx::start(nodes);
        let mut flying: FuturesUnordered<BoxFuture<'_, Echo>> =
            orders.into_iter().map(|order| self.order(order)).collect();
        while let Some(echo) = flying.next().await {
            let orders = match echo {
                Echo::Decided(written) => {
                    self.undecided = written.err();
                    tx.decided(self.undecided.is_none())
                }
                Echo::Device(node, step, answer) => {
                    self.answered.insert(step, Instant::now());
                    let answer = self.judge(&node, step, *answer);
                    tx.step(&node, answer)
                }
            };
            flying.extend(orders.into_iter().map(|order| self.order(order)));
        }
        let outcome = tx.outcome().expect("a machine without orders in flight has an outcome");
        self.close(&outcome).await;
        let at = |step| self.answered.get(&step).copied();
        let committed = at(Step::Commit).unwrap_or(begun);
        let verified = at(Step::Verify).unwrap_or(committed);
        let confirmed = at(Step::Confirm).unwrap_or(verified);
        Report {
            id: self.record.id,
            outcome,
            readings: self.readings,
            errors: self.errors,
            undecided: self.undecided,
            committed_after: committed - begun,
            readback: verified - committed,
            confirm: confirmed - verified,
        }
    }

    /// The order as something to wait for. It borrows nothing of the run, so that answers can change it meanwhile.
    fn order(&mut self, order: Order) -> BoxFuture<'a, Echo> {
        match order {
            Order::Decide if self.is_too_late() => Box::pin(async {
                let left = MARGIN.as_secs();
                let why = format!("less than {left} s were left before the first device goes back by itself");
                warn!(why, "not decided: the transaction goes back");
                Echo::Decided(Err(why))
            }),
            Order::Decide => {
                let (journal, mut record) = (self.journal.clone(), self.record.clone());
                record.decided = true;
                Box::pin(async move {
                    let written = on_disk(move || journal.put_transaction(&record)).await;
                    if let Err(error) = &written {
                        warn!(%error, "the decision could not be written: the transaction goes back");
                    }
                    Echo::Decided(written.map_err(|error| error.to_string()))
                })
            }
            Order::Ask(node, step) => {
                let id = self.record.id;
                let work = match step {
                    Step::Stage => Work::Stage(id, Arc::clone(&self.edits[&node])),
                    Step::Commit => {
                        self.first_commit.get_or_insert_with(Instant::now);
                        Work::Commit(id, CONFIRM_WITHIN)
                    }
                    Step::Confirm => Work::Confirm(id),
                    Step::Cancel => Work::Cancel(id),
                    Step::Verify | Step::Read | Step::Connect | Step::Rehearse => Work::Read,
                };
                let handle = self.fleet.get(&node).cloned();
                Box::pin(async move {
                    let answer = match handle {
                        Some(handle) if is_pressing(step) => handle.ask_persistently(work).await,
                        Some(handle) => handle.ask(work).await,
                        None => Err(DeviceError {
                            node: node.clone(),
                            step,
                            kind: ErrorKind::Unreachable("it is not in the inventory".into()),
                        }),
                    };
                    Echo::Device(node, step, Box::new(answer))
                })
            }
        }
    }

    fn is_too_late(&self) -> bool {
        self.first_commit.is_some_and(|since| since.elapsed() + MARGIN > CONFIRM_WITHIN)
    }

    /// What an answer means to the machine; a read-back that differs is a refusal.
    fn judge(&mut self, node: &NodeId, step: Step, answer: Result<Done, DeviceError>) -> Answer {
        match answer {
            Ok(Done::Reading(reading)) => {
                let differs = match &reading {
                    DeviceReading::Read { owned, .. } => difference(&self.expected[node], owned),
                    DeviceReading::Unreadable { why, .. } => Some(why.clone()),
                };
                self.readings.insert(node.clone(), reading);
                let Some(why) = differs else { return Answer::Done };
                let kind =
                    ErrorKind::Refused(format!("it acknowledged the change but holds something else: {why}"));
                self.errors.push(DeviceError { node: node.clone(), step, kind });
                Answer::Refused
            }
            Ok(
                Done::Ok | Done::Rehearsed(_) | Done::Surroundings(_) | Done::Served(_) | Done::Modules(_),
            ) => Answer::Done,
            Err(error) => {
                warn!(%node, %step, %error, "a device did not do its part");
                let answer = match (error.is_not_reached(), error.is_outcome_unknown()) {
                    (true, _) => Answer::NotReached,
                    (false, true) => Answer::Silent,
                    (false, false) => Answer::Refused,
                };
                self.errors.push(error);
                answer
            }
        }
    }

    async fn close(&mut self, outcome: &Outcome) {
        if *outcome != Outcome::Applied {
            // What was seen between commit and cancel no longer stands.
            self.readings.clear();
        }
        let mut record = self.record.clone();
        record.decided = matches!(outcome, Outcome::Applied | Outcome::Unresolved { decided: true, .. });
        let unresolved = match outcome {
            Outcome::Unresolved { nodes, .. } => nodes.clone(),
            Outcome::Applied | Outcome::RolledBack => BTreeSet::new(),
        };
        let journal = self.journal.clone();
        // A record that stays open is closed by recovery: cancel and confirm can be repeated.
        if let Err(error) = on_disk(move || journal.close_transaction(&record, unresolved)).await {
            warn!(%error, "the transaction's end could not be written");
        }
    }
}

/// The first thing in which two configurations differ, in words.
fn difference(expected: &DeviceConfig, found: &DeviceConfig) -> Option<String> {
    fn first<K: Ord + ToString, V: PartialEq>(
        what: &str,
        expected: &BTreeMap<K, V>,
        found: &BTreeMap<K, V>,
    ) -> Option<String> {
        let missing = expected.iter().find(|(key, value)| found.get(key) != Some(value));
        let extra = found.keys().find(|key| !expected.contains_key(key));
        match (missing, extra) {
            (Some((key, _)), _) if found.contains_key(key) => {
                Some(format!("{what} {} is another", key.to_string()))
            }
            (Some((key, _)), _) => Some(format!("{what} {} is missing", key.to_string())),
            (None, Some(key)) => Some(format!("{what} {} should be gone", key.to_string())),
            (None, None) => None,
        }
    }
    let all = |names: &BTreeSet<InterfaceName>| -> BTreeMap<InterfaceName, ()> {
        names.iter().map(|name| (name.clone(), ())).collect()
    };
    first("policy", &expected.policies, &found.policies)
        .or_else(|| first("steering", &expected.steering, &found.steering))
        .or_else(|| first("queues of", &expected.qos, &found.qos))
        .or_else(|| (expected.classifier != found.classifier).then(|| "the classifier is another".to_owned()))
        .or_else(|| first("classifier at", &all(&expected.classified), &all(&found.classified)))
}
