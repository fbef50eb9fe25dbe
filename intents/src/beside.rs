//! What is found in documents with a fault beside that fault.

use std::collections::{BTreeMap, BTreeSet};

use model::{Finding, Ted, finding::Place};

use crate::{
    codes,
    doc::{Document, Spec},
    faulty::Faulty,
    reading::Reading,
    validate::{self, AsOf},
};

/// What is to be said of documents with a fault beside the fault itself. Costs of [`crate::validate()`] for them and for all
/// documents that are no services.
pub(crate) fn judge(reading: &Reading, ted: &Ted, as_of: AsOf) -> Vec<Finding> {
    if reading.faulty.is_empty() {
        return Vec::new();
    }
    let of_services = |doc: &&Document| matches!(doc.spec, Spec::ServiceIntent(_));
    let faulty = || reading.faulty.iter().map(|faulty| &faulty.document);
    let named: BTreeSet<&str> = faulty().filter(of_services).map(Document::name).collect();
    let beside = reading.documents.iter().filter(|doc| !of_services(doc) || named.contains(doc.name()));
    let documents: Vec<Document> = beside.chain(faulty()).cloned().collect();
    let (_, found) = validate::judged(&documents, ted, as_of, &reading.missing);
    let places: BTreeMap<(&str, usize), &Faulty> =
        reading.faulty.iter().map(|one| ((&*one.document.file, one.stands.first), one)).collect();
    found.into_iter().filter_map(|finding| told(finding, &places)).collect()
}

/// A finding on a document with a fault, if it does not follow from that.
fn told(mut finding: Finding, places: &BTreeMap<(&str, usize), &Faulty>) -> Option<Finding> {
    // A hole stands nowhere.
    let place = finding.place.as_ref().filter(|place| place.line > 0)?;
    finding.related.retain(|related| related.place.line > 0);
    let Some(faulty) = at(place, places) else {
        // Of two that claim one code point, the other may be the sound one.
        let with_faulty = finding.related.iter().any(|related| at(&related.place, places).is_some());
        return (finding.code == codes::SAME_CODE_POINT && with_faulty).then_some(finding);
    };
    let is_true = faulty.is_true(&finding.code, place.offset);
    if !faulty.is_named() {
        finding.subject.clone_from(&faulty.subject);
    }
    is_true.then_some(finding)
}

/// The document with a fault that a place belongs to.
fn at<'a>(place: &Place, places: &BTreeMap<(&str, usize), &'a Faulty>) -> Option<&'a Faulty> {
    let (_, faulty) = places.range(..=(place.file.as_str(), place.offset)).next_back()?;
    let here = *faulty.document.file == *place.file && faulty.stands.has(place.offset);
    here.then_some(*faulty)
}
