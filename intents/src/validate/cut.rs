//! Which services maintenance windows cut off: each by itself, and several that are open at the same time together.
//!
//! A service is cut off where what is worked on is down and no line is left between its ends, by its waypoints and over encrypted lines
//! where these are asked for. Whether what is left keeps the promise is not asked here; `verify` asks it.

mod sets;

use model::{IntentSet, ServiceId, Window, finding::Severity};

use super::{AsOf, Judge, listed, names::Names};
use crate::{codes, doc::Document};

pub(super) use sets::MOST;
use sets::{Cut, LARGEST};

/// Judges all windows that are not over, then sets of them that overlap in time, up to [`LARGEST`] windows in one and `most` sets:
/// [`MOST`], but in tests.
pub(super) fn judge(names: &Names<'_>, set: &IntentSet, as_of: AsOf, most: usize, judge: &mut Judge<'_>) {
    let is_over = |window: &Window| as_of.moment.is_some_and(|at| window.when.is_over(at));
    let windows: Vec<&Window> = set.windows.values().filter(|window| !is_over(window)).collect();
    if windows.is_empty() {
        return;
    }
    let all = windows.len();
    let last = windows.last().map(|window| window.name.as_str());
    let found = sets::find(judge.ted, set, windows, most);
    for cut in &found.cuts {
        let docs = cut.windows.iter().map(|window| names.windows.get(window.name.as_str()));
        let Some(docs) = docs.collect::<Option<Vec<_>>>() else { continue };
        let docs: Vec<&Document> = docs.into_iter().map(|(doc, _)| *doc).collect();
        match docs.as_slice() {
            [] => {}
            [doc] => alone(doc, set, cut, judge),
            [others @ .., doc] => tell(doc, others, cut, as_of, judge),
        }
    }
    let doc = last.and_then(|name| names.windows.get(name));
    if let (Some(tried), Some((doc, _))) = (found.stopped, doc) {
        let message = format!(
            "{all} windows are too many to look at every {LARGEST} of them that are open together: {tried} sets were tried, small ones first"
        );
        judge
            .warn(codes::TOO_MANY_WINDOWS, doc, doc.metadata.name.mark, message)
            .help("join windows of one work, or let fewer be open at the same time");
    }
}

fn alone(doc: &Document, set: &IntentSet, cut: &Cut<'_>, judge: &mut Judge<'_>) {
    let services = &cut.services;
    let message =
        format!("while this window is open, {} cut off: {}", count(services.len()), listed(services));
    // No line helps a service of which an end is itself worked on.
    let ends = services.iter().filter(|id| ends_in(id, set, cut)).count();
    let line = match (ends, services.len() - ends) {
        (0, _) => "add a line for them, give",
        (_, 0) => "an end of each is worked on, so that no line helps: give",
        _ => "add a line for those of which no end is worked on, give",
    };
    let help = format!("{line} them a `when` outside it, or agree on the cut with their owners");
    judge.warn(codes::WINDOW_CUTS, doc, doc.metadata.name.mark, message).help(help);
}

/// Whether an end of a service is itself worked on.
fn ends_in(id: &ServiceId, set: &IntentSet, cut: &Cut<'_>) -> bool {
    let Some(service) = set.services.get(id) else { return false };
    let nodes = || cut.windows.iter().flat_map(|window| &window.work.nodes);
    nodes().any(|node| *node == service.a || *node == service.z)
}

/// The finding stands at the window that comes last by name, and points at the others.
fn tell(doc: &Document, others: &[&Document], cut: &Cut<'_>, as_of: AsOf, judge: &mut Judge<'_>) {
    let quoted: Vec<String> = others.iter().map(|other| format!("`{}`", other.name())).collect();
    let (with, no_fewer, which) = match others {
        [_] => ("the window", "neither does alone", "the two"),
        _ => ("the windows", "fewer of them do not", "them"),
    };
    let services = match cut.services.len() {
        1 => "1 service".to_owned(),
        many => format!("{many} services"),
    };
    let message = format!(
        "together with {with} {}, open at the same time {}, this one cuts off {services}: {}; {no_fewer}",
        quoted.join(", "),
        cut.common,
        listed(&cut.services)
    );
    // What is in force already is no news, and no reason to know nothing of all other intents.
    let severity = if as_of.in_force { Severity::Warning } else { Severity::Error };
    let mut fault = judge
        .say(severity, codes::WINDOWS_TOGETHER, doc, doc.metadata.name.mark, message)
        .help(format!("move one of {which}; where the cut is meant, make them one window"));
    for other in others {
        let place = other.place(other.metadata.name.mark);
        fault = fault.related(place, "the other window").made_by(other);
    }
}

fn count(services: usize) -> String {
    if services == 1 { "1 service is".to_owned() } else { format!("{services} services are") }
}
