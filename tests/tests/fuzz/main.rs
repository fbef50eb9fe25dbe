//! Fuzz targets: everything that reads what a person or another machine wrote. `cargo test` gives each target a short run
//! with random scripts and replays what stands in `__fuzz__`; `make fuzz` runs them for as long as it is told, and
//! `cargo bolero test` lets coverage guide them.
//!
//! A target mutates a genuine example rather than making noise: noise never gets past the first bracket. What is read must
//! end in a value or an error, never in a panic; what is read as a value must survive being written and read again.
#![expect(clippy::unwrap_used, reason = "a broken assumption of a test is its failure")]

mod files;
mod instances;
mod mutate;
mod wire;

use std::time::Duration;

/// How long a target runs: one second, or the seconds in `FUZZ_SECONDS`.
fn run_time() -> Duration {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    Duration::from_secs(seconds)
}

/// Declares a target that gets a script of bytes.
macro_rules! target {
    ($name:ident, |$script:ident| $body:expr) => {
        #[test]
        fn $name() {
            bolero::check!().with_test_time($crate::run_time()).for_each(|$script: &[u8]| $body);
        }
    };
}
pub(crate) use target;
