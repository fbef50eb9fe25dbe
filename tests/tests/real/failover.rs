//! A line is cut while FRR's IS-IS runs. What goes by the IGP is lost until the kernel has another route, and what a policy carries no longer
//! than that; when the controller has acted, nothing is lost and the promise holds.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use host::{FlowId, Tally};
use model::{Delay, Span};

use crate::{
    promise::promised,
    stage::{SQUARE, Sends, Stage, VOICE, lost_since, now, voice_over},
};

/// What the kernel of a namespace says of its routes when they change. It ends when this goes.
struct Routes {
    child: Child,
    /// Lines, and when they were said, microseconds since 1970.
    said: Receiver<(u64, String)>,
}

impl Routes {
    fn of(space: &str) -> Self {
        let mut child = Command::new("ip")
            .args(["netns", "exec", space, "ip", "-6", "monitor", "route"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (say, said) = mpsc::channel();
        thread::spawn(move || {
            // Nobody may listen any more.
            output
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| say.send((now(), line)))
                .unwrap_or_default();
        });
        Self { child, said }
    }

    /// When it got a route to a prefix by a device for the first time since a moment.
    fn got(&self, prefix: &str, device: &str, since: u64) -> Option<u64> {
        let device = format!("dev {device} ");
        let is_it = |(at, line): &(u64, String)| {
            *at >= since && line.starts_with(&format!("{prefix} ")) && line.contains(&device)
        };
        self.said.try_iter().find(is_it).map(|(at, _)| at)
    }
}

impl Drop for Routes {
    fn drop(&mut self) {
        // It may have ended with its namespace.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The longest time without packets.
fn silence(tally: &Tally) -> u64 {
    tally.silence.map_or(Span::ZERO, |silence| silence.span).as_micros()
}

/// As many packets were lost since the cut as were sent while none came: those alone.
fn lost_in_its_silence(name: &str, tally: &Tally, lost: u64) {
    let missing = silence(tally) * u64::from(VOICE.pace) / 1_000_000;
    let slack = 3 + missing / 10;
    assert!(
        lost.abs_diff(missing) <= slack,
        "{name} lost {lost} where {missing} are missing: {:?}",
        tally.runs
    );
}

#[test]
fn a_cut_line_costs_what_the_igp_needs_and_then_nothing() {
    let Some(mut stage) = Stage::up("failover", SQUARE, &["--igp=frr"]) else { return };
    let text = voice_over("upper");
    let slo = promised(SQUARE, &text, "voice");
    let intents = stage.intents("voice.yaml", &text);
    stage.told(&["adopt", "-m", "a test"]);
    stage.apply(&[&intents]);
    // Voice rides the upper lines, and so does what goes by the IGP, over IPv6: FRR leads that alone.
    let rest = Sends { from: ("h1", "2001:db8:1::2"), to: ("h4", "2001:db8:4::2"), dscp: "be", ..VOICE };
    stage.send(&[VOICE, rest]);
    // FRR computes its first routes in its own time: until they are there, nothing comes.
    stage.wait("both flows come", |stage| {
        let tallies = stage.tally();
        let comes = |flow: u32| tallies[&FlowId(flow)].received > u64::from(VOICE.pace);
        (comes(1) && comes(2)).then_some(())
    });
    stage.calm();
    let before = now();
    let routes = Routes::of(&stage.space("r1"));
    stage.fault(&["link", "down", "r1r2"]);
    let moved = stage.wait("the controller acts", |stage| stage.events("rerouted").pop());
    let acted = moved["at"].as_u64().unwrap();
    thread::sleep(Duration::from_secs(5));
    let tallies = stage.stop();
    let [voice, rest] = [1, 2].map(|flow| &tallies[&FlowId(flow)]);
    let [voice_lost, rest_lost] = [voice, rest].map(|tally| lost_since(tally, before));
    // From the last packet that came until the kernel of r1 has the locator of r4 behind r3.
    let cut = rest.silence.unwrap().from.as_micros();
    let found = routes.got("fd00:0:4::/48", "eth2", cut);
    let converged = found.unwrap_or_else(|| panic!("r1 has no other route to r4: {}", stage.logs())) - cut;
    println!(
        "IGP convergence {} us: by the IGP {} us of silence, {} lost",
        converged,
        silence(rest),
        rest_lost
    );
    println!(
        "before the controller acted, {} us after the cut: voice {} us of silence, {} lost; after it {} lost",
        acted.saturating_sub(cut),
        silence(voice),
        voice_lost - lost_since(voice, acted),
        lost_since(voice, acted)
    );
    // The first packet by the new way takes 4 ms, and is sent within 5.
    assert!(silence(rest).abs_diff(converged) <= 30_000 + converged / 10, "{:?}", rest.silence);
    lost_in_its_silence("what goes by the IGP", rest, rest_lost);
    lost_in_its_silence("voice", voice, voice_lost);
    assert!(silence(voice) <= silence(rest) + 20_000, "voice waits for nobody else: {:?}", voice.silence);
    let end = rest.silence.map(|silence| (silence.from + silence.span).as_micros()).unwrap();
    assert_eq!(lost_since(rest, end), 0, "what goes by the IGP, afterwards: {:?}", rest.runs);
    assert!(moved["services"].to_string().contains("voice"), "{moved}");
    judged_after(voice, acted, slo.one_way_delay.unwrap());
}

/// From a moment on a flow goes on, loses nothing, and takes in no step longer than it is promised.
fn judged_after(tally: &Tally, moment: u64, delay: Delay) {
    let after: Vec<_> = tally.series.iter().filter(|bucket| bucket.from.as_micros() >= moment).collect();
    let received: u64 = after.iter().map(|bucket| bucket.received).sum();
    assert!(received >= u64::from(VOICE.pace) * 4, "it goes on for 5 s: {received} came");
    let longest = after.iter().filter_map(|bucket| bucket.delay).max().unwrap();
    println!("after the controller acted: {received} came, a step takes {longest} at most of {delay}");
    assert!(longest <= delay, "{longest} of {delay}");
    assert_eq!(lost_since(tally, moment), 0, "{:?}", tally.runs);
}
