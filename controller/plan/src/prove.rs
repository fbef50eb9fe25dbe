//! The proof: the demands walk the planned network on the independent witness, without and with failures.
//!
//! A promise that is broken without a failure is an error and stops the plan. Under a failure it is a warning, unless the plan
//! itself says otherwise: a service whose backup does not touch what failed must ride that backup, and if it does not, the plan is
//! wrong and stops. Through which firewalls and other service functions the lists of path and backup lead is known without one,
//! and is judged without one. What was refused by compilation is not promised and not judged. The network may be the one that is
//! measured: see [`overlay`]; and what was broken before a plan and is not made worse by it does not stop it: see
//! [`Proof::against`].

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use model::{Demands, DesiredState, Finding, IntentSet, LinkId, ServiceId, Severity, Ted, Verdict};
use serde::Serialize;
use traffic::{Drill, Failure, Forwarding, Network, Witness};

use crate::{codes, threads::spread};

pub(crate) mod fault;
pub(crate) mod judge;
pub(crate) mod load;
mod overlay;
pub(crate) mod probe;
mod tally;
pub(crate) mod visits;

pub use overlay::overlay;

use judge::{Promise, judge};
use tally::Tally;
use visits::Held;

/// The failures under which the promises are checked, beside the network as it is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Failures {
    /// None.
    #[default]
    None,
    /// Each link in turn.
    Links,
    /// Each of these links in turn; those that the network has not are passed over.
    LinksOf(BTreeSet<LinkId>),
    /// Each node in turn.
    Nodes,
    /// Each shared risk in turn.
    Srlgs,
}

impl Failures {
    fn list(&self, network: &Network) -> Vec<Failure> {
        match self {
            Self::None => Vec::new(),
            Self::Links => Failure::every_link(network),
            Self::LinksOf(links) => links
                .iter()
                .filter(|link| network.graph().link_ix(link).is_some())
                .map(|link| Failure::link(link.clone()))
                .collect(),
            Self::Nodes => Failure::every_node(network),
            Self::Srlgs => Failure::every_srlg(network),
        }
    }
}

/// How much a proof looked at.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Checked {
    /// Demands; for a service without one, a probe of its promised bandwidth.
    pub demands: usize,
    /// Failures beside the network as it is.
    pub failures: usize,
    /// Ways that were judged: under a failure only those that it changes.
    pub walks: usize,
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural =
            |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        let parts =
            [plural(self.demands, "demand"), plural(self.failures, "failure"), plural(self.walks, "walk")];
        f.write_str(&parts.join(", "))
    }
}

/// What one failure breaks.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Breakage {
    /// What fails, in words.
    pub failure: String,
    /// What is not kept then, such as `delay`, and of which services.
    pub of: BTreeMap<&'static str, Vec<ServiceId>>,
}

/// What the witness says.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Proof {
    /// Every broken promise (codes TL0220 to TL0229, and TL0232), worst first.
    pub findings: Vec<Finding>,
    /// The same by failure: what each of them breaks, in their order. Those that break nothing are left out.
    pub breakages: Vec<Breakage>,
    /// How much was looked at.
    pub checked: Checked,
    /// How bad each broken promise is, in the stored unit of what is broken, beside its finding.
    #[serde(skip)]
    amounts: Vec<u64>,
}

impl Proof {
    /// Whether nothing stops the plan.
    pub fn holds(&self) -> bool {
        !self.findings.iter().any(Finding::is_error)
    }

    /// Forgives what was already broken in the proof of the state before and is not made worse: such findings are no errors any
    /// more, because leaving everything as it is would not be better. Worse means by more than a hundredth. That traffic which
    /// must be encrypted crosses an open line is never forgiven, nor that traffic passes by a firewall which its service asks for.
    #[must_use]
    pub fn against(mut self, before: &Self) -> Self {
        let mut known: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for (finding, amount) in before.findings.iter().zip(&before.amounts) {
            let worst = known.entry((&finding.code, &finding.subject)).or_default();
            *worst = (*worst).max(*amount);
        }
        for (finding, amount) in self.findings.iter_mut().zip(&self.amounts) {
            let was = known.get(&(finding.code.as_str(), finding.subject.as_str()));
            let exposed = [codes::UNENCRYPTED, codes::UNVISITED].contains(&finding.code.as_str());
            let forgivable = finding.is_error() && !exposed;
            if forgivable && was.is_some_and(|was| *amount <= was.saturating_add(was / 100)) {
                finding.severity = Severity::Major;
                finding.message.push_str("; it was so before, and this plan does not make it worse");
            }
        }
        self
    }

