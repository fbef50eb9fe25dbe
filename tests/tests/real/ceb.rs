//! The loop is real: a line of the CEB case gets slow and loses packets, which probes measure; what suffers moves away without losing one by
//! the move, and comes back once when the line is good again.

use std::{fs::read_to_string, thread, time::Duration};

use host::{FlowId, Tally, series::Bucket};
use model::Delay;

use crate::stage::{Sends, Stage, lost_since, now, root};

const LINE: &str = "line1:core-sh1--br-hangzhou";

/// What is done to it.
const WORSE: [&str; 4] = ["--delay", "40ms", "--loss", "2%"];
/// The same: microseconds, and a share.
const ADDED: u64 = 40_000;
const LOST: f64 = 0.02;

/// Packets that each flow sends in a second.
const PACE: u32 = 100;

/// Production, voice, office, from headquarters to Hangzhou.
fn flows() -> [Sends<'static>; 3] {
    let flow = |from, to, dscp| Sends { from, to, dscp, pace: PACE, size: 300 };
    [
        flow(("hq-production", "10.1.1.2"), ("hz-production", "10.2.1.2"), "af41"),
        flow(("hq-voice", "10.1.2.2"), ("hz-voice", "10.2.2.2"), "ef"),
        flow(("hq-office", "10.1.3.2"), ("hz-office", "10.2.3.2"), "af21"),
    ]
}

/// The lab, whose lines lose nothing by themselves: what is lost then was lost by what a test does.
pub fn without_loss() -> String {
    let text = read_to_string(root().join("lab/ceb-12.clab.yml")).unwrap();
    let text = text.replace("\nname: ceb-12\n", "\nname: NAME\n");
    let own = ["loss: 0.0001%", "loss: 0.001%", "loss: 0.002%", "loss: 0.005%"];
    let text = own.iter().fold(text, |text, loss| text.replace(loss, "loss: 0%"));
    let mut lines = text.lines().filter(|line| line.contains("bandwidth:"));
    assert!(lines.all(|line| line.contains(" loss: 0%,")), "some line loses packets: {text}");
    text
}

/// What became of the packets that were sent between two moments, in steps.
fn between(tally: &Tally, from: u64, to: u64) -> impl Iterator<Item = &Bucket> {
    tally.series.iter().filter(move |bucket| (from..to).contains(&bucket.from.as_micros()))
}

/// Packets that were sent between two moments, and of these those that were lost.
fn fate(tally: &Tally, from: u64, to: u64) -> (f64, f64) {
    let sum = |(sent, lost): (u64, u64), bucket: &Bucket| {
        (sent + bucket.received + bucket.lost, lost + bucket.lost)
    };
    let (sent, lost) = between(tally, from, to).fold((0, 0), sum);
    (sent as f64, lost as f64)
}

/// What packets took that were sent between two moments: the median of steps, microseconds.
fn took(tally: &Tally, from: u64, to: u64) -> u64 {
    let mut all: Vec<u64> =
        between(tally, from, to).filter_map(|bucket| bucket.delay).map(Delay::as_micros).collect();
    all.sort_unstable();
    *all.get(all.len() / 2).unwrap_or_else(|| panic!("nothing came that was sent from {from} to {to}"))
}

/// What probes tell of the line while it is bad: its delay in both directions, in each of some windows; and the share that they lose in all
/// of these, which is given back.
fn probed(stage: &Stage) -> f64 {
    let mut losses = Vec::new();
    for _ in 0..4 {
        // A window of theirs, so that no probe counts twice.
        thread::sleep(Duration::from_secs(5));
        let state = stage.state();
        let line = state.links.iter().find(|link| link.id.as_str() == LINE).unwrap();
        for way in [&line.a_to_z, &line.z_to_a] {
            let expected = way.planned_delay + ADDED;
            let delay = way.delay.unwrap_or_else(|| panic!("its delay is not known: {line:?}"));
            assert!((expected - 500..=expected + 2_500).contains(&delay), "{delay} us of {expected}");
            losses
                .push(f64::from(way.loss.unwrap_or_else(|| panic!("its loss is not known: {line:?}"))) / 1e9);
        }
    }
    losses.iter().sum::<f64>() / losses.len() as f64
}

