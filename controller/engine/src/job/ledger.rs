//! What of a change is written down, before its first order and after its last.

use std::sync::Arc;

use model::NodeId;
use store::{Beside, IntentRevision, Journal, Said, StoreError};
use tracing::warn;

use super::{Carried, Request, Wanted};
use crate::{clock, stages::Proposal, transact::Outcome};

/// Nothing is sent before what it follows from is on disk.
pub(super) async fn write_down(
    request: &Request,
    proposal: &Proposal,
    journal: &Journal,
) -> Result<(), StoreError> {
    let intents = match &request.wanted {
        Wanted::Same(_) => None,
        Wanted::New { files, who, message, revision, .. } => Some(IntentRevision {
            revision: *revision,
            at: clock::now(),
            who: who.clone(),
            message: message.clone(),
            files: files.clone(),
        }),
    };
    let (journal, ids, hints) = (journal.clone(), proposal.ids.clone(), proposal.hints.clone());
    let said = said(request, proposal.report.headline());
    let (learned, standing) = (request.learned.clone(), Arc::clone(&proposal.aside.exceptions.standing));
    // A re-route does not wait for hundreds of objects that stand as they stood.
    let is_kept = Arc::ptr_eq(&standing, &request.exceptions_kept) || standing == request.exceptions_kept;
    let absent = Arc::clone(&request.exceptions_absent);
    let write = move || {
        let standing = (!is_kept).then(|| standing.beside(&absent));
        let beside = Beside::default().learned(learned.as_deref())?.exceptions(standing.as_ref())?;
        journal.begin_change_beside(intents.as_ref(), &ids, &hints, (&beside, &said))
    };
    tokio::task::spawn_blocking(write).await.unwrap_or_else(|error| Err(StoreError::Write(error.to_string())))
}

/// Writes down how it ended.
pub(super) async fn note_end(request: &Request, carried: &Carried, journal: &Journal) {
    let done = carried.complete() && !request.rest && carried.left_out.is_empty();
    let said = said(request, ending(carried));
    let journal = journal.clone();
    let ended = tokio::task::spawn_blocking(move || journal.end_change(done, &said)).await;
    if let Some(error) = ended.map_or_else(|e| Some(e.to_string()), |e| e.err().map(|e| e.to_string())) {
        // The next start compares the whole network then, and finds nothing to do.
        warn!(error, "the end of a change could not be written");
    }
}

/// An entry of the audit log.
fn said(request: &Request, what: String) -> Said {
    Said { at: clock::now(), who: request.who.clone(), what, why: request.why.clone() }
}

/// How a change ended, in words.
fn ending(carried: &Carried) -> String {
    let each = carried.reports.iter().map(|report| match &report.outcome {
        Outcome::Applied => format!("{} is on every device", report.id),
        Outcome::RolledBack => format!("{} was rolled back", report.id),
        Outcome::Unresolved { nodes, .. } => {
            let nodes: Vec<&str> = nodes.iter().map(NodeId::as_str).collect();
            format!("{} is unresolved on {}", report.id, nodes.join(", "))
        }
    });
    let stopped = carried.stopped.iter().map(|why| format!("stopped: {why}"));
    let all: Vec<String> = each.chain(stopped).collect();
    if all.is_empty() { "done: no device had to change".to_owned() } else { all.join("; ") }
}
