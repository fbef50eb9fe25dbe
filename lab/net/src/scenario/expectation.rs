//! What must be seen of the controller.

use model::{LinkId, NodeId};
use schemars::JsonSchema;
use serde::Serialize;

use super::action::Targets;

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
        /// Exactly so often, each direction of a link by itself; judged at the deadline, or as soon as it is too often. At least
        /// once where absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        times: Option<u32>,
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
    /// No promise is broken from the action to the deadline; that one is not known does not count.
    Unbroken {
        /// A pattern for the names of services.
        unbroken: String,
    },
    /// Where services are led, judged at the deadline.
    Path {
        /// A pattern for the names of services.
        path: String,
        /// The path of each of them leads over this link, in one direction at least.
        #[serde(skip_serializing_if = "Option::is_none")]
        uses: Option<LinkId>,
        /// The path of none of them does.
        #[serde(skip_serializing_if = "Option::is_none")]
        avoids: Option<LinkId>,
    },
    /// The loop moves traffic so often; judged at the deadline, or as soon as it is too often.
    Reroutes {
        /// How often; exactly, where `at-most` is absent.
        reroutes: u32,
        /// Up to so often.
        #[serde(skip_serializing_if = "Option::is_none")]
        at_most: Option<u32>,
    },
    /// Exactly so many transactions begin, whoever asks for them; judged as re-routes are.
    Changes {
        /// How many.
        changes: u32,
    },
    /// A router can be driven (again), or cannot.
    Device {
        /// The router.
        device: NodeId,
        /// Which of them.
        up: bool,
    },
    /// A router is found to hold something else.
    Drift {
        /// The router.
        drift: NodeId,
    },
}

impl Expectation {
    /// What it names.
    pub(super) fn targets(&self) -> Targets<'_> {
        match self {
            Self::Alarm { link, .. } | Self::Cleared { link, .. } => {
                Targets { links: link.iter().collect(), ..Targets::default() }
            }
            Self::Path { uses, avoids, .. } => {
                Targets { links: uses.iter().chain(avoids).collect(), ..Targets::default() }
            }
            Self::Drift { drift: node } | Self::Device { device: node, .. } => Targets::node(node),
            Self::Intent { .. } | Self::Unbroken { .. } | Self::Reroutes { .. } | Self::Changes { .. } => {
                Targets::default()
            }
        }
    }

    /// The pattern of names that it has.
    pub(crate) fn names(&self) -> Option<&str> {
        match self {
            Self::Intent { intent: names, .. }
            | Self::Unbroken { unbroken: names }
            | Self::Path { path: names, .. } => Some(names),
            _ => None,
        }
    }
}

impl std::fmt::Display for Expectation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = |link: &Option<LinkId>| link.as_ref().map_or(String::new(), |link| format!(" of {link}"));
        match self {
            Self::Alarm { alarm, link, times: None } => write!(f, "alarm {alarm}{} is raised", of(link)),
            Self::Alarm { alarm, link, times: Some(0) } => {
                write!(f, "alarm {alarm}{} is not raised", of(link))
            }
            Self::Alarm { alarm, link, times: Some(times) } => {
                write!(f, "alarm {alarm}{} is raised exactly {times} times", of(link))
            }
            Self::Cleared { cleared, link } => write!(f, "alarm {cleared}{} is cleared", of(link)),
            Self::Intent { intent, kept: true } => write!(f, "{intent} is kept"),
            Self::Intent { intent, kept: false } => write!(f, "{intent} is broken"),
            Self::Unbroken { unbroken } => write!(f, "{unbroken} is never broken"),
            Self::Path { path, uses: Some(link), .. } => write!(f, "{path} goes over {link}"),
            Self::Path { path, avoids, .. } => {
                write!(f, "{path} does not go over {}", avoids.as_ref().map_or("", LinkId::as_str))
            }
            Self::Reroutes { reroutes, at_most: None } => write!(f, "traffic moves exactly {reroutes} times"),
            Self::Reroutes { reroutes, at_most: Some(most) } => {
                write!(f, "traffic moves {reroutes} to {most} times")
            }
            Self::Changes { changes: 0 } => f.write_str("nothing is sent to any router"),
            Self::Changes { changes } => write!(f, "exactly {changes} transactions begin"),
            Self::Device { device, up: true } => write!(f, "{device} can be driven"),
            Self::Device { device, up: false } => write!(f, "{device} cannot be driven"),
            Self::Drift { drift } => write!(f, "drift on {drift} is found"),
        }
    }
}
