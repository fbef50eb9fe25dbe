//! The way in: commands to the controller and views of it. Everything that people and programs ask for comes through
//! here; the answers come from the one task that owns all state.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use intents::balance::{Balanced, Limits};
use model::{Finding, NodeId, Plan, Revision, ServiceId, Timestamp, hint::Balance, intent::Mode};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::{
    event::Event,
    rehearse::Rehearsed,
    schema::DeviceSchema,
    snapshot::{Snapshot, StateFile},
    terms::Manner,
};

/// Why a command was not carried out.
#[derive(Clone, Debug, Error, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Refusal {
    /// The intents, or what they ask of the network, are wrong.
    #[error("{} finding(s) stand against it", findings.len())]
    Findings {
        /// What is wrong.
        findings: Vec<Finding>,
    },
    /// The network was not adopted: the controller only observes.
    #[error("the network is not adopted: look at `trunkline status`, then run `trunkline adopt`")]
    NotAdopted,
    /// The mode does not allow it.
    #[error(
        "the mode is `{mode}`: nothing is sent; `trunkline mode recommend` allows changes that people make, `trunkline mode act` those of the loop too"
    )]
    Mode {
        /// The mode.
        mode: Mode,
    },
    /// The controller has just started and not every device was read yet.
    #[error("the network is being read: try again in a moment")]
    Reading,
    /// Another change is under way, or another optimisation where one is asked for.
    #[error("another change or optimisation is under way: try again when it is done")]
    Busy,
    /// Devices said no, and everything is as it was.
    #[error("it was rolled back: {}", errors.join("; "))]
    RolledBack {
        /// What they said.
        errors: Vec<String>,
    },
    /// Earlier transactions of the same change stand.
    #[error(
        "it was stopped half-way: what stands on {devices} device(s) is taken back, unless the mode is `observe`: {}",
        errors.join("; ")
    )]
    HalfDone {
        /// On how many devices a part of it stands.
        devices: usize,
        /// Why it went no further.
        errors: Vec<String>,
    },
    /// The intents in force do not fit the network file any more.
    #[error(
        "the intents in force do not fit the network file any more, so nothing is changed: mend the network file and start \
         again, or send intents that fit"
    )]
    Misfit {
        /// What does not fit.
        findings: Vec<Finding>,
    },
    /// It is not known what some devices hold.
    #[error("the outcome is unknown on {}: they are read again and put right, unless the mode is `observe`", nodes.join(", "))]
    Unresolved {
        /// Which devices.
        nodes: Vec<String>,
        /// What happened.
        errors: Vec<String>,
    },
    /// There is no such thing.
    #[error("there is no {what}")]
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// A device did not answer a question.
    #[error("{why}")]
    Device {
        /// Which, and why.
        why: String,
    },
    /// The journal cannot be written.
    #[error("{why}")]
    Journal {
        /// Why.
        why: String,
    },
    /// The controller is going down.
    #[error("the controller is stopping")]
    Stopping,
}

/// What a change did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Applied {
    /// The accepted set of intents.
    pub revision: Revision,
    /// Devices that were changed.
    pub devices: usize,
    /// Transactions that it took.
    pub transactions: usize,
    /// Objects that were written or removed.
    pub edits: usize,
    /// From the first order to the last confirm, milliseconds.
    pub took_ms: f64,
    /// Devices that did not answer and wait for their part of this change, or of an earlier one; also those that should hold
    /// something and are not in the inventory.
    pub left_out: BTreeSet<NodeId>,
    /// Services that moved in the first of two waves, and of which nothing was known at the end of the look at it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unseen: BTreeSet<ServiceId>,
    /// Objects that are left as devices hold them from now on, because somebody accepted them so.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub accepted: usize,
    /// Warnings.
    pub findings: Vec<Finding>,
}

const fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// A plan with its report, nothing sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// As a change ticket.
    pub text: String,
    /// Findings of validation, compilation and proof.
    pub findings: Vec<Finding>,
    /// What each device that it changes says to its part, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<BTreeMap<NodeId, Rehearsed>>,
}

/// Moves off full links with the plan that they come to, nothing sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Optimised {
    /// The moves, and how good that is.
    pub balanced: Balanced,
    /// The plan.
    pub plan: Plan,
    /// Both as a change ticket.
    pub text: String,
    /// Findings of compilation and proof.
    pub findings: Vec<Finding>,
}

