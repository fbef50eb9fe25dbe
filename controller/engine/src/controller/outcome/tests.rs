//! What follows where a change does not end as it should.

use std::{collections::BTreeMap, sync::Arc};

use model::{Allocations, Severity};
use store::{IntentRevision, Said};
use tokio::sync::{broadcast, oneshot};

use super::*;
use crate::{controller::fixture, event::Event};

fn told(events: &mut broadcast::Receiver<Event>) -> Vec<EventKind> {
    std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.kind).collect()
}

#[tokio::test]
async fn a_change_that_dies_is_unknown_everywhere_and_its_intents_are_not_in_force() {
    let (mut controller, _engine, journal, _folder) = fixture::controller().await;
    let revision = Revision(1);
    let files = BTreeMap::from([("a.yaml".to_owned(), "new".to_owned())]);
    let (who, message) = ("mei".to_owned(), String::new());
    // The job wrote this down before it died.
    let written = IntentRevision {
        revision,
        at: clock::now(),
        who: who.clone(),
        message: message.clone(),
        files: files.clone(),
    };
    journal
        .begin_change(Some(&written), &Allocations::default(), &Hints::default(), &Said::default())
        .expect("written");
    let (reply, answer) = oneshot::channel();
    let task = tokio::spawn(async { panic!("a fault of the program") });
    let wanted = Wanted::New { files, who, message, revision, remove_all: false };
    controller.running = Some(Running { task, asker: Asker::Person(reply), wanted });
    let running = controller.running.as_mut().expect("it was just put there");
    let ended = (&mut running.task).await;
    controller.finish(ended);
    let said = answer.await.expect("an answer");
    let Err(Refusal::Unresolved { nodes, errors }) = said else { panic!("{said:?}") };
    assert_eq!(nodes, ["r1"]);
    assert!(errors[0].contains("fault of the program"), "{errors:?}");
    let last = journal.intents(1).expect("readable").remove(0);
    assert_eq!((last.revision, last.files.is_empty()), (Revision(2), true), "{}", last.message);
    assert!(controller.world.repair.contains(&NodeId::lit("r1")));
}

#[tokio::test]
async fn a_repair_that_is_refused_is_kept_and_told_once() {
    let (mut controller, engine, _journal, _folder) = fixture::controller().await;
    let mut events = engine.events.subscribe();
    let node = NodeId::lit("r1");
    let refused = Finding::new("TL0221", Severity::Error, "s1", "traffic goes round in a loop");
    for (findings, news) in [(vec![refused.clone()], 1), (vec![refused.clone()], 0), (vec![refused; 2], 1)] {
        controller.world.repair.clear();
        controller.repairing = BTreeSet::from([node.clone()]);
        let set = Arc::clone(&controller.world.accepted.set);
        let request = controller.request(
            Wanted::Same(set),
            Hints::default(),
            "controller",
            "a change was left unfinished",
        );
        let task = tokio::spawn(std::future::pending());
        let wanted = request.wanted.clone();
        controller.running = Some(Running { task, asker: Asker::Repair, wanted });
        controller.finish(Ok(Finished { request, result: Err(Failure::Rejected(findings)) }));
        assert_eq!(controller.world.repair, BTreeSet::from([node.clone()]), "it has still to be put right");
        assert!(controller.repair_after.is_some(), "a little later");
        let rejected = |kind: &EventKind| matches!(kind, EventKind::Rejected { .. });
        assert_eq!(told(&mut events).iter().filter(|kind| rejected(kind)).count(), news);
    }
}
