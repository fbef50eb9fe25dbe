//! Conditions on what is measured: `delay > contract + 20ms`, `queue(production).drops > 0`, combined by `all` and `any`.
//! Alarm policies (case E6) and the breach of an intent are written with them.

use std::{collections::BTreeMap, fmt, str::FromStr};

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{tag, take_till1},
    character::complete::multispace0,
    combinator::{all_consuming, opt, rest, value},
    sequence::{delimited, preceded, terminated},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    finding::Severity,
    id::QueueName,
    time::Span,
    unit::{BadUnit, Delay, Jitter, Loss, Ratio},
};

/// Why a text is not a comparison.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error(
    "`{text}` is not a condition: {why}; write it like `delay > 30ms`, `loss > 0.5%`, `delay > contract + 20ms` or `queue(production).drops > 0`"
)]
pub struct BadCondition {
    /// The text as it was given, cut to 80 characters.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
}

/// What is compared.
#[derive(Clone, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Quantity {
    /// Load of a link as a share of its bandwidth, or of a queue's class.
    Utilisation,
    /// One-way delay.
    Delay,
    /// Delay variation.
    Jitter,
    /// Loss.
    Loss,
    /// Packets that a queue dropped within the window; any queue where none is named.
    QueueDrops(Option<QueueName>),
    /// Depth of a queue as a share of its buffer.
    QueueDepth(Option<QueueName>),
}

/// How it is compared.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub enum Ordering {
    /// `>`
    #[serde(rename = ">")]
    Above,
    /// `>=`
    #[serde(rename = ">=")]
    AtLeast,
    /// `<`
    #[serde(rename = "<")]
    Below,
    /// `<=`
    #[serde(rename = "<=")]
    AtMost,
}

/// `delay > contract + 20ms`. The bound is in the unit in which the quantity is stored: microseconds, 1e-9, 1e-6, packets.
#[derive(Clone, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Comparison {
    /// What.
    pub quantity: Quantity,
    /// How.
    pub ordering: Ordering,
    /// Whether the bound is added to what the link's contract promises.
    pub above_contract: bool,
    /// Against what.
    pub bound: u64,
}

/// A tree of comparisons.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", untagged)]
pub enum Condition {
    /// Every one of them.
    All {
        /// The parts; an empty list holds.
        all: Vec<Condition>,
    },
    /// At least one of them.
    Any {
        /// The parts; an empty list does not hold.
        any: Vec<Condition>,
    },
    /// A comparison.
    One(Comparison),
}

/// Whether a condition holds on what is known: what was never measured makes it unknown, not false.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Truth {
    /// It holds.
    Holds,
    /// It does not.
    Not,
    /// Too little is known to say.
    Unknown,
}

impl Condition {
    /// Judges the condition; `measure` gives a quantity in its stored unit with the contract's value where there is one.
    /// A comparison against a contract that promises nothing is unknown.
    pub fn judge(&self, measure: &dyn Fn(&Quantity) -> Option<Measured>) -> Truth {
        match self {
            Self::All { all } => {
                all.iter().fold(Truth::Holds, |so_far, part| match (so_far, part.judge(measure)) {
                    (Truth::Not, _) | (_, Truth::Not) => Truth::Not,
                    (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
                    _ => Truth::Holds,
                })
            }
            Self::Any { any } => {
                any.iter().fold(Truth::Not, |so_far, part| match (so_far, part.judge(measure)) {
                    (Truth::Holds, _) | (_, Truth::Holds) => Truth::Holds,
                    (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
                    _ => Truth::Not,
                })
            }
            Self::One(comparison) => comparison.judge(measure(&comparison.quantity)),
        }
    }
}

/// A measured quantity beside what the contract promises for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Measured {
    /// As measured, in the stored unit.
    pub value: u64,
    /// As promised.
    pub contract: Option<u64>,
}

impl Comparison {
    fn judge(&self, measured: Option<Measured>) -> Truth {
        let Some(measured) = measured else { return Truth::Unknown };
        let bound = match (self.above_contract, measured.contract) {
            (false, _) => self.bound,
            (true, Some(contract)) => contract.saturating_add(self.bound),
            (true, None) => return Truth::Unknown,
        };
        let holds = match self.ordering {
            Ordering::Above => measured.value > bound,
            Ordering::AtLeast => measured.value >= bound,
            Ordering::Below => measured.value < bound,
            Ordering::AtMost => measured.value <= bound,
        };
        if holds { Truth::Holds } else { Truth::Not }
    }
}

/// Watches links and raises an alarm once, however long the condition lasts (case E6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlarmPolicy {
    /// Its name.
    pub name: String,
    /// The links it watches: their `role` and labels; all where empty.
    pub links: BTreeMap<String, String>,
    /// What raises it.
    pub when: Condition,
    /// The window over which rates and drops are taken.
    pub over: Span,
    /// How long the condition must last.
    pub hold: Span,
    /// How long it must be over before the alarm clears.
    pub clear_after: Span,
    /// How bad it is.
    pub severity: Severity,
}

