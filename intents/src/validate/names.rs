//! Which documents there are, by kind and name.

use std::collections::BTreeMap;

use model::finding::{Finding, Related, Severity};

use super::{Judge, Part, listed, mark_of};
use crate::{
    codes,
    design::{Made, make},
    doc::{AlarmSpec, ClassSpec, Document, ProfileSpec, ServiceSpec, Spec, SteeringSpec, WindowSpec},
    origin::related,
    reading::Unread,
    source::Mark,
};

/// The documents by kind; of those with one name, the first.
#[derive(Default)]
pub(super) struct Names<'a> {
    pub services: Vec<(&'a Document, &'a ServiceSpec)>,
    pub classes: BTreeMap<&'a str, (&'a Document, &'a ClassSpec)>,
    pub profiles: BTreeMap<&'a str, (&'a Document, &'a ProfileSpec)>,
    pub alarms: BTreeMap<&'a str, (&'a Document, &'a AlarmSpec)>,
    pub policies: BTreeMap<&'a str, (&'a Document, &'a SteeringSpec)>,
    pub windows: BTreeMap<&'a str, (&'a Document, &'a WindowSpec)>,
}

impl<'a> Names<'a> {
    /// Puts other documents in the place of services of the same name.
    pub fn replace<'b>(&mut self, others: &'b BTreeMap<String, Document>)
    where
        'b: 'a,
    {
        for slot in &mut self.services {
            if let Some(other) = others.get(slot.0.name())
                && let Spec::ServiceIntent(spec) = &other.spec
            {
                *slot = (other, spec);
            }
        }
    }
}

/// Sorts documents by kind and finds names that are given twice.
pub(super) fn index<'a>(docs: &'a [Document], judge: &mut Judge<'_>) -> Names<'a> {
    let mut first: BTreeMap<(&str, &str), &Document> = BTreeMap::new();
    let mut names = Names::default();
    let mut twins = Twins::default();
    for doc in docs {
        let name = doc.name();
        if let Some(other) = first.get(&(doc.kind(), name)) {
            if twins.add(doc, other) {
                continue;
            }
            judge
                .error(
                    codes::DUPLICATE_NAME,
                    doc,
                    doc.metadata.name.mark,
                    format!("there are two of {}", doc.subject()),
                )
                .help("give one of them another name")
                .related(other.place(other.metadata.name.mark), "first defined here")
                .made_by(other);
            continue;
        }
        first.insert((doc.kind(), name), doc);
        match &doc.spec {
            Spec::ServiceIntent(spec) => names.services.push((doc, spec)),
            Spec::TrafficClass(spec) => drop(names.classes.insert(name, (doc, spec))),
            Spec::QosProfile(spec) => drop(names.profiles.insert(name, (doc, spec))),
            Spec::AlarmPolicy(spec) => drop(names.alarms.insert(name, (doc, spec))),
            Spec::SteeringPolicy(spec) => drop(names.policies.insert(name, (doc, spec))),
            Spec::MaintenanceWindow(spec) => drop(names.windows.insert(name, (doc, spec.as_ref()))),
            // They were expanded before: what they made stands here.
            Spec::Design(_) | Spec::DesignInstance(_) => {}
        }
    }
    twins.tell(judge);
    names
}

/// Instances of one design that make documents of the same names, since these stand in the design: the instances are to blame, each
/// once, and not every document.
#[derive(Default)]
struct Twins<'a>(Vec<(&'a Related, &'a Related, Vec<&'a Document>)>);

impl<'a> Twins<'a> {
    /// Whether two documents of one name come from the same place of a design, by two instances.
    fn add(&mut self, doc: &'a Document, other: &'a Document) -> bool {
        let instances =
            |doc: &'a Document| doc.origin.as_ref().map(|origin| origin.instances()).unwrap_or_default();
        let same = doc.file == other.file && doc.metadata.name.mark == other.metadata.name.mark;
        let apart = instances(doc).iter().zip(instances(other)).find(|(one, other)| one.place != other.place);
        let Some((second, first)) = apart.filter(|_| same) else { return false };
        match self.0.iter_mut().find(|(known, ..)| known.place == second.place) {
            Some((.., docs)) => docs.push(doc),
            None => self.0.push((second, first, vec![doc])),
        }
        true
    }

    fn tell(self, judge: &mut Judge<'_>) {
        for (second, first, docs) in self.0 {
            let Some(doc) = docs.first() else { continue };
            let made: Vec<String> = docs.iter().map(|doc| doc.subject()).collect();
            let message = format!(
                "another instance of the same design makes {} already: the design gives the same names to all",
                listed(&made)
            );
            let mut finding = Finding::new(codes::DUPLICATE_NAME, Severity::Error, doc.subject(), message);
            finding.place = Some(second.place.clone());
            finding.help = Some(
                "one instance serves all who use what it makes: remove this one; or put a parameter into the names of the design, like \
                 `name: $(name)-voice`"
                    .to_owned(),
            );
            finding.related.push(related(first.place.clone(), "the other instance"));
            finding.related.push(related(doc.place(doc.metadata.name.mark), "the first of the names"));
            judge.findings.push(finding);
        }
    }
}

/// Gives findings without a place, such as those of [`crate::compile()`], the place of the intent that they are about: what it
/// says of the matter, or its name. The subject is the name of an intent or of one of its services.
pub fn locate(findings: &mut [Finding], docs: &[Document]) {
    // What is wrong with designs was told before.
    let Made { documents, .. } = make(docs, &Unread::default());
    let places: BTreeMap<&str, &Document> = documents
        .iter()
        .filter(|doc| matches!(doc.spec, Spec::ServiceIntent(_)))
        .map(|doc| (doc.name(), doc))
        .collect();
    for finding in findings.iter_mut().filter(|finding| finding.place.is_none()) {
        // `intent/a~z`: names may hold slashes themselves, so the longest intent that fits is taken.
        let mut name = finding.subject.as_str();
        loop {
            if let Some(doc) = places.get(name) {
                let mark = part_of(finding, doc);
                finding.place = Some(doc.place(mark));
                finding.related.extend(doc.trace(mark));
                break;
            }
            match name.rsplit_once('/') {
                Some((shorter, _)) => name = shorter,
                None => break,
            }
        }
    }
}

/// What a document says of the matter of a finding.
fn part_of(finding: &Finding, doc: &Document) -> Mark {
    let part = match finding.code.as_str() {
        codes::DOES_NOT_FIT => Part::Bandwidth,
        codes::BACKUP_WEAKER if finding.message.starts_with(codes::UNGUARANTEED) => Part::Bandwidth,
        codes::BACKUP_WEAKER => Part::Delay,
        codes::NO_BACKUP | codes::BACKUP_SHARES => Part::Diversity,
        codes::DOMAIN_OVER_SHARE => Part::Domains,
        _ => return doc.metadata.name.mark,
    };
    mark_of(doc, part)
}
