//! The documents of an intent file as they were written: every value with its place, nothing resolved yet.
//! The types here are the language: the parser and the JSON Schema both follow from them.

use std::{collections::BTreeMap, sync::Arc};

use ipnet::IpNet;
use model::{
    condition::Condition,
    finding::{Place, Related, Severity},
    id::{Affinity, ClassName, NodeId, QueueName, Site, VrfName},
    intent::{Diversity, Minimise, Mode},
    sr::{Dataplane, LastResort},
    steering::Dscp,
    time::Span,
    unit::{Bandwidth, Delay, Jitter, Loss, Ratio},
};
use schemars::JsonSchema;

use crate::{
    origin::Origin,
    read::{At, record},
    source::Mark,
};

mod design;
mod steering;
mod window;

pub use window::{LinkSelector, LinksBy, Moment, OnceSpec, ScheduleSpec, WeeklySpec, WindowSpec, WorkSpec};

pub use design::{AnyValue, Body, DesignSpec, InstanceSpec, ParameterSpec, ParameterType};
pub use steering::{ChosenSpec, SteeringSpec};

/// A document with the file that it stands in.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The file, as the user named it.
    pub file: Arc<str>,
    /// Its name, owner and labels.
    pub metadata: Metadata,
    /// What it says.
    pub spec: Spec,
    /// Where it comes from, if an instance of a design made it; and where its values come from, if policies gave some.
    pub origin: Option<Arc<Origin>>,
}

impl Document {
    /// The name of its kind.
    pub const fn kind(&self) -> &'static str {
        match self.spec {
            Spec::ServiceIntent(_) => "ServiceIntent",
            Spec::TrafficClass(_) => "TrafficClass",
            Spec::QosProfile(_) => "QosProfile",
            Spec::AlarmPolicy(_) => "AlarmPolicy",
            Spec::SteeringPolicy(_) => "SteeringPolicy",
            Spec::MaintenanceWindow(_) => "MaintenanceWindow",
            Spec::Design(_) => "Design",
            Spec::DesignInstance(_) => "DesignInstance",
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.metadata.name.value.0
    }

    /// What findings call it.
    pub fn subject(&self) -> String {
        format!("{} {}", self.kind(), self.name())
    }

    /// A place in its file, or in the file that a parameter's value came from.
    pub fn place(&self, mark: Mark) -> Place {
        mark.place(self.origin.as_ref().map_or(&self.file, |origin| origin.file(mark, &self.file)))
    }

    /// How what stands at a mark came there: parameters, and the instances that made the document.
    pub fn trace(&self, mark: Mark) -> Vec<Related> {
        self.origin.as_ref().map(|origin| origin.trace(mark)).unwrap_or_default()
    }
}

/// What a document says, by kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Spec {
    /// A promise.
    ServiceIntent(Box<ServiceSpec>),
    /// A class of traffic.
    TrafficClass(ClassSpec),
    /// The queues of an interface.
    QosProfile(ProfileSpec),
    /// What raises an alarm.
    AlarmPolicy(AlarmSpec),
    /// Path and assurance for many services.
    SteeringPolicy(Box<SteeringSpec>),
    /// Time for work on parts of the network.
    MaintenanceWindow(Box<WindowSpec>),
    /// A standard design.
    Design(Box<DesignSpec>),
    /// One use of a design.
    DesignInstance(InstanceSpec),
}

/// A text that is a name: 1 to 128 letters, digits and `. _ - : / ~ @ +`.
#[derive(Clone, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[schemars(transparent, inline)]
pub struct Name(pub String);

/// Free text.
#[derive(Clone, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[schemars(transparent, inline)]
pub struct Text(pub String);

record! {
    /// What a document is called and who answers for it.
    pub struct Metadata {
        /// The name: unique among documents of its kind. Objects on devices are named after it.
        "name" => name: At<Name>,
        /// Who answers for it.
        "owner" => owner: Option<At<Text>>,
        /// Free labels, for instance the number of a change ticket.
        #[schemars(default)]
        "labels" => labels: BTreeMap<Text, At<Text>>,
    }
}

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
    }
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

record! {
    /// Links by a property.
    pub struct LinksWith {
        /// Their affinity (administrative group, RFC 7308).
        "affinity" => affinity: At<Affinity>,
    }
}

record! {
    /// How paths are chosen.
    #[derive(Default)]
    pub struct PathSpec {
        /// The forwarding plane: `srv6` or `sr-mpls`; `srv6` where absent.
        "dataplane" => dataplane: Option<At<Dataplane>>,
        /// What the best path has least of: `delay`, `igp`, `te`, `hops` or `price`; `delay` where absent.
        "minimise" => minimise: Option<At<Minimise>>,
        /// Links to ride where a path on them keeps the promise; earlier entries first. `[]` prefers none, also where a
        /// steering policy prefers some.
        "prefer" => prefer: Option<At<Vec<At<LinksWith>>>>,
        /// Links that no path may use. `[]` avoids none, also where a steering policy avoids some.
        "avoid" => avoid: Option<At<Vec<At<LinksWith>>>>,
        /// What happens to traffic when no path is valid: `igp` (it follows the IGP) or `drop`; `igp` where absent,
        /// `drop` where encryption is required.
        "lastResort" => last_resort: Option<At<LastResort>>,
        /// Whether both directions ride the same links; true where absent.
        "coRouted" => co_routed: Option<At<bool>>,
    }
}

