//! The state of the loop as the picture that people get.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use assess::{LinkState, Standing};
use model::{
    DirectedLink, Finding, Link, NodeId, ServiceId, Side, Timestamp, Verdict, Window,
    hint::Work,
    verdict::{DirectionVerdict, Route},
};

use crate::{
    event::Event,
    learn::Sources,
    season,
    snapshot::{
        AlarmView, Balanced, Counts, DirectionView, HopView, LinkView, NodeView, PromiseState, QueueView,
        RouteView, ServiceView, Session, Snapshot, WindowView,
    },
    world::World,
};

/// Alarms that no policy asks for, by name and subject.
pub type OwnAlarms = BTreeMap<(&'static str, String), AlarmView>;

/// What is remembered beside the world to draw it.
#[derive(Debug, Default)]
pub struct Album {
    /// By which protocol each device is configured.
    pub protocols: BTreeMap<NodeId, String>,
    /// Whether each device can be driven.
    pub sessions: BTreeMap<NodeId, Session>,
    /// What a restart would take from what each device runs, where it takes anything.
    pub startup: BTreeMap<NodeId, &'static str>,
    /// Since when each promise is as it is.
    pub since: BTreeMap<ServiceId, (PromiseState, Timestamp)>,
    /// Services of which bad news was told that was not taken back yet.
    pub told_bad: BTreeSet<ServiceId>,
    /// What happened last.
    pub timeline: VecDeque<Event>,
    /// Alarms of the controller's own that stand.
    pub own: OwnAlarms,
    /// Who says what of the network.
    pub sources: Arc<Sources>,
    /// What is odd in that.
    pub odd: Vec<Finding>,
}

/// Draws it; `season` is the moment that schedules are asked about. O(nodes + links + services).
pub fn draw(world: &World, album: &Album, changing: bool, now: Timestamp, season: Timestamp) -> Snapshot {
    let services: Vec<ServiceView> = promised(world).filter_map(|id| service(world, album, id)).collect();
    let nodes: Vec<NodeView> = world.ted.nodes.keys().map(|id| node(world, album, id)).collect();
    let count = |state| services.iter().filter(|service| service.state == state).count();
    let counts = Counts {
        devices: nodes.len(),
        read: nodes.iter().filter(|node| node.session == Session::Up).count(),
        in_sync: nodes.iter().filter(|node| node.is_in_sync()).count(),
        intents: world
            .accepted
            .set
            .services
            .values()
            .map(|service| &service.intent)
            .collect::<BTreeSet<_>>()
            .len(),
        services: services.len(),
        policies: world.compiled.desired.devices.values().map(|config| config.policies.len()).sum(),
        kept: count(PromiseState::Kept),
        broken: count(PromiseState::Broken),
        unknown: count(PromiseState::Unknown),
    };
    let mut findings = world.compiled.findings.clone();
    findings.extend(world.drift.findings.iter().cloned());
    findings.extend(album.odd.iter().cloned());
    Snapshot {
        at: now,
        revision: world.actual.revision,
        intents: world.accepted.revision,
        mode: world.mode,
        adopted: world.adopted,
        changing,
        counts,
        nodes,
        links: world.ted.links.values().map(|link| line(world, link)).collect(),
        services,
        alarms: album.own.values().cloned().chain(alarms(world)).collect(),
        timeline: album.timeline.iter().cloned().collect(),
        drained: drained(world),
        windows: windows(world, season),
        resting: world
            .hints
            .resting
            .iter()
            .filter(|id| world.accepted.set.services.contains_key(*id))
            .cloned()
            .collect(),
        balanced: world.hints.balanced.clone(),
        unfinished: world.repair.iter().cloned().collect(),
        findings,
        sources: Arc::clone(&album.sources),
    }
}

fn drained(world: &World) -> Vec<String> {
    named(&world.hints.all_drained())
}

fn named(work: &Work) -> Vec<String> {
    let links = work.links.iter().map(ToString::to_string);
    links.chain(work.nodes.iter().map(ToString::to_string)).collect()
}

/// The services that are promised now.
fn promised(world: &World) -> impl Iterator<Item = &ServiceId> {
    world.accepted.set.services.keys().filter(|id| !world.hints.resting.contains(*id))
}

/// The windows that are open, then those that come.
fn windows(world: &World, now: Timestamp) -> Vec<WindowView> {
    let view = |window: &Window| WindowView {
        name: window.name.clone(),
        open: world.hints.windows.contains_key(&window.name),
        due: window.when.is_open(now),
        next: window.when.next_change(now),
        when: window.when.to_string(),
        on: named(&window.work),
        about: season::about(window),
    };
    let mut views: Vec<WindowView> = world.accepted.set.windows.values().map(view).collect();
    views.retain(|view| view.open || view.due || view.next.is_some());
    let rank = |view: &WindowView| (!view.open, !view.due, view.next.is_none(), view.next);
    views.sort_by(|one, other| rank(one).cmp(&rank(other)).then_with(|| one.name.cmp(&other.name)));
    views
}

fn node(world: &World, album: &Album, id: &NodeId) -> NodeView {
    let facts = &world.ted.nodes[id];
    NodeView {
        id: id.clone(),
        role: facts.role.clone(),
        site: facts.site.as_ref().map(ToString::to_string),
        lat: facts.location.map(|place| place.lat),
        lon: facts.location.map(|place| place.lon),
        protocol: album.protocols.get(id).cloned(),
        session: album.sessions.get(id).cloned().unwrap_or_default(),
        policies: world.compiled.desired.devices.get(id).map_or(0, |config| config.policies.len()),
        read: world.read_at(id),
        differs: world.drift.differences(id).to_vec(),
        uncompared: world.uncompared().map(str::to_owned),
        exceptions: world.exceptions.shown(id).to_vec(),
        modules: world.modules.get(id).copied(),
        rollback: world.rollback.get(id).copied(),
        startup: album.startup.get(id).map(|lost| (*lost).to_owned()),
    }
}

fn line(world: &World, link: &Link) -> LinkView {
    let hop = |from| DirectedLink { link: link.id.clone(), from };
    let up = world.assessment.lines.get(&hop(Side::A)).and_then(|line| match line.link {
        LinkState::Up => Some(true),
        LinkState::Down => Some(false),
        LinkState::Unknown => None,
    });
    LinkView {
        id: link.id.clone(),
        a: link.a.node.clone(),
        z: link.z.node.clone(),
        role: link.role.clone(),
        up,
        drained: world.hints.drained_links.contains(&link.id)
            || world.hints.windows.values().any(|work| work.links.contains(&link.id)),
        a_to_z: direction(world, link, &hop(Side::A)),
        z_to_a: direction(world, link, &hop(Side::Z)),
    }
}

fn direction(world: &World, link: &Link, hop: &DirectedLink) -> DirectionView {
    let facts = link.direction(hop.from);
    let end = link.end(hop.from);
    let guarantees =
        world.compiled.desired.devices.get(&end.node).and_then(|config| config.qos.get(&end.interface));
    let mut view = DirectionView {
        bandwidth: facts.bandwidth.value.as_bps(),
        planned_delay: facts.delay.value.as_micros(),
        ..DirectionView::default()
    };
    let Some(line) = world.assessment.lines.get(hop) else { return view };
    let state = &line.state;
    view.load = state.rate.map(|rate| rate.as_bps());
    view.delay = state.delay.map(|delay| delay.as_micros());
    view.jitter = state.jitter.map(|jitter| jitter.as_micros());
    view.loss = state.loss.map(|loss| loss.as_ppb());
    view.score = line.score.value;
    view.reasons = line.score.reasons.iter().map(|reason| reason.what.clone()).collect();
    view.queues = state
        .queues
        .iter()
        .map(|(name, queue)| QueueView {
            name: name.to_string(),
            load: queue.rate.map(|rate| rate.as_bps()),
            guarantee: guarantees
                .and_then(|qos| qos.queues.get(name))
                .map_or(0, |share| share.guarantee.as_bps()),
            drops: queue.drops,
        })
        .collect();
    view
}

/// How a service stands by its worst direction, and why.
pub fn standing(world: &World, id: &ServiceId) -> (PromiseState, Option<String>) {
    let Some(promises) = world.assessment.services.get(id) else {
        return (PromiseState::Unknown, Some("it is not carried yet, or nothing was measured".to_owned()));
    };
    let mut worst = (PromiseState::Kept, None);
    for promise in promises {
        if world.is_untold(&promise.from) {
            let why = format!("{} was not given the last change, or not all of it", promise.from);
            worst = (PromiseState::Unknown, Some(why));
            continue;
        }
        if let Some(why) = astray(world, id, &promise.from) {
            worst = (PromiseState::Unknown, Some(why));
            continue;
        }
        match &promise.standing {
            Standing::Broken { what, blame, .. } => {
                let place = blame.first().map_or(String::new(), |blame| format!(" on {}", blame.line));
                let why = format!("{} to {}: {}{place}", promise.from, promise.to, what.join(", "));
                return (PromiseState::Broken, Some(why));
            }
            Standing::Unknown { why } => worst = (PromiseState::Unknown, Some(why.clone())),
            Standing::Kept => {}
        }
    }
    worst
}

/// Why a service's traffic out of a headend goes elsewhere than its path, as far as can be seen.
fn astray(world: &World, id: &ServiceId, headend: &NodeId) -> Option<String> {
    let Some(Verdict::Carried { directions, .. }) = world.compiled.verdicts.get(id) else { return None };
    let out = || directions.iter().filter(move |way| way.from == *headend);
    if out().any(|way| world.drift.is_astray(headend, &way.policy)) {
        return Some(format!(
            "{headend} does not hold what steers it; see `trunkline devices` and the findings of `trunkline status`"
        ));
    }
    out().any(|way| world.exceptions.lead_astray(headend, &way.policy)).then(|| {
        format!(
            "an exception on {headend} leads it elsewhere than its path, and what it meets there is not judged; see `trunkline devices {headend}`"
        )
    })
}

fn service(world: &World, album: &Album, id: &ServiceId) -> Option<ServiceView> {
    let promised = world.accepted.set.services.get(id)?;
    let (state, why) = standing(world, id);
    let (directions, refused) = match world.compiled.verdicts.get(id) {
        Some(Verdict::Carried { directions, .. }) => (
            directions.iter().enumerate().map(|(at, direction)| route(world, id, at, direction)).collect(),
            None,
        ),
        Some(Verdict::Refused { constraint, .. }) => (Vec::new(), Some(constraint.clone())),
        None => (Vec::new(), None),
    };
    Some(ServiceView {
        id: id.clone(),
        intent: promised.intent.to_string(),
        class: promised.class.to_string(),
        a: promised.a.clone(),
        z: promised.z.clone(),
        state,
        since: album
            .since
            .get(id)
            .filter(|(was, _)| *was == state)
            .map_or(world.assessment.at, |(_, since)| *since),
        why,
        moved: world.hints.relief.contains_key(id),
        balanced: balanced(world, id),
        refused,
        directions,
    })
}

fn balanced(world: &World, id: &ServiceId) -> Option<Balanced> {
    let kept = world.hints.balanced.get(id).filter(|_| !world.compiled.gave_way.contains(id))?;
    Some(if kept.is_held() { Balanced::Held } else { Balanced::Moved })
}

fn route(world: &World, id: &ServiceId, at: usize, direction: &DirectionVerdict) -> RouteView {
    let hops = |route: &Route| route.path.hops.iter().map(HopView::from).collect();
    let promise = world.assessment.services.get(id).and_then(|promises| promises.get(at));
    RouteView {
        from: direction.from.clone(),
        to: direction.to.clone(),
        path: hops(&direction.primary),
        backup: direction.backup.as_ref().map(hops).unwrap_or_default(),
        segments: direction.primary.segments.iter().map(ToString::to_string).collect(),
        reasons: direction.primary.why.clone(),
        delay: promise.and_then(|promise| promise.quality.delay).map(|delay| delay.as_micros()),
        loss: promise.and_then(|promise| promise.quality.loss).map(|loss| loss.as_ppb()),
    }
}

fn alarms(world: &World) -> impl Iterator<Item = AlarmView> {
    world.assessment.alarms.iter().map(|alarm| AlarmView {
        alarm: alarm.policy.clone(),
        subject: alarm.line.to_string(),
        severity: alarm.severity,
        since: alarm.raised,
        why: in_work(world, &alarm.line, &alarm.detail),
        services: alarm.services.iter().cloned().collect(),
        riding: alarm.riding.iter().cloned().collect(),
    })
}

/// Why an alarm stands; where a window works on the line, that is said first: people who work there know of it.
pub fn in_work(world: &World, line: &DirectedLink, why: &str) -> String {
    let windows = world.ted.links.get(&line.link).map(|link| season::at_work(&world.hints, link));
    let windows: Vec<&str> = windows.into_iter().flatten().collect();
    match windows.as_slice() {
        [] => why.to_owned(),
        names => format!("in maintenance by window {}: {why}", names.join(", ")),
    }
}
