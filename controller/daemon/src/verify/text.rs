//! The answer for people: how each intent fares, then each violation with where, why and what to do.

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::{ContentArrangement, Table, presets};
use model::{Bandwidth, Delay, IntentId};
use owo_colors::{OwoColorize as _, Stream};
use plan::verify::{Extreme, FailureKind, ServiceView, Verification, Violation, outcome::label};

use super::Verified;
use crate::{check::plural, draw::harmless};

/// More violations than these are counted, not shown.
const MOST: usize = 50;
/// Services of a violation that are named.
const NAMED: usize = 3;

/// The whole answer.
pub fn render(verified: &Verified) -> String {
    let Verified { verification, empty, .. } = verified;
    let from = match empty {
        true => "with all numbers new",
        false => "with the numbers and measurements of the snapshot",
    };
    let services = plural(verification.services.len(), "service");
    let mut out = format!("{services}, {from}: {}\n", verification.scope());
    if verified.choices > 1 {
        out += &format!(
            "some claim the same packets at different times: each of the {} choices of services that are promised at the same time was judged by \
             itself, and the worst is told (--at asks for a moment)\n",
            verified.choices
        );
    }
    if !verification.services.is_empty() {
        out += &format!("\n{}\n", table(verification));
    }
    out += &violations(verified);
    out += &windows(verified);
    if let Some(name) = &verified.service {
        out += &super::ways::render(verification, name);
    }
    if let Some(repairs) = &verified.repairs {
        out += &super::moment::render(repairs);
    }
    out + &summary(verified)
}

/// One line an intent.
fn table(verification: &Verification) -> String {
    let mut intents: BTreeMap<&IntentId, Vec<&ServiceView>> = BTreeMap::new();
    for service in &verification.services {
        intents.entry(&service.intent).or_default().push(service);
    }
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header([
        "INTENT",
        "SERVICES",
        "KEPT",
        "BROKEN",
        "PROMISED",
        "WORST DELAY",
        "UNDER",
        "LEAST SPARE",
        "UNDER",
    ]);
    for (intent, services) in intents {
        let checks = || services.iter().flat_map(|service| &service.checks);
        let (judged, broken) = checks()
            .fold((0, 0), |(judged, broken), checks| (judged + checks.judged, broken + checks.broken));
        let promised: BTreeSet<Delay> =
            services.iter().filter_map(|service| service.promised.slo.one_way_delay).collect();
        // The first of equals, by the name of the service.
        let worst = services.iter().rev().filter_map(|service| service.worst_delay.as_ref());
        let least = services.iter().filter_map(|service| service.least_spare.as_ref());
        let delay = worst.max_by_key(|worst| worst.value);
        let spare = least.min_by_key(|least| least.value);
        let [delay, under] = cells(delay, Delay::to_string);
        let [spare, beside] = cells(spare, Bandwidth::to_string);
        table.add_row([
            intent.to_string(),
            services.len().to_string(),
            judged.saturating_sub(broken).to_string(),
            broken.to_string(),
            promised.iter().map(Delay::to_string).collect::<Vec<_>>().join(", "),
            delay,
            under,
            spare,
            beside,
        ]);
    }
    table.trim_fmt()
}

fn cells<T>(extreme: Option<&Extreme<T>>, show: impl Fn(&T) -> String) -> [String; 2] {
    extreme.map_or_else(
        || ["-".to_owned(), "-".to_owned()],
        |extreme| [show(&extreme.value), label(extreme.kind, &extreme.failure)],
    )
}

/// What violations are told together by: kind, code, whether no plan can help, and the names of all failures.
type Alike<'v> = (FailureKind, &'v str, bool, Vec<&'v [String]>);

/// Violations of several services by the same failures, with the same consequence, are one.
fn grouped(verification: &Verification) -> Vec<Vec<&Violation>> {
    let mut groups: Vec<Vec<&Violation>> = Vec::new();
    let mut places: BTreeMap<Alike<'_>, usize> = BTreeMap::new();
    for violation in &verification.violations {
        let failures = violation.failures.iter().map(|failed| failed.names.as_slice()).collect();
        let key = (violation.kind, violation.code.as_str(), violation.unavoidable, failures);
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(violation),
            None => groups.push(vec![violation]),
        }
    }
    groups
}

fn violations(verified: &Verified) -> String {
    let groups = grouped(&verified.verification);
    let mut out = String::new();
    for group in groups.iter().take(MOST) {
        out += &format!("\n{}", block(group, verified.accept));
    }
    if groups.len() > MOST {
        out += &format!("\nand {} more; --format json shows all\n", groups.len() - MOST);
    }
    out
}

