//! The report for a terminal, in pieces: that of a network of ten thousand routers has hundreds of megabytes, which need not stand
//! in memory at once, and whose pieces several threads can write.

use std::fmt::{Result, Write};

use model::NodeId;

use super::{ObjectChange, PlanReport, RouteView, ServiceChange, words};
use crate::threads;

/// So many services or devices stand in a piece: some hundred kilobytes.
const IN_A_PIECE: usize = 256;

/// A piece of the report.
enum Piece<'a> {
    Head,
    Services(&'a [ServiceChange]),
    Between,
    Devices(Vec<(&'a NodeId, &'a [ObjectChange])>),
    Tail,
}

/// Gives the whole report to `each`, piece by piece in order.
pub(super) fn render(report: &PlanReport, threads: usize, each: &mut dyn FnMut(&str)) {
    let pieces = pieces(report);
    let write = |number: usize| {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = write(report, &pieces[number], &mut out);
        out
    };
    threads::in_order(threads, pieces.len(), &write, &mut |piece: String| each(&piece));
}

fn pieces(report: &PlanReport) -> Vec<Piece<'_>> {
    let devices: Vec<(&NodeId, &[ObjectChange])> =
        report.devices.iter().map(|(node, objects)| (node, objects.as_slice())).collect();
    let mut pieces = vec![Piece::Head];
    pieces.extend(report.services.chunks(IN_A_PIECE).map(Piece::Services));
    pieces.push(Piece::Between);
    pieces.extend(devices.chunks(IN_A_PIECE).map(|some| Piece::Devices(some.to_vec())));
    pieces.push(Piece::Tail);
    pieces
}

fn write(report: &PlanReport, piece: &Piece<'_>, out: &mut String) -> Result {
    match piece {
        Piece::Head => {
            writeln!(out, "{}", report.headline())?;
            if !report.services.is_empty() {
                out.push_str("\nServices\n");
            }
            Ok(())
        }
        Piece::Services(changes) => changes.iter().try_for_each(|change| service(change, out)),
        Piece::Between => between(report, out),
        Piece::Devices(some) => some.iter().try_for_each(|(node, objects)| device(node, objects, out)),
        Piece::Tail => tail(report, out),
    }
}

/// What gets worse, and the transactions.
fn between(report: &PlanReport, out: &mut String) -> Result {
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
            writeln!(out, "  {} {}: {}", number + 1, words::phase(transaction.phase), devices.join(", "))?;
            if let Some(moving) = words::moving(transaction) {
                writeln!(out, "      {moving}")?;
            }
        }
    }
    if !report.devices.is_empty() {
        out.push_str("\nDevices\n");
    }
    Ok(())
}

/// What is left out, what failures break, the proof and the findings.
fn tail(report: &PlanReport, out: &mut String) -> Result {
    for (node, unknown) in &report.unreadable {
        writeln!(out, "  {node}: left out, {}; {} objects unchecked", unknown.why, unknown.desired)?;
    }
    if !report.risks.is_empty() || !report.breakages.is_empty() {
        out.push_str("\nWhat a single failure breaks afterwards\n");
        for line in words::afterwards(report) {
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

fn service(change: &ServiceChange, out: &mut String) -> Result {
    writeln!(out, "  {} {}", words::sign(change.fate), words::title(change))?;
    let views = [("before", &change.before), ("after", &change.after), ("backup", &change.backup)];
    for (what, view) in views {
        if let Some(view) = view {
            path(what, view, out)?;
        }
        if what == "after" && !change.domains.is_empty() {
            writeln!(out, "{MARGIN}domains {}", words::domains(change))?;
        }
    }
    change.why.iter().try_for_each(|why| writeln!(out, "      {:<8} {why}", "why"))
}

/// What stands before the lines that go on about a path.
const MARGIN: &str = "               ";

fn path(what: &str, view: &RouteView, out: &mut String) -> Result {
    writeln!(out, "      {what:<8} {}", words::route(view))?;
    if !view.sites.is_empty() {
        writeln!(out, "{MARGIN}sites {}", words::sites(view))?;
    }
    if !view.lines.is_empty() {
        writeln!(out, "{MARGIN}over {}", words::lines(view))?;
    }
    writeln!(out, "{MARGIN}segments {}", words::segments(view))
}

fn device(node: &NodeId, objects: &[ObjectChange], out: &mut String) -> Result {
    writeln!(out, "  {node}")?;
    for object in objects {
        writeln!(out, "    {} {} [{}]", object.sign, object.object, words::joined(&object.intents, " "))?;
        for (number, rule) in &object.steps {
            writeln!(out, "        in {number}: {rule}")?;
        }
        for line in &object.lines {
            writeln!(out, "        {line}")?;
        }
    }
    Ok(())
}
