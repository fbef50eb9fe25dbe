//! Stages with a clock beside them, one after the other or two at once.

use std::{panic::resume_unwind, thread, time::Duration};

use tokio::time::Instant;

/// What a stage gave, and how long it took.
#[derive(Debug)]
pub struct Done<T> {
    /// What it gave.
    pub value: T,
    /// How long it took.
    pub took: Duration,
}

/// A stage with its clock.
pub fn timed<T>(stage: impl FnOnce() -> T) -> Done<T> {
    let begun = Instant::now();
    let value = stage();
    Done { value, took: begun.elapsed() }
}

/// Two stages at once, each on a thread. They share nothing but what both only read, so the answers are those of one after the
/// other.
pub fn side_by_side<A: Send, B>(
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B,
) -> (Done<A>, Done<B>) {
    thread::scope(|scope| {
        let one = scope.spawn(|| timed(one));
        let other = timed(other);
        // A fault of the program goes on as if there were one thread.
        (one.join().unwrap_or_else(|panic| resume_unwind(panic)), other)
    })
}
