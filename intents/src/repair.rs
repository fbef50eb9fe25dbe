//! The moment after a link fails, before a headend has switched to its backup: the routers in front of the failure lead what they would
//! have sent over it around by themselves (TI-LFA, RFC 9855). Where does the traffic of each link go then, and does that fit?
//!
//! What is promised is laid on the lists that the compiler wrote, and what each link carries of it on the repairs of [`paths`]. Bandwidth
//! alone is asked for: a repair may take longer than is promised, or go where a service does not want to, for the moment that it lasts.
//!
//! What must be encrypted is not led around, nor what is pinned otherwise (`path.pin`). Its path is held by unprotected adjacency segments, so that it is dropped in front of the failure
//! until the headend takes the backup, and never sent in clear. That is on purpose, and told apart from what nothing repairs.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Bandwidth, EdgeIx, Graph, IntentSet, LinkId, NodeId, Service, ServiceId, Ted, Verdict, graph::GraphError,
    verdict::DirectionVerdict,
};
use paths::{Csid, EdgeSet, Encoder, FastReroute, Moment, Protect, Ridden, SegmentKind};
use serde::{Deserialize, Serialize};

use crate::compile::{Compilation, containers, encoding, visits, without_node_segments};

/// How the failures of all links fare in their first moment.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Repairs {
    /// How many links carry something that is promised and that routers would lead around. Each was looked at.
    pub links: usize,
    /// Which they are; several answers are put together by it.
    #[serde(skip)]
    pub looked: BTreeSet<LinkId>,
    /// Those of them whose failure loses something or makes another link too full; by name.
    pub unfit: Vec<Unfit>,
    /// Services that nothing leads around, because their links are pinned: they must be encrypted, or ask for it.
    pub pinned: BTreeSet<ServiceId>,
    /// Services that are carried and of which it is not known where all their traffic goes; that part is counted nowhere.
    pub untold: BTreeSet<ServiceId>,
}

/// A link whose failure the network does not bear for a moment.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unfit {
    /// The link.
    pub link: LinkId,
    /// What is lost, because nothing leads around the link any more.
    pub lost: Bandwidth,
    /// Where more goes than can, and more than before; by name.
    pub over: Vec<TooFull>,
}

/// One direction of a link that gets more than it can carry.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TooFull {
    /// The link.
    pub link: LinkId,
    /// Where the direction starts.
    pub from: NodeId,
    /// Where it ends.
    pub to: NodeId,
    /// What it gets.
    pub load: Bandwidth,
    /// What it can carry.
    pub capacity: Bandwidth,
}

/// What each link's failure loads in the moment before headends switch. `down` are the links that are down already. Services that promise
/// no bandwidth count nothing, those that are refused are not carried at all.
///
/// What is lost still counts behind the node where its segment ends, and what is pinned still counts on its whole path: no load is told
/// too low.
///
/// Each promised direction costs what encoding it costs ([`Encoder::encode_chain`]) and O(edges log edges) for each segment; then each link
/// that carries something costs two trees, O(edges log nodes), and as much again for each node at which segments over it end. A tree
/// toward each node that is an end of a segment is kept, 12 bytes for each node of the network.
///
/// # Errors
/// The network is none.
pub fn repairs(
    compiled: &Compilation,
    set: &IntentSet,
    ted: &Ted,
    down: &BTreeSet<LinkId>,
) -> Result<Repairs, GraphError> {
    let graph = Graph::freeze(ted)?;
    let mut closed = EdgeSet::default();
    down.iter().filter_map(|link| graph.link_ix(link)).for_each(|edge| closed.insert_link(edge));
    let mut reroute = FastReroute::new(&graph, &closed);
    let Laid { protected, pinned, mut answer } = Laid::of(compiled, set, ted, &graph, &mut reroute);
    let mut all = protected.clone();
    all.join(pinned);
    let loads = all.loads(&graph);
    for link in protected.links() {
        answer.looked.insert(graph.link_id(link).clone());
        let moment = reroute.after(link, &protected.on(link), &loads, Protect::Link);
        if !moment.fits() {
            answer.unfit.push(Unfit::of(&graph, link, &moment));
        }
    }
    answer.links = answer.looked.len();
    Ok(answer)
}

/// What is promised, on the links that it rides.
#[derive(Default)]
struct Laid {
    /// What routers lead around a failure.
    protected: Ridden,
    /// What they do not.
    pinned: Ridden,
    answer: Repairs,
}

