//! A bank backbone of 120 nodes and 720 demands in six classes: compilation, one walk, and all walks under single failures.
#![allow(clippy::unwrap_used, reason = "what a test builds itself is sound, or the test fails")]

use divan::{Bencher, black_box};
use traffic::{Failure, FailureKind, Forwarding, Network, Witness};

mod bank;
#[path = "../tests/support/mod.rs"]
mod support;

use bank::{Bank, CEB, bank};

fn main() {
    divan::main();
}

fn with(run: impl FnOnce(&Network, &Forwarding, &Bank)) {
    let bank = bank(CEB);
    let network = Network::new(&bank.ted).unwrap();
    let forwarding = Forwarding::build(&network, &bank.devices);
    run(&network, &forwarding, &bank);
}

#[divan::bench]
fn compile_forwarding(bencher: Bencher<'_, '_>) {
    with(|network, _, bank| bencher.bench_local(|| Forwarding::build(black_box(network), &bank.devices)));
}

#[divan::bench]
fn one_walk(bencher: Bencher<'_, '_>) {
    with(|network, forwarding, bank| {
        bencher
            .bench_local(|| Witness::new(network, forwarding, &bank.demands).walk(black_box(&Failure::None)));
    });
}

#[divan::bench(sample_count = 10, args = [FailureKind::Link, FailureKind::Srlg, FailureKind::Node])]
fn all_failures(bencher: Bencher<'_, '_>, kind: FailureKind) {
    with(|network, forwarding, bank| {
        let witness = Witness::new(network, forwarding, &bank.demands);
        bencher.bench_local(|| {
            let mut changed = 0;
            witness.walk_each(kind.failures(network), |_, drill| changed += drill.changed().len()).unwrap();
            changed
        });
    });
}

#[divan::bench(sample_count = 3)]
fn all_single_link_failures_afresh(bencher: Bencher<'_, '_>) {
    with(|network, forwarding, bank| {
        let witness = Witness::new(network, forwarding, &bank.demands);
        bencher.bench_local(|| {
            for failure in FailureKind::Link.failures(network) {
                black_box(witness.walk(&failure).unwrap());
            }
        });
    });
}
