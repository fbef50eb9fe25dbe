//! Which links each service rides.

use std::collections::BTreeMap;

use model::{
    Allocations, Color, DirectedLink, Graph, Hints, IntentSet, NodeIx, Service, Severity, Sid, Ted,
    hint::Degradation, unit::Bandwidth,
};
use paths::{
    Bounds, Constraint, EdgeSet, Encoder, Exclusions, Found, NoPath, PathRequest, Reason, Shared, Workspace,
};

use super::{Compilation, policy};
use crate::{
    ask::Asker,
    codes,
    route::{self, Free, View, Ways},
};

/// How many overlaid graphs are kept: services that were moved together see the same values.
const KEPT_OVERLAYS: usize = 16;

/// A service with its place in the network.
pub(super) struct Placed<'a> {
    pub service: &'a Service,
    pub queue: &'a model::QueueName,
    pub color: Color,
    pub ordinal: u32,
    pub request: PathRequest,
    pub ways: Ways,
    /// For each direction.
    pub segments: Vec<Vec<Sid>>,
    /// What was free on each way before the service was placed.
    pub spare: Vec<Bandwidth>,
    /// What moved it, or why its promise is at risk.
    pub notes: Vec<String>,
    pub backup: Option<PlacedBackup>,
}

/// The second way of a service.
pub(super) struct PlacedBackup {
    pub ways: Ways,
    pub segments: Vec<Vec<Sid>>,
    pub spare: Vec<Bandwidth>,
    /// For each search: what it has in common with the path.
    pub shared: Vec<Shared>,
    pub strict: bool,
}

impl Placed<'_> {
    /// What is promised, bit/s.
    pub fn rate(&self) -> u64 {
        self.service.slo.bandwidth.unwrap_or(Bandwidth::ZERO).as_bps()
    }
}

/// Places one service after the other.
pub(super) struct Placer<'a> {
    graph: &'a Graph,
    hints: &'a Hints,
    asker: Asker<'a>,
    encoder: Encoder<'a>,
    workspace: Workspace,
    base: View,
    overlays: Vec<(&'a BTreeMap<DirectedLink, Degradation>, View)>,
    closed: EdgeSet,
    drained: Vec<NodeIx>,
    /// What paths leave.
    free: Free,
    /// What paths and the backups placed so far leave; set up by the first backup.
    guarded: Option<Free>,
}

impl<'a> Placer<'a> {
    pub fn new(ted: &'a Ted, graph: &'a Graph, hints: &'a Hints, encoder: Encoder<'a>) -> Self {
        let mut closed = EdgeSet::default();
        for edge in hints.down.iter().chain(&hints.drained_links).filter_map(|link| graph.link_ix(link)) {
            closed.insert_link(edge);
        }
        Self {
            graph,
            hints,
            asker: Asker::new(ted, graph),
            encoder,
            workspace: Workspace::new(),
            base: View::new(graph.clone()),
            overlays: Vec::new(),
            closed,
            drained: hints.drained_nodes.iter().filter_map(|node| graph.node_ix(node)).collect(),
            free: Free::of(paths::capacities(graph)),
            guarded: None,
        }
    }

