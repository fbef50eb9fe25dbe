//! What belongs together: a line that is bad, the alarms on it, and the services that suffer because of it, as one thing to look at.

use std::collections::{BTreeMap, BTreeSet};

use model::{Hints, LinkId, ServiceId, Severity, Timestamp};
use serde::Serialize;

use crate::{
    alarm::Alarm,
    service::{Promise, Standing},
};

/// One cause and what it does.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Incident {
    /// The link behind it.
    pub cause: LinkId,
    /// Since when: the first thing that was noticed.
    pub since: Timestamp,
    /// How bad it is: the worst of its alarms, or major where a promise is broken.
    pub severity: Severity,
    /// What was noticed, in the order of alarms, states, services.
    pub what: Vec<String>,
    /// Policies whose alarms stand on it.
    pub alarms: BTreeSet<String>,
    /// Services whose promise is broken by it.
    pub services: BTreeSet<ServiceId>,
    /// Services that were moved away from it and are safe.
    pub moved: BTreeSet<ServiceId>,
}

/// Gathers alarms, links that are down and broken promises by the link behind them: for a promise that is the line that
/// contributes most. In the order of links.
pub(crate) fn gather(
    alarms: &[Alarm],
    down: &BTreeMap<LinkId, Timestamp>,
    services: &BTreeMap<ServiceId, Vec<Promise>>,
    hints: &Hints,
) -> Vec<Incident> {
    let mut found: BTreeMap<LinkId, Incident> = BTreeMap::new();
    let mut note = |link: &LinkId, since: Timestamp, severity: Severity, what: String| {
        let incident = found.entry(link.clone()).or_insert_with(|| Incident {
            cause: link.clone(),
            since,
            severity,
            what: Vec::new(),
            alarms: BTreeSet::new(),
            services: BTreeSet::new(),
            moved: BTreeSet::new(),
        });
        incident.since = incident.since.min(since);
        incident.severity = incident.severity.max(severity);
        if !incident.what.contains(&what) {
            incident.what.push(what);
        }
    };
    for alarm in alarms {
        note(
            &alarm.line.link,
            alarm.began,
            alarm.severity,
            format!("{} on {}: {}", alarm.policy, alarm.line, alarm.detail),
        );
    }
    for (link, since) in down {
        note(link, *since, Severity::Major, "the link is down".into());
    }
    let mut suffering: Vec<(LinkId, ServiceId)> = Vec::new();
    for (service, promises) in services {
        for promise in promises {
            let Standing::Broken { since, blame, .. } = &promise.standing else { continue };
            let Some(worst) = blame.first() else { continue };
            note(&worst.line.link, *since, Severity::Major, format!("{}: {}", worst.line, worst.what));
            suffering.push((worst.line.link.clone(), service.clone()));
        }
    }
    for (link, service) in suffering {
        if let Some(incident) = found.get_mut(&link) {
            incident.services.insert(service);
        }
    }
    for alarm in alarms {
        if let Some(incident) = found.get_mut(&alarm.line.link) {
            incident.alarms.insert(alarm.policy.clone());
        }
    }
    for (service, relief) in &hints.relief {
        for hop in relief.seen.keys() {
            if let Some(incident) = found.get_mut(&hop.link).filter(|it| !it.services.contains(service)) {
                incident.moved.insert(service.clone());
            }
        }
    }
    found.into_values().collect()
}
