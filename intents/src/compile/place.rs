//! Which links each service rides.

mod balanced;
mod pair;
mod refuse;

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Allocations, DirectedLink, Graph, Hints, IntentSet, Service, ServiceId, Severity, Sid, Sle, Ted,
    hint::Degradation, intent::Diversity, sr::Dataplane, unit::Bandwidth,
};
use paths::{Bounds, Constraint, Encoder, Exclusions, Found, NoPath, PathRequest, Reason, Shared};

use super::{
    Compilation,
    closed::{Closed, Ledger},
    placed::{Placed, PlacedBackup},
    policy,
    scribe::{Scribe, visits},
    takers::{Taker, Takers},
    verdict,
};
use crate::{
    ask::Asker,
    codes,
    common::in_common,
    route::{self, Free, View, Ways},
};

/// How many overlaid graphs are kept: services that were moved together see the same values.
const KEPT_OVERLAYS: usize = 16;

/// A path that was found for a service, with what there is to say about it.
struct Chosen {
    ways: Ways,
    notes: Vec<String>,
    stranded: bool,
}

/// A backup that was found.
struct Second {
    ways: Ways,
    shared: Vec<Shared>,
    strict: bool,
}

/// Places one service after the other.
pub(super) struct Placer<'a> {
    set: &'a IntentSet,
    ted: &'a Ted,
    graph: &'a Graph,
    hints: &'a Hints,
    /// Who is not kept off full links, so that others have room.
    yielding: BTreeSet<ServiceId>,
    asker: Asker<'a>,
    encoder: Scribe<'a>,
    /// For paths that must not leave their links.
    pinner: Scribe<'a>,
    base: View,
    overlays: Vec<(&'a BTreeMap<DirectedLink, Degradation>, View)>,
    closed: Closed,
    ledger: Ledger,
    /// What paths leave.
    free: Free,
    /// Who has the rest.
    takers: Takers<'a>,
    /// What paths and the backups placed so far leave; set up by the first backup.
    guarded: Option<Free>,
}

impl<'a> Placer<'a> {
    pub fn new(
        ted: &'a Ted,
        set: &'a IntentSet,
        graph: &'a Graph,
        hints: &'a Hints,
        encoder: Encoder<'a>,
        pinner: Encoder<'a>,
    ) -> Self {
        Self {
            set,
            ted,
            graph,
            hints,
            yielding: BTreeSet::new(),
            asker: Asker::new(ted, graph),
            encoder: Scribe::new(encoder),
            pinner: Scribe::pinning(pinner),
            base: View::new(graph.clone()),
            overlays: Vec::new(),
            closed: Closed::of(graph, hints),
            ledger: Ledger::default(),
            free: Free::of(paths::capacities(graph)),
            takers: Takers::new(graph),
            guarded: None,
        }
    }

