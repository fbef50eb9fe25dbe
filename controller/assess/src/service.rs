//! Promises against measurements: each direction of each service along the path that it takes now.

use std::collections::BTreeMap;

use model::{
    Delay, DirectedLink, IntentSet, Jitter, Loss, NodeId, QueueName, Ratio, Service, ServiceId, Slo, Span,
    Ted, Timestamp,
    condition::{Measured, Quantity, Truth},
    verdict::{DirectionVerdict, Route},
};
use serde::Serialize;

use crate::{
    explain::explain,
    latch::Latch,
    line::Line,
    lines::{LineState, LinkState},
};

/// End-to-end values. What is absent is unknown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Quality {
    /// Sum of the one-way delays.
    pub delay: Option<Delay>,
    /// Sum of the variations: an upper bound.
    pub jitter: Option<Jitter>,
    /// Combined loss.
    pub loss: Option<Loss>,
}

/// Which of its candidates a direction rides, as far as the state of links tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Riding {
    /// The preferred one.
    Primary,
    /// The backup: a link of the preferred one is down.
    Backup,
    /// None: both have a link that is down.
    Nothing,
}

/// A line's part in a broken promise.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Blame {
    /// The line.
    pub line: DirectedLink,
    /// What is wrong there, measured beside planned.
    pub what: String,
}

/// How a promise stands.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// It is kept.
    Kept,
    /// It is not.
    Broken {
        /// Since when.
        since: Timestamp,
        /// What is broken, measured beside promised.
        what: Vec<String>,
        /// The lines that contribute, worst first; empty where every line is as planned.
        blame: Vec<Blame>,
    },
    /// Too little is known to say.
    Unknown {
        /// What is missing.
        why: String,
    },
}

/// One direction of a service.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Promise {
    /// The headend.
    pub from: NodeId,
    /// The far end.
    pub to: NodeId,
    /// Which candidate it rides.
    pub riding: Riding,
    /// The links that it rides.
    pub hops: Vec<DirectedLink>,
    /// As measured along them.
    pub quality: Quality,
    /// How the promise stands.
    pub standing: Standing,
    /// Since when the intent's breach condition has held long enough to act on; none while it has not.
    pub breached: Option<Timestamp>,
    /// Since when it has been kept without interruption.
    pub kept_since: Option<Timestamp>,
}

/// What is remembered of a direction from turn to turn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Track {
    breach: Latch,
    broken_since: Option<Timestamp>,
    kept_since: Option<Timestamp>,
}

/// What a direction is judged on.
pub(crate) struct View<'a> {
    pub(crate) ted: &'a Ted,
    pub(crate) set: &'a IntentSet,
    pub(crate) lines: &'a BTreeMap<DirectedLink, Line>,
    pub(crate) now: Timestamp,
}

/// A hop of a path with its line, looked up once; none where the TED has no such link.
#[derive(Clone, Copy)]
struct Leg<'a> {
    hop: &'a DirectedLink,
    line: Option<&'a Line>,
}

impl<'a> View<'a> {
    fn legs(&self, route: &'a Route) -> Vec<Leg<'a>> {
        route.path.hops.iter().map(|hop| Leg { hop, line: self.lines.get(hop) }).collect()
    }
}

impl<'a> Leg<'a> {
    fn state(&self) -> LinkState {
        self.line.map_or(LinkState::Unknown, |line| line.link)
    }

    fn measured(&self) -> Option<&'a LineState> {
        self.line.map(|line| &line.state)
    }
}

/// The window over which an intent's breach condition takes drops: that of the values shown.
const WINDOW: Span = crate::lines::SHOWN_WINDOW;

