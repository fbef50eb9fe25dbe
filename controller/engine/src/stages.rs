//! The stages of the flow as the loop calls them: each takes values and gives values, no IO.

use std::{borrow::Cow, collections::BTreeMap, num::NonZeroUsize, sync::Arc, time::Duration};

use assess::{Assessment, Decision};
pub use intents::AsOf;
use intents::{Compilation, SourceFile};
use model::{
    ActualState, Allocations, DeviceReading, DirectedLink, Finding, Hints, IntentSet, Phase, Plan, ServiceId,
    Severity, Ted, Verdict,
};
use plan::{Causes, ChangePolicy, Exceptions, Failures, Laid, PlanReport, Proof};

use crate::{
    beyond::{self, Reach},
    codes,
    terms::{Manner, Terms},
    words,
};

/// Intent files by name.
pub type Files = BTreeMap<String, String>;

/// What a proposal is worked out from: the network as the controller knows it.
#[derive(Clone, Debug)]
pub struct View {
    /// The network as contracts and advertisements say.
    pub ted: Arc<Ted>,
    /// What devices hold.
    pub actual: Arc<ActualState>,
    /// Numbers that were given.
    pub ids: Allocations,
    /// What is in force: what devices should hold, and the answer for each service.
    pub before: Arc<Compilation>,
    /// The hints that they were compiled with.
    pub hints: Hints,
    /// What devices' modules lack, of those that are known to lack something.
    pub lacks: Arc<words::Lacking>,
    /// What people accepted on devices as it is, whatever is compiled.
    pub exceptions: Arc<Exceptions>,
    /// How it may be carried out, and how much it may touch.
    pub terms: Terms,
}

/// Why there is a proposal, which decides how it is ordered and how far it is proved.
#[derive(Clone, Debug)]
pub enum Occasion {
    /// A person sends intents: whatever does not fit is refused, all of it.
    Person,
    /// The intents in force, around maintenance that a person asks for, or because something has to be put right. A service that did not
    /// fit before stands against nothing.
    Upkeep,
    /// The intents in force, because a schedule opens or closes. A service that does not fit is told and stands against nothing: all others
    /// begin and end when they are promised to.
    Schedule,
    /// The intents in force, because routers tell otherwise of the network; told as upkeep is.
    Learned,
    /// The loop decided.
    Loop {
        /// What it decided.
        decision: Box<Decision>,
        /// What it decided by.
        assessment: Arc<Assessment>,
    },
}

impl Occasion {
    /// Whether nobody asked for it. What goes beyond a limit then is held back and not refused, so that people see what it would be.
    pub const fn is_own(&self) -> bool {
        matches!(self, Self::Loop { .. } | Self::Schedule | Self::Learned)
    }

    /// Whether what devices hold otherwise than they should, though nothing else is asked for there than before, is left as it is. Who sends
    /// intents asks for all of them; anybody else has another reason, and a person who changed something in an emergency is not fought.
    pub const fn leaves_drift(&self) -> bool {
        !matches!(self, Self::Person)
    }

    /// How what goes beyond a limit is made smaller.
    const fn smaller(&self) -> &'static str {
        match self {
            Self::Person => "look at what it would do with `trunkline apply --dry-run`; make it in parts",
            // Nobody applies files: a router is drained, or put right.
            Self::Upkeep => "name less at once, such as one line of a router, or fewer routers or services",
            Self::Schedule | Self::Learned | Self::Loop { .. } => {
                "a person may do it in parts, by `trunkline drain` or `trunkline apply`"
            }
        }
    }

    /// How bad it is to go beyond a limit: it stops what a person asks for, unless he said that it may.
    const fn beyond(&self, manner: Manner) -> Severity {
        match (self.is_own(), manner.beyond_limit) {
            (true, _) => Severity::Major,
            (false, true) => Severity::Warning,
            (false, false) => Severity::Error,
        }
    }
}

