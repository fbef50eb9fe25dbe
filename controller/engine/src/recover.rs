//! Transactions that were begun and not closed: rolled back before their decision, forward after it. Cancel and confirm can
//! be repeated, so recovery can be interrupted and run again.

use std::collections::BTreeSet;

use device::{DeviceError, ErrorKind};
use futures_util::future::join_all;
use model::{NodeId, TransactionId};
use store::{Journal, StoreError, TransactionRecord};
use tracing::{info, warn};

use crate::{carry::Fleet, tasks::Work};

/// Resolves one record as far as its devices answer; gives the devices that do not.
///
/// # Errors
/// The journal cannot be written.
pub async fn recover(
    record: &TransactionRecord,
    fleet: &Fleet,
    journal: &Journal,
) -> Result<BTreeSet<NodeId>, StoreError> {
    let nodes = open_on(record);
    // All at once: where a whole region is dark, each device takes as long as may be to say nothing.
    let ask = |node: &NodeId| {
        let work = if record.decided { Work::Confirm(record.id) } else { Work::Cancel(record.id) };
        // A device that left the inventory is not waited for.
        let (node, handle) = (node.clone(), fleet.get(node)?);
        Some(async move { (node, handle.ask(work).await) })
    };
    let mut left = BTreeSet::new();
    for (node, answer) in join_all(nodes.iter().filter_map(ask)).await {
        match answer {
            Ok(_) => {
                info!(%node, id = %record.id, decided = record.decided, "an open transaction was resolved")
            }
            // A confirm that is refused came too late: the device went back, and the next plan puts the change there again.
            Err(error) if record.decided && !error.is_outcome_unknown() && is_answer(&error) => {
                warn!(%node, %error, "the device went back before its confirm came");
            }
            Err(error) => {
                warn!(%node, %error, "an open transaction is not resolved yet");
                left.insert(node);
            }
        }
    }
    journal.close_transaction(record, left.clone())?;
    Ok(left)
}

/// Tries once to resolve what is open in the journal; gives the devices that do not answer. Afterwards it is not known what the
/// others hold: they are to be read again. Of those that were not closed it takes the ones before `until` alone, or none where
/// that is not known: later ones are under way.
///
/// # Errors
/// The journal cannot be read.
pub async fn resolve_open(
    fleet: &Fleet,
    journal: &Journal,
    until: Option<TransactionId>,
) -> Result<BTreeSet<NodeId>, StoreError> {
    let open = open_before(journal, until)?;
    let results = join_all(open.iter().map(|record| recover(record, fleet, journal))).await;
    let mut left = BTreeSet::new();
    for (record, result) in open.iter().zip(results) {
        left.extend(result.unwrap_or_else(|error| {
            warn!(id = %record.id, %error, "an open transaction could not be closed");
            open_on(record)
        }));
    }
    Ok(left)
}

/// The devices that such transactions are open on; none where the journal cannot be read, which is told by whoever tries again.
pub fn involved(journal: &Journal, until: Option<TransactionId>) -> BTreeSet<NodeId> {
    let open = open_before(journal, until).unwrap_or_default();
    open.iter().flat_map(open_on).collect()
}

/// What is open and not under way: closed with something unresolved, or begun before `until`.
fn open_before(
    journal: &Journal,
    until: Option<TransactionId>,
) -> Result<Vec<TransactionRecord>, StoreError> {
    let mut open = journal.open_transactions()?;
    open.retain(|record| record.unresolved.is_some() || until.is_some_and(|until| record.id < until));
    Ok(open)
}

/// The devices that a record is open on.
fn open_on(record: &TransactionRecord) -> BTreeSet<NodeId> {
    match &record.unresolved {
        Some(nodes) => nodes.clone(),
        None => record.transaction.edits.keys().cloned().collect(),
    }
}

/// Whether a device answered what it was asked; one that refuses the login was asked nothing.
fn is_answer(error: &DeviceError) -> bool {
    matches!(error.kind, ErrorKind::Refused(_) | ErrorKind::Unsupported(_)) && !error.is_not_reached()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use device::{
        Step,
        fake::{FakeDevice, Fault},
    };
    use model::{Phase, Timestamp, Transaction};

    use super::*;
    use crate::tasks::DeviceHandle;

    #[tokio::test]
    async fn a_login_that_is_refused_is_no_answer_to_a_confirm() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("journal")).unwrap();
        let node = NodeId::lit("r1");
        let device = FakeDevice::new(node.clone());
        let handle = DeviceHandle::spawn(device.another_session(), Duration::from_secs(1));
        let fleet = Fleet::from([(node.clone(), handle)]);
        let record = TransactionRecord {
            id: journal.next_transaction().unwrap(),
            begun: Timestamp::default(),
            transaction: Transaction {
                phase: Phase::Move,
                edits: BTreeMap::from([(node.clone(), Vec::new())]),
            },
            pre_images: BTreeMap::new(),
            decided: true,
            unresolved: None,
        };
        journal.put_transaction(&record).unwrap();
        device.will(Step::Confirm, Fault::Shut);
        assert_eq!(recover(&record, &fleet, &journal).await.unwrap(), BTreeSet::from([node]));
        assert_eq!(journal.open_transactions().unwrap().len(), 1);
        device.will(Step::Confirm, Fault::Refuse);
        assert!(recover(&record, &fleet, &journal).await.unwrap().is_empty(), "that is an answer");
    }
}
