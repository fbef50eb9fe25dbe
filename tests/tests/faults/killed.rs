//! The controller is killed in the middle of a transaction. Started again it brings the network to what its journal says was
//! accepted, all of it; and while nobody steers, the routers fall over to the backups that were put there before.

use model::{NodeId, Revision, Timestamp};
use router::{
    fault::{Fault, Kind, Step},
    lab::Command,
};
use store::{IntentRevision, Said};

use crate::{
    lab::{FAULTY, Lab, OTHER, Speaks, difference, intents, once, until},
    outside::{self, Outside},
};

/// At which moments the controller dies: the router has the request that is named and has not answered it. `after`: it has
/// done it.
pub fn moments(speaks: Speaks) -> Vec<Fault> {
    let verify = Fault { from: Some(Step::Commit), ..once(Step::Get, Kind::Hang, false) };
    let commit = [once(Step::Commit, Kind::Hang, false), once(Step::Commit, Kind::Hang, true), verify];
    let confirm = [once(Step::Confirm, Kind::Hang, false), once(Step::Confirm, Kind::Hang, true)];
    match speaks {
        Speaks::Netconf => {
            // The second transaction of the change: the first one is confirmed.
            let later = Fault { from: Some(Step::Confirm), ..once(Step::Edit, Kind::Hang, true) };
            [&[once(Step::Edit, Kind::Hang, true)][..], &commit, &confirm, &[later]].concat()
        }
        Speaks::GnmiConfirmed => [&commit[..], &confirm].concat(),
        Speaks::Gnmi => commit.to_vec(),
    }
}

async fn killed_at_every_moment(speaks: Speaks) {
    let lab = Lab::start(speaks).await;
    let mut controller = Outside::start(&lab).await;
    let mut states = Vec::new();
    for which in [0, 1] {
        controller.apply(intents(which)).await.unwrap();
        states.push(lab.truth());
    }
    let mut now = 1;
    let mut revision = 2;
    for moment in moments(speaks) {
        let context = format!("{speaks:?}, {moment:?}");
        let mut struck = lab.faults(FAULTY).struck();
        struck.mark_unchanged();
        lab.faults(FAULTY).plan(moment);
        let client = controller.client.clone();
        let asked = tokio::spawn(async move { outside::apply(&client, intents(1 - now)).await });
        tokio::time::timeout(crate::lab::LIMIT, struck.changed()).await.expect(&context).unwrap();
        controller.kill().await;
        assert!(asked.await.unwrap().is_err(), "{context}: nobody is told that it is done");
        lab.faults(FAULTY).clear();
        now = 1 - now;
        revision += 1;
        let journal = outside::journal(&lab);
        assert_eq!(journal.open_transactions().unwrap().len(), 1, "{context}: it knows what was under way");
        drop(journal);

        controller = Outside::start(&lab).await;
        until(&format!("{context}: the network follows what was accepted"), || {
            match (difference(&states[now], &lab.truth()), lab.is_pending()) {
                (None, false) => Ok(()),
                found => Err(found),
            }
        })
        .await;
        controller.rests().await;
        controller.has_accepted(Revision(revision), &intents(now), &context).await;
    }
    controller.kill().await;
    let journal = outside::journal(&lab);
    assert_eq!(journal.open_transactions().unwrap(), []);
    assert_eq!(journal.verify_audit().unwrap(), Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_over_netconf_it_finishes_what_was_accepted() {
    killed_at_every_moment(Speaks::Netconf).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_over_gnmi_with_commit_confirmed_it_finishes_what_was_accepted() {
    killed_at_every_moment(Speaks::GnmiConfirmed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_over_gnmi_without_commit_confirmed_it_finishes_what_was_accepted() {
    killed_at_every_moment(Speaks::Gnmi).await;
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
