//! What a running controller has, as tables: intents, devices, alarms; and its state as a file.

use std::{collections::BTreeSet, process::ExitCode};

use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use engine::snapshot::{NodeView, Session};
use model::NodeId;
use serde::Serialize;

use super::{Access, Target, differing, moment};
use crate::{
    args::Format,
    draw,
    outcome::{say, say_json},
};

/// List the accepted sets of intents, newest first
#[derive(Debug, Args)]
pub struct IntentsArgs {
    /// Which controller.
    #[command(flatten)]
    pub target: Target,
    /// At most so many
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,
}

/// Lists accepted sets of intents.
///
/// # Errors
/// The controller does not answer.
pub async fn intents(args: IntentsArgs) -> anyhow::Result<ExitCode> {
    let sets = args.target.access.client()?.intents(args.limit.into()).await?;
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

/// Lists routers, or shows in what those differ that are named.
///
/// # Errors
/// The controller does not answer, or has no such router.
pub async fn devices(routers: Vec<NodeId>, args: Target) -> anyhow::Result<ExitCode> {
    let mut nodes = args.access.client()?.devices().await?;
    let wanted: BTreeSet<NodeId> = routers.into_iter().collect();
    if let Some(stranger) = wanted.iter().find(|name| !nodes.iter().any(|node| node.id == **name)) {
        let known = nodes.iter().map(|node| node.id.as_str());
        return Err(super::no_such("router", stranger.as_str(), known).into());
    }
    if !wanted.is_empty() {
        nodes.retain(|node| wanted.contains(&node.id));
        match args.format {
            Format::Json => say_json(&nodes)?,
            Format::Text => say(&differing::shown(&nodes, draw::is_coloured())),
        }
        return Ok(ExitCode::SUCCESS);
    }
    let head = ["DEVICE", "ROLE", "SITE", "PROTOCOL", "STATE", "POLICIES", "MODULES"];
    let code = show(args.format, &nodes, head, "the network has no routers", device)?;
    let reasons = reasons(&nodes);
    if args.format == Format::Text && !reasons.is_empty() {
        say(&reasons);
    }
    Ok(code)
}

fn device(node: &NodeView) -> [String; 7] {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let session = match &node.session {
        Session::Up if node.uncompared.is_some() => "not compared".to_owned(),
        Session::Up if node.differs.is_empty() && node.exceptions.is_empty() => "in sync".to_owned(),
        Session::Up if node.differs.is_empty() => "exceptions".to_owned(),
        Session::Up => "differs".to_owned(),
        Session::Unknown if node.protocol.is_none() => "not in the inventory".to_owned(),
        Session::Unknown => "not reached yet".to_owned(),
        Session::Down { why, .. } => format!("down: {}", first_clause(why)),
    };
    [
        node.id.to_string(),
        or_dash(&node.role),
        or_dash(&node.site),
        or_dash(&node.protocol),
        session,
        node.policies.to_string(),
        or_dash(&node.modules.map(|modules| modules.to_string())),
    ]
}

/// The widest that a reason may be in a table, characters.
const REASON: usize = 36;

/// A reason as far as its first colon or so many characters: one router that is down must not take the table apart.
fn first_clause(why: &str) -> String {
    let clause = why.split(':').next().unwrap_or_default();
    match clause.char_indices().nth(REASON) {
        None => clause.to_owned(),
        Some((end, _)) => format!("{}…", &clause[..end]),
    }
}

/// What does not fit into the table: why each router is down and in what each differs, in full; nothing where none is.
fn reasons(nodes: &[NodeView]) -> String {
    let down = nodes.iter().filter_map(|node| match &node.session {
        Session::Down { why, since } => Some(format!("  {} since {}: {why}\n", node.id, moment(*since))),
        Session::Up | Session::Unknown => None,
    });
    let differ = nodes
        .iter()
        .filter(|node| !node.differs.is_empty())
        .map(|node| format!("  {}: {}\n", node.id, listed(node)));
    let titled = |title: &str, lines: String| {
        if lines.is_empty() { lines } else { format!("\n{title}\n{lines}") }
    };
    let differ = titled("Routers that hold something else than they should", differ.collect());
    let lost = nodes.iter().filter_map(|node| Some(format!("  {}: {}\n", node.id, node.startup.as_ref()?)));
    titled("Sessions that are down", down.collect())
        + &differ
        + &titled("Routers that a restart may bring back without what they run", lost.collect())
}

/// Objects of one router that are named below the table; `devices ROUTER` shows all.
const NAMED: usize = 5;

/// In what a router differs, in short.
fn listed(node: &NodeView) -> String {
    let mut objects: Vec<String> = node.differs.iter().take(NAMED).map(ToString::to_string).collect();
    if node.differs.len() > NAMED {
        objects.push(format!("and {} more (trunkline devices {})", node.differs.len() - NAMED, node.id));
    }
    objects.join("; ")
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
    let client =
        args.client_with_token("a snapshot tells the whole network, so it needs the controller's token")?;
    say_json(&client.snapshot().await?)?;
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
        Format::Text => say(&table(rows, head, row)),
    }
    Ok(ExitCode::SUCCESS)
}