pub(crate) fn judge<'a>(
    view: &View<'a>,
    service: &Service,
    direction: &'a DirectionVerdict,
    track: &mut Track,
) -> Promise {
    let (riding, legs) = riding(view, direction);
    let quality = quality(&legs);
    let (truth, mut what) = match riding {
        Riding::Nothing => {
            (Truth::Holds, vec!["its path and its backup each have a link that is down".into()])
        }
        _ => slo_broken(&service.slo, quality, partial(&legs)),
    };
    let measure = |quantity: &Quantity| measure(view, service, &legs, quality, quantity);
    let breach = match riding {
        Riding::Nothing => Truth::Holds,
        _ => service.assurance.breach.judge(&measure),
    };
    let assurance = &service.assurance;
    track.breach = track.breach.step(breach, view.now, assurance.hold, Span::ZERO).0;
    let truth = match (truth, breach) {
        (Truth::Holds, _) | (_, Truth::Holds) => Truth::Holds,
        (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
        _ => Truth::Not,
    };
    let unheard = unheard(&legs);
    let standing = match truth {
        Truth::Holds => {
            track.kept_since = None;
            let since = *track.broken_since.get_or_insert(view.now);
            if what.is_empty() {
                explain(&assurance.breach, &measure, &mut what);
            }
            let dead = (riding == Riding::Nothing).then(|| view.legs(&direction.primary));
            Standing::Broken { since, what, blame: blame(view, dead.as_ref().unwrap_or(&legs)) }
        }
        // It promises nothing that could be missed, and in silence that is not kept either.
        Truth::Not if !unheard.is_empty() => {
            track.kept_since = None;
            let why = format!("whether these links are up was not heard lately: {}", unheard.join(", "));
            Standing::Unknown { why }
        }
        Truth::Not => {
            track.broken_since = None;
            track.kept_since.get_or_insert(view.now);
            Standing::Kept
        }
        Truth::Unknown => {
            track.kept_since = None;
            Standing::Unknown { why: missing(&legs) }
        }
    };
    Promise {
        from: direction.from.clone(),
        to: direction.to.clone(),
        riding,
        hops: legs.iter().map(|leg| leg.hop.clone()).collect(),
        quality,
        standing,
        breached: track.breach.raised().map(|(began, _)| began),
        kept_since: track.kept_since,
    }
}

/// The first candidate without a link that is down. A link that is unknown is not taken for down.
fn riding<'a>(view: &View<'a>, direction: &'a DirectionVerdict) -> (Riding, Vec<Leg<'a>>) {
    let alive = |legs: &Vec<Leg<'_>>| legs.iter().all(|leg| leg.state() != LinkState::Down);
    let primary = view.legs(&direction.primary);
    if alive(&primary) {
        return (Riding::Primary, primary);
    }
    match direction.backup.as_ref().map(|route| view.legs(route)).filter(alive) {
        Some(backup) => (Riding::Backup, backup),
        None => (Riding::Nothing, Vec::new()),
    }
}