    /// Gives a service its path, or refuses it.
    pub fn place(
        &mut self,
        service: &'a Service,
        ids: &Allocations,
        done: &mut Compilation,
    ) -> Option<Placed<'a>> {
        let class = self.set.classes.get(&service.class);
        let (Some(color), Some(ordinal), Some(class)) =
            (ids.colors.get(&service.intent), ids.ordinals.get(&service.id), class)
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
        request.excluded = self.closed.off_all(&request);
        let (chosen, segments) = self.choose(service, &request, done)?;
        let Chosen { ways, notes, stranded } = chosen;
        let free = ways.each().map(|found| paths::spare(&found.edges, self.left())).collect();
        let rate = request.bandwidth.as_bps();
        self.take(&ways, Taker { service: &service.id, value: class.value, rate });
        let (color, ordinal, queue) = (*color, *ordinal, &class.queue);
        Some(Placed {
            service,
            queue,
            color,
            ordinal,
            request,
            ways,
            segments,
            free,
            notes,
            measured: self.hints.relief.contains_key(&service.id),
            stranded,
            backup: None,
        })
    }

    /// Gives the bandwidth of paths to a service, for each crossing of an edge.
    fn take(&mut self, ways: &Ways, taker: Taker<'a>) {
        for (edge, times) in ways.crossings().iter() {
            let taker = taker.crossing(times);
            self.free.take(&[edge], taker.rate);
            self.takers.take(taker, &[edge]);
        }
    }

    /// The path of a service with its segments, or none where it was refused.
    fn choose(
        &mut self,
        service: &Service,
        request: &PathRequest,
        done: &mut Compilation,
    ) -> Option<(Chosen, Vec<Vec<Sid>>)> {
        let chosen = self.ways(service, request, done)?;
        let why = match self.encode(service, &chosen.ways) {
            Ok(segments) => return Some((chosen, segments)),
            Err(why) => why,
        };
        if let Some(chosen) = self.strand(service, request, &why, done)
            && let Ok(segments) = self.encode(service, &chosen.ways)
        {
            return Some((chosen, segments));
        }
        let severity = if self.is_hinted(service) { Severity::Major } else { Severity::Error };
        let help = self.pinnable(service, &chosen.ways, &why);
        done.say(severity, codes::NOT_ENCODABLE, &service.id, why.clone(), &help);
        done.refuse(&service.id, why, None);
        None
    }

    /// Whether hints have a say in where a service goes.
    fn is_hinted(&self, service: &Service) -> bool {
        self.hints.relief.contains_key(&service.id) || !self.closed.is_empty()
    }

    /// The paths of a service: on the network as the hints say, with the promise kept where that is possible.
    fn ways(&mut self, service: &Service, request: &PathRequest, done: &mut Compilation) -> Option<Chosen> {
        let (overlay, hinted) = (self.overlay(service), self.is_hinted(service));
        let mut notes = Vec::new();
        self.ledger.ends_at(&self.closed.drained_ends(self.graph, request), &service.id);
        if let Some(relief) = self.hints.relief.get(&service.id) {
            notes.push(format!("sees {} measured link values: {}", relief.seen.len(), relief.why));
        }
        if let Some(ways) = self.balanced(service, request, &mut notes) {
            return Some(Chosen { ways, notes, stranded: false });
        }
        let view = seen(&mut self.base, &mut self.overlays, overlay);
        let why = match route::primary(view, &self.free, service, request) {
            Ok(ways) => return Some(Chosen { ways, notes, stranded: false }),
            Err(why) => why,
        };
        if hinted && let Some(ways) = at_risk(view, &self.free, service, request, &why) {
            let message = format!("{}; carried by the best path that is left", why.describe(self.graph));
            notes.push(format!("the promise is at risk: {}", why.describe(self.graph)));
            let help = "it moves once a path keeps the promise again";
            done.say(Severity::Major, codes::PROMISE_AT_RISK, &service.id, message, help);
            return Some(Chosen { ways, notes, stranded: false });
        }
        if self.closed.has_drained() {
            let open = PathRequest { excluded: self.closed.off_down(), ..request.clone() };
            if let Some(ways) = any(view, &self.free, service, &open) {
                let on = self.closed.drained_on(self.graph, &ways);
                self.ledger.stays(&on, &service.id);
                notes.push(format!("no other way than over {}, which is drained", on.join(", ")));
                return Some(Chosen { ways, notes, stranded: false });
            }
        }
        let described = why.describe(self.graph);
        if let Some(chosen) = self.strand(service, request, &described, done) {
            return Some(chosen);
        }
        self.refuse(service, request, why, done);
        None
    }

    /// A path to stand on the headend although nothing can ride it now: traffic that must be encrypted is dropped there, where
    /// without a policy it would follow the IGP. Only where hints are to blame; what can never be carried is refused.
    fn strand(
        &mut self,
        service: &Service,
        request: &PathRequest,
        why: &str,
        done: &mut Compilation,
    ) -> Option<Chosen> {
        if !service.sle.encrypted || !self.is_hinted(service) {
            return None;
        }
        let open = PathRequest { excluded: Exclusions::default(), ..request.clone() };
        let crowded = PathRequest { bandwidth: Bandwidth::ZERO, bounds: Bounds::default(), ..open.clone() };
        let ways = [&open, &crowded]
            .into_iter()
            .find_map(|request| any(&mut self.base, &self.free, service, request))?;
        let message = format!("{why}; its traffic is dropped rather than sent in clear");
        let help = "it is carried again when an encrypted path is up again";
        done.say(Severity::Major, codes::DROPPED_NOT_EXPOSED, &service.id, message.clone(), help);
        Some(Chosen { ways, notes: vec![message], stranded: true })
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
        self.encode_in(service.path.dataplane, service, ways)
    }

    /// The segments in a forwarding plane, which need not be the one that the service asks for.
    fn encode_in(
        &mut self,
        plane: Dataplane,
        service: &Service,
        ways: &Ways,
    ) -> Result<Vec<Vec<Sid>>, String> {
        let scribe = if service.is_pinned() { &mut self.pinner } else { &mut self.encoder };
        let segments = |(found, visits): (&Found, _)| scribe.segments(&found.edges, visits, plane);
        let lists: Vec<_> = ways.each().zip(visits(service, self.graph)).map(segments).collect();
        // Who raises what one headend pushes wants to know of the other at once.
        let mut faults: Vec<String> = lists.iter().filter_map(|list| list.as_ref().err().cloned()).collect();
        faults.dedup();
        match service.sle.encrypted && faults.len() > 1 {
            true => Err(faults.join("; ")),
            false => lists.into_iter().collect(),
        }
    }

    /// Gives a placed service its backup. Everything that is asked for first; then with less and less, but apart from the
    /// path wherever the network allows it: a backup that breaks an objective still is better than one that fails with it.
    /// What is drained is used last, but before a link of the path itself: a backup that fails with its path is none.
    pub fn back_up(&mut self, placed: &mut Placed<'a>, done: &mut Compilation) {
        let service = placed.service;
        let mut best = self.second(placed, &placed.request.excluded);
        let strict = |best: &Option<Second>| best.as_ref().is_some_and(|best| best.strict);
        if self.closed.has_drained() && !strict(&best) {
            let over = self.second(placed, &self.closed.off_down());
            if strict(&over) || links_shared(&over) < links_shared(&best) {
                best = over;
            }
        }
        if placed.stranded && best.is_none() {
            best = self.second(placed, &Exclusions::default());
        }
        let Some(Second { ways, shared, strict }) = best else { return self.say_bare(placed, done) };
        let drained = self.closed.drained_on(self.graph, &ways);
        self.ledger.backs_up_over(&drained, &service.id);
        let segments = match self.encode(service, &ways) {
            Ok(segments) => segments,
            Err(why) => {
                let message = format!("no backup is installed: {why}");
                let help = self.pinnable(service, &ways, &why);
                done.say(Severity::Warning, codes::NO_BACKUP, &service.id, message, &help);
                return;
            }
        };
        self.guard(placed, &ways);
        let pair = if strict { None } else { self.pair(placed) };
        self.judge_backup(placed, &ways, &shared, (strict, pair), done);
        placed.backup = Some(PlacedBackup { ways, segments, shared, strict, drained });
    }

    /// What is left of each edge beside all that is placed so far.
    pub(super) fn left(&self) -> &[u64] {
        self.free.single()
    }

    /// The best backup that keeps off some things.
    fn second(&mut self, placed: &Placed<'_>, excluded: &Exclusions) -> Option<Second> {
        let service = placed.service;
        let overlay = self.overlay(service);
        let view = seen(&mut self.base, &mut self.overlays, overlay);
        let guarded = self.guarded.get_or_insert_with(|| self.free.clone());
        let asked = &placed.request;
        let mut request = PathRequest { excluded: excluded.clone(), ..asked.clone() };
        let mut best: Option<Second> = None;
        for (bounds, bandwidth) in [
            (asked.bounds, asked.bandwidth),
            (asked.bounds, Bandwidth::ZERO),
            (Bounds::default(), asked.bandwidth),
            (Bounds::default(), Bandwidth::ZERO),
        ] {
            (request.bounds, request.bandwidth) = (bounds, bandwidth);
            let free = guarded.of_service(service);
            let found = route::backup(view, free, service, &request, &placed.ways);
            if let Ok((ways, shared, strict)) = found
                && (strict || best.is_none())
            {
                best = Some(Second { ways, shared, strict });
                if strict {
                    break;
                }
            }
        }
        best
    }

    /// Says why there is no backup: a link that is down, or the network itself.
    fn say_bare(&mut self, placed: &Placed<'_>, done: &mut Compilation) {
        let service = &placed.service.id;
        if !self.closed.is_empty()
            && let Some(found) = self.second(placed, &Exclusions::default())
        {
            let without = self.closed.down_on(self.graph, &found.ways);
            if !without.is_empty() {
                return self.ledger.is_bare(&without, service);
            }
        }
        let message = "no second path exists, so no backup is installed".to_owned();
        let Sle { encrypted, waypoints, .. } = &placed.service.sle;
        let help = match *encrypted || !waypoints.is_empty() || !placed.service.path.avoid.is_empty() {
            true => "add a line, or relax its constraints",
            false => "add a line, so that there is a second way between the two",
        };
        done.say(Severity::Warning, codes::NO_BACKUP, service, message, help);
    }

    /// Says what hints cost, once for each thing that is closed.
    pub fn tell(&mut self, done: &mut Compilation) {
        std::mem::take(&mut self.ledger).tell(done);
    }

    /// Takes the bandwidth of a backup where its own path has not taken it already.
    fn guard(&mut self, placed: &Placed<'_>, ways: &Ways) {
        let Some(guarded) = &mut self.guarded else { return };
        let apart = ways.beyond(&placed.ways, placed.service);
        guarded.take(&apart.edges(), placed.rate());
    }

    fn judge_backup(
        &self,
        placed: &Placed<'_>,
        ways: &Ways,
        shared: &[Shared],
        (strict, pair): (bool, Option<pair::Pair>),
        done: &mut Compilation,
    ) {
        let service = placed.service;
        if !strict {
            let common =
                shared.iter().map(|shared| in_common(self.graph, shared)).collect::<Vec<_>>().join("; ");
            let message = format!("path and backup have in common {common}");
            // Nobody asks for less than links of its own.
            let help = match (pair, service.sle.diversity) {
                (Some(pair), diversity) => pair.help(diversity),
                (None, _) if !self.closed.is_empty() => {
                    "look again when what is down or drained is back: `trunkline check` says whether a line is missing then".to_owned()
                }
                (None, Diversity::Link) => "add a line beside these".to_owned(),
                (None, _) => {
                    "add a line that shares none of these, or ask for less `sle.diversity`".to_owned()
                }
            };
            done.say(Severity::Warning, codes::BACKUP_SHARES, &service.id, message, &help);
        }
        let broken = |found: &Found| verdict::broken(&found.totals, &placed.request.bounds);
        if let Some(broken) = ways.each().map(broken).find(|broken| !broken.is_empty()) {
            let broken = broken.join("; ");
            let message = format!("the backup breaks an objective: {broken}{}", verdict::basis(placed));
            let help = "the promise is broken while the backup is in use; a better second line would keep it";
            done.say(Severity::Warning, codes::BACKUP_WEAKER, &service.id, message, help);
        }
    }
}