/// What compilation leaves as it is.
#[derive(Clone, Debug, Default)]
pub struct Aside {
    /// Services that the loop wanted to move and for which nothing better was found.
    pub declined: Vec<ServiceId>,
    /// What came of the exceptions.
    pub exceptions: Laid,
}

/// How long each stage took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Took {
    /// Compilation.
    pub compile: Duration,
    /// Difference and order.
    pub plan: Duration,
    /// Proof.
    pub prove: Duration,
}

/// A change that was worked out and proved.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// What is promised.
    pub set: Arc<IntentSet>,
    /// Numbers, old and new.
    pub ids: Allocations,
    /// The hints that it was compiled with.
    pub hints: Hints,
    /// What devices should hold, and where everything goes.
    pub compiled: Compilation,
    /// What has to change.
    pub plan: Plan,
    /// The change ticket.
    pub report: PlanReport,
    /// Findings of all stages that do not stop it.
    pub findings: Vec<Finding>,
    /// What is left as it is.
    pub aside: Aside,
    /// How long it took.
    pub took: Took,
}

/// Files to documents. Findings of all files, not of the first.
///
/// # Errors
/// Something in a file is wrong.
pub fn parse(files: &Files) -> Result<Vec<intents::Document>, Vec<Finding>> {
    let mut documents = Vec::new();
    let mut findings = Vec::new();
    for (name, text) in files {
        match intents::parse(&SourceFile::new(name, text)) {
            Ok(found) => documents.extend(found),
            Err(faults) => findings.extend(faults),
        }
    }
    if findings.is_empty() { Ok(documents) } else { Err(findings) }
}

/// Refuses a set that promises nothing where something of ours stands: an empty folder is more often an oversight than a wish.
///
/// # Errors
/// The set is empty, and services are in force or devices hold something of ours.
pub fn must_promise(set: &IntentSet, view: &View) -> Result<(), Vec<Finding>> {
    let holds =
        |reading: &&DeviceReading| matches!(reading, DeviceReading::Read { owned, .. } if !owned.is_empty());
    let services = view.before.verdicts.len();
    // After a restart with files that do not fit the network any more no service is in force, and all still stands there.
    let devices = view.actual.devices.values().filter(holds).count();
    if !set.services.is_empty() || services == 0 && devices == 0 {
        return Ok(());
    }
    let message = format!(
        "these files promise nothing: {services} services and all that {devices} devices hold of ours would go"
    );
    let help = "send the files of the services that stay; to take all off, say so: `--remove-all`, or `removeAll` in the API";
    Err(vec![Finding::new(codes::NOTHING_PROMISED, Severity::Error, "intents", message).with_help(help)])
}

/// Whether files were written to promise nothing: they can be read, and no service stands in them or is made by a design.
pub fn mean_nothing(files: &Files) -> bool {
    let is_service = |document: &intents::Document| matches!(document.spec, intents::Spec::ServiceIntent(_));
    parse(files).is_ok_and(|documents| {
        intents::expand(&documents).is_ok_and(|made| !made.documents.iter().any(is_service))
    })
}

/// Numbers for everything in the set that has none.
///
/// # Errors
/// The numbers are used up.
pub fn number(set: &IntentSet, ids: &Allocations) -> Result<Allocations, Vec<Finding>> {
    ids.extended(set).map_err(|error| {
        vec![Finding::new(codes::USED_UP, Severity::Error, "allocations", error.to_string())]
    })
}

/// Compiles, takes back what the loop wanted for services that would not gain by their margin, and lays over it what people accepted
/// otherwise: all that follows is about the network as it will really be.
pub fn compile(
    set: &IntentSet,
    view: &View,
    hints: &mut Hints,
    ids: &Allocations,
    occasion: &Occasion,
) -> (Compilation, Aside) {
    let (mut compiled, declined) = compiled(set, view, hints, ids, occasion);
    compiled.findings = told(&compiled, view, occasion);
    let exceptions = Exceptions::lay_shared(&view.exceptions, &mut compiled.desired);
    compiled.findings.extend(exceptions.told());
    (compiled, Aside { declined, exceptions })
}

