//! What a scenario does to a lab that is up: who keeps the lab is asked, as the commands on faults ask. What is left broken when a
//! scenario ends, or is ended, is made what it was before: somebody may have hurt the lab to see how a scenario fares then.

use std::{collections::BTreeMap, path::PathBuf};

use api::{Client, Token};
use ground::{
    lab::{Fault, LineStatus},
    wire::Impairment,
};
use model::{LinkId, Side, Ted};
use net::{Action, Process};
use report::MarkKind;

use crate::{
    lab::{
        ControllerFault, Mode, call,
        controller::Door,
        traffic::{Offer, Order, Seen},
        words::{Answer, Ask, Kept},
    },
    play::{Case, Hands, Memory, Notes, Then},
};

/// Who keeps a lab, and what was done to it.
pub(super) struct Keeper {
    folder: PathBuf,
    lab: String,
    door: Door,
    /// Whether the scenario killed the controller.
    killed: bool,
    /// Whether hosts send.
    sends: bool,
    /// What lines were like before.
    before: BTreeMap<LinkId, LineStatus>,
    /// What mends what was done, by what it is about.
    open: Open,
}

/// What mends what was done, by what it is about.
type Open = BTreeMap<String, Vec<Ask>>;

impl Keeper {
    /// Nothing was done yet; lines are as they are `before`.
    pub(super) const fn new(
        folder: PathBuf,
        lab: String,
        door: Door,
        before: BTreeMap<LinkId, LineStatus>,
    ) -> Self {
        Self { folder, lab, door, killed: false, sends: false, before, open: BTreeMap::new() }
    }

    /// A client of the lab's controller.
    pub(super) fn client(&self) -> anyhow::Result<Client> {
        let token = Token::load(&self.door.token)?;
        Ok(Client::new(&self.door.url, Some(token))?.as_user("lab"))
    }

    /// Has hosts send.
    pub(super) async fn send(&mut self, offers: Vec<Offer>) -> anyhow::Result<()> {
        // One that refuses may have begun.
        self.sends = true;
        self.traffic(Order::Start(offers)).await.map(drop)
    }

    /// Has them send no more; what became of it.
    pub(super) async fn stop(&mut self) -> anyhow::Result<Seen> {
        let seen = self.traffic(Order::Stop).await?;
        self.sends = false;
        Ok(seen)
    }

    async fn traffic(&self, order: Order) -> anyhow::Result<Seen> {
        match call::answer(&self.folder, &self.lab, &Ask::Traffic(order)).await? {
            Answer::Traffic(seen) => Ok(*seen),
            _ => Err(call::strange()),
        }
    }

    async fn ask(&self, asked: &Ask) -> anyhow::Result<()> {
        match call::answer(&self.folder, &self.lab, asked).await? {
            Answer::Done => Ok(()),
            _ => Err(call::strange()),
        }
    }
}

impl Hands for Keeper {
    async fn act(&mut self, action: &Action, case: &Case, notes: &mut Notes<'_>) -> anyhow::Result<Then> {
        let Some(asks) = asks(action, &case.ted) else { return Ok(Then::Ask) };
        notes.befalls(action, &case.ted);
        for ask in asks {
            if matches!(ask, Ask::Controller(ControllerFault::Kill)) {
                self.killed = true;
            }
            // One that fails may be half done.
            remember(&mut self.open, &self.before, &ask);
            self.ask(&ask).await?;
        }
        if matches!(action, Action::Start { .. }) {
            self.killed = false;
            notes.mark(MarkKind::Heal, "the controller is started again");
            return Ok(Then::Listen(Box::new(self.client()?)));
        }
        Ok(Then::Done)
    }

    async fn ending(&mut self) -> Option<String> {
        (!self.killed).then(|| "it does not answer any more, and nobody was to end it".to_owned())
    }

    /// It is another process's.
    fn memory(&self) -> Option<Memory> {
        None
    }

    async fn end(&mut self) {
        if self.sends
            && let Err(error) = self.stop().await
        {
            eprintln!("hosts of the lab may send on: {error:#}");
        }
        for (what, asks) in std::mem::take(&mut self.open) {
            for ask in asks {
                if let Err(error) = self.ask(&ask).await {
                    eprintln!("{what} is not mended: {error:#}");
                }
            }
        }
    }
}