fn quality(legs: &[Leg<'_>]) -> Quality {
    let lines = || legs.iter().map(Leg::measured);
    Quality {
        delay: lines().map(|line| line?.delay).sum(),
        jitter: lines().map(|line| line?.jitter).sum(),
        loss: lines().try_fold(Loss::ZERO, |sum, line| Some(sum.then(line?.loss?))),
    }
}

/// What is known of it: a lower bound, for what is missing cannot be less than nothing.
fn partial(legs: &[Leg<'_>]) -> Quality {
    let lines = || legs.iter().filter_map(Leg::measured);
    Quality {
        delay: Some(lines().filter_map(|line| line.delay).sum()),
        jitter: Some(lines().filter_map(|line| line.jitter).sum()),
        loss: Some(lines().filter_map(|line| line.loss).fold(Loss::ZERO, Loss::then)),
    }
}

/// Whether any objective is known to be missed; unknown when one of them cannot be told.
fn slo_broken(slo: &Slo, whole: Quality, known: Quality) -> (Truth, Vec<String>) {
    let mut what = Vec::new();
    let mut unknown = false;
    fn judge<T: Copy + Ord + std::fmt::Display>(
        name: &str,
        promised: Option<T>,
        whole: Option<T>,
        known: Option<T>,
        rough: impl Fn(T) -> T,
        what: &mut Vec<String>,
    ) -> bool {
        let Some(promised) = promised else { return false };
        match known.filter(|known| *known > promised) {
            // What is only just too much keeps its digits: "0.1%, promised 0.1%" would puzzle.
            Some(known) => {
                let said = Some(rough(known)).filter(|rough| *rough > promised).unwrap_or(known);
                what.push(format!("{name} {said}, promised {promised}"));
            }
            None => return whole.is_none(),
        }
        false
    }
    unknown |= judge("delay", slo.one_way_delay, whole.delay, known.delay, |is| is, &mut what);
    unknown |= judge("jitter", slo.jitter, whole.jitter, known.jitter, |is| is, &mut what);
    unknown |= judge("loss", slo.loss, whole.loss, known.loss, Loss::rough, &mut what);
    let truth = match (what.is_empty(), unknown) {
        (false, _) => Truth::Holds,
        (true, true) => Truth::Unknown,
        (true, false) => Truth::Not,
    };
    (truth, what)
}

/// A quantity of an intent's breach condition, end to end; its contract is the SLO.
fn measure(
    view: &View<'_>,
    service: &Service,
    legs: &[Leg<'_>],
    quality: Quality,
    quantity: &Quantity,
) -> Option<Measured> {
    let slo = service.slo;
    let lines = || legs.iter().map(Leg::measured);
    let (value, contract) = match quantity {
        Quantity::Delay => (quality.delay?.as_micros(), slo.one_way_delay.map(Delay::as_micros)),
        Quantity::Jitter => (quality.jitter?.as_micros(), slo.jitter.map(Jitter::as_micros)),
        Quantity::Loss => (u64::from(quality.loss?.as_ppb()), slo.loss.map(|loss| u64::from(loss.as_ppb()))),
        Quantity::Utilisation => {
            let worst: Option<Vec<Ratio>> = lines().map(|line| line?.utilisation).collect();
            (worst?.into_iter().max().unwrap_or_default().as_ppm(), None)
        }
        Quantity::QueueDrops(name) => {
            let queue = queue(view, service, name.as_ref())?;
            let drops: Option<u64> = lines().map(|line| line?.queues.get(&queue)?.drops).sum();
            (drops?, None)
        }
        Quantity::QueueDepth(_) => return None,
    };
    Some(Measured { value, contract })
}

/// The queue that is named, by itself or by a class that uses it; that of the service where none is.
fn queue(view: &View<'_>, service: &Service, name: Option<&QueueName>) -> Option<QueueName> {
    let of_class = |class: &model::ClassName| view.set.classes.get(class).map(|class| class.queue.clone());
    let Some(name) = name else { return of_class(&service.class) };
    let class = view.set.classes.values().find(|class| class.name.as_str() == name.as_str());
    Some(class.map_or_else(|| name.clone(), |class| class.queue.clone()))
}

/// The lines that are down or worse than planned, those with the most excess of delay and loss first. One percent of loss weighs
/// as much as ten milliseconds.
fn blame(view: &View<'_>, legs: &[Leg<'_>]) -> Vec<Blame> {
    let mut found: Vec<(u64, Blame)> = Vec::new();
    for leg in legs {
        let hop = leg.hop;
        let Some(link) = view.ted.links.get(&hop.link) else { continue };
        if leg.state() == LinkState::Down {
            found.push((u64::MAX, Blame { line: hop.clone(), what: "it is down".into() }));
            continue;
        }
        let Some(line) = leg.measured() else { continue };
        let Some(seen) = line.degraded(link, hop.from) else { continue };
        let plan = link.direction(hop.from);
        let mut weight = 0;
        let mut what = Vec::new();
        if let Some(is) = seen.delay.filter(|is| *is > plan.delay.value) {
            weight += is.saturating_sub(plan.delay.value).as_micros();
            what.push(format!("delay {is}, planned {}", plan.delay.value));
        }
        if let Some(is) = seen.jitter.filter(|is| *is > plan.jitter.value) {
            weight += is.saturating_sub(plan.jitter.value).as_micros();
            what.push(format!("jitter {is}, planned {}", plan.jitter.value));
        }
        if let Some(is) = seen.loss.filter(|is| *is > plan.loss.value) {
            weight += u64::from(is.saturating_sub(plan.loss.value).as_ppb()) / 1_000;
            what.push(format!("loss {}, planned {}", is.rough(), plan.loss.value));
        }
        found.push((weight, Blame { line: hop.clone(), what: what.join(", ") }));
    }
    // Stable: equal ones stay in the order of the path.
    found.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    found.into_iter().map(|(_, blame)| blame).collect()
}

/// The links of which nobody says whether they are up. A measured delay says so too: something came through.
fn unheard<'a>(legs: &[Leg<'a>]) -> Vec<&'a str> {
    let is_measured = |leg: &Leg<'_>| leg.measured().is_some_and(|line| line.delay.is_some());
    let unheard = legs.iter().filter(|leg| leg.state() == LinkState::Unknown && !is_measured(leg));
    unheard.map(|leg| leg.hop.link.as_str()).collect()
}

