//! The best path that a list of few segments can hold: an upper bound on segments.

use model::Graph;
use thiserror::Error;

use crate::{
    constraint::PathRequest,
    encode::{Encoded, Encoder, Encoding},
    found::Found,
    ranking::Ranking,
    workspace::Workspace,
};

/// No path that meets the request was found which so few SIDs hold.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("no path that meets the request is held by {most} SIDs{}", if *.exact { "" } else { ", as far as the search went" })]
pub struct TooManySegments {
    /// How many there may be.
    pub most: usize,
    /// The path that the fewest SIDs hold among those looked at, and how many these are: it breaks this bound only.
    pub nearest: Option<(Found, usize)>,
    /// Whether it is proven that there is none.
    pub exact: bool,
}

/// The best path that meets a request and is held by at most `most` SIDs, and by no more than nodes can push and read; those of
/// service functions on the way ([`Encoder::encode_chain`]) count.
///
/// Paths are tried in the order of [`Ranking`], so the first that fits is the best one without a loop between waypoints: exact.
/// After `tries` paths the search gives up and says so. In a network of unlike metrics nearly every path that is best by delay
/// needs a handful of segments, and a few tries are enough. Where only segments count, and neither containers nor depth,
/// [`crate::Bounds::segments`] needs no tries.
///
/// # Errors
/// None of the paths fits.
#[expect(clippy::too_many_arguments, reason = "two questions in one: a path's and a list's")]
pub fn within_segments(
    graph: &Graph,
    free: &[u64],
    request: &PathRequest,
    encoder: &mut Encoder<'_>,
    encoding: &Encoding<'_>,
    most: usize,
    tries: usize,
    workspace: &mut Workspace,
) -> Result<(Found, Encoded), TooManySegments> {
    let mut ranking = Ranking::new(graph, free, request, workspace);
    let mut nearest: Option<(Found, usize)> = None;
    for _ in 0..tries {
        let Some(found) = ranking.next() else {
            return Err(TooManySegments { most, nearest, exact: ranking.exact() });
        };
        let Ok(encoded) = encoder.encode_chain(&found.edges, &request.waypoints, encoding) else { continue };
        let count = encoded.sids.len();
        if count <= most {
            return Ok((found, encoded));
        }
        if nearest.as_ref().is_none_or(|known| count < known.1) {
            nearest = Some((found, count));
        }
    }
    Err(TooManySegments { most, nearest, exact: false })
}

#[cfg(test)]
mod tests;
