//! What a run looks like, taken down while it is played: for its report, and for the moves' ways. It hears what the controller says over
//! its API and what the scenario does, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use api::Live;
use engine::{
    event::EventKind,
    snapshot::{RouteView, ServiceView},
};
use model::{LinkId, ServiceId, Ted};
use net::{Outcome, Scenario};
use report::{Expectation, Mark, MarkKind, Move, Point, Run, Series, Span};
use tokio::time::Instant;

use super::{piece::Told, summary};

/// Lines that are drawn: as many as stay apart on one plot.
const MOST_LINES: usize = 8;
/// Promises that are drawn.
const MOST_PROMISES: usize = 6;

/// A line at a moment, the worse of its directions; what is not known is absent.
#[derive(Clone, Copy, Debug)]
struct Seen {
    at: u32,
    /// Percent.
    loss: Option<f64>,
    /// Milliseconds.
    delay: Option<f64>,
    /// Mbit/s.
    load: Option<f64>,
}

/// Takes it down.
#[derive(Debug)]
pub struct Recorder {
    begun: Instant,
    /// The lines that are drawn, those of the scenario first.
    focus: Vec<LinkId>,
    lines: BTreeMap<LinkId, Vec<Seen>>,
    /// Load of each queue of the first of these lines, the larger of its directions, Mbit/s.
    queues: BTreeMap<String, Vec<Point>>,
    /// Delay of each promise, the worse of its directions, ms.
    promises: BTreeMap<ServiceId, Vec<Point>>,
    /// Over which links each service goes.
    routes: BTreeMap<ServiceId, BTreeSet<LinkId>>,
    /// Promises that are broken, and since when.
    broken: BTreeMap<ServiceId, u32>,
    spans: Vec<Span>,
    marks: Vec<Mark>,
    moves: Vec<Move>,
    /// How many of the moves have their ways.
    told: usize,
}

impl Recorder {
    /// Begins.
    pub fn new(scenario: &Scenario, ted: &Ted, begun: Instant) -> Self {
        Self {
            begun,
            focus: focus(scenario, ted),
            lines: BTreeMap::new(),
            queues: BTreeMap::new(),
            promises: BTreeMap::new(),
            routes: BTreeMap::new(),
            broken: BTreeMap::new(),
            spans: Vec::new(),
            marks: Vec::new(),
            moves: Vec::new(),
            told: 0,
        }
    }

    /// When it began.
    pub const fn begun(&self) -> Instant {
        self.begun
    }

    fn moment(&self, at: Instant) -> u32 {
        u32::try_from(at.saturating_duration_since(self.begun).as_millis()).unwrap_or(u32::MAX)
    }

    /// Something happened.
    pub fn mark(&mut self, at: Instant, kind: MarkKind, text: String) {
        let at_ms = self.moment(at);
        self.marks.push(Mark { at_ms, kind, text });
    }

    /// Measures that moved.
    pub fn live(&mut self, at: Instant, live: &Live) {
        let at = self.moment(at);
        for link in live.links.iter().filter(|link| self.focus.contains(&link.id)) {
            let (out, back) = (&link.a_to_z, &link.z_to_a);
            let seen = Seen {
                at,
                loss: worse(out.loss.map(percent), back.loss.map(percent)),
                delay: worse(out.delay.and_then(millis), back.delay.and_then(millis)),
                load: worse(out.load.and_then(megabits), back.load.and_then(megabits)),
            };
            self.lines.entry(link.id.clone()).or_default().push(seen);
            if self.focus.first() == Some(&link.id) {
                let mut loads: BTreeMap<&str, Option<f64>> = BTreeMap::new();
                for queue in out.queues.iter().chain(&back.queues) {
                    let load = loads.entry(&queue.name).or_default();
                    *load = worse(*load, queue.load.and_then(megabits));
                }
                for (queue, load) in loads {
                    self.queues.entry(queue.to_owned()).or_default().push((at, load));
                }
            }
        }
        for promise in &live.promises {
            let delay = promise.delay.iter().map(|delay| delay.and_then(millis)).fold(None, worse);
            self.promises.entry(promise.id.clone()).or_default().push((at, delay));
        }
    }

