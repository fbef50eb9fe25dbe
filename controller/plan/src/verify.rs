//! The gate: every promise under every failure, judged on the independent witness, with the smallest failures that break it.
//!
//! `prove` says whether a plan may be sent; a failure is a warning there. Here a promise has to hold under every failure that was
//! asked for, and what breaks it is told so that it can be acted upon:
//! - A service is judged without a failure and under each. While something is down that its path and its backup both touch, its
//!   traffic may follow the IGP: the promise is kept where delay, jitter, loss, bandwidth and encryption are, and where it asks for
//!   no service function, of which the IGP passes none.
//! - A node that is down is not held against services that end there.
//! - A violation is minimal: nothing that takes away less, of all that was looked at, breaks the same promise. Each link is looked at
//!   before any pair is.
//! - Where nothing is left between the ends, or nothing quick enough, no plan can help, which is told apart.
//!
//! What is judged is what routers do by themselves: the controller would look for other paths, and nobody knows how soon.

mod case;
mod diverse;
mod event;
mod help;
mod known;
mod look;
mod remedy;
mod tally;
mod walk;
mod window;

pub mod baseline;
pub mod outcome;

mod gather;

use std::collections::BTreeMap;

use model::{Demands, DesiredState, IntentSet, ServiceId, Ted, Verdict};
use thiserror::Error;
pub use traffic::FailureKind;
use traffic::{Forwarding, Network, Witness};

use self::{case::Case, event::Event, known::Known, look::Looker};
pub use self::{
    outcome::{Checks, Extreme, Promises, ServiceView, Verification, Violation, WayView, WindowView},
    walk::Progress,
    window::without,
};
use crate::prove::{load::Rules, probe, visits::Held};

/// What is to be verified.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What devices will hold.
    pub desired: &'a DesiredState,
    /// What is promised.
    pub set: &'a IntentSet,
    /// Which services are carried, and how.
    pub verdicts: &'a BTreeMap<ServiceId, Verdict>,
    /// What is offered; a service without a demand is probed with its promised bandwidth.
    pub demands: &'a Demands,
    /// The network.
    pub ted: &'a Ted,
    /// The kinds of failures, beside none. Pairs of links bring each link with them.
    pub kinds: &'a [FailureKind],
    /// On how many threads; the answer does not depend on it.
    pub threads: usize,
}

/// The network as given is not one that traffic can be walked on.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("the network cannot be walked, so nothing can be verified: {0}")]
pub struct Unwalkable(String);

/// The kinds that are looked at, in order: each once, no failure first, and single links before pairs.
pub fn kinds(asked: &[FailureKind]) -> Vec<FailureKind> {
    let mut kinds = asked.to_vec();
    kinds.push(FailureKind::None);
    if kinds.contains(&FailureKind::TwoLinks) {
        kinds.push(FailureKind::Link);
    }
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// How many failures there are to look at, for who shows how far it is.
pub fn size(ted: &Ted, asked: &[FailureKind]) -> usize {
    Network::new(ted).map_or(0, |network| kinds(asked).iter().map(|kind| kind.count(&network)).sum())
}

/// Verifies every promise under every failure of some kinds.
///
/// Costs one walk of everything for each thread, and for each failure what it touches: n links make n (n - 1) / 2 pairs.
///
/// # Errors
/// The network cannot be walked.
pub fn verify(question: &Question<'_>, progress: Progress<'_>) -> Result<Verification, Unwalkable> {
    let network = Network::new(question.ted).map_err(|error| Unwalkable(error.to_string()))?;
    let forwarding = Forwarding::build(&network, &question.desired.devices);
    let demands = probe::complete(question.demands, question.set, question.verdicts);
    let promises = case::promises(question, &demands, Held { network: &network, forwarding: &forwarding });
    let witness = Witness::new(&network, &forwarding, &demands);
    let drill = witness.drill();
    let rules = Rules::new(question.desired, &network, &demands, &promises);
    let case = Case::new(question, &drill, rules);
    let kinds = kinds(question.kinds);

    let unknown = Known::default();
    let mut looker = Looker::new(&case, &unknown);
    looker.as_is(drill.outcome());
    let mut tally = looker.tally;
    let always = Known::always(&tally.hits);
    tally.add(walk::singles(&case, &always, &Event::singles(&kinds, &network), progress));
    let (known, hits, implied) = Known::sort(std::mem::take(&mut tally.hits), network.graph());
    tally.hits = hits;
    for (service, event) in implied {
        tally.counts.entry((service, event.kind)).or_default().implied += 1;
    }
    if kinds.contains(&FailureKind::TwoLinks) {
        tally.add(walk::pairs(&case, &known, FailureKind::Link.count(&network), progress));
    }
    Ok(gather::gather(&case, kinds, tally))
}

#[cfg(test)]
mod tests;
