//! What is told to syslog and to a webhook by a whole controller: that something is wrong and that it is over; late rather than
//! never; and nobody who listens badly holds anybody up.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::{
    lab::{FAULTY, Lab, Speaks, until},
    outside::{Outside, Settings},
    receivers::{Message, Mood, Receiver, nobody_yet, syslog, webhook},
    steered::{LINE, degrade, files, rides_the_line, settings},
};

/// The receivers as the configuration names them.
fn told(syslog: SocketAddr, webhook: SocketAddr) -> Settings {
    let url = format!("http://{webhook}/alarms?from=trunkline");
    settings(&json!({"notify": {
        "syslog": [{"address": syslog, "minimum": "minor", "hostname": "ctl-1"}],
        "webhooks": [{"url": url, "timeout": "60s"}],
    }}))
}

fn is_about_the_line(subject: &str) -> bool {
    subject.starts_with(LINE)
}

/// Messages of a kind about the line.
fn messages(from: &Receiver<Message>, kind: &str) -> Vec<Message> {
    from.came()
        .into_iter()
        .filter(|told| told.id == kind && is_about_the_line(told.param("subject")))
        .collect()
}

/// Documents of a kind about the line.
fn documents(from: &Receiver<Value>, kind: &str) -> Vec<Value> {
    let is_meant = |told: &Value| {
        told["event"]["kind"] == kind && told["event"]["subject"].as_str().is_some_and(is_about_the_line)
    };
    from.came().into_iter().filter(is_meant).collect()
}

/// Waits until both directions of the line are told to be so.
async fn both_directions(what: &str, count: impl Fn() -> usize) {
    until(what, || match count() {
        2 => Ok(()),
        other => Err(other),
    })
    .await;
}

