//! Probes through kernels that forward: network namespaces of this machine, where it lets the test make them. Elsewhere it says why it is
//! skipped.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "what it waits for happens in real time")]

mod ground;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use ground::{A, A_TO_B, B_END, C, C_END, C_ITSELF, Ground, address};
use model::Loss;
use probe::{LIST_EVERY, Probe, ProbeId, Prober, Reading, Reflectors};

/// The network, a prober in each router, and who answers.
struct Stage {
    ground: Ground,
    probers: BTreeMap<&'static str, Prober>,
    _reflectors: Reflectors,
}

impl Stage {
    fn lay() -> Option<Self> {
        let ground = match Ground::lay() {
            Ok(ground) => ground,
            Err(why) => {
                println!("skipped: {why}");
                return None;
            }
        };
        let start = |name: &'static str| (name, Prober::start(name, 1, ground.enter(name)).unwrap());
        let probers = ground::NAMES.map(start).into();
        let routers = ground::NAMES.map(|name| (name.to_owned(), ground.enter(name)));
        let reflectors = Reflectors::start(routers).unwrap();
        Some(Self { ground, probers, _reflectors: reflectors })
    }

    /// What a probes, each under its own name.
    fn probe(&self, probes: impl IntoIterator<Item = (&'static str, Probe)>) {
        let probes = probes.into_iter().map(|(id, probe)| (ProbeId::from(id), probe));
        self.probers["a"].set(probes.collect());
    }

    fn reading(&self, id: &str) -> Reading {
        self.probers["a"].readings()[&ProbeId::from(id)]
    }

    /// Waits, with a bound, until a reading is so.
    fn until(&self, id: &str, is_so: impl Fn(&Reading) -> bool) -> Reading {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let reading = self.reading(id);
            if is_so(&reading) {
                return reading;
            }
            assert!(Instant::now() < end, "{id} says {reading:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A probe from a to c along segments.
fn along(via: &[&str]) -> Probe {
    Probe {
        from: address(A),
        reflector: address(C),
        via: via.iter().map(|sid| address(sid)).collect(),
        every: LIST_EVERY,
        device: None,
        dscp: 46,
    }
}

/// A probe of the link from a to b, or to an address there that nobody has.
fn link(reflector: &str) -> Probe {
    Probe {
        from: address("fd00:12::1"),
        reflector: address(reflector),
        via: Vec::new(),
        every: Duration::from_millis(10),
        device: Some("eth1".to_owned()),
        dscp: 0,
    }
}

#[test]
fn a_probe_passes_the_segments_of_its_list() {
    let Some(stage) = Stage::lay() else { return };
    let counted = || {
        [("a", A_TO_B), ("b", B_END), ("c", C_END), ("c", C_ITSELF)]
            .map(|(name, sid)| stage.ground.counted(name, sid))
    };
    stage.probe([("plain", along(&[]))]);
    stage.until("plain", |reading| reading.answered >= 5);
    assert_eq!(counted(), [0; 4], "without segments it goes by the IGP");
    stage.probe([("list", along(&[A_TO_B, B_END, C_END, C_ITSELF]))]);
    let reading = stage.until("list", |reading| reading.answered >= 20);
    assert_eq!((reading.loss, reading.silent), (Some(Loss::ZERO), false));
    let counts = counted();
    assert!(counts.iter().all(|count| *count >= 20), "{counts:?}");
    stage.probe([("last", along(&[C_ITSELF]))]);
    stage.until("last", |reading| reading.answered >= 5);
    let before = counted();
    stage.until("last", |reading| reading.answered >= 15);
    let after = counted();
    assert_eq!(after[..3], before[..3], "another list goes another way");
    assert!(after[3] > before[3], "one segment needs no routing header: {before:?}, {after:?}");
}

#[test]
fn a_cut_line_makes_its_lists_silent_until_it_is_mended() {
    let Some(stage) = Stage::lay() else { return };
    let mut changes = stage.probers["a"].changes();
    stage.probe([("list", along(&[B_END, C_ITSELF])), ("link", link("fd00:12::2"))]);
    stage.until("list", |reading| reading.answered >= 5);
    let before = *changes.borrow_and_update();
    stage.ground.cut(true);
    let cut = Instant::now();
    stage.until("list", |reading| reading.silent);
    println!("silence is told {:?} after the line was cut", cut.elapsed());
    assert!(changes.has_changed().unwrap(), "who waits for changes is told");
    assert!(!stage.reading("link").silent, "the other line is whole");
    stage.ground.cut(false);
    stage.until("list", |reading| !reading.silent);
    assert!(*changes.borrow_and_update() >= before + 2);
}

#[test]
fn a_bare_line_takes_no_time_and_nobody_at_its_end_is_no_answer() {
    let Some(stage) = Stage::lay() else { return };
    stage.probe([("line", link("fd00:12::2")), ("nobody", link("fd00:12::99"))]);
    let line = stage.until("line", |reading| reading.answered >= 100);
    let delay = line.delay.unwrap();
    println!("a bare line reads {delay}, give or take {}", line.jitter.unwrap());
    // Idle, it is some microseconds; this machine may have other work.
    assert!(delay.as_micros() < 2_000, "{delay}");
    assert_eq!(line.loss, Some(Loss::ZERO));
    let nobody = stage.until("nobody", |reading| reading.loss.is_some());
    assert_eq!((nobody.loss, nobody.delay, nobody.jitter), (Some(Loss::ALL), None, None));
    assert!(nobody.silent && nobody.answered == 0);
}

#[test]
fn loss_on_the_way_back_is_not_loss_on_the_way_forth() {
    let Some(stage) = Stage::lay() else { return };
    // Every second answer is dropped where it comes in.
    if let Err(why) = stage.ground.filter("a", "udp sport 862 numgen inc mod 2 < 1 drop") {
        println!("skipped: {why}");
        return;
    }
    stage.probe([("list", along(&[B_END, C_ITSELF]))]);
    let reading = stage.until("list", |reading| reading.sent >= 150);
    assert!(reading.answered.abs_diff(75) <= 15, "{reading:?}");
    assert!(reading.loss.unwrap().as_ppb() <= 10_000_000, "{reading:?}");
    // And now every second packet where it would be answered.
    stage.ground.filter("a", "udp sport 862 accept").unwrap();
    stage.ground.filter("c", "udp dport 862 numgen inc mod 2 < 1 drop").unwrap();
    stage.probe([("other", along(&[C_ITSELF]))]);
    let reading = stage.until("other", |reading| reading.sent >= 150);
    let lost = reading.loss.unwrap().as_ppb();
    assert!((450_000_000..550_000_000).contains(&lost), "{reading:?}");
    assert!(!reading.silent, "one of two comes back");
}

#[test]
fn a_router_whose_agent_is_gone_is_no_router_that_nothing_reaches() {
    let Some(mut stage) = Stage::lay() else { return };
    stage.probe([("list", along(&[B_END, C_ITSELF])), ("link", link("fd00:12::2"))]);
    stage.until("list", |reading| reading.answered >= 5);
    for name in ["b", "c"] {
        drop(stage.probers.remove(name));
    }
    let before = stage.reading("list").answered;
    // As many as would make it silent, and as long as an answer may take.
    let reading = stage.until("list", |reading| reading.answered >= before + 30 || reading.silent);
    assert!(!reading.silent, "{reading:?}");
    assert_eq!(reading.loss, Some(Loss::ZERO), "{reading:?}");
    let line = stage.reading("link");
    assert!(!line.silent && line.loss == Some(Loss::ZERO), "{line:?}");
}

#[test]
fn who_cannot_enter_is_told() {
    let refuse = || Err(std::io::Error::other("there is no such namespace"));
    let refused = Prober::start("x", 1, refuse);
    assert_eq!(refused.unwrap_err().to_string(), "there is no such namespace");
    let refused = Reflectors::start([("x".to_owned(), refuse)]);
    assert_eq!(refused.unwrap_err().to_string(), "the reflector of x: there is no such namespace");
}
