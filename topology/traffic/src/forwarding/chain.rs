//! Service chains: the service functions that packets of a policy pass, a firewall for instance, as its segment lists say. Known
//! before any packet flows, and the same whatever fails.

use std::collections::BTreeMap;

use model::{NodeIx, PolicyKey};

use super::{Candidate, Forwarding, Policy};
use crate::{
    network::Network,
    segment::{Resolved, Segment, Tail},
};

/// A longer chain is not told: policies within policies may repeat theirs a million times.
const LONGEST: usize = 64;

/// The nodes whose functions packets pass, in order.
type Passed = Option<Vec<NodeIx>>;

/// The service functions that a candidate path leads through.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Chain {
    /// Preference of the candidate.
    pub preference: u32,
    /// Its discriminator.
    pub discriminator: u32,
    /// Of each list that means something, for another carries nothing: the nodes whose functions its packets pass, in order. None
    /// where it is not the same for all of them: behind a binding SID or an anycast segment the way may depend on what is up.
    pub lists: Vec<Option<Vec<NodeIx>>>,
}

impl Forwarding {
    /// The chains of a policy on a headend, candidates in the order in which they are tried; none where the headend has no such
    /// policy or another one goes before it. `network` is that which this was built on. O(segments, log policies).
    pub fn chains(&self, network: &Network, head: NodeIx, key: PolicyKey) -> Vec<Chain> {
        let policy = self.number(network, head, key).map(|number| &self.policies[number]);
        let mut reader = Reader { policies: &self.policies, known: BTreeMap::new() };
        let candidates = policy.into_iter().flat_map(|policy| &policy.candidates);
        let chain = |path: &Candidate| {
            let lists = path.lists.iter().flat_map(|list| &list.meaning);
            let lists = lists.map(|list| reader.list(list)).collect();
            Chain { preference: path.preference, discriminator: path.discriminator, lists }
        };
        candidates.map(chain).collect()
    }

    fn number(&self, network: &Network, head: NodeIx, key: PolicyKey) -> Option<usize> {
        let number = match key.endpoint {
            null if null.is_unspecified() => {
                self.anywhere.get(&head)?.get(&key.color)?[usize::from(null.is_ipv6())]?
            }
            endpoint => *self.toward.get(&head)?.get(&(key.color, network.owner(endpoint)?))?,
        };
        (self.policies[number].key == key).then_some(number)
    }
}

/// Reads lists; what lies behind binding SIDs is read once.
struct Reader<'a> {
    policies: &'a [Policy],
    known: BTreeMap<usize, Passed>,
}

impl Reader<'_> {
    fn list(&mut self, list: &Resolved) -> Passed {
        let mut passed = Vec::new();
        for segment in &list.segments {
            match segment {
                Segment::Function(node) => passed.push(*node),
                Segment::Policy(number) => passed.extend(self.behind(*number)?),
                Segment::Node(_) | Segment::Labelled(..) | Segment::Edge(_) => {}
            }
        }
        if let Tail::Fork(fork) = &list.tail {
            let rests = fork.then.iter().flat_map(|(_, rest)| rest);
            passed.extend(agreed(rests.map(|rest| self.list(rest)))?);
        }
        (passed.len() <= LONGEST).then_some(passed)
    }

    /// Whatever candidate of a policy carries. Binding SIDs never lead in a circle: such lists mean nothing.
    fn behind(&mut self, number: usize) -> Passed {
        if let Some(known) = self.known.get(&number) {
            return known.clone();
        }
        let policies = self.policies;
        let lists = policies[number].candidates.iter().flat_map(|path| &path.lists);
        let passed = agreed(lists.flat_map(|list| &list.meaning).map(|list| self.list(list)));
        self.known.insert(number, passed.clone());
        passed
    }
}

/// What all of them say, where they say the same; nothing is passed where nobody says anything.
fn agreed(mut all: impl Iterator<Item = Passed>) -> Passed {
    let first = all.next().unwrap_or_else(|| Some(Vec::new()))?;
    all.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

#[cfg(test)]
mod tests;
