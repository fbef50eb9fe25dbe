//! `trunkline-router`: software routers that speak NETCONF and gNMI, as a file lists them, and forward: in a simulation, or for real.

use std::{io::Write as _, path::PathBuf, sync::Arc};

use agent::fleet::{Lab as Namespaces, Shown};
use anyhow::Context as _;
use clap::Parser;
use model::NodeId;
use router::{
    fleet::Fleet,
    lab::{Command, CommandError, Lab, act_on_routers},
    plan::Plan,
    state::{Silent, StateSource},
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A change makes and drops many small values on all threads; this allocator serves them a third faster than the system's, and
/// gives memory back. Whoever starts a process for one router alone has it keep less (`LEAN` of the controller's program).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Software routers that serve NETCONF over SSH, and over TLS where the file says so, and gNMI over TLS.
///
/// The routers start with the configurations that the file gives them and keep what clients configure until the process
/// ends. With a world around them (`--world`) their counters and measurements follow from what they are configured with, and
/// faults are taken from standard input, one JSON object a line. In a lab of network namespaces (`--ground`) they forward by the
/// kernel of theirs, count and measure what is real, and keep their configurations (`--keep`). With neither, their counters are not known.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The file that lists the routers: YAML or JSON, kind `Routers`.
    #[arg(long, short)]
    config: PathBuf,
    /// The world around the routers: a JSON file with network, demands and seed.
    #[arg(long)]
    world: Option<PathBuf>,
    /// The layout of a lab of network namespaces, as its keeper writes it. Needs root, and `--keep`.
    #[arg(long, conflicts_with = "world", requires = "keep")]
    ground: Option<PathBuf>,
    /// A folder for the configurations that routers come back with after this process was killed.
    #[arg(long, requires = "ground")]
    keep: Option<PathBuf>,
    /// Only this router of the file; may be given again.
    #[arg(long, value_name = "NODE")]
    only: Vec<NodeId>,
    /// End when the standard input ends, so that the routers do not outlive the program that started them. Needs `--world` or
    /// `--ground`.
    #[arg(long)]
    until_input_ends: bool,
}

fn main() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    // A router has some twenty, and a process may have a hundred routers.
    ground::rights::open_more_files();
    let mut plan = Plan::read(&arguments.config)?;
    if !arguments.only.is_empty() {
        plan.routers.retain(|router| arguments.only.contains(&router.name));
    }
    runtime(plan.routers.len())?.block_on(serve(&arguments, plan))
}

/// What the servers run on: a thread for each processor where routers share the process, and none beside this one for a single router,
/// which has one store to answer from. Each thread more has a stack and a store of free memory of its own.
fn runtime(routers: usize) -> anyhow::Result<Runtime> {
    let mut builder = if routers > 1 { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    builder.enable_all().build().context("the runtime cannot start")
}

/// Serves the routers of a plan until it is told to end.
async fn serve(arguments: &Arguments, mut plan: Plan) -> anyhow::Result<()> {
    let around = Around::read(arguments, &mut plan)?;
    let fleet = Fleet::start(&plan, around.source()).await?;
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    match &around {
        Around::World(lab) => {
            tasks.spawn(lab.clone().run(fleet.routers().cloned().collect(), stop.clone()));
        }
        Around::Namespaces { lab, shown, keep } => {
            lab.drive(&fleet, shown, keep, &stop, &tasks).await?;
        }
        Around::Nothing => {}
    }
    // Scripts wait for this line.
    println!("ready: {} routers", fleet.routers().count());
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    tokio::select! {
        () = obey(&around, &fleet, arguments.until_input_ends) => {}
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot listen for signals")?,
    }
    stop.cancel();
    fleet.stop().await;
    tasks.close();
    tasks.wait().await;
    Ok(())
}

/// What is around the routers.
enum Around {
    /// A simulated network.
    World(Arc<Lab>),
    /// Network namespaces.
    Namespaces { lab: Box<Namespaces>, shown: Arc<Shown>, keep: PathBuf },
    /// Nothing that is known.
    Nothing,
}

impl Around {
    fn read(arguments: &Arguments, plan: &mut Plan) -> anyhow::Result<Self> {
        if let (Some(ground), Some(keep)) = (&arguments.ground, &arguments.keep) {
            let lab = Box::new(Namespaces::read(ground, plan)?);
            Namespaces::remember(plan, keep);
            return Ok(Self::Namespaces { lab, shown: Arc::default(), keep: keep.clone() });
        }
        Ok(match &arguments.world {
            Some(world) => Self::World(Lab::read(world)?),
            None => Self::Nothing,
        })
    }

    fn source(&self) -> Arc<dyn StateSource> {
        match self {
            Self::World(lab) => lab.clone(),
            Self::Namespaces { shown, .. } => shown.clone(),
            Self::Nothing => Arc::new(Silent::default()),
        }
    }

    fn act(&self, fleet: &Fleet, command: &Command) -> Result<serde_json::Value, CommandError> {
        match self {
            Self::World(lab) => lab.act(fleet, command),
            _ => act_on_routers(fleet, command).map(|()| serde_json::Value::Null),
        }
    }
}

/// Does what standard input says, a JSON object a line, and answers each with one. Returns when the input ends where that
/// is asked for; otherwise, and where there is no world, it waits for ever: routers do not die with whoever started them.
async fn obey(around: &Around, fleet: &Fleet, until_input_ends: bool) {
    if !matches!(around, Around::Nothing) {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let answer = match serde_json::from_str::<Command>(&line) {
                Ok(command) => match around.act(fleet, &command) {
                    Ok(told) => serde_json::json!({"ok": told}),
                    Err(error) => serde_json::json!({"error": error.to_string()}),
                },
                Err(error) => serde_json::json!({"error": error.to_string()}),
            };
            // Whoever asked may be gone: then the input ends too.
            let _ = writeln!(std::io::stdout(), "{answer}");
        }
        if until_input_ends {
            return;
        }
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use tokio::runtime::RuntimeFlavor;

    use super::*;

    #[test]
    fn one_router_has_one_thread_and_many_have_a_thread_for_each_processor() {
        let flavor = |routers| runtime(routers).unwrap().handle().runtime_flavor();
        assert_eq!(flavor(1), RuntimeFlavor::CurrentThread);
        assert_eq!(flavor(2), RuntimeFlavor::MultiThread);
        assert_eq!(flavor(120), RuntimeFlavor::MultiThread);
    }
}