    /// Gives a service its path, or refuses it.
    pub fn place(
        &mut self,
        service: &'a Service,
        set: &'a IntentSet,
        ids: &Allocations,
        done: &mut Compilation,
    ) -> Option<Placed<'a>> {
        let (Some(color), Some(ordinal), Some(class)) =
            (ids.colors.get(&service.intent), ids.ordinals.get(&service.id), set.classes.get(&service.class))
        else {
            let message =
                "the service has no color, no ordinal or no class: ids must be extended before compiling";
            done.say(Severity::Error, codes::NO_ID, &service.id, message.to_owned(), "please report this");
            done.refuse(&service.id, "a number is missing".to_owned(), None);
            return None;
        };
        if !policy::has_room(*color) {
            let message = format!(
                "color {} leaves no room for steering rules: at most 10,000 can be used",
                color.number()
            );
            done.say(Severity::Error, codes::LIMIT, &service.id, message.clone(), "start a new allocation");
            done.refuse(&service.id, message, None);
            return None;
        }
        let Some(mut request) = self.asker.request(service) else {
            let message = "a node of the service is not in the network".to_owned();
            done.say(
                Severity::Error,
                codes::UNKNOWN_NODE,
                &service.id,
                message.clone(),
                "validate against this network",
            );
            done.refuse(&service.id, message, None);
            return None;
        };
        request.excluded = self.exclusions(&request);
        let (ways, notes) = self.ways(service, &request, done)?;
        let segments = match self.encode(service, &ways) {
            Ok(segments) => segments,
            Err(why) => {
                let help = "see `trunkline explain TL0056`";
                done.say(Severity::Error, codes::NOT_ENCODABLE, &service.id, why.clone(), help);
                done.refuse(&service.id, why, None);
                return None;
            }
        };
        let rate = request.bandwidth.as_bps();
        let spare = ways.each().map(|found| paths::spare(&found.edges, self.free.single())).collect();
        ways.each().for_each(|found| self.free.take(&found.edges, rate));
        let (color, ordinal, queue) = (*color, *ordinal, &class.queue);
        Some(Placed { service, queue, color, ordinal, request, ways, segments, spare, notes, backup: None })
    }

    fn exclusions(&self, request: &PathRequest) -> Exclusions {
        // The ends of a service on a drained node stay: nobody else can carry its traffic.
        let through = self.drained.iter().filter(|node| **node != request.from && **node != request.to);
        Exclusions { edges: self.closed.clone(), nodes: through.copied().collect(), ..Exclusions::default() }
    }

    /// The paths of a service: on the network as the hints say, with the promise kept where that is possible.
    fn ways(
        &mut self,
        service: &Service,
        request: &PathRequest,
        done: &mut Compilation,
    ) -> Option<(Ways, Vec<String>)> {
        let overlay = self.overlay(service);
        let view = overlay.map_or(&self.base, |place| &self.overlays[place].1);
        let mut notes = Vec::new();
        if let Some(relief) = self.hints.relief.get(&service.id) {
            notes.push(format!("sees {} measured link values: {}", relief.seen.len(), relief.why));
        }
        let why = match route::primary(view, &self.free, service, request, &mut self.workspace) {
            Ok(ways) => return Some((ways, notes)),
            Err(why) => why,
        };
        let hinted = overlay.is_some() || !self.closed.is_empty() || !self.drained.is_empty();
        if hinted && let Some(ways) = at_risk(view, &self.free, service, request, &why, &mut self.workspace) {
            let message = format!("{}; carried by the best path that is left", why.describe(self.graph));
            notes.push(format!("the promise is at risk: {}", why.describe(self.graph)));
            let help = "it moves once a path keeps the promise again";
            done.say(Severity::Major, codes::PROMISE_AT_RISK, &service.id, message, help);
            return Some((ways, notes));
        }
        self.refuse(service, &why, hinted, done);
        None
    }

    fn refuse(&self, service: &Service, why: &NoPath, hinted: bool, done: &mut Compilation) {
        let severity = if hinted { Severity::Major } else { Severity::Error };
        let short = match &why.reason {
            Reason::Constraint { which, .. } => *which == Constraint::Bandwidth,
            Reason::Together(several) => several.contains(&Constraint::Bandwidth),
            Reason::Disconnected => false,
        };
        let (code, help) = if short {
            (
                codes::DOES_NOT_FIT,
                "services of higher value have the bandwidth: promise less, raise its class, or add a line",
            )
        } else {
            (codes::NO_PATH, "it is carried again once a path exists")
        };
        done.say(severity, code, &service.id, why.describe(self.graph), help);
        done.refuse(&service.id, why.constraint(), why.nearest(self.graph));
    }

    /// The place of the graph with the values that a service has seen, where it has seen any.
    fn overlay(&mut self, service: &Service) -> Option<usize> {
        let seen = &self.hints.relief.get(&service.id)?.seen;
        if let Some(place) = self.overlays.iter().position(|(known, _)| *known == seen) {
            return Some(place);
        }
        let mut graph = self.graph.clone();
        for (hop, measured) in seen {
            let Some(edge) = graph.edge_ix(hop) else { continue };
            let edge = graph.edge_mut(edge);
            edge.delay = measured.delay.map_or(edge.delay, |delay| delay.as_micros());
            edge.jitter = measured.jitter.map_or(edge.jitter, |jitter| jitter.as_micros());
            edge.loss = measured.loss.map_or(edge.loss, |loss| loss.as_ppb());
        }
        if self.overlays.len() >= KEPT_OVERLAYS {
            self.overlays.remove(0);
        }
        self.overlays.push((seen, View::new(graph)));
        Some(self.overlays.len() - 1)
    }

    fn encode(&mut self, service: &Service, ways: &Ways) -> Result<Vec<Vec<Sid>>, String> {
        ways.each()
            .map(|found| {
                let segments = self.encoder.encode(&found.edges, service.path.dataplane, 1);
                segments
                    .map(|list| list.into_iter().map(|segment| segment.sid).collect())
                    .map_err(|e| e.to_string())
            })
            .collect()
    }

    /// Gives a placed service its backup. Everything that is asked for first; then with less and less, but apart from the
    /// path wherever the network allows it: a backup that breaks an objective still is better than one that fails with it.
    pub fn back_up(&mut self, placed: &mut Placed<'a>, done: &mut Compilation) {
        let service = placed.service;
        let overlay = self.overlay(service);
        let view = overlay.map_or(&self.base, |place| &self.overlays[place].1);
        let guarded = self.guarded.get_or_insert_with(|| self.free.clone());
        let open = PathRequest { bounds: Bounds::default(), ..placed.request.clone() };
        let free_of_charge = PathRequest { bandwidth: Bandwidth::ZERO, ..open.clone() };
        let everything = PathRequest { bandwidth: Bandwidth::ZERO, ..placed.request.clone() };
        let tries = [&placed.request, &everything, &open, &free_of_charge];
        let mut best: Option<(Ways, Vec<Shared>, bool)> = None;
        for request in tries {
            let found = route::backup(
                view,
                guarded.of_service(service),
                service,
                request,
                &placed.ways,
                &mut self.workspace,
            );
            if let Ok(found) = found
                && (found.2 || best.is_none())
            {
                let strict = found.2;
                best = Some(found);
                if strict {
                    break;
                }
            }
        }
        let Some((ways, shared, strict)) = best else {
            let message = "no second path exists, so no backup is installed".to_owned();
            done.say(
                Severity::Warning,
                codes::NO_BACKUP,
                &service.id,
                message,
                "add a line, or relax its constraints",
            );
            return;
        };
        let spare = ways.each().map(|found| paths::spare(&found.edges, guarded.single())).collect();
        let segments = match self.encode(service, &ways) {
            Ok(segments) => segments,
            Err(why) => {
                let message = format!("no backup is installed: {why}");
                done.say(
                    Severity::Warning,
                    codes::NO_BACKUP,
                    &service.id,
                    message,
                    "see `trunkline explain TL0056`",
                );
                return;
            }
        };
        self.guard(placed, &ways);
        self.judge_backup(placed, &ways, &shared, strict, done);
        placed.backup = Some(PlacedBackup { ways, segments, spare, shared, strict });
    }

    /// Takes the bandwidth of a backup where its own path has not taken it already.
    fn guard(&mut self, placed: &Placed<'_>, ways: &Ways) {
        let Some(guarded) = &mut self.guarded else { return };
        for (backup, path) in ways.each().zip(placed.ways.each()) {
            let apart: Vec<_> =
                backup.edges.iter().filter(|edge| !path.edges.contains(edge)).copied().collect();
            guarded.take(&apart, placed.rate());
        }
    }

    fn judge_backup(
        &self,
        placed: &Placed<'_>,
        ways: &Ways,
        shared: &[Shared],
        strict: bool,
        done: &mut Compilation,
    ) {
        let service = placed.service;
        if !strict {
            let common =
                shared.iter().map(|shared| in_common(self.graph, shared)).collect::<Vec<_>>().join("; ");
            let message = format!("path and backup have in common {common}");
            let help = "add a line that shares none of these, or ask for less `sle.diversity`";
            done.say(Severity::Warning, codes::BACKUP_SHARES, &service.id, message, help);
        }
        if let Some(worse) = ways.each().find(|found| !found.totals.meets(&placed.request.bounds)) {
            let Found { totals, .. } = worse;
            let message = format!(
                "the backup breaks an objective: delay {}, jitter {}, loss {}",
                totals.delay, totals.jitter, totals.loss
            );
            let help = "the promise is broken while the backup is in use; a better second line would keep it";
            done.say(Severity::Warning, codes::BACKUP_WEAKER, &service.id, message, help);
        }
    }
}

