//! Who asked for an object: from policies, colors and interfaces back to services and intents.
//!
//! Every edit names its intents and its rule. The desired state does not say for whom an object stands there, so that equal
//! configuration is equal; the verdicts and the allocations do, and this is the index over them.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Allocations, Bandwidth, Color, Hints, IntentId, IntentSet, InterfaceName, NodeId, PolicyKey, Service,
    ServiceId, SteeringRule, Ted, Verdict, verdict::DirectionVerdict,
};

/// The index. Built once for a plan: O(services x hops x log).
#[derive(Clone, Debug)]
pub struct Causes<'a> {
    pub(crate) set: &'a IntentSet,
    pub(crate) ted: &'a Ted,
    /// What the plan gives each service.
    pub(crate) after: &'a BTreeMap<ServiceId, Verdict>,
    /// What each service had, where known.
    pub(crate) before: Option<&'a BTreeMap<ServiceId, Verdict>>,
    /// What the loop knows that the TED does not.
    pub(crate) hints: Option<&'a Hints>,
    policies: BTreeMap<(NodeId, PolicyKey), ServiceId>,
    colors: BTreeMap<Color, IntentId>,
    /// Services by headend and color.
    steered: BTreeMap<(NodeId, Color), BTreeSet<ServiceId>>,
    interfaces: BTreeMap<(NodeId, InterfaceName), BTreeSet<IntentId>>,
    nodes: BTreeMap<NodeId, BTreeSet<IntentId>>,
}

/// The directions of a service that is carried.
pub(crate) fn directions(verdict: Option<&Verdict>) -> &[DirectionVerdict] {
    match verdict {
        Some(Verdict::Carried { directions, .. }) => directions,
        Some(Verdict::Refused { .. }) | None => &[],
    }
}

impl<'a> Causes<'a> {
    /// Builds the index for what is planned.
    pub fn of(
        set: &'a IntentSet,
        ids: &Allocations,
        verdicts: &'a BTreeMap<ServiceId, Verdict>,
        ted: &'a Ted,
    ) -> Self {
        let colors = ids.colors.iter().map(|(intent, color)| (*color, intent.clone())).collect();
        let mut causes = Self {
            set,
            ted,
            after: verdicts,
            before: None,
            hints: None,
            policies: BTreeMap::new(),
            colors,
            steered: BTreeMap::new(),
            interfaces: BTreeMap::new(),
            nodes: BTreeMap::new(),
        };
        causes.index(verdicts);
        causes
    }

    /// With what each service had before, so that the report shows both and removed objects find their owners.
    #[must_use]
    pub fn since(mut self, before: &'a BTreeMap<ServiceId, Verdict>) -> Self {
        self.before = Some(before);
        self.index(before);
        self
    }

    /// With what the loop has learned, so that a moved service says what it was moved away from.
    #[must_use]
    pub const fn knowing(mut self, hints: &'a Hints) -> Self {
        self.hints = Some(hints);
        self
    }

    fn index(&mut self, verdicts: &BTreeMap<ServiceId, Verdict>) {
        for (id, verdict) in verdicts {
            for direction in directions(Some(verdict)) {
                let key = direction.policy;
                self.policies.entry((direction.from.clone(), key)).or_insert_with(|| id.clone());
                let steered = self.steered.entry((direction.from.clone(), key.color)).or_default();
                steered.insert(id.clone());
                let Some(intent) = self.intent_of(id, key.color) else { continue };
                for route in [Some(&direction.primary), direction.backup.as_ref()].into_iter().flatten() {
                    for hop in &route.path.hops {
                        let Some(link) = self.ted.links.get(&hop.link) else { continue };
                        let end = link.end(hop.from);
                        let place = (end.node.clone(), end.interface.clone());
                        self.interfaces.entry(place).or_default().insert(intent.clone());
                    }
                    for node in &route.path.nodes {
                        self.nodes.entry(node.clone()).or_default().insert(intent.clone());
                    }
                }
            }
        }
    }

    /// The intent of a service; that of its color where the service is gone.
    fn intent_of(&self, id: &ServiceId, color: Color) -> Option<IntentId> {
        self.set
            .services
            .get(id)
            .map(|service| service.intent.clone())
            .or_else(|| self.colors.get(&color).cloned())
    }

    /// The service that a policy carries.
    pub fn service(&self, node: &NodeId, key: PolicyKey) -> Option<&ServiceId> {
        self.policies.get(&(node.clone(), key))
    }

    /// The intents behind a color.
    pub fn of_color(&self, color: Color) -> Vec<IntentId> {
        self.colors.get(&color).cloned().into_iter().collect()
    }

    /// The intents whose paths or backups leave by an interface.
    pub fn of_interface(&self, node: &NodeId, interface: &InterfaceName) -> Vec<IntentId> {
        let place = (node.clone(), interface.clone());
        self.interfaces.get(&place).into_iter().flatten().cloned().collect()
    }

    /// The intents whose paths or backups touch a device.
    pub fn of_node(&self, node: &NodeId) -> Vec<IntentId> {
        self.nodes.get(node).into_iter().flatten().cloned().collect()
    }

    /// The services whose traffic a steering rule takes: those of its color on that headend, narrowed by prefix and code
    /// points where that leaves any.
    pub fn of_rule(&self, node: &NodeId, rule: &SteeringRule) -> BTreeSet<&ServiceId> {
        let Some(all) = self.steered.get(&(node.clone(), rule.color)) else { return BTreeSet::new() };
        let fits = |service: &Service| {
            service.vrf == rule.key.vrf
                && service.matches.iter().any(|m| m.prefix == rule.prefix && m.dscp.is_subset(&rule.dscp))
        };
        let narrow: BTreeSet<&ServiceId> =
            all.iter().filter(|id| self.set.services.get(*id).is_some_and(fits)).collect();
        if narrow.is_empty() { all.iter().collect() } else { narrow }
    }

    /// What an interface can carry.
    pub(crate) fn capacity(&self, node: &NodeId, interface: &InterfaceName) -> Option<Bandwidth> {
        let hop = self.ted.outgoing(node, interface)?;
        self.ted.links.get(&hop.link).map(|link| link.direction(hop.from).bandwidth.value)
    }

    /// What a service was moved away from, where the loop moved it.
    pub(crate) fn relief(&self, service: &ServiceId) -> Option<&str> {
        self.hints.and_then(|hints| hints.relief.get(service)).map(|relief| relief.why.as_str())
    }
}
