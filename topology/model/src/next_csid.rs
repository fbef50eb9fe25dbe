//! The flavor NEXT-CSID of a node's SIDs (RFC 9800 section 4.1): how long their parts are, and which locators have them.
//!
//! A number that stands behind another one must not be a function of the node before it: that would be read first. So nodes that read
//! containers have numbers that are no function of any node here; that is what RFC 9800 keeps apart as global and local identifiers.

use std::ops::RangeInclusive;

use ipnet::Ipv6Net;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What functions have for numbers, of all nodes: End; those that end services, probes and lists behind binding SIDs; binding SIDs and
/// SIDs of customers; adjacencies.
const FUNCTIONS: [RangeInclusive<u16>; 3] = [1..=1, 0xd00..=0xdff, 0x4000..=0xffff];

/// How the SIDs of a node are built whose End and End.X SIDs have the flavor NEXT-CSID (RFC 9800 section 4.1), in bits. Functions have
/// [`NextCsid::FUNCTION_LENGTH`].
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NextCsid {
    /// Locator-Block length: what all locators of a domain begin with.
    pub locator_block_length: u8,
    /// Locator-Node length: the number of the node, which is the rest of its locator.
    pub locator_node_length: u8,
}

/// Why a node cannot read containers so.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum BadNextCsid {
    /// The two lengths are not that of the locator.
    #[error(
        "{block} bits of block and {node} of the node are {} bits, and its locator {locator} has {}: together they are the locator",
        u16::from(*block) + u16::from(*node),
        locator.prefix_len()
    )]
    Lengths {
        /// Bits of the block.
        block: u8,
        /// Bits of the node.
        node: u8,
        /// The locator.
        locator: Ipv6Net,
    },
    /// Numbers of nodes are as long as functions, so that they can be told apart by their value.
    #[error(
        "{node} bits of the node: numbers of nodes have 16 bits here, as functions have, so that no number is taken for a function"
    )]
    NodeLength {
        /// Bits of the node.
        node: u8,
    },
    /// Routers shift by octets.
    #[error("{block} bits of block: routers shift by octets, so it is 8, 16, 24 and so on, usually 32 or 48")]
    BlockLength {
        /// Bits of the block.
        block: u8,
    },
    /// The number of the node would be read as something else.
    #[error(
        "the number of its locator {locator} is {number:x}, and in a container {}: choose a locator that ends in 2 to cff or e00 to 3fff",
        if *number == 0 { "nothing stands behind a 0" } else { "a node before it would take that for a function of its own" }
    )]
    Number {
        /// The number.
        number: u16,
        /// The locator.
        locator: Ipv6Net,
    },
}

impl NextCsid {
    /// Bits of a function.
    pub const FUNCTION_LENGTH: u8 = 16;

    /// Whether a node with this locator can read containers so.
    ///
    /// # Errors
    /// The lengths are not those of the locator, or routers cannot shift by them; or its number means something else.
    pub fn fits(self, locator: Ipv6Net) -> Result<(), BadNextCsid> {
        let (block, node) = (self.locator_block_length, self.locator_node_length);
        if u16::from(block) + u16::from(node) != u16::from(locator.prefix_len()) {
            return Err(BadNextCsid::Lengths { block, node, locator });
        }
        if node != 16 {
            return Err(BadNextCsid::NodeLength { node });
        }
        if block == 0 || !block.is_multiple_of(8) {
            return Err(BadNextCsid::BlockLength { block });
        }
        // The last 16 bits of the locator.
        let bits = u128::from(locator.network()) >> (128 - u32::from(locator.prefix_len()));
        let number = (bits & u128::from(u16::MAX)) as u16;
        let is_taken = number == 0 || FUNCTIONS.iter().any(|functions| functions.contains(&number));
        if is_taken { Err(BadNextCsid::Number { number, locator }) } else { Ok(()) }
    }

    /// The block of a locator that these lengths fit.
    pub fn block_of(self, locator: Ipv6Net) -> Ipv6Net {
        let first = u128::from(locator.network()) & leading(self.locator_block_length);
        Ipv6Net::new(first.into(), self.locator_block_length).unwrap_or(locator)
    }
}

/// A mask of so many leading bits.
pub(crate) fn leading(bits: u8) -> u128 {
    u128::MAX.checked_shl(128_u32.saturating_sub(u32::from(bits))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(block: u8, node: u8, locator: &str) -> Result<(), String> {
        let csid = NextCsid { locator_block_length: block, locator_node_length: node };
        csid.fits(locator.parse().unwrap()).map_err(|why| why.to_string())
    }

    #[test]
    fn lengths_are_those_of_the_locator_and_of_what_routers_shift() {
        assert_eq!(fits(32, 16, "fd00:0:102::/48"), Ok(()));
        assert_eq!(fits(48, 16, "fd00:0:0:102::/64"), Ok(()));
        for (block, node, locator, why) in [
            (32, 16, "fd00:0:1:102::/64", "are 48 bits, and its locator fd00:0:1:102::/64 has 64"),
            (24, 24, "fd00:0:102::/48", "24 bits of the node: numbers of nodes have 16 bits here"),
            (28, 16, "fd00:0:100::/44", "28 bits of block: routers shift by octets"),
            (0, 16, "fd00::/16", "0 bits of block"),
        ] {
            let told = fits(block, node, locator).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }

    #[test]
    fn a_number_that_means_something_else_is_refused_and_its_neighbours_are_not() {
        for taken in ["0", "1", "d00", "d46", "dff", "4000", "e000", "ffff"] {
            let told = fits(32, 16, &format!("fd00:0:{taken}::/48")).unwrap_err();
            assert!(told.contains(&format!("/48 is {taken}, and in a container")), "{told}");
        }
        for free in ["2", "cff", "e00", "3fff"] {
            assert_eq!(fits(32, 16, &format!("fd00:0:{free}::/48")), Ok(()), "{free}");
        }
    }

    #[test]
    fn a_block_is_what_a_locator_begins_with() {
        let csid = NextCsid { locator_block_length: 32, locator_node_length: 16 };
        assert_eq!(csid.block_of("fd00:7:102::/48".parse().unwrap()).to_string(), "fd00:7::/32");
    }
}
