//! Where something stands in a text: what a finding points at.

/// A place in the text. Lines and columns count from 1; offset and length are bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mark {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
    /// First byte.
    pub offset: usize,
    /// Number of bytes.
    pub length: usize,
}

/// A key of a mapping.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Key {
    /// Its text.
    pub text: String,
    /// Where it stands.
    pub mark: Option<Mark>,
}
