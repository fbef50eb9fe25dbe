//! The picture in two parts: what stays (names, places, capacities, paths) and what moves (loads, delays, states).
//!
//! A dashboard reads the whole picture once and then gets the moving part, and of that only what has changed. 120
//! routers with 300 links are some megabytes an hour that way instead of gigabytes.

use engine::snapshot::{
    AlarmView, Counts, Difference, DirectionView, ExceptionView, LinkView, NodeView, PromiseState, QueueView,
    Rollback, ServiceView, Session, Snapshot,
};
use model::{Finding, LinkId, NodeId, Revision, ServiceId, Timestamp, intent::Mode};
use serde::{Deserialize, Serialize};

/// What stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Topology {
    /// Routers.
    pub nodes: Vec<Place>,
    /// Lines.
    pub links: Vec<Line>,
}

/// A router and where it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Its name.
    pub id: NodeId,
    /// What it is for.
    pub role: Option<String>,
    /// Where it is.
    pub site: Option<String>,
    /// Degrees north.
    pub lat: Option<f64>,
    /// Degrees east.
    pub lon: Option<f64>,
    /// `netconf`, `gnmi`, or nothing where the inventory does not have it.
    pub protocol: Option<String>,
}

/// A line and its ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Its name.
    pub id: LinkId,
    /// One end.
    pub a: NodeId,
    /// The other.
    pub z: NodeId,
    /// What it is for.
    pub role: Option<String>,
    /// Capacity out of end `a`, bit/s.
    pub a_to_z: u64,
    /// Capacity out of end `z`, bit/s.
    pub z_to_a: u64,
}

impl Topology {
    /// The staying part of a picture.
    pub fn of(snapshot: &Snapshot) -> Self {
        Self {
            nodes: snapshot.nodes.iter().map(place).collect(),
            links: snapshot.links.iter().map(line).collect(),
        }
    }
}

// Each view is taken apart by all its fields, so that a new one does not compile until it was decided where it is streamed: in
// the part that stays, or in the one that moves.

fn place(node: &NodeView) -> Place {
    let NodeView {
        id,
        role,
        site,
        lat,
        lon,
        protocol,
        session: _,
        policies: _,
        read: _,
        differs: _,
        uncompared: _,
        exceptions: _,
        modules: _,
        rollback: _,
        startup: _,
    } = node;
    Place {
        id: id.clone(),
        role: role.clone(),
        site: site.clone(),
        lat: *lat,
        lon: *lon,
        protocol: protocol.clone(),
    }
}

fn line(link: &LinkView) -> Line {
    let LinkView { id, a, z, role, up: _, drained: _, a_to_z, z_to_a } = link;
    Line {
        id: id.clone(),
        a: a.clone(),
        z: z.clone(),
        role: role.clone(),
        a_to_z: a_to_z.bandwidth,
        z_to_a: z_to_a.bandwidth,
    }
}

/// What moves. In the event stream it holds only what has changed since the one before on the same stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Live {
    /// The moment.
    pub at: Timestamp,
    /// The state of the network that it shows.
    pub revision: Revision,
    /// The accepted set of intents.
    pub intents: Revision,
    /// Who may act.
    pub mode: Mode,
    /// Whether the network was adopted.
    pub adopted: bool,
    /// Whether a change is under way.
    pub changing: bool,
    /// The numbers on top.
    pub counts: Counts,
    /// The names of nodes, links or services are not those of before: read the whole picture again.
    pub resync: bool,
    /// Routers that changed.
    pub nodes: Vec<NodeLive>,
    /// Lines that changed.
    pub links: Vec<LinkLive>,
    /// Promises whose state or measures changed.
    pub promises: Vec<PromiseLive>,
    /// Promises that were changed in another way, for instance in their path; whole.
    pub services: Vec<ServiceView>,
    /// Alarms that stand; all of them.
    pub alarms: Vec<AlarmView>,
    /// What is drained; all of it.
    pub drained: Vec<String>,
    /// Findings that stand, where they changed.
    pub findings: Option<Vec<Finding>>,
}

/// The moving part of a router.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeLive {
    /// Its name.
    pub id: NodeId,
    /// Whether it can be driven.
    pub session: Session,
    /// SR policies that should stand on it.
    pub policies: usize,
    /// What it was seen to hold otherwise than it should.
    pub differs: Vec<Difference>,
    /// Why it is not known whether it holds what it should; absent where it was compared.
    pub uncompared: Option<String>,
    /// What of it people accepted otherwise than the intents ask for.
    pub exceptions: Vec<ExceptionView>,
    /// How many YANG modules it serves; absent where it did not say.
    pub modules: Option<usize>,
    /// What becomes there of a change that is not confirmed; absent where it did not say.
    pub rollback: Option<Rollback>,
    /// What a restart of it would take from what it runs; absent where that is nothing, or not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup: Option<String>,
}

/// The moving part of a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkLive {
    /// Its name.
    pub id: LinkId,
    /// Whether it is up; absent where nobody said.
    pub up: Option<bool>,
    /// Whether it is drained.
    pub drained: bool,
    /// Out of end `a`.
    pub a_to_z: DirectionLive,
    /// Out of end `z`.
    pub z_to_a: DirectionLive,
}

/// The moving part of one direction of a line; units as in [`DirectionView`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectionLive {
    /// Load, bit/s.
    pub load: Option<u64>,
    /// One-way delay as measured, microseconds.
    pub delay: Option<u64>,
    /// The delay that the TED has, microseconds.
    pub planned_delay: u64,
    /// Delay variation as measured, microseconds.
    pub jitter: Option<u64>,
    /// Loss as measured, 1e-9.
    pub loss: Option<u32>,
    /// 0 to 100; absent where too little is known.
    pub score: Option<u8>,
    /// Why the score is not 100.
    pub reasons: Vec<String>,
    /// Its queues.
    pub queues: Vec<QueueView>,
}

