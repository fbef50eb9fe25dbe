//! Scenarios: what is done to the network at which moment, and what must be seen then. `kind: Scenario`.
//!
//! Steps stand in the order of time. `within` counts from the action above, `by` from the start. Expectations wait side by
//! side: one does not hold up the next.

use std::collections::BTreeSet;

use formats::{
    code,
    text::{Fields, Report, Tree, Word, nearest, one_of},
};
use model::{Affinity, Delay, Finding, Jitter, LinkId, Loss, NodeId, Severity, Side, Span, Ted, VrfName};
use schemars::JsonSchema;
use serde::Serialize;

mod read;
mod variant;

/// A scenario.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scenario {
    /// The rows of the case table that it shows.
    pub cites: Vec<String>,
    /// What happens.
    pub steps: Vec<Step>,
    /// What may be varied by a seed.
    pub variants: Vec<Variant>,
}

/// A process of the lab.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Process {
    /// The controller.
    Controller,
}

/// What a person sends to the controller.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sent {
    /// The intents that are in force: the network is made to follow them again.
    Intents,
}

/// Something to do.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "kebab-case")]
pub enum Action {
    /// Makes a line worse than it is by itself. A later impairment of the same direction replaces an earlier one.
    Impair {
        /// The link.
        impair: LinkId,
        /// The end whose outgoing traffic suffers; both directions where absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<Side>,
        /// Delay to add.
        #[serde(skip_serializing_if = "Option::is_none")]
        delay: Option<Delay>,
        /// Variation to add.
        #[serde(skip_serializing_if = "Option::is_none")]
        jitter: Option<Jitter>,
        /// Loss to add, as a probability of its own.
        #[serde(skip_serializing_if = "Option::is_none")]
        loss: Option<Loss>,
    },
    /// Takes all impairments from a link.
    Heal {
        /// The link.
        heal: LinkId,
    },
    /// Cuts a link.
    Down {
        /// The link.
        down: LinkId,
    },
    /// Joins it again.
    Up {
        /// The link.
        up: LinkId,
    },
    /// Deletes the first steering rule of ours on a router, behind the controller's back.
    DeleteSteering {
        /// The router.
        delete_steering: NodeId,
        /// The first one of this VRF; of all where absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        vrf: Option<VrfName>,
    },
    /// Sends something to the controller, as a person would.
    Apply {
        /// What.
        apply: Sent,
    },
    /// Ends a process without warning.
    Kill {
        /// The process.
        kill: Process,
    },
    /// Starts it again.
    Start {
        /// The process.
        start: Process,
    },
}

/// Something that must be seen.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "kebab-case")]
pub enum Expectation {
    /// An alarm is raised after the action.
    Alarm {
        /// The alarm policy.
        alarm: String,
        /// The link that it is about; any where absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        link: Option<LinkId>,
    },
    /// An alarm is cleared after the action.
    Cleared {
        /// The alarm policy.
        cleared: String,
        /// The link that it is about; any where absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        link: Option<LinkId>,
    },
    /// Promises are kept (again), or are broken.
    Intent {
        /// A pattern for the names of services.
        intent: String,
        /// `true`: all of them are kept, after one was broken or else at the deadline. `false`: at least one is broken.
        kept: bool,
    },
    /// Traffic is moved exactly so often; judged at the deadline, or as soon as it is too often.
    Reroutes {
        /// How often.
        reroutes: u32,
    },
    /// A router is found to hold something else.
    Drift {
        /// The router.
        drift: NodeId,
    },
}

/// Until when.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Deadline {
    /// So long after the action above; only what is seen after that action counts.
    Within(Span),
    /// At this moment of the scenario; everything since its start counts.
    By(Span),
}

/// A step.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// Something to do.
    Do {
        /// When, from the start.
        at: Span,
        /// What.
        action: Action,
    },
    /// Something to see.
    Expect {
        /// What.
        expectation: Expectation,
        /// Until when.
        deadline: Deadline,
    },
}

/// What may stand in the place of the impaired line and of the promises that ride it.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Variant {
    /// Lines of this affinity.
    pub affinity: Affinity,
    /// Promises that ride them: a pattern for the names of services.
    pub intents: String,
}

