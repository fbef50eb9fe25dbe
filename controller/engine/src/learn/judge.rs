//! What is odd in what is learned, as findings: who is silent, what has no place in the file's network, who says otherwise.

use std::collections::BTreeMap;

use bgp::learn::Unmatched;
use model::{Finding, NodeId, Severity, Side};

use super::{FactView, News, Sources, shown::NEIGHBOUR};
use crate::codes;

/// Findings of one kind before the rest is counted.
const MOST: usize = 20;
/// Subjects or values that one finding names.
const NAMED: usize = 5;

/// Judges what was heard last, as it is shown.
pub fn judge(news: &News, shown: &Sources) -> Vec<Finding> {
    let mut findings = silent(news);
    findings.extend(strangers(&news.unmatched));
    findings.extend(unheard(news));
    findings.extend(conflicts(shown));
    findings.extend(waiting(&shown.waiting));
    findings
}

fn silent(news: &News) -> Vec<Finding> {
    let mut findings = Vec::new();
    for peer in &news.peers {
        if peer.up_since.is_none() {
            let why = peer.why.as_deref().unwrap_or("it was not reached yet");
            let message = format!("{why}; what was learned from it stays as it was said last");
            findings.push(
                Finding::new(codes::SILENT_SOURCE, Severity::Warning, &peer.name, message)
                    .with_help(format!("look at the BGP session with {}", peer.address)),
            );
        }
        if peer.refused > 0 {
            let message = format!("{} routes of it had no place and are not known", peer.refused);
            findings.push(Finding::new(codes::SILENT_SOURCE, Severity::Warning, &peer.name, message));
        }
    }
    findings
}

/// Routers that answer and do not say what is around them, with the reasons.
pub fn mute(routers: &BTreeMap<NodeId, String>) -> Vec<Finding> {
    let finding = |(node, why): (&NodeId, &String)| {
        let message =
            format!("it answers and does not say what is around it: {why}; that stays as it said it last");
        Finding::new(codes::SILENT_SOURCE, Severity::Warning, node, message)
            .with_help("look at its log; the question is put to it again now and then")
    };
    capped(routers.iter().map(finding).collect(), codes::SILENT_SOURCE, "routers")
}

pub(super) fn strangers(unmatched: &Unmatched) -> Vec<Finding> {
    let routers = unmatched.routers.iter().map(|router| {
        let message =
            format!("the routing protocol tells of router {router}, which the network file does not have");
        (router.clone(), message)
    });
    let halves = unmatched.halves.iter().map(|(from, to)| {
        let message = format!(
            "the routing protocol tells of a link from {from} to {to}, which the network file does not have"
        );
        (format!("{from} to {to}"), message)
    });
    let help = "add it to the network file, or give its node there the router id or name by which it is told, and the link the \
                name of its interface";
    let finding = |(subject, message): (String, String)| {
        Finding::new(codes::STRANGER, Severity::Warning, subject, message).with_help(help)
    };
    capped(routers.chain(halves).map(finding).collect(), codes::STRANGER, "routers and links")
}

/// What the file has and nobody tells of; before all have said all nothing is missed.
fn unheard(news: &News) -> Option<Finding> {
    let Unmatched { silent_nodes, silent_links, .. } = &news.unmatched;
    if !news.complete || news.peers.is_empty() || silent_nodes.is_empty() && silent_links.is_empty() {
        return None;
    }
    let nodes = silent_nodes.iter().map(ToString::to_string);
    let all: Vec<String> = nodes.chain(silent_links.iter().map(ToString::to_string)).collect();
    let message = format!(
        "nobody tells of {}, or of links from one side only: plans follow the file there",
        named(&all)
    );
    Some(Finding::new(codes::UNHEARD, Severity::Info, "network", message))
}

fn conflicts(shown: &Sources) -> Vec<Finding> {
    let nodes = shown.nodes.iter().map(|(id, facts)| (id.to_string(), facts));
    let links = shown.links.iter().map(|(id, facts)| (id.to_string(), facts));
    let finding = |(subject, facts): (String, &Vec<FactView>)| {
        // Cables have a finding of their own.
        let facts = facts.iter().filter(|fact| fact.what != NEIGHBOUR);
        let said: Vec<String> = facts.filter_map(conflict).collect();
        let message = said.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
        let more = said.len().saturating_sub(NAMED);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        (!said.is_empty()).then(|| {
            Finding::new(codes::CONFLICT, Severity::Warning, subject, format!("{message}{more}")).with_help(
                "plans follow the first; mend the file where the routers are right, and the router where it is not",
            )
        })
    };
    capped(nodes.chain(links).filter_map(finding).collect(), codes::CONFLICT, "routers and links")
}

fn conflict(fact: &FactView) -> Option<String> {
    let other = fact.other.as_ref()?;
    let way = match fact.from {
        Some(Side::A) => ">",
        Some(Side::Z) => "<",
        None => "",
    };
    Some(format!(
        "{}{way} is {} as {} says, and {} as {} says",
        fact.what, fact.value, fact.source, other.value, other.source
    ))
}

fn waiting(subjects: &[String]) -> Option<Finding> {
    let message = format!("routers tell otherwise now than plans follow: {}", named(subjects));
    (!subjects.is_empty()).then(|| {
        Finding::new(codes::LEARNED_WAITS, Severity::Info, "network", message).with_help(
            "it is followed in a moment where the mode is `act`; otherwise with the next intents that are applied",
        )
    })
}

/// The first few, and how many more.
fn named(all: &[String]) -> String {
    let some = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => some,
        more => format!("{some} and {more} more"),
    }
}

/// So many, and one on the rest.
pub(super) fn capped(mut findings: Vec<Finding>, code: &str, what: &str) -> Vec<Finding> {
    let more = findings.len().saturating_sub(MOST);
    if more > 0 {
        findings.truncate(MOST);
        findings.push(Finding::new(
            code,
            Severity::Warning,
            "network",
            format!("the same of {more} more {what}"),
        ));
    }
    findings
}
