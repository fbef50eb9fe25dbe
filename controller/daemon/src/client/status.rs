//! `trunkline status`: one look tells what is wrong, since when, and whether the controller may act.

use std::{collections::BTreeSet, fmt::Write as _, process::ExitCode};

use engine::snapshot::{PromiseState, Session, Snapshot};
use model::{ServiceId, hint::Balance};

use super::{Target, moment};
use crate::{
    args::Format,
    outcome::{say, say_json},
};

/// More lines of one kind than these are counted.
const MOST: usize = 20;

/// Where a change stands in part.
const UNFINISHED: &str = "A change is not finished there: it is put right or taken back when they are read, unless the mode is `observe`";

/// Runs the command.
///
/// # Errors
/// The controller does not answer.
pub async fn run(args: Target) -> anyhow::Result<ExitCode> {
    let snapshot = args.access.client()?.state().await?;
    match args.format {
        Format::Json => say_json(&snapshot)?,
        Format::Text => say(&text(&snapshot)),
    }
    Ok(ExitCode::SUCCESS)
}

fn text(snapshot: &Snapshot) -> String {
    let counts = &snapshot.counts;
    let mode = format!("{:?}", snapshot.mode).to_lowercase();
    let adopted = if snapshot.adopted {
        ""
    } else {
        "; the network is not adopted: only observing (`trunkline adopt`)"
    };
    let changing = if snapshot.changing { "; a change is under way" } else { "" };
    let mut text = format!("mode      {mode}{adopted}{changing}\n");
    // Writing into a string cannot fail.
    let is_compared = snapshot.nodes.iter().all(|node| node.uncompared.is_none());
    let differ = match counts.read - counts.in_sync.min(counts.read) {
        0 => String::new(),
        differ if is_compared => format!(", {differ} differ"),
        read => format!(", {read} read and compared with nothing"),
    };
    let _ = writeln!(text, "devices   {} of {} in sync{differ}", counts.in_sync, counts.devices);
    let _ = writeln!(
        text,
        "intents   {} (revision {}), {} services, {} policies",
        counts.intents, snapshot.intents.0, counts.services, counts.policies
    );
    let _ = writeln!(
        text,
        "promises  {} kept, {} broken, {} unknown",
        counts.kept, counts.broken, counts.unknown
    );
    let _ = writeln!(text, "alarms    {}", snapshot.alarms.len());
    sections(&mut text, snapshot);
    text
}

/// What is not as it should be, each kind under its title.
fn sections(text: &mut String, snapshot: &Snapshot) {
    section(
        text,
        "Sessions that are down",
        snapshot.nodes.iter().filter_map(|node| match &node.session {
            Session::Down { why, since } => Some(format!("{} since {}: {why}", node.id, moment(*since))),
            Session::Unknown if node.protocol.is_some() => Some(format!("{}: not reached yet", node.id)),
            Session::Up | Session::Unknown => None,
        }),
    );
    section(text, UNFINISHED, snapshot.unfinished.iter().map(ToString::to_string));
    let strangers = snapshot.nodes.iter().filter(|node| node.protocol.is_none());
    section(text, "Not in the inventory: never read nor changed", strangers.map(|node| node.id.to_string()));
    section(
        text,
        "Alarms",
        snapshot.alarms.iter().map(|alarm| {
            format!(
                "{} {} on {} since {}: {}",
                alarm.severity,
                alarm.alarm,
                alarm.subject,
                moment(alarm.since),
                alarm.why
            )
        }),
    );
    section(
        text,
        "Promises that are not kept",
        snapshot.services.iter().filter_map(|service| {
            let why = service.refused.as_ref().or(service.why.as_ref()).map_or("", String::as_str);
            let state = match service.state {
                PromiseState::Kept => return None,
                PromiseState::Broken => "broken",
                PromiseState::Unknown => "unknown",
            };
            Some(format!("{} {state} since {}: {why}", service.id, moment(service.since)))
        }),
    );
    section(text, "Maintenance windows that are open", windows(snapshot, true));
    section(text, "Maintenance windows to come", windows(snapshot, false));
    section(text, "Not promised now, by their schedules", snapshot.resting.iter().map(ToString::to_string));
    section(text, "Drained", snapshot.drained.iter().cloned());
    let goes =
        snapshot.services.iter().filter(|service| service.balanced.is_none()).map(|service| &service.id);
    let goes: BTreeSet<&ServiceId> = goes.collect();
    let (giving, kept): (Vec<_>, Vec<_>) = snapshot.balanced.iter().partition(|(id, _)| goes.contains(*id));
    let (held, moved): (Vec<_>, Vec<_>) = kept.into_iter().partition(|(_, kept)| kept.is_held());
    let line = |(id, kept): (&ServiceId, &Balance)| {
        let links: Vec<&str> = kept.off.iter().map(|link| link.as_str()).collect();
        format!("{id} off {} since {}: {}", links.join(", "), moment(kept.since), kept.why)
    };
    let title = "Moved off full links by people (optimise --undo takes it back)";
    section(text, title, moved.into_iter().map(line));
    section(text, "Held where they were, out of the room that these left", held.into_iter().map(line));
    let title = "Let back for now, because others would have no room (TL0080)";
    section(text, title, giving.into_iter().map(|(id, kept)| format!("{id}: {}", kept.why)));
    section(text, "Findings", snapshot.findings.iter().map(ToString::to_string));
}

