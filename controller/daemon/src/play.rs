//! A scenario that is played: what the controller says is followed, steps are done when they are due, expectations are judged, and all of it is
//! taken down for a summary and a report. On what it is played is behind [`Hands`]: the demonstration's processes, or a lab that stands.

mod ask;
mod notes;
mod paper;
mod piece;
mod record;
mod sum;
mod summary;
mod tell;

use std::time::Duration;

use anyhow::bail;
use api::{Client, Message, request::ApplyRequest};
use engine::{
    event::{Ending, Event, EventKind},
    snapshot::{Counts, ServiceView, Snapshot},
};
use model::{LinkId, Span};
use net::{Action, Outcome, Run, Scenario};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep, sleep_until},
};

pub use self::{
    notes::Notes,
    paper::Paper,
    piece::{Case, Piece, Played, Told, faults, fitted},
    sum::Measured,
    summary::Memory,
    tell::Teller,
};

/// How long the first reading of all devices, and the first telemetry, may take.
const START: Duration = Duration::from_secs(120);
/// After an event that may have moved traffic, until the controller's picture shows where it goes.
const DRAWN: Duration = Duration::from_millis(300);

/// What a step of a scenario needs after the hands had it.
pub enum Then {
    /// Nothing: it is done.
    Done,
    /// It is for the controller: a person would ask it.
    Ask,
    /// To listen to a controller that was started again.
    Listen(Box<Client>),
}

/// Who does to the network, and to processes, what a scenario says.
pub trait Hands {
    /// Does what an action says; tells and takes down what befalls the network.
    ///
    /// # Errors
    /// It cannot be done.
    async fn act(&mut self, action: &Action, case: &Case, notes: &mut Notes<'_>) -> anyhow::Result<Then>;

    /// How the controller's process ended, now that its events did; none where it was meant to.
    async fn ending(&mut self) -> Option<String>;

    /// Memory of the controller; none where it is not known.
    fn memory(&self) -> Option<Memory>;

    /// Ends what was started, and undoes what a scenario that was not played to its end left.
    async fn end(&mut self);
}

/// What a scenario is played on, and what was heard so far.
pub struct Stage<'a, H> {
    /// The network, what is offered to it, and what is promised.
    pub case: &'a Case,
    /// Who does things to it.
    pub hands: H,
    /// Whom all is told to.
    pub notes: Notes<'a>,
    /// What the controller said so far.
    pub events: Vec<Event>,
    /// From the start of the controller's process until it said that it had read all devices; none where another started it.
    pub cold_start: Option<Duration>,
    /// When to ask where services go.
    paths_due: Option<Instant>,
    /// What the controller says, with the moment at which it was heard.
    arriving: Option<mpsc::Receiver<(Instant, Message)>>,
    reader: Option<JoinHandle<()>>,
}

impl<'a, H: Hands> Stage<'a, H> {
    /// An empty stage.
    pub fn new(teller: &'a Teller, case: &'a Case, hands: H) -> Self {
        Self {
            case,
            hands,
            notes: Notes::new(teller),
            events: Vec::new(),
            cold_start: None,
            paths_due: None,
            arriving: None,
            reader: None,
        }
    }

    /// How many routers there are.
    pub fn count(&self) -> usize {
        self.case.ted.nodes.len()
    }

    /// Says something of the player's own.
    pub fn say(&self, text: &str) {
        self.notes.say(text);
    }

    /// Begins to listen to the controller; from the event after this number on, or from now on.
    pub async fn follow(&mut self, client: &Client, after: Option<u64>) -> anyhow::Result<()> {
        let mut stream = client.events(after).await?;
        let (out, arriving) = mpsc::channel(1_024);
        let reader = tokio::spawn(async move {
            while let Ok(Some(message)) = stream.next_message().await {
                // The moment is taken here: who plays may be waiting for an answer.
                if out.send((Instant::now(), message)).await.is_err() {
                    return;
                }
            }
        });
        if let Some(old) = self.reader.replace(reader) {
            old.abort();
        }
        self.arriving = Some(arriving);
        Ok(())
    }

