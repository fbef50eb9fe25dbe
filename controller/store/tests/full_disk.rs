//! A disk that is full, as the system tells it: files of this process may not grow. The limit holds for the whole process, so
//! this file has one test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{collections::BTreeMap, path::Path};

use model::{Allocations, Hints, Revision, Timestamp, intent::Mode};
use nix::sys::{
    resource::{Resource, getrlimit, setrlimit},
    signal::{SigSet, Signal},
};
use store::{IntentRevision, Journal, StoreError};

/// While this lives, no file grows beyond a size. A write beyond it fails, as on a full disk.
struct Full;

impl Full {
    fn at(octets: u64) -> Self {
        // The system would end the process by this signal otherwise.
        SigSet::from(Signal::SIGXFSZ).thread_block().unwrap();
        let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
        setrlimit(Resource::RLIMIT_FSIZE, octets, hard).unwrap();
        Self
    }
}

impl Drop for Full {
    fn drop(&mut self) {
        let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
        setrlimit(Resource::RLIMIT_FSIZE, hard, hard).unwrap();
    }
}

fn revision(number: u64, octets: usize) -> IntentRevision {
    IntentRevision {
        revision: Revision(number),
        at: Timestamp::from_micros(number),
        who: "ops".into(),
        message: String::new(),
        files: BTreeMap::from([("a.yaml".into(), "x".repeat(octets))]),
    }
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_else_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = Journal::open(&path).unwrap();
    let other = journal.clone();
    let first = revision(1, 10);
    journal.take_back(&Hints::default(), Some((&first, &Allocations::default())), true).unwrap();
    journal.put_mode(Mode::Observe).unwrap();

    let full = Full::at(size(&path));
    let big = revision(2, 8 << 20);
    let ids = Allocations { next_color: 9, ..Default::default() };
    let accept = || journal.take_back(&Hints::default(), Some((&big, &ids)), true);
    let refused = accept().unwrap_err();
    assert!(matches!(refused, StoreError::Write(_)), "{refused:?}");
    assert!(refused.to_string().contains("free space"), "{refused}");
    assert_eq!(other.intents(9).unwrap(), std::slice::from_ref(&first), "half of it is there");
    assert_eq!(other.allocations().unwrap(), Allocations::default());
    assert_eq!(journal.mode().unwrap(), Mode::Observe);

    let none = Full::at(0);
    assert!(journal.put_mode(Mode::Act).is_err());
    assert!(other.put_mode(Mode::Act).is_err(), "every clone is told");
    drop((none, full));

    assert_eq!(other.mode().unwrap(), Mode::Observe, "what was refused was not done");
    accept().unwrap();
    other.put_mode(Mode::Act).unwrap();
    drop((journal, other));
    let again = Journal::open(&path).unwrap();
    assert_eq!(again.intents(9).unwrap().iter().map(|one| one.revision.0).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(again.mode().unwrap(), Mode::Act);
    assert_eq!(again.allocations().unwrap().next_color, 9);
}
