//! Services that were moved off full links give way where others would have no room otherwise.
//!
//! Keeping a service off a link is to spread the load; a promise counts for more. A service that is kept off one link rides another, and there
//! takes room that somebody of lower value may need: after a failure, or because a new intent came. Where somebody has no room as the hints
//! say, all is placed anew with nobody kept off anything. If that carries more, those are let back who stand in the way: who rides
//! what the others would ride and find no room on, and then, while that is not enough, who rides what these would ride; at last all of
//! them.
//!
//! What is more is decided by value, as all placing is: the state without moves has to leave fewer services of the highest value at which
//! the two differ without room, or at risk. Among services of one value it counts how many are, so that nobody loses its place for another
//! alone.
//!
//! A heuristic where several could give way, and cheap: nothing where everybody has room; else one search for each service, and some
//! more only where that helps.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use model::{Allocations, EdgeIx, Hints, IntentSet, ServiceId, Severity, Verdict, hint::Balance};

use super::{Compilation, closed::named, in_order, place::Placer, placed::Placed, rounds::Rounds};
use crate::{codes, route::Crossings};

/// How far those are sought who stand in the way, before all are let back.
const FARTHEST: usize = 3;

/// How a service stands that is not carried as it should be.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Ill {
    /// Its promise is at risk.
    AtRisk,
    /// It has no way.
    Refused,
}

/// Of each value, the highest first, how many have no way, and how many are at risk. What is less is better.
pub(super) type Harm = Vec<(u32, usize, usize)>;

/// All services with their paths, before any has a backup.
pub(super) struct Round<'a> {
    pub placer: Placer<'a>,
    pub placed: Vec<Placed<'a>>,
    pub done: Compilation,
}

impl<'a> Round<'a> {
    /// Places one service after the other.
    pub fn of(mut placer: Placer<'a>, set: &'a IntentSet, hints: &Hints, ids: &Allocations) -> Self {
        let mut done = Compilation::default();
        let mut placed = Vec::with_capacity(set.services.len());
        // What is not promised now is not placed: its traffic follows the IGP.
        for service in in_order(set).into_iter().filter(|service| !hints.resting.contains(&service.id)) {
            placed.extend(placer.place(service, ids, &mut done));
        }
        Self { placer, placed, done }
    }

    /// With backups.
    #[must_use]
    pub fn backed_up(mut self) -> Self {
        let Self { placer, placed, done } = &mut self;
        placer.release();
        placed.iter_mut().for_each(|service| placer.back_up(service, done));
        self
    }

    /// Who would have a backup that keeps away, as its intent asks, if its path were another one. With backups in place.
    pub fn parted(&mut self) -> BTreeSet<ServiceId> {
        let Self { placer, placed, .. } = self;
        let would = placed.iter().filter(|service| placer.would_part(service));
        would.map(|service| service.service.id.clone()).collect()
    }

    /// How bad it is: who is not carried as promised, and how many have no backup that keeps away though they ask for one.
    pub fn harm(&self, set: &IntentSet) -> (Harm, usize) {
        let lacking = self.placed.iter().filter(|service| service.lacks_apart()).count();
        (harm(set, &self.ill()), lacking)
    }

    /// Whose packets wait so long in queues that the promise is broken.
    pub fn hurt(&self) -> BTreeSet<ServiceId> {
        self.placer.hurt(&self.placed)
    }

    /// Who is not carried as promised.
    fn ill(&self) -> BTreeMap<ServiceId, Ill> {
        let mut ill = BTreeMap::new();
        for finding in &self.done.findings {
            let state = match finding.code.as_str() {
                codes::PROMISE_AT_RISK => Ill::AtRisk,
                codes::DROPPED_NOT_EXPOSED => Ill::Refused,
                _ => continue,
            };
            ill.extend(finding.subject.parse().ok().map(|id: ServiceId| (id, state)));
        }
        let refused = |verdict: &Verdict| matches!(verdict, Verdict::Refused { .. });
        let refused = self.done.verdicts.iter().filter(|(_, verdict)| refused(verdict));
        ill.extend(refused.map(|(id, _)| (id.clone(), Ill::Refused)));
        ill
    }

    /// Whether room may be what somebody has not enough of.
    fn is_short(&self, set: &IntentSet) -> bool {
        let about_room =
            [codes::DOES_NOT_FIT, codes::PROMISE_AT_RISK, codes::DROPPED_NOT_EXPOSED, codes::NOT_ENCODABLE];
        let has_rate = |subject: &str| {
            let service = subject.parse().ok().and_then(|id: ServiceId| set.services.get(&id));
            service.is_some_and(|service| service.slo.bandwidth.is_some())
        };
        let told = |code: &str, subject: &str| about_room.contains(&code) && has_rate(subject);
        self.done.findings.iter().any(|finding| told(&finding.code, &finding.subject))
    }

    /// The edges of some services, a list for each that has a path.
    fn edges(&self, of: impl Fn(&ServiceId) -> bool) -> BTreeMap<&ServiceId, Vec<EdgeIx>> {
        let ridden = |placed: &'_ Placed<'a>| -> Vec<EdgeIx> {
            placed.ways.each().flat_map(|found| found.edges.iter().copied()).collect()
        };
        let some = self.placed.iter().filter(|placed| of(&placed.service.id));
        some.map(|placed| (&placed.service.id, ridden(placed))).collect()
    }
}