    /// The next event and when it was heard; none when `until` comes first. An error when a process is gone that should not be.
    pub async fn next(&mut self, until: Instant) -> anyhow::Result<Option<(Instant, Event)>> {
        loop {
            let Some(arriving) = &mut self.arriving else {
                sleep_until(until).await;
                return Ok(None);
            };
            let heard = tokio::select! {
                heard = arriving.recv() => heard,
                () = sleep_until(until) => return Ok(None),
            };
            let Some((at, message)) = heard else {
                self.arriving = None;
                if let Some(ended) = self.hands.ending().await {
                    bail!("the controller's events ended: {ended}");
                }
                return Ok(None);
            };
            match message {
                Message::Live(live) => {
                    if let Some(recorder) = &mut self.notes.recorder {
                        recorder.live(at, &live);
                    }
                }
                Message::Event(event) => {
                    self.notes.teller.event(&event);
                    self.events.push((*event).clone());
                    return Ok(Some((at, *event)));
                }
            }
        }
    }

    /// Goes on telling until something is done.
    pub async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> anyhow::Result<T> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                event = self.next(Instant::now() + START) => drop(event?),
            }
        }
    }

    /// Gives the controller the right to change the network, and the intents.
    pub async fn adopt_and_apply(
        &mut self,
        client: &Client,
        why: &str,
        request: &ApplyRequest,
    ) -> anyhow::Result<()> {
        let applied = self
            .meanwhile(async {
                client.adopt(why).await?;
                client.apply(request).await
            })
            .await??;
        self.notes.teller.applied(&applied);
        Ok(())
    }

    /// Waits until the controller says that every device was read.
    pub async fn wait_in_sync(&mut self) -> anyhow::Result<()> {
        let until = Instant::now() + START;
        while let Some((_, event)) = self.next(until).await? {
            if matches!(event.kind, EventKind::InSync { .. }) {
                return Ok(());
            }
        }
        bail!("not all devices could be read within {} s", START.as_secs())
    }

    /// Waits until every device is read, of a controller that may have said so before anybody listened.
    pub async fn wait_read(&mut self, client: &Client) -> anyhow::Result<()> {
        let read = |state: &Snapshot| state.counts.devices > 0 && state.counts.read == state.counts.devices;
        let missing = |counts: Counts| format!("{} of {} devices are read", counts.read, counts.devices);
        self.wait_for(client, read, missing).await.map(drop)
    }

    /// Waits until every promise is known to be kept.
    pub async fn wait_kept(&mut self, client: &Client) -> anyhow::Result<()> {
        let kept = |state: &Snapshot| state.counts.kept > 0 && state.counts.kept == state.counts.services;
        let missing = |Counts { kept, broken, unknown, .. }: Counts| {
            format!("promises: {kept} kept, {broken} broken, {unknown} unknown")
        };
        let state = self.wait_for(client, kept, missing).await?;
        self.say(&format!("all {} promises are kept", state.counts.services));
        Ok(())
    }

    /// Waits until the controller's picture is so, or says what is missing.
    async fn wait_for(
        &mut self,
        client: &Client,
        so: impl Fn(&Snapshot) -> bool,
        missing: impl Fn(Counts) -> String,
    ) -> anyhow::Result<Snapshot> {
        let until = Instant::now() + START;
        loop {
            let state = client.state().await?;
            if so(&state) {
                return Ok(state);
            }
            if Instant::now() > until {
                bail!("{}", missing(state.counts));
            }
            self.next(Instant::now() + Duration::from_millis(250)).await?;
        }
    }

    /// Plays the scenario to its end.
    pub async fn play(&mut self, scenario: &Scenario, client: &Client) -> anyhow::Result<Outcome> {
        let mut run = Run::new(scenario);
        let begun = Instant::now();
        self.notes.begin(scenario, &self.case.ted, begun);
        let since = |moment: Instant| {
            let passed = moment.saturating_duration_since(begun);
            Span::from_micros(u64::try_from(passed.as_micros()).unwrap_or(u64::MAX))
        };
        let services = client.state().await?.services;
        for service in &services {
            let kept = net::Event::Intent { service: service.id.clone(), kept: Some(true) };
            run.observe(&kept, Span::ZERO);
        }
        self.take_paths(&services, &mut run, Span::ZERO);
        loop {
            let now = since(Instant::now());
            for action in run.due(now) {
                self.act(&action, client).await?;
            }
            if self.paths_due.is_some_and(|due| due <= Instant::now()) {
                self.paths_due = None;
                // A controller that was killed has nothing to say.
                if let Ok(state) = client.state().await {
                    self.take_paths(&state.services, &mut run, now);
                }
            }
            if let Some(outcome) = run.finished() {
                return Ok(outcome);
            }
            let next = run.next_moment().map_or(Duration::from_secs(1), Span::as_duration);
            let due = begun + next + Duration::from_millis(2);
            let soonest = Instant::now() + Duration::from_millis(1);
            let until = self.paths_due.map_or(due, |paths| paths.min(due)).max(soonest);
            if let Some((at, event)) = self.next(until).await? {
                // What was heard while an action was under way came after that action was due.
                self.observe(at, &event, &mut run, since(at).max(now));
            }
        }
    }

    /// Does what a step says.
    async fn act(&mut self, action: &Action, client: &Client) -> anyhow::Result<()> {
        match self.hands.act(action, self.case, &mut self.notes).await? {
            Then::Done => Ok(()),
            Then::Ask => self.ask(action, client).await,
            Then::Listen(client) => self.follow(&client, Some(0)).await,
        }
    }

    /// Lets the scenario and the recorder see an event.
    fn observe(&mut self, at: Instant, event: &Event, run: &mut Run, now: Span) {
        for seen in seen(&event.kind) {
            run.observe(&seen, now);
        }
        if let Some(recorder) = &mut self.notes.recorder {
            recorder.event(at, &event.kind);
        }
        if may_move(&event.kind) {
            self.paths_due = Some(at + DRAWN);
        }
    }

    /// Where services go now.
    fn take_paths(&mut self, services: &[ServiceView], run: &mut Run, now: Span) {
        for service in services {
            let links = record::links(&service.directions);
            run.observe(&net::Event::Path { service: service.id.clone(), links }, now);
        }
        if let Some(recorder) = &mut self.notes.recorder {
            recorder.paths(services);
        }
    }

    /// Ends what runs.
    pub async fn end(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.abort();
        }
        self.hands.end().await;
        sleep(Duration::from_millis(10)).await;
    }
}

