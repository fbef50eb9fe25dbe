//! Objects as lines, and what changes between two of them.

use std::fmt::{self, Write};

use model::{Classifier, Edit, InterfaceQos, SrPolicy, SteeringRule, qos::Discipline};
use similar::{ChangeTag, TextDiff};

use super::{ObjectChange, words::joined};
use crate::diff::{Change, DeviceDiff};

pub(super) fn name(edit: &Edit) -> String {
    match edit {
        Edit::PutPolicy(policy) => format!("policy {}", policy.key),
        Edit::RemovePolicy(key) => format!("policy {key}"),
        Edit::PutSteering(rule) => format!("steering {}", rule.key),
        Edit::RemoveSteering(key) => format!("steering {key}"),
        Edit::PutQos { interface, .. } | Edit::RemoveQos(interface) => format!("queues of {interface}"),
        Edit::PutClassifier(_) | Edit::RemoveClassifier => "classifier".to_owned(),
        Edit::BindClassifier(interface) | Edit::UnbindClassifier(interface) => {
            format!("classifier at {interface}")
        }
    }
}

pub(super) fn changes(device: &DeviceDiff) -> Vec<ObjectChange> {
    let policies =
        device.policies.iter().map(|(key, change)| object(format!("policy {key}"), change, policy_lines));
    let steering =
        device.steering.iter().map(|(key, change)| object(format!("steering {key}"), change, rule_lines));
    let qos = device
        .qos
        .iter()
        .map(|(interface, change)| object(format!("queues of {interface}"), change, qos_lines));
    let classifier =
        device.classifier.iter().map(|change| object("classifier".into(), change, classifier_lines));
    let classified = device
        .classified
        .iter()
        .map(|(interface, change)| object(format!("classifier at {interface}"), change, |(), _| {}));
    policies.chain(steering).chain(qos).chain(classifier).chain(classified).collect()
}

/// The lines of an object, each behind the same sign.
struct Lines {
    sign: &'static str,
    lines: Vec<String>,
}

/// Most lines are shorter.
const USUAL: usize = 64;

impl Lines {
    fn of<T>(sign: &'static str, object: &T, each: fn(&T, &mut Self)) -> Vec<String> {
        let mut lines = Self { sign, lines: Vec::new() };
        each(object, &mut lines);
        lines.lines
    }

    fn say(&mut self, line: fmt::Arguments<'_>) {
        let mut whole = String::with_capacity(USUAL);
        whole.push_str(self.sign);
        // Writing to a string cannot fail.
        let _ = whole.write_fmt(line);
        whole.truncate(whole.trim_end().len());
        self.lines.push(whole);
    }
}

fn object<T>(name: String, change: &Change<T>, each: fn(&T, &mut Lines)) -> ObjectChange {
    let lines = match change {
        Change::Add(to) => Lines::of("+ ", to, each),
        Change::Remove(from) => Lines::of("- ", from, each),
        Change::Change { from, to } => compared(&Lines::of("", from, each), &Lines::of("", to, each)),
    };
    ObjectChange { sign: change.sign(), object: name, lines, steps: Vec::new(), intents: Vec::new() }
}

fn compared(before: &[String], after: &[String]) -> Vec<String> {
    let (before, after): (Vec<&str>, Vec<&str>) =
        (before.iter().map(String::as_str).collect(), after.iter().map(String::as_str).collect());
    TextDiff::from_slices(&before, &after)
        .iter_all_changes()
        .map(|line| {
            let sign = match line.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            format!("{sign} {}", line.value())
        })
        .collect()
}

fn policy_lines(policy: &SrPolicy, lines: &mut Lines) {
    lines.say(format_args!("name {}", policy.name));
    if let Some(sid) = policy.binding_sid {
        lines.say(format_args!("binding SID {sid}"));
    }
    for path in &policy.candidates {
        for list in &path.lists {
            let (name, preference, sids) = (&path.name, path.preference, joined(&list.sids, " "));
            if path.lists.len() > 1 {
                let weight = list.weight;
                lines.say(format_args!("path {name} preference {preference} weight {weight}: {sids}"));
            } else {
                lines.say(format_args!("path {name} preference {preference}: {sids}"));
            }
        }
    }
    let last = match policy.last_resort {
        model::sr::LastResort::Igp => "igp",
        model::sr::LastResort::Drop => "drop",
    };
    lines.say(format_args!("last resort {last}"));
}

fn rule_lines(rule: &SteeringRule, lines: &mut Lines) {
    match &rule.prefix {
        Some(prefix) => lines.say(format_args!("prefix {prefix}")),
        None => lines.say(format_args!("prefix any")),
    }
    if rule.dscp.is_empty() {
        lines.say(format_args!("dscp any"));
    } else {
        lines.say(format_args!("dscp {}", joined(&rule.dscp, " ")));
    }
    lines.say(format_args!("color {}", rule.color.number()));
}

fn qos_lines(qos: &InterfaceQos, lines: &mut Lines) {
    for (name, share) in &qos.queues {
        let guarantee = share.guarantee;
        match share.discipline {
            Discipline::Strict => lines.say(format_args!("{name} strict guarantee {guarantee}")),
            Discipline::Weighted(weight) => {
                lines.say(format_args!("{name} weight {weight} guarantee {guarantee}"));
            }
        }
    }
}

fn classifier_lines(classifier: &Classifier, lines: &mut Lines) {
    for (mark, queue) in &classifier.queues {
        lines.say(format_args!("{mark} to {queue}"));
    }
}
