use model::Finding;
use proptest::prelude::*;

use super::*;
use crate::tests::{CLASSES, documents, minimal_ted, service};

fn told(docs: &[&str]) -> Vec<Finding> {
    let (Ok((_, mut found)) | Err(mut found)) = crate::validate(&documents(docs), &minimal_ted());
    found.retain(|one| [codes::CONSTANT_CONDITION, codes::ALWAYS_BREACHED].contains(&one.code.as_str()));
    found
}

fn messages(when: &str) -> Vec<String> {
    let text = format!(
        "apiVersion: trunkline/v1\nkind: AlarmPolicy\nmetadata: {{name: a}}\nspec:\n  when: {{{when}}}\n  severity: major\n"
    );
    told(&[CLASSES, &text]).into_iter().map(|one| one.message).collect()
}

#[test]
fn a_comparison_that_decides_nothing_is_told_with_the_reason() {
    for (when, message) in [
        (
            "any: [utilisation < 0%]",
            "`utilisation < 0%` can never hold, because no utilisation is below zero: the alarm is never raised",
        ),
        (
            "any: [utilisation >= 0%]",
            "`utilisation >= 0%` always holds, because no utilisation is below zero: the alarm stands for ever",
        ),
        (
            "all: [loss > 100%]",
            "`loss > 100%` can never hold, because no loss is above 100%: the alarm is never raised",
        ),
        (
            "all: [loss <= 100%]",
            "`loss <= 100%` always holds, because no loss is above 100%: the alarm stands for ever",
        ),
        (
            "all: [loss > contract + 100%]",
            "`loss > contract + 100%` can never hold, because no loss is above 100%: the alarm is never raised",
        ),
        (
            "any: [queue(voice).drops >= 0]",
            "`queue(voice).drops >= 0` always holds, because no number of drops is below zero: the alarm stands for ever",
        ),
        (
            "any: [utilisation > contract]",
            "`utilisation > contract + 0%` can never hold, because no contract promises a utilisation: the alarm is never raised",
        ),
        // What is left decides.
        ("any: [delay < 0ms, loss > 1%]", "`delay < 0us` can never hold, because no delay is below zero"),
        ("all: [delay >= 0ms, loss > 1%]", "`delay >= 0us` always holds, because no delay is below zero"),
    ] {
        assert_eq!(messages(when), [message], "{when}");
    }
}

#[test]
fn parts_that_contradict_each_other_are_told_in_pairs() {
    for (when, message) in [
        (
            "all: [loss > 1%, delay > 30ms, delay < 10ms]",
            "`delay > 30ms` and `delay < 10ms` never hold together: the alarm is never raised",
        ),
        (
            "all: [delay > 30ms, delay <= 30ms]",
            "`delay > 30ms` and `delay <= 30ms` never hold together: the alarm is never raised",
        ),
        (
            "any: [{all: [loss > 2%, loss < 1%]}, delay > 1s]",
            "`loss > 2%` and `loss < 1%` never hold together",
        ),
        (
            "any: [delay > 10ms, delay <= 10ms]",
            "one of `delay > 10ms` and `delay <= 10ms` always holds: the alarm stands for ever",
        ),
        (
            "all: [delay < 20ms, delay > contract + 20ms]",
            "`delay < 20ms` and `delay > contract + 20ms` never hold together: the alarm is never raised",
        ),
        (
            "all: [delay > 30ms, {any: [delay < 10ms, delay < 20ms]}]",
            "this condition can never hold, whatever is measured: the alarm is never raised",
        ),
    ] {
        assert_eq!(messages(when), [message], "{when}");
    }
}

#[test]
fn what_can_come_and_go_is_not_told() {
    for when in [
        "all: [delay > 10ms, delay < 30ms]",
        "all: [delay >= 30ms, delay <= 30ms]",
        "all: [utilisation > 100%, loss >= 100%]",
        "any: [delay > contract + 20ms, delay < contract]",
        "all: [queue(voice).drops > 0, queue(business).drops < 1]",
        "all: [delay > contract, delay < 20ms]",
        "any: [delay > 10ms, delay < 5ms]",
    ] {
        assert_eq!(messages(when), [""; 0], "{when}");
    }
}

#[test]
fn a_breach_that_holds_always_is_told_once() {
    let of = |breach: &str| {
        let text = format!(
            "  connectivity: {{type: p2p, endpoints: [hq-pe1, br-1]}}\n  assurance: {{breach: {{any: [{breach}]}}}}"
        );
        told(&[CLASSES, &service("s", &text)])
            .into_iter()
            .map(|one| (one.code, one.message))
            .collect::<Vec<_>>()
    };
    let constant = |message: &str| vec![(codes::CONSTANT_CONDITION.to_owned(), message.to_owned())];
    let always = "`delay >= 0us` always holds, because no delay is below zero: the loop looks for another path for ever";
    assert_eq!(of("delay >= 0ms"), constant(always));
    let never = "`loss > 100%` can never hold, because no loss is above 100%: the loop never acts";
    assert_eq!(of("loss > 100%"), constant(never));
    assert_eq!(of("delay > 1us")[0].0, codes::ALWAYS_BREACHED);
}

fn condition() -> impl Strategy<Value = Condition> {
    let quantity = prop::sample::select(vec![Quantity::Delay, Quantity::Loss, Quantity::Utilisation]);
    let ordering =
        prop::sample::select(vec![Ordering::Above, Ordering::AtLeast, Ordering::Below, Ordering::AtMost]);
    let one =
        (quantity, ordering, any::<bool>(), 0_u64..4).prop_map(|(quantity, ordering, contract, bound)| {
            let above_contract = contract && has_contract(&quantity);
            Condition::One(Comparison { quantity, ordering, above_contract, bound })
        });
    one.prop_recursive(3, 12, 4, |inner| {
        let parts = prop::collection::vec(inner, 1..4);
        (any::<bool>(), parts).prop_map(|(all, parts)| match all {
            true => Condition::All { all: parts },
            false => Condition::Any { any: parts },
        })
    })
}

proptest! {
    /// Against every combination of small values and contracts: what is called impossible never happens.
    #[test]
    fn what_is_called_impossible_does_not_happen(condition in condition()) {
        use model::condition::{Measured, Truth};
        for wanted in [false, true] {
            if !is_impossible(&condition, wanted, &Known::new()) {
                continue;
            }
            let values = 0_u64..7;
            for delay in values.clone() {
                for (loss, utilisation, promised) in
                    values.clone().flat_map(|loss| [0, 3, 6].map(|utilisation| (loss, utilisation)))
                        .flat_map(|(loss, utilisation)| [0_u64, 1, 4].map(|promised| (loss, utilisation, promised)))
                {
                    let measure = |quantity: &Quantity| {
                        let (value, contract) = match quantity {
                            Quantity::Delay => (delay, Some(promised)),
                            Quantity::Loss => (loss, Some(promised)),
                            _ => (utilisation, None),
                        };
                        Some(Measured { value, contract })
                    };
                    let truth = condition.judge(&measure);
                    prop_assert_ne!(truth, if wanted { Truth::Holds } else { Truth::Not });
                }
            }
        }
    }
}
