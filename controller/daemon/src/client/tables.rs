//! What a running controller has, as tables: intents, devices, alarms; and its state as a file.

use std::process::ExitCode;

use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use engine::snapshot::Session;
use serde::Serialize;

use super::{Access, Target, moment};
use crate::{
    args::Format,
    outcome::{say, say_json},
};

/// List the accepted sets of intents, newest first
#[derive(Debug, Args)]
pub struct IntentsArgs {
    /// Which controller.
    #[command(flatten)]
    pub target: Target,
    /// At most so many
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub limit: usize,
}

/// Lists accepted sets of intents.
///
/// # Errors
/// The controller does not answer.
pub async fn intents(args: IntentsArgs) -> anyhow::Result<ExitCode> {
    let sets = args.target.access.client()?.intents(args.limit).await?;
    show(
        args.target.format,
        &sets,
        ["REVISION", "ACCEPTED", "BY", "FILES", "MESSAGE"],
        "no intents were accepted yet",
        |set| {
            let mark = if set.current { " *" } else { "" };
            [
                format!("{}{mark}", set.revision.0),
                moment(set.at),
                set.who.clone(),
                set.files.join(" "),
                set.message.clone(),
            ]
        },
    )
}

/// Lists routers.
///
/// # Errors
/// The controller does not answer.
pub async fn devices(args: Target) -> anyhow::Result<ExitCode> {
    let nodes = args.access.client()?.devices().await?;
    let head = ["DEVICE", "ROLE", "SITE", "PROTOCOL", "SESSION", "POLICIES"];
    show(args.format, &nodes, head, "the network has no routers", |node| {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let session = match &node.session {
            Session::Up => "up".to_owned(),
            Session::Unknown => "unknown".to_owned(),
            Session::Down { why, since } => format!("down since {}: {why}", moment(*since)),
        };
        [
            node.id.to_string(),
            or_dash(&node.role),
            or_dash(&node.site),
            or_dash(&node.protocol),
            session,
            node.policies.to_string(),
        ]
    })
}

/// Lists alarms.
///
/// # Errors
/// The controller does not answer.
pub async fn alarms(args: Target) -> anyhow::Result<ExitCode> {
    let alarms = args.access.client()?.alarms().await?;
    let head = ["SEVERITY", "ALARM", "ON", "SINCE", "WHY", "SERVICES"];
    show(args.format, &alarms, head, "no alarm stands", |alarm| {
        [
            alarm.severity.to_string(),
            alarm.alarm.clone(),
            alarm.subject.clone(),
            moment(alarm.since),
            alarm.why.clone(),
            alarm.services.len().to_string(),
        ]
    })
}

/// Prints the state that `plan --state` takes.
///
/// # Errors
/// The controller does not answer, or there is no token.
pub async fn snapshot(args: Access) -> anyhow::Result<ExitCode> {
    say_json(&args.client_that_may_change()?.snapshot().await?)?;
    Ok(ExitCode::SUCCESS)
}

fn show<T: Serialize, const N: usize>(
    format: Format,
    rows: &[T],
    head: [&str; N],
    none: &str,
    row: impl Fn(&T) -> [String; N],
) -> anyhow::Result<ExitCode> {
    match format {
        Format::Json => say_json(&rows)?,
        Format::Text if rows.is_empty() => say(none),
        Format::Text => {
            let mut table = Table::new();
            table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
            table.set_header(head).add_rows(rows.iter().map(row));
            say(&table.trim_fmt());
        }
    }
    Ok(ExitCode::SUCCESS)
}
