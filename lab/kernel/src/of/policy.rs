//! Which lists of a policy carry traffic now, as the headend sees it (RFC 9256 section 2.9 and 5.1).
//!
//! The witness of the model takes for granted that a headend knows at once whether a list delivers. Here it knows what [`Place`] says:
//! the IGP leads to every SID, none is broken, the first is not that of a link of this router that is down, and probes along the list
//! come back.
//!
//! [`Place`]: crate::Place

use std::{
    collections::{BTreeMap, btree_map::Entry},
    net::{IpAddr, Ipv6Addr},
};

use ipnet::IpNet;
use model::{CandidatePath, NodeId, SegmentList, Sid, SrPolicy, sr::LastResort};

use super::Draft;
use crate::{
    number::{Table, Weight},
    object::{RouteKey, Target, Way},
    place::{Place, decap_sid},
    refusal::Refusal,
};

/// So many segments a list may have: a routing header has room for 127 (RFC 8754 section 2), and the last is the service's.
pub(super) const MOST_SEGMENTS: usize = 126;

/// Lists that carry, as the policy has them, with their weights.
type Lists = BTreeMap<Vec<Ipv6Addr>, u64>;

impl Place {
    /// The candidate path that a policy uses: the highest preference, then the highest discriminator, of those with a valid list: all are
    /// of one origin and originator (RFC 9256 section 2.9). None where no candidate is valid. O(SIDs x routes of the IGP).
    pub fn active<'p>(&self, policy: &'p SrPolicy) -> Option<&'p CandidatePath> {
        self.chosen(policy).map(|(path, _)| path)
    }

    /// Whether a list delivers, as the headend sees it, whether it is used or not. O(SIDs x routes of the IGP).
    pub fn is_valid(&self, list: &SegmentList) -> bool {
        self.segments(list).is_some()
    }

    /// The lists of the candidate that is used. Weights of lists that are not valid fall to the others.
    fn lists(&self, policy: &SrPolicy) -> Option<Lists> {
        self.chosen(policy).map(|(_, lists)| lists)
    }

    fn chosen<'p>(&self, policy: &'p SrPolicy) -> Option<(&'p CandidatePath, Lists)> {
        let mut candidates: Vec<&'p CandidatePath> = policy.candidates.iter().collect();
        candidates.sort_by_key(|path| std::cmp::Reverse((path.preference, path.discriminator)));
        let valid = |path: &'p CandidatePath| {
            let mut lists = Lists::new();
            for list in &path.lists {
                if let Some(segments) = self.segments(list) {
                    *lists.entry(segments).or_default() += u64::from(list.weight);
                }
            }
            (!lists.is_empty()).then_some((path, lists))
        };
        candidates.into_iter().find_map(valid)
    }

    /// The segments of a list, where it delivers. O(SIDs x routes of the IGP).
    fn segments(&self, list: &SegmentList) -> Option<Vec<Ipv6Addr>> {
        let address = |sid: &Sid| match sid {
            Sid::Srv6(address) => Some(*address),
            Sid::Mpls(_) => None,
        };
        let segments: Vec<Ipv6Addr> = list.sids.iter().map(address).collect::<Option<_>>()?;
        let delivers = list.weight > 0
            && !segments.is_empty()
            && !self.silent.contains(&segments)
            && segments.iter().all(|sid| self.delivers(*sid));
        delivers.then_some(segments)
    }

    /// Whether a SID, or each SID in a container, leads on.
    fn delivers(&self, sid: Ipv6Addr) -> bool {
        let own_dead = |sid: &Ipv6Addr| {
            let ports = self.ports.values().filter(|port| !port.up);
            ports.filter_map(|port| port.end_x).any(|adjacency| adjacency.sid == *sid)
        };
        let mut all = self.unpacked(sid).into_iter();
        all.all(|sid| self.leads_to(sid) && !self.broken.contains(&sid) && !own_dead(&sid))
    }

    /// What a container asks for (RFC 9800 section 4.1): each node by the first address of its locator, each function of a node as the
    /// SID that it is. What follows a node is a function of it where one is known, and else where no router has that number. A SID
    /// that is no container is itself.
    fn unpacked(&self, sid: Ipv6Addr) -> Vec<Ipv6Addr> {
        let Some((locator, csid)) = self.locator.and_then(|own| Some((own.net, own.csid?))) else {
            return vec![sid];
        };
        let node_end = locator.prefix_len();
        let block = node_end.saturating_sub(csid.node);
        let function_end = node_end.saturating_add(csid.function);
        let bits = u128::from(sid);
        let in_block = bits & leading(block) == u128::from(locator.network()) & leading(block);
        if !in_block || csid.node == 0 || function_end > 128 || bits & !leading(function_end) == 0 {
            return vec![sid];
        }
        let known = |sid: Ipv6Addr| {
            self.broken.contains(&sid)
                || self.ports.values().any(|port| port.end_x.is_some_and(|own| own.sid == sid))
        };
        let is_node = |address: Ipv6Addr| {
            let peers = self.peers.values().filter_map(|peer| peer.locator);
            peers.chain([locator]).any(|net| net.contains(&address))
        };
        let forward = |rest: u128, by: u8| {
            (rest & leading(block)) | (rest.checked_shl(by.into()).unwrap_or(0) & !leading(block))
        };
        let (mut rest, mut found) = (bits, Vec::new());
        // Every turn takes a bit away at least.
        while rest & !leading(block) != 0 && found.len() < 128 {
            let function = Ipv6Addr::from(rest & leading(function_end));
            let next = forward(rest, csid.node);
            let is_end = next & !leading(block) == 0;
            let is_function =
                known(function) || !is_end && !is_node(Ipv6Addr::from(next & leading(node_end)));
            if is_function {
                found.push(function);
                rest = forward(next, csid.function);
            } else {
                found.push(Ipv6Addr::from(rest & leading(node_end)));
                rest = next;
            }
        }
        found
    }

    /// What traffic of a color does toward a node, for a prefix whose SID there is `service`: the first valid policy of those that
    /// lead there carries it, then those with a null endpoint, of the family of the first one first (RFC 9256 section 8.8). None
    /// leaves it to the tenant's own table.
    pub(crate) fn carried<'p>(
        &self,
        policies: impl Iterator<Item = &'p SrPolicy> + Clone,
        node: &NodeId,
        service: Ipv6Addr,
    ) -> Option<Target> {
        let toward = |policy: &&SrPolicy| {
            !policy.key.endpoint.is_unspecified() && self.owner(policy.key.endpoint) == Some(node)
        };
        let exact = policies.clone().find(toward);
        let any = |v6: bool| {
            policies.clone().find(move |policy| {
                policy.key.endpoint.is_unspecified() && policy.key.endpoint.is_ipv6() == v6
            })
        };
        let v6_first = exact.is_some_and(|policy| policy.key.endpoint.is_ipv6());
        let choice = [exact, any(v6_first), any(!v6_first)];
        for policy in choice.into_iter().flatten() {
            if let Some(lists) = self.lists(policy) {
                let behind = self.peers.get(node).and_then(|peer| peer.service());
                return Some(Target::Encap(ways(lists, behind, service)));
            }
            if policy.last_resort == LastResort::Drop {
                return Some(Target::Drop);
            }
        }
        None
    }
}

