//! Goes through all failures, on as many threads as are allowed.

use traffic::Drill;

use super::{case::Case, event::Event, known::Known, look::Looker, tally::Tally};
use crate::threads;

/// Told how many more failures were looked at.
pub type Progress<'p> = &'p (dyn Fn(usize) + Sync);

/// Single failures are taken in pieces of so many.
const PIECE: usize = 8;

/// Single failures.
pub(super) fn singles(case: &Case<'_>, always: &Known, events: &[Event], progress: Progress<'_>) -> Tally {
    let pieces: Vec<&[Event]> = events.chunks(PIECE).collect();
    spread(case, always, pieces.len(), &|looker, drill, piece| {
        for event in pieces[piece] {
            put(drill, case, *event);
            looker.failure(drill, *event);
            drill.restore();
        }
        progress(pieces[piece].len());
    })
}

/// All pairs of links: what fails first is put on once for all that may fail beside it.
pub(super) fn pairs(case: &Case<'_>, known: &Known, links: usize, progress: Progress<'_>) -> Tally {
    spread(case, known, links, &|looker, drill, first| {
        put(drill, case, Event::single(traffic::FailureKind::Link, first));
        for second in first + 1..links {
            put(drill, case, Event::single(traffic::FailureKind::Link, second));
            looker.failure(drill, Event::pair(first, second));
            drill.restore();
        }
        drill.restore();
        progress(links - first - 1);
    })
}

fn put(drill: &mut Drill<'_>, case: &Case<'_>, event: Event) {
    drill.fail(&event.failure(case.graph())).expect("events are numbers of this network");
}

fn spread(
    case: &Case<'_>,
    known: &Known,
    pieces: usize,
    work: &(dyn Fn(&mut Looker<'_, '_>, &mut Drill<'_>, usize) + Sync),
) -> Tally {
    let start = || (Looker::new(case, known), case.drill.clone());
    let seen = threads::spread(case.question.threads, pieces, &start, &|(looker, drill), piece| {
        work(looker, drill, piece);
    });
    let mut all = Tally::new(case.services.len());
    seen.into_iter().for_each(|(looker, _)| all.add(looker.tally));
    all
}
