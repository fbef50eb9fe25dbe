//! YAML text as a tree of nodes with their places. The tree keeps every scalar as it was written: what it means is decided
//! by the field that reads it, so that `no`, `0755` or `1e3` are never turned into something else behind the author's back.

mod refusal;

use std::{collections::BTreeMap, fmt};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Budget, DuplicateKeyPolicy, Error, Location, NonFiniteFloatPolicy, Options, Spanned};

use crate::{
    codes,
    faults::Faults,
    source::{Chunk, Mark, line_mark, mark_at},
};

/// A node and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// Where; of a list or mapping, the first thing in it.
    pub mark: Mark,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Nothing: an empty value, `~` or `null`.
    Null,
    /// Text, as written; of a quoted one, what the quotes hold.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the file. Keys are unique.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    pub mark: Mark,
    pub text: String,
}

/// How deep a document may nest.
const MAX_DEPTH: usize = 32;

/// How many nodes one document may have, after its aliases are expanded.
const MAX_NODES: usize = 2_000_000;

/// How many aliases, anchors and merge keys one document may have.
const MAX_ALIASES: usize = 10_000;
const MAX_ANCHORS: usize = 1_000;
const MAX_MERGES: usize = 1_000;

/// How much all aliases of one document may stand for.
const MAX_REPLAYED: usize = 100_000;

/// Reads one document; nothing where it is empty. Faults of its syntax are reported and give nothing.
pub(crate) fn read(chunk: Chunk<'_>, faults: &mut Faults<'_>) -> Option<Node> {
    if let Some(line) = directive(chunk) {
        faults
            .error(codes::NOT_SUPPORTED, line, "YAML directives are not supported")
            .help("remove this line; every file is read as YAML 1.2");
        return None;
    }
    if let Some(place) = lone_return(chunk) {
        faults
            .error(
                codes::SYNTAX,
                place,
                "a carriage return stands here without the line feed that ends a line",
            )
            .help("YAML would begin a line here and editors would not; save the file with line feeds");
        return None;
    }
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(chunk.text, options()) {
        Ok(raw) => {
            let node = Builder { chunk, faults }.node(raw);
            (!matches!(node.value, Value::Null)).then_some(node)
        }
        Err(Error::Eof { .. }) => None,
        Err(error) => {
            refusal::report(chunk, &error, faults);
            None
        }
    }
}

/// The first line of a document that begins with `%`, before any content.
fn directive(chunk: Chunk<'_>) -> Option<Mark> {
    let before = (1..).zip(chunk.text.lines());
    let mut head = before.take_while(|(_, line)| line.is_empty() || line.starts_with(['#', '%']));
    head.find(|(_, line)| line.starts_with('%')).map(|(number, _)| line_mark(chunk, number))
}

/// The first carriage return that ends no line. Lines are counted by their line feeds, here as in editors.
fn lone_return(chunk: Chunk<'_>) -> Option<Mark> {
    let bytes = chunk.text.as_bytes();
    let at = chunk.text.match_indices('\r').find(|(at, _)| bytes.get(at + 1) != Some(&b'\n'))?.0;
    Some(mark_at(chunk, at, 1))
}

fn options() -> Options {
    let budget: Option<Budget> = serde_saphyr::budget! {
        max_depth: MAX_DEPTH,
        flow_nesting_limit: MAX_DEPTH,
        max_nodes: MAX_NODES,
        max_events: 3 * MAX_NODES,
        max_aliases: MAX_ALIASES,
        max_anchors: MAX_ANCHORS,
        max_merge_keys: MAX_MERGES,
    };
    serde_saphyr::options! {
        budget: budget,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_REPLAYED, max_replay_stack_depth: 16 },
        emit_comments: false,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

/// A text from a file, cut for a message.
pub(crate) fn short(text: &str) -> String {
    let cut: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

fn mark_of(chunk: Chunk<'_>, location: Location) -> Mark {
    let span = location.span();
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let bytes = |number: Option<u64>| number.and_then(|n| usize::try_from(n).ok());
    let (line, column) = (small(location.line()).max(1), small(location.column()).max(1));
    // The scanner's own faults come without bytes.
    let offset = bytes(span.byte_offset()).unwrap_or_else(|| offset_of(chunk.text, line, column));
    Mark {
        line: chunk.lines.saturating_add(line),
        column,
        offset: chunk.offset + offset,
        length: span.byte_len().map_or(0, small),
        via: 0,
    }
}

/// The byte at a line and a column of characters, both from 1; the end of the text where there is no such place.
fn offset_of(text: &str, line: u32, column: u32) -> usize {
    let (before, here) = (line as usize - 1, column as usize - 1);
    let start: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    start + rest.char_indices().nth(here).map_or(rest.len(), |(at, _)| at)
}

/// A node as the parser hands it over: texts of plain scalars are still in the source.
enum Raw {
    Null,
    Plain,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Raw, E> {
        Ok(Raw::Plain)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Plain)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Plain)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Plain)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Plain)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Plain)
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Raw, E> {
        Ok(Raw::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(RawVisitor)
    }
}

struct Builder<'a, 'f, 's> {
    chunk: Chunk<'a>,
    faults: &'f mut Faults<'s>,
}

impl Builder<'_, '_, '_> {
    fn node(&mut self, raw: Spanned<Raw>) -> Node {
        // Findings point at the use of an alias, texts come from where the value is written.
        let mark = mark_of(self.chunk, raw.referenced);
        if matches!(raw.value, Raw::Plain | Raw::Text(_)) {
            self.no_tag(mark_of(self.chunk, raw.defined));
        }
        let value = match raw.value {
            Raw::Null => Value::Null,
            Raw::Plain => {
                let written = mark_of(self.chunk, raw.defined);
                let start = written.offset - self.chunk.offset;
                let text = self.chunk.text.get(start..start + written.length as usize).unwrap_or_default();
                Value::Scalar(text.trim().to_owned())
            }
            Raw::Text(text) => Value::Scalar(text),
            Raw::List(items) => Value::List(items.into_iter().map(|item| self.node(item)).collect()),
            Raw::Map(entries) => Value::Map(self.map(entries)),
        };
        let first = match &value {
            Value::List(items) => items.first().map(|item| item.mark),
            Value::Map(entries) => entries.first().map(|(key, _)| key.mark),
            _ => None,
        };
        Node { mark: first.unwrap_or(mark), value }
    }

    /// Refuses a tag: what a value means, its field decides.
    fn no_tag(&mut self, value: Mark) {
        if let Some((mark, tag)) = refusal::tag_before(self.chunk, value) {
            let message = format!("YAML tags are not supported: `{}`", short(tag));
            self.faults
                .error(codes::NOT_SUPPORTED, mark, message)
                .help("remove the tag; the field decides what its value means");
        }
    }

    fn map(&mut self, entries: Vec<(Spanned<String>, Spanned<Raw>)>) -> Vec<(Key, Node)> {
        let mut seen: BTreeMap<String, Mark> = BTreeMap::new();
        let mut map = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let mark = mark_of(self.chunk, key.referenced);
            if let Some(first) = seen.get(&key.value) {
                let first = first.place(self.faults.file);
                let help = match key.value.as_str() {
                    "apiVersion" => "where another document begins here, write `---` in a line before it",
                    _ => "remove one of them",
                };
                self.faults
                    .error(codes::DUPLICATE_KEY, mark, format!("the key `{}` is given twice", key.value))
                    .related(first, "first given here")
                    .help(help);
                continue;
            }
            seen.insert(key.value.clone(), mark);
            let value = self.node(value);
            map.push((Key { mark, text: key.value }, value));
        }
        map
    }
}
