//! `trunkline optimise`: which services should leave full links, looked at first; with `--go` carried out as it was looked at.

use std::process::ExitCode;

use api::request::{BalanceRequest, Reason, UnbalanceRequest};
use clap::Args;
use model::ServiceId;

use super::{
    change::{self, Change},
    left_out::LeftOut,
    refused, wait,
};
use crate::{
    args::{Format, Moves},
    outcome::{Stop, say, say_json},
    sources::Sources,
};

const AFTER: &str = "\
Of the services on the links that promised bandwidth fills most, a few move: each keeps all that it was
promised, no other path changes, and each move is proved as the network is and with every single link
down before it is offered. In front stands what is gained, and a proof of how low any arrangement could
bring the fullest link.

Without --go nothing changes. With --go the moves that are shown are carried out, make before break, and
hold until --undo, or for as long as no promise needs the room: promises count for more.

Examples:
  trunkline optimise
  trunkline optimise --moves 5 --go -m CHG1042
  trunkline optimise --relieve core-7 --goal 60%
  trunkline optimise --undo
  trunkline optimise --undo payments bulk

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
    /// Let services back that were moved so; all of them where none is named
    #[arg(long, value_name = "NAME", num_args = 0.., conflicts_with_all = ["go", "moves", "relieve", "goal", "effort"])]
    pub undo: Option<Vec<ServiceId>>,
    /// Why, which controller, and how the answer is shown.
    #[command(flatten)]
    pub change: Change,
}

/// Shows the moves, carries them out, or takes them back.
///
/// # Errors
/// There is no such link or service, or it was refused or rolled back.
pub async fn run(args: OptimiseArgs) -> anyhow::Result<ExitCode> {
    let none = Sources::new();
    let Change { message, limit, access, format } = args.change;
    if let Some(services) = args.undo {
        let client = access.client_that_may_change()?;
        let Reason { message, beyond_limit } = limit.reason(message)?;
        let services = services.into_iter().collect();
        let request = UnbalanceRequest { services, message, beyond_limit };
        let undone = wait::answer(client.unbalance(&request), "`trunkline optimise --go`").await?;
        return match undone {
            Ok(applied) => change::show(format, &applied, &none, &LeftOut::of(&applied, &client).await),
            Err(error) => refused(error, &none),
        };
    }
    if !args.go && !message.is_empty() {
        return Err(Stop::usage("-m says why something is done, and nothing is done without --go").into());
    }
    let Reason { message, beyond_limit } = limit.reason(message)?;
    let client =
        access.client_with_token("optimising tells the whole network, which needs the controller's token")?;
    let optimised = match client.optimise(&args.moves.limits()).await {
        Ok(optimised) => optimised,
        Err(error) => return refused(error, &none),
    };
    let services = optimised.balanced.balanced.clone();
    let goes = args.go && !services.is_empty();
    match format {
        Format::Text => say(&optimised.text),
        // One document: with --go what was done, without it what would be.
        Format::Json if !goes => say_json(&optimised)?,
        Format::Json => {}
    }
    if !goes {
        return Ok(ExitCode::SUCCESS);
    }
    let request = BalanceRequest { services, message, beyond_limit };
    match wait::answer(client.balance(&request), "`trunkline optimise --undo`").await? {
        Ok(applied) => change::show(format, &applied, &none, &LeftOut::of(&applied, &client).await),
        Err(error) => refused(error, &none),
    }
}
