//! What stands in a namespace: a socket of rtnetlink.

use rtnetlink::Handle;

/// What a task of the thread works with.
#[derive(Debug)]
pub struct Inside {
    /// For requests over rtnetlink.
    pub netlink: Handle,
}