    /// What more failures break here than in another proof, in words: the first service by what is not kept. A change that is only to make
    /// things better must not leave less of them standing.
    pub fn breaks_more(&self, before: &Self) -> Option<String> {
        let (was, is) = (before.counts(), self.counts());
        is.iter().find_map(|((what, service), failures)| {
            let known = was.get(&(*what, *service)).copied().unwrap_or(0);
            let than = if known == 0 { "none".to_owned() } else { known.to_string() };
            let plural = if *failures == 1 { "" } else { "s" };
            (*failures > known).then(|| {
                format!(
                    "{what} of {service} would not be kept under {failures} failure{plural}, {than} so far"
                )
            })
        })
    }

    /// How many failures break what of which service.
    fn counts(&self) -> BTreeMap<(&'static str, &ServiceId), usize> {
        let mut counts = BTreeMap::new();
        for (what, services) in self.breakages.iter().flat_map(|breakage| &breakage.of) {
            for service in services {
                *counts.entry((*what, service)).or_default() += 1;
            }
        }
        counts
    }
}

/// Walks the demands over the desired state and judges what each service was promised. `verdicts` say which services are carried
/// and by which policy; how traffic really goes is for the witness alone to say. The answer does not depend on the number of threads.
///
/// Costs one walk of everything, and for each failure what it touches.
pub fn prove(
    desired: &DesiredState,
    set: &IntentSet,
    verdicts: &BTreeMap<ServiceId, Verdict>,
    demands: &Demands,
    ted: &Ted,
    failures: &Failures,
    threads: usize,
) -> Proof {
    let network = match Network::new(ted) {
        Ok(network) => network,
        Err(error) => {
            let why = Finding::new(codes::UNWALKABLE, Severity::Error, "network", error.to_string());
            return Proof { findings: vec![why], amounts: vec![0], ..Proof::default() };
        }
    };
    let forwarding = Forwarding::build(&network, &desired.devices);
    let held = Held { network: &network, forwarding: &forwarding };
    let demands = probe::complete(demands, set, verdicts);
    let promises: Vec<Option<Promise<'_>>> =
        demands.values().map(|demand| Promise::of(demand, set, verdicts, ted, held)).collect();
    let witness = Witness::new(&network, &forwarding, &demands);
    let rules = load::Rules::new(desired, &network, &demands, &promises);
    let failures = failures.list(&network);
    let drill = witness.drill();
    let base = load::Base::new(&network, drill.outcome());
    let court = Court { rules: &rules, base: &base, failures: &failures };

    let mut tally = Tally::default();
    tally.refused(set, verdicts);
    court.as_it_is(&mut tally);
    let start = || (Tally::default(), drill.clone());
    let seen = spread(threads, failures.len().div_ceil(PIECE), &start, &|(tally, drill), piece| {
        for number in (piece * PIECE..failures.len()).take(PIECE) {
            drill.fail(&failures[number]).expect("failures are listed from this network");
            court.under(number, drill, tally);
            drill.restore();
        }
    });
    seen.into_iter().for_each(|(part, _)| tally.add_all(part));
    let checked = Checked { demands: demands.len(), failures: failures.len(), walks: tally.walks };
    let breakages = tally.breakages(&failures);
    let (findings, amounts) = tally.findings(&failures);
    Proof { findings, breakages, checked, amounts }
}

/// Failures are taken in pieces of so many; in tests one by one, so that small networks are spread over threads too.
const PIECE: usize = if cfg!(test) { 1 } else { 8 };

/// What failures are judged by.
struct Court<'a> {
    rules: &'a load::Rules<'a>,
    base: &'a load::Base<'a>,
    failures: &'a [Failure],
}

impl<'a> Court<'a> {
    fn as_it_is(&self, tally: &mut Tally<'a>) {
        let flows = &self.base.outcome.flows;
        tally.walks += flows.len();
        for (flow, promise) in flows.iter().zip(self.rules.promises) {
            judge(flow, promise.as_ref(), &self.rules.desired.devices, None, tally);
        }
        load::as_it_is(self.rules, self.base, tally);
    }

    fn under(&self, number: usize, drill: &Drill<'_>, tally: &mut Tally<'a>) {
        let failed = Some((number, &self.failures[number]));
        let (outcome, changed) = (drill.outcome(), drill.changed());
        tally.walks += changed.len();
        for place in &changed {
            let promise = self.rules.promises[*place].as_ref();
            judge(&outcome.flows[*place], promise, &self.rules.desired.devices, failed, tally);
        }
        load::under(self.rules, drill, (self.base, &changed), failed, tally);
    }
}

#[cfg(test)]
mod tests;
