//! The report for a terminal.

use std::fmt::Write;

use super::{PlanReport, RouteView, ServiceChange, ServiceFate};
use crate::prove::Breakage;

pub(super) fn phase(phase: model::Phase) -> &'static str {
    match phase {
        model::Phase::Make => "make",
        model::Phase::Move => "move",
        model::Phase::Break => "break",
    }
}

pub(super) fn route(view: &RouteView) -> String {
    let between = if view.partial { " .. " } else { " " };
    let nodes: Vec<&str> = view.nodes.iter().map(model::NodeId::as_str).collect();
    let mut line = nodes.join(between);
    let quality: Vec<String> = [
        view.delay.map(|delay| format!("delay {delay}")),
        view.jitter.map(|jitter| format!("jitter {jitter}")),
        view.loss.filter(|loss| *loss > model::Loss::ZERO).map(|loss| format!("loss {}", loss.rough())),
    ]
    .into_iter()
    .flatten()
    .collect();
    let quality = quality.join(", ");
    if !quality.is_empty() {
        line += &format!(", {quality}{}", if view.measured { " (as measured)" } else { "" });
    }
    if let Some(spare) = view.spare {
        line += &format!(", spare {spare}");
    }
    line
}

/// The sites that it passes; empty where the network file gives none.
pub(super) fn sites(view: &RouteView) -> String {
    view.sites.iter().map(model::Site::as_str).collect::<Vec<_>>().join(", ")
}

/// The lines that it goes over; empty where they are not known.
pub(super) fn lines(view: &RouteView) -> String {
    view.lines.iter().map(model::LinkId::as_str).collect::<Vec<_>>().join(", ")
}

pub(super) fn segments(view: &RouteView) -> String {
    view.segments.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

pub(super) fn domains(change: &ServiceChange) -> String {
    change.domains.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

pub(super) fn title(change: &ServiceChange) -> String {
    let name = change.service.as_ref().map_or("a service no longer known", |id| id.as_str());
    let to = change.to.as_ref().map_or("?", |node| node.as_str());
    let intents: Vec<&str> = change.intents.iter().map(model::IntentId::as_str).collect();
    let class = change.class.as_ref().map_or(String::new(), |class| format!(", class {class}"));
    format!("{name}: {} to {to} (intent {}{class})", change.from, intents.join(" "))
}

pub(super) const fn sign(fate: ServiceFate) -> char {
    match fate {
        ServiceFate::New => '+',
        ServiceFate::Moved => '>',
        ServiceFate::Adjusted => '~',
        ServiceFate::Gone => '-',
    }
}

pub(super) fn render(report: &PlanReport) -> String {
    let mut out = report.headline() + "\n";
    // Writing to a string cannot fail.
    let _ = write_all(report, &mut out);
    out
}

fn write_all(report: &PlanReport, out: &mut String) -> std::fmt::Result {
    services(report, out)?;
    if !report.worse.is_empty() {
        out.push_str("\nWhat gets worse\n");
        for worse in &report.worse {
            writeln!(out, "  {} from {}: {}", worse.service, worse.from, worse.what)?;
        }
    }
    if !report.transactions.is_empty() {
        out.push_str("\nTransactions\n");
        for (number, transaction) in report.transactions.iter().enumerate() {
            let devices: Vec<String> =
                transaction.devices.iter().map(|(node, edits)| format!("{node} ({edits})")).collect();
            writeln!(out, "  {} {}: {}", number + 1, phase(transaction.phase), devices.join(", "))?;
        }
    }
    devices(report, out)?;
    if !report.risks.is_empty() || !report.breakages.is_empty() {
        out.push_str("\nWhat a single failure breaks afterwards\n");
        for line in afterwards(report) {
            writeln!(out, "  {line}")?;
        }
    }
    if let Some(checked) = report.checked {
        writeln!(out, "\nProved: {checked}")?;
    }
    if !report.findings.is_empty() {
        out.push_str("\nFindings\n");
        for finding in &report.findings {
            writeln!(out, "  {finding}")?;
        }
    }
    Ok(())
}

/// What single failures break: first the lines that nothing can replace, then what the proof saw, failure by failure.
pub(super) fn afterwards(report: &PlanReport) -> impl Iterator<Item = String> {
    fn names(services: &[model::ServiceId]) -> String {
        services.iter().map(model::ServiceId::as_str).collect::<Vec<_>>().join(", ")
    }
    let risks = report
        .risks
        .iter()
        .map(|risk| format!("link {}: no other way at all for {}", risk.link, names(&risk.services)));
    let breakages = report.breakages.iter().map(|Breakage { failure, of }| {
        let of: Vec<String> =
            of.iter().map(|(what, services)| format!("{what} of {}", names(services))).collect();
        format!("{failure}: {}", of.join("; "))
    });
    risks.chain(breakages)
}

fn services(report: &PlanReport, out: &mut String) -> std::fmt::Result {
    if report.services.is_empty() {
        return Ok(());
    }
    out.push_str("\nServices\n");
    for change in &report.services {
        writeln!(out, "  {} {}", sign(change.fate), title(change))?;
        let views = [("before", &change.before), ("after", &change.after), ("backup", &change.backup)];
        for (what, view) in views {
            if let Some(view) = view {
                writeln!(out, "      {what:<8} {}", route(view))?;
                if !view.sites.is_empty() {
                    writeln!(out, "      {:<8} sites {}", "", sites(view))?;
                }
                if !view.lines.is_empty() {
                    writeln!(out, "      {:<8} over {}", "", lines(view))?;
                }
                writeln!(out, "      {:<8} segments {}", "", segments(view))?;
            }
            if what == "after" && !change.domains.is_empty() {
                writeln!(out, "      {:<8} domains {}", "", domains(change))?;
            }
        }
        for why in &change.why {
            writeln!(out, "      {:<8} {why}", "why")?;
        }
    }
    Ok(())
}

fn devices(report: &PlanReport, out: &mut String) -> std::fmt::Result {
    if !report.devices.is_empty() {
        out.push_str("\nDevices\n");
    }
    for (node, objects) in &report.devices {
        writeln!(out, "  {node}")?;
        for object in objects {
            let intents: Vec<&str> = object.intents.iter().map(model::IntentId::as_str).collect();
            writeln!(out, "    {} {} [{}]", object.sign, object.object, intents.join(" "))?;
            for (number, rule) in &object.steps {
                writeln!(out, "        in {number}: {rule}")?;
            }
            for line in &object.lines {
                writeln!(out, "        {line}")?;
            }
        }
    }
    for (node, unknown) in &report.unreadable {
        writeln!(out, "  {node}: left out, {}; {} objects unchecked", unknown.why, unknown.desired)?;
    }
    Ok(())
}
