//! The origin under which others see the dashboard: behind a TLS proxy it has another name than on this machine.

use std::str::FromStr;

use reqwest::Url;
use thiserror::Error;

/// An origin of TLS, spelt as browsers send it in `Origin` (RFC 6454 section 6.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin(String);

/// Why a text is no such origin. Never carries the text: somebody may have written a password into it.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum BadOrigin {
    /// It is no address.
    #[error("this is no address ({0}); write one such as https://trunkline.example.net")]
    NoAddress(String),
    /// TLS is not spoken there.
    #[error("it must begin with `https://`: over anything else everybody on the way reads the token")]
    NoTls,
    /// It is a pattern.
    #[error("`*` stands for no names here: write the one origin under which the dashboard is seen")]
    Pattern,
    /// It is spelt otherwise than browsers do, or holds more than an origin.
    #[error(
        "browsers call it `{0}`: write it so, in small letters, without user, path, final slash and usual port"
    )]
    Spelling(String),
}

impl Origin {
    /// As browsers send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        let url = Url::parse(text).map_err(|error| BadOrigin::NoAddress(error.to_string()))?;
        if url.scheme() != "https" {
            return Err(BadOrigin::NoTls);
        }
        let sent = url.origin().ascii_serialization();
        if sent.contains('*') {
            return Err(BadOrigin::Pattern);
        }
        if sent == text { Ok(Self(sent)) } else { Err(BadOrigin::Spelling(sent)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_taken_as_browsers_send_it_and_no_other_way() {
        for text in [
            "https://noc.example",
            "https://noc.example:8443",
            "https://192.0.2.1",
            "https://[2001:db8::1]:444",
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().as_str(), text);
        }
        for (text, sent) in [
            ("https://noc.example/", "https://noc.example"),
            ("https://NOC.example", "https://noc.example"),
            ("https://noc.example:443", "https://noc.example"),
            ("https://mei:hunter2@noc.example:8443", "https://noc.example:8443"),
            ("https://noc.example/trunkline?a#b", "https://noc.example"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            (" https://noc.example", "https://noc.example"),
        ] {
            assert_eq!(text.parse::<Origin>(), Err(BadOrigin::Spelling(sent.to_owned())), "{text}");
        }
        for text in ["http://noc.example", "ftp://noc.example", "null:", "localhost:8080"] {
            assert_eq!(text.parse::<Origin>(), Err(BadOrigin::NoTls), "{text}");
        }
        assert_eq!("https://*.example".parse::<Origin>(), Err(BadOrigin::Pattern));
        for text in ["", "null", "noc.example", "https://", "https://noc.example:70000", "https://a b"] {
            let told = text.parse::<Origin>();
            assert!(matches!(told, Err(BadOrigin::NoAddress(_))), "{text}: {told:?}");
        }
    }
}
