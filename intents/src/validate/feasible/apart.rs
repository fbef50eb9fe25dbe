//! Whether path and backup can keep apart as an intent asks. What nobody asked for is no promise: then a backup that shares
//! something is a warning of the compiler.

use std::{collections::BTreeMap, sync::Arc};

use model::{Bandwidth, Graph, Service, ServiceId, Severity, intent::Diversity};
use paths::{Bounds, Constraint, PathRequest, Shared, together};

use super::{
    super::{AsOf, Judge, Part, listed, mark_of},
    reason,
};
use crate::{
    codes,
    common::{in_common, kept_apart},
    doc::{Document, Spec},
    route::{Free, View, Ways, backup},
};

/// Services that ask for more than the network has, by intent.
#[derive(Default)]
pub(super) struct Apart<'a>(BTreeMap<&'a str, Vec<Short<'a>>>);

/// A service that asks for more than the network has.
struct Short<'a> {
    service: &'a Service,
    /// The least that two paths have in common; nothing where there is one path only.
    shared: Option<Shared>,
    /// What the service asks for besides, and without which two paths keep apart.
    bites: Vec<Constraint>,
}

/// What a service may ask for that keeps lines out, whatever they can do.
const KEEPS_OUT: [Constraint; 3] = [Constraint::AvoidAffinity, Constraint::Encryption, Constraint::Waypoints];

/// Whether a document says how far apart path and backup are.
pub(super) fn is_asked(doc: &Document) -> bool {
    let Spec::ServiceIntent(spec) = &doc.spec else { return false };
    spec.sle.as_ref().is_some_and(|sle| sle.value.diversity.is_some())
}

impl<'a> Apart<'a> {
    /// Looks for two paths that are as far apart as is asked, whatever their objectives: a backup that breaks one is better than none,
    /// and told by the compiler. Only what is proven counts.
    pub fn look(
        &mut self,
        view: &mut View,
        empty: &Free,
        service: &'a Service,
        request: &PathRequest,
        ways: &Ways,
    ) {
        let request =
            PathRequest { bounds: Bounds::default(), bandwidth: Bandwidth::ZERO, ..request.clone() };
        let free = empty.of_service(service);
        if let Ok((_, _, true)) = backup(view, free, service, &request, ways) {
            return;
        }
        // Another first path may have a second one that keeps apart.
        let graph = Arc::clone(view.graph());
        let Ok(pair) = together(&graph, free, &request, 2, service.sle.diversity, view.workspace()) else {
            return;
        };
        if pair.exact && !pair.strict {
            let shared = (pair.paths.len() > 1).then(|| asked(pair.shared, service.sle.diversity));
            let bites = reason::in_the_way(&request, &KEEPS_OUT, |open| {
                together(&graph, free, open, 2, service.sle.diversity, view.workspace())
                    .is_ok_and(|pair| pair.strict)
            });
            self.0.entry(service.intent.as_str()).or_default().push(Short { service, shared, bites });
        }
    }

    pub fn tell(
        self,
        graph: &Graph,
        origins: &BTreeMap<ServiceId, &Document>,
        as_of: AsOf,
        judge: &mut Judge<'_>,
    ) {
        for services in self.0.into_values() {
            let [Short { service, shared, bites }, ..] = services.as_slice() else { continue };
            let Some(doc) = origins.get(&service.id) else { continue };
            let what = kept_apart(service.sle.diversity);
            let most = match shared {
                Some(shared) => format!("the most disjoint have in common {}", in_common(graph, shared)),
                None => "there is only one".to_owned(),
            };
            let ids: Vec<&ServiceId> = services.iter().map(|short| &short.service.id).collect();
            let others = if ids.len() > 1 { format!(" (services {})", listed(&ids)) } else { String::new() };
            let (a, z) = (&service.a, &service.z);
            let besides = match bites.as_slice() {
                [] => String::new(),
                some => format!("; without {} two keep apart", reason::words(some)),
            };
            let message =
                format!("no two paths between {a} and {z} have no {what} in common: {most}{besides}{others}");
            // What was accepted before is no reason to know nothing of all other intents.
            let severity = if as_of.in_force { Severity::Warning } else { Severity::Error };
            let mark = mark_of(doc, Part::Diversity);
            let fault = judge
                .say(severity, codes::CONSTRAINT_IMPOSSIBLE, doc, mark, message)
                .help(help(service.sle.diversity, bites));
            bites.iter().fold(fault, |fault, which| {
                fault.related(doc.place(mark_of(doc, reason::part_of(*which))), "this keeps other lines out")
            });
        }
    }
}

/// What can be done.
fn help(diversity: Diversity, bites: &[Constraint]) -> String {
    const LEFT_OUT: &str = "the service is carried with the backup there is, if any";
    match (bites, diversity) {
        ([], Diversity::Link) => {
            format!("add a line beside that, or leave `diversity` out: then {LEFT_OUT}")
        }
        ([], _) => {
            format!("add a line that shares none of these, or ask for less: without `diversity` {LEFT_OUT}")
        }
        (some, _) => {
            format!("relax {}, or leave `diversity` out: then {LEFT_OUT}", reason::words(some))
        }
    }
}

/// Of what paths have in common, what was to be kept apart.
fn asked(shared: Shared, diversity: Diversity) -> Shared {
    let mut asked = Shared { links: shared.links, ..Shared::default() };
    match diversity {
        Diversity::Link => {}
        Diversity::Node => asked.nodes = shared.nodes,
        Diversity::Srlg => asked.srlgs = shared.srlgs,
    }
    asked
}
