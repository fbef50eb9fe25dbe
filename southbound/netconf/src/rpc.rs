//! `<rpc>` and `<rpc-reply>`: RFC 6241, sections 4.1 and 4.2.

#[cfg(test)]
mod tests;

use thiserror::Error;

use crate::ns;
use crate::rpc_error::{ErrorTag, ErrorType, RpcError, RpcErrors, Severity};
use crate::xml::{Attribute, Element};

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rpc {
    /// Chosen by the client; any text.
    pub message_id: String,
    /// The other attributes, which the reply repeats.
    pub attributes: Vec<Attribute>,
    /// The one element inside.
    pub operation: Element,
}

impl Rpc {
    /// Reads an `<rpc>` element.
    ///
    /// # Errors
    /// The error that a server answers with: no message-id, or not exactly one operation inside.
    pub fn from_element(e: Element) -> Result<Self, Box<RpcError>> {
        let name = Element::new(ns::BASE, "bad-element").with_text("rpc");
        let mut message_id = None;
        let mut attributes = e.attributes;
        attributes.retain(|a| match (&*a.name.ns, &*a.name.local) {
            ("", "message-id") => {
                message_id = Some(a.value.clone());
                false
            }
            _ => true,
        });
        let Some(message_id) = message_id else {
            let message = "an rpc needs the attribute message-id";
            let attribute = Element::new(ns::BASE, "bad-attribute").with_text("message-id");
            let error = RpcError::new(ErrorType::Rpc, ErrorTag::MissingAttribute, message);
            return Err(error.with_info(attribute).with_info(name).into());
        };
        let mut operations = e.children.into_iter();
        match (operations.next(), operations.next()) {
            (Some(operation), None) => Ok(Self { message_id, attributes, operation }),
            (found, _) => {
                let tag = if found.is_none() { ErrorTag::MissingElement } else { ErrorTag::BadElement };
                let error = RpcError::new(ErrorType::Rpc, tag, "an rpc holds exactly one operation");
                Err(error.with_info(name).into())
            }
        }
    }

    /// The request as XML text.
    pub fn to_xml(&self) -> String {
        let mut rpc =
            Element::new(ns::BASE, "rpc").with_attribute("", "message-id", self.message_id.as_str());
        rpc.attributes.extend(self.attributes.iter().cloned());
        rpc.with_child(self.operation.clone()).to_xml()
    }
}

/// A reply, as it came: any mixture of errors, `<ok/>` and output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcReply {
    /// Missing only where the server could not read the request's.
    pub message_id: Option<String>,
    /// The other attributes, repeated from the request.
    pub attributes: Vec<Attribute>,
    /// Every `<rpc-error>`, warnings included.
    pub errors: Vec<RpcError>,
    /// Whether `<ok/>` is there.
    pub ok: bool,
    /// All other children: `<data>`, or the output of an operation.
    pub output: Vec<Element>,
}

/// The answer to a request that was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Success {
    /// `<data>` or the operation's output; empty after `<ok/>`.
    pub output: Vec<Element>,
    /// Remarks of severity warning.
    pub warnings: Vec<RpcError>,
}

/// A reply that answers nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("reply holds neither ok, nor data, nor an error")]
pub struct EmptyReply;

impl RpcReply {
    /// `<ok/>` to `rpc`.
    pub fn ok(rpc: &Rpc) -> Self {
        Self { ok: true, ..Self::to(rpc) }
    }

    /// Output elements to `rpc`.
    pub fn output(rpc: &Rpc, output: Vec<Element>) -> Self {
        Self { output, ..Self::to(rpc) }
    }

    /// `<data>` with `content` to `rpc`.
    pub fn data(rpc: &Rpc, content: Vec<Element>) -> Self {
        Self::output(rpc, vec![Element::new(ns::BASE, "data").with_children(content)])
    }

    /// Errors to `rpc`.
    pub fn errors(rpc: &Rpc, errors: impl Into<RpcErrors>) -> Self {
        Self { errors: errors.into().0, ..Self::to(rpc) }
    }

    /// Errors to a request whose message-id could not be read.
    pub fn unaddressed(errors: impl Into<RpcErrors>) -> Self {
        let errors = errors.into().0;
        Self { message_id: None, attributes: Vec::new(), errors, ok: false, output: Vec::new() }
    }

    fn to(rpc: &Rpc) -> Self {
        Self {
            message_id: Some(rpc.message_id.clone()),
            attributes: rpc.attributes.clone(),
            errors: Vec::new(),
            ok: false,
            output: Vec::new(),
        }
    }

    /// Reads an `<rpc-reply>` element.
    pub fn from_element(e: Element) -> Self {
        let mut reply = Self::unaddressed(RpcErrors(Vec::new()));
        for a in e.attributes {
            if a.name.ns.is_empty() && *a.name.local == *"message-id" {
                reply.message_id = Some(a.value);
            } else {
                reply.attributes.push(a);
            }
        }
        for child in e.children {
            if child.is(ns::BASE, "ok") {
                reply.ok = true;
            } else if child.is(ns::BASE, "rpc-error") {
                reply.errors.push(RpcError::from_element(&child));
            } else {
                reply.output.push(child);
            }
        }
        reply
    }

    /// The reply as XML text.
    pub fn to_xml(&self) -> String {
        let mut e = Element::new(ns::BASE, "rpc-reply");
        if let Some(id) = &self.message_id {
            e = e.with_attribute("", "message-id", id.as_str());
        }
        e.attributes.extend(self.attributes.iter().cloned());
        e = e.with_children(self.errors.iter().map(RpcError::to_element));
        if self.ok {
            e = e.with_empty("ok");
        }
        e.with_children(self.output.iter().cloned()).to_xml()
    }

    /// What the reply means. One error of severity error makes it a refusal, whatever else is in it; warnings
    /// alone do not.
    ///
    /// # Errors
    /// All the errors and warnings of a refusal; [`EmptyReply`] if the reply says nothing at all.
    pub fn outcome(self) -> Result<Result<Success, RpcErrors>, EmptyReply> {
        if self.errors.iter().any(|e| e.severity == Severity::Error) {
            return Ok(Err(RpcErrors(self.errors)));
        }
        if !self.ok && self.output.is_empty() && self.errors.is_empty() {
            return Err(EmptyReply);
        }
        Ok(Ok(Success { output: self.output, warnings: self.errors }))
    }
}
