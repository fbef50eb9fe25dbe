//! What the commands and who keeps a lab say to each other: a line of JSON each.

use ground::lab::{Fault, Status};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    ControllerFault, Mode,
    controller::Door,
    traffic::{Order, Seen},
};

/// What is said on standard output until the lab stands, a line each.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Said {
    /// How far it is.
    Progress(String),
    /// It stands.
    Ready(String),
    /// It does not, and why.
    Failed(String),
}

/// What can be asked, a line of JSON each.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Ask {
    /// What it is like.
    Status,
    /// To do something to it.
    Fault(Fault),
    /// To do something to its controller.
    Controller(ControllerFault),
    /// To have its hosts send.
    Traffic(Order),
    /// To take it away.
    Down,
}

/// What is answered, a line of JSON each.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    /// What it is like.
    Status(Box<Kept>),
    /// What became of its traffic.
    Traffic(Box<Seen>),
    /// It is done, or will be.
    Done,
    /// It is not, and why.
    Refused(String),
}

/// A lab and who drives it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    /// What forwards its packets.
    pub mode: Mode,
    /// What it is like.
    pub status: Status,
    /// Its controller; none where it has none.
    pub controller: Option<Door>,
}

/// A line that who keeps a lab says while it makes it.
pub(super) fn line(said: &Said) -> String {
    serde_json::to_string(said).unwrap_or_else(|error| Value::String(error.to_string()).to_string())
}
