//! How fast paths are found, side by side with others: `cargo bench -p paths --bench table`. Prints a table. Where a figure that the
//! product promises is missed the table says `no`, and nothing fails: a busy machine is no fault. Times are medians of runs that take turns, so that what else the machine
//! does falls on all alike; ratios count more than times. Parts can be named: `-- trees bounds headquarters branches transit`.
//!
//! With `tests/.venv` (or `PATHS_BENCH_PYTHON`) holding python-igraph, that is measured too, else it is said to be skipped.

#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

mod bank;
mod bounds;
mod igraph;
mod network;
mod report;
mod trees;

use report::Report;

/// Takes figures and adds lines.
type Measure = fn(&mut Report);

fn main() {
    // `cargo test --benches` runs this without `--bench`: then building it was the test.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let mut report = Report::default();
    let parts: [(&str, Measure); 5] = [
        ("trees", trees::measure),
        ("bounds", bounds::measure),
        ("headquarters", bank::headquarters),
        ("branches", bank::branches),
        ("transit", bank::transit),
    ];
    let named = |name: &str| std::env::args().any(|argument| argument == name);
    let all = !parts.iter().any(|(name, _)| named(name));
    for (_, measure) in parts.iter().filter(|(name, _)| all || named(name)) {
        measure(&mut report);
    }
    report.print();
}
