//! Between the dialect's text and trees and the session's elements.
//!
//! Read-back stands between a commit and its confirm, so a reply is parsed once: the session's tree is moved into
//! the dialect's, not written out and parsed again.

use device::ErrorKind;
use dialects::{Dialect, Operation, View, to_netconf};

use crate::operation::Filter;
use crate::xml::{self, Element, Limits};

/// What to ask for.
pub(super) fn filter(dialect: Dialect) -> Filter {
    Filter::subtree(&dialect.filter_xml()).expect("the dialect writes well-formed filters")
}

/// The operations as the content of `<config>`.
pub(super) fn payload(operations: &[Operation]) -> Result<Vec<Element>, ErrorKind> {
    xml::parse_fragment(&to_netconf(operations), &Limits::default())
        .map_err(|e| ErrorKind::Unsupported(format!("the edits cannot be written as xml: {e}")))
}

/// The content of `<data>` as the dialect reads it, without namespaces. Its depth is bounded: the session's parser refuses
/// deeper ones.
pub(super) fn view(element: Element) -> View {
    View {
        name: element.name.local.into_string(),
        text: trimmed(element.text),
        children: element.children.into_iter().map(view).collect(),
    }
}

/// The same text where there is nothing to trim, which is the rule.
fn trimmed(text: String) -> String {
    let inner = text.trim();
    if inner.len() == text.len() { text } else { inner.to_owned() }
}
