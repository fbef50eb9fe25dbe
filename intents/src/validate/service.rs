//! One intent to its services.

use std::collections::BTreeSet;

use model::{
    IntentSet, Service, Sle, Slo, Span, TrafficClass,
    condition::{Comparison, Condition, Ordering, Quantity},
    finding::Severity,
    id::{Affinity, IntentId, NodeId, ServiceId},
    intent::{Assurance, Match, PathPreference, Pin},
    sr::{Dataplane, LastResort},
    steering::Dscp,
    unit::{Bandwidth, Loss, Ratio},
};

use super::{
    CLASS, Judge, budget, class, constant, in_network, known, listed, names::Names, schedule::schedule,
    select,
};
use crate::{
    codes,
    doc::{
        AssuranceSpec, BreachSpec, Connectivity, Document, EncryptionWish, MarkWish, MatchSpec, PathSpec,
        ServiceSpec, SleSpec, SloSpec,
    },
    read::At,
    source::Mark,
};

/// How many `match` entries an intent may have: the places of steering rules leave room for so many.
pub(crate) const MAX_MATCHES: usize = 10;

/// How long the name of a service may be: names of objects on devices are made from it.
const MAX_SERVICE_NAME: usize = 120;

/// The services of an intent; none where a fault leaves them unclear.
pub(super) fn expand(
    doc: &Document,
    spec: &ServiceSpec,
    set: &IntentSet,
    names: &Names<'_>,
    judge: &mut Judge<'_>,
) -> Vec<Service> {
    let classes = names.classes.keys().copied();
    let class_known = known(judge, doc, spec.class.mark, CLASS, spec.class.value.as_str(), classes);
    let pairs = select::pairs(doc, &spec.connectivity, judge);
    let matches = matches(doc, spec, set, judge);
    let slo = slo(doc, spec.slo.as_ref(), judge);
    let budgets = budget::shares(doc, spec.slo.as_ref(), judge);
    let ends = pairs.as_ref().map_or(&[][..], |pairs| &pairs.ends);
    let sle = sle(doc, spec.sle.as_ref(), ends, judge);
    let path = path(doc, spec.path.as_ref(), sle.encrypted, judge);
    let assurance = assurance(doc, spec.assurance.as_ref(), &slo, set, judge);
    let when = match &spec.when {
        Some(when) => schedule(doc, when, judge).map(Some),
        None => Some(None),
    };
    let (Some(pairs), Some(matches), Some(assurance), Some(when), true, Ok(intent)) =
        (&pairs, matches, assurance, when, class_known, doc.name().parse::<IntentId>())
    else {
        return Vec::new();
    };
    segments_possible(doc, spec, &path, &pairs.ends, judge);
    let co_routed = spec.path.as_ref().and_then(|path| path.value.co_routed).is_none_or(|both| both.value);
    let p2p = matches!(spec.connectivity.value, Connectivity::P2p(_));
    let mut services = Vec::with_capacity(pairs.ends.len());
    for (a, z) in &pairs.ends {
        let Some(id) = service_id(doc, &intent, p2p, a, z, judge) else { break };
        services.push(Service {
            id,
            intent: intent.clone(),
            owner: doc.metadata.owner.as_ref().map(|owner| owner.value.0.clone()),
            a: a.clone(),
            z: z.clone(),
            bidirectional: pairs.bidirectional,
            co_routed,
            matches: matches.clone(),
            vrf: spec.vrf.value.clone(),
            class: spec.class.value.clone(),
            slo,
            budgets: budgets.clone(),
            sle: sle.clone(),
            path: path.clone(),
            assurance: assurance.clone(),
            when: when.clone(),
        });
    }
    services
}

fn service_id(
    doc: &Document,
    intent: &IntentId,
    p2p: bool,
    a: &NodeId,
    z: &NodeId,
    judge: &mut Judge<'_>,
) -> Option<ServiceId> {
    let name = if p2p { intent.to_string() } else { format!("{intent}/{a}~{z}") };
    let id = name.parse::<ServiceId>().ok().filter(|_| name.len() <= MAX_SERVICE_NAME);
    if id.is_none() {
        let message = format!(
            "the service `{name}` would have a name of {} bytes, at most {MAX_SERVICE_NAME} fit",
            name.len()
        );
        judge
            .error(codes::LIMIT, doc, doc.metadata.name.mark, message)
            .help("give the intent a shorter name");
    }
    id
}