/// Lists with the SID of the service as the last one. Where a list ends in the SID that the model has for all services of the node,
/// the tenant's own takes its place.
fn ways(lists: Lists, model_service: Option<Ipv6Addr>, service: Ipv6Addr) -> Vec<Way> {
    let ended = lists.into_iter().map(|(mut segments, weight)| {
        if segments.last().copied() == model_service {
            segments.pop();
        }
        segments.push(service);
        (segments, weight)
    });
    let mut merged = Lists::new();
    for (segments, weight) in ended {
        *merged.entry(segments).or_default() += weight;
    }
    weighed(merged)
}

/// Weights that the kernel has: exact where their quotients are of numbers up to 256, the nearest otherwise.
fn weighed(lists: Lists) -> Vec<Way> {
    let common = lists.values().copied().fold(0, gcd).max(1);
    let most = lists.values().copied().max().unwrap_or(1) / common;
    let share = |weight: u64| {
        let exact = weight / common;
        if most <= 256 {
            return exact;
        }
        u64::try_from((u128::from(exact) * 512 / u128::from(most)).div_ceil(2)).unwrap_or(256)
    };
    lists.into_iter().map(|(segments, weight)| Way { segments, weight: Weight::new(share(weight)) }).collect()
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A mask of so many leading bits.
fn leading(bits: u8) -> u128 {
    u128::MAX.checked_shl(128_u32.saturating_sub(u32::from(bits))).unwrap_or(0)
}

impl Draft<'_> {
    /// Binding SIDs: into the lists of their policies, which end where the outer header is taken off. One without a valid candidate
    /// drops, whatever the last resort is: nobody sent its packets by the IGP.
    pub(super) fn bindings(&mut self) {
        let Some(locator) = self.place.locator else { return };
        for policy in self.config.policies.values() {
            let Some(Sid::Srv6(sid)) = policy.binding_sid else { continue };
            if !locator.net.contains(&sid) {
                self.refusals.push(Refusal::ForeignBinding { key: policy.key, sid });
                continue;
            }
            let peer = self.place.owner(policy.key.endpoint).and_then(|node| self.place.peers.get(node));
            let end = peer.and_then(|peer| peer.locator).map(decap_sid);
            let target = match (self.place.lists(policy), end) {
                (Some(lists), Some(end)) => Target::Bound(ways(lists, None, end)),
                _ => Target::Drop,
            };
            let key = RouteKey { table: Table::Main, to: IpNet::from(IpAddr::V6(sid)) };
            // Also where both lead nowhere now: what is refused does not depend on what the router sees.
            match self.program.routes.entry(key) {
                Entry::Vacant(free) => {
                    free.insert(target);
                }
                Entry::Occupied(_) => self.refusals.push(Refusal::TakenSid { sid: key.to }),
            }
        }
    }
}

#[cfg(test)]
mod tests;
