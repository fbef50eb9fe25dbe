//! One change from its cause to its end, beside the task that owns the state: worked out and proved on a thread of its own,
//! written down, carried out transaction by transaction.

mod ledger;

pub mod waves;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use intents::AsOf;
use model::{
    DeviceConfig, DeviceReading, Finding, Hints, IntentSet, NodeId, Plan, Revision, Season, ServiceId,
    Timestamp, Transaction, intent::Mode,
};
use plan::Exceptions;
use store::{Journal, StoreError};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{
    carry::{Fleet, Report, carry_out},
    clock, codes, cycle,
    event::{Ending, EventKind},
    learn::Learned,
    stages::{self, Files, Occasion, Proposal, View},
    transact::Outcome,
};

/// What becomes the intents.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// The same as before.
    Same(Arc<IntentSet>),
    /// New files; written down before anything is sent.
    New {
        /// The files.
        files: Files,
        /// Who sends them.
        who: String,
        /// Why.
        message: String,
        /// Their number.
        revision: Revision,
        /// Whether they may promise nothing, which takes all services off the network.
        remove_all: bool,
    },
}

/// A change to be made.
#[derive(Clone, Debug)]
pub struct Request {
    /// The intents.
    pub wanted: Wanted,
    /// The hints to compile with.
    pub hints: Hints,
    /// Why, which decides how far it is proved and how it is ordered.
    pub occasion: Occasion,
    /// Who asked for it: a user, or the controller.
    pub who: String,
    /// Why, in words.
    pub why: String,
    /// What it is worked out from.
    pub view: View,
    /// When it was asked for: new intents are taken as of then, with the windows that are open and the services that are promised.
    pub at: Timestamp,
    /// Whether it may be carried out, or is only proposed.
    pub act: bool,
    /// Whether other devices have still to be put right when it has ended: a restart must know that.
    pub rest: bool,
    /// When the sample that completed the breach arrived, where a breach is the cause.
    pub breach: Option<Instant>,
    /// What is learned of the network, where plans follow it from this change on; the view has it laid over the file's network.
    pub learned: Option<Arc<Learned>>,
    /// The exceptions that the journal has: where others stand with this change, they are written down with it.
    pub exceptions_kept: Arc<Exceptions>,
    /// Those that are kept beside, of devices that the network does not have.
    pub exceptions_absent: Arc<Exceptions>,
}

/// What became of it.
#[derive(Debug)]
pub struct Finished {
    /// What was asked.
    pub request: Request,
    /// The proposal, or what speaks against it.
    pub result: Result<Box<Carried>, Failure>,
}

/// Why nothing came of it.
#[derive(Debug)]
pub enum Failure {
    /// It must not be done.
    Rejected(Vec<Finding>),
    /// It could not be written down; nothing was sent.
    Journal(String),
}

/// A proposal with what its transactions did.
#[derive(Debug)]
pub struct Carried {
    /// The proposal.
    pub proposal: Proposal,
    /// Its transactions, as far as they were begun.
    pub reports: Vec<Report>,
    /// What devices were seen to hold.
    pub readings: BTreeMap<NodeId, DeviceReading>,
    /// Devices that have to hold something else from now on and were passed over, because nobody knows what they hold.
    pub left_out: BTreeSet<NodeId>,
    /// Moved services: those whose preferred path is another one now.
    pub moved: Vec<ServiceId>,
    /// From the breach to the proved plan.
    pub breach_to_plan: Option<Duration>,
    /// From the breach to the last commit reply of the first transaction.
    pub breach_to_ack: Option<Duration>,
    /// From the first order to the last confirm.
    pub took: Duration,
    /// Why it went no further: the stop switch, a journal that could not take the next transaction, or what got worse after a wave.
    pub stopped: Option<String>,
    /// Services that moved in a wave, and of which nothing was known at the end of the look at it.
    pub unseen: BTreeSet<ServiceId>,
    /// Why it was only proposed although it could have been carried out.
    pub withheld: Option<Finding>,
}

impl Carried {
    /// Whether every transaction was applied.
    pub fn complete(&self) -> bool {
        self.reports.len() == self.proposal.plan.transactions.len()
            && self.reports.iter().all(|report| report.outcome == Outcome::Applied)
    }
}

