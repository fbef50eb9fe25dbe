//! A network of what was learned alone.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Bandwidth, Delay, Fact, IgpMetric, InterfaceName, Jitter, Link, Loss, Node, NodeId, TeMetric, Ted,
    link::{Contract, Direction, Encryption, Termination},
    node::MsdSet,
    sr::LabelBlock,
};

use super::{Half, Names, Router, RouterKey, View, Way, pair};

/// What the files' conventions give a network that says nothing (see the head of `formats`).
const BANDWIDTH: Bandwidth = Bandwidth::from_bps(1_000_000_000);
const SRGB: LabelBlock = LabelBlock { base: 16_000, size: 8_000 };
const SRLB: LabelBlock = LabelBlock { base: 15_000, size: 1_000 };
const QUEUES: u8 = 8;
const DIALECT: &str = "openconfig";

/// What does not come into the network.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LeftOut {
    /// What it is.
    pub what: String,
    /// Why it does not come in, and what would help.
    pub why: &'static str,
}

/// A network, and what of the table is not in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learned {
    /// The network.
    pub ted: Ted,
    /// What is not in it.
    pub left_out: Vec<LeftOut>,
}

const NO_ROUTER_ID: &str = "it tells no te router id (tlv 1028); configure one on the router";
const LAN: &str = "lans are not in the model; configure the interface as point-to-point";
const ONE_WAY: &str = "only one side tells of it; look at the interface of the other";
const NO_NODE: &str = "a router at its end is not known";

impl View {
    /// The network that was learned: routers that have a TE router id, links that both sides tell of. What was not told has the
    /// value that it would have in a file without, as a fact that was derived.
    pub fn ted(&self, names: &Names) -> Learned {
        let mut learned = Learned::default();
        let ids = self.node_ids(&mut learned.left_out);
        for (id, router) in ids.values() {
            learned.ted.nodes.insert(id.clone(), node(id.clone(), router));
        }
        let (paired, single) = pair::pairs(&self.halves);
        let mut taken = Taken::default();
        for (one, two) in paired {
            let (Some(one), Some(two)) = (self.halves.get(one), self.halves.get(two)) else { continue };
            let (Some((a, _)), Some((z, _))) = (ids.get(&one.local), ids.get(&two.local)) else {
                learned.leave_out(one, NO_NODE);
                continue;
            };
            let link = link((a, one), (z, two), &mut taken, names);
            match link {
                Some(link) => drop(learned.ted.links.insert(link.id.clone(), link)),
                None => learned.leave_out(one, "its ends have no names that can be written"),
            }
        }
        for half in single.into_iter().filter_map(|place| self.halves.get(place)) {
            let lan = half.local.id.is_lan() || half.remote.id.is_lan();
            learned.leave_out(half, if lan { LAN } else { ONE_WAY });
        }
        learned
    }

    /// Routers by name: as they are called, or after their router id where that is no name or not theirs alone.
    fn node_ids(&self, left_out: &mut Vec<LeftOut>) -> BTreeMap<RouterKey, (NodeId, &Router)> {
        let named = |router: &Router| router.name.as_ref().and_then(|name| name.value.parse::<NodeId>().ok());
        let mut uses: BTreeMap<NodeId, usize> = BTreeMap::new();
        for name in self.routers.values().filter_map(named) {
            *uses.entry(name).or_default() += 1;
        }
        let mut ids = BTreeMap::new();
        let mut router_ids = BTreeSet::new();
        for (key, router) in &self.routers {
            let Some(router_id) = router.router_id.as_ref().map(|fact| fact.value) else {
                left_out.push(LeftOut { what: format!("router {}", key.id), why: NO_ROUTER_ID });
                continue;
            };
            if !router_ids.insert(router_id) {
                let why = "another router has its te router id; give each its own";
                left_out.push(LeftOut { what: format!("router {}", key.id), why });
                continue;
            }
            let own = named(router).filter(|name| uses.get(name) == Some(&1));
            let id = own.or_else(|| router_id.to_string().parse().ok());
            if let Some(id) = id {
                ids.insert(*key, (id, router));
            }
        }
        ids
    }
}

impl Learned {
    fn leave_out(&mut self, half: &Half, why: &'static str) {
        let what = format!("link {} to {}", half.local.id, half.remote.id);
        self.left_out.push(LeftOut { what, why });
    }
}

