//! `trunkline serve`: the controller. Files become values, values become sessions, a journal, an engine and an API; from
//! then on the engine works and this only waits for the signal to stop.

pub mod config;

mod dialect;
mod inventory;
mod keys;

mod fleet;
mod unusable;

mod log;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context as _;
use api::{Server, Token};
use clap::Args;
use engine::{
    controller::{Controller, Setup},
    inventory::Inventory,
    learn::News,
};
use gnmi::FilePreImages;
use model::Ted;
use store::Journal;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    input,
    outcome::{Stop, say},
    signals::Signals,
    sources::Sources,
};
use config::Config;
use fleet::Fleet;

const AFTER: &str = "\
The configuration file (`trunkline schema config`):
  apiVersion: trunkline/v1
  kind: Controller
  network: network.yaml          # paths are relative to this file
  inventory: inventory.yaml
  state: state                   # journal and token; made at the first start
  listen: 127.0.0.1:8080
Options given here go before the file's. Without a file, --network and --inventory are needed.

The first start makes the token that changes need, in STATE/token. First contact with a network
only observes until `trunkline adopt`. RUST_LOG sets what is logged, for instance
RUST_LOG=info,engine=debug.

Examples:
  trunkline serve -c controller.yaml
  trunkline serve --network network.yaml --inventory inventory.yaml --state state

Ends at SIGINT, SIGTERM or SIGHUP (which `nohup` keeps from it), after the change that is under way; with --until-input-ends also when
its standard input ends, so that it does not outlive the program that started it. Routers forward on
whether it runs or not.

Exit codes: 0 stopped as told, 1 it could not start, 2 called wrongly.";

/// Run the controller: sessions to all routers, the loop, the API and the dashboard
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct ServeArgs {
    /// The configuration
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The network
    #[arg(short, long, value_name = "FILE")]
    pub network: Option<PathBuf>,
    /// How each router is reached
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<PathBuf>,
    /// The folder of journal and token
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Where API and dashboard listen; loopback only
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// End when the standard input ends, as at SIGTERM
    #[arg(long)]
    pub until_input_ends: bool,
    /// How the log on standard error is written
    #[arg(long, value_enum, default_value_t)]
    pub log_format: log::LogFormat,
}

/// Sessions that are opened at once: real servers have listen queues of five, but these are many servers.
const OPENINGS: usize = 32;
/// Batches of samples that may wait for the loop; telemetry slows down rather than pile up.
const SAMPLES: usize = 4_096;

/// Runs the controller until a signal stops it.
///
/// # Errors
/// It cannot start.
pub async fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    log::start(args.log_format);
    let config = Config::of(&args)?;
    config.odd_limits().iter().for_each(|why| warn!("{why}"));
    // From here on a signal ends it in order, also while it starts.
    let mut signals = Signals::new()?;
    let stop = CancellationToken::new();
    tokio::select! {
        result = serve(config, stop.clone()) => result.map(|()| ExitCode::SUCCESS),
        code = async {
            tokio::select! {
                _ = signals.next() => info!("stopping; a second signal ends it at once"),
                () = input_ends(args.until_input_ends) => info!("stopping, for the standard input has ended"),
            }
            stop.cancel();
            signals.next().await;
            warn!("ended at once; the next start takes up what was under way");
            ExitCode::FAILURE
        } => Ok(code),
    }
}

async fn serve(config: Config, stop: CancellationToken) -> anyhow::Result<()> {
    let ted = input::network(&config.network, &mut Sources::new())?.ted;
    let inventory = inventory::read(&config.inventory)?;
    config.make_state_folder()?;
    let journal = config.state.join("journal");
    warn_if_emptied(&journal);
    let journal = Journal::open(&journal)?;
    let token = Token::load_or_create(&config.token())?;
    let pre_images = Arc::new(FilePreImages::new(config.state.join("pre-images"))?);
    let (samples_in, samples) = mpsc::channel(SAMPLES);
    let fleet = Fleet::build(&inventory, &config.inventory, &ted, &config.network, pre_images)?;
    info!(routers = ted.nodes.len(), devices = fleet.devices.len(), "the network is known");
    let watchers = fleet.watch(config.telemetry_interval, &samples_in);
    let learned = learn(&inventory, &ted).await?;
    let setup = Setup {
        learned,
        protocols: fleet.protocols(),
        devices: fleet.spawn(),
        ted,
        samples,
        journal: journal.clone(),
        limits: config.limits,
        most: config.most,
        read_every: config.read_every,
        openings: OPENINGS,
        clock: engine::season::Clock::default(),
    };
    let (controller, engine) = tokio::select! {
        () = stop.cancelled() => return Ok(()),
        started = Controller::start(setup) => started?,
    };
    let notifiers = api::spawn_notifiers(&config.notify, &engine.events.subscribe())?;
    let bound =
        Server::new(engine, journal, token).shown_at(config.outer_origin.clone()).bind(config.listen).await?;
    // Scripts wait for this line.
    say(&format!("listening on http://{}", bound.address()));
    info!(token = %config.token().display(), "changes need the token in this file");
    // Whoever waits for a change that is under way still hears how it ended.
    let quiet = CancellationToken::new();
    let work = async {
        controller.run(stop).await;
        quiet.cancel();
    };
    tokio::join!(work, bound.run(quiet.cancelled()));
    drop((watchers, notifiers, samples_in));
    info!("stopped");
    Ok(())
}

/// Begins to learn the network from the peers that the inventory names.
async fn learn(inventory: &Inventory, ted: &Ted) -> anyhow::Result<watch::Receiver<Arc<News>>> {
    let Some(access) = &inventory.bgp else { return Ok(engine::learn::nobody()) };
    let listen = access.listen.map_or_else(String::new, |address| format!(" at {address}"));
    let place = || format!("the inventory's `bgp`: peers cannot be listened to{listen}");
    engine::learn::speak(access.speaker(), Arc::new(ted.clone())).await.with_context(place)
}

/// Says that a journal without a byte in it is taken for a new one. A start that was killed leaves such a file too, so it is no
/// reason to refuse.
fn warn_if_emptied(journal: &Path) {
    if std::fs::metadata(journal).is_ok_and(|file| file.is_file() && file.len() == 0) {
        warn!(
            journal = %journal.display(),
            "the journal is an empty file, so this is taken for a first start; where a controller has worked here before, stop \
             this one and put the copy of the state folder back"
        );
    }
}

/// Waits until the standard input ends; for ever where nobody asks for that. A thread of its own reads, because what reads
/// the standard input cannot be interrupted, and the program must not wait for it when it ends otherwise.
async fn input_ends(asked: bool) {
    let (ended, end) = tokio::sync::oneshot::channel();
    if asked {
        std::thread::spawn(move || {
            // An input that cannot be read has ended.
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            let _ = ended.send(());
        });
        let _ = end.await;
    } else {
        std::future::pending().await
    }
}

impl ServeArgs {
    /// A setting that must be there, in the words of the command line.
    fn needed(what: &str) -> Stop {
        Stop::usage(format!("no {what}: give --{what} FILE, or `{what}:` in the file of --config"))
    }
}
