//! What the controller knows, as one immutable value for everybody who looks on: dashboard, API and commands.
//!
//! Numbers are in the units of the model (microseconds, 1e-9, bit/s, 1e-6). What is not known is absent, never zero.

use std::{collections::BTreeMap, sync::Arc};

use model::{
    LinkId, NodeId, Revision, ServiceId, Severity, Timestamp,
    intent::Mode,
    link::{DirectedLink, Side},
};
use serde::{Deserialize, Serialize};

use crate::{event::Event, words::Lacking};

pub use device::Rollback;
pub use plan::{Deviation, Difference, FieldDifference};

/// Of more objects of a device the names alone are shown, without their fields: one that lost all it held differs in thousands.
pub const WITH_FIELDS: usize = 50;

/// The whole picture at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// The moment.
    pub at: Timestamp,
    /// The state of the network that it shows.
    pub revision: Revision,
    /// The accepted set of intents.
    pub intents: Revision,
    /// Who may act.
    pub mode: Mode,
    /// Whether the network was adopted.
    pub adopted: bool,
    /// Whether a change is under way.
    pub changing: bool,
    /// The numbers on top.
    pub counts: Counts,
    /// Routers.
    pub nodes: Vec<NodeView>,
    /// Lines.
    pub links: Vec<LinkView>,
    /// Promises.
    pub services: Vec<ServiceView>,
    /// Alarms that stand.
    pub alarms: Vec<AlarmView>,
    /// What happened last, oldest first; bounded.
    pub timeline: Vec<Event>,
    /// Links and nodes that are drained, by people and by windows.
    pub drained: Vec<String>,
    /// Maintenance windows that are open, then those that come, by when they come; of those that are over none.
    #[serde(default)]
    pub windows: Vec<WindowView>,
    /// Services that are not promised now, by their schedules. They are not among the promises.
    #[serde(default)]
    pub resting: Vec<ServiceId>,
    /// Services that people had moved off full links, those that are held because of that, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub balanced: BTreeMap<ServiceId, model::hint::Balance>,
    /// Routers on which a change of ours is not finished, or was left half-way: they are put right as soon as they are read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unfinished: Vec<NodeId>,
    /// Findings of the last compilation, drift and collisions, as text; and what is odd in what is learned.
    pub findings: Vec<model::Finding>,
    /// Who says what of the network. It is large and seldom asked for, and so is read by itself.
    #[serde(skip)]
    pub sources: Arc<crate::learn::Sources>,
}

/// A maintenance window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowView {
    /// Its name.
    pub name: String,
    /// Whether it was opened: what it works on is drained.
    pub open: bool,
    /// Whether its schedule says that it is open. Where that is not the same, the change is under way, proposed or refused.
    pub due: bool,
    /// When its schedule closes or opens next; absent where it never does.
    pub next: Option<Timestamp>,
    /// Its schedule, in words.
    pub when: String,
    /// What it works on.
    pub on: Vec<String>,
    /// Who answers for it, and its labels.
    pub about: String,
}

/// The numbers on top of the dashboard.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Routers of the network.
    pub devices: usize,
    /// Routers that answer and were read.
    pub read: usize,
    /// Routers that were read and hold of ours what they should.
    pub in_sync: usize,
    /// Intents.
    pub intents: usize,
    /// Services.
    pub services: usize,
    /// SR policies that should stand.
    pub policies: usize,
    /// Promises that are kept.
    pub kept: usize,
    /// Promises that are broken.
    pub broken: usize,
    /// Promises of which it is not known.
    pub unknown: usize,
}

/// Whether a device can be driven.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum Session {
    /// Not tried yet.
    #[default]
    Unknown,
    /// It answers and was read.
    Up,
    /// It does not.
    Down {
        /// Why.
        why: String,
        /// Since when.
        since: Timestamp,
    },
}

/// A router.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeView {
    /// Its name.
    pub id: NodeId,
    /// What it is for.
    pub role: Option<String>,
    /// Where it is.
    pub site: Option<String>,
    /// Degrees north.
    pub lat: Option<f64>,
    /// Degrees east.
    pub lon: Option<f64>,
    /// `netconf`, `gnmi`, or nothing where the inventory does not have it.
    pub protocol: Option<String>,
    /// Whether it can be driven.
    pub session: Session,
    /// SR policies that should stand on it.
    pub policies: usize,
    /// When it was read last; absent where what it holds is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Timestamp>,
    /// What it was seen to hold otherwise than it should.
    pub differs: Vec<Difference>,
    /// Why it is not known whether it holds what it should; absent where it was compared.
    #[serde(default)]
    pub uncompared: Option<String>,
    /// What of it people accepted otherwise than the intents ask for, oldest first.
    #[serde(default)]
    pub exceptions: Vec<ExceptionView>,
    /// How many YANG modules it serves; absent where it did not say.
    #[serde(default)]
    pub modules: Option<usize>,
    /// What becomes there of a change that is not confirmed; absent where it did not say.
    #[serde(default)]
    pub rollback: Option<Rollback>,
    /// What a restart of it would take from what it runs, in words; absent where that is nothing, or not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup: Option<String>,
}

impl NodeView {
    /// Whether it answers, and is known to hold what it should.
    pub fn is_in_sync(&self) -> bool {
        self.session == Session::Up && self.uncompared.is_none() && self.differs.is_empty()
    }
}

