//! What is told of promises.

use assess::{Assessment, Promise, Quality, Riding, Standing};
use model::NodeId;

use super::*;
use crate::controller::fixture;

fn judged(standing: Standing) -> Arc<Assessment> {
    let promise = Promise {
        from: NodeId::lit("a"),
        to: NodeId::lit("z"),
        riding: Riding::Primary,
        hops: Vec::new(),
        quality: Quality::default(),
        standing,
        breached: None,
        kept_since: None,
    };
    let services = BTreeMap::from([(ServiceId::lit("s1"), vec![promise])]);
    Arc::new(Assessment { services, ..Assessment::default() })
}

#[tokio::test]
async fn whoever_was_told_that_a_promise_is_broken_or_unknown_is_told_when_it_is_kept_again() {
    let broken = || Standing::Broken {
        since: Timestamp::default(),
        what: vec!["loss 2%, promised 1%".into()],
        blame: Vec::new(),
    };
    let unknown = || Standing::Unknown { why: "silence".into() };
    let stories: [(&str, Vec<Standing>, &[&str]); 5] = [
        ("the start is no news", vec![unknown(), Standing::Kept], &[]),
        ("at once", vec![Standing::Kept, broken(), Standing::Kept], &["broken", "kept"]),
        ("over a silence", vec![broken(), unknown(), Standing::Kept], &["broken", "unknown", "kept"]),
        ("a silence alone", vec![Standing::Kept, unknown(), Standing::Kept], &["unknown", "kept"]),
        ("once", vec![broken(), Standing::Kept, Standing::Kept], &["broken", "kept"]),
    ];
    for (story, standings, expected) in stories {
        let (mut controller, engine, _journal, _folder) = fixture::controller().await;
        let mut events = engine.events.subscribe();
        for standing in standings {
            controller.world.assessment = judged(standing);
            controller.tell_promises(Timestamp::default());
        }
        let told = std::iter::from_fn(|| events.try_recv().ok()).map(|event| match event.kind {
            EventKind::PromiseBroken { .. } => "broken",
            EventKind::PromiseUnknown { .. } => "unknown",
            EventKind::PromiseKept { .. } => "kept",
            other => panic!("{story}: {other:?}"),
        });
        assert_eq!(told.collect::<Vec<_>>(), expected, "{story}");
    }
}
