//! What is learned of the network, and the change that follows from it: one for all that changed, when it has stayed the same for a
//! while, however many messages brought it. What changes no value moves nothing: silence, another source, a later moment.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use model::{Finding, NodeId, Ted, Timestamp, intent::Mode};
use store::StoreError;
use tokio::{
    sync::watch,
    task::{JoinError, JoinHandle, spawn_blocking},
    time::Instant,
};
use tracing::{error, info};

use super::{Asker, CONTROLLER, Controller, around::Around, journal_failed};
use crate::{
    clock,
    event::EventKind,
    job::Request,
    learn::{self, Learned, News, PeerView},
    stages::{Occasion, View},
};

/// What is told otherwise is followed when it has been the same for so long.
const SETTLED: Duration = Duration::from_secs(5);
/// But no later than so long after it began, where it changes again and again.
const LONGEST: Duration = Duration::from_secs(60);
/// How long a change that came to nothing is not tried again; twice as long each time, up to the longest.
const NOT_AGAIN: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(300));
/// How long after a write that failed the next is tried.
const RETRY: Duration = Duration::from_secs(2);
/// Why nobody tells any more.
const ENDED: &str = "the work on what routers tell ended in a fault of the program: please report it, and start the controller again";
/// What routers say of what is around them is written down no later than so long after it was looked at, for the next start. A link that
/// goes up and down writes no more often.
const KEEP_WITHIN: Duration = Duration::from_secs(60);
/// Routers and links that a reason names; the others are counted.
const NAMED: usize = 3;

/// What plans do not follow yet.
#[derive(Debug)]
struct Waiting {
    learned: Arc<Learned>,
    ted: Arc<Ted>,
    /// The same without who said it and when.
    plain: Ted,
    /// Routers and links that are told otherwise.
    subjects: Vec<String>,
    /// Since when something is told otherwise, and since when it is this.
    begun: Instant,
    last: Instant,
}

impl Waiting {
    fn is_settled(&self, now: Instant) -> bool {
        now >= self.last + SETTLED || now >= self.begun + LONGEST
    }
}

/// How the loop stands to what is learned.
#[derive(Debug)]
pub(super) struct Learning {
    news: watch::Receiver<Arc<News>>,
    pub(super) heard: Arc<News>,
    /// Nobody tells any more, which was said.
    ended: bool,
    /// What routers say of themselves.
    pub(super) around: Around,
    /// By when the journal has to be told of that.
    unkept: Option<Instant>,
    /// When the controller started: whoever has said nothing since is silent at least so long.
    pub(super) started: Timestamp,
    waiting: Option<Waiting>,
    /// What was proposed, and is not proposed again.
    proposed: Option<Ted>,
    not_before: Option<Instant>,
    /// How long that was.
    waited: Option<Duration>,
    /// What the journal holds of it, as values.
    kept: Learned,
    /// The journal has to be told of something else, and not before.
    untold: Option<Instant>,
    /// That write, while it is under way or nobody has looked how it ended. It gives the values that it wrote.
    write: Option<JoinHandle<Result<Learned, StoreError>>>,
    /// What stood against the last change, which is told once.
    pub refused: Vec<Finding>,
}

impl Learning {
    /// From what is learned, and what the journal has of that.
    pub fn from(mut news: watch::Receiver<Arc<News>>, kept: &Learned, started: Timestamp) -> Self {
        let heard = Arc::clone(&*news.borrow_and_update());
        Self {
            news,
            heard,
            ended: false,
            around: Around::default(),
            unkept: None,
            started,
            waiting: None,
            proposed: None,
            not_before: None,
            waited: None,
            kept: kept.values(),
            untold: None,
            write: None,
            refused: Vec::new(),
        }
    }

    /// The next news. Where nobody tells any more the last is that all sources are silent; none, where there never was a source.
    pub async fn next(&mut self) -> Arc<News> {
        if self.news.changed().await.is_ok() {
            return Arc::clone(&*self.news.borrow_and_update());
        }
        if self.heard.peers.is_empty() || std::mem::replace(&mut self.ended, true) {
            std::future::pending::<()>().await;
        }
        error!("the task that learns of the network has ended; what was learned stays as it is");
        Arc::new(self.heard.silenced(ENDED, clock::now()))
    }

    /// What was only proposed may be carried out now.
    pub fn begin_anew(&mut self) {
        self.proposed = None;
        self.forgive();
    }

    fn forgive(&mut self) {
        self.not_before = None;
        self.waited = None;
    }
}

impl Controller {
    pub(super) fn take_news(&mut self, news: Arc<News>) {
        let before = std::mem::replace(&mut self.learning.heard, news);
        self.tell_sources(&before.peers);
        self.weigh();
    }

