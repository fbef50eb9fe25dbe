//! `trunkline why`: why a service goes where it goes, or which constraint stands in its way.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use engine::stages;
use model::Verdict;

use crate::{
    args::{At, NetworkFile},
    draw,
    offline::{self, Start, Understood},
    outcome::{FOUND, Stop, say},
    sources::Sources,
};

const AFTER: &str = "\
NAME is an intent, then all its services are explained, or one service, `intent/a~z`.

Examples:
  trunkline why -n network.yaml -i intents/ payments-br-1
  trunkline why -n network.yaml -i intents/ voice/hq-pe1~br-1

Exit codes: 0 it is carried, 1 it is not, or intents have errors, 2 called wrongly.";

/// Tell why an intent goes where it goes; or which constraint makes it impossible, and the nearest path that breaks only it
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct WhyArgs {
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
    /// The intent or service
    pub name: String,
}

/// Runs the command.
///
/// # Errors
/// It was called wrongly, or files have faults.
pub fn run(args: &WhyArgs) -> anyhow::Result<ExitCode> {
    let at = args.at.timestamp();
    let known = offline::known(args.state.as_deref())?;
    let Understood { ted, set, sources, .. } =
        offline::understand(&args.network.network, &args.intents, at, known.as_ref())?;
    let Start { view, hints, at: then, .. } = offline::start(known, &ted, at)?;
    let hints = offline::as_of(hints, &set, at.or(then));
    let ids = stages::number(&set, &view.ids).map_err(|findings| Stop::findings(findings, sources))?;
    let compiled = intents::compile(&set, &ted, &hints, &ids);
    let text = intents::why(&args.name, &set, &compiled).map_err(|error| Stop::usage(error.to_string()))?;
    let standing = view.exceptions.told();
    if !standing.is_empty() {
        // What is told is what the intents come to; routers that hold otherwise may lead it elsewhere.
        eprint!("{}", draw::all(&standing, &Sources::new()));
    }
    say(&draw::clean(&text));
    let refused = set.services.values().any(|service| {
        let asked = service.id.as_str() == args.name || service.intent.as_str() == args.name;
        asked && !matches!(compiled.verdicts.get(&service.id), Some(Verdict::Carried { .. }))
    });
    Ok(if refused { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}
