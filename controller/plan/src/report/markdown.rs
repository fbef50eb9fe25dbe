//! The report for a change ticket or a merge request. Forges take comments up to some size, so it has a limit: what is told of each
//! section beyond its part is how much more there is, and where all of it can be read.

use std::collections::BTreeMap;

use model::{Finding, IntentId};

use super::{ObjectChange, PlanReport, RouteView, ServiceChange, ServiceFate, words};

/// The most characters of a report: a comment at the strictest of the known forges takes 65,536, and something is written around it.
pub const MOST: usize = 60_000;

/// Parts of the whole that sections may take where all of them together would be too long; the rest is for what goes between them.
const INTENTS: usize = MOST / 10;
const SERVICES: usize = MOST * 3 / 10;
const WORSE: usize = MOST / 10;
const TRANSACTIONS: usize = MOST / 20;
const DEVICES: usize = MOST / 4;
const AFTERWARDS: usize = MOST / 10;
const FINDINGS: usize = MOST / 12;

/// All of it where that fits, else the beginning of every section. `beside` are findings that the report does not have.
pub(super) fn render(report: &PlanReport, beside: &[Finding]) -> String {
    let whole = written(report, beside, false);
    if whole.len() <= MOST { whole } else { written(report, beside, true) }
}

fn written(report: &PlanReport, beside: &[Finding], short: bool) -> String {
    let mut page = Page { out: format!("# {}\n", cell(&report.headline())), short };
    page.section("Intents", INTENTS_HEAD, intents(report).into_iter(), INTENTS);
    page.section("Services", SERVICES_HEAD, report.services.iter().map(service), SERVICES);
    let worse = report.worse.iter();
    let worse =
        worse.map(|worse| format!("- {} from {}: {}\n", worse.service, worse.from, cell(&worse.what)));
    page.section("What gets worse", "", worse, WORSE);
    page.section("Transactions", "", transactions(report), TRANSACTIONS);
    page.section("Devices", "", report.devices.iter().map(device), DEVICES);
    let left_out = report.unreadable.iter().map(|(node, unknown)| {
        format!("- {node}: {}; {} objects unchecked\n", cell(&unknown.why), unknown.desired)
    });
    page.section("Left out because what they hold is unknown", "", left_out, FINDINGS);
    let afterwards = words::afterwards(report).map(|line| format!("- {}\n", cell(&line)));
    page.section("What a single failure breaks afterwards", "", afterwards, AFTERWARDS);
    if let Some(checked) = report.checked {
        page.out += &format!("\nProved: {checked}.\n");
    }
    page.section("Findings", "", report.findings.iter().chain(beside).map(finding), FINDINGS);
    page.out
}

/// What is written so far.
struct Page {
    out: String,
    /// Whether sections are cut where they are longer than their part.
    short: bool,
}

impl Page {
    /// A section with its entries; nothing where there are none.
    fn section(&mut self, title: &str, head: &str, entries: impl Iterator<Item = String>, part: usize) {
        let mut entries = entries.peekable();
        if entries.peek().is_none() {
            return;
        }
        self.out += &format!("\n## {title}\n\n{head}");
        let begun = self.out.len();
        while let Some(entry) =
            entries.next_if(|entry| !self.short || self.out.len() - begun + entry.len() <= part)
        {
            self.out += &entry;
        }
        let more = entries.count();
        if more > 0 {
            self.out += &format!("\n… and {more} more: `trunkline plan --format text` has all of it.\n");
        }
    }
}

const INTENTS_HEAD: &str = "| intent | class | new | moved | adjusted | gone |\n|---|---|---|---|---|---|\n";

const SERVICES_HEAD: &str = "| | service | before | after | backup | why |\n|---|---|---|---|---|---|\n";

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

/// How many directions of services become what, by intent; for an eye that has a minute.
fn intents(report: &PlanReport) -> Vec<String> {
    let mut rows: BTreeMap<(Option<&IntentId>, Option<&str>), [usize; 4]> = BTreeMap::new();
    for change in &report.services {
        let row = rows.entry((change.intents.first(), change.class.as_deref())).or_default();
        row[match change.fate {
            ServiceFate::New => 0,
            ServiceFate::Moved => 1,
            ServiceFate::Adjusted => 2,
            ServiceFate::Gone => 3,
        }] += 1;
    }
    rows.into_iter()
        .map(|((intent, class), [new, moved, adjusted, gone])| {
            let intent = intent.map_or("-", |intent| intent.as_str());
            let class = class.unwrap_or("-");
            format!("| {} | {} | {new} | {moved} | {adjusted} | {gone} |\n", cell(intent), cell(class))
        })
        .collect()
}

fn service(change: &ServiceChange) -> String {
    let why: Vec<String> = change.why.iter().map(|why| cell(why)).collect();
    format!(
        "| {} | {} | {} | {} | {} | {} |\n",
        words::sign(change.fate),
        cell(&words::title(change).to_string()),
        view(change.before.as_ref()),
        view(change.after.as_ref()) + &domains(change),
        view(change.backup.as_ref()),
        why.join("<br>"),
    )
}

fn view(view: Option<&RouteView>) -> String {
    let Some(view) = view else { return "-".to_owned() };
    let part = |what: &str, names: String| match names.is_empty() {
        true => String::new(),
        false => format!("<br>{what} {}", cell(&names)),
    };
    let (sites, over) =
        (part("sites", words::sites(view).to_string()), part("over", words::lines(view).to_string()));
    format!("{}{sites}{over}<br>`{}`", cell(&words::route(view).to_string()), words::segments(view))
}

fn domains(change: &ServiceChange) -> String {
    if change.domains.is_empty() {
        return String::new();
    }
    format!("<br>domains {}", cell(&words::domains(change).to_string()))
}

/// So many devices of a transaction are named.
const NAMED: usize = 50;

fn transactions(report: &PlanReport) -> impl Iterator<Item = String> {
    (1..).zip(&report.transactions).map(|(number, transaction)| {
        let named = transaction.devices.iter().take(NAMED).map(|(node, edits)| format!("{node} ({edits})"));
        let mut devices: Vec<String> = named.collect();
        let more = transaction.devices.len().saturating_sub(NAMED);
        if more > 0 {
            devices.push(format!("and {more} more devices"));
        }
        let moving = words::moving(transaction).map_or_else(String::new, |moving| format!("; {moving}"));
        format!("{number}. **{}**: {}{moving}\n", words::phase(transaction.phase), devices.join(", "))
    })
}

/// Folded: who reviews a change opens what is in question.
fn device((node, objects): (&model::NodeId, &Vec<ObjectChange>)) -> String {
    let plural = if objects.len() == 1 { "" } else { "s" };
    let mut out =
        format!("<details><summary>{node}: {} object{plural}</summary>\n\n```diff\n", objects.len());
    for object in objects {
        let intents: Vec<&str> = object.intents.iter().map(IntentId::as_str).collect();
        out += &format!("# {} [{}]\n", object.object, intents.join(" "));
        for (number, rule) in &object.steps {
            out += &format!("# in {number}: {}\n", cell(rule));
        }
        for line in &object.lines {
            out += &line.replace('`', "'");
            out.push('\n');
        }
    }
    out + "```\n\n</details>\n"
}

fn finding(finding: &Finding) -> String {
    let help = finding.help.as_ref().map_or(String::new(), |help| format!(". {}", cell(help)));
    format!("- {}{help}\n", cell(&finding.to_string()))
}
