//! Between two waves of a change: the network is looked at for a while, and the change goes on only where every promise around what
//! was touched is as good as before. No confirm timer runs meanwhile: the wave is there for good. What does not pass is taken back by a
//! change of its own, as that of any change which stops half-way.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use model::{DirectedLink, Hints, IntentSet, NodeId, Phase, ServiceId, Verdict, intent::Mode};
use tokio::{
    sync::{oneshot, watch},
    time::{Instant, sleep},
};

use super::{Means, Request};
use crate::{event::EventKind, snapshot::PromiseState, stages::Proposal};

/// How often the network is looked at.
const EVERY: Duration = Duration::from_millis(500);
/// Reasons that are told; the others are counted.
const TOLD: usize = 3;

/// What is asked of whoever judges.
#[derive(Debug)]
pub struct Question {
    /// The network between two waves.
    pub midway: Arc<Midway>,
    /// Whether the services have moved already; before that they are judged where they go now.
    pub moved: bool,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Sight>,
}

/// The network between two waves, as far as the wave touches it.
#[derive(Debug)]
pub struct Midway {
    /// What is promised.
    pub set: Arc<IntentSet>,
    /// Where each service goes that has moved, or crosses what was touched.
    pub verdicts: BTreeMap<ServiceId, Verdict>,
    /// The hints that the new paths were compiled with.
    pub hints: Hints,
    /// The services that have moved.
    pub moved: BTreeSet<ServiceId>,
    /// Devices that were changed, and those that the moved services cross.
    pub touched: BTreeSet<NodeId>,
}

/// How the network stands around what was touched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sight {
    /// Promises, each with why it is not kept where it is not.
    pub promises: BTreeMap<ServiceId, (PromiseState, String)>,
    /// Alarms that stand, by policy and line, each with what tripped.
    pub alarms: BTreeMap<(String, DirectedLink), String>,
    /// Devices that cannot be driven, each with why.
    pub down: BTreeMap<NodeId, String>,
    /// What the loop has to do for others and may not while a change is under way.
    pub waits: Option<String>,
}

/// A wave that another one follows, and how the network stood before it.
#[derive(Debug)]
pub(super) struct Watch {
    /// Which of how many.
    place: (usize, usize),
    devices: usize,
    settle: Duration,
    midway: Arc<Midway>,
    before: Sight,
}

impl Watch {
    /// Looks at the network before a transaction, where it is a wave and another one follows.
    ///
    /// # Errors
    /// The change was called off meanwhile.
    pub(super) async fn begin(
        request: &Request,
        proposal: &Proposal,
        number: usize,
        means: &Means,
    ) -> Result<Option<Self>, String> {
        let Some(waves) = request.view.terms.manner.waves else { return Ok(None) };
        let transactions = &proposal.plan.transactions;
        let moves = |at: usize| transactions.get(at).filter(|one| one.phase == Phase::Move);
        let (Some(wave), Some(_)) = (moves(number), moves(number + 1)) else { return Ok(None) };
        let count = |until: usize| (0..until).filter(|at| moves(*at).is_some()).count();
        let place = (count(number + 1), count(transactions.len()));
        let midway = Arc::new(Midway::after(request, proposal, number));
        let before = tokio::select! {
            biased;
            why = called_off(means) => return Err(why),
            sight = look(&midway, false, means) => sight?,
        };
        let (devices, settle) = (wave.edits.len(), waves.settle.as_duration());
        Ok(Some(Self { place, devices, settle, midway, before }))
    }

    /// Looks at the network for the time that was asked for; ends earlier where something got worse. Gives the services that have moved and
    /// of which nothing is known at the end of it.
    ///
    /// # Errors
    /// What got worse, that nothing was seen, or who called the change off.
    pub(super) async fn settle(
        self,
        means: &Means,
        tell: &impl Fn(EventKind),
    ) -> Result<BTreeSet<ServiceId>, String> {
        let (wave, of) = self.place;
        tell(EventKind::WaveWatched {
            wave,
            of,
            services: self.midway.moved.iter().cloned().collect(),
            devices: self.devices,
            settle_ms: u64::try_from(self.settle.as_millis()).unwrap_or(u64::MAX),
        });
        let settled = tokio::select! {
            biased;
            why = called_off(means) => Err(why),
            settled = self.until_settled(means) => settled,
        };
        settled.map_err(|why| {
            tell(EventKind::WaveStopped { wave, of, why: why.clone() });
            format!("after wave {wave} of {of}: {why}")
        })
    }

