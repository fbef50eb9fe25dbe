//! What a kernel without MPLS cannot forward is refused by a whole lab, with a word that says so, and nothing changes.

use std::{thread, time::Duration};

use host::FlowId;

use crate::stage::{SQUARE, Stage, VOICE, voice_over};

#[test]
fn labels_are_refused_and_what_was_there_stays() {
    let Some(mut stage) = Stage::up("labels", SQUARE, &[]) else { return };
    let srv6 = voice_over("lower");
    let labels = srv6.replace("dataplane: srv6", "dataplane: sr-mpls");
    assert_ne!(labels, srv6);
    let [srv6, labels] =
        [("srv6.yaml", &srv6), ("labels.yaml", &labels)].map(|(name, text)| stage.intents(name, text));
    stage.told(&["adopt", "-m", "a test"]);
    stage.apply(&[&srv6]);
    stage.send(&[VOICE]);
    thread::sleep(Duration::from_secs(1));
    let written = |stage: &Stage| stage.writes("r1").iter().sum::<u64>();
    let before = written(&stage);
    let output = stage.ask(&["apply", &labels, "-m", "a test"]).output().unwrap();
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    // Lines may be broken anywhere.
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    println!("{said}");
    assert!(!output.status.success() && said.contains("MPLS label"), "{said}{}", stage.logs());
    assert!(said.contains("dataplane: srv6"), "it says what to do: {said}");
    thread::sleep(Duration::from_secs(1));
    assert_eq!(written(&stage), before, "the kernel of r1 was told nothing");
    let voice = &stage.stop()[&FlowId(1)];
    assert!(voice.received > 400 && voice.lost == 0, "{voice:?}");
    // And the network goes on taking changes.
    let upper = stage.intents("upper.yaml", &voice_over("upper"));
    stage.apply(&[&upper]);
}
