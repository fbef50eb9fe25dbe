//! Goes through all failures, on as many threads as there are: each takes the next piece that nobody has taken, and what they saw
//! is added up, so that neither their number nor their speed changes the answer.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use traffic::Drill;

use super::{case::Case, event::Event, known::Known, look::Looker, tally::Tally};

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
    let next = AtomicUsize::new(0);
    let look = || {
        let (mut looker, mut drill) = (Looker::new(case, known), None);
        loop {
            let piece = next.fetch_add(1, Ordering::Relaxed);
            if piece >= pieces {
                return looker.tally;
            }
            work(&mut looker, drill.get_or_insert_with(|| case.witness.drill()), piece);
        }
    };
    let threads = case.question.threads.clamp(1, pieces.max(1));
    let mut all = Tally::new(case.services.len());
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(look)).collect();
        all.add(look());
        for other in others {
            match other.join() {
                Ok(seen) => all.add(seen),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    all
}
