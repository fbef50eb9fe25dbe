//! What has to hold when the controller was killed in the middle of something and starts again: the transaction that was open is
//! all old or all new before anything else begins, then the network follows what was accepted, and then nothing more is sent.

use engine::event::EventKind;
use model::{DeviceConfig, NodeId, QueueName, state::OWN_PREFIX};
use router::fault::{Fault, Kind, Step};
use store::TransactionRecord;
use tokio::sync::watch;

use crate::{
    lab::{FAULTY, LIMIT, Lab, OTHER, Truth, difference, once, until},
    outside::{self, Outside, Settings},
};

/// Lets a controller run into a fault that makes a router hang, and kills it there.
pub async fn dies_at(lab: &Lab, controller: Outside, mut struck: watch::Receiver<u32>, context: &str) {
    match tokio::time::timeout(LIMIT, struck.changed()).await {
        Ok(there) => there.unwrap(),
        Err(_) => panic!("{context}: it did not come to that: {:#?}", controller.client.timeline().await),
    }
    controller.kill().await;
    lab.faults(FAULTY).clear();
}

/// Plans a fault of the faulty router; tells when it strikes.
pub fn planned(lab: &Lab, fault: Fault) -> watch::Receiver<u32> {
    let mut struck = lab.faults(FAULTY).struck();
    struck.mark_unchanged();
    lab.faults(FAULTY).plan(fault);
    struck
}

/// The transaction that is open, of a controller that does not run.
pub fn open(lab: &Lab, context: &str) -> TransactionRecord {
    let open = outside::journal(lab).open_transactions().unwrap();
    match <[TransactionRecord; 1]>::try_from(open) {
        Ok([record]) => record,
        Err(open) => panic!("{context}: {} transactions are open", open.len()),
    }
}

/// What the routers of an open transaction hold once it is resolved: what they held before it, or what it brings.
fn resolved(record: &TransactionRecord) -> Truth {
    let mut truth: Truth = record.pre_images.clone();
    if record.decided {
        for (node, edits) in &record.transaction.edits {
            let config = truth.entry(node.clone()).or_default();
            edits.iter().for_each(|reasoned| reasoned.edit.apply(config));
        }
    }
    truth.values_mut().for_each(as_routers_call_it);
    truth
}

/// Queues have our prefix on routers, and none in the journal.
fn as_routers_call_it(config: &mut DeviceConfig) {
    let ours = |name: &QueueName| -> QueueName { format!("{OWN_PREFIX}{name}").parse().unwrap() };
    for qos in config.qos.values_mut() {
        qos.queues =
            std::mem::take(&mut qos.queues).into_iter().map(|(name, share)| (ours(&name), share)).collect();
    }
    let classes = config.classifier.iter_mut().flat_map(|classifier| classifier.queues.values_mut());
    classes.for_each(|queue| *queue = ours(queue));
}

/// Starts it again: what was open is resolved, and only then the rest goes on, until the network is as wanted.
pub async fn goes_on(
    lab: &Lab,
    settings: &Settings,
    record: &TransactionRecord,
    wanted: &Truth,
    context: &str,
) -> Outside {
    // The rest, where there is any, waits at this router until that was looked at.
    let mut held = lab.faults(OTHER).struck();
    held.mark_unchanged();
    lab.faults(OTHER).plan(once(Step::Edit, Kind::Wait, false));
    let resolved = resolved(record);
    let other = NodeId::lit(OTHER);
    let is_rest = resolved.get(&other).is_some_and(|config| *config != wanted[&other]);
    let controller = Outside::launch(lab, settings).await;
    until(&format!("{context}: what was open is resolved, or the rest begins"), || {
        let differs = difference(wanted, &lab.truth());
        // Where there is a rest, all may be there already before what was open is taken back: only its first edit tells.
        let is_there = !is_rest && differs.is_none() && !lab.is_pending();
        if is_there || held.has_changed().unwrap() { Ok(()) } else { Err(differs) }
    })
    .await;
    let which = if record.decided { "new" } else { "old" };
    assert_eq!(held.has_changed().unwrap(), is_rest, "{context}: what was open is to be all {which}");
    if is_rest {
        assert_eq!(difference(&resolved, &lab.truth()), None, "{context}: all {which}");
        assert!(!lab.is_pending(), "{context}: a commit waits to be confirmed");
    }
    lab.faults(OTHER).clear();
    follows(lab, &controller, wanted, context).await;
    controller
}

/// The network comes to be as wanted, in one change, and stays so.
pub async fn follows(lab: &Lab, controller: &Outside, wanted: &Truth, context: &str) {
    until(&format!("{context}: the network follows"), || {
        match (difference(wanted, &lab.truth()), lab.is_pending()) {
            (None, false) => Ok(()),
            found => Err(found),
        }
    })
    .await;
    controller.has_read_all().await;
    controller.rests().await;
    let timeline = controller.client.timeline().await.unwrap();
    let changes = timeline.iter().filter(|event| matches!(event.kind, EventKind::Proposed { .. })).count();
    assert!(changes <= 1, "{context}: {changes} changes where one would do: {timeline:#?}");
    let drift = timeline.iter().find(|event| matches!(event.kind, EventKind::Drift { .. }));
    assert_eq!(drift, None, "{context}: what it left itself is nobody else's doing");
    controller.sends_nothing(lab, context).await;
    assert_eq!(difference(wanted, &lab.truth()), None, "{context}");
}
