//! `trunkline apply --dry-run`: what would change, what the routers say to it, and what stands against it. Nothing is changed.

use std::{collections::BTreeMap, process::ExitCode};

use api::{Client, request::PlanRequest};
use engine::{
    codes::{BEYOND_LIMIT, NOTHING_PROMISED},
    rehearse::Rehearsed,
};
use model::{Finding, NodeId, Severity};

use super::refused;
use crate::{
    args::Format,
    check::plural,
    draw,
    outcome::{FOUND, say, say_json},
};

/// What is meant although it looks like a slip of the hand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meant {
    pub remove_all: bool,
    pub beyond_limit: bool,
}

/// Shows what files would change.
///
/// # Errors
/// They were refused.
pub(super) async fn dry_run(
    client: &Client,
    request: PlanRequest,
    meant: Meant,
    format: Format,
) -> anyhow::Result<ExitCode> {
    let planned = match client.plan(&request).await {
        Ok(planned) => planned,
        Err(error) => return refused(error, &request.files),
    };
    let against = against(&planned.findings, meant);
    let answers = planned.rehearsal.as_ref();
    match format {
        Format::Json => say_json(&planned)?,
        Format::Text => say(&format!("{}{}", planned.text, answers.map_or_else(String::new, tried))),
    }
    if !against.is_empty() && format == Format::Text {
        say(&format!(
            "{}{}: it would be refused",
            draw::all(&against, &request.files),
            draw::count(&against)
        ));
    }
    let mut answers = answers.into_iter().flat_map(BTreeMap::values);
    let is_left = answers.any(stands_against);
    Ok(if against.is_empty() && !is_left { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

/// Whether a router's answer says that the whole network would not follow.
const fn stands_against(answer: &Rehearsed) -> bool {
    matches!(answer, Rehearsed::Refused { .. } | Rehearsed::NotReached { .. })
}

/// What the routers say that were asked whether they would take their part; nothing where none was.
fn tried(answers: &BTreeMap<NodeId, Rehearsed>) -> String {
    if answers.is_empty() {
        return String::new();
    }
    let widest = answers.keys().map(|node| node.as_str().len()).max().unwrap_or_default();
    let line = |(node, answer): (&NodeId, &Rehearsed)| format!("  {node:<widest$}  {answer}\n");
    let lines: String = answers.iter().map(line).collect();
    let counted = counted(answers);
    draw::clean(&format!("\nTried on the routers, which are as they were\n{lines}{counted}\n")).into_owned()
}

/// How many answered what.
fn counted(answers: &BTreeMap<NodeId, Rehearsed>) -> String {
    let count = |is_it: fn(&Rehearsed) -> bool| answers.values().filter(|answer| is_it(answer)).count();
    let counts = [
        (count(|answer| matches!(answer, Rehearsed::Accepted)), "accepted"),
        (count(|answer| matches!(answer, Rehearsed::Refused { .. })), "refused"),
        (count(|answer| matches!(answer, Rehearsed::NotReached { .. })), "not reached"),
        (count(|answer| matches!(answer, Rehearsed::Cannot { .. })), "cannot rehearse"),
        (count(|answer| matches!(answer, Rehearsed::NotAsked { .. })), "not asked"),
    ];
    let told = counts.iter().filter(|(many, _)| *many > 0).map(|(many, what)| format!("{many} {what}"));
    format!("{}: {}", plural(answers.len(), "router"), told.collect::<Vec<_>>().join(", "))
}

/// What stands against applying what was planned. A plan shows what it would come to all the same, so there it is a warning.
fn against(findings: &[Finding], meant: Meant) -> Vec<Finding> {
    let is_meant = |finding: &Finding| match finding.code.as_str() {
        NOTHING_PROMISED => meant.remove_all,
        BEYOND_LIMIT => meant.beyond_limit,
        _ => true,
    };
    let refused = findings.iter().filter(|finding| !is_meant(finding));
    refused.map(|finding| Finding { severity: Severity::Error, ..finding.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_apply_would_refuse_stands_against_a_plan() {
        let warning = |code: &str| Finding::new(code, Severity::Warning, "intents", "something");
        let findings = [plan::codes::UNREADABLE, NOTHING_PROMISED, BEYOND_LIMIT].map(warning);
        let told = |remove_all, beyond_limit| {
            let found = against(&findings, Meant { remove_all, beyond_limit });
            assert!(found.iter().all(Finding::is_error), "{found:?}");
            found.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        assert_eq!(told(false, false), [NOTHING_PROMISED, BEYOND_LIMIT]);
        assert_eq!(told(true, false), [BEYOND_LIMIT]);
        assert!(told(true, true).is_empty());
    }

    #[test]
    fn what_routers_say_stands_below_the_plan_in_a_column() {
        let why = |why: &str| why.to_owned();
        let answers = [
            ("br-1", Rehearsed::Accepted),
            ("core-1", Rehearsed::Cannot { why: why("gNMI has none") }),
            ("hq-pe1", Rehearsed::Refused { why: why("invalid-value at /qos: no such queue") }),
            ("hq-pe12", Rehearsed::NotReached { why: why("connection refused") }),
            ("r9", Rehearsed::NotAsked { why: why("the mode is `observe`, and trying takes a lock") }),
        ];
        let answers = answers.map(|(node, answer)| (NodeId::lit(node), answer)).into();
        insta::assert_snapshot!(tried(&answers).trim_start(), @r"
        Tried on the routers, which are as they were
          br-1     accepted by the router
          core-1   cannot rehearse: gNMI has none
          hq-pe1   refused: invalid-value at /qos: no such queue
          hq-pe12  not reached: connection refused
          r9       not asked: the mode is `observe`, and trying takes a lock
        5 routers: 1 accepted, 1 refused, 1 not reached, 1 cannot rehearse, 1 not asked
        ");
        // What cannot be asked is counted; what says no, or says nothing, fails a script.
        let against: Vec<&str> = answers
            .iter()
            .filter(|(_, answer)| stands_against(answer))
            .map(|(node, _)| node.as_str())
            .collect();
        assert_eq!(against, ["hq-pe1", "hq-pe12"]);
        assert_eq!(tried(&BTreeMap::new()), "");
    }
}
