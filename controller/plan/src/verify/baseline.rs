//! What a change made worse: a verification against an earlier one.

use std::collections::{BTreeMap, BTreeSet};

use model::{Graph, LinkId, NodeId, ServiceId, Ted};
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
    /// It names nothing that the network has.
    #[error(
        "it is of another network: this one has none of the {0} nodes and links that it names; make it again from the network file that is asked about now"
    )]
    OtherNetwork(usize),
    /// The network cannot be walked.
    #[error("{0}")]
    Network(String),
}

/// How much of what a verification names a network has. A network is known by the names of its nodes and links: of some that were added,
/// removed or renamed a change may well be about, of most of them it hardly is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Named {
    /// Nodes and links that it names.
    pub all: usize,
    /// Of these, those that the network does not have.
    pub missing: usize,
}

impl Named {
    /// Whether it is doubtful that both are of one network, in words.
    pub fn doubt(self) -> Option<String> {
        let Self { all, missing } = self;
        (2 * missing > all).then(|| {
            format!(
                "this network does not have {missing} of the {all} nodes and links that it names: are they of one network? what it says of these is passed over"
            )
        })
    }
}

/// How a verification stands against an earlier one. A failure counts for each service and each manner in which it breaks its promise, as in
/// [`Verification::breakages`], which says how many are worse.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Against {
    /// Those that broke it before and still do, no worse.
    pub stay: usize,
    /// Those that broke it before and do not any more.
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
    /// How much of what it names a network has: the nodes and links of all ways, and those that break promises where they fail.
    ///
    /// # Errors
    /// It names some, and the network has none of them.
    pub fn named_in(&self, ted: &Ted) -> Result<Named, Incomparable> {
        let ways = || self.services.iter().flat_map(|service| &service.ways);
        let failing = |kinds: &'static [FailureKind]| {
            let such = self.violations.iter().filter(move |violation| kinds.contains(&violation.kind));
            such.flat_map(|violation| &violation.failures)
                .flat_map(|failed| &failed.names)
                .map(String::as_str)
        };
        let nodes: BTreeSet<&str> = ways()
            .flat_map(|way| [way.from.as_str(), way.to.as_str()])
            .chain(failing(&[FailureKind::Node]))
            .collect();
        let links: BTreeSet<&str> = ways()
            .flat_map(|way| way.links.iter().map(LinkId::as_str))
            .chain(failing(&[FailureKind::Link, FailureKind::TwoLinks]))
            .collect();
        let has_node = |name: &str| name.parse().is_ok_and(|node: NodeId| ted.nodes.contains_key(&node));
        let has_link = |name: &str| name.parse().is_ok_and(|link: LinkId| ted.links.contains_key(&link));
        let there = nodes.iter().filter(|name| has_node(name)).count()
            + links.iter().filter(|name| has_link(name)).count();
        let all = nodes.len() + links.len();
        match there {
            0 if all > 0 => Err(Incomparable::OtherNetwork(all)),
            _ => Ok(Named { all, missing: all - there }),
        }
    }

    /// Keeps of the violations what is worse than before: what breaks now and did not, by a failure of which no part broke it
    /// before either; what breaks in another manner, unless nothing arrived before; and what is worse by more than a hundredth.
    ///
    /// # Errors
    /// The earlier one looked at less or is of another network, or the network cannot be walked.
    pub fn against(&mut self, before: &Self, ted: &Ted) -> Result<Against, Incomparable> {
        before.named_in(ted)?;
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
            against.mended += gone.count();
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
