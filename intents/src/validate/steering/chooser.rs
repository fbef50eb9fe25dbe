//! Which policies select a service, without asking each of them: thousands of policies may stand beside tens of thousands of services.

use std::collections::BTreeMap;

use globset::{GlobSet, GlobSetBuilder};
use model::ClassName;

use super::Policy;
use crate::doc::{Document, ServiceSpec};

/// Policies by what of theirs few services have.
pub(super) struct Chooser<'p, 'a> {
    policies: &'p [Policy<'a>],
    /// Those with a pattern for names, and all their patterns; none where these are too many for one set.
    patterned: Vec<usize>,
    patterns: Option<GlobSet>,
    /// Of the others, by the first label that they ask for.
    labelled: BTreeMap<(&'a str, &'a str), Vec<usize>>,
    /// Of those that ask for a class alone.
    classed: BTreeMap<&'a ClassName, Vec<usize>>,
}

impl<'p, 'a> Chooser<'p, 'a> {
    /// Of policies in the order in which they are to be given.
    pub(super) fn new(policies: &'p [Policy<'a>]) -> Self {
        let (mut patterned, mut globs) = (Vec::new(), GlobSetBuilder::new());
        let (mut labelled, mut classed) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for (place, policy) in policies.iter().enumerate() {
            let on = &policy.spec.on.value;
            if let Some(pattern) = &policy.pattern {
                globs.add(pattern.glob().clone());
                patterned.push(place);
            } else if let Some((key, value)) = on.labels.iter().next() {
                labelled.entry((key.0.as_str(), value.value.0.as_str())).or_default().push(place);
            } else if let Some(class) = &on.class {
                classed.entry(&class.value).or_default().push(place);
            }
        }
        Self { policies, patterned, patterns: globs.build().ok(), labelled, classed }
    }

    /// Those that select a service, in their order.
    pub(super) fn of(&self, doc: &Document, service: &ServiceSpec) -> Vec<&'p Policy<'a>> {
        let mut places: Vec<usize> = match &self.patterns {
            Some(patterns) => patterns.matches(doc.name()).into_iter().map(|at| self.patterned[at]).collect(),
            None => self.patterned.clone(),
        };
        for (key, value) in &doc.metadata.labels {
            let label = (key.0.as_str(), value.value.0.as_str());
            places.extend(self.labelled.get(&label).into_iter().flatten());
        }
        places.extend(self.classed.get(&service.class.value).into_iter().flatten());
        places.sort_unstable();
        let chosen = places.into_iter().map(|place| &self.policies[place]);
        chosen.filter(|policy| policy.selects(doc, service)).collect()
    }
}