fn matches(doc: &Document, spec: &ServiceSpec, set: &IntentSet, judge: &mut Judge<'_>) -> Option<Vec<Match>> {
    let class = set.classes.get(&spec.class.value);
    let of_class = class.map(|class| class.dscp.clone()).unwrap_or_default();
    if let Some(extra) = spec.matches.get(MAX_MATCHES) {
        let message =
            format!("an intent has at most {MAX_MATCHES} matches, this one has {}", spec.matches.len());
        judge.error(codes::LIMIT, doc, extra.mark, message).help("use shorter prefixes, or several intents");
        return None;
    }
    let mesh = matches!(spec.connectivity.value, Connectivity::Mesh(_));
    for entry in &spec.matches {
        let sides = [(entry.value.source, "first"), (entry.value.prefix, "second")];
        for (prefix, side) in sides.into_iter().filter(|_| mesh) {
            let Some(prefix) = prefix else { continue };
            let message = format!("a mesh has no {side} end that a prefix could lie behind");
            judge
                .error(codes::PREFIX_IN_MESH, doc, prefix.mark, message)
                .help("match by `dscp`, or use `type: hub-spoke`");
        }
        if let Some(source) = entry.value.source.filter(|_| is_one_way(spec)) {
            let message =
                "only the way out is promised, and routers match it by destination: `source` decides nothing";
            judge
                .warn(codes::CONTRADICTION, doc, source.mark, message)
                .help("leave it out, or promise both directions");
        }
        if let (Some(any), Some(point)) = (any_mark(&entry.value), entry.value.dscp.first()) {
            judge
                .error(codes::CONTRADICTION, doc, any, "the match takes whatever mark, and names code points")
                .help("leave one of the two out")
                .related(doc.place(point.mark), "named here");
        } else if let Some(class) = class {
            foreign_points(doc, &entry.value, class, set, judge);
        }
    }
    if spec.matches.is_empty() {
        return Some(vec![Match { prefix: None, source: None, dscp: of_class }]);
    }
    let read = |entry: &At<MatchSpec>| Match {
        prefix: entry.value.prefix.map(|prefix| prefix.value.0),
        source: entry.value.source.map(|prefix| prefix.value.0),
        dscp: match entry.value.dscp.as_slice() {
            [] if any_mark(&entry.value).is_some() => Dscp::all().collect(),
            [] => of_class.clone(),
            points => points.iter().map(|point| point.value).collect(),
        },
    };
    Some(spec.matches.iter().map(read).collect())
}

/// Where a match says that marks do not count.
fn any_mark(entry: &MatchSpec) -> Option<Mark> {
    entry.marked.filter(|wish| wish.value == MarkWish::Any).map(|wish| wish.mark)
}

/// Tells of code points that belong to another class than that of the service, or to none.
fn foreign_points(
    doc: &Document,
    entry: &MatchSpec,
    class: &TrafficClass,
    set: &IntentSet,
    judge: &mut Judge<'_>,
) {
    for point in entry.dscp.iter().filter(|point| !class.dscp.contains(&point.value)) {
        let owner = set.classes.values().find(|class| class.dscp.contains(&point.value));
        let whose = owner.map_or("no class".to_owned(), |class| format!("class `{}`", class.name));
        let message =
            format!("the code point `{}` belongs to {whose}, the service to `{}`", point.value, class.name);
        // A second class that had it would be a contradiction of its own.
        let help = match owner {
            Some(owner) => format!(
                "devices choose the queue by code point, and it leads to one class: write `class: {}`, or leave it out here",
                owner.name
            ),
            None => {
                "devices choose the queue by code point: add it to the class, or leave it out here".to_owned()
            }
        };
        judge.error(codes::CONTRADICTION, doc, point.mark, message).help(help);
    }
}

/// Whether nothing is promised of the way back.
fn is_one_way(spec: &ServiceSpec) -> bool {
    let both = match &spec.connectivity.value {
        Connectivity::P2p(p2p) => p2p.bidirectional,
        Connectivity::HubSpoke(star) => star.bidirectional,
        Connectivity::Mesh(_) => None,
    };
    both.is_some_and(|both| !both.value)
}

fn slo(doc: &Document, spec: Option<&At<SloSpec>>, judge: &mut Judge<'_>) -> Slo {
    let Some(spec) = spec else { return Slo::default() };
    let SloSpec { one_way_delay, domains: _, jitter, loss, bandwidth, availability } = &spec.value;
    if let Some(zero) = bandwidth.filter(|bandwidth| bandwidth.value == Bandwidth::ZERO) {
        judge
            .error(codes::CONTRADICTION, doc, zero.mark, "a bandwidth of zero promises nothing")
            .help("leave it out");
    }
    if let Some(over) = availability.filter(|share| share.value > Ratio::from_ppm(1_000_000)) {
        judge
            .error(codes::BAD_VALUE, doc, over.mark, "an availability is at most 100%")
            .help("write it like `99.99%`");
    }
    if let Some(wish) = availability.filter(|share| share.value <= Ratio::from_ppm(1_000_000)) {
        judge
            .say(
                Severity::Info,
                codes::NOT_SUPPORTED,
                doc,
                wish.mark,
                "the availability is kept with the promise and not judged yet",
            )
            .help(
                "`sle: {diversity: srlg}` asks for a backup that one failure leaves alone, which is judged",
            );
    }
    if let Some(over) = loss.filter(|share| share.value > Loss::ALL) {
        judge.error(codes::BAD_VALUE, doc, over.mark, "a loss is at most 100%").help("write it like `0.1%`");
    }
    Slo {
        one_way_delay: one_way_delay.map(|at| at.value),
        jitter: jitter.map(|at| at.value),
        loss: loss.map(|at| at.value),
        bandwidth: bandwidth.map(|at| at.value),
        availability: availability.map(|at| at.value),
    }
}

