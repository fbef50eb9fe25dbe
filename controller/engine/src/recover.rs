//! Transactions that were begun and not closed: rolled back before their decision, forward after it. Cancel and confirm can
//! be repeated, so recovery can be interrupted and run again.

use std::{collections::BTreeSet, time::Duration};

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
    let nodes: BTreeSet<NodeId> = match &record.unresolved {
        Some(nodes) => nodes.clone(),
        None => record.transaction.edits.keys().cloned().collect(),
    };
    let mut left = BTreeSet::new();
    for node in nodes {
        let work = if record.decided { Work::Confirm(record.id) } else { Work::Cancel(record.id) };
        // A device that left the inventory is not waited for.
        let Some(handle) = fleet.get(&node) else { continue };
        match handle.ask(work).await {
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

/// How often open transactions are tried, each time a little later: 75 s in all, longer than any device waits for a confirm.
const ATTEMPTS: u64 = 6;

/// Resolves what is open in the journal while the controller runs. When it ends, what the devices hold is not known: they
/// are to be read again. Of those that were not closed it takes the ones before `until` alone, or none where that is not
/// known: later ones are under way.
pub async fn resolve_open(fleet: &Fleet, journal: &Journal, until: Option<TransactionId>) {
    for attempt in 0..ATTEMPTS {
        tokio::time::sleep(Duration::from_secs(attempt * 5)).await;
        let mut open = match journal.open_transactions() {
            Ok(open) => open,
            Err(error) => {
                warn!(%error, "open transactions cannot be read from the journal");
                continue;
            }
        };
        open.retain(|record| record.unresolved.is_some() || until.is_some_and(|until| record.id < until));
        if open.is_empty() {
            return;
        }
        let mut is_left = false;
        for record in open {
            match recover(&record, fleet, journal).await {
                Ok(left) => is_left |= !left.is_empty(),
                Err(error) => {
                    warn!(%error, "an open transaction could not be resolved");
                    is_left = true;
                }
            }
        }
        if !is_left {
            return;
        }
    }
}

fn is_answer(error: &device::DeviceError) -> bool {
    matches!(error.kind, device::ErrorKind::Refused(_) | device::ErrorKind::Unsupported(_))
}
