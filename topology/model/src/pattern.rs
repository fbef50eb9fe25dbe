//! How much a pattern of names may ask of the machine that compiles it.
//!
//! A pattern such as `{bj,sh}-*` becomes a regular expression, and the library that makes it gives up with a panic where groups
//! nest too deep or the automaton grows too large. Whoever compiles a pattern from a file asks here first.

use thiserror::Error;

/// The longest pattern, in bytes: twice the longest name.
pub const MAX_PATTERN: usize = 256;

/// Why a pattern is not even tried.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum BadPattern {
    /// It is longer than [`MAX_PATTERN`].
    #[error("it has {0} bytes, at most {MAX_PATTERN} are taken")]
    TooLong(usize),
    /// A group of alternatives stands within another.
    #[error("a `{{` stands inside a `{{`")]
    Nested,
}

/// Whether a pattern is safe to compile. O(bytes).
///
/// # Errors
/// It is too long, or its alternatives nest. A `\{` counts as a `{`: no name holds one.
pub fn may_compile(pattern: &str) -> Result<(), BadPattern> {
    if pattern.len() > MAX_PATTERN {
        return Err(BadPattern::TooLong(pattern.len()));
    }
    let mut is_open = false;
    for byte in pattern.bytes() {
        match byte {
            b'{' if is_open => return Err(BadPattern::Nested),
            b'{' => is_open = true,
            b'}' => is_open = false,
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_are_long_or_nest_are_not_tried() {
        for good in ["hz-*", "{bj,sh}-*", "{bj,sh}-{pe,ce}?", "[a-z]*", "{", "}{", ""] {
            assert_eq!(may_compile(good), Ok(()), "{good}");
        }
        assert_eq!(may_compile("{{a,b},c}"), Err(BadPattern::Nested));
        assert_eq!(may_compile(&"{".repeat(251)), Err(BadPattern::Nested));
        assert_eq!(may_compile(&"a".repeat(MAX_PATTERN)), Ok(()));
        assert_eq!(may_compile(&"é".repeat(MAX_PATTERN)), Err(BadPattern::TooLong(2 * MAX_PATTERN)));
    }
}
