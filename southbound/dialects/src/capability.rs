//! What a dialect can say. One table for each vendor: the table of the documentation is printed from it, and refusals take
//! their words from it.

use std::fmt;

pub use model::Feature;
use thiserror::Error;

/// How far a dialect carries a feature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Support {
    /// As the model has it.
    Full,
    /// Within these limits; what lies beyond is refused.
    Within(&'static str),
    /// Not at all, and what the vendor's modules lack.
    Missing(&'static str),
}

/// An edit that a dialect has no words for. Nothing of it is rendered.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("dialect {dialect} cannot carry {what}: {missing}")]
pub struct Unsupported {
    /// The dialect.
    pub dialect: &'static str,
    /// What was asked of it.
    pub what: String,
    /// What its modules lack, or the limit that was passed.
    pub missing: String,
}

/// Refuses what a dialect has no words for.
#[derive(Clone, Copy)]
pub(crate) struct Refusal<'a> {
    /// The dialect.
    pub dialect: &'static str,
    /// Its table.
    pub support: fn(Feature) -> Support,
    /// What is asked of it.
    pub what: &'a dyn fmt::Display,
}

impl Refusal<'_> {
    /// For this reason.
    pub fn because(&self, missing: impl Into<String>) -> Unsupported {
        Unsupported { dialect: self.dialect, what: self.what.to_string(), missing: missing.into() }
    }

    /// Unless the table has the feature.
    pub fn unless(&self, feature: Feature) -> Result<(), Unsupported> {
        match (self.support)(feature) {
            Support::Full | Support::Within(_) => Ok(()),
            Support::Missing(words) => Err(self.because(format!("{feature}: {words}"))),
        }
    }

    /// Unless a number lies in a range.
    pub fn unless_in(
        &self,
        what: &str,
        number: u32,
        range: std::ops::RangeInclusive<u32>,
    ) -> Result<u32, Unsupported> {
        if range.contains(&number) {
            Ok(number)
        } else {
            Err(self.because(format!("{what} {number} is outside {} to {}", range.start(), range.end())))
        }
    }

    /// Unless a name is short enough.
    pub fn unless_short(&self, what: &str, name: String, longest: usize) -> Result<String, Unsupported> {
        if name.chars().count() <= longest {
            Ok(name)
        } else {
            Err(self.because(format!("{what} `{name}` is longer than {longest} characters")))
        }
    }
}
