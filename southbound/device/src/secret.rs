//! Passwords. Their text is wiped from memory with its last owner, and no text for people shows it.
//!
//! The protocols' libraries take copies of their own when they send one; those are theirs to wipe.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// A password, or the passphrase of a key.
#[derive(Clone, Eq, PartialEq)]
pub struct Password(Zeroizing<String>);

/// A content that is no password. Never shows it.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum BadPassword {
    /// Nothing, or only the end of a line.
    #[error("it is empty")]
    Empty,
    /// Octets that are no UTF-8.
    #[error("it is not text")]
    NotText,
    /// More than one line, or characters that nobody types.
    #[error("it is more than one line of plain text: let the password stand there alone")]
    Lines,
}

impl Password {
    /// From the content of the place where it is kept: one line, whose end may be there or not.
    ///
    /// # Errors
    /// It is empty, not text, or more than a line.
    pub fn from_line(content: &[u8]) -> Result<Self, BadPassword> {
        let text = std::str::from_utf8(content).map_err(|_| BadPassword::NotText)?;
        let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        match line {
            "" => Err(BadPassword::Empty),
            line if line.chars().any(char::is_control) => Err(BadPassword::Lines),
            line => Ok(line.to_owned().into()),
        }
    }

    /// The password itself, to send it and for nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line() {
        for content in ["s3cret", "s3cret\n", "s3cret\r\n"] {
            assert_eq!(Password::from_line(content.as_bytes()).expect("a line").reveal(), "s3cret");
        }
        assert_eq!(Password::from_line(b" s3 cret ").expect("a line").reveal(), " s3 cret ");
        for (content, fault) in [
            (&b""[..], BadPassword::Empty),
            (b"\n", BadPassword::Empty),
            (b"one\ntwo\n", BadPassword::Lines),
            (b"one\n\n", BadPassword::Lines),
            (b"\xff\xfe", BadPassword::NotText),
        ] {
            assert_eq!(Password::from_line(content), Err(fault), "{content:?}");
        }
    }

    #[test]
    fn a_password_never_shows_itself() {
        let password = Password::from("s3cret".to_owned());
        assert_eq!(format!("{password:?} {:?}", Some(&password)), "Password(..) Some(Password(..))");
        let fault = Password::from_line(b"s3cret\nmore").expect_err("two lines");
        assert!(!format!("{fault} {fault:?}").contains("s3cret"));
    }
}
