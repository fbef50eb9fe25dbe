//! Prefixes of which nothing is left: other intents claim all parts of them, and the more specific prefix goes first.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use model::{
    NodeId, Service, ServiceId,
    id::{IntentId, VrfName},
    intent::Claim,
    steering::Dscp,
};

use super::super::{Judge, Part, listed, mark_of};
use crate::{codes, doc::Document};

/// What may be told apart by prefix alone: a headend, a VRF and a code point.
type Place<'a> = (&'a NodeId, &'a VrfName, Dscp);
/// A prefix with the intents that claim it.
type Claimed<'a, 'c> = (IpNet, &'c Vec<&'a Service>);

/// Warns of every intent with such a prefix, once. O(claims log claims) and, for each prefix, those within it.
pub(super) fn tell(
    claims: &BTreeMap<Claim<'_>, Vec<&Service>>,
    origins: &BTreeMap<ServiceId, &Document>,
    judge: &mut Judge<'_>,
) {
    let mut places: BTreeMap<Place<'_>, Vec<Claimed<'_, '_>>> = BTreeMap::new();
    for ((head, vrf, prefix, dscp), services) in claims {
        if let Some(prefix) = prefix {
            places.entry((*head, *vrf, *dscp)).or_default().push((prefix.trunc(), services));
        }
    }
    let mut told: BTreeSet<(&IntentId, IpNet)> = BTreeSet::new();
    for ((head, ..), mut prefixes) in places {
        // What lies within a prefix stands behind it.
        prefixes.sort_by_key(|(prefix, _)| (prefix.network(), prefix.prefix_len()));
        for (place, (prefix, services)) in prefixes.iter().enumerate() {
            let inner = prefixes[place + 1..].iter().take_while(|(other, _)| prefix.contains(other));
            let inner: Vec<&Claimed<'_, '_>> = inner.filter(|(other, _)| other != prefix).collect();
            for service in *services {
                let by = covering(service, *prefix, &inner);
                if let Some(doc) = origins.get(&service.id).filter(|_| !by.is_empty())
                    && told.insert((&service.intent, *prefix))
                {
                    let message = format!(
                        "nothing of {prefix} is left at {head}: {} claim all parts of it, and the more specific prefix goes first",
                        listed(&by)
                    );
                    judge
                        .warn(codes::NEVER_SERVED, doc, mark_of(doc, Part::Match), message)
                        .help("remove the prefix, or let the others leave something of it");
                }
            }
        }
    }
}

/// The intents that claim all parts of a service's prefix whenever it is promised; none where something is left.
fn covering(service: &Service, prefix: IpNet, inner: &[&Claimed<'_, '_>]) -> Vec<String> {
    let takes = |other: &&&Service| {
        other.intent != service.intent && (other.when.is_none() || other.when == service.when)
    };
    let taken: Vec<(IpNet, &IntentId)> = inner
        .iter()
        .filter_map(|(prefix, services)| Some((*prefix, &services.iter().find(takes)?.intent)))
        .collect();
    let parts: Vec<IpNet> = taken.iter().map(|(part, _)| *part).collect();
    if parts.len() < 2 || IpNet::aggregate(&parts) != [prefix] {
        return Vec::new();
    }
    let by: BTreeSet<&IntentId> = taken.iter().map(|(_, intent)| *intent).collect();
    by.into_iter().map(|intent| format!("`{intent}`")).collect()
}
