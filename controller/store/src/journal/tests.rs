//! What was written down is there again, and nothing else.

use std::collections::BTreeMap;

use model::{Phase, Timestamp, Transaction};

use super::*;
use crate::audit::Said;

fn said(n: u64) -> Said {
    let at = Timestamp::from_micros(n);
    Said { at, who: "ops".into(), what: "apply".into(), why: "change CHG1".into() }
}

fn record(id: u64) -> TransactionRecord {
    let node = NodeId::lit("a");
    TransactionRecord {
        id: TransactionId(id),
        begun: Timestamp::from_micros(1),
        transaction: Transaction { phase: Phase::Move, edits: BTreeMap::from([(node.clone(), Vec::new())]) },
        pre_images: BTreeMap::from([(node, Default::default())]),
        decided: false,
        unresolved: None,
    }
}

#[test]
fn what_was_accepted_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let intents = IntentRevision {
        revision: Revision(7),
        at: Timestamp::from_micros(5),
        who: "ops".into(),
        message: "first".into(),
        files: BTreeMap::from([("a.yaml".into(), "kind: X".into())]),
    };
    let ids = Allocations { next_color: 1234, ..Allocations::default() };
    {
        let journal = Journal::open(&path).unwrap();
        journal.begin_change(Some(&intents), &ids, &Hints::default(), &said(5)).unwrap();
        journal.put_mode(Mode::Observe).unwrap();
        journal.put_adopted(true).unwrap();
        let second = Journal::open(&path).unwrap_err().to_string();
        assert!(second.contains("another controller runs on this state folder"), "{second}");
    }
    let journal = Journal::open(&path).unwrap();
    assert_eq!(journal.intents(10).unwrap(), std::slice::from_ref(&intents));
    assert_eq!(journal.intents_at(Revision(7)).unwrap(), Some(intents));
    assert_eq!(journal.intents_at(Revision(8)).unwrap(), None);
    assert_eq!(journal.allocations().unwrap(), ids);
    assert_eq!(journal.mode().unwrap(), Mode::Observe);
    assert!(journal.adopted().unwrap());
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn only_open_transactions_are_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(&folder.path().join("journal")).unwrap();
    assert_eq!(journal.next_transaction().unwrap(), TransactionId(1));
    for id in 1..=3 {
        journal.put_transaction(&record(id)).unwrap();
    }
    journal.close_transaction(&record(1), BTreeSet::new()).unwrap();
    journal.close_transaction(&record(2), BTreeSet::from([NodeId::lit("a")])).unwrap();
    let open = journal.open_transactions().unwrap();
    assert_eq!(open.iter().map(|record| record.id.0).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(open[0].pre_images.len(), 1, "a pre-image stays as long as it may be needed");
    assert_eq!(journal.next_transaction().unwrap(), TransactionId(4));
}

#[test]
fn the_log_grows_and_holds() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(&folder.path().join("journal")).unwrap();
    for n in 0..5 {
        journal.log(&said(n)).unwrap();
    }
    assert_eq!(journal.audit(2).unwrap().iter().map(|entry| entry.number).collect::<Vec<_>>(), [4, 3]);
    assert_eq!(journal.verify_audit().unwrap(), Ok(()));
}

#[test]
fn a_change_stands_in_the_log_when_it_begins_and_when_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(&folder.path().join("journal")).unwrap();
    for (done, unfinished) in [(false, true), (true, false)] {
        journal.begin_change(None, &Allocations::default(), &Hints::default(), &said(1)).unwrap();
        assert!(journal.is_unfinished().unwrap());
        journal.end_change(done, &said(2)).unwrap();
        assert_eq!(journal.is_unfinished().unwrap(), unfinished);
    }
    assert_eq!(journal.audit(9).unwrap().len(), 4);
    assert_eq!(journal.verify_audit().unwrap(), Ok(()));
}