/// What each maintenance window breaks; those that break nothing are one line.
fn windows(verified: &Verified) -> String {
    let mut out = String::new();
    for window in &verified.verification.windows {
        let mut groups: BTreeMap<(&str, bool), Vec<&Violation>> = BTreeMap::new();
        for violation in &window.violations {
            groups.entry((violation.code.as_str(), violation.unavoidable)).or_default().push(violation);
        }
        let as_before = match window.as_before.len() {
            0 => String::new(),
            many => format!("; {many} as before"),
        };
        let (judged, ends) = (plural(window.judged.len(), "service"), window.ends.len());
        let ends = if ends == 0 {
            String::new()
        } else {
            format!("; {} at its nodes are down with them", plural(ends, "more"))
        };
        let broken = plural(window.violations.len(), "broken promise");
        out += &format!(
            "\nwindow {}, {}: {broken} of {judged}{as_before}{ends}\n",
            harmless(&window.window),
            window.when
        );
        for group in groups.into_values().take(MOST) {
            out += &block_when(&group, verified.accept, window.label());
        }
    }
    out
}

fn block(group: &[&Violation], accept: bool) -> String {
    let when = group.first().map_or(String::new(), |first| first.when());
    block_when(group, accept, when)
}

/// What breaks some services in one manner, and when.
fn block_when(group: &[&Violation], accept: bool, when: String) -> String {
    let Some(first) = group.first() else { return String::new() };
    let word = if first.unavoidable && accept { "accepted" } else { "broken" };
    let head = format!("{word}[{}]: {}", first.code, first.title);
    let head = match first.unavoidable {
        true => head.if_supports_color(Stream::Stdout, |head| head.yellow()).to_string(),
        false => head.if_supports_color(Stream::Stdout, |head| head.red()).to_string(),
    };
    let names: Vec<&str> = group.iter().take(NAMED).map(|violation| violation.service.as_str()).collect();
    let more = match group.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {}", plural(more, "more service")),
    };
    let worst = match first.failures.len() {
        0 | 1 => String::new(),
        _ => format!("with {}: ", label(first.kind, &first.worst)),
    };
    let example = if group.len() > 1 { format!("{}: ", first.service) } else { String::new() };
    let lines = [
        ("where", format!("{}{more}", names.join(", "))),
        ("when", when),
        ("why", format!("{example}{worst}{}", first.why)),
        ("do", first.help.clone()),
    ];
    let lines = lines.map(|(what, text)| format!("  {what:<6}{}\n", harmless(&text)));
    format!("{head}\n{}", lines.concat())
}

fn summary(verified: &Verified) -> String {
    let Verified { verification, against, accept, .. } = verified;
    let checks = || verification.services.iter().flat_map(|service| &service.checks);
    let sum = |of: fn(&plan::verify::Checks) -> usize| checks().map(of).sum::<usize>();
    let (judged, broken) = (sum(|checks| checks.judged), sum(|checks| checks.broken));
    let (implied, by_igp) = (sum(|checks| checks.implied), sum(|checks| checks.by_igp));
    let mut out =
        format!("\n{}: {} kept, {broken} broken\n", plural(judged, "check"), judged.saturating_sub(broken));
    if by_igp > 0 {
        out += &format!(
            "{} kept only because the traffic, off its policy, follows the IGP well enough\n",
            plural(by_igp, "check")
        );
    }
    let on_avoided = sum(|checks| checks.on_avoided);
    if on_avoided > 0 {
        out += &format!(
            "{} kept although the IGP leads the traffic over lines that its service avoids (`path.avoid`)\n",
            plural(on_avoided, "check")
        );
    }
    if implied > 0 {
        out += &format!(
            "{implied} of the broken have a failure in them that is told by itself, and are not told again\n"
        );
    }
    let unavoidable = verification.all_violations().filter(|violation| violation.unavoidable).count();
    let counted = verification.all_violations().count() - if *accept { unavoidable } else { 0 };
    if let Some(against) = against {
        out += &format!(
            "against the baseline, failure by failure: {} worse, {} as before, {} mended\n",
            verification.breakages(*accept),
            against.stay,
            against.mended
        );
    }
    let verdict = match (counted, against.is_some()) {
        (0, false) => "every promise holds".to_owned(),
        (0, true) => "nothing is worse than before".to_owned(),
        (many, _) => plural(many, "broken promise"),
    };
    let verdict = match (unavoidable, accept) {
        (0, _) => verdict,
        (some, true) => format!("{verdict}; {some} that no plan can help are accepted"),
        (some, false) => format!("{verdict}, of which no plan can help {some}"),
    };
    out + &format!("{}\n", verdict.if_supports_color(Stream::Stdout, |verdict| verdict.bold()))
}
