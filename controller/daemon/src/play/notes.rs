//! Whom a scenario's doings are told to: who reads along, and the recorder of the report.

use std::collections::BTreeSet;

use model::{LinkId, NodeId, Ratio, Ted};
use net::{Action, Process, Scenario};
use report::MarkKind;
use tokio::time::Instant;

use super::{record::Recorder, tell::Teller};

/// What is told and taken down.
pub struct Notes<'a> {
    pub(super) teller: &'a Teller,
    /// Routers that the scenario changed by hand, cut off or restarted: drift and lost sessions are no surprise there.
    pub touched: BTreeSet<NodeId>,
    /// What the scenario looks like, while it is played.
    pub(super) recorder: Option<Recorder>,
}

impl<'a> Notes<'a> {
    pub(super) const fn new(teller: &'a Teller) -> Self {
        Self { teller, touched: BTreeSet::new(), recorder: None }
    }

    /// From here on all is taken down.
    pub(super) fn begin(&mut self, scenario: &Scenario, ted: &Ted, begun: Instant) {
        self.recorder = Some(Recorder::new(scenario, ted, begun));
    }

    /// When that was; none where nothing is played yet.
    pub fn begun(&self) -> Option<Instant> {
        self.recorder.as_ref().map(Recorder::begun)
    }

    /// Says something of the player's own.
    pub fn say(&self, text: &str) {
        self.teller.say(text);
    }

    /// Takes it down for the report.
    pub fn mark(&mut self, kind: MarkKind, text: &str) {
        if let Some(recorder) = &mut self.recorder {
            recorder.mark(Instant::now(), kind, text.to_owned());
        }
    }

    /// Tells and takes down what befalls the network or a process.
    pub fn happens(&mut self, kind: MarkKind, text: &str) {
        self.say(&format!("fault: {text}"));
        self.mark(kind, text);
    }

    /// The same of an action, in its own words; of one that is for the controller nothing.
    pub fn befalls(&mut self, action: &Action, ted: &Ted) {
        if let Action::Isolate { isolate: node } | Action::Restart { restart: node } = action {
            self.touched.insert(node.clone());
        }
        if let Some((kind, text)) = befalling(action, ted) {
            self.happens(kind, &text);
        }
    }
}

/// What befalls the network or a process by an action; none where it is for the controller, or told by whoever does it.
fn befalling(action: &Action, ted: &Ted) -> Option<(MarkKind, String)> {
    if let Some((links, up)) = action.cuts(ted) {
        return Some((if up { MarkKind::Heal } else { MarkKind::Fault }, cut(action, &links, up)));
    }
    Some(match action {
        Action::Impair { impair, delay, jitter, loss, .. } => {
            let what = [
                delay.map(|delay| format!("delay +{delay}")),
                jitter.map(|jitter| format!("jitter +{jitter}")),
                loss.map(|loss| format!("loss {loss}")),
            ];
            let what: Vec<String> = what.into_iter().flatten().collect();
            (MarkKind::Fault, format!("{impair} goes bad: {}", what.join(", ")))
        }
        Action::Heal { heal } => (MarkKind::Heal, format!("{heal} heals")),
        Action::Isolate { isolate } => (MarkKind::Fault, format!("the controller cannot reach {isolate}")),
        Action::Rejoin { rejoin } => (MarkKind::Heal, format!("the controller can reach {rejoin} again")),
        Action::Restart { restart } => {
            (MarkKind::Fault, format!("{restart} restarts with an old configuration"))
        }
        Action::Surge { surge, at, to } => {
            let place = at.as_ref().map_or_else(String::new, |node| format!(" at {node}"));
            let usual = *to == Ratio::from_ppm(1_000_000);
            let kind = if usual { MarkKind::Heal } else { MarkKind::Fault };
            (kind, format!("{surge}{place} sends {to} of its usual traffic"))
        }
        Action::Kill { kill: Process::Controller } => {
            (MarkKind::Fault, "the controller is killed".to_owned())
        }
        _ => return None,
    })
}

/// Links that are cut, or joined.
fn cut(action: &Action, links: &[&LinkId], up: bool) -> String {
    let done = if up { "joined" } else { "cut" };
    match action {
        Action::RiskDown { risk_down: risk } | Action::RiskUp { risk_up: risk } => {
            format!("the {} links of shared risk {risk} are {done}", links.len())
        }
        Action::NodeDown { node_down: node } | Action::NodeUp { node_up: node } => {
            format!("all {} links of {node} are {done}", links.len())
        }
        _ => format!("{} is {done}", links.iter().map(|link| link.as_str()).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_befalls_the_network_is_a_sentence_and_what_is_asked_of_the_controller_is_not() {
        let text = include_str!("../../../../lab/ceb-12.clab.yml");
        let ted = formats::read("lab.clab.yml", text).unwrap().ted;
        let line = LinkId::lit("line1:core-sh1--br-hangzhou");
        let said = |action: Action| befalling(&action, &ted);
        let (delay, loss) = ("60ms".parse().ok(), "2%".parse().ok());
        let bad = Action::Impair { impair: line.clone(), from: None, delay, jitter: None, loss };
        let bad_said = "line1:core-sh1--br-hangzhou goes bad: delay +60ms, loss 2%".to_owned();
        assert_eq!(said(bad), Some((MarkKind::Fault, bad_said)));
        let up = said(Action::Up { up: line.clone() });
        assert_eq!(up, Some((MarkKind::Heal, "line1:core-sh1--br-hangzhou is joined".to_owned())));
        let down = said(Action::NodeDown { node_down: NodeId::lit("br-nanjing") });
        assert_eq!(down, Some((MarkKind::Fault, "all 3 links of br-nanjing are cut".to_owned())));
        assert_eq!(said(Action::Drain { drain: line }), None);
    }
}
