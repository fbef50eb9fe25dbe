//! `trunkline plan`: what intents would change, worked out and proved as the controller does it. Nothing is sent.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem::ManuallyDrop,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::{Args, ValueEnum};
use engine::{
    cycle,
    stages::{Occasion, Proposal},
};
use indicatif::ProgressBar;
use model::{Finding, Hints, IntentSet, Plan, ServiceId};
use plan::PlanReport;
use serde::Serialize;
use serde_json::json;

use crate::{
    args::{At, NetworkFile},
    draw,
    offline::{self, Start, Understood},
    outcome::{FOUND, Stop, say, say_json},
    sources::Sources,
};

const AFTER: &str = "\
Without --state the plan is for a network on which nothing of ours stands yet. With the file that
`trunkline snapshot` printed, it starts from what the devices of a running controller hold, with
its numbers and what it has learned: the answer is then the controller's own.

The plan is proved by walking the traffic on an independent model of forwarding, as is and under
the failure of every single link.

Examples:
  trunkline plan -n network.yaml -i intents/
  trunkline plan -n network.yaml -i intents/ --state now.json --format markdown > ticket.md

Exit codes: 0 the plan holds, 1 it must not be carried out, or intents have errors, 2 called wrongly.";

/// Show what intents would change: paths, segment lists, queues, device changes; nothing is sent
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct PlanArgs {
    /// The network.
    #[command(flatten)]
    pub network: NetworkFile,
    /// An intent file, or a folder of them; may be given several times
    #[arg(short, long, required = true, value_name = "PATH")]
    pub intents: Vec<PathBuf>,
    /// What a running controller knows, as `trunkline snapshot` printed it
    #[arg(long, value_name = "SNAPSHOT")]
    pub state: Option<PathBuf>,
    /// The moment.
    #[command(flatten)]
    pub at: At,
    /// How the plan is shown
    #[arg(long, value_enum, default_value_t)]
    pub format: PlanFormat,
}

/// How the plan is shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum PlanFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object: plan, report, findings
    Json,
    /// For a change ticket
    Markdown,
}

/// Runs the command.
///
/// # Errors
/// It was called wrongly.
pub fn run(args: &PlanArgs) -> anyhow::Result<ExitCode> {
    match propose(args) {
        Ok(planned) => {
            // The process ends here: giving back the parts of a large plan one by one would take seconds.
            let planned = ManuallyDrop::new(planned);
            show(args.format, &planned)
        }
        Err(Stop::Findings(judged)) if args.format == PlanFormat::Json => {
            say_json(&json!({"findings": draw::sorted(&judged.findings)}))?;
            Ok(ExitCode::from(FOUND))
        }
        Err(stop) => Err(stop.into()),
    }
}

/// A plan and what stands beside it.
struct Planned {
    proposal: Proposal,
    empty: bool,
    /// What schedules have to do with it; empty where the files have none.
    season: String,
    /// Services that do not count, because others claim the same packets at other times.
    left_out: BTreeSet<ServiceId>,
    /// Findings that the report does not have.
    beside: Vec<Finding>,
    sources: Sources,
}

fn propose(args: &PlanArgs) -> Result<Planned, Stop> {
    let progress = progress("reading");
    let understood = offline::understand(&args.network.network, &args.intents, args.at.timestamp())?;
    let Understood { ted, set, documents, findings: mut beside, sources, .. } = understood;
    let Start { view, hints, empty, at } = match &args.state {
        Some(path) => offline::snapshot(path, &ted)?,
        None => offline::empty(&ted),
    };
    let at = args.at.timestamp().or(at);
    let hints = offline::as_of(hints, &set, at);
    let season = season(&set, &hints, at.is_some());
    let windows = hints.windows.clone();
    let left_out = if at.is_none() { hints.resting.clone() } else { BTreeSet::new() };
    progress.set_message("compiling, planning, proving");
    let risks = plan::risks(&ted, &set);
    let proposed = cycle::propose(Arc::clone(&set), &view, hints, &Occasion::Person);
    progress.finish_and_clear();
    match proposed {
        Ok(mut proposal) => {
            beside.extend(unsaid(&proposal));
            for findings in [&mut beside, &mut proposal.report.findings] {
                intents::locate(findings, &documents);
                intents::locate_drained(findings, &documents, &windows);
            }
            proposal.report = proposal.report.risking(risks);
            Ok(Planned { proposal, empty, season, left_out, beside, sources })
        }
        Err(mut findings) => {
            intents::locate(&mut findings, &documents);
            beside.extend(findings);
            Err(Stop::findings(beside, sources))
        }
    }
}

