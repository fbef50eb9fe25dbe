//! Which two directions are one link.

use std::{collections::BTreeMap, net::IpAddr};

use super::Half;

/// Pairs of directions by their places, the first one's place the lower, and those that are alone. An address that one side has as
/// its own and the other as its neighbour's decides; what is left over between two routers is a link where it is just one each
/// way and no addresses speak against it. O(halves log halves).
pub(super) fn pairs(halves: &[Half]) -> (Vec<(usize, usize)>, Vec<usize>) {
    let mut by_near: BTreeMap<(usize, usize, IpAddr), usize> = BTreeMap::new();
    let mut by_far: BTreeMap<(usize, usize, IpAddr), usize> = BTreeMap::new();
    for (place, half) in halves.iter().enumerate() {
        for end in &half.near {
            by_near.entry((half.from, half.to, *end)).or_insert(place);
        }
        for end in &half.far {
            by_far.entry((half.from, half.to, *end)).or_insert(place);
        }
    }
    let mut other: BTreeMap<usize, usize> = BTreeMap::new();
    for (place, half) in halves.iter().enumerate() {
        let over = half.far.iter().filter_map(|end| by_near.get(&(half.to, half.from, *end)));
        let back = half.near.iter().filter_map(|end| by_far.get(&(half.to, half.from, *end)));
        if let Some(found) = over.chain(back).copied().find(|found| *found != place) {
            marry(&mut other, place, found);
        }
    }
    let mut alone: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (place, half) in halves.iter().enumerate().filter(|(place, _)| !other.contains_key(place)) {
        alone.entry((half.from, half.to)).or_default().push(place);
    }
    for ((from, to), places) in &alone {
        if let (&[one], Some(&[two])) = (places.as_slice(), alone.get(&(*to, *from)).map(Vec::as_slice)) {
            // Named ends that do not match are two links of which a side is down.
            let named = |place: usize| halves.get(place).is_some_and(|half| !half.far.is_empty());
            if one != two && !(named(one) && named(two)) {
                marry(&mut other, one, two);
            }
        }
    }
    let pairs = other.iter().filter(|(one, two)| one < two).map(|(one, two)| (*one, *two)).collect();
    (pairs, (0..halves.len()).filter(|place| !other.contains_key(place)).collect())
}

/// Makes two halves one, unless either is married.
fn marry(other: &mut BTreeMap<usize, usize>, one: usize, two: usize) {
    if !other.contains_key(&one) && !other.contains_key(&two) {
        other.insert(one, two);
        other.insert(two, one);
    }
}
