//! The demonstration: routers, faults and controller on this machine, as separate processes that share only sockets and
//! the inventory file. This process starts them, plays the scenario and tells what happens; it judges by what the
//! controller says over its API and nothing else.

mod files;
mod play;
mod process;
mod summary;
mod tell;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, bail};
use api::{Client, Token};
use clap::Args;
use model::Ted;
use net::{Scenario, Traffic};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{Instant, sleep},
};

use self::{
    files::Folder,
    play::Stage,
    process::{Controller, Routers},
    tell::Teller,
};
use crate::{cli::Format, outcome::Stop};

/// What the demonstration shows.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// How many routers; the whole case where absent. Fewer: branches are left out
    #[arg(long, value_name = "N")]
    pub routers: Option<usize>,
    /// Where the dashboard is
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// What happens, and what is expected of the controller; it ends with a summary then
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Another line, time and class for the scenario, chosen by this number
    #[arg(long, value_name = "N", requires = "scenario")]
    pub seed: Option<u64>,
    /// Where files, keys and logs lie; a folder for this run where absent
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// A line for people, or a JSON object, for each thing that happens
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// The CEB case: the network, what is offered to it, what is promised, and what happens.
const NETWORK: &str = include_str!("../../../lab/ceb.clab.yml");
const TRAFFIC: &str = include_str!("../../../lab/ceb-traffic.yaml");
const SCENARIO: &str = include_str!("../../../lab/scenarios/ceb-line-degrades.yaml");
const INTENTS: [(&str, &str); 3] = [
    ("alarms.yaml", include_str!("../../../intents/examples/ceb/alarms.yaml")),
    ("classes.yaml", include_str!("../../../intents/examples/ceb/classes.yaml")),
    ("services.yaml", include_str!("../../../intents/examples/ceb/services.yaml")),
];

/// The longest that starting may take.
const START: Duration = Duration::from_secs(120);

/// Runs the demonstration.
///
/// # Errors
/// It cannot run.
pub async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let ted = network(args.routers)?;
    let scenario = scenario(&args, &ted)?;
    let teller = Teller::new(args.format == Format::Json);
    let folder = Folder::make(args.folder.as_deref())?;
    let written = folder.write(&ted, &demands(&ted)?, args.listen)?;
    let mut terminate = signal(SignalKind::terminate()).context("signals cannot be listened for")?;
    let mut stage = Stage::new(&teller, args.listen, ted.nodes.len());
    let ended = tokio::select! {
        ended = whole(&args, &written, &teller, scenario, &mut stage) => ended,
        _ = terminate.recv() => Ok(ExitCode::SUCCESS),
        _ = tokio::signal::ctrl_c() => {
            teller.say("stopping");
            Ok(ExitCode::SUCCESS)
        }
    };
    stage.end().await;
    if ended.is_ok() || args.folder.is_some() {
        folder.leave();
    } else {
        eprintln!("logs are kept in {}", folder.path().display());
    }
    ended
}

/// Starts everything, plays, and sums up; without a scenario of the caller's it goes on until it is stopped.
async fn whole(
    args: &DemoArgs,
    written: &files::Written,
    teller: &Teller,
    scenario: Scenario,
    stage: &mut Stage<'_>,
) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    stage.routers = Some(Routers::start(written).await?);
    teller.say(&format!("{} routers run, {:.1} s", stage.count, begun.elapsed().as_secs_f64()));
    stage.controller = Some(Controller::start(written)?);
    let client = connect(args.listen, &written.state.join("token"), stage).await?;
    teller.say(&format!("dashboard: http://{}", args.listen));
    stage.follow(&client).await?;
    stage.wait_in_sync().await?;
    let files = INTENTS.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    client.adopt("the demonstration's own network").await?;
    let applied = client.apply(files, "the six classes of the CEB case").await?;
    teller.say(&format!(
        "{} objects on {} devices in {} transactions, {:.0} ms",
        applied.edits, applied.devices, applied.transactions, applied.took_ms
    ));
    stage.wait_kept(&client).await?;
    let outcome = stage.play(scenario, &client, written).await?;
    let summary = summary::sum_up(stage, &client, &outcome).await?;
    teller.summary(&summary);
    if args.scenario.is_none() {
        teller.say(&format!("the dashboard stays at http://{}; Ctrl-C ends it", args.listen));
        stage.linger().await?;
    }
    let good = outcome.passed && summary.slo_restored && summary.unexpected == 0;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn fault(what: &str, findings: &[model::Finding]) -> anyhow::Error {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("{what}: {}", lines.join("; "))
}

/// The CEB network, with as many branches as make `count` routers.
fn network(count: Option<usize>) -> anyhow::Result<Ted> {
    let read = formats::read("ceb.clab.yml", NETWORK).map_err(|findings| fault("ceb.clab.yml", &findings))?;
    let mut ted = read.ted;
    let Some(count) = count else { return Ok(ted) };
    let branch = |node: &model::Node| node.role.as_deref() == Some("branch");
    let core = ted.nodes.values().filter(|node| !branch(node)).count();
    if count <= core || count > ted.nodes.len() {
        let all = ted.nodes.len();
        return Err(Stop::usage(format!(
            "--routers {count}: from {} to {all}, for {core} stand between the branches",
            core + 1
        ))
        .into());
    }
    let extra: Vec<_> = ted
        .nodes
        .values()
        .filter(|node| branch(node))
        .map(|node| node.id.clone())
        .skip(count - core)
        .collect();
    for node in &extra {
        ted.nodes.remove(node);
        ted.links.retain(|_, link| link.a.node != *node && link.z.node != *node);
    }
    Ok(ted)
}

fn demands(ted: &Ted) -> anyhow::Result<model::Demands> {
    let traffic = Traffic::read("ceb-traffic.yaml", TRAFFIC)
        .map_err(|findings| fault("ceb-traffic.yaml", &findings))?;
    net::demands(&traffic, ted).map_err(|findings| fault("ceb-traffic.yaml", &findings))
}

fn scenario(args: &DemoArgs, ted: &Ted) -> anyhow::Result<Scenario> {
    let (name, text) = match &args.scenario {
        None => ("ceb-line-degrades.yaml".to_owned(), SCENARIO.to_owned()),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Stop::usage(format!("{}: {error}", path.display())))?;
            (path.display().to_string(), text)
        }
    };
    let scenario = Scenario::read(&name, &text).map_err(|findings| fault(&name, &findings))?;
    let scenario = args.seed.map_or(scenario.clone(), |seed| scenario.variant(seed, ted));
    let findings = scenario.check(ted);
    if findings.iter().any(model::Finding::is_error) { Err(fault(&name, &findings)) } else { Ok(scenario) }
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
