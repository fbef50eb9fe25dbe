//! The hello: what each side says first, and what the two together decide (RFC 6241, section 8.1).

use thiserror::Error;

use crate::frame::Framing;
use crate::ns;
use crate::xml::Element;

/// One side's `<hello>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Capability URIs in the order given, trimmed.
    pub capabilities: Vec<String>,
    /// Set by servers, never by clients.
    pub session_id: Option<u32>,
}

/// Why a hello cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HelloError {
    /// The first message was something else.
    #[error("first message is `<{0}>` and not a hello of the netconf base namespace")]
    NotHello(String),
    /// Without capabilities nothing can be agreed on.
    #[error("hello has no `<capabilities>`")]
    NoCapabilities,
    /// A session id that is not a number from 1 to 4294967295.
    #[error("hello has session-id `{0}`, which is not a number from 1 to 4294967295")]
    BadSessionId(String),
    /// A server without session id: RFC 6241 says to end the session.
    #[error("server's hello has no session-id")]
    NoSessionId,
    /// A client with session id: RFC 6241 says to end the session.
    #[error("client's hello has a session-id")]
    UnexpectedSessionId,
    /// Neither base version is shared.
    #[error("no common protocol version: peer offers neither base:1.0 nor base:1.1 that we offer")]
    NoCommonVersion,
}

impl Hello {
    /// A client's hello: both base versions and nothing else, since a client offers no other feature.
    pub fn client() -> Self {
        Self { capabilities: vec![ns::CAP_BASE_1_0.into(), ns::CAP_BASE_1_1.into()], session_id: None }
    }

    /// A server's hello.
    pub fn server(session_id: u32, capabilities: impl IntoIterator<Item = String>) -> Self {
        Self { capabilities: capabilities.into_iter().collect(), session_id: Some(session_id) }
    }

    /// Reads a `<hello>` element.
    ///
    /// # Errors
    /// [`HelloError`] if it is no hello, lists no capabilities, or has a bad session id.
    pub fn from_element(e: &Element) -> Result<Self, HelloError> {
        if !e.is(ns::BASE, "hello") {
            return Err(HelloError::NotHello(e.name.local.to_string()));
        }
        let list = e.child(ns::BASE, "capabilities").ok_or(HelloError::NoCapabilities)?;
        let capabilities =
            list.children_named(ns::BASE, "capability").map(|c| c.text.trim().to_owned()).collect();
        let session_id = match e.child_text(ns::BASE, "session-id") {
            None => None,
            Some(text) => match text.parse::<u32>() {
                Ok(id) if id > 0 => Some(id),
                _ => return Err(HelloError::BadSessionId(text.chars().take(40).collect())),
            },
        };
        Ok(Self { capabilities, session_id })
    }

    /// The hello as XML text.
    pub fn to_xml(&self) -> String {
        let list = self.capabilities.iter().fold(Element::new(ns::BASE, "capabilities"), |list, uri| {
            list.with_leaf("capability", uri.as_str())
        });
        let hello = Element::new(ns::BASE, "hello").with_child(list);
        match self.session_id {
            Some(id) => hello.with_leaf("session-id", id.to_string()).to_xml(),
            None => hello.to_xml(),
        }
    }

    /// The session id that a server has to give.
    ///
    /// # Errors
    /// [`HelloError::NoSessionId`] if there is none.
    pub fn expect_server(&self) -> Result<u32, HelloError> {
        self.session_id.ok_or(HelloError::NoSessionId)
    }

    /// Checks that this is a client's hello.
    ///
    /// # Errors
    /// [`HelloError::UnexpectedSessionId`] if it carries a session id.
    pub fn expect_client(&self) -> Result<(), HelloError> {
        self.session_id.map_or(Ok(()), |_| Err(HelloError::UnexpectedSessionId))
    }

    /// Whether the capability with this URI is listed, parameters aside.
    pub fn has(&self, uri: &str) -> bool {
        self.capabilities.iter().any(|c| c.split('?').next() == Some(uri))
    }

    /// The framing for all messages after the hellos: the highest version that both sides have.
    ///
    /// # Errors
    /// [`HelloError::NoCommonVersion`] if they share none.
    pub fn negotiate(&self, peer: &Hello) -> Result<Framing, HelloError> {
        let both = |uri| self.has(uri) && peer.has(uri);
        if both(ns::CAP_BASE_1_1) {
            Ok(Framing::Chunked)
        } else if both(ns::CAP_BASE_1_0) {
            Ok(Framing::EndOfMessage)
        } else {
            Err(HelloError::NoCommonVersion)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Limits, parse};

    fn read(text: &str) -> Result<Hello, HelloError> {
        Hello::from_element(&parse(text, &Limits::default()).unwrap())
    }

    #[test]
    fn a_hello_reads_back_as_written() {
        for hello in
            [Hello::client(), Hello::server(7, [ns::CAP_BASE_1_0.to_owned(), "urn:x?a=1&b=2".to_owned()])]
        {
            assert_eq!(read(&hello.to_xml()).unwrap(), hello);
        }
    }

    #[test]
    fn whitespace_around_values_does_not_matter() {
        let text = format!(
            "<hello xmlns='{}'><capabilities><capability>\n {} \n</capability></capabilities><session-id> 4 </session-id></hello>",
            ns::BASE,
            ns::CAP_BASE_1_1
        );
        let hello = read(&text).unwrap();
        assert!(hello.has(ns::CAP_BASE_1_1));
        assert_eq!(hello.expect_server(), Ok(4));
    }

    #[test]
    fn a_useless_hello_says_why() {
        let wrap = |inner: &str| format!("<hello xmlns='{}'>{inner}</hello>", ns::BASE);
        assert_eq!(read("<hello/>"), Err(HelloError::NotHello("hello".into())));
        assert_eq!(read(&wrap("")), Err(HelloError::NoCapabilities));
        let zero = wrap("<capabilities/><session-id>0</session-id>");
        assert_eq!(read(&zero), Err(HelloError::BadSessionId("0".into())));
        assert_eq!(Hello::client().expect_server(), Err(HelloError::NoSessionId));
        assert_eq!(Hello::server(1, []).expect_client(), Err(HelloError::UnexpectedSessionId));
    }

    #[test]
    fn the_highest_common_version_decides_the_framing() {
        let server = |caps: &[&str]| Hello::server(1, caps.iter().map(|c| (*c).to_owned()));
        let client = Hello::client();
        assert_eq!(client.negotiate(&server(&[ns::CAP_BASE_1_0, ns::CAP_BASE_1_1])), Ok(Framing::Chunked));
        assert_eq!(client.negotiate(&server(&[ns::CAP_BASE_1_1])), Ok(Framing::Chunked));
        assert_eq!(client.negotiate(&server(&[ns::CAP_BASE_1_0])), Ok(Framing::EndOfMessage));
        assert_eq!(client.negotiate(&server(&["urn:x"])), Err(HelloError::NoCommonVersion));
    }
}
