//! Steering policies as they were written: what services say about paths and assurance where they say nothing themselves.

use std::collections::BTreeMap;

use model::id::ClassName;

use super::{AssuranceSpec, PathSpec, Text};
use crate::read::{At, record};

record! {
    /// Path and assurance for the services that it selects. What a service says itself goes before it, field by field.
    pub struct SteeringSpec {
        /// Which services.
        "on" => on: At<ChosenSpec>,
        /// How paths are chosen.
        "path" => path: Option<At<PathSpec>>,
        /// How the promise is watched and when traffic may be moved; `breach` as a whole is one field.
        "assurance" => assurance: Option<At<AssuranceSpec>>,
    }
}

record! {
    /// All services of which every given line holds; at least one line is given.
    pub struct ChosenSpec {
        /// Their class.
        "class" => class: Option<At<ClassName>>,
        /// Labels of their documents.
        #[schemars(default)]
        "labels" => labels: BTreeMap<Text, At<Text>>,
        /// A pattern for the names of their documents: `pay-*`, `{clearing,cards}-?`.
        "services" => services: Option<At<Text>>,
    }
}
