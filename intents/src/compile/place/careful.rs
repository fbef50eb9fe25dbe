//! Services whose packets must not wait too long in queues of full lines: see [`super::super::brim`].

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{Delay, EdgeIx, Graph, Service, ServiceId, Severity};
use paths::{NoPath, PathRequest, Reason};

use super::{
    super::{Compilation, placed::Placed, verdict, waits},
    Placer, seen,
};
use crate::{
    codes,
    route::{self, View, Ways},
};

/// Why a service has no path.
pub(super) struct Lack {
    /// What the search says.
    pub why: Box<NoPath>,
    /// Whether there would be one if packets did not wait.
    pub waits: bool,
}

impl Lack {
    /// In one line.
    pub fn describe(&self, graph: &Graph) -> String {
        let told = self.why.describe(graph);
        match self.waits {
            true => format!("{told}, with the time that packets would wait in queues of full lines"),
            false => told,
        }
    }
}

impl<'a> Placer<'a> {
    /// With services whose packets must not wait too long.
    #[must_use]
    pub fn minding(mut self, careful: BTreeSet<ServiceId>) -> Self {
        self.careful = careful;
        self
    }

    /// Whose packets wait too long, with all paths in place.
    pub fn hurt(&self, placed: &[Placed<'_>]) -> BTreeSet<ServiceId> {
        waits::hurt(self.set, self.graph, placed, &self.room)
    }

    /// Holds nothing back any more: all have their paths.
    pub fn release(&mut self) {
        self.room.release();
    }

    pub(super) fn is_careful(&self, service: &Service) -> bool {
        self.careful.contains(&service.id)
    }

    /// Whether a service is in a strict queue.
    pub(super) fn is_strict(&self, service: &Service) -> bool {
        self.set.classes.get(&service.class).is_some_and(|class| self.strict.contains(&class.queue))
    }

    /// The best path that meets a request; of a careful service the best on which its packets do not wait too long.
    pub(super) fn best(
        &mut self,
        service: &Service,
        request: &PathRequest,
        notes: &mut Vec<String>,
    ) -> Result<Ways, Lack> {
        let overlay = self.overlay(service);
        let free = self.room.free(self.is_strict(service));
        let view = seen(&mut self.base, &mut self.overlays, overlay);
        let ways = route::primary(view, free, service, request).map_err(|why| Lack { why, waits: false })?;
        if !self.is_careful(service) || self.keeps(service, request, &ways) {
            return Ok(ways);
        }
        let around = self.around(service, request).map_err(|why| Lack { why, waits: true })?;
        notes.push("on the best path packets would wait too long in queues of full lines".to_owned());
        Ok(around)
    }

    /// Whether packets do not wait too long on these ways, with the service on them.
    pub(super) fn keeps(&self, service: &Service, request: &PathRequest, ways: &Ways) -> bool {
        let (left, rate) = (self.room.left(self.is_strict(service)), request.bandwidth.as_bps());
        let then = |(edge, times): (EdgeIx, u64)| {
            (edge, waits::most(left[edge.ix()].saturating_sub(rate.saturating_mul(times))))
        };
        let long: BTreeMap<EdgeIx, u64> = ways.crossings().iter().map(then).collect();
        ways.each().all(|found| {
            let each = found.edges.iter().filter_map(|edge| long.get(edge));
            waits::allowance(found, &request.bounds).is_none_or(|most| each.sum::<u64>() <= most)
        })
    }

    /// The best path where waits count among the delay and the jitter of each line. Exact where no line is crossed twice in one direction;
    /// else, where the best such path does not keep the promise either, each line is taken as crossed as often as it may be.
    fn around(&mut self, service: &Service, request: &PathRequest) -> Result<Ways, Box<NoPath>> {
        let first = self.counting(service, request, 1)?;
        let legs = request.waypoints.len() as u64 + 1;
        let meets = legs > 1 || service.bidirectional && !route::is_joint(service);
        if !meets || self.keeps(service, request, &first) {
            return Ok(first);
        }
        self.counting(service, request, 2 * legs)
    }

    /// The best path where every line is taken as crossed so often. O(edges), beside the search.
    fn counting(
        &mut self,
        service: &Service,
        request: &PathRequest,
        times: u64,
    ) -> Result<Ways, Box<NoPath>> {
        let overlay = self.overlay(service);
        let is_strict = self.is_strict(service);
        let (left, rate) = (self.room.left(is_strict), request.bandwidth.as_bps().saturating_mul(times));
        let real = Arc::clone(seen(&mut self.base, &mut self.overlays, overlay).graph());
        let mut graph = Graph::clone(&real);
        for (edge, left) in (0..).map(EdgeIx).zip(left) {
            let wait = waits::most(left.saturating_sub(rate));
            let edge = graph.edge_mut(edge);
            edge.delay = edge.delay.saturating_add(wait);
            edge.jitter = edge.jitter.saturating_add(wait);
        }
        let ways = route::primary(&mut View::new(graph), self.room.free(is_strict), service, request)?;
        Ok(ways.on(&real))
    }

    /// Holds what the packets of a service need on its lines, and says how long they may wait. Nothing where its lines alone break the promise,
    /// or where the packets wait too long all the same.
    pub(super) fn hold(
        &mut self,
        service: &'a Service,
        request: &PathRequest,
        ways: &Ways,
    ) -> Option<String> {
        let is_strict = self.is_strict(service);
        let mut least: Option<u64> = None;
        for found in ways.each() {
            let Some(most) = waits::allowance(found, &request.bounds) else { continue };
            let left = self.room.left(is_strict);
            let line = |edge: &EdgeIx| (self.graph.edge(*edge).bandwidth, left[edge.ix()]);
            let lines: Vec<(u64, u64)> = found.edges.iter().map(line).collect();
            let Some(held) = waits::held(most, &lines) else { continue };
            for (edge, amount) in found.edges.iter().zip(held) {
                self.room.hold(*edge, amount, is_strict, &service.id);
            }
            least = Some(least.map_or(most, |least| least.min(most)));
        }
        let most = Delay::from_micros(least?);
        Some(format!("bandwidth of its lines stays free, so that packets wait {most} in queues at most"))
    }

    /// Refuses a service that would have a path if packets did not wait.
    pub(super) fn refuse_full(&self, service: &Service, lack: &Lack, done: &mut Compilation) {
        let severity = if self.is_hinted(service) { Severity::Major } else { Severity::Error };
        let mut message = lack.describe(self.graph);
        let edge = match &lack.why.reason {
            Reason::Constraint { nearest, .. } => self.fullest(service, nearest),
            Reason::Disconnected | Reason::Together(_) => None,
        };
        if let Some(takers) = edge.and_then(|edge| self.takers.told(edge, self.graph)) {
            message = format!("{message}; {takers}");
        }
        let help = "promise less bandwidth or a longer delay, put what cannot wait into a strict queue, raise its class, or add a line";
        done.say(severity, codes::DOES_NOT_FIT, &service.id, message, help);
        let constraint = format!("{} in queues of full lines", verdict::refusal(&lack.why));
        done.refuse(&service.id, constraint, lack.why.nearest(self.graph));
    }
}

#[cfg(test)]
mod tests;
