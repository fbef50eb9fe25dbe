//! Why the network cannot carry a service even when it is empty: each constraint that is impossible by itself, and combinations only
//! where each of them alone is possible.

use std::collections::BTreeMap;

use model::{Bandwidth, Graph, Service, ServiceId, Severity};
use paths::{Bounds, Constraint, NoPath, PathRequest, Reason};

use super::super::{Judge, Part, listed, mark_of};
use crate::{
    codes,
    doc::Document,
    route::{Free, View, primary},
};

/// What a service may ask for.
const ASKED: [Constraint; 7] = [
    Constraint::Delay,
    Constraint::Jitter,
    Constraint::Loss,
    Constraint::Bandwidth,
    Constraint::AvoidAffinity,
    Constraint::Encryption,
    Constraint::Waypoints,
];

/// Services that the network cannot carry, and why: those of one intent that fail alike stand together.
#[derive(Default)]
pub(super) struct Failures<'a>(BTreeMap<Alike<'a>, Vec<(&'a Service, NoPath)>>);

/// An intent, what bites, what rules out the ways that would do, and whether that is proven.
type Alike<'a> = (&'a str, Vec<Constraint>, Vec<Constraint>, bool);

/// A reason why a service has no path.
pub(super) struct Cause {
    why: NoPath,
    /// Where one thing bites, what the ways that keep it do not keep: its numbers are those of the other ways.
    beside: Vec<Constraint>,
}

impl<'a> Failures<'a> {
    pub fn add(&mut self, service: &'a Service, causes: Vec<Cause>) {
        for Cause { why, beside } in causes {
            let bites = match &why.reason {
                Reason::Disconnected => Vec::new(),
                Reason::Constraint { which, .. } => vec![*which],
                Reason::Together(several) => several.clone(),
            };
            let alike = (service.intent.as_str(), bites, beside, why.exact);
            self.0.entry(alike).or_default().push((service, why));
        }
    }

    pub fn tell(self, graph: &Graph, origins: &BTreeMap<ServiceId, &Document>, judge: &mut Judge<'_>) {
        for ((_, bites, beside, exact), services) in self.0 {
            let [(service, why), ..] = services.as_slice() else { continue };
            let Some(doc) = origins.get(&service.id) else { continue };
            let ids: Vec<&ServiceId> = services.iter().map(|(service, _)| &service.id).collect();
            let mut message = why.describe(graph);
            if !beside.is_empty() {
                message = format!("{message}; the ways that keep it do not keep {}", words(&beside));
            }
            if ids.len() > 1 {
                message = format!("{message} (services {})", listed(&ids));
            }
            let (code, part, help) = kind(service, why);
            let help =
                if beside.is_empty() { help } else { "relax one of these, or add a line that meets all" };
            // Where none was found within the limit of the search, one may exist.
            let (severity, help) = match exact {
                true => (Severity::Error, help),
                false => (
                    Severity::Warning,
                    "nothing is proven: ask for less at once, or try whether it is carried",
                ),
            };
            let mark = mark_of(doc, part);
            let mut fault = judge.say(severity, code, doc, mark, message).help(help);
            for other in bites.iter().skip(1).chain(&beside).map(|which| mark_of(doc, part_of(*which))) {
                if other != mark {
                    fault = fault.related(doc.place(other), "together with this");
                }
            }
        }
    }
}

/// What stands in the way of a service, each by itself: what is impossible alone, and what is still impossible without it. Where
/// nothing is impossible alone, it is the combination.
pub(super) fn causes(
    view: &mut View,
    empty: &Free,
    service: &Service,
    request: &PathRequest,
    why: NoPath,
) -> Vec<Cause> {
    let Reason::Together(_) = why.reason else {
        return vec![cause(view, empty, service, request, why)];
    };
    let bare = ASKED.into_iter().fold(request.clone(), |request, which| with(&request, which, None));
    let mut rest = request.clone();
    let mut causes = Vec::new();
    for which in ASKED {
        let only = with(&bare, which, Some(request));
        if let Err(alone) = primary(view, empty, service, &only) {
            causes.push(Cause { why: *alone, beside: Vec::new() });
            rest = with(&rest, which, None);
        }
    }
    if causes.is_empty() {
        return vec![Cause { why, beside: Vec::new() }];
    }
    if let Err(why) = primary(view, empty, service, &rest) {
        causes.push(cause(view, empty, service, &rest, *why));
    }
    causes
}

/// A reason with what is beside it: of one objective, what the ways that keep it do not keep.
fn cause(view: &mut View, empty: &Free, service: &Service, request: &PathRequest, why: NoPath) -> Cause {
    let beside = match why.reason {
        Reason::Constraint {
            which: which @ (Constraint::Delay | Constraint::Jitter | Constraint::Loss | Constraint::Bandwidth),
            ..
        } => {
            let others: Vec<Constraint> = ASKED.into_iter().filter(|other| *other != which).collect();
            in_the_way(request, &others, |open| primary(view, empty, service, open).is_ok())
        }
        _ => Vec::new(),
    };
    Cause { why, beside }
}

