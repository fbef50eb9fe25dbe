//! `trunkline-router`: software routers that speak NETCONF and gNMI, as a file lists them.

use std::{io::Write as _, path::PathBuf, sync::Arc};

use anyhow::Context as _;
use clap::Parser;
use router::{
    fleet::Fleet,
    lab::{Command, Lab},
    plan::Plan,
    state::{Silent, StateSource},
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

/// A change makes and drops many small values on all threads; this allocator serves them a third faster than the system's, and
/// gives memory back.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Software routers that serve NETCONF over SSH, and over TLS where the file says so, and gNMI over TLS.
///
/// The routers start with the configurations that the file gives them and keep what clients configure until the process
/// ends. With a world around them (`--world`) their counters and measurements follow from what they are configured with, and
/// faults are taken from standard input, one JSON object a line; without one, their counters are not known.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The file that lists the routers: YAML or JSON, kind `Routers`.
    #[arg(long, short)]
    config: PathBuf,
    /// The world around the routers: a JSON file with network, demands and seed.
    #[arg(long)]
    world: Option<PathBuf>,
    /// End when the standard input ends, so that the routers do not outlive the program that started them. Needs `--world`.
    #[arg(long, requires = "world")]
    until_input_ends: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    let plan = Plan::read(&arguments.config)?;
    let lab = arguments.world.as_deref().map(Lab::read).transpose()?;
    let source: Arc<dyn StateSource> = match &lab {
        Some(lab) => lab.clone(),
        None => Arc::new(Silent::default()),
    };
    let fleet = Fleet::start(&plan, source).await?;
    let stop = CancellationToken::new();
    if let Some(lab) = &lab {
        tokio::spawn(lab.clone().run(fleet.routers().cloned().collect(), stop.clone()));
    }
    // Scripts wait for this line.
    println!("ready: {} routers", fleet.routers().count());
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    tokio::select! {
        () = obey(lab.as_deref(), &fleet, arguments.until_input_ends) => {}
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot listen for signals")?,
    }
    stop.cancel();
    fleet.stop().await;
    Ok(())
}

/// Does what standard input says, a JSON object a line, and answers each with one. Returns when the input ends where that
/// is asked for; otherwise, and where there is no world, it waits for ever: routers do not die with whoever started them.
async fn obey(lab: Option<&Lab>, fleet: &Fleet, until_input_ends: bool) {
    if let Some(lab) = lab {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let answer = match serde_json::from_str::<Command>(&line) {
                Ok(command) => match lab.act(fleet, &command) {
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
