//! Traffic classes, queue profiles and alarm policies.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Affinity, AlarmPolicy, Discipline, IntentSet, NodeId, QosProfile, Scheduling, Span, TrafficClass,
    condition::{Condition, Quantity},
    id::{ClassName, QueueName},
    link::Link,
    steering::Dscp,
};

use super::{Judge, PROFILE, QUEUE, constant, known, listed, names::Names};
use crate::{
    codes,
    doc::{AlarmSpec, ConditionSpec, DisciplineWord, Document, InterfacesWord, ProfileSpec},
    read::At,
    source::Mark,
};

/// Reads profiles: weights are 1 to 100, together at most 100.
pub(super) fn profiles(names: &Names<'_>, set: &mut IntentSet, judge: &mut Judge<'_>) {
    for (name, (doc, spec)) in &names.profiles {
        let mut total = 0_u32;
        let mut queues = BTreeMap::new();
        for (queue, how) in &spec.queues.value {
            let weight = how.value.weight.map(|weight| weight.value);
            let discipline = match (how.value.discipline.value, weight) {
                (DisciplineWord::Strict, None) => Discipline::Strict,
                (DisciplineWord::Weighted, Some(weight @ 1..=100)) => {
                    total += weight;
                    Discipline::Weighted(u8::try_from(weight).unwrap_or(u8::MAX))
                }
                (DisciplineWord::Strict, Some(_)) => {
                    judge
                        .error(
                            codes::QUEUE_SHARES,
                            doc,
                            how.mark,
                            format!("the strict queue `{}` has a weight", queue.value),
                        )
                        .help("remove `weight`: a strict queue is served first, up to what is guaranteed");
                    continue;
                }
                (DisciplineWord::Weighted, _) => {
                    let message =
                        format!("the weighted queue `{}` needs a weight from 1 to 100", queue.value);
                    judge.error(codes::QUEUE_SHARES, doc, how.mark, message).help("add `weight: 20`");
                    continue;
                }
            };
            queues.insert(queue.value.clone(), Scheduling { discipline });
        }
        if total > 100 {
            let message = format!("the weights of the queues add up to {total}, at most 100 are there");
            judge.error(codes::QUEUE_SHARES, doc, spec.queues.mark, message).help("lower some of them");
        }
        let everywhere = spec.interfaces.is_some_and(|which| which.value == InterfacesWord::All);
        set.profiles.insert((*name).to_owned(), QosProfile { name: (*name).to_owned(), queues, everywhere });
    }
}

/// Reads classes, and judges the queues that all of them together put on every interface.
pub(super) fn classes(names: &Names<'_>, set: &mut IntentSet, judge: &mut Judge<'_>) {
    let mut claimed: BTreeMap<Dscp, (&Document, Mark)> = BTreeMap::new();
    for (name, (doc, spec)) in &names.classes {
        let mut points = BTreeSet::new();
        for point in &spec.dscp.value {
            if let Some((other, mark)) = claimed.get(&point.value) {
                let message =
                    format!("the code point `{}` belongs to class `{}` already", point.value, other.name());
                judge
                    .error(codes::SAME_CODE_POINT, doc, point.mark, message)
                    .help("a code point leads to one queue on every device: give each class its own")
                    .related(other.place(*mark), "first claimed here")
                    .made_by(other);
                continue;
            }
            claimed.insert(point.value, (*doc, point.mark));
            points.insert(point.value);
        }
        if spec.dscp.value.is_empty() {
            judge
                .error(codes::BAD_VALUE, doc, spec.dscp.mark, "a class needs at least one code point")
                .help("write it like `dscp: [af41]`");
        }
        let profile = &spec.profile;
        let profiles = names.profiles.keys().copied();
        if known(judge, doc, profile.mark, PROFILE, &profile.value.0, profiles) {
            let queues = queue_names(names.profiles[profile.value.0.as_str()].1);
            known(
                judge,
                doc,
                spec.queue.mark,
                QUEUE,
                spec.queue.value.as_str(),
                queues.iter().map(String::as_str),
            );
        }
        let Ok(class) = name.parse::<ClassName>() else { continue };
        set.classes.insert(
            class.clone(),
            TrafficClass {
                name: class,
                value: spec.value.value,
                dscp: points,
                queue: spec.queue.value.clone(),
                profile: profile.value.0.clone(),
            },
        );
    }
    interface_queues(names, set, judge);
}

fn queue_names(profile: &ProfileSpec) -> Vec<String> {
    profile.queues.value.keys().map(|queue| queue.value.to_string()).collect()
}

/// The queues of every interface: those of all profiles that classes use. `compile` sets the same.
pub(crate) fn queues_in_use(set: &IntentSet) -> BTreeMap<QueueName, Scheduling> {
    let used: BTreeSet<&String> = set.classes.values().map(|class| &class.profile).collect();
    used.into_iter()
        .filter_map(|profile| set.profiles.get(profile))
        .flat_map(|profile| &profile.queues)
        .map(|(queue, how)| (queue.clone(), *how))
        .collect()
}