/// A flow was moved at a moment, after its line had been bad since another one: no packet was lost by that, and none came later than the
/// difference of the two ways explains. Tells both.
fn moved_well(name: &str, tally: &Tally, bad: u64, moved: u64) {
    let (sent, lost) = fate(tally, bad, moved);
    let share = LOST * sent;
    assert!(lost <= share + 4.0 * share.sqrt() + 1.0, "{name}: the line does not lose {lost} of {sent}");
    // The line loses single packets; what a move loses are all of a while.
    let around = |run: &&host::tally::Run| run.last.is_none_or(|last| last.as_micros() + 1_000_000 > moved);
    let longest = tally.runs.iter().filter(around).map(|run| run.packets).max().unwrap_or_default();
    assert!(longest <= 2, "{name} lost {longest} packets in a row by the move: {:?}", tally.runs);
    assert_eq!(lost_since(tally, moved), 0, "{name} lost packets after the move: {:?}", tally.runs);
    let (slow, quick) = (took(tally, bad, moved), took(tally, moved, moved + 3_000_000));
    let difference = slow.saturating_sub(quick);
    println!(
        "{name}: {slow} us before and {quick} us after the move; {lost} of {sent} lost before and none after; late by {} and {} places",
        tally.reordered.late, tally.reordered.displacement
    );
    assert!((ADDED - 5_000..ADDED + 3_000).contains(&difference), "{name}: {difference} us less");
    assert!(tally.reordered.late.as_micros() <= difference + 3_000, "{name}: {:?}", tally.reordered);
    let places = difference * u64::from(PACE) / 1_000_000 + 1;
    assert!(tally.reordered.displacement <= places, "{name}, {places} at most: {:?}", tally.reordered);
}

#[test]
fn what_suffers_moves_within_a_second_and_comes_back_once() {
    let Some(mut stage) = Stage::up("ceb", &without_loss(), &[]) else { return };
    let file = |name: &str| root().join(name).display().to_string();
    let files =
        ["intents/examples/ceb/classes.yaml", "intents/examples/ceb/alarms.yaml", "lab/ceb-12/intents.yaml"]
            .map(file);
    stage.told(&["adopt", "-m", "a test"]);
    stage.apply(&files.each_ref().map(String::as_str));
    stage.send(&flows());
    thread::sleep(Duration::from_secs(6));
    let calm = stage.tally();
    assert!(calm.values().all(|tally| tally.lost == 0), "no line loses anything yet: {calm:?}");
    stage.calm();
    stage.fault(&[&["link", "impair", LINE], &WORSE[..]].concat());
    let bad = now();
    let moved = stage.wait("traffic moves", |stage| stage.events("rerouted").pop());
    let to_ack = moved["breachToAckMs"].as_f64().unwrap();
    println!("moved {} in {to_ack:.0} ms after the breach", moved["services"]);
    assert!(to_ack < 1_000.0, "{moved}");
    let names = moved["services"].to_string();
    assert!(names.contains("production") && names.contains("voice") && !names.contains("office"), "{names}");
    let measured = now();
    let by_probes = probed(&stage);
    let healed = now();
    stage.fault(&["link", "heal", LINE]);
    stage.wait("traffic comes back", |stage| (stage.events("rerouted").len() >= 2).then_some(()));
    thread::sleep(Duration::from_secs(8));
    let moves = stage.events("rerouted");
    assert_eq!(moves.len(), 2, "out and back, once each: {moves:?}");
    assert_eq!(moves[1]["back"], true);
    let tallies = stage.stop();
    let at = |event: &serde_json::Value| event["at"].as_u64().unwrap();
    for (name, flow) in [("production", FlowId(1)), ("voice", FlowId(2))] {
        moved_well(name, &tallies[&flow], bad, at(&moved));
        let back = took(&tallies[&flow], at(&moves[1]), u64::MAX);
        assert!(back < took(&tallies[&flow], at(&moved), healed), "{name} is on its own line again");
    }
    // Who stays meets what the probes measured.
    let office = &tallies[&FlowId(3)];
    let (sent, lost) = fate(office, measured, healed);
    println!(
        "lost of the line: {by_probes:.4} of the probes, {:.4} of {sent} packets of the office",
        lost / sent
    );
    // Eight windows of 250 probes, and some 2,000 packets: four deviations at most.
    assert!((LOST * 0.4..LOST * 1.6).contains(&by_probes), "by the probes: {by_probes}");
    assert!((lost - LOST * sent).abs() <= 4.0 * (LOST * sent).sqrt(), "of the office: {lost} of {sent}");
    assert!(took(office, measured, healed) > ADDED, "the office stays on its line");
}
