//! What may be wrong with a flow, as a value with its code, how bad it is, and its words.

use std::fmt;

use model::{Delay, Jitter, Loss, PolicyKey};
use traffic::{DropReason, IgpReason, WHOLE};

use super::visits::Missed;
use crate::codes;

/// What is wrong with a flow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault<'f> {
    OtherPolicy {
        rides: PolicyKey,
        expected: PolicyKey,
    },
    /// Its preferred path is not valid although nothing failed.
    NotPreferred(u32),
    ByIgp(&'f IgpReason),
    /// Dropped on purpose: see [`Promise`](super::judge::Promise).
    KnownDown,
    Dropped(&'f DropReason),
    NothingArrives,
    Loop {
        share: u64,
        /// The path itself was chosen so, say by waypoints.
        planned: bool,
    },
    Unencrypted,
    Unvisited(Missed<'f>),
    Delay {
        is: Delay,
        most: Delay,
        /// How much of it packets wait in queues, where that is what breaks the promise.
        waits: Option<Delay>,
    },
    Jitter {
        is: Jitter,
        most: Jitter,
    },
    Loss {
        is: Loss,
        most: Loss,
    },
}

impl Fault<'_> {
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::OtherPolicy { .. } | Self::NotPreferred(_) | Self::ByIgp(_) => codes::NOT_STEERED,
            Self::KnownDown | Self::Dropped(_) | Self::NothingArrives => codes::NOT_DELIVERED,
            Self::Loop { .. } => codes::LOOP,
            Self::Unencrypted => codes::UNENCRYPTED,
            Self::Unvisited(_) => codes::UNVISITED,
            Self::Delay { .. } => codes::DELAY_BROKEN,
            Self::Jitter { .. } => codes::JITTER_BROKEN,
            Self::Loss { .. } => codes::LOSS_BROKEN,
        }
    }

    /// What of a promise it breaks, in a word or two that go before `of` a service.
    pub(crate) const fn breaks(&self) -> &'static str {
        match self {
            Self::OtherPolicy { .. } | Self::NotPreferred(_) | Self::ByIgp(_) => "steering",
            Self::KnownDown | Self::Dropped(_) | Self::NothingArrives => "delivery",
            Self::Loop { .. } => "a straight way",
            Self::Unencrypted => "encryption",
            Self::Unvisited(_) => "waypoints",
            Self::Delay { .. } => "delay",
            Self::Jitter { .. } => "jitter",
            Self::Loss { .. } => "loss",
        }
    }

    /// How bad it is, in the stored unit of what is broken.
    pub(crate) fn amount(&self) -> u64 {
        match self {
            Self::Loop { share, .. } => *share,
            Self::Delay { is, .. } => is.as_micros(),
            Self::Jitter { is, .. } => is.as_micros(),
            Self::Loss { is, .. } => u64::from(is.as_ppb()),
            _ => 0,
        }
    }

    /// Whether a measured promise is not kept, which a flow that offers too much has itself to blame for.
    pub(crate) const fn is_slo(&self) -> bool {
        matches!(self, Self::Delay { .. } | Self::Jitter { .. } | Self::Loss { .. })
    }
}

impl fmt::Display for Fault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherPolicy { rides, expected } => {
                write!(f, "rides the policy {rides} instead of {expected}")
            }
            Self::NotPreferred(preference) => {
                write!(f, "its preferred path is not valid, it rides that of preference {preference}")
            }
            Self::ByIgp(why) => write!(f, "follows the IGP: {}", igp(why)),
            Self::KnownDown => f.write_str(
                "dropped rather than sent in clear: its path and its backup each have a link that is down",
            ),
            Self::Dropped(why) => f.write_str(&drop_reason(why)),
            Self::NothingArrives => f.write_str("nothing of it arrives"),
            Self::Loop { share, .. } => {
                write!(
                    f,
                    "arrives, but crosses the same line {} times in the same direction",
                    share.div_ceil(WHOLE)
                )
            }
            Self::Unencrypted => f.write_str("crosses a line without encryption"),
            Self::Unvisited(missed) => write!(f, "{missed}"),
            Self::Delay { is, most, waits } => {
                write!(f, "delay {is}, promised {most}")?;
                waits.map_or(Ok(()), |waits| write!(f, "; {waits} of it waits in queues of full lines"))
            }
            Self::Jitter { is, most } => write!(f, "jitter {is}, promised {most}"),
            Self::Loss { is, most } => {
                // What is only just too much keeps its digits.
                let said = Some(is.rough()).filter(|rough| rough > most).unwrap_or(*is);
                write!(f, "loss {said}, promised {most}")
            }
        }
    }
}

fn igp(why: &IgpReason) -> String {
    match why {
        IgpReason::NoRule => "no steering rule of its headend matches it".into(),
        IgpReason::NoPolicy(color) => {
            format!("its rule gives color {}, for which no policy leads there", color.number())
        }
        IgpReason::PolicyInvalid { key, faults } => {
            format!("no candidate path of policy {key} is valid ({})", list(faults))
        }
        IgpReason::Local => "it leaves where it enters".into(),
    }
}

fn drop_reason(why: &DropReason) -> String {
    match why {
        DropReason::PolicyInvalid { key, faults } => {
            format!("dropped: no candidate path of policy {key} is valid ({})", list(faults))
        }
        DropReason::Unreachable { from, to, after } => {
            format!("dropped: the IGP has no way from {from} to {to}; {}", igp(after))
        }
        DropReason::NodeDown(node) => format!("dropped: {node} is down"),
        DropReason::UnknownNode(node) => format!("dropped: {node} is not in the network"),
    }
}

fn list(faults: &[traffic::Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