/// Whether every interface has them: one profile in use that says so is enough, for interfaces have the queues of all.
pub(crate) fn queues_everywhere(set: &IntentSet) -> bool {
    let profiles = set.classes.values().filter_map(|class| set.profiles.get(&class.profile));
    profiles.into_iter().any(|profile| profile.everywhere)
}

fn interface_queues(names: &Names<'_>, set: &IntentSet, judge: &mut Judge<'_>) {
    let used: BTreeSet<&String> = set.classes.values().map(|class| &class.profile).collect();
    let mut first: BTreeMap<&QueueName, (&Document, Mark, Discipline)> = BTreeMap::new();
    for profile in used {
        let (Some((doc, spec)), Some(profile)) =
            (names.profiles.get(profile.as_str()), set.profiles.get(profile))
        else {
            continue;
        };
        for (queue, how) in &profile.queues {
            let mark = spec
                .queues
                .value
                .keys()
                .find(|key| key.value == *queue)
                .map_or(spec.queues.mark, |key| key.mark);
            match first.get(queue) {
                Some((other, other_mark, discipline)) if *discipline != how.discipline => {
                    let message =
                        format!("profile `{}` serves the queue `{queue}` differently", other.name());
                    judge
                        .error(codes::QUEUE_CLASH, doc, mark, message)
                        .help("every interface has the queues of all profiles in use: rename one queue")
                        .related(other.place(*other_mark), "served otherwise here")
                        .made_by(other);
                }
                Some(_) => {}
                None => drop(first.insert(queue, (*doc, mark, how.discipline))),
            }
        }
    }
    let count = first.len();
    let short: Vec<&NodeId> = judge
        .ted
        .nodes
        .values()
        .filter(|node| usize::from(node.queues) < count)
        .map(|node| &node.id)
        .collect();
    if !short.is_empty()
        && let Some((doc, mark, _)) = first.values().max_by_key(|(doc, mark, _)| (doc.name(), *mark))
    {
        let least = judge.ted.nodes.values().map(|node| node.queues).min().unwrap_or(0);
        let message =
            format!("{count} queues are used, and {} has as few as {least} per interface", listed(&short));
        judge.error(codes::TOO_MANY_QUEUES, doc, *mark, message).help("let several classes share a queue");
    }
}

/// Warns of classes and profiles that nothing uses.
pub(super) fn unused(names: &Names<'_>, set: &IntentSet, judge: &mut Judge<'_>) {
    // A service with a fault is not in the set, and still uses its class.
    let classes: BTreeSet<&str> = names.services.iter().map(|(_, spec)| spec.class.value.as_str()).collect();
    let profiles: BTreeSet<&str> = set.classes.values().map(|class| class.profile.as_str()).collect();
    for (name, (doc, _)) in names.classes.iter().filter(|(name, _)| !classes.contains(*name)) {
        judge
            .warn(codes::UNUSED, doc, doc.metadata.name.mark, format!("no service is of class `{name}`"))
            .help(format!("write `class: {name}` in a service, or remove it"));
    }
    for (name, (doc, _)) in names.profiles.iter().filter(|(name, _)| !profiles.contains(*name)) {
        judge
            .warn(codes::UNUSED, doc, doc.metadata.name.mark, format!("no class uses the profile `{name}`"))
            .help(format!("write `profile: {name}` in a class, or remove it"));
    }
}

/// Reads alarm policies.
pub(super) fn alarms(names: &Names<'_>, set: &mut IntentSet, judge: &mut Judge<'_>) {
    for (name, (doc, spec)) in &names.alarms {
        let when = &spec.when;
        let Some(condition) =
            combined(doc, when.mark, when.value.all.as_ref(), when.value.any.as_ref(), judge)
        else {
            continue;
        };
        let Some(condition) =
            condition.map(|condition| queues_resolved(doc, when.mark, condition, set, judge))
        else {
            judge
                .error(
                    codes::MISSING_FIELD,
                    doc,
                    when.mark,
                    "an alarm needs a condition: `all` or `any` is missing here",
                )
                .help("write it like `any: [delay > contract + 20ms, loss > 0.5%]`");
            continue;
        };
        let list = when.value.all.as_ref().or(when.value.any.as_ref()).map_or(when.mark, |list| list.mark);
        constant::judge(doc, list, &condition, constant::Use::Alarm, judge);
        let policy = AlarmPolicy {
            name: (*name).to_owned(),
            links: watched(doc, spec, judge),
            when: condition,
            over: when.value.over.map_or(Span::from_secs(10), |span| span.value),
            hold: when.value.hold.map_or(Span::from_secs(3), |span| span.value),
            clear_after: spec.clear.as_ref().map_or(Span::from_secs(30), |clear| clear.value.hold.value),
            severity: spec.severity.value,
        };
        set.alarms.insert((*name).to_owned(), policy);
    }
}

