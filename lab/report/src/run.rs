//! What a run was, as a value. Times are milliseconds from its start. What is not known is absent, never zero.

use serde::{Deserialize, Serialize};

/// A run.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// What it is called.
    pub title: String,
    /// What happens and what must be seen, for people.
    #[serde(default)]
    pub about: String,
    /// The rows of the case table that it shows.
    #[serde(default)]
    pub cites: Vec<String>,
    /// On which network.
    #[serde(default)]
    pub network: String,
    /// How long it took.
    pub length_ms: u32,
    /// What was measured.
    #[serde(default)]
    pub series: Vec<Series>,
    /// What happened, in the order of time.
    #[serde(default)]
    pub marks: Vec<Mark>,
    /// When promises were broken.
    #[serde(default)]
    pub spans: Vec<Span>,
    /// How traffic was moved.
    #[serde(default)]
    pub moves: Vec<Move>,
    /// What was expected and how it went.
    #[serde(default)]
    pub expectations: Vec<Expectation>,
    /// Single figures, such as the memory of the controller.
    #[serde(default)]
    pub figures: Vec<Figure>,
    /// What it came to.
    pub verdict: Verdict,
}

/// A value at a moment; none where it was not known then.
pub type Point = (u32, Option<f64>);

/// Values of one thing over time. Series of the same `plot` are drawn on the same axes, in the order in which they stand.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// The plot that it belongs to, for instance `loss of lines`.
    pub plot: String,
    /// The unit of its values, for instance `%`; one for a plot.
    pub unit: String,
    /// Of what it tells.
    pub name: String,
    /// Its values, by time.
    pub points: Vec<Point>,
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarkKind {
    /// Something got worse: a line that degrades, a process that is killed.
    Fault,
    /// The same is over: a line that heals.
    Heal,
    /// The controller, or a person through it, changed something.
    Decision,
    /// It went back to what was before.
    Restore,
    /// Something else that was said.
    Note,
}

/// Something that happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// When.
    pub at_ms: u32,
    /// What kind of thing.
    pub kind: MarkKind,
    /// What, in a sentence.
    pub text: String,
}

/// A time during which a promise was broken.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    /// From.
    pub from_ms: u32,
    /// To.
    pub to_ms: u32,
    /// Whose promise.
    pub what: String,
}

/// A move of traffic.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Move {
    /// When the routers had taken it.
    pub at_ms: u32,
    /// Back after trouble, or else away from it.
    pub back: bool,
    /// Who moved.
    pub services: Vec<String>,
    /// The links that they left.
    pub from: Vec<String>,
    /// The links that they took instead.
    pub to: Vec<String>,
    /// Why.
    pub why: String,
    /// From the sample that completed the breach to the proved plan, milliseconds.
    pub breach_to_plan_ms: Option<f64>,
    /// From that sample to the last commit reply, milliseconds.
    pub breach_to_ack_ms: Option<f64>,
    /// Read-back, milliseconds.
    pub readback_ms: Option<f64>,
    /// Decision and confirms, milliseconds.
    pub confirm_ms: Option<f64>,
}

/// Something that was expected.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Expectation {
    /// What.
    pub what: String,
    /// Whether it was met.
    pub met: bool,
    /// When that was known.
    pub at_ms: u32,
    /// Why.
    pub why: String,
}

/// A single figure.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figure {
    /// What it tells.
    pub name: String,
    /// With its unit.
    pub value: String,
}

/// What a run came to.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Whether all went as expected.
    pub passed: bool,
    /// In a sentence.
    pub text: String,
}