#[test]
fn what_is_taken_back_is_taken_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(&folder.path().join("journal")).unwrap();
    let revision = |number| IntentRevision {
        revision: Revision(number),
        at: Timestamp::default(),
        who: "ops".into(),
        message: String::new(),
        files: BTreeMap::new(),
    };
    let ids = Allocations { next_color: 9, ..Allocations::default() };
    let mut tried = Hints::default();
    tried.drained_nodes.insert(NodeId::lit("a"));
    journal.begin_change(Some(&revision(1)), &ids, &tried, &said(1)).unwrap();
    journal.take_back(&Hints::default(), Some((&revision(2), &ids)), false).unwrap();
    assert_eq!((journal.hints().unwrap(), journal.is_unfinished().unwrap()), (Hints::default(), true));
    assert_eq!(journal.intents(1).unwrap(), [revision(2)]);
    journal.take_back(&Hints::default(), None, true).unwrap();
    assert!(!journal.is_unfinished().unwrap());
    assert_eq!(journal.allocations().unwrap(), ids);
}

#[test]
fn a_file_that_is_damaged_or_no_journal_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    {
        let journal = Journal::open(&path).unwrap();
        for id in 1..=200 {
            journal.put_transaction(&record(id)).unwrap();
        }
    }
    let sound = std::fs::read(&path).unwrap();
    assert!(Journal::open(&path).is_ok());
    for (what, bytes) in [("text", b"not a journal".to_vec()), ("half", sound[..sound.len() / 2].to_vec())] {
        std::fs::write(&path, &bytes).unwrap();
        let refused = Journal::open(&path).unwrap_err().to_string();
        assert!(refused.contains("damaged or no journal") && refused.contains("copy"), "{what}: {refused}");
    }
    // A page is in use or it is not: whoever flips a byte in one that is, is found out.
    let mut found = 0;
    for at in (0..sound.len()).step_by(sound.len() / 24) {
        let mut bytes = sound.clone();
        bytes[at] ^= 0xff;
        std::fs::write(&path, &bytes).unwrap();
        match Journal::open(&path) {
            Err(StoreError::Damaged { .. }) => found += 1,
            Err(other) => panic!("byte {at}: {other}"),
            Ok(journal) => assert_eq!(journal.open_transactions().unwrap().len(), 200, "byte {at}"),
        }
    }
    assert!(found > 0);
}

#[test]
fn what_a_change_follows_from_beside_is_kept_with_it_and_taken_back_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(&folder.path().join("journal")).unwrap();
    let (ids, hints) = (Allocations::default(), Hints::default());
    assert_eq!(journal.learned::<Vec<u32>>().unwrap(), Vec::<u32>::new());
    journal.put_learned(&vec![1]).unwrap();
    journal.begin_change(None, &ids, &hints, &said(1)).unwrap();
    journal.take_back(&hints, None, true).unwrap();
    assert_eq!(journal.learned::<Vec<u32>>().unwrap(), [1], "other changes leave it");
    let exceptions = || journal.exceptions::<Vec<String>>().unwrap();
    assert_eq!(exceptions(), Vec::<String>::new());
    let beside = |learned: Option<u32>, names: &[&str]| {
        let learned = learned.map(|number| vec![number]);
        Beside::default().learned(learned.as_ref()).unwrap().exceptions(Some(&names)).unwrap()
    };
    journal.begin_change_beside(None, &ids, &hints, (&beside(Some(2), &["a", "b"]), &said(2))).unwrap();
    assert_eq!(journal.learned::<Vec<u32>>().unwrap(), [2]);
    assert_eq!(exceptions(), ["a", "b"]);
    assert!(journal.is_unfinished().unwrap());
    journal.take_back_beside(&hints, None, (&beside(Some(1), &["a"]), true)).unwrap();
    assert_eq!(journal.learned::<Vec<u32>>().unwrap(), [1]);
    assert_eq!(exceptions(), ["a"]);
    assert!(!journal.is_unfinished().unwrap());
    journal.begin_change_beside(None, &ids, &hints, (&beside(None, &["c"]), &said(3))).unwrap();
    assert_eq!((journal.learned::<Vec<u32>>().unwrap(), exceptions()), (vec![1], vec!["c".to_owned()]));
    let before = journal.audit(100).unwrap().len();
    journal.end_exceptions(&Vec::<String>::new(), &said(4)).unwrap();
    assert_eq!(exceptions(), Vec::<String>::new());
    assert_eq!(journal.audit(100).unwrap().len(), before + 1);
    assert_eq!(journal.verify_audit().unwrap(), Ok(()));
}
