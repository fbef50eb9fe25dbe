//! Findings as a SARIF 2.1.0 log (OASIS), for tools that show them in code review.

use std::collections::BTreeSet;

use model::{Finding, Severity, finding::Place};
use serde_json::{Value, json};

use crate::{draw, explain, outcome::Judged, sources::Sources};

/// The log of one run.
pub fn log(judged: &Judged) -> Value {
    let findings = draw::sorted(&judged.findings);
    let codes: BTreeSet<&str> = findings.iter().map(|finding| finding.code.as_str()).collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "trunkline",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": codes.into_iter().map(rule).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": findings.into_iter().map(|finding| result(finding, &judged.sources)).collect::<Vec<_>>(),
        }],
    })
}

fn rule(code: &str) -> Value {
    match explain::page(code) {
        Some(page) => json!({
            "id": code,
            "shortDescription": {"text": page.title},
            "help": {"text": page.text, "markdown": page.text},
        }),
        None => json!({"id": code}),
    }
}

fn result(finding: &Finding, sources: &Sources) -> Value {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Major | Severity::Minor | Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let help = finding.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    let related = finding.related.iter().zip(1_u32..).map(|(related, id)| {
        let mut location = location(&related.place, sources);
        location["id"] = json!(id);
        location["message"] = json!({"text": related.message});
        location
    });
    json!({
        "ruleId": finding.code,
        "level": level,
        "message": {"text": format!("{}: {}{help}", finding.subject, finding.message)},
        "locations": finding.place.iter().map(|place| location(place, sources)).collect::<Vec<_>>(),
        "relatedLocations": related.collect::<Vec<_>>(),
    })
}

fn location(place: &Place, sources: &Sources) -> Value {
    let mut region = json!({"startLine": place.line.max(1), "startColumn": place.column.max(1)});
    let marked =
        sources.get(&place.file).and_then(|text| text.get(place.offset..place.offset + place.length));
    // A region within one line ends behind its last character; a longer one is known by its start.
    if let Some(marked) = marked.filter(|marked| !marked.is_empty() && !marked.contains('\n')) {
        let width = u32::try_from(marked.chars().count()).unwrap_or(u32::MAX);
        region["endColumn"] = json!(place.column.max(1).saturating_add(width));
    }
    json!({"physicalLocation": {"artifactLocation": {"uri": uri(&place.file)}, "region": region}})
}

/// A path as a relative URI reference (RFC 3986): what is not unreserved or a slash is escaped.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.trim_start_matches("./").bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(byte))
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}