/// The path that breaks the promise least where delay, jitter or loss alone is at fault; else any by least delay.
fn at_risk(
    view: &View,
    free: &Free,
    service: &Service,
    request: &PathRequest,
    why: &NoPath,
    workspace: &mut Workspace,
) -> Option<Ways> {
    if let Reason::Constraint {
        which: Constraint::Delay | Constraint::Jitter | Constraint::Loss,
        nearest,
        ..
    } = &why.reason
        && (!service.bidirectional || route::is_joint(service))
    {
        let totals = paths::Totals::of(&view.graph, &nearest.edges);
        return Some(Ways::both(&view.graph, service, Found { totals, ..nearest.clone() }));
    }
    let open = PathRequest { bounds: Bounds::default(), ..request.clone() };
    route::primary(view, free, service, &open, workspace).ok()
}

/// What path and backup share, in words.
pub(super) fn in_common(graph: &Graph, shared: &Shared) -> String {
    let links = shared.links.iter().map(|edge| format!("link {}", graph.link_id(*edge)));
    let nodes = shared.nodes.iter().map(|node| format!("node {}", graph.node_id(*node)));
    let risks = shared
        .srlgs
        .iter()
        .filter_map(|risk| graph.srlgs.get(*risk as usize))
        .map(|risk| format!("risk {risk}"));
    let all: Vec<String> = links.chain(nodes).chain(risks).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}
