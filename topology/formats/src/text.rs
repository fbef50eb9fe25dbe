//! Text to trees with places, and the reading of trees by a vocabulary: what every file of ours that people write shares.
//!
//! A tree keeps each scalar as it was written, so that `0.10ms`, `1e5` as a name and `10.0.0.1` mean what they say; what it
//! means is decided by the word that stands before it ([`Fields`]). All faults are collected ([`Report`]).

mod fault;
mod fields;
mod json;
mod mark;
mod parse;
mod report;
mod tree;
mod word;

pub use fields::Fields;
pub use mark::{Key, Mark};
pub use parse::parse;
pub(crate) use report::shorten;
pub use report::{Report, nearest, one_of};
pub use tree::{Kind, Scalar, Shape, Tree};
pub use word::Word;
pub(crate) use word::plain;

#[cfg(test)]
mod tests;
