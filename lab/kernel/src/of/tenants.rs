//! Tenants: their own tables, and those of the colors that their rules give.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::IpNet;
use model::{SteeringRule, VrfName};

use super::Draft;
use crate::{
    number::{Device, Slot, Table, Weight},
    object::{Family, Hop, RouteKey, Rule, Steer, Target, TenantMarks, Way},
    place::{Attachment, Place, Tenant},
    refusal::Refusal,
};

/// The customers that can be reached now. The kernel takes no route over a device that is down, and flushes those that it had: where
/// another router has the same prefix, it goes there, and else nowhere.
fn reached<'a>(place: &'a Place, tenant: &'a Tenant) -> impl Iterator<Item = (&'a Device, &'a Attachment)> {
    tenant.customers.iter().filter(|(device, _)| !place.down.contains(*device))
}

impl Draft<'_> {
    pub(super) fn tenants(&mut self) {
        let place = self.place;
        for (vrf, tenant) in &place.tenants {
            self.services(vrf, tenant);
            let rules = self.rules(vrf, tenant);
            // What is refused is the same everywhere; but where no customer of it is, no packet of it enters.
            if tenant.customers.is_empty() {
                continue;
            }
            self.own_table(tenant);
            let slots: BTreeSet<Slot> = rules.iter().map(|rule| rule.slot).collect();
            slots.into_iter().for_each(|slot| self.color_table(tenant, slot));
            let devices: BTreeSet<_> = tenant.customers.keys().cloned().collect();
            for device in &devices {
                let entering =
                    Family::BOTH.map(|family| Rule::Entering(family, device.clone(), tenant.number));
                self.program.rules.extend(entering);
            }
            self.marking().tenants.insert(tenant.number, TenantMarks { devices, rules });
        }
        let named: BTreeSet<&VrfName> = self.config.steering.keys().map(|key| &key.vrf).collect();
        for vrf in named.into_iter().filter(|vrf| !place.tenants.contains_key(*vrf)) {
            self.refusals.push(Refusal::NoTenant { vrf: vrf.clone() });
        }
    }

    /// What customers' packets do without any color: to customers here, or by the IGP to the router that has them; else nowhere, for
    /// the main table is not theirs.
    fn own_table(&mut self, tenant: &Tenant) {
        let table = Table::Slot(Slot::own(tenant.number));
        let place = self.place;
        let routes = &mut self.program.routes;
        for (device, customer) in reached(place, tenant) {
            for prefix in &customer.prefixes {
                let via = match prefix {
                    IpNet::V4(_) => customer.v4.map(IpAddr::V4),
                    IpNet::V6(_) => customer.v6.map(IpAddr::V6),
                };
                // The customer's own address is on the link.
                let via = via.filter(|via| *prefix != IpNet::from(*via));
                let hop = Hop { device: device.clone(), via };
                let target = routes
                    .entry(RouteKey { table, to: *prefix })
                    .or_insert_with(|| Target::Hops(BTreeSet::new()));
                if let Target::Hops(hops) = target {
                    hops.insert(hop);
                }
            }
        }
        for (prefix, remote) in &tenant.remote {
            let way = Way { segments: vec![remote.sid], weight: Weight::ONE };
            routes.entry(RouteKey { table, to: *prefix }).or_insert(Target::Encap(vec![way]));
        }
        for all in [IpNet::V4(ipnet::Ipv4Net::default()), IpNet::V6(ipnet::Ipv6Net::default())] {
            routes.entry(RouteKey { table, to: all }).or_insert(Target::Unreachable);
        }
    }

    /// Rules in the order in which they are asked. One for code points alone is two: nftables asks each family by itself.
    fn rules(&mut self, vrf: &VrfName, tenant: &Tenant) -> Vec<Steer> {
        let config = self.config;
        let mut rules = Vec::new();
        for rule in config.steering.values().filter(|rule| rule.key.vrf == *vrf) {
            let Some(slot) = Slot::of(tenant.number, rule.color) else {
                self.refusals.push(Refusal::Color { color: rule.color.number() });
                continue;
            };
            let steer = |prefix| Steer { prefix, dscp: rule.dscp.clone(), slot };
            match rule {
                SteeringRule { prefix: None, dscp, .. } if !dscp.is_empty() => {
                    let all = [IpNet::V4(ipnet::Ipv4Net::default()), IpNet::V6(ipnet::Ipv6Net::default())];
                    rules.extend(all.map(|all| steer(Some(all))));
                }
                SteeringRule { prefix, .. } => rules.push(steer(prefix.map(|prefix| prefix.trunc()))),
            }
        }
        rules
    }

    /// What packets of a color do: into the policy toward the router that has their destination. What has no policy is not in the
    /// table, or thrown out of it where a shorter prefix is.
    fn color_table(&mut self, tenant: &Tenant, slot: Slot) {
        let config = self.config;
        let of_color =
            config.policies.values().filter(|policy| Slot::of(tenant.number, policy.key.color) == Some(slot));
        let here: BTreeSet<&IpNet> =
            reached(self.place, tenant).flat_map(|(_, customer)| &customer.prefixes).collect();
        let mut targets: BTreeMap<IpNet, Target> = BTreeMap::new();
        // What a customer here has goes before the same prefix behind another router.
        for (prefix, remote) in tenant.remote.iter().filter(|(prefix, _)| !here.contains(prefix)) {
            if let Some(target) = self.place.carried(of_color.clone(), &remote.node, remote.sid) {
                targets.insert(*prefix, target);
            }
        }
        let bare = tenant.remote.keys().chain(here).filter(|prefix| !targets.contains_key(prefix));
        let thrown: Vec<IpNet> =
            bare.filter(|prefix| targets.keys().any(|net| net.contains(*prefix))).copied().collect();
        targets.extend(thrown.into_iter().map(|prefix| (prefix, Target::Throw)));
        let table = Table::Slot(slot);
        let families: BTreeSet<Family> = targets.keys().map(Family::of).collect();
        self.program.rules.extend(families.into_iter().map(|family| Rule::Steered(family, slot)));
        self.program.routes.extend(targets.into_iter().map(|(to, target)| (RouteKey { table, to }, target)));
    }
}
