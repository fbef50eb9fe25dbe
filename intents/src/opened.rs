//! Places of findings on what is drained: the maintenance window that drains it says so in a document. What people drained by hand
//! stands in none, and neither does what is down.

use std::collections::BTreeMap;

use model::{Finding, hint::Work};

use crate::{
    codes,
    design::{Made, make},
    doc::{Document, Spec},
    reading::Unread,
};

/// Gives findings on drained links and nodes the place of the open window that drains them, if one does: what it works on.
/// O(documents + findings × windows).
pub fn locate_drained(findings: &mut [Finding], docs: &[Document], open: &BTreeMap<String, Work>) {
    const DRAINED: [&str; 2] = [codes::STAYS_ON_DRAINED, codes::BACKUP_OVER_DRAINED];
    if open.is_empty() {
        return;
    }
    // What is wrong with designs was told before.
    let Made { documents, .. } = make(docs, &Unread::default());
    let windows: BTreeMap<&str, &Document> = documents
        .iter()
        .filter(|doc| matches!(doc.spec, Spec::MaintenanceWindow(_)))
        .map(|doc| (doc.name(), doc))
        .collect();
    let without =
        |finding: &&mut Finding| finding.place.is_none() && DRAINED.contains(&finding.code.as_str());
    for finding in findings.iter_mut().filter(without) {
        let by = open.iter().find(|(_, work)| drains(work, &finding.subject));
        if let Some((name, _)) = by
            && let Some(doc) = windows.get(name.as_str())
            && let Spec::MaintenanceWindow(window) = &doc.spec
        {
            finding.place = Some(doc.place(window.on.mark));
            finding.related.extend(doc.trace(window.on.mark));
        }
    }
}

/// Whether work is on what a finding is about: `link line1`, `node pe1`.
fn drains(work: &Work, subject: &str) -> bool {
    match subject.split_once(' ') {
        Some(("link", name)) => work.links.iter().any(|link| link.as_str() == name),
        Some(("node", name)) => work.nodes.iter().any(|node| node.as_str() == name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use model::Severity;

    use super::*;
    use crate::tests::documents;

    #[test]
    fn what_a_window_drains_is_told_at_the_window() {
        let docs = documents(&[
            "apiVersion: trunkline/v1\nkind: MaintenanceWindow\nmetadata: {name: w}\nspec:\n  on: {links: [line1-br-1], nodes: [core-1]}\n  when: {from: \"2026-12-05T01:00:00+08:00\", to: \"2026-12-05T03:00:00+08:00\"}\n",
        ]);
        let work = Work {
            links: [String::from("line1-br-1").parse().unwrap()].into(),
            nodes: ["core-1".parse().unwrap()].into(),
        };
        let open = BTreeMap::from([("w".to_owned(), work)]);
        let lines = |code: &str| {
            let of = |subject: &str| Finding::new(code, Severity::Major, subject, "is drained");
            let mut findings = ["link line1-br-1", "node core-1", "link line1-br-2"].map(of);
            locate_drained(&mut findings, &docs, &open);
            findings.map(|finding| finding.place.map_or(0, |place| place.line))
        };
        assert_eq!(lines(codes::STAYS_ON_DRAINED), [5, 5, 0]);
        assert_eq!(lines(codes::BARE_WHILE_DOWN), [0, 0, 0], "nobody drains what is down");
    }
}