    async fn until_settled(&self, means: &Means) -> Result<BTreeSet<ServiceId>, String> {
        let until = Instant::now() + self.settle;
        loop {
            sleep(EVERY.min(until.saturating_duration_since(Instant::now()))).await;
            let is_last = Instant::now() >= until;
            let now = look(&self.midway, true, means).await?;
            let mut whys = worse(&self.before, &now, &self.midway.moved, is_last);
            let unseen = now.unseen(&self.midway.moved);
            if is_last && whys.is_empty() {
                whys.extend(blind(&now, &self.midway.moved));
            }
            if !whys.is_empty() {
                return Err(some(&whys));
            }
            if is_last {
                return Ok(unseen);
            }
        }
    }
}

impl Midway {
    /// The network after a wave.
    fn after(request: &Request, proposal: &Proposal, number: usize) -> Self {
        let (before, after) = (&request.view.before.verdicts, &proposal.compiled.verdicts);
        let waves = proposal.report.transactions.iter().take(number + 1);
        let moved: BTreeSet<ServiceId> = waves.flat_map(|wave| &wave.services).cloned().collect();
        let devices = proposal.plan.transactions.get(number).into_iter().flat_map(|wave| wave.edits.keys());
        let crossed = moved.iter().filter_map(|id| after.get(id)).flat_map(nodes);
        let touched: BTreeSet<NodeId> = devices.chain(crossed).cloned().collect();
        let verdict = |id: &ServiceId| match moved.contains(id) {
            true => after.get(id),
            // What is new and has not moved yet has no path.
            false => before.get(id).filter(|verdict| nodes(verdict).any(|node| touched.contains(node))),
        };
        let services = proposal.set.services.keys();
        let verdicts = services.filter_map(|id| Some((id.clone(), verdict(id)?.clone()))).collect();
        Self { set: Arc::clone(&proposal.set), verdicts, hints: proposal.hints.clone(), moved, touched }
    }
}

/// The nodes that a service's paths cross.
fn nodes(verdict: &Verdict) -> impl Iterator<Item = &NodeId> {
    let directions = match verdict {
        Verdict::Carried { directions, .. } => directions.as_slice(),
        Verdict::Refused { .. } => &[],
    };
    directions.iter().flat_map(|direction| &direction.primary.path.nodes)
}

/// Comes when somebody calls the change off: by the stop switch, or by stopping the controller.
async fn called_off(means: &Means) -> String {
    tokio::select! {
        () = means.leaving.cancelled() => "the controller is being stopped".to_owned(),
        () = switched(means.mode.clone()) => "the stop switch was set".to_owned(),
    }
}

async fn switched(mut mode: watch::Receiver<Mode>) {
    loop {
        if *mode.borrow_and_update() == Mode::Observe {
            return;
        }
        if mode.changed().await.is_err() {
            // Nobody is left who could set it.
            std::future::pending::<()>().await;
        }
    }
}

async fn look(midway: &Arc<Midway>, moved: bool, means: &Means) -> Result<Sight, String> {
    let gone = || "the loop does not judge any more".to_owned();
    let (reply, sight) = oneshot::channel();
    let question = Question { midway: Arc::clone(midway), moved, reply };
    means.judge.send(question).await.map_err(|_| gone())?;
    sight.await.map_err(|_| gone())
}

impl Sight {
    /// The services that have moved and of which it is not known whether their promises are kept.
    fn unseen(&self, moved: &BTreeSet<ServiceId>) -> BTreeSet<ServiceId> {
        let states = self.promises.iter().filter(|(id, _)| moved.contains(*id));
        let unknown = states.filter(|(_, (state, _))| *state == PromiseState::Unknown);
        unknown.map(|(id, _)| id.clone()).collect()
    }
}

