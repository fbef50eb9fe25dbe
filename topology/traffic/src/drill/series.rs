//! One failure after the other.

use super::Drill;
use crate::{
    failure::{Cut, Failure, UnknownPart},
    witness::Witness,
};

impl Witness<'_> {
    /// Walks without failure and remembers how, so that failures can be tried on it one by one.
    pub fn drill(&self) -> Drill<'_> {
        Drill::new(self)
    }

    /// Walks under each failure and shows the drill with it on: its outcome, and what differs from no failure. Equal to `walk` for each; flows and queues that a failure does not touch are not looked at again. Costs the first
    /// walk, and for each failure what [`Drill::fail`] says.
    ///
    /// # Errors
    /// A failure names something that the network does not have; none has been shown then.
    pub fn walk_all(
        &self,
        failures: &[Failure],
        show: impl FnMut(&Failure, &Drill<'_>),
    ) -> Result<(), UnknownPart> {
        failures.iter().try_for_each(|failure| failure.cut(self.network).map(|_| ()))?;
        self.walk_each(failures.iter().cloned(), show)
    }

    /// The same for failures that come one after the other, so that 54,000 pairs need not be held. What failures of several
    /// links that stand beside each other have in common, all but their last link, is worked out once.
    ///
    /// # Errors
    /// A failure names something that the network does not have; those before it have been shown.
    pub fn walk_each(
        &self,
        failures: impl IntoIterator<Item = Failure>,
        mut show: impl FnMut(&Failure, &Drill<'_>),
    ) -> Result<(), UnknownPart> {
        let mut drill = self.drill();
        let mut common = Cut::default();
        for failure in failures {
            let (first, last) = failure.steps(self.network)?;
            if first != common {
                if !common.is_empty() {
                    drill.restore();
                }
                if !first.is_empty() {
                    drill.cut(&first);
                }
                common = first;
            }
            drill.cut(&last);
            show(&failure, &drill);
            drill.restore();
        }
        Ok(())
    }
}
