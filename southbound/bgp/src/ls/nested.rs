//! TLVs within TLVs. Which there may be is known only where all of them are known, and so is given to those that hold others.

use crate::wire::octets::{Malformed, Out};

/// A TLV that may stand within another.
pub trait Nested: Sized {
    /// Writes it, type and length included.
    fn encode(&self, out: &mut Out);

    /// Reads all of them from the inside of a TLV; `depth` is how many TLVs stand around them.
    ///
    /// # Errors
    /// They are malformed, or too deep.
    fn decode_all(octets: &[u8], depth: u8) -> Result<Vec<Self>, Malformed>;
}
