//! Whether the routers at the ends of services can be told what is asked of them. What a router can be told is data of the network
//! ([`model::Features`]); which routers a service only passes is not known here.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Discipline, Feature, IntentSet, NodeId, QueueName, Scheduling, Service,
    sr::{Dataplane, LastResort},
    steering::Dscp,
};

use super::{Judge, Part, listed, mark_of, names::Names, queues_in_use};
use crate::{codes, doc::Document};

/// What routers of one dialect lack for an intent, each with the words on what is missing.
#[derive(Default)]
struct Lacking<'a> {
    nodes: BTreeSet<&'a NodeId>,
    words: BTreeMap<Feature, &'a str>,
}

/// One finding for each intent and dialect. O(services × (matches + queues)) where a router lacks anything.
pub(super) fn judge(names: &Names<'_>, set: &IntentSet, judge: &mut Judge<'_>) {
    let ted = judge.ted;
    if ted.nodes.values().all(|node| node.features.lacks.is_empty()) {
        return;
    }
    let queues = queues_in_use(set);
    let mut by_intent: BTreeMap<&str, Vec<&Service>> = BTreeMap::new();
    for service in set.services.values() {
        by_intent.entry(service.intent.as_str()).or_default().push(service);
    }
    for (doc, _) in &names.services {
        let mut lacking: BTreeMap<&str, Lacking<'_>> = BTreeMap::new();
        for service in by_intent.get(doc.name()).into_iter().flatten() {
            let ends = [(&service.a, true, true), (&service.z, false, service.bidirectional)];
            for (end, out, is_head) in ends {
                let Some(node) = ted.nodes.get(end) else { continue };
                let mut asked = of_end(service, set, &queues);
                if is_head {
                    asked.extend(of_head(service, out));
                }
                for feature in asked {
                    let Some(words) = node.features.lacks.get(&feature) else { continue };
                    let of_dialect = lacking.entry(node.dialect.as_str()).or_default();
                    of_dialect.nodes.insert(&node.id);
                    of_dialect.words.insert(feature, words);
                }
            }
        }
        lacking.iter().for_each(|(dialect, lacking)| tell(doc, dialect, lacking, judge));
    }
}

/// What is asked of both ends: queues on the interfaces that the service leaves or enters by, and a classifier for them.
fn of_end(service: &Service, set: &IntentSet, queues: &BTreeMap<QueueName, Scheduling>) -> BTreeSet<Feature> {
    let of_queue = |how: &Scheduling| match how.discipline {
        Discipline::Strict => Feature::StrictQueues,
        Discipline::Weighted(_) => Feature::WeightedQueues,
    };
    let mut asked: BTreeSet<Feature> = queues.values().map(of_queue).collect();
    asked.insert(Feature::Classifiers);
    let own = set.classes.get(&service.class).and_then(|class| queues.get(&class.queue));
    let is_weighted = own.is_some_and(|how| how.discipline != Discipline::Strict);
    if is_weighted && service.slo.bandwidth.is_some() {
        asked.insert(Feature::Guarantees);
    }
    asked
}

/// What is asked of a headend: a policy, and rules that lead into it. Out is from `a` to `z`.
fn of_head(service: &Service, out: bool) -> BTreeSet<Feature> {
    let mut asked = BTreeSet::from([match service.path.dataplane {
        Dataplane::SrMpls => Feature::MplsPolicies,
        Dataplane::Srv6 => Feature::Srv6Policies,
    }]);
    if service.path.last_resort == LastResort::Drop {
        asked.insert(Feature::DropWhenInvalid);
    }
    for one in &service.matches {
        asked.insert(match one.destination(out) {
            Some(_) => Feature::PrefixSteering,
            None => Feature::WholeSteering,
        });
        if one.dscp.len() < usize::from(Dscp::COUNT) {
            asked.insert(Feature::DscpSteering);
        }
    }
    asked
}

