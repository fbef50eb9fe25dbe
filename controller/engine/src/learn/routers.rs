//! What routers say of themselves over NETCONF and gNMI, as it was said last: laid beside what peers say of them, and judged by the
//! cables that the network file has.
//!
//! A router that is silent makes what it said stale, and so does a restart, until it has answered once. Nothing here moves anything:
//! which cable is right, the file's or the one that is plugged, is for people.

use std::collections::{BTreeMap, BTreeSet};

use model::{Fact, Finding, Link, LinkId, NodeId, Severity, Side, Standing, Surroundings, Ted, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    databases::{Databases, Told},
    facts::{Learned, LinkFacts, fact},
    judge::capped,
    plug::{AroundFacts, Directory, Plug, Who},
};
use crate::codes;

/// By which protocol routers hear their neighbours.
const LLDP: &str = "lldp";

/// What routers said, by their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Routers(BTreeMap<NodeId, Said>);

/// What one of them said.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    what: Surroundings,
    protocol: String,
    at: Timestamp,
    /// Since when it is silent.
    silent: Option<Timestamp>,
}

/// A router that says what is around it, for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouterView {
    /// Its name.
    pub name: NodeId,
    /// By which protocol it says that.
    pub protocol: String,
    /// When it said it last.
    pub at: Timestamp,
    /// Since when it is silent, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent: Option<Timestamp>,
    /// Interfaces that it tells of.
    pub interfaces: usize,
    /// Neighbours that it hears.
    pub neighbours: usize,
}

impl Said {
    fn fact<T>(&self, node: &NodeId, protocol: &str, value: T) -> Fact<T> {
        fact(node, protocol, (self.at, self.silent), value)
    }

    /// What it says of one end of a link.
    fn of(&self, link: &Link, side: Side, names: &Directory<'_>) -> AroundFacts {
        let (here, far) = (link.end(side), link.end(side.other()));
        let port = self.what.ports.get(&here.interface).copied().unwrap_or_default();
        let heard = self.what.neighbours.get(&here.interface).into_iter().flatten();
        let plugs: Vec<Plug> = heard.filter_map(|heard| Plug::of(heard, far, names)).collect();
        // Several may be heard over what carriers put between. Whoever the file has there counts, then other routers of it.
        let is_router = |plug: &&Plug| matches!(plug.who, Who::Node(_));
        let plug = plugs.iter().find(|plug| plug.agrees(far));
        let plug = plug.or_else(|| plugs.iter().find(is_router)).or(plugs.first());
        AroundFacts {
            oper: port.oper.map(|oper| self.fact(&here.node, &self.protocol, oper)),
            speed: port.speed.map(|speed| self.fact(&here.node, &self.protocol, speed)),
            plug: plug.map(|plug| self.fact(&here.node, LLDP, plug.clone())),
        }
    }
}

impl Routers {
    /// Takes down what a router says; whether that says anything new.
    pub fn hear(&mut self, node: &NodeId, protocol: &str, at: Timestamp, what: Surroundings) -> bool {
        let new = Said { what, protocol: protocol.to_owned(), at, silent: None };
        let Some(before) = self.0.get_mut(node) else {
            self.0.insert(node.clone(), new);
            return true;
        };
        // It was asked before it fell silent, and that was noticed first.
        if before.silent.is_some_and(|since| since >= at) {
            return false;
        }
        let is_new = before.silent.is_some() || before.what != new.what;
        *before = new;
        is_new
    }

    /// A router is silent; whether that was not known.
    pub fn fall_silent(&mut self, node: &NodeId, since: Timestamp) -> bool {
        let said = self.0.get_mut(node).filter(|said| said.silent.is_none());
        said.map(|said| said.silent = Some(since)).is_some()
    }

    /// Lays what routers say of themselves over what others say. Of those that have not said anything since `started` what was known
    /// `before` is kept, as stale. O(n log n).
    #[must_use]
    pub fn lay(&self, mut learned: Learned, file: &Ted, (before, started): (&Learned, Timestamp)) -> Learned {
        for link in learned.links.values_mut() {
            for side in [Side::A, Side::Z] {
                link.way_mut(side).around = AroundFacts::default();
            }
        }
        let names = self.names(file);
        for (id, link) in &file.links {
            for side in [Side::A, Side::Z] {
                let around = match self.0.get(&link.end(side).node) {
                    Some(said) => said.of(link, side, &names),
                    None => before.links.get(id).map(|old| stale(old, side, started)).unwrap_or_default(),
                };
                if !around.is_empty() {
                    learned.links.entry(id.clone()).or_default().way_mut(side).around = around;
                }
            }
        }
        learned.links.retain(|_, link| *link != LinkFacts::default());
        learned
    }

