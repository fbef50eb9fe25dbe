//! What a scenario does: to lines and routers, to the traffic that is offered, to the controller's process, and as a person would
//! through the controller.

use formats::text::{Word, one_of};
use model::{Delay, Jitter, LinkId, Loss, NodeId, Ratio, Side, Ted, VrfName};
use schemars::JsonSchema;
use serde::Serialize;

use super::{at_risk, of_node};

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

/// What a person lets the controller do.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Allowed {
    /// It only looks: the stop switch.
    Observe,
    /// It says what it would do.
    Recommend,
    /// It moves traffic by itself.
    Act,
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
    /// Cuts all links of a shared risk group: a digger in a duct.
    RiskDown {
        /// The group, as `srlg` of links names it.
        risk_down: String,
    },
    /// Joins them again.
    RiskUp {
        /// The group.
        risk_up: String,
    },
    /// Cuts all links of a router. Its management stays reachable, as over a network of its own.
    NodeDown {
        /// The router.
        node_down: NodeId,
    },
    /// Joins them again.
    NodeUp {
        /// The router.
        node_up: NodeId,
    },
    /// Cuts a router off from the controller: no session, no telemetry. It forwards all the same.
    Isolate {
        /// The router.
        isolate: NodeId,
    },
    /// Lets the controller reach it again. It holds what it held.
    Rejoin {
        /// The router.
        rejoin: NodeId,
    },
    /// Restarts a router with the configuration that it had before any controller came.
    Restart {
        /// The router.
        restart: NodeId,
    },
    /// Makes customers send more, or less, than they do by themselves. `100%` ends it.
    Surge {
        /// The VRF whose traffic it is.
        surge: VrfName,
        /// Only what begins or ends at this router; everywhere where absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<NodeId>,
        /// How much of the usual rate is sent.
        to: Ratio,
    },
    /// Asks the controller to lead traffic off a link, as before works on it.
    Drain {
        /// The link.
        drain: LinkId,
    },
    /// Lets traffic onto it again.
    Undrain {
        /// The link.
        undrain: LinkId,
    },
    /// Asks the controller to lead traffic around a router.
    DrainNode {
        /// The router.
        drain_node: NodeId,
    },
    /// Lets traffic through it again.
    UndrainNode {
        /// The router.
        undrain_node: NodeId,
    },
    /// Says what the controller may do by itself.
    Mode {
        /// What.
        mode: Allowed,
    },
    /// Deletes the first steering rule of ours on a router, behind the controller's back.
    DeleteSteering {
        /// The router.
        delete_steering: NodeId,
        /// The first one of this VRF; of all where absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        vrf: Option<VrfName>,
    },
    /// Asks the controller to put back on a router what somebody changed there.
    Restore {
        /// The router.
        restore: NodeId,
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

/// What a step names.
#[derive(Default)]
pub(super) struct Targets<'a> {
    pub(super) links: Vec<&'a LinkId>,
    pub(super) nodes: Vec<&'a NodeId>,
    pub(super) risks: Vec<&'a str>,
}

impl<'a> Targets<'a> {
    pub(super) fn link(link: &'a LinkId) -> Self {
        Self { links: vec![link], ..Self::default() }
    }

    pub(super) fn node(node: &'a NodeId) -> Self {
        Self { nodes: vec![node], ..Self::default() }
    }
}

impl Action {
    /// The most that a surge may make of traffic.
    pub const MOST_SURGE: Ratio = Ratio::from_ppm(1_000_000_000);

    /// The links that it cuts or joins, and whether it joins them; none where it does something else. O(links).
    pub fn cuts<'t>(&'t self, ted: &'t Ted) -> Option<(Vec<&'t LinkId>, bool)> {
        Some(match self {
            Self::Down { down } => (vec![down], false),
            Self::Up { up } => (vec![up], true),
            Self::RiskDown { risk_down } => (at_risk(ted, risk_down).map(|link| &link.id).collect(), false),
            Self::RiskUp { risk_up } => (at_risk(ted, risk_up).map(|link| &link.id).collect(), true),
            Self::NodeDown { node_down } => (of_node(ted, node_down).map(|link| &link.id).collect(), false),
            Self::NodeUp { node_up } => (of_node(ted, node_up).map(|link| &link.id).collect(), true),
            _ => return None,
        })
    }

    /// What it names.
    pub(super) fn targets(&self) -> Targets<'_> {
        match self {
            Self::Impair { impair: link, .. }
            | Self::Heal { heal: link }
            | Self::Down { down: link }
            | Self::Up { up: link }
            | Self::Drain { drain: link }
            | Self::Undrain { undrain: link } => Targets::link(link),
            Self::RiskDown { risk_down: risk } | Self::RiskUp { risk_up: risk } => {
                Targets { risks: vec![risk.as_str()], ..Targets::default() }
            }
            Self::NodeDown { node_down: node }
            | Self::NodeUp { node_up: node }
            | Self::Isolate { isolate: node }
            | Self::Rejoin { rejoin: node }
            | Self::Restart { restart: node }
            | Self::DrainNode { drain_node: node }
            | Self::UndrainNode { undrain_node: node }
            | Self::Restore { restore: node }
            | Self::DeleteSteering { delete_steering: node, .. } => Targets::node(node),
            Self::Surge { at, .. } => Targets { nodes: at.iter().collect(), ..Targets::default() },
            Self::Mode { .. } | Self::Apply { .. } | Self::Kill { .. } | Self::Start { .. } => {
                Targets::default()
            }
        }
    }
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

impl Word for Allowed {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "observe" => Ok(Self::Observe),
            "recommend" => Ok(Self::Recommend),
            "act" => Ok(Self::Act),
            _ => {
                let known = one_of(&["observe", "recommend", "act"]);
                Err(format!("`{text}` is not a mode: one of {known}"))
            }
        }
    }
}

/// A side of a link as it is written.
pub(super) struct End(pub(super) Side);

impl Word for End {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "a" => Ok(Self(Side::A)),
            "z" => Ok(Self(Side::Z)),
            _ => Err(format!("`{text}` is not an end of a link: one of {}", one_of(&["a", "z"]))),
        }
    }
}
