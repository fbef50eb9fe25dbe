//! On what terms a change is made: at once or in waves, how much of the network it may touch, and on which devices.

use std::{collections::BTreeSet, fmt};

use model::{NodeId, Ratio, Span};
use plan::ChangePolicy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long a wave is looked at where nobody says.
pub const USUAL_SETTLE: Span = Span::from_secs(60);
/// The shortest look: telemetry comes once a second.
pub const SHORTEST_SETTLE: Span = Span::from_secs(1);
/// The longest look: no other change begins meanwhile.
pub const LONGEST_SETTLE: Span = Span::from_secs(900);

/// A change in two waves, with a look at the network between them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waves {
    /// To so many far ends, such as branches, services move first; 1 or more.
    pub first: usize,
    /// How long the first wave is looked at, [`SHORTEST_SETTLE`] to [`LONGEST_SETTLE`].
    #[serde(default = "usual_settle")]
    pub settle: Span,
}

const fn usual_settle() -> Span {
    USUAL_SETTLE
}

/// How a person wants a change carried out.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Manner {
    /// In waves; all at once where absent.
    pub waves: Option<Waves>,
    /// Also where it touches more of the network than one change may.
    pub beyond_limit: bool,
}

impl Manner {
    /// All at once, and more of the network than usual only where that is said.
    pub const fn at_once(beyond_limit: bool) -> Self {
        Self { waves: None, beyond_limit }
    }
}

/// So many, or a part of all.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(untagged, expecting = "give a number, such as 30, or a share of all, such as 25%")]
pub enum Share {
    /// So many.
    Count(usize),
    /// A part of all.
    Part(Ratio),
}

impl Share {
    /// How many that is of `all`, rounded down; at least one, where it is not nothing.
    pub fn of(self, all: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Part(part) if part == Ratio::ZERO => 0,
            Self::Part(part) => {
                let all = u64::try_from(all).unwrap_or(u64::MAX);
                let part = u128::from(all) * u128::from(part.as_ppm()) / 1_000_000;
                usize::try_from(part).unwrap_or(usize::MAX).max(1)
            }
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Part(part) => write!(f, "{part} of all"),
        }
    }
}

/// How much of the network one change may touch; as much as it likes where nothing is said.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Most {
    /// Devices that it changes; a part is of those of the inventory.
    pub devices: Option<Share>,
    /// Services whose paths move or go.
    pub services: Option<Share>,
}

/// The terms of one change.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Terms {
    /// How it is carried out.
    pub manner: Manner,
    /// How much of the network it may touch.
    pub most: Most,
    /// The devices that it may change; all of them where nothing is said.
    pub only: Option<BTreeSet<NodeId>>,
    /// Devices on which a change of ours is not finished: what differs there is nobody's wish.
    pub unfinished: BTreeSet<NodeId>,
}

impl Terms {
    /// How a change that is not urgent is ordered.
    pub fn policy(&self) -> ChangePolicy {
        self.manner
            .waves
            .map_or(ChangePolicy::Careful, |waves| ChangePolicy::Waves { first: waves.first.max(1) })
    }

    /// The same for a change that may touch as much as it has to.
    #[must_use]
    pub fn unlimited(self) -> Self {
        Self { most: Most::default(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_down_and_is_at_least_one_unless_it_is_nothing() {
        let share = |text: &str| serde_yaml::from_str::<Share>(text).unwrap();
        for (text, all, many) in [
            ("30", 120, 30),
            ("0", 120, 0),
            ("25%", 120, 30),
            ("25%", 5, 1),
            ("0.1%", 5, 1),
            ("0%", 5, 0),
            ("150%", 4, 6),
        ] {
            assert_eq!(share(text).of(all), many, "{text} of {all}");
        }
        assert_eq!((share("30").to_string(), share("25%").to_string()), ("30".into(), "25% of all".into()));
    }

    #[test]
    fn what_is_neither_a_number_nor_a_share_is_told_how_to_be_one() {
        for text in ["many", "-1", "0.5", "25", "[1]"] {
            match serde_yaml::from_str::<Share>(text) {
                Ok(share) => assert_eq!((text, share), ("25", Share::Count(25))),
                Err(error) => assert!(error.to_string().contains("a share of all, such as 25%"), "{error}"),
            }
        }
    }

    #[test]
    fn waves_are_looked_at_for_a_minute_where_nobody_says() {
        let waves: Waves = serde_json::from_str(r#"{"first": 2}"#).unwrap();
        assert_eq!(waves, Waves { first: 2, settle: USUAL_SETTLE });
        let terms = Terms { manner: Manner { waves: Some(waves), ..Manner::default() }, ..Terms::default() };
        assert_eq!(terms.policy(), ChangePolicy::Waves { first: 2 });
        assert_eq!(Terms::default().policy(), ChangePolicy::Careful);
        assert!(serde_json::from_str::<Waves>(r#"{"first": 2, "setle": "1s"}"#).is_err());
    }
}
