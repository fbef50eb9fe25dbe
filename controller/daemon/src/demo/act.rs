//! What a scenario does to the demonstration's own processes, and to the world that the routers simulate.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, bail};
use api::{Client, Token};
use model::{Demand, NodeId, SteeringRule, VrfName};
use net::{Action, Process};
use report::MarkKind;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::{
    START,
    files::Written,
    hand,
    process::{Controller, Routers},
};
use crate::play::{Case, Hands, Memory, Notes, Then};

/// How long the simulated network may take to follow what a router was configured with.
const FOLLOWS: Duration = Duration::from_secs(3);

/// Everything that runs.
pub struct Processes<'a> {
    written: &'a Written,
    listen: SocketAddr,
    /// The routers' process.
    pub routers: Option<Routers>,
    /// The controller's process.
    pub controller: Option<Controller>,
}

impl<'a> Processes<'a> {
    /// None yet.
    pub const fn new(written: &'a Written, listen: SocketAddr) -> Self {
        Self { written, listen, routers: None, controller: None }
    }

    /// Waits for the controller's API; its token is in its state folder.
    pub async fn connect(&mut self) -> anyhow::Result<Client> {
        let until = Instant::now() + START;
        loop {
            if let Some(ended) = self.controller.as_mut().and_then(Controller::ended) {
                bail!("the controller did not start: {ended}");
            }
            if let Ok(token) = Token::load(&self.written.state.join("token")) {
                let client = Client::new(&format!("http://{}", self.listen), Some(token))?.as_user("demo");
                if client.state().await.is_ok() {
                    return Ok(client);
                }
            }
            if Instant::now() > until {
                bail!("the controller's API did not answer within {} s", START.as_secs());
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn tell(&mut self, command: &Value) -> anyhow::Result<Value> {
        self.routers.as_mut().context("the routers do not run")?.tell(command).await
    }

    async fn delete_steering(
        &mut self,
        node: &NodeId,
        vrf: Option<&VrfName>,
        case: &Case,
        notes: &mut Notes<'_>,
    ) -> anyhow::Result<()> {
        let rule = hand::delete_steering(node, vrf, self.written).await?;
        notes.happens(
            MarkKind::Fault,
            &format!("somebody deletes the steering of {node} by hand: {}", rule.key),
        );
        notes.touched.insert(node.clone());
        self.show_fallback(node, &rule, case, notes).await
    }

    /// Says where the traffic goes that the rule steered, as the lab sees it, once the rule's policy carries it no more.
    async fn show_fallback(
        &mut self,
        node: &NodeId,
        rule: &SteeringRule,
        case: &Case,
        notes: &Notes<'_>,
    ) -> anyhow::Result<()> {
        let steered = |demand: &&Demand| {
            demand.from == *node
                && demand.vrf == rule.key.vrf
                && (rule.dscp.is_empty() || rule.dscp.contains(&demand.dscp))
        };
        let Some(demand) = case.demands.values().find(steered) else { return Ok(()) };
        let until = Instant::now() + FOLLOWS;
        loop {
            let flow = self.tell(&json!({"do": "flow", "demand": demand.id})).await?;
            let via = flow["via"].as_str().unwrap_or_default();
            if !via.starts_with("Policy") || Instant::now() > until {
                let how = if via.starts_with("Igp") { "by the IGP's shortest path" } else { via };
                notes.say(&format!("the lab sees: {} of {node} goes {how}", rule.key.vrf));
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Hands for Processes<'_> {
    async fn act(&mut self, action: &Action, case: &Case, notes: &mut Notes<'_>) -> anyhow::Result<Then> {
        notes.befalls(action, &case.ted);
        if let Some((links, up)) = action.cuts(&case.ted) {
            for link in links {
                self.tell(&json!({"do": "set-up", "link": link, "up": up})).await?;
            }
            return Ok(Then::Done);
        }
        match action {
            Action::DeleteSteering { delete_steering, vrf } => {
                self.delete_steering(delete_steering, vrf.as_ref(), case, notes).await?;
            }
            Action::Kill { kill: Process::Controller } => {
                if let Some(controller) = self.controller.take() {
                    controller.kill().await?;
                }
            }
            Action::Start { start: Process::Controller } => {
                self.controller = Some(Controller::start(self.written)?);
                notes.mark(MarkKind::Heal, "the controller is started again");
                return Ok(Then::Listen(Box::new(self.connect().await?)));
            }
            _ => match command(action) {
                Some(command) => drop(self.tell(&command).await?),
                None => return Ok(Then::Ask),
            },
        }
        Ok(Then::Done)
    }

    async fn ending(&mut self) -> Option<String> {
        let controller = self.controller.as_mut()?;
        Some(controller.ending().await.unwrap_or_else(|| "it still runs".to_owned()))
    }

    fn memory(&self) -> Option<Memory> {
        self.controller.as_ref().and_then(Controller::memory)
    }

    /// Ends what runs: the controller first, for it would miss the routers.
    async fn end(&mut self) {
        if let Some(controller) = self.controller.take() {
            controller.end().await;
        }
        if let Some(routers) = self.routers.take() {
            // Its own end is bounded; this is only the last resort.
            let _ = timeout(Duration::from_secs(20), routers.end()).await;
        }
    }
}

/// What the lab's world is told; none where the controller is asked instead.
fn command(action: &Action) -> Option<Value> {
    Some(match action {
        Action::Impair { impair, from, delay, jitter, loss } => {
            json!({"do": "impair", "link": impair, "from": from, "delay": delay, "jitter": jitter, "loss": loss})
        }
        Action::Heal { heal } => json!({"do": "heal", "link": heal}),
        Action::Isolate { isolate } => json!({"do": "power", "node": isolate, "on": false}),
        Action::Rejoin { rejoin } => json!({"do": "power", "node": rejoin, "on": true}),
        Action::Restart { restart } => json!({"do": "restart", "node": restart}),
        Action::Surge { surge, at, to } => json!({"do": "surge", "vrf": surge, "at": at, "to": to}),
        _ => return None,
    })
}
