//! Sums up what was told, once the scenario has been played.

use api::Client;
use net::Outcome;
use report::{Figure, Run, Series, Verdict};
use tokio::time::Instant;

use super::{
    Hands, Stage,
    piece::{Piece, Told},
    summary::{Move, Summary, moved, unexpected},
};

/// What was measured by others than the controller.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Over time.
    pub series: Vec<Series>,
    /// As single figures.
    pub figures: Vec<Figure>,
}

impl<H: Hands> Stage<'_, H> {
    /// Sums up, writes the reports and tells; whether all went well. `more` was measured by others than the controller.
    ///
    /// # Errors
    /// The controller does not answer, or a report cannot be written.
    pub async fn conclude(
        &self,
        client: &Client,
        piece: &Piece,
        outcome: &Outcome,
        more: Measured,
    ) -> anyhow::Result<bool> {
        let summary = self.sum_up(client, outcome).await?;
        if let Some(mut run) = self.report(&piece.told, outcome, &summary) {
            run.series.splice(0..0, more.series);
            run.figures.splice(0..0, more.figures);
            for paper in &piece.papers {
                paper.write(&run)?;
                self.say(&format!("report: {}", paper.path().display()));
            }
        }
        self.notes.teller.summary(&summary);
        Ok(summary.is_good(outcome))
    }

    /// What the run came to: the controller's own count of promises, and what it said on the way.
    async fn sum_up(&self, client: &Client, outcome: &Outcome) -> anyhow::Result<Summary> {
        let state = client.state().await?;
        let events = || self.events.iter().map(|event| &event.kind);
        let moves: Vec<Move> = events().filter_map(moved).collect();
        let strange = events().filter(|kind| unexpected(kind, &self.notes.touched));
        let surprises: Vec<String> = strange.map(api::sentence).collect();
        let missed = outcome.expectations.iter().filter(|judgement| !judgement.met).count();
        let memory = self.hands.memory();
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
    fn report(&self, told: &Told, outcome: &Outcome, summary: &Summary) -> Option<Run> {
        let run = self.notes.recorder.as_ref()?.run(told, outcome, Instant::now());
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
