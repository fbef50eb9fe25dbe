//! Which routes each router is believed to have, as a value.
//!
//! What was refused, or may have been flushed, is doubtful: nobody knows whether the kernel has it. It is told again while it is wanted,
//! and taken away when it is not.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use model::NodeId;

use crate::igp::{Change, Routes, changes};

/// The routes of all routers.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    held: BTreeMap<NodeId, Routes>,
    /// Prefixes of which it is not known whether they lead anywhere. None of them is held.
    doubtful: BTreeMap<NodeId, BTreeSet<IpNet>>,
}

impl Book {
    /// How many routes are held.
    pub(super) fn count(&self) -> usize {
        self.held.values().map(Routes::len).sum()
    }

    /// Whether something is to be told again.
    pub(super) fn is_doubtful(&self) -> bool {
        self.doubtful.values().any(|prefixes| !prefixes.is_empty())
    }

    /// The line at a device of a router fell. The kernel flushes routes over a device that is down, and keeps them where only the far end
    /// of the line is.
    pub(super) fn fell(&mut self, node: &NodeId, device: &str) {
        let Some(routes) = self.held.get_mut(node) else { return };
        let over = routes.iter().filter(|(_, route)| route.hops.iter().any(|hop| hop.device == device));
        let over: BTreeSet<IpNet> = over.map(|(prefix, _)| *prefix).collect();
        routes.retain(|prefix, _| !over.contains(prefix));
        self.doubtful.entry(node.clone()).or_default().extend(over);
    }

    /// What a router must be told so that it has what is wanted.
    pub(super) fn changes(&self, node: &NodeId, wanted: &Routes) -> Vec<Change> {
        let nothing = Routes::new();
        let mut all = changes(self.held.get(node).unwrap_or(&nothing), wanted);
        let doubtful = self.doubtful.get(node).into_iter().flatten();
        all.extend(
            doubtful.filter(|prefix| !wanted.contains_key(*prefix)).map(|prefix| Change::Remove(*prefix)),
        );
        all
    }

    /// A router was told changes, and refused those at some places. A route that it did not take away was gone.
    pub(super) fn told(
        &mut self,
        node: &NodeId,
        told: &[Change],
        refused: &BTreeSet<usize>,
        wanted: &Routes,
    ) {
        let mut held = wanted.clone();
        let mut doubtful = BTreeSet::new();
        for (place, change) in told.iter().enumerate() {
            if let Change::Set(prefix, _) = change
                && refused.contains(&place)
            {
                held.remove(prefix);
                doubtful.insert(*prefix);
            }
        }
        self.held.insert(node.clone(), held);
        self.doubtful.insert(node.clone(), doubtful);
    }

    /// A router may have been told changes, or some of them, or none.
    pub(super) fn lost(&mut self, node: &NodeId, told: &[Change]) {
        let held = self.held.entry(node.clone()).or_default();
        let doubtful = self.doubtful.entry(node.clone()).or_default();
        for change in told {
            let (Change::Set(prefix, _) | Change::Remove(prefix)) = change;
            held.remove(prefix);
            doubtful.insert(*prefix);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::igp::{Hop, Route};

    fn net(number: u8) -> IpNet {
        format!("2001:db8:{number}::/48").parse().unwrap()
    }

    /// Routes to prefixes by number, each over the interface of a number.
    fn routes(ways: &[(u8, u8)]) -> Routes {
        let route = |device: u8| {
            let hop = Hop { via: "fd00::1".parse().unwrap(), device: format!("eth{device}") };
            Route { hops: BTreeSet::from([hop]), cost: 10 }
        };
        ways.iter().map(|(prefix, device)| (net(*prefix), route(*device))).collect()
    }

    fn node() -> NodeId {
        NodeId::lit("r")
    }

    /// A router that has routes to 1 over eth1 and to 2 over eth2.
    fn book() -> Book {
        let (mut book, wanted) = (Book::default(), routes(&[(1, 1), (2, 2)]));
        let told = book.changes(&node(), &wanted);
        assert_eq!(told.len(), 2);
        book.told(&node(), &told, &BTreeSet::new(), &wanted);
        assert!(book.count() == 2 && !book.is_doubtful() && book.changes(&node(), &wanted).is_empty());
        book
    }

    #[test]
    fn what_was_refused_is_told_until_it_is_taken() {
        let (mut book, wanted) = (book(), routes(&[(1, 2), (2, 2), (3, 2)]));
        let told = book.changes(&node(), &wanted);
        assert_eq!(told.len(), 2, "{told:?}");
        book.told(&node(), &told, &BTreeSet::from([1]), &wanted);
        assert!(book.is_doubtful() && book.count() == 2);
        let again = book.changes(&node(), &wanted);
        assert_eq!(again, told[1..]);
        book.told(&node(), &again, &BTreeSet::new(), &wanted);
        assert!(!book.is_doubtful() && book.changes(&node(), &wanted).is_empty());
    }

    #[test]
    fn a_route_over_a_line_that_fell_is_taken_away_where_nothing_is_wanted() {
        let mut book = book();
        book.fell(&node(), "eth1");
        assert_eq!((book.count(), book.is_doubtful()), (1, true));
        let wanted = routes(&[(2, 2)]);
        let told = book.changes(&node(), &wanted);
        assert_eq!(told, [Change::Remove(net(1))]);
        // The kernel had taken it away itself.
        book.told(&node(), &told, &BTreeSet::from([0]), &wanted);
        assert!(!book.is_doubtful() && book.changes(&node(), &wanted).is_empty());
    }

    #[test]
    fn a_route_over_a_line_that_fell_and_is_up_again_is_told() {
        let mut book = book();
        book.fell(&node(), "eth1");
        let told = book.changes(&node(), &routes(&[(1, 1), (2, 2)]));
        assert!(matches!(told.as_slice(), [Change::Set(prefix, _)] if *prefix == net(1)), "{told:?}");
    }

    #[test]
    fn nothing_is_believed_of_a_turn_that_failed() {
        let (mut book, wanted) = (book(), routes(&[(3, 2), (2, 2)]));
        let told = book.changes(&node(), &wanted);
        assert_eq!(told.len(), 2, "3 comes and 1 goes: {told:?}");
        book.lost(&node(), &told);
        assert!(book.is_doubtful());
        assert_eq!(book.changes(&node(), &wanted), told);
    }
}
