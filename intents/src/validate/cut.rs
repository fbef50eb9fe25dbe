//! Which services maintenance windows cut off: each by itself, and two that are open at the same time together.
//!
//! A service is cut off where what is worked on is down and no line is left between its ends, by its waypoints and over encrypted lines
//! where these are asked for. Whether what is left keeps the promise is not asked here; `verify` asks it.

use std::collections::{BTreeMap, BTreeSet};

use model::{IntentSet, Schedule, Service, ServiceId, Ted, Window, hint::Work, id::NodeId, link::Encryption};

use super::{Judge, listed, names::Names};
use crate::{codes, doc::Document};

/// Judges all windows, then all pairs that overlap in time. O((windows + overlapping pairs) × (nodes + links + services)).
pub(super) fn judge(names: &Names<'_>, set: &IntentSet, judge: &mut Judge<'_>) {
    if set.windows.is_empty() {
        return;
    }
    let parts = Parts::of(judge.ted, set);
    let whole = parts.cut(&[]);
    let mut alone: BTreeMap<&str, BTreeSet<&ServiceId>> = BTreeMap::new();
    for window in set.windows.values() {
        let mut cut = parts.cut(&[&window.work]);
        cut.retain(|service, when| !whole.contains_key(service) && is_promised(*when, &[&window.when]));
        if let Some((doc, _)) = names.windows.get(window.name.as_str()).filter(|_| !cut.is_empty()) {
            let ids: Vec<&ServiceId> = cut.keys().copied().collect();
            let message =
                format!("while this window is open, {} cut off: {}", count(ids.len()), listed(&ids));
            judge.warn(codes::WINDOW_CUTS, doc, doc.metadata.name.mark, message).help(
                "add a line for them, give them a `when` outside it, or agree on the cut with their owners",
            );
        }
        alone.insert(&window.name, cut.into_keys().collect());
    }
    let windows: Vec<&Window> = set.windows.values().collect();
    for (place, one) in windows.iter().enumerate() {
        for other in &windows[place + 1..] {
            let Some(common) = one.when.overlaps(&other.when) else { continue };
            let mut cut = parts.cut(&[&one.work, &other.work]);
            cut.retain(|service, when| {
                let known = [one, other].iter().any(|window| alone[window.name.as_str()].contains(service));
                !known && !whole.contains_key(service) && is_promised(*when, &[&one.when, &other.when])
            });
            let ids: Vec<&ServiceId> = cut.into_keys().collect();
            let docs = [one, other].map(|window| names.windows.get(window.name.as_str()));
            if let ([Some((first, _)), Some((second, _))], false) = (docs, ids.is_empty()) {
                tell(first, second, &common, &ids, judge);
            }
        }
    }
}

/// The finding stands at the window that comes later by name, and points at the other.
fn tell(first: &Document, second: &Document, common: &Schedule, cut: &[&ServiceId], judge: &mut Judge<'_>) {
    let message = format!(
        "together with the window `{}`, open at the same time {common}, this one cuts off {}: {}; neither does alone",
        first.name(),
        if cut.len() == 1 { "1 service".to_owned() } else { format!("{} services", cut.len()) },
        listed(cut)
    );
    judge
        .error(codes::WINDOWS_TOGETHER, second, second.metadata.name.mark, message)
        .help("move one of the two; where the cut is meant, make them one window")
        .related(first.place(first.metadata.name.mark), "the other window")
        .made_by(first);
}

fn count(services: usize) -> String {
    if services == 1 { "1 service is".to_owned() } else { format!("{services} services are") }
}

/// Whether a service with this schedule is promised at some time when all of these are open.
fn is_promised(when: Option<&Schedule>, open: &[&Schedule]) -> bool {
    when.is_none_or(|when| {
        let all: Vec<&Schedule> = open.iter().copied().chain([when]).collect();
        Schedule::overlap_of(&all).is_some()
    })
}

/// The network by numbers, and the services on it.
struct Parts<'a> {
    ted: &'a Ted,
    number: BTreeMap<&'a NodeId, usize>,
    services: Vec<&'a Service>,
}

impl<'a> Parts<'a> {
    fn of(ted: &'a Ted, set: &'a IntentSet) -> Self {
        Self { ted, number: ted.nodes.keys().zip(0..).collect(), services: set.services.values().collect() }
    }

    /// The services that are cut off while all of this is down, with their schedules.
    fn cut(&self, down: &[&Work]) -> BTreeMap<&'a ServiceId, Option<&'a Schedule>> {
        let any = self.islands(down, false);
        let encrypted = self.islands(down, true);
        let is_cut = |service: &&&'a Service| {
            let islands = if service.sle.encrypted { &encrypted } else { &any };
            let stops = [&service.a, &service.z].into_iter().chain(&service.sle.waypoints);
            let on: BTreeSet<Option<usize>> = stops
                .map(|stop| {
                    let dead = down.iter().any(|work| work.nodes.contains(stop));
                    self.number.get(stop).filter(|_| !dead).map(|number| islands[*number])
                })
                .collect();
            on.len() > 1 || on.contains(&None)
        };
        self.services.iter().filter(is_cut).map(|service| (&service.id, service.when.as_ref())).collect()
    }

    /// By node: the least number of a node that it can reach.
    fn islands(&self, down: &[&Work], encrypted: bool) -> Vec<usize> {
        let mut parent: Vec<usize> = (0..self.number.len()).collect();
        fn root(parent: &mut [usize], mut node: usize) -> usize {
            while parent[node] != node {
                parent[node] = parent[parent[node]];
                node = parent[node];
            }
            node
        }
        for link in self.ted.links.values().filter(|link| !encrypted || link.encryption != Encryption::None) {
            let ends = [&link.a.node, &link.z.node];
            let is_down = |work: &&Work| {
                work.links.contains(&link.id) || ends.iter().any(|end| work.nodes.contains(*end))
            };
            if down.iter().any(is_down) {
                continue;
            }
            let [Some(a), Some(z)] = ends.map(|end| self.number.get(end)) else { continue };
            let (a, z) = (root(&mut parent, *a), root(&mut parent, *z));
            parent[a.max(z)] = a.min(z);
        }
        (0..parent.len()).map(|node| root(&mut parent, node)).collect()
    }
}
