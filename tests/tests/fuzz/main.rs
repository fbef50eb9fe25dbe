//! Fuzz targets: everything that reads what a person or another machine wrote. `cargo test` gives each target the same
//! thousand scripts on every machine, so that what it says depends on the code alone; `make fuzz` goes on with random ones for as
//! long as it is told (`make fuzz-minute`, of CI: two targets for a minute), and `cargo bolero test` lets coverage guide them.
//!
//! A target mutates a genuine example rather than making noise: noise never gets past the first bracket. What is read must
//! end in a value or an error, never in a panic, and with a bounded memory ([`memory`]); what is read as a value must survive
//! being written and read again.
#![expect(clippy::unwrap_used, reason = "a broken assumption of a test is its failure")]

mod bgp;
mod capture;
mod files;
mod gate;
mod guide;
mod instances;
#[cfg(target_os = "linux")]
mod memory;
mod mutate;
mod stamp;
mod wire;

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::Duration,
};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How many scripts a target gets in a run of all tests.
const SCRIPTS: u64 = 1_000;

/// How long a target runs with random scripts: the seconds in `FUZZ_SECONDS`, or as its own variables tell `bolero`; not at all
/// without either.
fn random_time() -> Option<Duration> {
    let asked = std::env::vars().any(|(name, _)| name.starts_with("BOLERO_"));
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    seconds.or(asked.then_some(1)).map(Duration::from_secs)
}

/// Runs a target with the scripts that every machine has.
fn same_scripts(target: impl Fn(&[u8])) {
    for number in 0..SCRIPTS {
        let script = script(number);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(&script))) {
            eprintln!("the script of number {number} does it: {script:02x?}");
            resume_unwind(panic);
        }
    }
}

/// A script: most make a few edits, for many at once leave nothing that a reader gets far into.
fn script(number: u64) -> Vec<u8> {
    let mut random = ChaCha8Rng::seed_from_u64(number);
    let edits = if number.is_multiple_of(8) { random.random_range(8..64) } else { random.random_range(1..6) };
    (0..6 * edits).map(|_| random.random()).collect()
}

/// Declares a target that gets a script of bytes.
macro_rules! target {
    ($name:ident, |$script:ident| $body:expr) => {
        #[test]
        fn $name() {
            #[cfg(target_os = "linux")]
            $crate::memory::limit();
            let target = |$script: &[u8]| $body;
            match $crate::random_time() {
                None => $crate::same_scripts(target),
                Some(time) => bolero::check!().with_test_time(time).for_each(target),
            }
        }
    };
}
pub(crate) use target;
