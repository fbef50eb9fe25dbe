//! The demonstration: routers, faults and controller on this machine, as separate processes that share only sockets and
//! the inventory file. This process starts them, plays the scenario and tells what happens; it judges by what the
//! controller says over its API and nothing else.

mod act;
mod case;
pub mod files;
mod hand;
pub mod process;

use std::{collections::BTreeSet, net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::bail;
use api::{ApiError, request::ApplyRequest};
use clap::Args;
use tokio::time::Instant;

use self::{
    act::Processes,
    files::Folder,
    process::{Controller, Forwarding, Routers},
};
use crate::{
    args::Format,
    outcome::Stop,
    play::{Case, Measured, Paper, Piece, Played, Stage, Teller, fitted},
    signals::Signals,
};

/// What the demonstration shows.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// How many routers, from 61 to 120; the whole case of 120 where absent. Fewer: branches are left out
    #[arg(long, value_name = "N")]
    pub routers: Option<usize>,
    /// Where the dashboard is; loopback only; port 0 takes one that is free
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// What happens, and what is expected of the controller; it ends with a summary then
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Another case than CEB: a folder with network.yaml, traffic.yaml, and intents in other YAML files
    #[arg(long, value_name = "DIR", requires = "scenario", conflicts_with = "routers")]
    pub case: Option<PathBuf>,
    /// Another line, time and class for the scenario, chosen by this number
    #[arg(long, value_name = "N", requires = "scenario")]
    pub seed: Option<u64>,
    /// Where the run is written when it has been played: a page with its picture (.html), or its figures (.json); may be given twice
    #[arg(long, value_name = "FILE")]
    pub report: Vec<PathBuf>,
    /// Where files, keys and logs lie; a folder for this run alone where absent, which goes with it
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// A line for people, or a JSON object, for each thing that happens
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// The longest that starting may take.
const START: Duration = Duration::from_secs(120);

/// Runs the demonstration. Whatever ends it, what it started is ended and its own folder goes; the folder stays where
/// something went wrong, for its logs.
///
/// # Errors
/// It cannot run.
pub async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    // From here on a signal ends it in order, also while it starts.
    let mut signals = Signals::new()?;
    let papers = args.report.iter().map(|path| Paper::at(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let (scenario, told) = case::read_scenario(args.scenario.as_deref())?;
    let case = match &args.case {
        Some(folder) => Case::read(folder)?,
        None => Case::ceb(args.routers, &scenario)?,
    };
    let scenario = fitted(scenario, &told.name, args.seed, &case.ted)?;
    let args = DemoArgs { listen: free(args.listen)?, ..args };
    let teller = Teller::new(args.format == Format::Json, "demo");
    let folder = Folder::make(args.folder.as_deref())?;
    let piece = Piece { scenario, told, papers };
    let ended = match folder.write(&case.ted, &case.demands, &BTreeSet::new(), args.listen) {
        Ok(written) => {
            let mut stage = Stage::new(&teller, &case, Processes::new(&written, args.listen));
            let ended = whole(&args, &written, piece, &mut stage, &mut signals).await;
            tokio::select! {
                () = stage.end() => {}
                // A second signal: what is not ended yet is killed as it is dropped.
                _ = signals.next() => {}
            }
            ended
        }
        Err(error) => Err(error),
    };
    match ended {
        Ok(Played::Whole(true) | Played::Stopped(_)) => folder.leave(),
        Ok(Played::Whole(false)) | Err(_) => {
            eprintln!("the logs are {0}/controller.log and {0}/routers.log", folder.path().display());
        }
    }
    ended.map(Played::exit_code)
}

/// The dashboard's address, if it can be had; port 0 is any that is free. Who listens there already would be taken for our controller,
/// and be shown its token.
pub fn free(listen: SocketAddr) -> anyhow::Result<SocketAddr> {
    if !listen.ip().is_loopback() {
        return Err(Stop::usage(ApiError::NotLoopback(listen).to_string()).into());
    }
    std::net::TcpListener::bind(listen).and_then(|tried| tried.local_addr()).map_err(|error| {
        anyhow::anyhow!(
            "the dashboard cannot listen on {listen}: {error}; choose another address with --listen"
        )
    })
}

/// Starts everything, plays, and sums up; without a scenario of the caller's it goes on until it is stopped.
async fn whole(
    args: &DemoArgs,
    written: &files::Written,
    piece: Piece,
    stage: &mut Stage<'_, Processes<'_>>,
    signals: &mut Signals,
) -> anyhow::Result<Played> {
    let good = tokio::select! {
        good = show(args.listen, written, piece, stage) => good?,
        by = signals.next() => {
            stage.say("stopping");
            return Ok(Played::Stopped(by));
        }
    };
    if args.scenario.is_none() {
        stage.say(&format!("the dashboard stays at http://{}; Ctrl-C ends it", args.listen));
        tokio::select! {
            gone = linger(stage) => gone?,
            _ = signals.next() => stage.say("stopping"),
        }
    }
    Ok(Played::Whole(good))
}

/// The show itself, to its summary; whether all went well.
async fn show(
    listen: SocketAddr,
    written: &files::Written,
    piece: Piece,
    stage: &mut Stage<'_, Processes<'_>>,
) -> anyhow::Result<bool> {
    let begun = Instant::now();
    stage.hands.routers = Some(Routers::start(written, Forwarding::Simulated).await?);
    stage.say(&format!("{} routers run, {:.1} s", stage.count(), begun.elapsed().as_secs_f64()));
    stage.hands.controller = Some(Controller::start(written)?);
    let client = stage.hands.connect().await?;
    stage.say(&format!("dashboard: http://{listen}"));
    stage.say(&format!("changes need the token in {}", written.state.join("token").display()));
    stage.follow(&client, Some(0)).await?;
    stage.wait_in_sync().await?;
    stage.cold_start = stage.hands.controller.as_ref().map(|controller| controller.begun.elapsed());
    let why = format!("the intents of the {} case", stage.case.name);
    let request = ApplyRequest::new(stage.case.intents.clone(), why);
    stage.adopt_and_apply(&client, "the demonstration's own network", &request).await?;
    stage.wait_kept(&client).await?;
    let outcome = stage.play(&piece.scenario, &client).await?;
    stage.conclude(&client, &piece, &outcome, Measured::default()).await
}

/// Goes on telling until the caller drops it.
async fn linger(stage: &mut Stage<'_, Processes<'_>>) -> anyhow::Result<()> {
    loop {
        stage.next(Instant::now() + Duration::from_secs(60)).await?;
        if let Some(ended) = stage.hands.routers.as_mut().and_then(Routers::ended) {
            bail!("the routers ended: {ended}");
        }
    }
}
