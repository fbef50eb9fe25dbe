//! Control never harms forwarding: whoever is killed in the middle of a change, packets go on; what is right is not written again; and a
//! backup takes over with no controller.

use std::{
    thread,
    time::{Duration, Instant},
};

use host::FlowId;

use crate::{
    processes,
    stage::{SQUARE, Stage, VOICE, voice_over},
};

/// How many devices the lab's controllers found in the middle of a transaction when they started, by their log.
fn found_open(stage: &Stage) -> usize {
    let log = std::fs::read_to_string(stage.labs().join("lab-files/controller.log")).unwrap_or_default();
    log.lines().filter(|line| line.contains("an open transaction")).count()
}

/// How long a change takes for who asks for it.
fn length(stage: &Stage, wanted: &str) -> Duration {
    let begun = Instant::now();
    assert!(stage.begin_to_apply(&[wanted]).wait().unwrap().success(), "{}", stage.logs());
    begun.elapsed()
}

#[test]
fn controller_and_agents_are_killed_in_a_change_and_no_packet_is_lost() {
    let Some(mut stage) = Stage::up("control", SQUARE, &[]) else { return };
    let lower = stage.intents("lower.yaml", &voice_over("lower"));
    let upper = stage.intents("upper.yaml", &voice_over("upper"));
    stage.told(&["adopt", "-m", "a test"]);
    stage.apply(&[&lower]);
    stage.send(&[VOICE]);
    thread::sleep(Duration::from_secs(1));
    let whole = length(&stage, &upper);
    let (mut within, mut unfinished) = (0, 0);
    // Its first half is the start of the command, and the plan.
    for sixteenth in 8..16 {
        // What was left half-way is put right first.
        stage.wait("the network follows the lower intents", |stage| {
            let answer = stage.ask(&["apply", &lower, "-m", "a test"]).output().unwrap();
            answer.status.success().then_some(())
        });
        let all = [processes::controller(&stage.labs())]
            .into_iter()
            .chain(["r1", "r4"].map(|router| processes::agent(&stage.labs(), router)))
            .collect::<Vec<_>>();
        let before = found_open(&stage);
        let mut applying = stage.begin_to_apply(&[&upper]);
        thread::sleep(whole * sixteenth / 16);
        processes::strike(&all);
        unfinished += u32::from(!applying.wait().unwrap().success());
        thread::sleep(Duration::from_millis(500));
        stage.fault(&["node", "restart", "r1"]);
        stage.fault(&["node", "restart", "r4"]);
        stage.fault(&["controller", "restart"]);
        stage.wait_for_sessions();
        thread::sleep(Duration::from_secs(1));
        within += u32::from(found_open(&stage) > before);
    }
    let tallies = stage.stop();
    let voice = &tallies[&FlowId(1)];
    println!(
        "a change of {} ms: killed 8 times, {unfinished} before its end, {within} within a transaction; voice lost {} of {}",
        whole.as_millis(),
        voice.lost,
        voice.received + voice.lost
    );
    assert!(unfinished >= 2 && within >= 1, "nothing was under way: {unfinished} and {within} of 8");
    assert!(voice.received > 1_000 && voice.lost == 0, "{voice:?}");
}

#[test]
fn an_agent_that_comes_back_writes_nothing_that_is_right() {
    let Some(mut stage) = Stage::up("writes", SQUARE, &[]) else { return };
    let intents = stage.intents("voice.yaml", &voice_over("lower"));
    stage.told(&["adopt", "-m", "a test"]);
    stage.apply(&[&intents]);
    stage.send(&[VOICE]);
    thread::sleep(Duration::from_secs(1));
    stage.calm();
    let before = stage.writes("r1");
    assert!(before.iter().sum::<u64>() > 10, "r1 has written its program: {before:?}");
    stage.fault(&["node", "kill", "r1"]);
    stage.fault(&["node", "restart", "r1"]);
    stage.wait_for_sessions();
    thread::sleep(Duration::from_secs(2));
    let after = stage.writes("r1");
    let since = &after[before.len()..];
    stage.calm();
    assert!(!since.is_empty() && since.iter().all(|total| *total == 0), "after the restart: {since:?}");
    let voice = &stage.stop()[&FlowId(1)];
    assert_eq!(voice.lost, 0, "{voice:?}");
}

