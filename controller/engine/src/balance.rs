//! Balancing as the loop's stages see it: the search of `intents`, and the witness's proof of every move that it wants to offer.

use intents::balance::{Case, Unbalanced, balance};
use model::{Finding, Hints, IntentSet, Severity, Timestamp, hint::Balance};
use plan::Proof;

pub use intents::balance::{Balanced, Limits, MOST_EFFORT, MOST_LINKS, MOST_MOVES, MOST_SERVICES};

use crate::{
    handle::Refusal,
    stages::{self, Occasion, View},
};

/// Which services are to leave which link, from what runs and some hints; and these hints with it. A move is offered only where its plan
/// is proved as any other is, and no more failures break a promise than without it. Nothing is sent. `wanted` says whether anybody waits for it.
///
/// # Errors
/// The link to relieve is not there, numbers are used up, the network makes no sense, or nobody waits any more.
pub fn work_out(
    set: &IntentSet,
    view: &View,
    hints: &Hints,
    occasion: &Occasion,
    limits: &Limits,
    now: Timestamp,
    wanted: &dyn Fn() -> bool,
) -> Result<(Balanced, Hints), Refusal> {
    let ids = stages::number(set, &view.ids).map_err(|findings| Refusal::Findings { findings })?;
    let case = Case { set, ted: &view.ted, hints, ids: &ids, now };
    // Worked out for the first move: most questions find none on a calm network.
    let mut base: Option<Proof> = None;
    let mut proved = |moved: &Hints, compiled: &intents::Compilation| {
        let base = base.get_or_insert_with(|| {
            let compiled = intents::compile(set, &view.ted, hints, &ids);
            stages::prove(set, view, hints, &stages::with_exceptions(&compiled, view), occasion)
        });
        let compiled = stages::with_exceptions(compiled, view);
        let proof = stages::prove(set, view, moved, &compiled, occasion);
        if let Some(finding) = proof.findings.iter().find(|finding| finding.is_error()) {
            return Err(format!("its plan is not proved: {}: {}", finding.subject, finding.message));
        }
        proof.breaks_more(base).map_or(Ok(()), Err)
    };
    let balanced = balance(&case, limits, &mut proved, wanted).map_err(refusal)?;
    let mut hints = hints.clone();
    for (id, kept) in balanced.balanced.clone() {
        Balance::join(&mut hints.balanced, id, kept);
    }
    Ok((balanced, hints))
}

fn refusal(error: Unbalanced) -> Refusal {
    match error {
        Unbalanced::NoSuchLink(link) => Refusal::NotFound { what: format!("link {link}") },
        Unbalanced::InVain => Refusal::Stopping,
        Unbalanced::Network(why) => {
            let finding =
                Finding::new(intents::codes::BAD_NETWORK, Severity::Error, "network", why.to_string());
            Refusal::Findings { findings: vec![finding] }
        }
    }
}
