//! The stage: processes, the controller's events, and the scenario that is played on them.

mod act;
mod sum;

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use anyhow::bail;
use api::Client;
use engine::{
    event::{Event, EventKind},
    snapshot::Snapshot,
};
use model::{Demands, LinkId, NodeId, Span};
use net::{Outcome, Run, Scenario};
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
    /// What is offered to the network.
    demands: &'a Demands,
    /// The routers' process.
    pub routers: Option<Routers>,
    /// The controller's process.
    pub controller: Option<Controller>,
    /// What the controller said so far.
    pub events: Vec<Event>,
    /// From the start of the controller's process until it said that it had read all devices.
    pub cold_start: Option<Duration>,
    /// Routers that the scenario changed by hand: drift is no surprise there.
    pub touched: BTreeSet<NodeId>,
    arriving: Option<mpsc::Receiver<Event>>,
    reader: Option<JoinHandle<()>>,
}

impl<'a> Stage<'a> {
    /// An empty stage.
    pub const fn new(teller: &'a Teller, listen: SocketAddr, count: usize, demands: &'a Demands) -> Self {
        Self {
            teller,
            listen,
            count,
            demands,
            routers: None,
            controller: None,
            events: Vec::new(),
            cold_start: None,
            touched: BTreeSet::new(),
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
            if let Some(controller) = &mut self.controller {
                let ended = controller.ending().await.unwrap_or_else(|| "it still runs".to_owned());
                bail!("the controller's events ended: {ended}");
            }
            return Ok(None);
        };
        self.teller.event(&event);
        self.events.push(event.clone());
        Ok(Some(event))
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
        while let Some(event) = self.next(until).await? {
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
        let since = |moment: Instant| {
            Span::from_micros(u64::try_from((moment - begun).as_micros()).unwrap_or(u64::MAX))
        };
        for service in client.state().await?.services {
            let kept = net::Event::Intent { service: service.id, kept: Some(true) };
            run.observe(&kept, Span::ZERO);
        }
        loop {
            for action in run.due(since(Instant::now())) {
                self.act(&action, client, written).await?;
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
        EventKind::AlarmCleared { alarm, subject, .. } => {
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
