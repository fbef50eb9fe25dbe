use model::Severity;

use crate::{
    Reading, SourceFile, codes,
    faults::Faults,
    judge, judge_alone,
    source::chunks,
    tests::{CLASSES, SERVICES, minimal_ted, service},
    tree::{self, Node, Value},
};

/// `line:column code message` of all that is told of a text beside the minimal classes.
fn told(text: &str) -> Vec<String> {
    let mut reading = Reading::of(&SourceFile::new("classes.yaml", CLASSES));
    reading.add(Reading::of(&SourceFile::new("x.yaml", text)));
    let findings = match judge(&reading, &minimal_ted(), None) {
        Ok((_, findings)) | Err(findings) => findings,
    };
    lines(findings)
}

fn alone(text: &str) -> Vec<String> {
    lines(judge_alone(&Reading::of(&SourceFile::new("x.yaml", text))))
}

fn lines(findings: Vec<model::Finding>) -> Vec<String> {
    let of_file = findings.into_iter().filter_map(|finding| {
        let place = finding.place.filter(|place| place.file == "x.yaml")?;
        Some(format!("{}:{} {} {}", place.line, place.column, finding.code, finding.message))
    });
    let mut lines: Vec<String> = of_file.collect();
    lines.sort();
    lines
}

#[test]
fn a_misspelt_field_hides_no_node_and_no_class() {
    let text = service("s", "  connectivity: {type: p2p, endpoints: [hq-pe1, br-9]}")
        .replace("{name: s}", "{name: s, ownr: me}")
        .replace("class: business", "class: busines");
    assert_eq!(
        told(&text),
        [
            "3:21 TL0006 there is no field `ownr` here",
            "6:10 TL0022 there is no traffic class `busines`",
            "7:49 TL0021 there is no node `br-9`",
        ]
    );
    let ways = text.replace("br-9", "br-1").replace("busines", "business") + "  slo: {oneWayDelay: 1ms}\n";
    let found = told(&ways.replace("businesss", "business"));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[1].contains(codes::SLO_IMPOSSIBLE), "the ways are known: {found:#?}");
}

#[test]
fn one_bad_objective_hides_no_other() {
    let ends = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}";
    let found =
        told(&service("s", &format!("{ends}\n  slo: {{loss: \"150%\", jitter: -5ms, oneWayDelay: 1ms}}")));
    let codes: Vec<&str> = found.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(codes, [codes::BAD_VALUE, codes::BAD_UNIT, codes::SLO_IMPOSSIBLE], "{found:#?}");
    // The path is not known: nobody can tell what delay it could have.
    let found =
        told(&service("s", &format!("{ends}\n  path: {{avoid: line1}}\n  slo: {{oneWayDelay: 1ms}}")));
    assert_eq!(found.len(), 1, "{found:#?}");
}

#[test]
fn one_bad_queue_hides_neither_the_weights_nor_the_other_queues() {
    let text = "apiVersion: trunkline/v1\nkind: QosProfile\nmetadata: {name: p}\nspec:\n  queues:\n    e: {discipline: wfq, weight: 5}\n    a: {discipline: weighted, weight: 60}\n    b: {discipline: weighted, weight: 60}\n    d: {discipline: weighted}\n    h: {discipline: weighted, weight: 0x10}\n";
    assert_eq!(
        alone(text),
        [
            "10:39 TL0010 `0x10` is not a whole number from 0 to 4294967295",
            "6:21 TL0010 `wfq` is not one of the words that stand here",
            "6:5 TL0032 the weights of the queues add up to 120, at most 100 are there",
            "9:9 TL0032 the weighted queue `d` needs a weight from 1 to 100",
        ]
    );
}

#[test]
fn a_class_with_a_bad_code_point_is_judged_for_the_rest() {
    let class = |profile: &str, queue: &str| {
        format!(
            "apiVersion: trunkline/v1\nkind: TrafficClass\nmetadata: {{name: c}}\nspec: {{value: 1, dscp: [cs1, af99], queue: {queue}, profile: {profile}}}\n"
        )
    };
    let dscp = "4:30 TL0010";
    let found = told(&class("two-clas", "voice"));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].starts_with(dscp) && found[1].contains("no queue profile `two-clas`"), "{found:#?}");
    let found = told(&class("two-class", "voise"));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].starts_with(dscp) && found[1].contains("no queue `voise`"), "{found:#?}");
    let found = alone(&format!("{}---\n{CLASSES}", class("two-class", "voice").replace("cs1", "ef")));
    assert!(found.iter().any(|line| line.contains(codes::SAME_CODE_POINT)), "{found:#?}");
}

