//! Between which nodes a promise holds, and how nodes are selected, as it was written.

use std::collections::BTreeMap;

use model::id::{NodeId, Site};
use schemars::JsonSchema;

use super::Text;
use crate::read::{At, record};

/// Between which nodes a promise holds (RFC 8299 section 6.2).
#[derive(Clone, Debug, JsonSchema, PartialEq)]
#[schemars(untagged, inline)]
pub enum Connectivity {
    /// Two nodes.
    P2p(P2p),
    /// Every spoke with a hub or with all hubs.
    HubSpoke(Box<HubSpoke>),
    /// Every member with every other.
    Mesh(Mesh),
}

/// The word `p2p`.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq)]
#[schemars(inline)]
pub enum P2pWord {
    /// Two nodes.
    #[schemars(rename = "p2p")]
    P2p,
}

/// The word `hub-spoke`.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq)]
#[schemars(inline)]
pub enum HubSpokeWord {
    /// Every spoke with a hub or with all hubs.
    #[schemars(rename = "hub-spoke")]
    HubSpoke,
}

/// The word `mesh`.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq)]
#[schemars(inline)]
pub enum MeshWord {
    /// Every member with every other.
    #[schemars(rename = "mesh")]
    Mesh,
}

record! {
    /// Two nodes.
    pub struct P2p {
        /// `p2p`.
        "type" => kind: At<P2pWord>,
        /// The two nodes. What `prefix` of `match` names lies behind the second, what `source` names behind the first.
        #[schemars(extend("minItems" = 2, "maxItems" = 2))]
        "endpoints" => endpoints: At<Vec<At<NodeId>>>,
        /// Whether traffic from the second to the first is promised too; true where absent.
        "bidirectional" => bidirectional: Option<At<bool>>,
    }
}

record! {
    /// Hubs and spokes. Each pair is a service called `intent/hub~spoke`.
    pub struct HubSpoke {
        /// `hub-spoke`.
        "type" => kind: At<HubSpokeWord>,
        /// The hubs. What `source` of `match` names lies behind them.
        "hubs" => hubs: At<Selector>,
        /// The spokes. What `prefix` of `match` names lies behind them.
        "spokes" => spokes: At<Selector>,
        /// `all`: every spoke with every hub. `alternate`: one hub a spoke; the spokes in the order of their names
        /// take the hubs in turn. `all` where absent.
        "pairing" => pairing: Option<At<Pairing>>,
        /// Whether traffic from spoke to hub is promised too; true where absent.
        "bidirectional" => bidirectional: Option<At<bool>>,
    }
}

record! {
    /// Every member with every other. Each pair is a service called `intent/a~z`, the names in order.
    pub struct Mesh {
        /// `mesh`.
        "type" => kind: At<MeshWord>,
        /// The members.
        "members" => members: At<Selector>,
        /// Whether both directions are promised; true where absent, and nothing else makes sense in a mesh.
        "bidirectional" => bidirectional: Option<At<bool>>,
    }
}

/// How spokes find their hub.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, PartialEq)]
#[schemars(rename_all = "lowercase", inline)]
pub enum Pairing {
    /// Every spoke with every hub.
    #[default]
    All,
    /// Spoke `i`, in the order of names, with hub `i` modulo the number of hubs.
    Alternate,
}

/// Which nodes: a list of names, or what they have in common.
#[derive(Clone, Debug, JsonSchema, PartialEq)]
#[schemars(untagged, inline)]
pub enum Selector {
    /// These nodes.
    Names(Vec<At<NodeId>>),
    /// All nodes of which every given line holds.
    By(By),
}

record! {
    /// All nodes of which every given line holds.
    pub struct By {
        /// Their role, for instance `branch`.
        "role" => role: Option<At<Text>>,
        /// Their site.
        "site" => site: Option<At<Site>>,
        /// Their region: the label `region` that the network file gives them.
        "region" => region: Option<At<Text>>,
        /// Labels that they carry.
        #[schemars(default)]
        "labels" => labels: BTreeMap<Text, At<Text>>,
        /// A pattern for their names: `hz-*`, `hq-pe?`, `{bj,sh}-*`.
        "nodes" => nodes: Option<At<Text>>,
    }
}
