//! From one program to the next without a packet going astray: make before break.
//!
//! Three facts about the kernel carry the order. A route is replaced by one write. The longest prefix wins, so that what is longer is
//! added first and taken away last. All marks change at one moment, when nftables takes its table.
//!
//! Queues stay where they are and change in place: a discipline that is put in another's place drops what waits in that, and at the root
//! of a device all that is sent meanwhile too. So a root comes once for a device, with the first program; classes come, whole, before
//! marks lead to them; and a class that goes has sent what waited in it.
//!
//! So a table may be rewritten in place while nothing else about its packets changes, and a table that no mark leads to may be
//! rewritten at any time. What is left are tables that marks lead to before and after, of tenants whose rules change: packets come in
//! and go out of these at the moment when the marks change. They get a shadow: the new content in a table of its own, to which the
//! marks lead until the table itself is rewritten.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::{
    number::{Device, Minor, Slot, Table},
    object::{Family, Marking, RouteKey, Rule, Shaper, Target},
    program::Program,
    write::Write,
};

impl Program {
    /// What is to be written, in order, so that `from` becomes `to`; nothing where they are equal.
    ///
    /// After each write, every packet that customers send is forwarded as by `from` or as by `to`: into the same lists, dropped, or
    /// left to the tenant's own table; and where the IGP leads somewhere in both, it leads there. What is new is there before anything
    /// points to it, what is old goes when nothing does; what changes in place is replaced by one write. A table that is rewritten
    /// while rules that lead into it change has a shadow for that time.
    /// O((objects of both) log).
    pub fn changes(from: &Self, to: &Self) -> Vec<Write> {
        between(from, to)
    }
}

fn between(from: &Program, to: &Program) -> Vec<Write> {
    let mut writes = Vec::new();
    if to.anchor && !from.anchor {
        writes.push(Write::Anchor);
    }
    if from.source != to.source {
        writes.push(Write::Source(to.source));
    }
    shape(from, to, &mut writes);
    let routes = Routes::between(from, to);
    let shared = shared(from, to);
    let marked = (from.marked(), to.marked());
    let is_table = |table: Table| match table {
        Table::Slot(slot) if !slot.is_own() => Some(slot),
        _ => None,
    };
    // Tables that everything falls back to: new before the others change, old when nothing needs it.
    writes.extend(routes.made(|key| is_table(key.table).is_none()));
    // Tables of slots that no mark leads to yet, and those whose packets stay the same.
    let early = |key: &RouteKey| {
        is_table(key.table).is_some_and(|slot| {
            !shared.contains(&slot) && (marked.1.contains(&slot) || !marked.0.contains(&slot))
        })
    };
    writes.extend(routes.made(early));
    writes.extend(routes.gone(early));
    writes.extend(
        to.rules.difference(&from.rules).filter(|rule| !of_slots(rule, &shared)).cloned().map(Write::Rule),
    );
    if shared.is_empty() {
        mark(from.marking.as_ref(), to.marking.as_ref(), &mut writes);
    } else {
        by_shadow(from, to, &shared, &routes, &mut writes);
    }
    let gone = from.rules.difference(&to.rules).filter(|rule| !of_slots(rule, &shared));
    writes.extend(gone.cloned().map(Write::Unrule));
    let late =
        |key: &RouteKey| is_table(key.table).is_some_and(|slot| !shared.contains(&slot)) && !early(key);
    writes.extend(routes.made(late));
    writes.extend(routes.gone(late));
    writes.extend(routes.gone(|key| is_table(key.table).is_none()));
    unshape(from, to, &mut writes);
    if from.anchor && !to.anchor {
        writes.push(Write::Unanchor);
    }
    writes
}

/// What changes among routes.
struct Routes<'a> {
    coming: Vec<(&'a RouteKey, &'a Target)>,
    replaced: Vec<(&'a RouteKey, &'a Target)>,
    going: Vec<&'a RouteKey>,
}

impl<'a> Routes<'a> {
    fn between(from: &'a Program, to: &'a Program) -> Self {
        let (mut coming, mut replaced) = (Vec::new(), Vec::new());
        for (key, target) in &to.routes {
            match from.routes.get(key) {
                None => coming.push((key, target)),
                Some(held) if held != target => replaced.push((key, target)),
                Some(_) => {}
            }
        }
        let mut going: Vec<&RouteKey> =
            from.routes.keys().filter(|key| !to.routes.contains_key(key)).collect();
        coming.sort_by_key(|(key, _)| std::cmp::Reverse(key.to.prefix_len()));
        going.sort_by_key(|key| key.to.prefix_len());
        Self { coming, replaced, going }
    }

