//! Text to tree, within bounds. quick-xml finds the tags; namespaces, references and well-formedness beyond
//! tags are decided here, so that what is accepted does not depend on that crate's leniency.

use std::collections::BTreeSet;

use quick_xml::Reader;
use quick_xml::escape::{resolve_xml_entity, unescape_with};
use quick_xml::events::{BytesStart, Event};

use super::scope::Scope;
use super::write::is_xml_char;
use super::{Attribute, Element, XmlError, XmlErrorKind};

/// Bounds on one document. Exceeding any of them is an error, never a truncation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest text, in bytes.
    pub bytes: usize,
    /// Deepest nesting, the root being 1.
    pub depth: usize,
    /// Most elements in the document.
    pub elements: usize,
    /// Most attributes on one element, namespace declarations included.
    pub attributes: usize,
}

impl Default for Limits {
    /// 64 MiB, depth 128, two million elements, 256 attributes.
    fn default() -> Self {
        Self { bytes: 64 << 20, depth: 128, elements: 2_000_000, attributes: 256 }
    }
}

/// Reads one document.
///
/// # Errors
/// [`XmlError`] if the text is not well-formed, is not exactly one element, or breaks a limit.
pub fn parse(text: &str, limits: &Limits) -> Result<Element, XmlError> {
    let mut roots = Builder::new(text, limits, 1).run()?;
    match roots.pop() {
        Some(root) => Ok(root),
        None => Err(XmlError { offset: text.len() as u64, kind: malformed("there is no element") }),
    }
}

/// Reads any number of elements side by side: the content of a `<config>` or a subtree filter.
///
/// # Errors
/// [`XmlError`] if the text is not a sequence of well-formed elements or breaks a limit.
pub fn parse_fragment(text: &str, limits: &Limits) -> Result<Vec<Element>, XmlError> {
    Builder::new(text, limits, usize::MAX).run()
}

fn malformed(what: impl Into<String>) -> XmlErrorKind {
    XmlErrorKind::Malformed(what.into())
}

struct Builder<'a> {
    reader: Reader<&'a [u8]>,
    limits: &'a Limits,
    max_roots: usize,
    roots: Vec<Element>,
    open: Vec<Open>,
    elements: usize,
    scope: Scope,
    length: usize,
}

