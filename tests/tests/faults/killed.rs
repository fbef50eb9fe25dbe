//! The controller is killed in the middle of a transaction. Started again it brings the network to what its journal says was
//! accepted, all of it; and while nobody steers, the routers fall over to the backups that were put there before.

use std::time::Duration;

use api::{ClientError, request::ApplyRequest};
use engine::{
    event::{Event, EventKind},
    terms::Waves,
};
use model::{NodeId, Revision, Span, Timestamp};
use router::lab::Command;
use store::{IntentRevision, Said, TransactionRecord};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    lab::{FAULTY, LIMIT, Lab, OTHER, Speaks, Truth, difference, intents, until},
    mended::{follows, goes_on},
    moment::{Moment, steps},
    outside::{self, Outside, Settings},
};

/// How often it is killed at each moment: `KILLS` in the environment, or once.
fn kills() -> u32 {
    let wanted = std::env::var("KILLS").map_or(Ok(1), |text| text.parse());
    wanted.ok().filter(|kills| *kills > 0).expect("KILLS is a number from 1")
}

/// Where it does not die at once, it dies so much later at each kill: what it does there takes a few of these.
const LATER: Duration = Duration::from_millis(1);

/// What became of the transaction that was open, at all kills at one moment.
#[derive(Clone)]
struct Row {
    speaks: Speaks,
    moment: &'static str,
    old: u32,
    new: u32,
}

/// A network, and the controller that changes it from one set of intents to the other and back.
struct Play {
    lab: Lab,
    controller: Outside,
    /// What routers hold under either.
    states: Vec<Truth>,
    now: usize,
    revision: u64,
}

impl Play {
    async fn start(speaks: Speaks) -> Self {
        let lab = Lab::start(speaks).await;
        let controller = Outside::start(&lab).await;
        let mut states = Vec::new();
        for which in [0, 1] {
            controller.apply(intents(which)).await.unwrap();
            states.push(lab.truth());
        }
        Self { lab, controller, states, now: 1, revision: 2 }
    }

    /// Kills it once at a moment, and starts it again. Gives whether the transaction that was open then ended with the new state on
    /// every router, and not with the old one on every router.
    async fn kill(mut self, moment: &Moment, number: u32, context: &str) -> (Self, bool) {
        if moment.to.is_some_and(|to| to == self.now) {
            self.controller.apply(intents(1 - self.now)).await.unwrap();
            (self.now, self.revision) = (1 - self.now, self.revision + 1);
        }
        (self.now, self.revision) = (1 - self.now, self.revision + 1);
        let wanted = &self.states[self.now];
        let open = dies(&self.lab, self.controller, moment, (self.now, number), context).await;
        let settings = Settings::default();
        self.controller = match &open {
            Some(record) => goes_on(&self.lab, &settings, record, wanted, context).await,
            None => {
                let controller = Outside::launch(&self.lab, &settings).await;
                follows(&self.lab, &controller, wanted, context).await;
                controller
            }
        };
        self.controller.has_accepted(Revision(self.revision), &intents(self.now), context).await;
        (self, open.is_none_or(|record| record.decided))
    }

    async fn end(self) {
        self.controller.kill().await;
        let journal = outside::journal(&self.lab);
        assert_eq!(journal.open_transactions().unwrap(), []);
        assert_eq!(journal.verify_audit().unwrap(), Ok(()));
    }
}

/// Lets a change come to a moment and kills the controller there. Gives the transaction that it leaves open; none where it had just
/// come to the end of one.
async fn dies(
    lab: &Lab,
    controller: Outside,
    moment: &Moment,
    (wanted, number): (usize, u32),
    context: &str,
) -> Option<TransactionRecord> {
    if let Some(fault) = moment.refused {
        lab.faults(OTHER).plan(fault);
    }
    let (node, fault) = moment.at;
    let mut struck = lab.faults(node).struck();
    struck.mark_unchanged();
    lab.faults(node).plan(fault);
    let client = controller.client.clone();
    let asked = tokio::spawn(async move { outside::apply(&client, intents(wanted)).await });
    match timeout(LIMIT, struck.changed()).await {
        Ok(there) => there.unwrap(),
        Err(_) => panic!("{context}: it did not come to that: {:#?}", controller.client.timeline().await),
    }
    if moment.goes_on {
        lab.faults(node).clear();
        // Not to wait for anything: so it dies at another place each time.
        sleep(LATER * number).await;
    }
    controller.kill().await;
    [FAULTY, OTHER].into_iter().for_each(|node| lab.faults(node).clear());
    let answer = asked.await.unwrap();
    assert!(!matches!(answer, Err(ClientError::Refused(_))), "{context}: {answer:?}");
    let mut open = outside::journal(lab).open_transactions().unwrap();
    if !moment.goes_on {
        assert!(answer.is_err(), "{context}: nobody is told that it is done");
        assert_eq!(open.len(), 1, "{context}: it knows what was under way");
    }
    assert!(open.len() <= 1, "{context}: {open:#?}");
    assert!(answer.is_err() || open.is_empty(), "{context}: what is told to be done is done");
    open.pop()
}

