//! Traffic that is offered to the network: what the witness routes and the lab sends.

use std::collections::BTreeMap;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::{DemandId, NodeId, ServiceId, VrfName},
    steering::Dscp,
    unit::Bandwidth,
};

/// A stream of packets from one edge node to another. The far node is the next hop of its destination.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Demand {
    /// Its name.
    pub id: DemandId,
    /// The service that promised to carry it, where one does.
    pub service: Option<ServiceId>,
    /// Where it enters.
    pub from: NodeId,
    /// Where it leaves.
    pub to: NodeId,
    /// The VRF it arrives in.
    pub vrf: VrfName,
    /// Where it goes; any destination behind `to` where absent.
    #[schemars(with = "Option<String>")]
    pub destination: Option<IpNet>,
    /// How it is marked.
    pub dscp: Dscp,
    /// How much there is.
    pub rate: Bandwidth,
}

/// All that is offered, by name.
pub type Demands = BTreeMap<DemandId, Demand>;
