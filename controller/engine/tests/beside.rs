//! What others changed on routers, beside a change that is made for another reason.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use engine::{event::EventKind, snapshot::Snapshot};
use model::{NodeId, PolicyKey, SteeringRule};
use support::{feed, hasty, lab};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reroute_leaves_as_it_is_what_others_changed_on_routers_and_objects_that_it_does_not_concern() {
    let lab = lab();
    let mut running = lab.start().await;
    running.adopt().await;
    running.apply(hasty()).await.unwrap();
    let lines = feed(&lab, &running, false);
    running.snapshot(|snapshot| snapshot.counts.kept == 3).await;
    lines.abort();
    let (hq, other) = (&lab.devices[&NodeId::lit("hq-pe1")], &lab.devices[&NodeId::lit("br-2")]);
    // Somebody takes the second branch off its policies, on both ends.
    let to_other = |policy: &&PolicyKey| policy.endpoint.to_string() == "10.0.0.5";
    let colors: Vec<_> = hq.truth().policies.keys().filter(to_other).map(|policy| policy.color).collect();
    let is_other = |rule: &SteeringRule| colors.contains(&rule.color);
    assert!(hq.truth().steering.values().any(is_other), "{colors:?}");
    hq.tamper(|config| config.steering.retain(|_, rule| !is_other(rule)));
    other.tamper(|config| config.steering.clear());
    let differ = |snapshot: &Snapshot| {
        snapshot
            .nodes
            .iter()
            .filter(|node| !node.differs.is_empty())
            .map(|node| node.id.clone())
            .collect::<Vec<_>>()
    };
    running.snapshot(|snapshot| differ(snapshot).len() == 2).await;
    let (held, writes) = (other.truth(), other.writes());
    let lines = feed(&lab, &running, true);
    let event = running.wait(|kind| matches!(kind, EventKind::Rerouted { .. })).await;
    let EventKind::Rerouted { services, .. } = event else { unreachable!() };
    assert!(services.iter().all(|service| !service.as_str().contains("br-2")), "{services:?}");
    assert_eq!((other.truth(), other.writes()), (held, writes), "it is no part of the change");
    assert!(!hq.truth().steering.values().any(is_other), "nor is that rule, on a router that is");
    lines.abort();
    let shown = running.snapshot(|snapshot| !snapshot.changing).await;
    assert_eq!(differ(&shown).len(), 2, "and it is still told");
    running.apply(hasty()).await.unwrap();
    assert!(hq.truth().steering.values().any(is_other) && !other.truth().steering.is_empty());
}
