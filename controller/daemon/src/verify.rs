//! `trunkline verify`: the gate of a pipeline. Every promise under every failure that is asked for, and what breaks it; against an
//! earlier answer, only what a change made worse.

mod baseline;
mod junit;
mod moment;
mod text;
mod ways;
mod windows;

use std::{
    num::NonZero,
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
};

use clap::{Args, ValueEnum};
use engine::stages;
use indicatif::{ProgressBar, ProgressStyle};
use intents::{
    Compilation,
    repair::{self, Repairs},
};
use model::{Allocations, Finding, Hints, IntentSet, Ted, Timestamp};
use plan::{
    Exceptions,
    verify::{
        self as core, FailureKind, Question, Verification,
        baseline::{Against, Incomparable},
    },
};
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
Every service is judged as the network is, and under every failure of the kinds of --failures: link,
node, srlg (all that shares a risk), two-links (every link and every pair), none. Traffic is walked on
an independent model of forwarding, as routers forward it before the controller could help. A promise
is kept where the traffic arrives within delay, jitter, loss and bandwidth, over encrypted lines where
that is promised; it may leave its policy once path and backup are both hit. A service ends nowhere
else while its own router is down, so that this is not asked.

A violation is named by the smallest failures that cause it: no pair is told of which one link breaks
the promise alone. Where nothing is left between the ends, or nothing as quick as promised, no plan can
help; that is told apart and counts as broken, unless --accept-unavoidable is given.

PLAN of --baseline is what `trunkline verify --format json` wrote on the target branch, with at least
the same failures. Then only what is worse than there is shown, and counts.

Each maintenance window is judged beside: the network as the controller plans it around what is worked
on, and then with that down. With --at the promises are those of that moment, with the windows that are
open drained; windows that are over then are not judged. Without it all promises count at once, but for
those that claim the same packets at different times: then each choice of services that are promised at
the same time is judged by itself, and the worst is told.

--fast-reroute tells beside where the traffic of each link goes in the moment after it fails, while the
routers next to it lead it around (TI-LFA), and what is lost or too full then; that breaks no promise.

Examples:
  trunkline verify -n network.yaml -i intents/
  trunkline verify -n lab/ceb.clab.yml -i intents/ --failures link,srlg,node --format junit > verify.xml
  trunkline verify -n network.yaml -i intents/ --failures two-links --accept-unavoidable
  trunkline verify -n network.yaml -i intents/ --service payments-br-1       with the ways that it takes
  trunkline verify -n network.yaml -i intents/ --format json > main.json     on the target branch
  trunkline verify -n network.yaml -i intents/ --baseline main.json          on the branch to merge

Exit codes: 0 all hold (with --baseline: nothing is worse), 1 some break, or files have errors, 2
called wrongly.";

/// Judge every promise under every failure, for a pipeline: what breaks it, why, and what to do
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct VerifyArgs {
    /// The network.
    #[command(flatten)]
    pub network: NetworkFile,
    /// An intent file, or a folder of them; may be given several times
    #[arg(short, long, required = true, value_name = "PATH")]
    pub intents: Vec<PathBuf>,
    /// What may fail: none, link, node, srlg, two-links; several by commas, or given again
    #[arg(long, value_name = "KIND", value_delimiter = ',', default_values = ["link", "srlg"])]
    pub failures: Vec<FailureKind>,
    /// Show only what is worse than in this answer of `verify --format json`
    #[arg(long, value_name = "PLAN")]
    pub baseline: Option<PathBuf>,
    /// What a running controller knows, as `trunkline snapshot` printed it
    #[arg(long, value_name = "SNAPSHOT")]
    pub state: Option<PathBuf>,
    /// The moment.
    #[command(flatten)]
    pub at: At,
    /// Show in text the ways that a service, or every service of an intent, takes without failure and under each that moves it
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// Tell also what each link's failure loads in the moment before routers switch to backups (TI-LFA)
    #[arg(long)]
    pub fast_reroute: bool,
    /// Do not count what no plan can help
    #[arg(long)]
    pub accept_unavoidable: bool,
    /// How the answer is shown
    #[arg(long, value_enum, default_value_t)]
    pub format: VerifyFormat,
}

