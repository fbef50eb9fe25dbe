//! Services that a person had moved off hot links stay off them, as long as that costs no promise.

use std::collections::BTreeSet;

use model::{Bandwidth, EdgeIx, LinkId, Service, ServiceId};
use paths::PathRequest;

use super::{Placer, seen};
use crate::route::{self, Ways};

impl Placer<'_> {
    /// With services that go as if nobody had moved them: others need the room.
    #[must_use]
    pub fn letting(mut self, yielding: BTreeSet<ServiceId>) -> Self {
        self.yielding = yielding;
        self
    }

    /// Whether a service is one of these.
    pub fn lets_back(&self, service: &ServiceId) -> bool {
        self.yielding.contains(service)
    }

    /// What is left of an edge.
    pub fn room_on(&self, edge: EdgeIx) -> Bandwidth {
        Bandwidth::from_bps(self.room.free(false).single().get(edge.ix()).copied().unwrap_or(0))
    }

    /// Whether a service is kept off links and these ways ride none of them.
    pub(super) fn is_kept_off(&self, service: &Service, ways: &Ways) -> bool {
        let rides = |link: &LinkId| {
            let link = self.graph.link_ix(link).map(EdgeIx::link);
            ways.each().flat_map(|found| &found.edges).any(|edge| Some(edge.link()) == link)
        };
        self.hints.balanced.get(&service.id).is_some_and(|balance| !balance.off.iter().any(rides))
    }

    /// The ways of a service off the links that it is kept off. None where it is kept off nothing, where it gives way, or where no other way
    /// keeps its whole promise and can be told to its headend: then it goes as if nobody had balanced anything, with a word in its reasons.
    pub(super) fn balanced(
        &mut self,
        service: &Service,
        request: &PathRequest,
        notes: &mut Vec<String>,
    ) -> Option<Ways> {
        let balance = self.hints.balanced.get(&service.id)?;
        if self.lets_back(&service.id) {
            return None;
        }
        let (there, gone): (Vec<&LinkId>, Vec<&LinkId>) =
            balance.off.iter().partition(|link| self.graph.link_ix(link).is_some());
        let why = &balance.why;
        if there.is_empty() {
            notes.push(format!("not kept off {} ({why}): gone from the network", listed(&gone)));
            return None;
        }
        let mut off = request.clone();
        let links = there.iter().filter_map(|link| self.graph.link_ix(link));
        links.for_each(|edge| off.excluded.edges.insert_link(edge));
        let overlay = self.overlay(service);
        let free = self.room.free(self.is_strict(service));
        let view = seen(&mut self.base, &mut self.overlays, overlay);
        let names = listed(&there);
        let Ok(ways) = route::primary(view, free, service, &off) else {
            notes.push(format!("not kept off {names} ({why}): no other way keeps the promise now"));
            return None;
        };
        if self.is_careful(service) && !self.keeps(service, &off, &ways) {
            notes.push(format!(
                "not kept off {names} ({why}): on the other way packets would wait too long in queues of full lines"
            ));
            return None;
        }
        if let Err(error) = self.encode(service, &ways) {
            notes.push(format!(
                "not kept off {names} ({why}): the other way cannot be told to its headend: {error}"
            ));
            return None;
        }
        notes.push(format!("kept off {names}: {why}"));
        Some(ways)
    }
}

fn listed(links: &[&LinkId]) -> String {
    links.iter().map(|link| link.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use model::{Hints, IntentSet, Ted, Timestamp, Verdict, hint::Balance};

    use crate::tests::{CLASSES, compiled, minimal_ted, service, set_of, ted};

    /// What stands first among the reasons of a service between headquarters and the first branch that is kept off links.
    fn reason(ted: &Ted, set: &IntentSet, off: &[&str]) -> String {
        let off = off.iter().map(|link| model::LinkId::lit(link)).collect();
        let balance =
            Balance { off, since: Timestamp::default(), why: "full".to_owned(), held: Default::default() };
        let id = model::ServiceId::lit("s");
        let hints = Hints { balanced: [(id.clone(), balance)].into(), ..Hints::default() };
        let done = compiled(set, ted, &hints);
        let Verdict::Carried { directions, .. } = &done.verdicts[&id] else { panic!("{done:?}") };
        assert!(directions[0].primary.path.hops.iter().any(|hop| hop.link.as_str() == "line1-br-1"));
        directions[0].primary.why[0].clone()
    }

    fn one(ted: &Ted, more: &str) -> IntentSet {
        let ends = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n";
        set_of(&[CLASSES, &service("s", &format!("{ends}{more}"))], ted)
    }

    #[test]
    fn why_a_service_is_not_kept_off_is_said_as_it_is() {
        let ted = minimal_ted();
        let quick = one(&ted, "  slo: {oneWayDelay: 8ms}");
        let no_way = "not kept off line1-br-1 (full): no other way keeps the promise now";
        assert_eq!(reason(&ted, &quick, &["line1-br-1"]), no_way);
        let free = one(&ted, "");
        assert_eq!(reason(&ted, &free, &["line9"]), "not kept off line9 (full): gone from the network");
        assert_eq!(reason(&ted, &free, &["line2-br-1", "line9"]), "kept off line2-br-1: full");
    }

    #[test]
    fn a_way_that_cannot_be_told_to_its_headend_is_not_called_missing() {
        let text = include_str!("../../../examples/minimal/network.yaml");
        let mute = text.replace(", nodeSid: 3, locator: \"fd00:0:3::/48\"", "");
        assert_ne!(mute, text);
        let ted = ted(&mute);
        let set = one(&ted, "  sle: {encryption: required}");
        let said = reason(&ted, &set, &["line1-br-1"]);
        let start = "not kept off line1-br-1 (full): the other way cannot be told to its headend: ";
        assert!(said.starts_with(start), "{said}");
    }
}
