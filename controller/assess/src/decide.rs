//! From judgement to the next turn of the loop: which services see the network as measured, which go back, which links are avoided.
//!
//! A decision is an argument of the next compilation, nothing more; whether a better path exists is for compilation to find, and
//! whether it is better by the intent's margin for [`crate::improvement`] to say. What keeps the loop from flapping, all of it here
//! and in [`crate::History`]:
//!
//! - a breach must last for the intent's `hold`, a return needs its `waitToRestore` of steadily good lines;
//! - after a move nothing happens for `holdDown`; both waits double with each further move within an hour;
//! - decisions of the whole loop are limited in rate; links that are down are exempt, for nothing flows over them anyway;
//! - a service that three moves in a row did not help is frozen, with an alarm, until it is kept again or a person says that the
//!   loop may act;
//! - a line whose degradation the service's path was already computed with is no reason to compute again.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    DirectedLink, Finding, Hints, LinkId, Service, ServiceId, Severity, Timestamp,
    hint::{Degradation, Relief},
    intent::Mode,
};
use serde::Serialize;

use crate::{
    assessment::Assessment,
    case::{Case, Limits},
    codes,
    damping::doubled,
    decision::{Action, Decision, Step},
    history::{History, Record},
    service::{Promise, Standing, keeps},
};

/// What the loop thinks of a service whose promise is broken or that was moved.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Stance {
    /// It acts now.
    Act(Action),
    /// It waits.
    Wait {
        /// Why.
        why: String,
        /// Until when at least, where that is known.
        until: Option<Timestamp>,
    },
}

/// Decides. None where nothing is to be done, which is nearly always. The history is only read: tell it what became of the decision
/// with [`History::accept`] or [`History::decline`].
pub fn decide(assessment: &Assessment, case: &Case<'_>, past: &History) -> Option<Decision> {
    let mut hints = case.hints.clone();
    let mut actions = Vec::new();
    links(assessment, &mut hints, &mut actions);
    hints.relief.retain(|service, _| case.set.services.contains_key(service));
    let forgotten = hints.relief.len() != case.hints.relief.len();
    let limited = past.decisions.len() >= case.limits.rate;
    let degraded = degraded(assessment, case);
    for (id, stance) in stances_of(assessment, case, past, &degraded) {
        let Stance::Act(action) = stance else { continue };
        match &action.step {
            Step::Relieve { .. } | Step::Restore if limited => continue,
            Step::Relieve { .. } => {
                let old = hints.relief.get(&id).map(|relief| relief.seen.clone()).unwrap_or_default();
                let seen = old.into_iter().chain(degraded.clone()).collect();
                hints.relief.insert(id, Relief { seen, since: assessment.at, why: action.why.clone() });
            }
            Step::Restore => drop(hints.relief.remove(&id)),
            Step::Freeze | Step::Propose { .. } | Step::Avoid(_) | Step::Allow(_) => {}
        }
        actions.push(action);
    }
    (forgotten || !actions.is_empty()).then_some(Decision { hints, actions })
}

/// That the loop has stopped itself for a service, for people.
pub fn stopped(service: &ServiceId, limits: &Limits) -> Finding {
    Finding::new(codes::FROZEN, Severity::Major, service, gave_up(limits)).with_help(
        "mend the cause: the loop goes on by itself once the promise is kept, or at once after `trunkline mode act`",
    )
}

fn gave_up(limits: &Limits) -> String {
    format!("{} moves in a row did not restore its promise: the loop leaves it alone", limits.futile_moves)
}

/// What the loop thinks of each service that it has a reason to think about: broken ones and those that were moved.
pub fn stances(assessment: &Assessment, case: &Case<'_>, past: &History) -> BTreeMap<ServiceId, Stance> {
    let limited = past.decisions.len() >= case.limits.rate;
    let mut stances = stances_of(assessment, case, past, &degraded(assessment, case));
    for stance in stances.values_mut().filter(|_| limited) {
        if let Stance::Act(Action { step: Step::Relieve { .. } | Step::Restore, .. }) = stance {
            let until = past.decisions.first().map(|first| *first + case.limits.rate_window);
            let why = format!("{} decisions were made lately, which is the limit", past.decisions.len());
            *stance = Stance::Wait { why, until };
        }
    }
    stances
}