/// The windows that are open or not, each with its next change, and with what is still to be carried out.
fn windows(snapshot: &Snapshot, open: bool) -> impl Iterator<Item = String> {
    snapshot.windows.iter().filter(move |window| window.open == open).map(|window| {
        let next = match (window.next, window.due) {
            (None, _) => String::new(),
            (Some(at), true) => format!(", until {}", moment(at)),
            (Some(at), false) => format!(", from {}", moment(at)),
        };
        let about = if window.about.is_empty() { String::new() } else { format!(" ({})", window.about) };
        let behind = match (window.open, window.due) {
            (true, false) => "; it is over, and what it worked on is not taken back yet",
            (false, true) => "; it should be open, and is not carried out yet",
            _ => "",
        };
        format!("{}{about} on {}{next}{behind}", window.name, window.on.join(", "))
    })
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title}");
    for line in lines.iter().take(MOST) {
        let _ = writeln!(text, "  {line}");
    }
    if lines.len() > MOST {
        let _ = writeln!(text, "  and {} more (--format json shows all)", lines.len() - MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_controller_that_knows_nothing_yet_does_not_claim_that_all_is_well() {
        let text = text(&Snapshot::default());
        assert!(text.contains("not adopted") && text.contains("0 kept, 0 broken, 0 unknown"), "{text}");
    }

    #[test]
    fn routers_on_which_a_change_is_not_finished_are_named() {
        let unfinished = vec![model::NodeId::lit("br-1"), model::NodeId::lit("br-2")];
        let text = text(&Snapshot { unfinished, ..Snapshot::default() });
        assert!(
            text.contains("A change is not finished there") && text.contains("  br-1\n  br-2\n"),
            "{text}"
        );
    }

    #[test]
    fn who_is_held_is_not_called_moved() {
        let balance = |held: &[&str]| Balance {
            off: [model::LinkId::lit("l1")].into(),
            since: model::Timestamp::default(),
            why: "WHY".to_owned(),
            held: held.iter().map(|mover| ServiceId::lit(mover)).collect(),
        };
        let balanced = [(ServiceId::lit("a"), balance(&[])), (ServiceId::lit("b"), balance(&["a"]))].into();
        let text = text(&Snapshot { balanced, ..Snapshot::default() });
        let (_, sections) = text.split_once("Moved off full links").unwrap();
        let (moved, held) = sections.split_once("\nHeld where they were").unwrap();
        assert!(moved.contains("  a off l1") && !moved.contains("  b off l1"), "{text}");
        assert!(held.contains("  b off l1"), "{text}");
    }
}
