use super::*;
use crate::reflector::{Arrival, Reflector};

const PORT_OF_ANSWERS: u16 = 40_000;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn address(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

fn probe(reflector: &str, every: u64) -> Probe {
    Probe {
        from: address("fc00:0:1::1"),
        reflector: address(reflector),
        via: vec![address("fc00:0:2:1::"), address("fc00:0:3:d07::")],
        every: ms(every),
        device: None,
        dscp: 46,
    }
}

fn probes(all: &[(&str, &Probe)]) -> BTreeMap<ProbeId, Probe> {
    all.iter().map(|(id, probe)| (ProbeId::from(*id), (*probe).clone())).collect()
}

/// A network in which the way forth takes 7 ms and the way back 11 ms. Which packets are lost is told by their place among all.
struct Stage {
    fleet: Fleet,
    reflector: Reflector,
    /// When, whether it has been reflected, from where, and the octets of STAMP.
    travelling: BTreeSet<(Duration, bool, Vec<u8>)>,
    sent: u64,
    answers: u64,
}

impl Stage {
    fn new() -> Self {
        let fleet = Fleet::new(Settings::default(), 1);
        Self { fleet, reflector: Reflector::default(), travelling: BTreeSet::new(), sent: 0, answers: 0 }
    }

    /// Runs until `end`, in order of time.
    fn run(&mut self, end: Duration, forth: impl Fn(u64) -> bool, back: impl Fn(u64) -> bool) {
        let start = Duration::from_secs(1_000_000);
        let moment = |now: Duration| Moment::from_nanos(u64::try_from((start + now).as_nanos()).unwrap());
        loop {
            let arrival = self.travelling.first().map(|first| first.0);
            let Some(now) = [arrival, self.fleet.next()].into_iter().flatten().min() else { return };
            if now > end {
                return;
            }
            if arrival == Some(now) {
                let (_, is_answer, octets) = self.travelling.pop_first().unwrap();
                if is_answer {
                    assert!(self.fleet.hear(address("fc00:0:3::1"), &octets, now));
                    continue;
                }
                let from = address("fc00:0:1::1");
                let (port, received) = (PORT_OF_ANSWERS, moment(now));
                let came = Arrival { from, port, octets: &octets, received, hop_limit: 250 };
                let answer = self.reflector.answer(&came, received, now).unwrap().encode();
                self.answers += 1;
                if back(self.answers) {
                    self.travelling.insert((now + ms(11), true, answer.to_vec()));
                }
                continue;
            }
            while let Some(ssid) = self.fleet.due(now) {
                let outgoing = self.fleet.packet(ssid, PORT_OF_ANSWERS, now, moment(now)).unwrap();
                assert_eq!((outgoing.first, outgoing.device), (address("fc00:0:2:1::"), None));
                self.sent += 1;
                if forth(self.sent) {
                    let stamp = outgoing.octets[outgoing.octets.len() - 44..].to_vec();
                    self.travelling.insert((now + ms(7), false, stamp));
                }
            }
        }
    }

    fn reading(&self, id: &str, now: Duration) -> Reading {
        self.fleet.readings(now)[&ProbeId::from(id)]
    }
}

#[test]
fn delay_is_that_of_the_way_forth_and_loss_too() {
    let mut stage = Stage::new();
    let one = probe("fc00:0:3::1", 20);
    assert!(stage.fleet.set(probes(&[("a", &one)]), ms(0)).is_empty());
    // Every fourth packet is lost, and of the answers every third.
    stage.run(ms(4500), |sent| !sent.is_multiple_of(4), |answer| !answer.is_multiple_of(3));
    let reading = stage.reading("a", ms(4500));
    assert_eq!(reading.delay, Some("7ms".parse().unwrap()));
    assert_eq!(reading.jitter, Some("0us".parse().unwrap()));
    let lost = reading.loss.unwrap().as_ppb();
    assert!((235_000_000..255_000_000).contains(&lost), "{lost}");
    assert!((220..=226).contains(&reading.sent), "{}", reading.sent);
    assert!(!reading.silent);
}

#[test]
fn who_falls_silent_is_told_and_who_speaks_again() {
    let mut stage = Stage::new();
    let (one, other) = (probe("fc00:0:3::1", 20), probe("fc00:0:3::1", 100));
    stage.fleet.set(probes(&[("a", &one), ("b", &other)]), ms(0));
    stage.run(ms(2000), |_| true, |_| true);
    assert_eq!(stage.fleet.changes(), 0);
    stage.run(ms(2270), |_| false, |_| true);
    let silent = ["a", "b"].map(|id| stage.reading(id, ms(2270)).silent);
    assert_eq!((silent, stage.fleet.changes()), ([true, false], 1), "60 ms of loss and 200 ms of patience");
    stage.run(ms(3000), |_| false, |_| true);
    assert_eq!(stage.fleet.changes(), 2);
    stage.run(ms(3090), |_| true, |_| true);
    assert_eq!(stage.fleet.changes(), 3, "three answers of one");
    stage.run(ms(3500), |_| true, |_| true);
    assert_eq!(stage.fleet.changes(), 4);
}

#[test]
fn a_session_that_stays_keeps_what_it_knows() {
    let mut stage = Stage::new();
    let (one, other) = (probe("fc00:0:3::1", 20), probe("fc00:0:3::1", 30));
    stage.fleet.set(probes(&[("a", &one), ("b", &other)]), ms(0));
    stage.run(ms(1000), |_| true, |_| true);
    let before = stage.reading("a", ms(1000));
    assert!(before.answered > 40);
    stage.fleet.set(probes(&[("a", &one), ("b", &one), ("c", &other)]), ms(1000));
    assert_eq!(stage.reading("a", ms(1000)), before);
    assert_eq!(stage.reading("b", ms(1000)), Reading::default(), "another probe under an old name");
    // What answers the old one comes to nobody.
    stage.travelling.clear();
    stage.run(ms(2000), |_| true, |_| true);
    assert_eq!(stage.fleet.readings(ms(2000)).len(), 3);
    stage.fleet.set(BTreeMap::new(), ms(2000));
    assert_eq!((stage.fleet.next(), stage.fleet.readings(ms(2000)).len()), (None, 0));
}

#[test]
fn sessions_do_not_send_all_at_once() {
    let mut fleet = Fleet::new(Settings::default(), 7);
    let one = probe("fc00:0:3::1", 20);
    let all: Vec<String> = (0..100).map(|number| format!("p{number}")).collect();
    fleet.set(all.iter().map(|id| (ProbeId::from(id.as_str()), one.clone())).collect(), ms(0));
    let mut most = 0;
    for slot in 0..20 {
        let due = std::iter::from_fn(|| fleet.due(ms(slot + 1))).count();
        most = most.max(due);
    }
    assert!(most < 20, "{most} of 100 within 1 ms of 20");
}

#[test]
fn seldom_probes_have_a_longer_memory() {
    let mut stage = Stage::new();
    stage.fleet.set(probes(&[("a", &probe("fc00:0:3::1", 60_000))]), ms(0));
    stage.run(ms(30_000), |sent| !sent.is_multiple_of(2), |_| true);
    let reading = stage.reading("a", ms(30_000));
    assert!((29..=31).contains(&reading.sent), "one a second: {}", reading.sent);
    let lost = reading.loss.unwrap().as_ppb();
    assert!((400_000_000..600_000_000).contains(&lost), "{lost}");
}

#[test]
fn who_is_late_sends_once() {
    let mut fleet = Fleet::new(Settings::default(), 1);
    fleet.set(probes(&[("a", &probe("fc00:0:3::1", 20))]), ms(0));
    assert!(fleet.due(ms(500)).is_some());
    assert_eq!(fleet.due(ms(500)), None);
    assert_eq!(fleet.next(), Some(ms(520)));
}

#[test]
fn an_answer_from_elsewhere_is_none() {
    let mut fleet = Fleet::new(Settings::default(), 1);
    fleet.set(probes(&[("a", &probe("fc00:0:3::1", 20))]), ms(0));
    let ssid = fleet.due(ms(20)).unwrap();
    let sent = Moment::from_nanos(5);
    let outgoing = fleet.packet(ssid, PORT_OF_ANSWERS, ms(20), sent).unwrap();
    let octets = &outgoing.octets[outgoing.octets.len() - 44..];
    let (from, port) = (address("fc00:0:1::1"), PORT_OF_ANSWERS);
    let came = Arrival { from, port, octets, received: sent, hop_limit: 255 };
    let answer = Reflector::default().answer(&came, sent, ms(20)).unwrap();
    assert!(!fleet.hear(address("fc00:0:9::1"), &answer.encode(), ms(21)));
    let other = ReflectorPacket { ssid: ssid.wrapping_add(1), ..answer };
    assert!(!fleet.hear(address("fc00:0:3::1"), &other.encode(), ms(21)));
    assert!(!fleet.hear(address("fc00:0:3::1"), b"noise", ms(21)));
    assert!(fleet.hear(address("fc00:0:3::1"), &answer.encode(), ms(21)));
}

#[test]
fn what_cannot_be_probed_is_told() {
    let mut fleet = Fleet::new(Settings::default(), 1);
    let long = Probe { via: vec![Ipv6Addr::LOCALHOST; 128], ..probe("fc00:0:3::1", 20) };
    let refused = fleet.set(probes(&[("long", &long)]), ms(0));
    assert_eq!(refused, [(ProbeId::from("long"), NotProbed::Header(HeaderError::Segments(128)))]);
    let one = probe("fc00:0:3::1", 20);
    let many = (0..=MOST_PROBES).map(|number| (ProbeId(format!("p{number:05}")), one.clone())).collect();
    let refused = fleet.set(many, ms(0));
    assert_eq!(refused, [(ProbeId::from("p04096"), NotProbed::TooMany)]);
    assert_eq!(fleet.readings(ms(0)).len(), MOST_PROBES);
}
