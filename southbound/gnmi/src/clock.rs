//! The only place of this crate that asks what time it is.

use std::time::UNIX_EPOCH;

use model::Timestamp;

/// This moment. A clock before 1970 counts as 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the IO edge: readings and samples carry the moment at which they came"
)]
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}
