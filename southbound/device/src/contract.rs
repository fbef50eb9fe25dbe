//! What every device must do, as one suite that each implementation runs against its own rig.
//!
//! A clause that is broken panics with its name: the suite is for tests. Each clause begins and ends with a device that
//! holds nothing of ours. Two clauses ask another thing of each [`Rollback`]: who undoes a commit in silence, and whether it
//! outlives its session.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    time::Duration,
};

use model::{
    Bandwidth, CandidatePath, Classifier, Color, DeviceConfig, DeviceReading, Discipline, Edit,
    InterfaceName, InterfaceQos, Label, PolicyKey, QueueName, QueueShare, SegmentList, Sid, SrPolicy,
    SteeringKey, SteeringRule, TransactionId, VrfName, sr::LastResort, steering::Dscp,
};

use crate::{Device, ErrorKind, Module, Rehearsal, Rollback};

/// A device under test and a way to look at it from beside.
pub trait Rig {
    /// The implementation.
    type Device: Device;

    /// What the clauses put there, made from a number: an object of each kind that the box can hold, and a policy of its own
    /// for each number.
    fn edits(&self, number: u32) -> Vec<Edit> {
        sample_edits(number)
    }

    /// Whether the box can be asked if it would take a change. Where it can, it has to say so.
    fn can_rehearse(&self) -> bool {
        true
    }

    /// A new session to the same box, which has a network instance `production` and an interface `eth1`.
    fn session(&self) -> impl Future<Output = Self::Device>;

    /// What the box holds of ours, not asked through the implementation under test where another way exists.
    fn truth(&self) -> impl Future<Output = DeviceConfig>;

    /// Lets this much time go by on the box.
    fn pass(&self, time: Duration) -> impl Future<Output = ()>;
}

/// Runs every clause, one after the other.
///
/// # Panics
/// A clause is broken.
pub async fn judge<R: Rig>(rig: &R) {
    let clauses = Clauses { rig };
    clauses.staging_changes_nothing().await;
    clauses.a_confirmed_commit_stays().await;
    clauses.every_kind_of_edit_reads_back().await;
    clauses.cancel_restores_what_was().await;
    clauses.cancel_and_confirm_can_be_repeated().await;
    clauses.a_lost_session_does_not_undo_a_commit().await;
    clauses.silence_undoes_a_commit().await;
    clauses.staging_again_forgets_the_first().await;
    clauses.a_rehearsal_leaves_nothing_behind().await;
    clauses.a_look_around_disturbs_no_change().await;
    clauses.a_look_at_modules_harms_no_change().await;
}

/// Longer than any clause takes.
const LONG: Duration = Duration::from_secs(60);

/// An object of each kind, made from a number, but for the one classifier and its interface. The queues have names that routers know whose queues are named for good.
pub fn sample_edits(number: u32) -> Vec<Edit> {
    let color = Color::try_from(2_000 + number).expect("the color is not zero");
    let key = PolicyKey { color, endpoint: "10.0.0.9".parse().expect("an address") };
    let sid = |n: u32| Sid::Mpls(Label::try_from(n).expect("a label"));
    let candidate = |discriminator, preference, sids| CandidatePath {
        discriminator,
        preference,
        name: format!("candidate {discriminator}"),
        lists: vec![SegmentList { weight: 1, sids }],
    };
    let steering = SteeringKey { vrf: VrfName::lit("production"), sequence: 100 + number };
    let share =
        |discipline| QueueShare { discipline, guarantee: Bandwidth::from_bps(1_000_000 * u64::from(number)) };
    let first = QueueName::lit("ef");
    let ef = Dscp::new(46).expect("a code point");
    vec![
        Edit::PutClassifier(Classifier { queues: BTreeMap::from([(ef, first.clone())]) }),
        Edit::BindClassifier(InterfaceName::lit("eth1")),
        Edit::PutPolicy(SrPolicy {
            key,
            name: format!("tl-contract-{number}"),
            binding_sid: Some(sid(500_000 + number)),
            candidates: vec![
                candidate(1, 200, vec![sid(16_001), sid(15_002)]),
                candidate(2, 100, vec![sid(16_003)]),
            ],
            last_resort: LastResort::Igp,
        }),
        Edit::PutSteering(SteeringRule {
            key: steering,
            prefix: Some("10.16.0.0/16".parse().expect("a prefix")),
            dscp: BTreeSet::from([ef]),
            color,
        }),
        Edit::PutQos {
            interface: InterfaceName::lit("eth1"),
            qos: InterfaceQos {
                queues: BTreeMap::from([
                    (first, share(Discipline::Strict)),
                    (QueueName::lit("af1"), share(Discipline::Weighted(10))),
                ]),
            },
        },
    ]
}

