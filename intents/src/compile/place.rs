//! Which links each service rides.

mod backup;
mod balanced;
mod careful;
mod pair;
mod refuse;

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Allocations, DirectedLink, Discipline, Graph, Hints, IntentSet, QueueName, Service, ServiceId, Severity,
    Sid, Ted, hint::Degradation, sr::Dataplane, unit::Bandwidth,
};
use paths::{Bounds, Constraint, Csid, Encoder, Exclusions, Found, NoPath, PathRequest, Reason};

use super::{
    Compilation,
    closed::{Closed, Ledger},
    placed::Placed,
    policy,
    room::Room,
    scribe::{Scribe, visits},
    takers::{Taker, Takers},
};
use crate::{
    ask::Asker,
    codes,
    route::{self, Free, View, Ways},
    validate::queues_in_use,
};

/// How many overlaid graphs are kept: services that were moved together see the same values.
const KEPT_OVERLAYS: usize = 16;

/// A path that was found for a service, with what there is to say about it.
struct Chosen {
    ways: Ways,
    notes: Vec<String>,
    stranded: bool,
}

/// Places one service after the other.
pub(super) struct Placer<'a> {
    set: &'a IntentSet,
    ted: &'a Ted,
    graph: &'a Graph,
    hints: &'a Hints,
    /// Who is not kept off full links, so that others have room.
    yielding: BTreeSet<ServiceId>,
    /// Whose packets must not wait too long, which is looked at when they and all others are placed.
    careful: BTreeSet<ServiceId>,
    /// Who takes two ways that keep apart before the best one.
    parted: BTreeSet<ServiceId>,
    /// The queues that are strict.
    strict: BTreeSet<QueueName>,
    asker: Asker<'a>,
    encoder: Scribe<'a>,
    /// For paths that must not leave their links.
    pinner: Scribe<'a>,
    base: View,
    overlays: Vec<(&'a BTreeMap<DirectedLink, Degradation>, View)>,
    closed: Closed,
    ledger: Ledger,
    /// What paths leave.
    room: Room<'a>,
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
        containers: Option<&'a Csid>,
    ) -> Self {
        let strict = queues_in_use(set).into_iter().filter(|(_, how)| how.discipline == Discipline::Strict);
        Self {
            set,
            ted,
            graph,
            hints,
            yielding: BTreeSet::new(),
            careful: BTreeSet::new(),
            parted: BTreeSet::new(),
            strict: strict.map(|(queue, _)| queue).collect(),
            asker: Asker::new(ted, graph),
            encoder: Scribe::new(encoder, containers),
            pinner: Scribe::pinning(pinner, containers),
            base: View::new(graph.clone()),
            overlays: Vec::new(),
            closed: Closed::of(graph, hints),
            ledger: Ledger::default(),
            room: Room::of(&paths::capacities(graph)),
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
        let Chosen { ways, mut notes, stranded } = chosen;
        let (is_strict, is_kept_off) = (self.is_strict(service), self.is_kept_off(service, &ways));
        let single = self.room.free(is_strict).single();
        let free = ways.each().map(|found| paths::spare(&found.edges, single)).collect();
        let rate = request.bandwidth.as_bps();
        self.take(&ways, Taker { service: &service.id, value: class.value, rate }, is_strict);
        if self.is_careful(service) && !stranded {
            notes.extend(self.hold(service, &request, &ways));
        }
        let (color, ordinal, queue) = (*color, *ordinal, &class.queue);
        Some(Placed {
            service,
            queue,
            is_strict,
            color,
            ordinal,
            request,
            ways,
            segments,
            free,
            notes,
            measured: self.hints.relief.contains_key(&service.id),
            is_kept_off,
            stranded,
            backup: None,
        })
    }

    /// Gives the bandwidth of paths to a service, for each crossing of an edge.
    fn take(&mut self, ways: &Ways, taker: Taker<'a>, is_strict: bool) {
        for (edge, times) in ways.crossings().iter() {
            let taker = taker.crossing(times);
            self.room.take(edge, taker.rate, is_strict);
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
        let why = match self.best(service, request, &mut notes) {
            Ok(best) => {
                let ways = self.part(service, request, &best, &mut notes).unwrap_or(best);
                return Some(Chosen { ways, notes, stranded: false });
            }
            Err(why) => why,
        };
        let free = self.room.free(self.is_strict(service));
        let view = seen(&mut self.base, &mut self.overlays, overlay);
        if hinted && let Some(ways) = at_risk(view, free, service, request, &why.why) {
            let message = format!("{}; carried by the best path that is left", why.describe(self.graph));
            notes.push(format!("the promise is at risk: {}", why.describe(self.graph)));
            let help = "it moves once a path keeps the promise again";
            done.say(Severity::Major, codes::PROMISE_AT_RISK, &service.id, message, help);
            return Some(Chosen { ways, notes, stranded: false });
        }
        if self.closed.has_drained() {
            let open = PathRequest { excluded: self.closed.off_down(), ..request.clone() };
            if let Some(ways) = any(view, free, service, &open) {
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
        let free = self.room.free(self.is_strict(service));
        let ways =
            [&open, &crowded].into_iter().find_map(|request| any(&mut self.base, free, service, request))?;
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

    /// What is left of each edge beside all that is placed so far.
    pub(super) fn left(&self) -> &[u64] {
        self.room.left(false)
    }

    /// Says what hints cost, once for each thing that is closed.
    pub fn tell(&mut self, done: &mut Compilation) {
        std::mem::take(&mut self.ledger).tell(done);
    }
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
