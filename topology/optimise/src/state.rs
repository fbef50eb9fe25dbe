//! What the schedules of a search ask of its state, whether demands move whole or in parts.

use crate::{engine::Engine, list::Portions};

pub(crate) trait State<'a> {
    /// The working set.
    fn engine(&mut self) -> &mut Engine<'a>;
    /// Offers every demand a better way once. Says how many took it.
    fn sweep(&mut self, until: f64) -> usize;
    /// Remembers the state if it is the best so far, and says whether it is.
    fn keep(&mut self) -> bool;
    /// Goes back to the best state.
    fn back(&mut self);
    /// The best utilisation so far.
    fn best(&self) -> f64;

    /// The flows with traffic on some places, and how much. Leaves prices that are good for nothing else.
    fn on(&mut self, places: &[usize]) -> Vec<(f64, usize)>;
    /// Offers one demand a better way, once the lists to its destination are priced. Says whether it took it.
    fn offer(&mut self, at: usize) -> bool;
    /// What a demand goes by now.
    fn portions(&self, at: usize) -> Portions;
    /// Lets a demand go by this.
    fn restore(&mut self, at: usize, portions: &Portions);
    /// Whether a demand goes another way than at the beginning.
    fn differs(&self, at: usize) -> bool;
    /// How many do.
    fn changed(&self) -> usize;
    /// Takes the state as it is for the best.
    fn settle(&mut self);
    /// The best state and its utilisation.
    fn into_best(self) -> (f64, Vec<Portions>)
    where
        Self: Sized;
}