    /// Something that the controller said.
    pub fn event(&mut self, at: Instant, kind: &EventKind) {
        let now = self.moment(at);
        match kind {
            EventKind::PromiseBroken { service, .. } => {
                self.broken.entry(service.clone()).or_insert(now);
                return;
            }
            EventKind::PromiseKept { service } | EventKind::PromiseUnknown { service, .. } => {
                let since = self.broken.remove(service);
                self.spans.extend(since.map(|from| span(service, from, now)));
                return;
            }
            EventKind::Rerouted { .. } => self.moves.extend(moved(now, kind)),
            _ => {}
        }
        if let Some(mark) = meaning(kind) {
            self.mark(at, mark, api::sentence(kind));
        }
    }

    /// Where services go now. Moves whose ways are not known yet get them: what is left, and what is taken instead.
    pub fn paths(&mut self, services: &[ServiceView]) {
        let routes: BTreeMap<ServiceId, BTreeSet<LinkId>> =
            services.iter().map(|service| (service.id.clone(), links(&service.directions))).collect();
        let focus = &self.focus;
        let none = BTreeSet::new();
        for one in self.moves.iter_mut().skip(self.told) {
            let (mut left, mut taken) = (BTreeSet::new(), BTreeSet::new());
            for service in one.services.iter().filter_map(|name| name.parse::<ServiceId>().ok()) {
                let before = self.routes.get(&service).unwrap_or(&none);
                let after = routes.get(&service).unwrap_or(&none);
                left.extend(before.difference(after).cloned());
                taken.extend(after.difference(before).cloned());
            }
            one.from = in_order(&left, focus);
            one.to = in_order(&taken, focus);
        }
        self.told = self.moves.len();
        self.routes = routes;
    }

    /// The whole, for its report.
    pub fn run(&self, told: &Told, outcome: &Outcome, end: Instant) -> Run {
        let length_ms = self.moment(end);
        let mut spans = self.spans.clone();
        spans.extend(self.broken.iter().map(|(service, from)| span(service, *from, length_ms)));
        spans.sort_by(|one, other| (one.from_ms, &one.what).cmp(&(other.from_ms, &other.what)));
        let expectations = outcome.expectations.iter().map(|judgement| Expectation {
            what: judgement.what.clone(),
            met: judgement.met,
            at_ms: u32::try_from(judgement.at.as_micros() / 1_000).unwrap_or(u32::MAX),
            why: judgement.why.clone(),
        });
        Run {
            title: told.title.clone(),
            about: told.about.clone(),
            cites: told.cites.clone(),
            length_ms,
            series: self.series(&spans),
            marks: self.marks.clone(),
            spans,
            moves: self.moves.clone(),
            expectations: expectations.collect(),
            ..Run::default()
        }
    }

    fn series(&self, spans: &[Span]) -> Vec<Series> {
        let of_line = |plot: &str, unit: &str, value: fn(&Seen) -> Option<f64>| {
            let lines = self.focus.iter().filter_map(|id| Some((id, self.lines.get(id)?)));
            lines
                .map(|(id, seen)| Series {
                    plot: plot.to_owned(),
                    unit: unit.to_owned(),
                    name: id.to_string(),
                    points: seen.iter().map(|seen| (seen.at, value(seen))).collect(),
                })
                .collect::<Vec<_>>()
        };
        let mut all = of_line("loss of lines", "%", |seen| seen.loss);
        all.extend(of_line("delay of lines, one way", "ms", |seen| seen.delay));
        all.extend(of_line("load of lines", "Mbit/s", |seen| seen.load));
        let plot = self.focus.first().map_or_else(String::new, |line| format!("load of queues of {line}"));
        all.extend(self.queues.iter().map(|(queue, points)| Series {
            plot: plot.clone(),
            unit: "Mbit/s".to_owned(),
            name: queue.clone(),
            points: points.clone(),
        }));
        all.extend(self.suffering(spans).into_iter().filter_map(|service| {
            Some(Series {
                plot: "delay of promises, one way".to_owned(),
                unit: "ms".to_owned(),
                name: service.clone(),
                points: self.promises.get(&service.parse::<ServiceId>().ok()?)?.clone(),
            })
        }));
        all
    }

    /// The first services whose promise was broken, then the first that moved.
    fn suffering(&self, spans: &[Span]) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        let broken = spans.iter().map(|span| &span.what);
        for name in broken.chain(self.moves.iter().flat_map(|one| &one.services)) {
            if all.len() < MOST_PROMISES && !all.contains(name) {
                all.push(name.clone());
            }
        }
        all
    }
}

