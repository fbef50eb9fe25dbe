//! Who edits and locks.

use std::fmt;

/// A NETCONF session. Numbers start at 1; 0 stands for everything that is no NETCONF session (RFC 6241 section 7.5).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct SessionId(pub u32);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
