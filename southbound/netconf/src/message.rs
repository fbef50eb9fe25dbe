//! Any message as it comes out of a frame: told apart by its root element.

use thiserror::Error;

use crate::hello::{Hello, HelloError};
use crate::ns;
use crate::rpc::{Rpc, RpcReply};
use crate::rpc_error::RpcError;
use crate::xml::{self, Element, Limits, XmlError};

/// An event: RFC 5277, section 4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// When it happened, as the device wrote it (RFC 3339).
    pub event_time: String,
    /// What happened: usually one element.
    pub content: Vec<Element>,
}

impl Notification {
    /// Reads a `<notification>` element.
    ///
    /// # Errors
    /// [`MessageError::NoEventTime`] if the time is missing.
    pub fn from_element(e: Element) -> Result<Self, MessageError> {
        let time = e.child_text(ns::NOTIFICATION, "eventTime").filter(|t| !t.is_empty());
        let event_time = time.ok_or(MessageError::NoEventTime)?.to_owned();
        let content = e.children.into_iter().filter(|c| !c.is(ns::NOTIFICATION, "eventTime")).collect();
        Ok(Self { event_time, content })
    }

    /// The notification as XML text.
    pub fn to_xml(&self) -> String {
        Element::new(ns::NOTIFICATION, "notification")
            .with_leaf("eventTime", self.event_time.as_str())
            .with_children(self.content.iter().cloned())
            .to_xml()
    }
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Either side, first.
    Hello(Hello),
    /// Client to server.
    Rpc(Rpc),
    /// Server to client.
    RpcReply(RpcReply),
    /// Server to client, unasked.
    Notification(Notification),
}

/// Why a frame's content is no message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MessageError {
    /// Not acceptable XML.
    #[error("message is not acceptable xml: {0}")]
    Xml(#[from] XmlError),
    /// A root element that NETCONF does not know.
    #[error("message is `<{local}>` of namespace `{ns}`, which is no netconf message")]
    Unknown {
        /// Its local name.
        local: String,
        /// Its namespace.
        ns: String,
    },
    /// A hello that cannot be used.
    #[error(transparent)]
    Hello(#[from] HelloError),
    /// A request that cannot be carried out; a server answers with this error.
    #[error("request is ill-made: {0}")]
    Rpc(Box<RpcError>),
    /// A notification without time.
    #[error("notification has no eventTime")]
    NoEventTime,
}

impl Message {
    /// Reads one message.
    ///
    /// # Errors
    /// [`MessageError`] if the text is not a message.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, MessageError> {
        // Peers that end each frame with a line feed make the next one start with it.
        let e = xml::parse(text.trim_start_matches(['\n', '\r', ' ', '\t', '\u{feff}']), limits)?;
        match (&*e.name.ns, &*e.name.local) {
            (ns::BASE, "hello") => Ok(Self::Hello(Hello::from_element(&e)?)),
            (ns::BASE, "rpc") => Rpc::from_element(e).map(Self::Rpc).map_err(MessageError::Rpc),
            (ns::BASE, "rpc-reply") => Ok(Self::RpcReply(RpcReply::from_element(e))),
            (ns::NOTIFICATION, "notification") => Notification::from_element(e).map(Self::Notification),
            (ns, local) => Err(MessageError::Unknown { local: local.to_owned(), ns: ns.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Message, MessageError> {
        Message::parse(text, &Limits::default())
    }

    #[test]
    fn a_notification_reads_back_as_written() {
        let event = Element::new("urn:event", "link-down").with_leaf("name", "eth1");
        let n = Notification { event_time: "2031-01-01T00:00:00Z".into(), content: vec![event] };
        assert_eq!(read(&n.to_xml()), Ok(Message::Notification(n)));
    }

    #[test]
    fn a_declaration_after_a_line_feed_is_no_fault() {
        let text = format!("\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", Hello::client().to_xml());
        assert_eq!(read(&text), Ok(Message::Hello(Hello::client())));
    }

    #[test]
    fn a_foreign_root_is_named() {
        let error = read("<html xmlns='urn:w'/>").unwrap_err();
        assert_eq!(
            error.to_string(),
            "message is `<html>` of namespace `urn:w`, which is no netconf message"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            let _ = read(&text);
        }

        #[test]
        fn arbitrary_changes_to_a_message_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
            let rpc = "<rpc-reply xmlns='urn:ietf:params:xml:ns:netconf:base:1.0' message-id='1'><rpc-error><error-tag>in-use</error-tag></rpc-error></rpc-reply>";
            let mut bytes = rpc.as_bytes().to_vec();
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at); } else { bytes[at] = byte; }
            if let Ok(text) = String::from_utf8(bytes) {
                let _ = read(&text);
            }
        }
    }
}
