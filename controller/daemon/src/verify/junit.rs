//! The answer as JUnit XML, as GitLab, GitHub's reporters and Jenkins read it: a suite for each intent, a case for each service and
//! kind of failure. No time stands in it, so that equal answers are equal files.

use std::{collections::BTreeMap, io};

use model::{Finding, IntentId, ServiceId};
use plan::verify::{Checks, ServiceView, Violation, WindowView};
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};

use super::Verified;
use crate::{check::plural, draw::harmless};

/// How a case ended.
enum End {
    Passed,
    /// Not counted, and why.
    Skipped(String),
    /// The kind of failure, one line, and all of it.
    Failed {
        code: String,
        message: String,
        text: String,
    },
}

struct TestCase {
    name: String,
    class: String,
    end: End,
}

/// The whole answer.
///
/// # Errors
/// Never in practice: what is written to is memory.
pub fn render(verified: &Verified) -> io::Result<String> {
    let mut broken: BTreeMap<(&str, &str), Vec<&Violation>> = BTreeMap::new();
    for violation in &verified.verification.violations {
        broken.entry((violation.service.as_str(), violation.kind.as_str())).or_default().push(violation);
    }
    let mut suites: BTreeMap<&IntentId, Vec<TestCase>> = BTreeMap::new();
    for service in &verified.verification.services {
        let name = service.service.as_str();
        let told = broken.range((name, "")..).next().is_some_and(|((of, _), _)| *of == name);
        let cases = service.checks.iter().map(|checks| {
            let violations = broken.get(&(name, checks.kind.as_str()));
            case(verified, service, checks, violations.map_or(&[][..], Vec::as_slice), told)
        });
        suites.entry(&service.intent).or_default().extend(cases);
    }
    for window in &verified.verification.windows {
        let mut violations: BTreeMap<&ServiceId, Vec<&Violation>> = BTreeMap::new();
        for violation in &window.violations {
            violations.entry(&violation.service).or_default().push(violation);
        }
        let label = window.label();
        for (service, intent) in &window.judged {
            let of_it = violations.get(service).map_or(&[][..], Vec::as_slice);
            suites.entry(intent).or_default().push(in_window((service, intent), window, &label, of_it));
        }
    }
    let suites: Vec<(&str, Vec<TestCase>)> =
        suites.into_iter().map(|(intent, cases)| (intent.as_str(), cases)).collect();
    write(&suites)
}

/// Files that cannot be verified because of their faults: each fault a case.
///
/// # Errors
/// Never in practice: what is written to is memory.
pub fn findings(findings: &[&Finding]) -> io::Result<String> {
    let cases = findings.iter().enumerate().map(|(number, finding)| {
        let place = finding.place.as_ref();
        let place = place.map(|place| format!("{}:{}:{}: ", place.file, place.line, place.column));
        let message = format!("{}{}: {}", place.unwrap_or_default(), finding.subject, finding.message);
        let text = finding.help.iter().fold(message.clone(), |text, help| format!("{text}\n{help}"));
        let end = match finding.is_error() {
            true => End::Failed { code: finding.code.clone(), message, text },
            false => End::Skipped(message),
        };
        let name = format!("{} {} ({})", finding.code, finding.subject, number + 1);
        TestCase { name, class: "files".to_owned(), end }
    });
    write(&[("files", cases.collect())])
}

/// A case for a service and a kind of failure. `told_elsewhere` says whether any kind has a violation of that service.
fn case(
    verified: &Verified,
    service: &ServiceView,
    checks: &Checks,
    violations: &[&Violation],
    told_elsewhere: bool,
) -> TestCase {
    let (accepted, counted): (Vec<&Violation>, Vec<&Violation>) =
        violations.iter().partition(|violation| verified.accept && violation.unavoidable);
    let failures = plural(checks.broken, "failure");
    let end = match (counted.first(), accepted.first()) {
        (Some(first), _) => End::Failed {
            code: first.code.clone(),
            message: format!("{} {}", first.title, first.when()),
            text: counted.iter().map(|violation| told(violation)).collect(),
        },
        (None, Some(first)) => {
            End::Skipped(format!("accepted: {} {}; {}", first.title, first.when(), first.help))
        }
        (None, None) if checks.broken == 0 => End::Passed,
        (None, None) if verified.against.is_some() && !told_elsewhere => {
            End::Skipped(format!("broken under {failures}, and no worse than in the baseline"))
        }
        (None, None) => End::Skipped(format!(
            "broken under {failures}, each with another in it that breaks the promise by itself and is told there"
        )),
    };
    let name = format!("{} [{}]", service.service, checks.kind);
    TestCase { name, class: service.intent.to_string(), end }
}