fn quantity(text: &str) -> IResult<&str, Quantity> {
    let queue = (
        preceded(tag("queue"), opt(delimited(tag("("), take_till1(|c| c == ')'), tag(")")))),
        preceded(tag("."), alt((value(true, tag("drops")), value(false, tag("depth"))))),
    );
    alt((
        value(Quantity::Utilisation, tag("utilisation")),
        value(Quantity::Delay, tag("delay")),
        value(Quantity::Jitter, tag("jitter")),
        value(Quantity::Loss, tag("loss")),
        nom::combinator::map_opt(queue, |(name, drops): (Option<&str>, bool)| {
            let name = match name {
                Some(text) => Some(text.trim().parse::<QueueName>().ok()?),
                None => None,
            };
            Some(if drops { Quantity::QueueDrops(name) } else { Quantity::QueueDepth(name) })
        }),
    ))
    .parse(text)
}

type Parts<'a> = (Quantity, Ordering, Option<&'a str>, &'a str);

fn comparison(text: &str) -> IResult<&str, Parts<'_>> {
    let ordering = alt((
        value(Ordering::AtLeast, tag(">=")),
        value(Ordering::AtMost, tag("<=")),
        value(Ordering::Above, tag(">")),
        value(Ordering::Below, tag("<")),
    ));
    all_consuming((
        delimited(multispace0, quantity, multispace0),
        terminated(ordering, multispace0),
        opt(terminated(tag("contract"), (multispace0, opt(tag("+")), multispace0))),
        rest,
    ))
    .parse(text)
}

/// What is wrong with a bound, without the advice how to write it: that of the whole condition has it.
fn alone(error: &BadUnit) -> String {
    let told = error.to_string();
    match told.strip_suffix(&format!("; {}", error.advice)) {
        Some(shorter) if error.advice.starts_with("write it like") => shorter.to_owned(),
        _ => told,
    }
}