/// How many links a backup shares with its path; more than any where there is none.
fn links_shared(second: &Option<Second>) -> usize {
    second.as_ref().map_or(usize::MAX, |second| second.shared.iter().map(|shared| shared.links.len()).sum())
}

/// The network as a service sees it.
fn seen<'v, K>(base: &'v mut View, overlays: &'v mut [(K, View)], place: Option<usize>) -> &'v mut View {
    match place {
        Some(place) => &mut overlays[place].1,
        None => base,
    }
}

/// A path that meets a request, or the best that is left.
fn any(view: &mut View, free: &Free, service: &Service, request: &PathRequest) -> Option<Ways> {
    match route::primary(view, free, service, request) {
        Ok(ways) => Some(ways),
        Err(why) => at_risk(view, free, service, request, &why),
    }
}

/// The path that breaks the promise least where delay, jitter or loss alone is at fault; else any by least delay.
fn at_risk(
    view: &mut View,
    free: &Free,
    service: &Service,
    request: &PathRequest,
    why: &NoPath,
) -> Option<Ways> {
    if let Reason::Constraint {
        which: Constraint::Delay | Constraint::Jitter | Constraint::Loss,
        nearest,
        ..
    } = &why.reason
        && (!service.bidirectional || route::is_joint(service))
    {
        // What bites may be the way back.
        let out = match nearest.from == request.from {
            true => nearest.clone(),
            false => route::reversed(view.graph(), nearest),
        };
        let totals = paths::Totals::of(view.graph(), &out.edges);
        let ways = Ways::both(view.graph(), service, Found { totals, ..out });
        // It was looked for in one direction: both together may cross a link more often than it has room for.
        if ways.crossings().crowded(request.bandwidth.as_bps(), free.single()).is_none() {
            return Some(ways);
        }
    }
    let open = PathRequest { bounds: Bounds::default(), ..request.clone() };
    route::primary(view, free, service, &open).ok()
}