    /// Those that come, longer prefixes first, then those that are replaced.
    fn made(&self, which: impl Fn(&RouteKey) -> bool) -> Vec<Write> {
        let write = |(key, target): &(&RouteKey, &Target), replaces| Write::Route {
            key: **key,
            target: (*target).clone(),
            replaces,
        };
        let coming = self.coming.iter().filter(|(key, _)| which(key)).map(|route| write(route, false));
        let replaced = self.replaced.iter().filter(|(key, _)| which(key)).map(|route| write(route, true));
        coming.chain(replaced).collect()
    }

    /// Those that go, shorter prefixes first.
    fn gone(&self, which: impl Fn(&RouteKey) -> bool) -> Vec<Write> {
        self.going.iter().filter(|key| which(key)).map(|key| Write::Unroute(**key)).collect()
    }
}

/// Slots that marks lead to before and after, of tenants whose rules change, whose tables change.
fn shared(from: &Program, to: &Program) -> BTreeSet<Slot> {
    let (Some(before), Some(after)) = (&from.marking, &to.marking) else { return BTreeSet::new() };
    let moves = |slot: &Slot| {
        let rules =
            |marking: &Marking| marking.tenants.get(&slot.tenant()).map(|tenant| tenant.rules.clone());
        rules(before) != rules(after)
    };
    let differs = |slot: &Slot| !from.table(Table::Slot(*slot)).eq(to.table(Table::Slot(*slot)));
    let (before, after) = (from.marked(), to.marked());
    // A shadow that is in use, after a change that was cut off, cannot be used again: its slot is rewritten in place.
    let is_free = |slot: &Slot| {
        !before.contains(&slot.shadowed()) && from.table(Table::Slot(slot.shadowed())).next().is_none()
    };
    before
        .intersection(&after)
        .filter(|slot| moves(slot) && differs(slot) && is_free(slot))
        .copied()
        .collect()
}

fn of_slots(rule: &Rule, slots: &BTreeSet<Slot>) -> bool {
    matches!(rule, Rule::Steered(_, slot) if slots.contains(slot))
}

fn by_shadow(
    from: &Program,
    to: &Program,
    shared: &BTreeSet<Slot>,
    routes: &Routes<'_>,
    writes: &mut Vec<Write>,
) {
    let mut shadow: BTreeMap<RouteKey, &Target> = BTreeMap::new();
    for slot in shared {
        let table = Table::Slot(slot.shadowed());
        shadow.extend(
            to.table(Table::Slot(*slot)).map(|(key, target)| (RouteKey { table, to: key.to }, target)),
        );
    }
    let rules: BTreeSet<Rule> = shadow
        .keys()
        .filter_map(|key| match key.table {
            Table::Slot(slot) => Some(Rule::Steered(Family::of(&key.to), slot)),
            Table::Main | Table::Local => None,
        })
        .collect();
    let keys = by_length(shadow.keys());
    let fill = keys.iter().rev().filter_map(|key| {
        shadow.get(key).map(|target| Write::Route { key: *key, target: (*target).clone(), replaces: false })
    });
    writes.extend(fill);
    writes.extend(rules.iter().cloned().map(Write::Rule));
    writes.push(Write::Marking(to.marking.as_ref().map(|marking| through_shadows(marking, shared))));
    let of_shared = |key: &RouteKey| matches!(key.table, Table::Slot(slot) if shared.contains(&slot));
    writes.extend(routes.made(of_shared));
    writes.extend(routes.gone(of_shared));
    let of = |rule: &&Rule| of_slots(rule, shared);
    writes.extend(to.rules.difference(&from.rules).filter(of).cloned().map(Write::Rule));
    writes.extend(from.rules.difference(&to.rules).filter(of).cloned().map(Write::Unrule));
    writes.push(Write::Marking(to.marking.clone()));
    writes.extend(rules.into_iter().map(Write::Unrule));
    writes.extend(keys.into_iter().map(Write::Unroute));
}

/// Shorter prefixes first.
fn by_length<'a>(keys: impl Iterator<Item = &'a RouteKey>) -> Vec<RouteKey> {
    let mut keys: Vec<RouteKey> = keys.copied().collect();
    keys.sort_by_key(|key| key.to.prefix_len());
    keys
}

fn through_shadows(marking: &Marking, shared: &BTreeSet<Slot>) -> Marking {
    let mut marking = marking.clone();
    let rules = marking.tenants.values_mut().flat_map(|tenant| &mut tenant.rules);
    for rule in rules.filter(|rule| shared.contains(&rule.slot)) {
        rule.slot = rule.slot.shadowed();
    }
    marking
}

fn mark(before: Option<&Marking>, after: Option<&Marking>, writes: &mut Vec<Write>) {
    if before != after {
        writes.push(Write::Marking(after.cloned()));
    }
}