    /// Says which sources are silent, and which are back.
    fn tell_sources(&mut self, before: &[PeerView]) {
        let news = Arc::clone(&self.learning.heard);
        for peer in &news.peers {
            let was = before.iter().find(|other| other.name == peer.name);
            let was_up = was.is_some_and(|was| was.up_since.is_some());
            let source = peer.name.clone();
            match (was_up, peer.up_since.is_some()) {
                (false, true) => self.publish(EventKind::SourceUp { source }),
                (true, false) => {
                    let why = peer.why.clone().unwrap_or_default();
                    self.publish(EventKind::SourceDown { source, why });
                }
                _ => {}
            }
        }
    }

    /// The last words of routers, before the end.
    pub(super) async fn keep_around_last(&mut self) {
        if self.learning.around.has_news() {
            self.weigh();
            self.note_around();
        }
        if let Some(write) = self.learning.write.take() {
            let ended = write.await;
            self.learned_kept(ended);
        }
        if self.learning.unkept.is_some() {
            self.learning.unkept = Some(Instant::now());
            self.keep_learned();
        }
        if let Some(write) = self.learning.write.take() {
            let ended = write.await;
            self.learned_kept(ended);
        }
    }

    /// Something new that routers say was looked at: the journal has to be told of it.
    pub(super) fn note_around(&mut self) {
        self.learning.unkept.get_or_insert_with(|| Instant::now() + KEEP_WITHIN);
    }

    /// What is told now, whether plans follow it yet or not.
    pub(super) fn told_now(&self) -> Arc<Learned> {
        let waiting = self.learning.waiting.as_ref();
        Arc::clone(waiting.map_or(&self.world.learned, |waiting| &waiting.learned))
    }

    /// The same values are told otherwise now: what is said beside them, of which nothing follows.
    pub(super) fn tell_now(&mut self, learned: Arc<Learned>) {
        match &mut self.learning.waiting {
            Some(waiting) => waiting.learned = learned,
            None => self.world.learned = learned,
        }
    }

    /// Compares what is told now with what plans follow. Where no value differs, who says it and since when is taken over, and
    /// nothing else happens. O(nodes + links).
    pub(super) fn weigh(&mut self) {
        let news = Arc::clone(&self.learning.heard);
        let told = news.learned.clone();
        // Before all have told all, what is not told was only not told yet, unless he who said it has told all.
        let told_all = news.peers.iter().filter(|peer| peer.complete).map(|peer| peer.name.clone());
        let told_all = told_all.collect::<BTreeSet<NodeId>>();
        let (before, started) = (&*self.world.learned, self.learning.started);
        let learned = match news.complete {
            true => told,
            false => told.over(before, started, &told_all),
        };
        let learned = Arc::new(self.learning.around.lay(learned, &self.world.file, (before, started)));
        let ted = learned.lay(&self.world.file);
        let (plain, followed) = (learn::plain(&ted), learn::plain(&self.world.ted));
        let mut subjects = Vec::new();
        if plain == followed {
            if learned.values() != self.learning.kept {
                self.learning.untold.get_or_insert_with(Instant::now);
            }
            (self.world.learned, self.world.ted) = (Arc::clone(&learned), Arc::new(ted));
            self.learning.waiting = None;
            self.held_back.release_learned();
        } else {
            subjects = learn::differing(&plain, &followed);
            self.wait_for(Arc::clone(&learned), Arc::new(ted), plain, subjects.clone());
        }
        let (shown, odd) = self.a_look().shown(&learned, subjects);
        (self.album.sources, self.album.odd) = (Arc::new(shown), odd);
    }

    fn wait_for(&mut self, learned: Arc<Learned>, ted: Arc<Ted>, plain: Ted, subjects: Vec<String>) {
        let now = Instant::now();
        let before = self.learning.waiting.take();
        let begun = before.as_ref().map_or(now, |before| before.begun);
        let last = before.filter(|before| before.plain == plain).map_or(now, |before| before.last);
        self.learning.waiting = Some(Waiting { learned, ted, plain, subjects, begun, last });
    }

