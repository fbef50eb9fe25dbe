//! What a scenario does to the network, to the processes and to the controller.

use std::time::Duration;

use anyhow::Context as _;
use api::{Client, request::ApplyRequest};
use model::{Demand, LinkId, SteeringRule};
use net::{Action, Process, Sent};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{Controller, Stage, Written};
use crate::demo::{case, hand};

/// How long the simulated network may take to follow what a router was configured with.
const FOLLOWS: Duration = Duration::from_secs(3);

impl Stage<'_> {
    pub(super) async fn act(
        &mut self,
        action: &Action,
        client: &Client,
        written: &Written,
    ) -> anyhow::Result<()> {
        let command = match action {
            Action::Impair { impair, from, delay, jitter, loss } => {
                let what = [
                    delay.map(|delay| format!("delay +{delay}")),
                    jitter.map(|jitter| format!("jitter +{jitter}")),
                    loss.map(|loss| format!("loss {loss}")),
                ];
                let what: Vec<String> = what.into_iter().flatten().collect();
                self.teller.say(&format!("fault: {impair} goes bad: {}", what.join(", ")));
                json!({"do": "impair", "link": impair, "from": from, "delay": delay, "jitter": jitter, "loss": loss})
            }
            Action::Heal { heal } => self.fault("heals", heal, json!({"do": "heal", "link": heal})),
            Action::Down { down } => {
                self.fault("is cut", down, json!({"do": "set-up", "link": down, "up": false}))
            }
            Action::Up { up } => self.fault("is joined", up, json!({"do": "set-up", "link": up, "up": true})),
            Action::DeleteSteering { delete_steering, vrf } => {
                let rule = hand::delete_steering(delete_steering, vrf.as_ref(), written).await?;
                let key = &rule.key;
                self.teller.say(&format!(
                    "fault: somebody deletes the steering of {delete_steering} by hand: {key}"
                ));
                self.touched.insert(delete_steering.clone());
                return self.show_fallback(delete_steering, &rule).await;
            }
            Action::Apply { apply: Sent::Intents } => {
                self.teller.say("the intents are applied again");
                let applied = client
                    .apply(&ApplyRequest::new(case::intents(), "applied again by the scenario"))
                    .await?;
                self.teller.applied(&applied);
                return Ok(());
            }
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
        };
        self.tell(&command).await.map(drop)
    }

    fn fault(&self, what: &str, link: &LinkId, command: Value) -> Value {
        self.teller.say(&format!("fault: {link} {what}"));
        command
    }

    async fn tell(&mut self, command: &Value) -> anyhow::Result<Value> {
        self.routers.as_mut().context("the routers do not run")?.tell(command).await
    }

    /// Says where the traffic goes that the rule steered, as the lab sees it, once the rule's policy carries it no more.
    async fn show_fallback(&mut self, node: &model::NodeId, rule: &SteeringRule) -> anyhow::Result<()> {
        let steered = |demand: &&Demand| {
            demand.from == *node
                && demand.vrf == rule.key.vrf
                && (rule.dscp.is_empty() || rule.dscp.contains(&demand.dscp))
        };
        let Some(demand) = self.demands.values().find(steered) else { return Ok(()) };
        let until = Instant::now() + FOLLOWS;
        loop {
            let flow = self.tell(&json!({"do": "flow", "demand": demand.id})).await?;
            let via = flow["via"].as_str().unwrap_or_default();
            if !via.starts_with("Policy") || Instant::now() > until {
                let how = if via.starts_with("Igp") { "by the IGP's shortest path" } else { via };
                self.teller.say(&format!("the lab sees: {} of {node} goes {how}", rule.key.vrf));
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}
