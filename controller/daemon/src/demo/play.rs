//! The stage: processes, the controller's events, and the scenario that is played on them.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, bail};
use api::Client;
use engine::{
    event::{Event, EventKind},
    snapshot::Snapshot,
};
use model::{LinkId, Span};
use net::{Action, Outcome, Process, Run, Scenario};
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    files::Written,
    process::{Controller, Routers},
    tell::Teller,
};

/// How long the first reading of all devices, and the first telemetry, may take.
const START: Duration = Duration::from_secs(120);

/// Everything that runs.
pub struct Stage<'a> {
    teller: &'a Teller,
    listen: SocketAddr,
    /// How many routers there are.
    pub count: usize,
    /// The routers' process.
    pub routers: Option<Routers>,
    /// The controller's process.
    pub controller: Option<Controller>,
    /// What the controller said so far.
    pub events: Vec<Event>,
    arriving: Option<mpsc::Receiver<Event>>,
    reader: Option<JoinHandle<()>>,
}

impl<'a> Stage<'a> {
    /// An empty stage.
    pub const fn new(teller: &'a Teller, listen: SocketAddr, count: usize) -> Self {
        Self {
            teller,
            listen,
            count,
            routers: None,
            controller: None,
            events: Vec::new(),
            arriving: None,
            reader: None,
        }
    }

    /// Begins to listen to the controller.
    pub async fn follow(&mut self, client: &Client) -> anyhow::Result<()> {
        let mut stream = client.events(Some(0)).await?;
        let (out, arriving) = mpsc::channel(1_024);
        self.reader = Some(tokio::spawn(async move {
            while let Ok(Some(event)) = stream.next_event().await {
                if out.send(event).await.is_err() {
                    return;
                }
            }
        }));
        self.arriving = Some(arriving);
        Ok(())
    }

    /// The next event; none when `until` comes first. An error when a process is gone that should not be.
    async fn next(&mut self, until: Instant) -> anyhow::Result<Option<Event>> {
        let Some(arriving) = &mut self.arriving else {
            sleep_until(until).await;
            return Ok(None);
        };
        let event = tokio::select! {
            event = arriving.recv() => event,
            () = sleep_until(until) => return Ok(None),
        };
        let Some(event) = event else {
            self.arriving = None;
            let ended = self.controller.as_mut().and_then(Controller::ended);
            if self.controller.is_some() {
                bail!("the controller's events ended: {}", ended.unwrap_or_else(|| "it still runs".into()));
            }
            return Ok(None);
        };
        self.teller.event(&event);
        self.events.push(event.clone());
        Ok(Some(event))
    }

    /// Waits until every device was read.
    pub async fn wait_in_sync(&mut self) -> anyhow::Result<()> {
        let until = Instant::now() + START;
        while let Some(event) = self.next(until).await? {
            if matches!(event.kind, EventKind::InSync { .. }) {
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
        let since = |moment: Instant| {
            Span::from_micros(u64::try_from((moment - begun).as_micros()).unwrap_or(u64::MAX))
        };
        for service in client.state().await?.services {
            let kept = net::Event::Intent { service: service.id, kept: Some(true) };
            run.observe(&kept, Span::ZERO);
        }
        loop {
            for action in run.due(since(Instant::now())) {
                self.act(&action, written).await?;
            }
            if let Some(outcome) = run.finished() {
                return Ok(outcome);
            }
            let next = run.next_moment().map_or(Duration::from_secs(1), Span::as_duration);
            let until =
                (begun + next + Duration::from_millis(2)).max(Instant::now() + Duration::from_millis(1));
            if let Some(event) = self.next(until).await? {
                for seen in seen(&event.kind) {
                    run.observe(&seen, since(Instant::now()));
                }
            }
        }
    }

    async fn act(&mut self, action: &Action, written: &Written) -> anyhow::Result<()> {
        let command = match action {
            Action::Impair { impair, from, delay, jitter, loss } => {
                let what = [delay.map(|d| format!("delay +{d}")), loss.map(|l| format!("loss {l}"))];
                self.teller.say(&format!(
                    "fault: {impair} goes bad: {}",
                    what.into_iter().flatten().collect::<Vec<_>>().join(", ")
                ));
                json!({"do": "impair", "link": impair, "from": from, "delay": delay, "jitter": jitter, "loss": loss})
            }
            Action::Heal { heal } => self.fault("heals", heal, json!({"do": "heal", "link": heal})),
            Action::Down { down } => {
                self.fault("is cut", down, json!({"do": "set-up", "link": down, "up": false}))
            }
            Action::Up { up } => self.fault("is joined", up, json!({"do": "set-up", "link": up, "up": true})),
            Action::Kill { kill: Process::Controller } => {
                self.teller.say("fault: the controller is killed");
                if let Some(controller) = self.controller.take() {
                    controller.kill().await?;
                }
                return Ok(());
            }
            Action::Start { start: Process::Controller } => {
                self.controller = Some(Controller::start(written)?);
                return self.listen_again(written).await;
            }
            other => bail!("this demonstration cannot do {other:?} yet"),
        };
        self.routers.as_mut().context("the routers do not run")?.tell(&command).await.map(drop)
    }

    fn fault(&self, what: &str, link: &LinkId, command: Value) -> Value {
        self.teller.say(&format!("fault: {link} {what}"));
        command
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

/// An event in the scenario's words.
fn seen(kind: &EventKind) -> Vec<net::Event> {
    let link = |subject: &str| subject.trim_end_matches(['<', '>']).parse::<LinkId>().ok();
    let judged =
        |service: &model::ServiceId, kept| vec![net::Event::Intent { service: service.clone(), kept }];
    match kind {
        EventKind::AlarmRaised { alarm, subject, .. } => {
            vec![net::Event::Alarm { name: alarm.clone(), link: link(subject), raised: true }]
        }
        EventKind::AlarmCleared { alarm, subject } => {
            vec![net::Event::Alarm { name: alarm.clone(), link: link(subject), raised: false }]
        }
        EventKind::PromiseBroken { service, .. } => judged(service, Some(false)),
        EventKind::PromiseKept { service } => judged(service, Some(true)),
        EventKind::PromiseUnknown { service, .. } => judged(service, None),
        EventKind::Rerouted { services, .. } => vec![net::Event::Reroute { services: services.clone() }],
        EventKind::Drift { findings } => findings
            .iter()
            .filter_map(|finding| Some(net::Event::Drift { node: finding.subject.parse().ok()? }))
            .collect(),
        _ => Vec::new(),
    }
}
