//! What clients send and what some reads answer: the bodies that are not values of the engine.

use std::collections::{BTreeMap, BTreeSet};

use engine::{
    balance::Limits,
    handle::Subject,
    terms::{Manner, Waves},
};
use model::{NodeId, Revision, ServiceId, Timestamp, hint::Balance, intent::Mode};
use serde::{Deserialize, Serialize};
use store::AuditEntry;

use crate::body::Body;

/// Why a change is made, and whether it may touch more of the network than one change may.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reason {
    /// Why; stands in the log.
    pub message: String,
    /// Whether it may touch more of the network than one change may; then the reason must be said.
    pub beyond_limit: bool,
}

impl From<&str> for Reason {
    /// A reason for a change within the limit.
    fn from(message: &str) -> Self {
        Self { message: message.to_owned(), beyond_limit: false }
    }
}

/// Answer of `audit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditLog {
    /// Whether every entry, also of those that are not shown here, follows from the one before it.
    pub intact: bool,
    /// The first entry that does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<u64>,
    /// Newest first.
    pub entries: Vec<AuditEntry>,
}

/// Body of `intents/apply`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplyRequest {
    /// Intent files by name; together they are the whole set.
    pub files: BTreeMap<String, String>,
    /// Why; stands in the log.
    pub message: String,
    /// Whether files without any service may take all services off the network.
    #[serde(default, rename = "removeAll", skip_serializing_if = "std::ops::Not::not")]
    pub remove_all: bool,
    /// Services of a few far ends first, with a look at the network before the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waves: Option<Waves>,
    /// Whether it may touch more of the network than one change may.
    #[serde(default, rename = "beyondLimit", skip_serializing_if = "std::ops::Not::not")]
    pub beyond_limit: bool,
}

impl ApplyRequest {
    /// A request that takes nothing off the network by an oversight.
    pub fn new(files: BTreeMap<String, String>, message: impl Into<String>) -> Self {
        Self { files, message: message.into(), remove_all: false, waves: None, beyond_limit: false }
    }

    /// How it is to be carried out.
    pub const fn manner(&self) -> Manner {
        Manner { waves: self.waves, beyond_limit: self.beyond_limit }
    }
}

impl Body for ApplyRequest {
    const LOOKS: &'static str = r#"{"files": {"NAME.yaml": "TEXT"}, "message": "WHY"}, "removeAll": true where no service shall stay, "waves": {"first": 2, "settle": "60s"}, "beyondLimit": true"#;
}

/// Body of `intents/plan`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanRequest {
    /// Intent files by name; together they are the whole set.
    pub files: BTreeMap<String, String>,
    /// As of `intents/apply`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waves: Option<Waves>,
    /// Whether the routers that it would change are asked whether they would take it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rehearse: bool,
}

impl From<BTreeMap<String, String>> for PlanRequest {
    /// Files that would be carried out at once; no router is asked.
    fn from(files: BTreeMap<String, String>) -> Self {
        Self { files, waves: None, rehearse: false }
    }
}

impl Body for PlanRequest {
    const LOOKS: &'static str =
        r#"{"files": {"NAME.yaml": "TEXT"}}, "waves": {"first": 2, "settle": "60s"}, "rehearse": true"#;
}

/// Body of `rollback`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollbackRequest {
    /// The accepted set to go back to.
    pub revision: Revision,
    /// Why; stands in the log.
    #[serde(default)]
    pub message: String,
    /// Whether it may touch more of the network than one change may.
    #[serde(default, rename = "beyondLimit", skip_serializing_if = "std::ops::Not::not")]
    pub beyond_limit: bool,
}

impl Body for RollbackRequest {
    const LOOKS: &'static str = r#"{"revision": NUMBER, "message": "WHY"}, and "beyondLimit": true"#;
}

/// Body of `mode`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModeRequest {
    /// From now on.
    pub mode: Mode,
    /// Why; stands in the log.
    #[serde(default)]
    pub message: String,
}

impl Body for ModeRequest {
    const LOOKS: &'static str = r#"{"mode": "observe", "recommend" or "act", "message": "WHY"}"#;
}