/// How services are balanced.
#[derive(Clone, Debug, PartialEq)]
pub enum Balancing {
    /// These are kept off links from now on, beside those that are already.
    Off(BTreeMap<ServiceId, Balance>),
    /// These may ride what they were kept off, and those that are held because of them alone; all, where none is named.
    Back(BTreeSet<ServiceId>),
}

/// What is drained.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Subject {
    /// A link.
    Link(model::LinkId),
    /// A node.
    Node(model::NodeId),
}

/// Where an answer goes.
pub type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// What can be asked.
#[derive(Debug)]
pub enum Command {
    /// Make these files the intents and the network follow them.
    Apply {
        /// Files by name.
        files: BTreeMap<String, String>,
        /// Who asks.
        who: String,
        /// Why.
        message: String,
        /// Whether they may promise nothing, which takes all services off the network.
        remove_all: bool,
        /// How it is carried out.
        manner: Manner,
        /// The answer, when the network has followed.
        reply: Reply<Applied>,
    },
    /// Work out what these files would change.
    Plan {
        /// Files by name.
        files: BTreeMap<String, String>,
        /// How it would be carried out.
        manner: Manner,
        /// Whether the devices are asked whether they would take it.
        rehearse: bool,
        /// The answer.
        reply: Reply<Planned>,
    },
    /// Make an earlier set of intents the current one.
    Rollback {
        /// Which.
        to: Revision,
        /// Who asks.
        who: String,
        /// Why.
        message: String,
        /// Whether it may touch more of the network than one change may.
        beyond_limit: bool,
        /// The answer.
        reply: Reply<Applied>,
    },
    /// Allow or forbid acting.
    SetMode {
        /// From now on.
        mode: Mode,
        /// Who asks.
        who: String,
        /// The answer.
        reply: Reply<()>,
    },
    /// Give the controller the right to change the network.
    Adopt {
        /// Who asks.
        who: String,
        /// The answer.
        reply: Reply<()>,
    },
    /// Accept what routers hold otherwise than they should, as exceptions from the intents; no router gets anything.
    AdoptDrift {
        /// Which routers.
        nodes: BTreeSet<NodeId>,
        /// Who asks.
        who: String,
        /// Why.
        message: String,
        /// When it ends; when somebody takes it back, where absent.
        until: Option<Timestamp>,
        /// The answer.
        reply: Reply<Applied>,
    },
    /// Drain, or use again.
    Drain {
        /// What.
        subject: Subject,
        /// Drain, or use again.
        drain: bool,
        /// Who asks.
        who: String,
        /// Whether it may touch more of the network than one change may.
        beyond_limit: bool,
        /// The answer.
        reply: Reply<Applied>,
    },
    /// Put back what somebody changed of ours on some routers, also what was accepted there, and nothing on others.
    Restore {
        /// Which.
        nodes: BTreeSet<NodeId>,
        /// Who asks.
        who: String,
        /// Why.
        message: String,
        /// Whether it may touch more of the network than one change may.
        beyond_limit: bool,
        /// The answer.
        reply: Reply<Applied>,
    },
    /// Work out which services should leave full links.
    Optimise {
        /// How far that may go.
        limits: Limits,
        /// The answer.
        reply: Reply<Optimised>,
    },
    /// Keep services off links, or let some of them back.
    Balance {
        /// Which.
        balancing: Balancing,
        /// Who asks.
        who: String,
        /// Whether it may touch more of the network than one change may.
        beyond_limit: bool,
        /// The answer.
        reply: Reply<Applied>,
    },
    /// What `plan --state` needs.
    State {
        /// The answer.
        reply: Reply<StateFile>,
    },
    /// What a device's own modules are.
    Schema {
        /// Which device.
        node: NodeId,
        /// Only this module; all where absent.
        module: Option<String>,
        /// The answer.
        reply: Reply<DeviceSchema>,
    },
}

/// The way in. Clones lead to the same controller.
#[derive(Clone, Debug)]
pub struct Engine {
    /// Commands; bounded, so that askers wait rather than pile up.
    pub commands: mpsc::Sender<Command>,
    /// The latest picture.
    pub snapshot: watch::Receiver<Arc<Snapshot>>,
    /// What happens from now on.
    pub events: broadcast::Sender<Event>,
}

impl Engine {
    /// Sends a command and waits for its answer.
    ///
    /// # Errors
    /// The command was refused, or the controller is stopping.
    pub async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| Refusal::Stopping)?;
        answer.await.map_err(|_| Refusal::Stopping)?
    }
}
