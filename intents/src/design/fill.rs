//! A tree with parameters to a tree with their values. Every value keeps its place in the file where somebody gave it, and the
//! way by which it came.

use std::collections::BTreeMap;

use super::{
    Design,
    bind::{Bindings, Bound, Sample},
    text::{Piece, may_use, pieces},
};
use crate::{
    origin::{Via, related},
    source::{Mark, saturating},
    tree::{Key, Node, Value},
};

/// The longest text that may be put together, in bytes.
pub(super) const MAX_TEXT: usize = 1024;
/// Bytes of a text that count as much as a node.
const NODE_BYTES: usize = 128;

/// Bytes of the way by which a value came, roughly.
const WAY_BYTES: usize = 256;

/// How much may still be made.
pub(super) struct Room(pub usize);

impl Room {
    pub fn take(&mut self, bytes: usize) -> Result<(), TooMuch> {
        self.0 = self.0.checked_sub(1 + bytes / NODE_BYTES).ok_or(TooMuch::Total)?;
        Ok(())
    }
}

/// Why a tree is not made.
pub(super) enum TooMuch {
    /// A text would be too long.
    Text(Mark),
    /// All together would.
    Total,
}

/// Fills in the values of one document.
pub(super) struct Filler<'a, 'b> {
    design: Design<'a>,
    bindings: &'b Bindings<'a>,
    room: &'b mut Room,
    /// The ways of all values so far.
    pub vias: Vec<Via>,
    /// Where values that are made up were put, by the byte of the use.
    pub samples: BTreeMap<usize, Sample>,
}

impl<'a, 'b> Filler<'a, 'b> {
    /// For one document of a design.
    pub fn new(design: Design<'a>, bindings: &'b Bindings<'a>, room: &'b mut Room) -> Self {
        Self { design, bindings, room, vias: Vec::new(), samples: BTreeMap::new() }
    }

    /// The node with values in place; nothing where it names an optional parameter that has none.
    pub fn fill(&mut self, node: &Node) -> Result<Option<Node>, TooMuch> {
        let value = match &node.value {
            Value::Scalar(text) if may_use(text) => return self.scalar(node.mark, text),
            Value::Scalar(text) => {
                self.room.take(text.len())?;
                Value::Scalar(text.clone())
            }
            Value::Null => {
                self.room.take(0)?;
                Value::Null
            }
            Value::List(items) => {
                self.room.take(0)?;
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.extend(self.fill(item)?);
                }
                Value::List(list)
            }
            Value::Map(entries) => {
                self.room.take(0)?;
                let mut map = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    self.room.take(key.text.len())?;
                    if let Some(value) = self.fill(value)? {
                        map.push((key.clone(), value));
                    }
                }
                Value::Map(map)
            }
        };
        Ok(Some(Node { mark: node.mark, value }))
    }

    fn scalar(&mut self, mark: Mark, text: &str) -> Result<Option<Node>, TooMuch> {
        // A design with a text that cannot be cut is faulty: it is judged for the rest, and makes nothing.
        let pieces = pieces(text).unwrap_or_else(|_| {
            self.samples.insert(mark.offset, Sample::Vague);
            Vec::new()
        });
        if let [Piece::Use(name, _)] = pieces.as_slice() {
            let Some(Some(bound)) = self.bindings.get(name) else { return Ok(None) };
            return self.alone(mark, name, bound).map(Some);
        }
        let mut whole = String::new();
        let mut ways = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Plain(plain) => whole.push_str(plain),
                Piece::Use(name, _) => {
                    let Some(Some(bound)) = self.bindings.get(name) else { return Ok(None) };
                    self.note(mark, bound);
                    let Value::Scalar(value) = &bound.node.value else { continue };
                    whole.push_str(value);
                    if bound.declared.is_some() && bound.sample.is_none() {
                        let place = bound.from.place(bound.node.mark);
                        ways.push(related(place, format!("`{name}` is this")));
                    }
                }
            }
            if whole.len() > MAX_TEXT {
                return Err(TooMuch::Text(mark));
            }
        }
        self.room.take(whole.len())?;
        let via = if ways.is_empty() { 0 } else { self.via(self.design.doc.file.clone(), ways) };
        Ok(Some(Node { mark: Mark { via, ..mark }, value: Value::Scalar(whole) }))
    }

    /// Remembers where values are put that are made up.
    fn note(&mut self, mark: Mark, bound: &Bound<'_>) {
        if let Some(sample) = bound.sample {
            let known = self.samples.entry(mark.offset).or_insert(sample);
            if sample == Sample::Vague {
                *known = sample;
            }
        }
    }

    /// The value itself, for a text that is nothing but its parameter.
    fn alone(&mut self, mark: Mark, name: &str, bound: &Bound<'_>) -> Result<Node, TooMuch> {
        self.note(mark, bound);
        let mut known = BTreeMap::new();
        self.moved(&bound.node, (mark, name, bound), &mut known)
    }

    /// The node with marks that tell its way. `known` has the ways of this value already, by their number before.
    fn moved(
        &mut self,
        node: &Node,
        to: (Mark, &str, &Bound<'_>),
        known: &mut BTreeMap<u32, u32>,
    ) -> Result<Node, TooMuch> {
        let here = self.mark(node.mark, to, known);
        // Each node may have a way of its own, with the places and names of files on it.
        self.room.take(WAY_BYTES)?;
        let value = match &node.value {
            Value::Null => Value::Null,
            Value::Scalar(text) => {
                self.room.take(text.len())?;
                Value::Scalar(text.clone())
            }
            Value::List(items) => {
                self.room.take(0)?;
                let items = items.iter().map(|item| self.moved(item, to, known));
                Value::List(items.collect::<Result<_, _>>()?)
            }
            Value::Map(entries) => {
                self.room.take(0)?;
                let mut map = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    self.room.take(key.text.len())?;
                    let mark = self.mark(key.mark, to, known);
                    map.push((Key { mark, text: key.text.clone() }, self.moved(value, to, known)?));
                }
                Value::Map(map)
            }
        };
        Ok(Node { mark: here, value })
    }

    fn mark(
        &mut self,
        old: Mark,
        (used, name, bound): (Mark, &str, &Bound<'_>),
        known: &mut BTreeMap<u32, u32>,
    ) -> Mark {
        let number = known.get(&old.via).copied();
        let via = number.unwrap_or_else(|| {
            let before = bound.from.origin.as_ref().and_then(|origin| origin.via(old));
            let mut ways = before.map(|via| via.related.clone()).unwrap_or_default();
            if let Some(declared) = &bound.declared {
                ways.push(related(declared.clone(), format!("the parameter `{name}` is declared here")));
            }
            let file = match bound.sample {
                Some(_) => self.design.doc.file.clone(),
                None => {
                    ways.push(related(self.design.doc.place(used), "used here"));
                    before.map_or_else(|| bound.from.file.clone(), |via| via.file.clone())
                }
            };
            let via = self.via(file, ways);
            known.insert(old.via, via);
            via
        });
        // A value that is made up stands nowhere but where it is used.
        Mark { via, ..if bound.sample.is_some() { used } else { old } }
    }

    fn via(&mut self, file: std::sync::Arc<str>, related: Vec<model::finding::Related>) -> u32 {
        self.vias.push(Via { file, related });
        saturating(self.vias.len())
    }
}