/// How many waypoints a service may have. Each takes a segment, and no router pushes so many.
const MOST_WAYPOINTS: usize = 32;

fn sle(doc: &Document, spec: Option<&At<SleSpec>>, ends: &[(NodeId, NodeId)], judge: &mut Judge<'_>) -> Sle {
    let Some(spec) = spec else { return Sle::default() };
    let SleSpec { diversity, encryption, waypoints } = &spec.value;
    for waypoint in
        waypoints.iter().filter(|waypoint| !select::is_node(doc, waypoint, judge)).collect::<Vec<_>>()
    {
        debug_assert!(!judge.ted.nodes.contains_key(&waypoint.value), "known waypoints are no findings");
    }
    if let Some(first_beyond) = waypoints.get(MOST_WAYPOINTS) {
        let message = format!("{} waypoints, and a service has at most {MOST_WAYPOINTS}", waypoints.len());
        judge
            .error(codes::LIMIT, doc, first_beyond.mark, message)
            .help("routers push far fewer segments than that; name the nodes that have to be visited, not the whole path");
    }
    for waypoint in waypoints {
        if ends.iter().any(|(a, z)| *a == waypoint.value || *z == waypoint.value) {
            let message = format!("the waypoint `{}` is an end of the service", waypoint.value);
            judge.error(codes::CONTRADICTION, doc, waypoint.mark, message).help("leave it out");
        }
    }
    Sle {
        diversity: diversity.map(|at| at.value).unwrap_or_default(),
        asks_apart: diversity.is_some(),
        encrypted: encryption.is_some_and(|wish| wish.value == EncryptionWish::Required),
        waypoints: waypoints.iter().map(|waypoint| waypoint.value.clone()).collect(),
    }
}

fn path(
    doc: &Document,
    spec: Option<&At<PathSpec>>,
    encrypted: bool,
    judge: &mut Judge<'_>,
) -> PathPreference {
    let safe = if encrypted { LastResort::Drop } else { LastResort::Igp };
    let Some(spec) = spec else { return PathPreference { last_resort: safe, ..PathPreference::default() } };
    let spec = &spec.value;
    let prefer = || spec.prefer.iter().flat_map(|list| &list.value);
    let avoided = || spec.avoid.iter().flat_map(|list| &list.value);
    for wish in prefer().chain(avoided()) {
        let affinity = &wish.value.affinity;
        if !judge.affinities.contains(&affinity.value) {
            let help = crate::read::suggest(
                affinity.value.as_str(),
                judge.affinities.iter().map(|name| name.as_str()),
                "links have",
            );
            let message = format!("no link has the affinity `{}`", affinity.value);
            judge.warn(codes::UNKNOWN_AFFINITY, doc, affinity.mark, message).help(help);
        }
    }
    let avoid: BTreeSet<Affinity> = avoided().map(|wish| wish.value.affinity.value.clone()).collect();
    for wish in prefer() {
        let affinity = &wish.value.affinity.value;
        let Some(other) = avoided().find(|other| other.value.affinity.value == *affinity) else { continue };
        let message = format!("the affinity `{affinity}` is preferred and avoided");
        judge
            .error(codes::CONTRADICTION, doc, wish.mark, message)
            .help("remove one of the two")
            .related(doc.place(other.mark), "avoided here");
    }
    if let Some(igp) = spec.last_resort.filter(|last| encrypted && last.value == LastResort::Igp) {
        judge
            .warn(
                codes::CONTRADICTION,
                doc,
                igp.mark,
                "encryption is required, and the last resort may leave encrypted lines",
            )
            .help("write `lastResort: drop`, or remove the line");
    }
    if let Some(loose) = spec.pin.filter(|pin| encrypted && pin.value == Pin::None) {
        let message = "encryption is required, which pins every link whatever is said here";
        judge.warn(codes::CONTRADICTION, doc, loose.mark, message).help("remove the line");
    }
    PathPreference {
        dataplane: spec.dataplane.map(|at| at.value).unwrap_or_default(),
        minimise: spec.minimise.map(|at| at.value).unwrap_or_default(),
        prefer: prefer().map(|wish| wish.value.affinity.value.clone()).collect(),
        avoid,
        last_resort: spec.last_resort.map_or(safe, |at| at.value),
        pin: spec.pin.map(|at| at.value).unwrap_or_default(),
    }
}

