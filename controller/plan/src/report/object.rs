//! Objects as lines, and what changes between two of them.

use model::{Classifier, Edit, InterfaceQos, SrPolicy, SteeringRule, qos::Discipline};
use similar::{ChangeTag, TextDiff};

use super::ObjectChange;
use crate::diff::{Change, DeviceDiff};

pub(super) fn name(edit: &Edit) -> String {
    match edit {
        Edit::PutPolicy(policy) => format!("policy {}", policy.key),
        Edit::RemovePolicy(key) => format!("policy {key}"),
        Edit::PutSteering(rule) => format!("steering {}", rule.key),
        Edit::RemoveSteering(key) => format!("steering {key}"),
        Edit::PutQos { interface, .. } | Edit::RemoveQos(interface) => format!("queues of {interface}"),
        Edit::PutClassifier(_) | Edit::RemoveClassifier => "classifier".to_owned(),
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
    policies.chain(steering).chain(qos).chain(classifier).collect()
}

fn object<T>(name: String, change: &Change<T>, lines: fn(&T) -> String) -> ObjectChange {
    let all =
        |sign: char, text: &str| text.lines().map(|line| format!("{sign} {}", line.trim_end())).collect();
    let lines = match change {
        Change::Add(to) => all('+', &lines(to)),
        Change::Remove(from) => all('-', &lines(from)),
        Change::Change { from, to } => compared(&lines(from), &lines(to)),
    };
    ObjectChange { sign: change.sign(), object: name, lines, steps: Vec::new(), intents: Vec::new() }
}

fn compared(before: &str, after: &str) -> Vec<String> {
    TextDiff::from_lines(before, after)
        .iter_all_changes()
        .map(|line| {
            let sign = match line.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            format!("{sign} {}", line.value().trim_end())
        })
        .collect()
}

fn policy_lines(policy: &SrPolicy) -> String {
    let mut lines = format!("name {}\n", policy.name);
    if let Some(sid) = policy.binding_sid {
        lines += &format!("binding SID {sid}\n");
    }
    for path in &policy.candidates {
        for list in &path.lists {
            let sids: Vec<String> = list.sids.iter().map(ToString::to_string).collect();
            let weight =
                if path.lists.len() > 1 { format!(" weight {}", list.weight) } else { String::new() };
            lines +=
                &format!("path {} preference {}{weight}: {}\n", path.name, path.preference, sids.join(" "));
        }
    }
    let last = match policy.last_resort {
        model::sr::LastResort::Igp => "igp",
        model::sr::LastResort::Drop => "drop",
    };
    lines + &format!("last resort {last}\n")
}

fn rule_lines(rule: &SteeringRule) -> String {
    let prefix = rule.prefix.map_or_else(|| "any".to_owned(), |prefix| prefix.to_string());
    let marks: Vec<String> = rule.dscp.iter().map(ToString::to_string).collect();
    let marks = if marks.is_empty() { "any".to_owned() } else { marks.join(" ") };
    format!("prefix {prefix}\ndscp {marks}\ncolor {}\n", rule.color.number())
}

fn qos_lines(qos: &InterfaceQos) -> String {
    let line = |(name, share): (&model::QueueName, &model::QueueShare)| {
        let discipline = match share.discipline {
            Discipline::Strict => "strict".to_owned(),
            Discipline::Weighted(weight) => format!("weight {weight}"),
        };
        format!("{name} {discipline} guarantee {}\n", share.guarantee)
    };
    qos.queues.iter().map(line).collect()
}

fn classifier_lines(classifier: &Classifier) -> String {
    classifier.queues.iter().map(|(mark, queue)| format!("{mark} to {queue}\n")).collect()
}
