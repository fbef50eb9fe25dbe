//! `trunkline optimise`: which services should leave full links, looked at first; with `--go` carried out as it was looked at.

use std::process::ExitCode;

use api::request::BalanceRequest;
use clap::Args;

use super::{Access, change, left_out::LeftOut, refused, wait};
use crate::{
    args::{Format, Moves},
    outcome::{Stop, say, say_json},
    sources::Sources,
};

const AFTER: &str = "\
Of the services on the links that promised bandwidth fills most, a few move: each keeps all that it was
promised, nobody else moves, and each move is proved under every single failure before it is offered. In
front stands what is gained, and a proof of how low any arrangement could bring the fullest link.

Without --go nothing changes. With --go the moves that are shown are carried out, make before break, and
hold until --undo, or until a service would have no other way: its promise counts for more.

Examples:
  trunkline optimise
  trunkline optimise --moves 5 --go -m CHG1042
  trunkline optimise --relieve core-7 --goal 60%
  trunkline optimise --undo

Exit codes: 0 shown, or the whole network has followed, 1 refused, rolled back, or some routers were
left out, 2 called wrongly.";

/// Move a few services off full links, with a proof of how good that is; a preview without --go
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct OptimiseArgs {
    /// How far it may go.
    #[command(flatten)]
    pub moves: Moves,
    /// Carry the moves out
    #[arg(long)]
    pub go: bool,
    /// Let all services back that were moved so
    #[arg(long, conflicts_with_all = ["go", "moves", "relieve", "goal", "effort"])]
    pub undo: bool,
    /// Why; stands in the log
    #[arg(short, long, default_value = "")]
    pub message: String,
    /// Which controller.
    #[command(flatten)]
    pub access: Access,
    /// How the answer is shown
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Shows the moves, carries them out, or takes them back.
///
/// # Errors
/// There is no such link, or it was refused or rolled back.
pub async fn run(args: OptimiseArgs) -> anyhow::Result<ExitCode> {
    let none = Sources::new();
    if args.undo {
        let client = args.access.client_that_may_change()?;
        let undone = wait::answer(client.unbalance(&args.message), "`trunkline optimise --go`").await?;
        return match undone {
            Ok(applied) => change::show(args.format, &applied, &none, &LeftOut::of(&applied, &client).await),
            Err(error) => refused(error, &none),
        };
    }
    if !args.go && !args.message.is_empty() {
        return Err(Stop::usage("-m says why something is done, and nothing is done without --go").into());
    }
    let client = args
        .access
        .client_with_token("optimising tells the whole network, which needs the controller's token")?;
    let optimised = match client.optimise(&args.moves.limits()).await {
        Ok(optimised) => optimised,
        Err(error) => return refused(error, &none),
    };
    let services = optimised.balanced.balanced.clone();
    let goes = args.go && !services.is_empty();
    match args.format {
        Format::Text => say(&optimised.text),
        // One document: with --go what was done, without it what would be.
        Format::Json if !goes => say_json(&optimised)?,
        Format::Json => {}
    }
    if !goes {
        return Ok(ExitCode::SUCCESS);
    }
    let request = BalanceRequest { services, message: args.message.clone() };
    match wait::answer(client.balance(&request), "`trunkline optimise --undo`").await? {
        Ok(applied) => change::show(args.format, &applied, &none, &LeftOut::of(&applied, &client).await),
        Err(error) => refused(error, &none),
    }
}
