//! The link-state database of IS-IS (ISO 10589) as a router has it: what each router of the area tells of itself and of its neighbours.
//!
//! Routers are called by their system ids here. What they are in a network file is for whoever has one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
};

use thiserror::Error;

use crate::{
    id::{LinkId, NodeId},
    link::Side,
    sr::{Label, LabelBlock},
    ted::Ted,
    unit::{Delay, IgpMetric, Jitter, Loss, TeMetric},
};

/// What IS-IS calls a router. Written like `0000.0000.0001`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct SystemId(pub [u8; 6]);

/// A text that is no system id.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a system id is three groups of four hexadecimal digits, like 0000.0000.0001")]
pub struct BadSystemId;

impl SystemId {
    /// The one that engineers make of a router id: its decimal digits, `10.0.0.1` is `0100.0000.0001`.
    pub fn of(router_id: Ipv4Addr) -> Self {
        let [a, b, c, d] = router_id.octets();
        let digits = [a, b, c, d].map(|octet| [octet / 100, octet / 10 % 10, octet % 10]);
        let [[a, b, c], [d, e, f], [g, h, i], [j, k, l]] = digits;
        Self([[a, b], [c, d], [e, f], [g, h], [i, j], [k, l]].map(|[high, low]| high << 4 | low))
    }
}

impl fmt::Display for SystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}{b:02x}.{c:02x}{d:02x}.{e:02x}{g:02x}")
    }
}

impl FromStr for SystemId {
    type Err = BadSystemId;

    fn from_str(text: &str) -> Result<Self, BadSystemId> {
        let groups: Vec<&str> = text.split('.').collect();
        let [one, two, three] = groups[..] else { return Err(BadSystemId) };
        let group = |text: &str| {
            let is_one = text.len() == 4 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
            is_one.then(|| u16::from_str_radix(text, 16).ok()).flatten().ok_or(BadSystemId)
        };
        let [[a, b], [c, d], [e, f]] =
            [group(one)?.to_be_bytes(), group(two)?.to_be_bytes(), group(three)?.to_be_bytes()];
        Ok(Self([a, b, c, d, e, f]))
    }
}

/// What all routers tell; LANs are left out.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Lsdb {
    /// By their system ids.
    pub routers: BTreeMap<SystemId, LsRouter>,
}

/// What one router tells of itself. What is absent was not told.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LsRouter {
    /// Its name (RFC 5301).
    pub name: Option<String>,
    /// Its TE router id (RFC 5305 section 4.3).
    pub router_id: Option<Ipv4Addr>,
    /// Whether it takes no transit traffic.
    pub overload: Option<bool>,
    /// The first block of its SRGB (RFC 8667 section 3.1).
    pub srgb: Option<LabelBlock>,
    /// The index of its node SID (RFC 8667 section 2.1), that of its router id before others.
    pub node_sid: Option<u32>,
    /// To whom it has adjacencies.
    pub adjacencies: Vec<Adjacency>,
}

/// One direction between two routers (RFC 5305 section 3). What is absent was not told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Adjacency {
    /// To whom.
    pub to: SystemId,
    /// Addresses of the near end.
    pub near: Vec<IpAddr>,
    /// Addresses of the far end.
    pub far: Vec<IpAddr>,
    /// The metric.
    pub igp: IgpMetric,
    /// The traffic-engineering metric.
    pub te: Option<TeMetric>,
    /// Its label, no backup (RFC 8667 section 2.2.1).
    pub label: Option<Label>,
    /// Average one-way delay (RFC 8570 section 4.1).
    pub delay: Option<Delay>,
    /// Delay variation (section 4.3).
    pub jitter: Option<Jitter>,
    /// Loss (section 4.4).
    pub loss: Option<Loss>,
}

impl Adjacency {
    /// One of which no more than the metric is told.
    pub const fn new(to: SystemId, igp: IgpMetric) -> Self {
        Self {
            to,
            near: Vec::new(),
            far: Vec::new(),
            igp,
            te: None,
            label: None,
            delay: None,
            jitter: None,
            loss: None,
        }
    }
}

impl Lsdb {
    /// What the routers of a network tell while these of its links are down: names, router ids, overload and metrics. O(nodes + links).
    pub fn of(ted: &Ted, down: &BTreeSet<LinkId>) -> Self {
        let id = |node: &NodeId| ted.nodes.get(node).map(|node| SystemId::of(node.router_id));
        let mut routers: BTreeMap<SystemId, LsRouter> = BTreeMap::new();
        for node in ted.nodes.values() {
            let router = LsRouter {
                name: Some(node.id.to_string()),
                router_id: Some(node.router_id),
                overload: Some(node.overload),
                ..LsRouter::default()
            };
            routers.insert(SystemId::of(node.router_id), router);
        }
        for link in ted.links.values().filter(|link| !down.contains(&link.id)) {
            for side in [Side::A, Side::Z] {
                let (near, far) = (id(&link.end(side).node), id(&link.end(side.other()).node));
                let direction = link.direction(side);
                if let (Some(router), Some(far)) = (near.and_then(|near| routers.get_mut(&near)), far) {
                    // The modules that routers serve have no metric of 0.
                    let igp = IgpMetric(direction.igp.value.0.max(1));
                    let te = Some(direction.te.value);
                    router.adjacencies.push(Adjacency { te, ..Adjacency::new(far, igp) });
                }
            }
        }
        // Lines to one neighbour stand together.
        routers.values_mut().for_each(|router| router.adjacencies.sort_by_key(|adjacency| adjacency.to));
        Self { routers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_id_is_read_as_it_is_written() {
        let id: SystemId = "0143.0438.AeF0".parse().unwrap();
        assert_eq!(id, SystemId([0x01, 0x43, 0x04, 0x38, 0xae, 0xf0]));
        assert_eq!(id.to_string(), "0143.0438.aef0");
        for bad in ["", "0143.0438", "0143.0438.aef0.00", "143.0438.aef0", "+143.0438.aef0", "014x.0438.aef0"]
        {
            assert_eq!(bad.parse::<SystemId>(), Err(BadSystemId), "{bad}");
        }
    }

    #[test]
    fn a_router_id_makes_a_system_id_of_its_digits() {
        let of = |address: &str| SystemId::of(address.parse().unwrap()).to_string();
        assert_eq!(of("10.0.0.1"), "0100.0000.0001");
        assert_eq!(of("192.168.255.9"), "1921.6825.5009");
    }
}
