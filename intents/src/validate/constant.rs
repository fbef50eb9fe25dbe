//! Conditions that hold always or never, whatever is measured: an alarm that stands for ever, or one that nobody will ever see.
//!
//! Every comparison bounds one quantity on one side. Parts that must hold together narrow what is possible, and of parts of which one is
//! enough each is tried on what is left. So whatever is told is so; a contradiction that shows only when several lists of alternatives are
//! tried together is not found.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Loss,
    condition::{Comparison, Condition, Ordering, Quantity},
};

use super::Judge;
use crate::{codes, doc::Document, source::Mark};

/// A condition of more comparisons is not looked at: nobody wrote it by hand.
const MOST: usize = 1_000;

/// What a condition is for, and so what follows where it is constant.
#[derive(Clone, Copy)]
pub(super) enum Use {
    Alarm,
    Breach,
}

impl Use {
    const fn consequence(self, holds: bool) -> &'static str {
        match (self, holds) {
            (Self::Alarm, false) => ": the alarm is never raised",
            (Self::Alarm, true) => ": the alarm stands for ever",
            (Self::Breach, false) => ": the loop never acts",
            (Self::Breach, true) => ": the loop looks for another path for ever",
        }
    }
}

/// Tells of the smallest parts of a condition that hold always or never.
pub(super) fn judge(doc: &Document, mark: Mark, condition: &Condition, of: Use, judge: &mut Judge<'_>) {
    if size(condition) > MOST {
        return;
    }
    let whole = [false, true].into_iter().find(|holds| is_impossible(condition, !holds, &Known::new()));
    let mut told = BTreeSet::new();
    find(condition, &mut |constant| {
        let follows = whole.map_or("", |holds| of.consequence(holds));
        let message = format!("{}{follows}", constant.what);
        if told.insert(message.clone()) {
            judge.warn(codes::CONSTANT_CONDITION, doc, mark, message).help(constant.help);
        }
    });
}

/// Whether a condition holds whatever is measured.
pub(super) fn is_always(condition: &Condition) -> bool {
    size(condition) <= MOST && is_impossible(condition, false, &Known::new())
}

fn size(condition: &Condition) -> usize {
    match condition {
        Condition::One(_) => 1,
        Condition::All { all: parts } | Condition::Any { any: parts } => parts.iter().map(size).sum(),
    }
}

/// A part that holds always or never, in words.
struct Constant {
    what: String,
    help: &'static str,
}

/// Finds them; whether there is one. Of what contains one nothing is told: it may follow from that.
fn find(condition: &Condition, tell: &mut dyn FnMut(Constant)) -> bool {
    let parts = match condition {
        Condition::One(one) => {
            let found = alone(one);
            let is_constant = found.is_some();
            found.into_iter().for_each(tell);
            return is_constant;
        }
        Condition::All { all: parts } | Condition::Any { any: parts } => parts,
    };
    // Each is looked at before the first ends it.
    let within = parts.iter().filter(|part| find(part, tell)).count() > 0;
    if within {
        return true;
    }
    let holds = [false, true].into_iter().find(|holds| is_impossible(condition, !holds, &Known::new()));
    if let Some(holds) = holds {
        tell(together(condition, parts, holds));
    }
    holds.is_some()
}

/// What is wrong with a comparison by itself.
fn alone(one: &Comparison) -> Option<Constant> {
    let name = name(&one.quantity);
    if one.above_contract && !has_contract(&one.quantity) {
        let what = format!("`{one}` can never hold, because no contract promises a {name}");
        return Some(Constant { what, help: "compare it with a number" });
    }
    let condition = Condition::One(one.clone());
    let holds = [false, true].into_iter().find(|holds| is_impossible(&condition, !holds, &Known::new()))?;
    let word = if holds { "always holds" } else { "can never hold" };
    // What is promised may be anything, so that only the upper end is known beside it.
    let above = matches!(one.ordering, Ordering::Above | Ordering::AtLeast) != holds;
    let limit = match (above, &one.quantity) {
        (true, Quantity::Loss) => "above 100%",
        (true, _) => "that large",
        (false, _) => "below zero",
    };
    let what = format!("`{one}` {word}, because no {name} is {limit}");
    Some(Constant { what, help: "correct the comparison or its bound, or remove it" })
}