/// What who keeps the lab is asked; none where the controller is asked instead. O(links).
fn asks(action: &Action, ted: &Ted) -> Option<Vec<Ask>> {
    if let Some((links, up)) = action.cuts(ted) {
        let fault = |link: LinkId| if up { Fault::LinkUp { link } } else { Fault::LinkDown { link } };
        return Some(links.into_iter().map(|link| Ask::Fault(fault(link.clone()))).collect());
    }
    Some(vec![match action {
        Action::Impair { impair, from, delay, jitter, loss } => {
            let by = Impairment {
                delay: delay.unwrap_or_default(),
                jitter: jitter.unwrap_or_default(),
                loss: loss.unwrap_or_default(),
            };
            Ask::Fault(Fault::Impair { link: impair.clone(), from: *from, by })
        }
        Action::Heal { heal } => healed(heal),
        Action::Isolate { isolate } => Ask::Fault(Fault::ControlPlaneCut { node: isolate.clone() }),
        Action::Rejoin { rejoin } => Ask::Fault(Fault::ControlPlaneJoin { node: rejoin.clone() }),
        Action::Restart { restart } => Ask::Fault(Fault::NodeRestart { node: restart.clone() }),
        Action::Kill { kill: Process::Controller } => Ask::Controller(ControllerFault::Kill),
        Action::Start { start: Process::Controller } => Ask::Controller(ControllerFault::Restart),
        _ => return None,
    }])
}

fn healed(link: &LinkId) -> Ask {
    Ask::Fault(Fault::Impair { link: link.clone(), from: None, by: Impairment::default() })
}

/// Takes down what mends what is done now, and forgets what is mended by it.
fn remember(open: &mut Open, before: &BTreeMap<LinkId, LineStatus>, done: &Ask) {
    let was_cut = |link: &LinkId| before.get(link).is_some_and(|line| line.up == Some(false));
    let (what, mends) = match done {
        Ask::Fault(Fault::LinkDown { link }) => {
            let up = || Ask::Fault(Fault::LinkUp { link: link.clone() });
            (cut(link), (!was_cut(link)).then(up).into_iter().collect())
        }
        Ask::Fault(Fault::LinkUp { link }) => {
            let down = || Ask::Fault(Fault::LinkDown { link: link.clone() });
            (cut(link), was_cut(link).then(down).into_iter().collect())
        }
        Ask::Fault(Fault::Impair { link, from, by }) => {
            let added = before.get(link).map(|line| line.added).unwrap_or_default();
            let is_as_before = from.is_none() && added == [*by; 2];
            (bad(link), if is_as_before { Vec::new() } else { added_to(link, added) })
        }
        Ask::Fault(Fault::ControlPlaneCut { node }) => {
            let join = Ask::Fault(Fault::ControlPlaneJoin { node: node.clone() });
            (format!("the session of {node}"), vec![join])
        }
        Ask::Fault(Fault::ControlPlaneJoin { node }) => (format!("the session of {node}"), Vec::new()),
        Ask::Controller(ControllerFault::Kill) => {
            ("the controller".to_owned(), vec![Ask::Controller(ControllerFault::Restart)])
        }
        Ask::Controller(ControllerFault::Restart) => ("the controller".to_owned(), Vec::new()),
        _ => return,
    };
    if mends.is_empty() {
        open.remove(&what);
    } else {
        open.insert(what, mends);
    }
}

/// Makes a line as bad as it was.
fn added_to(link: &LinkId, added: [Impairment; 2]) -> Vec<Ask> {
    if added.iter().all(Impairment::is_none) {
        return vec![healed(link)];
    }
    let of = |(side, by)| Ask::Fault(Fault::Impair { link: link.clone(), from: Some(side), by });
    [Side::A, Side::Z].into_iter().zip(added).map(of).collect()
}

fn cut(link: &LinkId) -> String {
    format!("the cut of {link}")
}

fn bad(link: &LinkId) -> String {
    format!("what was added to {link}")
}

