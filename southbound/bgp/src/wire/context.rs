//! What both sides of a session agreed on, as far as octets mean something else by it.

/// What of the session a reader has to know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Context {
    /// Both sides write autonomous systems in four octets (RFC 6793).
    pub four_octet_as: bool,
    /// Both sides are of one autonomous system.
    pub internal: bool,
}
