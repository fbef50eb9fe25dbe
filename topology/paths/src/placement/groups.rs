//! Services that come to one place, or from one, and find the same edges good: one tree of best paths serves them all.
//!
//! A tree is grown as if links had the room that they may have at any time of an event, for the least bandwidth of the group: so no
//! path is better than the tree says. Where a service is allowed the path that the tree has for it, that is its best; else it is asked
//! for by itself. Only a branch's own few lines are looked at for each service.

use model::{EdgeIx, NodeIx};

use super::{
    service::{Service, Terms},
    ways::ALONE,
};
use crate::{
    backbone::Backbone,
    charges::Charges,
    constraint::Bounds,
    landing::Landing,
    packed::Lead,
    problem::{Problem, TOLL},
    root::{Root, Straight},
};

/// A tree costs about as much as finding one path for each so many edges of the backbone.
const EDGES: usize = 100;

/// A tree, and what its paths are called.
#[derive(Debug)]
struct Grown {
    root: Root,
    /// By the number of a node in the backbone, that of the path between it and the place for those who have a line to it, and behind
    /// these for those who begin or end there; [`ALONE`] before somebody rides it.
    cores: Vec<u32>,
}

/// A group.
#[derive(Debug)]
pub(super) struct Group {
    place: NodeIx,
    lead: Lead,
    /// What one of them asks, and of the backbone all of them.
    kind: u32,
    /// How many of them are asked for now, and the least bandwidth of these.
    count: usize,
    least: u64,
    grown: Option<Grown>,
}

/// What a tree says of a service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Said {
    /// There is no path.
    Never,
    /// The best one stands in the scratch.
    Kept,
    /// Something is in the way that the tree does not know of.
    Ask,
}

/// What is used again for each service.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    landings: Vec<Landing>,
    pub(super) path: Vec<EdgeIx>,
}

impl Group {
    pub(super) const fn new(place: NodeIx, lead: Lead, kind: u32) -> Self {
        Self { place, lead, kind, count: 0, least: u64::MAX, grown: None }
    }

    /// Counts one that will be asked for.
    pub(super) fn count(&mut self, service: &Service) {
        self.count += 1;
        self.least = self.least.min(service.bandwidth);
    }

    /// Forgets the tree and whom it was for.
    pub(super) fn forget(&mut self) {
        *self = Self::new(self.place, self.lead, self.kind);
    }

    /// Grows the tree where that is worth it for those that were counted.
    pub(super) fn grow(&mut self, terms: &Terms, most_free: &[u64]) {
        if self.grown.is_some() || self.count * EDGES < terms.backbone.edge_count() {
            return;
        }
        let problem = self.problem(terms, most_free, None);
        let root = Root::new(self.lead, self.place, Vec::new(), &terms.backbone, &problem, None);
        self.grown = Some(Grown { root, cores: vec![ALONE; 2 * terms.backbone.len()] });
    }

    /// The tree where things are charged for; none where there is no tree.
    pub(super) fn charged(&self, terms: &Terms, most_free: &[u64], charges: &Charges) -> Option<Root> {
        let grown = self.grown.as_ref()?;
        Some(grown.root.charged(&terms.backbone, &self.problem(terms, most_free, Some(charges))))
    }

    fn problem<'a>(
        &self,
        terms: &'a Terms,
        most_free: &'a [u64],
        charges: Option<&'a Charges>,
    ) -> Problem<'a> {
        let request = &terms.kinds[self.kind as usize];
        Problem { bandwidth: self.least, charges, ..Problem::new(&terms.graph, most_free, request) }
    }

    /// Writes the best path of a service into the scratch, and gives the number of what it has in common with others of the tree.
    pub(super) fn path(
        &mut self,
        terms: &Terms,
        service: &Service,
        free: &[u64],
        scratch: &mut Scratch,
        cores: &mut u32,
    ) -> (Said, u32) {
        let Some(grown) = &self.grown else { return (Said::Ask, ALONE) };
        let said = say(terms, &grown.root, service, free, None, scratch);
        let number = self.landed(terms, service, &scratch.path);
        let (Said::Kept, Some(number), Some(grown)) = (said, number, &mut self.grown) else {
            return (said, ALONE);
        };
        let core = &mut grown.cores[number];
        if *core == ALONE {
            *core = *cores;
            *cores += 1;
        }
        (said, *core)
    }

    /// The line by which a path leaves the end that is not the group's place; none where that end carries transit itself.
    pub(super) fn line(&self, backbone: &Backbone, service: &Service, path: &[EdgeIx]) -> Option<EdgeIx> {
        if backbone.number(self.start(service)).is_some() {
            return None;
        }
        let line = if self.lead == Lead::Home { path.first() } else { path.last() };
        line.copied()
    }

    const fn start(&self, service: &Service) -> NodeIx {
        match self.lead {
            Lead::Home => service.from,
            Lead::Away => service.to,
        }
    }

    /// The place in [`Grown::cores`] for a path: where it comes upon the backbone, and whether by a line.
    fn landed(&self, terms: &Terms, service: &Service, path: &[EdgeIx]) -> Option<usize> {
        let Some(line) = self.line(&terms.backbone, service, path) else {
            return Some(terms.backbone.len() + terms.backbone.number(self.start(service))?);
        };
        let edge = terms.graph.edge(line);
        terms.backbone.number(if self.lead == Lead::Home { edge.to } else { edge.from })
    }
}

/// What a tree says of the best path of a service. Charged: for what the tree is charged for, and one toll more for the line that the
/// service has already.
pub(super) fn say(
    terms: &Terms,
    root: &Root,
    service: &Service,
    free: &[u64],
    charged: Option<(&Charges, Option<EdgeIx>)>,
    scratch: &mut Scratch,
) -> Said {
    let request = &terms.kinds[service.kind as usize];
    let charges = charged.map(|(charges, _)| charges);
    let problem =
        Problem { bandwidth: service.bandwidth, charges, ..Problem::new(&terms.graph, free, request) };
    let start = if root.lead == Lead::Home { service.from } else { service.to };
    let Scratch { landings, path } = scratch;
    Landing::between(&terms.backbone, &problem, root.lead, (start, root.place), landings);
    if let Some(line) = charged.and_then(|(_, line)| line) {
        let own = landings.iter_mut().filter(|landing| landing.via.link() == line.link());
        own.for_each(|landing| landing.cost.rank += TOLL);
    }
    match root.straight(&problem, landings, path) {
        Straight::Never => Said::Never,
        Straight::Kept if problem.bounds == Bounds::default() => Said::Kept,
        Straight::Kept if problem.totals_with(path).meets(&problem.bounds) => Said::Kept,
        Straight::Kept | Straight::Broken(_) => Said::Ask,
    }
}
