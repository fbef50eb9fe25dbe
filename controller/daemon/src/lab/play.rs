//! A scenario on a lab that is up: intents are applied, hosts send, steps are done to the lab itself, and what was expected is judged by what
//! the lab's controller says. How it is played is the demonstration's way; who does the steps is [`hands`].

mod flows;
mod hands;

use std::{path::PathBuf, process::ExitCode};

use api::request::ApplyRequest;
use clap::Args;
use device::clock;
use formats::code;
use model::{Demands, Finding, Ratio, Span, Timestamp};
use net::{Scenario, Step};
use tokio::time::Instant;

use self::hands::Keeper;
use super::{
    Mode, Read, Which, Wires, call, read, simulated,
    traffic::{self, Offer},
    words::{Answer, Ask, Kept},
};
use crate::{
    args::Format,
    input,
    outcome::Stop,
    play::{Case, Measured, Paper, Piece, Played, Stage, Teller, Told},
    signals::Signals,
    sources::Sources,
};

/// A scenario to play on a lab.
#[derive(Debug, Args)]
pub struct PlayArgs {
    /// Which lab.
    #[command(flatten)]
    pub which: Which,
    /// What happens, and what is expected of the controller: a file of kind Scenario
    pub scenario: PathBuf,
    /// What is promised: intent files, or folders of them
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    pub intents: Vec<PathBuf>,
    /// netns: what hosts send meanwhile, a file of kind Traffic; nothing where absent
    #[arg(long, value_name = "FILE")]
    pub traffic: Option<PathBuf>,
    /// How much of it
    #[arg(long, value_name = "SHARE", default_value = "100%")]
    pub share: Ratio,
    /// Octets of a packet, headers of IP and UDP included
    #[arg(long, value_name = "OCTETS", default_value_t = 1000)]
    pub size: u16,
    /// Where the run is written when it has been played: a page with its picture (.html), or its figures (.json); may be given twice
    #[arg(long, value_name = "FILE")]
    pub report: Vec<PathBuf>,
    /// A line for people, or a JSON object, for each thing that happens
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Plays it, once all files are read and nothing stands against any step. What it left broken is mended at its end, whatever ends it.
///
/// # Errors
/// Files have faults, the lab is not up or cannot do a step, or it could not be played to its end.
pub(super) async fn run(args: &PlayArgs) -> anyhow::Result<ExitCode> {
    // From here on a signal ends it in order.
    let mut signals = Signals::new()?;
    let papers = args.report.iter().map(|path| Paper::at(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let Read { layout, .. } = read(&args.which.file, Wires::WhereNeeded)?;
    let folder = args.which.folder(&layout.lab);
    let Answer::Status(kept) = call::answer(&folder, &layout.lab, &Ask::Status).await? else {
        return Err(call::strange());
    };
    let kept = *kept;
    let (scenario, told) = scenario(args, &layout.ted, &kept)?;
    let (demands, offers) = match &args.traffic {
        None => (Demands::new(), Vec::new()),
        Some(_) if kept.mode == Mode::Process => {
            let message =
                "--traffic: in process mode there are no hosts; say `--traffic` of `trunkline lab up`";
            return Err(Stop::usage(message).into());
        }
        Some(file) => {
            let demands = simulated::demands(file, &layout)?;
            let offers = traffic::offers(&layout, &demands, args.share, args.size)?;
            (demands, offers)
        }
    };
    let Some(door) = kept.controller else {
        return Err(Stop::usage("the lab was made with --bare: no controller runs").into());
    };
    let name = format!("lab {}", layout.lab);
    let case = Case { name, ted: layout.ted, demands, intents: intents(&args.intents)? };
    let teller = Teller::new(args.format == Format::Json, "lab");
    let piece = Piece { scenario, told, papers };
    let keeper = Keeper::new(folder, layout.lab, door, kept.status.lines);
    let mut stage = Stage::new(&teller, &case, keeper);
    let played = tokio::select! {
        good = show(&piece, offers, &mut stage) => good.map(Played::Whole),
        by = signals.next() => {
            stage.say("stopping; what was done to the lab is undone");
            Ok(Played::Stopped(by))
        }
    };
    tokio::select! {
        () = stage.end() => {}
        _ = signals.next() => {}
    }
    played.map(Played::exit_code)
}

/// The show itself, to its summary; whether all went well.
async fn show(piece: &Piece, offers: Vec<Offer>, stage: &mut Stage<'_, Keeper>) -> anyhow::Result<bool> {
    let client = stage.hands.client()?;
    // What was before is none of this run.
    stage.follow(&client, None).await?;
    stage.wait_read(&client).await?;
    let request = ApplyRequest::new(stage.case.intents.clone(), "the intents of the scenario");
    stage.adopt_and_apply(&client, "a scenario is played on the lab", &request).await?;
    stage.wait_kept(&client).await?;
    let sends = !offers.is_empty();
    if sends {
        stage.say(&format!("hosts send {} flows", offers.len()));
        stage.hands.send(offers).await?;
    }
    let outcome = stage.play(&piece.scenario, &client).await?;
    let measured = if sends { measured(stage).await? } else { Measured::default() };
    for figure in &measured.figures {
        stage.say(&format!("{}: {}", figure.name, figure.value));
    }
    stage.conclude(&client, piece, &outcome, measured).await
}

/// Ends what hosts send; what they saw of it, on the time of the scenario.
async fn measured(stage: &mut Stage<'_, Keeper>) -> anyhow::Result<Measured> {
    let (now, to) = (Instant::now(), clock::now());
    let passed = stage.notes.begun().map_or(0, |begun| now.saturating_duration_since(begun).as_micros());
    let from: Timestamp = to - Span::from_micros(u64::try_from(passed).unwrap_or(u64::MAX));
    Ok(flows::measured(&stage.hands.stop().await?, from, to))
}

/// The scenario, if the lab has and can do all that it names.
fn scenario(args: &PlayArgs, ted: &model::Ted, kept: &Kept) -> anyhow::Result<(Scenario, Told)> {
    let text = input::text(&args.scenario)?;
    let name = args.scenario.display().to_string();
    let refused = |findings| Stop::findings(findings, Sources::from([(name.clone(), text.clone())]));
    let scenario = Scenario::read(&name, &text).map_err(refused)?;
    let findings: Vec<Finding> = scenario.check(ted).into_iter().chain(impossible(&scenario, kept)).collect();
    if !findings.is_empty() {
        return Err(refused(findings).into());
    }
    let told = Told::of(name, &text, &scenario);
    Ok((scenario, told))
}

/// The steps that the lab cannot do, and why.
fn impossible(scenario: &Scenario, kept: &Kept) -> Vec<Finding> {
    let steps = (1..).zip(&scenario.steps);
    let refused = steps.filter_map(|(number, step)| {
        let Step::Do { action, .. } = step else { return None };
        Some(scenario.finding(number, code::NOT_IN_THIS_LAB, hands::cannot(action, kept)?))
    });
    refused.collect()
}

/// The texts of intents, by file.
fn intents(paths: &[PathBuf]) -> anyhow::Result<Sources> {
    let read = input::all_intents(paths)?;
    if read.unreadable.is_empty() {
        Ok(read.files)
    } else {
        Err(Stop::findings(read.unreadable, read.files).into())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ground::{lab::Status, record::IgpKind};

    use super::*;

    #[test]
    fn what_a_lab_cannot_do_is_refused_at_its_place_in_the_file() {
        let text = "apiVersion: trunkline/v1\nkind: Scenario\nsteps:\n  - {at: 1s, do: {mode: observe}}\n  \
                    - {at: 1s, do: {surge: voice, to: 300%}}\n  - {expect: {reroutes: 0}, within: 9s}\n";
        let scenario = Scenario::read("s.yaml", text).unwrap();
        let status = Status {
            lab: "l".to_owned(),
            igp: IgpKind::Builtin,
            nodes: BTreeMap::new(),
            lines: BTreeMap::new(),
        };
        let kept = Kept { mode: Mode::Netns, status, controller: None };
        let told: Vec<_> = impossible(&scenario, &kept)
            .iter()
            .map(|one| (one.code.clone(), one.subject.clone(), one.place.as_ref().map(|place| place.line)))
            .collect();
        assert_eq!(told, [("TL0173".to_owned(), "step 2".to_owned(), Some(5))]);
    }
}
