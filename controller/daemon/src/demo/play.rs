//! The stage: processes, the controller's events, and the scenario that is played on them.

mod act;
mod sum;

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use anyhow::bail;
use api::{Client, Message};
use engine::{
    event::{Ending, Event, EventKind},
    snapshot::{ServiceView, Snapshot},
};
use model::{LinkId, NodeId, Span};
use net::{Outcome, Run, Scenario};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    case::Case,
    files::Written,
    process::{Controller, Routers},
    record::{self, Recorder},
    tell::Teller,
};

/// How long the first reading of all devices, and the first telemetry, may take.
const START: Duration = Duration::from_secs(120);
/// After an event that may have moved traffic, until the controller's picture shows where it goes.
const DRAWN: Duration = Duration::from_millis(300);

/// Everything that runs.
pub struct Stage<'a> {
    teller: &'a Teller,
    listen: SocketAddr,
    /// The network, what is offered to it, and what is promised.
    pub case: &'a Case,
    /// The routers' process.
    pub routers: Option<Routers>,
    /// The controller's process.
    pub controller: Option<Controller>,
    /// What the controller said so far.
    pub events: Vec<Event>,
    /// From the start of the controller's process until it said that it had read all devices.
    pub cold_start: Option<Duration>,
    /// Routers that the scenario changed by hand, cut off or restarted: drift and lost sessions are no surprise there.
    pub touched: BTreeSet<NodeId>,
    /// What the scenario looks like, while it is played.
    recorder: Option<Recorder>,
    /// When to ask where services go.
    paths_due: Option<Instant>,
    /// What the controller says, with the moment at which it was heard.
    arriving: Option<mpsc::Receiver<(Instant, Message)>>,
    reader: Option<JoinHandle<()>>,
}

impl<'a> Stage<'a> {
    /// An empty stage.
    pub const fn new(teller: &'a Teller, listen: SocketAddr, case: &'a Case) -> Self {
        Self {
            teller,
            listen,
            case,
            routers: None,
            controller: None,
            events: Vec::new(),
            cold_start: None,
            touched: BTreeSet::new(),
            recorder: None,
            paths_due: None,
            arriving: None,
            reader: None,
        }
    }

    /// How many routers there are.
    pub fn count(&self) -> usize {
        self.case.ted.nodes.len()
    }

    /// Begins to listen to the controller.
    pub async fn follow(&mut self, client: &Client) -> anyhow::Result<()> {
        let mut stream = client.events(Some(0)).await?;
        let (out, arriving) = mpsc::channel(1_024);
        self.reader = Some(tokio::spawn(async move {
            while let Ok(Some(message)) = stream.next_message().await {
                // The moment is taken here: who plays may be waiting for an answer.
                if out.send((Instant::now(), message)).await.is_err() {
                    return;
                }
            }
        }));
        self.arriving = Some(arriving);
        Ok(())
    }

    /// The next event and when it was heard; none when `until` comes first. An error when a process is gone that should not be.
    async fn next(&mut self, until: Instant) -> anyhow::Result<Option<(Instant, Event)>> {
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
                if let Some(controller) = &mut self.controller {
                    let ended = controller.ending().await.unwrap_or_else(|| "it still runs".to_owned());
                    bail!("the controller's events ended: {ended}");
                }
                return Ok(None);
            };
            match message {
                Message::Live(live) => {
                    if let Some(recorder) = &mut self.recorder {
                        recorder.live(at, &live);
                    }
                }
                Message::Event(event) => {
                    self.teller.event(&event);
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

    /// Waits until every device was read.
    pub async fn wait_in_sync(&mut self) -> anyhow::Result<()> {
        let until = Instant::now() + START;
        while let Some((_, event)) = self.next(until).await? {
            if matches!(event.kind, EventKind::InSync { .. }) {
                self.cold_start = self.controller.as_ref().map(|controller| controller.begun.elapsed());
                return Ok(());
            }
        }
        bail!("not all devices could be read within {} s", START.as_secs())
    }

    /// Waits until every promise is known to be kept.
    pub async fn wait_kept(&mut self, client: &Client) -> anyhow::Result<()> {
        let until = Instant::now() + START;
        let kept = |state: &Snapshot| state.counts.kept > 0 && state.counts.kept == state.counts.services;
        loop {
            let state = client.state().await?;
            if kept(&state) {
                self.teller.say(&format!("all {} promises are kept", state.counts.services));
                return Ok(());
            }
            if Instant::now() > until {
                let counts = state.counts;
                bail!("promises: {} kept, {} broken, {} unknown", counts.kept, counts.broken, counts.unknown);
            }
            self.next(Instant::now() + Duration::from_millis(250)).await?;
        }
    }

    /// Plays the scenario to its end.
    pub async fn play(
        &mut self,
        scenario: Scenario,
        client: &Client,
        written: &Written,
    ) -> anyhow::Result<Outcome> {
        let mut run = Run::new(&scenario);
        let begun = Instant::now();
        self.recorder = Some(Recorder::new(&scenario, &self.case.ted, begun));
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
                self.act(&action, client, written).await?;
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

    /// Lets the scenario and the recorder see an event.
    fn observe(&mut self, at: Instant, event: &Event, run: &mut Run, now: Span) {
        for seen in seen(&event.kind) {
            run.observe(&seen, now);
        }
        if let Some(recorder) = &mut self.recorder {
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
        if let Some(recorder) = &mut self.recorder {
            recorder.paths(services);
        }
    }

    /// Listens to a controller that was started again.
    async fn listen_again(&mut self, written: &Written) -> anyhow::Result<()> {
        let listen = self.listen;
        let client = super::connect(listen, &written.state.join("token"), self).await?;
        self.follow(&client).await
    }

    /// Goes on telling until the caller drops it.
    pub async fn linger(&mut self) -> anyhow::Result<()> {
        loop {
            self.next(Instant::now() + Duration::from_secs(60)).await?;
            if let Some(ended) = self.routers.as_mut().and_then(Routers::ended) {
                bail!("the routers ended: {ended}");
            }
        }
    }

    /// Ends what runs: the controller first, for it would miss the routers.
    pub async fn end(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.abort();
        }
        if let Some(controller) = self.controller.take() {
            controller.end().await;
        }
        if let Some(routers) = self.routers.take() {
            // Its own end is bounded; this is only the last resort.
            let _ = timeout(Duration::from_secs(20), routers.end()).await;
        }
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
    use model::{Phase, TransactionId};

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