/// Whether services may go elsewhere since.
fn may_move(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Rerouted { .. }
            | EventKind::TransactionEnded { ending: Ending::Applied, .. }
            | EventKind::Drained { .. }
            | EventKind::InSync { .. }
    )
}

/// An event in the scenario's words.
fn seen(kind: &EventKind) -> Vec<net::Event> {
    let link = |subject: &str| subject.trim_end_matches(['<', '>']).parse::<LinkId>().ok();
    let judged =
        |service: &model::ServiceId, kept| vec![net::Event::Intent { service: service.clone(), kept }];
    match kind {
        EventKind::AlarmRaised { alarm, subject, .. } => {
            vec![net::Event::Alarm { name: alarm.clone(), link: link(subject), raised: true }]
        }
        EventKind::AlarmCleared { alarm, subject, .. } => {
            vec![net::Event::Alarm { name: alarm.clone(), link: link(subject), raised: false }]
        }
        EventKind::PromiseBroken { service, .. } => judged(service, Some(false)),
        EventKind::PromiseKept { service } => judged(service, Some(true)),
        EventKind::PromiseUnknown { service, .. } => judged(service, None),
        EventKind::Rerouted { services, .. } => vec![net::Event::Reroute { services: services.clone() }],
        EventKind::TransactionBegun { .. } => vec![net::Event::Change],
        EventKind::DeviceUp { node } => vec![net::Event::Device { node: node.clone(), up: true }],
        EventKind::DeviceDown { node, .. } => vec![net::Event::Device { node: node.clone(), up: false }],
        EventKind::Drift { findings } => findings
            .iter()
            .filter_map(|finding| Some(net::Event::Drift { node: finding.subject.parse().ok()? }))
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use model::{NodeId, Phase, TransactionId};

    use super::*;

    #[test]
    fn what_the_controller_says_comes_in_the_words_of_scenarios() {
        let node = NodeId::lit("r1");
        let up = |up| vec![net::Event::Device { node: NodeId::lit("r1"), up }];
        assert_eq!(seen(&EventKind::DeviceUp { node: node.clone() }), up(true));
        assert_eq!(seen(&EventKind::DeviceDown { node, why: "no session".to_owned() }), up(false));
        let begun = EventKind::TransactionBegun { id: TransactionId(7), phase: Phase::Make, devices: 2 };
        assert_eq!(seen(&begun), [net::Event::Change]);
        let cleared = EventKind::AlarmCleared {
            alarm: "line-degraded".to_owned(),
            subject: "line1:a--b<".to_owned(),
            was: model::Severity::Major,
        };
        let alarm = net::Event::Alarm {
            name: "line-degraded".to_owned(),
            link: Some(LinkId::lit("line1:a--b")),
            raised: false,
        };
        assert_eq!(seen(&cleared), [alarm]);
    }
}
