//! Maintenance windows: what each works on and when, and which are over.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    IntentSet, LinkId, Timestamp, Window,
    finding::{Finding, Severity},
    hint::Work,
};

use super::{Judge, LINK, known, names::Names, schedule::schedule, select};
use crate::{
    codes,
    design::{Made, make},
    doc::{Document, LinkSelector, LinksBy, Spec, WindowSpec},
    faults::Fault,
    read::{At, suggest},
    reading::Unread,
};

/// Adds the windows of all documents to a set.
pub(super) fn windows(names: &Names<'_>, set: &mut IntentSet, judge: &mut Judge<'_>) {
    for (name, (doc, spec)) in &names.windows {
        // Both are judged before the first ends it.
        let (work, when) = (work(doc, spec, judge), schedule(doc, &spec.when, judge));
        let (Some(work), Some(when)) = (work, when) else { continue };
        let labels = doc.metadata.labels.iter().map(|(key, value)| (key.0.clone(), value.value.0.clone()));
        let window = Window {
            name: (*name).to_owned(),
            owner: doc.metadata.owner.as_ref().map(|owner| owner.value.0.clone()),
            labels: labels.collect(),
            work,
            when,
        };
        set.windows.insert((*name).to_owned(), window);
    }
}

fn work(doc: &Document, spec: &WindowSpec, judge: &mut Judge<'_>) -> Option<Work> {
    let on = &spec.on;
    let nodes = match &on.value.nodes {
        Some(selector) if !matches!(&selector.value, crate::doc::Selector::Names(names) if names.is_empty()) => {
            Some(select::nodes(doc, selector, judge))
        }
        _ => None,
    };
    let links = on.value.links.as_ref().map(|selector| links(doc, selector, judge));
    // A part with a fault was told; what is left of it would be something else than what was meant.
    let (nodes, links) = (nodes.unwrap_or(Some(BTreeSet::new()))?, links.unwrap_or(Some(BTreeSet::new()))?);
    if nodes.is_empty() && links.is_empty() {
        judge
            .error(codes::WORKS_ON_NOTHING, doc, on.mark, "this window works on nothing")
            .help("name nodes or links, like `on: {nodes: [core-1], links: {srlg: duct-3}}`");
        return None;
    }
    Some(Work { links, nodes })
}

/// The links that a selector takes; findings where a name is not there, or where it takes none.
fn links(doc: &Document, selector: &At<LinkSelector>, judge: &mut Judge<'_>) -> Option<BTreeSet<LinkId>> {
    let ted = judge.ted;
    match &selector.value {
        LinkSelector::Names(names) => {
            let is_there = |judge: &mut Judge<'_>, name: &At<LinkId>| {
                ted.links.contains_key(&name.value)
                    || known(
                        judge,
                        doc,
                        name.mark,
                        LINK,
                        name.value.as_str(),
                        ted.links.keys().map(LinkId::as_str),
                    )
            };
            let there = names.iter().filter(|name| is_there(judge, name)).count();
            (there == names.len()).then(|| names.iter().map(|name| name.value.clone()).collect())
        }
        LinkSelector::By(by) => {
            let selected = ted.links.values().filter(|link| is_selected(by, link));
            let selected: BTreeSet<LinkId> = selected.map(|link| link.id.clone()).collect();
            if selected.is_empty() {
                let help = nearest(by, judge);
                judge
                    .error(codes::WORKS_ON_NOTHING, doc, selector.mark, "no link of the network is selected")
                    .help(help);
                return None;
            }
            Some(selected)
        }
    }
}

fn is_selected(by: &LinksBy, link: &model::Link) -> bool {
    let role = by.role.as_ref().is_none_or(|role| link.role.as_deref() == Some(role.value.0.as_str()));
    let affinity = by.affinity.as_ref().is_none_or(|affinity| link.affinity.contains(&affinity.value));
    let srlg = by.srlg.as_ref().is_none_or(|srlg| link.srlg.contains(&srlg.value.0));
    role && affinity && srlg
}

/// What may have been meant by a selection that takes no link.
fn nearest(by: &LinksBy, judge: &Judge<'_>) -> String {
    let ted = judge.ted;
    let roles: BTreeSet<&str> = ted.links.values().filter_map(|link| link.role.as_deref()).collect();
    let srlgs: BTreeSet<&str> = ted.links.values().flat_map(|link| &link.srlg).map(String::as_str).collect();
    let affinities: BTreeSet<&str> = judge.affinities.iter().map(|affinity| affinity.as_str()).collect();
    let given = [
        (by.role.as_ref().map(|role| role.value.0.as_str()), roles, "the roles of links are"),
        (by.affinity.as_ref().map(|affinity| affinity.value.as_str()), affinities, "links have"),
        (by.srlg.as_ref().map(|srlg| srlg.value.0.as_str()), srlgs, "the shared risks are"),
    ];
    for (text, names, those) in given {
        if let Some(text) = text.filter(|text| !names.contains(text)) {
            return suggest(text, names.iter().copied(), those);
        }
    }
    "every given line must hold of a link; remove one".to_owned()
}

/// Windows that are over at a moment, as warnings: they can be removed. Who asks has validated the documents before.
pub(crate) fn ended(set: &IntentSet, docs: &[Document], at: Timestamp) -> Vec<Finding> {
    if set.windows.is_empty() {
        return Vec::new();
    }
    // What is wrong with designs was told before.
    let Made { documents, .. } = make(docs, &Unread::default());
    let is_window = |doc: &&Document| matches!(doc.spec, Spec::MaintenanceWindow(_));
    let by_name: BTreeMap<&str, &Document> =
        documents.iter().filter(is_window).map(|doc| (doc.name(), doc)).collect();
    let mut findings = Vec::new();
    for (name, doc) in by_name {
        let over = set.windows.get(name).filter(|window| window.when.is_over(at));
        if let Some(end) = over.and_then(|window| window.when.ends()) {
            let message = format!("this window was over at {end}");
            let mark = doc.metadata.name.mark;
            Fault::on(&mut findings, Severity::Warning, codes::WINDOW_ENDED, doc, mark, message)
                .help("remove it, or write when it comes again");
        }
    }
    findings
}

#[cfg(test)]
mod tests;