/// Services that are named where there may be many.
const NAMED: usize = 3;

/// What schedules have to do with a plan, in a sentence that goes on behind another.
fn season(set: &IntentSet, hints: &Hints, of_a_moment: bool) -> String {
    let timed = set.services.values().filter(|service| service.when.is_some()).count();
    let windows = set.windows.len();
    if windows + timed == 0 {
        return String::new();
    }
    if !of_a_moment {
        let names: Vec<&str> = hints.resting.iter().take(NAMED).map(ServiceId::as_str).collect();
        let counted = match hints.resting.len() {
            0 => "all of which count".to_owned(),
            many => format!(
                "{many} of which do not count, because others claim the same packets at other times: {}{}",
                names.join(", "),
                if many > NAMED { ", …" } else { "" }
            ),
        };
        return format!(
            " Of no moment (--at has one): services with a `when`: {timed}, {counted}; maintenance windows: {windows}, none open."
        );
    }
    let open: Vec<String> = hints.windows.keys().map(|name| format!("`{name}`")).collect();
    let open = if open.is_empty() { "none".to_owned() } else { open.join(", ") };
    format!(
        " At that moment: maintenance windows open: {open}; services not promised: {}.",
        hints.resting.len()
    )
}

/// Findings of a proposal that its report does not have.
fn unsaid(proposal: &Proposal) -> Vec<Finding> {
    fn key(finding: &Finding) -> (&str, &str, &str) {
        (&finding.code, &finding.subject, &finding.message)
    }
    let mut said: BTreeMap<_, Vec<&Finding>> = BTreeMap::new();
    proposal.report.findings.iter().for_each(|finding| said.entry(key(finding)).or_default().push(finding));
    let is_new = |finding: &&Finding| !said.get(&key(finding)).is_some_and(|said| said.contains(finding));
    proposal.findings.iter().filter(is_new).cloned().collect()
}

/// The plan as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    /// What it starts from: `empty` or `snapshot`.
    state: &'static str,
    plan: &'a Plan,
    report: &'a PlanReport,
    /// Services that do not count, because others claim the same packets at other times and the plan is of no moment.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    left_out: &'a BTreeSet<ServiceId>,
    /// Findings that the report does not have.
    findings: &'a [Finding],
}

fn show(format: PlanFormat, planned: &Planned) -> anyhow::Result<ExitCode> {
    let Planned { proposal, empty, season, left_out, beside, sources } = planned;
    let from = match *empty {
        true => {
            "From an empty network: nothing of ours stands on any device (--state plans from a running controller)."
        }
        false => "From what the snapshot says of the devices.",
    };
    match format {
        PlanFormat::Text => {
            say(&format!("{from}{season}\n\n{}", draw::clean(&proposal.report.text())));
        }
        PlanFormat::Markdown => {
            say(&format!("{}\n{from}{season}\n", draw::clean(&proposal.report.markdown(beside))));
            return Ok(ExitCode::SUCCESS);
        }
        PlanFormat::Json => {
            let state = if *empty { "empty" } else { "snapshot" };
            let (plan, report) = (&proposal.plan, &proposal.report);
            return say_json(&Document { state, plan, report, left_out, findings: beside })
                .map(|()| ExitCode::SUCCESS);
        }
    }
    if !beside.is_empty() {
        say(&format!("\n{}{}", draw::all(beside, sources), draw::count(beside)));
    }
    Ok(ExitCode::SUCCESS)
}

/// A sign of life on a terminal, nothing elsewhere.
fn progress(message: &'static str) -> ProgressBar {
    let progress = ProgressBar::new_spinner().with_message(message);
    progress.enable_steady_tick(Duration::from_millis(100));
    progress
}
