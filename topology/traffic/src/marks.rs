//! Sets of small numbers that are emptied at no cost.

/// Numbers below a limit, each in the set or not.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    stamps: Vec<u32>,
    now: u32,
}

impl Marks {
    pub(crate) fn new(limit: usize) -> Self {
        Self { stamps: vec![0; limit], now: 1 }
    }

    /// Takes all out.
    pub(crate) fn clear(&mut self) {
        self.now = self.now.wrapping_add(1);
        if self.now == 0 {
            self.stamps.fill(0);
            self.now = 1;
        }
    }

    /// Puts one in; says whether it was not.
    pub(crate) fn add(&mut self, number: usize) -> bool {
        std::mem::replace(&mut self.stamps[number], self.now) != self.now
    }
}
