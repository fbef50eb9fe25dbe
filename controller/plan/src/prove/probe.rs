//! Traffic for promises that nobody uses yet: a promise is proved before the first packet is sent.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use model::{Bandwidth, Demand, DemandId, Demands, IntentSet, Service, ServiceId, Verdict, steering::Dscp};

use crate::cause::directions;

/// The demands, and a probe of the promised bandwidth for each direction of a carried service that has none.
pub(crate) fn complete<'a>(
    demands: &'a Demands,
    set: &IntentSet,
    verdicts: &BTreeMap<ServiceId, Verdict>,
) -> Cow<'a, Demands> {
    let offered: BTreeSet<_> =
        demands.values().filter_map(|demand| Some((demand.service.as_ref()?, &demand.from))).collect();
    let mut probes = Vec::new();
    for (id, service) in &set.services {
        for direction in directions(verdicts.get(id)) {
            if !offered.contains(&(id, &direction.from)) {
                let ends = (direction.from.clone(), direction.to.clone());
                probes.push(probe(service, ends, set, probes.len()));
            }
        }
    }
    if probes.is_empty() {
        return Cow::Borrowed(demands);
    }
    let mut all = demands.clone();
    all.extend(probes.into_iter().map(|probe| (probe.id.clone(), probe)));
    Cow::Owned(all)
}

fn probe(
    service: &Service,
    (from, to): (model::NodeId, model::NodeId),
    set: &IntentSet,
    number: usize,
) -> Demand {
    let first = service.matches.first();
    let class = set.classes.get(&service.class);
    let mark = first.and_then(|m| m.dscp.first()).or_else(|| class.and_then(|class| class.dscp.first()));
    // Where nothing is said of what lies behind an end, anything behind it will do.
    let destination = first.and_then(|m| m.destination(to == service.z));
    Demand {
        id: DemandId::lit(&format!("~probe/{number}")),
        service: Some(service.id.clone()),
        from,
        to,
        vrf: service.vrf.clone(),
        destination,
        dscp: mark.copied().unwrap_or_else(|| Dscp::new(0).expect("0 is below 64")),
        rate: service.slo.bandwidth.unwrap_or(Bandwidth::ZERO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{build, diamond, service};

    #[test]
    fn each_direction_is_probed_toward_what_lies_behind_its_end() {
        let mut pay = service("pay", "a", "d");
        pay.matches[0].prefix = Some("10.2.0.0/16".parse().unwrap());
        pay.matches[0].source = Some("10.1.0.0/16".parse().unwrap());
        let built = build(diamond(), &[(pay, &["a", "b", "d"], Some(&["a", "c", "d"]))]);
        let none = Demands::new();
        let probes = complete(&none, &built.set, &built.verdicts);
        let toward: Vec<(&str, Option<String>)> = probes
            .values()
            .map(|probe| (probe.to.as_str(), probe.destination.map(|prefix| prefix.to_string())))
            .collect();
        assert_eq!(toward, [("d", Some("10.2.0.0/16".to_owned())), ("a", Some("10.1.0.0/16".to_owned()))]);
    }
}
