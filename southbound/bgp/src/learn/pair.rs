//! Two directions that are one link (RFC 9552 section 5.2.2): they name each other's ends. A direction without its other is no
//! link: a router that is heard of by one side only cannot be relied upon (ISO 10589 section 7.2.8.2 has the same check).

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, Ipv6Addr},
};

use model::{Fact, Label, sr::LabelBlock};

use super::{RouterKey, Way, router_key};
use crate::ls::{LinkDescriptor, LinkNlri, sr::SidLabel};

/// One end of a link as it is named.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum End {
    /// By its IPv4 address.
    Ipv4(Ipv4Addr),
    /// By its IPv6 address.
    Ipv6(Ipv6Addr),
    /// By its number at its router.
    Number(u32),
}

impl End {
    /// Which manner of calling it this is.
    const fn kind(&self) -> u8 {
        match self {
            Self::Ipv4(_) => 0,
            Self::Ipv6(_) => 1,
            Self::Number(_) => 2,
        }
    }
}

/// One direction of a link.
#[derive(Clone, Debug, PartialEq)]
pub struct Half {
    /// From where it leads.
    pub local: RouterKey,
    /// To where it leads.
    pub remote: RouterKey,
    /// Its near end, by what it is called.
    pub near: Vec<End>,
    /// Its far end, by what it is called.
    pub far: Vec<End>,
    /// What is said of it.
    pub way: Way,
}

impl Half {
    /// A direction between two routers; none where a side has no name that an IGP gives.
    pub(super) fn of(nlri: &LinkNlri, way: Way) -> Option<Self> {
        let local = router_key(&nlri.local, nlri.instance)?;
        let remote = router_key(&nlri.remote, nlri.instance)?;
        let (mut near, mut far) = (Vec::new(), Vec::new());
        for descriptor in &nlri.link {
            match descriptor {
                LinkDescriptor::Ipv4Interface(address) => near.push(End::Ipv4(*address)),
                LinkDescriptor::Ipv4Neighbour(address) => far.push(End::Ipv4(*address)),
                LinkDescriptor::Ipv6Interface(address) => near.push(End::Ipv6(*address)),
                LinkDescriptor::Ipv6Neighbour(address) => far.push(End::Ipv6(*address)),
                LinkDescriptor::Numbers { local, remote } => {
                    near.push(End::Number(*local));
                    // 0 says that it is not known (RFC 5307 section 1.1).
                    far.extend((*remote != 0).then_some(End::Number(*remote)));
                }
                LinkDescriptor::MultiTopology(_) | LinkDescriptor::Unknown(_) => {}
            }
        }
        near.sort();
        far.sort();
        Some(Self { local, remote, near, far, way })
    }

    /// Whether these are two lines, not one that is told of twice, say on two levels: their names differ, or their near ends are called in
    /// one manner and otherwise.
    pub(super) fn is_other_line(&self, other: &Self) -> bool {
        if let (Some(one), Some(two)) = (&self.way.name, &other.way.name) {
            return one.value != two.value;
        }
        let kinds = |half: &Self| half.near.iter().map(End::kind).collect::<BTreeSet<u8>>();
        !kinds(self).is_disjoint(&kinds(other)) && !self.near.iter().any(|end| other.near.contains(end))
    }

    pub(super) fn settle_label(&mut self, block: Option<LabelBlock>) {
        let Some(Fact { value, source, at, standing: _ }) = self.way.adjacency_sid.clone() else { return };
        let label = match value {
            SidLabel::Label(number) => Label::try_from(number).ok(),
            SidLabel::Index(index) => block.and_then(|block| block.at(index)),
        };
        let stale = match self.way.adjacency_sid.as_ref().map(|fact| &fact.standing) {
            Some(model::Standing::Stale { since }) => Some(*since),
            _ => None,
        };
        let standing = stale.map_or(model::Standing::Fresh, |since| model::Standing::Stale { since });
        self.way.adjacency_label = label.map(|value| Fact { value, source, at, standing });
    }
}

/// Pairs of directions by their places, and those that are alone, both in the order of the first. O(halves log halves).
///
/// Ends that are named decide. What is left over between two routers is a link where it is just one each way: links without
/// addresses are often told without the far end.
pub(super) fn pairs(halves: &[Half]) -> (Vec<(usize, usize)>, Vec<usize>) {
    let mut by_end: BTreeMap<(RouterKey, RouterKey, End, End), usize> = BTreeMap::new();
    for (place, half) in halves.iter().enumerate() {
        for (near, far) in half.ends() {
            by_end.entry((half.local, half.remote, near, far)).or_insert(place);
        }
    }
    let mut other: Vec<Option<usize>> = vec![None; halves.len()];
    for (place, half) in halves.iter().enumerate() {
        let found = half.ends().find_map(|(near, far)| by_end.get(&(half.remote, half.local, far, near)));
        if let Some(found) = found.copied().filter(|found| *found != place) {
            marry(&mut other, place, found);
        }
    }
    let mut alone: BTreeMap<(RouterKey, RouterKey), Vec<usize>> = BTreeMap::new();
    for (place, half) in halves.iter().enumerate() {
        if other.get(place).is_some_and(Option::is_none) {
            alone.entry((half.local, half.remote)).or_default().push(place);
        }
    }
    for ((local, remote), places) in &alone {
        if let (&[one], Some(&[two])) = (places.as_slice(), alone.get(&(*remote, *local)).map(Vec::as_slice))
        {
            // Named ends that do not match are two links of which a side is down.
            let named = |place: usize| halves.get(place).is_some_and(|half| !half.far.is_empty());
            if one != two && !(named(one) && named(two)) {
                marry(&mut other, one, two);
            }
        }
    }
    let paired =
        other.iter().enumerate().filter_map(|(one, two)| two.filter(|two| one < *two).map(|two| (one, two)));
    let single = other.iter().enumerate().filter(|(_, two)| two.is_none()).map(|(place, _)| place);
    (paired.collect(), single.collect())
}

/// Makes two halves one, unless either is married.
fn marry(other: &mut [Option<usize>], one: usize, two: usize) {
    let free = |place: usize| other.get(place).is_some_and(Option::is_none);
    if !free(one) || !free(two) {
        return;
    }
    for (place, with) in [(one, two), (two, one)] {
        if let Some(slot) = other.get_mut(place) {
            *slot = Some(with);
        }
    }
}

impl Half {
    /// Near and far end, called in the same manner. One of each manner, so that a route with a thousand addresses costs no more
    /// than one with two.
    fn ends(&self) -> impl Iterator<Item = (End, End)> + '_ {
        (0..3).filter_map(move |wanted| {
            let first = |ends: &[End]| ends.iter().find(|end| end.kind() == wanted).copied();
            Some((first(&self.near)?, first(&self.far)?))
        })
    }
}
