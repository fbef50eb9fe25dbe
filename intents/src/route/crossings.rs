//! How often a service leads over each edge. A walk through waypoints may cross a link twice, and where both directions ride the
//! same links, what goes out over one direction of a link comes back over it when the way returns: each crossing is traffic.

use std::collections::BTreeMap;

use model::EdgeIx;

/// The edges of a service's ways, each with the number of its crossings.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Crossings(BTreeMap<EdgeIx, u64>);

impl Crossings {
    /// Of edges, each as often as it is crossed.
    pub fn of(edges: impl IntoIterator<Item = EdgeIx>) -> Self {
        let mut all = Self::default();
        for edge in edges {
            *all.0.entry(edge).or_default() += 1;
        }
        all
    }

    /// Each edge with its number, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (EdgeIx, u64)> + '_ {
        self.0.iter().map(|(edge, times)| (*edge, *times))
    }

    /// What is crossed beyond others: a backup takes no more of an edge than its path has not taken already.
    pub fn beyond(&self, others: &Self) -> Self {
        let more = |(edge, times): (EdgeIx, u64)| {
            let taken = others.0.get(&edge).copied().unwrap_or(0);
            (times > taken).then(|| (edge, times - taken))
        };
        Self(self.iter().filter_map(more).collect())
    }

    /// Both together.
    #[must_use]
    pub fn with(mut self, others: &Self) -> Self {
        for (edge, times) in others.iter() {
            *self.0.entry(edge).or_default() += times;
        }
        self
    }

    /// Each edge as often as it is crossed, ascending.
    pub fn edges(&self) -> Vec<EdgeIx> {
        self.iter().flat_map(|(edge, times)| (0..times).map(move |_| edge)).collect()
    }

    /// The first edge that has no room for all crossings at a rate, bit/s.
    pub fn crowded(&self, rate: u64, free: &[u64]) -> Option<EdgeIx> {
        let has_room = |edge: EdgeIx, times: u64| {
            rate.saturating_mul(times) <= free.get(edge.ix()).copied().unwrap_or(0)
        };
        self.iter().find(|(edge, times)| !has_room(*edge, *times)).map(|(edge, _)| edge)
    }

    /// The highest rate for which every edge has room, bit/s.
    pub fn fits(&self, free: &[u64]) -> u64 {
        let each = self.iter().map(|(edge, times)| free.get(edge.ix()).copied().unwrap_or(0) / times);
        each.min().unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_crossed_twice_counts_twice() {
        let [one, other] = [EdgeIx(2), EdgeIx(3)];
        let all = Crossings::of([other, one, other]);
        assert_eq!(all.iter().collect::<Vec<_>>(), [(one, 1), (other, 2)]);
        assert_eq!(all.edges(), [one, other, other]);
        assert_eq!(all.fits(&[0, 0, 100, 100]), 50);
        assert_eq!(all.crowded(50, &[0, 0, 100, 100]), None);
        assert_eq!(all.crowded(60, &[0, 0, 100, 100]), Some(other));
        assert_eq!(all.beyond(&Crossings::of([other])), Crossings::of([one, other]));
        assert_eq!(Crossings::default().fits(&[]), u64::MAX);
    }
}