/// What somebody accepted on a router otherwise than the intents ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionView {
    /// Who.
    pub who: String,
    /// When.
    pub since: Timestamp,
    /// Why.
    pub why: String,
    /// When it ends; absent where it stands until somebody takes it back.
    pub until: Option<Timestamp>,
    /// The objects; their fields as they are, and as the intents ask for them.
    pub objects: Vec<Difference>,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkView {
    /// Its name.
    pub id: LinkId,
    /// One end.
    pub a: NodeId,
    /// The other.
    pub z: NodeId,
    /// What it is for.
    pub role: Option<String>,
    /// Whether it is up; absent where nobody said.
    pub up: Option<bool>,
    /// Whether it is drained.
    pub drained: bool,
    /// Out of end `a`.
    pub a_to_z: DirectionView,
    /// Out of end `z`.
    pub z_to_a: DirectionView,
}

/// One direction of a line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectionView {
    /// Capacity, bit/s.
    pub bandwidth: u64,
    /// Load, bit/s.
    pub load: Option<u64>,
    /// One-way delay as measured, microseconds.
    pub delay: Option<u64>,
    /// The delay that the TED has, microseconds.
    pub planned_delay: u64,
    /// Delay variation as measured, microseconds.
    pub jitter: Option<u64>,
    /// Loss as measured, 1e-9.
    pub loss: Option<u32>,
    /// 0 to 100; absent where too little is known.
    pub score: Option<u8>,
    /// Why the score is not 100.
    pub reasons: Vec<String>,
    /// Load of the queues, in the order of names.
    pub queues: Vec<QueueView>,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueView {
    /// Its name.
    pub name: String,
    /// Load, bit/s.
    pub load: Option<u64>,
    /// What it always gets, bit/s; zero where nothing was promised to it.
    pub guarantee: u64,
    /// Packets dropped in the last window.
    pub drops: Option<u64>,
}

/// Whether a promise is kept.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PromiseState {
    /// It is.
    Kept,
    /// It is not.
    Broken,
    /// Too little is known.
    Unknown,
}

/// A promise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceView {
    /// Its name.
    pub id: ServiceId,
    /// The intent that it comes from.
    pub intent: String,
    /// Its class.
    pub class: String,
    /// One end.
    pub a: NodeId,
    /// The other.
    pub z: NodeId,
    /// Whether it is kept.
    pub state: PromiseState,
    /// Since when.
    pub since: Timestamp,
    /// What is broken or unknown, and where.
    pub why: Option<String>,
    /// Whether the loop moved it away from its planned path.
    pub moved: bool,
    /// What became of it when people moved services off full links; absent where nothing did, and where it gives way to others now.
    #[serde(default)]
    pub balanced: Option<Balanced>,
    /// Why it was refused, where the network cannot carry it.
    pub refused: Option<String>,
    /// Its directions.
    pub directions: Vec<RouteView>,
}

/// What an optimisation did to a service.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Balanced {
    /// It was moved off a full link.
    Moved,
    /// It stays where it was, and does not take the room that others left.
    Held,
}

/// One direction of a promise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteView {
    /// Where it enters.
    pub from: NodeId,
    /// Where it leaves.
    pub to: NodeId,
    /// Links of the path.
    pub path: Vec<HopView>,
    /// Links of the backup.
    pub backup: Vec<HopView>,
    /// The segment list.
    pub segments: Vec<String>,
    /// Why this path.
    pub reasons: Vec<String>,
    /// Delay end to end as measured, microseconds.
    pub delay: Option<u64>,
    /// Loss end to end as measured, 1e-9.
    pub loss: Option<u32>,
}

/// A step of a path.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct HopView {
    /// The link.
    pub link: LinkId,
    /// The end at which it is entered.
    pub from: Side,
}

impl From<&DirectedLink> for HopView {
    fn from(hop: &DirectedLink) -> Self {
        Self { link: hop.link.clone(), from: hop.from }
    }
}

/// An alarm that stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlarmView {
    /// The alarm policy; or `drift`, `loop-stopped` or `beyond-limit`, the controller's own.
    pub alarm: String,
    /// The line; of the controller's own alarms the device, the service, or what is held back.
    pub subject: String,
    /// How bad it is.
    pub severity: Severity,
    /// Since when.
    pub since: Timestamp,
    /// What tripped.
    pub why: String,
    /// Services that have ridden the line since it went bad.
    pub services: Vec<ServiceId>,
    /// Those of them that ride it now; the others were moved away or fell over to their backup.
    pub riding: Vec<ServiceId>,
}

/// What `trunkline plan --state` needs to give production's answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateFile {
    /// Format of this file.
    pub version: u32,
    /// What devices hold.
    pub actual: model::ActualState,
    /// The numbers that were given.
    pub ids: model::Allocations,
    /// What the loop has learned.
    pub hints: model::Hints,
    /// The intents in force, by file name.
    pub intents: BTreeMap<String, String>,
    /// When it was taken, as schedules count it.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// What devices' modules lack, of those that are known to lack something.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lacks: Lacking,
    /// What is learned of the network and laid over its file.
    #[serde(default, skip_serializing_if = "crate::learn::Learned::is_empty")]
    pub learned: crate::learn::Learned,
    /// What people accepted on devices otherwise than the intents ask for.
    #[serde(default, skip_serializing_if = "plan::Exceptions::is_empty")]
    pub exceptions: plan::Exceptions,
}