/// What is wrong with parts that are right by themselves: two of them where two are enough to say so.
fn together(condition: &Condition, parts: &[Condition], holds: bool) -> Constant {
    let ones: Vec<&Comparison> = parts
        .iter()
        .filter_map(|part| if let Condition::One(one) = part { Some(one) } else { None })
        .collect();
    let all = matches!(condition, Condition::All { .. });
    let is_such = |pair: [&Comparison; 2]| {
        let parts = pair.map(|one| Condition::One(one.clone())).to_vec();
        let pair = if all { Condition::All { all: parts } } else { Condition::Any { any: parts } };
        is_impossible(&pair, !holds, &Known::new())
    };
    let mut pairs =
        ones.iter().enumerate().flat_map(|(place, one)| ones[place + 1..].iter().map(|other| [*one, *other]));
    match (pairs.find(|pair| is_such(*pair)), holds) {
        (Some([one, other]), false) => Constant {
            what: format!("`{one}` and `{other}` never hold together"),
            help: "correct a bound, or write `any` where one of them is enough",
        },
        (Some([one, other]), true) => Constant {
            what: format!("one of `{one}` and `{other}` always holds"),
            help: "correct a bound, or write `all` where both are meant",
        },
        (None, false) => Constant {
            what: "this condition can never hold, whatever is measured".to_owned(),
            help: "its parts contradict each other: correct a bound",
        },
        (None, true) => Constant {
            what: "this condition always holds, whatever is measured".to_owned(),
            help: "its parts leave nothing out: correct a bound",
        },
    }
}

const fn name(quantity: &Quantity) -> &'static str {
    match quantity {
        Quantity::Utilisation => "utilisation",
        Quantity::Delay => "delay",
        Quantity::Jitter => "jitter",
        Quantity::Loss => "loss",
        Quantity::QueueDrops(_) => "number of drops",
        Quantity::QueueDepth(_) => "depth of a queue",
    }
}

const fn has_contract(quantity: &Quantity) -> bool {
    matches!(quantity, Quantity::Delay | Quantity::Jitter | Quantity::Loss)
}

/// A quantity, or how far it lies beyond what its contract promises.
type Key<'c> = (&'c Quantity, bool);

/// The values that are left for each, from and to, both within, in the stored unit.
type Known<'c> = BTreeMap<Key<'c>, (i128, i128)>;

/// Values that a quantity can have, whatever its contract promises.
fn domain((quantity, above_contract): Key<'_>) -> (i128, i128) {
    let most = match quantity {
        Quantity::Loss => u64::from(Loss::ALL.as_ppb()),
        _ => u64::MAX,
    };
    (if above_contract { -i128::from(u64::MAX) } else { 0 }, i128::from(most))
}

/// Whether a condition can never come out as wanted: holding, or not holding.
fn is_impossible<'c>(condition: &'c Condition, wanted: bool, known: &Known<'c>) -> bool {
    let mut known = known.clone();
    let mut open = Vec::new();
    if !narrow(condition, wanted, &mut known, &mut open) {
        return true;
    }
    open.into_iter().any(|parts| parts.iter().all(|part| is_impossible(part, wanted, &known)))
}

/// Takes out what cannot be any more; whether anything is left. Lists of which one part is enough are left `open`.
fn narrow<'c>(
    condition: &'c Condition,
    wanted: bool,
    known: &mut Known<'c>,
    open: &mut Vec<&'c [Condition]>,
) -> bool {
    match condition {
        Condition::One(one) => narrow_one(one, wanted, known),
        Condition::All { all: parts } if wanted => parts.iter().all(|part| narrow(part, wanted, known, open)),
        Condition::Any { any: parts } if !wanted => {
            parts.iter().all(|part| narrow(part, wanted, known, open))
        }
        Condition::All { all: parts } | Condition::Any { any: parts } => {
            open.push(parts);
            true
        }
    }
}

fn narrow_one<'c>(one: &'c Comparison, wanted: bool, known: &mut Known<'c>) -> bool {
    if matches!(one.quantity, Quantity::QueueDepth(_)) {
        // Nothing measures it, which is told elsewhere.
        return true;
    }
    if one.above_contract && !has_contract(&one.quantity) {
        return !wanted;
    }
    let bound = i128::from(one.bound);
    let (from, to) = match (one.ordering, wanted) {
        (Ordering::Above, true) | (Ordering::AtMost, false) => (bound + 1, i128::MAX),
        (Ordering::AtLeast, true) | (Ordering::Below, false) => (bound, i128::MAX),
        (Ordering::Below, true) | (Ordering::AtLeast, false) => (i128::MIN, bound - 1),
        (Ordering::AtMost, true) | (Ordering::Above, false) => (i128::MIN, bound),
    };
    let key = (&one.quantity, one.above_contract);
    let left = known.entry(key).or_insert_with(|| domain(key));
    *left = (left.0.max(from), left.1.min(to));
    let is_left = left.0 <= left.1;
    // What is promised is not below zero, so that nothing is farther beyond it than it is large itself.
    let of =
        |above| known.get(&(&one.quantity, above)).copied().unwrap_or_else(|| domain((&one.quantity, above)));
    is_left && of(true).0 <= of(false).1
}

#[cfg(test)]
mod tests;