/// A compilation with what people accepted otherwise laid over it.
pub fn with_exceptions<'a>(compiled: &'a Compilation, view: &View) -> Cow<'a, Compilation> {
    if view.exceptions.is_empty() {
        return Cow::Borrowed(compiled);
    }
    let mut compiled = compiled.clone();
    Exceptions::lay_shared(&view.exceptions, &mut compiled.desired);
    Cow::Owned(compiled)
}

fn compiled(
    set: &IntentSet,
    view: &View,
    hints: &mut Hints,
    ids: &Allocations,
    occasion: &Occasion,
) -> (Compilation, Vec<ServiceId>) {
    let Occasion::Loop { decision, assessment } = occasion else {
        // Who sends intents is told of what fits nowhere, also while something is drained.
        let compile =
            if matches!(occasion, Occasion::Person) { intents::compile_new } else { intents::compile };
        return (compile(set, &view.ted, hints, ids), Vec::new());
    };
    let compiled = intents::compile(set, &view.ted, hints, ids);
    let stays = |id: &&ServiceId| is_held(id, view) || !gains(id, set, view, &compiled, assessment);
    let declined: Vec<ServiceId> = decision.relieved().filter(stays).cloned().collect();
    if declined.is_empty() {
        return (compiled, declined);
    }
    // What they had before stays: a service that gains nothing now must not lose an earlier relief.
    let declined_set = declined.iter().cloned().collect();
    *hints = decision.as_ref().clone().without(&declined_set, &view.hints).hints;
    (intents::compile(set, &view.ted, hints, ids), declined)
}

/// Whether an exception has a hold on how a service's traffic goes: another path would move none of it.
fn is_held(id: &ServiceId, view: &View) -> bool {
    let Some(Verdict::Carried { directions, .. }) = view.before.verdicts.get(id) else { return false };
    directions.iter().any(|way| view.exceptions.have_hold(&way.from, &way.policy))
}

/// What a compilation has to say on an occasion. Nobody who could change them asks for intents in force, so that a service that is refused
/// is told and not fatal there: by a schedule each, otherwise each that was refused before too. Else one service would hold back the end
/// of a window, and all others.
fn told(compiled: &Compilation, view: &View, occasion: &Occasion) -> Vec<Finding> {
    let is_refused = |verdicts: &BTreeMap<ServiceId, Verdict>, id: &ServiceId| {
        matches!(verdicts.get(id), Some(Verdict::Refused { .. }))
    };
    let stands_alone = |finding: &Finding| {
        let Ok(id) = finding.subject.parse::<ServiceId>() else { return false };
        let may = match occasion {
            Occasion::Person => false,
            Occasion::Schedule => true,
            Occasion::Upkeep | Occasion::Learned | Occasion::Loop { .. } => {
                is_refused(&view.before.verdicts, &id)
            }
        };
        may && is_refused(&compiled.verdicts, &id)
    };
    let milder = |finding: &Finding| match finding.is_error() && stands_alone(finding) {
        true => Finding { severity: Severity::Major, ..finding.clone() },
        false => finding.clone(),
    };
    compiled.findings.iter().map(milder).collect()
}

/// Whether a service's worst direction gets better by the intent's margin, as the lines are measured.
fn gains(
    id: &ServiceId,
    set: &IntentSet,
    view: &View,
    compiled: &Compilation,
    assessment: &Assessment,
) -> bool {
    let Some(service) = set.services.get(id) else { return false };
    let paths = |verdicts: &BTreeMap<ServiceId, Verdict>| -> Vec<Vec<DirectedLink>> {
        match verdicts.get(id) {
            Some(Verdict::Carried { directions, .. }) => {
                directions.iter().map(|direction| direction.primary.path.hops.clone()).collect()
            }
            Some(Verdict::Refused { .. }) | None => Vec::new(),
        }
    };
    let (before, after) = (paths(&view.before.verdicts), paths(&compiled.verdicts));
    after.len() == before.len()
        && before.iter().zip(&after).any(|(before, after)| {
            let gain = assess::improvement(
                &service.slo,
                assessment.estimate(before, &view.ted),
                assessment.estimate(after, &view.ted),
            );
            gain >= service.assurance.improvement_margin && gain.as_ppm() > 0
        })
}

