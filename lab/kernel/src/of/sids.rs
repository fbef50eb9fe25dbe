//! The SIDs of the router itself.

use std::{
    collections::btree_map::Entry,
    net::{IpAddr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv6Net};

use super::Draft;
use crate::{
    number::{Slot, Table},
    object::{Behaviour, NextCsid, RouteKey, Target},
    place::{Locator, Service, Tenant, decap_sid, probe_sid},
    refusal::Refusal,
};

impl Draft<'_> {
    /// End, End.X, and the SIDs that end lists behind binding SIDs and lists of probes.
    pub(super) fn sids(&mut self) {
        let Some(locator) = self.place.locator else { return };
        let shift = locator.csid.and_then(|csid| self.next_csid(&locator, csid.node));
        // A SID that is none of these is dropped here: a default route must not lead it around.
        let rest = shift.map_or(Target::Drop, |shift| Target::Local(Behaviour::End(Some(shift))));
        self.route(IpNet::V6(locator.net), rest);
        self.sid(locator.end(), Behaviour::End(None));
        self.sid(decap_sid(locator.net), Behaviour::EndDt6(Table::Main));
        self.sid(probe_sid(locator.net), Behaviour::EndDt6(Table::Local));
        let place = self.place;
        place.functions.iter().for_each(|sid| self.sid(*sid, Behaviour::End(None)));
        let adjacencies: Vec<_> = self.place.ports.values().filter_map(|port| port.end_x).collect();
        for adjacency in adjacencies {
            let function =
                locator.csid.filter(|_| locator.net.contains(&adjacency.sid)).map(|csid| csid.function);
            let csid = function.and_then(|function| {
                let node = locator.csid.map_or(0, |csid| csid.node);
                self.next_csid(&locator, node.saturating_add(function))
            });
            let behaviour = Behaviour::EndX { via: adjacency.neighbour, csid };
            let length = function.filter(|_| csid.is_some()).map(|bits| locator.net.prefix_len() + bits);
            match length.and_then(|length| Ipv6Net::new(adjacency.sid, length).ok()) {
                Some(net) => self.route(IpNet::V6(net.trunc()), Target::Local(behaviour)),
                None => self.sid(adjacency.sid, behaviour),
            }
        }
    }

    /// SIDs of a tenant, which other routers put last.
    pub(super) fn services(&mut self, vrf: &model::VrfName, tenant: &Tenant) {
        for (sid, service) in &tenant.services {
            let customer = |device| tenant.customers.get(device);
            let needs_vrf = |behaviour| Refusal::NeedsVrf { vrf: vrf.clone(), sid: *sid, behaviour };
            let behaviour = match service {
                Service::Dx4(device) => customer(device).and_then(|to| to.v4).map(Behaviour::EndDx4),
                Service::Dx6(device) => customer(device).and_then(|to| to.v6).map(Behaviour::EndDx6),
                Service::Dt6 => Some(Behaviour::EndDt6(Table::Slot(Slot::own(tenant.number)))),
                Service::Dt4 => {
                    self.refusals.push(needs_vrf("End.DT4"));
                    continue;
                }
                Service::Dt46 => {
                    self.refusals.push(needs_vrf("End.DT46"));
                    continue;
                }
            };
            match behaviour {
                Some(behaviour) => self.sid(*sid, behaviour),
                None => self.refusals.push(Refusal::NoCustomer { vrf: vrf.clone(), sid: *sid }),
            }
        }
    }

    fn next_csid(&mut self, locator: &Locator, taken: u8) -> Option<NextCsid> {
        let node = locator.csid.map_or(0, |csid| csid.node);
        let block = locator.net.prefix_len().saturating_sub(node);
        let whole = |bits: u8| (8..=120).contains(&bits) && bits.is_multiple_of(8);
        let fits = whole(block) && whole(taken) && u16::from(block) + u16::from(taken) <= 128;
        if !fits {
            self.refusals.push(Refusal::Csid { block, taken });
        }
        fits.then_some(NextCsid { block, taken })
    }

    pub(super) fn sid(&mut self, sid: Ipv6Addr, behaviour: Behaviour) {
        self.route(IpNet::from(IpAddr::V6(sid)), Target::Local(behaviour));
    }

    /// A route of the main table. Another for the same prefix is refused, unless it is the same.
    pub(super) fn route(&mut self, to: IpNet, target: Target) {
        match self.program.routes.entry(RouteKey { table: Table::Main, to }) {
            Entry::Vacant(free) => {
                free.insert(target);
            }
            Entry::Occupied(held) if *held.get() == target => {}
            Entry::Occupied(_) => self.refusals.push(Refusal::TakenSid { sid: to }),
        }
    }
}