/// A document of every kind that has not been shown, without a fault.
const OTHERS: &str = r#"apiVersion: trunkline/v1
kind: ServiceIntent
metadata: {name: all, owner: me, labels: {ticket: "1"}}
spec:
  connectivity: {type: hub-spoke, hubs: [hq-pe1], spokes: {role: branch}, pairing: alternate, bidirectional: true}
  match:
    - {prefix: 10.99.0.0/16, source: 10.98.0.0/16, dscp: [af21]}
  vrf: all
  class: business
  slo: {oneWayDelay: 90ms, jitter: 50ms, loss: 1%, bandwidth: 1Mbps}
  sle: {diversity: link, encryption: any, waypoints: [core-1]}
  path: {dataplane: srv6, minimise: igp, prefer: [{affinity: line1}], avoid: [], lastResort: igp, coRouted: true, pin: links}
  assurance:
    breach: {any: [delay > contract + 20ms, {all: [loss > 2%, jitter > 60ms]}], for: 5s}
    improvementMargin: 10%
    holdDown: 20s
    waitToRestore: 60s
    mode: observe
  when: {every: [mon, tue], from: "01:00", for: 4h, offset: "+08:00"}
---
apiVersion: trunkline/v1
kind: AlarmPolicy
metadata: {name: lines}
spec:
  on: {links: {role: leased-line}}
  when: {any: [delay > contract + 20ms, loss > 0.5%], over: 10s, for: 3s}
  clear: {for: 30s}
  severity: minor
---
apiVersion: trunkline/v1
kind: SteeringPolicy
metadata: {name: steer}
spec:
  on: {class: business, services: "al*"}
  assurance: {mode: observe}
---
apiVersion: trunkline/v1
kind: MaintenanceWindow
metadata: {name: w}
spec:
  on: {links: [line1-br-1]}
  when: {from: "2026-12-05T01:00:00+08:00", to: "2026-12-05T03:00:00+08:00"}
---
apiVersion: trunkline/v1
kind: Design
metadata: {name: site}
spec:
  description: One service.
  parameters:
    rate: {description: how much, type: bandwidth, default: 1Mbps, min: 1Mbps, max: 9Mbps, allowed: [1Mbps, 2Mbps]}
    at: {description: where, type: node}
    more: {description: others, type: list, of: dscp, optional: true}
  documents:
    - kind: ServiceIntent
      metadata: {name: $(instance)-s}
      spec: {connectivity: {type: p2p, endpoints: [hq-pe1, $(at)]}, match: [{dscp: $(more)}], vrf: $(instance), class: business, slo: {bandwidth: $(rate)}}
---
apiVersion: trunkline/v1
kind: DesignInstance
metadata: {name: made}
spec: {design: site, parameters: {rate: 2Mbps, at: br-2}}
"#;

