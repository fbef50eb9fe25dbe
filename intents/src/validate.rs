//! Documents to an intent set: every name resolved, every selector expanded, and every promise weighed against what the
//! network could do at best. All faults at once; only a set without errors goes on.

mod able;
mod budget;
mod class;
mod constant;
mod cut;
mod feasible;
mod names;
mod overlap;
mod schedule;
mod select;
mod service;
mod steering;
mod window;

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Affinity, IntentSet, Service, ServiceId, Ted, Timestamp,
    finding::{Finding, Severity},
};

use crate::{
    codes,
    design::{Made, make},
    doc::{Document, Spec},
    faults::Fault,
    reading::Unread,
    source::Mark,
};

pub use class::is_watched;
pub(crate) use class::{queues_everywhere, queues_in_use};
pub(crate) use feasible::unwritten;
pub use names::locate;
pub(crate) use window::ended;

/// Collects findings on documents.
struct Judge<'a> {
    ted: &'a Ted,
    /// The affinities that links have.
    affinities: BTreeSet<&'a Affinity>,
    /// What documents with faults may have defined.
    unread: &'a Unread,
    findings: Vec<Finding>,
}

impl<'a> Judge<'a> {
    fn say(
        &mut self,
        severity: Severity,
        code: &str,
        doc: &Document,
        mark: Mark,
        message: impl Into<String>,
    ) -> Fault<'_> {
        Fault::on(&mut self.findings, severity, code, doc, mark, message)
    }

    fn error(&mut self, code: &str, doc: &Document, mark: Mark, message: impl Into<String>) -> Fault<'_> {
        self.say(Severity::Error, code, doc, mark, message)
    }

    fn warn(&mut self, code: &str, doc: &Document, mark: Mark, message: impl Into<String>) -> Fault<'_> {
        self.say(Severity::Warning, code, doc, mark, message)
    }
}

/// Judges documents against a network and expands them into services; designs come first ([`crate::expand`]). The answer does not
/// depend on the order of the documents, findings apart. One path search for each direction of each service: O(services × edges
/// log nodes).
///
/// # Errors
/// All findings, warnings included, when at least one is an error.
pub fn validate(docs: &[Document], ted: &Ted) -> Result<(IntentSet, Vec<Finding>), Vec<Finding>> {
    validate_as_of(docs, ted, AsOf::default())
}

/// As of when documents are judged, and whether anything can still be done about them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AsOf {
    moment: Option<Timestamp>,
    in_force: bool,
}

impl AsOf {
    /// As of a moment: what windows that are over then would do counts no more.
    pub const fn moment(at: Timestamp) -> Self {
        Self { moment: Some(at), in_force: false }
    }

    pub(crate) const fn at(self) -> Option<Timestamp> {
        self.moment
    }

    /// The documents were accepted before. What windows do together is a warning then: it is no reason to know nothing of all else.
    #[must_use]
    pub const fn in_force(self) -> Self {
        Self { in_force: true, ..self }
    }
}

/// [`validate`], as of a moment.
///
/// # Errors
/// All findings, warnings included, when at least one is an error.
pub fn validate_as_of(
    docs: &[Document],
    ted: &Ted,
    as_of: AsOf,
) -> Result<(IntentSet, Vec<Finding>), Vec<Finding>> {
    let (set, findings) = judged(docs, ted, as_of, &Unread::default());
    if findings.iter().any(Finding::is_error) { Err(findings) } else { Ok((set, findings)) }
}

/// Judges documents beside which others have faults: the set of what is sound, and all findings but those that would only follow
/// from such a fault. Whoever goes on with the set looks at the findings first.
pub(crate) fn judged(
    docs: &[Document],
    ted: &Ted,
    as_of: AsOf,
    unread: &Unread,
) -> (IntentSet, Vec<Finding>) {
    judged_within(docs, ted, as_of, unread, MOST)
}

/// How far all documents together are looked at.
#[derive(Clone, Copy)]
struct Most {
    services: usize,
    /// Sets of maintenance windows.
    sets: usize,
}

const MOST: Most = Most { services: select::MAX_SERVICES_OF_ALL, sets: cut::MOST };