/// Why a lab cannot do what an action says; none where it can, or where the controller is asked.
pub(super) fn cannot(action: &Action, kept: &Kept) -> Option<String> {
    match action {
        Action::Surge { .. } => Some(
            "a lab that is up has no surges: its hosts send what --traffic says, at one rate; the demonstration has them"
                .to_owned(),
        ),
        Action::DeleteSteering { .. } => {
            Some("nobody deletes rules by hand in a lab that is up; the demonstration has that".to_owned())
        }
        Action::Restart { restart } if kept.mode == Mode::Netns => Some(format!(
            "the agent of {restart} keeps its configuration over a restart, as a real router does; the demonstration has routers that lose theirs"
        )),
        Action::Impair { impair, .. } => {
            let line = kept.status.lines.get(impair);
            let has_wire = line.is_none_or(|line| line.impairments.is_some());
            (!has_wire).then(|| {
                format!("{impair} was made without a wire and cannot be made worse: `trunkline lab up --wires all` gives it one")
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ground::{lab::Status, record::IgpKind};
    use model::NodeId;
    use serde_json::{Value, json};

    use super::*;

    const LINE: &str = "line1:core-sh1--br-hangzhou";

    fn ted() -> Ted {
        let text = include_str!("../../../../../lab/ceb-12.clab.yml");
        formats::read("lab.clab.yml", text).unwrap().ted
    }

    fn asked(action: &Action) -> Value {
        serde_json::to_value(asks(action, &ted())).unwrap()
    }

    fn impair() -> Action {
        let (delay, loss) = ("60ms".parse().ok(), "2%".parse().ok());
        Action::Impair { impair: LinkId::lit(LINE), from: None, delay, jitter: None, loss }
    }

    #[test]
    fn actions_become_what_the_labs_process_takes() {
        let heal = Action::Heal { heal: LinkId::lit(LINE) };
        let nothing = serde_json::to_value(Impairment::default()).unwrap();
        assert_eq!(
            asked(&heal),
            json!([{"fault": {"fault": "impair", "link": LINE, "from": null, "by": nothing}}])
        );
        let worse = asked(&impair());
        let by = &worse[0]["fault"]["by"];
        assert_eq!((&by["delay"], &by["loss"]), (&json!("60ms"), &json!("2%")));
        let down = asked(&Action::NodeDown { node_down: NodeId::lit("br-nanjing") });
        assert_eq!(down.as_array().unwrap().len(), 3);
        assert_eq!(asked(&Action::Kill { kill: Process::Controller }), json!([{"controller": "kill"}]));
        assert_eq!(asked(&Action::Drain { drain: LinkId::lit(LINE) }), Value::Null);
    }

    #[test]
    fn what_is_left_broken_is_known_and_what_was_mended_is_forgotten() {
        let mut open = BTreeMap::new();
        let mut does = |action: Action| {
            for ask in asks(&action, &ted()).unwrap() {
                remember(&mut open, &BTreeMap::new(), &ask);
            }
            open.keys().cloned().collect::<Vec<_>>()
        };
        let line = || LinkId::lit(LINE);
        let node = || NodeId::lit("hq-pe1");
        does(impair());
        does(Action::Down { down: line() });
        does(Action::Kill { kill: Process::Controller });
        let all = does(Action::Isolate { isolate: node() });
        assert_eq!(all.len(), 4, "{all:?}");
        does(Action::Rejoin { rejoin: node() });
        does(Action::Up { up: line() });
        let left = does(Action::Heal { heal: line() });
        assert_eq!(left, ["the controller"]);
        assert!(does(Action::Start { start: Process::Controller }).is_empty());
    }

    #[test]
    fn what_was_broken_before_stays_broken() {
        let slow = Impairment { delay: "40ms".parse().unwrap(), ..Impairment::default() };
        let line = LinkId::lit(LINE);
        let was = LineStatus { up: Some(false), added: [slow, Impairment::default()], ..status(None) };
        let before = BTreeMap::from([(line.clone(), was)]);
        let mut open = Open::new();
        let mut does = |action: Action| -> Value {
            for ask in asks(&action, &ted()).unwrap() {
                remember(&mut open, &before, &ask);
            }
            serde_json::to_value(open.values().flatten().collect::<Vec<_>>()).unwrap()
        };
        assert_eq!(does(Action::Down { down: line.clone() }), json!([]));
        let cut = json!({"fault": {"fault": "link-down", "link": LINE}});
        assert_eq!(does(Action::Up { up: line.clone() }), json!([cut]));
        let mends = does(Action::Heal { heal: line.clone() });
        let sides: Vec<&Value> =
            mends.as_array().unwrap().iter().map(|ask| &ask["fault"]["by"]["delay"]).collect();
        assert_eq!(sides, [&Value::Null, &json!("40ms"), &json!("0us")]);
        assert_eq!(does(Action::Down { down: line }).as_array().unwrap().len(), 2, "it is cut as before");
    }

    fn status(impairments: Option<[Impairment; 2]>) -> LineStatus {
        LineStatus {
            ends: ["a:eth1", "b:eth1"].map(str::to_owned),
            up: Some(true),
            impairments,
            added: [Impairment::default(); 2],
            counts: None,
        }
    }

    #[test]
    fn what_a_lab_cannot_do_is_said_with_what_can() {
        let kept = |mode, impairments| {
            let lines = BTreeMap::from([(LinkId::lit(LINE), status(impairments))]);
            let status = Status { lab: "l".to_owned(), igp: IgpKind::Builtin, nodes: BTreeMap::new(), lines };
            Kept { mode, status, controller: None }
        };
        let wired = kept(Mode::Netns, Some([Impairment::default(); 2]));
        assert_eq!(cannot(&impair(), &wired), None);
        let bare = cannot(&impair(), &kept(Mode::Netns, None)).unwrap();
        assert!(bare.contains("--wires all"), "{bare}");
        let restart = Action::Restart { restart: NodeId::lit("hq-pe1") };
        assert!(cannot(&restart, &wired).is_some());
        assert_eq!(cannot(&restart, &kept(Mode::Process, None)), None);
        let surge = Action::Surge { surge: "voice".parse().unwrap(), at: None, to: "300%".parse().unwrap() };
        assert!(cannot(&surge, &wired).unwrap().contains("--traffic"));
    }
}
