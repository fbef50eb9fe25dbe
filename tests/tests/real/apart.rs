//! A router that the controller cannot reach, or whose agent stands still, forwards all the same.

use std::{thread, time::Duration};

use host::FlowId;

use crate::{
    processes,
    stage::{SQUARE, Stage, VOICE, voice_over},
};

fn session(stage: &Stage, router: &str) -> String {
    stage.status()["sessions"][router].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_router_that_nobody_reaches_and_one_that_stands_still_forward_all_the_same() {
    let Some(mut stage) = Stage::up("apart", SQUARE, &[]) else { return };
    let lower = stage.intents("lower.yaml", &voice_over("lower"));
    stage.told(&["adopt", "-m", "a test"]);
    stage.apply(&[&lower]);
    stage.send(&[VOICE]);
    thread::sleep(Duration::from_secs(1));
    stage.calm();
    stage.fault(&["control-plane", "partition", "r1"]);
    stage.wait("the session of r1 is down", |stage| session(stage, "r1").starts_with("down").then_some(()));
    assert_eq!(session(&stage, "r2"), "up", "who is not cut off answers");
    thread::sleep(Duration::from_secs(2));
    stage.fault(&["control-plane", "join", "r1"]);
    stage.wait_for_sessions();
    let after_partition = stage.tally()[&FlowId(1)].lost;
    let agent = processes::agent(&stage.labs(), "r1");
    stage.fault(&["node", "freeze", "r1"]);
    stage.wait("the agent of r1 stands still", |_| processes::is_frozen(agent).then_some(()));
    // Much longer than silence and loss of probes take to be told.
    thread::sleep(Duration::from_secs(5));
    assert!(processes::is_frozen(agent), "it stands still all the time");
    stage.fault(&["node", "restart", "r1"]);
    stage.wait_for_sessions();
    assert!(!processes::is_frozen(processes::agent(&stage.labs(), "r1")), "another one runs");
    let voice = &stage.stop()[&FlowId(1)];
    println!(
        "voice lost {after_partition} while r1 was cut off, {} in all of {}",
        voice.lost, voice.received
    );
    // For 8 s at least, 200 a second.
    assert!(voice.received > 1_600 && voice.lost == 0, "{voice:?}");
}
