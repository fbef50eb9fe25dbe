//! Many services at once: a path and a backup for each, and what a failing link makes of them.
//!
//! Thousands of branches whose services go to few places ask the same over and over again. What they share is found out once: services
//! that come to one place, or from one, and find the same edges of the backbone good ride one tree of best paths; and those that ride
//! one path of it, whatever line leads there, share a tree of best paths away from it for their backups. So the work goes with the
//! trees that change, and for each service only its own lines are looked at and its path is walked once. Whom no tree serves is
//! asked for by a [`Finder`]. Answers are those of [`crate::shortest`] and [`crate::backup`], one service after the other.

use std::sync::Arc;

use model::{EdgeIx, Graph, intent::Diversity};

use self::{
    backups::Job,
    groups::{Group, Said, Scratch},
    service::Terms,
    ways::ALONE,
};
use crate::{backbone::Backbone, constraint::PathRequest, finder::Finder};

mod backups;
mod groups;
mod service;
mod sorter;
mod ways;

pub use ways::{Laid, Ways};

/// Backups are found in two threads from so many on that trees know of, or an eighth of that where none do.
const WORTH_A_THREAD: usize = 512;

/// Services on one graph, each with a path that has its bandwidth and a backup that has none of its own.
///
/// First every service in its turn gets the best path in the room that those before it left, then every one the best backup of that
/// path in the room that all paths left. A service without a path has no backup.
///
/// Memory: some 150 bytes for each service, what two [`Finder`]s keep, and 8 bytes for each link of each path.
#[derive(Debug)]
pub struct Placement {
    terms: Terms,
    groups: Vec<Group>,
    laid: Ways,
    /// Bandwidth that is free on each edge, bit/s.
    free: Vec<u64>,
    /// The same; in the middle of an event as much as may be free at any time of it.
    most_free: Vec<u64>,
    /// By link the services whose path or backup uses it, ascending.
    riders: Vec<Vec<u32>>,
    finders: [Finder; 2],
    /// How many cores of paths have a number.
    cores: u32,
    worth_a_thread: usize,
}

impl Placement {
    /// Lays all services in their order. `free` is as for [`crate::shortest`], before any of them. As much as [`Finder::shortest`] and
    /// [`Finder::backup`] for each, or far less where many share trees.
    pub fn new(graph: &Arc<Graph>, free: &[u64], requests: &[PathRequest], diversity: Diversity) -> Self {
        Self::in_threads(graph, free, requests, diversity, WORTH_A_THREAD)
    }

    fn in_threads(
        graph: &Arc<Graph>,
        free: &[u64],
        requests: &[PathRequest],
        diversity: Diversity,
        worth_a_thread: usize,
    ) -> Self {
        let backbone = Backbone::new(graph);
        let (services, kinds, groups) = sorter::sort(graph, &backbone, requests);
        let mut free = free.to_vec();
        free.resize(graph.edge_count(), 0);
        let mut placement = Self {
            terms: Terms { graph: Arc::clone(graph), backbone, diversity, services, kinds },
            groups,
            laid: Ways::default(),
            most_free: free.clone(),
            free,
            riders: vec![Vec::new(); graph.edge_count() / 2],
            finders: [Finder::new(Arc::clone(graph)), Finder::new(Arc::clone(graph))],
            cores: 0,
            worth_a_thread,
        };
        let all: Vec<u32> = (0..requests.len() as u32).collect();
        placement.laid = placement.lay(&all, None);
        placement.most_free.clone_from(&placement.free);
        placement.register();
        placement
    }

    /// What every service has.
    pub const fn laid(&self) -> &Ways {
        &self.laid
    }

    /// What is free on each edge, bit/s, now that all paths are laid.
    pub fn free(&self) -> &[u64] {
        &self.free
    }

    /// The services whose path or backup uses a link, by its number, ascending; none on a link that is not there.
    pub fn riders(&self, link: usize) -> &[u32] {
        self.riders.get(link).map(Vec::as_slice).unwrap_or_default()
    }

    /// What a link that fails makes of the services whose path or backup uses it: in their order each whose path is gone gives back its
    /// room and gets a new path, then each of them gets a new backup. All other services stay where they are. Nothing is
    /// changed by it: the next link fails in the same network.
    pub fn without(&mut self, link: usize) -> Ways {
        let Some(riders) = self.riders.get_mut(link).map(std::mem::take) else { return Ways::default() };
        let down = EdgeIx(2 * link as u32);
        let edges = [down, down.reverse()];
        // A link that is down has nothing free for anybody.
        let before = edges.map(|edge| {
            self.most_free[edge.ix()] = 0;
            std::mem::take(&mut self.free[edge.ix()])
        });
        let cores = self.cores;
        let changed = self.lay(&riders, Some(down));
        self.cores = cores;
        self.undo(&changed, down);
        for (edge, before) in edges.into_iter().zip(before) {
            self.free[edge.ix()] = before;
            self.most_free[edge.ix()] = before;
        }
        self.riders[link] = riders;
        changed
    }

