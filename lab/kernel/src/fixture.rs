//! A small network for tests: r1, r2 and r3 in a triangle, seen from r1, with one tenant of both families at r1 and r3.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv6Net};
use model::{
    Bandwidth, CandidatePath, Classifier, DeviceConfig, Discipline, InterfaceName, InterfaceQos, NodeId,
    PolicyKey, QueueName, QueueShare, SegmentList, Sid, SrPolicy, SteeringKey, SteeringRule, VrfName,
    sr::LastResort, steering::Dscp,
};

use crate::{
    Attachment, Csid, Device, EndX, Hop, Locator, Peer, Place, Port, Remote, RouteKey, Service, Target,
    Tenant, TenantNo, Underlay,
};

pub(crate) fn address(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

pub(crate) fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

pub(crate) fn device(name: &str) -> Device {
    name.parse().unwrap()
}

fn locator(node: u8) -> Ipv6Net {
    format!("fc00:0:{node}::/48").parse().unwrap()
}

fn port(name: &str, sid: &str, neighbour: &str) -> (InterfaceName, Port) {
    let end_x = Some(EndX { sid: address(sid), neighbour: address(neighbour) });
    let rate = Some(Bandwidth::from_bps(20_000_000));
    (InterfaceName::lit(name), Port { device: device(name), rate, end_x, up: true })
}

pub(crate) fn hop(name: &str, via: &str) -> Hop {
    Hop { device: device(name), via: Some(via.parse().unwrap()) }
}

fn tenant() -> Tenant {
    let remote = |node: &str, sid: &str| Remote { node: NodeId::lit(node), sid: address(sid) };
    let customer = Attachment {
        v4: Some("100.64.1.2".parse().unwrap()),
        v6: Some(address("fd00:cc:1::2")),
        prefixes: BTreeSet::from([net("10.1.0.0/24"), net("2001:db8:1::/64")]),
    };
    Tenant {
        number: TenantNo::new(1).unwrap(),
        customers: BTreeMap::from([(device("cust0"), customer)]),
        remote: BTreeMap::from([
            (net("10.3.0.0/16"), remote("r3", "fc00:0:3:d40::")),
            (net("10.3.2.0/24"), remote("r2", "fc00:0:2:d40::")),
            (net("2001:db8:3::/64"), remote("r3", "fc00:0:3:d60::")),
        ]),
        services: BTreeMap::from([
            (address("fc00:0:1:d40::"), Service::Dx4(device("cust0"))),
            (address("fc00:0:1:d60::"), Service::Dx6(device("cust0"))),
        ]),
    }
}

/// Where r1 stands: eth1 leads to r2, eth2 to r3.
pub(crate) fn place() -> Place {
    let two = BTreeSet::from([hop("eth1", "fd00:12::2")]);
    let three = BTreeSet::from([hop("eth2", "fd00:13::3")]);
    let peer = |node: u8| Peer { router_id: [10, 0, 0, node].into(), locator: Some(locator(node)) };
    Place {
        node: NodeId::lit("r1"),
        source: address("fc00:0:1:ffff::1"),
        locator: Some(Locator { net: locator(1), csid: None }),
        functions: BTreeSet::new(),
        core: BTreeSet::from(["fc00::/16".parse().unwrap(), "fd00:10::/28".parse().unwrap()]),
        ports: BTreeMap::from([
            port("eth1", "fc00:0:1:e000::", "fd00:12::2"),
            port("eth2", "fc00:0:1:e001::", "fd00:13::3"),
        ]),
        underlay: Underlay {
            routes: BTreeMap::from([(IpNet::V6(locator(2)), two), (IpNet::V6(locator(3)), three)]),
            ours: true,
        },
        peers: BTreeMap::from([(NodeId::lit("r2"), peer(2)), (NodeId::lit("r3"), peer(3))]),
        tenants: BTreeMap::from([(VrfName::lit("bank"), tenant())]),
        down: BTreeSet::new(),
        broken: BTreeSet::new(),
        silent: BTreeSet::new(),
    }
}

/// The same where containers are read.
pub(crate) fn with_csid(mut place: Place) -> Place {
    place.locator = Some(Locator { net: locator(1), csid: Some(Csid { node: 16, function: 16 }) });
    place
}

pub(crate) fn list(weight: u32, sids: &[&str]) -> SegmentList {
    SegmentList { weight, sids: sids.iter().map(|sid| sid.parse::<Sid>().unwrap()).collect() }
}

pub(crate) fn path(preference: u32, lists: Vec<SegmentList>) -> CandidatePath {
    CandidatePath { discriminator: preference, preference, name: format!("p{preference}"), lists }
}

pub(crate) fn policy(color: u32, endpoint: &str, candidates: Vec<CandidatePath>) -> SrPolicy {
    let key = PolicyKey { color: color.try_into().unwrap(), endpoint: endpoint.parse::<IpAddr>().unwrap() };
    let name = format!("tl-{color}");
    SrPolicy { key, name, binding_sid: None, candidates, last_resort: LastResort::Igp }
}

pub(crate) fn rule(sequence: u32, prefix: Option<&str>, dscp: &[&str], color: u32) -> SteeringRule {
    SteeringRule {
        key: SteeringKey { vrf: VrfName::lit("bank"), sequence },
        prefix: prefix.map(net),
        dscp: dscp.iter().map(|name| name.parse::<Dscp>().unwrap()).collect(),
        color: color.try_into().unwrap(),
    }
}

pub(crate) fn config(policies: Vec<SrPolicy>, rules: Vec<SteeringRule>) -> DeviceConfig {
    DeviceConfig {
        policies: policies.into_iter().map(|policy| (policy.key, policy)).collect(),
        steering: rules.into_iter().map(|rule| (rule.key.clone(), rule)).collect(),
        ..DeviceConfig::default()
    }
}

/// Voice by r2 with the direct line as its backup; payments 3:1 over both.
pub(crate) fn usual() -> DeviceConfig {
    let voice = policy(
        1000,
        "fc00:0:3:1::",
        vec![path(200, vec![list(1, &["fc00:0:2:1::"])]), path(100, vec![list(1, &["fc00:0:1:e001::"])])],
    );
    let both = vec![list(3, &["fc00:0:1:e001::"]), list(1, &["fc00:0:2:1::", "fc00:0:3:1::"])];
    let payments =
        SrPolicy { last_resort: LastResort::Drop, ..policy(1001, "fc00:0:3:1::", vec![path(200, both)]) };
    let rules = vec![rule(10, None, &["ef"], 1000), rule(20, Some("10.3.0.0/16"), &["af41", "cs4"], 1001)];
    config(vec![voice, payments], rules)
}

/// Queues of an interface: voice strict, production and the rest by weight.
pub(crate) fn queues() -> (InterfaceQos, Classifier) {
    let share = |discipline, megabits: u64| QueueShare {
        discipline,
        guarantee: Bandwidth::from_bps(megabits * 1_000_000),
    };
    let queues = BTreeMap::from([
        (QueueName::lit("voice"), share(Discipline::Strict, 3)),
        (QueueName::lit("production"), share(Discipline::Weighted(30), 12)),
        (QueueName::lit("rest"), share(Discipline::Weighted(10), 1)),
    ]);
    let dscp = |name: &str| name.parse::<Dscp>().unwrap();
    let classifier = BTreeMap::from([
        (dscp("ef"), QueueName::lit("voice")),
        (dscp("af41"), QueueName::lit("production")),
        (dscp("be"), QueueName::lit("rest")),
    ]);
    (InterfaceQos { queues }, Classifier { queues: classifier })
}

/// What a lookup in a table finds: the longest prefix.
pub(crate) fn longest<'a>(
    routes: impl Iterator<Item = (&'a RouteKey, &'a Target)>,
    address: IpAddr,
) -> Option<&'a Target> {
    let covering = routes.filter(|(key, _)| key.to.contains(&address));
    covering.max_by_key(|(key, _)| key.to.prefix_len()).map(|(_, target)| target)
}
