//! Services that a person had moved off hot links stay off them, as long as that costs no promise.

use model::Service;
use paths::PathRequest;

use super::{Placer, seen};
use crate::route::{self, Ways};

impl Placer<'_> {
    /// The ways of a service off the links that it is kept off. None where it is kept off nothing, or where no other way keeps its whole
    /// promise and can be told to its headend: then it goes as if nobody had balanced anything, with a word in its reasons.
    pub(super) fn balanced(
        &mut self,
        service: &Service,
        request: &PathRequest,
        notes: &mut Vec<String>,
    ) -> Option<Ways> {
        let balance = self.hints.balanced.get(&service.id)?;
        let mut off = request.clone();
        let links = balance.off.iter().filter_map(|link| self.graph.link_ix(link));
        links.for_each(|edge| off.excluded.edges.insert_link(edge));
        let overlay = self.overlay(service);
        let view = seen(&mut self.base, &mut self.overlays, overlay);
        let found = route::primary(view, &self.free, service, &off).ok();
        let ways = found.filter(|ways| self.encode(service, ways).is_ok());
        let names: Vec<&str> = balance.off.iter().map(|link| link.as_str()).collect();
        let (names, why) = (names.join(", "), &balance.why);
        notes.push(match ways {
            Some(_) => format!("kept off {names}: {why}"),
            None => format!("not kept off {names} ({why}): no other way keeps the promise now"),
        });
        ways
    }
}