/// The difference, ordered, with its reasons.
pub fn plan(
    set: &IntentSet,
    view: &View,
    hints: &Hints,
    ids: &Allocations,
    compiled: &Compilation,
    occasion: &Occasion,
) -> (Plan, PlanReport) {
    let set = &*promised(set, hints);
    let hints = &*in_force(hints, compiled);
    let causes =
        Causes::of(set, ids, &compiled.verdicts, &view.ted).since(&view.before.verdicts).knowing(hints);
    let mut difference = plan::diff(&compiled.desired, &view.actual);
    if let Some(only) = &view.terms.only {
        difference.devices.retain(|node, _| only.contains(node));
        difference.unreadable.retain(|node, _| only.contains(node));
        difference.findings.retain(|finding| only.iter().any(|node| node.as_str() == finding.subject));
    } else if occasion.leaves_drift() {
        difference.leave_drift(&view.before.desired, &compiled.desired, &view.terms.unfinished);
    }
    let policy = match occasion {
        Occasion::Person | Occasion::Upkeep | Occasion::Schedule | Occasion::Learned => view.terms.policy(),
        Occasion::Loop { .. } => ChangePolicy::Urgent,
    };
    plan::plan(difference, view.actual.revision, &policy, &causes)
}

/// The proof on the network as it is measured. A person's change is proved under every single link failure too; the loop
/// proves what it does now, for traffic suffers meanwhile. What was broken before and does not get worse stops nothing.
pub fn prove(
    set: &IntentSet,
    view: &View,
    hints: &Hints,
    compiled: &Compilation,
    occasion: &Occasion,
) -> Proof {
    let set = &*promised(set, hints);
    let (measured, failures) = match occasion {
        Occasion::Person | Occasion::Upkeep | Occasion::Schedule | Occasion::Learned => {
            (plan::overlay(&view.ted, hints), Failures::Links)
        }
        Occasion::Loop { assessment, .. } => {
            (plan::overlay(&view.ted, &without_what_healed(hints, assessment)), Failures::None)
        }
    };
    // The answer is the same on any number of them.
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let proof = |Compilation { desired, verdicts, .. }: &Compilation| {
        plan::prove(desired, set, verdicts, &compiled.demands, &measured, &failures, threads)
    };
    let after = proof(compiled);
    if after.holds() { after } else { after.against(&proof(&view.before)) }
}

/// What is promised now: the set without the services that rest by their schedules.
pub fn promised<'a>(set: &'a IntentSet, hints: &Hints) -> Cow<'a, IntentSet> {
    set.without_resting(hints).map_or(Cow::Borrowed(set), Cow::Owned)
}

/// The hints without those of services that give way: they are not the reason for where these go.
fn in_force<'a>(hints: &'a Hints, compiled: &Compilation) -> Cow<'a, Hints> {
    if compiled.gave_way.is_empty() {
        return Cow::Borrowed(hints);
    }
    let mut hints = hints.clone();
    hints.balanced.retain(|id, _| !compiled.gave_way.contains(id));
    Cow::Owned(hints)
}

/// The hints without what services were moved away from and is good again. A service that waits for its return still sees the
/// line as it was; that is no reason to keep another one from it.
fn without_what_healed(hints: &Hints, assessment: &Assessment) -> Hints {
    let bad = |hop: &DirectedLink| assessment.lines.get(hop).is_none_or(|line| line.degraded != Some(false));
    let mut hints = hints.clone();
    for relief in hints.relief.values_mut() {
        relief.seen.retain(|hop, _| bad(hop));
    }
    hints
}

