use model::{Finding, Hints, ServiceId, Verdict};

use crate::{
    Compilation, codes,
    tests::{CLASSES, compiled, minimal_ted, service, set_of},
};

/// Both lines, or the first alone.
const BOTH: &str = "";
const FIRST: &str = "  path: {avoid: [{affinity: line2}]}\n";

/// Between headquarters and the first branch: 6 ms over line 1, 11 ms over line 2, 100 Mbit/s each.
fn one(name: &str, class: &str, slo: &str, more: &str) -> String {
    let ends = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n";
    let text = service(name, &format!("{ends}{more}  slo: {{{slo}}}"));
    text.replace("class: business", &format!("class: {class}"))
}

fn done(services: &[String]) -> Compilation {
    let ted = minimal_ted();
    let texts: Vec<&str> = [CLASSES].into_iter().chain(services.iter().map(String::as_str)).collect();
    compiled(&set_of(&texts, &ted), &ted, &Hints::default())
}

/// The leased line that a service rides, and why.
fn line(done: &Compilation, name: &str) -> (String, Vec<String>) {
    let Verdict::Carried { directions, .. } = &done.verdicts[&ServiceId::lit(name)] else {
        panic!("{name} is not carried: {:#?}", done.findings)
    };
    let primary = &directions[0].primary;
    let line = primary.path.hops.iter().map(|hop| hop.link.to_string()).find(|link| link.starts_with("line"));
    (line.unwrap(), primary.why.clone())
}

fn errors(done: &Compilation) -> Vec<&Finding> {
    done.findings.iter().filter(|finding| finding.is_error()).collect()
}

#[test]
fn who_comes_later_does_not_fill_the_line_of_a_service_whose_packets_must_not_wait() {
    let done = done(&[
        one("a", "business", "bandwidth: 60Mbps, oneWayDelay: 20ms", BOTH),
        one("b", "business", "bandwidth: 40Mbps", BOTH),
    ]);
    assert!(errors(&done).is_empty(), "{:#?}", done.findings);
    let (ridden, why) = line(&done, "a");
    assert_eq!(ridden, "line1-br-1");
    let kept = "bandwidth of its lines stays free, so that packets wait 14ms in queues at most";
    assert!(why.iter().any(|one| one == kept), "{why:#?}");
    assert_eq!(line(&done, "b").0, "line2-br-1");
}

#[test]
fn who_has_no_other_line_is_told_what_stays_free_and_for_whom() {
    let done = done(&[
        one("a", "business", "bandwidth: 60Mbps, oneWayDelay: 20ms", FIRST),
        one("b", "business", "bandwidth: 40Mbps", FIRST),
    ]);
    let told = errors(&done);
    let [told] = told.as_slice() else { panic!("{told:#?}") };
    assert_eq!((told.subject.as_str(), told.code.as_str()), ("b", codes::DOES_NOT_FIT));
    assert!(told.message.contains("because of bandwidth: at most 39"), "{}", told.message);
    assert!(
        told.message.ends_with(" stay free there, or packets of a would wait too long"),
        "{}",
        told.message
    );
}

#[test]
fn who_would_wait_on_the_best_line_takes_another_one() {
    let done = done(&[
        one("a", "voice", "bandwidth: 60Mbps", BOTH),
        one("b", "business", "bandwidth: 40Mbps, oneWayDelay: 20ms", BOTH),
    ]);
    assert!(errors(&done).is_empty(), "{:#?}", done.findings);
    assert_eq!(line(&done, "a").0, "line1-br-1");
    let (ridden, why) = line(&done, "b");
    assert_eq!(ridden, "line2-br-1");
    assert_eq!(why[0], "on the best path packets would wait too long in queues of full lines");
    assert!(why.iter().any(|one| one == "delay 11ms, 20ms promised"), "of its lines alone: {why:#?}");
}

#[test]
fn who_would_wait_everywhere_does_not_fit_and_is_told_why() {
    let done = done(&[
        one("a", "voice", "bandwidth: 60Mbps", FIRST),
        one("b", "business", "bandwidth: 40Mbps, oneWayDelay: 20ms", FIRST),
    ]);
    let told = errors(&done);
    let [told] = told.as_slice() else { panic!("{told:#?}") };
    assert_eq!((told.subject.as_str(), told.code.as_str()), ("b", codes::DOES_NOT_FIT));
    let start = "no path from hq-pe1 to br-1 because of delay: the least delay is 56.";
    assert!(told.message.starts_with(start), "{}", told.message);
    assert!(
        told.message.contains(
            ", with the time that packets would wait in queues of full lines; line1-br-1< is promised to a (60Mbps, value 90)"
        ),
        "{}",
        told.message
    );
    let Verdict::Refused { constraint, .. } = &done.verdicts[&ServiceId::lit("b")] else {
        panic!("{done:#?}")
    };
    assert_eq!(constraint, "delay in queues of full lines");
}

#[test]
fn jitter_waits_as_delay_does() {
    let done = done(&[
        one("a", "business", "bandwidth: 60Mbps, jitter: 10ms", BOTH),
        one("b", "business", "bandwidth: 40Mbps", BOTH),
    ]);
    assert_eq!((line(&done, "a").0.as_str(), line(&done, "b").0.as_str()), ("line1-br-1", "line2-br-1"));
}

#[test]
fn a_line_is_filled_to_the_brim_where_nobody_suffers() {
    let cases = [
        ("the promise stands the wait", "business", "bandwidth: 60Mbps, oneWayDelay: 120ms"),
        ("nothing is promised of delays", "business", "bandwidth: 60Mbps"),
        ("a strict queue waits for strict queues alone", "voice", "bandwidth: 60Mbps, oneWayDelay: 8ms"),
    ];
    for (case, class, slo) in cases {
        let done = done(&[one("a", class, slo, BOTH), one("b", "business", "bandwidth: 40Mbps", BOTH)]);
        assert!(errors(&done).is_empty(), "{case}: {:#?}", done.findings);
        for name in ["a", "b"] {
            let (ridden, why) = line(&done, name);
            assert_eq!(ridden, "line1-br-1", "{case}: {name}");
            assert!(why.iter().all(|one| !one.contains("queues")), "{case}: {why:#?}");
        }
    }
}