/// That nothing is known of any service that has moved: then nobody can say that all is as good as before.
fn blind(now: &Sight, moved: &BTreeSet<ServiceId>) -> Option<String> {
    let unseen = now.unseen(moved);
    let judged = now.promises.keys().filter(|id| moved.contains(*id)).count();
    let (_, why) = now.promises.get(unseen.first()?)?;
    (unseen.len() == judged)
        .then(|| format!("nothing is known of any of the {judged} service(s) that moved: {why}"))
}

/// What is worse than before. A promise of which nothing is known for a moment is not broken: paths that are new have to be heard of. At
/// the last look what was kept has to be known to be kept, and of what has moved all that was judged before has to be judged.
fn worse(before: &Sight, now: &Sight, moved: &BTreeSet<ServiceId>, is_last: bool) -> Vec<String> {
    let was = |id: &ServiceId| before.promises.get(id).map(|(state, _)| *state);
    let promises = now.promises.iter().filter_map(|(id, (state, why))| match (was(id), state) {
        (Some(PromiseState::Broken), PromiseState::Broken) | (_, PromiseState::Kept) => None,
        (_, PromiseState::Broken) => Some(format!("the promise of {id} is broken: {why}")),
        (Some(was), PromiseState::Unknown)
            if is_last
                && (was == PromiseState::Kept || was == PromiseState::Broken && moved.contains(id)) =>
        {
            Some(format!("it is not known any more whether the promise of {id} is kept: {why}"))
        }
        (_, PromiseState::Unknown) => None,
    });
    let gone = before.promises.iter().filter_map(|(id, (was, _))| {
        let is_gone = is_last && *was == PromiseState::Kept && !now.promises.contains_key(id);
        is_gone.then(|| format!("the promise of {id} was kept, and is not judged any more"))
    });
    let alarms = now.alarms.iter().filter(|(key, _)| !before.alarms.contains_key(*key));
    let alarms = alarms.map(|((policy, line), why)| format!("alarm {policy} on {line}: {why}"));
    let down = now.down.iter().filter(|(node, _)| !before.down.contains_key(*node));
    let down = down.map(|(node, why)| format!("{node} cannot be driven: {why}"));
    let waits = now.waits.iter().map(|why| format!("the loop has to move traffic, which comes first: {why}"));
    promises.chain(gone).chain(alarms).chain(down).chain(waits).collect()
}

