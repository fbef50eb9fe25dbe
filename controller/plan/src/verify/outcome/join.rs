//! What was verified for several choices of services, as one: nothing that breaks in one of them is lost.

use std::collections::BTreeMap;

use super::{Extreme, Failed, ServiceView, Verification, Violation, WayView};
use crate::verify::gather::rank;

impl Verification {
    /// Takes in what was found under the same failures with other services promised. Checks add up, and of extremes the worse is told. What
    /// breaks in both is told once, with the failures of either; windows stay as they are.
    pub fn join(&mut self, other: Self) {
        let mut services: BTreeMap<_, ServiceView> =
            std::mem::take(&mut self.services).into_iter().map(|view| (view.service.clone(), view)).collect();
        for view in other.services {
            match services.get_mut(&view.service) {
                Some(mine) => mine.join(view),
                None => drop(services.insert(view.service.clone(), view)),
            }
        }
        self.services = services.into_values().collect();
        let key = |violation: &Violation| {
            let Violation { service, code, kind, unavoidable, .. } = violation;
            (*kind, rank(code), service.clone(), code.clone(), *unavoidable)
        };
        let mut violations: BTreeMap<_, Violation> = BTreeMap::new();
        for violation in std::mem::take(&mut self.violations).into_iter().chain(other.violations) {
            let key = key(&violation);
            match violations.get_mut(&key) {
                Some(mine) => mine.join(violation),
                None => drop(violations.insert(key, violation)),
            }
        }
        self.violations = violations.into_values().collect();
    }
}

impl ServiceView {
    fn join(&mut self, other: Self) {
        for (mine, other) in self.checks.iter_mut().zip(other.checks) {
            mine.judged += other.judged;
            mine.broken += other.broken;
            mine.implied += other.implied;
            mine.by_igp += other.by_igp;
            mine.on_avoided += other.on_avoided;
        }
        worse(&mut self.worst_delay, other.worst_delay, |mine, other| other > mine);
        worse(&mut self.least_spare, other.least_spare, |mine, other| other < mine);
        for way in other.ways {
            match self.ways.iter_mut().find(|mine| mine.is_alike(&way)) {
                Some(mine) => mine.join(way),
                None => self.ways.push(way),
            }
        }
        // Those of one direction stand together.
        let mut ends: Vec<_> = Vec::new();
        for way in &self.ways {
            let of = (way.from.clone(), way.to.clone());
            if !ends.contains(&of) {
                ends.push(of);
            }
        }
        self.ways.sort_by_key(|way| ends.iter().position(|(from, to)| (from, to) == (&way.from, &way.to)));
    }
}

/// Puts the other value in the place of one that is not there, or not as bad.
fn worse<T>(mine: &mut Option<Extreme<T>>, other: Option<Extreme<T>>, is_worse: impl Fn(&T, &T) -> bool) {
    let Some(other) = other else { return };
    if mine.as_ref().is_none_or(|mine| is_worse(&mine.value, &other.value)) {
        *mine = Some(other);
    }
}

impl WayView {
    fn is_alike(&self, other: &Self) -> bool {
        (&self.from, &self.to, &self.by, &self.links, self.split)
            == (&other.from, &other.to, &other.by, &other.links, other.split)
    }

    fn join(&mut self, other: Self) {
        self.delay = self.delay.max(other.delay);
        self.spare = self.spare.into_iter().chain(other.spare).min();
        self.kept &= other.kept;
        // Failures of the two are not told apart: those of the one with more of them stand for both.
        if other.failures > self.failures {
            (self.failures, self.under) = (other.failures, other.under);
        }
    }
}

impl Violation {
    fn join(&mut self, other: Self) {
        let mut failures: BTreeMap<Vec<String>, Failed> = std::mem::take(&mut self.failures)
            .into_iter()
            .map(|failed| (failed.names.clone(), failed))
            .collect();
        for failed in other.failures {
            match failures.get(&failed.names) {
                Some(mine) if mine.amount >= failed.amount => {}
                _ => drop(failures.insert(failed.names.clone(), failed)),
            }
        }
        self.failures = failures.into_values().collect();
        self.tell_worst();
    }
}