/// How the answer is shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum VerifyFormat {
    /// For people
    #[default]
    Text,
    /// For programs, and for --baseline
    Json,
    /// JUnit XML: a suite for each intent, a case for each service and kind of failure
    Junit,
}

/// An answer and what it is an answer to.
struct Verified {
    verification: Verification,
    against: Option<Against>,
    empty: bool,
    accept: bool,
    /// Of which service or intent the ways are shown.
    service: Option<String>,
    /// How many choices of services were judged, each by itself.
    choices: usize,
    /// How the failures of links fare in their first moment, where that is asked for.
    repairs: Option<Repairs>,
}

/// More choices of services are not judged: each costs as much as all services at once.
const MOST_CHOICES: usize = 64;

/// The answer as a file. `against` stands there where only what is worse is told: such a file is no baseline.
#[derive(Serialize)]
struct Document<'v> {
    kind: &'static str,
    version: u8,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<Against>,
    /// How many choices of services were judged, where not all could be at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    choices: Option<usize>,
    #[serde(rename = "fastReroute", skip_serializing_if = "Option::is_none")]
    repairs: Option<&'v Repairs>,
    #[serde(flatten)]
    verification: &'v Verification,
}

/// Runs the command.
///
/// # Errors
/// It was called wrongly, or the network cannot be walked.
pub fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let verified = match verified(args) {
        Ok(verified) => verified,
        Err(Stop::Findings(judged)) if args.format != VerifyFormat::Text => {
            let findings = draw::sorted(&judged.findings);
            match args.format {
                VerifyFormat::Junit => say(&junit::findings(&findings)?),
                _ => say_json(&json!({"findings": findings}))?,
            }
            return Ok(ExitCode::from(FOUND));
        }
        Err(stop) => return Err(stop.into()),
    };
    match args.format {
        VerifyFormat::Text => say(&text::render(&verified)),
        VerifyFormat::Junit => say(&junit::render(&verified)?),
        VerifyFormat::Json => say_json(&Document {
            kind: baseline::KIND,
            version: baseline::VERSION,
            state: if verified.empty { "empty" } else { "snapshot" },
            against: verified.against,
            choices: Some(verified.choices).filter(|choices| *choices > 1),
            repairs: verified.repairs.as_ref(),
            verification: &verified.verification,
        })?,
    }
    let holds = verified.verification.holds(verified.accept);
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

fn verified(args: &VerifyArgs) -> Result<Verified, Stop> {
    let before = args.baseline.as_deref().map(baseline::read).transpose()?;
    let asked = args.at.timestamp();
    let named = args.service.as_deref();
    let snapshot = offline::known(args.state.as_deref())?;
    let Understood { ted, set, sources, findings, of_network, .. } =
        offline::understand(&args.network.network, &args.intents, asked, snapshot.as_ref())?;
    // A line that is not what its author meant, or of which nobody wrote what is promised of it, makes every answer wrong; `check` has
    // the other warnings.
    let is_doubt = |(place, finding): &(usize, &Finding)| {
        *place < of_network || finding.code == intents::codes::UNWRITTEN_VALUE
    };
    let doubts: Vec<Finding> =
        findings.iter().enumerate().filter(is_doubt).map(|(_, finding)| finding.clone()).collect();
    if !doubts.is_empty() {
        eprint!("{}", draw::all(&doubts, &sources));
    }
    // Before the network is walked, which takes its time.
    if let (Some(before), Some(path)) = (&before, &args.baseline) {
        let named = before.named_in(&ted).map_err(|error| incomparable(path, &error))?;
        if let Some(doubt) = named.doubt() {
            eprintln!("warning: --baseline {}: {doubt}", path.display());
        }
    }
    let is_named = |service: &model::Service| {
        named.is_none_or(|name| service.id.as_str() == name || service.intent.as_str() == name)
    };
    if named.is_some() && !set.services.values().any(is_named) {
        let name = named.unwrap_or_default();
        return Err(Stop::usage(format!("--service {name}: there is no intent or service of this name")));
    }
    let Start { view, hints: known, empty, at } = offline::start(snapshot, &ted, asked)?;
    let at = asked.or(at);
    // A service that compilation refuses is a broken promise, and no reason to say nothing of all others.
    let ids = stages::number(&set, &view.ids).map_err(|findings| Stop::findings(findings, sources))?;
    let choices = choices(&set, &known, at)?;
    let measured = plan::overlay(&ted, &offline::as_of(known.clone(), &set, at));
    let standing = view.exceptions.told();
    if !standing.is_empty() {
        // What is judged is the network with them.
        eprint!("{}", draw::all(&standing, &Sources::new()));
    }
    let given = Given { ids: &ids, exceptions: &view.exceptions };
    let (mut verification, repairs) = walked(&set, (&ted, &measured), given, &choices, args)?;
    verification.windows = windows::judge(&set, &ted, &known, given, at)?;
    let against = match (&before, &args.baseline) {
        (Some(before), Some(path)) => {
            Some(verification.against(before, &measured).map_err(|error| incomparable(path, &error))?)
        }
        _ => None,
    };
    let (accept, service, choices) = (args.accept_unavoidable, args.service.clone(), choices.len());
    Ok(Verified { verification, against, empty, accept, service, choices, repairs })
}

