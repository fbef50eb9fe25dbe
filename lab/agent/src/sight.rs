//! What a router finds out by itself, and what follows from it for where it stands.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv6Addr,
};

use ipnet::IpNet;
use kernel::{Device, Hop, Place, Underlay};

use crate::post::Post;

/// What a router sees.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sight {
    /// Its devices, and whether each is up. One that is not there is not up.
    pub devices: BTreeMap<Device, bool>,
    /// What the IGP has written.
    pub routes: BTreeMap<IpNet, BTreeSet<Hop>>,
    /// Segment lists on which probes are lost.
    pub silent: BTreeSet<Vec<Ipv6Addr>>,
}

impl Post {
    /// Where the router stands, as it sees it. Routes stay the IGP's.
    pub fn place(&self, sight: &Sight) -> Place {
        let mut place = self.place.clone();
        for port in place.ports.values_mut() {
            port.up = sight.devices.get(&port.device).copied().unwrap_or(false);
        }
        let customers = self.place.tenants.values().flat_map(|tenant| tenant.customers.keys());
        let is_up = |device: &Device| sight.devices.get(device).copied().unwrap_or(false);
        place.down = customers.filter(|device| !is_up(device)).cloned().collect();
        place.underlay = Underlay { routes: sight.routes.clone(), ours: false };
        place.silent.clone_from(&sight.silent);
        place
    }
}

#[cfg(test)]
mod tests;
