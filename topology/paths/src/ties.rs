//! Ties: of two equally good walks the one with the smaller edge numbers goes first, edge by edge from the start.

use model::EdgeIx;

/// Whether one walk comes before another of equal length. Each is given as the place before its last edge, and that edge; `back` gives
/// the same for the walk to a place. Costs what the two do not have in common.
pub(crate) fn comes_before<P: Copy + PartialEq>(
    one: (P, EdgeIx),
    other: (P, EdgeIx),
    back: impl Fn(P) -> (P, EdgeIx),
) -> bool {
    let (mut one, mut other) = (one, other);
    let mut order = one.1.cmp(&other.1);
    while one.0 != other.0 {
        (one, other) = (back(one.0), back(other.0));
        // What differs nearest to the start decides.
        order = one.1.cmp(&other.1).then(order);
    }
    order.is_lt()
}
