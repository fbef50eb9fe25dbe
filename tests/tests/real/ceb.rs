//! The loop is real: a line of the CEB case gets slow and loses packets; what suffers moves away without losing one by the move, and
//! comes back once when the line is good again.

use std::{thread, time::Duration};

use host::{FlowId, Tally};
use model::{Delay, Span};

use crate::stage::{Sends, Stage, root};

const LINE: &str = "line1:core-sh1--br-hangzhou";

/// Production, voice, office, from headquarters to Hangzhou.
fn flows() -> [Sends<'static>; 3] {
    let flow = |from, to, dscp| Sends { from, to, dscp, pace: 100, size: 300 };
    [
        flow(("hq-production", "10.1.1.2"), ("hz-production", "10.2.1.2"), "af41"),
        flow(("hq-voice", "10.1.2.2"), ("hz-voice", "10.2.2.2"), "ef"),
        flow(("hq-office", "10.1.3.2"), ("hz-office", "10.2.3.2"), "af21"),
    ]
}

/// Packets that were lost after a moment, microseconds since 1970.
fn lost_since(tally: &Tally, moment: u64) -> u64 {
    let later = |run: &&host::tally::Run| run.first.is_none_or(|first| first.as_micros() > moment);
    tally.runs.iter().filter(later).map(|run| run.packets).sum()
}

#[test]
#[ignore = "real packets want a quiet machine: `make test-lab` runs it"]
fn what_suffers_moves_within_a_second_and_comes_back_once() {
    let text = std::fs::read_to_string(root().join("lab/ceb-12.clab.yml")).unwrap();
    let Some(mut stage) = Stage::up("ceb", &text.replace("name: ceb-12", "name: NAME"), &[]) else { return };
    let file = |name: &str| root().join(name).display().to_string();
    let files =
        ["intents/examples/ceb/classes.yaml", "intents/examples/ceb/alarms.yaml", "lab/ceb-12/intents.yaml"]
            .map(file);
    stage.told(&["adopt", "-m", "a test"]);
    stage.apply(&files.each_ref().map(String::as_str));
    stage.send(&flows());
    thread::sleep(Duration::from_secs(6));
    let calm = stage.tally();
    assert!(calm.values().all(|tally| tally.lost <= 2), "the lines' own loss is 0.001%: {calm:?}");
    stage.calm();
    stage.fault(&["link", "impair", LINE, "--delay", "40ms", "--loss", "2%"]);
    let moved = stage.wait("traffic moves", |stage| stage.events("rerouted").pop());
    let at = moved["at"].as_u64().unwrap();
    let to_ack = moved["breachToAckMs"].as_f64().unwrap();
    println!("moved {} in {to_ack:.0} ms after the breach", moved["services"]);
    assert!(to_ack < 1_000.0, "{moved}");
    let names = moved["services"].to_string();
    assert!(names.contains("production") && names.contains("voice") && !names.contains("office"), "{names}");
    thread::sleep(Duration::from_secs(4));
    let tallies = stage.tally();
    for flow in [FlowId(1), FlowId(2)] {
        let tally = &tallies[&flow];
        // Half a second for what was on the way by the old path.
        assert_eq!(lost_since(tally, at + 500_000), 0, "{flow} after the move: {:?}", tally.runs);
        assert!(tally.reordered.late <= Span::from_micros(60_000), "{flow}: {:?}", tally.reordered);
        assert!(tally.reordered.displacement <= 8, "40 ms are 4 packets: {:?}", tally.reordered);
        let last = tally.series.iter().rev().nth(5).and_then(|bucket| bucket.delay).unwrap();
        assert!(last < Delay::from_micros(45_000), "{flow} takes {last} now");
    }
    let office = &tallies[&FlowId(3)];
    let last = office.series.iter().rev().nth(5).and_then(|bucket| bucket.delay).unwrap();
    assert!(last > Delay::from_micros(40_000), "the office stays on its line, which takes {last}");
    stage.fault(&["link", "heal", LINE]);
    stage.wait("traffic comes back", |stage| (stage.events("rerouted").len() >= 2).then_some(()));
    thread::sleep(Duration::from_secs(8));
    let moves = stage.events("rerouted");
    assert_eq!(moves.len(), 2, "out and back, once each: {moves:?}");
    assert_eq!(moves[1]["back"], true);
    let back = moves[1]["at"].as_u64().unwrap();
    let tallies = stage.stop();
    for flow in [FlowId(1), FlowId(2)] {
        let around = lost_since(&tallies[&flow], back - 2_000_000);
        assert!(around <= 1, "{flow} lost {around} by the way back: {:?}", tallies[&flow].runs);
    }
}
