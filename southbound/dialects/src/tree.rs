//! Small words for building paths and nodes, shared by all dialects.

use crate::operation::{Data, Module, Scalar, Step};

/// A step into a container.
pub(crate) fn container(module: Module, name: &'static str) -> Step {
    Step { module, name, keys: Vec::new() }
}

/// A step into the entry of a list with one key.
pub(crate) fn entry(module: Module, name: &'static str, key: &'static str, value: impl Into<String>) -> Step {
    Step { module, name, keys: vec![(key, value.into())] }
}

/// A leaf.
pub(crate) fn leaf(module: Module, name: &'static str, value: impl Into<Scalar>) -> Data {
    Data::Leaf(module, name, value.into())
}

/// The path, and further down from there.
pub(crate) fn below(mut path: Vec<Step>, rest: impl IntoIterator<Item = Step>) -> Vec<Step> {
    path.extend(rest);
    path
}
