//! A program: all that a kernel holds of ours, as one value.

use std::collections::{BTreeMap, BTreeSet};

use model::DeviceConfig;

use crate::{
    change,
    number::{Device, Slot, Table},
    object::{Marking, RouteKey, Rule, Shaper, Target},
    of,
    place::Place,
    refusal::NotHere,
    write::Write,
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
    /// What a kernel is told for a configuration at a place. Same input, same program.
    /// O(rules x remote prefixes x policies of their color + lists x SIDs x routes of the IGP).
    ///
    /// # Errors
    /// All that the kernel cannot do.
    pub fn of(config: &DeviceConfig, place: &Place) -> Result<Self, NotHere> {
        of::program(config, place)
    }

    /// What is to be written, in order, so that `from` becomes `to`; nothing where they are equal.
    ///
    /// After each write, every packet that customers send is forwarded as by `from` or as by `to`: into the same lists, dropped, or
    /// left to the tenant's own table; and where the IGP leads somewhere in both, it leads there. What is new is there before anything
    /// points to it, what is old goes when nothing does; what changes in place is replaced by one write. A table that is rewritten
    /// while rules that lead into it change has a shadow for that time.
    /// O((objects of both) log).
    pub fn changes(from: &Self, to: &Self) -> Vec<Write> {
        change::changes(from, to)
    }

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
