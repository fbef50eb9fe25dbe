//! Sums up what was told, once the scenario has been played.

use api::Client;
use net::Outcome;

use super::Stage;
use crate::demo::{
    process::Controller,
    summary::{Move, Summary, moved, unexpected},
};

impl Stage<'_> {
    /// What the run came to: the controller's own count of promises, and what it said on the way.
    pub async fn sum_up(&self, client: &Client, outcome: &Outcome) -> anyhow::Result<Summary> {
        let state = client.state().await?;
        let events = || self.events.iter().map(|event| &event.kind);
        let moves: Vec<Move> = events().filter_map(moved).collect();
        let strange = events().filter(|kind| unexpected(kind, &self.touched));
        let surprises: Vec<String> = strange.map(api::sentence).collect();
        let missed = outcome.expectations.iter().filter(|judgement| !judgement.met).count();
        let memory = self.controller.as_ref().and_then(Controller::memory);
        Ok(Summary {
            kind: "summary",
            routers: self.count,
            intents: state.counts.intents,
            policies: state.counts.policies,
            cold_start_ms: self.cold_start.map(|took| (took.as_secs_f64() * 1e3).round()),
            first: moves.iter().find(|each| !each.back).map(|each| each.figures).unwrap_or_default(),
            slo_restored: state.counts.broken == 0 && state.counts.unknown == 0 && state.counts.kept > 0,
            reroutes: moves.len(),
            moves,
            unexpected: surprises.len() + missed,
            surprises,
            controller_rss_mib: memory.map(|memory| memory.resident),
            controller_peak_mib: memory.map(|memory| memory.peak),
            expectations: outcome.expectations.clone(),
        })
    }
}
