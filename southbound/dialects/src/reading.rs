//! Values out of a [`View`], with the place in every complaint.

use std::str::FromStr;

use model::{Color, Label, Sid};

use crate::view::{BadPayload, View};

/// The text at a path that has to be there.
pub(crate) fn need<'a>(
    node: &'a View,
    path: &[&str],
    place: &str,
    missing: &'static str,
) -> Result<&'a str, BadPayload> {
    node.text_at(path).ok_or_else(|| BadPayload::Missing { place: place.to_owned(), missing })
}

/// A text as a value.
pub(crate) fn parse<T: FromStr>(text: &str, place: &str, expected: &'static str) -> Result<T, BadPayload> {
    text.parse().map_err(|_| bad(text, place, expected))
}

/// The complaint about a text.
pub(crate) fn bad(text: &str, place: &str, expected: &'static str) -> BadPayload {
    BadPayload::Value { place: place.to_owned(), value: text.chars().take(80).collect(), expected }
}

/// A color, which is never zero.
pub(crate) fn parse_color(text: &str, place: &str) -> Result<Color, BadPayload> {
    let number: u32 = parse(text, place, "a color")?;
    Color::try_from(number).map_err(|_| bad(text, place, "a color"))
}

/// A label as a SID.
pub(crate) fn parse_label(text: &str, place: &str) -> Result<Sid, BadPayload> {
    let number: u32 = parse(text, place, "a label")?;
    Label::try_from(number).map(Sid::Mpls).map_err(|_| bad(text, place, "a label"))
}

/// An SRv6 SID.
pub(crate) fn parse_srv6(text: &str, place: &str) -> Result<Sid, BadPayload> {
    parse(text, place, "an SRv6 SID").map(Sid::Srv6)
}