fn node(id: NodeId, router: &Router) -> Node {
    let value = |fact: &Option<Fact<LabelBlock>>, otherwise| fact.as_ref().map_or(otherwise, |it| it.value);
    Node {
        id,
        role: None,
        site: None,
        location: None,
        labels: BTreeMap::new(),
        router_id: router.router_id.as_ref().map_or(std::net::Ipv4Addr::UNSPECIFIED, |fact| fact.value),
        locator: router.locator.clone(),
        node_sid: router.node_sid.clone(),
        next_csid: None,
        service_function: None,
        srgb: value(&router.srgb, SRGB),
        srlb: value(&router.srlb, SRLB),
        msd: router.msd.clone().unwrap_or_else(|| Fact::derived(MsdSet::default())),
        queues: QUEUES,
        overload: router.overload.as_ref().is_some_and(|fact| fact.value),
        dialect: DIALECT.to_owned(),
        features: model::Features::default(),
    }
}

/// A link, the router of the lower name first.
fn link(one: (&NodeId, &Half), two: (&NodeId, &Half), taken: &mut Taken, names: &Names) -> Option<Link> {
    let (a, z) = if one.0 <= two.0 { (one, two) } else { (two, one) };
    let a_end = Termination { node: a.0.clone(), interface: taken.interface(a)? };
    let z_end = Termination { node: z.0.clone(), interface: taken.interface(z)? };
    let id = format!("{}:{}--{}:{}", a_end.node, a_end.interface, z_end.node, z_end.interface);
    let groups = [a, z].into_iter().filter_map(|(_, half)| half.way.groups.as_ref());
    let srlg = [a, z].into_iter().filter_map(|(_, half)| half.way.srlg.as_ref());
    Some(Link {
        id: id.parse().ok()?,
        a: a_end,
        z: z_end,
        a_to_z: direction(&a.1.way),
        z_to_a: direction(&z.1.way),
        affinity: groups.flat_map(|fact| &fact.value).map(|number| names.group(*number)).collect(),
        srlg: srlg.flat_map(|fact| &fact.value).map(|number| names.risk(*number)).collect(),
        role: None,
        encryption: Encryption::None,
        contract: Contract::default(),
        price: None,
    })
}

/// Names of interfaces that are given away.
#[derive(Default)]
struct Taken {
    names: BTreeSet<(NodeId, InterfaceName)>,
    /// The next count to try for the second of a name, so that none is tried twice.
    next: BTreeMap<(NodeId, InterfaceName), u32>,
}

impl Taken {
    /// The name of an interface: as it is told, or after its address or number. Two of one router are told apart by a count.
    fn interface(&mut self, (node, half): (&NodeId, &Half)) -> Option<InterfaceName> {
        let base = (node.clone(), half.interface_name()?);
        if self.names.insert(base.clone()) {
            return Some(base.1);
        }
        let next = self.next.entry(base.clone()).or_insert(2);
        loop {
            let name: InterfaceName = format!("{}~{next}", base.1).parse().ok()?;
            *next = next.checked_add(1)?;
            if self.names.insert((node.clone(), name.clone())) {
                return Some(name);
            }
        }
    }
}

impl Half {
    /// What its interface is called, or could be.
    pub(super) fn interface_name(&self) -> Option<InterfaceName> {
        let told = self.way.name.as_ref().and_then(|name| name.value.parse().ok());
        told.or_else(|| {
            self.near.first().and_then(|end| {
                match end {
                    pair::End::Ipv4(address) => address.to_string(),
                    pair::End::Ipv6(address) => address.to_string(),
                    pair::End::Number(number) => format!("if-{number}"),
                }
                .parse()
                .ok()
            })
        })
    }
}

fn direction(way: &Way) -> Direction {
    let igp = way.igp.clone().unwrap_or_else(|| Fact::derived(IgpMetric::default()));
    Direction {
        bandwidth: way.bandwidth.clone().unwrap_or_else(|| Fact::derived(BANDWIDTH)),
        delay: way.delay.clone().unwrap_or_else(|| Fact::derived(Delay::ZERO)),
        jitter: way.jitter.clone().unwrap_or_else(|| Fact::derived(Jitter::ZERO)),
        loss: way.loss.clone().unwrap_or_else(|| Fact::derived(Loss::ZERO)),
        te: way.te.clone().unwrap_or_else(|| Fact::derived(TeMetric(igp.value.0))),
        igp,
        adjacency_label: way.adjacency_label.clone(),
        end_x: way.end_x.clone(),
    }
}
