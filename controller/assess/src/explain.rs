//! Why a condition holds, in words with values.

use model::{
    Condition, Loss,
    condition::{Comparison, Measured, Quantity, Truth},
};

/// The comparisons that hold, each with the value that was measured.
pub(crate) fn explain(
    condition: &Condition,
    measure: &dyn Fn(&Quantity) -> Option<Measured>,
    said: &mut Vec<String>,
) {
    match condition {
        Condition::All { all: parts } | Condition::Any { any: parts } => {
            for part in parts {
                explain(part, measure, said);
            }
        }
        Condition::One(comparison) => {
            if condition.judge(measure) == Truth::Holds
                && let Some(is) = measure(&comparison.quantity)
            {
                // A comparison writes its bound in its unit; so does one whose bound is the value.
                let bound = readable(&comparison.quantity, is.value);
                let value = Comparison { bound, above_contract: false, ..comparison.clone() }.to_string();
                let value = value.rsplit(' ').next().unwrap_or_default().to_owned();
                said.push(format!("{comparison} (is {value})"));
            }
        }
    }
}

/// A measured value as people say it: a loss has two digits, for it comes out of a division.
fn readable(quantity: &Quantity, value: u64) -> u64 {
    match (quantity, u32::try_from(value)) {
        (Quantity::Loss, Ok(loss)) => Loss::from_ppb(loss).rough().as_ppb().into(),
        _ => value,
    }
}
