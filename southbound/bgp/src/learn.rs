//! From link-state routes to the facts of the model. Each value is a [`Fact`] of the peer that told it, stale when that is silent;
//! where two peers disagree the fact says so. What is told of a link only for some applications holds for those (RFC 9294): we
//! are one that makes SR policies.
//!
//! [`view`] puts together what the table has of each router and link. A view becomes a network of its own by [`View::ted`], or
//! finds its places in one that a file describes by [`View::matched`].

mod effective;
mod matched;
mod pair;
mod said;
mod ted;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use model::{
    Affinity, Bandwidth, Delay, Fact, IgpMetric, Jitter, Label, Loss, NodeId, Source, Standing, TeMetric,
    fact::DeviceSource, node::MsdSet, sr::LabelBlock,
};

use crate::{
    ls::{
        IgpRouterId, LinkNlri, LsTlv, Nlri, descriptor::NodeDescriptor, nlri::Instance, nlri::igp_router_id,
        sr::SidLabel,
    },
    table::{Route, Table},
};
pub use matched::{Matched, Unmatched};
pub use pair::{End, Half};
use said::Told;
pub use ted::{Learned, LeftOut};

/// How a router is recognised: the domain, and what the IGP calls it. A router of two levels is one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct RouterKey {
    /// The identifier of the routing domain.
    pub domain: u64,
    /// How the IGP calls it.
    pub id: IgpRouterId,
}

/// What is said of a router.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Router {
    /// Its name.
    pub name: Option<Fact<String>>,
    /// Its TE router id.
    pub router_id: Option<Fact<Ipv4Addr>>,
    /// Whether it takes no transit traffic; not known where what is said of it could not be read.
    pub overload: Option<Fact<bool>>,
    /// Its SRv6 locator.
    pub locator: Option<Fact<ipnet::Ipv6Net>>,
    /// The index of its node SID.
    pub node_sid: Option<Fact<u32>>,
    /// Its global block.
    pub srgb: Option<Fact<LabelBlock>>,
    /// Its local block.
    pub srlb: Option<Fact<LabelBlock>>,
    /// Its maximum SID depths; where a type is not told, the value that files have without.
    pub msd: Option<Fact<MsdSet>>,
}

/// What is said of one direction of a link.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Way {
    /// The name of the interface or link.
    pub name: Option<Fact<String>>,
    /// Capacity.
    pub bandwidth: Option<Fact<Bandwidth>>,
    /// Average one-way delay, or else the least.
    pub delay: Option<Fact<Delay>>,
    /// Delay variation.
    pub jitter: Option<Fact<Jitter>>,
    /// Loss.
    pub loss: Option<Fact<Loss>>,
    /// The IGP's metric.
    pub igp: Option<Fact<IgpMetric>>,
    /// The traffic-engineering metric.
    pub te: Option<Fact<TeMetric>>,
    /// The SID of the adjacency as it was told.
    pub adjacency_sid: Option<Fact<SidLabel>>,
    /// The same as a label: an index counts from the start of the router's local block.
    pub adjacency_label: Option<Fact<Label>>,
    /// The SRv6 SID of the adjacency.
    pub end_x: Option<Fact<std::net::Ipv6Addr>>,
    /// Administrative groups by number.
    pub groups: Option<Fact<BTreeSet<u32>>>,
    /// Shared risk link groups by number.
    pub srlg: Option<Fact<BTreeSet<u32>>>,
}

impl Way {
    /// Whether nobody who is heard tells of it: all that is said of it is stale.
    fn is_stale(&self) -> bool {
        fn is_stale<T>(fact: Option<&Fact<T>>) -> Option<bool> {
            fact.map(|fact| matches!(fact.standing, Standing::Stale { .. }))
        }
        let said = [
            is_stale(self.name.as_ref()),
            is_stale(self.bandwidth.as_ref()),
            is_stale(self.delay.as_ref()),
            is_stale(self.jitter.as_ref()),
            is_stale(self.loss.as_ref()),
            is_stale(self.igp.as_ref()),
            is_stale(self.te.as_ref()),
            is_stale(self.adjacency_sid.as_ref()),
            is_stale(self.end_x.as_ref()),
            is_stale(self.groups.as_ref()),
            is_stale(self.srlg.as_ref()),
        ];
        said.contains(&Some(true)) && !said.contains(&Some(false))
    }
}

/// What the table says, put together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// Routers; LANs are left out here.
    pub routers: BTreeMap<RouterKey, Router>,
    /// Directions of links, in the order of their routes.
    pub halves: Vec<Half>,
}

/// What numbers are called. Without a name a group is `group-7`, a risk its number.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Names {
    /// Administrative groups.
    pub groups: BTreeMap<u32, Affinity>,
    /// Shared risk link groups.
    pub srlg: BTreeMap<u32, String>,
}