/// What of a request is in the way of something: one thing where that is enough, else all of them that it has. Nothing where it is
/// impossible without them too.
pub(super) fn in_the_way(
    request: &PathRequest,
    among: &[Constraint],
    mut is_possible: impl FnMut(&PathRequest) -> bool,
) -> Vec<Constraint> {
    let without = |request: &PathRequest, which: &Constraint| with(request, *which, None);
    let asked: Vec<Constraint> = among.iter().copied().filter(|which| has(request, *which)).collect();
    let bare = asked.iter().fold(request.clone(), |request, which| without(&request, which));
    if asked.is_empty() || !is_possible(&bare) {
        return Vec::new();
    }
    let alone = asked.iter().copied().find(|which| is_possible(&without(request, which)));
    alone.map_or(asked, |one| vec![one])
}

/// What a service asks for, as its intent says it.
pub(super) fn words(constraints: &[Constraint]) -> String {
    let word = |which: &Constraint| match which {
        Constraint::AvoidAffinity => "`path.avoid`".to_owned(),
        Constraint::Encryption => "`sle.encryption`".to_owned(),
        Constraint::Waypoints => "`sle.waypoints`".to_owned(),
        other => format!("the {other}"),
    };
    constraints.iter().map(word).collect::<Vec<_>>().join(" or ")
}

/// A request with one thing as another request has it, or without it.
fn with(request: &PathRequest, which: Constraint, from: Option<&PathRequest>) -> PathRequest {
    let mut request = request.clone();
    let bounds = from.map_or_else(Bounds::default, |from| from.bounds);
    match which {
        Constraint::Delay => request.bounds.delay = bounds.delay,
        Constraint::Jitter => request.bounds.jitter = bounds.jitter,
        Constraint::Loss => request.bounds.loss = bounds.loss,
        Constraint::Bandwidth => request.bandwidth = from.map_or(Bandwidth::ZERO, |from| from.bandwidth),
        Constraint::AvoidAffinity => request.avoid_affinity = from.map_or(0, |from| from.avoid_affinity),
        Constraint::Encryption => request.encrypted = from.is_some_and(|from| from.encrypted),
        Constraint::Waypoints => {
            request.waypoints = from.map_or_else(Vec::new, |from| from.waypoints.clone());
        }
        _ => {}
    }
    request
}

/// Whether a request asks for it.
fn has(request: &PathRequest, which: Constraint) -> bool {
    match which {
        Constraint::Delay => request.bounds.delay.is_some(),
        Constraint::Jitter => request.bounds.jitter.is_some(),
        Constraint::Loss => request.bounds.loss.is_some(),
        Constraint::Bandwidth => request.bandwidth != Bandwidth::ZERO,
        Constraint::AvoidAffinity => request.avoid_affinity != 0,
        Constraint::Encryption => request.encrypted,
        Constraint::Waypoints => !request.waypoints.is_empty(),
        _ => false,
    }
}

/// What a document says of a constraint.
pub(super) const fn part_of(which: Constraint) -> Part {
    match which {
        Constraint::Delay => Part::Delay,
        Constraint::Jitter => Part::Jitter,
        Constraint::Loss => Part::Loss,
        Constraint::Bandwidth => Part::Bandwidth,
        Constraint::AvoidAffinity => Part::Avoid,
        Constraint::Encryption | Constraint::Waypoints => Part::Sle,
        _ => Part::Ends,
    }
}

/// The code of a reason, the part of the document that is to blame, and what to do.
fn kind(service: &Service, why: &NoPath) -> (&'static str, Part, &'static str) {
    let which = match &why.reason {
        Reason::Disconnected => {
            return (
                codes::UNREACHABLE,
                Part::Ends,
                "correct the ends, or add the missing link to the network",
            );
        }
        Reason::Together(several) => {
            let part = several.first().map_or(Part::Ends, |first| part_of(*first));
            return (codes::CONSTRAINT_IMPOSSIBLE, part, "relax one of these, or add a line that meets all");
        }
        Reason::Constraint { which, .. } => *which,
    };
    let (code, help) = match which {
        Constraint::Delay | Constraint::Jitter | Constraint::Loss => {
            (codes::SLO_IMPOSSIBLE, "relax the objective, or enter a better line into the network file")
        }
        Constraint::Bandwidth if !service.sle.waypoints.is_empty() => (
            codes::TOO_MUCH_BANDWIDTH,
            "promise less, or enter a larger line into the network file; where the way through its waypoints crosses a link \
             again, each crossing needs the bandwidth",
        ),
        Constraint::Bandwidth => {
            (codes::TOO_MUCH_BANDWIDTH, "promise less, or enter a larger line into the network file")
        }
        Constraint::Overload => (codes::UNREACHABLE, "take the overload bit from a node on the way"),
        _ => (codes::CONSTRAINT_IMPOSSIBLE, "relax this constraint, or add a line that meets it"),
    };
    (code, part_of(which), help)
}