/// The edits that take everything of [`sample_edits`] away again.
pub fn removal(config: &DeviceConfig) -> Vec<Edit> {
    let mut edits: Vec<Edit> = config.steering.keys().cloned().map(Edit::RemoveSteering).collect();
    edits.extend(config.policies.keys().copied().map(Edit::RemovePolicy));
    edits.extend(config.qos.keys().cloned().map(Edit::RemoveQos));
    edits.extend(config.classified.iter().cloned().map(Edit::UnbindClassifier));
    edits.extend(config.classifier.iter().map(|_| Edit::RemoveClassifier));
    edits
}

fn applied(edits: &[Edit], mut config: DeviceConfig) -> DeviceConfig {
    edits.iter().for_each(|edit| edit.apply(&mut config));
    config
}

struct Clauses<'a, R> {
    rig: &'a R,
}

impl<R: Rig> Clauses<'_, R> {
    async fn put(&self, device: &mut R::Device, id: TransactionId, edits: &[Edit], clause: &str) {
        device.stage(id, edits).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        device.commit(id, LONG).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
    }

    async fn confirm(&self, device: &mut R::Device, id: TransactionId, clause: &str) {
        device.confirm(id).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
    }

    /// Takes everything away again and checks that it is gone.
    async fn clean(&self, clause: &str) {
        let mut device = self.rig.session().await;
        let edits = removal(&self.rig.truth().await);
        if !edits.is_empty() {
            self.put(&mut device, TransactionId(999), &edits, clause).await;
            self.confirm(&mut device, TransactionId(999), clause).await;
        }
        assert!(
            self.rig.truth().await.is_empty(),
            "{clause}: something was left: {:?}",
            self.rig.truth().await
        );
    }

    async fn staging_changes_nothing(&self) {
        let clause = "staging changes nothing";
        let mut device = self.rig.session().await;
        device.stage(TransactionId(1), &self.rig.edits(1)).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        assert!(self.rig.truth().await.is_empty(), "{clause}");
        device.cancel(TransactionId(1)).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        self.clean(clause).await;
    }

    async fn a_confirmed_commit_stays(&self) {
        let clause = "a confirmed commit stays";
        let mut device = self.rig.session().await;
        let edits = self.rig.edits(2);
        self.put(&mut device, TransactionId(2), &edits, clause).await;
        assert_eq!(
            self.rig.truth().await,
            applied(&edits, DeviceConfig::default()),
            "{clause}: after the commit"
        );
        self.confirm(&mut device, TransactionId(2), clause).await;
        drop(device);
        self.rig.pass(LONG + LONG).await;
        assert_eq!(
            self.rig.truth().await,
            applied(&edits, DeviceConfig::default()),
            "{clause}: after the timer"
        );
        self.clean(clause).await;
    }

    async fn every_kind_of_edit_reads_back(&self) {
        let clause = "every kind of edit reads back";
        let mut device = self.rig.session().await;
        let mut config = DeviceConfig::default();
        let first = self.rig.edits(3);
        let later = self.rig.edits(4);
        let back = removal(&applied(&later, applied(&first, config.clone())));
        for (at, edit) in first.iter().chain(&later).chain(&back).enumerate() {
            let id = TransactionId(100 + at as u64);
            self.put(&mut device, id, std::slice::from_ref(edit), clause).await;
            self.confirm(&mut device, id, clause).await;
            edit.apply(&mut config);
            match device.read().await.unwrap_or_else(|e| panic!("{clause}: {e}")) {
                DeviceReading::Read { owned, .. } => assert_eq!(owned, config, "{clause}: after `{edit}`"),
                DeviceReading::Unreadable { why, .. } => panic!("{clause}: {why}"),
            }
        }
        drop(device);
        self.clean(clause).await;
    }

    async fn cancel_restores_what_was(&self) {
        let clause = "cancel restores what was";
        let mut device = self.rig.session().await;
        self.put(&mut device, TransactionId(5), &self.rig.edits(5), clause).await;
        self.confirm(&mut device, TransactionId(5), clause).await;
        let before = self.rig.truth().await;
        let mut edits = removal(&before);
        edits.extend(self.rig.edits(6));
        self.put(&mut device, TransactionId(6), &edits, clause).await;
        assert_ne!(self.rig.truth().await, before, "{clause}: the commit had no effect");
        device.cancel(TransactionId(6)).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        assert_eq!(self.rig.truth().await, before, "{clause}");
        drop(device);
        self.clean(clause).await;
    }

    async fn cancel_and_confirm_can_be_repeated(&self) {
        let clause = "cancel and confirm can be repeated";
        let mut device = self.rig.session().await;
        device.cancel(TransactionId(7)).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        self.put(&mut device, TransactionId(8), &self.rig.edits(8), clause).await;
        self.confirm(&mut device, TransactionId(8), clause).await;
        self.confirm(&mut device, TransactionId(8), clause).await;
        device.cancel(TransactionId(8)).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        assert!(!self.rig.truth().await.is_empty(), "{clause}: a cancel undid what was confirmed");
        drop(device);
        self.clean(clause).await;
    }

    /// Where the device ties a commit to its session, the opposite: it goes with it, and no other session calls it permanent.
    async fn a_lost_session_does_not_undo_a_commit(&self) {
        let clause = "a lost session does not undo a commit";
        let mut device = self.rig.session().await;
        let capabilities = device.capabilities().await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        self.put(&mut device, TransactionId(9), &self.rig.edits(9), clause).await;
        drop(device);
        if capabilities.rollback == Rollback::WithSession {
            let mut other = self.rig.session().await;
            let late = other.confirm(TransactionId(9)).await;
            assert!(late.is_err_and(|error| !error.is_outcome_unknown()), "a commit went with its session");
            assert!(self.rig.truth().await.is_empty(), "a commit that is tied to its session stayed");
            return;
        }
        assert!(!self.rig.truth().await.is_empty(), "{clause}");
        let mut other = self.rig.session().await;
        self.confirm(&mut other, TransactionId(9), clause).await;
        self.rig.pass(LONG + LONG).await;
        assert!(!self.rig.truth().await.is_empty(), "{clause}: the confirm of another session did not count");
        drop(other);
        self.clean(clause).await;
    }

    async fn silence_undoes_a_commit(&self) {
        let clause = "silence undoes a commit";
        let mut device = self.rig.session().await;
        let capabilities = device.capabilities().await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        let short = Duration::from_secs(1);
        let id = TransactionId(10);
        device.stage(id, &self.rig.edits(10)).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        device.commit(id, short).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        drop(device);
        if capabilities.rollback != Rollback::ByPreImage {
            self.rig.pass(short * 2).await;
        } else {
            let mut other = self.rig.session().await;
            other.cancel(id).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        }
        assert!(self.rig.truth().await.is_empty(), "{clause}");
    }

    async fn staging_again_forgets_the_first(&self) {
        let clause = "staging again forgets the first";
        let mut device = self.rig.session().await;
        device
            .stage(TransactionId(11), &self.rig.edits(11))
            .await
            .unwrap_or_else(|e| panic!("{clause}: {e}"));
        let edits = self.rig.edits(12);
        self.put(&mut device, TransactionId(12), &edits, clause).await;
        self.confirm(&mut device, TransactionId(12), clause).await;
        assert_eq!(self.rig.truth().await, applied(&edits, DeviceConfig::default()), "{clause}");
        drop(device);
        self.clean(clause).await;
    }

    async fn a_look_around_disturbs_no_change(&self) {
        let clause = "a look around disturbs no change";
        let (mut device, edits) = (self.rig.session().await, self.rig.edits(15));
        let id = TransactionId(15);
        device.surroundings().await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        device.stage(id, &edits).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        self.ask_around(&mut device, clause).await;
        device.commit(id, LONG).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        self.ask_around(&mut device, clause).await;
        self.confirm(&mut device, id, clause).await;
        assert_eq!(self.rig.truth().await, applied(&edits, DeviceConfig::default()), "{clause}");
        drop(device);
        self.clean(clause).await;
    }

    async fn a_rehearsal_leaves_nothing_behind(&self) {
        let clause = "a rehearsal leaves nothing behind";
        let mut device = self.rig.session().await;
        let (edits, others) = (self.rig.edits(13), self.rig.edits(14));
        for _ in 0..2 {
            let answer = device.rehearse(&others).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
            assert_eq!(answer == Rehearsal::Accepted, self.rig.can_rehearse(), "{clause}: {answer:?}");
            assert!(self.rig.truth().await.is_empty(), "{clause}");
        }
        // No lock is left either: another session works at once. What was tried is not in what it commits, and trying in the middle
        // of a change, which may be refused, harms none.
        let id = TransactionId(13);
        let mut other = self.rig.session().await;
        other.stage(id, &edits).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        let staged = other.rehearse(&others).await;
        other.commit(id, LONG).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        let committed = other.rehearse(&others).await;
        self.confirm(&mut other, id, clause).await;
        for answer in [staged, committed] {
            let harmless = match &answer {
                Ok(rehearsal) => matches!(rehearsal, Rehearsal::Cannot(_)) && !self.rig.can_rehearse(),
                Err(error) => matches!(error.kind, ErrorKind::Locked(_)),
            };
            assert!(harmless, "{clause}: in the middle of a change: {answer:?}");
        }
        assert_eq!(self.rig.truth().await, applied(&edits, DeviceConfig::default()), "{clause}");
        drop((device, other));
        self.clean(clause).await;
    }

    async fn a_look_at_modules_harms_no_change(&self) {
        let clause = "a look at modules harms no change";
        let (id, edits) = (TransactionId(15), self.rig.edits(15));
        let mut device = self.rig.session().await;
        let modules = device.modules().await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        device.stage(id, &edits).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        self.look(&mut device, &modules, clause).await;
        device.commit(id, LONG).await.unwrap_or_else(|e| panic!("{clause}: {e}"));
        self.look(&mut device, &modules, clause).await;
        self.confirm(&mut device, id, clause).await;
        assert_eq!(self.rig.truth().await, applied(&edits, DeviceConfig::default()), "{clause}");
        drop(device);
        self.clean(clause).await;
    }

    /// Asks what is around it, in the middle of a change: that may be refused as that.
    async fn ask_around(&self, device: &mut R::Device, clause: &str) {
        if let Err(error) = device.surroundings().await {
            assert!(matches!(error.kind, ErrorKind::Locked(_)), "{clause}: {error}");
        }
    }

    /// Asks all there is to ask of modules, in the middle of a change: it may be refused as that.
    async fn look(&self, device: &mut R::Device, modules: &[Module], clause: &str) {
        let errors =
            [device.serves().await.err(), device.modules().await.err(), device.contents(modules).await.err()];
        for error in errors.into_iter().flatten() {
            assert!(matches!(error.kind, ErrorKind::Locked(_)), "{clause}: {error}");
        }
    }
}