fn missing(legs: &[Leg<'_>]) -> String {
    let silent: Vec<String> = legs
        .iter()
        .filter(|leg| leg.measured().is_none_or(|line| line.delay.is_none() || line.loss.is_none()))
        .map(|leg| leg.hop.to_string())
        .collect();
    if silent.is_empty() {
        return format!("the breach condition asks for what was not measured within {WINDOW}");
    }
    format!("delay or loss of {} was not heard lately", silent.join(", "))
}

/// How much better `after` is than `before` for what is promised: the drop of the worst ratio of measured to promised, as a share of
/// it. 100% means from anything to nothing; zero means not better. What is not promised does not count; where one of the values
/// that do is unknown, it is taken for not better.
pub fn improvement(slo: &Slo, before: Quality, after: Quality) -> Ratio {
    let (Some(before), Some(after)) = (badness(slo, before), badness(slo, after)) else { return Ratio::ZERO };
    let gain = u128::from(before.saturating_sub(after)) * 1_000_000;
    Ratio::from_ppm(u64::try_from(gain / u128::from(before.max(1))).unwrap_or(1_000_000))
}

/// The worst ratio of measured to promised, in 1e-6; none where nothing is promised or something promised is unknown.
fn badness(slo: &Slo, is: Quality) -> Option<u64> {
    let ratio = |is: u64, promised: u64| {
        u64::try_from(u128::from(is) * 1_000_000 / u128::from(promised.max(1))).unwrap_or(u64::MAX)
    };
    let mut worst = None;
    let mut take = |promised: Option<u64>, is: Option<u64>| {
        let Some(promised) = promised else { return Some(()) };
        worst = worst.max(Some(ratio(is?, promised)));
        Some(())
    };
    take(slo.one_way_delay.map(Delay::as_micros), is.delay.map(Delay::as_micros))?;
    take(slo.jitter.map(Jitter::as_micros), is.jitter.map(Jitter::as_micros))?;
    take(slo.loss.map(|loss| u64::from(loss.as_ppb())), is.loss.map(|loss| u64::from(loss.as_ppb())))?;
    worst
}

/// Whether every promised value is known and within its promise.
pub(crate) fn keeps(slo: &Slo, is: Quality) -> bool {
    slo_broken(slo, is, is).0 == Truth::Not
}

/// What remembers the directions of services.
pub(crate) type Tracks = std::collections::BTreeMap<(ServiceId, NodeId), Track>;

#[cfg(test)]
mod tests;
