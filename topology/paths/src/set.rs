//! Bit sets over the numbers of the graph, typed by what they hold so that a node is never looked up among edges.

use std::marker::PhantomData;

use model::{EdgeIx, NodeIx};

/// Nodes.
pub type NodeSet = Set<NodeIx>;
/// Edges: single directions of links.
pub type EdgeSet = Set<EdgeIx>;
/// Numbers into [`model::Graph::srlgs`].
pub type RiskSet = Set<u32>;

/// What a set can hold: anything that the graph numbers from zero.
pub trait Numbered: Copy {
    /// Its number.
    fn number(self) -> u32;

    /// What has that number.
    fn of_number(number: u32) -> Self;
}

impl Numbered for NodeIx {
    fn number(self) -> u32 {
        self.0
    }

    fn of_number(number: u32) -> Self {
        Self(number)
    }
}

impl Numbered for EdgeIx {
    fn number(self) -> u32 {
        self.0
    }

    fn of_number(number: u32) -> Self {
        Self(number)
    }
}

impl Numbered for u32 {
    fn number(self) -> u32 {
        self
    }

    fn of_number(number: u32) -> Self {
        number
    }
}

/// A set of numbers. Grows as needed; one bit for each number up to the largest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Set<T> {
    words: Vec<u64>,
    kind: PhantomData<T>,
}

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self { words: Vec::new(), kind: PhantomData }
    }
}

impl<T: Numbered> Set<T> {
    /// Adds one.
    pub fn insert(&mut self, item: T) {
        let (word, bit) = (item.number() as usize / 64, item.number() % 64);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << bit;
    }

    /// Whether it holds that one.
    #[inline]
    pub fn contains(&self, item: T) -> bool {
        let (word, bit) = (item.number() as usize / 64, item.number() % 64);
        self.words.get(word).is_some_and(|bits| bits >> bit & 1 == 1)
    }

    /// Whether nothing was ever put into it.
    #[inline]
    pub(crate) const fn is_bare(&self) -> bool {
        self.words.is_empty()
    }

    /// All that it holds, ascending.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.words.iter().zip(0..).flat_map(|(word, place): (&u64, u32)| {
            let bits = (0..64).filter(move |bit| word >> bit & 1 == 1);
            bits.map(move |bit| T::of_number(64 * place + bit))
        })
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Takes everything out and keeps the memory.
    pub fn clear(&mut self) {
        self.words.fill(0);
    }
}

impl Set<EdgeIx> {
    /// Adds both directions of the link that an edge belongs to.
    pub fn insert_link(&mut self, edge: EdgeIx) {
        self.insert(edge);
        self.insert(edge.reverse());
    }
}

impl<T: Numbered> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut set = Self::default();
        set.extend(items);
        set
    }
}

impl<T: Numbered> Extend<T> for Set<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| self.insert(item));
    }
}
