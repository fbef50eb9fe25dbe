//! What a run comes to.

use api::Client;
use engine::event::{Ending, EventKind};
use net::Outcome;
use serde::Serialize;

use super::play::Stage;

/// The last line of a run.
#[derive(Debug, Serialize)]
pub struct Summary {
    kind: &'static str,
    /// Routers in the network.
    pub routers: usize,
    /// Intents in force.
    pub intents: usize,
    /// SR policies that stand.
    pub policies: usize,
    /// From the sample that completed the breach to the proved plan; of the first re-route. Nothing where there was none.
    pub breach_to_plan_ms: Option<f64>,
    /// From there to the last commit reply.
    pub breach_to_ack_ms: Option<f64>,
    /// Read-back of that change.
    pub readback_ms: Option<f64>,
    /// Decision and confirms of it.
    pub confirm_ms: Option<f64>,
    /// Whether every promise is kept at the end.
    pub slo_restored: bool,
    /// How often traffic was moved.
    pub reroutes: usize,
    /// What happened that the scenario does not explain, and expectations that were not met.
    pub unexpected: usize,
    /// Memory of the controller, MiB.
    pub controller_rss_mib: Option<u64>,
    /// What was expected and how it went.
    pub expectations: Vec<String>,
}

/// Sums up what was told.
pub async fn sum_up(stage: &Stage<'_>, client: &Client, outcome: &Outcome) -> anyhow::Result<Summary> {
    let state = client.state().await?;
    let events = || stage.events.iter().map(|event| &event.kind);
    let reroutes: Vec<(f64, f64)> = events()
        .filter_map(|kind| match kind {
            EventKind::Rerouted { breach_to_plan_ms, breach_to_ack_ms, .. } => {
                Some((*breach_to_plan_ms, *breach_to_ack_ms))
            }
            _ => None,
        })
        .collect();
    // The transaction that ended last before the first re-route was told is the one that carried it.
    let carried = events()
        .take_while(|kind| !matches!(kind, EventKind::Rerouted { .. }))
        .filter_map(|kind| match kind {
            EventKind::TransactionEnded { readback_ms, confirm_ms, .. } => Some((*readback_ms, *confirm_ms)),
            _ => None,
        })
        .last()
        .filter(|_| !reroutes.is_empty());
    let strange = events().filter(|kind| unexpected(kind)).count();
    let missed = outcome.expectations.iter().filter(|judgement| !judgement.met).count();
    Ok(Summary {
        kind: "summary",
        routers: stage.count,
        intents: state.counts.intents,
        policies: state.counts.policies,
        breach_to_plan_ms: reroutes.first().map(|figures| figures.0),
        breach_to_ack_ms: reroutes.first().map(|figures| figures.1),
        readback_ms: carried.map(|figures| figures.0),
        confirm_ms: carried.map(|figures| figures.1),
        slo_restored: state.counts.broken == 0 && state.counts.unknown == 0 && state.counts.kept > 0,
        reroutes: reroutes.len(),
        unexpected: strange + missed,
        controller_rss_mib: stage.controller.as_ref().and_then(super::process::Controller::resident_mib),
        expectations: outcome.expectations.iter().map(|judgement| format!("{judgement:?}")).collect(),
    })
}

/// What no scenario of a line that goes bad explains.
fn unexpected(kind: &EventKind) -> bool {
    match kind {
        EventKind::DeviceDown { .. }
        | EventKind::Drift { .. }
        | EventKind::Rejected { .. }
        | EventKind::Frozen { .. }
        | EventKind::JournalFailed { .. } => true,
        EventKind::TransactionEnded { ending, .. } => *ending != Ending::Applied,
        _ => false,
    }
}
