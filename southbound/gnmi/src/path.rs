//! Paths: where in a data tree a value stands, as people write them and as gNMI carries them.
//!
//! The text form is the one of the gNMI path string convention: `/interfaces/interface[name=eth1]/state`, with keys
//! in alphabetical order, an origin before it where there is one (`cli:/`), and a backslash before a character that
//! would otherwise end the word.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::proto;

/// Most elements in one path. [`crate::pattern`] relies on it being below 128.
pub const MAX_ELEMS: usize = 64;
/// Most keys of one list entry.
pub const MAX_KEYS: usize = 16;
/// Longest name of an element, key or origin, in bytes.
pub const MAX_NAME: usize = 256;
/// Longest key value, in bytes.
pub const MAX_VALUE: usize = 1024;
/// Longest text that is parsed as a path, in bytes.
pub const MAX_TEXT: usize = 16 * 1024;

/// A place in a data tree. Empty elements are the root.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Path {
    /// Which tree; empty is OpenConfig.
    pub origin: String,
    /// The steps from the root.
    pub elems: Vec<Elem>,
}

/// One step of a path: a node name, with keys when it is a list entry.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Elem {
    /// Name of the node.
    pub name: String,
    /// Keys of the list entry, by key name.
    pub keys: BTreeMap<String, String>,
}

/// Why something is not a path.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum PathError {
    /// The text does not begin at the root.
    #[error("path is not absolute: write /a/b or origin:/a/b")]
    NotAbsolute,
    /// The text breaks off or has a character where none may be.
    #[error("path, byte {at}: {why}")]
    Text {
        /// Offset in bytes.
        at: usize,
        /// What is wrong there.
        why: &'static str,
    },
    /// More than is accepted.
    #[error("path: {what} beyond the limit of {limit}")]
    TooLong {
        /// What is too long or too many.
        what: &'static str,
        /// The most that is accepted.
        limit: usize,
    },
    /// A name that must not be empty is.
    #[error("path: empty {what}")]
    Empty {
        /// Which name.
        what: &'static str,
    },
    /// The origin has a character that an origin cannot have.
    #[error("path: origin {0:?} may only have letters, digits, `.`, `_` and `-`")]
    Origin(String),
    /// Prefix and path disagree.
    #[error("prefix is of origin {prefix:?} and path of origin {path:?}: name one")]
    TwoOrigins {
        /// Origin of the prefix.
        prefix: String,
        /// Origin of the path.
        path: String,
    },
    /// The message uses the form of gNMI before 0.4, which would read as the root today.
    #[error("path uses the field `element` of gNMI before 0.4: use `elem`")]
    Outdated,
}

impl Elem {
    /// A node without keys.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), keys: BTreeMap::new() }
    }

    fn check(&self) -> Result<(), PathError> {
        bounded("element name", &self.name, MAX_NAME)?;
        if self.name.is_empty() {
            return Err(PathError::Empty { what: "element name" });
        }
        if self.keys.len() > MAX_KEYS {
            return Err(PathError::TooLong { what: "keys of one element", limit: MAX_KEYS });
        }
        for (key, value) in &self.keys {
            if key.is_empty() {
                return Err(PathError::Empty { what: "key name" });
            }
            bounded("key name", key, MAX_NAME)?;
            bounded("key value", value, MAX_VALUE)?;
        }
        Ok(())
    }
}

impl Path {
    /// The whole tree.
    pub fn root() -> Self {
        Self::default()
    }

    /// The same place in the tree of `origin`.
    #[must_use]
    pub fn with_origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = origin.into();
        self
    }

    /// One step down.
    #[must_use]
    pub fn child(mut self, name: impl Into<String>) -> Self {
        self.elems.push(Elem::new(name));
        self
    }

    /// A key of the last element. At the root it does nothing.
    #[must_use]
    pub fn key(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Some(last) = self.elems.last_mut() {
            last.keys.insert(name.into(), value.into());
        }
        self
    }

    /// Name of the last element.
    pub fn leaf_name(&self) -> Option<&str> {
        self.elems.last().map(|elem| elem.name.as_str())
    }

    /// `below` continues this path. The origin of `self` wins; decoding refuses two that differ.
    #[must_use]
    pub fn join(&self, below: Path) -> Path {
        let mut elems = Vec::with_capacity(self.elems.len() + below.elems.len());
        elems.extend_from_slice(&self.elems);
        elems.extend(below.elems);
        Path { origin: if self.origin.is_empty() { below.origin } else { self.origin.clone() }, elems }
    }

    /// A path of a message that also carries a prefix.
    ///
    /// # Errors
    /// As [`Path::try_from`], or the origins differ, or both together are too long.
    pub fn decode_below(prefix: &Path, path: proto::Path) -> Result<Path, PathError> {
        let path = Path::try_from(path)?;
        prefix.accepts(&path)?;
        Ok(prefix.join(path))
    }

    /// Checks that `below` may continue this path.
    pub(crate) fn accepts(&self, below: &Path) -> Result<(), PathError> {
        if self.elems.len() + below.elems.len() > MAX_ELEMS {
            return Err(PathError::TooLong { what: "elements", limit: MAX_ELEMS });
        }
        if !self.origin.is_empty() && !below.origin.is_empty() && self.origin != below.origin {
            return Err(PathError::TwoOrigins { prefix: self.origin.clone(), path: below.origin.clone() });
        }
        Ok(())
    }

    fn check(&self) -> Result<(), PathError> {
        bounded("origin", &self.origin, MAX_NAME)?;
        if !self.origin.chars().all(origin_char) {
            return Err(PathError::Origin(self.origin.clone()));
        }
        if self.elems.len() > MAX_ELEMS {
            return Err(PathError::TooLong { what: "elements", limit: MAX_ELEMS });
        }
        self.elems.iter().try_for_each(Elem::check)
    }
}

