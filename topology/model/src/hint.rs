//! Hints: what the loop has learned, as an argument of the next compilation. Measurements reach path computation only so,
//! and only for the services that suffer; otherwise every sample would re-route.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    id::{LinkId, NodeId, ServiceId},
    link::{DirectedLink, Link},
    state::pairs,
    time::Timestamp,
    unit::{Delay, Jitter, Loss},
};

/// One direction of a link as it was measured when the decision was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Degradation {
    /// One-way delay, where known.
    pub delay: Option<Delay>,
    /// Its variation, where known.
    pub jitter: Option<Jitter>,
    /// Its loss, where known.
    pub loss: Option<Loss>,
}

/// Why and how a service sees the network otherwise than the TED says.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Relief {
    /// The directions as measured; these values replace the TED's for this service.
    #[serde(with = "pairs")]
    pub seen: BTreeMap<DirectedLink, Degradation>,
    /// When it was decided.
    pub since: Timestamp,
    /// One line for people: what tripped.
    pub why: String,
}

/// Links that a service is kept off so that they carry less: a person balanced the network. It says where the service does not go, and
/// never more: where no other way keeps the promise, the promise counts.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// The links, in both directions.
    pub off: BTreeSet<LinkId>,
    /// When it was decided.
    #[serde(default)]
    pub since: Timestamp,
    /// One line for people: what was gained by it.
    #[serde(default)]
    pub why: String,
    /// Where it was not moved and only is held where it is: the services that were moved, whose room it must not take.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub held: BTreeSet<ServiceId>,
}

impl Balance {
    /// Whether the service was not moved itself.
    pub fn is_held(&self) -> bool {
        !self.held.is_empty()
    }

    /// Adds what is decided about a service to what was decided about it before: it is kept off the links of both. A service that was moved
    /// stays one that was moved when it is only held later, and its reason and moment stay too.
    pub fn join(all: &mut BTreeMap<ServiceId, Self>, service: ServiceId, later: Self) {
        let joined = match all.remove(&service) {
            Some(earlier) => earlier.and(later),
            None => later,
        };
        all.insert(service, joined);
    }

    fn and(mut self, mut later: Self) -> Self {
        self.off.append(&mut later.off);
        if later.is_held() {
            if self.is_held() {
                self.held.append(&mut later.held);
            }
            return self;
        }
        // The same reason is as old as it was.
        let since = if later.why == self.why && !self.is_held() { self.since } else { later.since };
        Self { off: self.off, since, ..later }
    }
}

/// Parts of the network that people work on.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Links.
    pub links: BTreeSet<LinkId>,
    /// Nodes.
    pub nodes: BTreeSet<NodeId>,
}

impl Work {
    /// Whether it is on a link or on one of its ends.
    pub fn touches(&self, link: &Link) -> bool {
        self.links.contains(&link.id)
            || [&link.a.node, &link.z.node].iter().any(|end| self.nodes.contains(*end))
    }

    /// What is worked on, by name: links, then nodes.
    pub fn names(&self) -> Vec<String> {
        let links = self.links.iter().map(ToString::to_string);
        links.chain(self.nodes.iter().map(ToString::to_string)).collect()
    }
}

/// The loop's argument to `compile`. Empty hints mean: as the TED says.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Hints {
    /// Services that were moved away from something, and from what.
    pub relief: BTreeMap<ServiceId, Relief>,
    /// Links that are down, damped; no path uses them.
    pub down: BTreeSet<LinkId>,
    /// Links that people drained for maintenance; no path uses them.
    pub drained_links: BTreeSet<LinkId>,
    /// Nodes that people drained; no path goes through them.
    pub drained_nodes: BTreeSet<NodeId>,
    /// Maintenance windows that are open, by name, with what they drain. They are apart from what people drained, so that the end of
    /// a window takes back nothing else.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub windows: BTreeMap<String, Work>,
    /// Services that are not promised now, by their schedules. They are not placed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub resting: BTreeSet<ServiceId>,
    /// Services that a person had moved so that hot links carry less. Apart from `relief`, so that the loop, which gives services back to
    /// lines that are good again, leaves them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub balanced: BTreeMap<ServiceId, Balance>,
}

impl Hints {
    /// All that is drained, by people and by windows.
    pub fn all_drained(&self) -> Work {
        let mut all = Work { links: self.drained_links.clone(), nodes: self.drained_nodes.clone() };
        for work in self.windows.values() {
            all.links.extend(work.links.iter().cloned());
            all.nodes.extend(work.nodes.iter().cloned());
        }
        all
    }

    /// Lets services go where they would go by themselves, and those that are held because of them alone.
    pub fn let_back(&mut self, is_back: impl Fn(&ServiceId) -> bool) {
        self.balanced.retain(|service, balance| {
            let was_held = balance.is_held();
            balance.held.retain(|mover| !is_back(mover));
            !is_back(service) && (balance.is_held() || !was_held)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balance(off: &[&str], since: u64, why: &str, held: &[&str]) -> Balance {
        Balance {
            off: off.iter().map(|link| LinkId::lit(link)).collect(),
            since: Timestamp::from_micros(since),
            why: why.to_owned(),
            held: held.iter().map(|mover| ServiceId::lit(mover)).collect(),
        }
    }

    fn joined(parts: &[Balance]) -> Balance {
        let (mut all, service) = (BTreeMap::new(), ServiceId::lit("s"));
        parts.iter().for_each(|part| Balance::join(&mut all, service.clone(), part.clone()));
        all[&service].clone()
    }

    #[test]
    fn who_was_moved_keeps_the_reason_when_only_held_later() {
        let (moved, held) = (balance(&["l1"], 1, "to relieve l1", &[]), balance(&["l2"], 2, "stays", &["c"]));
        assert_eq!(joined(&[moved.clone(), held.clone()]), balance(&["l1", "l2"], 1, "to relieve l1", &[]));
        assert_eq!(joined(&[held.clone(), moved.clone()]), balance(&["l1", "l2"], 1, "to relieve l1", &[]));
        let other = balance(&["l3"], 3, "stays too", &["d"]);
        assert_eq!(joined(&[held, other]), balance(&["l2", "l3"], 2, "stays", &["c", "d"]));
        let again = balance(&["l1"], 9, "to relieve l1", &[]);
        assert_eq!(joined(&[moved.clone(), again]), moved, "the same said twice is as old as it was");
    }

    #[test]
    fn who_is_held_for_nobody_any_more_is_let_go() {
        let held = |movers: &[&str]| balance(&["l1"], 1, "stays", movers);
        let entries = [("c", balance(&["l1"], 1, "", &[])), ("d", balance(&["l1"], 1, "", &[]))];
        let entries = entries.into_iter().chain([("e", held(&["c"])), ("f", held(&["c", "d"]))]);
        let balanced = entries.map(|(name, balance)| (ServiceId::lit(name), balance)).collect();
        let mut hints = Hints { balanced, ..Hints::default() };
        hints.let_back(|service| service.as_str() == "c");
        let left: Vec<&str> = hints.balanced.keys().map(ServiceId::as_str).collect();
        assert_eq!(left, ["d", "f"]);
        assert_eq!(hints.balanced[&ServiceId::lit("f")], held(&["d"]));
    }
}