async fn killed_at_every_moment(speaks: Speaks, kills: u32) -> Vec<Row> {
    let mut play = Play::start(speaks).await;
    let mut rows = Vec::new();
    for moment in steps(speaks) {
        let mut row = Row { speaks, moment: moment.name, old: 0, new: 0 };
        for number in 0..kills {
            let begun = Instant::now();
            let context = format!("{speaks:?}, {}, kill {} of {kills}", moment.name, number + 1);
            let is_new;
            (play, is_new) = play.kill(&moment, number, &context).await;
            *(if is_new { &mut row.new } else { &mut row.old }) += 1;
            let ended = if is_new { "new" } else { "old" };
            println!("{context}: ended {ended}, {:.1} s", begun.elapsed().as_secs_f64());
        }
        rows.push(row);
    }
    play.end().await;
    rows
}

fn table(rows: &[Row]) -> String {
    let line = |[moment, target, kills, old, new]: [&str; 5]| {
        format!("{moment:<20} {target:<14} {kills:>6} {old:>10} {new:>10}\n")
    };
    let mut text = line(["moment", "target", "kills", "ended old", "ended new"]);
    for Row { speaks, moment, old, new } in rows {
        let target = match speaks {
            Speaks::Netconf => "NETCONF",
            Speaks::GnmiConfirmed => "gNMI confirmed",
            Speaks::Gnmi => "gNMI",
        };
        text += &line([moment, target, &(old + new).to_string(), &old.to_string(), &new.to_string()]);
    }
    text
}

/// The transaction that was open ends all old or all new before anything else begins, and then the network follows what was accepted.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_of_the_machine_it_finishes_what_was_accepted() {
    let (kills, begun) = (kills(), Instant::now());
    let (a, b, c) = tokio::join!(
        killed_at_every_moment(Speaks::Netconf, kills),
        killed_at_every_moment(Speaks::GnmiConfirmed, kills),
        killed_at_every_moment(Speaks::Gnmi, kills),
    );
    let rows = [a, b, c].concat();
    println!("\n{}in {:.0} s", table(&rows), begun.elapsed().as_secs_f64());
    // Before the decision it goes back, after it forward.
    let of = |name: &'static str| rows.iter().filter(move |row| row.moment.starts_with(name));
    assert!(["prepare", "commit", "read back", "cancel"].into_iter().flat_map(of).all(|row| row.new == 0));
    assert!(of("confirm").all(|row| row.old == 0));
}

/// It dies between two steps at which something is under way: the intents are accepted, and no transaction is open.
#[tokio::test(flavor = "multi_thread")]
async fn killed_between_two_transactions_it_finishes_what_was_accepted() {
    let lab = Lab::start(Speaks::Gnmi).await;
    let controller = Outside::start(&lab).await;
    controller.apply(intents(1)).await.unwrap();
    let wanted = lab.truth();
    controller.apply(intents(0)).await.unwrap();
    assert!(difference(&wanted, &lab.truth()).is_some());
    controller.kill().await;
    let journal = outside::journal(&lab);
    assert!(!journal.is_unfinished().unwrap(), "the changes before were finished");
    let accepted = IntentRevision {
        revision: Revision(3),
        at: Timestamp::default(),
        who: "test".into(),
        message: String::new(),
        files: intents(1),
    };
    let (ids, hints) = (journal.allocations().unwrap(), journal.hints().unwrap());
    journal.begin_change(Some(&accepted), &ids, &hints, &Said::default()).unwrap();
    drop(journal);
    let controller = Outside::start(&lab).await;
    until("the network follows what was accepted", || difference(&wanted, &lab.truth()).map_or(Ok(()), Err))
        .await;
    controller.rests().await;
    controller.kill().await;
    assert!(!outside::journal(&lab).is_unfinished().unwrap());
}