/// Links that went down or came back since the hints were made.
fn links(assessment: &Assessment, hints: &mut Hints, actions: &mut Vec<Action>) {
    let down: BTreeSet<LinkId> = assessment.down.keys().cloned().collect();
    for link in down.difference(&hints.down) {
        let step = Step::Avoid(link.clone());
        actions.push(Action { service: None, step, why: format!("link {link} is down") });
    }
    for link in hints.down.difference(&down) {
        let step = Step::Allow(link.clone());
        actions.push(Action { service: None, step, why: format!("link {link} has been steadily up") });
    }
    hints.down = down;
}

/// Every line that is worse than the TED says, wherever it is: a service that moves should not move onto another bad line.
fn degraded(assessment: &Assessment, case: &Case<'_>) -> BTreeMap<DirectedLink, Degradation> {
    let bad = assessment.lines.iter().filter(|(_, line)| line.degraded == Some(true));
    bad.filter_map(|(hop, line)| {
        let link = case.ted.links.get(&hop.link)?;
        Some((hop.clone(), line.state.degraded(link, hop.from)?))
    })
    .collect()
}

fn stances_of(
    assessment: &Assessment,
    case: &Case<'_>,
    past: &History,
    degraded: &BTreeMap<DirectedLink, Degradation>,
) -> BTreeMap<ServiceId, Stance> {
    let none = Record::default();
    let mut stances = BTreeMap::new();
    for (id, promises) in &assessment.services {
        let Some(service) = case.set.services.get(id) else { continue };
        let record = past.services.get(id).unwrap_or(&none);
        let turn = Turn { assessment, case, service, record, promises, degraded };
        let broken = promises.iter().any(|promise| matches!(promise.standing, Standing::Broken { .. }));
        let stance = if broken || promises.iter().any(|promise| promise.breached.is_some()) {
            Some(turn.relieve())
        } else {
            case.hints.relief.get(id).map(|relief| turn.restore(relief))
        };
        stances.extend(stance.map(|stance| (id.clone(), stance)));
    }
    stances
}

/// One service in one turn.
struct Turn<'a> {
    assessment: &'a Assessment,
    case: &'a Case<'a>,
    service: &'a Service,
    record: &'a Record,
    promises: &'a [Promise],
    degraded: &'a BTreeMap<DirectedLink, Degradation>,
}

fn wait(why: impl Into<String>, until: Option<Timestamp>) -> Stance {
    Stance::Wait { why: why.into(), until }
}

