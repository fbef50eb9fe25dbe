//! One failure looked at: which promises it breaks, and what those that it keeps have left.

use model::EdgeIx;
use traffic::{Drill, Outcome};

use super::{
    case::{Case, is_by_igp},
    event::Event,
    known::{Class, Known},
    tally::{Astray, Hit, Tally, Way},
};
use crate::{
    codes,
    prove::load::{Overload, is_dropping, overloads, queue_of},
};

/// Looks at failures one after the other; what it needs for each is kept between them.
pub(super) struct Looker<'c, 'a> {
    pub(super) case: &'c Case<'a>,
    /// What breaks promises by itself, and is not told again as part of something larger.
    pub(super) known: &'c Known,
    pub(super) tally: Tally,
    /// By flow: whether the failure changes anything for it.
    changed: Vec<bool>,
    /// Services whose promise does not hold under this failure, and whether something smaller is known to break it.
    broken: Vec<(u32, bool)>,
    hits: Vec<Hit>,
}

impl<'c, 'a> Looker<'c, 'a> {
    pub(super) fn new(case: &'c Case<'a>, known: &'c Known) -> Self {
        Self {
            case,
            known,
            tally: Tally::new(case.services.len()),
            changed: vec![false; case.service_of.len()],
            broken: Vec::new(),
            hits: Vec::new(),
        }
    }

    /// Looks at the network as it is.
    pub(super) fn as_is(&mut self, outcome: &Outcome) {
        let flows: Vec<usize> = (0..outcome.flows.len()).collect();
        for (service, why) in self.case.refused() {
            self.broken.push((service, false));
            self.hits.push(Hit::new(service, codes::NOT_CARRIED, Event::NONE, 0, why));
        }
        for found in super::diverse::shared(self.case, outcome) {
            self.broken.push((found.service, false));
            let mut hit = Hit::new(found.service, codes::NOT_DIVERSE, Event::NONE, 0, found.why);
            hit.helpless = found.helpless;
            self.hits.push(hit);
        }
        self.look(outcome, Event::NONE, &flows, &[]);
    }

    /// Looks at a failure that is put on a drill.
    pub(super) fn failure(&mut self, drill: &Drill<'_>, event: Event) {
        self.look(drill.outcome(), event, &drill.changed(), &drill.shifted());
    }

    fn look(&mut self, outcome: &Outcome, event: Event, changed: &[usize], shifted: &[EdgeIx]) {
        changed.iter().for_each(|place| self.changed[*place] = true);
        for place in changed {
            self.flow(outcome, *place, event);
        }
        if event != Event::NONE {
            let refused = self.case.base.refused.iter().filter(|service| self.case.asks(**service, event));
            self.broken.extend(refused.map(|service| (*service, true)));
        }
        // How what is broken already fares is asked again, also where nothing changes: whether traffic may leave its policy depends
        // on what is down.
        for place in &self.case.base.broken {
            if event != Event::NONE && !self.changed[*place as usize] {
                self.flow(outcome, *place as usize, event);
            }
        }
        self.lines(outcome, event, (changed, shifted));
        self.neighbours(outcome, event, shifted);
        self.close(event);
        changed.iter().for_each(|place| self.changed[*place] = false);
    }

    fn flow(&mut self, outcome: &Outcome, place: usize, event: Event) {
        let Some(service) = self.case.service_of[place] else { return };
        if !self.case.asks(service, event) {
            return;
        }
        let (mut hits, mut broken) = (std::mem::take(&mut self.hits), false);
        let (mut told, first) = (false, hits.len());
        self.case.breaks(outcome, place, event, &mut |fault| {
            broken = true;
            let code = fault.code();
            if !self.known.implies(service, Class::of(code), event) {
                told = true;
                let mut hit = Hit::new(service, code, event, fault.amount(), fault.to_string());
                hit.flow = Some(place as u32);
                hits.push(hit);
            }
        });
        let flow = &outcome.flows[place];
        if told {
            let bent = self.case.is_bent(flow, place, event);
            hits[first..].iter_mut().for_each(|hit| hit.bent = bent);
        }
        self.hits = hits;
        if broken {
            self.broken.push((service, !told));
        }
        let graph = self.case.graph();
        let left = |edge: &EdgeIx| {
            graph.edge(*edge).bandwidth.saturating_sub(outcome.loads.edge(*edge).offered().as_bps())
        };
        let spare = flow.edges().map(|edge| left(&edge)).min().filter(|_| flow.arrives());
        if let Some(delay) = flow.delay {
            self.tally.delay(service, delay.as_micros(), event);
        }
        if let Some(spare) = spare {
            self.tally.spare(service, spare, event);
        }
        if !broken && is_by_igp(&flow.via) {
            self.tally.astray(service, event, Astray::ByIgp);
        }
        if !broken && self.case.is_on_avoided(flow, place) {
            self.tally.astray(service, event, Astray::OnAvoided);
        }
        if event.is_single() {
            self.tally.way(place as u32, flow, Way { delay: flow.delay, spare, broken, ..Way::at(event) });
        }
    }

