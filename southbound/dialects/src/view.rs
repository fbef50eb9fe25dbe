//! A data tree as a device sent it, whatever the encoding: names without modules, list entries as repeated children.
//!
//! Readers of a dialect look only at what they know, so dropping the module of a name loses nothing: no container that we
//! read has two children of one name from two modules.

use quick_xml::{Reader, events::Event};
use serde_json::Value;
use thiserror::Error;

/// Why an answer could not be read.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum BadPayload {
    /// It is not well-formed.
    #[error("the device's answer is not well-formed at byte {at}: {why}")]
    Syntax {
        /// Where.
        at: u64,
        /// What the parser said.
        why: String,
    },
    /// It is nested too deeply.
    #[error("the device's answer is nested deeper than {0} levels")]
    TooDeep(usize),
    /// A value has no meaning for us.
    #[error("{place}: `{value}` is not {expected}")]
    Value {
        /// The path to it.
        place: String,
        /// What stands there, cut to 80 characters.
        value: String,
        /// What should.
        expected: &'static str,
    },
    /// Something is missing.
    #[error("{place}: `{missing}` is missing")]
    Missing {
        /// Where.
        place: String,
        /// What.
        missing: &'static str,
    },
}

const MAX_DEPTH: usize = 64;

/// A node of the tree.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct View {
    /// Its name without module or prefix.
    pub name: String,
    /// Its text, trimmed; empty for a container.
    pub text: String,
    /// Its children in the order of the answer.
    pub children: Vec<View>,
}

impl View {
    /// Reads XML: any number of elements beside each other, under a root without name.
    ///
    /// # Errors
    /// The text is not well-formed or too deep.
    pub fn from_xml(text: &str) -> Result<Self, BadPayload> {
        let mut reader = Reader::from_str(text);
        let mut stack = vec![Self::default()];
        loop {
            let at = reader.buffer_position();
            let syntax = |why: String| BadPayload::Syntax { at, why };
            match reader.read_event().map_err(|e| syntax(e.to_string()))? {
                Event::Start(start) => {
                    if stack.len() > MAX_DEPTH {
                        return Err(BadPayload::TooDeep(MAX_DEPTH));
                    }
                    stack.push(Self::named(start.local_name().as_ref()));
                }
                Event::Empty(start) => {
                    let leaf = Self::named(start.local_name().as_ref());
                    if let Some(parent) = stack.last_mut() {
                        parent.children.push(leaf);
                    }
                }
                Event::Text(text) => {
                    if let Some(here) = stack.last_mut() {
                        here.text.push_str(&text.decode().map_err(|e| syntax(e.to_string()))?);
                    }
                }
                Event::GeneralRef(reference) => {
                    let name = reference.decode().map_err(|e| syntax(e.to_string()))?.into_owned();
                    let meant = quick_xml::escape::unescape(&format!("&{name};"))
                        .map_err(|e| syntax(e.to_string()))?
                        .into_owned();
                    if let Some(here) = stack.last_mut() {
                        here.text.push_str(&meant);
                    }
                }
                Event::CData(data) => {
                    if let Some(here) = stack.last_mut() {
                        here.text.push_str(&String::from_utf8_lossy(&data));
                    }
                }
                Event::End(_) => {
                    let mut done = stack.pop().ok_or_else(|| syntax("an end without a start".into()))?;
                    done.text = done.text.trim().to_owned();
                    let parent = stack.last_mut().ok_or_else(|| syntax("an end without a start".into()))?;
                    parent.children.push(done);
                }
                Event::DocType(_) => return Err(syntax("a document type is not allowed".into())),
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
        match (stack.pop(), stack.is_empty()) {
            (Some(root), true) => Ok(root),
            _ => {
                Err(BadPayload::Syntax { at: reader.buffer_position(), why: "it ends in the middle".into() })
            }
        }
    }

    /// Reads JSON (RFC 7951): the members of an object under a root without name. serde_json bounds the depth.
    pub fn from_json(value: &Value) -> Self {
        let mut root = Self::default();
        root.add_members(value);
        root
    }

    fn named(name: &[u8]) -> Self {
        Self { name: String::from_utf8_lossy(name).into_owned(), ..Self::default() }
    }

    fn add_members(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let local = name.rsplit_once(':').map_or(name.as_str(), |(_, local)| local);
                    let values = match member {
                        Value::Array(values) => values.as_slice(),
                        one => std::slice::from_ref(one),
                    };
                    for value in values {
                        let mut child = Self { name: local.to_owned(), ..Self::default() };
                        child.add_members(value);
                        self.children.push(child);
                    }
                }
            }
            Value::String(text) => self.text.clone_from(text),
            Value::Null | Value::Array(_) => {}
            scalar => self.text = scalar.to_string(),
        }
    }

    /// The first child of that name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The node at the end of a path of names.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |here, name| here.child(name))
    }

    /// All nodes at the end of a path of names, whatever list entries lie on the way, in order.
    pub fn all<'a>(&'a self, path: &'a [&'a str]) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        match path.split_first() {
            None => Box::new(std::iter::once(self)),
            Some((name, rest)) => Box::new(
                self.children
                    .iter()
                    .filter(move |child| child.name == *name)
                    .flat_map(move |child| child.all(rest)),
            ),
        }
    }

    /// The text at the end of a path; none where the path ends early.
    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path).map(|node| node.text.as_str())
    }
}
