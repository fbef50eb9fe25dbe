//! Text to scenario, all faults at once.

use formats::{
    code,
    text::{Fields, Mark, Report, Tree, one_of},
};
use model::{Ratio, Span};

use super::{Action, Deadline, Expectation, Scenario, Step, Variant, action::End};
use crate::selector::pattern;

const STEP: [&str; 5] = ["at", "do", "expect", "within", "by"];
const ACTIONS: [&str; 22] = [
    "impair",
    "heal",
    "down",
    "up",
    "risk-down",
    "risk-up",
    "node-down",
    "node-up",
    "isolate",
    "rejoin",
    "restart",
    "surge",
    "drain",
    "undrain",
    "drain-node",
    "undrain-node",
    "mode",
    "delete-steering",
    "restore",
    "apply",
    "kill",
    "start",
];
const EXPECTATIONS: [&str; 9] =
    ["alarm", "cleared", "intent", "unbroken", "path", "reroutes", "changes", "device", "drift"];

/// Reads what stands beside `apiVersion` and `kind`.
pub(super) fn body(fields: &mut Fields<'_>, report: &mut Report) -> Scenario {
    let cites = fields.list("cites", report);
    if !fields.has("steps") {
        fields.missing("steps", report);
    }
    let mut last_action = None;
    let (mut steps, mut places) = (Vec::new(), Vec::new());
    for (count, tree) in (1..).zip(fields.trees("steps", report)) {
        let Some(step) = step(tree, count, report) else { continue };
        in_order(&step, &mut last_action, count, tree.mark, report);
        places.push(tree.mark.map(|mark| report.place(mark)));
        steps.push(step);
    }
    let variants = fields.trees("variants", report).iter().filter_map(|tree| variant(tree, report)).collect();
    Scenario { cites, steps, places, variants }
}

fn step(tree: &Tree, count: usize, report: &mut Report) -> Option<Step> {
    let mut fields = Fields::of(tree, &format!("step {count}"), report)?;
    let (done, seen) = (fields.has("do") || fields.has("at"), fields.has("expect"));
    if done == seen {
        let message =
            "a step either does something (`at`, `do`) or expects something (`expect` with `within` or `by`)";
        report.error(code::BAD_STEP, &fields.subject, message, tree.mark);
        fields.rest().for_each(drop);
        return None;
    }
    if done {
        let at = fields.required::<Span>("at", report);
        if !fields.has("do") {
            fields.missing("do", report);
        }
        let action = fields.inner("do", report).and_then(|inner| action(inner, report));
        fields.finish(&STEP, report);
        return Some(Step::Do { at: at?, action: action? });
    }
    let expectation = fields.inner("expect", report).and_then(|inner| expectation(inner, report));
    let (within, by) = (fields.value("within", report), fields.value("by", report));
    let deadline = match (within, by) {
        (Some(span), None) => Some(Deadline::Within(span)),
        (None, Some(moment)) => Some(Deadline::By(moment)),
        _ => {
            if fields.has("within") == fields.has("by") {
                let message = "an expectation has a deadline: `within` or `by`, one of them";
                report.error(code::BAD_STEP, &fields.subject, message, tree.mark);
            }
            None
        }
    };
    fields.finish(&STEP, report);
    Some(Step::Expect { expectation: expectation?, deadline: deadline? })
}

/// Moments never go back.
fn in_order(step: &Step, last: &mut Option<Span>, count: usize, mark: Option<Mark>, report: &mut Report) {
    let fault = match (step, *last) {
        (Step::Do { at, .. }, Some(before)) if *at < before => {
            Some(format!("it is done at {at}, but the action above it at {before}"))
        }
        (Step::Expect { deadline: Deadline::Within(_), .. }, None) => {
            Some("`within` counts from the action above, and there is none: use `by`".to_owned())
        }
        (Step::Expect { deadline: Deadline::By(by), .. }, Some(before)) if *by < before => {
            Some(format!("it must be seen by {by}, but the action above it comes at {before}"))
        }
        _ => None,
    };
    if let Some(fault) = fault {
        report.error(code::STEP_ORDER, format!("step {count}"), fault, mark);
    }
    if let Step::Do { at, .. } = step {
        *last = Some(*at);
    }
}