/// The same where no more is looked at than this.
fn judged_within(
    docs: &[Document],
    ted: &Ted,
    as_of: AsOf,
    unread: &Unread,
    most: Most,
) -> (IntentSet, Vec<Finding>) {
    let Made { documents, findings, unread: unmade } = make(docs, unread);
    let mut unread = unread.clone();
    unread.add(unmade);
    let affinities = ted.links.values().flat_map(|link| &link.affinity).collect();
    let mut judge = Judge { ted, affinities, unread: &unread, findings };
    let mut names = names::index(&documents, &mut judge);
    let (governed, steered) = steering::apply(&names, &mut judge);
    names.replace(&governed);
    let names = names;
    let mut set = IntentSet { steered, ..IntentSet::default() };
    class::profiles(&names, &mut set, &mut judge);
    class::classes(&names, &mut set, &mut judge);
    class::alarms(&names, &mut set, &mut judge);
    let mut origins: BTreeMap<ServiceId, &Document> = BTreeMap::new();
    for (doc, spec) in &names.services {
        let services = service::expand(doc, spec, &set, &names, &mut judge);
        let together = set.services.len() + services.len();
        if together > most.services {
            too_many(doc, together, most.services, &mut judge);
            break;
        }
        for service in services {
            match origins.get(&service.id) {
                Some(other) => same_service(doc, other, &service, &mut judge),
                None => {
                    origins.insert(service.id.clone(), *doc);
                    set.services.insert(service.id.clone(), service);
                }
            }
        }
    }
    window::windows(&names, &mut set, &mut judge);
    class::unused(&names, &set, &mut judge);
    overlap::judge(&names, &set, &origins, &mut judge);
    able::judge(&names, &set, &mut judge);
    feasible::judge(&set, &origins, as_of, &mut judge);
    cut::judge(&names, &set, as_of, most.sets, &mut judge);
    steering::once(&mut judge.findings);
    let mut findings = judge.findings;
    findings.retain(|finding| finding.code != codes::UNUSED || !may_be_used(finding, &unread));
    (set, findings)
}

/// Whether what nothing uses may be used by a document that was not read.
fn may_be_used(unused: &Finding, unread: &Unread) -> bool {
    let users: &[&str] = match unused.subject.split_once(' ').map(|(kind, _)| kind) {
        Some("TrafficClass" | "SteeringPolicy") => &["ServiceIntent"],
        Some("QosProfile") => &["TrafficClass"],
        _ => &[],
    };
    users.iter().any(|kind| unread.may_have(kind))
}

/// With the services of a document there are so many that those of no more are looked at.
fn too_many(doc: &Document, services: usize, most: usize, judge: &mut Judge<'_>) {
    let message = format!(
        "with this intent there are {services} services, and all intents together are at most {most}"
    );
    judge.error(codes::LIMIT, doc, doc.metadata.name.mark, message).help(
        "select fewer nodes by `role`, `site` or `labels`; it and all intents after it were not looked at",
    );
}

/// Names of intents and nodes may hold the characters that names of services are put together with, so two services may come to
/// the same name.
fn same_service(doc: &Document, other: &Document, service: &Service, judge: &mut Judge<'_>) {
    let between = format!("between `{}` and `{}`", service.a, service.z);
    judge
        .error(
            codes::DUPLICATE_NAME,
            doc,
            doc.metadata.name.mark,
            format!("the service {between} would be called `{}`, as another is already", service.id),
        )
        .help("give one of the two intents another name")
        .related(other.place(other.metadata.name.mark), "the other one comes from here")
        .made_by(other);
}

