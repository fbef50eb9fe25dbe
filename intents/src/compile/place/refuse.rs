//! What is said of a service that has no path.

use std::collections::BTreeSet;

use model::{Bandwidth, EdgeIx, NodeId, Service, Severity, sr::Dataplane};
use paths::{Constraint, Found, NoPath, PathRequest, Reason};

use super::{
    super::{scribe, verdict},
    Compilation, Placer,
    careful::Lack,
    seen,
};
use crate::{
    codes,
    route::{self, Free, Ways},
    validate::{in_network, listed},
};

impl Placer<'_> {
    /// Refuses a service: because of what others have taken, or of the network as it is now.
    pub(super) fn refuse(
        &mut self,
        service: &Service,
        request: &PathRequest,
        lack: Lack,
        done: &mut Compilation,
    ) {
        if lack.waits {
            return self.refuse_full(service, &lack, done);
        }
        let (why, hinted) = (lack.why, self.is_hinted(service));
        let severity = if hinted { Severity::Major } else { Severity::Error };
        let (why, behind) = match self.taken(service, request, &why) {
            Some(taken) => (taken, Some(why)),
            None => (why, None),
        };
        let mut message = why.describe(self.graph);
        let (code, help) = if is_short(&why) {
            let edge = self.narrowest(service, &why);
            if let Some(takers) = edge.and_then(|edge| self.takers.told(edge, self.graph)) {
                message = format!("{message}; {takers}");
            }
            if let Some((held, whose)) = edge.and_then(|edge| self.room.held(edge)) {
                message =
                    format!("{message}; {held} stay free there, or packets of {whose} would wait too long");
            }
            let help = self.way_out(service, edge);
            (
                codes::DOES_NOT_FIT,
                match behind.and_then(|behind| behind.nearest(self.graph)) {
                    Some(nearest) => format!("{help}; where there is room, {nearest}"),
                    None => help.to_owned(),
                },
            )
        } else {
            (codes::NO_PATH, "it is carried again once a path exists".to_owned())
        };
        done.say(severity, code, &service.id, message, &help);
        done.refuse(&service.id, verdict::refusal(&why), why.nearest(self.graph));
    }

    /// Where others have the bandwidth with which a service would have a path: how much is left on the path that has most. Whatever else
    /// the search may name then (a longer way has room, but breaks the delay), bandwidth is what is missing.
    fn taken(&mut self, service: &Service, request: &PathRequest, why: &NoPath) -> Option<Box<NoPath>> {
        let named = matches!(why.reason, Reason::Constraint { which: Constraint::Bandwidth, .. });
        if named || request.bandwidth == Bandwidth::ZERO {
            return None;
        }
        let overlay = self.overlay(service);
        let free = self.room.free(self.is_strict(service));
        let view = seen(&mut self.base, &mut self.overlays, overlay);
        let empty = Free::of(paths::capacities(view.graph()));
        if !route::has_ways(view, &empty, service, request) {
            return None;
        }
        let (ways, most) = route::widest(view, free, service, request)?;
        Some(route::short(view.graph(), free, ways, most, request, why.exact))
    }

    /// What can be done about ways that no segment list pins: nodes that have no SID of the forwarding plane are named, and the other
    /// plane where it pins them.
    pub(super) fn pinnable(&mut self, service: &Service, ways: &Ways, why: &str) -> String {
        const PAGE: &str = "see `trunkline explain TL0056`";
        let plane = service.path.dataplane;
        let (what, native, label, other) = match plane {
            Dataplane::Srv6 => ("locator", "locator", "locator", Dataplane::SrMpls),
            Dataplane::SrMpls => ("node SID", "nodeSid", "node-sid", Dataplane::Srv6),
        };
        let bare = |node: &&NodeId| {
            self.ted.nodes.get(*node).is_some_and(|node| match plane {
                Dataplane::Srv6 => node.locator.is_none(),
                Dataplane::SrMpls => node.node_label().is_none(),
            })
        };
        let nodes: BTreeSet<&NodeId> = ways
            .each()
            .flat_map(|found| found.nodes(self.graph))
            .map(|node| self.graph.node_id(node))
            .collect();
        let without: Vec<&NodeId> = nodes.into_iter().filter(bare).collect();
        if without.is_empty() {
            return match why.starts_with(scribe::PINNED) {
                true => format!(
                    "fewer encrypted links on the way need fewer SIDs; where the devices can push more, say so by {}; {PAGE}",
                    in_network("msd", "label `trunkline.msd`")
                ),
                false => PAGE.to_owned(),
            };
        }
        let word = in_network(native, &format!("label `trunkline.{label}`"));
        let (has, it) = if without.len() == 1 { ("has", "it") } else { ("have", "each") };
        let pinned = self.encode_in(other, service, ways).is_ok();
        let instead = match (pinned, other) {
            (false, _) => "",
            (true, Dataplane::SrMpls) => {
                ", or write `path: {dataplane: sr-mpls}`, which has all it needs there"
            }
            (true, Dataplane::Srv6) => ", or write `path: {dataplane: srv6}`, which has all it needs there",
        };
        format!("{} {has} no {what}: give {it} a {word}{instead}; {PAGE}", listed(&without))
    }

    /// Where the nearest path has least left, where bandwidth alone is in its way.
    fn narrowest(&self, service: &Service, why: &NoPath) -> Option<EdgeIx> {
        let Reason::Constraint { which: Constraint::Bandwidth, nearest, .. } = &why.reason else {
            return None;
        };
        self.fullest(service, nearest)
    }

    /// Where a path, and its way back over the same links, has least left; the first of equals.
    pub(super) fn fullest(&self, service: &Service, path: &Found) -> Option<EdgeIx> {
        let joint = route::is_joint(service);
        let edges = path.edges.iter().flat_map(|edge| [Some(*edge), joint.then(|| edge.reverse())]);
        let free = self.room.free(self.is_strict(service)).single();
        edges.flatten().min_by_key(|edge| free[edge.ix()])
    }

    /// What can be done about bandwidth that is not there.
    fn way_out(&self, service: &Service, edge: Option<EdgeIx>) -> &'static str {
        let value = self.set.classes.get(&service.class).map_or(0, |class| class.value);
        match edge {
            Some(edge) if self.takers.are_above(edge, value) => {
                "services of higher value have the bandwidth: promise less, raise its class, or add a line"
            }
            _ => {
                "bandwidth goes by the value of the class, then by name: promise less, give it a class of higher value, or add a line"
            }
        }
    }
}

/// Whether a service would have a path with less bandwidth.
fn is_short(why: &NoPath) -> bool {
    match &why.reason {
        Reason::Constraint { which, .. } => *which == Constraint::Bandwidth,
        Reason::Together(several) => several.contains(&Constraint::Bandwidth),
        Reason::Disconnected => false,
    }
}