/// Body of `adopt`; may be left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdoptRequest {
    /// Routers of which what they hold otherwise than they should is accepted; where none is named, the whole network is adopted: the
    /// controller may change it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub nodes: BTreeSet<NodeId>,
    /// Why; stands in the log.
    #[serde(default)]
    pub message: String,
    /// When what is accepted ends; when somebody takes it back, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Body for AdoptRequest {
    const LOOKS: &'static str = r#"{"message": "WHY"}, or nothing; {"nodes": ["NAME"], "message": "WHY", "until": MICROSECONDS} for routers"#;
}

/// Body of `drain` and `undrain`: exactly one of link and node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrainRequest {
    /// A link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<model::LinkId>,
    /// A node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<model::NodeId>,
    /// Why; stands in the log.
    #[serde(default)]
    pub message: String,
    /// Whether it may touch more of the network than one change may.
    #[serde(default, rename = "beyondLimit", skip_serializing_if = "std::ops::Not::not")]
    pub beyond_limit: bool,
}

impl DrainRequest {
    /// A request for a subject.
    pub fn of(subject: &Subject, reason: Reason) -> Self {
        let (link, node) = match subject {
            Subject::Link(link) => (Some(link.clone()), None),
            Subject::Node(node) => (None, Some(node.clone())),
        };
        let Reason { message, beyond_limit } = reason;
        Self { link, node, message, beyond_limit }
    }

    /// The subject, where exactly one is named.
    pub fn subject(&self) -> Option<Subject> {
        match (&self.link, &self.node) {
            (Some(link), None) => Some(Subject::Link(link.clone())),
            (None, Some(node)) => Some(Subject::Node(node.clone())),
            _ => None,
        }
    }
}

impl Body for DrainRequest {
    const LOOKS: &'static str =
        r#"{"link": "NAME", "message": "WHY"}, or "node" in the place of "link", and "beyondLimit": true"#;
}

/// Body of `restore`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreRequest {
    /// Routers, one or more.
    pub nodes: BTreeSet<NodeId>,
    /// Why; stands in the log.
    #[serde(default)]
    pub message: String,
    /// Whether it may touch more of the network than one change may.
    #[serde(default, rename = "beyondLimit", skip_serializing_if = "std::ops::Not::not")]
    pub beyond_limit: bool,
}

impl Body for RestoreRequest {
    const LOOKS: &'static str = r#"{"nodes": ["NAME"], "message": "WHY"}, and "beyondLimit": true"#;
}

/// Body of `optimise`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OptimiseRequest(pub Limits);

impl Body for OptimiseRequest {
    const LOOKS: &'static str =
        r#"{"moves": 3, "relieve": "LINK", "goal": "60%", "effort": 500}, each of which may be left out"#;
}

/// Body of `balance`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalanceRequest {
    /// The services, each with the links that it is kept off: `balanced.balanced` of what `optimise` answered.
    pub services: BTreeMap<ServiceId, Balance>,
    /// Why; stands in the log.
    #[serde(default)]
    pub message: String,
    /// Whether it may touch more of the network than one change may.
    #[serde(default, rename = "beyondLimit", skip_serializing_if = "std::ops::Not::not")]
    pub beyond_limit: bool,
}

impl Body for BalanceRequest {
    const LOOKS: &'static str = r#"{"services": {"NAME": {"off": ["LINK"], "why": "WHY"}}, "message": "WHY"}, and "beyondLimit": true"#;
}

/// Body of `unbalance`; may be left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnbalanceRequest {
    /// Which services; all where none is named.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub services: BTreeSet<ServiceId>,
    /// Why; stands in the log.
    #[serde(default)]
    pub message: String,
    /// Whether it may touch more of the network than one change may.
    #[serde(default, rename = "beyondLimit", skip_serializing_if = "std::ops::Not::not")]
    pub beyond_limit: bool,
}

impl Body for UnbalanceRequest {
    const LOOKS: &'static str = r#"{"services": ["NAME"], "message": "WHY", "beyondLimit": true}, each of which may be left out, or nothing"#;
}

/// An accepted set of intents without its files.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionSummary {
    /// Its number.
    pub revision: Revision,
    /// When it was accepted.
    pub at: Timestamp,
    /// Who sent it.
    pub who: String,
    /// Why.
    pub message: String,
    /// Names of its files.
    pub files: Vec<String>,
    /// Whether it is the one in force.
    pub current: bool,
}