/// What stands against a plan: what the proof found, what devices have no words or no modules for, and the limits that it goes beyond.
pub fn judged(
    proof: Proof,
    plan: &Plan,
    compiled: &Compilation,
    view: &View,
    occasion: &Occasion,
) -> Vec<Finding> {
    let lacking = words::lacking(plan, &view.ted, &view.actual, &view.lacks);
    let (before, after) = (&view.before.verdicts, &compiled.verdicts);
    // Those that were read, or are known not to answer. A node that is in no inventory is never changed.
    let reach = Reach { plan, devices: view.actual.devices.len(), before, after };
    let beyond =
        beyond::judge(reach, view.terms.most, occasion.beyond(view.terms.manner), occasion.smaller());
    let one_wave = one_wave(plan, view.terms.manner);
    proof.findings.into_iter().chain(lacking).chain(beyond).chain(one_wave).collect()
}

/// That a change in waves has one wave only. Who asks for waves asks for the look in between.
fn one_wave(plan: &Plan, manner: Manner) -> Option<Finding> {
    let first = manner.waves?.first;
    let moves = plan.transactions.iter().filter(|one| one.phase == Phase::Move).count();
    if plan.transactions.is_empty() || moves > 1 {
        return None;
    }
    let why = match moves {
        0 => "no service moves".to_owned(),
        _ => format!("all services that move do so in the first wave, that of {first} or fewer far ends"),
    };
    let message = format!("{why}: there is no look at the network before others follow");
    let help = "say fewer far ends for a look in between, or look after it: `trunkline status`";
    Some(Finding::new(codes::ONE_WAVE, Severity::Warning, "waves", message).with_help(help))
}

/// Whether nothing stops the proposal; otherwise all findings.
///
/// # Errors
/// A finding is an error.
pub fn reject_fatal(findings: Vec<Finding>) -> Result<Vec<Finding>, Vec<Finding>> {
    if findings.iter().any(Finding::is_error) { Err(findings) } else { Ok(findings) }
}

#[cfg(test)]
mod tests {
    use model::{NodeId, Span, Transaction};

    use super::*;
    use crate::terms::Waves;

    #[test]
    fn who_asks_for_waves_is_told_that_there_is_one_only() {
        let told = |phases: &[Phase], waves| {
            let edits = || [(NodeId::lit("r1"), Vec::new())].into();
            let transactions = phases.iter().map(|phase| Transaction { phase: *phase, edits: edits() });
            let plan = Plan { transactions: transactions.collect(), ..Plan::default() };
            one_wave(&plan, Manner { waves, beyond_limit: false }).map(|finding| finding.to_string())
        };
        let waves = Some(Waves { first: 6, settle: Span::from_secs(60) });
        assert_eq!(
            told(&[Phase::Make, Phase::Move, Phase::Break], waves).as_deref(),
            Some(
                "warning[TL0087] waves: all services that move do so in the first wave, that of 6 or fewer far ends: there is \
                 no look at the network before others follow"
            )
        );
        assert!(told(&[Phase::Make], waves).is_some_and(|told| told.contains("no service moves")));
        assert_eq!(told(&[Phase::Move, Phase::Move], waves), None);
        assert_eq!(told(&[], waves), None);
        assert_eq!(told(&[Phase::Move], None), None);
    }

    #[test]
    fn an_instance_of_a_design_means_something() {
        let design = "apiVersion: trunkline/v1
kind: Design
metadata: {name: d}
spec:
  description: One service.
  documents:
    - kind: ServiceIntent
      metadata: {name: $(instance)}
      spec: {connectivity: {type: p2p, endpoints: [a, z]}, vrf: v, class: c}
";
        let instance =
            "apiVersion: trunkline/v1\nkind: DesignInstance\nmetadata: {name: i}\nspec: {design: d}\n";
        let mut files = Files::from([("d.yaml".to_owned(), design.to_owned())]);
        assert!(mean_nothing(&files), "a design by itself promises nothing");
        files.insert("i.yaml".to_owned(), instance.to_owned());
        assert!(!mean_nothing(&files));
    }
}
