//! Reading a mapping word by word: what is wrong is reported, what was not read is found at the end.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    mark::{Key, Mark},
    report::{Report, nearest, shorten},
    tree::{Shape, Tree},
    word::{Word, plain},
};
use crate::code;

/// A mapping that is being read.
#[derive(Debug)]
pub struct Fields<'t> {
    /// What it is about, for messages: `link a:eth1--z:eth1`.
    pub subject: String,
    /// Where it stands.
    pub mark: Option<Mark>,
    entries: &'t [(Key, Tree)],
    read: BTreeSet<&'t str>,
}

impl<'t> Fields<'t> {
    /// Starts to read a mapping. Anything else is an error; of keys that stand twice each later one is.
    pub fn of(tree: &'t Tree, subject: &str, report: &mut Report) -> Option<Self> {
        let entries = match &tree.shape {
            Shape::Map(entries) => entries,
            _ if tree.is_null() => &[][..],
            _ => {
                let message = format!("a mapping is expected here, not {}", tree.in_words());
                report.error(code::WRONG_SHAPE, subject, message, tree.mark).help =
                    Some("write it like `{key: value}`, or one `key: value` a line".to_owned());
                return None;
            }
        };
        let mut first = BTreeMap::new();
        for (key, _) in entries {
            if let Some(mark) = first.insert(key.text.as_str(), key.mark) {
                let related = report.related(mark, "first here");
                let message = format!("`{}` stands twice", shorten(&key.text));
                report.error(code::DUPLICATE_KEY, subject, message, key.mark).related = related;
            }
        }
        Some(Self { subject: subject.to_owned(), mark: tree.mark, entries, read: BTreeSet::new() })
    }

    /// The value behind a word, where it stands there and is not null. Counts as read.
    pub fn get(&mut self, word: &str) -> Option<&'t Tree> {
        let (key, tree) = self.entries.iter().find(|(key, _)| key.text == word)?;
        self.read.insert(&key.text);
        (!tree.is_null()).then_some(tree)
    }

    /// Whether a word stands there. Does not count as read.
    pub fn has(&self, word: &str) -> bool {
        self.entries.iter().any(|(key, tree)| key.text == word && !tree.is_null())
    }

    /// Whether a word is not here because it was most likely mistyped: one that is not known stands in its place. Who asks reports
    /// unknown words in the end, so that this one is told.
    pub fn mistyped(&self, word: &str, known: &[&str]) -> bool {
        let is_meant = |key: &Key| {
            !known.contains(&key.text.as_str()) && nearest(&key.text, known.iter().copied()) == Some(word)
        };
        !self.has(word) && self.rest().any(|(key, _)| is_meant(key))
    }

    /// A single value. A wrong one is reported and reads as absent.
    pub fn value<T: Word>(&mut self, word: &str, report: &mut Report) -> Option<T> {
        let tree = self.get(word)?;
        read_word(tree, word, &self.subject, report)
    }

    /// A single value that must be there.
    pub fn required<T: Word>(&mut self, word: &str, report: &mut Report) -> Option<T> {
        if !self.has(word) {
            self.missing(word, report);
        }
        self.value(word, report)
    }

    /// Reports that a word is missing.
    pub fn missing(&self, word: &str, report: &mut Report) {
        report.error(code::MISSING_WORD, &self.subject, format!("`{word}` is missing"), self.mark);
    }

    /// A list of single values; one value alone counts as a list of one.
    pub fn list<T: Word>(&mut self, word: &str, report: &mut Report) -> Vec<T> {
        let Some(tree) = self.get(word) else { return Vec::new() };
        let parts = match &tree.shape {
            Shape::List(list) => list.as_slice(),
            _ => std::slice::from_ref(tree),
        };
        let wrong = |part: &&Tree| part.scalar().is_none();
        for part in parts.iter().filter(wrong) {
            let message = format!("`{word}` takes single values, not {}", part.in_words());
            report.error(code::WRONG_SHAPE, &self.subject, message, part.mark).help =
                Some(format!("write it like `{word}: [first, second]`"));
        }
        let right = parts.iter().filter(|part| !wrong(part));
        right.filter_map(|part| read_word(part, word, &self.subject, report)).collect()
    }

    /// A list of anything.
    pub fn trees(&mut self, word: &str, report: &mut Report) -> &'t [Tree] {
        match self.get(word) {
            None => &[],
            Some(tree) => match &tree.shape {
                Shape::List(list) => list,
                _ => {
                    let message = format!("`{word}` takes a list, not {}", tree.in_words());
                    report.error(code::WRONG_SHAPE, &self.subject, message, tree.mark).help =
                        Some("write it like `[first, second]`, or one entry a line after `- `".to_owned());
                    &[]
                }
            },
        }
    }

    /// The mapping behind a word.
    pub fn inner(&mut self, word: &str, report: &mut Report) -> Option<Fields<'t>> {
        let tree = self.get(word)?;
        Fields::of(tree, &format!("{}, {word}", self.subject), report)
    }

    /// What was not read.
    pub fn rest(&self) -> impl Iterator<Item = (&'t Key, &'t Tree)> {
        self.entries
            .iter()
            .filter(|(key, _)| !self.read.contains(key.text.as_str()))
            .map(|(key, tree)| (key, tree))
    }

    /// Reports every word that was not read; `known` are those that could stand here.
    pub fn finish(self, known: &[&str], report: &mut Report) {
        for (key, _) in self.rest() {
            report.unknown_word(&self.subject, key, known);
        }
    }
}

fn read_word<T: Word>(tree: &Tree, word: &str, subject: &str, report: &mut Report) -> Option<T> {
    let Some(text) = tree.scalar() else {
        let message = format!("`{word}` takes a single value, not {}", tree.in_words());
        report.error(code::WRONG_SHAPE, subject, message, tree.mark).help =
            Some(format!("write it like `{word}: value`"));
        return None;
    };
    plain(text)
        .and_then(|()| T::read(text))
        .inspect_err(|why| {
            report.error(code::WRONG_VALUE, subject, format!("`{word}`: {why}"), tree.mark);
        })
        .ok()
}