    /// Lays some services, all for the first time or those that a link carried that is down.
    fn lay(&mut self, list: &[u32], down: Option<EdgeIx>) -> Ways {
        self.prepare(list, down);
        let mut ways = self.lay_paths(list, down);
        let Self { terms, groups, free, most_free, finders, worth_a_thread, .. } = self;
        let job = Job { terms, groups, free, most_free, down, ways: &ways };
        let backups = job.share(finders, *worth_a_thread);
        backups.iter().for_each(|found| ways.add(found));
        for number in list {
            if let Some(group) = groups.get_mut(terms.services[*number as usize].group as usize) {
                group.forget();
            }
        }
        ways
    }

    /// Grows the trees that are worth it, in the room that there may be.
    fn prepare(&mut self, list: &[u32], down: Option<EdgeIx>) {
        let Self { terms, groups, laid, most_free, .. } = self;
        for number in list {
            let service = &terms.services[*number as usize];
            if let Some(group) = groups.get_mut(service.group as usize) {
                group.count(service);
            }
            if let Some((path, down)) = gone(laid, *number, down) {
                give(most_free, path, down, service.bandwidth);
            }
        }
        for number in list {
            if let Some(group) = groups.get_mut(terms.services[*number as usize].group as usize) {
                group.grow(terms, most_free);
            }
        }
    }

    /// One path after the other, each in the room that is left.
    fn lay_paths(&mut self, list: &[u32], down: Option<EdgeIx>) -> Ways {
        let Self { terms, groups, laid, free, finders: [finder, _], cores, .. } = self;
        let (mut ways, mut scratch) = (Ways::with_room(list.len()), Scratch::default());
        for number in list {
            let service = &terms.services[*number as usize];
            match gone(laid, *number, down) {
                Some((path, down)) => give(free, path, down, service.bandwidth),
                None if down.is_none() => {}
                None => {
                    let place = *number as usize;
                    ways.push(*number, laid.at(place).path, laid.core(place));
                    continue;
                }
            }
            let group = groups.get_mut(service.group as usize);
            let (said, core) = group
                .map_or((Said::Ask, ALONE), |group| group.path(terms, service, free, &mut scratch, cores));
            let is_found = match said {
                Said::Kept => true,
                Said::Never => false,
                Said::Ask => match finder.shortest(free, &terms.request(service, down)) {
                    Ok(found) => {
                        scratch.path = found.edges;
                        true
                    }
                    Err(_) => false,
                },
            };
            let path = is_found.then_some(scratch.path.as_slice());
            take(free, path.unwrap_or_default(), service.bandwidth);
            ways.push(*number, path, core);
        }
        ways
    }

    /// Gives everybody the room back that they had before a link failed.
    fn undo(&mut self, changed: &Ways, down: EdgeIx) {
        let Self { terms, laid, free, most_free, .. } = self;
        let moved = || {
            changed.iter().filter_map(|now| {
                let (before, _) = gone(laid, now.service as u32, Some(down))?;
                Some((before, now.path.unwrap_or_default(), terms.services[now.service].bandwidth))
            })
        };
        // All leave before anybody comes back: one may stand where another was.
        moved().for_each(|(_, now, bandwidth)| give(free, now, down, bandwidth));
        for (before, _, bandwidth) in moved() {
            let others = before.iter().filter(|edge| edge.link() != down.link());
            others.for_each(|edge| free[edge.ix()] = free[edge.ix()].saturating_sub(bandwidth));
        }
        for (before, ..) in moved() {
            before.iter().for_each(|edge| most_free[edge.ix()] = free[edge.ix()]);
        }
    }

    /// Who rides which link.
    fn register(&mut self) {
        for laid in self.laid.iter() {
            let service = laid.service as u32;
            let edges = laid.path.into_iter().chain(laid.backup).flatten();
            for edge in edges {
                let riders = &mut self.riders[edge.link()];
                if riders.last() != Some(&service) {
                    riders.push(service);
                }
            }
        }
    }
}

/// The path of a service that rides a link that is down, and that link.
fn gone(laid: &Ways, number: u32, down: Option<EdgeIx>) -> Option<(&[EdgeIx], EdgeIx)> {
    let down = down?;
    let path = laid.at(number as usize).path?;
    path.iter().any(|edge| edge.link() == down.link()).then_some((path, down))
}

/// Gives back what a path took, but for a link that is down.
fn give(free: &mut [u64], path: &[EdgeIx], down: EdgeIx, bandwidth: u64) {
    let others = path.iter().filter(|edge| edge.link() != down.link());
    others.for_each(|edge| free[edge.ix()] = free[edge.ix()].saturating_add(bandwidth));
}

fn take(free: &mut [u64], path: &[EdgeIx], bandwidth: u64) {
    path.iter().for_each(|edge| free[edge.ix()] = free[edge.ix()].saturating_sub(bandwidth));
}

#[cfg(test)]
mod tests;
