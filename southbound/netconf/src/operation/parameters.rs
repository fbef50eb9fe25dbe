//! What the element of an operation holds, as its readers ask for it, and the `<rpc-error>` for what it should not hold or lacks.

use crate::ns;
use crate::rpc_error::{ErrorTag, ErrorType, RpcError};
use crate::xml::Element;

/// The children of an operation, each known and at most once.
pub(super) struct Parameters(Vec<Element>);

impl Parameters {
    pub(super) fn of(e: Element, known: &[&str]) -> Result<Self, Box<RpcError>> {
        for (n, child) in e.children.iter().enumerate() {
            // with-defaults comes from a namespace of its own; all else from the operation's.
            let of_defaults = *child.name.local == *"with-defaults";
            let home = if of_defaults { ns::WITH_DEFAULTS } else { &*e.name.ns };
            if !known.contains(&&*child.name.local) || *child.name.ns != *home {
                return Err(unknown(&child.name.local));
            }
            if e.children.iter().take(n).any(|c| c.name == child.name) {
                let error = protocol(ErrorTag::BadElement, "parameter is given twice");
                return Err(error.with_info(info("bad-element", &child.name.local)).into());
            }
        }
        Ok(Self(e.children))
    }

    pub(super) fn take(&mut self, local: &str) -> Option<Element> {
        let at = self.0.iter().position(|c| *c.name.local == *local)?;
        Some(self.0.swap_remove(at))
    }

    pub(super) fn require(&mut self, local: &str) -> Result<Element, Box<RpcError>> {
        self.take(local).ok_or_else(|| missing(local))
    }

    pub(super) fn text(&self, local: &str) -> Option<String> {
        self.0.iter().find(|c| *c.name.local == *local).map(|c| c.text.trim().to_owned())
    }

    pub(super) fn word<T>(
        &self,
        local: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Box<RpcError>> {
        match self.text(local) {
            Some(text) => read(&text).map(Some).ok_or_else(|| invalid(local, &text)),
            None => Ok(None),
        }
    }
}

pub(super) fn protocol(tag: ErrorTag, message: impl Into<String>) -> RpcError {
    RpcError::new(ErrorType::Protocol, tag, message)
}

pub(super) fn info(kind: &str, name: &str) -> Element {
    Element::new(ns::BASE, kind).with_text(name)
}

pub(super) fn missing(name: &str) -> Box<RpcError> {
    protocol(ErrorTag::MissingElement, format!("parameter `{name}` is missing"))
        .with_info(info("bad-element", name))
        .into()
}

pub(super) fn unknown(name: &str) -> Box<RpcError> {
    let error = protocol(ErrorTag::UnknownElement, format!("`{name}` is no parameter here"));
    error.with_info(info("bad-element", name)).into()
}

pub(super) fn invalid(name: &str, value: &str) -> Box<RpcError> {
    let shown: String = value.chars().take(40).collect();
    let error = protocol(ErrorTag::InvalidValue, format!("parameter `{name}` cannot be `{shown}`"));
    error.with_info(info("bad-element", name)).into()
}
