//! One judgement of everything at one moment.

use std::collections::BTreeMap;

use model::{DirectedLink, LinkId, ServiceId, Side, Ted, Timestamp, Verdict};
use serde::Serialize;

use crate::{
    alarm::{self, Alarm, AlarmEvent},
    case::Case,
    damping::Damped,
    incident::{self, Incident},
    line::Line,
    lines::{Ends, LineState, LinkState},
    observed::Observed,
    score::score,
    service::{self, Promise, Quality, View},
};

/// What must be remembered from one judgement to the next. Its size follows the network, not time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    pub(crate) alarms: alarm::Alarms,
    services: service::Tracks,
    pub(crate) links: BTreeMap<LinkId, Damped>,
    sound: BTreeMap<DirectedLink, Timestamp>,
}

/// The judgement.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Assessment {
    /// When it was made.
    pub at: Timestamp,
    /// Every direction of every link.
    #[serde(with = "model::state::pairs")]
    pub lines: BTreeMap<DirectedLink, Line>,
    /// Links that no path may use, damped, with when they went down.
    pub down: BTreeMap<LinkId, Timestamp>,
    /// The alarms that stand.
    pub alarms: Vec<Alarm>,
    /// Those that were raised or cleared in this turn.
    pub events: Vec<AlarmEvent>,
    /// Every direction of every service that is carried: `a` to `z` first.
    pub services: BTreeMap<ServiceId, Vec<Promise>>,
    /// What belongs together.
    pub incidents: Vec<Incident>,
}

/// Judges everything at `now`. Call it as often as you like: the same samples at a later moment bring only what the time itself
/// brings. O(lines x policies + services x hops).
pub fn assess(seen: &Observed, case: &Case<'_>, memory: &mut Memory, now: Timestamp) -> Assessment {
    let ends = Ends::of(case.ted, case.lines, seen, now);
    for one in &ends {
        let (id, state) = (&one.link.id, one.state());
        if state == LinkState::Down || memory.links.contains_key(id) {
            memory.links.entry(id.clone()).or_default().turn(state, now, case.limits);
        }
    }
    memory.links.retain(|id, link| case.ted.links.contains_key(id) && !link.is_idle(now, case.limits));
    let down: BTreeMap<LinkId, Timestamp> =
        memory.links.iter().filter_map(|(id, link)| Some((id.clone(), link.down_since()?))).collect();
    let lines = lines(&ends, memory, now);
    let view = View { ted: case.ted, set: case.set, lines: &lines, now };
    let services = services(&view, case, memory);
    let (alarms, events) = alarm::turn(&mut memory.alarms, &ends, case, &services, now);
    let incidents = incident::gather(&alarms, &down, &services, case.hints);
    Assessment { at: now, down, alarms, events, services, incidents, lines }
}

fn lines(ends: &[Ends<'_>], memory: &mut Memory, now: Timestamp) -> BTreeMap<DirectedLink, Line> {
    let mut lines = BTreeMap::new();
    let mut sound_since = BTreeMap::new();
    for one in ends {
        let (link, link_state) = (one.link, one.state());
        let damped = memory.links.get(&link.id).and_then(Damped::down_since).is_some();
        for from in [Side::A, Side::Z] {
            let hop = DirectedLink { link: link.id.clone(), from };
            let state = LineState::of(one.reading(from), link, from);
            let score = score(&state, link_state, link, from);
            let known = state.delay.is_some() || state.loss.is_some();
            let degraded = known.then(|| state.degraded(link, from).is_some());
            let sound = !damped && link_state != LinkState::Down && state.sound(link, from) == Some(true);
            let since = sound.then(|| memory.sound.get(&hop).copied().unwrap_or(now));
            sound_since.extend(since.map(|since| (hop.clone(), since)));
            lines.insert(hop, Line { state, link: link_state, score, degraded, sound_since: since });
        }
    }
    memory.sound = sound_since;
    lines
}

fn services(view: &View<'_>, case: &Case<'_>, memory: &mut Memory) -> BTreeMap<ServiceId, Vec<Promise>> {
    let mut services = BTreeMap::new();
    let mut tracks = service::Tracks::new();
    for (id, verdict) in case.verdicts {
        let (Some(service), Verdict::Carried { directions, .. }) = (case.set.services.get(id), verdict)
        else {
            continue;
        };
        let promises = directions
            .iter()
            .map(|direction| {
                let key = (id.clone(), direction.from.clone());
                let mut track = memory.services.get(&key).copied().unwrap_or_default();
                let promise = service::judge(view, service, direction, &mut track);
                tracks.insert(key, track);
                promise
            })
            .collect();
        services.insert(id.clone(), promises);
    }
    memory.services = tracks;
    services
}

impl Assessment {
    /// What a path would give as the lines are measured; where a line is not measured, as the TED says. Loss and delay of a link
    /// that the TED has not are unknown.
    pub fn estimate(&self, hops: &[DirectedLink], ted: &Ted) -> Quality {
        let each = |hop: &DirectedLink| {
            let plan = ted.links.get(&hop.link)?.direction(hop.from);
            let seen = self.lines.get(hop).map(|line| &line.state);
            let delay = seen.and_then(|state| state.delay).unwrap_or(plan.delay.value);
            let jitter = seen.and_then(|state| state.jitter).unwrap_or(plan.jitter.value);
            let loss = seen.and_then(|state| state.loss).unwrap_or(plan.loss.value);
            Some((delay, jitter, loss))
        };
        Quality {
            delay: hops.iter().map(|hop| each(hop).map(|(delay, _, _)| delay)).sum(),
            jitter: hops.iter().map(|hop| each(hop).map(|(_, jitter, _)| jitter)).sum(),
            loss: hops.iter().try_fold(model::Loss::ZERO, |sum, hop| Some(sum.then(each(hop)?.2))),
        }
    }

    /// How many services are kept, broken and unknown; a service counts by its worst direction.
    pub fn count(&self) -> (usize, usize, usize) {
        use crate::service::Standing;
        let (mut kept, mut broken, mut unknown) = (0, 0, 0);
        for promises in self.services.values() {
            let any = |test: fn(&Standing) -> bool| promises.iter().any(|promise| test(&promise.standing));
            if any(|standing| matches!(standing, Standing::Broken { .. })) {
                broken += 1;
            } else if any(|standing| matches!(standing, Standing::Unknown { .. })) {
                unknown += 1;
            } else {
                kept += 1;
            }
        }
        (kept, broken, unknown)
    }
}

#[cfg(test)]
mod tests;