/// The moving part of a promise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PromiseLive {
    /// Its name.
    pub id: ServiceId,
    /// Whether it is kept.
    pub state: PromiseState,
    /// Since when.
    pub since: Timestamp,
    /// What is broken or unknown, and where.
    pub why: Option<String>,
    /// Delay of each direction as measured, microseconds.
    pub delay: Vec<Option<u64>>,
    /// Loss of each direction as measured, 1e-9.
    pub loss: Vec<Option<u32>>,
}

impl Live {
    /// The whole moving part.
    pub fn of(now: &Snapshot) -> Self {
        Self {
            nodes: now.nodes.iter().map(node_live).collect(),
            links: now.links.iter().map(link_live).collect(),
            promises: now.services.iter().map(promise_live).collect(),
            findings: Some(now.findings.clone()),
            ..Self::header(now)
        }
    }

    /// What has changed since `before`.
    pub fn between(before: &Snapshot, now: &Snapshot) -> Self {
        if !same_names(before, now) {
            return Self { resync: true, ..Self::header(now) };
        }
        let services = before.services.iter().zip(&now.services);
        Self {
            nodes: changed(&before.nodes, &now.nodes, node_live),
            links: changed(&before.links, &now.links, link_live),
            promises: changed(&before.services, &now.services, promise_live),
            services: services
                .filter(|(old, new)| !differ_in_measures_only(old, new))
                .map(|(_, new)| new.clone())
                .collect(),
            findings: (before.findings != now.findings).then(|| now.findings.clone()),
            ..Self::header(now)
        }
    }

    fn header(now: &Snapshot) -> Self {
        let Snapshot {
            at,
            revision,
            intents,
            mode,
            adopted,
            changing,
            counts,
            nodes: _,
            links: _,
            services: _,
            alarms,
            // Everybody hears the events themselves.
            timeline: _,
            drained,
            // They change seldom, and who wants them reads the whole picture.
            windows: _,
            resting: _,
            balanced: _,
            unfinished: _,
            findings: _,
            sources: _,
        } = now;
        Self {
            at: *at,
            revision: *revision,
            intents: *intents,
            mode: *mode,
            adopted: *adopted,
            changing: *changing,
            counts: *counts,
            alarms: alarms.clone(),
            drained: drained.clone(),
            ..Self::default()
        }
    }
}

/// The staying part is the same: else a reader must start anew.
fn same_names(before: &Snapshot, now: &Snapshot) -> bool {
    before.nodes.iter().map(place).eq(now.nodes.iter().map(place))
        && before.links.iter().map(line).eq(now.links.iter().map(line))
        && before
            .services
            .iter()
            .map(|service| &service.id)
            .eq(now.services.iter().map(|service| &service.id))
}

fn changed<T, U: PartialEq>(before: &[T], now: &[T], part: impl Fn(&T) -> U) -> Vec<U> {
    let pairs = before.iter().zip(now).map(|(old, new)| (part(old), part(new)));
    pairs.filter(|(old, new)| old != new).map(|(_, new)| new).collect()
}

fn node_live(node: &NodeView) -> NodeLive {
    let NodeView {
        id,
        role: _,
        site: _,
        lat: _,
        lon: _,
        protocol: _,
        session,
        policies,
        // It moves with each reading, also of a router on which nothing does.
        read: _,
        differs,
        uncompared,
        exceptions,
        modules,
        rollback,
        startup,
    } = node;
    NodeLive {
        id: id.clone(),
        session: session.clone(),
        policies: *policies,
        differs: differs.clone(),
        uncompared: uncompared.clone(),
        exceptions: exceptions.clone(),
        modules: *modules,
        rollback: *rollback,
        startup: startup.clone(),
    }
}

fn link_live(link: &LinkView) -> LinkLive {
    let LinkView { id, a: _, z: _, role: _, up, drained, a_to_z, z_to_a } = link;
    LinkLive {
        id: id.clone(),
        up: *up,
        drained: *drained,
        a_to_z: direction_live(a_to_z),
        z_to_a: direction_live(z_to_a),
    }
}

fn direction_live(direction: &DirectionView) -> DirectionLive {
    let DirectionView { bandwidth: _, load, delay, planned_delay, jitter, loss, score, reasons, queues } =
        direction;
    DirectionLive {
        load: *load,
        delay: *delay,
        planned_delay: *planned_delay,
        jitter: *jitter,
        loss: *loss,
        score: *score,
        reasons: reasons.clone(),
        queues: queues.clone(),
    }
}

fn promise_live(service: &ServiceView) -> PromiseLive {
    PromiseLive {
        id: service.id.clone(),
        state: service.state,
        since: service.since,
        why: service.why.clone(),
        delay: service.directions.iter().map(|direction| direction.delay).collect(),
        loss: service.directions.iter().map(|direction| direction.loss).collect(),
    }
}

/// Whether [`PromiseLive`] says all that differs between two views of one promise.
fn differ_in_measures_only(old: &ServiceView, new: &ServiceView) -> bool {
    let mut carried = old.clone();
    carried.state = new.state;
    carried.since = new.since;
    carried.why.clone_from(&new.why);
    for (direction, measured) in carried.directions.iter_mut().zip(&new.directions) {
        direction.delay = measured.delay;
        direction.loss = measured.loss;
    }
    carried == *new
}

#[cfg(test)]
mod tests;
