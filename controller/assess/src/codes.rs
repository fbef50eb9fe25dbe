//! The stable codes of what this crate finds (TL0301 to TL0399), each with the page that `trunkline explain` shows.

/// `TL0301`: the loop has stopped itself for a service.
pub const FROZEN: &str = "TL0301";

/// Every code with its title and its page, ascending.
pub const PAGES: &[(&str, &str, &str)] = &[(
    FROZEN,
    "the loop has stopped itself for a service",
    "The service was moved several times in a row and its promise was not kept after any of these moves. Moving it again would only make noise, so the loop leaves it alone and says so. Mend the cause: the lines that the incident names, or a promise that the network cannot keep. The loop goes on by itself once the promise has been kept for the intent's wait-to-restore, or at once after `trunkline mode act`. Until then the alarm `loop-stopped` stands for the service.",
)];
