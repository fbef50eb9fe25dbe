//! The figures that are promised, printed as a table: all failures of each kind on the network of the CEB case, and one link
//! event on 10,120 nodes with 60,000 services. An event is a link that fails and comes back. With `ceb` or `ccb` as argument
//! only that half.
#![allow(clippy::unwrap_used, reason = "what a bench builds itself is sound, or the bench fails")]

use std::time::{Duration, Instant};

use traffic::{FailureKind, Forwarding, Network, Witness};

mod bank;
#[path = "../tests/support/mod.rs"]
mod support;

use bank::{CCB, CEB, Size, bank};

/// How often the link that changes most fails and comes back.
const WORST: usize = 20;

fn main() {
    // `cargo test` runs benches with this argument to see that they build.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    println!("{:<44} {:>10} {:>12} {:>12} {:>12}", "what", "count", "seconds", "of processor", "ms each");
    if "ceb".contains(&only) {
        failures(CEB);
    }
    if "ccb".contains(&only) {
        events(CCB);
    }
}

/// What a stretch took: by the clock, and of the processor where the system tells, which others on the machine do not change.
struct Took {
    clock: Duration,
    processor: Option<Duration>,
}

fn took<T>(run: impl FnOnce() -> T) -> (T, Took) {
    let before = processor();
    #[expect(clippy::disallowed_methods, reason = "a bench measures time")]
    let start = Instant::now();
    let done = run();
    let clock = start.elapsed();
    let processor = processor().zip(before).map(|(after, before)| after.saturating_sub(before));
    (done, Took { clock, processor })
}

/// Time of the processor that this thread has used, to a few milliseconds.
fn processor() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}

fn timed<T>(what: &str, count: impl FnOnce(&T) -> usize, run: impl FnOnce() -> T) -> T {
    let (done, took) = took(run);
    row(what, count(&done), &took);
    done
}

/// One line; what each takes is by the processor where that is known.
fn row(what: &str, count: usize, took: &Took) {
    let seconds = took.clock.as_secs_f64();
    let processor = took.processor.map(|processor| processor.as_secs_f64());
    let each = 1_000.0 * processor.unwrap_or(seconds) / count.max(1) as f64;
    let processor = processor.map_or_else(|| "unknown".to_owned(), |seconds| format!("{seconds:.4}"));
    println!("{what:<44} {count:>10} {seconds:>12.4} {processor:>12} {each:>12.4}");
}

/// All failures of each kind.
fn failures(size: Size) {
    let bank = bank(size);
    let network = timed(
        "ceb: network, nodes",
        |n: &Network| n.graph().node_count(),
        || Network::new(&bank.ted).unwrap(),
    );
    let forwarding = timed(
        "ceb: configuration, devices",
        |_| bank.devices.len(),
        || Forwarding::build(&network, &bank.devices),
    );
    let witness = Witness::new(&network, &forwarding, &bank.demands);
    timed(
        "ceb: one walk, demands",
        |drill: &traffic::Drill<'_>| drill.outcome().flows.len(),
        || witness.drill(),
    );
    for kind in [FailureKind::Link, FailureKind::Srlg, FailureKind::Node, FailureKind::TwoLinks] {
        let mut changed = 0_usize;
        timed(
            &format!("ceb: {kind}, failures"),
            |_| kind.count(&network),
            || {
                witness
                    .walk_each(kind.failures(&network), |_, drill| changed += drill.changed().len())
                    .unwrap();
            },
        );
        println!("{:<44} {changed:>10}", "     flows that changed");
    }
    memory("ceb");
}

/// One walk, and events of single links: a branch's line and the links that carry most.
fn events(size: Size) {
    let bank = bank(size);
    memory("ccb: the case itself");
    let network = timed(
        "ccb: network, nodes",
        |n: &Network| n.graph().node_count(),
        || Network::new(&bank.ted).unwrap(),
    );
    let forwarding = timed(
        "ccb: configuration, devices",
        |_| bank.devices.len(),
        || Forwarding::build(&network, &bank.devices),
    );
    let witness = timed(
        "ccb: steering, demands",
        |_| bank.demands.len(),
        || Witness::new(&network, &forwarding, &bank.demands),
    );
    let mut drill = timed(
        "ccb: one walk, demands",
        |drill: &traffic::Drill<'_>| drill.outcome().flows.len(),
        || witness.drill(),
    );
    memory("ccb: after the walk");
    let links = FailureKind::Link.count(&network);
    let lines = size.branches * size.lines;
    let trunks = links - lines;
    for (what, step, range) in [("trunk", 1, 0..trunks), ("branch line", 97, trunks..links)] {
        let failures = FailureKind::Link.failures(&network).take(range.end).skip(range.start).step_by(step);
        let failures: Vec<_> = failures.collect();
        let mut heaviest = (0, 0);
        let ((), all) = took(|| {
            for (place, failure) in failures.iter().enumerate() {
                drill.fail(failure).unwrap();
                heaviest = heaviest.max((drill.changed().len(), place));
                drill.restore();
            }
        });
        row(&format!("ccb: {what}s fail and come back, each"), failures.len(), &all);
        let (most, place) = heaviest;
        let ((), worst) = took(|| {
            for _ in 0..WORST {
                drill.fail(&failures[place]).unwrap();
                drill.restore();
            }
        });
        row(&format!("ccb: the {what} that changes most, {WORST} times"), WORST, &worst);
        println!("{:<44} {most:>10}", "     flows that it changes");
    }
    memory("ccb: after the events");
}

/// What the process has used at most, where the system tells.
fn memory(what: &str) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown");
    println!("{what:<44} most memory {}", line.trim());
}
