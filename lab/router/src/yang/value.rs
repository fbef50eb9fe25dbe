//! Values of leaves: one form in the tree, two on the wire (XML text and RFC 7951 JSON).
//!
//! A value is checked here for its shape only, so that keys order and compare rightly; ranges, patterns, enumerations
//! and identities are libyang's to judge, on every edit.

use std::{fmt, sync::Arc};

use thiserror::Error;

/// The shape of a leaf's type, leafrefs followed to their target.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LeafType {
    /// `empty`.
    Empty,
    /// `boolean`.
    Bool,
    /// A signed integer; 64-bit ones are strings in JSON.
    Int {
        /// Whether it has 64 bits.
        wide: bool,
    },
    /// An unsigned integer; 64-bit ones are strings in JSON.
    Uint {
        /// Whether it has 64 bits.
        wide: bool,
    },
    /// `identityref`: in the tree always `module:name`.
    Identity,
    /// `union`: a number where the text is one of 32 bits, otherwise text.
    Union,
    /// All types whose values are strings in both encodings: string, enumeration, bits, binary, decimal64.
    Text,
}

/// The value of a leaf. Numbers compare as numbers, so that rule 9 stands before rule 10.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Value {
    /// A leaf of type `empty`.
    Empty,
    /// A truth value.
    Bool(bool),
    /// A signed number.
    Int(i64),
    /// An unsigned number.
    Uint(u64),
    /// Text in its canonical form.
    Text(Arc<str>),
}

/// Why a text is no value of its leaf.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("`{text}` is not {wanted}")]
pub struct BadValue {
    /// The text, cut to 80 characters.
    pub text: String,
    /// What the leaf holds.
    pub wanted: &'static str,
}

impl BadValue {
    fn new(text: &str, wanted: &'static str) -> Self {
        Self { text: text.chars().take(80).collect(), wanted }
    }
}

impl Value {
    /// A text value.
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// Reads the text form. Identities must already be written `module:name`.
    ///
    /// # Errors
    /// When the text has not the shape of the type.
    pub fn parse(text: &str, as_type: LeafType) -> Result<Self, BadValue> {
        let trimmed = text.trim();
        match as_type {
            LeafType::Empty if trimmed.is_empty() => Ok(Self::Empty),
            LeafType::Empty => Err(BadValue::new(text, "empty")),
            LeafType::Bool => match trimmed {
                "true" => Ok(Self::Bool(true)),
                "false" => Ok(Self::Bool(false)),
                _ => Err(BadValue::new(text, "true or false")),
            },
            LeafType::Int { .. } => {
                trimmed.parse().map(Self::Int).map_err(|_| BadValue::new(text, "an integer"))
            }
            LeafType::Uint { .. } => {
                trimmed.parse().map(Self::Uint).map_err(|_| BadValue::new(text, "an unsigned integer"))
            }
            LeafType::Union => {
                Ok(trimmed.parse::<u32>().map_or_else(|_| Self::text(trimmed), |n| Self::Uint(n.into())))
            }
            LeafType::Identity => Ok(Self::text(trimmed)),
            LeafType::Text => Ok(Self::text(text)),
        }
    }

    /// Reads the JSON form (RFC 7951 section 6). A 64-bit number may also come as a JSON number: several clients send it so.
    ///
    /// # Errors
    /// When the JSON value has not the shape of the type.
    pub fn from_json(json: &serde_json::Value, as_type: LeafType) -> Result<Self, BadValue> {
        use serde_json::Value as Json;
        match (json, as_type) {
            (Json::Array(one), LeafType::Empty) if matches!(one.as_slice(), [Json::Null]) => Ok(Self::Empty),
            (Json::Bool(b), LeafType::Bool) => Ok(Self::Bool(*b)),
            (Json::Number(n), LeafType::Int { .. } | LeafType::Uint { .. } | LeafType::Union) => {
                Self::parse(&n.to_string(), as_type)
            }
            (Json::String(s), LeafType::Bool | LeafType::Empty) => {
                Err(BadValue::new(s, "a JSON value of this type"))
            }
            (Json::String(s), _) => Self::parse(s, as_type),
            (other, _) => Err(BadValue::new(&other.to_string(), "a JSON value of this type")),
        }
    }

    /// Appends the JSON form (RFC 7951 section 6).
    pub fn write_json(&self, as_type: LeafType, out: &mut String) {
        use fmt::Write as _;
        let wide = matches!(as_type, LeafType::Int { wide: true } | LeafType::Uint { wide: true });
        let written = match self {
            Self::Empty => write!(out, "[null]"),
            Self::Bool(b) => write!(out, "{b}"),
            Self::Int(n) if wide => write!(out, "\"{n}\""),
            Self::Uint(n) if wide => write!(out, "\"{n}\""),
            Self::Int(n) => write!(out, "{n}"),
            Self::Uint(n) => write!(out, "{n}"),
            Self::Text(s) => {
                write_json_string(s, out);
                Ok(())
            }
        };
        written.expect("writing to a string cannot fail");
    }
}

/// Appends a JSON string with its quotes.
pub(crate) fn write_json_string(text: &str, out: &mut String) {
    use fmt::Write as _;
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if (c as u32) < 0x20 => {
                write!(out, "\\u{:04x}", c as u32).expect("writing to a string cannot fail");
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => Ok(()),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(n) => write!(f, "{n}"),
            Self::Uint(n) => write!(f, "{n}"),
            Self::Text(s) => f.write_str(s),
        }
    }
}