/// How bad it is that some are not carried as promised.
fn harm(set: &IntentSet, ill: &BTreeMap<ServiceId, Ill>) -> Harm {
    let value = |id: &ServiceId| {
        let class = set.services.get(id).and_then(|service| set.classes.get(&service.class));
        class.map_or(0, |class| class.value)
    };
    let mut harm: BTreeMap<Reverse<u32>, (usize, usize)> = BTreeMap::new();
    for (id, ill) in ill {
        let (refused, at_risk) = harm.entry(Reverse(value(id))).or_default();
        match ill {
            Ill::Refused => *refused += 1,
            Ill::AtRisk => *at_risk += 1,
        }
    }
    harm.into_iter().map(|(Reverse(value), (refused, at_risk))| (value, refused, at_risk)).collect()
}

/// Places anew where services give way; `anew` does that for those that are named, and the rounds say how often it may.
pub(super) fn settled<'a>(
    set: &IntentSet,
    hints: &Hints,
    first: Round<'a>,
    rounds: &Rounds,
    anew: &dyn Fn(BTreeSet<ServiceId>) -> Round<'a>,
) -> Round<'a> {
    if hints.balanced.is_empty() || !first.is_short(set) {
        return first;
    }
    let free = anew(hints.balanced.keys().cloned().collect());
    let (ill, ill_then) = (first.ill(), free.ill());
    let best = harm(set, &ill_then);
    if best >= harm(set, &ill) {
        return first;
    }
    let gains = |id: &ServiceId| ill_then.get(id) < ill.get(id);
    let gaining: Vec<ServiceId> = ill.keys().filter(|id| gains(id)).cloned().collect();
    let kept_off = |id: &ServiceId| hints.balanced.contains_key(id);
    let of = |id: &ServiceId| kept_off(id) || gains(id);
    let (was, is) = (first.edges(of), free.edges(of));
    // Where there is room for both nobody stands in the way of the other. What somebody has already it need not find.
    let tight = |id: &ServiceId| -> Vec<EdgeIx> {
        let Some(rate) = set.services.get(id).and_then(|service| service.slo.bandwidth) else {
            return Vec::new();
        };
        let crossed = |edges: Option<&Vec<EdgeIx>>| Crossings::of(edges.into_iter().flatten().copied());
        let more = crossed(is.get(id)).beyond(&crossed(was.get(id)));
        let is_tight = |(edge, times): &(EdgeIx, u64)| {
            first.placer.room_on(*edge).as_bps() < rate.as_bps().saturating_mul(*times)
        };
        more.iter().filter(is_tight).map(|(edge, _)| edge).collect()
    };
    let mut needed: BTreeSet<EdgeIx> = gaining.iter().flat_map(&tight).collect();
    let mut giving: BTreeSet<ServiceId> = BTreeSet::new();
    for _ in 0..FARTHEST {
        if rounds.are_spent() {
            break;
        }
        let stands_there = |(id, edges): &(&&ServiceId, &Vec<EdgeIx>)| {
            kept_off(id) && is.get(**id) != Some(*edges) && edges.iter().any(|edge| needed.contains(edge))
        };
        let more: BTreeSet<ServiceId> =
            was.iter().filter(stands_there).map(|(id, _)| (*id).clone()).collect();
        if more == giving {
            break;
        }
        giving = more;
        let round = anew(giving.clone());
        if harm(set, &round.ill()) <= best {
            return told(round, &was, &hints.balanced, &gaining);
        }
        needed.extend(giving.iter().flat_map(&tight));
    }
    told(free, &was, &hints.balanced, &gaining)
}

/// Says who gave way for whom, and went another way by that.
fn told<'a>(
    mut round: Round<'a>,
    was: &BTreeMap<&ServiceId, Vec<EdgeIx>>,
    balanced: &BTreeMap<ServiceId, Balance>,
    gaining: &[ServiceId],
) -> Round<'a> {
    let Round { placer, placed, done } = &mut round;
    let whom = named(gaining);
    for one in placed.iter_mut().filter(|one| placer.lets_back(&one.service.id)) {
        let (id, edges) = (&one.service.id, one.ways.each().flat_map(|found| &found.edges));
        let (Some(balance), Some(before)) = (balanced.get(id), was.get(id)) else { continue };
        if edges.eq(before) {
            continue;
        }
        let links: Vec<&str> = balance.off.iter().map(|link| link.as_str()).collect();
        let (links, why) = (links.join(", "), &balance.why);
        one.notes.push(format!("not kept off {links} ({why}): {whom} would have no room otherwise"));
        let message = format!("it is not kept off {links} now ({why}): {whom} would have no room otherwise");
        let help = format!(
            "it leaves again when there is room for all; `trunkline optimise --undo {id}` ends the move for good"
        );
        done.say(Severity::Warning, codes::GIVES_WAY, id, message, &help);
        done.gave_way.insert(id.clone());
    }
    round
}

#[cfg(test)]
mod tests;
