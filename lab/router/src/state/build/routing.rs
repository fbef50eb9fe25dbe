//! Segment routing in the tree: policies down to their lists, rules, and the router's own SIDs.
//!
//! State speaks of paths and lists as the model does, by preference, discriminator and segments; what they are called in the
//! configuration is found here.

use model::{PolicyKey, Sid};

use super::{Builder, count};
use crate::{
    datastore::{Branch, Item, Step, Tree},
    forwarding::DEFAULT_PREFERENCE,
    state::{
        Active, Measurement, Part, Parts, PathKey, PolicyState, RouterState, SidPrefix, SidState, Traffic,
    },
    yang::{NodeId, Value},
};

impl Builder {
    /// Lays what is asked for of all of it over a tree.
    pub(super) fn routing(&self, tree: &mut Tree, state: &RouterState, parts: Parts) {
        if parts.has(Part::Sids) {
            for (prefix, sid) in &state.sids {
                self.sid(tree.root_mut(), *prefix, sid);
            }
        }
        if parts.has(Part::Steering) || parts.has(Part::Lists) {
            for (key, policy) in &state.policies {
                self.policy(tree, key, policy, parts);
            }
        }
        if parts.has(Part::Steering) {
            for ((instance, policy, sequence), traffic) in &state.rules {
                let place = [Value::text(instance.as_str()), Value::text(policy)];
                self.rule(tree, &place, *sequence, *traffic);
            }
        }
    }

    fn sid(&self, root: &mut Branch, prefix: SidPrefix, shown: &SidState) {
        let places = &self.places.sids;
        let entry = Step { node: places.sid, keys: vec![Value::text(&prefix.to_string())] };
        let way = [Step::plain(places.srv6), Step::plain(places.sids), entry];
        let Some(sid) = self.enter(root, &way) else { return };
        let flavour = shown.flavour.map(|flavour| Value::text(flavour.name()));
        self.put(sid, &places.state, [Some(Value::text(shown.behaviour.name())), flavour]);
        let counted = [
            shown.traffic.map(|traffic| traffic.octets),
            shown.traffic.map(|traffic| traffic.pkts),
            shown.errors,
        ];
        self.put(sid, &places.counters, counted.map(|value| value.map(Value::Uint)));
    }

    /// State of a policy that is configured; a source may lag behind and know one that is gone.
    fn policy(&self, tree: &mut Tree, key: &PolicyKey, shown: &PolicyState, parts: Parts) {
        let keys = vec![Value::Uint(key.color.number().into()), Value::text(&key.endpoint.to_string())];
        let way = [
            Step::plain(self.places.instances),
            Step { node: self.places.instance, keys: vec![Value::text("default")] },
            Step::plain(self.places.policies),
            Step { node: self.places.policy, keys },
        ];
        if tree.get(&way).is_none() {
            return;
        }
        let Some(policy) = self.enter(tree.root_mut(), &way) else { return };
        if parts.has(Part::Steering) {
            let status = match shown.active {
                Active::Unknown => "unknown",
                Active::LastResort => "down",
                Active::Path(_) => "up",
            };
            let status = Item::Leaf(Value::text(status));
            policy.insert(&self.schema, Step::plain(self.places.policy_status), status);
            let counted =
                [shown.traffic.map(|traffic| traffic.octets), shown.traffic.map(|traffic| traffic.pkts)];
            self.put(policy, &self.places.policy_counters, counted.map(|value| value.map(Value::Uint)));
        }
        let Some(paths) = policy.enter(&self.schema, &Step::plain(self.places.paths)) else { return };
        self.paths(paths, shown, parts);
    }

