//! From a configuration and a place to a program.

mod policy;
pub(crate) mod queues;
mod sids;
mod tenants;

use std::{collections::BTreeSet, net::IpAddr};

use model::{DeviceConfig, Sid, SrPolicy};

use crate::{
    object::{Marking, Rule, Target},
    place::Place,
    program::Program,
    refusal::{NotHere, Refusal},
};

/// A program in the making, and what cannot be done.
struct Draft<'a> {
    config: &'a DeviceConfig,
    place: &'a Place,
    program: Program,
    refusals: Vec<Refusal>,
}

impl Program {
    /// What a kernel is told for a configuration at a place. Same input, same program.
    /// O(rules x remote prefixes x policies of their color + lists x SIDs x routes of the IGP).
    ///
    /// # Errors
    /// All that the kernel cannot do.
    pub fn of(config: &DeviceConfig, place: &Place) -> Result<Self, NotHere> {
        let mut draft = Draft { config, place, program: Self::default(), refusals: Vec::new() };
        config.policies.values().for_each(|policy| draft.check(policy));
        draft.core();
        draft.underlay();
        draft.sids();
        draft.bindings();
        draft.tenants();
        draft.queues();
        draft.finish()
    }
}

impl Draft<'_> {
    /// What of a policy is not for this kernel.
    fn check(&mut self, policy: &SrPolicy) {
        let key = policy.key;
        let lists = policy.candidates.iter().flat_map(|path| &path.lists);
        let sids = lists.flat_map(|list| &list.sids).chain(&policy.binding_sid);
        if let Some(label) = sids.copied().find(|sid| matches!(sid, Sid::Mpls(_))) {
            self.refusals.push(Refusal::Mpls { key, sid: label });
        } else if self.place.locator.is_none() {
            self.refusals.push(Refusal::NoLocator { key });
        }
        let lists = policy.candidates.iter().flat_map(|path| &path.lists);
        let segments = lists.map(|list| list.sids.len()).max().unwrap_or(0);
        if segments > policy::MOST_SEGMENTS {
            self.refusals.push(Refusal::TooLong { key, segments });
        }
    }

    /// Whether all that is looked up for a customer's packet in the end is looked up in the main table.
    fn core(&mut self) {
        let place = self.place;
        let Some(locator) = place.locator else { return };
        let peers = place.peers.values().filter_map(|peer| peer.locator);
        let neighbours =
            place.ports.values().filter_map(|port| port.end_x).map(|adjacency| adjacency.neighbour);
        let locators = peers.chain([locator.net]).map(|net| net.network());
        let all = locators.chain(neighbours).chain([place.source]);
        let outside = all.filter(|address| !place.core.iter().any(|net| net.contains(address)));
        self.refusals.extend(outside.map(|address| Refusal::OutsideCore { address }));
    }

    /// Routes that the IGP gives, over what is up.
    fn underlay(&mut self) {
        for (net, hops) in &self.place.underlay.routes {
            let hops: BTreeSet<_> = self.place.usable(hops).cloned().collect();
            if self.place.underlay.ours && !hops.is_empty() {
                self.program
                    .routes
                    .insert(crate::RouteKey { table: crate::Table::Main, to: *net }, Target::Hops(hops));
            }
        }
    }

    fn marking(&mut self) -> &mut Marking {
        let core = self.place.core.clone();
        self.program.marking.get_or_insert_with(|| Marking { core, ..Marking::default() })
    }

    fn finish(mut self) -> Result<Program, NotHere> {
        let Place { node, source, core, .. } = self.place;
        self.program.anchor = !self.program.routes.is_empty();
        if self.place.locator.is_some() {
            self.program.source = Some(*source);
            self.program.rules.extend(core.iter().copied().map(Rule::Core));
        }
        if let Some(marking) = &mut self.program.marking
            && marking.tenants.is_empty()
        {
            // Nobody is kept from anything: there is no rule that would say so.
            marking.core.clear();
        }
        let own = self.program.routes.iter().find(|(key, target)| {
            // A SID whose container is used up has nothing but zeros behind it, as the locator's first address has.
            matches!(target, Target::Local(_) | Target::Bound(_) | Target::Drop)
                && key.to.network() == IpAddr::V6(*source)
        });
        if own.is_some() {
            self.refusals.push(Refusal::TakenAddress { address: *source });
        }
        let mut refusals: Vec<Refusal> = Vec::new();
        for refusal in self.refusals {
            if !refusals.contains(&refusal) {
                refusals.push(refusal);
            }
        }
        if refusals.is_empty() { Ok(self.program) } else { Err(NotHere { node: node.clone(), refusals }) }
    }
}

#[cfg(test)]
mod tests;
