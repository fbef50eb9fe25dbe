//! What helps where a promise is broken, in words.

use model::{Delay, Service, Slo, intent::Diversity, verdict::Path};

use super::{case::Case, remedy::Remedy, tally::Hit};
use crate::{cause::directions, codes};

/// What to do about a promise that a failure breaks.
pub(super) fn help(case: &Case<'_>, service: &Service, hit: &Hit, remedy: Remedy) -> String {
    let (id, ends) = (&service.id, format!("{} and {}", service.a, service.z));
    let lines = if service.sle.encrypted { "encrypted line" } else { "line" };
    if let Some(words) = unused_backup(case, service, hit).filter(|_| !remedy.is_none()) {
        return words;
    }
    match (hit.code, remedy) {
        (codes::NOT_DIVERSE, Remedy::NoWay) => {
            format!("no plan can help, every way has this: add a line between {ends} that shares none of it{}", less(service))
        }
        (_, Remedy::NoWay) => {
            format!("no plan can help: only another {lines} between {ends} does{}", asking_less(service, hit))
        }
        (_, Remedy::TooSlow(best)) => format!(
            "no plan can help: the quickest way that is left takes {best}; promise that, or add a quicker {lines} between {ends}{}",
            asking_less(service, hit)
        ),
        (codes::UNENCRYPTED, _) => "`path.lastResort: drop` loses this traffic rather than expose it; or encrypt the line".to_owned(),
        (codes::UNVISITED, _) => "`path.lastResort: drop` loses this traffic rather than let the IGP lead it past the function; where \
             its own segment list does, `trunkline explain TL0232` says where to look".to_owned(),
        (codes::NOT_DIVERSE, _) => {
            format!(
                "`trunkline why {id}` says what they share; `trunkline check` names two ways that do not, where there are such; else add a \
                 line that does not{}",
                less(service)
            )
        }
        (codes::NOT_CARRIED, _) => format!("`trunkline why {id}` says which constraint bites"),
        (codes::OVERLOADED, _) => {
            "promise less bandwidth over this line, make it larger, or keep other services off it with `path.avoid`".to_owned()
        }
        (codes::LOSS_BROKEN, _) => format!(
            "`trunkline why {id}` has the loss of its lines: promise more loss, or let it ride lines that lose less; where a line is full, promise \
             less bandwidth over it, or keep other services off it with `path.avoid`"
        ),
        (codes::JITTER_BROKEN, _) => format!(
            "`trunkline why {id}` has the jitter of its lines: promise more jitter, let it ride lines of less, or let what waits behind \
             others have a strict queue"
        ),
        (codes::NOT_DELIVERED | codes::NOT_STEERED | codes::DELAY_BROKEN, Remedy::Plan(best)) => {
            unplanned(case, service, hit.code, best)
        }
        (code, _) => format!("`trunkline explain {code}` has a page on it"),
    }
}

/// Where a way is left that would keep the promise, and nothing of the plan takes it.
fn unplanned(case: &Case<'_>, service: &Service, code: &str, best: Delay) -> String {
    let id = &service.id;
    let carried = directions(case.question.verdicts.get(id));
    let backup = carried.iter().any(|direction| direction.backup.is_some());
    match (backup, code) {
        (false, _) => format!("it has no backup, `trunkline why {id}` says why; a way of {best} is left"),
        (true, codes::NOT_STEERED) => {
            format!("the plan is not what it says of itself: `trunkline why {id}` has its path and backup")
        }
        (true, _) => format!(
            "neither its path nor its backup keeps it then; a way of {best} is left, for which nothing is installed: the controller has to find it"
        ),
    }
}

/// Where the list of a path stays valid although a line of the path is down, and the backup stands unused: whether it would keep what
/// the bent path breaks. What others send over its lines is not asked.
fn unused_backup(case: &Case<'_>, service: &Service, hit: &Hit) -> Option<String> {
    if !hit.bent {
        return None;
    }
    let (graph, cut) = (case.graph(), hit.event.cut(case.graph()));
    let is_whole = |path: &Path| {
        path.hops.iter().all(|hop| graph.edge_ix(hop).is_some_and(|edge| !cut.has(edge.link())))
    };
    let carried = directions(case.question.verdicts.get(&service.id));
    let backups = carried.iter().filter(|direction| !is_whole(&direction.primary.path)).map(|direction| {
        let backup = direction.backup.as_ref().map(|backup| &backup.path);
        backup.filter(|backup| is_whole(backup) && is_kept(&service.slo, backup))
    });
    // In each direction that is hit there has to be one.
    let backups: Vec<&Path> = backups.collect::<Option<_>>()?;
    let delay = backups.iter().map(|backup| backup.delay).max()?;
    let pin = "with `path: {pin: links}` the backup takes over";
    match hit.code {
        codes::DELAY_BROKEN | codes::JITTER_BROKEN | codes::LOSS_BROKEN | codes::LOOP => Some(format!(
            "its backup ({delay}) would keep it, but the list of its path stays valid and follows the IGP then: {pin}"
        )),
        codes::OVERLOADED => Some(format!(
            "its backup ({delay}) is whole, but the list of its path stays valid and follows the IGP over this line then: {pin}; else promise \
             less bandwidth over it, or make it larger"
        )),
        _ => None,
    }
}

/// Whether a path keeps objectives, as far as its lines are asked.
fn is_kept(slo: &Slo, path: &Path) -> bool {
    slo.one_way_delay.is_none_or(|most| path.delay <= most)
        && slo.jitter.is_none_or(|most| path.jitter <= most)
        && slo.loss.is_none_or(|most| path.loss <= most)
}

/// That less could be asked for, where there is less.
fn less(service: &Service) -> &'static str {
    match service.sle.diversity {
        Diversity::Link => "",
        Diversity::Node | Diversity::Srlg => ", or ask for less `sle.diversity`",
    }
}

/// What keeps a plan off ways that packets could take: what the service asks for, and nodes that carry no transit.
fn asking_less(service: &Service, hit: &Hit) -> String {
    let narrows = [
        (!service.path.avoid.is_empty(), "less under `path.avoid`"),
        (!service.sle.waypoints.is_empty(), "fewer `sle.waypoints`"),
        (hit.overload, "taking the overload bit from a node"),
    ];
    narrows.iter().filter(|(narrows, _)| *narrows).map(|(_, words)| format!(", or {words}")).collect()
}
