//! Paths that nothing but their own links can carry.
//!
//! A node segment leads to a node by whatever way the IGP has at the moment. While all is up that is the path; after a failure
//! it may lead over a line without encryption before anybody can do anything about it. A path of adjacency segments alone has
//! no such freedom: where one of its links is down it is invalid, the headend takes the backup, and where that is invalid too,
//! drops. That costs a segment for each link. (The segments must be the unprotected ones of RFC 8402 section 3.4: a protected one
//! may be led around its link.) A service may ask for the same without encryption (`path.pin`), so that its backup takes over
//! where a link of its path fails, and no line is ridden that it avoids.

use model::Ted;

/// The network with all adjacency segments and no node segments: what is encoded over it is pinned link by link.
pub(crate) fn without_node_segments(ted: &Ted) -> Ted {
    let mut bare = ted.clone();
    for node in bare.nodes.values_mut() {
        node.node_sid = None;
        node.locator = None;
    }
    bare
}