/// An element whose end tag has not come yet, with the prefixes it declared.
struct Open {
    element: Element,
    declared: Vec<Box<str>>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str, limits: &'a Limits, max_roots: usize) -> Self {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = true;
        Self {
            reader,
            limits,
            max_roots,
            roots: Vec::new(),
            open: Vec::new(),
            elements: 0,
            scope: Scope::new(),
            length: text.len(),
        }
    }

    fn run(mut self) -> Result<Vec<Element>, XmlError> {
        if self.length > self.limits.bytes {
            return Err(self.fault(XmlErrorKind::TooMuch { what: "bytes", limit: self.limits.bytes }));
        }
        loop {
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(e) => {
                    return Err(XmlError {
                        offset: self.reader.error_position(),
                        kind: malformed(e.to_string()),
                    });
                }
            };
            let done = matches!(event, Event::Eof);
            self.take(event).map_err(|kind| self.fault(kind))?;
            if done {
                return Ok(self.roots);
            }
        }
    }

    fn fault(&self, kind: XmlErrorKind) -> XmlError {
        XmlError { offset: self.reader.buffer_position(), kind }
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), XmlErrorKind> {
        match event {
            Event::Start(tag) | Event::Empty(tag) => self.start(&tag),
            Event::End(_) => self.end(),
            Event::Text(t) => {
                let text = t.xml10_content().map_err(|e| malformed(e.to_string()))?;
                self.text(&text)
            }
            Event::CData(t) => {
                let text = t.xml10_content().map_err(|e| malformed(e.to_string()))?;
                if self.open.is_empty() {
                    return Err(malformed("text outside of an element"));
                }
                self.text(&text)
            }
            Event::GeneralRef(r) => {
                let name = r.decode().map_err(|e| malformed(e.to_string()))?;
                if self.open.is_empty() {
                    return Err(malformed("text outside of an element"));
                }
                if let Some(c) = r.resolve_char_ref().map_err(|e| malformed(e.to_string()))? {
                    return self.text(c.encode_utf8(&mut [0; 4]));
                }
                let value =
                    resolve_xml_entity(&name).ok_or_else(|| XmlErrorKind::UnknownEntity(name.to_string()))?;
                self.text(value)
            }
            Event::DocType(_) => Err(XmlErrorKind::DocType),
            Event::Decl(decl) => match decl.encoding() {
                Some(Ok(name))
                    if !name.eq_ignore_ascii_case(b"utf-8") && !name.eq_ignore_ascii_case(b"us-ascii") =>
                {
                    Err(malformed("the declared encoding is not utf-8, which RFC 6241, section 3 demands"))
                }
                Some(Err(e)) => Err(malformed(e.to_string())),
                _ => Ok(()),
            },
            Event::Comment(_) | Event::PI(_) => Ok(()),
            Event::Eof => match self.open.last() {
                Some(open) => Err(malformed(format!("`<{}>` is never closed", open.element.name.local))),
                None => Ok(()),
            },
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), XmlErrorKind> {
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(XmlErrorKind::TooMuch { what: "elements", limit: self.limits.elements });
        }
        if self.open.len() >= self.limits.depth {
            return Err(XmlErrorKind::TooMuch { what: "levels", limit: self.limits.depth });
        }
        if self.open.is_empty() && self.roots.len() >= self.max_roots {
            return Err(malformed("more than one root element"));
        }
        let mut plain = Vec::new();
        let mut declared = Vec::new();
        for (n, attribute) in tag.attributes().enumerate() {
            if n >= self.limits.attributes {
                return Err(XmlErrorKind::TooMuch { what: "attributes", limit: self.limits.attributes });
            }
            let attribute = attribute.map_err(|e| malformed(e.to_string()))?;
            let key = utf8(attribute.key.into_inner())?;
            let value = attribute_value(utf8(&attribute.value)?)?;
            match declared_prefix(key) {
                Some(prefix) => {
                    self.scope.declare(prefix, &value)?;
                    declared.push(prefix.into());
                }
                None => plain.push((key.to_owned(), value)),
            }
        }
        let raw = utf8(tag.name().into_inner())?.to_owned();
        let mut element = Element::new("", "");
        element.name = self.scope.expand(&raw, true)?;
        let mut seen = BTreeSet::new();
        for (key, value) in plain {
            let name = self.scope.expand(&key, false)?;
            if !seen.insert(name.clone()) {
                return Err(XmlErrorKind::Duplicate(key));
            }
            self.scope.keep_used(&value, &mut element.bindings)?;
            element.attributes.push(Attribute { name, value });
        }
        self.open.push(Open { element, declared });
        Ok(())
    }

    fn end(&mut self) -> Result<(), XmlErrorKind> {
        let Some(Open { mut element, declared }) = self.open.pop() else {
            return Err(malformed("an end tag without a start tag"));
        };
        if !element.children.is_empty() && element.text.trim().is_empty() {
            element.text = String::new();
        }
        self.scope.keep_used(&element.text, &mut element.bindings)?;
        for prefix in declared {
            self.scope.forget(&prefix);
        }
        match self.open.last_mut() {
            Some(parent) => parent.element.children.push(element),
            None => self.roots.push(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), XmlErrorKind> {
        check_chars(text)?;
        match self.open.last_mut() {
            Some(open) => open.element.text.push_str(text),
            None if text.chars().all(char::is_whitespace) => {}
            None => return Err(malformed("text outside of an element")),
        }
        Ok(())
    }
}

/// The prefix that the attribute `key` declares, if it is a namespace declaration.
fn declared_prefix(key: &str) -> Option<&str> {
    if key == "xmlns" { Some("") } else { key.strip_prefix("xmlns:") }
}

fn attribute_value(raw: &str) -> Result<String, XmlErrorKind> {
    if raw.contains('<') {
        return Err(malformed("`<` in an attribute value"));
    }
    // Literal whitespace becomes a space before references are resolved: XML 1.0, 3.3.3.
    let spaced: String = raw
        .replace("\r\n", "\n")
        .chars()
        .map(|c| if matches!(c, '\n' | '\t' | '\r') { ' ' } else { c })
        .collect();
    let value =
        unescape_with(&spaced, resolve_xml_entity).map_err(|e| malformed(e.to_string()))?.into_owned();
    check_chars(&value)?;
    Ok(value)
}

fn check_chars(text: &str) -> Result<(), XmlErrorKind> {
    match text.chars().find(|&c| !is_xml_char(c)) {
        Some(c) => Err(XmlErrorKind::BadChar(c.into())),
        None => Ok(()),
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, XmlErrorKind> {
    std::str::from_utf8(bytes).map_err(|e| malformed(e.to_string()))
}
