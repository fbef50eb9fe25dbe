//! Sums up what was told, once the scenario has been played.

use api::Client;
use net::Outcome;
use report::{Figure, Run, Verdict};
use tokio::time::Instant;

use super::Stage;
use crate::demo::{
    case::Told,
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
            routers: self.count(),
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

    /// The run for its report; none where nothing was played.
    pub fn report(&self, told: &Told, outcome: &Outcome, summary: &Summary) -> Option<Run> {
        let run = self.recorder.as_ref()?.run(told, outcome, Instant::now());
        let (name, ted) = (&self.case.name, &self.case.ted);
        let network = format!("{name}: {} routers, {} lines", ted.nodes.len(), ted.links.len());
        let figures = figures(summary);
        Some(Run { network, figures, verdict: verdict(outcome, summary), ..run })
    }
}

fn verdict(outcome: &Outcome, summary: &Summary) -> Verdict {
    let met = outcome.expectations.iter().filter(|one| one.met).count();
    let kept = if summary.slo_restored { "all promises are kept" } else { "NOT all promises are kept" };
    let surprises = match summary.surprises.as_slice() {
        [] => "nothing else happened".to_owned(),
        [one] => format!("unexpected: {one}"),
        [first, rest @ ..] => format!("unexpected: {first}, and {} more", rest.len()),
    };
    Verdict {
        passed: summary.is_good(outcome),
        text: format!(
            "{met} of {} expectations met; at the end {kept}; {surprises}",
            outcome.expectations.len()
        ),
    }
}

fn figures(summary: &Summary) -> Vec<Figure> {
    let figure =
        |name: &str, value: Option<String>| value.map(|value| Figure { name: name.to_owned(), value });
    let mib = |value: Option<u64>| value.map(|value| format!("{value} MiB"));
    let all = [
        figure("intents in force", Some(summary.intents.to_string())),
        figure("SR policies that stand", Some(summary.policies.to_string())),
        figure("re-routes", Some(summary.reroutes.to_string())),
        figure(
            "start of the controller until every router was read",
            summary.cold_start_ms.map(|ms| format!("{ms:.0} ms")),
        ),
        figure("memory of the controller", mib(summary.controller_rss_mib)),
        figure("most memory of the controller", mib(summary.controller_peak_mib)),
    ];
    all.into_iter().flatten().collect()
}