    /// Begins the change that follows from what is learned, if one does.
    pub(super) fn follow_learned(&mut self) {
        self.keep_learned();
        self.follow_around();
        let now = Instant::now();
        let Some(waiting) = self.learning.waiting.as_ref().filter(|waiting| waiting.is_settled(now)) else {
            return;
        };
        if self.running.is_some() || self.stopping || self.learning.write.is_some() {
            return;
        }
        if self.world.accepted.set.services.is_empty() && self.world.accepted.misfit.is_empty() {
            // Nothing is promised: nothing can move.
            (self.world.learned, self.world.ted) = (Arc::clone(&waiting.learned), Arc::clone(&waiting.ted));
            self.learning.untold.get_or_insert(now);
            return self.weigh();
        }
        let too_soon = self.learning.not_before.is_some_and(|at| now < at);
        let may_think = self.world.mode != Mode::Observe && self.world.adopted && self.is_acquainted();
        if too_soon || !may_think || self.learning.proposed.as_ref() == Some(&waiting.plain) {
            return;
        }
        // Where nobody knows what the intents mean, nothing follows from what is learned.
        let Ok(wanted) = self.same() else { return };
        let why = format!("routers tell otherwise of {}", listed(&waiting.subjects));
        info!(why, "the network is not as plans follow it");
        let mut request = self.request(wanted, self.world.hints.clone(), CONTROLLER, &why);
        self.as_told_now(&mut request);
        request.occasion = Occasion::Learned;
        request.act = self.world.mode == Mode::Act;
        self.launch(request, Asker::Learned);
    }

    /// A change follows from what is told now, where that has settled.
    pub(super) fn as_told_now(&self, request: &mut Request) {
        if let Some(waiting) = self.settled() {
            request.view.ted = Arc::clone(&waiting.ted);
            request.learned = Some(Arc::clone(&waiting.learned));
        }
    }

    /// What a plan is worked out from that a person asks for.
    pub(super) fn view_as_told_now(&self) -> View {
        let view = self.world.view();
        match self.settled() {
            Some(waiting) => View { ted: Arc::clone(&waiting.ted), ..view },
            None => view,
        }
    }

    /// It has settled, and no write of what was told before is under way, which would overtake that of the change.
    fn settled(&self) -> Option<&Waiting> {
        let now = Instant::now();
        let is_written = self.learning.write.as_ref().is_none_or(JoinHandle::is_finished);
        self.learning.waiting.as_ref().filter(|waiting| is_written && waiting.is_settled(now))
    }

    /// A change was carried out, whoever asked for it: plans follow what it followed.
    pub(super) fn follow_from_now(&mut self, request: &Request) {
        if let Some(learned) = &request.learned {
            (self.world.learned, self.world.ted) = (Arc::clone(learned), Arc::clone(&request.view.ted));
            self.learning.kept = learned.values();
            self.learning.refused.clear();
            self.learning.begin_anew();
            self.weigh();
        }
    }

    /// What was only proposed is said once; what came to nothing is tried again a little later.
    pub(super) fn learned_ended(&mut self, request: &Request, well: bool) {
        self.learning.proposed = (well && !request.act).then(|| learn::plain(&request.view.ted));
        if well {
            return self.learning.forgive();
        }
        let wait = self.learning.waited.map_or(NOT_AGAIN.0, |waited| (waited * 2).min(NOT_AGAIN.1));
        self.learning.waited = Some(wait);
        self.learning.not_before = Some(Instant::now() + wait);
    }

    /// Writes down what plans follow, where that changed without a change of the network, beside the loop: a disk takes its time. While
    /// a change runs it stands in the journal what that one follows from.
    fn keep_learned(&mut self) {
        let ended = match &mut self.learning.write {
            Some(write) => match write.now_or_never() {
                Some(ended) => Some(ended),
                None => return,
            },
            None => None,
        };
        if let Some(ended) = ended {
            self.learning.write = None;
            self.learned_kept(ended);
        }
        let due = [self.learning.untold, self.learning.unkept].into_iter().flatten().min();
        let Some(at) = due.filter(|_| self.running.is_none()) else { return };
        let now = Instant::now();
        if now < at {
            return;
        }
        (self.learning.untold, self.learning.unkept) = (None, None);
        let (journal, learned) = (self.journal.clone(), Arc::clone(&self.world.learned));
        let write = move || journal.put_learned(&*learned).map(|()| learned.values());
        self.learning.write = Some(spawn_blocking(write));
    }

    /// Notes how that write ended.
    fn learned_kept(&mut self, ended: Result<Result<Learned, StoreError>, JoinError>) {
        match ended.unwrap_or_else(|error| Err(StoreError::Write(error.to_string()))) {
            Ok(values) => self.learning.kept = values,
            Err(error) => {
                self.learning.untold = Some(Instant::now() + RETRY);
                self.publish(journal_failed(&error));
            }
        }
    }
}

fn listed(subjects: &[String]) -> String {
    let some = subjects.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match subjects.len().saturating_sub(NAMED) {
        0 => some,
        more => format!("{some} and {more} more"),
    }
}
