//! A notice to samples. Pure, but for the moment of a notice that has none.

use dialects::openconfig::{Element, Names, measures};
use model::{NodeId, Sample, Timestamp};

use crate::clock;
use crate::notice::Notice;
use crate::path::Elem;

/// The samples in a notice; what says nothing that the loop uses is passed over. Paths are read where they lie: the
/// prefix once, then each leaf behind it.
pub fn samples(node: &NodeId, notice: &Notice) -> Vec<Sample> {
    let at = moment(notice.at_ns);
    let mut path: Vec<Element<'_>> = notice.prefix.elems.iter().map(element).collect();
    let prefix = path.len();
    let mut samples = Vec::with_capacity(notice.leaves.len());
    let (mut names, mut found) = (Names::default(), Vec::new());
    for leaf in &notice.leaves {
        path.truncate(prefix);
        path.extend(leaf.path.elems.iter().map(element));
        measures(&path, &leaf.value, &mut names, &mut found);
        let sample = |(interface, measure)| Sample { node: node.clone(), interface, at, measure };
        samples.extend(found.drain(..).map(sample));
    }
    samples
}

fn element(elem: &Elem) -> Element<'_> {
    Element { name: &elem.name, key: elem.keys.values().next().map(String::as_str) }
}

/// The moment of a notice. A device that leaves it zero means now.
fn moment(at_ns: i64) -> Timestamp {
    match u64::try_from(at_ns) {
        Ok(nanos) if nanos > 0 => Timestamp::from_micros(nanos / 1000),
        _ => clock::now(),
    }
}

#[cfg(test)]
mod tests {
    use model::{InterfaceName, Measure, QueueName};
    use serde_json::json;

    use super::*;
    use crate::notice::Leaf;

    fn notice(prefix: &str, leaves: Vec<(&str, serde_json::Value)>) -> Notice {
        let leaf = |(path, value): (&str, _)| Leaf { path: path.parse().expect("a path"), value };
        Notice {
            at_ns: 1_700_000_000_123_456_789,
            prefix: prefix.parse().expect("a path"),
            leaves: leaves.into_iter().map(leaf).collect(),
            ..Notice::default()
        }
    }

    fn measured(notice: &Notice) -> Vec<(InterfaceName, Measure)> {
        let samples = samples(&NodeId::lit("r1"), notice);
        assert!(samples.iter().all(|sample| sample.at == Timestamp::from_micros(1_700_000_000_123_456)));
        samples.into_iter().map(|sample| (sample.interface, sample.measure)).collect()
    }

    #[test]
    fn leaves_behind_a_prefix_are_samples() {
        let eth1 = || InterfaceName::lit("eth1");
        let found = measured(&notice(
            "/interfaces/interface[name=eth1]",
            vec![
                ("/state/oper-status", json!("UP")),
                ("/state/counters/in-octets", json!(5)),
                ("/state/counters/out-octets", json!(7)),
            ],
        ));
        assert_eq!(found, [(eth1(), Measure::Up(true)), (eth1(), Measure::OutOctets(7))]);
    }

    #[test]
    fn a_tree_is_as_good_as_its_leaves() {
        let queue = "/qos/interfaces/interface[interface-id=eth2]/output/queues/queue[name=tl-voice]/state";
        let found = measured(&notice(
            "/",
            vec![(
                queue,
                json!({"openconfig-qos:transmit-octets": "9", "dropped-pkts": "1", "name": "tl-voice"}),
            )],
        ));
        let eth2 = || InterfaceName::lit("eth2");
        let voice = || QueueName::lit("voice");
        assert!(found.contains(&(eth2(), Measure::QueueOctets(voice(), 9))), "{found:?}");
        assert!(found.contains(&(eth2(), Measure::QueueDrops(voice(), 1))) && found.len() == 2, "{found:?}");
    }

    #[test]
    fn interfaces_and_queues_of_one_notice_are_kept_apart() {
        let queues = "/qos/interfaces/interface[interface-id=eth2]/output/queues";
        let drops = |queue: &str| format!("{queues}/queue[name={queue}]/state/dropped-pkts");
        let octets = |name: &str| format!("/interfaces/interface[name={name}]/state/counters/out-octets");
        let leaves = [
            (octets("eth1"), 1),
            (octets("eth2"), 2),
            (drops("tl-voice"), 3),
            (drops("ops"), 4),
            (drops("tl-bulk"), 5),
            (octets("no name"), 6),
            (drops("tl-voice"), 7),
            (octets("eth1"), 8),
        ];
        let found =
            measured(&notice("/", leaves.iter().map(|(path, n)| (path.as_str(), json!(n))).collect()));
        let (eth1, eth2) = (InterfaceName::lit("eth1"), InterfaceName::lit("eth2"));
        let (voice, bulk) = (QueueName::lit("voice"), QueueName::lit("bulk"));
        let expected = [
            (eth1.clone(), Measure::OutOctets(1)),
            (eth2.clone(), Measure::OutOctets(2)),
            (eth2.clone(), Measure::QueueDrops(voice.clone(), 3)),
            (eth2.clone(), Measure::QueueDrops(bulk, 5)),
            (eth2, Measure::QueueDrops(voice, 7)),
            (eth1, Measure::OutOctets(8)),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_notice_without_a_moment_is_of_now() {
        let mut notice =
            notice("/interfaces/interface[name=eth1]", vec![("/state/oper-status", json!("DOWN"))]);
        notice.at_ns = 0;
        let samples = samples(&NodeId::lit("r1"), &notice);
        assert!(samples[0].at > Timestamp::from_micros(1_700_000_000_000_000));
    }
}