/// Where a service document says something, for findings that come later.
fn mark_of(doc: &Document, part: Part) -> Mark {
    let Spec::ServiceIntent(spec) = &doc.spec else { return doc.metadata.name.mark };
    let (slo, path) = (spec.slo.as_ref(), spec.path.as_ref());
    let sle = spec.sle.as_ref();
    let found = match part {
        Part::Match => spec.matches.first().map(|one| one.mark),
        Part::Slo => slo.map(|slo| slo.mark),
        Part::Delay => slo.and_then(|slo| slo.value.one_way_delay.map(|value| value.mark)),
        Part::Jitter => slo.and_then(|slo| slo.value.jitter.map(|value| value.mark)),
        Part::Loss => slo.and_then(|slo| slo.value.loss.map(|value| value.mark)),
        Part::Domains => slo.and_then(|slo| slo.value.domains.as_ref().map(|domains| domains.mark)),
        Part::Bandwidth => slo.and_then(|slo| slo.value.bandwidth.map(|value| value.mark)),
        Part::Avoid => path.and_then(|path| path.value.avoid.as_ref()).map(|avoid| avoid.mark),
        Part::Sle => sle.map(|sle| sle.mark),
        Part::Diversity => sle.and_then(|sle| sle.value.diversity.map(|value| value.mark)),
        Part::Breach => {
            let assurance = spec.assurance.as_ref();
            assurance.and_then(|assurance| assurance.value.breach.as_ref()).map(|breach| breach.mark)
        }
        Part::Ends => None,
    };
    found.unwrap_or(spec.connectivity.mark)
}

/// A part of a service document.
#[derive(Clone, Copy)]
enum Part {
    Match,
    Slo,
    Delay,
    Jitter,
    Loss,
    Domains,
    Bandwidth,
    Avoid,
    Sle,
    Diversity,
    Breach,
    Ends,
}

/// `one, two, three and 4 more`.
pub(crate) fn listed<T: std::fmt::Display>(items: &[T]) -> String {
    let shown: Vec<String> = items.iter().take(3).map(T::to_string).collect();
    match items.len() {
        0..=3 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), more - 3),
    }
}

/// How an attribute of nodes is written, in the words of both kinds of files that people write: nobody here knows which of them the
/// network came from.
pub(crate) fn in_network(native: &str, containerlab: &str) -> String {
    format!("`{native}` in the network file (in a containerlab file the {containerlab})")
}

/// Whether a name exists; a finding with a suggestion where it does not, unless a document with a fault may define it.
fn known<'n>(
    judge: &mut Judge<'_>,
    doc: &Document,
    mark: Mark,
    sort: Sort,
    name: &str,
    names: impl Iterator<Item = &'n str> + Clone,
) -> bool {
    let found = names.clone().any(|other| other == name);
    if !found && !sort.is_unread(judge.unread, name) {
        // One that has a fault of its own is there to be meant.
        let mut there: Vec<&str> = Vec::new();
        names.for_each(|name| there.push(name));
        if let [kind] = sort.kinds {
            there.extend(judge.unread.names_of(kind));
        }
        let help = crate::read::suggest(name, there.into_iter(), "there are");
        let message = format!("there is no {} `{}`", sort.what, crate::tree::short(name));
        judge.error(sort.code, doc, mark, message).help(help);
    }
    found
}

/// What a name is a name of.
#[derive(Clone, Copy)]
struct Sort {
    /// What to say where there is none.
    code: &'static str,
    what: &'static str,
    /// The kinds of documents that define it; none where the network does.
    kinds: &'static [&'static str],
}

impl Sort {
    /// Whether a document may define it that was not read.
    fn is_unread(self, unread: &Unread, name: &str) -> bool {
        match self.kinds {
            [kind] => unread.may_define(kind, name),
            // A queue stands within a document, under a name of its own.
            several => several.iter().any(|kind| unread.may_have(kind)),
        }
    }
}

const NODE: Sort = Sort { code: codes::UNKNOWN_NODE, what: "node", kinds: &[] };
const DOMAIN: Sort = Sort { code: codes::UNKNOWN_DOMAIN, what: "domain", kinds: &[] };
const LINK: Sort = Sort { code: codes::UNKNOWN_LINK, what: "link", kinds: &[] };
const CLASS: Sort = Sort { code: codes::UNKNOWN_REFERENCE, what: "traffic class", kinds: &["TrafficClass"] };
const PROFILE: Sort = Sort { code: codes::UNKNOWN_REFERENCE, what: "queue profile", kinds: &["QosProfile"] };
const QUEUE: Sort =
    Sort { code: codes::UNKNOWN_REFERENCE, what: "queue", kinds: &["QosProfile", "TrafficClass"] };

#[cfg(test)]
mod tests;
