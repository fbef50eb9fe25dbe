//! The rows of the table, and what was measured for each.

use std::collections::BTreeMap;

use crate::series::{Series, Target, table};

/// One row.
struct Row {
    /// The word of the part that measures it.
    part: &'static str,
    /// What it is called in this bench.
    name: &'static str,
    what: &'static str,
    target: Target,
    unit: &'static str,
}

const fn row(
    part: &'static str,
    name: &'static str,
    what: &'static str,
    target: Target,
    unit: &'static str,
) -> Row {
    Row { part, name, what, target, unit }
}

/// All of them.
const ROWS: &[Row] = &[
    row(
        "ceb",
        "ceb up",
        "`up` of 120 routers, 330 lines with delay, builtin IGP, no agents",
        Target::Worst(10.0),
        "s",
    ),
    row("ceb", "ceb memory", "memory of the machine a router of it", Target::Worst(10.0), "MiB"),
    row("ceb", "ceb down", "`down` of it", Target::None, "s"),
    row(
        "large",
        "large up",
        "`up` of 500 routers, 1000 plain lines, builtin IGP, no agents",
        Target::Worst(60.0),
        "s",
    ),
    row("large", "large memory", "memory of the machine a router of it", Target::Worst(10.0), "MiB"),
    row("large", "large down", "`down` of it", Target::None, "s"),
    row(
        "frr",
        "frr up",
        "`up` of 120 routers with FRR, until every adjacency is up, no agents",
        Target::Worst(45.0),
        "s",
    ),
    row("frr", "frr memory", "memory of the machine a router of it", Target::Worst(10.0), "MiB"),
    row("frr", "frr down", "`down` of it", Target::None, "s"),
    row(
        "agents",
        "agents up",
        "12 routers with an agent's process each and a controller: `up` until all sessions are up",
        Target::None,
        "s",
    ),
    row("agents", "agents resident", "resident memory of an agent's process", Target::Worst(10.0), "MiB"),
    row("agents", "agents own", "of that what is no page of a program's file (RssAnon)", Target::None, "MiB"),
    row(
        "agents",
        "agents share",
        "its share, where pages that several have are divided (PSS)",
        Target::None,
        "MiB",
    ),
    row(
        "packed",
        "packed up",
        "120 routers whose agents share a process, and a controller: `up` until all sessions are up",
        Target::Worst(10.0),
        "s",
    ),
    row("packed", "packed resident", "resident memory of that process, a router", Target::Worst(10.0), "MiB"),
    row(
        "packed-frr",
        "packed-frr up",
        "the same with FRR, until every adjacency is up too",
        Target::Worst(45.0),
        "s",
    ),
    row(
        "packed-frr",
        "packed-frr resident",
        "resident memory of the agents' process, a router; FRR's own are beside it",
        Target::None,
        "MiB",
    ),
    row(
        "packed-large",
        "packed-large up",
        "500 routers, 1000 plain lines, whose agents share a process, and a controller: `up` until all sessions are up",
        Target::Worst(60.0),
        "s",
    ),
    row(
        "packed-large",
        "packed-large resident",
        "resident memory of that process, a router",
        Target::Worst(10.0),
        "MiB",
    ),
    row(
        "policy",
        "policy",
        "an SR policy replaced in a kernel, both families, while packets flow",
        Target::Worst(10.0),
        "ms",
    ),
    row(
        "probe",
        "probe",
        "error of a single probe: one-way delay told of a bare pair",
        Target::Median(100.0),
        "µs",
    ),
    row("probe", "probe p99", "the same, what 99 of 100 do not exceed", Target::None, "µs"),
    row(
        "probe",
        "probe wire",
        "error of a single probe of a wire of 5 ms, which errs too",
        Target::None,
        "µs",
    ),
    row("hosts", "hosts", "packets that a host sends and another receives, none lost", Target::Much, "1/s"),
    row("tcp", "tcp plain", "TCP over a plain line", Target::Much, "Gbit/s"),
    row("tcp", "tcp wire", "TCP over a wire without delay", Target::Much, "Gbit/s"),
    row("tcp", "tcp slow", "TCP over a wire of 5 ms", Target::Much, "Gbit/s"),
    row("frames", "frames", "frames of 1500 octets through a wire in memory", Target::Much, "million/s"),
];

/// What was measured, by the names of rows.
#[derive(Default)]
pub struct Figures(BTreeMap<&'static str, Vec<f64>>);

impl Figures {
    /// Adds a figure to a row.
    pub fn add(&mut self, name: &'static str, value: f64) {
        assert!(ROWS.iter().any(|row| row.name == name), "the table has no row `{name}`");
        self.0.entry(name).or_default().push(value);
    }

    /// All rows of these parts. One of which nothing was measured says so by a dash.
    pub fn table(&self, parts: &[&str]) -> String {
        let rows = ROWS.iter().filter(|row| parts.contains(&row.part));
        let series = rows.map(|row| Series {
            what: row.what.to_owned(),
            target: row.target,
            unit: row.unit,
            values: self.0.get(row.name).map(Vec::as_slice).unwrap_or_default(),
        });
        table(&series.collect::<Vec<_>>())
    }
}
