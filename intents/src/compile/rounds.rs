//! How often all is placed in one compilation. Who suffers in queues, who has no room and who has no backup that keeps away is each sought a
//! remedy for by placing all anew, one within the other: in a network that is full everywhere that would multiply, just when traffic waits for
//! a better path. After so many rounds no more is sought: whoever may be careful is, whoever may give way does, and nobody parts.
//!
//! The bound holds for everybody who compiles and not for the loop alone: what is compiled again from the same arguments, as after a restart,
//! has to be the same.

use std::cell::Cell;

/// More than a network needs in which a few suffer.
pub(super) const MOST: usize = 12;

/// The rounds of one compilation. What was begun is brought to its end, so that there are a few more than `most` at most.
#[derive(Debug)]
pub(super) struct Rounds {
    made: Cell<usize>,
    most: usize,
}

impl Rounds {
    /// None was made.
    pub const fn at_most(most: usize) -> Self {
        Self { made: Cell::new(0), most }
    }

    /// One more is made.
    pub fn count(&self) {
        self.made.set(self.made.get() + 1);
    }

    /// How many were made.
    #[cfg(test)]
    pub fn made(&self) -> usize {
        self.made.get()
    }

    /// Whether nothing more is sought.
    pub fn are_spent(&self) -> bool {
        self.made.get() >= self.most
    }
}
