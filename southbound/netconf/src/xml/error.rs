//! What can be wrong with XML text.

use thiserror::Error;

/// Why a text is not acceptable XML, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("xml at byte {offset}: {kind}")]
pub struct XmlError {
    /// Byte offset into the text, at or just after the fault.
    pub offset: u64,
    /// What is wrong.
    pub kind: XmlErrorKind,
}

/// What can be wrong with XML text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum XmlErrorKind {
    /// A document type declaration; they open the door to entity bombs and RFC 6241, section 3 forbids them.
    #[error("document type declarations are refused")]
    DocType,
    /// One of the [`Limits`](super::Limits).
    #[error("more than {limit} {what}")]
    TooMuch {
        /// Which bound.
        what: &'static str,
        /// Its value.
        limit: usize,
    },
    /// A prefix that no declaration in scope explains.
    #[error("prefix `{0}` is not declared")]
    UnknownPrefix(String),
    /// A reference to an entity other than the five that XML predefines.
    #[error("reference `&{0};` is not one of XML's own")]
    UnknownEntity(String),
    /// A character that XML 1.0 cannot carry.
    #[error("character U+{0:04X} is not allowed in xml")]
    BadChar(u32),
    /// An element or attribute name that is no name.
    #[error("`{0}` is not a name")]
    BadName(String),
    /// Two attributes with one expanded name.
    #[error("attribute `{0}` appears twice")]
    Duplicate(String),
    /// Anything else that breaks well-formedness.
    #[error("{0}")]
    Malformed(String),
}