/// Queues that come or change; before any packet is told to find them.
fn shape(from: &Program, to: &Program, writes: &mut Vec<Write>) {
    for (device, shaper) in &to.shapers {
        let held = from.shapers.get(device);
        if held.is_none_or(|held| (held.line, held.weighted) != (shaper.line, shaper.weighted)) {
            let (line, weighted) = (shaper.line, shaper.weighted);
            writes.push(Write::Shape { device: device.clone(), line, weighted, replaces: held.is_some() });
        }
        for (minor, class) in &shaper.classes {
            let held = held.and_then(|held| held.classes.get(minor));
            if held != Some(class) {
                let (device, replaces) = (device.clone(), held.is_some());
                writes.push(Write::Class { device, minor: *minor, class: *class, replaces });
            }
        }
    }
}

/// Queues that go; no packet is told to find them any more, and what waits in them leaves first.
fn unshape(from: &Program, to: &Program, writes: &mut Vec<Write>) {
    let mut gone: Vec<(&Device, Minor)> = Vec::new();
    for (device, held) in &from.shapers {
        match to.shapers.get(device) {
            None => writes.push(Write::Unshape(device.clone())),
            Some(shaper) => {
                let minors = held.classes.keys().filter(|minor| !shaper.classes.contains_key(minor));
                gone.extend(minors.map(|minor| (device, *minor)));
            }
        }
    }
    let drain =
        |(device, minor): &(&Device, Minor)| Write::Drain { device: (*device).clone(), minor: *minor };
    writes.extend(gone.iter().map(drain));
    writes.extend(gone.into_iter().map(|(device, minor)| Write::Unclass { device: device.clone(), minor }));
}

/// A write that does not fit what a kernel holds.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("`{write}` does not fit what is there")]
pub struct Misfit {
    /// The write.
    pub write: Write,
}

impl Program {
    /// What a kernel that held this holds after a write.
    ///
    /// # Errors
    /// What is added is there already, what is replaced or taken away is not, a route stands on a device that is not there, or a queue is
    /// waited for that marks lead to.
    pub fn apply(&mut self, write: &Write) -> Result<(), Misfit> {
        let misfit = || Misfit { write: write.clone() };
        let needed = |fits: bool| if fits { Ok(()) } else { Err(misfit()) };
        match write {
            Write::Anchor => needed(!std::mem::replace(&mut self.anchor, true)),
            Write::Unanchor => {
                let on_it = |target: &Target| !matches!(target, Target::Hops(_));
                needed(self.anchor && !self.routes.values().any(on_it))?;
                self.anchor = false;
                Ok(())
            }
            Write::Source(source) => {
                self.source = *source;
                Ok(())
            }
            Write::Route { key, target, replaces } => {
                needed(self.anchor || matches!(target, Target::Hops(_)))?;
                needed(self.routes.insert(*key, target.clone()).is_some() == *replaces)
            }
            Write::Unroute(key) => needed(self.routes.remove(key).is_some()),
            Write::Rule(rule) => needed(self.rules.insert(rule.clone())),
            Write::Unrule(rule) => needed(self.rules.remove(rule)),
            Write::Marking(marking) => {
                self.marking.clone_from(marking);
                Ok(())
            }
            Write::Shape { .. }
            | Write::Unshape(_)
            | Write::Class { .. }
            | Write::Drain { .. }
            | Write::Unclass { .. } => needed(self.apply_queues(write)),
        }
    }

    /// Whether marks have packets find a queue.
    fn leads_to(&self, device: &Device, minor: Minor) -> bool {
        let port = self.marking.as_ref().and_then(|marking| marking.ports.get(device));
        port.is_some_and(|port| port.rest == minor || port.classes.values().any(|class| *class == minor))
    }

    /// Whether it fitted.
    fn apply_queues(&mut self, write: &Write) -> bool {
        match write {
            Write::Shape { device, line, weighted, replaces } => {
                let is_there = self.shapers.contains_key(device);
                let empty = || Shaper { line: *line, weighted: *weighted, classes: BTreeMap::new() };
                let shaper = self.shapers.entry(device.clone()).or_insert_with(empty);
                (shaper.line, shaper.weighted) = (*line, *weighted);
                is_there == *replaces
            }
            Write::Unshape(device) => self.shapers.remove(device).is_some(),
            Write::Class { device, minor, class, replaces } => self
                .shapers
                .get_mut(device)
                .is_some_and(|shaper| shaper.classes.insert(*minor, *class).is_some() == *replaces),
            Write::Drain { device, minor } => {
                let is_there =
                    self.shapers.get(device).is_some_and(|shaper| shaper.classes.contains_key(minor));
                is_there && !self.leads_to(device, *minor)
            }
            Write::Unclass { device, minor } => {
                self.shapers.get_mut(device).is_some_and(|shaper| shaper.classes.remove(minor).is_some())
            }
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests;
