//! The demonstration: routers, faults and controller on this machine, as separate processes that share only sockets and
//! the inventory file. This process starts them, plays the scenario and tells what happens; it judges by what the
//! controller says over its API and nothing else.

mod case;
pub mod files;
mod hand;
mod paper;
mod play;
pub mod process;
mod record;
mod summary;
mod tell;

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::bail;
use api::{ApiError, Client, Token, request::ApplyRequest};
use clap::Args;
use net::Scenario;
use tokio::time::{Instant, sleep};

use self::{
    case::{Case, Told},
    files::Folder,
    paper::Paper,
    play::Stage,
    process::{Controller, Forwarding, Routers},
    tell::Teller,
};
use crate::{
    args::Format,
    outcome::Stop,
    signals::{Ended, Signals},
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

/// What is played, what its file says to people, and what is written about it.
struct Piece {
    scenario: Scenario,
    told: Told,
    papers: Vec<Paper>,
}

/// The longest that starting may take.
const START: Duration = Duration::from_secs(120);

/// How a run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ending {
    /// It was played to its end, well or not.
    Played(bool),
    /// A signal ended it before.
    Stopped(Ended),
}

impl Ending {
    fn exit_code(self) -> ExitCode {
        match self {
            Self::Played(true) => ExitCode::SUCCESS,
            Self::Played(false) => ExitCode::FAILURE,
            Self::Stopped(by) => ExitCode::from(by.exit_code()),
        }
    }
}

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
    let scenario = case::fitted(scenario, &told.name, args.seed, &case.ted)?;
    let args = DemoArgs { listen: free(args.listen)?, ..args };
    let teller = Teller::new(args.format == Format::Json);
    let folder = Folder::make(args.folder.as_deref())?;
    let mut stage = Stage::new(&teller, args.listen, &case);
    let piece = Piece { scenario, told, papers };
    let ended = match folder.write(&case.ted, &case.demands, &BTreeSet::new(), args.listen) {
        Ok(written) => whole(&args, &written, &teller, piece, &mut stage, &mut signals).await,
        Err(error) => Err(error),
    };
    tokio::select! {
        () = stage.end() => {}
        // A second signal: what is not ended yet is killed as it is dropped.
        _ = signals.next() => {}
    }
    match ended {
        Ok(Ending::Played(true) | Ending::Stopped(_)) => folder.leave(),
        Ok(Ending::Played(false)) | Err(_) => {
            eprintln!("the logs are {0}/controller.log and {0}/routers.log", folder.path().display());
        }
    }
    ended.map(Ending::exit_code)
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
    teller: &Teller,
    piece: Piece,
    stage: &mut Stage<'_>,
    signals: &mut Signals,
) -> anyhow::Result<Ending> {
    let good = tokio::select! {
        good = show(args.listen, written, teller, piece, stage) => good?,
        by = signals.next() => {
            teller.say("stopping");
            return Ok(Ending::Stopped(by));
        }
    };
    if args.scenario.is_none() {
        teller.say(&format!("the dashboard stays at http://{}; Ctrl-C ends it", args.listen));
        tokio::select! {
            gone = stage.linger() => gone?,
            _ = signals.next() => teller.say("stopping"),
        }
    }
    Ok(Ending::Played(good))
}

/// The show itself, to its summary; whether all went well.
async fn show(
    listen: SocketAddr,
    written: &files::Written,
    teller: &Teller,
    piece: Piece,
    stage: &mut Stage<'_>,
) -> anyhow::Result<bool> {
    let Piece { scenario, told, papers } = piece;
    let begun = Instant::now();
    stage.routers = Some(Routers::start(written, Forwarding::Simulated).await?);
    teller.say(&format!("{} routers run, {:.1} s", stage.count(), begun.elapsed().as_secs_f64()));
    stage.controller = Some(Controller::start(written)?);
    let token = written.state.join("token");
    let client = connect(listen, &token, stage).await?;
    teller.say(&format!("dashboard: http://{listen}"));
    teller.say(&format!("changes need the token in {}", token.display()));
    stage.follow(&client).await?;
    stage.wait_in_sync().await?;
    let why = format!("the intents of the {} case", stage.case.name);
    let request = ApplyRequest::new(stage.case.intents.clone(), why);
    let applied = stage
        .meanwhile(async {
            client.adopt("the demonstration's own network").await?;
            client.apply(&request).await
        })
        .await??;
    teller.applied(&applied);
    stage.wait_kept(&client).await?;
    let outcome = stage.play(scenario, &client, written).await?;
    let summary = stage.sum_up(&client, &outcome).await?;
    if let Some(run) = stage.report(&told, &outcome, &summary) {
        for paper in &papers {
            paper.write(&run)?;
            teller.say(&format!("report: {}", paper.path().display()));
        }
    }
    teller.summary(&summary);
    Ok(summary.is_good(&outcome))
}

/// Waits for the controller's API; its token is in its state folder.
async fn connect(listen: SocketAddr, token: &Path, stage: &mut Stage<'_>) -> anyhow::Result<Client> {
    let until = Instant::now() + START;
    loop {
        if let Some(ended) = stage.controller.as_mut().and_then(Controller::ended) {
            bail!("the controller did not start: {ended}");
        }
        if let Ok(token) = Token::load(token) {
            let client = Client::new(&format!("http://{listen}"), Some(token))?.as_user("demo");
            if client.state().await.is_ok() {
                return Ok(client);
            }
        }
        if Instant::now() > until {
            bail!("the controller's API did not answer within {} s", START.as_secs());
        }
        sleep(Duration::from_millis(50)).await;
    }
}
