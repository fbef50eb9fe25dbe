//! Whoever else judges a configuration that libyang accepted: modules have words for more than every router can carry out.

use std::{fmt, sync::Arc};

use super::{
    refusal::{Refusal, Tag},
    tree::Tree,
};

type Verdict = dyn Fn(&Tree) -> Result<(), String> + Send + Sync;

/// A judge, or none: then everything that is valid can be carried out.
#[derive(Clone, Default)]
pub(super) struct Judge(Option<Arc<Verdict>>);

impl Judge {
    /// One that refuses with reasons, for people.
    pub(super) fn new(verdict: impl Fn(&Tree) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(verdict)))
    }

    pub(super) const fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Judges a valid configuration.
    pub(super) fn judge(&self, tree: &Tree) -> Result<(), Refusal> {
        let Some(verdict) = &self.0 else { return Ok(()) };
        verdict(tree).map_err(|reasons| Refusal::new(Tag::OperationNotSupported, reasons))
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Judge({})", if self.is_there() { "there" } else { "none" })
    }
}