impl Turn<'_> {
    fn act(&self, step: Step, why: String) -> Stance {
        Stance::Act(Action { service: Some(self.service.id.clone()), step, why })
    }

    fn held(&self) -> Option<Stance> {
        let until = self.record.held_until(&self.service.assurance, self.assessment.at, self.case.limits)?;
        Some(wait("it was touched lately: hold-down", Some(until)))
    }

    fn relieve(&self) -> Stance {
        let assurance = &self.service.assurance;
        if let Some(since) = self.record.frozen {
            return wait(
                format!("frozen since {}: {} moves did not help", since.as_micros(), self.record.futile),
                None,
            );
        }
        if !self.promises.iter().any(|promise| promise.breached.is_some()) {
            return wait("the breach has not lasted long enough", None);
        }
        if assurance.mode == Mode::Observe {
            return wait("the intent says observe", None);
        }
        let path: BTreeSet<&DirectedLink> = self.promises.iter().flat_map(|promise| &promise.hops).collect();
        let bad: BTreeSet<&DirectedLink> =
            path.iter().copied().filter(|hop| self.degraded.contains_key(*hop)).collect();
        if bad.is_empty() {
            return wait("no line on its path is worse than planned: another path would not be better", None);
        }
        let known = self.case.hints.relief.get(&self.service.id);
        let news = |hop: &DirectedLink| match (
            known.and_then(|relief| relief.seen.get(hop)),
            self.degraded.get(hop),
        ) {
            (Some(was), Some(is)) => much_worse(was, is),
            _ => true,
        };
        if !bad.iter().any(|hop| news(hop)) {
            return wait("its path was computed with these values already: there is no better one", None);
        }
        if let Some(held) = self.held() {
            return held;
        }
        if self.record.futile.saturating_add(u32::from(self.record.pending)) >= self.case.limits.futile_moves
        {
            return self.act(Step::Freeze, gave_up(self.case.limits));
        }
        let why = self.why();
        let away_from: BTreeSet<DirectedLink> = bad.into_iter().cloned().collect();
        if assurance.mode == Mode::Recommend {
            return self.act(Step::Propose { away_from }, why);
        }
        let home = match known {
            Some(_) if !self.record.home.is_empty() => self.record.home.clone(),
            _ => self.promises.iter().map(|promise| (promise.from.clone(), promise.hops.clone())).collect(),
        };
        self.act(Step::Relieve { away_from, home }, why)
    }

    /// What is broken and where, from the direction that has been so for longest.
    fn why(&self) -> String {
        let broken = self.promises.iter().filter_map(|promise| match &promise.standing {
            Standing::Broken { since, what, blame } => Some((since, what, blame)),
            _ => None,
        });
        let Some((_, what, blame)) = broken.min_by_key(|(since, _, _)| **since) else {
            return "its breach condition has held long enough".into();
        };
        let places: Vec<String> = blame.iter().take(3).map(|b| format!("{} ({})", b.line, b.what)).collect();
        if places.is_empty() {
            what.join(", ")
        } else {
            format!("{}; {}", what.join(", "), places.join(", "))
        }
    }

    fn restore(&self, relief: &Relief) -> Stance {
        let now = self.assessment.at;
        let assurance = &self.service.assurance;
        if self.record.frozen.is_some() {
            return wait("frozen: moves did not help", None);
        }
        if assurance.mode != Mode::Act {
            return wait("the intent does not let the loop act: it stays where it was moved", None);
        }
        // Without a record, after the loss of a journal, what it was moved away from stands for the path that it left.
        let home: BTreeSet<&DirectedLink> = match self.record.home.is_empty() {
            true => relief.seen.keys().collect(),
            false => self.record.home.values().flatten().collect(),
        };
        let mut good_since = relief.since;
        for hop in &home {
            match self.assessment.lines.get(*hop).and_then(|line| line.sound_since) {
                Some(since) => good_since = good_since.max(since),
                None if self.case.ted.links.contains_key(&hop.link) => {
                    return wait(format!("{hop} is not good yet"), None);
                }
                // A line that is gone for good cannot be waited for.
                None => {}
            }
        }
        let again = self.record.recent(now, self.case.limits).saturating_sub(1);
        let needed = doubled(assurance.wait_to_restore, again)
            .min(self.case.limits.longest_hold_down.max(assurance.wait_to_restore));
        if now.since(good_since) < needed {
            return wait("the lines that it left are good again: wait-to-restore", Some(good_since + needed));
        }
        let keeps =
            |way: &Vec<DirectedLink>| keeps(&self.service.slo, self.assessment.estimate(way, self.case.ted));
        if !self.record.home.values().all(keeps) {
            return wait("the path that it left would not keep the promise yet", None);
        }
        if let Some(held) = self.held() {
            return held;
        }
        self.act(Step::Restore, format!("what it left has been good for {needed}"))
    }
}

/// Worse by more than a tenth in anything than what a path was computed with.
fn much_worse(was: &Degradation, is: &Degradation) -> bool {
    let worse = |was: Option<u64>, is: Option<u64>| match (was, is) {
        (Some(was), Some(is)) => is > was.saturating_add(was / 10).saturating_add(1_000),
        (None, Some(_)) => true,
        _ => false,
    };
    worse(was.delay.map(model::Delay::as_micros), is.delay.map(model::Delay::as_micros))
        || worse(was.jitter.map(model::Jitter::as_micros), is.jitter.map(model::Jitter::as_micros))
        || worse(was.loss.map(|loss| loss.as_ppb().into()), is.loss.map(|loss| loss.as_ppb().into()))
}

#[cfg(test)]
mod tests;