impl Names {
    /// The name of a group.
    pub fn group(&self, number: u32) -> Affinity {
        self.groups.get(&number).cloned().unwrap_or_else(|| Affinity::lit(&format!("group-{number}")))
    }

    /// The name of a risk.
    pub fn risk(&self, number: u32) -> String {
        self.srlg.get(&number).cloned().unwrap_or_else(|| number.to_string())
    }
}

/// By which protocol the facts came.
pub const PROTOCOL: &str = "bgp-ls";

/// Who says something, when, and whether it still stands: turns values into facts.
pub(crate) struct Said<'a> {
    peer: &'a NodeId,
    route: &'a Route,
}

impl Said<'_> {
    /// The statements; none where there are none, or where they could not be read.
    fn tlvs(&self) -> &[LsTlv] {
        self.route.attribute.as_ref().map_or(&[], |attribute| &attribute.tlvs)
    }

    fn fact<T>(&self, value: T) -> Fact<T> {
        let source =
            Source::Advertised(DeviceSource { node: self.peer.clone(), protocol: PROTOCOL.to_owned() });
        let standing = self.route.stale_since.map_or(Standing::Fresh, |since| Standing::Stale { since });
        Fact { value, source, at: self.route.at, standing }
    }
}

/// Puts together what peers say. Peers come in the order of their names: of two that disagree the first is kept, unless it is
/// stale and the second is not; the other stands beside it. O(routes log routes).
pub fn view(table: &Table) -> View {
    let mut view = View::default();
    let mut halves: BTreeMap<&LinkNlri, Way> = BTreeMap::new();
    for (peer, known) in table.peers() {
        let mut told = BTreeMap::new();
        for (nlri, route) in &known.routes {
            let said = Said { peer, route };
            match nlri {
                Nlri::Node(nlri) => tell(&mut told, &nlri.node, nlri.instance, |told| told.node(&said)),
                Nlri::Prefix(prefix) => {
                    tell(&mut told, &prefix.node, prefix.instance, |told| told.prefix(prefix, &said));
                }
                Nlri::Link(link) => {
                    said::link(halves.entry(link).or_default(), link.instance.protocol, &said);
                }
                Nlri::Sid(_) | Nlri::Other { .. } => {}
            }
        }
        for (key, told) in told {
            view.routers.entry(key).or_default().lay(told.router);
        }
    }
    view.halves = halves.into_iter().filter_map(|(nlri, way)| Half::of(nlri, way)).collect();
    view.settle_labels();
    view
}

impl View {
    /// Adjacency SIDs that are indexes become labels of the local block of their router.
    fn settle_labels(&mut self) {
        for half in &mut self.halves {
            let block = self.routers.get(&half.local).and_then(|router| router.srlb.as_ref());
            half.settle_label(block.map(|fact| fact.value));
        }
    }
}

/// Takes down what one peer says of a router.
fn tell(
    told: &mut BTreeMap<RouterKey, Told>,
    node: &[NodeDescriptor],
    instance: Instance,
    read: impl FnOnce(&mut Told),
) {
    if let Some(key) = router_key(node, instance).filter(|key| !key.id.is_lan()) {
        read(told.entry(key).or_default());
    }
}

impl Router {
    /// Lays what another peer says over it.
    fn lay(&mut self, said: Self) {
        merge(&mut self.name, said.name);
        merge(&mut self.router_id, said.router_id);
        merge(&mut self.overload, said.overload);
        merge(&mut self.locator, said.locator);
        merge(&mut self.node_sid, said.node_sid);
        merge(&mut self.srgb, said.srgb);
        merge(&mut self.srlb, said.srlb);
        merge(&mut self.msd, said.msd);
    }
}

/// How the router of these descriptors is recognised.
fn router_key(node: &[NodeDescriptor], instance: Instance) -> Option<RouterKey> {
    igp_router_id(node).map(|id| RouterKey { domain: instance.identifier, id })
}

/// Lays what is said over what was said before it: what is fresh goes before what is stale, and of two that are fresh and differ the first
/// is kept, with the other beside it.
pub fn merge<T: PartialEq + Clone>(place: &mut Option<Fact<T>>, said: Option<Fact<T>>) {
    let Some(said) = said else { return };
    let Some(before) = place else {
        *place = Some(said);
        return;
    };
    let stale = |fact: &Fact<T>| matches!(fact.standing, Standing::Stale { .. });
    match (stale(before), stale(&said)) {
        (true, false) => *place = Some(said),
        (false, true) => {}
        _ if before.value == said.value => before.at = before.at.max(said.at),
        (true, true) => {}
        (false, false) => {
            before.standing = Standing::Conflicting { other: said.value, source: said.source };
        }
    }
}
