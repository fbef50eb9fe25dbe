//! Where documents come from that instances of designs made, and what steering policies gave to services. Such a document has
//! places in several files: what the design says stands in the design's file, and values of parameters and policies stand where
//! somebody gave them.

use std::sync::Arc;

use model::finding::{Place, Related};

use crate::source::Mark;

/// Where a document comes from that an instance made, or its values where a policy gave some.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// The instances that made it, the nearest first.
    instances: Vec<Related>,
    /// Where values came from, by [`Mark::via`] less one.
    vias: Vec<Via>,
}

/// The way of a value into a document.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Via {
    /// The file that it stands in.
    pub file: Arc<str>,
    /// The places that it came through.
    pub related: Vec<Related>,
}

impl Origin {
    pub(crate) const fn new(instances: Vec<Related>, vias: Vec<Via>) -> Self {
        Self { instances, vias }
    }

    /// The origin with more ways of values behind those that it has: their numbers begin after [`Self::ways`].
    pub(crate) fn with_ways(mut self, more: Vec<Via>) -> Self {
        self.vias.extend(more);
        self
    }

    /// How many ways of values it has.
    pub(crate) fn ways(&self) -> usize {
        self.vias.len()
    }

    pub(crate) fn via(&self, mark: Mark) -> Option<&Via> {
        let number = usize::try_from(mark.via).ok()?.checked_sub(1)?;
        self.vias.get(number)
    }

    /// The file of a mark, where the document's own is `own`.
    pub(crate) fn file<'a>(&'a self, mark: Mark, own: &'a str) -> &'a str {
        self.via(mark).map_or(own, |via| &via.file)
    }

    /// How what stands at a mark came there, and by which instances.
    pub(crate) fn trace(&self, mark: Mark) -> Vec<Related> {
        let way = self.via(mark).map(|via| via.related.as_slice()).unwrap_or_default();
        way.iter().chain(&self.instances).cloned().collect()
    }

    /// The instances that made it, the nearest first.
    pub(crate) fn instances(&self) -> &[Related] {
        &self.instances
    }
}

/// Another place that has to do with a finding.
pub(crate) fn related(place: Place, message: impl Into<String>) -> Related {
    Related { place, message: message.into() }
}
