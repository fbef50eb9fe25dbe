//! `trunkline check`: judges intent files. With a network everything up to the paths is judged, without one what the files
//! say by themselves.

mod sarif;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use engine::stages;
use model::{Allocations, Finding, Hints, Timestamp};
use owo_colors::{OwoColorize as _, Stream};
use serde::Serialize;

use crate::{
    args::At,
    draw, input,
    input::{Intents, LeftOut},
    offline::{self, Understood},
    outcome::{FOUND, Judged, Stop, USAGE, say, say_json},
};

const AFTER: &str = "\
In a folder all files *.yaml and *.yml below it are judged, but for hidden ones. Left out and named
are containerlab files, what is no file, and files of which every document is something else: of
the kinds Network, Inventory, Controller, Scenario, Traffic or Routers, or of another apiVersion.

Without a network (-n), spelling, units, names and references among the files are judged. With
one, so are nodes, selectors, objectives and whether the network can carry everything.

Examples:
  trunkline check intents/ -n network.yaml
  trunkline check services.yaml --format json
  trunkline check intents/ -n lab/ceb.clab.yml --format sarif > findings.sarif

Exit codes: 0 no errors (warnings are none), 1 errors, 2 called wrongly, or something could not be
read: the rest is judged all the same.";

/// Judge intent files: every fault at once, drawn on its source
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct CheckArgs {
    /// Intent files, or folders of them
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The network that the intents are for: containerlab, native, or RFC 8345
    #[arg(short, long, value_name = "FILE")]
    pub network: Option<PathBuf>,
    /// The moment.
    #[command(flatten)]
    pub at: At,
    /// How findings are shown
    #[arg(long, value_enum, default_value_t)]
    pub format: CheckFormat,
}

/// How findings are shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum CheckFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, for code review tools
    Sarif,
}

/// What was looked at, for the last line.
struct Verdict {
    judged: Judged,
    looked_at: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'f> {
    errors: usize,
    findings: Vec<&'f Finding>,
    /// What stands in the folders and was not judged.
    left_out: &'f [LeftOut],
    /// What could not be read, and why.
    failed: &'f [String],
}

/// Runs the command.
///
/// # Errors
/// It was called wrongly.
pub fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    if args.network.is_none() && args.at.at.is_some() {
        let why = "--at asks how the network is then: give the network by -n";
        return Err(Stop::usage(why.to_owned()).into());
    }
    let mut read = input::intents(&args.paths)?;
    let (mut left_out, mut failed) = (std::mem::take(&mut read.left_out), std::mem::take(&mut read.failed));
    // The network may stand beside its intents: it is read, and not left out.
    left_out.retain(|left| !args.network.as_ref().is_some_and(|network| left.is(network)));
    if let Some(line) = input::empty_ones(&read.files) {
        eprintln!("{}", draw::clean(&line));
    }
    // Without its network, what the files say by themselves is judged.
    let network = args.network.as_ref().filter(|network| match input::is_there(network) {
        Ok(()) => true,
        Err(why) => {
            failed.push(why);
            false
        }
    });
    // What cannot be read is told also where nothing can be judged.
    let verdict = judged(network, read, args.at.timestamp()).inspect_err(|_| tell(&failed))?;
    let findings = &verdict.judged.findings;
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    match args.format {
        CheckFormat::Text => text(&verdict, &left_out),
        CheckFormat::Json => {
            let (left_out, failed) = (&left_out, &failed);
            say_json(&Summary { errors, findings: draw::sorted(findings), left_out, failed })?;
        }
        CheckFormat::Sarif => say_json(&sarif::log(&verdict.judged))?,
    }
    tell(&failed);
    Ok(match (failed.is_empty(), errors) {
        (true, 0) => ExitCode::SUCCESS,
        (true, _) => ExitCode::from(FOUND),
        (false, _) => ExitCode::from(USAGE),
    })
}

/// Judges intents, against a network where there is one.
fn judged(network: Option<&PathBuf>, read: Intents, at: Option<Timestamp>) -> Result<Verdict, Stop> {
    let Some(network) = network else { return alone(read) };
    match offline::understood(network, read, at) {
        Ok(understood) => Ok(whole(understood, at)),
        Err(Stop::Findings(judged)) => Ok(Verdict { judged: *judged, looked_at: String::new() }),
        Err(stop) => Err(stop),
    }
}

/// Says what could not be read.
fn tell(failed: &[String]) {
    for why in failed {
        eprintln!("error: {}", draw::clean(why));
    }
}

fn text(Verdict { judged, looked_at }: &Verdict, left_out: &[LeftOut]) {
    let count = draw::count(&judged.findings);
    let line = if looked_at.is_empty() { count } else { format!("{count} in {looked_at}") };
    let left_out = input::left_out(left_out).map(|line| format!("\n{line}")).unwrap_or_default();
    say(&(draw::all(&judged.findings, &judged.sources)
        + &line.if_supports_color(Stream::Stdout, |line| line.bold()).to_string()
        + &left_out));
}

/// Judges with a network, up to the paths: on the network as its file says, with all numbers new.
fn whole(understood: Understood, at: Option<Timestamp>) -> Verdict {
    let Understood { ted, set, documents, mut findings, sources, files, .. } = understood;
    let hints = offline::as_of(Hints::default(), &set, at);
    let compiled = stages::number(&set, &Allocations::default())
        .map(|ids| intents::compile_new(&set, &ted, &hints, &ids).findings);
    let mut late = compiled.unwrap_or_else(|findings| findings);
    intents::locate(&mut late, &documents);
    intents::locate_drained(&mut late, &documents, &hints.windows);
    findings.extend(late);
    let looked_at = format!(
        "{}: {} against {} nodes and {} links",
        plural(files, "file"),
        plural(set.services.len(), "service"),
        ted.nodes.len(),
        ted.links.len()
    );
    Verdict { judged: Judged { findings, sources }, looked_at }
}

/// Judges without a network what does not need one.
fn alone(read: Intents) -> Result<Verdict, Stop> {
    let count = read.count();
    let Intents { files, unreadable, .. } = read;
    let reading = offline::reading(&files, unreadable);
    offline::must_hold(&files, &reading)?;
    let findings = intents::judge_alone(&reading);
    let looked_at =
        format!("{}; nodes, objectives and paths are judged with a network (-n)", plural(count, "file"));
    Ok(Verdict { judged: Judged { findings, sources: files }, looked_at })
}

pub fn plural(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