fn watched(doc: &Document, spec: &AlarmSpec, judge: &mut Judge<'_>) -> BTreeMap<String, String> {
    let Some(on) = &spec.on else { return BTreeMap::new() };
    let links: BTreeMap<String, String> =
        on.value.links.iter().map(|(key, value)| (key.0.clone(), value.value.0.clone())).collect();
    if let Some((key, value)) =
        on.value.links.iter().find(|(key, _)| !matches!(key.0.as_str(), "role" | "affinity"))
    {
        let message = format!("links are not selected by `{}`", crate::tree::short(&key.0));
        judge
            .error(codes::UNKNOWN_FIELD, doc, value.mark, message)
            .help("the fields here are role, affinity");
        return links;
    }
    if !judge.ted.links.values().any(|link| is_watched(link, &links)) {
        let roles: BTreeSet<&str> =
            judge.ted.links.values().filter_map(|link| link.role.as_deref()).collect();
        let help = match links.get("role") {
            Some(role) if !roles.contains(role.as_str()) => {
                crate::read::suggest(role, roles.iter().copied(), "the roles of links are")
            }
            _ => "no link has all of these".to_owned(),
        };
        judge.warn(codes::WATCHES_NOTHING, doc, on.mark, "no link of the network is watched").help(help);
    }
    links
}

/// Whether an alarm policy with this selection watches a link: its `role` and one of its affinities must be as said.
pub fn is_watched(link: &Link, selection: &BTreeMap<String, String>) -> bool {
    selection.iter().all(|(key, value)| match key.as_str() {
        "role" => link.role.as_deref() == Some(value),
        "affinity" => value.parse::<Affinity>().is_ok_and(|affinity| link.affinity.contains(&affinity)),
        _ => false,
    })
}

/// `all` and `any` of one mapping as a condition: the outer option ends with a finding, the inner is absent with both.
pub(super) fn combined(
    doc: &Document,
    mark: Mark,
    all: Option<&At<Vec<ConditionSpec>>>,
    any: Option<&At<Vec<ConditionSpec>>>,
    judge: &mut Judge<'_>,
) -> Option<Option<Condition>> {
    let parts =
        |list: &At<Vec<ConditionSpec>>| list.value.iter().map(|part| part.0.clone()).collect::<Vec<_>>();
    match (all, any) {
        (Some(_), Some(any)) => {
            let help = "put one into the other: `any: [{all: [delay > 30ms, loss > 0.1%]}, loss > 5%]`";
            judge.error(codes::CONTRADICTION, doc, any.mark, "`all` and `any` stand side by side").help(help);
            None
        }
        (Some(list), None) | (None, Some(list)) if list.value.is_empty() => {
            judge
                .error(codes::BAD_VALUE, doc, mark, "the list of conditions is empty")
                .help("name at least one");
            None
        }
        (Some(all), None) => Some(Some(Condition::All { all: parts(all) })),
        (None, Some(any)) => Some(Some(Condition::Any { any: parts(any) })),
        (None, None) => Some(None),
    }
}

/// The condition with queues that are named after a class replaced by the queue of that class.
pub(super) fn queues_resolved(
    doc: &Document,
    mark: Mark,
    condition: Condition,
    set: &IntentSet,
    judge: &mut Judge<'_>,
) -> Condition {
    let mut each = |parts: Vec<Condition>| {
        parts.into_iter().map(|part| queues_resolved(doc, mark, part, set, judge)).collect::<Vec<_>>()
    };
    match condition {
        Condition::All { all } => Condition::All { all: each(all) },
        Condition::Any { any } => Condition::Any { any: each(any) },
        Condition::One(mut one) => {
            if matches!(one.quantity, Quantity::QueueDepth(_)) {
                let message = format!("`{one}` never holds: nothing measures the depth of queues yet");
                judge
                    .warn(codes::NOT_SUPPORTED, doc, mark, message)
                    .help("judge by `queue.drops` or `utilisation`");
            }
            if let Quantity::QueueDrops(Some(queue)) | Quantity::QueueDepth(Some(queue)) = &mut one.quantity {
                let queues = queues_in_use(set);
                if let Some(class) =
                    queue.as_str().parse::<ClassName>().ok().and_then(|class| set.classes.get(&class))
                {
                    *queue = class.queue.clone();
                } else {
                    let names: BTreeSet<&str> = queues
                        .keys()
                        .map(QueueName::as_str)
                        .chain(set.classes.keys().map(ClassName::as_str))
                        .collect();
                    known(judge, doc, mark, QUEUE, queue.as_str(), names.iter().copied());
                }
            }
            Condition::One(one)
        }
    }
}