impl Laid {
    fn of(
        compiled: &Compilation,
        set: &IntentSet,
        ted: &Ted,
        graph: &Graph,
        reroute: &mut FastReroute<'_>,
    ) -> Self {
        // As the compiler does: over the whole network, whatever is down.
        let none_down = EdgeSet::default();
        let pins = set.services.values().any(Service::is_pinned);
        let bare = pins.then(|| without_node_segments(ted));
        let containers = containers(ted, graph);
        let mut encoder = Encoder::new(graph, ted, &none_down);
        let mut pinner = Encoder::new(graph, bare.as_ref().unwrap_or(ted), &none_down);
        let mut laid = Self::default();
        for (id, verdict) in &compiled.verdicts {
            let Verdict::Carried { directions, .. } = verdict else { continue };
            let Some(service) = set.services.get(id) else { continue };
            let rate = service.slo.bandwidth.unwrap_or(Bandwidth::ZERO);
            if rate == Bandwidth::ZERO {
                continue;
            }
            let is_pinned = service.is_pinned();
            let encoder = if is_pinned { &mut pinner } else { &mut encoder };
            let rides = directions.iter().filter_map(|direction| {
                let list = written(service, direction, graph, (&mut *encoder, containers.as_ref()))?;
                reroute.ride(graph.node_ix(&direction.from)?, &list, graph.node_ix(&direction.to)?, rate)
            });
            let rides: Vec<Ridden> = rides.collect();
            if rides.len() < 1 + usize::from(service.bidirectional) {
                laid.answer.untold.insert(id.clone());
            }
            if is_pinned {
                laid.answer.pinned.insert(id.clone());
            }
            let on = if is_pinned { &mut laid.pinned } else { &mut laid.protected };
            rides.into_iter().for_each(|ridden| on.join(ridden));
        }
        laid
    }
}

/// The list that the compiler wrote for the path of one direction, with what its segments mean. None where the path gives another list
/// here: then nobody knows what the written one means.
fn written(
    service: &Service,
    direction: &DirectionVerdict,
    graph: &Graph,
    (encoder, containers): (&mut Encoder<'_>, Option<&Csid>),
) -> Option<Vec<SegmentKind>> {
    let hops = &direction.primary.path.hops;
    let path: Vec<EdgeIx> = hops.iter().map(|hop| graph.edge_ix(hop)).collect::<Option<_>>()?;
    let [out, back] = visits(service, graph);
    let visits = if direction.from == service.a { out } else { back };
    let list = encoder.encode_chain(&path, &visits, &encoding(service.path.dataplane, containers)).ok()?;
    let is_it = list.sids == direction.primary.segments;
    is_it.then(|| list.segments.iter().map(|segment| segment.kind).collect())
}

impl Repairs {
    /// Takes in what was found with other services promised: of each link the worst of either.
    pub fn join(&mut self, other: Self) {
        self.looked.extend(other.looked);
        self.links = self.looked.len();
        self.pinned.extend(other.pinned);
        self.untold.extend(other.untold);
        let mine = std::mem::take(&mut self.unfit);
        let mut unfit: BTreeMap<LinkId, Unfit> =
            mine.into_iter().map(|unfit| (unfit.link.clone(), unfit)).collect();
        for other in other.unfit {
            match unfit.get_mut(&other.link) {
                Some(mine) => mine.join(other),
                None => drop(unfit.insert(other.link.clone(), other)),
            }
        }
        self.unfit = unfit.into_values().collect();
    }
}

impl Unfit {
    fn of(graph: &Graph, link: EdgeIx, moment: &Moment) -> Self {
        let named = |over: &paths::Over| {
            let edge = graph.edge(over.edge);
            TooFull {
                link: graph.link_id(over.edge).clone(),
                from: graph.node_id(edge.from).clone(),
                to: graph.node_id(edge.to).clone(),
                load: over.load,
                capacity: over.capacity,
            }
        };
        let mut over: Vec<TooFull> = moment.over.iter().map(named).collect();
        over.sort();
        Self { link: graph.link_id(link).clone(), lost: moment.lost, over }
    }

    fn join(&mut self, other: Self) {
        self.lost = self.lost.max(other.lost);
        for other in other.over {
            match self.over.iter_mut().find(|mine| (&mine.link, &mine.from) == (&other.link, &other.from)) {
                Some(mine) => mine.load = mine.load.max(other.load),
                None => self.over.push(other),
            }
        }
        self.over.sort();
    }
}

#[cfg(test)]
mod tests;