/// A case for a service and a maintenance window. Nothing that a window breaks is accepted as unavoidable: it can be moved.
fn in_window(
    (service, intent): (&ServiceId, &IntentId),
    window: &WindowView,
    label: &str,
    violations: &[&Violation],
) -> TestCase {
    let end = match violations.first() {
        Some(first) => End::Failed {
            code: first.code.clone(),
            message: format!("{} {label}", first.title),
            text: violations.iter().map(|violation| told_when(violation, label)).collect(),
        },
        None if window.as_before.contains(service) => {
            End::Skipped(format!("broken {label}, and no worse than in the baseline or without the window"))
        }
        None => End::Passed,
    };
    let name = format!("{service} [window {}]", window.window);
    TestCase { name, class: intent.to_string(), end }
}

fn told(violation: &Violation) -> String {
    told_when(violation, &violation.when())
}

fn told_when(violation: &Violation, when: &str) -> String {
    let Violation { code, title, why, help, .. } = violation;
    format!("{title} [{code}]\n  when: {when}\n  why: {why}\n  do: {help}\n")
}

fn write(suites: &[(&str, Vec<TestCase>)]) -> io::Result<String> {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all = || suites.iter().flat_map(|(_, cases)| cases);
    let (tests, failures) = (all().count().to_string(), failed(all()).to_string());
    out.create_element("testsuites")
        .with_attributes([
            ("name", "trunkline verify"),
            ("tests", tests.as_str()),
            ("failures", failures.as_str()),
            ("errors", "0"),
            ("time", "0"),
        ])
        .write_inner_content(|out| suites.iter().try_for_each(|(name, cases)| suite(out, name, cases)))?;
    Ok(String::from_utf8_lossy(&out.into_inner()).into_owned() + "\n")
}

fn failed<'c>(cases: impl Iterator<Item = &'c TestCase>) -> usize {
    cases.filter(|case| matches!(case.end, End::Failed { .. })).count()
}

fn suite(out: &mut Writer<Vec<u8>>, name: &str, cases: &[TestCase]) -> io::Result<()> {
    let skipped = cases.iter().filter(|case| matches!(case.end, End::Skipped(_))).count().to_string();
    let (tests, failures) = (cases.len().to_string(), failed(cases.iter()).to_string());
    out.create_element("testsuite")
        .with_attributes([
            ("name", name),
            ("tests", tests.as_str()),
            ("failures", failures.as_str()),
            ("errors", "0"),
            ("skipped", skipped.as_str()),
            ("time", "0"),
        ])
        .write_inner_content(|out| cases.iter().try_for_each(|case| one(out, case)))?;
    Ok(())
}

fn one(out: &mut Writer<Vec<u8>>, case: &TestCase) -> io::Result<()> {
    let element = out.create_element("testcase").with_attributes([
        ("classname", case.class.as_str()),
        ("name", case.name.as_str()),
        ("time", "0"),
    ]);
    match &case.end {
        End::Passed => element.write_empty()?,
        End::Skipped(why) => element.write_inner_content(|out| {
            out.create_element("skipped")
                .with_attribute(("message", harmless(why).as_str()))
                .write_empty()?;
            Ok(())
        })?,
        End::Failed { code, message, text } => element.write_inner_content(|out| {
            let message = harmless(message);
            out.create_element("failure")
                .with_attributes([("type", code.as_str()), ("message", message.as_str())])
                .write_text_content(BytesText::new(&lines(text)))?;
            Ok(())
        })?,
    };
    Ok(())
}

/// Every line harmless by itself, so that a long text is not cut as a whole.
fn lines(text: &str) -> String {
    text.lines().map(|line| harmless(line) + "\n").collect()
}
