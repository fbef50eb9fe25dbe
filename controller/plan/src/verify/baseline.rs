//! What a change made worse: a verification against an earlier one.

use std::collections::{BTreeMap, BTreeSet};

use model::{Graph, ServiceId, Ted};
use serde::Serialize;
use thiserror::Error;
use traffic::FailureKind;

use super::{
    event::{Cut, Event},
    known::Class,
    outcome::{Verification, Violation},
};
use crate::codes;

/// The earlier verification cannot be compared with.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Incomparable {
    /// It looked at less.
    #[error("it was made without `--failures {0}`: make it again with the failures that are asked for now")]
    Narrower(&'static str),
    /// The network cannot be walked.
    #[error("{0}")]
    Network(String),
}

/// How a verification stands against an earlier one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Against {
    /// Services with their failures that were broken before and still are, no worse.
    pub stay: usize,
    /// Those that were broken before and are not any more.
    pub mended: usize,
}

/// What is broken for a service by an event.
struct Broken<'v> {
    class: Class,
    code: &'v str,
    amount: u64,
    event: Event,
    cut: Cut,
}

impl Verification {
    /// Keeps of the violations what is worse than before: what breaks now and did not, by a failure of which no part broke it
    /// before either; what breaks in another manner, unless nothing arrived before; and what is worse by more than a hundredth.
    ///
    /// # Errors
    /// The earlier one looked at less, or the network cannot be walked.
    pub fn against(&mut self, before: &Self, ted: &Ted) -> Result<Against, Incomparable> {
        let had: BTreeSet<FailureKind> = before.looked.iter().map(|looked| looked.kind).collect();
        if let Some(missing) = self.looked.iter().find(|looked| !had.contains(&looked.kind)) {
            return Err(Incomparable::Narrower(missing.kind.as_str()));
        }
        let graph = Graph::freeze(ted).map_err(|error| Incomparable::Network(error.to_string()))?;
        let (old, new) = (index(&before.violations, &graph), index(&self.violations, &graph));
        let nothing = Vec::new();
        let mut against = Against::default();
        for service in &self.services {
            let [old, new] = [&old, &new].map(|index| index.get(&service.service).unwrap_or(&nothing));
            let asked =
                |broken: &&Broken<'_>| self.looked.iter().any(|looked| looked.kind == broken.event.kind);
            let gone = old.iter().filter(asked).filter(|broken| !contains(new, broken));
            against.mended += gone.map(|broken| broken.event).collect::<BTreeSet<_>>().len();
        }
        let as_is: AsIs = broken_as_is(before).chain(broken_as_is(self)).collect();
        let mut kept = Vec::new();
        for mut violation in std::mem::take(&mut self.violations) {
            let old = old.get(&violation.service).unwrap_or(&nothing);
            let all = violation.failures.len();
            let (kind, code) = (violation.kind, violation.code.clone());
            violation.failures.retain(|failed| {
                let Some(event) = Event::named(kind, &failed.names, &graph) else { return true };
                let (class, cut) = (Class::of(&code), event.cut(&graph));
                is_worse(old, &Broken { class, code: &code, amount: failed.amount, event, cut })
            });
            against.stay += all - violation.failures.len();
            if !violation.failures.is_empty() {
                violation.tell_worst();
                kept.push(violation);
            }
        }
        self.violations = kept;
        self.windows_against(before, &as_is, &mut against);
        Ok(against)
    }
}

/// Services and the promises of theirs that are broken as the network is, before or now.
type AsIs = BTreeSet<(ServiceId, Class)>;

fn broken_as_is(verification: &Verification) -> impl Iterator<Item = (ServiceId, Class)> {
    let as_is = verification.violations.iter().filter(|violation| violation.kind == FailureKind::None);
    as_is.map(|violation| (violation.service.clone(), Class::of(&violation.code)))
}

impl Verification {
    /// Keeps of what windows break what is broken in no manner without them, and what the same window did not break before in that manner.
    fn windows_against(&mut self, before: &Self, as_is: &AsIs, against: &mut Against) {
        for window in &mut self.windows {
            let old = before.windows.iter().find(|old| old.window == window.window);
            let old: BTreeSet<(&ServiceId, &str)> =
                old.into_iter().flat_map(|old| &old.violations).map(promise).collect();
            let now: BTreeSet<(ServiceId, Class)> = window.violations.iter().map(manner).collect();
            let is_whole = |(service, code): &&(&ServiceId, &str)| {
                let manner = ((*service).clone(), Class::of(code));
                window.judged.contains_key(*service) && !as_is.contains(&manner) && !now.contains(&manner)
            };
            against.mended += old.iter().filter(is_whole).count();
            let (stays, worse): (Vec<Violation>, Vec<Violation>) = std::mem::take(&mut window.violations)
                .into_iter()
                .partition(|now| as_is.contains(&manner(now)) || old.contains(&promise(now)));
            // What is broken without the window is counted there.
            against.stay += stays.iter().filter(|stays| !as_is.contains(&manner(stays))).count();
            window.as_before = stays.into_iter().map(|stays| stays.service).collect();
            window.violations = worse;
        }
    }
}

fn promise(violation: &Violation) -> (&ServiceId, &str) {
    (&violation.service, &violation.code)
}

fn manner(violation: &Violation) -> (ServiceId, Class) {
    (violation.service.clone(), Class::of(&violation.code))
}

/// What is broken, by service; what names parts that the network has not any more is left out.
fn index<'v>(violations: &'v [Violation], graph: &Graph) -> BTreeMap<ServiceId, Vec<Broken<'v>>> {
    let mut index: BTreeMap<ServiceId, Vec<Broken<'v>>> = BTreeMap::new();
    for Violation { service, code, kind, failures, .. } in violations {
        let broken = failures.iter().filter_map(|failed| {
            let event = Event::named(*kind, &failed.names, graph)?;
            Some(Broken { class: Class::of(code), code, amount: failed.amount, event, cut: event.cut(graph) })
        });
        index.entry(service.clone()).or_default().extend(broken);
    }
    index
}

/// Whether something that takes away no more is broken here too.
fn contains(known: &[Broken<'_>], broken: &Broken<'_>) -> bool {
    known.iter().any(|known| known.class == broken.class && known.cut.is_within(&broken.cut))
}

fn is_worse(before: &[Broken<'_>], now: &Broken<'_>) -> bool {
    let same: Vec<&Broken<'_>> =
        before.iter().filter(|known| known.class == now.class && known.event == now.event).collect();
    if same.is_empty() {
        return !contains(before, now);
    }
    let lost = |code: &str| [codes::NOT_CARRIED, codes::NOT_DELIVERED].contains(&code);
    match same.iter().find(|known| known.code == now.code) {
        Some(known) => now.amount > known.amount.saturating_add(known.amount / 100),
        None => !same.iter().any(|known| lost(known.code)),
    }
}
