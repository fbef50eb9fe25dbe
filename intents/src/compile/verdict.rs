//! The answer for a service that is carried, with its reasons.

use model::{
    Bandwidth, EdgeIx, Graph, Severity, Sid, Ted, Verdict,
    csid::{Compressed, Containers},
    intent::Minimise,
    verdict::{DirectionVerdict, Route},
};
use paths::{Bounds, Found, NoPath, Totals};

use crate::{
    codes,
    common::{in_common, kept_apart},
    domain,
    validate::unwritten,
};

use super::{
    Compilation,
    placed::{Placed, PlacedBackup},
    policy,
};

/// The verdict. `left` is what is left of each edge when everything is placed. Where the network has one domain only, no path need be
/// looked at for domains; `containers` tells what the addresses of lists ask for.
pub(super) fn carried(
    placed: &Placed<'_>,
    ted: &Ted,
    graph: &Graph,
    left: &[u64],
    (has_domains, containers): (bool, &Containers<'_>),
) -> Verdict {
    let service = placed.service;
    let directions = placed
        .ways
        .each()
        .enumerate()
        .filter_map(|(direction, found)| {
            let (from, to) = if direction == 0 { (&service.a, &service.z) } else { (&service.z, &service.a) };
            let path = found.to_path(graph, paths::spare(&found.edges, left));
            let budget = service.slo.one_way_delay.filter(|_| has_domains || !service.budgets.is_empty());
            Some(DirectionVerdict {
                from: from.clone(),
                to: to.clone(),
                policy: policy::key(placed, direction, ted)?,
                domains: budget
                    .map(|budget| domain::divide(&path, ted, budget, &service.budgets))
                    .unwrap_or_default(),
                primary: Route {
                    path,
                    segments: placed.segments[direction].clone(),
                    why: reasons(placed, found, direction, (ted, graph))
                        .into_iter()
                        .chain(packed(containers, &placed.segments[direction]))
                        .collect(),
                },
                backup: placed
                    .backup
                    .as_ref()
                    .map(|backup| backup_route(placed, backup, direction, (graph, containers), left)),
            })
        })
        .collect();
    Verdict::Carried { service: service.id.clone(), directions }
}

/// Why a service is refused, in a few words.
pub(super) fn refusal(why: &NoPath) -> String {
    let unproven = if why.exact { "" } else { UNPROVEN };
    format!("{}{unproven}", why.constraint())
}

/// Behind a reason that is not proven.
const UNPROVEN: &str = " (no path was found within the limit of the search; one may exist)";

/// Tells where a path takes more of the delay in a domain than the intent gives to it. The promise as a whole may be kept all
/// the same: another domain takes less.
pub(super) fn tell_shares(verdict: &Verdict, done: &mut Compilation) {
    let Verdict::Carried { service, directions } = verdict else { return };
    for direction in directions {
        for one in direction.domains.iter().filter(|one| one.is_over()) {
            let message = format!(
                "from {} to {}, the path takes {} in the domain {}, and {} are its share",
                direction.from,
                direction.to,
                one.delay,
                one.domain,
                one.share.delay()
            );
            let help = "give the domain more under `slo.domains`, or add a faster line to it";
            done.say(Severity::Warning, codes::DOMAIN_OVER_SHARE, service, message, help);
        }
    }
}

fn reasons(
    placed: &Placed<'_>,
    found: &Found,
    direction: usize,
    (ted, graph): (&Ted, &Graph),
) -> Vec<String> {
    let service = placed.service;
    let slo = &service.slo;
    let totals = &found.totals;
    let [no_delay, no_jitter, no_loss] = gaps(placed, found, ted, graph);
    let mut why = placed.notes.clone();
    why.push(match service.path.minimise {
        Minimise::Delay => format!("chosen by least delay: {}{no_delay}", totals.delay),
        Minimise::Igp => format!("chosen by least IGP metric: {}", totals.igp),
        Minimise::Te => format!("chosen by least TE metric: {}", totals.te),
        Minimise::Hops => format!("chosen by fewest hops: {}", totals.hops),
        Minimise::Price => format!("chosen by least price: {}", totals.price.0),
    });
    if let Some(rank) = best_rank(placed, found, graph) {
        let of = service.path.prefer.len();
        why.push(format!("rides {}, preference {} of {of}", service.path.prefer[rank], rank + 1));
    } else if !service.path.prefer.is_empty() {
        let other = if placed.is_kept_off { "other " } else { "" };
        why.push(format!("no {other}preferred line meets the rest of the request"));
    }
    let bound = |name: &str, value: String, bound: Option<String>| {
        bound.map(|bound| format!("{name} {value}, {bound} promised"))
    };
    let delay = format!("{}{no_delay}", totals.delay);
    why.extend(bound("delay", delay, slo.one_way_delay.map(|b| b.to_string())));
    let jitter = format!("{}{no_jitter}", totals.jitter);
    why.extend(bound("jitter", jitter, slo.jitter.map(|b| b.to_string())));
    let loss = format!("{}{no_loss}", totals.loss);
    why.extend(bound("loss", loss, slo.loss.map(|b| b.to_string())));
    why.extend(bound(
        "free bandwidth",
        placed.free[direction].to_string(),
        slo.bandwidth.map(|b| b.to_string()),
    ));
    if service.sle.encrypted {
        why.push("every link is encrypted, and pinned by its own segment".to_owned());
    } else if service.is_pinned() {
        why.push("every link is pinned by its own segment".to_owned());
    }
    if !service.sle.waypoints.is_empty() {
        let names: Vec<&str> = service.sle.waypoints.iter().map(|node| node.as_str()).collect();
        why.push(format!("visits {}", names.join(", ")));
    }
    if !service.path.avoid.is_empty() {
        let names: Vec<&str> = service.path.avoid.iter().map(|name| name.as_str()).collect();
        why.push(format!("keeps off {}", names.join(", ")));
    }
    if direction == 1 && service.co_routed {
        why.push("the same links as the other direction".to_owned());
    }
    if !found.exact {
        why.push("the search stopped at its limit: a better path may exist".to_owned());
    }
    why
}

/// What is to be said behind the delay, the jitter and the loss of a path: links of which nobody wrote it, so that they count as
/// nothing.
fn gaps(placed: &Placed<'_>, found: &Found, ted: &Ted, graph: &Graph) -> [String; 3] {
    // What is measured was seen, whoever wrote what.
    let edges = if placed.measured { &[][..] } else { &found.edges };
    let mut counts = [0; 3];
    for edge in edges {
        let Some(link) = ted.links.get(graph.link_id(*edge)) else { continue };
        let unwritten = unwritten(link, edge.side());
        counts.iter_mut().zip(unwritten).for_each(|(count, is)| *count += usize::from(is));
    }
    counts.map(|links| match links {
        0 => String::new(),
        1 => " without one link of which nobody wrote it".to_owned(),
        many => format!(" without {many} links of which nobody wrote it"),
    })
}

/// The first of the preferred affinities that a link of the path has.
fn best_rank(placed: &Placed<'_>, found: &Found, graph: &Graph) -> Option<usize> {
    let ridden = found.edges.iter().fold(0, |set, edge| set | graph.edge(*edge).affinity);
    placed.request.prefer.iter().position(|bit| ridden & bit != 0)
}

/// Every bound that a way breaks, beside it.
pub(super) fn broken(totals: &Totals, bounds: &Bounds) -> Vec<String> {
    fn over<T: Copy + Ord + std::fmt::Display>(name: &str, is: T, most: Option<T>) -> Option<String> {
        most.filter(|most| is > *most).map(|most| format!("{name} {is}, {most} promised"))
    }
    // What is only just too much keeps its digits.
    let loss = Some(totals.loss.rough()).filter(|rough| Some(*rough) > bounds.loss).unwrap_or(totals.loss);
    [
        over("delay", totals.delay, bounds.delay),
        over("jitter", totals.jitter, bounds.jitter),
        over("loss", loss, bounds.loss),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Where the values of a search come from, where it is not the network file alone.
pub(super) fn basis(placed: &Placed<'_>) -> &'static str {
    if placed.measured { ", as measured" } else { "" }
}

fn backup_route(
    placed: &Placed<'_>,
    backup: &PlacedBackup,
    direction: usize,
    (graph, containers): (&Graph, &Containers<'_>),
    left: &[u64],
) -> Route {
    let found = backup.ways.each().nth(direction).unwrap_or(&backup.ways.out);
    let apart = kept_apart(placed.service.sle.diversity);
    let shared = backup.shared.get(direction).or(backup.shared.first());
    let common = shared.map_or_else(|| "nothing".to_owned(), |shared| in_common(graph, shared));
    let mut why = vec![if backup.strict {
        format!("no {apart} in common with the path")
    } else {
        // Another path might have a backup that shares less: this is said of this path alone.
        format!("not wholly apart from this path: in common with it {common}")
    }];
    if !backup.drained.is_empty() {
        why.push(format!("there is no other: it leads over {}, which is drained", backup.drained.join(", ")));
    }
    let broken = broken(&found.totals, &placed.request.bounds);
    if !broken.is_empty() {
        why.push(format!("breaks an objective while in use: {}{}", broken.join("; "), basis(placed)));
    }
    why.extend(packed(containers, &backup.segments[direction]));
    // Where the path itself goes, its traffic makes room for that of the backup.
    let own = placed.ways.each().nth(direction).map_or(&[][..], |way| &way.edges);
    let room = |edge: &EdgeIx| {
        let left = left.get(edge.ix()).copied().unwrap_or(0);
        if own.contains(edge) { left.saturating_add(placed.rate()) } else { left }
    };
    let spare = found.edges.iter().map(room).min().unwrap_or(u64::MAX);
    Route {
        path: found.to_path(graph, Bandwidth::from_bps(spare)),
        segments: backup.segments[direction].clone(),
        why,
    }
}

/// What the addresses of a list ask for, where one of them holds several SIDs: in the order of the packet, which has the first one for
/// its destination and all others in its SRH.
fn packed(containers: &Containers<'_>, segments: &[Sid]) -> Option<String> {
    let parts = |sid: &Sid| match sid {
        Sid::Srv6(address) => containers.read(*address),
        Sid::Mpls(_) => Vec::new(),
    };
    let read: Vec<Vec<Compressed<'_>>> = segments.iter().map(parts).collect();
    if read.iter().all(|parts| parts.len() < 2) {
        return None;
    }
    let told = segments.iter().zip(&read).map(|(sid, parts)| {
        let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
        if parts.is_empty() { sid.to_string() } else { format!("{sid} ({})", parts.join(", ")) }
    });
    let told: Vec<String> = told.collect();
    Some(format!("several SIDs in one address: destination {}", told.join(", then by the SRH ")))
}

#[cfg(test)]
mod tests;
