//! What the loop costs while nothing happens, on a network of the size of the CEB case: samples of 500 interfaces with six queues
//! each, and one judgement of 250 links and 360 services.

#[path = "../src/fixture/network.rs"]
#[allow(dead_code, reason = "the tests of the crate use the rest")]
mod network;

use assess::{Case, Limits, Lines, Memory, Observed, Settings, assess};
use model::{Delay, Hints, IntentSet, Jitter, Loss, Measure, QueueName, Sample, ServiceId, Ted, Timestamp};

fn main() {
    divan::main();
}

fn ted() -> Ted {
    let mut ted = network::network();
    let (first, _) = ted.links.clone().into_iter().next().expect("the network has links");
    let pattern = ted.links[&first].clone();
    for number in 0..244 {
        let mut link = pattern.clone();
        link.id = model::LinkId::lit(&format!("line-{number:03}"));
        for end in [&mut link.a, &mut link.z] {
            end.interface = model::InterfaceName::lit(&format!("eth{number}"));
        }
        ted.links.insert(link.id.clone(), link);
    }
    ted
}

/// One round of samples: 16 of each interface.
fn round(lines: &Lines, second: u64) -> Vec<Sample> {
    let at = Timestamp::from_micros(second * 1_000_000);
    let mut samples = Vec::new();
    for (_, (node, interface)) in lines.iter() {
        let mut push = |measure| {
            samples.push(Sample { node: node.clone(), interface: interface.clone(), at, measure });
        };
        push(Measure::OutOctets(second * 1_000_000));
        push(Measure::Delay(Delay::from_micros(5_000)));
        push(Measure::Jitter(Jitter::from_micros(200)));
        push(Measure::Loss(Loss::ZERO));
        for queue in 0..6 {
            let name = QueueName::lit(&format!("queue{queue}"));
            push(Measure::QueueOctets(name.clone(), second * 100_000));
            push(Measure::QueueDrops(name, 0));
        }
    }
    samples
}

/// Eight thousand samples.
#[divan::bench]
fn observe_one_round(bencher: divan::Bencher<'_, '_>) {
    let lines = Lines::of(&ted());
    let mut seen = Observed::new(Settings::default());
    let mut second = 0;
    bencher
        .with_inputs(|| {
            second += 1;
            round(&lines, second)
        })
        .bench_local_values(|samples| {
            for sample in &samples {
                seen.take(sample, sample.at);
            }
        });
}

#[divan::bench]
fn assess_once(bencher: divan::Bencher<'_, '_>) {
    let ted = ted();
    let lines = Lines::of(&ted);
    let mut seen = Observed::new(Settings::default());
    for second in 1..=10 {
        for sample in round(&lines, second) {
            seen.take(&sample, sample.at);
        }
    }
    let mut set = IntentSet::default();
    for number in 0..360 {
        let service = network::service(&format!("s{number:03}"));
        set.services.insert(service.id.clone(), service);
    }
    let alarm = network::alarm("line-degraded", "delay > contract + 20ms or loss > 0.5%");
    set.alarms.insert(alarm.name.clone(), alarm);
    let verdicts = set
        .services
        .keys()
        .map(|id: &ServiceId| (id.clone(), network::verdict(id, "b", Some("c"))))
        .collect();
    let (hints, limits) = (Hints::default(), Limits::default());
    let case =
        Case { ted: &ted, lines: &lines, set: &set, verdicts: &verdicts, hints: &hints, limits: &limits };
    let mut memory = Memory::default();
    let now = Timestamp::from_micros(10_000_000);
    assert_eq!(assess(&seen, &case, &mut memory, now).count(), (360, 0, 0));
    bencher.bench_local(|| assess(&seen, &case, &mut memory, now));
}