/// Both receivers were told the same of the same moments.
fn agree(messages: &[Message], documents: &[Value]) {
    for document in documents {
        let event = &document["event"];
        let number = event["number"].to_string();
        let is_same = |told: &&Message| told.param("number") == number;
        let message =
            messages.iter().find(is_same).unwrap_or_else(|| panic!("syslog was not told {document}"));
        assert_eq!(
            (message.facility, message.host.as_str(), message.app.as_str()),
            (23, "ctl-1", "trunkline")
        );
        let severity = match document["severity"].as_str().unwrap() {
            "error" => 2,
            "major" => 3,
            "minor" => 4,
            "warning" => 5,
            "info" => 6,
            other => panic!("{other}"),
        };
        assert_eq!(message.severity, severity, "{document}");
        assert_eq!(message.at, event["at"].as_u64().unwrap(), "{document}");
        assert_eq!(message.id, event["kind"].as_str().unwrap());
        assert_eq!(message.text, document["text"].as_str().unwrap());
        for name in ["alarm", "subject", "node"] {
            assert_eq!(message.param(name), event[name].as_str().unwrap_or_default(), "{document}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_and_its_end_reach_syslog_and_a_webhook() {
    let lab = Lab::start(Speaks::Netconf).await;
    let (syslog, hook) = (syslog().await, webhook(nobody_yet(1).await, Mood::Takes).await);
    let controller = Outside::start_with(&lab, &told(syslog.address, hook.address)).await;
    controller.apply(files()).await.unwrap();
    let kept = |all: &engine::snapshot::Snapshot| all.counts.kept == all.counts.services;
    controller.see("the promise is kept", kept).await;
    assert_eq!((syslog.came(), hook.came()), (Vec::new(), Vec::new()), "nothing is wrong");

    degrade(&lab, true);
    both_directions("syslog is told", || messages(&syslog, "alarm-raised").len()).await;
    both_directions("the webhook is told", || documents(&hook, "alarm-raised").len()).await;
    for document in documents(&hook, "alarm-raised") {
        let event = &document["event"];
        assert_eq!((&document["severity"], &event["severity"]), (&json!("major"), &json!("major")));
        assert_eq!(event["alarm"], "line-degraded");
        assert_eq!(document["lost"], 0);
        let text = document["text"].as_str().unwrap();
        assert!(text.starts_with("alarm line-degraded on line1-br-1") && text.contains("delay"), "{text}");
    }
    degrade(&lab, false);
    both_directions("syslog is told that it is over", || messages(&syslog, "alarm-cleared").len()).await;
    both_directions("the webhook is told so too", || documents(&hook, "alarm-cleared").len()).await;

    let node = model::NodeId::lit(FAULTY);
    for (on, kind) in [(false, "device-down"), (true, "device-up")] {
        assert!(lab.fleet.power(&node, on));
        until(&format!("{kind} is told"), || {
            let told = hook
                .came()
                .iter()
                .any(|told| told["event"]["kind"] == kind && told["event"]["node"] == FAULTY);
            let logged = syslog.came().iter().any(|told| told.id == kind && told.param("node") == FAULTY);
            if told && logged { Ok(()) } else { Err((told, logged)) }
        })
        .await;
    }
    agree(&syslog.came(), &hook.came());
    controller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_down_is_told_when_it_is_back() {
    let lab = Lab::start(Speaks::Netconf).await;
    let (syslog, address) = (syslog().await, nobody_yet(2).await);
    let controller = Outside::start_with(&lab, &told(syslog.address, address)).await;
    controller.apply(files()).await.unwrap();
    degrade(&lab, true);
    both_directions("syslog is told", || messages(&syslog, "alarm-raised").len()).await;
    let waited_for = || if controller.logged("attempt=6") > 0 { Ok(()) } else { Err("not so often yet") };
    until("the first event is tried in vain again and again", waited_for).await;
    let hook = webhook(address, Mood::Takes).await;
    both_directions("the webhook is told late", || documents(&hook, "alarm-raised").len()).await;
    assert!(hook.came().iter().all(|told| told["lost"] == 0), "nothing was lost: {:#?}", hook.came());
    let numbers: Vec<_> = hook.came().iter().map(|told| told["event"]["number"].to_string()).collect();
    let logged: Vec<_> = syslog.came().iter().map(|told| told.param("number").to_owned()).collect();
    assert_eq!(numbers, logged[..numbers.len()], "all that syslog was told, in order and once");
    agree(&syslog.came(), &hook.came());
    controller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_hangs_holds_nobody_up() {
    let lab = Lab::start(Speaks::Netconf).await;
    let (syslog, hook) = (syslog().await, webhook(nobody_yet(3).await, Mood::Hangs).await);
    let controller = Outside::start_with(&lab, &told(syslog.address, hook.address)).await;
    controller.apply(files()).await.unwrap();
    until("the service rides the line", || rides_the_line(&lab).then_some(()).ok_or(())).await;
    for bad in [true, false] {
        degrade(&lab, bad);
        let moved = || if rides_the_line(&lab) == bad { Err("not moved") } else { Ok(()) };
        until("the loop moves the service", moved).await;
        let kind = if bad { "alarm-raised" } else { "alarm-cleared" };
        both_directions("syslog is told", || messages(&syslog, kind).len()).await;
        controller.rests().await;
    }
    assert_eq!(hook.came().len(), 1, "the webhook has the first event and says nothing to it");
    controller.apply(crate::lab::intents(1)).await.unwrap();
    controller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_that_was_told_before_a_restart_is_told_to_be_over_after_it() {
    let lab = Lab::start(Speaks::Netconf).await;
    let (syslog, hook) = (syslog().await, webhook(nobody_yet(4).await, Mood::Takes).await);
    let settings = told(syslog.address, hook.address);
    let controller = Outside::start_with(&lab, &settings).await;
    controller.apply(files()).await.unwrap();
    degrade(&lab, true);
    both_directions("both are told", || {
        messages(&syslog, "alarm-raised").len().min(documents(&hook, "alarm-raised").len())
    })
    .await;
    let moved = || if rides_the_line(&lab) { Err("not moved") } else { Ok(()) };
    until("the loop moves the service", moved).await;
    controller.rests().await;
    controller.stop().await;
    let controller = Outside::start_with(&lab, &settings).await;
    degrade(&lab, false);
    both_directions("syslog is told that it is over", || messages(&syslog, "alarm-cleared").len()).await;
    both_directions("the webhook is told so too", || documents(&hook, "alarm-cleared").len()).await;
    assert_eq!(messages(&syslog, "alarm-raised").len(), 2, "it stood all the time, and was raised once");
    controller.stop().await;
}