/// The lines to draw: those that the scenario names, then the others of the smaller router at their ends, which is where traffic has
/// another way. Where it names none, those of the smallest router of all.
fn focus(scenario: &Scenario, ted: &Ted) -> Vec<LinkId> {
    let of = |node: &model::NodeId| {
        let links = ted.links.values().filter(|link| link.a.node == *node || link.z.node == *node);
        links.map(|link| &link.id).collect::<Vec<_>>()
    };
    let named = scenario.links(ted);
    let mut all: Vec<&LinkId> = named.iter().copied().collect();
    for link in named.into_iter().filter_map(|id| ted.links.get(id)) {
        let ends = [of(&link.a.node), of(&link.z.node)];
        all.extend(ends.into_iter().min_by_key(Vec::len).into_iter().flatten());
    }
    if all.is_empty() {
        all.extend(ted.nodes.keys().map(of).min_by_key(Vec::len).into_iter().flatten());
    }
    let mut focus: Vec<LinkId> = Vec::new();
    for link in all {
        if focus.len() < MOST_LINES && !focus.contains(link) {
            focus.push(link.clone());
        }
    }
    focus
}

/// What kind of mark an event is; none where it is a step of something that is told otherwise.
fn meaning(kind: &EventKind) -> Option<MarkKind> {
    Some(match kind {
        EventKind::Rerouted { back: true, .. }
        | EventKind::Drained { drained: false, .. }
        | EventKind::ExceptionEnded { .. }
        | EventKind::WindowClosed { .. } => MarkKind::Restore,
        EventKind::Rerouted { .. }
        | EventKind::Drained { .. }
        | EventKind::WindowOpened { .. }
        | EventKind::Excepted { .. }
        | EventKind::ModeChanged { .. }
        | EventKind::IntentsAccepted { .. }
        | EventKind::Frozen { .. } => MarkKind::Decision,
        EventKind::TransactionBegun { .. }
        | EventKind::TransactionEnded { .. }
        | EventKind::PromiseBroken { .. }
        | EventKind::PromiseKept { .. }
        | EventKind::PromiseUnknown { .. } => return None,
        // All 120 of them, after a restart of the controller.
        EventKind::DeviceUp { .. } => return None,
        _ => MarkKind::Note,
    })
}

fn moved(at_ms: u32, kind: &EventKind) -> Option<Move> {
    let EventKind::Rerouted { why, .. } = kind else { return None };
    let summary::Move { services, back, figures } = summary::moved(kind)?;
    Some(Move {
        at_ms,
        back,
        services: services.iter().map(ToString::to_string).collect(),
        why: why.clone(),
        breach_to_plan_ms: figures.breach_to_plan_ms,
        breach_to_ack_ms: figures.breach_to_ack_ms,
        readback_ms: figures.readback_ms,
        confirm_ms: figures.confirm_ms,
        ..Move::default()
    })
}

fn span(service: &ServiceId, from_ms: u32, to_ms: u32) -> Span {
    Span { from_ms, to_ms, what: service.to_string() }
}

/// The links of all directions of a service.
pub fn links(directions: &[RouteView]) -> BTreeSet<LinkId> {
    directions.iter().flat_map(|direction| &direction.path).map(|hop| hop.link.clone()).collect()
}

/// By name, those that are drawn first.
fn in_order(links: &BTreeSet<LinkId>, focus: &[LinkId]) -> Vec<String> {
    let (drawn, others): (Vec<&LinkId>, Vec<&LinkId>) = links.iter().partition(|link| focus.contains(link));
    drawn.into_iter().chain(others).map(ToString::to_string).collect()
}

fn worse(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (known, None) | (None, known) => known,
    }
}

/// Of 1e-9.
fn percent(loss: u32) -> f64 {
    f64::from(loss) / 1e7
}

/// Of microseconds; none where it is beyond an hour.
fn millis(micros: u64) -> Option<f64> {
    Some(f64::from(u32::try_from(micros).ok()?) / 1e3)
}

/// Of bit/s, to a kilobit; none where it is beyond four terabits.
fn megabits(bits: u64) -> Option<f64> {
    Some(f64::from(u32::try_from(bits / 1_000).ok()?) / 1e3)
}

#[cfg(test)]
mod tests;
