//! The controller is killed in the middle of a change that nobody applies: the loop moves a service off a line that goes bad and
//! back when it is good again; a person drains that line and takes it back into use. Started again it finishes what it had
//! written down, and the intents stay what they were.

use engine::handle::{Applied, Subject};
use model::{Hints, Revision};
use router::fault::Step;
use tokio::task::JoinHandle;

use crate::{
    lab::{Files, Lab, Speaks, difference, intents, until},
    mended::{dies_at, goes_on, open, planned},
    moment::moments,
    outside::{self, Outside, Settings, patiently},
    steered::{self, LINE, degrade, rides_the_line},
};

/// Why traffic leaves the line and comes back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Cause {
    /// It goes bad, as telemetry shows, and is good again.
    Loop,
    /// Somebody drains it, and takes it back into use.
    Drain,
}

type Answer = Result<Applied, api::ClientError>;

impl Cause {
    fn files(self) -> Files {
        if self == Self::Loop { steered::files() } else { intents(0) }
    }

    fn settings(self) -> Settings {
        if self == Self::Loop { steered::settings(&serde_json::json!({})) } else { Settings::default() }
    }

    /// Makes it happen; who asked for it waits for an answer.
    fn begin(self, lab: &Lab, controller: &Outside, away: bool) -> Option<JoinHandle<Answer>> {
        if self == Self::Loop {
            degrade(lab, away);
            return None;
        }
        let (client, link) = (controller.client.clone(), Subject::Link(LINE.parse().unwrap()));
        Some(tokio::spawn(async move {
            patiently(|| async {
                if away { client.drain(&link, "CHG2").await } else { client.undrain(&link, "CHG3").await }
            })
            .await
        }))
    }

    /// Whether the journal knows that traffic stays off the line.
    fn is_written(self, hints: &Hints) -> bool {
        match self {
            Self::Loop => !hints.relief.is_empty(),
            Self::Drain => hints.drained_links.contains(&LINE.parse().unwrap()),
        }
    }
}

async fn has_moved(lab: &Lab, away: bool, context: &str) {
    until(&format!("{context}: the traffic moves"), || {
        if rides_the_line(lab) == away { Err("not yet") } else { Ok(()) }
    })
    .await;
}

async fn killed_at_every_moment(cause: Cause, speaks: Speaks) {
    let lab = Lab::start(speaks).await;
    let settings = cause.settings();
    let mut controller = Outside::start_with(&lab, &settings).await;
    controller.apply(cause.files()).await.unwrap();
    has_moved(&lab, false, "at first").await;
    // There and back once without harm. Each way is one transaction: there is no second one to be killed in.
    let home = lab.truth();
    let mut states = Vec::new();
    for away in [true, false] {
        let asked = cause.begin(&lab, &controller, away);
        if let Some(asked) = asked {
            asked.await.unwrap().unwrap();
        }
        has_moved(&lab, away, "unharmed").await;
        controller.rests().await;
        states.insert(0, lab.truth());
    }
    assert_eq!(difference(&home, &states[0]), None, "what went away has come back");
    assert!(difference(&home, &states[1]).is_some());

    let swings = moments(speaks).into_iter().filter(|moment| moment.from != Some(Step::Confirm));
    let swings = swings.flat_map(|moment| [(moment, true), (moment, false)]);
    for (moment, away) in swings {
        let context = format!("{cause:?}, away {away}, {speaks:?}, {moment:?}");
        let struck = planned(&lab, moment);
        let asked = cause.begin(&lab, &controller, away);
        dies_at(&lab, controller, struck, &context).await;
        if let Some(asked) = asked {
            assert!(asked.await.unwrap().is_err(), "{context}: nobody is told that it is done");
        }
        let record = open(&lab, &context);
        let journal = outside::journal(&lab);
        assert_eq!(cause.is_written(&journal.hints().unwrap()), away, "{context}: it is written down before");
        drop(journal);
        controller = goes_on(&lab, &settings, &record, &states[usize::from(away)], &context).await;
        has_moved(&lab, away, &context).await;
        let accepted = controller.client.intents(9).await.unwrap();
        assert_eq!(accepted.len(), 1, "{context}: nobody sent others");
        assert_eq!(accepted[0].revision, Revision(1), "{context}");
        assert_eq!(
            controller.client.intents_at(Revision(1)).await.unwrap().files,
            cause.files(),
            "{context}"
        );
    }
    controller.kill().await;
    let journal = outside::journal(&lab);
    assert_eq!(journal.open_transactions().unwrap(), []);
    assert!(!journal.is_unfinished().unwrap());
    assert_eq!(journal.verify_audit().unwrap(), Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_loop_moves_a_service_over_netconf_it_relieves_it_in_the_end() {
    killed_at_every_moment(Cause::Loop, Speaks::Netconf).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_loop_moves_a_service_over_gnmi_it_relieves_it_in_the_end() {
    tokio::join!(
        killed_at_every_moment(Cause::Loop, Speaks::GnmiConfirmed),
        killed_at_every_moment(Cause::Loop, Speaks::Gnmi)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_a_drain_it_finishes_it() {
    tokio::join!(
        killed_at_every_moment(Cause::Drain, Speaks::Netconf),
        killed_at_every_moment(Cause::Drain, Speaks::GnmiConfirmed),
        killed_at_every_moment(Cause::Drain, Speaks::Gnmi)
    );
}
