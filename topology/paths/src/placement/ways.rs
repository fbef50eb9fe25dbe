//! What was laid: the paths and backups of services, side by side in one list of edges.

use model::EdgeIx;

/// Stands for the number of a tree, or of what a tree knows, where there is none.
pub(super) const ALONE: u32 = u32::MAX;

/// A stretch of the list of edges.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Span {
    first: u32,
    length: u32,
}

impl Span {
    const NONE: Self = Self { first: u32::MAX, length: 0 };
}

/// What one service has.
#[derive(Clone, Copy, Debug)]
struct Way {
    path: Span,
    backup: Span,
    core: u32,
}

/// Paths and backups that were laid together.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    /// By place, ascending.
    services: Vec<u32>,
    ways: Vec<Way>,
    edges: Vec<EdgeIx>,
}

/// What a service has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Laid<'a> {
    /// Its number among all services.
    pub service: usize,
    /// Its path, in order of travel; none where there is none.
    pub path: Option<&'a [EdgeIx]>,
    /// Its second path; none where there is no other, or no first one.
    pub backup: Option<&'a [EdgeIx]>,
}

/// Backups that were found side by side with others.
#[derive(Debug, Default)]
pub(super) struct Backups {
    edges: Vec<EdgeIx>,
    /// For which place, and where in `edges`.
    spans: Vec<(u32, Span)>,
}

impl Backups {
    /// Adds that of the service in a place.
    pub(super) fn push(&mut self, place: u32, backup: &[EdgeIx]) {
        self.spans.push((place, append(&mut self.edges, backup)));
    }
}

/// Writes edges behind others.
fn append(edges: &mut Vec<EdgeIx>, more: &[EdgeIx]) -> Span {
    let span = Span { first: edges.len() as u32, length: more.len() as u32 };
    edges.extend_from_slice(more);
    span
}

impl Ways {
    /// How many services.
    pub const fn len(&self) -> usize {
        self.services.len()
    }

    /// Whether there is no service.
    pub const fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    /// What each has, by the number of the service, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Laid<'_>> {
        (0..self.services.len()).map(move |place| self.at(place))
    }

    /// What the service in a place has, the places being as many as [`Ways::len`]; where all services were laid, a place is the
    /// number of the service.
    pub(super) fn at(&self, place: usize) -> Laid<'_> {
        let Way { path, backup, .. } = self.ways[place];
        Laid { service: self.services[place] as usize, path: self.edges(path), backup: self.edges(backup) }
    }

    fn edges(&self, span: Span) -> Option<&[EdgeIx]> {
        let first = span.first as usize;
        (span != Span::NONE).then(|| &self.edges[first..first + span.length as usize])
    }

    /// The number of what the path has in common with others of its tree; [`ALONE`] where no tree knows it.
    pub(super) fn core(&self, place: usize) -> u32 {
        self.ways[place].core
    }

    /// With room for so many services.
    pub(super) fn with_room(services: usize) -> Self {
        Self {
            services: Vec::with_capacity(services),
            ways: Vec::with_capacity(services),
            // Paths and their backups are a few links each.
            edges: Vec::with_capacity(8 * services),
        }
    }

    /// Adds a service with its path.
    pub(super) fn push(&mut self, service: u32, path: Option<&[EdgeIx]>, core: u32) {
        let path = path.map_or(Span::NONE, |path| append(&mut self.edges, path));
        self.services.push(service);
        self.ways.push(Way { path, backup: Span::NONE, core });
    }

    /// Adds backups.
    pub(super) fn add(&mut self, backups: &Backups) {
        let before = self.edges.len() as u32;
        self.edges.extend_from_slice(&backups.edges);
        for (place, span) in &backups.spans {
            self.ways[*place as usize].backup = Span { first: before + span.first, ..*span };
        }
    }
}