/// What a change is carried out with.
#[derive(Clone, Debug)]
pub struct Means {
    /// The devices.
    pub fleet: Arc<Fleet>,
    /// The journal.
    pub journal: Journal,
    /// The stop switch.
    pub mode: watch::Receiver<Mode>,
    /// Who judges between two waves.
    pub judge: mpsc::Sender<waves::Question>,
    /// The controller is being stopped.
    pub leaving: CancellationToken,
}

/// Works the change out, and carries it out if it may. The stop switch, which is a `mode`, ends it between two transactions.
pub async fn run(request: Request, means: Means, tell: impl Fn(EventKind) + Send + 'static) -> Finished {
    let result = attempt(&request, &means, &tell).await;
    Finished { request, result }
}

async fn attempt(
    request: &Request,
    means: &Means,
    tell: &(impl Fn(EventKind) + Send + 'static),
) -> Result<Box<Carried>, Failure> {
    let proposal = work_out(request.clone()).await?;
    let breach_to_plan = request.breach.map(|breach| breach.elapsed());
    let moved = moved(request, &proposal);
    let left_out = left_out(request, &proposal, &means.fleet);
    let is_beyond = |finding: &&Finding| request.occasion.is_own() && finding.code == codes::BEYOND_LIMIT;
    let withheld = proposal.findings.iter().find(is_beyond).cloned();
    let act = request.act && withheld.is_none();
    tell(proposed(request, &proposal, &moved, act));
    let mut carried = Carried {
        proposal,
        reports: Vec::new(),
        readings: BTreeMap::new(),
        left_out,
        moved,
        breach_to_plan,
        breach_to_ack: None,
        took: Duration::ZERO,
        stopped: None,
        unseen: BTreeSet::new(),
        withheld,
    };
    if !act {
        return Ok(Box::new(carried));
    }
    ledger::write_down(request, &carried.proposal, &means.journal)
        .await
        .map_err(|error| Failure::Journal(error.to_string()))?;
    let begun = Instant::now();
    // What was written down before is taken back where it goes no further, and what was applied is compensated.
    carried.stopped = carry_all(request, &mut carried, means, tell).await.err();
    carried.took = begun.elapsed();
    ledger::note_end(request, &carried, &means.journal).await;
    Ok(Box::new(carried))
}

/// Carries one transaction out after the other, as far as it goes.
///
/// # Errors
/// Why it went no further, where no device is the reason.
async fn carry_all(
    request: &Request,
    carried: &mut Carried,
    means: &Means,
    tell: &(impl Fn(EventKind) + Send + 'static),
) -> Result<(), String> {
    let mut held = held(&request.view, &carried.proposal.plan);
    for (number, transaction) in carried.proposal.plan.transactions.clone().iter().enumerate() {
        if *means.mode.borrow() == Mode::Observe {
            return Err("the stop switch was set".to_owned());
        }
        let watch = waves::Watch::begin(request, &carried.proposal, number, means).await?;
        let sent = Instant::now();
        let report = one(transaction, &held, means, tell).await.map_err(|error| error.to_string())?;
        let acknowledged = sent + report.committed_after;
        if carried.breach_to_ack.is_none() {
            carried.breach_to_ack = request.breach.map(|breach| acknowledged - breach);
        }
        for (node, reading) in &report.readings {
            if let DeviceReading::Read { owned, .. } = reading {
                held.insert(node.clone(), owned.clone());
            }
        }
        carried.readings.extend(report.readings.clone());
        let applied = report.outcome == Outcome::Applied;
        carried.reports.push(report);
        if !applied {
            break;
        }
        if let Some(watch) = watch {
            carried.unseen.append(&mut watch.settle(means, tell).await?);
        }
    }
    Ok(())
}

/// Parses where there is something new, compiles, plans and proves, where it may take its time.
async fn work_out(request: Request) -> Result<Proposal, Failure> {
    let worked = tokio::task::spawn_blocking(move || {
        let (set, mut warnings) = match &request.wanted {
            Wanted::Same(set) => (Arc::clone(set), Vec::new()),
            Wanted::New { files, remove_all, .. } => {
                let as_of = AsOf::moment(request.at);
                let (set, warnings) = cycle::understand(files, &request.view.ted, as_of)?;
                if !remove_all {
                    stages::must_promise(&set, &request.view)?;
                }
                (Arc::new(set), warnings)
            }
        };
        let hints = match &request.wanted {
            Wanted::Same(_) => request.hints,
            Wanted::New { .. } => {
                let mut hints = Season::of(&set, request.at).over(request.hints);
                // What is gone needs not be kept off anything, and leaves no room that others must not take.
                hints.let_back(|id| !set.services.contains_key(id));
                hints
            }
        };
        let mut proposal = cycle::propose(set, &request.view, hints, &request.occasion)?;
        warnings.append(&mut proposal.findings);
        proposal.findings = warnings;
        Ok(proposal)
    });
    match worked.await {
        Ok(result) => result.map_err(Failure::Rejected),
        Err(error) => Err(Failure::Rejected(vec![Finding::new(
            codes::NOT_WORKED_OUT,
            model::Severity::Error,
            "controller",
            format!("working out the change failed: {error}; please report this"),
        )])),
    }
}

/// The devices that the plan passes over although they should change. One that is not in the inventory is waited for by nobody.
fn left_out(request: &Request, proposal: &Proposal, fleet: &Fleet) -> BTreeSet<NodeId> {
    let (before, after) = (&request.view.before.desired.devices, &proposal.compiled.desired.devices);
    let changes = |node: &&NodeId| fleet.contains_key(*node) && before.get(*node) != after.get(*node);
    proposal.report.unreadable.keys().filter(changes).cloned().collect()
}

/// What the devices that a plan changes hold of ours.
fn held(view: &View, plan: &Plan) -> BTreeMap<NodeId, DeviceConfig> {
    let nodes = plan.transactions.iter().flat_map(|transaction| transaction.edits.keys());
    let held = nodes.filter_map(|node| match view.actual.devices.get(node)? {
        DeviceReading::Read { owned, .. } => Some((node.clone(), owned.clone())),
        DeviceReading::Unreadable { .. } => None,
    });
    held.collect()
}

async fn one(
    transaction: &Transaction,
    held: &BTreeMap<NodeId, DeviceConfig>,
    means: &Means,
    tell: &impl Fn(EventKind),
) -> Result<Report, StoreError> {
    let id = means.journal.next_transaction()?;
    tell(EventKind::TransactionBegun { id, phase: transaction.phase, devices: transaction.edits.len() });
    let now: Timestamp = clock::now();
    let report = carry_out(transaction, held, &means.fleet, &means.journal, now).await?;
    let (ending, unresolved) = match &report.outcome {
        Outcome::Applied => (Ending::Applied, Default::default()),
        Outcome::RolledBack => (Ending::RolledBack, Default::default()),
        Outcome::Unresolved { nodes, .. } => (Ending::Unresolved, nodes.clone()),
    };
    tell(EventKind::TransactionEnded {
        id: report.id,
        ending,
        unresolved,
        errors: report.errors.iter().map(ToString::to_string).collect(),
        commit_ms: millis(report.committed_after),
        readback_ms: millis(report.readback),
        confirm_ms: millis(report.confirm),
    });
    Ok(report)
}

/// Milliseconds with three digits.
pub fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn moved(request: &Request, proposal: &Proposal) -> Vec<ServiceId> {
    use model::Verdict::Carried;
    let route = |verdict: Option<&model::Verdict>| match verdict {
        Some(Carried { directions, .. }) => {
            directions.iter().map(|direction| direction.primary.path.hops.clone()).collect()
        }
        _ => Vec::new(),
    };
    proposal
        .compiled
        .verdicts
        .iter()
        .filter(|(id, verdict)| {
            let before = request.view.before.verdicts.get(*id);
            before.is_some() && route(before) != route(Some(verdict))
        })
        .map(|(id, _)| id.clone())
        .collect()
}

fn proposed(request: &Request, proposal: &Proposal, moved: &[ServiceId], act: bool) -> EventKind {
    EventKind::Proposed {
        why: request.why.clone(),
        headline: proposal.report.headline(),
        services: moved.to_vec(),
        devices: proposal.report.devices.len(),
        compile_ms: millis(proposal.took.compile),
        plan_ms: millis(proposal.took.plan),
        prove_ms: millis(proposal.took.prove),
        act,
    }
}
