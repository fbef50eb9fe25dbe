//! What hosts saw of their flows while a scenario was played, for its report.

use std::cmp::Reverse;

use host::{
    Tally,
    series::{Bucket, STEP},
};
use model::Timestamp;
use report::{Figure, Point, Series};

use crate::{
    lab::traffic::{Seen, SeenFlow},
    play::Measured,
};

/// Flows that are drawn: as many as stay apart on one plot.
const MOST: usize = 8;

/// Loss and delay of flows over time, from the moment at which the scenario began to that at which it ended, and what became of each.
/// O(steps).
pub(super) fn measured(seen: &Seen, from: Timestamp, to: Timestamp) -> Measured {
    let drawn = drawn(seen);
    let of = |plot: &str, unit: &str, value: fn(&Bucket) -> Option<f64>| {
        let series = drawn.iter().map(|(flow, tally)| Series {
            plot: plot.to_owned(),
            unit: unit.to_owned(),
            name: flow.offer.name.to_string(),
            points: points(tally, from, to, value),
        });
        series.collect::<Vec<_>>()
    };
    let mut series = of("loss of flows", "%", loss);
    series.extend(of("delay of flows, one way", "ms", delay));
    Measured { series, figures: seen.flows.iter().map(figure).collect() }
}

/// The flows that are drawn: those that lost most, in the order of their names.
fn drawn(seen: &Seen) -> Vec<(&SeenFlow, &Tally)> {
    let known = seen.flows.iter().filter_map(|flow| Some((flow, flow.tally.as_ref()?)));
    let mut flows: Vec<_> = known.collect();
    flows.sort_by_key(|(_, tally)| Reverse(tally.lost));
    flows.truncate(MOST);
    flows.sort_by(|(one, _), (other, _)| one.offer.name.cmp(&other.offer.name));
    flows
}

/// The steps of a flow that began in the time of the scenario. Where nothing is known of a step, there is a gap.
fn points(tally: &Tally, from: Timestamp, to: Timestamp, value: fn(&Bucket) -> Option<f64>) -> Vec<Point> {
    let step = u32::try_from(STEP.as_millis()).unwrap_or(u32::MAX);
    let mut points: Vec<Point> = Vec::new();
    for bucket in tally.series.iter().filter(|bucket| bucket.from >= from && bucket.from <= to) {
        let Ok(at) = u32::try_from(bucket.from.since(from).as_micros() / 1_000) else { break };
        if let Some(next) = points.last().map(|(last, _)| last.saturating_add(step))
            && next < at
        {
            points.push((next, None));
        }
        points.push((at, value(bucket)));
    }
    points
}

/// Percent of the packets that were sent in a step.
fn loss(bucket: &Bucket) -> Option<f64> {
    let (lost, received) = (count(bucket.lost)?, count(bucket.received)?);
    let all = lost + received;
    (all > 0.0).then(|| lost * 100.0 / all)
}

/// Milliseconds.
fn delay(bucket: &Bucket) -> Option<f64> {
    Some(count(bucket.delay?.as_micros())? / 1e3)
}

/// A number as it is drawn; none where it is beyond four billion.
fn count(number: u64) -> Option<f64> {
    u32::try_from(number).ok().map(f64::from)
}

/// What became of a flow.
fn figure(flow: &SeenFlow) -> Figure {
    let value = match &flow.tally {
        None => "unknown: its receiver knows nothing of it".to_owned(),
        Some(tally) => {
            let share = tally.loss().map_or_else(|| "unknown".to_owned(), |loss| loss.to_string());
            let silence =
                tally.silence.map_or_else(|| "unknown".to_owned(), |silence| silence.span.to_string());
            format!(
                "{} packets came, {} were lost ({share}), {} were out of order; longest silence {silence}",
                tally.received, tally.lost, tally.reordered.packets
            )
        }
    };
    Figure { name: format!("flow {}", flow.offer.name), value }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A flow of whose time three steps are known, the last of them after a gap.
    fn seen() -> Seen {
        let bucket = |from: u64, received: u64, lost: u64, delay: Option<&str>| json!({"from": from * 1_000, "received": received, "lost": lost, "delay": delay});
        let series = [
            bucket(900, 9, 9, Some("9ms")),
            bucket(1_000, 10, 0, Some("9ms")),
            bucket(1_100, 9, 1, Some("69ms")),
            bucket(1_400, 0, 10, None),
            bucket(2_100, 10, 0, Some("9ms")),
        ];
        let flow = json!({"id": 0, "from": "10.0.0.1:10000", "to": "10.0.0.2:10000", "dscp": "ef", "size": 1000,
                          "pace": {"packets": 100}, "tuples": 1, "start": "0us", "duration": null});
        let offer = json!({"name": "voice/a~b", "assigned": {"sender": "h", "receiver": "k", "flow": flow}});
        let tally = json!({
            "flow": 0, "sent": null, "received": 38, "octets": 38_000, "lost": 20, "outstanding": null, "duplicated": 0,
            "unplaced": 0, "strange": 0, "reordered": {"packets": 2, "displacement": 1, "late": "1ms"}, "delay": null,
            "undated": 0, "dscp": {}, "unmarked": 38, "first": null, "last": null,
            "silence": {"from": 1_200_000, "span": "900ms"}, "runs": [], "runsLeftOut": 0, "series": series,
        });
        let unknown = json!({"offer": offer.clone(), "tally": null});
        let flows = json!([{"offer": offer, "tally": tally}, unknown]);
        serde_json::from_value(json!({"flows": flows, "strange": 0, "overrun": 0})).unwrap()
    }

    #[test]
    fn what_hosts_saw_stands_on_the_time_of_the_scenario() {
        let measured = measured(&seen(), Timestamp::from_micros(950_000), Timestamp::from_micros(2_000_000));
        let told: Vec<_> = measured.series.iter().map(|one| (one.plot.as_str(), &one.points)).collect();
        let loss = vec![(50, Some(0.0)), (150, Some(10.0)), (250, None), (450, Some(100.0))];
        let delay = vec![(50, Some(9.0)), (150, Some(69.0)), (250, None), (450, None)];
        assert_eq!(told, [("loss of flows", &loss), ("delay of flows, one way", &delay)]);
        let values: Vec<_> = measured.figures.iter().map(|one| one.value.as_str()).collect();
        assert_eq!(
            values,
            [
                "38 packets came, 20 were lost (34.4827586%), 2 were out of order; longest silence 900ms",
                "unknown: its receiver knows nothing of it"
            ]
        );
        assert_eq!(measured.figures[0].name, "flow voice/a~b");
    }
}
