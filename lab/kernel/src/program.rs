//! A program: all that a kernel holds of ours, as one value.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    number::{Device, Slot, Table},
    object::{Marking, RouteKey, Rule, Shaper, Target},
};

/// All that a kernel holds of ours.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Program {
    /// Whether there is a device for routes that have none of their own.
    pub anchor: bool,
    /// The address that outer headers come from.
    pub source: Option<std::net::Ipv6Addr>,
    /// SIDs are routes too.
    pub routes: BTreeMap<RouteKey, Target>,
    /// In the order in which the kernel asks them.
    pub rules: BTreeSet<Rule>,
    /// What packets are given.
    pub marking: Option<Marking>,
    /// Queues by device.
    pub shapers: BTreeMap<Device, Shaper>,
}

impl Program {
    /// The routes of a table, in order of prefixes.
    pub fn table(&self, table: Table) -> impl Iterator<Item = (&RouteKey, &Target)> {
        self.routes.iter().filter(move |(key, _)| key.table == table)
    }

    /// The slots that a mark leads to, whether they have a table or not.
    pub(crate) fn marked(&self) -> BTreeSet<Slot> {
        let tenants = self.marking.iter().flat_map(|marking| marking.tenants.values());
        tenants.flat_map(|tenant| &tenant.rules).map(|rule| rule.slot).collect()
    }
}
