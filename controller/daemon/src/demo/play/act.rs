//! What a scenario does to the network, to the processes and to the controller.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context as _, bail};
use api::{
    Client,
    request::{ApplyRequest, RestoreRequest},
};
use engine::handle::Subject;
use model::{Demand, LinkId, NodeId, Ratio, SteeringRule, VrfName, intent};
use net::{Action, Allowed, Process, Sent};
use report::MarkKind;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{Controller, Stage, Written};
use crate::demo::hand;

/// How long the simulated network may take to follow what a router was configured with.
const FOLLOWS: Duration = Duration::from_secs(3);
/// Why, in the controller's log.
const WHY: &str = "asked for by the scenario";

impl Stage<'_> {
    pub(super) async fn act(
        &mut self,
        action: &Action,
        client: &Client,
        written: &Written,
    ) -> anyhow::Result<()> {
        let case = self.case;
        if let Some((links, up)) = action.cuts(&case.ted) {
            return self.cut(action, &links, up).await;
        }
        match action {
            Action::DeleteSteering { delete_steering, vrf } => {
                self.delete_steering(delete_steering, vrf.as_ref(), written).await
            }
            Action::Kill { kill: Process::Controller } => {
                self.happens(MarkKind::Fault, "the controller is killed");
                match self.controller.take() {
                    Some(controller) => controller.kill().await,
                    None => Ok(()),
                }
            }
            Action::Start { start: Process::Controller } => {
                self.controller = Some(Controller::start(written)?);
                self.mark(MarkKind::Heal, "the controller is started again");
                self.listen_again(written).await
            }
            _ => match self.command(action) {
                Some(command) => self.tell(&command).await.map(drop),
                None => self.ask(action, client).await,
            },
        }
    }

    /// Takes it down for the report.
    fn mark(&mut self, kind: MarkKind, text: &str) {
        if let Some(recorder) = &mut self.recorder {
            recorder.mark(Instant::now(), kind, text.to_owned());
        }
    }

    /// Tells and takes down what befalls the network or a process.
    fn happens(&mut self, kind: MarkKind, text: &str) {
        self.teller.say(&format!("fault: {text}"));
        self.mark(kind, text);
    }

    /// Cuts links, or joins them.
    async fn cut(&mut self, action: &Action, links: &[&LinkId], up: bool) -> anyhow::Result<()> {
        let done = if up { "joined" } else { "cut" };
        let text = match action {
            Action::RiskDown { risk_down: risk } | Action::RiskUp { risk_up: risk } => {
                format!("the {} links of shared risk {risk} are {done}", links.len())
            }
            Action::NodeDown { node_down: node } | Action::NodeUp { node_up: node } => {
                format!("all {} links of {node} are {done}", links.len())
            }
            _ => format!("{} is {done}", links.iter().map(|link| link.as_str()).collect::<String>()),
        };
        self.happens(if up { MarkKind::Heal } else { MarkKind::Fault }, &text);
        for link in links {
            self.tell(&json!({"do": "set-up", "link": link, "up": up})).await?;
        }
        Ok(())
    }

    /// What the lab's world is told; none where the controller is asked instead.
    fn command(&mut self, action: &Action) -> Option<Value> {
        Some(match action {
            Action::Impair { impair, from, delay, jitter, loss } => {
                let what = [
                    delay.map(|delay| format!("delay +{delay}")),
                    jitter.map(|jitter| format!("jitter +{jitter}")),
                    loss.map(|loss| format!("loss {loss}")),
                ];
                let what: Vec<String> = what.into_iter().flatten().collect();
                self.happens(MarkKind::Fault, &format!("{impair} goes bad: {}", what.join(", ")));
                json!({"do": "impair", "link": impair, "from": from, "delay": delay, "jitter": jitter, "loss": loss})
            }
            Action::Heal { heal } => {
                self.happens(MarkKind::Heal, &format!("{heal} heals"));
                json!({"do": "heal", "link": heal})
            }
            Action::Isolate { isolate } => {
                self.touched.insert(isolate.clone());
                self.happens(MarkKind::Fault, &format!("the controller cannot reach {isolate}"));
                json!({"do": "power", "node": isolate, "on": false})
            }
            Action::Rejoin { rejoin } => {
                self.happens(MarkKind::Heal, &format!("the controller can reach {rejoin} again"));
                json!({"do": "power", "node": rejoin, "on": true})
            }
            Action::Restart { restart } => {
                self.touched.insert(restart.clone());
                self.happens(MarkKind::Fault, &format!("{restart} restarts with an old configuration"));
                json!({"do": "restart", "node": restart})
            }
            Action::Surge { surge, at, to } => {
                let place = at.as_ref().map_or_else(String::new, |node| format!(" at {node}"));
                let usual = *to == Ratio::from_ppm(1_000_000);
                let kind = if usual { MarkKind::Heal } else { MarkKind::Fault };
                self.happens(kind, &format!("{surge}{place} sends {to} of its usual traffic"));
                json!({"do": "surge", "vrf": surge, "at": at, "to": to})
            }
            _ => return None,
        })
    }

    /// What a person asks of the controller.
    async fn ask(&mut self, action: &Action, client: &Client) -> anyhow::Result<()> {
        let (text, asked) = match action {
            Action::Drain { drain } => {
                (format!("{drain} is drained"), Some((Subject::Link(drain.clone()), true)))
            }
            Action::Undrain { undrain } => {
                (format!("{undrain} is in use again"), Some((Subject::Link(undrain.clone()), false)))
            }
            Action::DrainNode { drain_node } => {
                (format!("{drain_node} is drained"), Some((Subject::Node(drain_node.clone()), true)))
            }
            Action::UndrainNode { undrain_node } => (
                format!("{undrain_node} is in use again"),
                Some((Subject::Node(undrain_node.clone()), false)),
            ),
            Action::Restore { restore } => (format!("what was changed on {restore} is put back"), None),
            Action::Mode { mode } => {
                let mode = match mode {
                    Allowed::Observe => intent::Mode::Observe,
                    Allowed::Recommend => intent::Mode::Recommend,
                    Allowed::Act => intent::Mode::Act,
                };
                self.teller.say(&format!("the mode is set to {mode}"));
                client.mode(mode, WHY).await?;
                return Ok(());
            }
            Action::Apply { apply: Sent::Intents } => ("the intents are applied again".to_owned(), None),
            other => bail!("the demonstration cannot do this: {other:?}"),
        };
        self.teller.say(&text);
        let applied = match (asked, action) {
            (Some((subject, true)), _) => client.drain(&subject, WHY).await?,
            (Some((subject, false)), _) => client.undrain(&subject, WHY).await?,
            (None, Action::Restore { restore }) => {
                self.mark(MarkKind::Restore, &text);
                let nodes = BTreeSet::from([restore.clone()]);
                let request = RestoreRequest { nodes, message: WHY.to_owned(), beyond_limit: false };
                client.restore(&request).await?
            }
            (None, _) => {
                client
                    .apply(&ApplyRequest::new(self.case.intents.clone(), "applied again by the scenario"))
                    .await?
            }
        };
        self.teller.applied(&applied);
        Ok(())
    }

    async fn tell(&mut self, command: &Value) -> anyhow::Result<Value> {
        self.routers.as_mut().context("the routers do not run")?.tell(command).await
    }

    async fn delete_steering(
        &mut self,
        node: &NodeId,
        vrf: Option<&VrfName>,
        written: &Written,
    ) -> anyhow::Result<()> {
        let rule = hand::delete_steering(node, vrf, written).await?;
        self.happens(
            MarkKind::Fault,
            &format!("somebody deletes the steering of {node} by hand: {}", rule.key),
        );
        self.touched.insert(node.clone());
        self.show_fallback(node, &rule).await
    }

    /// Says where the traffic goes that the rule steered, as the lab sees it, once the rule's policy carries it no more.
    async fn show_fallback(&mut self, node: &NodeId, rule: &SteeringRule) -> anyhow::Result<()> {
        let steered = |demand: &&Demand| {
            demand.from == *node
                && demand.vrf == rule.key.vrf
                && (rule.dscp.is_empty() || rule.dscp.contains(&demand.dscp))
        };
        let Some(demand) = self.case.demands.values().find(steered) else { return Ok(()) };
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
