//! A parsed text: scalars as written, lists, mappings in file order; each with its place where the parser gives one.

use super::{
    mark::{Key, Mark},
    report::shorten,
};

/// What YAML took a scalar for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Nothing: empty, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// Everything else.
    Text,
}

/// A scalar as it was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scalar {
    /// Its text, without quotes.
    pub text: String,
    /// What YAML took it for.
    pub kind: Kind,
}

/// A value without its place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Shape {
    /// A single value.
    Scalar(Scalar),
    /// A list.
    List(Vec<Tree>),
    /// `key: value` pairs in file order; keys may stand twice.
    Map(Vec<(Key, Tree)>),
}

/// A value with its place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tree {
    /// The value.
    pub shape: Shape,
    /// Where it stands.
    pub mark: Option<Mark>,
}

impl Tree {
    /// What it is, for a message on something else that is wanted there.
    pub fn in_words(&self) -> String {
        match &self.shape {
            Shape::Scalar(Scalar { kind: Kind::Null, .. }) => "nothing".to_owned(),
            Shape::Scalar(scalar) => format!("`{}`", shorten(&scalar.text)),
            Shape::List(_) => "a list".to_owned(),
            Shape::Map(entries) => match entries.first() {
                Some((key, _)) => format!("a mapping with `{}`", shorten(&key.text)),
                None => "an empty mapping".to_owned(),
            },
        }
    }

    /// The text of a scalar that is not null.
    pub fn scalar(&self) -> Option<&str> {
        match &self.shape {
            Shape::Scalar(scalar) if scalar.kind != Kind::Null => Some(&scalar.text),
            _ => None,
        }
    }

    /// Whether it is nothing.
    pub fn is_null(&self) -> bool {
        matches!(&self.shape, Shape::Scalar(scalar) if scalar.kind == Kind::Null)
    }

    /// The value behind a key; the first where the key stands twice.
    pub fn at(&self, word: &str) -> Option<&Tree> {
        match &self.shape {
            Shape::Map(entries) => entries.iter().find(|(key, _)| key.text == word).map(|(_, tree)| tree),
            _ => None,
        }
    }

    /// The scalar behind a key.
    pub fn word_at(&self, word: &str) -> Option<&str> {
        self.at(word).and_then(Tree::scalar)
    }

    /// Moves all places by so many bytes.
    pub(super) fn shift(&mut self, bytes: usize) {
        let moved = |mark: &mut Option<Mark>| {
            if let Some(mark) = mark {
                mark.offset += bytes;
            }
        };
        moved(&mut self.mark);
        match &mut self.shape {
            Shape::Scalar(_) => {}
            Shape::List(list) => list.iter_mut().for_each(|part| part.shift(bytes)),
            Shape::Map(entries) => entries.iter_mut().for_each(|(key, part)| {
                moved(&mut key.mark);
                part.shift(bytes);
            }),
        }
    }

    /// The parts of a list; none of anything else.
    pub fn list(&self) -> &[Tree] {
        match &self.shape {
            Shape::List(list) => list,
            _ => &[],
        }
    }
}
