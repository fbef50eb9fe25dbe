//! All that can be told of files at once. Each stage judges what the stages before it let through, and goes on beside what they
//! refused: a misspelt field hides neither an unknown node, of its document or of another, nor the service that finds no room.

use std::collections::BTreeSet;

use model::{Allocations, Finding, Hints, IntentSet, Season, Ted, Timestamp};

use crate::{
    beside, codes,
    compile::compile,
    design,
    reading::Reading,
    validate::{self, AsOf},
};

/// Judges what could be read against a network. Where there is an error, services that have none are placed as well, as of a
/// moment or all of them at once, to tell which of them do not fit. Windows that are over at that moment are told either way.
/// What would only follow from a fault that is told is left out. Costs of [`crate::validate()`], and with an error those of [`crate::compile()`].
///
/// # Errors
/// All findings, warnings included, when at least one is an error.
pub fn judge(
    reading: &Reading,
    ted: &Ted,
    at: Option<Timestamp>,
) -> Result<(IntentSet, Vec<Finding>), Vec<Finding>> {
    judge_as_of(reading, ted, at.map_or_else(AsOf::default, AsOf::moment))
}

/// [`judge`], of files that may be in force already.
///
/// # Errors
/// All findings, warnings included, when at least one is an error.
pub fn judge_as_of(
    reading: &Reading,
    ted: &Ted,
    as_of: AsOf,
) -> Result<(IntentSet, Vec<Finding>), Vec<Finding>> {
    let at = as_of.at();
    let (set, judged) = validate::judged(&reading.documents, ted, as_of, &reading.unread);
    let mut findings = reading.findings.clone();
    findings.extend(judged);
    findings.extend(at.into_iter().flat_map(|at| validate::ended(&set, &reading.documents, at)));
    if !findings.iter().any(Finding::is_error) {
        return Ok((set, findings));
    }
    findings.extend(beside::judge(reading, ted, as_of));
    let mut late = placed(sound(set, &findings), ted, reading, at);
    crate::locate(&mut late, &reading.documents);
    findings.extend(late);
    Err(findings)
}

/// Judges what could be read by itself, where there is no network that could be asked.
pub fn judge_alone(reading: &Reading) -> Vec<Finding> {
    let mut unread = reading.unread.clone();
    let made = design::make(&reading.documents, &unread);
    unread.add(made.unread);
    let (_, judged) = validate::judged(&made.documents, &Ted::default(), AsOf::default(), &unread);
    let beside = beside::judge(reading, &Ted::default(), AsOf::default());
    let own = |finding: &Finding| codes::OF_DOCUMENTS.contains(&finding.code.as_str());
    let judged = judged.into_iter().chain(beside).filter(own);
    reading.findings.iter().cloned().chain(made.findings).chain(judged).collect()
}

/// The set without the services of intents that have an error: what is wrong with them is told.
fn sound(mut set: IntentSet, findings: &[Finding]) -> IntentSet {
    let errors = findings.iter().filter(|finding| finding.is_error());
    let bad: BTreeSet<&str> =
        errors.filter_map(|finding| finding.subject.strip_prefix("ServiceIntent ")).collect();
    set.services.retain(|_, service| !bad.contains(service.intent.as_str()));
    set
}

/// What placing says of services; nothing where too little is known of how they would be placed.
fn placed(set: IntentSet, ted: &Ted, reading: &Reading, at: Option<Timestamp>) -> Vec<Finding> {
    if set.services.is_empty() || reading.unread.may_have("SteeringPolicy") {
        return Vec::new();
    }
    let Ok(ids) = Allocations::default().extended(&set) else { return Vec::new() };
    let hints = Season::as_of(&set, at).over(Hints::default());
    let mut findings = compile(&set, ted, &hints, &ids).findings;
    // The network was judged before.
    findings.retain(|finding| finding.code != codes::BAD_NETWORK);
    findings
}

#[cfg(test)]
mod tests;
