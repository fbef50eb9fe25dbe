//! Several lists of one candidate path, each with its share, and the two directions of a service.

use model::{Bandwidth, EdgeIx, SegmentList};

use super::{EncodeError, Encoded, Encoder, Encoding};

/// Weights in the ratio of these rates (RFC 9256 section 2.2), as small as the ratio can be written; 0 for nothing. Where the
/// smallest such numbers do not fit into 32 bits they are rounded, and a rate above zero is never rounded to zero.
pub fn weights(rates: &[Bandwidth]) -> Vec<u32> {
    let common = rates.iter().fold(0, |common, rate| divisor(common, rate.as_bps())).max(1);
    let largest = rates.iter().map(|rate| rate.as_bps() / common).max().unwrap_or(0);
    // Above 32 bits every weight is divided by the same number.
    let step = largest.div_ceil(u64::from(u32::MAX)).max(1);
    let weight = |rate: &Bandwidth| match rate.as_bps() / common {
        0 => 0,
        share => u32::try_from(share / step).unwrap_or(u32::MAX).max(1),
    };
    rates.iter().map(weight).collect()
}

fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// The same links the other way.
pub fn reversed(path: &[EdgeIx]) -> Vec<EdgeIx> {
    path.iter().rev().map(|edge| edge.reverse()).collect()
}

impl Encoder<'_> {
    /// The lists that carry these paths in the ratio of their rates; paths without a rate are left out.
    ///
    /// # Errors
    /// One of them cannot be encoded.
    pub fn encode_lists(
        &mut self,
        paths: &[(&[EdgeIx], Bandwidth)],
        encoding: &Encoding<'_>,
    ) -> Result<Vec<SegmentList>, EncodeError> {
        let rates: Vec<Bandwidth> = paths.iter().map(|(_, rate)| *rate).collect();
        let weighed = paths.iter().zip(weights(&rates)).filter(|(_, weight)| *weight > 0);
        weighed
            .map(|((path, _), weight)| {
                self.encode_with(path, encoding).map(|encoded| SegmentList { weight, sids: encoded.sids })
            })
            .collect()
    }

    /// Both directions of a service over the same links: each list is worked out anew, since the shortest paths of the two
    /// directions may differ.
    ///
    /// # Errors
    /// One of them cannot be encoded.
    pub fn encode_both(
        &mut self,
        path: &[EdgeIx],
        encoding: &Encoding<'_>,
    ) -> Result<[Encoded; 2], EncodeError> {
        Ok([self.encode_with(path, encoding)?, self.encode_with(&reversed(path), encoding)?])
    }
}