#[test]
fn a_backup_carries_the_service_when_its_line_is_cut_and_nobody_controls() {
    let Some(mut stage) = Stage::up("backup", SQUARE, &[]) else { return };
    let intents = stage.intents("voice.yaml", &voice_over("lower"));
    stage.told(&["adopt", "-m", "a test"]);
    stage.apply(&[&intents]);
    stage.send(&[VOICE]);
    thread::sleep(Duration::from_secs(1));
    stage.fault(&["controller", "kill"]);
    // The far line of the path: r1 cannot see it.
    stage.fault(&["link", "down", "r3r4"]);
    thread::sleep(Duration::from_secs(3));
    let tallies = stage.stop();
    let voice = &tallies[&FlowId(1)];
    let silence = voice.silence.unwrap();
    println!(
        "a line behind the next router was cut: silence of {}, {} packets lost",
        silence.span, voice.lost
    );
    assert!(silence.span < model::Span::from_micros(1_000_000), "{silence:?}");
    assert!(voice.lost < 200, "{voice:?}");
    let bucket = voice.series.iter().rev().nth(3).unwrap();
    assert!(bucket.received > 0, "it goes on: {bucket:?}");
}

#[test]
fn a_customers_line_that_is_down_keeps_no_policy_from_its_router() {
    let Some(mut stage) = Stage::up("custdown", SQUARE, &[]) else { return };
    let lower = stage.intents("lower.yaml", &voice_over("lower"));
    let upper = stage.intents("upper.yaml", &voice_over("upper"));
    stage.told(&["adopt", "-m", "a test"]);
    stage.apply(&[&lower]);
    let written = |stage: &Stage| stage.writes("r1").iter().sum::<u64>();
    let turns = stage.writes("r1").len();
    stage.fault(&["link", "down", "r1:cust--h1:eth1"]);
    // The kernel has flushed the customer's routes itself: it is a turn without a write.
    stage.wait("r1 follows", |stage| (stage.writes("r1").len() > turns).then_some(()));
    let before = written(&stage);
    stage.apply(&[&upper]);
    stage.wait("r1 carries the change out", |stage| (written(stage) > before).then_some(()));
    assert!(!stage.logs().contains("does not follow"), "{}", stage.logs());
    // The host has its way out again, too.
    stage.fault(&["link", "up", "r1:cust--h1:eth1"]);
    stage.send(&[VOICE]);
    thread::sleep(Duration::from_secs(2));
    let tallies = stage.stop();
    let voice = &tallies[&FlowId(1)];
    assert!(voice.received > 200, "{voice:?}");
    // The lower way takes 4 ms, the upper one 2.
    assert!(voice.delay.unwrap().min.as_micros() < 4_000, "{voice:?}");
}

#[test]
fn a_far_agent_that_is_frozen_or_killed_takes_no_way_from_others() {
    let Some(mut stage) = Stage::up("farend", SQUARE, &[]) else { return };
    // Whoever believes that nothing comes to r4 loses everything.
    let strict = voice_over("lower").replace("dataplane: srv6,", "dataplane: srv6, lastResort: drop,");
    let intents = stage.intents("voice.yaml", &strict);
    stage.told(&["adopt", "-m", "a test"]);
    stage.apply(&[&intents]);
    stage.send(&[VOICE]);
    thread::sleep(Duration::from_secs(1));
    for harm in ["freeze", "kill"] {
        stage.fault(&["node", harm, "r4"]);
        // Far longer than silence and loss take to be told.
        thread::sleep(Duration::from_secs(2));
    }
    stage.fault(&["node", "restart", "r4"]);
    stage.wait_for_sessions();
    let voice = &stage.stop()[&FlowId(1)];
    assert!(voice.received > 800 && voice.lost == 0, "{voice:?}");
}
