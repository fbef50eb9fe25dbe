//! Work in pieces on several threads: each takes the next piece that nobody has taken, and what they saw is added up, so that
//! neither their number nor their speed may change an answer.

use std::{
    panic::resume_unwind,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// Does so many pieces of work and gives what each thread gathered. A thread starts with `start`, and only one that finds a piece
/// does; a single one does all of it where it is called.
pub(crate) fn spread<S: Send>(
    threads: usize,
    pieces: usize,
    start: &(dyn Fn() -> S + Sync),
    work: &(dyn Fn(&mut S, usize) + Sync),
) -> Vec<S> {
    let next = AtomicUsize::new(0);
    let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|piece| *piece < pieces);
    let run = || {
        let mut piece = take();
        let mut state = piece.map(|_| start())?;
        while let Some(number) = piece {
            work(&mut state, number);
            piece = take();
        }
        Some(state)
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(pieces)).map(|_| scope.spawn(run)).collect();
        let mut seen = vec![run()];
        for other in others {
            seen.push(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        seen.into_iter().flatten().collect()
    })
}
