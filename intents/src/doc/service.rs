//! A promise as it was written: who talks to whom, which packets, and how good it must be.

use std::collections::BTreeMap;

use ipnet::IpNet;
use model::{
    id::{ClassName, NodeId, VrfName},
    intent::Diversity,
    steering::Dscp,
    unit::{Bandwidth, Delay, Jitter, Loss, Ratio},
};
use schemars::JsonSchema;

use super::{AssuranceSpec, Connectivity, PathSpec, ScheduleSpec, Text};
use crate::read::{At, record};

record! {
    /// A promise of connectivity between nodes: who talks to whom, which traffic, how good it must be and how it is
    /// carried and watched (RFC 9315, RFC 9543).
    pub struct ServiceSpec {
        /// Between which nodes.
        "connectivity" => connectivity: At<Connectivity>,
        /// Which packets of the VRF it takes: each entry adds some. All of the class's code points where absent. At most ten.
        #[schemars(default)]
        "match" => matches: Vec<At<MatchSpec>>,
        /// The VRF in which the packets arrive. It exists on the routers already and is only referred to.
        "vrf" => vrf: At<VrfName>,
        /// The `TrafficClass` that it belongs to.
        "class" => class: At<ClassName>,
        /// What is measured and promised in each direction.
        "slo" => slo: Option<At<SloSpec>>,
        /// What is expected and cannot be measured directly.
        "sle" => sle: Option<At<SleSpec>>,
        /// How paths are chosen.
        "path" => path: Option<At<PathSpec>>,
        /// How the promise is watched and when traffic may be moved.
        "assurance" => assurance: Option<At<AssuranceSpec>>,
        /// When it is promised; at all times where absent. At other times its traffic follows the IGP.
        "when" => when: Option<At<ScheduleSpec>>,
    }
}

/// A prefix such as `10.16.0.0/16`.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq)]
#[schemars(transparent, inline)]
pub struct Prefix(#[schemars(with = "String")] pub IpNet);

record! {
    /// Some packets.
    pub struct MatchSpec {
        /// Destinations behind the second end or the spokes; all where absent.
        "prefix" => prefix: Option<At<Prefix>>,
        /// What lies behind the first end or the hubs: the packets' sources on the way out, their destinations on the way
        /// back. Routers look at destinations alone, so it decides about the way back only; all where absent.
        "source" => source: Option<At<Prefix>>,
        /// Code points, for instance `[af41, ef]`; those of the class where absent.
        #[schemars(default)]
        "dscp" => dscp: Vec<At<Dscp>>,
        /// `any`: packets are taken by prefix alone, whatever they are marked with. `class` where absent.
        "marked" => marked: Option<At<MarkWish>>,
    }
}

/// What the packets of a match are marked with.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, PartialEq)]
#[schemars(rename_all = "lowercase", inline)]
pub enum MarkWish {
    /// The code points of the match, or of the class.
    #[default]
    Class,
    /// Anything: each packet finds the queue of its own mark.
    Any,
}

record! {
    /// Service-level objectives (RFC 9543 section 5.1.1). What is absent is not promised.
    pub struct SloSpec {
        /// The longest one-way delay, for instance `30ms`.
        "oneWayDelay" => one_way_delay: Option<At<Delay>>,
        /// How the delay is divided over the domains of the network, for instance `{access: 12ms, backbone: 18ms}`. A node's
        /// domain is its label `domain` in the network file, `backbone` where it has none. What is left goes to the domains
        /// that are not named, in proportion to the delay of the path in each.
        "domains" => domains: Option<At<BTreeMap<At<Text>, At<Delay>>>>,
        /// The largest delay variation, for instance `5ms`.
        "jitter" => jitter: Option<At<Jitter>>,
        /// The highest loss, for instance `0.1%`.
        "loss" => loss: Option<At<Loss>>,
        /// What must always fit in each direction, for instance `20Mbps`.
        "bandwidth" => bandwidth: Option<At<Bandwidth>>,
        /// The share of time in which all of it holds, for instance `99.99%`. It is kept with the promise and not judged yet.
        "availability" => availability: Option<At<Ratio>>,
    }
}

/// Whether only encrypted links may carry it.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, PartialEq)]
#[schemars(rename_all = "lowercase", inline)]
pub enum EncryptionWish {
    /// Any link may.
    #[default]
    Any,
    /// Only links with MACsec or IPsec.
    Required,
}

record! {
    /// Service-level expectations (RFC 9543 section 5.1.2).
    pub struct SleSpec {
        /// What the backup has not in common with the path: `link`, `node` or `srlg`; `link` where absent.
        "diversity" => diversity: Option<At<Diversity>>,
        /// `required`: only encrypted links. `any` where absent.
        "encryption" => encryption: Option<At<EncryptionWish>>,
        /// Nodes to visit in order, for instance firewalls.
        #[schemars(default)]
        "waypoints" => waypoints: Vec<At<NodeId>>,
    }
}
