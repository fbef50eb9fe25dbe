//! The one place where the controller looks at a clock. Everything else takes the moment as an argument.

use model::Timestamp;

/// Now.
#[expect(clippy::disallowed_methods, reason = "the one clock of the controller")]
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}
