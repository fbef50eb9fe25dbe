//! Two intents that claim the same packets at one headend: the rule that stands first would take them all.

mod covered;

use std::collections::{BTreeMap, BTreeSet};

use model::{IntentSet, NodeId, Schedule, Service, ServiceId, id::IntentId, intent::Claim};

use super::{Judge, Part, listed, mark_of, names::Names};
use crate::{codes, doc::Document};

/// Finds claims that two intents make. O(claims log claims).
pub(super) fn judge(
    names: &Names<'_>,
    set: &IntentSet,
    origins: &BTreeMap<ServiceId, &Document>,
    judge: &mut Judge<'_>,
) {
    // Of each intent one service: all of an intent have its schedule.
    let mut first: BTreeMap<Claim<'_>, Vec<&Service>> = BTreeMap::new();
    let mut clashes: BTreeMap<(&IntentId, &IntentId), Vec<Claim<'_>>> = BTreeMap::new();
    let mut by_intent: BTreeMap<&str, Vec<&Service>> = BTreeMap::new();
    for service in set.services.values() {
        by_intent.entry(service.intent.as_str()).or_default().push(service);
    }
    // In the order of the documents, so that the later one is told of the earlier.
    for (doc, _) in &names.services {
        for service in by_intent.get(doc.name()).into_iter().flatten() {
            for claim in service.claims() {
                let claimants = first.entry(claim).or_default();
                if claimants.iter().any(|other| other.intent == service.intent) {
                    continue;
                }
                if let Some(other) = claimants.iter().find(|other| are_together(other, service)) {
                    clashes.entry((&service.intent, &other.intent)).or_default().push(claim);
                }
                // Also one that clashes: another may clash with it, at another time.
                claimants.push(service);
            }
        }
    }
    covered::tell(&first, origins, judge);
    tell(set, origins, clashes, judge);
}

/// One finding for each two intents, at the later one.
fn tell(
    set: &IntentSet,
    origins: &BTreeMap<ServiceId, &Document>,
    clashes: BTreeMap<(&IntentId, &IntentId), Vec<Claim<'_>>>,
    judge: &mut Judge<'_>,
) {
    let when: BTreeMap<&IntentId, &Option<Schedule>> =
        set.services.values().map(|service| (&service.intent, &service.when)).collect();
    let documents: BTreeMap<&str, &Document> = origins.values().map(|doc| (doc.name(), *doc)).collect();
    for ((later, earlier), claims) in clashes {
        let (Some(doc), Some(other)) = (documents.get(later.as_str()), documents.get(earlier.as_str()))
        else {
            continue;
        };
        let heads: BTreeSet<&NodeId> = claims.iter().map(|claim| claim.0).collect();
        let heads: Vec<&NodeId> = heads.into_iter().collect();
        let (_, vrf, prefix, dscp) = claims[0];
        let to = prefix.map_or(String::new(), |prefix| format!(" to {prefix}"));
        let both = match (when.get(earlier), when.get(later)) {
            (Some(Some(one)), Some(Some(other))) => {
                Schedule::common_of(&[one, other]).map(|common| match (one.clock(), other.clock()) {
                    // It is told on the first clock.
                    (Some(first), Some(second)) if first != second => {
                        format!("{common}, on the clock of `{earlier}`")
                    }
                    _ => common.to_string(),
                })
            }
            (Some(Some(one)), _) | (_, Some(Some(one))) => Some(one.to_string()),
            _ => None,
        };
        let then = both.map_or(String::new(), |both| format!(", both promised {both}"));
        let message = format!(
            "`{earlier}` claims the same packets at {}: VRF `{vrf}`, `{dscp}`{to}{then}",
            listed(&heads)
        );
        judge
            .error(codes::SAME_TRAFFIC, doc, mark_of(doc, Part::Match), message)
            .help("give each its own `prefix` (and `source`, for the way back) or code points, or a `when` apart from the other's, or join them in one hub-spoke intent")
            .related(other.place(mark_of(other, Part::Match)), "claimed here first")
            .made_by(other);
    }
}

/// Whether two services are promised at the same time at some time.
fn are_together(one: &Service, other: &Service) -> bool {
    match (&one.when, &other.when) {
        (Some(one), Some(other)) => one.overlaps(other).is_some(),
        _ => true,
    }
}
