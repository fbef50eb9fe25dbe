//! What a run comes to.

use std::collections::BTreeSet;

use engine::event::{Ending, EventKind};
use model::{NodeId, ServiceId};
use net::{Judgement, Outcome};
use serde::Serialize;

/// The last line of a run.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// Always `summary`.
    pub kind: &'static str,
    /// Routers in the network.
    pub routers: usize,
    /// Intents in force.
    pub intents: usize,
    /// SR policies that stand.
    pub policies: usize,
    /// From the start of the controller's process until every session was open and every router read.
    pub cold_start_ms: Option<f64>,
    /// Figures of the first re-route away from trouble; nothing where there was none.
    #[serde(flatten)]
    pub first: Figures,
    /// Every move of traffic, in the order of time.
    pub moves: Vec<Move>,
    /// Whether every promise is kept at the end.
    pub slo_restored: bool,
    /// How often traffic was moved.
    pub reroutes: usize,
    /// How much happened that the scenario does not explain, and how many expectations were not met.
    pub unexpected: usize,
    /// What happened that the scenario does not explain, as sentences; what was not met stands in `expectations`.
    pub surprises: Vec<String>,
    /// Memory of the controller now, MiB.
    pub controller_rss_mib: Option<u64>,
    /// The most memory that it had, MiB.
    pub controller_peak_mib: Option<u64>,
    /// What was expected and how it went.
    pub expectations: Vec<Judgement>,
}

impl Summary {
    /// Whether all went well.
    pub fn is_good(&self, outcome: &Outcome) -> bool {
        outcome.passed && self.slo_restored && self.unexpected == 0
    }
}

/// Memory of a process, MiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// In use now.
    pub resident: u64,
    /// The most that was in use.
    pub peak: u64,
}

/// How long a re-route took, milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Figures {
    /// From the sample that completed the breach to the proved plan.
    pub breach_to_plan_ms: Option<f64>,
    /// From that sample to the last commit reply of the transaction that moves the traffic.
    pub breach_to_ack_ms: Option<f64>,
    /// Read-back of that transaction.
    pub readback_ms: Option<f64>,
    /// Decision and confirms of it.
    pub confirm_ms: Option<f64>,
}

/// One move of traffic.
#[derive(Clone, Debug, Serialize)]
pub struct Move {
    /// Who moved.
    pub services: Vec<ServiceId>,
    /// Back after trouble, or else away from it.
    pub back: bool,
    /// How long it took.
    #[serde(flatten)]
    pub figures: Figures,
}

/// The move that an event tells of.
pub fn moved(kind: &EventKind) -> Option<Move> {
    let EventKind::Rerouted {
        services,
        back,
        breach_to_plan_ms,
        breach_to_ack_ms,
        readback_ms,
        confirm_ms,
        ..
    } = kind
    else {
        return None;
    };
    let figures = Figures {
        breach_to_plan_ms: Some(*breach_to_plan_ms),
        breach_to_ack_ms: Some(*breach_to_ack_ms),
        readback_ms: Some(*readback_ms),
        confirm_ms: Some(*confirm_ms),
    };
    Some(Move { services: services.clone(), back: *back, figures })
}

/// What no scenario explains; `touched` are the routers that it changed by hand, cut off or restarted.
pub fn unexpected(kind: &EventKind, touched: &BTreeSet<NodeId>) -> bool {
    match kind {
        EventKind::Drift { findings } => {
            !findings.iter().all(|finding| touched.iter().any(|node| node.as_str() == finding.subject))
        }
        EventKind::DeviceDown { node, .. } => !touched.contains(node),
        // Whoever looks on may send intents too. Those of the scenario end it where they are refused.
        EventKind::Rejected { why, .. } => !why.starts_with("intents from "),
        EventKind::Frozen { .. }
        | EventKind::WaveStopped { .. }
        | EventKind::AuditBroken { .. }
        | EventKind::JournalFailed { .. } => true,
        EventKind::TransactionEnded { ending, .. } => *ending != Ending::Applied,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use model::{Finding, Severity};

    use super::*;

    #[test]
    fn drift_is_no_surprise_where_the_scenario_had_its_hands() {
        let drift = |node: &str| EventKind::Drift {
            findings: vec![Finding::new("TL0401", Severity::Minor, node, "another rule".to_owned())],
        };
        let touched = BTreeSet::from([NodeId::lit("r1")]);
        assert!(!unexpected(&drift("r1"), &touched));
        assert!(unexpected(&drift("r2"), &touched));
        assert!(unexpected(&drift("r1"), &BTreeSet::new()));
        let rejected = |why: &str| EventKind::Rejected { why: why.to_owned(), findings: Vec::new() };
        assert!(unexpected(&rejected("line1 is bad"), &touched));
        assert!(!unexpected(&rejected("intents from mei: README.md"), &touched), "a visitor's");
        let gone =
            |node: &str| EventKind::DeviceDown { node: NodeId::lit(node), why: "no session".to_owned() };
        assert!(!unexpected(&gone("r1"), &touched));
        assert!(unexpected(&gone("r2"), &touched));
    }
}
