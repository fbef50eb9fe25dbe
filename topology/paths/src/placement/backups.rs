//! Backups of many services, once all their paths are laid: backups take no room, so that each can be found by itself.
//!
//! Paths that share a core, all but the line of a branch, share the tree of best paths away from it. The work is divided between two
//! threads; who finds a backup changes nothing about it.

use model::{EdgeIx, NodeIx, intent::Diversity};

use super::{
    groups::{Group, Said, Scratch, say},
    service::{Service, Terms},
    ways::{ALONE, Backups, Ways},
};
use crate::{
    charges::{Charges, Count},
    finder::Finder,
    root::Root,
};

/// A tree away from a core is grown from the one without: it costs about as much as finding one backup for each so many edges of the
/// backbone.
const EDGES: usize = 300;

/// How much more it costs to find a backup by itself than by a tree.
const BY_ITSELF: usize = 8;

/// What backups are to be found for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job<'a> {
    pub(super) terms: &'a Terms,
    pub(super) groups: &'a [Group],
    pub(super) free: &'a [u64],
    pub(super) most_free: &'a [u64],
    /// The link that is down.
    pub(super) down: Option<EdgeIx>,
    /// The paths.
    pub(super) ways: &'a Ways,
}

/// In which order: those of one core one after the other, the others by where they lead, since what a finder knows of a place serves
/// all that lead there.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Turn {
    core: u32,
    end: NodeIx,
    place: u32,
}

/// A core's tree of best paths away from it, and what it is charged for.
struct Away<'a> {
    group: &'a Group,
    root: Root,
    charges: &'a Charges,
}

impl Job<'_> {
    /// Finds them all, in two threads where that is worth it.
    pub(super) fn share(&self, finders: &mut [Finder; 2], worth_a_thread: usize) -> [Backups; 2] {
        let turns = self.turns();
        let (one, other) = turns.split_at(middle(&turns, worth_a_thread));
        let [finder, second] = finders;
        if other.is_empty() {
            return [self.find(one, finder), Backups::default()];
        }
        std::thread::scope(|scope| {
            let worker = scope.spawn(|| self.find(other, second));
            let one = self.find(one, finder);
            [one, worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))]
        })
    }

    fn turns(&self) -> Vec<Turn> {
        let mut turns: Vec<Turn> = (0..self.ways.len())
            .filter(|place| self.ways.at(*place).path.is_some())
            .map(|place| {
                let core = self.ways.core(place);
                let end = if core == ALONE { self.service(place).to } else { NodeIx(0) };
                Turn { core, end, place: place as u32 }
            })
            .collect();
        turns.sort_unstable();
        turns
    }

    fn service(&self, place: usize) -> &Service {
        &self.terms.services[self.ways.at(place).service]
    }

    fn find(&self, turns: &[Turn], finder: &mut Finder) -> Backups {
        let (mut found, mut scratch, mut charges) =
            (Backups::default(), Scratch::default(), Charges::default());
        for same in turns.chunk_by(|one, other| one.core == other.core) {
            let away = self.away(same, &mut charges);
            for turn in same {
                if self.one(turn.place as usize, away.as_ref(), finder, &mut scratch) {
                    found.push(turn.place, &scratch.path);
                }
            }
        }
        found
    }

    /// What is shared by the backups of paths with one core; none where it is not worth it, or where lines may share more with the
    /// core than links and nodes.
    fn away<'c>(&'c self, same: &[Turn], charges: &'c mut Charges) -> Option<Away<'c>> {
        let Terms { backbone, graph, diversity, .. } = self.terms;
        let first = same.first().filter(|first| first.core != ALONE)?.place as usize;
        if same.len() * EDGES < backbone.edge_count() || *diversity == Diversity::Srlg {
            return None;
        }
        let service = self.service(first);
        let group = self.groups.get(service.group as usize)?;
        let path = self.ways.at(first).path?;
        charges.fill(graph, &[path], (*diversity).into(), true);
        charges.count = Count::Exact;
        if let Some(line) = group.line(backbone, service, path) {
            charges.forgive(line);
        }
        let charges = &*charges;
        let root = group.charged(self.terms, self.most_free, charges)?;
        Some(Away { group, root, charges })
    }

    /// Writes the backup of the service in a place into the scratch; false where there is none.
    fn one(&self, place: usize, away: Option<&Away<'_>>, finder: &mut Finder, scratch: &mut Scratch) -> bool {
        let Some(primary) = self.ways.at(place).path else { return false };
        let service = self.service(place);
        let said = away.map_or(Said::Ask, |Away { group, root, charges }| {
            let line = group.line(&self.terms.backbone, service, primary);
            say(self.terms, root, service, self.free, Some((*charges, line)), scratch)
        });
        match said {
            Said::Never => return false,
            // Where nothing shares less than the path itself, another one is looked for among all.
            Said::Kept if scratch.path != primary => return true,
            Said::Kept | Said::Ask => {}
        }
        let request = self.terms.request(service, self.down);
        let Ok(backup) = finder.backup(self.free, &request, primary, self.terms.diversity) else {
            return false;
        };
        scratch.path = backup.found.edges;
        true
    }
}

/// Where the work is divided; at the end where it is worth no second thread.
fn middle(turns: &[Turn], worth_a_thread: usize) -> usize {
    let cost = |turn: &Turn| if turn.core == ALONE { BY_ITSELF } else { 1 };
    let all: usize = turns.iter().map(cost).sum();
    if all < worth_a_thread {
        return turns.len();
    }
    let mut done = 0;
    turns
        .iter()
        .position(|turn| {
            done += cost(turn);
            2 * done >= all
        })
        .map_or(turns.len(), |place| place + 1)
}
