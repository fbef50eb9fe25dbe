//! Between the dialect's text and trees and the session's elements.
//!
//! Read-back stands between a commit and its confirm, so a reply is parsed once: the session's tree is moved into
//! the dialect's, not written out and parsed again.

use device::{ErrorKind, clock};
use dialects::{BadPayload, View, openconfig, to_netconf};
use model::{DeviceReading, Edit};

use crate::operation::Filter;
use crate::xml::{self, Element, Limits};

/// What to ask for.
pub(super) fn filter() -> Filter {
    Filter::subtree(&openconfig::filter_xml()).expect("the dialect writes well-formed filters")
}

/// The edits as the content of `<config>`.
pub(super) fn payload(edits: &[Edit]) -> Result<Vec<Element>, ErrorKind> {
    let text = to_netconf(&openconfig::render(edits));
    xml::parse_fragment(&text, &Limits::default())
        .map_err(|e| ErrorKind::Unsupported(format!("the edits cannot be written as xml: {e}")))
}

/// What the content of `<data>` says.
pub(super) fn read(data: Element) -> Result<DeviceReading, BadPayload> {
    let (owned, foreign) = openconfig::read(&view(data))?;
    Ok(DeviceReading::Read { owned, foreign, at: clock::now() })
}

/// The tree without namespaces. Its depth is bounded: the session's parser refuses deeper ones.
fn view(element: Element) -> View {
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