/// The bytes of all keys and single values of a tree, and what to write there to make a fault.
fn slips(node: &Node, found: &mut Vec<(usize, usize, &'static str)>) {
    match &node.value {
        Value::Null => {}
        Value::Scalar(_) => {
            let (offset, length) = (node.mark.offset, node.mark.length as usize);
            found.extend(["[[]]", "{}", "-5"].map(|slip| (offset, length, slip)));
        }
        Value::List(items) => items.iter().for_each(|item| slips(item, found)),
        Value::Map(entries) => {
            for (key, value) in entries {
                found.push((key.mark.offset, key.mark.length as usize, "zzz"));
                slips(value, found);
            }
        }
    }
}

#[test]
fn of_a_sound_document_one_slip_earns_its_own_fault_and_nothing_that_follows() {
    let text = format!("{CLASSES}---\n{SERVICES}---\n{OTHERS}");
    let ted = minimal_ted();
    let reading = Reading::of(&SourceFile::new("x.yaml", &text));
    let (_, sound) = judge(&reading, &ted, None).unwrap_or_else(|faults| panic!("{faults:#?}"));
    assert!(sound.iter().all(|finding| finding.severity < Severity::Major), "{sound:#?}");
    let mut places = Vec::new();
    for chunk in chunks(&text) {
        slips(&tree::read(chunk, &mut Faults::new("x.yaml")).unwrap(), &mut places);
    }
    assert!(places.len() > 100, "{}", places.len());
    for (offset, length, slip) in places {
        let bad = format!("{}{slip}{}", &text[..offset], &text[offset + length..]);
        let reading = Reading::of(&SourceFile::new("x.yaml", &bad));
        let Err(found) = judge(&reading, &ted, None) else { continue };
        let own = &reading.findings;
        let more: Vec<_> = found.iter().filter(|one| one.is_error() && !own.contains(one)).collect();
        let line = bad[..offset].matches('\n').count() + 1;
        assert!(own.is_empty() || more.is_empty(), "line {line}, `{slip}`: {own:#?} and {more:#?}");
    }
}

#[test]
fn a_name_with_a_fault_of_its_own_is_meant_all_the_same() {
    let gold = "apiVersion: trunkline/v1\nkind: TrafficClass\nmetadata: {name: gold}\nspec: {valeu: 1, dscp: [cs1], queue: q, profile: p}\n";
    let uses =
        service("s", "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}").replace("business", "gokd");
    let mut reading = Reading::of(&SourceFile::new("c.yaml", gold));
    reading.add(Reading::of(&SourceFile::new("s.yaml", uses)));
    let found = judge_alone(&reading);
    let helps: Vec<&str> = found
        .iter()
        .filter(|one| one.message.contains("gokd"))
        .filter_map(|one| one.help.as_deref())
        .collect();
    assert_eq!(helps, ["did you mean `gold`?"]);
}

#[test]
fn a_fault_of_a_design_hides_nothing_else_of_it() {
    let text = "apiVersion: trunkline/v1
kind: Design
metadata: {name: site}
spec:
  description: One service.
  parameters: {rate: {description: how much, type: bandwith}}
  documents:
    - {kind: ServiceIntent, metadata: {name: $(instance)-s}, spec: {connectivity: {type: p2p, endpoints: [hq-pe1, br-9]}, vrf: $(instance), clas: c, slo: {bandwidth: $(rate)}}}
---
apiVersion: trunkline/v1
kind: DesignInstance
metadata: {name: made, ownr: me}
spec: {design: site, parameters: {rat: 2Mbps}}
";
    let found = told(text);
    let places: Vec<&str> = found.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(places, ["12:24", "6:52", "8:141"], "{found:#?}");
}

#[test]
fn a_bad_time_hides_neither_the_days_nor_the_length_of_a_schedule() {
    let ends = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}";
    let when = |when: &str| told(&service("s", &format!("{ends}\n  when: {{{when}}}")));
    let found = when("every: [], from: \"24:00\", for: 0h, offset: \"+08:00\"");
    let codes: Vec<&str> = found.iter().filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(codes, [codes::BAD_SCHEDULE, codes::BAD_TIME, codes::BAD_SCHEDULE], "{found:#?}");
    let found = when("from: \"2026-13-05T01:00:00+08:00\", to: \"2026-12-05T01:00:00+08:00\"");
    assert_eq!(found.len(), 1, "with the beginning unread, nothing ends before it: {found:#?}");
}

#[test]
fn a_fault_of_one_parameter_hides_nothing_of_another() {
    let text = "apiVersion: trunkline/v1
kind: Design
metadata: {name: site}
spec:
  description: One class.
  library: true
  parameters:
    a: {description: what, type: bandwith, default: [x], min: y}
    d: {type: delay, default: 5Mbps}
    e: {description: what, type: number, min: 5, max: 1}
  documents:
    - kind: TrafficClass
      metadata: {name: $(instance)}
      spec: {value: 1, dscp: [ef], queue: q, profile: \"p-$(a)-$(d)-$(e)\"}
";
    for found in [told(text), alone(text)] {
        let mut codes: Vec<&str> = found.iter().filter_map(|line| line.split(' ').nth(1)).collect();
        codes.sort_unstable();
        let expected = [codes::MISSING_FIELD, codes::BAD_VALUE, codes::CONTRADICTION, codes::WRONG_TYPE];
        assert_eq!(codes, expected, "{found:#?}");
    }
}