fn assurance(
    doc: &Document,
    spec: Option<&At<AssuranceSpec>>,
    slo: &Slo,
    set: &IntentSet,
    judge: &mut Judge<'_>,
) -> Option<Assurance> {
    let margin = spec.and_then(|spec| spec.value.improvement_margin);
    if let Some(over) = margin.filter(|share| share.value > Ratio::from_ppm(1_000_000)) {
        judge
            .error(
                codes::BAD_VALUE,
                doc,
                over.mark,
                "an improvement margin is at most 100%: no path is better than that",
            )
            .help("write it like `10%`: by how much another path must be better than the one in use");
    }
    let breach = spec.and_then(|spec| spec.value.breach.as_ref());
    let condition = match breach {
        Some(breach) => {
            let BreachSpec { all, any, .. } = &breach.value;
            let condition = class::combined(doc, breach.mark, all.as_ref(), any.as_ref(), judge)?
                .map(|condition| class::queues_resolved(doc, breach.mark, condition, set, judge));
            if let Some(condition) = &condition {
                constant::judge(doc, breach.mark, condition, constant::Use::Breach, judge);
            }
            condition
        }
        None => None,
    };
    let spec = spec.map(|spec| &spec.value);
    let span = |at: Option<At<Span>>, usual: u64| at.map_or(Span::from_secs(usual), |at| at.value);
    Some(Assurance {
        breach: condition.unwrap_or_else(|| not_met(slo)),
        hold: span(breach.and_then(|breach| breach.value.hold), 3),
        improvement_margin: margin.map_or(Ratio::from_ppm(100_000), |at| at.value),
        hold_down: span(spec.and_then(|spec| spec.hold_down), 30),
        wait_to_restore: span(spec.and_then(|spec| spec.wait_to_restore), 120),
        mode: spec.and_then(|spec| spec.mode).map(|at| at.value).unwrap_or_default(),
    })
}

/// Any objective that can be measured end to end is not met.
fn not_met(slo: &Slo) -> Condition {
    let above = |quantity: Quantity, bound: u64| {
        Condition::One(Comparison { quantity, ordering: Ordering::Above, above_contract: false, bound })
    };
    let delay = slo.one_way_delay.map(|bound| above(Quantity::Delay, bound.as_micros()));
    let jitter = slo.jitter.map(|bound| above(Quantity::Jitter, bound.as_micros()));
    let loss = slo.loss.map(|bound| above(Quantity::Loss, u64::from(bound.as_ppb())));
    Condition::Any { any: [delay, jitter, loss].into_iter().flatten().collect() }
}

/// Whether the ends can terminate policies of the forwarding plane.
fn segments_possible(
    doc: &Document,
    spec: &ServiceSpec,
    path: &PathPreference,
    ends: &[(NodeId, NodeId)],
    judge: &mut Judge<'_>,
) {
    let ted = judge.ted;
    let nodes: BTreeSet<&NodeId> = ends.iter().flat_map(|(a, z)| [a, z]).collect();
    let able = |node: &NodeId| {
        ted.nodes.get(node).is_some_and(|node| match path.dataplane {
            Dataplane::Srv6 => node.locator.is_some(),
            Dataplane::SrMpls => node.node_label().is_some(),
        })
    };
    let unable: Vec<&NodeId> = nodes.into_iter().filter(|node| !able(node)).collect();
    if unable.is_empty() {
        return;
    }
    let (plane, what, native, label, other) = match path.dataplane {
        Dataplane::Srv6 => ("SRv6", "locator", "locator", "locator", "sr-mpls"),
        Dataplane::SrMpls => ("SR-MPLS", "node SID", "nodeSid", "node-sid", "srv6"),
    };
    let chosen = spec.path.as_ref().and_then(|path| path.value.dataplane);
    let mark = chosen.map_or(spec.connectivity.mark, |plane| plane.mark);
    let (have, it) = if unable.len() == 1 { ("has", "it") } else { ("have", "each") };
    let message = format!("{plane} is not possible at {}, which {have} no {what}", listed(&unable));
    let word = in_network(native, &format!("label `trunkline.{label}`"));
    judge
        .error(codes::NO_SEGMENTS, doc, mark, message)
        .help(format!("give {it} a {word}, or write `path: {{dataplane: {other}}}`"));
}
