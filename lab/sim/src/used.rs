//! Which candidate paths headends use, as far as traffic tells: of a policy that nobody's traffic asks for, nothing is known.

use std::collections::BTreeMap;

use model::{Demands, NodeId, PolicyKey};
use traffic::{DropReason, Flow, IgpReason, Via};

use crate::state::UsedPath;

/// By headend and policy; none where a policy has no valid path.
pub(crate) type Used = BTreeMap<NodeId, BTreeMap<PolicyKey, Option<UsedPath>>>;

/// What flows of these demands tell. A policy that leads anywhere may have a valid path to one end and none to another: it has one then.
/// O(flows log).
pub(crate) fn used(demands: &Demands, flows: &[Flow]) -> Used {
    let mut used = Used::new();
    for flow in flows {
        let Some(demand) = demands.get(&flow.demand) else { continue };
        let Some((key, path)) = told(&flow.via) else { continue };
        let known = used.entry(demand.from.clone()).or_default().entry(key).or_default();
        *known = known.or(path);
    }
    used
}

fn told(via: &Via) -> Option<(PolicyKey, Option<UsedPath>)> {
    match via {
        Via::Policy { key, preference, discriminator } => {
            Some((*key, Some(UsedPath { preference: *preference, discriminator: *discriminator })))
        }
        Via::Igp(reason) => invalid(reason),
        Via::Dropped(DropReason::PolicyInvalid { key, .. }) => Some((*key, None)),
        Via::Dropped(DropReason::Unreachable { after, .. }) => invalid(after),
        Via::Dropped(DropReason::NodeDown(_) | DropReason::UnknownNode(_)) => None,
    }
}

fn invalid(reason: &IgpReason) -> Option<(PolicyKey, Option<UsedPath>)> {
    match reason {
        IgpReason::PolicyInvalid { key, .. } => Some((*key, None)),
        IgpReason::NoRule | IgpReason::NoPolicy(_) | IgpReason::Local => None,
    }
}
