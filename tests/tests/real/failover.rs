//! A line is cut while FRR's IS-IS runs: what goes by the IGP is lost until that has converged, and what a policy carries keeps its
//! promise.

use std::{thread, time::Duration};

use host::{FlowId, Tally};
use model::Span;

use crate::stage::{SQUARE, Sends, Stage, VOICE, voice_over};

#[test]
#[ignore = "real packets want a quiet machine: `make test-lab` runs it"]
fn a_cut_line_costs_what_the_igp_needs_and_then_nothing() {
    let Some(mut stage) = Stage::up("failover", SQUARE, &["--igp=frr"]) else { return };
    let intents = stage.intents("voice.yaml", &voice_over("upper"));
    stage.told(&["adopt", "-m", "a test"]);
    stage.apply(&[&intents]);
    // Voice rides the upper lines, and so does what goes by the IGP, over IPv6: FRR leads that alone.
    let rest = Sends { from: ("h1", "2001:db8:1::2"), to: ("h4", "2001:db8:4::2"), dscp: "be", ..VOICE };
    stage.send(&[VOICE, rest]);
    thread::sleep(Duration::from_secs(2));
    stage.fault(&["link", "down", "r1r2"]);
    thread::sleep(Duration::from_secs(8));
    let tallies = stage.stop();
    let silence = |tally: &Tally| tally.silence.map_or(Span::ZERO, |silence| silence.span);
    let [voice, rest] = [1, 2].map(|flow| &tallies[&FlowId(flow)]);
    println!(
        "voice: silence of {}, {} lost; by the IGP: silence of {}, {} lost",
        silence(voice),
        voice.lost,
        silence(rest),
        rest.lost
    );
    for (name, tally, most) in [("voice", voice, 1_500_000), ("the rest", rest, 5_000_000)] {
        assert!(tally.received > 1_200, "{name} goes on: {tally:?}");
        assert!(silence(tally) < Span::from_micros(most), "{name}: {:?}", tally.silence);
        // From the end of the silence on nothing is lost.
        let end = tally.silence.map(|silence| silence.from + silence.span);
        let later = |run: &&host::tally::Run| run.first.zip(end).is_some_and(|(first, end)| first > end);
        let lost: u64 = tally.runs.iter().filter(later).map(|run| run.packets).sum();
        assert!(lost <= 2, "{name} lost {lost} afterwards: {:?}", tally.runs);
    }
}
