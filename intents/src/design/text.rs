//! How a parameter is named in a text: `$(name)`. The parentheses mean nothing to YAML, so that it needs no quotes, also not
//! within `{…}` and `[…]`, where `${name}` would.

use crate::source::{Mark, saturating};

/// A piece of a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Piece<'t> {
    /// As it is.
    Plain(&'t str),
    /// The parameter of this name, which begins at this byte of the text.
    Use(&'t str, usize),
}

/// A `$(` that names no parameter, at this byte of the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct NoName(pub usize);

/// Whether a text could hold a parameter.
pub(super) fn may_use(text: &str) -> bool {
    text.contains("$(")
}

/// Whether a text may be the name of a parameter: a letter, then letters, digits, `_` and `-`, all of ASCII, at most 64.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && text.len() <= 64
}

/// The pieces of a text. `$$(` is a plain `$(`; any other `$` is plain as well.
///
/// # Errors
/// A `$(` without a name and a `)` behind it.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, NoName> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("$(") {
        let here = text.len() - rest.len() + at;
        if rest[..at].ends_with('$') {
            pieces.extend([Piece::Plain(&rest[..at - 1]), Piece::Plain("$(")]);
            rest = &rest[at + 2..];
            continue;
        }
        let (name, behind) = rest[at + 2..].split_once(')').ok_or(NoName(here))?;
        if !is_name(name) {
            return Err(NoName(here));
        }
        pieces.extend([Piece::Plain(&rest[..at]), Piece::Use(name, here)]);
        rest = behind;
    }
    pieces.push(Piece::Plain(rest));
    pieces.retain(|piece| *piece != Piece::Plain(""));
    Ok(pieces)
}

/// The place of some bytes of a scalar; the whole scalar where its text is not as it was written.
pub(super) fn within(scalar: Mark, text: &str, start: usize, length: usize) -> Mark {
    // As long as its text: plain. Two longer: in quotes without escapes.
    let quote = match (scalar.length as usize).checked_sub(text.len()) {
        Some(0) => 0,
        Some(2) => 1,
        _ => return scalar,
    };
    let before = text.get(..start).unwrap_or_default();
    if before.contains('\n') {
        return scalar;
    }
    Mark {
        column: scalar.column.saturating_add(saturating(before.chars().count() + quote)),
        offset: scalar.offset + quote + start,
        length: saturating(length),
        ..scalar
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_in_texts() {
        let cases: [(&str, &[Piece<'_>]); 6] = [
            ("plain $ and $1", &[Piece::Plain("plain $ and $1")]),
            ("$(a)", &[Piece::Use("a", 0)]),
            ("x-$(a-b)-y", &[Piece::Plain("x-"), Piece::Use("a-b", 2), Piece::Plain("-y")]),
            ("$(a)$(b_1)", &[Piece::Use("a", 0), Piece::Use("b_1", 4)]),
            ("$$(a) ü$(b)", &[Piece::Plain("$("), Piece::Plain("a) ü"), Piece::Use("b", 8)]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(pieces(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_names_no_parameter_is_told_where_it_stands() {
        for (text, at) in [("$(", 0), ("a $()", 2), ("$(a b)", 0), ("$(a) $(1)", 5), ("$($(a))", 0)] {
            assert_eq!(pieces(text), Err(NoName(at)), "{text}");
        }
    }
}
