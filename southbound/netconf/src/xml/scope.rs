//! Which prefixes are in force while a document is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Binding, Name, XmlErrorKind};
use crate::ns;

/// Most prefixes that one element's values may use; keeps the search for duplicates short.
const MAX_BINDINGS: usize = 64;

/// Which prefix stands for what, at the point that the reader has reached.
pub(super) struct Scope {
    /// Per prefix the declarations in force, innermost last. The empty prefix is the default namespace.
    bound: BTreeMap<Box<str>, Vec<Arc<str>>>,
    /// One shared copy of each namespace seen.
    known: BTreeSet<Arc<str>>,
    none: Arc<str>,
    xml: Arc<str>,
}

impl Scope {
    pub(super) fn new() -> Self {
        Self { bound: BTreeMap::new(), known: BTreeSet::new(), none: "".into(), xml: ns::XML.into() }
    }

    pub(super) fn declare(&mut self, prefix: &str, uri: &str) -> Result<(), XmlErrorKind> {
        if matches!(prefix, "xml" | "xmlns") || (!prefix.is_empty() && uri.is_empty()) {
            return Err(XmlErrorKind::Malformed(format!("prefix `{prefix}` cannot be declared so")));
        }
        if !prefix.is_empty() && !is_ncname(prefix) {
            return Err(XmlErrorKind::BadName(prefix.to_owned()));
        }
        let shared = match self.known.get(uri) {
            Some(shared) => Arc::clone(shared),
            None => {
                let shared: Arc<str> = uri.into();
                self.known.insert(Arc::clone(&shared));
                shared
            }
        };
        self.bound.entry(prefix.into()).or_default().push(shared);
        Ok(())
    }

    pub(super) fn forget(&mut self, prefix: &str) {
        if let Some(stack) = self.bound.get_mut(prefix) {
            stack.pop();
        }
    }

    fn lookup(&self, prefix: &str) -> Option<&Arc<str>> {
        if prefix == "xml" {
            return Some(&self.xml);
        }
        self.bound.get(prefix).and_then(|stack| stack.last())
    }

    pub(super) fn expand(&self, raw: &str, default: bool) -> Result<Name, XmlErrorKind> {
        let (prefix, local) = raw.split_once(':').unwrap_or(("", raw));
        if !is_ncname(local) || (raw.contains(':') && !is_ncname(prefix)) {
            return Err(XmlErrorKind::BadName(raw.to_owned()));
        }
        let ns = match (prefix, default) {
            ("", false) => &self.none,
            ("", true) => self.lookup("").unwrap_or(&self.none),
            (prefix, _) => {
                self.lookup(prefix).ok_or_else(|| XmlErrorKind::UnknownPrefix(prefix.to_owned()))?
            }
        };
        Ok(Name { ns: Arc::clone(ns), local: local.into() })
    }

    /// Adds to `kept` the declared prefixes that `value` mentions as `prefix:`.
    pub(super) fn keep_used(&self, value: &str, kept: &mut Vec<Binding>) -> Result<(), XmlErrorKind> {
        for (colon, _) in value.match_indices(':') {
            let head = value.get(..colon).unwrap_or_default();
            let start = head.char_indices().rev().take_while(|&(_, c)| is_name_char(c)).last();
            let Some(prefix) = start.and_then(|(at, _)| head.get(at..)) else { continue };
            let Some(ns) = self.bound.get(prefix).and_then(|stack| stack.last()) else { continue };
            if kept.iter().any(|b| *b.prefix == *prefix) {
                continue;
            }
            if kept.len() >= MAX_BINDINGS {
                return Err(XmlErrorKind::TooMuch { what: "prefixes in one value", limit: MAX_BINDINGS });
            }
            kept.push(Binding { prefix: prefix.into(), ns: Arc::clone(ns) });
        }
        Ok(())
    }
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.')
}

fn is_ncname(name: &str) -> bool {
    name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_') && name.chars().all(is_name_char)
}
