//! Steering policies to the services that they select. A service gets what policies say where it says nothing itself, and from
//! then on is judged as if it had said so; only the marks still know where each value stands, so that a finding on a value of a
//! policy points at the policy.

mod chooser;
mod field;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use globset::GlobMatcher;
use model::{Finding, id::IntentId};

use super::{CLASS, Judge, known, listed, names::Names, select};
use crate::{
    codes,
    doc::{ChosenSpec, Document, ServiceSpec, Spec, SteeringSpec},
    origin::{Origin, Via, related},
    source::{Mark, saturating},
};

use chooser::Chooser;
use field::Field;

/// What a finding on a value of a policy says of the service that has it.
const APPLIES: &str = "the policy applies to this service";
/// How many services such a finding names.
const NAMED: usize = 3;

/// Which policy gave which field to an intent.
pub(super) type Steered = BTreeMap<IntentId, BTreeMap<String, String>>;

/// A policy that can select services.
struct Policy<'a> {
    doc: &'a Document,
    spec: &'a SteeringSpec,
    pattern: Option<GlobMatcher>,
}

/// Two policies, the first by name before the other, and the field that they disagree about.
type Clash<'a> = (&'a str, &'a str, Field);

/// The services that two policies disagree about: the first by their documents, and how many there are.
#[derive(Default)]
struct Torn<'a> {
    first: Vec<&'a str>,
    count: usize,
    /// How many more policies say what the second says of one of them, at most.
    alike: usize,
}

impl<'a> Torn<'a> {
    fn add(&mut self, service: &'a str, alike: usize) {
        self.count += 1;
        self.alike = self.alike.max(alike);
        if self.first.len() < NAMED {
            self.first.push(service);
        }
    }
}

/// Policies by what they say of a field: the first of each, and how many more say the same.
fn alike<'p, 'a>(field: Field, say: &[&'p Policy<'a>]) -> Vec<(&'p Policy<'a>, usize)> {
    let mut groups: Vec<(&Policy<'_>, usize)> = Vec::new();
    for policy in say {
        match groups.iter_mut().find(|(first, _)| field.is_same(first.spec, policy.spec)) {
            Some((_, more)) => *more += 1,
            None => groups.push((policy, 0)),
        }
    }
    groups
}

impl std::fmt::Display for Torn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quoted: Vec<String> = self.first.iter().map(|service| format!("`{service}`")).collect();
        write!(f, "{}", quoted.join(", "))?;
        match self.count - self.first.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The documents of the services that policies give something to, by name, with all of it in them. Policies stand in the order of
/// their names, so that the answer does not depend on the order of the documents. A service costs what selects it, and a search of all
/// patterns at once.
pub(super) fn apply(names: &Names<'_>, judge: &mut Judge<'_>) -> (BTreeMap<String, Document>, Steered) {
    // Most networks have none, and many services.
    if names.policies.is_empty() {
        return Default::default();
    }
    let policies: Vec<Policy<'_>> =
        names.policies.values().filter_map(|(doc, spec)| policy(doc, spec, names, judge)).collect();
    let mut clashes: BTreeMap<Clash<'_>, Torn<'_>> = BTreeMap::new();
    let mut idle: BTreeSet<&str> = policies.iter().map(|policy| policy.doc.name()).collect();
    let mut useful: BTreeSet<&str> = BTreeSet::new();
    let (mut governed, mut steered) = (BTreeMap::new(), Steered::new());
    let chooser = Chooser::new(&policies);
    for (doc, spec) in &names.services {
        let mine = chooser.of(doc, spec);
        let mut gifts = Vec::new();
        for field in Field::ALL.iter().copied().filter(|field| !field.is_own(spec)) {
            let say: Vec<&Policy<'_>> =
                mine.iter().copied().filter(|policy| field.mark(policy.spec).is_some()).collect();
            // Not each against each: hundreds that say one thing and hundreds that say another are one disagreement.
            let groups = alike(field, &say);
            for (other, more) in groups.iter().skip(1) {
                let clash = (groups[0].0.doc.name(), other.doc.name(), field);
                clashes.entry(clash).or_default().add(doc.name(), *more);
            }
            // Who says the same as another is heard as well.
            useful.extend(say.iter().map(|policy| policy.doc.name()));
            gifts.extend(say.first().map(|policy| (field, *policy)));
        }
        mine.iter().for_each(|policy| {
            idle.remove(policy.doc.name());
        });
        if !gifts.is_empty() {
            governed.insert(doc.name().to_owned(), with(doc, spec, &gifts));
            if let Ok(intent) = doc.name().parse::<IntentId>() {
                let given =
                    gifts.iter().map(|(field, by)| (field.name().to_owned(), by.doc.name().to_owned()));
                steered.insert(intent, given.collect());
            }
        }
    }
    tell(names, &clashes, &idle, judge);
    let unheard = |policy: &&Policy<'_>| {
        let name = policy.doc.name();
        field::says_something(policy.spec) && !idle.contains(name) && !useful.contains(name)
    };
    policies.iter().filter(unheard).for_each(|policy| overruled(policy, judge));
    (governed, steered)
}