fn tell(doc: &Document, dialect: &str, lacking: &Lacking<'_>, judge: &mut Judge<'_>) {
    let lacks = |feature| lacking.words.contains_key(&feature);
    // What is missing for the same reason is told together.
    let mut parts: Vec<(&str, Vec<String>)> = Vec::new();
    for (feature, words) in &lacking.words {
        match parts.iter_mut().find(|(reason, _)| reason == words) {
            Some((_, features)) => features.push(feature.to_string()),
            None => parts.push((*words, vec![feature.to_string()])),
        }
    }
    let parts: Vec<String> =
        parts.into_iter().map(|(words, features)| format!("{} ({words})", features.join(", "))).collect();
    let nodes: Vec<&NodeId> = lacking.nodes.iter().copied().collect();
    let message = format!(
        "{} cannot be told all that it asks for: the dialect `{dialect}` has no {}",
        listed(&nodes),
        parts.join(", and no ")
    );
    let by_rule = lacks(Feature::DscpSteering) || lacks(Feature::WholeSteering);
    let part = if by_rule || lacks(Feature::PrefixSteering) { Part::Match } else { Part::Ends };
    let other = "make another router the end, or give this one another `dialect` in the network file where it speaks one";
    let help = if by_rule && !lacks(Feature::PrefixSteering) {
        format!(
            "take its packets by prefix alone: `match: [{{prefix: …, source: …, marked: any}}]`; or {other}"
        )
    } else if lacks(Feature::DropWhenInvalid) {
        format!("ask for no drop: `path: {{lastResort: igp}}`; or {other}")
    } else {
        other.to_owned()
    };
    judge.error(codes::CANNOT_BE_TOLD, doc, mark_of(doc, part), message).help(help);
}

#[cfg(test)]
mod tests {
    use model::{Features, Ted};

    use super::*;
    use crate::tests::{CLASSES, documents, errors, minimal_ted, service};

    /// The minimal network, one router of which lacks these.
    fn lacking(node: &str, features: &[(Feature, &str)]) -> Ted {
        let mut ted = minimal_ted();
        let node = ted.nodes.get_mut(&NodeId::lit(node)).unwrap();
        node.dialect = "vendor".to_owned();
        let lacks = features.iter().map(|(feature, words)| (*feature, (*words).to_owned())).collect();
        node.features = Features { lacks, longest_name: None };
        ted
    }

    /// The errors of this kind on a service between the headquarters and a branch.
    fn told(ends: &str, rest: &str, ted: &Ted) -> Vec<String> {
        let text = service("s", &format!("  connectivity: {{type: p2p, endpoints: {ends}}}\n{rest}"));
        let found = errors(&documents(&[CLASSES, &text]), ted);
        found.into_iter().filter(|line| line.contains(codes::CANNOT_BE_TOLD)).collect()
    }

    const BOTH: &str = "[hq-pe1, br-1]";
    const OUT: &str = "[hq-pe1, br-1], bidirectional: false";

    #[test]
    fn an_end_that_looks_at_no_code_points_takes_packets_by_prefix() {
        let ted =
            lacking("br-1", &[(Feature::DscpSteering, "no rule"), (Feature::WholeSteering, "no table")]);
        let found = told(BOTH, "", &ted);
        let [of_class] = found.as_slice() else { panic!("{found:?}") };
        assert!(
            of_class.contains(
                "br-1 cannot be told all that it asks for: the dialect `vendor` has no steering by DSCP (no rule), and no \
                 steering without a prefix (no table) / take its packets by prefix alone"
            ),
            "{of_class}"
        );
        let by = |rule: &str| told(BOTH, &format!("  match: [{{{rule}}}]"), &ted);
        assert!(
            by("prefix: 10.16.0.0/16, source: 10.1.0.0/16")[0]
                .contains("has no steering by DSCP (no rule) /")
        );
        // The way back has the source for its destination.
        assert!(
            by("prefix: 10.16.0.0/16, marked: any")[0]
                .contains("has no steering without a prefix (no table) /")
        );
        assert_eq!(by("prefix: 10.16.0.0/16, source: 10.1.0.0/16, marked: any"), [""; 0]);
        assert_eq!(told(OUT, "", &ted), [""; 0], "nothing enters at the other end");
        assert_eq!(told("[hq-pe1, br-2]", "", &ted), [""; 0]);
    }

    #[test]
    fn a_last_resort_and_queues_are_asked_for_too() {
        let drop = lacking("hq-pe1", &[(Feature::DropWhenInvalid, "no leaf")]);
        assert_eq!(told(BOTH, "", &drop), [""; 0]);
        let found = told(BOTH, "  path: {lastResort: drop}", &drop);
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert!(one.contains("has no drop when no path is valid (no leaf) / ask for no drop"), "{one}");
        // What is missing for one reason is told together; the far end of a one-way service has queues as well.
        let queues = [Feature::StrictQueues, Feature::WeightedQueues, Feature::Classifiers];
        let bare = lacking("br-1", &queues.map(|feature| (feature, "no module")));
        let found = told(OUT, "", &bare);
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert!(
            one.contains(
                "has no strict queues, shaped, weighted queues, classifiers by DSCP (no module) / make"
            ),
            "{one}"
        );
    }
}
