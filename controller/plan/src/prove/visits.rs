//! Whether traffic visits what its service asks for: its waypoints, and the service functions that stand behind them, firewalls
//! for instance.
//!
//! Without a failure all of it comes to every waypoint. The segment lists of every path of its policy, that of the backup too,
//! lead through the functions of these waypoints in the order of the direction, and through no others: that is known before a
//! packet flows, and no failure changes it. What follows the IGP passes no function, for its packets carry no segments.
//! By which places it goes under a failure is not judged: the compiler pins only what has a function, must be encrypted, or asks for it (`path.pin`).

use std::fmt;

use model::{EdgeIx, NodeId, NodeIx, PolicyKey, Service, verdict::DirectionVerdict};
use traffic::{Flow, Forwarding, IgpReason, Network, Via, WHOLE};

/// What devices are configured with, and in which network.
#[derive(Clone, Copy)]
pub(crate) struct Held<'a> {
    pub(crate) network: &'a Network,
    pub(crate) forwarding: &'a Forwarding,
}

/// What traffic does not visit as it should.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Missed<'a> {
    /// Not all of it comes to a waypoint.
    Place { node: &'a NodeId, share: u64 },
    /// A list of the path of this preference does not lead through the function of a waypoint when it should.
    Function { node: &'a NodeId, preference: u32 },
    /// It leads through one more than is asked for.
    Unasked { node: &'a NodeId, preference: u32 },
    /// Where it leads depends on what is up.
    Unclear { preference: u32 },
    /// It follows the IGP, past the function of this waypoint and all others.
    ByIgp { node: &'a NodeId },
}

impl fmt::Display for Missed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place { node, share: 0 } => write!(f, "does not come to the waypoint {node}"),
            Self::Place { node, .. } => write!(f, "only a part of it comes to the waypoint {node}"),
            Self::Function { node, preference } => write!(
                f,
                "the segment list of its path of preference {preference} does not lead through the service function of {node} in its turn"
            ),
            Self::Unasked { node, preference } => write!(
                f,
                "the segment list of its path of preference {preference} leads through the service function of {node}, which is not asked for there"
            ),
            Self::Unclear { preference } => write!(
                f,
                "which service functions the segment list of its path of preference {preference} leads through depends on what is up"
            ),
            Self::ByIgp { node } => {
                write!(f, "passes by the service function of {node}: what follows the IGP passes none")
            }
        }
    }
}

/// What one direction of a service is to visit.
pub(crate) struct Visits<'a> {
    held: Held<'a>,
    head: NodeIx,
    /// Waypoints in the order of the direction, with their numbers where the network has them; without the ends, where it is anyway.
    places: Vec<(&'a NodeId, Option<NodeIx>)>,
    /// Those of which the function is to be passed, in that order. Whether it has a segment in the data plane of the list is not
    /// asked: the compiler refuses a service without, so that none is led past a function by what a file forgets.
    functions: Vec<NodeIx>,
}

impl<'a> Visits<'a> {
    /// None where nothing is to be visited.
    pub(crate) fn of(
        service: &'a Service,
        direction: &'a DirectionVerdict,
        held: Held<'a>,
    ) -> Option<Box<Self>> {
        if service.sle.waypoints.is_empty() {
            return None;
        }
        let graph = held.network.graph();
        let mut waypoints: Vec<&NodeId> = service.sle.waypoints.iter().collect();
        if direction.from != service.a {
            waypoints.reverse();
        }
        // Asked for twice in a row, a node is visited once.
        waypoints.dedup();
        let functions = waypoints.iter().filter_map(|node| graph.node_ix(node));
        let functions = functions.filter(|node| held.network.has_service_function(*node)).collect();
        let between = waypoints.into_iter().filter(|node| ![&service.a, &service.z].contains(node));
        let places = between.map(|node| (node, graph.node_ix(node))).collect();
        Some(Box::new(Self { held, head: graph.node_ix(&direction.from)?, places, functions }))
    }

    /// What a flow misses of it; `policy` is the one that it should ride, and `failed` says whether something is down.
    pub(crate) fn missed(
        &self,
        flow: &Flow,
        policy: PolicyKey,
        failed: bool,
        say: &mut dyn FnMut(Missed<'a>),
    ) {
        if !failed {
            self.lists(policy, None, say);
        }
        match &flow.via {
            Via::Policy { key, preference, discriminator } => {
                if failed || *key != policy {
                    self.lists(*key, Some((*preference, *discriminator)), say);
                }
                if !failed {
                    self.places(flow, say);
                }
            }
            Via::Igp(IgpReason::Local) | Via::Dropped(_) => {}
            Via::Igp(_) => {
                if let Some(first) = self.functions.first() {
                    say(Missed::ByIgp { node: self.name(*first) });
                }
            }
        }
    }

    fn name(&self, node: NodeIx) -> &'a NodeId {
        self.held.network.graph().node_id(node)
    }

    /// The lists of a policy's paths, or of one path, by preference and discriminator.
    fn lists(&self, policy: PolicyKey, only: Option<(u32, u32)>, say: &mut dyn FnMut(Missed<'a>)) {
        let chains = self.held.forwarding.chains(self.held.network, self.head, policy);
        let asked = |preference, discriminator| only.is_none_or(|only| only == (preference, discriminator));
        for chain in chains.iter().filter(|chain| asked(chain.preference, chain.discriminator)) {
            for passed in &chain.lists {
                self.list(passed.as_deref(), chain.preference).into_iter().for_each(&mut *say);
            }
        }
    }

    /// The first place in which a list leads otherwise than it should.
    fn list(&self, passed: Option<&[NodeIx]>, preference: u32) -> Option<Missed<'a>> {
        let Some(passed) = passed else { return Some(Missed::Unclear { preference }) };
        let same = self.functions.iter().zip(passed).take_while(|(asked, is)| asked == is).count();
        match (self.functions.get(same), passed.get(same)) {
            (Some(node), _) => Some(Missed::Function { node: self.name(*node), preference }),
            (None, Some(node)) => Some(Missed::Unasked { node: self.name(*node), preference }),
            (None, None) => None,
        }
    }

    /// Whether all of it comes to every waypoint; what comes twice counts twice. O(waypoints x links).
    fn places(&self, flow: &Flow, say: &mut dyn FnMut(Missed<'a>)) {
        let graph = self.held.network.graph();
        for (node, place) in self.places.iter().copied() {
            let leads_there = |edge: EdgeIx| Some(graph.edge(edge).to) == place;
            let comes = flow.shares.iter().filter(|(edge, _)| leads_there(*edge));
            let share: u64 = comes.map(|(_, share)| share).sum();
            if share < WHOLE {
                say(Missed::Place { node, share });
            }
        }
    }
}
