use crate::{
    codes,
    tests::{documents, minimal_ted},
};

/// `line:column code message / help` of each error of a design with one parameter.
fn errors(parameter: &str) -> Vec<String> {
    let text = format!(
        "apiVersion: trunkline/v1
kind: Design
metadata: {{name: d}}
spec:
  description: One class.
  library: true
  parameters:
    x: {{description: what, {parameter}}}
  documents:
    - kind: TrafficClass
      metadata: {{name: $(instance)}}
      spec: {{value: 1, dscp: [ef], queue: q, profile: \"p-$(x)\"}}
"
    );
    crate::tests::errors(&documents(&[&text]), &minimal_ted())
}

#[test]
fn limits_that_no_value_can_meet_are_told_in_the_design() {
    let told = errors("type: number, min: 9, max: 3, default: 5, allowed: [5]");
    let expected = format!(
        "8:55 {} `x` takes no value: its `min` `9` is above its `max` `3` / lower `min` or raise `max`",
        codes::CONTRADICTION
    );
    assert_eq!(told, [expected], "and nothing that follows from it");
    assert_eq!(errors("type: bandwidth, min: 1Gbps, max: 1000Mbps"), [""; 0], "one value is enough");
    assert_eq!(errors("type: bandwidth, min: 2Gbps, max: 1000Mbps").len(), 1, "worth decides, not text");
}

#[test]
fn an_allowed_value_beyond_the_limits_is_told_in_the_design() {
    let told = errors("type: delay, min: 5ms, max: 30ms, allowed: [5ms, 40ms, 10ms]");
    let expected = format!(
        "8:77 {} `x` allows `40ms` and, by its limits, does not / it takes at least `5ms` and at most `30ms`: leave the value \
         out, or widen `min` and `max`",
        codes::CONTRADICTION
    );
    assert_eq!(told, [expected]);
}

#[test]
fn a_wrong_parameter_hides_neither_another_nor_what_is_wrong_with_the_documents() {
    let text = "apiVersion: trunkline/v1
kind: Design
metadata: {name: d}
spec:
  description: One class.
  library: true
  parameters:
    m: {description: what, type: bandwidth, default: 2ms}
    o: {description: what, type: string, allowed: []}
  documents:
    - kind: TrafficClass
      metadata: {name: fixed}
      spec: {valeu: 1, dscp: $(x), queue: $(o), profile: $(m)}
    - kind: Design
      metadata: {name: $(instance)}
    - kind: ServiceIntent
      metadata: {name: $(instance)}
      spec: {connectivity: {type: p2p, endpoints: [a, $(o)]}, vrf: $(), class: c, slo: {loss: 5ms}}
";
    let told = crate::tests::errors(&documents(&[text]), &minimal_ted());
    let codes: Vec<(&str, &str)> = told.iter().filter_map(|line| line.split_once(' ')).collect();
    let codes: Vec<(&str, &str)> = codes.into_iter().map(|(at, rest)| (at, &rest[..6])).collect();
    let mut expected = [
        ("8:54", codes::WRONG_TYPE),
        ("9:51", codes::LIMIT),
        ("13:14", codes::UNKNOWN_FIELD),
        ("13:30", codes::UNKNOWN_PARAMETER),
        ("14:13", codes::UNKNOWN_KIND),
        ("18:68", codes::BAD_VALUE),
        ("18:95", codes::BAD_UNIT),
    ];
    let mut codes = codes;
    codes.sort_unstable();
    expected.sort_unstable();
    assert_eq!(codes, expected, "{told:#?}");
}
