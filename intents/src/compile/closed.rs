//! What hints close to paths: links that are down, and what is drained for maintenance.
//!
//! The two are not the same. Nothing crosses a link that is down. What is drained still carries, until somebody takes it down:
//! traffic leaves it wherever there is another way, and where there is none it stays, with a word to the operator; a backup
//! over it is better than none. People hear of it once for each thing that is closed, not once for each service.

use std::collections::BTreeMap;

use model::{Finding, Graph, Hints, NodeIx, ServiceId, Severity};
use paths::{EdgeSet, Exclusions, PathRequest};

use super::Compilation;
use crate::{codes, route::Ways};

/// Services that a finding names.
const NAMED: usize = 3;

/// What is closed.
pub(crate) struct Closed {
    down: EdgeSet,
    drained: EdgeSet,
    /// Both: every service asks for it.
    either: EdgeSet,
    nodes: Vec<NodeIx>,
}

impl Closed {
    pub fn of(graph: &Graph, hints: &Hints) -> Self {
        let links = |links: &std::collections::BTreeSet<model::LinkId>| {
            let mut set = EdgeSet::default();
            links.iter().filter_map(|link| graph.link_ix(link)).for_each(|edge| set.insert_link(edge));
            set
        };
        let work = hints.all_drained();
        let (down, drained) = (links(&hints.down), links(&work.links));
        let mut either = down.clone();
        either.extend(graph.edges().map(|(edge, _)| edge).filter(|edge| drained.contains(*edge)));
        let nodes = work.nodes.iter().filter_map(|node| graph.node_ix(node)).collect();
        Self { down, drained, either, nodes }
    }

    pub fn is_empty(&self) -> bool {
        self.down.is_empty() && !self.has_drained()
    }

    pub fn has_drained(&self) -> bool {
        !self.drained.is_empty() || !self.nodes.is_empty()
    }

    /// Keeps a path off all of it. The ends of a service on a drained node stay: nobody else can carry its traffic.
    pub fn off_all(&self, request: &PathRequest) -> Exclusions {
        let through = self.nodes.iter().filter(|node| **node != request.from && **node != request.to);
        Exclusions { edges: self.either.clone(), nodes: through.copied().collect(), ..Exclusions::default() }
    }

    /// Keeps a path off what is down alone.
    pub fn off_down(&self) -> Exclusions {
        Exclusions { edges: self.down.clone(), ..Exclusions::default() }
    }

    /// What is drained and lies on some ways, in words.
    pub fn drained_on(&self, graph: &Graph, ways: &Ways) -> Vec<String> {
        let ends = [ways.out.from, ways.out.edges.last().map_or(ways.out.from, |edge| graph.edge(*edge).to)];
        let nodes = || ways.each().flat_map(|found| &found.edges).map(|edge| graph.edge(*edge).to);
        let on = self.nodes.iter().filter(|node| !ends.contains(node) && nodes().any(|at| at == **node));
        let nodes = on.map(|node| format!("node {}", graph.node_id(*node)));
        links_on(graph, &self.drained, ways).into_iter().chain(nodes).collect()
    }

    /// Drained nodes at which a service begins or ends, in words. No path helps it: nobody else can carry its traffic.
    pub fn drained_ends(&self, graph: &Graph, request: &PathRequest) -> Vec<String> {
        let ends = self.nodes.iter().filter(|node| **node == request.from || **node == request.to);
        ends.map(|node| format!("node {}", graph.node_id(*node))).collect()
    }

    /// What is down and lies on some ways, in words.
    pub fn down_on(&self, graph: &Graph, ways: &Ways) -> Vec<String> {
        links_on(graph, &self.down, ways)
    }
}

fn links_on(graph: &Graph, set: &EdgeSet, ways: &Ways) -> Vec<String> {
    let mut names: Vec<String> = ways
        .each()
        .flat_map(|found| &found.edges)
        .filter(|edge| set.contains(**edge))
        .map(|edge| format!("link {}", graph.link_id(*edge)))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Services by what is closed to them.
#[derive(Default)]
pub(super) struct Ledger {
    stay: BTreeMap<String, Vec<ServiceId>>,
    end: BTreeMap<String, Vec<ServiceId>>,
    back_up_over: BTreeMap<String, Vec<ServiceId>>,
    bare: BTreeMap<String, Vec<ServiceId>>,
}

impl Ledger {
    /// A service has no way off what is drained.
    pub fn stays(&mut self, on: &[String], service: &ServiceId) {
        note(&mut self.stay, on, service);
    }

    /// A service begins or ends at what is drained.
    pub fn ends_at(&mut self, on: &[String], service: &ServiceId) {
        note(&mut self.end, on, service);
    }

    /// A service has no other backup than over what is drained.
    pub fn backs_up_over(&mut self, on: &[String], service: &ServiceId) {
        note(&mut self.back_up_over, on, service);
    }

    /// A service has no backup because of what is down.
    pub fn is_bare(&mut self, without: &[String], service: &ServiceId) {
        note(&mut self.bare, without, service);
    }

    /// One finding for each thing that is closed.
    pub fn tell(self, done: &mut Compilation) {
        let mut say = |severity, code, what: String, message: String, help: &str| {
            done.findings.push(Finding::new(code, severity, what, message).with_help(help));
        };
        for (what, services) in self.stay {
            let message =
                format!("is drained and still carries {}: there is no other way for them", named(&services));
            let help = "they are cut off when it is taken down: add a line, or plan for that";
            say(Severity::Major, codes::STAYS_ON_DRAINED, what, message, help);
        }
        for (what, services) in self.end {
            let message =
                format!("is drained and an end of {}: nobody else can carry their traffic", named(&services));
            let help = "they are cut off when it is taken down: move their traffic to another router, or plan for that";
            say(Severity::Major, codes::STAYS_ON_DRAINED, what, message, help);
        }
        for (what, services) in self.back_up_over {
            let message = format!("is drained and the only backup of {}", named(&services));
            let help = "they have no backup from the moment it is taken down until it is in use again";
            say(Severity::Warning, codes::BACKUP_OVER_DRAINED, what, message, help);
        }
        for (what, services) in self.bare {
            let message = format!("is down and leaves {} without a backup", named(&services));
            let help = "they have one again when it is steadily up";
            say(Severity::Warning, codes::BARE_WHILE_DOWN, what, message, help);
        }
    }
}

fn note(ledger: &mut BTreeMap<String, Vec<ServiceId>>, on: &[String], service: &ServiceId) {
    for what in on {
        ledger.entry(what.clone()).or_default().push(service.clone());
    }
}

/// How many, and the first of them by name.
pub(super) fn named(services: &[ServiceId]) -> String {
    let mut names: Vec<&str> = services.iter().map(ServiceId::as_str).collect();
    names.sort_unstable();
    let count = if names.len() == 1 { "1 service".to_owned() } else { format!("{} services", names.len()) };
    let more = names.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    names.truncate(NAMED);
    format!("{count} ({}{rest})", names.join(", "))
}

#[cfg(test)]
mod tests;
