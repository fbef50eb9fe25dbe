//! The report for a change ticket or a merge request.

use std::fmt::Write;

use super::{PlanReport, RouteView, ServiceChange, text};

pub(super) fn render(report: &PlanReport) -> String {
    let mut out = format!("# {}\n", cell(&report.headline()));
    // Writing to a string cannot fail.
    let _ = write_all(report, &mut out);
    out
}

/// Text that cannot break a table or start markup.
fn cell(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '|' => "\\|".to_owned(),
            '`' => "'".to_owned(),
            '<' => "&lt;".to_owned(),
            '\n' | '\r' => " ".to_owned(),
            c => c.to_string(),
        })
        .collect()
}

fn view(view: Option<&RouteView>) -> String {
    let Some(view) = view else { return "-".to_owned() };
    let over = match text::lines(view) {
        lines if lines.is_empty() => lines,
        lines => format!("<br>over {}", cell(&lines)),
    };
    format!("{}{over}<br>`{}`", cell(&text::route(view)), text::segments(view))
}

fn domains(change: &ServiceChange) -> String {
    if change.domains.is_empty() {
        return String::new();
    }
    format!("<br>domains {}", cell(&text::domains(change)))
}

fn write_all(report: &PlanReport, out: &mut String) -> std::fmt::Result {
    if !report.services.is_empty() {
        out.push_str(
            "\n## Services\n\n| | service | before | after | backup | why |\n|---|---|---|---|---|---|\n",
        );
        for change in &report.services {
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} |",
                text::sign(change.fate),
                cell(&text::title(change)),
                view(change.before.as_ref()),
                view(change.after.as_ref()) + &domains(change),
                view(change.backup.as_ref()),
                change.why.iter().map(|why| cell(why)).collect::<Vec<_>>().join("<br>"),
            )?;
        }
    }
    if !report.worse.is_empty() {
        out.push_str("\n## What gets worse\n\n");
        for worse in &report.worse {
            writeln!(out, "- {} from {}: {}", worse.service, worse.from, cell(&worse.what))?;
        }
    }
    if !report.transactions.is_empty() {
        out.push_str("\n## Transactions\n\n");
        for (number, transaction) in report.transactions.iter().enumerate() {
            let devices: Vec<String> =
                transaction.devices.iter().map(|(node, edits)| format!("{node} ({edits})")).collect();
            writeln!(out, "{}. **{}**: {}", number + 1, text::phase(transaction.phase), devices.join(", "))?;
        }
    }
    devices(report, out)?;
    if !report.risks.is_empty() {
        out.push_str("\n## What a single failure breaks afterwards\n\n");
        for risk in &report.risks {
            let services: Vec<&str> = risk.services.iter().map(model::ServiceId::as_str).collect();
            writeln!(out, "- {}: {}", risk.link, services.join(", "))?;
        }
    }
    if let Some(checked) = report.checked {
        writeln!(out, "\nProved: {checked}.")?;
    }
    if !report.findings.is_empty() {
        out.push_str("\n## Findings\n\n");
        for finding in &report.findings {
            let Some(help) = &finding.help else {
                writeln!(out, "- {}", cell(&finding.to_string()))?;
                continue;
            };
            writeln!(out, "- {}. {}", cell(&finding.to_string()), cell(help))?;
        }
    }
    Ok(())
}

fn devices(report: &PlanReport, out: &mut String) -> std::fmt::Result {
    if report.devices.is_empty() && report.unreadable.is_empty() {
        return Ok(());
    }
    out.push_str("\n## Devices\n");
    for (node, objects) in &report.devices {
        writeln!(out, "\n### {node}\n\n```diff")?;
        for object in objects {
            let intents: Vec<&str> = object.intents.iter().map(model::IntentId::as_str).collect();
            writeln!(out, "# {} [{}]", object.object, intents.join(" "))?;
            for (number, rule) in &object.steps {
                writeln!(out, "# in {number}: {}", cell(rule))?;
            }
            for line in &object.lines {
                writeln!(out, "{}", line.replace('`', "'"))?;
            }
        }
        out.push_str("```\n");
    }
    if !report.unreadable.is_empty() {
        out.push_str("\nLeft out because what they hold is unknown:\n\n");
    }
    for (node, unknown) in &report.unreadable {
        writeln!(out, "- {node}: {}; {} objects unchecked", cell(&unknown.why), unknown.desired)?;
    }
    Ok(())
}
