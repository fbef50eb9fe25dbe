//! Everything that happens, as values: the timeline of the dashboard, the lines of the demo, syslog and webhook all read
//! these and nothing else.

use std::collections::BTreeSet;

use model::{Finding, NodeId, Phase, Revision, ServiceId, Severity, Timestamp, TransactionId, intent::Mode};
use serde::{Deserialize, Serialize};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its number since the controller started.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// How a transaction ended, for people.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Every device holds the new state.
    Applied,
    /// Every device holds the old state.
    RolledBack,
    /// It is unknown what some devices hold.
    Unresolved,
}

/// What happened. In JSON, `kind` tells which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum EventKind {
    /// The controller runs.
    Started {
        /// Devices in the inventory.
        devices: usize,
        /// Whether the network was adopted; if not, the controller only observes.
        adopted: bool,
    },
    /// A device answers and was read.
    DeviceUp {
        /// Which.
        node: NodeId,
    },
    /// A device does not answer, or is not the one that we know.
    DeviceDown {
        /// Which.
        node: NodeId,
        /// Why.
        why: String,
    },
    /// Somebody from whom the network is learned tells of it.
    SourceUp {
        /// Who.
        source: NodeId,
    },
    /// Somebody from whom the network is learned is silent. What was learned from it stays, and is stale.
    SourceDown {
        /// Who.
        source: NodeId,
        /// Why.
        why: String,
    },
    /// All devices of the inventory were read.
    InSync {
        /// How many.
        devices: usize,
        /// How long it took since the start, milliseconds.
        took_ms: u64,
    },
    /// The operator gave the controller the right to change the network.
    Adopted {
        /// Who.
        who: String,
    },
    /// What routers hold otherwise than they should was accepted as it is, as exceptions from the intents.
    Excepted {
        /// Which routers.
        nodes: Vec<NodeId>,
        /// How many objects.
        objects: usize,
        /// Who accepted it.
        who: String,
        /// Why.
        why: String,
        /// When it ends; absent where it stands until somebody takes it back.
        until: Option<Timestamp>,
    },
    /// An exception is over.
    ExceptionEnded {
        /// On which router.
        node: NodeId,
        /// What it held.
        objects: Vec<String>,
        /// Who had made it.
        who: String,
        /// Why it is over.
        why: String,
    },
    /// Who may act has changed.
    ModeChanged {
        /// From now on.
        mode: Mode,
        /// Who changed it.
        who: String,
    },
    /// A link or node is drained or in use again: that was carried out. What has no other way stays on it, and is a finding of
    /// the answer.
    Drained {
        /// Its name.
        subject: String,
        /// Drained, or in use again.
        drained: bool,
        /// Who asked for it.
        who: String,
    },
    /// Services were moved off full links because a person asked for it, or may go back: that was carried out.
    Balanced {
        /// Which.
        services: Vec<ServiceId>,
        /// How many others are held where they are because of that, or are so no more.
        held: usize,
        /// Whether they may go back.
        back: bool,
        /// Who asked for it.
        who: String,
    },
    /// A maintenance window is open, and what it works on is drained: that was carried out.
    WindowOpened {
        /// Its name.
        window: String,
        /// The links and nodes that it works on.
        on: Vec<String>,
        /// Who answers for it, and its labels.
        why: String,
    },
    /// A maintenance window is over, and what it worked on is in use again, but for what is drained otherwise.
    WindowClosed {
        /// Its name.
        window: String,
        /// Who answers for it, and its labels; empty where it is not among the intents any more.
        why: String,
    },
    /// A set of intents was accepted.
    IntentsAccepted {
        /// Its number.
        revision: Revision,
        /// How many intents.
        intents: usize,
        /// How many services they make.
        services: usize,
        /// Who sent it.
        who: String,
    },
    /// An alarm began.
    AlarmRaised {
        /// The alarm policy; or `drift`, `loop-stopped` or `beyond-limit`, the controller's own.
        alarm: String,
        /// The line; of the controller's own alarms the device, the service, or what is held back.
        subject: String,
        /// How bad it is.
        severity: Severity,
        /// What tripped, with values.
        why: String,
        /// Services that have ridden the line since it went bad.
        services: Vec<ServiceId>,
    },
    /// An alarm is over.
    AlarmCleared {
        /// The alarm policy.
        alarm: String,
        /// The link.
        subject: String,
        /// How bad it was: who was told that it began, maybe before a restart, is told that it is over.
        was: Severity,
    },
    /// A promise is broken.
    PromiseBroken {
        /// Whose.
        service: ServiceId,
        /// Which part of it and by how much.
        what: String,
    },
    /// A promise is kept again.
    PromiseKept {
        /// Whose.
        service: ServiceId,
    },
    /// Whether a promise is kept is no longer known.
    PromiseUnknown {
        /// Whose.
        service: ServiceId,
        /// Why.
        why: String,
    },
    /// A change was worked out and proved.
    Proposed {
        /// Why there is a change.
        why: String,
        /// The headline of the plan.
        headline: String,
        /// Services whose path changes.
        services: Vec<ServiceId>,
        /// Devices that change.
        devices: usize,
        /// Compile, milliseconds.
        compile_ms: f64,
        /// Diff and plan, milliseconds.
        plan_ms: f64,
        /// Proof, milliseconds.
        prove_ms: f64,
        /// Whether it will be carried out now.
        act: bool,
    },
    /// A change was worked out and must not be carried out.
    Rejected {
        /// Why there should have been a change.
        why: String,
        /// What speaks against it.
        findings: Vec<Finding>,
    },
    /// A transaction begins.
    TransactionBegun {
        /// Its number.
        id: TransactionId,
        /// What it is for.
        phase: Phase,
        /// How many devices it changes.
        devices: usize,
    },
    /// A transaction ended.
    TransactionEnded {
        /// Its number.
        id: TransactionId,
        /// How.
        ending: Ending,
        /// Devices whose state is unknown.
        unresolved: BTreeSet<NodeId>,
        /// What devices said that refused or fell silent.
        errors: Vec<String>,
        /// From the first order to the last commit reply, milliseconds.
        commit_ms: f64,
        /// Read-back, milliseconds.
        readback_ms: f64,
        /// Decision and confirms, milliseconds.
        confirm_ms: f64,
    },
    /// A wave of a change is there for good, and is looked at before the next one begins.
    WaveWatched {
        /// Which wave, counted from 1.
        wave: usize,
        /// Of how many.
        of: usize,
        /// The services that have moved so far.
        services: Vec<ServiceId>,
        /// How many devices the wave changed.
        devices: usize,
        /// How long it is looked at, milliseconds.
        settle_ms: u64,
    },
    /// After a wave something got worse, or the change was called off: it goes no further, and what stands of it is taken back.
    WaveStopped {
        /// Which wave.
        wave: usize,
        /// Of how many.
        of: usize,
        /// What got worse, or who called it off.
        why: String,
    },
    /// Traffic was moved because of what was measured.
    Rerouted {
        /// Which services.
        services: Vec<ServiceId>,
        /// Away from trouble, or back after it.
        back: bool,
        /// Why.
        why: String,
        /// From the sample that completed the breach to the proved plan, milliseconds.
        breach_to_plan_ms: f64,
        /// From that sample to the last commit reply of the transaction that moves the traffic, milliseconds.
        breach_to_ack_ms: f64,
        /// Read-back of that transaction, milliseconds.
        #[serde(default)]
        readback_ms: f64,
        /// Decision and confirms of it, milliseconds.
        #[serde(default)]
        confirm_ms: f64,
    },
    /// Devices hold something else than they should.
    Drift {
        /// What differs.
        findings: Vec<Finding>,
    },
    /// The loop stopped moving a service because its moves did not help.
    Frozen {
        /// Which.
        service: ServiceId,
        /// Why.
        why: String,
    },
    /// The audit log is not what was written: somebody changed or removed an entry while the controller did not run.
    AuditBroken {
        /// Where, or why it cannot be read.
        why: String,
    },
    /// The journal cannot be written: nothing is changed until it can.
    JournalFailed {
        /// Why.
        why: String,
    },
}

impl EventKind {
    /// How much attention it asks for.
    pub fn severity(&self) -> Severity {
        match self {
            Self::AlarmRaised { severity, .. } => *severity,
            Self::JournalFailed { .. } | Self::AuditBroken { .. } => Severity::Error,
            Self::TransactionEnded { ending: Ending::Unresolved, .. } => Severity::Error,
            Self::PromiseBroken { .. }
            | Self::Rejected { .. }
            | Self::Frozen { .. }
            | Self::WaveStopped { .. } => Severity::Major,
            Self::DeviceDown { .. } | Self::Drift { .. } => Severity::Minor,
            Self::TransactionEnded { ending: Ending::RolledBack, .. } => Severity::Minor,
            Self::PromiseUnknown { .. } | Self::SourceDown { .. } => Severity::Warning,
            _ => Severity::Info,
        }
    }
}
