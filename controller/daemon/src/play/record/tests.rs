use std::time::Duration;

use serde_json::{Value, json};

use super::*;

const SCENARIO: &str = "apiVersion: trunkline/v1\nkind: Scenario\ncites: [E1]\nsteps:\n  \
                        - {at: 1s, do: {impair: \"line1:core-sh1--br-hangzhou\", delay: 60ms}}\n";

fn ceb() -> Ted {
    formats::read("ceb.clab.yml", include_str!("../../../../../lab/ceb.clab.yml")).unwrap().ted
}

fn focus_of(text: &str) -> Vec<String> {
    let scenario = Scenario::read("s.yaml", text).unwrap();
    focus(&scenario, &ceb()).iter().map(ToString::to_string).collect()
}

#[test]
fn the_lines_of_the_branch_are_drawn_its_suffering_one_first() {
    assert_eq!(
        focus_of(SCENARIO),
        ["line1:core-sh1--br-hangzhou", "line2:pv-hangzhou--br-hangzhou", "line3:pv-hefei--br-hangzhou"]
    );
    let steps = |step: &str| {
        format!("apiVersion: trunkline/v1\nkind: Scenario\nsteps:\n  - {{at: 1s, do: {{{step}}}}}\n")
    };
    let router = focus_of(&steps("node-down: pv-hangzhou"));
    assert_eq!(router.len(), MOST_LINES);
    assert!(router[..5].iter().all(|name| name.contains("pv-hangzhou")), "{router:?}");
    let many = focus_of(&steps("risk-down: ring-b-sh"));
    assert_eq!(many.len(), MOST_LINES);
    // Nothing is named: the router with the fewest lines.
    let some = focus_of(&steps("kill: controller"));
    assert_eq!(some, ["pv-zhuhai--core-gz1", "pv-zhuhai--core-gz2"]);
}

/// The first line carries two queues out of its first end, and one back.
fn live(delay: u64, loss: Option<u32>) -> Live {
    let queue = |name: &str, load: u64| json!({"name": name, "load": load, "guarantee": 0, "drops": null});
    let way = |delay: u64, loss: Option<u32>, queues: Value| {
        json!({"load": 40_000_000_u64, "delay": delay, "plannedDelay": 1_670, "jitter": null, "loss": loss, "score": null,
               "reasons": [], "queues": queues})
    };
    let out = json!([queue("production", 13_000_000), queue("voice", 1_200_000)]);
    let back = json!([queue("production", 9_000_000)]);
    let link = |id: &str| {
        json!({"id": id, "up": true, "drained": false, "aToZ": way(delay, loss, out.clone()),
               "zToA": way(1_670, Some(0), back.clone())})
    };
    let mut live = Live::default();
    for id in ["line1:core-sh1--br-hangzhou", "hq-pe1--core-bj1"] {
        live.links.push(serde_json::from_value(link(id)).unwrap());
    }
    let promise = json!({"id": "p", "state": "kept", "since": 0, "why": null, "delay": [delay, null], "loss": [null, null]});
    live.promises.push(serde_json::from_value(promise).unwrap());
    live
}

fn service(links: &[&str]) -> ServiceView {
    let hops: Vec<_> = links.iter().map(|link| json!({"link": link, "from": "a"})).collect();
    let way = json!({"from": "hq-pe1", "to": "br-hangzhou", "path": hops, "backup": [], "segments": [], "reasons": [],
                     "delay": null, "loss": null});
    let view = json!({"id": "p", "intent": "p", "class": "production", "a": "hq-pe1", "z": "br-hangzhou", "state": "kept",
                      "since": 0, "why": null, "moved": false, "refused": null, "directions": [way]});
    serde_json::from_value(view).unwrap()
}

fn broken() -> EventKind {
    EventKind::PromiseBroken { service: ServiceId::lit("p"), what: "delay".into() }
}

#[test]
fn a_move_gets_its_ways_and_a_promise_the_time_in_which_it_was_broken() {
    let begun = Instant::now();
    let at = |millis: u64| begun + Duration::from_millis(millis);
    let mut recorder = Recorder::new(&Scenario::read("s.yaml", SCENARIO).unwrap(), &ceb(), begun);
    let line = |number: u32, rest: &str| format!("line{number}:{rest}");
    let (one, two) = (line(1, "core-sh1--br-hangzhou"), line(2, "pv-hangzhou--br-hangzhou"));
    recorder.paths(&[service(&["hq-pe1--core-bj1", &one])]);
    recorder.mark(at(1_000), MarkKind::Fault, "it goes bad".into());
    recorder.live(at(1_500), &live(61_670, Some(20_000_000)));
    recorder.event(at(2_000), &broken());
    recorder.event(
        at(3_000),
        &EventKind::Rerouted {
            services: vec![ServiceId::lit("p")],
            back: false,
            why: "delay".into(),
            breach_to_plan_ms: 60.0,
            breach_to_ack_ms: 90.0,
            readback_ms: 5.0,
            confirm_ms: 6.0,
        },
    );
    recorder.paths(&[service(&["hq-pe1--core-bj2", &two])]);
    recorder.event(at(3_500), &EventKind::PromiseKept { service: ServiceId::lit("p") });
    recorder.live(at(4_000), &live(1_670, None));
    recorder.event(at(8_000), &broken());
    let told =
        Told { name: "s.yaml".into(), title: "s".into(), about: "What.".into(), cites: vec!["E1".into()] };
    let run = recorder.run(&told, &Outcome { passed: true, expectations: vec![] }, at(9_000));
    assert_eq!(run.length_ms, 9_000);
    let spans: Vec<_> = run.spans.iter().map(|span| (span.from_ms, span.to_ms)).collect();
    assert_eq!(spans, [(2_000, 3_500), (8_000, 9_000)], "one that goes on lasts to the end");
    let kinds: Vec<_> = run.marks.iter().map(|mark| (mark.at_ms, mark.kind)).collect();
    assert_eq!(kinds, [(1_000, MarkKind::Fault), (3_000, MarkKind::Decision)]);
    assert_eq!(run.moves.len(), 1);
    assert_eq!(
        run.moves[0].from,
        [one.clone(), "hq-pe1--core-bj1".to_owned()],
        "lines that are drawn come first"
    );
    assert_eq!(run.moves[0].to, [two, "hq-pe1--core-bj2".to_owned()]);
    assert_eq!(run.moves[0].breach_to_ack_ms, Some(90.0));
    let series: Vec<_> =
        run.series.iter().map(|one| (one.plot.as_str(), one.name.as_str(), &one.points)).collect();
    let queues = "load of queues of line1:core-sh1--br-hangzhou";
    let both = |first, second| vec![(1_500, first), (4_000, second)];
    assert_eq!(
        series,
        [
            ("loss of lines", one.as_str(), &both(Some(2.0), Some(0.0))),
            ("delay of lines, one way", one.as_str(), &both(Some(61.67), Some(1.67))),
            ("load of lines", one.as_str(), &both(Some(40.0), Some(40.0))),
            (queues, "production", &both(Some(13.0), Some(13.0))),
            (queues, "voice", &both(Some(1.2), Some(1.2))),
            ("delay of promises, one way", "p", &both(Some(61.67), Some(1.67))),
        ]
    );
}