    /// Lines on which more is promised than fits: all services that are promised a bandwidth there, in what is too small.
    fn lines(&mut self, outcome: &Outcome, event: Event, (changed, shifted): (&[usize], &[EdgeIx])) {
        let dropping = |edge: &EdgeIx| is_dropping(outcome.loads.edge(*edge));
        let before = self.case.base.dropping.iter().filter(|edge| shifted.binary_search(edge).is_err());
        for edge in shifted.iter().chain(before).filter(|edge| dropping(edge)) {
            let users = self.case.base.users[edge.ix()].iter().map(|place| *place as usize);
            let stay = users.filter(|place| !self.changed[*place]);
            let came = changed.iter().copied().filter(|place| outcome.flows[*place].uses(*edge));
            let mut riders: Vec<usize> = stay.chain(came).collect();
            riders.sort_unstable();
            let mut found = Vec::new();
            let those = riders.iter().copied();
            overloads(&self.case.rules, outcome, *edge, those, &mut |overload| found.push(overload));
            found.iter().for_each(|overload| self.overload(outcome, event, overload, &riders));
        }
    }

    fn overload(&mut self, outcome: &Outcome, event: Event, overload: &Overload, riders: &[usize]) {
        let (rules, graph) = (&self.case.rules, self.case.graph());
        let edge = overload.edge;
        for place in riders.iter().copied() {
            let (promise, demand) = (&rules.promises[place], rules.demand(place));
            let (Some(promise), Some(service)) = (promise, self.case.service_of[place]) else { continue };
            if promise.service.slo.bandwidth.is_none() || !self.case.asks(service, event) {
                continue;
            }
            // A queue that drops nothing keeps what was promised to its own traffic, however full the line is.
            let suffers = |stray: bool| {
                let name = queue_of(rules, edge, demand, stray);
                let queue = outcome.loads.edge(edge).queues.iter().find(|queue| Some(&queue.name) == name);
                let drops = queue.is_none_or(|queue| queue.dropped.as_ppb() > 0);
                drops && overload.queue.as_ref().is_none_or(|queue| Some(queue) == name)
            };
            let stray = outcome.flows[place].stray(edge);
            if !(suffers(false) || (stray > 0 && suffers(true))) {
                continue;
            }
            let implied = self.known.implies(service, Class::of(codes::OVERLOADED), event);
            self.broken.push((service, implied));
            if !implied {
                let message = format!("{}: {overload}", graph.link_id(edge));
                let amount = overload.promised.as_bps();
                let mut hit = Hit::new(service, codes::OVERLOADED, event, amount, message);
                hit.flow = Some(place as u32);
                hit.bent = self.case.is_bent(&outcome.flows[place], place, event);
                self.hits.push(hit);
            }
        }
    }

    /// Flows that stay where they are, on lines that others come to, have less to spare.
    fn neighbours(&mut self, outcome: &Outcome, event: Event, shifted: &[EdgeIx]) {
        let graph = self.case.graph();
        for edge in shifted {
            let offered = outcome.loads.edge(*edge).offered().as_bps();
            let spare = graph.edge(*edge).bandwidth.saturating_sub(offered);
            for flow in &self.case.base.users[edge.ix()] {
                if let Some(service) = self.case.service_of[*flow as usize]
                    && !self.changed[*flow as usize]
                    && self.case.asks(service, event)
                {
                    self.tally.spare(service, spare, event);
                }
            }
        }
    }

    /// Counts each service once, and joins what is broken in both directions.
    fn close(&mut self, event: Event) {
        self.broken.sort_unstable();
        // One that is told anew counts as told: false comes first.
        self.broken.dedup_by_key(|(service, _)| *service);
        // All that goes astray since the last event does so by this one.
        self.tally.forget_astray(&self.broken);
        for (service, implied) in self.broken.drain(..) {
            self.tally.broken(service, event, implied);
        }
        let hits = std::mem::take(&mut self.hits);
        self.hits = self.tally.take(hits, self.case);
    }
}