record! {
    /// What counts as a breach. Without `all` and `any`: any objective of `slo` that is not met.
    pub struct BreachSpec {
        /// Conditions of which every one must hold, for instance `delay > 30ms`.
        "all" => all: Option<At<Vec<ConditionSpec>>>,
        /// Conditions of which one must hold.
        "any" => any: Option<At<Vec<ConditionSpec>>>,
        /// How long it must last; `3s` where absent.
        "for" => hold: Option<At<Span>>,
    }
}

record! {
    /// How a promise is watched and when traffic may be moved.
    #[derive(Default)]
    pub struct AssuranceSpec {
        /// What counts as a breach.
        "breach" => breach: Option<At<BreachSpec>>,
        /// How much better another path must be; `10%` where absent.
        "improvementMargin" => improvement_margin: Option<At<Ratio>>,
        /// The shortest time between two moves; `30s` where absent.
        "holdDown" => hold_down: Option<At<Span>>,
        /// How long the old path must be good before traffic goes back; `120s` where absent.
        "waitToRestore" => wait_to_restore: Option<At<Span>>,
        /// `observe`, `recommend` or `act`: who may act on a breach; `act` where absent.
        "mode" => mode: Option<At<Mode>>,
    }
}

/// A comparison such as `delay > contract + 20ms`, or `{all: […]}`, or `{any: […]}`.
#[derive(Clone, Debug, JsonSchema, PartialEq)]
#[schemars(transparent)]
pub struct ConditionSpec(pub Condition);

record! {
    /// A class of traffic (RFC 4594).
    pub struct ClassSpec {
        /// What it is worth to the bank: where not all fits, the highest value stays.
        "value" => value: At<u32>,
        /// The code points that mark it, for instance `[af41, cs4]`.
        "dscp" => dscp: At<Vec<At<Dscp>>>,
        /// The queue that carries it, one of its profile's.
        "queue" => queue: At<QueueName>,
        /// The `QosProfile` of the queue.
        "profile" => profile: At<Name>,
    }
}

/// How a queue is served.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq)]
#[schemars(rename_all = "lowercase", inline)]
pub enum DisciplineWord {
    /// Before all weighted queues, up to its guarantee.
    Strict,
    /// By weight among the weighted queues, for what the guarantees leave.
    Weighted,
}

record! {
    /// How a queue is served.
    pub struct QueueSpec {
        /// `strict`: before all weighted queues, up to what is guaranteed. `weighted`: by `weight`.
        "discipline" => discipline: At<DisciplineWord>,
        /// Its weight among the weighted queues, 1 to 100; together at most 100.
        "weight" => weight: Option<At<u32>>,
    }
}

/// Which interfaces have queues.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq)]
#[schemars(rename_all = "lowercase", inline)]
pub enum InterfacesWord {
    /// Those that a promised path or backup crosses.
    Crossed,
    /// Every one of the network.
    All,
}

record! {
    /// The queues of interfaces. How much each is guaranteed follows from the services that cross the interface.
    pub struct ProfileSpec {
        /// Queues by name.
        "queues" => queues: At<BTreeMap<At<QueueName>, At<QueueSpec>>>,
        /// `crossed`: interfaces that a promised path or backup crosses have the queues, which is so where nothing is said.
        /// `all`: every interface of the network has them, so that classes keep apart also where traffic falls back to the IGP.
        "interfaces" => interfaces: Option<At<InterfacesWord>>,
    }
}

record! {
    /// What an alarm policy watches.
    pub struct WatchSpec {
        /// Links of this `role` or `affinity`; all where empty.
        #[schemars(default)]
        "links" => links: BTreeMap<Text, At<Text>>,
    }
}

record! {
    /// What raises an alarm.
    pub struct WhenSpec {
        /// Conditions of which every one must hold.
        "all" => all: Option<At<Vec<ConditionSpec>>>,
        /// Conditions of which one must hold, for instance `[delay > contract + 20ms, loss > 0.5%]`.
        "any" => any: Option<At<Vec<ConditionSpec>>>,
        /// The window over which rates and drops are taken; `10s` where absent.
        "over" => over: Option<At<Span>>,
        /// How long it must last; `3s` where absent.
        "for" => hold: Option<At<Span>>,
    }
}

record! {
    /// When an alarm clears.
    pub struct ClearSpec {
        /// How long the condition must be over.
        "for" => hold: At<Span>,
    }
}

record! {
    /// Watches links and raises an alarm once, however long the condition lasts.
    pub struct AlarmSpec {
        /// What it watches; all links where absent.
        "on" => on: Option<At<WatchSpec>>,
        /// What raises it.
        "when" => when: At<WhenSpec>,
        /// When it clears; after `30s` where absent.
        "clear" => clear: Option<At<ClearSpec>>,
        /// How bad it is: `info`, `warning`, `minor`, `major` or `error`.
        "severity" => severity: At<Severity>,
    }
}