/// The first reasons, and how many more there are.
fn some(whys: &[String]) -> String {
    let mut text = whys.iter().take(TOLD).map(String::as_str).collect::<Vec<_>>().join("; ");
    if whys.len() > TOLD {
        text.push_str(&format!("; and {} more", whys.len() - TOLD));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use model::{LinkId, Side};
    use store::Journal;
    use tokio::{sync::mpsc, task::JoinHandle};
    use tokio_util::sync::CancellationToken;

    use super::*;

    /// One service, or none.
    fn sight(state: Option<PromiseState>) -> Sight {
        let promise = state.map(|state| (ServiceId::lit("s"), (state, "WHY".to_owned())));
        Sight { promises: promise.into_iter().collect(), ..Sight::default() }
    }

    /// A change that waits, and those who have to do with it.
    struct Desk {
        means: Means,
        mode: watch::Sender<Mode>,
        /// Answers each look; gives how many there were.
        judge: JoinHandle<usize>,
        _folder: tempfile::TempDir,
    }

    /// Whoever judges says of each look, counted from 1, how the service stands.
    fn desk(answer: impl Fn(usize) -> PromiseState + Send + 'static) -> Desk {
        desk_of(move |look| sight(Some(answer(look))))
    }

    /// The same with all that is seen.
    fn desk_of(answer: impl Fn(usize) -> Sight + Send + 'static) -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("journal")).unwrap();
        let (mode, switch) = watch::channel(Mode::Act);
        let (judge, mut questions) = mpsc::channel::<Question>(1);
        let means =
            Means { fleet: Arc::default(), journal, mode: switch, judge, leaving: CancellationToken::new() };
        let judge = tokio::spawn(async move {
            let mut looks = 0;
            while let Some(question) = questions.recv().await {
                looks += 1;
                // Who was called off does not hear it.
                drop(question.reply.send(answer(looks)));
            }
            looks
        });
        Desk { means, mode, judge, _folder: folder }
    }

    /// The first of two waves, before which the service was kept.
    fn wave(settle: Duration) -> Watch {
        let midway = Midway {
            set: Arc::default(),
            verdicts: BTreeMap::new(),
            hints: Hints::default(),
            moved: BTreeSet::from([ServiceId::lit("s")]),
            touched: BTreeSet::new(),
        };
        let (midway, before) = (Arc::new(midway), sight(Some(PromiseState::Kept)));
        Watch { place: (1, 2), devices: 3, settle, midway, before }
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_wave_is_looked_at_for_as_long_as_was_asked_for() {
        let Desk { means, mode: _mode, judge, _folder } = desk(|_| PromiseState::Kept);
        let told = Mutex::new(Vec::new());
        let begun = Instant::now();
        wave(MINUTE).settle(&means, &|kind| told.lock().unwrap().push(kind)).await.unwrap();
        let took = begun.elapsed();
        assert!((MINUTE..MINUTE + EVERY).contains(&took), "{took:?}");
        let watched = EventKind::WaveWatched {
            wave: 1,
            of: 2,
            services: vec![ServiceId::lit("s")],
            devices: 3,
            settle_ms: 60_000,
        };
        assert_eq!(told.into_inner().unwrap(), [watched]);
        drop(means);
        let looks = judge.await.unwrap();
        assert!((120..=122).contains(&looks), "{looks} looks");
    }

    #[tokio::test(start_paused = true)]
    async fn what_breaks_ends_the_look_at_once_and_what_is_unknown_at_its_end() {
        for (state, looks, after) in [
            (PromiseState::Broken, 3, Duration::ZERO..MINUTE / 10),
            (PromiseState::Unknown, 120, MINUTE..MINUTE + EVERY),
        ] {
            let answer = move |look: usize| if look < 3 { PromiseState::Kept } else { state };
            let Desk { means, mode: _mode, judge, _folder } = desk(answer);
            let told = Mutex::new(Vec::new());
            let begun = Instant::now();
            let why = wave(MINUTE).settle(&means, &|kind| told.lock().unwrap().push(kind)).await.unwrap_err();
            assert!(after.contains(&begun.elapsed()), "{state:?}: {:?}", begun.elapsed());
            assert!(
                why.starts_with("after wave 1 of 2: ")
                    && why.ends_with("of s is broken: WHY") == (looks == 3),
                "{why}"
            );
            let last = told.into_inner().unwrap().pop();
            assert!(
                matches!(&last, Some(EventKind::WaveStopped { wave: 1, of: 2, why: told }) if why.ends_with(told))
            );
            drop(means);
            assert!((looks..=looks + 2).contains(&judge.await.unwrap()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_stop_switch_and_the_end_of_the_controller_end_the_look() {
        for by_switch in [true, false] {
            let Desk { means, mode, judge: _judge, _folder } = desk(|_| PromiseState::Kept);
            let leaving = means.leaving.clone();
            let call_off = async {
                sleep(MINUTE / 6).await;
                match by_switch {
                    true => {
                        mode.send_replace(Mode::Observe);
                    }
                    false => leaving.cancel(),
                }
            };
            let (begun, quiet) = (Instant::now(), |_: EventKind| {});
            let (settled, ()) = tokio::join!(wave(MINUTE).settle(&means, &quiet), call_off);
            let told = settled.unwrap_err();
            let why = if by_switch { "the stop switch was set" } else { "the controller is being stopped" };
            assert_eq!(told, format!("after wave 1 of 2: {why}"));
            assert!(begun.elapsed() < MINUTE / 5);
        }
    }

    #[test]
    fn a_promise_that_breaks_stops_at_once_and_one_that_is_unknown_at_the_end() {
        use PromiseState::{Broken, Kept, Unknown};
        let told = |before: Option<PromiseState>, now: Option<PromiseState>, moved: &BTreeSet<ServiceId>| {
            let (before, now) = (sight(before), sight(now));
            [worse(&before, &now, moved, false).len(), worse(&before, &now, moved, true).len()]
        };
        let (moved, stays) = (BTreeSet::from([ServiceId::lit("s")]), BTreeSet::new());
        for (before, now, stops) in [
            (Some(Kept), Some(Kept), [0, 0]),
            (Some(Kept), Some(Broken), [1, 1]),
            (Some(Kept), Some(Unknown), [0, 1]),
            (Some(Kept), None, [0, 1]),
            (Some(Unknown), Some(Broken), [1, 1]),
            (Some(Unknown), Some(Unknown), [0, 0]),
            (Some(Unknown), None, [0, 0]),
            (Some(Broken), Some(Broken), [0, 0]),
            // It is new.
            (None, Some(Broken), [1, 1]),
            (None, Some(Unknown), [0, 0]),
        ] {
            assert_eq!(told(before, now, &moved), stops, "{before:?} -> {now:?}");
            assert_eq!(told(before, now, &stays), stops, "{before:?} -> {now:?}");
        }
        // What has moved has to be seen, also where it was broken before.
        assert_eq!(told(Some(Broken), Some(Unknown), &moved), [0, 1]);
        assert_eq!(told(Some(Broken), Some(Unknown), &stays), [0, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wave_of_which_nothing_is_seen_stops_and_one_of_which_something_is_passes_and_is_counted() {
        use PromiseState::{Kept, Unknown};
        let ids = ["s", "t"].map(ServiceId::lit);
        for (others, passes) in [(Unknown, false), (Kept, true)] {
            let states = [(ids[0].clone(), Unknown), (ids[1].clone(), others)];
            let now = move |_: usize| Sight {
                promises: states.iter().map(|(id, state)| (id.clone(), (*state, "WHY".to_owned()))).collect(),
                ..Sight::default()
            };
            let Desk { means, mode: _mode, judge: _judge, _folder } = desk_of(now);
            let mut watch = wave(MINUTE);
            // Both are new.
            watch.before = Sight::default();
            watch.midway = Arc::new(Midway {
                set: Arc::default(),
                verdicts: BTreeMap::new(),
                hints: Hints::default(),
                moved: ids.clone().into(),
                touched: BTreeSet::new(),
            });
            let settled = watch.settle(&means, &|_| {}).await;
            match passes {
                true => assert_eq!(settled, Ok(BTreeSet::from([ids[0].clone()]))),
                false => assert_eq!(
                    settled.unwrap_err(),
                    "after wave 1 of 2: nothing is known of any of the 2 service(s) that moved: WHY"
                ),
            }
        }
    }

    #[test]
    fn what_is_new_of_alarms_and_sessions_is_told_and_what_stood_before_is_not() {
        let line = |link: &str| DirectedLink { link: LinkId::lit(link), from: Side::A };
        let alarm = |link: &str| (("line-degraded".to_owned(), line(link)), "loss 2%".to_owned());
        let before = Sight {
            alarms: [alarm("l1")].into(),
            down: [(NodeId::lit("r1"), "silent".to_owned())].into(),
            ..Sight::default()
        };
        let now = Sight {
            alarms: [alarm("l1"), alarm("l2")].into(),
            down: [(NodeId::lit("r1"), "silent".to_owned()), (NodeId::lit("r2"), "refused".to_owned())]
                .into(),
            waits: Some("link l9 is down".to_owned()),
            ..Sight::default()
        };
        let moved = BTreeSet::new();
        assert!(worse(&before, &before, &moved, true).is_empty());
        let told = worse(&before, &now, &moved, false);
        assert_eq!(
            told,
            [
                format!("alarm line-degraded on {}: loss 2%", line("l2")),
                "r2 cannot be driven: refused".to_owned(),
                "the loop has to move traffic, which comes first: link l9 is down".to_owned(),
            ]
        );
        assert_eq!(some(&told), told.join("; "));
        assert!(some(&[told.clone(), told].concat()).ends_with("; and 3 more"));
    }
}
