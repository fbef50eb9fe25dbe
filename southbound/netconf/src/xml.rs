//! A small owned XML tree, the one shape in which client, server and dialects hand payloads to each other.
//!
//! Names are resolved to namespaces when the text is read, so nobody downstream ever looks at a prefix. The
//! one place where prefixes stay meaningful is *inside values*: identityrefs, instance-identifiers and XPath
//! filters. Each element therefore keeps the [`Binding`]s that its own text and attribute values use, whichever
//! ancestor declared them, and a subtree that is cut out of a reply still means the same.
//!
//! NETCONF carries data, not documents, so mixed content is simplified: whitespace between child elements is
//! dropped, other text beside child elements is joined into [`Element::text`]. Comments and processing
//! instructions are dropped. A document type declaration is refused, always.

mod error;
mod parse;
mod scope;
mod write;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use error::{XmlError, XmlErrorKind};
pub use parse::{Limits, parse, parse_fragment};
pub use write::illegal_char;

/// An expanded XML name. `ns` is empty for a name in no namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Namespace URI, shared between the elements of one tree.
    pub ns: Arc<str>,
    /// Local part.
    pub local: Box<str>,
}

/// An attribute other than a namespace declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Expanded name; an attribute without prefix is in no namespace.
    pub name: Name,
    /// Value with references resolved.
    pub value: String,
}

/// A prefix that values of an element rely on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Prefix; empty asks the writer to spell the element's own namespace out even where it is inherited.
    pub prefix: Box<str>,
    /// Namespace URI that it stands for.
    pub ns: Arc<str>,
}

/// An element with all that is below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Expanded name.
    pub name: Name,
    /// Attributes in document order.
    pub attributes: Vec<Attribute>,
    /// Prefixes used inside `text` and attribute values.
    pub bindings: Vec<Binding>,
    /// Child elements in document order.
    pub children: Vec<Element>,
    /// Character data, unescaped and untrimmed; empty if it was only whitespace around children.
    pub text: String,
}

impl Element {
    /// An empty element in the namespace `ns`.
    pub fn new(ns: impl Into<Arc<str>>, local: impl Into<Box<str>>) -> Self {
        Self {
            name: Name { ns: ns.into(), local: local.into() },
            attributes: Vec::new(),
            bindings: Vec::new(),
            children: Vec::new(),
            text: String::new(),
        }
    }

    /// The same element with `text` as its character data.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// The same element with one more child at the end.
    #[must_use]
    pub fn with_child(mut self, child: Element) -> Self {
        self.children.push(child);
        self
    }

    /// The same element with more children at the end.
    #[must_use]
    pub fn with_children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.children.extend(children);
        self
    }

    /// The same element with a leaf at the end: a child of the same namespace that holds only text.
    #[must_use]
    pub fn with_leaf(self, local: impl Into<Box<str>>, text: impl Into<String>) -> Self {
        let ns = Arc::clone(&self.name.ns);
        self.with_child(Element::new(ns, local).with_text(text))
    }

    /// The same element with an empty child of the same namespace at the end.
    #[must_use]
    pub fn with_empty(self, local: impl Into<Box<str>>) -> Self {
        let ns = Arc::clone(&self.name.ns);
        self.with_child(Element::new(ns, local))
    }

    /// The same element with an attribute; `ns` empty means no namespace.
    #[must_use]
    pub fn with_attribute(
        mut self,
        ns: impl Into<Arc<str>>,
        local: impl Into<Box<str>>,
        value: impl Into<String>,
    ) -> Self {
        let name = Name { ns: ns.into(), local: local.into() };
        self.attributes.push(Attribute { name, value: value.into() });
        self
    }

    /// The same element with a prefix that its values use.
    #[must_use]
    pub fn with_binding(mut self, prefix: impl Into<Box<str>>, ns: impl Into<Arc<str>>) -> Self {
        self.bindings.push(Binding { prefix: prefix.into(), ns: ns.into() });
        self
    }

    /// Whether this is the element `local` of the namespace `ns`.
    pub fn is(&self, ns: &str, local: &str) -> bool {
        *self.name.local == *local && *self.name.ns == *ns
    }

    /// The first child `local` of the namespace `ns`.
    pub fn child(&self, ns: &str, local: &str) -> Option<&Element> {
        self.children.iter().find(|c| c.is(ns, local))
    }

    /// All children `local` of the namespace `ns`, in document order.
    pub fn children_named<'a>(
        &'a self,
        ns: &'a str,
        local: &'a str,
    ) -> impl Iterator<Item = &'a Element> + 'a {
        self.children.iter().filter(move |c| c.is(ns, local))
    }

    /// Trimmed text of the first child `local` of the namespace `ns`.
    pub fn child_text(&self, ns: &str, local: &str) -> Option<&str> {
        self.child(ns, local).map(|c| c.text.trim())
    }

    /// Value of the attribute `local` of the namespace `ns` (empty: no namespace).
    pub fn attribute(&self, ns: &str, local: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|a| *a.name.local == *local && *a.name.ns == *ns);
        found.map(|a| a.value.as_str())
    }

    /// The namespace that `prefix` stands for inside this element's values.
    pub fn binding(&self, prefix: &str) -> Option<&str> {
        self.bindings.iter().find(|b| *b.prefix == *prefix).map(|b| &*b.ns)
    }

    /// Walks down by local names, taking the first match at each step, whatever its namespace.
    ///
    /// Handy where the path is known not to be ambiguous; otherwise use [`Element::child`].
    pub fn at(&self, path: &[&str]) -> Option<&Element> {
        path.iter().try_fold(self, |here, step| here.children.iter().find(|c| *c.name.local == **step))
    }

    /// The element as XML text without declaration and without added whitespace.
    ///
    /// Characters that XML 1.0 cannot carry at all (see [`illegal_char`]) are written as they are; whoever
    /// sends the text has to refuse it. [`crate::session::Session::call`] does.
    pub fn to_xml(&self) -> String {
        let mut out = String::new();
        write::element(self, &mut out);
        out
    }
}

impl std::fmt::Display for Element {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_xml())
    }
}