/// It dies while it looks at the network between two waves. What was accepted is on disk, and each of its transactions was proved: it is
/// finished, without another look.
#[tokio::test(flavor = "multi_thread")]
async fn killed_between_two_waves_it_finishes_what_was_accepted() {
    let lab = Lab::start(Speaks::Netconf).await;
    let controller = Outside::start(&lab).await;
    controller.apply(intents(1)).await.unwrap();
    let wanted = lab.truth();
    controller.apply(intents(0)).await.unwrap();
    let client = controller.client.clone();
    let asked = tokio::spawn(async move {
        let waves = Some(Waves { first: 1, settle: Span::from_secs(600) });
        let request = ApplyRequest { waves, ..ApplyRequest::new(intents(1), "CHG1") };
        outside::patiently(|| client.apply(&request)).await
    });
    let is_watched = |event: &Event| matches!(event.kind, EventKind::WaveWatched { .. });
    controller.see("a wave is looked at", |all| all.timeline.iter().any(is_watched)).await;
    assert!(difference(&wanted, &lab.truth()).is_some(), "the other wave is to come");
    assert!(!lab.is_pending(), "no confirm timer runs meanwhile");
    controller.kill().await;
    let answer = asked.await.unwrap();
    assert!(answer.is_err() && !matches!(answer, Err(ClientError::Refused(_))), "{answer:?}");
    let journal = outside::journal(&lab);
    assert_eq!(journal.open_transactions().unwrap(), []);
    assert!(journal.is_unfinished().unwrap());
    drop(journal);
    let controller = Outside::start(&lab).await;
    until("the network follows what was accepted", || difference(&wanted, &lab.truth()).map_or(Ok(()), Err))
        .await;
    controller.rests().await;
    controller.has_accepted(Revision(3), &intents(1), "between two waves").await;
    controller.kill().await;
    assert!(!outside::journal(&lab).is_unfinished().unwrap());
}

const LINE: &str = "line1-br-1";

/// How a demand of the lab fares: by a policy over which links, or why not.
fn flow(lab: &Lab, demand: &str) -> (String, Vec<String>, u64) {
    let told = lab.tell(&Command::Flow { demand: demand.parse().unwrap() });
    let links = told["links"].as_array().unwrap().iter().map(|link| link.as_str().unwrap().to_owned());
    (told["via"].as_str().unwrap().to_owned(), links.collect(), told["lossPpb"].as_u64().unwrap())
}

fn crosses(links: &[String], line: &str) -> bool {
    links.iter().any(|link| link.contains(line))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_breaks_while_nobody_steers_is_backed_up_by_what_was_installed() {
    const DEMANDS: [&str; 2] = ["voice", "payments"];
    let lab = Lab::start(Speaks::Netconf).await;
    let controller = Outside::start(&lab).await;
    controller.apply(intents(0)).await.unwrap();
    let on_line = |wanted: bool| {
        let lab = &lab;
        move || {
            let flows: Vec<_> = DEMANDS.iter().map(|demand| flow(lab, demand)).collect();
            let fits = flows.iter().all(|(via, links, loss)| {
                via.starts_with("Policy")
                    && !links.is_empty()
                    && crosses(links, LINE) == wanted
                    && *loss < 1_000_000
            });
            if fits { Ok(()) } else { Err(flows) }
        }
    };
    until("the services ride their line", on_line(true)).await;
    let installed = lab.truth();
    assert!([FAULTY, OTHER].iter().all(|node| !installed[&NodeId::lit(node)].policies.is_empty()));
    // Its segments name this very line, so no other way of the IGP makes them good again.
    assert!(flow(&lab, "payments").0.contains("preference: 200"), "{:?}", flow(&lab, "payments"));
    controller.kill().await;

    let cut = |up| Command::SetUp { link: LINE.parse().unwrap(), up };
    lab.tell(&cut(false));
    until("the backup carries the services", on_line(false)).await;
    assert!(flow(&lab, "payments").0.contains("preference: 100"), "{:?}", flow(&lab, "payments"));
    assert_eq!(difference(&installed, &lab.truth()), None, "nobody sent anything");

    let controller = Outside::start(&lab).await;
    on_line(false)().unwrap_or_else(|flows| panic!("a restart harms no traffic: {flows:?}"));
    assert_eq!(difference(&installed, &lab.truth()), None, "a restart sends nothing");
    lab.tell(&cut(true));
    until("the services are back on their line", on_line(true)).await;
    controller.kill().await;
}
