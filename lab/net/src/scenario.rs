//! Scenarios: what is done to the network at which moment, and what must be seen then. `kind: Scenario`.
//!
//! Steps stand in the order of time. `within` counts from the action above, `by` from the start. Expectations wait side by
//! side: one does not hold up the next.

use std::collections::BTreeSet;

use formats::{code, text::nearest};
use model::{Affinity, Finding, LinkId, NodeId, Severity, Span, Ted, finding::Place};
use schemars::JsonSchema;
use serde::Serialize;

mod action;
mod expectation;

mod read;
mod variant;

pub use action::{Action, Allowed, Process, Sent};
pub use expectation::Expectation;

use action::Targets;

/// A scenario.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scenario {
    /// The rows of the case table that it shows.
    pub cites: Vec<String>,
    /// What happens.
    pub steps: Vec<Step>,
    /// Where each of the steps stands in its file; none where that is not known.
    pub places: Vec<Option<Place>>,
    /// What may be varied by a seed.
    pub variants: Vec<Variant>,
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
    /// network has them. O(steps x links).
    pub fn nodes<'t>(&self, ted: &'t Ted) -> BTreeSet<&'t NodeId> {
        let mut all = BTreeSet::new();
        for step in &self.steps {
            let Targets { links, nodes, risks } = targets(step);
            let named = links.into_iter().filter_map(|id| ted.links.get(id));
            let shared = risks.into_iter().flat_map(|risk| at_risk(ted, risk));
            all.extend(named.chain(shared).flat_map(|link| [&link.a.node, &link.z.node]));
            all.extend(nodes.into_iter().filter_map(|id| ted.nodes.get(id)).map(|node| &node.id));
        }
        all
    }

    /// The links that it does something to or looks at, as far as the network has them, in the order of their names: those that it
    /// names, those of a shared risk, and all of a router that it names. O(steps x links).
    pub fn links<'t>(&self, ted: &'t Ted) -> BTreeSet<&'t LinkId> {
        let mut all = BTreeSet::new();
        for step in &self.steps {
            let Targets { links, nodes, risks } = targets(step);
            all.extend(links.into_iter().filter_map(|id| ted.links.get(id)).map(|link| &link.id));
            all.extend(risks.into_iter().flat_map(|risk| at_risk(ted, risk)).map(|link| &link.id));
            all.extend(nodes.into_iter().flat_map(|node| of_node(ted, node)).map(|link| &link.id));
        }
        all
    }

    /// Links, nodes and shared risks of the scenario that the network has not, as errors.
    pub fn check(&self, ted: &Ted) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (count, step) in (1..).zip(&self.steps) {
            let Targets { links, nodes, risks } = targets(step);
            let mut missing = Vec::new();
            for id in links.into_iter().filter(|id| !ted.links.contains_key(*id)) {
                let near = nearest(id.as_str(), ted.links.keys().map(LinkId::as_str));
                missing.push(("link", id.to_string(), near.map(str::to_owned)));
            }
            for id in nodes.into_iter().filter(|id| !ted.nodes.contains_key(*id)) {
                let near = nearest(id.as_str(), ted.nodes.keys().map(NodeId::as_str));
                missing.push(("node", id.to_string(), near.map(str::to_owned)));
            }
            for risk in risks.into_iter().filter(|risk| at_risk(ted, risk).next().is_none()) {
                let known: BTreeSet<&str> =
                    ted.links.values().flat_map(|link| &link.srlg).map(String::as_str).collect();
                let near = nearest(risk, known.into_iter());
                missing.push(("shared risk", risk.to_owned(), near.map(str::to_owned)));
            }
            for (what, id, near) in missing {
                let message = format!("there is no {what} `{id}` in the network");
                let mut finding = self.finding(count, code::UNKNOWN_TARGET, message);
                finding.help = near.map(|near| format!("did you mean `{near}`?"));
                findings.push(finding);
            }
        }
        findings
    }

    /// An error in the step of this number, from 1, with its place in the file.
    pub fn finding(&self, step: usize, code: &str, message: impl Into<String>) -> Finding {
        let place = step.checked_sub(1).and_then(|at| self.places.get(at)).cloned().flatten();
        Finding { place, ..Finding::new(code, Severity::Error, format!("step {step}"), message) }
    }
}

/// The links of a shared risk group. O(links).
fn at_risk<'t>(ted: &'t Ted, risk: &str) -> impl Iterator<Item = &'t model::Link> {
    ted.links.values().filter(move |link| link.srlg.contains(risk))
}

/// The links of a router. O(links).
fn of_node<'t>(ted: &'t Ted, node: &NodeId) -> impl Iterator<Item = &'t model::Link> {
    ted.links.values().filter(move |link| link.a.node == *node || link.z.node == *node)
}

/// What a step names.
fn targets(step: &Step) -> Targets<'_> {
    match step {
        Step::Do { action, .. } => action.targets(),
        Step::Expect { expectation, .. } => expectation.targets(),
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

#[cfg(test)]
mod tests;
