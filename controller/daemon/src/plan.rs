//! `trunkline plan`: what intents would change, worked out and proved as the controller does it. Nothing is sent.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem::ManuallyDrop,
    num::NonZero,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    thread,
    time::Duration,
};

use clap::{Args, ValueEnum};
use engine::{
    balance, cycle,
    handle::Refusal,
    stages::{Occasion, Proposal, View},
};
use indicatif::ProgressBar;
use intents::balance::{Balanced, Limits};
use model::{Finding, Hints, IntentSet, Plan, ServiceId, Timestamp};
use plan::PlanReport;
use serde::Serialize;
use serde_json::json;

use crate::{
    args::{At, Moves, NetworkFile},
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

With --optimise services leave links that promised bandwidth fills most: few moves, each compiled with
all constraints and proved, and a proof of how low any arrangement could bring the fullest link. The
moves stand in front of the plan, which then has them in it.

Examples:
  trunkline plan -n network.yaml -i intents/
  trunkline plan -n network.yaml -i intents/ --state now.json --format markdown > ticket.md
  trunkline plan -n network.yaml -i intents/ --state now.json --optimise --moves 3
  trunkline plan -n network.yaml -i intents/ --state now.json --optimise --relieve core-7 --goal 60%

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
    /// Move services off full links, with a proof of how good that is
    #[arg(long)]
    pub optimise: bool,
    /// How far that may go.
    #[command(flatten)]
    pub moves: Moves,
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
    /// The moves that were asked for.
    balanced: Option<Balanced>,
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
    if args.moves.is_said() && !args.optimise {
        let message = "--moves, --relieve, --goal and --effort say how far --optimise goes: add --optimise";
        return Err(Stop::usage(message));
    }
    let progress = progress("reading");
    let known = offline::known(args.state.as_deref())?;
    let (network, at) = (&args.network.network, args.at.timestamp());
    let understood = offline::understand(network, &args.intents, at, known.as_ref())?;
    let Understood { ted, set, documents, findings: mut beside, sources, .. } = understood;
    let Start { view, hints, empty, at } = offline::start(known, &ted, at)?;
    let at = args.at.timestamp().or(at);
    let hints = offline::as_of(hints, &set, at);
    let season = season(&set, &hints, at.is_some());
    let windows = hints.windows.clone();
    let left_out = if at.is_none() { hints.resting.clone() } else { BTreeSet::new() };
    progress.set_message("compiling, planning, proving");
    let risks = plan::risks(&ted, &set);
    let limits = args.optimise.then(|| args.moves.limits());
    let proposed = worked_out(&set, &view, hints, limits.as_ref(), at.unwrap_or_default())?;
    progress.finish_and_clear();
    match proposed {
        Ok((mut proposal, balanced)) => {
            beside.extend(unsaid(&proposal));
            for findings in [&mut beside, &mut proposal.report.findings] {
                intents::locate(findings, &documents);
                intents::locate_drained(findings, &documents, &windows);
            }
            proposal.report = proposal.report.risking(risks);
            Ok(Planned { proposal, balanced, empty, season, left_out, beside, sources })
        }
        Err(mut findings) => {
            intents::locate(&mut findings, &documents);
            beside.extend(findings);
            Err(Stop::findings(beside, sources))
        }
    }
}

/// What a plan comes to, or what stands against it.
type WorkedOut = Result<(Proposal, Option<Balanced>), Vec<Finding>>;

/// The change, with services moved off full links where limits for that are given.
fn worked_out(
    set: &Arc<IntentSet>,
    view: &View,
    hints: Hints,
    limits: Option<&Limits>,
    at: Timestamp,
) -> Result<WorkedOut, Stop> {
    let occasion = Occasion::Person;
    let balanced = limits.map(|limits| balance::work_out(set, view, &hints, &occasion, limits, at, &|| true));
    let (balanced, hints) = match balanced.transpose() {
        Ok(Some((balanced, moved))) => (Some(balanced), moved),
        Ok(None) => (None, hints),
        Err(Refusal::Findings { findings }) => return Ok(Err(findings)),
        Err(other) => return Err(Stop::usage(format!("--relieve: {other} in the network"))),
    };
    Ok(cycle::propose(Arc::clone(set), view, hints, &occasion).map(|proposal| (proposal, balanced)))
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
    /// Which services leave which links, where that was asked for; the plan has them in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    optimisation: Option<&'a Balanced>,
    plan: &'a Plan,
    report: &'a PlanReport,
    /// Services that do not count, because others claim the same packets at other times and the plan is of no moment.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    left_out: &'a BTreeSet<ServiceId>,
    /// Findings that the report does not have.
    findings: &'a [Finding],
}

fn show(format: PlanFormat, planned: &Planned) -> anyhow::Result<ExitCode> {
    let Planned { proposal, balanced, empty, season, left_out, beside, sources } = planned;
    let from = match *empty {
        true => {
            "From an empty network: nothing of ours stands on any device (--state plans from a running controller)."
        }
        false => "From what the snapshot says of the devices.",
    };
    match format {
        PlanFormat::Text => {
            let moves = balanced.as_ref().map_or_else(String::new, |balanced| balanced.text() + "\n");
            say(&draw::clean(&format!("{from}{season}\n\n{moves}")));
            let threads = thread::available_parallelism().map_or(1, NonZero::get);
            proposal.report.each_piece(threads, &mut |piece| {
                // One that has nothing to say is no empty line.
                if !piece.is_empty() {
                    say(&draw::clean(piece));
                }
            });
        }
        PlanFormat::Markdown => {
            let ticket = ticket(balanced.as_ref(), &proposal.report.markdown(beside));
            say(&draw::clean(&format!("{ticket}\n{from}{season}\n")));
            return Ok(ExitCode::SUCCESS);
        }
        PlanFormat::Json => {
            let state = if *empty { "empty" } else { "snapshot" };
            let (plan, report) = (&proposal.plan, &proposal.report);
            let optimisation = balanced.as_ref();
            return say_json(&Document { state, optimisation, plan, report, left_out, findings: beside })
                .map(|()| ExitCode::SUCCESS);
        }
    }
    if !beside.is_empty() {
        say(&format!("\n{}{}", draw::all(beside, sources), draw::count(beside)));
    }
    Ok(ExitCode::SUCCESS)
}

/// The report with the moves behind its title.
fn ticket(balanced: Option<&Balanced>, report: &str) -> String {
    let Some(balanced) = balanced else { return report.to_owned() };
    let (title, rest) = report.split_once('\n').unwrap_or((report, ""));
    format!("{title}\n\n{}{rest}", balanced.markdown())
}

/// A sign of life on a terminal, nothing elsewhere.
fn progress(message: &'static str) -> ProgressBar {
    let progress = ProgressBar::new_spinner().with_message(message);
    progress.enable_steady_tick(Duration::from_millis(100));
    progress
}
