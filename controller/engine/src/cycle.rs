//! The loop, once around: parse, validate, compile, diff, plan, prove, transact; observe, assess, decide. What `decide`
//! gives is the hints of the next `propose`: the loop closes by value.

use std::sync::Arc;

use assess::{Assessment, Case, Decision, History, Memory, Observed};
use model::{Allocations, Finding, Hints, IntentSet, Sample, Ted, Timestamp};

use crate::{
    clocked,
    stages::{self, AsOf, Files, Occasion, Proposal, Took, View},
};

/// Text to meaning, as of a moment: windows that are over say nothing any more. Findings of all stages at once, as `check` has them.
pub fn understand(files: &Files, ted: &Ted, as_of: AsOf) -> Result<(IntentSet, Vec<Finding>), Vec<Finding>> {
    intents::judge_as_of(&stages::parse(files), ted, as_of)
}

/// Meaning to a proved change. Nothing is sent. `transact` carries it out: [`crate::carry`].
pub fn propose(
    set: Arc<IntentSet>,
    view: &View,
    mut hints: Hints,
    occasion: &Occasion,
) -> Result<Proposal, Vec<Finding>> {
    let ids: Allocations = stages::number(&set, &view.ids)?;
    let compiled = clocked::timed(|| stages::compile(&set, view, &mut hints, &ids, occasion));
    let (compile, (compiled, aside)) = (compiled.took, compiled.value);
    let mut findings = stages::reject_fatal(compiled.findings.clone())?;
    // Neither needs the other, and traffic may suffer meanwhile.
    let (planned, proved) = clocked::side_by_side(
        || stages::plan(&set, view, &hints, &ids, &compiled, occasion),
        || stages::prove(&set, view, &hints, &compiled, occasion),
    );
    let took = Took { compile, plan: planned.took, prove: proved.took };
    let ((plan, report), proof) = (planned.value, proved.value);
    // What is left out of the plan, because nobody knows what is there or because somebody else's stands there.
    findings.extend(report.findings.iter().cloned());
    let report = report.noting(&compiled.findings).proved(&proof);
    findings.extend(stages::reject_fatal(stages::judged(proof, &plan, &compiled, view, occasion))?);
    Ok(Proposal { set, ids, hints, compiled, plan, report, findings, aside, took })
}

/// Samples to judgement to the next turn.
pub fn watch(
    seen: &mut Observed,
    samples: &[Sample],
    case: &Case<'_>,
    memory: &mut Memory,
    past: &mut History,
    now: Timestamp,
) -> (Assessment, Option<Decision>) {
    samples.iter().for_each(|sample| seen.take(sample, now));
    let assessment = assess::assess(seen, case, memory, now);
    past.learn(&assessment, case);
    let decision = assess::decide(&assessment, case, past);
    (assessment, decision)
}
