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
        "8:55 {} no value of `x` is at least `9` and at most `3` / change one of the two: `min` is not above `max`",
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