    fn paths(&self, paths: &mut Branch, shown: &PolicyState, parts: Parts) {
        let mut is_found = false;
        for step in &steps(paths, self.places.path) {
            let Some(path) = paths.enter(&self.schema, step) else { continue };
            let is_active = match shown.active {
                Active::Unknown => None,
                Active::LastResort => Some(false),
                // Two originators may have made paths of one key. One forwards.
                Active::Path(key) => Some(!is_found && self.path_key(path) == Some(key)),
            };
            is_found |= is_active == Some(true);
            if parts.has(Part::Steering)
                && let Some(active) = is_active
            {
                let leaf = Step::plain(self.places.path_active);
                path.insert(&self.schema, leaf, Item::Leaf(Value::Bool(active)));
            }
            if parts.has(Part::Lists) {
                self.lists(path, is_active, shown);
            }
        }
    }

    /// What the model calls a candidate path.
    fn path_key(&self, path: &Branch) -> Option<PathKey> {
        let number = |leaf: NodeId| match path.leaf(leaf)? {
            Value::Uint(number) => u32::try_from(*number).ok(),
            _ => None,
        };
        let [preference, discriminator] = self.places.path_key.map(number);
        let preference = preference.unwrap_or(DEFAULT_PREFERENCE);
        Some(PathKey { preference, discriminator: discriminator? })
    }

    /// Segment lists of a path. One that the source does not know is of unknown state.
    fn lists(&self, path: &mut Branch, is_active: Option<bool>, shown: &PolicyState) {
        let places = &self.places.lists;
        let Some(lists) = path.enter(&self.schema, &Step::plain(places.lists)) else { return };
        for step in &steps(lists, places.list) {
            let Some(list) = lists.enter(&self.schema, step) else { continue };
            let known = self.segments(list).and_then(|segments| shown.lists.get(&segments));
            let known = known.copied().unwrap_or_default();
            // A list of a path that does not forward carries nothing, whatever is known of the list itself.
            let carries = is_active.and_then(|active| if active { known.valid } else { Some(false) });
            if let Some(carries) = carries {
                list.insert(&self.schema, Step::plain(places.active), Item::Leaf(Value::Bool(carries)));
            }
            let Measurement { delay, jitter, loss, .. } = known.measurement;
            let values = [
                Some(Value::text(known.probes.name())),
                delay.map(|delay| Value::Uint(delay.as_micros())),
                jitter.map(|jitter| Value::Uint(jitter.as_micros())),
                loss.map(|loss| Value::Uint(loss.as_ppb().into())),
            ];
            self.put(list, &places.measured, values);
        }
    }

    fn segments(&self, list: &Branch) -> Option<Vec<Sid>> {
        let places = &self.places.lists;
        let sid = |item: &Item| match item {
            Item::Branch(segment) => {
                let value = places.sid.iter().find_map(|leaf| segment.leaf(*leaf))?;
                value.to_string().parse::<Sid>().ok()
            }
            Item::Leaf(_) => None,
        };
        let segments = list.branch(&Step::plain(places.segments))?;
        segments.instances(places.segment).map(|(_, item)| sid(item)).collect()
    }

    /// Counters of a rule that is configured.
    fn rule(&self, tree: &mut Tree, place: &[Value; 2], sequence: u32, shown: Traffic) {
        let [forwarding, policies, policy] = self.places.forwarding;
        let way = [
            Step::plain(self.places.instances),
            Step { node: self.places.instance, keys: vec![place[0].clone()] },
            Step::plain(forwarding),
            Step::plain(policies),
            Step { node: policy, keys: vec![place[1].clone()] },
            Step::plain(self.places.rules),
            Step { node: self.places.rule, keys: vec![Value::Uint(sequence.into())] },
        ];
        if tree.get(&way).is_none() {
            return;
        }
        let Some(rule) = self.enter(tree.root_mut(), &way) else { return };
        self.put(rule, &self.places.rule_state, [shown.pkts, shown.octets].map(count));
    }
}

/// The steps to all instances of a child.
fn steps(branch: &Branch, child: NodeId) -> Vec<Step> {
    branch.instances(child).map(|(step, _)| step.clone()).collect()
}