/// The one word of a list that stands there; anything else is reported.
fn one(fields: &Fields<'_>, known: &'static [&'static str], report: &mut Report) -> Option<&'static str> {
    let mut there = known.iter().filter(|word| fields.has(word));
    match (there.next(), there.next()) {
        (Some(word), None) => Some(word),
        (Some(_), Some(_)) => {
            let message = format!("one thing at a time: only one of {}", one_of(known));
            report.error(code::BAD_STEP, &fields.subject, message, fields.mark);
            None
        }
        _ => {
            let mut any = false;
            for (key, _) in fields.rest() {
                report.unknown_word(&fields.subject, key, known);
                any = true;
            }
            if !any {
                let message = format!("one of {} belongs here", one_of(known));
                report.error(code::BAD_STEP, &fields.subject, message, fields.mark);
            }
            None
        }
    }
}

fn action(mut fields: Fields<'_>, report: &mut Report) -> Option<Action> {
    let word = one(&fields, &ACTIONS, report)?;
    let action = match word {
        "impair" => impair(&mut fields, report),
        "heal" => fields.value(word, report).map(|heal| Action::Heal { heal }),
        "down" => fields.value(word, report).map(|down| Action::Down { down }),
        "up" => fields.value(word, report).map(|up| Action::Up { up }),
        "risk-down" => fields.value(word, report).map(|risk_down| Action::RiskDown { risk_down }),
        "risk-up" => fields.value(word, report).map(|risk_up| Action::RiskUp { risk_up }),
        "node-down" => fields.value(word, report).map(|node_down| Action::NodeDown { node_down }),
        "node-up" => fields.value(word, report).map(|node_up| Action::NodeUp { node_up }),
        "isolate" => fields.value(word, report).map(|isolate| Action::Isolate { isolate }),
        "rejoin" => fields.value(word, report).map(|rejoin| Action::Rejoin { rejoin }),
        "restart" => fields.value(word, report).map(|restart| Action::Restart { restart }),
        "surge" => surge(&mut fields, report),
        "drain" => fields.value(word, report).map(|drain| Action::Drain { drain }),
        "undrain" => fields.value(word, report).map(|undrain| Action::Undrain { undrain }),
        "drain-node" => fields.value(word, report).map(|drain_node| Action::DrainNode { drain_node }),
        "undrain-node" => fields.value(word, report).map(|undrain_node| Action::UndrainNode { undrain_node }),
        "mode" => fields.value(word, report).map(|mode| Action::Mode { mode }),
        "delete-steering" => {
            let vrf = fields.value("vrf", report);
            fields.value(word, report).map(|delete_steering| Action::DeleteSteering { delete_steering, vrf })
        }
        "restore" => fields.value(word, report).map(|restore| Action::Restore { restore }),
        "apply" => fields.value(word, report).map(|apply| Action::Apply { apply }),
        "kill" => fields.value(word, report).map(|kill| Action::Kill { kill }),
        _ => fields.value(word, report).map(|start| Action::Start { start }),
    };
    let known: &[&str] = match word {
        "impair" => &["impair", "from", "delay", "jitter", "loss"],
        "surge" => &["surge", "at", "to"],
        "delete-steering" => &["delete-steering", "vrf"],
        _ => &ACTIONS,
    };
    fields.finish(known, report);
    action
}

fn impair(fields: &mut Fields<'_>, report: &mut Report) -> Option<Action> {
    let from = fields.value::<End>("from", report).map(|end| end.0);
    let (delay, jitter, loss) =
        (fields.value("delay", report), fields.value("jitter", report), fields.value("loss", report));
    if !["delay", "jitter", "loss"].iter().any(|word| fields.has(word)) {
        let message = "it impairs nothing: give `delay`, `jitter` or `loss`";
        report.error(code::BAD_STEP, &fields.subject, message, fields.mark);
    }
    fields.value("impair", report).map(|impair| Action::Impair { impair, from, delay, jitter, loss })
}

fn surge(fields: &mut Fields<'_>, report: &mut Report) -> Option<Action> {
    let (at, to) = (fields.value("at", report), fields.required::<Ratio>("to", report));
    if let Some(to) = to.filter(|to| *to > Action::MOST_SURGE) {
        let message = format!("`to` is {to}: at most {} is offered", Action::MOST_SURGE);
        report.error(code::BAD_STEP, &fields.subject, message, fields.mark);
    }
    fields.value("surge", report).zip(to).map(|(surge, to)| Action::Surge { surge, at, to })
}

fn expectation(mut fields: Fields<'_>, report: &mut Report) -> Option<Expectation> {
    let word = one(&fields, &EXPECTATIONS, report)?;
    let expectation = match word {
        "alarm" => {
            let (link, times) = (fields.value("link", report), fields.value("times", report));
            fields.value(word, report).map(|alarm| Expectation::Alarm { alarm, link, times })
        }
        "cleared" => {
            let link = fields.value("link", report);
            fields.value(word, report).map(|cleared| Expectation::Cleared { cleared, link })
        }
        "intent" => {
            let kept = fields.required("kept", report);
            glob(&mut fields, word, report)
                .zip(kept)
                .map(|(intent, kept)| Expectation::Intent { intent, kept })
        }
        "unbroken" => glob(&mut fields, word, report).map(|unbroken| Expectation::Unbroken { unbroken }),
        "path" => path(&mut fields, report),
        "reroutes" => reroutes(&mut fields, report),
        "changes" => fields.value(word, report).map(|changes| Expectation::Changes { changes }),
        "device" => {
            let up = fields.required("up", report);
            fields.value(word, report).zip(up).map(|(device, up)| Expectation::Device { device, up })
        }
        _ => fields.value(word, report).map(|drift| Expectation::Drift { drift }),
    };
    let known: &[&str] = match word {
        "alarm" => &["alarm", "link", "times"],
        "cleared" => &["cleared", "link"],
        "intent" => &["intent", "kept"],
        "path" => &["path", "uses", "avoids"],
        "reroutes" => &["reroutes", "at-most"],
        "device" => &["device", "up"],
        _ => &EXPECTATIONS,
    };
    fields.finish(known, report);
    expectation
}

fn path(fields: &mut Fields<'_>, report: &mut Report) -> Option<Expectation> {
    if fields.has("uses") == fields.has("avoids") {
        let message = "a path either `uses` a link or `avoids` one: give one of them";
        report.error(code::BAD_STEP, &fields.subject, message, fields.mark);
    }
    let (uses, avoids) = (fields.value("uses", report), fields.value("avoids", report));
    glob(fields, "path", report).map(|path| Expectation::Path { path, uses, avoids })
}

fn reroutes(fields: &mut Fields<'_>, report: &mut Report) -> Option<Expectation> {
    let at_most = fields.value::<u32>("at-most", report);
    let reroutes = fields.value::<u32>("reroutes", report)?;
    if let Some(most) = at_most.filter(|most| *most < reroutes) {
        let message = format!("`at-most` is {most}, and at least {reroutes} are asked for");
        report.error(code::BAD_STEP, &fields.subject, message, fields.mark);
    }
    Some(Expectation::Reroutes { reroutes, at_most })
}

fn glob(fields: &mut Fields<'_>, word: &str, report: &mut Report) -> Option<String> {
    let mark = fields.get(word).and_then(|tree| tree.mark);
    let text = fields.required::<String>(word, report)?;
    if let Err(why) = pattern(&text) {
        let message = format!("`{word}`: `{text}` is not a pattern of names: {why}");
        report.error(code::WRONG_VALUE, &fields.subject, message, mark);
    }
    Some(text)
}

fn variant(tree: &Tree, report: &mut Report) -> Option<Variant> {
    let mut fields = Fields::of(tree, "variant", report)?;
    let affinity = fields.required("affinity", report);
    let intents = glob(&mut fields, "intents", report);
    fields.finish(&["affinity", "intents"], report);
    Some(Variant { affinity: affinity?, intents: intents? })
}