impl Scenario {
    /// Reads a scenario. `file` is its name for findings only.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<Finding>> {
        crate::document(file, text, "Scenario", read::body, &["cites", "steps", "variants"])
    }

    /// The routers that it has to do with: those that it names and those at the ends of the links that it names, as far as the
    /// network has them. O(steps log links).
    pub fn nodes<'t>(&self, ted: &'t Ted) -> BTreeSet<&'t NodeId> {
        let mut all = BTreeSet::new();
        for (links, nodes) in self.steps.iter().map(targets) {
            let links = links.into_iter().filter_map(|id| ted.links.get(id));
            all.extend(links.flat_map(|link| [&link.a.node, &link.z.node]));
            all.extend(nodes.into_iter().filter_map(|id| ted.nodes.get(id)).map(|node| &node.id));
        }
        all
    }

    /// Links and nodes of the scenario that the network has not, as errors.
    pub fn check(&self, ted: &Ted) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (count, step) in (1..).zip(&self.steps) {
            let (links, nodes) = targets(step);
            let links = links.into_iter().filter(|id| !ted.links.contains_key(*id));
            let missing = links
                .map(|id| ("link", id.as_str(), nearest(id.as_str(), ted.links.keys().map(LinkId::as_str))));
            let nodes = nodes.into_iter().filter(|id| !ted.nodes.contains_key(*id));
            let nodes = nodes
                .map(|id| ("node", id.as_str(), nearest(id.as_str(), ted.nodes.keys().map(NodeId::as_str))));
            for (what, id, near) in missing.chain(nodes) {
                let message = format!("there is no {what} `{id}` in the network");
                let mut finding =
                    Finding::new(code::UNKNOWN_TARGET, Severity::Error, format!("step {count}"), message);
                finding.help = near.map(|near| format!("did you mean `{near}`?"));
                findings.push(finding);
            }
        }
        findings
    }
}

/// The links and nodes that a step names.
fn targets(step: &Step) -> (Vec<&LinkId>, Vec<&NodeId>) {
    match step {
        Step::Do { action, .. } => match action {
            Action::Impair { impair: link, .. }
            | Action::Heal { heal: link }
            | Action::Down { down: link }
            | Action::Up { up: link } => (vec![link], vec![]),
            Action::DeleteSteering { delete_steering, .. } => (vec![], vec![delete_steering]),
            Action::Apply { .. } | Action::Kill { .. } | Action::Start { .. } => (vec![], vec![]),
        },
        Step::Expect { expectation, .. } => match expectation {
            Expectation::Alarm { link, .. } | Expectation::Cleared { link, .. } => {
                (link.iter().collect(), vec![])
            }
            Expectation::Drift { drift } => (vec![], vec![drift]),
            Expectation::Intent { .. } | Expectation::Reroutes { .. } => (vec![], vec![]),
        },
    }
}

impl std::fmt::Display for Expectation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = |link: &Option<LinkId>| link.as_ref().map_or(String::new(), |link| format!(" of {link}"));
        match self {
            Self::Alarm { alarm, link } => write!(f, "alarm {alarm}{} is raised", of(link)),
            Self::Cleared { cleared, link } => write!(f, "alarm {cleared}{} is cleared", of(link)),
            Self::Intent { intent, kept: true } => write!(f, "{intent} is kept"),
            Self::Intent { intent, kept: false } => write!(f, "{intent} is broken"),
            Self::Reroutes { reroutes } => write!(f, "traffic moves exactly {reroutes} times"),
            Self::Drift { drift } => write!(f, "drift on {drift} is found"),
        }
    }
}

/// The shape of the file, for the schema.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Trunkline scenario")]
#[expect(dead_code, reason = "shape of the schema only")]
struct ScenarioFile {
    /// The version of the words.
    #[schemars(extend("const" = "trunkline/v1"))]
    api_version: String,
    /// What the file is.
    #[schemars(extend("const" = "Scenario"))]
    kind: String,
    /// The rows of the case table that it shows.
    #[serde(default)]
    cites: Vec<String>,
    /// What happens, in the order of time.
    steps: Vec<StepFile>,
    /// What may be varied by a seed.
    #[serde(default)]
    variants: Vec<Variant>,
}

/// A step as it is written: `at` and `do`, or `expect` and `within` or `by`.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "shape of the schema only")]
struct StepFile {
    /// When it is done, from the start.
    at: Option<Span>,
    /// What is done.
    r#do: Option<Action>,
    /// What must be seen.
    expect: Option<Expectation>,
    /// So long after the action above.
    within: Option<Span>,
    /// At this moment of the scenario.
    by: Option<Span>,
}

/// The JSON Schema of scenario files (`trunkline schema scenario`).
pub fn scenario_schema() -> serde_json::Value {
    schemars::schema_for!(ScenarioFile).to_value()
}

impl Word for Process {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "controller" => Ok(Self::Controller),
            _ => Err(format!("`{text}` is no process of the lab: only `controller` is")),
        }
    }
}

impl Word for Sent {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "intents" => Ok(Self::Intents),
            _ => Err(format!("`{text}` cannot be sent: only `intents` can")),
        }
    }
}

/// A side of a link as it is written.
struct End(Side);

impl Word for End {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "a" => Ok(Self(Side::A)),
            "z" => Ok(Self(Side::Z)),
            _ => Err(format!("`{text}` is not an end of a link: one of {}", one_of(&["a", "z"]))),
        }
    }
}

#[cfg(test)]
mod tests;
