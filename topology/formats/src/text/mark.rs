//! Where something stands in a text: what a finding points at.

use serde_saphyr::Location;

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

impl Mark {
    /// The place that the YAML library tells; none where it knows none.
    pub(super) fn of(location: Location) -> Option<Self> {
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let span = location.span();
        (location.line() > 0).then(|| Self {
            line: small(location.line()),
            column: small(location.column()).max(1),
            offset: span.byte_offset().unwrap_or(0) as usize,
            length: span.byte_len().unwrap_or(0) as usize,
        })
    }
}

/// A key of a mapping.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Key {
    /// Its text.
    pub text: String,
    /// Where it stands.
    pub mark: Option<Mark>,
}