impl FromStr for Comparison {
    type Err = BadCondition;
    fn from_str(text: &str) -> Result<Self, BadCondition> {
        let bad = |why: String| BadCondition { text: text.chars().take(80).collect(), why };
        let (_, (quantity, ordering, contract, bound)) = comparison(text)
            .map_err(|_| bad("it needs utilisation, delay, jitter, loss, queue.drops or queue.depth, then > >= < or <=".into()))?;
        let bound = bound.trim();
        let number = match (&quantity, bound) {
            (_, "") if contract.is_some() => 0,
            (Quantity::Utilisation | Quantity::QueueDepth(_), _) => {
                bound.parse::<Ratio>().map_err(|e| bad(alone(&e)))?.as_ppm()
            }
            (Quantity::Delay, _) => bound.parse::<Delay>().map_err(|e| bad(alone(&e)))?.as_micros(),
            (Quantity::Jitter, _) => bound.parse::<Jitter>().map_err(|e| bad(alone(&e)))?.as_micros(),
            (Quantity::Loss, _) => u64::from(bound.parse::<Loss>().map_err(|e| bad(alone(&e)))?.as_ppb()),
            (Quantity::QueueDrops(_), _) => {
                bound.parse().map_err(|_| bad(format!("`{bound}` is not a number of packets")))?
            }
        };
        let all = match quantity {
            Quantity::Loss => u64::from(Loss::ALL.as_ppb()),
            Quantity::QueueDepth(_) => 1_000_000,
            _ => u64::MAX,
        };
        if number > all {
            return Err(bad("more than 100% is never there".to_owned()));
        }
        Ok(Self { quantity, ordering, above_contract: contract.is_some(), bound: number })
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queue =
            |name: &Option<QueueName>| name.as_ref().map_or(String::new(), |name| format!("({name})"));
        let (what, bound) = match &self.quantity {
            Quantity::Utilisation => ("utilisation".to_owned(), Ratio::from_ppm(self.bound).to_string()),
            Quantity::Delay => ("delay".to_owned(), Delay::from_micros(self.bound).to_string()),
            Quantity::Jitter => ("jitter".to_owned(), Jitter::from_micros(self.bound).to_string()),
            Quantity::Loss => {
                let loss = Loss::from_ppb(u32::try_from(self.bound).unwrap_or(u32::MAX));
                ("loss".to_owned(), loss.to_string())
            }
            Quantity::QueueDrops(name) => (format!("queue{}.drops", queue(name)), self.bound.to_string()),
            Quantity::QueueDepth(name) => {
                (format!("queue{}.depth", queue(name)), Ratio::from_ppm(self.bound).to_string())
            }
        };
        let ordering = match self.ordering {
            Ordering::Above => ">",
            Ordering::AtLeast => ">=",
            Ordering::Below => "<",
            Ordering::AtMost => "<=",
        };
        let contract = if self.above_contract { "contract + " } else { "" };
        write!(f, "{what} {ordering} {contract}{bound}")
    }
}

impl TryFrom<String> for Comparison {
    type Error = BadCondition;
    fn try_from(text: String) -> Result<Self, BadCondition> {
        text.parse()
    }
}

impl From<Comparison> for String {
    fn from(comparison: Comparison) -> String {
        comparison.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_bound_is_told_with_one_advice_how_to_write_it() {
        let told = "delay > 30Mbps".parse::<Comparison>().unwrap_err().to_string();
        assert_eq!(told.matches("write it like").count(), 1, "{told}");
        assert!(
            told.contains("the unit `Mbps` is not one of us, ms, s; write it like `delay > 30ms`"),
            "{told}"
        );
        let meant = "delay > 30msec".parse::<Comparison>().unwrap_err().to_string();
        assert!(meant.contains("did you mean `30ms`?"), "{meant}");
    }

    #[test]
    fn a_condition_reads_as_it_is_written() {
        for text in [
            "delay > contract + 20ms",
            "loss >= 0.5%",
            "queue(production).drops > 0",
            "utilisation > 80%",
            "queue.depth < 50%",
        ] {
            assert_eq!(text.parse::<Comparison>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_wrong_condition_says_what_is_wrong() {
        let error = "delay > 20Mbps".parse::<Comparison>().unwrap_err().to_string();
        assert!(error.contains("`Mbps` is not one of us, ms, s"), "{error}");
        for text in ["loss > 400%", "queue.depth > 101%"] {
            let error = text.parse::<Comparison>().unwrap_err().to_string();
            assert!(error.contains("more than 100%"), "{error}");
        }
        let error = "latency > 20ms".parse::<Comparison>().unwrap_err().to_string();
        assert!(error.contains("it needs utilisation, delay"), "{error}");
    }

    #[test]
    fn what_was_never_measured_is_unknown_not_false() {
        let one = |text: &str| Condition::One(text.parse().unwrap());
        let only_loss = |quantity: &Quantity| {
            (*quantity == Quantity::Loss).then_some(Measured { value: 10_000_000, contract: None })
        };
        assert_eq!(one("loss > 0.5%").judge(&only_loss), Truth::Holds);
        assert_eq!(one("delay > 5ms").judge(&only_loss), Truth::Unknown);
        assert_eq!(one("loss > contract + 0.1%").judge(&only_loss), Truth::Unknown);
        let any = Condition::Any { any: vec![one("delay > 5ms"), one("loss > 0.5%")] };
        assert_eq!(any.judge(&only_loss), Truth::Holds);
        let all = Condition::All { all: vec![one("delay > 5ms"), one("loss > 0.5%")] };
        assert_eq!(all.judge(&only_loss), Truth::Unknown);
    }
}
