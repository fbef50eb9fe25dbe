//! Work in pieces on several threads, of which neither the number nor the speed may change an answer: what they saw is added up, or
//! handed over in the order of the pieces.

use std::{
    panic::resume_unwind,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, sync_channel},
    },
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

/// So many pieces a thread may be ahead of whoever takes them.
const AHEAD: usize = 4;

/// Does so many pieces of work and hands what comes of them over in order. The threads take turns; the one that calls works too.
pub(crate) fn in_order<T: Send>(
    threads: usize,
    pieces: usize,
    work: &(dyn Fn(usize) -> T + Sync),
    each: &mut dyn FnMut(T),
) {
    let threads = threads.clamp(1, pieces.max(1));
    thread::scope(|scope| {
        let other = |first: usize| {
            let (ready, done) = sync_channel(AHEAD);
            scope.spawn(move || {
                // Nobody takes them any more where the caller panics.
                (first..pieces).step_by(threads).all(|piece| ready.send(work(piece)).is_ok())
            });
            done
        };
        let others: Vec<Receiver<T>> = (1..threads).map(other).collect();
        for piece in 0..pieces {
            let Some(other) = (piece % threads).checked_sub(1) else {
                each(work(piece));
                continue;
            };
            // A thread that panics hands nothing over; its panic goes on where the scope ends.
            let Ok(done) = others[other].recv() else { break };
            each(done);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_in_order_from_any_number_of_threads() {
        for (threads, pieces) in [(1, 0), (1, 7), (2, 1), (2, 101), (3, 100), (8, 5)] {
            let mut seen = Vec::new();
            in_order(threads, pieces, &|piece| piece * 10, &mut |done| seen.push(done));
            assert_eq!(seen, (0..pieces).map(|piece| piece * 10).collect::<Vec<_>>(), "{threads} threads");
        }
    }
}