/// The numbers that were given, and what people accepted on routers otherwise than the intents ask for.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    ids: &'a Allocations,
    exceptions: &'a Exceptions,
}

impl Given<'_> {
    /// What routers will really hold.
    fn compile(self, set: &IntentSet, ted: &Ted, hints: &Hints) -> Compilation {
        let mut compiled = intents::compile(set, ted, hints, self.ids);
        self.exceptions.lay(&mut compiled.desired);
        compiled
    }
}

/// Each choice judged, as one answer; and its first moments, where they are asked for. The network is given as its file says, by which
/// paths are chosen, and as it is measured.
fn walked(
    set: &IntentSet,
    (ted, measured): (&Ted, &Ted),
    given: Given<'_>,
    choices: &[Hints],
    args: &VerifyArgs,
) -> Result<(Verification, Option<Repairs>), Stop> {
    let kinds = args.failures.as_slice();
    let bar = bar(choices.len() * core::size(measured, kinds));
    let (mut whole, mut repairs): (Option<Verification>, Option<Repairs>) = (None, None);
    for hints in choices {
        let promised = stages::promised(set, hints);
        let compiled = given.compile(set, ted, hints);
        let question = Question {
            desired: &compiled.desired,
            set: &promised,
            verdicts: &compiled.verdicts,
            demands: &compiled.demands,
            ted: measured,
            kinds,
            threads: thread::available_parallelism().map_or(1, NonZero::get),
        };
        let part = core::verify(&question, &|more| bar.inc(more as u64))
            .map_err(|error| Stop::usage(error.to_string()))?;
        match &mut whole {
            Some(whole) => whole.join(part),
            None => whole = Some(part),
        }
        if !args.fast_reroute {
            continue;
        }
        let part = repair::repairs(&compiled, set, ted, &hints.down)
            .map_err(|error| Stop::usage(error.to_string()))?;
        match &mut repairs {
            Some(whole) => whole.join(part),
            None => repairs = Some(part),
        }
    }
    bar.finish_and_clear();
    Ok((whole.unwrap_or_default(), repairs))
}

/// What is judged, each by itself: the promises of a moment, or all promises at once. Where some claim the same packets at different times
/// they cannot count at once: then each choice of services that are promised at some time.
fn choices(set: &IntentSet, known: &Hints, at: Option<Timestamp>) -> Result<Vec<Hints>, Stop> {
    let hints = offline::as_of(known.clone(), set, at);
    let Some(one) = hints.resting.first().filter(|_| at.is_none()) else { return Ok(vec![hints]) };
    let Some(ever) = set.resting_ever(MOST_CHOICES) else {
        return Err(Stop::usage(format!(
            "`{one}` claims the same packets as another service does at other times, so that not all can be judged at once, and there are more \
             than {MOST_CHOICES} choices of services that are promised at the same time: give a moment by --at"
        )));
    };
    Ok(ever.into_iter().map(|resting| Hints { resting, ..hints.clone() }).collect())
}

fn incomparable(path: &Path, why: &Incomparable) -> Stop {
    Stop::usage(format!("--baseline {}: {why}", path.display()))
}

/// How far it is, on a terminal; nothing elsewhere.
fn bar(failures: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos} of {len} failures, {eta} left")
        .expect("a template that a test has tried");
    ProgressBar::new(failures as u64).with_message("verifying").with_style(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_can_be_drawn() {
        assert_eq!(bar(7).length(), Some(7));
    }
}