/// The policy, unless its selection has a fault.
fn policy<'a>(
    doc: &'a Document,
    spec: &'a SteeringSpec,
    names: &Names<'_>,
    judge: &mut Judge<'_>,
) -> Option<Policy<'a>> {
    let ChosenSpec { class, labels, services } = &spec.on.value;
    if class.is_none() && labels.is_empty() && services.is_none() {
        judge
            .error(
                codes::MISSING_FIELD,
                doc,
                spec.on.mark,
                "the policy does not say which services it is for",
            )
            .help("add `class`, `labels` or `services`; `services: \"*\"` takes all");
        return None;
    }
    let classes = names.classes.keys().copied();
    let class_known = class
        .as_ref()
        .is_none_or(|class| known(judge, doc, class.mark, CLASS, class.value.as_str(), classes));
    let pattern = match services {
        Some(pattern) => Some(select::matcher(doc, &pattern.value.0, pattern.mark, judge)?),
        None => None,
    };
    if !field::says_something(spec) {
        let message = format!("the policy `{}` says nothing about paths or assurance", doc.name());
        judge
            .warn(codes::UNUSED, doc, doc.metadata.name.mark, message)
            .help("add something like `path: {minimise: delay}`, or remove the policy");
    }
    class_known.then_some(Policy { doc, spec, pattern })
}

impl Policy<'_> {
    fn selects(&self, doc: &Document, service: &ServiceSpec) -> bool {
        let ChosenSpec { class, labels, services: _ } = &self.spec.on.value;
        let labelled = |(key, value): (&_, &crate::read::At<crate::doc::Text>)| {
            doc.metadata.labels.get(key).is_some_and(|label| label.value == value.value)
        };
        class.as_ref().is_none_or(|class| class.value == service.class.value)
            && labels.iter().all(labelled)
            && self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(doc.name()))
    }
}

/// The document of a service with what policies give to it.
fn with(doc: &Document, spec: &ServiceSpec, gifts: &[(Field, &Policy<'_>)]) -> Document {
    let origin = doc.origin.as_deref().cloned().unwrap_or_default();
    let mut service = spec.clone();
    let mut ways: Vec<Via> = Vec::new();
    let mut numbers: BTreeMap<(&str, u32), u32> = BTreeMap::new();
    for (field, policy) in gifts {
        let mut remark = |mark: Mark| {
            let via = *numbers.entry((policy.doc.name(), mark.via)).or_insert_with(|| {
                ways.push(way(doc, policy.doc, mark));
                saturating(origin.ways() + ways.len())
            });
            Mark { via, ..mark }
        };
        field.give(policy.spec, &mut service, &mut remark);
    }
    let origin = Some(Arc::new(origin.clone().with_ways(ways)));
    Document { spec: Spec::ServiceIntent(Box::new(service)), origin, ..doc.clone() }
}

/// How a value of a policy came into the document of a service.
fn way(service: &Document, policy: &Document, mark: Mark) -> Via {
    let own = || Arc::clone(&policy.file);
    let via = policy.origin.as_ref().and_then(|origin: &Arc<Origin>| origin.via(mark));
    let mut way = vec![related(service.place(service.metadata.name.mark), APPLIES)];
    way.extend(policy.trace(mark));
    Via { file: via.map_or_else(own, |via| Arc::clone(&via.file)), related: way }
}

/// Tells of policies that disagree, once for each two that stand for those who say the same, and field; and of those that select
/// nothing.
fn tell(
    names: &Names<'_>,
    clashes: &BTreeMap<Clash<'_>, Torn<'_>>,
    idle: &BTreeSet<&str>,
    judge: &mut Judge<'_>,
) {
    for ((one, other, field), services) in clashes {
        let ((first, said), (doc, spec)) = (names.policies[one], names.policies[other]);
        let (Some(before), Some(here)) = (field.mark(said), field.mark(spec)) else { continue };
        let alike = match services.alike {
            0 => String::new(),
            1 => "; one more policy says the same as this one".to_owned(),
            more => format!("; {more} more policies say the same as this one"),
        };
        let message = format!(
            "`{one}` says something else about `{}`, and both policies apply to {services}{alike}",
            field.name()
        );
        judge
            .error(codes::POLICY_CLASH, doc, here, message)
            .help("let them say the same, let them select different services, or let the services say it")
            .related(first.place(before), "said otherwise here")
            .made_by(first);
    }
    for name in idle {
        let (doc, spec) = names.policies[name];
        let message = format!("the policy `{name}` applies to no service");
        judge
            .warn(codes::UNUSED, doc, spec.on.mark, message)
            .help("every given line must hold of a service: remove one, or remove the policy");
    }
}

/// Tells of a policy that selects services, of which each says all of it itself.
fn overruled(policy: &Policy<'_>, judge: &mut Judge<'_>) {
    let said: Vec<String> = Field::ALL
        .iter()
        .filter(|field| field.mark(policy.spec).is_some())
        .map(|field| format!("`{}`", field.name()))
        .collect();
    let message = format!(
        "the policy `{}` changes nothing: every service that it applies to says {} itself",
        policy.doc.name(),
        listed(&said)
    );
    judge
        .warn(codes::UNUSED, policy.doc, policy.doc.metadata.name.mark, message)
        .help("a service goes first: take the fields out of the services, or remove the policy");
}

/// Leaves one finding of those that say the same of one value of a policy for many services; it names the first of them.
pub(super) fn once(findings: &mut Vec<Finding>) {
    let mut first: BTreeMap<(String, String, usize, String), usize> = BTreeMap::new();
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings.drain(..) {
        let services = |finding: &Finding| {
            finding.related.iter().filter(|one| one.message == APPLIES).cloned().collect::<Vec<_>>()
        };
        let of_policy = finding.place.clone().filter(|_| !services(&finding).is_empty());
        let Some(place) = of_policy else {
            kept.push(finding);
            continue;
        };
        let key = (finding.code.clone(), place.file, place.offset, finding.message.clone());
        match first.get(&key).and_then(|at| kept.get_mut(*at)) {
            Some(before) if services(before).len() < NAMED => before.related.extend(services(&finding)),
            Some(_) => {}
            None => {
                first.insert(key, kept.len());
                kept.push(finding);
            }
        }
    }
    *findings = kept;
}

#[cfg(test)]
mod tests;