/// Rows below a head, fitted to the terminal.
pub(super) fn table<T, const N: usize>(
    rows: &[T],
    head: [&str; N],
    row: impl Fn(&T) -> [String; N],
) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(head).add_rows(rows.iter().map(row));
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use engine::snapshot::{Deviation, Difference, ExceptionView};
    use model::Timestamp;

    use super::*;

    #[test]
    fn a_router_that_is_down_leaves_the_table_narrow_and_its_reason_stands_below() {
        let why =
            "it cannot be reached: 127.0.1.1:830: Connection refused (os error 111), and so on for very long";
        let node = |id: &str, session| NodeView {
            id: NodeId::lit(id),
            role: Some("branch".into()),
            site: Some("hz-1".into()),
            lat: None,
            lon: None,
            protocol: Some("netconf".into()),
            session,
            policies: 3,
            read: None,
            differs: Vec::new(),
            uncompared: None,
            exceptions: Vec::new(),
            modules: Some(41),
            rollback: None,
            startup: None,
        };
        let down = Session::Down { why: why.into(), since: Timestamp::from_micros(1) };
        let long = Session::Down { why: "x".repeat(500), since: Timestamp::from_micros(1) };
        let nodes = [node("br-1", Session::Up), node("br-2", down), node("br-3", long)];
        let head = ["DEVICE", "ROLE", "SITE", "PROTOCOL", "STATE", "POLICIES", "MODULES"];
        let table = table(&nodes, head, device);
        assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
        assert!(table.contains("down: it cannot be reached ") && !table.contains("Connection"), "{table}");
        let below = reasons(&nodes);
        assert!(
            below.contains("br-2 since ") && below.contains(why) && below.contains(&"x".repeat(500)),
            "{below}"
        );
        assert_eq!(reasons(&nodes[..1]), "");
        let missing = |number: usize| Difference {
            object: format!("policy color {number} to fd00::1"),
            deviation: Deviation::Missing,
            fields: Vec::new(),
        };
        let astray = NodeView { differs: vec![missing(7)], ..node("br-4", Session::Up) };
        assert_eq!(device(&astray)[4], "differs");
        let alone = NodeView { uncompared: Some("WHY".into()), ..node("br-6", Session::Up) };
        assert_eq!(device(&alone)[4], "not compared");
        assert!(reasons(&[astray]).contains("br-4: policy color 7 to fd00::1, missing\n"));
        let forgetful = NodeView { startup: Some("LOST".into()), ..node("br-7", Session::Up) };
        assert_eq!(device(&forgetful)[4], "in sync");
        assert!(reasons(&[forgetful]).contains("without what they run\n  br-7: LOST\n"));
        let exception = ExceptionView {
            who: "mei".into(),
            since: Timestamp::from_micros(1),
            why: "CHG9".into(),
            until: None,
            objects: vec![missing(7)],
        };
        let excepted = NodeView { exceptions: vec![exception], ..node("br-6", Session::Up) };
        assert_eq!(device(&excepted)[4], "exceptions");
        let bare = NodeView { differs: (1..=9).map(missing).collect(), ..node("br-5", Session::Up) };
        assert!(reasons(&[bare]).ends_with("5 to fd00::1, missing; and 4 more (trunkline devices br-5)\n"));
    }
}