    /// What the databases of IS-IS come to that some of them told; `before` is what was known when nobody had said anything yet.
    pub fn databases(&self, before: &Learned, file: &Ted) -> Databases {
        let all = self.0.iter().filter_map(|(node, said)| {
            let lsdb = said.what.lsdb.as_ref()?;
            Some(Told { node, lsdb, at: said.at, silent: said.silent })
        });
        Databases::of(&all.collect::<Vec<_>>(), self.0.keys().cloned().collect(), before, file)
    }

    /// The routers of the file by what they are called.
    fn names<'a>(&'a self, file: &'a Ted) -> Directory<'a> {
        let own = self.0.iter().filter_map(|(node, said)| Some((node, said.what.system_name.as_deref()?)));
        Directory::of(file, own)
    }

    /// Cables between two routers of the file that it has no link between, each once, whichever end tells of it. Where it has one, a
    /// cable more may be part of that: neighbours are heard on the members of a bundle. O(n log n).
    pub fn unknown_cables(&self, file: &Ted) -> Vec<Finding> {
        let names = self.names(file);
        let both = |link: &Link| {
            [(link.a.node.clone(), link.z.node.clone()), (link.z.node.clone(), link.a.node.clone())]
        };
        let joined: BTreeSet<(NodeId, NodeId)> = file.links.values().flat_map(both).collect();
        let mut cables = BTreeSet::new();
        for (node, said) in &self.0 {
            for (interface, heard) in &said.what.neighbours {
                for neighbour in heard {
                    let Some(far) = names.router(neighbour) else { continue };
                    if far == node || joined.contains(&(node.clone(), far.clone())) {
                        continue;
                    }
                    let port = neighbour.port_id.as_ref().filter(|_| neighbour.is_interface);
                    let far = port.map_or_else(|| far.to_string(), |port| format!("{far} {port}"));
                    let mut ends = [format!("{node} {interface}"), far];
                    ends.sort();
                    cables.insert(ends);
                }
            }
        }
        let finding = |[one, other]: [String; 2]| {
            let message = format!(
                "routers hear each other by LLDP from {one} to {other}, where the network file has no link"
            );
            Finding::new(codes::STRANGER, Severity::Warning, format!("{one} to {other}"), message)
                .with_help("add the link to the network file, if services may use it")
        };
        capped(cables.into_iter().map(finding).collect(), codes::STRANGER, "cables")
    }

    /// Who says what is around it.
    pub fn views(&self) -> Vec<RouterView> {
        let view = |(name, said): (&NodeId, &Said)| RouterView {
            name: name.clone(),
            protocol: said.protocol.clone(),
            at: said.at,
            silent: said.silent,
            interfaces: said.what.ports.len(),
            neighbours: said.what.neighbours.values().map(Vec::len).sum(),
        };
        self.0.iter().map(view).collect()
    }
}

fn stale(old: &LinkFacts, side: Side, since: Timestamp) -> AroundFacts {
    let mut around = AroundFacts::default();
    around.keep(&old.way(side).around, since);
    around
}

/// Cables that are plugged otherwise than the file says, by what is heard at their ends.
pub fn misplugged(learned: &Learned, file: &Ted) -> Vec<Finding> {
    let of = |(id, facts): (&LinkId, &LinkFacts)| misplugged_at(facts, file.links.get(id)?);
    capped(learned.links.iter().filter_map(of).collect(), codes::MISPLUGGED, "links")
}

fn misplugged_at(facts: &LinkFacts, link: &Link) -> Option<Finding> {
    let mut severity = Severity::Info;
    let mut said = Vec::new();
    for side in [Side::A, Side::Z] {
        let (here, far) = (link.end(side), link.end(side.other()));
        let Some(fact) = facts.way(side).around.plug.as_ref().filter(|fact| !fact.value.agrees(far)) else {
            continue;
        };
        // Somebody who is not in the file may stand between two that are.
        if matches!(fact.value.who, Who::Node(_)) {
            severity = Severity::Warning;
        }
        let heard = match fact.standing {
            Standing::Stale { .. } => "heard last",
            Standing::Fresh | Standing::Conflicting { .. } => "hears",
        };
        said.push(format!(
            "{} {heard} {} on its {}, where the network file has {} {}",
            here.node, fact.value, here.interface, far.node, far.interface
        ));
    }
    let help = "see at both ends which cable is plugged where, and mend the network file where the cables are right; plans follow \
                the file until then";
    (!said.is_empty())
        .then(|| Finding::new(codes::MISPLUGGED, severity, &link.id, said.join("; ")).with_help(help))
}

#[cfg(test)]
mod tests;
