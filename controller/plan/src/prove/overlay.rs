//! The network as it is measured, for a proof: the TED with what the loop has learned laid over it.

use model::{Fact, Hints, Ted};

/// The TED with the degradations that any relief has seen, and without the links that are down. What is measured stands in for
/// what contracts say only in the copy; where two reliefs saw different values, the later one counts. O(network).
///
/// A drained link stays: it still carries what the IGP sends over it.
pub fn overlay(ted: &Ted, hints: &Hints) -> Ted {
    let mut seen = ted.clone();
    let mut reliefs: Vec<_> = hints.relief.values().collect();
    reliefs.sort_by_key(|relief| relief.since);
    for (hop, as_seen) in reliefs.into_iter().flat_map(|relief| &relief.seen) {
        let Some(link) = seen.links.get_mut(&hop.link) else { continue };
        let facts = link.direction_mut(hop.from);
        if let Some(delay) = as_seen.delay {
            facts.delay = Fact::derived(delay);
        }
        if let Some(jitter) = as_seen.jitter {
            facts.jitter = Fact::derived(jitter);
        }
        if let Some(loss) = as_seen.loss {
            facts.loss = Fact::derived(loss);
        }
    }
    for link in &hints.down {
        seen.links.remove(link);
    }
    seen
}
