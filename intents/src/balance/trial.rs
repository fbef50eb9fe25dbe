//! Whether a move that was compiled is what it was meant to be.

use std::collections::BTreeSet;

use model::{
    Affinity, Delay, EdgeIx, Finding, Graph, LinkId, ServiceId, Severity, Timestamp, Verdict, hint::Balance,
    verdict::DirectionVerdict,
};

use super::{
    Case, HELD, Way, load,
    option::Choice,
    standing::{KeptOff, MARGIN, Standing},
};

/// How often services are held where they are to be, before a move is given up.
pub(super) const ROUNDS: usize = 5;

/// Keeps the service of a move off some links.
pub(super) fn keep_off(
    added: &mut KeptOff,
    service: &ServiceId,
    off: &BTreeSet<LinkId>,
    since: Timestamp,
    why: String,
) {
    let balance = Balance { off: off.clone(), since, why, held: BTreeSet::new() };
    Balance::join(added, service.clone(), balance);
}

/// The links that a mover rides beside those that were chosen for it.
pub(super) fn astray(next: &Standing, choice: &Choice) -> BTreeSet<LinkId> {
    let ridden = load::paths(&next.compiled, &choice.service).into_iter().flatten();
    ridden.map(|hop| &hop.link).filter(|link| !choice.links.contains(*link)).cloned().collect()
}

/// The other services that a move makes move.
pub(super) fn strangers(
    now: &Standing,
    next: &Standing,
    mover: &ServiceId,
) -> Result<BTreeSet<ServiceId>, String> {
    let mut moved = BTreeSet::new();
    for (id, verdict) in now.compiled.verdicts.iter().filter(|(id, _)| *id != mover) {
        let (was, is) = (load::paths(&now.compiled, id), load::paths(&next.compiled, id));
        if was == is {
            continue;
        }
        if matches!(verdict, Verdict::Refused { .. }) || is.is_empty() || moved.len() == HELD {
            return Err(would_move(id));
        }
        moved.insert(id.clone());
    }
    Ok(moved)
}

pub(super) fn would_move(id: &ServiceId) -> String {
    format!("other services would move with it, {id} among them")
}

/// Keeps services that would follow where they are: off the links that they would take instead.
pub(super) fn hold(
    now: &Standing,
    next: &Standing,
    strangers: &BTreeSet<ServiceId>,
    added: &mut KeptOff,
    (mover, link): (&ServiceId, &LinkId),
    since: Timestamp,
) -> Result<(), String> {
    for id in strangers {
        let links = |standing: &Standing| -> BTreeSet<LinkId> {
            load::paths(&standing.compiled, id).into_iter().flatten().map(|hop| hop.link.clone()).collect()
        };
        let off: BTreeSet<LinkId> = links(next).difference(&links(now)).cloned().collect();
        if off.is_empty() {
            // One direction would take what the other rides: no link keeps it from that.
            return Err(format!("{id} would move with it, on links that it rides already"));
        }
        let why = format!("stays where it was when {mover} was moved off {link}");
        let held = BTreeSet::from([mover.clone()]);
        Balance::join(added, id.clone(), Balance { off, since, why, held });
    }
    Ok(())
}

/// The other services whose backup is another one after a move.
pub(super) fn backups(now: &Standing, next: &Standing, mover: &ServiceId) -> Vec<ServiceId> {
    let others = now.compiled.verdicts.keys().filter(|id| *id != mover);
    let changed = |id: &&ServiceId| load::backups(&now.compiled, id) != load::backups(&next.compiled, id);
    others.filter(changed).cloned().collect()
}

/// What a service prefers to ride, rode and leaves, where its new paths ride nothing that it prefers as much.
pub(super) fn preferred(
    case: &Case<'_>,
    now: &Standing,
    next: &Standing,
    service: &ServiceId,
) -> Option<Affinity> {
    let prefer = &case.set.services.get(service)?.path.prefer;
    let best = |standing: &Standing| {
        let ridden: BTreeSet<&Affinity> = load::paths(&standing.compiled, service)
            .into_iter()
            .flatten()
            .filter_map(|hop| case.ted.links.get(&hop.link))
            .flat_map(|link| &link.affinity)
            .collect();
        prefer.iter().position(|line| ridden.contains(line)).unwrap_or(prefer.len())
    };
    let was = best(now);
    (was < best(next)).then(|| prefer[was].clone())
}

/// Whether a compiled move holds: its service left the link, nobody else moved, nothing worse is said than before, the link is lower and no
/// other became as full.
pub(super) fn judge(
    graph: &Graph,
    now: &Standing,
    next: &Standing,
    (mover, hot): (&ServiceId, EdgeIx),
) -> Result<(), String> {
    if let Some(stranger) = strangers(now, next, mover)?.first() {
        return Err(would_move(stranger));
    }
    let hop = graph.hop(hot);
    let ways = load::paths(&next.compiled, mover);
    if ways.is_empty() || ways.into_iter().flatten().any(|ridden| ridden.link == hop.link) {
        return Err("no other way keeps all that it asks for once everything is placed".to_owned());
    }
    if let Some(finding) = news(now, next) {
        return Err(format!("{}: {}", finding.subject, finding.message));
    }
    let most = now.load.ppm(hot).saturating_sub(MARGIN);
    let full = |edge: &EdgeIx| {
        let (was, is) = (now.load.ppm(*edge), next.load.ppm(*edge));
        (is > was || *edge == hot) && is > most
    };
    match graph.edges().map(|(edge, _)| edge).find(full) {
        Some(edge) => Err(format!("it would fill {}", graph.link_id(edge))),
        None => Ok(()),
    }
}

/// The first finding that makes a move worse than none: of what is more than a warning any that was not there, such as a promise at risk; of
/// warnings one of a kind that more services earn than before, such as backups that share a line or whose bandwidth others have.
fn news<'n>(now: &'n Standing, next: &'n Standing) -> Option<&'n Finding> {
    fn about(finding: &Finding) -> (&str, &str) {
        (&finding.code, &finding.subject)
    }
    let told = |standing: &'n Standing| -> BTreeSet<(&str, &str)> {
        standing.compiled.findings.iter().map(about).collect()
    };
    let (was, is) = (told(now), told(next));
    let many = |all: &BTreeSet<(&str, &str)>, code: &str| all.iter().filter(|(one, _)| *one == code).count();
    let worse = |finding: &&Finding| {
        let is_new = !was.contains(&about(finding));
        is_new
            && (finding.severity > Severity::Warning || many(&is, &finding.code) > many(&was, &finding.code))
    };
    next.compiled.findings.iter().find(worse)
}

/// What a move does to each direction of its service.
pub(super) fn ways(
    now: &Standing,
    next: &Standing,
    service: &ServiceId,
    promised: Option<Delay>,
) -> Vec<Way> {
    let directions = |standing: &Standing| -> Vec<DirectionVerdict> {
        match standing.compiled.verdicts.get(service) {
            Some(Verdict::Carried { directions, .. }) => directions.clone(),
            Some(Verdict::Refused { .. }) | None => Vec::new(),
        }
    };
    let pairs = directions(now).into_iter().zip(directions(next));
    pairs
        .map(|(before, after)| Way {
            from: after.from,
            to: after.to,
            before: before.primary.path.delay,
            after: after.primary.path.delay,
            promised,
            nodes: after.primary.path.nodes,
        })
        .collect()
}