impl TryFrom<proto::Path> for Path {
    type Error = PathError;

    /// Takes over a path of the wire, within the limits of this module. The target name is not part of a place.
    fn try_from(path: proto::Path) -> Result<Self, PathError> {
        #[expect(deprecated, reason = "a path of the old form must not be read as the root")]
        if path.elem.is_empty() && !path.element.is_empty() {
            return Err(PathError::Outdated);
        }
        let elems = path.elem.into_iter().map(|elem| Elem { name: elem.name, keys: elem.key }).collect();
        let path = Path { origin: path.origin, elems };
        path.check()?;
        Ok(path)
    }
}

impl From<Path> for proto::Path {
    fn from(path: Path) -> Self {
        let elem =
            path.elems.into_iter().map(|elem| proto::PathElem { name: elem.name, key: elem.keys }).collect();
        proto::Path { origin: path.origin, elem, ..Default::default() }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.origin.is_empty() {
            write!(out, "{}:", self.origin)?;
        }
        if self.elems.is_empty() {
            return out.write_str("/");
        }
        for elem in &self.elems {
            out.write_str("/")?;
            escape(out, &elem.name, "/[")?;
            for (key, value) in &elem.keys {
                out.write_str("[")?;
                escape(out, key, "=]")?;
                out.write_str("=")?;
                escape(out, value, "]")?;
                out.write_str("]")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        bounded("text", text, MAX_TEXT)?;
        let mut cursor = Cursor { text, at: 0 };
        let mut path = Path::root();
        if !text.starts_with('/') {
            let (origin, _) = text.split_once(":/").ok_or(PathError::NotAbsolute)?;
            if origin.is_empty() {
                return Err(PathError::Empty { what: "origin" });
            }
            path.origin = origin.to_owned();
            cursor.at = origin.len() + 1;
        }
        if cursor.rest() != "/" {
            while cursor.take('/') {
                path.elems.push(cursor.elem()?);
            }
            if cursor.at != text.len() {
                return Err(cursor.wrong("expected `/` or `[`"));
            }
        }
        path.check()?;
        Ok(path)
    }
}

/// Where the parser stands in the text.
struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn wrong(&self, why: &'static str) -> PathError {
        PathError::Text { at: self.at, why }
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn elem(&mut self) -> Result<Elem, PathError> {
        let mut elem = Elem::new(self.word("/[")?);
        while self.take('[') {
            let key = self.word("=]")?;
            if !self.take('=') {
                return Err(self.wrong("expected `=` after the key name"));
            }
            let value = self.word("]")?;
            if !self.take(']') {
                return Err(self.wrong("expected `]` after the key value"));
            }
            if elem.keys.insert(key, value).is_some() {
                return Err(self.wrong("key given twice"));
            }
        }
        Ok(elem)
    }

    /// Everything up to an unescaped character of `stops`, or the end.
    fn word(&mut self, stops: &str) -> Result<String, PathError> {
        let mut word = String::new();
        while let Some(c) = self.rest().chars().next() {
            if stops.contains(c) {
                break;
            }
            self.at += c.len_utf8();
            word.push(if c == '\\' { self.escaped()? } else { c });
        }
        Ok(word)
    }

    fn escaped(&mut self) -> Result<char, PathError> {
        let c = self.rest().chars().next().ok_or_else(|| self.wrong("nothing after the backslash"))?;
        let digits = match c {
            'u' | 'U' => self.rest().get(1..5).filter(|hex| hex.chars().all(|c| c.is_ascii_hexdigit())),
            _ => None,
        };
        let known = match c {
            'n' => '\n',
            'r' => '\r',
            'u' | 'U' => digits
                .and_then(|hex| u32::from_str_radix(hex, 16).ok())
                .and_then(char::from_u32)
                .ok_or_else(|| self.wrong("expected four hexadecimal digits of a character"))?,
            other => other,
        };
        self.at += c.len_utf8() + digits.map_or(0, str::len);
        Ok(known)
    }
}

fn bounded(what: &'static str, text: &str, limit: usize) -> Result<(), PathError> {
    if text.len() > limit { Err(PathError::TooLong { what, limit }) } else { Ok(()) }
}

fn origin_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

fn escape(out: &mut fmt::Formatter<'_>, text: &str, special: &str) -> fmt::Result {
    for c in text.chars() {
        match c {
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            // Other control characters would reach terminals and logs.
            c if c.is_control() => write!(out, "\\u{:04x}", u32::from(c))?,
            c if c == '\\' || special.contains(c) => write!(out, "\\{c}")?,
            c => write!(out, "{c}")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
