//! Lengths of compressed SIDs.

/// How long CSIDs are, in bits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CsidLengths {
    /// That of a node: the last so many bits of its locator.
    pub node: u8,
    /// That of a function of a node.
    pub function: u8,
}

impl Default for CsidLengths {
    /// 16 and 16: behind a block of 32 bits five or six fit into an address.
    fn default() -> Self {
        Self { node: 16, function: 16 }
    }
}
