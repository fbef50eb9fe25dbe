//! Tree to text. Element namespaces are written as default namespaces (`xmlns="…"` where it changes), which
//! every peer understands; prefixes appear only for attributes with a namespace and for values that need them.

use super::{Binding, Element};
use crate::ns;

/// Appends `root` to `out`.
pub(super) fn element(root: &Element, out: &mut String) {
    Writer { out, scope: Vec::new() }.element(root, "");
}

/// The first character of `text` that XML 1.0 cannot carry, even as a reference, with its byte offset.
pub fn illegal_char(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|&(_, c)| !is_xml_char(c))
}

/// XML 1.0, production 2.
pub(super) fn is_xml_char(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => true,
        c => c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}',
    }
}

struct Writer<'a> {
    out: &'a mut String,
    /// Prefix bindings in force, innermost last.
    scope: Vec<Binding>,
}

impl Writer<'_> {
    fn element(&mut self, e: &Element, inherited: &str) {
        let mark = self.scope.len();
        self.out.push('<');
        self.out.push_str(&e.name.local);
        let explicit = e.bindings.iter().any(|b| b.prefix.is_empty());
        if explicit || *e.name.ns != *inherited {
            self.declare("", &e.name.ns);
        }
        for b in e.bindings.iter().filter(|b| !b.prefix.is_empty()) {
            if self.in_scope(&b.prefix) != Some(&b.ns) {
                self.declare(&b.prefix, &b.ns);
                self.scope.push(b.clone());
            }
        }
        for a in &e.attributes {
            let prefix = self.prefix_for(&a.name.ns);
            self.out.push(' ');
            if !prefix.is_empty() {
                self.out.push_str(&prefix);
                self.out.push(':');
            }
            self.out.push_str(&a.name.local);
            self.out.push_str("=\"");
            escape(&a.value, true, self.out);
            self.out.push('"');
        }
        if e.children.is_empty() && e.text.is_empty() {
            self.out.push_str("/>");
        } else {
            self.out.push('>');
            escape(&e.text, false, self.out);
            for child in &e.children {
                self.element(child, &e.name.ns);
            }
            self.out.push_str("</");
            self.out.push_str(&e.name.local);
            self.out.push('>');
        }
        self.scope.truncate(mark);
    }

    fn in_scope(&self, prefix: &str) -> Option<&str> {
        self.scope.iter().rev().find(|b| *b.prefix == *prefix).map(|b| &*b.ns)
    }

    fn declare(&mut self, prefix: &str, ns: &str) {
        self.out.push_str(" xmlns");
        if !prefix.is_empty() {
            self.out.push(':');
            self.out.push_str(prefix);
        }
        self.out.push_str("=\"");
        escape(ns, true, self.out);
        self.out.push('"');
    }

    /// A prefix that stands for `ns` here, declared on the open tag if there is none yet. An attribute cannot
    /// use the default namespace, so this is the only way to name one.
    fn prefix_for(&mut self, ns: &std::sync::Arc<str>) -> Box<str> {
        if ns.is_empty() {
            return "".into();
        }
        if **ns == *ns::XML {
            return "xml".into();
        }
        let known = self.scope.iter().rev().find(|b| b.ns == *ns && self.in_scope(&b.prefix) == Some(&**ns));
        if let Some(b) = known {
            return b.prefix.clone();
        }
        let wanted = if **ns == *ns::BASE { "nc" } else { "a" };
        let mut prefix: Box<str> = wanted.into();
        let mut n = 0;
        while self.in_scope(&prefix).is_some() {
            n += 1;
            prefix = format!("{wanted}{n}").into();
        }
        self.declare(&prefix, ns);
        self.scope.push(Binding { prefix: prefix.clone(), ns: std::sync::Arc::clone(ns) });
        prefix
    }
}

/// Escapes so that any parser gives back exactly `text`: a carriage return would else become a line feed, and
/// whitespace in an attribute would become a space (XML 1.0, 2.11 and 3.3.3). `>` is always escaped, which
/// also keeps the end-of-message mark out of everything written here.
fn escape(text: &str, attribute: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\r' => out.push_str("&#13;"),
            '"' if attribute => out.push_str("&quot;"),
            '\n' if attribute => out.push_str("&#10;"),
            '\t' if attribute => out.push_str("&#9;"),
            c => out.push(c),
        }
    }
}
